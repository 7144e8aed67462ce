# SPDX-License-Identifier: Apache-2.0
"""Numbers that belong to nobody: from ranges that their issuers keep for fiction or tests, or never assign, check digits right.

Each function takes the original and gives digits in its format, or None where it does not know the form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date

from comity.privacy import checksums
from comity.privacy.normalise import fold
from comity.privacy.surrogates.draw import LETTERS, Draw

_AREAS = tuple(map(str, (201, 205, 212, 213, 215, 303, 305, 312, 314, 317, 402, 404, 412, 415, 503, 505, 512, 602, 615, 617, 702, 713,
                         801, 804, 816, 901, 913, 917)))  # fmt: skip
_CITIES = tuple(map(str, (10, 20, 21, 22, 23, 24, 25, 27, 28, 29)))
_TOWNS = tuple(map(str, (311, 351, 431, 451, 531, 571, 591, 731, 755, 771, 851, 871, 898, 991)))

_RESERVED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("1", "", tuple(area + "55501" for area in _AREAS)),  # ATIS-0300115: 555-0100 to 555-0199
    ("44", "7", ("7700900",)),  # Ofcom, numbers for drama use
    ("44", "2", ("2079460", "2896496", "2920180")),
    ("44", "", ("1632960", "1134960", "1144960", "1154960", "1164960", "1174960", "1184960", "1214960", "1314960", "1414960",
                "1514960", "1614960", "1914980")),
    ("33", "[67]", ("63998",)),  # Arcep, numéros pour œuvres audiovisuelles
    ("33", "", ("19900", "26191", "35301", "46571", "53649")),
    ("49", "1", ("17139200", "17604069")),  # Bundesnetzagentur, Rufnummern für Medienproduktionen
    ("49", "", ("3023125", "6990009", "4066969", "2214710", "8999998")),
    ("46", "7", ("7017406",)),  # PTS, nummer för böcker och film
    ("46", "", ("8465004",)),
    ("61", "4", ("491570006", "491570156", "491570157", "491570158", "491570159", "491570110")),  # ACMA, fictitious use
    ("61", "", ("25550", "27010", "35550", "37010", "75550", "77010", "85550", "87010")),
    ("86", "1[3-9]", ("154", "161", "163", "164", "168", "169")),  # MIIT numbering plan: 未分配号段
    ("86", "[3-9]", tuple(town + "1" for town in _TOWNS)),  # no subscriber's number begins with 1
    ("86", "", tuple(city + "1" for city in _CITIES)),
)  # fmt: skip
_NOWHERE = ("000",)  # elsewhere: no significant number begins with zeros
_CODES = tuple(map(str, sorted((
    1, 7, 20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60, 61, 62, 63,
    64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98, 351, 352, 353, 354, 355, 356, 357, 358, 359, 370, 371, 372, 380, 381,
    385, 386, 420, 421, 852, 853, 855, 856, 880, 886, 966, 971, 972,
), reverse=True)))  # fmt: skip


def digits_in(text: str) -> str:
    return "".join(letter for letter in fold(text) if letter in "0123456789")


def fill(pattern: str, signs: str) -> str:
    """``signs`` in the places of the digits and ASCII letters of ``pattern``; what is left over goes behind the last of them."""
    text, at = fold(pattern), 0
    places = [place for place, letter in enumerate(text) if letter.isascii() and letter.isalnum()]
    out: list[str] = []
    for place, letter in enumerate(text):
        if at < len(places) and place == places[at]:
            out.append(signs[at : at + 1] if at < len(places) - 1 else signs[at:])
            at += 1
        else:
            out.append(letter)
    return "".join(out)


def _fill_digits(pattern: str, digits: str) -> str:
    source = iter(digits)
    return "".join(next(source, "") if letter in "0123456789" else letter for letter in fold(pattern)) + "".join(source)


def phone(original: str, draw: Draw) -> str | None:
    digits = digits_in(original)
    if len(digits) < 7:
        return None
    code, trunk, rest = _dialled(fold(original).strip(), digits)
    number = digits[len(code) + len(trunk) :]
    prefixes = next((said for of, begins, said in _RESERVED if of == rest and re.match(begins, number)), _NOWHERE)
    prefix = "55501" if rest == "1" and len(number) == 7 else draw.pick(prefixes)
    return _fill_digits(original, code + trunk + prefix + draw.digits(max(0 if len(prefix) > 8 else 2, len(number) - len(prefix))))


def _dialled(text: str, digits: str) -> tuple[str, str, str]:
    """What of ``digits`` stands before the national number: country code as dialled, trunk zero; and the country code meant."""
    if re.match(r"\(?\+|00|\((?:852|853|886)\)", text):
        exit_code = "00" if digits.startswith("00") else ""
        country = next((code for code in _CODES if digits.startswith(code, len(exit_code))), "")
        code = exit_code + country
        return code, "0" if country and digits.startswith("0", len(code)) else "", country
    if re.fullmatch(r"861[3-9][0-9]{9}", digits):
        return "86", "", "86"
    if re.fullmatch(r"1[3-9][0-9]{9}", digits) and not re.match(r"1[ .\-(]", text):
        return "", "", "86"
    if re.fullmatch(r"1[2-9][0-9]{9}", digits):
        return "1", "", "1"
    if digits[0] != "0":
        return "", "", "" if re.match(r"[6-9][0-9]{4}[ \-][0-9]{5}\Z", text) or len(digits) not in (7, 10) else "1"
    if re.match(r"\(?0(?:10|2[0-9]|[3-9][0-9]{2})\)?-?[0-9]{7,8}(?![0-9 ])", text):
        return "", "0", "86"
    if re.match(r"\(?0[1-9]\)?(?:[ .\-][0-9]{2}){4}", text):
        return "", "0", "33"
    return "", "0", "44" if len(digits) == 11 and digits[1] in "127" else "49" if len(digits) > 6 and digits[1] != "9" else ""


def phone_parts(original: str, made: str) -> tuple[str, str] | None:
    """Both without their country code: a model drops it as readily as people do."""
    text = fold(original).strip()
    if not re.match(r"\(?\+|00", text):
        return None
    code, trunk, _ = _dialled(text, digits_in(original))
    return (_behind(made, len(code + trunk)), _behind(text, len(code + trunk))) if code else None


def _behind(text: str, digits: int) -> str:
    at = 0
    while digits and at < len(text):
        digits -= text[at] in "0123456789"
        at += 1
    return text[at:].lstrip(" -.)/")


_CARDS = (  # issuers' own test numbers begin so
    (r"4", "400000"), (r"5|2", "555555"), (r"3[47]", "378282"), (r"62|81", "620000"), (r"6", "601111"), (r"35", "353011"),
    (r"3", "305693"),
)  # fmt: skip


def card(original: str, draw: Draw) -> str | None:
    digits = digits_in(original)
    if not 12 <= len(digits) <= 19:
        return None
    prefix = next((said for begins, said in _CARDS if re.match(begins, digits)), "400000")
    body = prefix + draw.digits(len(digits) - len(prefix) - 1)
    return _fill_digits(original, next(body + last for last in "0123456789" if checksums.luhn(body + last)))


def account(original: str, draw: Draw) -> str | None:
    signs = "".join(letter for letter in fold(original) if letter.isascii() and letter.isalnum())
    if not re.fullmatch(r"[A-Za-z]{2}[0-9]{2}[A-Za-z0-9]{10,30}", signs):
        return None
    bank = "".join("0" if place < 3 and letter.isdigit() else _like(letter, draw) for place, letter in enumerate(signs[4:].upper()))
    country = signs[:2].upper()
    check = next(f"{value:02d}" for value in range(2, 99) if checksums.iban(f"{country}{value:02d}{bank}"))
    made = fill(original, country + check + bank)
    return made.lower() if signs.islower() else made


_PROVINCES = tuple(map(str, (11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61,
                             62, 63, 64, 65)))  # fmt: skip


def cn_resident_id(original: str, draw: Draw) -> str | None:
    signs = "".join(letter for letter in fold(original) if letter.isascii() and letter.isalnum())
    if not re.fullmatch(r"[1-9][0-9]{5}(?:18|19|20)[0-9]{9}[0-9Xx]", signs):
        return None
    region = draw.pick(_PROVINCES) + "99" + draw.digits(2)  # no prefecture has 99
    born = f"{signs[6:9]}{draw.below(10)}{draw.below(12) + 1:02d}{draw.below(28) + 1:02d}"
    order = f"{draw.below(100):02d}{draw.below(5) * 2 + int(signs[16]) % 2}"  # odd: male
    body = region + born + order
    made = next(body + last for last in "0123456789X" if checksums.cn_resident_id(body + last))
    return fill(original, made.lower() if signs[-1] == "x" else made)


_CHECKED: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    # form, check, signs that stay (year and month of birth, where they are); the rarer check of one form first
    (r"[0-9]{9}", checksums.pt_nif, ""),
    (r"[0-9]{9}", checksums.nl_bsn, ""),
    (r"[0-9]{9}", checksums.au_tfn, ""),
    (r"[0-9]{9}", checksums.luhn, ""),
    (r"[0-9]{10}", checksums.cz_rodne_cislo, "0123"),
    (r"[0-9]{10}", checksums.se_personnummer, "0123"),
    (r"[0-9]{10}", checksums.gb_nhs, ""),
    (r"[1-9][0-9]{9}", checksums.at_svnr, "6789"),
    (r"[0-3][0-9][01][0-9]{7}", checksums.dk_cpr, "2345"),
    (r"[0-9]{11}", checksums.no_fodselsnummer, "2345"),
    (r"[0-9]{11}", checksums.pl_pesel, "0123"),
    (r"[1-9][0-9]{10}", checksums.tr_kimlik, ""),
    (r"[0-9]{11}", checksums.br_cpf, ""),
    (r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{5}", checksums.be_rijksregister, "0123"),
    (r"[0-9]{11}", checksums.de_tax_id, ""),
    (r"[2-6][0-9]{9,10}", checksums.au_medicare, "0"),
    (r"(?:19|20)[0-9]{10}", checksums.se_personnummer, "012345"),
    (r"[0-9]{12}", checksums.jp_my_number, ""),
    (r"[2-9][0-9]{11}", checksums.verhoeff, ""),
    (r"[0-9]{12}", checksums.my_nric, "0123"),
    (r"756[0-9]{10}", checksums.ean13, "012"),
    (r"[1-9][0-9]{12}", checksums.ro_cnp, "01234"),
    (r"[0-9]{13}", checksums.za_id, "0123"),
    (r"[1-8][0-9]{12}", checksums.th_id, ""),
    (r"[0-9]{13}", checksums.kr_rrn, "01236"),
    (r"[1-478][0-9]{4}(?:[0-9]{2}|2[ABab])[0-9]{8}", checksums.fr_nir, "0"),
    (r"(?:[0-9]{8}|[XYZxyz][0-9]{7})[A-Za-z]", checksums.es_dni, "0"),
    (r"[0-9]{7}[A-Wa-w][A-IWa-iw]?", checksums.ie_pps, ""),
    (r"[0-9]{7,8}[0-9Kk]", checksums.cl_rut, ""),
    (r"[STFGMstfgm][0-9]{7}[A-Za-z]", checksums.sg_nric, "0"),
    (r"[A-Za-z][12489][0-9]{8}", checksums.tw_id, "01"),
    (r"[A-Za-z]{1,2}[0-9]{6}[0-9Aa]", checksums.hk_id, "0"),
    (r"[0-3][0-9][01][0-9]{3}[A-FU-Ya-fu-y]?[0-9]{3}[0-9A-Ya-y]", checksums.fi_hetu, "2345"),
    (r"[A-Za-z]{6}[0-9]{2}[A-Za-z][0-9]{2}[A-Za-z][0-9]{3}[A-Za-z]", checksums.it_codice_fiscale, "678"),
    (r"[A-Za-z]{4}[0-9]{6}[HMXhmx][A-Za-z]{5}[A-Za-z0-9][0-9]", checksums.mx_curp, "456789a"),
    (r"[A-Za-z]{2}[0-9]{6}[A-Da-d]", checksums.gb_nino, "8"),
    (r"[A-Za-z]{3}[ABCFGHLJPTabcfghljpt][A-Za-z][0-9]{4}[A-Za-z]", bool, "3"),  # PAN: its fourth letter says whose kind it is
)
_TRIES = 4000


def national_id(original: str, draw: Draw) -> str | None:
    return cn_resident_id(original, draw) or us_ssn(original, draw) or _checked(original, draw)


def us_ssn(original: str, draw: Draw) -> str | None:
    """Area numbers from 900 are never assigned; below group 50 they are no taxpayer's number either."""
    if not re.fullmatch(r"[0-9]{3}[ -][0-9]{2}[ -][0-9]{4}", fold(original).strip()):
        return None
    return _fill_digits(original, f"9{draw.digits(2)}{draw.below(49) + 1:02d}{draw.below(9999) + 1:04d}")


