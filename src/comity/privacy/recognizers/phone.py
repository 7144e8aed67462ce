# SPDX-License-Identifier: Apache-2.0
"""Telephone numbers.  Service and free-call lines of the kind 400 810 6666 or 12306 belong to nobody and stay."""

from __future__ import annotations

import re

from comity.privacy.recognizers.base import CERTAIN, HINTED, LIKELY, Check, Hit, Recognizer, counted, digits_of
from comity.privacy.recognizers.labels import label, nearest, words_of

# Country codes of ITU-T E.164 (list of 2016-11-15, with later changes); one, two or three digits.
_CODES = (
    "1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 "
    "93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 "
    "243 244 245 246 248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268 269 290 291 297 298 299 350 "
    "351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 378 380 381 382 383 385 386 387 389 420 421 423 500 501 "
    "502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 598 599 670 672 673 674 675 676 677 678 679 680 681 682 683 "
    "685 686 687 688 689 690 691 692 850 852 853 855 856 880 886 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 "
    "977 979 992 993 994 995 996 998"
)
_COUNTRY = frozenset(_CODES.split())

_EDGE = r"(?<![A-Za-z0-9])(?<![0-9][.\-/])(?<![0-9a-f]{4}-)"
_END = r"(?![A-Za-z0-9])(?![.\-/][0-9])"
_SEP = r"[ .\-/]"
_EXT = r"(?:[ ,]{0,2}(?:ext(?:ension)?\.?|x|转|轉|分机)[ ]?[0-9]{1,6})?"

_EXTENDED = re.compile(rf"{_EXT}(?![A-Za-z0-9])")

_INTL = re.compile(
    rf"(?<![A-Za-z0-9+])(?<![0-9)\]][ ](?=\+[ ]))(?P<plus>\(\+[0-9]{{1,3}}\)|\+[ ]?\([0-9]{{1,3}}\)|\+|\(00|00(?=[ ]?[1-9]))"
    rf"(?P<rest>[ ]?[0-9]{{0,4}}{_SEP}{{0,2}}(?:\([0-9]{{1,5}}\){_SEP}{{0,2}})?"
    rf"[0-9](?:{_SEP}{{0,2}}[0-9]){{4,13}}){_EXT}(?![0-9])"
)
_CN_MOBILE = re.compile(
    r"(?<![0-9+])(?<![A-Za-z](?=1))(?<![0-9][.\-])(?<![0-9a-f]{4}-)(?:(?:\((?:\+|00)?86\)|(?:\+|00)?86)[ \-]{0,2})?"
    r"(?:\(1[3-9][0-9]\)[ \-]?[0-9]{4}[ \-]?[0-9]{4}|1(?P<one>[ .\-_])[3-9](?:(?P=one)[0-9]){9}"
    "|1[3-9][0-9](?P<sep>[._/])[0-9]{4}(?P=sep)[0-9]{4}"
    r"|1[3-9][0-9](?:[ \-]{0,2}[0-9]{4}[ \-]{0,2}[0-9]{4}|[ \-]{1,2}[0-9]{3}[ \-]{1,2}[0-9]{5}|[ \-][0-9]{2}[ \-][0-9]{3}[ \-][0-9]{3}))"
    r"(?![0-9])(?![A-Za-z_](?=[A-Za-z0-9]))(?![.\-][0-9])"
)
_CN_LANDLINE = re.compile(
    rf"{_EDGE}(?:(?:\+|00)?86[ \-]?)?"
    rf"(?:[(（][ ]?0(?:10|2[0-9]|[3-9][0-9]{{2}})[ ]?[)）][ \-]{{0,2}}"
    rf"|0(?:10|2[0-9]|[3-9][0-9]{{2}})[ ]?-[ ]?|0(?:10|2[0-9]|[3-9][0-9]{{2}})[ ])"
    r"[2-9][0-9]{2,3}[ \-]?[0-9]{4}(?:[ ]?(?:-|转|轉|分机|ext\.?|x)[ ]?[0-9]{1,6})?(?![0-9A-Za-z])"
)
_NANP = re.compile(
    r"(?<![A-Za-z0-9+])(?<![0-9][.\-/])(?<![0-9a-f]{4}-)(?:\+?1[ .\-]?)?"
    r"(?:\([2-9][0-9]{2}\)[ .\-]?|[2-9][0-9]{2}(?P<sep>[ .\-]))[2-9][0-9]{2}[ .\-][0-9]{4}"
    rf"{_EXT}(?![A-Za-z0-9])(?![.\-/][0-9])"
)
_TEN = re.compile(rf"{_EDGE}1?(?P<ten>[2-9][0-9]{{2}}[2-9][0-9]{{6}}){_END}")
# A trunk zero, then an area or a mobile prefix: GB, FR, DE, IT, JP, KR, IN, TW, AU …
_TRUNK = re.compile(rf"{_EDGE}\(?0[1-9][0-9]{{0,4}}\)?(?:[ .\-/]{{1,3}}[0-9]{{2,8}}){{1,5}}{_END}")
_TRUNK_BARE = re.compile(rf"{_EDGE}0[1-9][0-9]{{8,10}}{_END}")
_IN_MOBILE = re.compile(rf"{_EDGE}[6-9][0-9]{{4}}[ \-][0-9]{{5}}{_END}")
_EIGHT = re.compile(rf"{_EDGE}(?:\((?:852|853|65)\)[ ]?)?[2-9][0-9]{{3}}[ \-]?[0-9]{{4}}{_END}")
_ANY = re.compile(rf"{_EDGE}\(?[0-9](?:[ .\-/()]{{0,3}}[0-9]){{6,14}}{_END}")
_SERVICE = re.compile(r"(?:86)?[48]00[0-9]{7}")
_YEARS = re.compile(r"(?:19|20)[0-9]{2}")
_DATE = re.compile(r"(?:19|20)[0-9]{2}[ .\-/][01]?[0-9][ .\-/][0-3]?[0-9]|[0-3]?[0-9][ .\-/][0-3]?[0-9][ .\-/](?:19|20)[0-9]{2}")


