# SPDX-License-Identifier: Apache-2.0
"""Passports, travel permits and driving licences: numbers that a word must name, and two forms that speak for themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from comity.privacy import checksums
from comity.privacy.recognizers.base import CERTAIN, HINTED, LIKELY, Check, Hit, Recognizer, digits_of
from comity.privacy.recognizers.labels import another, column, following, label, nearest, words_of

# Groups of letters and digits, each with a digit in it but perhaps the first: `E12345678`, `C01X00T47`, `12 AB 34567`, `S530-4607-9310`.
_NUMBER = re.compile(
    r"(?=[A-Za-z0-9])(?<![A-Za-z0-9_.])(?<![0-9][\-/:])(?:[A-Z]{1,3}[ \-](?=[0-9]{4})|[A-Z]{0,7}(?=[0-9])|[a-z]{1,2}(?=[0-9]{6}))"
    r"[0-9][A-Z0-9]{0,17}(?:(?:[ ]?\-[ ]?|[ ])(?:[A-Z]{2}[ \-]?(?=[0-9]{3})"
    "|(?=[A-Z]{0,2}[0-9]))[A-Z0-9]{1,8}){0,5}(?![A-Za-z0-9_])(?![.:/][0-9])"
)
_DATE = re.compile(r"(?:19|20)[0-9]{2}[ \-]?[01][0-9][ \-]?[0-3][0-9]|[0-3][0-9][ \-][0-1][0-9][ \-](?:19|20)[0-9]{2}")
# What stands between the word and a number that is not the document's: another number, another sentence, a day of issue.
_AWAY = re.compile(
    r"[0-9。；;!?！？]|[a-z]{4}\.\s|key|expir|valid|room|rose|applicat|photo|total|than|cost|people|issu|until|fee|date"
    r"|签发|有效|到期|过期|费|办|日期|至\b"
)
_KIND = {"passport": re.compile(r"护照|護照|通行证|通行證|回乡证|台胞证|(?i:passport)"), "licence": re.compile(r"驾驶证|驾照|駕照")}
_NOUN = {
    "passport": re.compile(r"(?:护照|護照|通行证|通行證|回乡证|台胞证)[，, \n]{1,2}(?:证件)?(?:号码|號碼)[^A-Za-z0-9]{0,3}$"),
    "licence": re.compile(r"(?:驾驶证|驾照|駕照)[，, \n]{1,2}(?:证件)?(?:号码|號碼)[^A-Za-z0-9]{0,3}$"),
}
_PREFIXES = re.compile(r"(?:NO|NR|ID|IS|NUM)[ \-]|[A-Z]{3}[ ](?=[0-9]{9}$)", re.IGNORECASE)


def _document(group: str, least: int, most: int) -> Check:
    """``least`` to ``most`` letters and digits right after, or right before, a word of ``group``."""

    def check(text: str, found: re.Match[str]) -> Hit | None:
        start, end = found.start(), found.end()
        if end - start < least:
            return None
        if prefix := _PREFIXES.match(found[0]):
            start += prefix.end()
        for stop in _ends(text, start, end):
            end = stop
            value = text[start:end]
            size = sum(map(str.isalnum, value))
            if size <= most:
                break
        if not least <= size <= most or len(digits_of(value)) < 3 or _DATE.fullmatch(value):
            return None
        named, between = nearest(text, start, reach=48)
        if named == "cn_id" and _KIND[group].search(text, max(0, start - 30), start):  # `证件类型：护照 证件号码：…`
            named = group
        if named == "phone" and value[0].isalpha() and _NOUN[group].search(text, max(0, start - 16), start):  # `护照，号码：…`
            return Hit(start, end, HINTED)
        if named == group and (not _AWAY.search(between) or another(between)):
            return Hit(start, end, HINTED)
        if (named == "" and column(text, start) == group) or (named != "other" and following(text, end) == group):
            return Hit(start, end, HINTED)
        return None

    return check


def _ends(text: str, start: int, end: int) -> Iterator[int]:
    """Where the number may end: after all its groups, or fewer."""
    yield end
    while (cut := max(text.rfind(" ", start, end), text.rfind("-", start, end))) > start:
        end = start + len(text[start:cut].rstrip(" -"))
        yield end


# ICAO 9303 part 4: two lines of 44, `P`, the state, the names; then the number, its check digit, the state, birth, sex …
_MRZ = re.compile(
    r"(?<![A-Z0-9<])(?:P[A-Z<][A-Z]{3}[A-Z<]{39}[ ]?\r?\n?[ ]?)?(?P<number>[A-Z0-9<]{9}[0-9])[A-Z<]{3}[0-9]{7}[MFX<][0-9"
    "]{7}[A-Z0-9<]{14}[0-9<][0-9](?![A-Z0-9<])"
)


def _mrz(_: str, found: re.Match[str]) -> Hit | None:
    return Hit(found.start(), found.end(), CERTAIN) if checksums.icao_731(found["number"]) else None


# DVLA: five letters of the surname, decade, month (women plus 50), day, year, two initials, then a digit and two letters.
_DVLA = re.compile(
    "(?<![A-Za-z0-9])[A-Z9]{5}[ ]?[0-9][0156][0-9](?:0[1-9]|[12][0-9]"
    "|3[01])[0-9][ ]?[A-Z9]{2}[0-9][A-Z]{2}(?![A-Za-z])(?:[ ][0-9]{2}(?![A-Za-z0-9]))?"
)


def _dvla(text: str, found: re.Match[str]) -> Hit | None:
    month = int(digits_of(found[0].lstrip("9").lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ9 ") or "0")[1:3] or 0) % 50
    if not 1 <= month <= 12 or label(text, found.start()) == "other":
        return None
    return Hit(found.start(), found.end(), LIKELY)


def recognizers() -> tuple[Recognizer, ...]:
    def unit(
        name: str, kind: str, where: str, what: str, pattern: re.Pattern[str], check: Check,
        *, group: str = "", gates: tuple[str, ...] = (), before: int = 0, after: int = 0, digits: int = 0, marks: str = "",
    ) -> Recognizer:  # fmt: skip
        return Recognizer(
            name=name, type=kind, category="specific_identity", jurisdiction=where, what=what, pattern=pattern, check=check,
            words=words_of(group) if group else (), gates=gates, before=before, after=after, digits=digits, marks=marks,
            contextual=bool(group), numbered=bool(group),
        )  # fmt: skip

    return (
        unit("passport", "PASSPORT", "", "numbers of passports, permits to travel (`通行证`, `台胞证`) or to reside, after a word for one",
             _NUMBER, _document("passport", 6, 12), group="passport"),
        unit("passport_mrz", "PASSPORT", "", "machine-readable lines of a passport, with the check digit of its number",
             _MRZ, _mrz, gates=("<<",), before=100, after=100),
        unit("licence", "DRIVER_LICENSE", "", "numbers of driving licences, after a word for one",
             _NUMBER, _document("licence", 6, 20), group="licence"),
        unit("licence_gb", "DRIVER_LICENSE", "GB", "driving licence, 16 places with date and initials", _DVLA, _dvla, digits=6, marks="#"),
    )  # fmt: skip