def _checked(original: str, draw: Draw) -> str | None:
    """The checks that the original passes, its stand-in passes too: one of them is the number's own, others hold by chance."""
    signs = "".join(letter for letter in fold(original) if letter.isascii() and letter.isalnum())
    held = [(form, check, stay) for form, check, stay in _CHECKED if re.fullmatch(form, signs) and _holds(check, signs)]
    for wanted in (held, held[:1]):
        kept = {int(place, 16) for _, _, stay in wanted for place in stay}
        for _ in range(_TRIES if wanted else 0):
            made = "".join(letter if place in kept else _like(letter, draw) for place, letter in enumerate(signs))
            if all(re.fullmatch(form, made) and _holds(check, made) for form, check, _ in wanted):
                return fill(original, made)
    return None


def _holds(check: Callable[[str], bool], signs: str) -> bool:
    try:
        return check(signs)
    except (ValueError, IndexError, KeyError):
        return False


def _like(letter: str, draw: Draw) -> str:
    if letter.isdigit():
        return draw.digits(1)
    chosen = draw.pick(LETTERS)
    return chosen.upper() if letter.isupper() else chosen


def ip(original: str, draw: Draw) -> str | None:
    """RFC 5737 and RFC 3849."""
    if ":" in original:
        return "2001:db8:" + ":".join(f"{draw.below(0xFFFF) + 1:x}" for _ in range(3)) + f"::{draw.below(0xFFFF) + 1:x}"
    if original.count(".") != 3:
        return None
    return f"{draw.pick(('192.0.2', '198.51.100', '203.0.113'))}.{draw.below(254) + 1}"