def _country(digits: str) -> bool:
    return any(digits[:size] in _COUNTRY for size in (1, 2, 3))


def _intl(text: str, found: re.Match[str]) -> Hit | None:
    digits = digits_of(found["plus"] + found["rest"])
    if found["plus"].endswith("00"):
        digits = digits[2:]
        if len(digits) < 10 or label(text, found.start()) in ("other", "account", "card"):
            return None
    if not 8 <= len(digits) <= 15 or not _country(digits):
        return None
    return Hit(found.start(), found.end(), LIKELY)


_SPENT = re.compile(r"[0-9]{3}")
_TWELVE = re.compile(r"(?:[0-9][ .\-/]{0,2}){12}")


def _free(text: str, found: re.Match[str]) -> bool:
    """No word before says it is an order, an account, a card or an identity number.  `My number 1234 5678 9018, 080-…`:
    a word for an identity number names one number; a word for orders may name a list.  `My number's 07700 …` is no My Number."""
    named, between = nearest(text, found.start())
    if named == "jp_mynumber" and _TWELVE.fullmatch(found[0]) is None:
        return True
    return named in ("", "phone", "plate", "passport", "licence") or (
        named not in ("other", "account", "card") and _SPENT.search(between) is not None
    )


def _unless_named_otherwise(sure: int) -> Check:
    def check(text: str, found: re.Match[str]) -> Hit | None:
        if (
            _SERVICE.fullmatch(digits_of(found[0]))
            or digits_of(found[0]) in "01234567890"
            or not (_free(text, found) or label(text, found.start()) == "cn_id")
        ):
            return None
        return Hit(found.start(), found.end(), sure)

    return check


def _trunk(text: str, found: re.Match[str]) -> Hit | None:
    digits = digits_of(found[0])
    if not 9 <= len(digits) <= 12 or _DATE.match(found[0]) or not _free(text, found):
        return None
    return Hit(found.start(), found.end(), LIKELY)


_FAR = re.compile(r"phone|mobile|\bcell|\btel\b|contact|whatsapp|telefon|téléphone|teléfono|电话|電話|手机|手機|联系")


def _ten(text: str, found: re.Match[str]) -> Hit | None:
    """Ten bare digits of the North American form: a phone when something near, or a column's head, says so."""
    if _SERVICE.fullmatch(found["ten"]):
        return None
    near = label(text, found.start())
    if near == "" and _FAR.search(text[max(0, found.start() - 400) : found.start()].lower()):
        near = "phone"
    return Hit(found.start(), found.end(), HINTED) if near == "phone" else None


_EIGHT_PLACES = re.compile(r"852|853|\+65|hkid|hong kong|macau|singapore|nric|香港|澳門|澳门|新加坡")


def _eight(text: str, found: re.Match[str]) -> Hit | None:
    """Eight digits, as in Hong Kong, Macau and Singapore: only in their company."""
    value = found[0]
    if _YEARS.match(value) and _YEARS.match(digits_of(value)[4:]):
        return None
    near = label(text, found.start())
    if near == "phone" and _DATE.match(value) is None:
        return Hit(found.start(), found.end(), HINTED)
    # `HKID A123456(3)，9794 7289`: the label belongs to the number before.
    left = text[max(0, found.start() - 120) : found.start()].lower()
    if near in ("", "hk_id", "sg_nric") and re.search(r"[ \-]", value) and (value[0] == "(" or _EIGHT_PLACES.search(left)):
        return Hit(found.start(), found.end(), HINTED)
    return None


_BETWEEN = re.compile(r"[0-9。；;]|\b(?:bills?|costs?|price|meeting|conference)\b|费|会议")  # another number or sentence, money


