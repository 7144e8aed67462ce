# SPDX-License-Identifier: Apache-2.0
"""National identifiers.  With a check digit the number speaks for itself; without one the words before it must."""

from __future__ import annotations

import re
from collections.abc import Callable

from comity.privacy import checksums
from comity.privacy.recognizers.base import CERTAIN, HINTED, LIKELY, Check, Hit, Recognizer, digits_of
from comity.privacy.recognizers.labels import label, words_of

_EDGE = r"(?<![A-Za-z0-9])(?<![0-9][.\-])(?<![0-9a-f]{4}-)"
_END = r"(?![A-Za-z0-9])(?![.\-][0-9])"


def _bare(value: str) -> str:
    return "".join(filter(str.isalnum, value))


def _checked(good: Callable[[str], bool], *, words: tuple[str, ...], alone: bool) -> Check:
    """``alone``: a good check digit is enough, unless another word claims it; else one of ``words`` must name it too.
    A number that is named but does not check is taken as well: a slip of the pen still points at one person."""

    def check(text: str, found: re.Match[str]) -> Hit | None:
        named = label(text, found.start())
        ours = named in words
        if good(_bare(found[0])) and (ours or (alone and named not in ("other", "passport", "licence"))):
            return Hit(found.start(), found.end(), CERTAIN)
        return Hit(found.start(), found.end(), HINTED) if ours else None

    return check


def _cn(text: str, found: re.Match[str]) -> Hit | None:
    value = _bare(found[0])
    named = label(text, found.start())
    if named == "licence":  # of a driver: the same number under another name
        return None
    if checksums.cn_resident_id(value) and (named != "other" or len(found[0]) > 18):
        return Hit(found.start(), found.end(), CERTAIN)
    if named == "cn_id" and checksums.real_date(value[6:10], value[10:12], value[12:14]):
        return Hit(found.start(), found.end(), HINTED)
    return None


def _cn_old(text: str, found: re.Match[str]) -> Hit | None:
    value = found[0]
    if label(text, found.start()) == "cn_id" and checksums.real_date("19" + value[6:8], value[8:10], value[10:12]):
        return Hit(found.start(), found.end(), LIKELY)
    return None


def _ssn(text: str, found: re.Match[str]) -> Hit | None:
    named = label(text, found.start())
    if named == "ssn":
        return Hit(found.start(), found.end(), CERTAIN)
    if named in ("other", "phone", "account") or found["sep"] in (None, ""):
        return None
    return Hit(found.start(), found.end(), LIKELY) if found["sep"] == "-" else None


def _nino(text: str, found: re.Match[str]) -> Hit | None:
    if not checksums.gb_nino(found[0]) or label(text, found.start()) == "other":
        return None
    return Hit(found.start(), found.end(), LIKELY)


def _card(text: str, found: re.Match[str]) -> Hit | None:
    """German identity cards: nine places, the check digit and the state may follow (ICAO 9303 weights)."""
    value = found[0].rstrip("D")
    if label(text, found.start(), reach=40) != "de_card" or len(digits_of(value)) < 2:
        return None
    return Hit(found.start(), found.end(), CERTAIN if len(value) == 10 and checksums.icao_731(value) else HINTED)


_SIX = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{6}$")


def _fiscale(text: str, found: re.Match[str]) -> Hit | None:
    """The pattern begins at the first digits, for letters are everywhere."""
    start = found.start() - 6
    if start < 0 or _SIX.search(text, max(0, start - 1), found.start()) is None:
        return None
    value = text[start : found.end()]
    if not checksums.it_codice_fiscale(value) and label(text, start) != "it_cf":
        return None
    return Hit(start, found.end(), CERTAIN)


def _always(_: str) -> bool:
    return True


