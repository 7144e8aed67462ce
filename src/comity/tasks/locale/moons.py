# SPDX-License-Identifier: Apache-2.0
"""Days of the Chinese calendar as a locale names them; what day is which, `entities/lunar.py` says."""

from __future__ import annotations

from datetime import date
from typing import Literal

from comity.errors import CallerError
from comity.tasks.entities import lunar
from comity.tasks.locale.pack import Pack

Style = Literal["day", "full", "year", "animal_year", "animal", "festival", "term"]
STEMS, BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_DIGITS = "一二三四五六七八九十"
_SOLAR = ("清明", "冬至")
"""Terms that are festivals too."""


def moon(pack: Pack, day: date, style: Style) -> str:
    """``festival`` and ``term``: "" where the day is none.  Raises CallerError outside the tables, 1900 to 2100."""
    found = lunar.from_gregorian(day)
    if found is None:
        raise CallerError(
            "a day that the tables of the Chinese calendar do not hold", code="request.invalid", field="date", hint="1900 to 2100"
        )
    year, month, number, leap = found
    if style == "festival":
        return _festival(pack, day, year, month, number, leap)
    if style == "term":
        name = _term(day)
        return pack.lunar.terms.get(name, name)
    stem, branch, animal = STEMS[(year - 4) % 10], BRANCHES[(year - 4) % 12], pack.lunar.animals[(year - 4) % 12]
    article = "der" if animal in pack.lunar.feminine else "des"
    if style == "animal":
        return animal
    called = {"stem": stem, "branch": branch, "animal": animal, "article": article}
    if style in ("year", "animal_year"):
        return (pack.lunar.year if style == "year" else pack.lunar.animal_year).format(**called)
    if not pack.lunar.months:
        said = _counted(pack, month, number, leap)
        return f"{said}, {pack.lunar.year.format(**called)}" if style == "full" else said
    name = pack.lunar.months[month - 1]
    said = (pack.lunar.leap.format(name) if leap else name) + _day(number)
    return pack.lunar.prefix + (pack.lunar.year.format(**called) if style == "full" else "") + said


def _day(number: int) -> str:
    if number in (10, 20, 30):
        return {10: "初十", 20: "二十", 30: "三十"}[number]
    return ("初", "十", "廿")[number // 10] + _DIGITS[number % 10 - 1]


def _counted(pack: Pack, month: int, number: int, leap: bool) -> str:
    from comity.tasks.locale.numbers import ordinal

    name = ordinal(pack, month)
    return pack.lunar.day.format(day=ordinal(pack, number), month=pack.lunar.leap.format(name) if leap else name)


def _festival(pack: Pack, day: date, year: int, month: int, number: int, leap: bool) -> str:
    names = pack.lunar.festivals
    if day == lunar.last_day(year):
        return names["eve"]
    solar = _term(day)
    if not leap and (found := names.get(f"{month}-{number}")):
        return found
    return names.get(solar) or (pack.lunar.terms.get(solar, solar) + _suffix(pack) if solar in _SOLAR else "")


def _suffix(pack: Pack) -> str:
    return {"Hans": "节", "Hant": "節"}.get(pack.script, "") if pack.language == "zh" else ""


def _term(day: date) -> str:
    return next((name for name in lunar.TERMS[day.month * 2 - 2 : day.month * 2] if lunar.term(day.year, name) == day), "")