def mac(original: str, draw: Draw) -> str | None:
    """Locally administered, of one station: the second digit is 2, 6, A or E."""
    signs = "".join(letter for letter in fold(original) if letter.isascii() and letter.isalnum())
    if len(signs) not in (12, 16):
        return None
    made = "".join(draw.pick("0123456789abcdef") for _ in signs)
    made = made[0] + draw.pick("26ae") + made[2:]
    return fill(original, made.upper() if signs.upper() == signs else made)


_NUMBER = re.compile(r"[0-9]+")


def birth(original: str, draw: Draw) -> str | None:
    """The same form, another day, and a year within two of the original's."""
    text = fold(original)
    numbers = list(_NUMBER.finditer(text))
    if re.fullmatch(r"\s*[0-9]{8}\s*", text):
        year, month, day = int(text.strip()[:4]), int(text.strip()[4:6]), int(text.strip()[6:])
        if not _real((year, month, day)):
            return None
        return text.replace(text.strip(), f"{year + _shift(draw)}{month:02d}{draw.below(28) + 1:02d}")
    years = [found for found in numbers if re.fullmatch(r"1[89][0-9]{2}|20[0-9]{2}", found[0])]
    year_at = years[0] if years else numbers[-1] if len(numbers) == 3 and len(numbers[-1][0]) == 2 else None
    if year_at is None:
        return None
    others = [found for found in numbers if found is not year_at]
    day_at = _day(others, year_first=bool(others) and year_at.start() < others[0].start())
    out = text
    for found in sorted((found for found in (year_at, day_at) if found is not None), key=lambda found: -found.start()):
        if found is year_at:
            made = f"{(int(found[0]) + _shift(draw)) % 100:02d}" if len(found[0]) == 2 else str(int(found[0]) + _shift(draw))
        else:
            made = str(draw.below(12 if _ambiguous(others, text) else 28) + 1).zfill(len(found[0]))
        out = out[: found.start()] + made + out[found.end() :]
    return out


def _shift(draw: Draw) -> int:
    return (-2, -1, 1, 2)[draw.below(4)]


def _real(parts: tuple[int, int, int]) -> bool:
    try:
        date(*parts)
    except ValueError:
        return False
    return True


def _ambiguous(others: Iterable[re.Match[str]], text: str) -> bool:
    """Whether the number taken for a day may be a month."""
    values = [int(found[0]) for found in others]
    spelt = any(letter.isalpha() and letter not in "年月" for letter in text)
    return max(values) <= 12 and (len(values) == 2 or not spelt)


def _day(others: list[re.Match[str]], *, year_first: bool) -> re.Match[str] | None:
    if not others or len(others) > 2 or not all(1 <= int(found[0]) <= 31 for found in others):
        return None
    if len(others) == 1:  # the month is in words, or there is no day
        return others[0]
    if year_first:
        return others[1]
    return others[1] if int(others[1][0]) > 12 else others[0]
