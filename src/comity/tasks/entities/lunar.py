# SPDX-License-Identifier: Apache-2.0
"""The Chinese calendar and the solar terms of 1900 to 2100, as tables.

Made from sxtwl 2.0.7 (BSD-3-Clause) and checked month by month against lunar_python 1.4.8 (MIT): all terms agree, and all months but
one, the ninth of 2057, whose new moon is within seconds of midnight.  Both follow GB/T 33661-2017; 120°E, so days are China's.
"""

from __future__ import annotations

from datetime import date, timedelta

FIRST, LAST = 1900, 2100
_NEW_YEAR = date(1900, 1, 31)

# A word a year: bit 16, the leap month has 30 days; bits 15 to 4, months 1 to 12 have; the low four, which month the leap one follows.
_MONTHS = (
    "04bd8 04ae0 0a570 054d5 0d260 0d950 16554 056a0 09ad0 055d2 04ae0 0a5b6 0a4d0 0d250 1d255 0b540 0d6a0 0ada2 095b0 14977 "
    "04970 0a4b0 0b4b5 06a50 06d40 1ab54 02b60 09570 052f2 04970 06566 0d4a0 0ea50 16a95 05ad0 02b60 186e3 092e0 1c8d7 0c950 "
    "0d4a0 1d8a6 0b550 056a0 1a5b4 025d0 092d0 0d2b2 0a950 0b557 06ca0 0b550 15355 04da0 0a5b0 14573 052b0 0a9a8 0e950 06aa0 "
    "0aea6 0ab50 04b60 0aae4 0a570 05260 0f263 0d950 05b57 056a0 096d0 04dd5 04ad0 0a4d0 0d4d4 0d250 0d558 0b540 0b6a0 195a6 "
    "095b0 049b0 0a974 0a4b0 0b27a 06a50 06d40 0af46 0ab60 09570 04af5 04970 064b0 074a3 0ea50 06b58 05ac0 0ab60 096d5 092e0 "
    "0c960 0d954 0d4a0 0da50 07552 056a0 0abb7 025d0 092d0 0cab5 0a950 0b4a0 0baa4 0ad50 055d9 04ba0 0a5b0 15176 052b0 0a930 "
    "07954 06aa0 0ad50 05b52 04b60 0a6e6 0a4e0 0d260 0ea65 0d530 05aa0 076a3 096d0 04afb 04ad0 0a4d0 1d0b6 0d250 0d520 0dd45 "
    "0b5a0 056d0 055b2 049b0 0a577 0a4b0 0aa50 1b255 06d20 0ada0 14b63 09370 049f8 04970 064b0 168a6 0ea50 06aa0 1a6c4 0aae0 "
    "092e0 0d2e3 0c960 0d557 0d4a0 0da50 05d55 056a0 0a6d0 055d4 052d0 0a9b8 0a950 0b4a0 0b6a6 0ad50 055a0 0aba4 0a5b0 052b0 "
    "0b273 06930 07337 06aa0 0ad50 14b55 04b60 0a570 054e4 0d160 0e968 0d520 0daa0 16aa6 056d0 04ae0 0a9d4 0a2d0 0d150 0f252 "
    "0d520"
)

TERMS = ("小寒", "大寒", "立春", "雨水", "惊蛰", "春分", "清明", "谷雨", "立夏", "小满", "芒种", "夏至",
         "小暑", "大暑", "立秋", "处暑", "白露", "秋分", "寒露", "霜降", "立冬", "小雪", "大雪", "冬至")  # fmt: skip
