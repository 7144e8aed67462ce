# SPDX-License-Identifier: Apache-2.0
"""Weeks, months and longer, parts of them, and so long before or after."""

from __future__ import annotations

from datetime import date
from typing import Any

from comity.tasks.entities import meaning
from comity.tasks.entities.calendar import (
    Bounds,
    DayRange,
    Days,
    Frame,
    Length,
    nth,
    on,
    period,
    real,
    relative,
)
from comity.tasks.entities.cascade import Match, Node
from comity.tasks.entities.chinese.amounts import value_of
from comity.tasks.entities.chinese.days import year_of
from comity.tasks.entities.phrases import (
    pointed,
    ranged,
)


def this_or_next(m: Match) -> Days | None:
    """`下周`, `这个月`, `上上个月`, `本季度`."""
    unit = "month" if m.has("YUE") else "quarter" if m.has("ji_season") else "year" if m.has("NIAN") else m.get("U")
    if unit in ("second", "minute", "hour", "day", "decade"):
        return None
    return relative(m.frame, m.get("MOD") or 0, unit)


def next_many(m: Match) -> Any:
    """`未来三天`, `过去一周`, `下两周`, `最近半个小时`."""
    past = m.has("past", "before") or m.get("MOD") == -1
    return ranged(meaning.coming(m.get("DUR"), m.frame, past=past))


def nth_of(m: Match) -> Node | None:
    """`四月的最后一个星期一`, `下个月第一个周一`, `今年的最后3周`, `明年第一天`."""
    days: Days | None = m.get("PERIOD", "MONTH")
    if days is None:
        year = year_of(m)
        days = on(m.frame, year=year) if year is not None else None
    if days is None:
        return None
    place = -1 if m.has("last_one") else m.get("ORD")
    found = meaning.nth_day(days, place, m.get("WEEKDAY")) if m.has("WEEKDAY") else meaning.nth_unit(days, place, season_unit(m))
    return Node("DATE" if found.grain == "day" else "PERIOD", 0, 0, found) if found is not None else None


def season_unit(m: Match) -> str:
    return "quarter" if m.has("ji_season") else "month" if m.has("YUE") else str(m.get("U"))


def last_many(m: Match) -> Any:
    """`今年的最后3周`."""
    days: Days = m.get("PERIOD")
    by: Length = m.get("DUR")
    if by.seconds or by.months or by.days.denominator != 1:
        return None
    size = int(by.days)
    if size % 7 == 0:
        last = meaning.nth_unit(days, -1, "week")
        first = meaning.nth_unit(days, -(size // 7), "week")
        if last is None or first is None:
            return None
        bounds = Bounds(first.start, last.end, first.start, meaning.last_of(last))
        return DayRange((bounds,))
    first_day = nth(days.start, days.end, -size)
    return DayRange((Bounds(first_day, days.end, first_day, meaning.last_of(days)),)) if first_day is not None else None


def quarter_days(m: Match) -> Days | None:
    place = m.get("ORD") or value_of(m)
    year = year_of(m)
    frame: Frame = m.frame
    if place not in (1, 2, 3, 4):
        return None
    wanted = (year,) if year is not None else (frame.today.year - 1, frame.today.year, frame.today.year + 1)
    found = [one for year_said in wanted if (first := real(year_said, place * 3 - 2, 1)) and (one := period(first, "quarter"))]
    if year is None:
        found = sorted(one for one in found if one[1] > frame.today)[:1] + sorted(one for one in found if one[1] <= frame.today)[-1:]
    return Days(tuple(found), "quarter") if found else None


def half_year(m: Match) -> Days | None:
    days = on(m.frame, year=year_of(m) or m.frame.today.year)
    found = meaning.half_of(days, m.get("HALFYEAR") == 2) if days is not None else None
    return found


def third(m: Match) -> Days | None:
    """`下月底`, `三月中旬`, `今年年初`, `月底`."""
    if m.has("YEND"):
        year = year_of(m)
        base = m.get("PERIOD") or on(m.frame, year=year if year is not None else m.frame.today.year)
        return meaning.third(base, m.get("YEND")) if base is not None and base.grain == "year" else None
    base = m.get("PERIOD", "MONTH")
    if base is None:
        base = relative(m.frame, m.get("MOD") or 0, "month")
    return meaning.third(base, m.get("MEND", "XUN")) if base is not None and base.grain == "month" else None


def numbered_third(m: Match) -> Days | None:
    """`3月底`, `明年三月中旬`."""
    month = value_of(m)
    base = on(m.frame, year=year_of(m), month=month) if isinstance(month, int) and 1 <= month <= 12 else None
    return meaning.third(base, m.get("MEND")) if base is not None else None


def decade(m: Match) -> Days | None:
    value = value_of(m)
    if m.get("U") != "decade" or not isinstance(value, int) or value % 10 or not (10 <= value <= 90 or 1500 <= value <= 2090):
        return None
    first = real(value if value > 100 else 1900 + value, 1, 1)
    found = period(first, "decade") if first is not None else None
    return Days((found,), "decade") if found is not None else None


def century(m: Match) -> Days | None:
    place = value_of(m)
    if m.get("U") != "century" or not isinstance(place, int) or not 2 <= place <= 30:
        return None
    return Days(((date((place - 1) * 100, 1, 1), date(place * 100, 1, 1)),), "century")


def decade_of(m: Match) -> Days | None:
    """`上世纪90年代`, `二十世纪八十年代`."""
    whole, part = m.all("PERIOD")
    first = real(whole.start.year + part.start.year % 100, 1, 1) if (whole.grain, part.grain) == ("century", "decade") else None
    found = period(first, "decade") if first is not None else None
    return Days((found,), "decade") if found is not None else None


def shift(m: Match) -> Node | None:
    by: Length = m.get("DUR")
    back = m.has("before") and not m.has("again")
    anchor = m.get("DATE", "MOMENT", "PERIOD")
    made = meaning.from_now(-by if back else by, m.frame) if anchor is None else meaning.shifted(-by if back else by, anchor, m.frame)
    return pointed(made)


def after_that(m: Match) -> Any:
    """`之后5分钟`: from now on."""
    return ranged(meaning.coming(m.get("DUR"), m.frame, past=m.has("before")))


def within_length(m: Match) -> Any:
    return ranged(meaning.coming(m.get("DUR"), m.frame))