def _named(text: str, found: re.Match[str]) -> Hit | None:
    """Any number right after a word for telephone."""
    digits = digits_of(found[0])
    if not 7 <= len(digits) <= 15 or _SERVICE.fullmatch(digits) or _DATE.search(found[0]):
        return None
    named, between = nearest(text, found.start(), reach=20)
    if named != "phone" or _BETWEEN.search(between) or counted(text, found.end()):
        return None
    start, end = found.start(), found.end()
    if found[0].startswith("(") and ")" not in found[0]:
        start += 1
    return Hit(start, end, HINTED)


# `you reach her at ext. 14`, `分机号8021`: of a house's own exchange, where whoever knows the house needs no more.
_EXTENSION = re.compile(
    r"(?:ext(?:ension)?\.?(?:[ ](?:number|no\.?))?(?:[ ](?:is|was)|:)?|(?:分机|分機|内线|內線)(?:号码?|號碼?)?[ ]?(?:是|为|為|[:：])?)"
    r"[ ]{0,2}#?(?P<value>[0-9]{2,6})(?![0-9A-Za-z]|[.\-:/][0-9]|[ ]?[位个個台部])",
    re.IGNORECASE,
)
_REACHED = re.compile(
    r"(?<![A-Za-z])(?:dial|call|ring|reach(?:ed)?|at|on|my|his|her|their|our|your|phone|telephone|tel|desk|office|internal|direct)"
    r"[ .,:]{1,2}(?:(?:desk|office|phone|direct|the)[ ])?$",
    re.IGNORECASE,
)


def _extension(text: str, found: re.Match[str]) -> Hit | None:
    if found[0][0] in "eE" and _REACHED.search(text, max(0, found.start() - 24), found.start()) is None:
        return None
    return Hit(found.start("value"), found.end("value"), HINTED)


def _with_extension(check: Check) -> Check:
    """Whatever follows the number and is dialled after it."""

    def extended(text: str, found: re.Match[str]) -> Hit | None:
        hit = check(text, found)
        after = _EXTENDED.match(text, hit.end) if hit is not None else None
        return hit if hit is None or after is None else Hit(hit.start, after.end(), hit.sure)

    return extended


def recognizers() -> tuple[Recognizer, ...]:
    def unit(
        name: str, where: str, what: str, pattern: re.Pattern[str], check: Check, digits: int,
        *, marks: str = "", words: tuple[str, ...] = (), led: bool = False, contextual: bool = False,
    ) -> Recognizer:  # fmt: skip
        return Recognizer(
            name=name, type="PHONE", category="contact", jurisdiction=where, what=what, pattern=pattern,
            check=check if led else _with_extension(check),
            digits=digits, marks=marks, words=words, led=led, contextual=contextual,
        )  # fmt: skip

    return (
        unit("phone_international", "", "`+` or `00` and a country code of E.164", _INTL, _intl, 8, marks="+0"),
        unit("phone_cn_mobile", "CN", "11 digits from 13 to 19, with or without +86 and separators",
             _CN_MOBILE, _mobile, 11, contextual=True),
        unit("phone_cn_landline", "CN", "area code, 7 or 8 digits, extension",
             _CN_LANDLINE, _unless_named_otherwise(CERTAIN), 9, marks="0"),
        unit("phone_nanp", "US", "North American numbers with separators",
             _NANP, _unless_named_otherwise(LIKELY), 10, marks=" -.)", contextual=True),
        unit("phone_nanp_bare", "US", "ten bare digits where the words around say phone", _TEN, _ten, 10, contextual=True),
        unit("phone_trunk", "", "trunk zero and separators: GB, FR, DE, IT, JP, KR, TW, AU",
             _TRUNK, _trunk, 9, marks=" -./", contextual=True),
        unit("phone_trunk_bare", "", "trunk zero, 10 to 12 bare digits",
             _TRUNK_BARE, _unless_named_otherwise(HINTED), 10, marks="0", contextual=True),
        unit("phone_in_mobile", "IN", "ten digits in two groups of five",
             _IN_MOBILE, _unless_named_otherwise(HINTED), 10, marks=" -", contextual=True),
        unit("phone_eight", "HK", "eight digits in the company of Hong Kong, Macau or Singapore", _EIGHT, _eight, 8, contextual=True),
        unit("phone_extension", "", "two to six digits after `her extension`, `dial ext.`, `分机号`", _EXTENSION, _extension, 0, led=True,
             words=("ext", "extension", "分机", "分機", "内线", "內線"), contextual=True),
        unit("phone_named", "", "7 to 15 digits right after a word for telephone", _ANY, _named, 7, words=words_of("phone"),
             contextual=True),
    )  # fmt: skip


def _mobile(text: str, found: re.Match[str]) -> Hit | None:
    named = label(text, found.start())
    separated = len(found[0]) > 11
    if named in ("other", "account", "card") and not separated:
        return None
    return Hit(found.start(), found.end(), CERTAIN if separated or named == "phone" else LIKELY)
