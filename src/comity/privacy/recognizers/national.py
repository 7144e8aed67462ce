# SPDX-License-Identifier: Apache-2.0
"""National identifiers.  With a check digit the number speaks for itself; without one the words before it must."""

from __future__ import annotations

import re
from collections.abc import Callable

from comity.privacy import checksums
from comity.privacy.recognizers.base import CERTAIN, HINTED, LIKELY, Check, Hit, Recognizer, label

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
        if good(_bare(found[0])) and (ours or (alone and named != "other")):
            return Hit(found.start(), found.end(), CERTAIN)
        return Hit(found.start(), found.end(), HINTED) if ours else None

    return check


def _cn(text: str, found: re.Match[str]) -> Hit | None:
    value = _bare(found[0])
    named = label(text, found.start())
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


def _always(_: str) -> bool:
    return True


def recognizers() -> tuple[Recognizer, ...]:
    def unit(
        name: str, where: str, what: str, pattern: str, check: Check, digits: int,
        *, marks: str = "", gates: tuple[str, ...] = (), after: int = 0,
    ) -> Recognizer:  # fmt: skip
        return Recognizer(
            name=name, type="NATIONAL_ID", category="specific_identity", jurisdiction=where, what=what, pattern=re.compile(pattern),
            check=check, digits=digits, marks=marks, gates=gates, after=after, contextual=True,
        )  # fmt: skip

    def named(
        name: str, where: str, what: str, pattern: str, good: Callable[[str], bool], digits: int, *more: str,
        alone: bool = False, marks: str = "", gates: tuple[str, ...] = (), after: int = 0,
    ) -> Recognizer:  # fmt: skip
        check = _checked(good, words=(name, *more), alone=alone)
        return unit(name, where, what, f"{_EDGE}(?:{pattern}){_END}", check, digits, marks=marks, gates=gates, after=after)

    return (
        unit(
            "cn_id", "CN", "居民身份证, 18 places: date and check character (GB 11643)",
            rf"{_EDGE}[1-9](?:[ \-]?[0-9]){{16}}[ \-]?[0-9Xx]{_END}", _cn, 17,
        ),
        unit("cn_id_15", "CN", "居民身份证, the old 15 digits, after a word for it", rf"{_EDGE}[1-9][0-9]{{14}}{_END}", _cn_old, 15),
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
    )  # fmt: skip