_EARLIEST = (4, 19, 3, 18, 4, 19, 4, 19, 4, 20, 4, 20, 6, 22, 6, 22, 6, 22, 7, 22, 6, 21, 6, 21)  # two in each month of ours
# A word a year: two bits for each term, the days after its earliest day.
_TERMS = (
    "95a59a599aa5 a5a6aa9aaaa9 a9aaaeaaaaaa aafaeeaeeaaa eaa59a599aa5 a5a6aa9aaaa9 a9aaaaaaaaaa aafaeeaeeaaa eaa59a599aa5 "
    "a5a6aa9aaaa9 a9aaaaaaaaaa aafaeeaeeaaa eaa59a599a95 95a6aa9a9aa9 a5a6aaaaaaaa aabaaeaaeaaa aaa59a599695 95a69a9a9aa9 "
    "a5a6aaaaaaa9 aabaaeaaeaaa aaa59a599695 95a59a9a9aa5 a5a6aaaaaaa9 a9aaaeaaeaaa aaa59a599695 95a59a9a9aa5 a5a6aa9aaaa9 "
    "a9aaaeaaeaaa aaa59a599555 95a59a599aa5 a5a6aa9aaaa9 a9aaaeaaaaaa aaa599599555 95a59a599aa5 a5a6aa9aaaa9 a9aaaaaaaaaa "
    "aaa599599555 95a59a599aa5 a5a6aa9aaaa9 a9aaaaaaaaaa aaa599599555 95a59a599aa5 a5a6aa9aaaa9 a9aaaaaaaaaa aaa559599555 "
    "95a59a599695 95a6aa9a9aa9 a5a6aaaaaaaa aa6559559555 55a59a599695 95a59a9a9aa9 a5a6aaaaaaaa aa6559559555 55a59a599695 "
    "95a59a9a9aa5 a5a6aa9aaaa9 aa5559559555 55a59a599695 95a59a599aa5 a5a6aa9aaaa9 a95559555555 55a599599555 95a59a599aa5 "
    "a5a6aa9aaaa9 a95559555555 55a599599555 95a59a599aa5 a5a6aa9aaaa9 a95555555555 55a599599555 95a59a599aa5 a5a6aa9aaaa9 "
    "a95555555555 55a559599555 95a59a599aa5 a5a6aa9a9aa9 a95155555555 55a559559555 95a59a5996a5 95a69a9a9aa9 a95155555555 "
    "55a559559555 95a59a599695 95a59a9a9aa9 a55155455555 556559559555 55a59a599695 95a59a5a9aa5 a55155455554 555559555555 "
    "55a599599695 95a59a599aa5 a55155455554 545559555555 55a599599555 95a59a599aa5 a55155455554 545555555555 55a599599555 "
    "95a59a599aa5 a55155455554 545555555555 55a599599555 95a59a599aa5 a55155455554 545555555555 55a559559555 95a59a599aa5 "
    "a55155454554 545155555555 55a559559555 95a59a5996a5 a55145454554 545155455555 55a559559555 95a59a599695 955045454554 "
    "505155455555 556559559555 55a599599695 955045044554 505155455554 555559555555 55a599599695 955045044550 505155455554 "
    "545555555555 55a599599555 955045044550 505155455554 545555555555 55a599599555 955045044550 505155455554 545555555555 "
    "55a559559555 955045044550 505155455554 545555555555 55a559559555 955045044550 505145454554 545155555555 55a559559555 "
    "955045044150 505045454554 545155455555 55a559559555 955044044140 405045044554 505155455555 555559555555 555044044140 "
    "405045044554 505155455555 555555555555 555044044140 405045044550 505155455554 555555555555 555044044000 405045044550 "
    "505155455554 545555555555 555044044000 405045044550 505155455554 545555555555 555004004000 405045044550 505145454554 "
    "545555555555 555004004000 405045044150 505145454554 545155455555 555004004000 405045044150 505045054554 545155455555 "
    "555004004000 405044044140 505045044554 505155455555 550004000000 005044044140 405045044554 505155455555 550000000000 "
    "005044044140 405045044550 505155455554 550000000000 005044044000 405045044550 505155455554 540000000000 005044004000 "
    "405045044550 505155455554 545555555555"
)


_WORDS = tuple(int(word, 16) for word in _MONTHS.split())
_LATER = tuple(int(word, 16) for word in _TERMS.split())


def _lengths(word: int) -> list[tuple[int, bool, int]]:
    """(month, leap, days) in order."""
    out: list[tuple[int, bool, int]] = []
    for month in range(1, 13):
        out.append((month, False, 29 + (word >> (16 - month) & 1)))
        if word & 15 == month:
            out.append((month, True, 29 + (word >> 16 & 1)))
    return out


def _days(word: int) -> int:
    return 29 * 12 + (word >> 4 & 0xFFF).bit_count() + (29 + (word >> 16 & 1) if word & 15 else 0)


def new_year(year: int) -> date | None:
    """The first day of the Chinese year that begins in ``year``."""
    if not FIRST <= year <= LAST:
        return None
    return _NEW_YEAR + timedelta(sum(map(_days, _WORDS[: year - FIRST])))


def to_gregorian(year: int, month: int, day: int, leap: bool = False) -> date | None:
    """None for what that year does not have."""
    begins = new_year(year)
    if begins is None or day < 1:
        return None
    for number, is_leap, days in _lengths(_WORDS[year - FIRST]):
        if (number, is_leap) == (month, leap):
            return begins + timedelta(day - 1) if day <= days else None
        begins += timedelta(days)
    return None


def last_day(year: int) -> date | None:
    """除夕, the eve of the next year."""
    begins = new_year(year)
    return begins + timedelta(_days(_WORDS[year - FIRST]) - 1) if begins is not None else None


def from_gregorian(day: date) -> tuple[int, int, int, bool] | None:
    """(year, month, day, leap)."""
    year = day.year
    begins = new_year(year)
    if begins is not None and day < begins:
        year -= 1
        begins = new_year(year)
    if begins is None:
        return None
    for month, leap, days in _lengths(_WORDS[year - FIRST]):
        if (day - begins).days < days:
            return year, month, (day - begins).days + 1, leap
        begins += timedelta(days)
    return None


def term(year: int, name: str) -> date | None:
    """The day of a solar term in ``year`` of the Gregorian calendar."""
    if not FIRST <= year <= LAST or name not in TERMS:
        return None
    place = TERMS.index(name)
    return date(year, place // 2 + 1, _EARLIEST[place] + (_LATER[year - FIRST] >> (46 - 2 * place) & 3))