def recognizers() -> tuple[Recognizer, ...]:
    def unit(
        name: str, where: str, what: str, pattern: str, check: Check, digits: int,
        *, marks: str = "", gates: tuple[str, ...] = (), after: int = 0, words: tuple[str, ...] = (),
    ) -> Recognizer:  # fmt: skip
        return Recognizer(
            name=name, type="NATIONAL_ID", category="specific_identity", jurisdiction=where, what=what, pattern=re.compile(pattern),
            check=check, digits=digits, marks=marks, gates=gates, after=after, words=words,
            contextual=True,
        )  # fmt: skip

    def named(
        name: str, where: str, what: str, pattern: str, good: Callable[[str], bool], digits: int, *more: str,
        alone: bool = False, marks: str = "", gates: tuple[str, ...] = (), after: int = 0,
    ) -> Recognizer:  # fmt: skip
        check = _checked(good, words=(name, *more), alone=alone)
        words = () if alone else words_of(name, *more)
        return unit(name, where, what, f"{_EDGE}(?:{pattern}){_END}", check, digits, marks=marks, gates=gates, after=after, words=words)

    return (
        unit(
            "cn_id", "CN", "居民身份证, 18 places: date and check character (GB 11643)",
            rf"{_EDGE}[1-9](?:[ .\-]?[0-9]){{16}}[ .\-]?[0-9Xx]{_END}", _cn, 17,
        ),
        unit("cn_id_15", "CN", "居民身份证, the old 15 digits, after a word for it", rf"{_EDGE}[1-9][0-9]{{14}}{_END}", _cn_old, 15,
             words=words_of("cn_id")),
        unit(
            "us_ssn", "US", "Social Security number or ITIN, hyphenated or after a word for it",
            rf"{_EDGE}(?!000|666)[0-9]{{3}}(?P<sep>[ \-]?)(?!00)[0-9]{{2}}(?P=sep)(?!0000)[0-9]{{4}}{_END}", _ssn, 9,
        ),
        named("nhs", "GB", "NHS number, modulus 11", r"[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{4}", checksums.gb_nhs, 10),
        named("de_idnr", "DE", "Steuer-ID, modulus 11,10", r"[1-9][0-9](?:[ ]?[0-9]{3}){3}", checksums.de_tax_id, 11),
        named(
            "fr_nir", "FR", "numéro de sécurité sociale, key modulo 97",
            r"[1-478][ ]?[0-9]{2}[ ]?(?:0[1-9]|1[0-2]|[2-9][0-9])[ ]?(?:[0-9]{2}|2[ABab])[ ]?[0-9]{3}[ ]?[0-9]{3}[ ]?[0-9]{2}",
            checksums.fr_nir, 6, alone=True,
        ),
        named("nl_bsn", "NL", "burgerservicenummer, eleven test", r"[0-9]{4}[. ]?[0-9]{2}[. ]?[0-9]{3}|[0-9]{3}[ .][0-9]{3}[ .][0-9]{3}",
              checksums.nl_bsn, 9),
        named("es_dni", "ES", "DNI and NIE with their letter", r"(?:[0-9]{8}|[XYZxyz]-?[0-9]{7})[ \-]?[A-HJ-NP-TV-Za-hj-np-tv-z]",
              checksums.es_dni, 7, alone=True, marks="#"),
        named("in_aadhaar", "IN", "Aadhaar, Verhoeff digit", r"[2-9][0-9]{3}([ \-]?)[0-9]{4}\1[0-9]{4}", checksums.verhoeff, 12),
        named("in_pan", "IN", "Permanent Account Number", r"[A-Z]{3}[ABCFGHLJPT][A-Z][0-9]{4}[A-Z]", _always, 4, "card",
              alone=True, gates=("pan",), after=40),
        named("jp_mynumber", "JP", "マイナンバー, modulus 11", r"[0-9]{4}([ \-]?)[0-9]{4}\1[0-9]{4}", checksums.jp_my_number, 12),
        named("kr_rrn", "KR", "주민등록번호: date and century digit", r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])-[0-9]{7}",
              checksums.kr_rrn, 13, alone=True, marks="-"),
        named("sg_nric", "SG", "NRIC and FIN with their letter", r"[STFGMstfgm][0-9]{7}[A-Za-z]", checksums.sg_nric, 7,
              alone=True, marks="#"),
        named("tw_id", "TW", "身分證 with its check digit", r"[A-Z][12489][0-9]{8}", checksums.tw_id, 9, "cn_id", alone=True, marks="#"),
        named("hk_id", "HK", "HKID with its check digit", r"[A-Z]{1,2}[0-9]{6}[ ]?(?:\([0-9A]\)|[0-9A](?![0-9A-Za-z]))",
              checksums.hk_id, 6, "cn_id", alone=True, marks="#"),
        named("br_cpf", "BR", "CPF, two modulus-11 digits", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}|[0-9]{11}", checksums.br_cpf, 11),
        named("gb_nino", "GB", "National Insurance number; without its spaces after a word for it",
              r"[A-Za-z]{2}[ \-]?[0-9]{2}[ \-]?[0-9]{2}[ \-]?[0-9]{2}[ \-]?[A-Da-d]", checksums.gb_nino, 6, marks="#"),
        unit("gb_nino_spaced", "GB", "National Insurance number in groups of two",
             rf"{_EDGE}[A-Z]{{2}} [0-9]{{2}} [0-9]{{2}} [0-9]{{2}} [A-D]{_END}", _nino, 6, marks="#"),
        unit("de_card", "DE", "number of an identity card, after a word for it",
             rf"{_EDGE}[CFGHJKLMNPRTVWXYZ0-9]{{9}}[0-9]?D?{_END}", _card, 0, words=words_of("de_card")),
        unit("it_cf", "IT", "codice fiscale with its check letter",
             r"[0-9LMNP-V]{2}[A-EHLMPRSTa-ehlmprst][0-9LMNP-V]{2}[A-Za-z][0-9LMNP-V]{3}[A-Za-z](?![A-Za-z0-9])", _fiscale, 0),
        named("au_tfn", "AU", "tax file number, modulus 11", r"[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{3}", checksums.au_tfn, 9),
        named("au_medicare", "AU", "Medicare card, weighted check digit", r"[2-6][0-9]{3}[ \-]?[0-9]{5}[ \-]?[0-9](?:[ /\-]?[0-9])?",
              checksums.au_medicare, 10),
        named("ca_sin", "CA", "Social Insurance Number, Luhn digit", r"[0-9]{3}([ \-]?)[0-9]{3}\1[0-9]{3}", checksums.luhn, 9),
        named("pl_pesel", "PL", "PESEL: date and check digit", r"[0-9]{11}", checksums.pl_pesel, 11),
        named("se_pnr", "SE", "personnummer: date and Luhn digit", r"(?:19|20)?[0-9]{6}[\-+][0-9]{4}", checksums.se_personnummer, 10,
              alone=True, marks="-+"),
        named("fi_hetu", "FI", "henkilötunnus with its check character", r"[0-3][0-9][01][0-9]{3}[\-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]",
              checksums.fi_hetu, 6, alone=True, marks="#-+"),
        named("dk_cpr", "DK", "CPR-nummer after a word for it", r"[0-3][0-9][01][0-9]{3}[ \-]?[0-9]{4}", checksums.dk_cpr, 10),
        named("no_fnr", "NO", "fødselsnummer, two modulus-11 digits", r"[0-7][0-9]{5}[ ]?[0-9]{5}", checksums.no_fodselsnummer, 11),
        named("be_nrn", "BE", "rijksregisternummer, modulus 97", r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}[.\-][0-9]{2}|[0-9]{11}",
              checksums.be_rijksregister, 11),
        named("ch_ahv", "CH", "AHV number, EAN-13 digit", r"756(?P<sep>[. ]?)[0-9]{4}(?P=sep)[0-9]{4}(?P=sep)[0-9]{2}", checksums.ean13, 13,
              alone=True),
        named("pt_nif", "PT", "número de identificação fiscal, modulus 11", r"[0-9]{3}[ ]?[0-9]{3}[ ]?[0-9]{3}", checksums.pt_nif, 9),
        named("ie_pps", "IE", "Personal Public Service number", r"[0-9]{7}[ ]?[A-Wa-w][A-IWa-iw]?", checksums.ie_pps, 7, marks="#"),
        named("at_svnr", "AT", "Sozialversicherungsnummer, modulus 11", r"[1-9][0-9]{3}[ ]?[0-9]{6}", checksums.at_svnr, 10),
        named("ro_cnp", "RO", "cod numeric personal, modulus 11", r"[1-9][0-9]{12}", checksums.ro_cnp, 13),
        named("cz_rc", "CZ", "rodné číslo, divisible by 11", r"[0-9]{6}/[0-9]{4}", checksums.cz_rodne_cislo, 10, alone=True, marks="/"),
        named("tr_kimlik", "TR", "kimlik numarası, two check digits", r"[1-9][0-9]{10}", checksums.tr_kimlik, 11),
        named("za_id", "ZA", "identity number: date and Luhn digit", r"[0-9]{6}[ ]?[0-9]{4}[ ]?[0-9]{3}", checksums.za_id, 13, "cn_id"),
        named("th_id", "TH", "citizen number, modulus 11", r"[1-8]-[0-9]{4}-[0-9]{5}-[0-9]{2}-[0-9]", checksums.th_id, 13, alone=True,
              marks="-"),
        named("my_nric", "MY", "MyKad: date, in groups", r"[0-9]{6}-[0-9]{2}-[0-9]{4}", checksums.my_nric, 12, "cn_id", marks="-"),
        named("mx_curp", "MX", "CURP with its check digit", r"[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[A-Z0-9][0-9]", checksums.mx_curp, 6,
              alone=True, marks="#"),
        named("cl_rut", "CL", "RUT, modulus 11", r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9Kk]|[0-9]{7,8}-[0-9Kk]", checksums.cl_rut, 7),
    )  # fmt: skip
