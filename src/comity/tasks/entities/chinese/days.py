# SPDX-License-Identifier: Apache-2.0
"""Dates as Chinese says them, of both calendars."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from comity.tasks.entities import lunar, meaning
from comity.tasks.entities.calendar import (
    Days,
    Frame,
    Length,
    around,
    full_year,
    moved,
    nth,
    on,
    period,
    real,
    relative,
)
from comity.tasks.entities.cascade import Match, Node
from comity.tasks.entities.chinese.amounts import value_of
from comity.tasks.entities.chinese.numbers import DIGITS
from comity.tasks.entities.lexer import slashed
from comity.tasks.entities.phrases import (
    pointed,
)


def year_said(m: Match) -> int | None:
    year = value_of(m)
    if not isinstance(year, int):
        return None
    said = m.said.replace(" ", "").rstrip("年")
    if year >= 1000:
        return year if year <= 2999 else None
    if len(said) == 2 and (said.isdigit() or all(one in DIGITS + "〇两" for one in said)) and (year >= 50 or said[0] in "0零〇"):
        return full_year(year)
    return None


def short_year(m: Match) -> Node | None:
    """`18年3月`: two digits are a year where a month follows."""
    year = value_of(m)
    month = value_of(m, 1)
    if not isinstance(year, int) or not 0 <= year < 100 or not isinstance(month, int):
        return None
    found = on(m.frame, year=full_year(year), month=month) if 1 <= month <= 12 else None
    return Node("PERIOD", 0, 0, found) if found is not None else None


def month_said(m: Match) -> Days | None:
    month = value_of(m)
    if not isinstance(month, int) or not 1 <= month <= 12:
        return None
    return on(m.frame, month=month)


def year_of(m: Match) -> int | None:
    if m.has("YEAR"):
        return int(m.get("YEAR"))
    if m.has("YEARREL"):
        return int(m.frame.today.year + m.get("YEARREL"))
    return None


def year_month(m: Match) -> Days | None:
    month: Days = m.get("MONTH")
    return on(m.frame, year=year_of(m), month=month.month)


def day_said(m: Match) -> Days | Node | None:
    """With whatever of year, month and weekday is said."""
    base: Days | None = m.get("MONTH", "PERIOD")
    day = value_of(m)
    if not isinstance(day, int) or not 1 <= day <= 31:
        return None
    if base is not None and base.grain != "month":
        return None
    year = year_of(m) or (base.year if base is not None else None)
    month = base.month if base is not None else None
    if year is not None and month is None:
        return None
    return on(m.frame, year=year, month=month, day=day, weekday=m.get("WEEKDAY")) or Node("_", 0, 0)


def traditional(m: Match) -> Days | None:
    """`八月十五`: by the Chinese calendar if said in its words, or ours; both readings."""
    month: Days = m.get("MONTH", "PERIOD")
    day = value_of(m)
    if month.grain != "month" or not isinstance(day, int) or not 1 <= day <= 31 or m.nodes[-1].tag == "INT":
        return None
    ours = on(m.frame, year=month.year, month=month.month, day=day)
    theirs = lunar_days(m.frame, month.month or 0, day, month.year) if day <= 30 else None
    if ours is None or theirs is None:
        return ours
    return ours._replace(readings=ours.readings[:1] + theirs.readings[:1], certain=False)


def lunar_days(frame: Frame, month: int, day: int, year: int | None = None, leap: bool = False) -> Days | None:
    def there(one: int) -> date | None:
        if day == -1:
            return lunar.last_day(one)
        return lunar.to_gregorian(one, month, day, leap)

    if year is not None:
        return meaning.one_day(there(year))
    now = frame.today.year
    readings = around(frame, (there(one) for one in range(now - (20 if leap else 2), now + (40 if leap else 3))))
    return Days(readings) if readings else None


def traditional_date(m: Match) -> Days | None:
    """`农历八月十五`, `正月初一`, `2015年十月初一`, `农历闰六月初三`."""
    month = m.get("LMONTH") or (m.get("MONTH").month if m.has("MONTH") else None)
    if month is None:
        month = m.get("PERIOD").month if m.has("PERIOD") else None
    day = value_of(m)
    if month is None or not isinstance(day, int) or not 1 <= day <= 30 or (m.has("chu") and day > 10):
        return None
    year = year_of(m) or (m.get("MONTH", "PERIOD").year if m.has("MONTH", "PERIOD") else None)
    return lunar_days(m.frame, month, day, year, m.has("run"))


def holiday(year: int, rule: tuple[Any, ...]) -> date | None:
    if not 1900 <= year <= 2100:
        return None
    if rule[0] == "lunar":
        return lunar.last_day(year) if rule[2] == -1 else lunar.to_gregorian(year, rule[1], rule[2])
    if rule[0] == "term":
        return lunar.term(year, rule[1])
    if len(rule) == 2:
        return real(year, *rule)
    first = real(year, rule[0], 1)
    month = period(first, "month") if first is not None else None
    return nth(*month, rule[1], rule[2]) if month is not None else None


def holiday_days(m: Match) -> Days | None:
    rule = m.get("HOLIDAY")
    frame: Frame = m.frame
    year = year_of(m)
    said = {"month": rule[0], "day": rule[1]} if len(rule) == 2 and rule[0] != "term" else {}
    if year is not None:
        # 除夕 ends the year before the one that people name with it
        found = holiday(year - 1 if rule == ("lunar", 12, -1) else year, rule)
        return meaning.one_day(found, **said)
    readings = around(frame, (holiday(one, rule) for one in range(frame.today.year - 2, frame.today.year + 3)))
    return Days(readings, "day", **said) if readings else None


def weekday(m: Match) -> Days | None:
    """`周三`, `下下周三`, `这周日`, `下个星期的周一`."""
    weekday = m.get("WEEKDAY")
    if m.has("MOD", "this"):
        week = relative(m.frame, m.get("MOD") or 0, "week")
    elif m.has("PERIOD"):
        week = m.get("PERIOD")
        if week.grain != "week":
            return None
    else:
        return on(m.frame, weekday=weekday)
    found = meaning.nth_day(week, 1, weekday) if week is not None else None
    return found._replace(weekday=weekday) if found is not None else None


def date_weekday(m: Match) -> Days | None:
    days: Days = m.get("DATE")
    weekday = m.get("WEEKDAY")
    if days.month is not None and days.day is not None:
        return on(m.frame, year=days.year, month=days.month, day=days.day, weekday=weekday)
    return days._replace(certain=days.certain and days.start.weekday() == weekday)


def numeric(m: Match) -> Days | None:
    """`12-11-10` begins with the year here."""
    _, one, two, last = m.get("DMY")
    found = on(m.frame, year=full_year(one), month=two, day=last) if last <= 31 else None
    return found or on(m.frame, year=full_year(last), month=one, day=two) or on(m.frame, year=full_year(last), month=two, day=one)


def slash(m: Match) -> Days | None:
    """`5/12`, the month first."""
    said = next(node for node in m.nodes if node.tag == "FRAC")
    parts = slashed(m.said[said.start - m.nodes[0].start : said.end - m.nodes[0].start])
    if parts is None:
        return None
    one, two, first, second = parts
    if first == 4:
        return on(m.frame, year=one, month=two) if 1 <= two <= 12 else None
    return on(m.frame, month=one, day=two) if first <= 2 and second <= 2 else None


def bare_slash(m: Match) -> Node | None:
    """Alone, a small part of something is a number and the rest a date."""
    parts = slashed(m.said)
    if parts is None or (parts[0] < parts[1] and parts[1] in (2, 3, 4, 5, 6, 8, 10, 16, 100)):
        return None
    return pointed(slash(m))


def open_end(m: Match) -> Any:
    """`12月5日之前`, `自2018年以来`, `2010年1月10日或之前`."""
    days: Days | None = m.get("DATE", "PERIOD", "MONTH")
    if days is None:
        year = year_of(m)
        days = on(m.frame, year=year) if year is not None else None
    if days is None:
        return None
    said = "until" if m.has("or_before", "until") else "since" if m.has("or_after", "since") else "before" if m.has("before") else "after"
    return meaning.open_range(m.get("lead") or said, days)


def same_day(m: Match) -> Days | None:
    """`去年的今天`."""
    day = moved(m.frame.today, Length(days=Fraction(m.get("TODAY"))))
    return meaning.one_day(moved(day, Length(months=Fraction(12 * m.get("YEARREL"))))) if day is not None else None


def until_now(m: Match) -> Any:
    """`2018年至今`."""
    days: Days = m.get("DATE", "PERIOD")
    today = relative(m.frame, 0, "day")
    return meaning.between(days, today, m.frame) if today is not None and days.start <= m.frame.today else None


def as_period(m: Match) -> Days | None:
    if m.has("MONTH"):
        found: Days = m.get("MONTH")
        return found
    year = year_of(m)
    return on(m.frame, year=year) if year is not None else None


def years(m: Match) -> Any:
    """`1995-1997年`: the first without its 年."""
    year = value_of(m)
    other = m.get("YEAR")
    if not isinstance(year, int) or not 1000 <= year < other:
        return None
    one, two = on(m.frame, year=year), on(m.frame, year=other)
    return meaning.between(one, two, m.frame) if one is not None and two is not None else None


def days_in_month(m: Match) -> Any:
    """`3到5号`, `五月三到五号`: the first without its 号."""
    days: Days = m.get("DATE")
    first = value_of(m)
    if days.day is None or not isinstance(first, int) or not 1 <= first < days.day:
        return None
    base: Days | None = m.get("MONTH", "PERIOD")
    if base is not None and base.grain != "month":
        return None
    year, month = (base.year, base.month) if base is not None else (days.year, days.month)
    one, other = (on(m.frame, year=year, month=month, day=day) for day in (first, days.day))
    return meaning.between(one, other, m.frame) if one is not None and other is not None else None


def bare_year(m: Match) -> Days | None:
    year = value_of(m)
    return on(m.frame, year=year) if isinstance(year, int) and 1900 <= year <= 2100 else None
