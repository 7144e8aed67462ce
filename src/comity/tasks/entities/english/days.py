# SPDX-License-Identifier: Apache-2.0
"""Dates as English says them: by number, by month, by weekday, by feast."""

from __future__ import annotations

from datetime import date, timedelta
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
from comity.tasks.entities.lexer import slashed

MONTH_FIRST = frozenset({"", "US", "PH", "FM", "MH", "PW", "GU"})  # where `03/04` is in March


def year_said(value: Any) -> int | None:
    return value if isinstance(value, int) and 1000 <= value <= 2999 else None


def year_words(m: Match) -> int | None:
    """`nineteen ninety six`, `twenty fifteen`."""
    high, low = m.all("NUM")
    return high * 100 + low if isinstance(high, int) and isinstance(low, int) and 13 <= high <= 20 and 10 <= low <= 99 else None


def numeric(m: Match) -> Days | None:
    """`03/04/2026` by the order of the region; both where both are dates."""
    mark, one, two, year = m.get("DMY")
    frame: Frame = m.frame
    year = full_year(year)
    orders = [(one, two), (two, one)]
    if mark == "." or frame.region not in MONTH_FIRST:
        orders.reverse()
    found = [days for month, day in orders if (days := on(frame, year=year, month=month, day=day)) is not None]
    if not found:
        return None
    if len(found) == 2 and one != two:
        return found[0]._replace(readings=found[0].readings + found[1].readings, certain=False)
    return found[0]


def slash(m: Match) -> Days | None:
    """`5/12`, by the order of the region."""
    parts = slashed(m.said)
    if parts is None:
        return None
    one, two, first_digits, digits = parts
    if first_digits > 2:  # `2018/01`
        return on(m.frame, year=one, month=two) if first_digits == 4 and 1900 <= one < 2100 and digits == 2 and 1 <= two <= 12 else None
    if digits > 2:
        return on(m.frame, year=two, month=one) if 1900 <= two < 2100 and digits == 4 else None
    if m.frame.region not in MONTH_FIRST:
        one, two = two, one
    month, day, other = one, two, on(m.frame, month=two, day=one)
    first = on(m.frame, month=month, day=day, weekday=m.get("WEEKDAY"))
    if first is None:
        return other
    return first


def both_in_year(m: Match) -> Any:
    """`5/1-5/7, 2020`."""
    year = m.get("INT", "YEAR")
    if not 1900 <= year <= 2100 or any(one.month is None or one.year is not None for one in m.all("DATE")):
        return None
    sides = [on(m.frame, year=year, month=one.month, day=one.day) for one in m.all("DATE")]
    return meaning.between(sides[0], sides[1], m.frame) if sides[0] is not None and sides[1] is not None else None


def bare_slash(m: Match) -> Node | None:
    """Alone, a small part of something is a number and the rest a date."""
    parts = slashed(m.said)
    if parts is None:
        return None
    top, bottom = parts[:2]
    if (top, bottom) == (24, 7) or (top < bottom and bottom in (2, 3, 4, 5, 6, 8, 10, 16, 100)) or (top >= 1000 and parts[3] != 2):
        return None
    found = slash(m)
    return Node("DATE", 0, 0, found) if found is not None else None


def month_day(m: Match) -> Days | Node | None:
    """In any order: a month, a day, perhaps a year and the weekday."""
    month = m.get("MONTH")
    year = m.get("YEAR")
    rest = m.all("ORD", "DAYORD", "INT", "NUM")
    if m.get("U") not in (None, "day"):
        return None
    if m.has("ORD", "DAYORD"):
        day = m.get("ORD", "DAYORD")
        rest.remove(day)
    else:
        day = rest.pop(0)
    if rest and year is None:
        year = year_said(rest[0])
        if (
            year is None
            and isinstance(rest[0], int)
            and 10 <= rest[0] <= 99
            and sum(node.tag in ("dash", "slash") for node in m.nodes) == 2
        ):
            year = full_year(rest[0])  # `5-may-18`
        if year is None:
            return None
    if not isinstance(day, int) or not 1 <= day <= 31:
        return None
    return on(m.frame, year=year, month=month, day=day, weekday=m.get("WEEKDAY")) or Node("_", 0, 0)  # `Feb 30` is no month either


def month_year(m: Match) -> Days | None:
    year = m.get("YEAR", "INT", "NUM")
    if isinstance(year, int) and 32 <= year < 100 and m.has("of", "poss"):
        year = full_year(year)
    year = year_said(year)
    return on(m.frame, year=year, month=m.get("MONTH")) if year is not None else None


def int_month(m: Match) -> Days | None:
    """`12-2015`."""
    month, year = m.all("INT")
    if month > 12:
        month, year = year, month
    return on(m.frame, year=year, month=month) if 1 <= month <= 12 and 1900 <= year < 2100 else None


def year_first(m: Match) -> Days | None:
    """`2018 Jan`, `2018 Jan 5`."""
    year, *rest = m.all("INT", "YEAR", "ORD", "DAYORD")
    if not 1900 <= year <= 2100 or (rest and not 1 <= rest[0] <= 31):
        return None
    return on(m.frame, year=year, month=m.get("MONTH"), day=rest[0] if rest else None)


def unbroken(m: Match) -> Days | None:
    """`20180505`."""
    year, rest = divmod(m.get("INT"), 10000)
    found = on(m.frame, year=year, month=rest // 100, day=rest % 100) if len(m.said) == 8 and 1900 <= year < 2100 and rest >= 100 else None
    return found._replace(certain=False) if found is not None else None


def on_number(m: Match) -> Days | None:
    """`on 15`: perhaps."""
    found = on(m.frame, day=m.get("INT")) if 1 <= m.get("INT") <= 31 else None
    return found._replace(certain=False) if found is not None else None


def spaced(m: Match) -> Days | None:
    year, month, day = m.all("INT")
    return on(m.frame, year=year, month=month, day=day) if 1900 <= year < 2100 and month <= 12 and len(m.said.split()) == 3 else None


def weekday(m: Match, steps: int | None = None) -> Days | None:
    """A weekday of this week, the next, the last."""
    weekday = m.get("WEEKDAY")
    if steps is None:
        return on(m.frame, weekday=weekday)
    week = relative(m.frame, steps, "week")
    found = meaning.nth_day(week, 1, weekday) if week is not None else None
    return found._replace(weekday=weekday) if found is not None else None


def coming_weekday(m: Match) -> Days | None:
    found = on(m.frame._replace(at=m.frame.at + timedelta(1)), weekday=m.get("WEEKDAY"))
    return found._replace(readings=found.readings[:1]) if found is not None else None


def in_period(m: Match) -> Days | None:
    """`next week Mon`, `tuesday of last week`."""
    days, beside = m.get("PERIOD"), m.get("DATE")
    if beside is not None and beside.day is not None:
        return None
    said = beside.weekday if beside is not None else m.get("WEEKDAY")
    return meaning.nth_day(days, 1, said) if days.grain == "week" and said is not None else None


def weekday_day(m: Match) -> Days | None:
    """`Sunday 31`, `tuesday the eleventh`."""
    day = m.get("ORD", "DAYORD", "INT")
    return on(m.frame, day=day, weekday=m.get("WEEKDAY")) if 1 <= day <= 31 else None


def weekdays_away(m: Match) -> Days | None:
    """`two Sundays from now`, `three Fridays ago`: counted from today, which is none of them."""
    count, weekday_said = m.get("INT", "NUM"), m.get("WEEKDAYS", "WEEKDAY")
    if not isinstance(count, int) or not 1 <= count <= 500:
        return None
    today = m.frame.today
    if m.has("ago"):
        return meaning.one_day(moved(today, Length(days=Fraction(-((today.weekday() - weekday_said - 1) % 7 + 1 + 7 * (count - 1))))))
    return meaning.one_day(moved(today, Length(days=Fraction((weekday_said - today.weekday() - 1) % 7 + 1 + 7 * (count - 1)))))


def the_nth(m: Match) -> Days | None:
    day = m.get("ORD", "DAYORD")
    return on(m.frame, day=day) if 1 <= day <= 31 else None


def date_weekday(m: Match) -> Days | None:
    """A weekday beside a date says which, where both readings are open."""
    days: Days = m.get("DATE")
    weekday = m.get("WEEKDAY")
    if days.month is not None and days.day is not None:
        return on(m.frame, year=days.year, month=days.month, day=days.day, weekday=weekday)
    return days._replace(certain=days.certain and days.start.weekday() == weekday)


def easter(year: int) -> date:
    """Of the western churches (the anonymous Gregorian computus)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def holiday(year: int, rule: tuple[int, ...]) -> date | None:
    if not 1 <= year < 9999:
        return None
    if not rule:
        return lunar.new_year(year)
    if len(rule) == 4:
        return lunar.to_gregorian(year, rule[1], rule[2]) if rule[1] else lunar.term(year, "清明")
    if len(rule) == 1:
        return easter(year) + timedelta(rule[0])
    if len(rule) == 2:
        return real(year, *rule)
    month = on_month(year, rule[0])
    if month is None:
        return None
    if rule == (11, 4, 4) or rule == (11, 4, 0):  # the days after Thanksgiving
        found = nth(*month, 4, 3)
        return found + timedelta(1 if rule[2] == 4 else 4) if found is not None else None
    return nth(*month, rule[1], rule[2])


def on_month(year: int, month: int) -> tuple[date, date] | None:
    first = real(year, month, 1)
    return period(first, "month") if first is not None else None


def holiday_days(m: Match) -> Days | None:
    rule = m.get("HOLIDAY")
    frame: Frame = m.frame
    year = m.get("YEAR", "INT")
    if m.has("PERIOD"):
        days = m.get("PERIOD")
        if days.grain != "year":
            return None
        year = days.start.year
    elif m.has("U"):
        if m.get("U") != "year":
            return None
        year = frame.today.year + (1 if m.has("next") else -1 if m.has("last", "past") else 0)
    elif year is None and m.has("next", "coming", "this", "last", "past"):
        following, past = m.has("next", "coming"), m.has("last", "past")
        year = frame.today.year + (1 if following else -1 if past else 0)
        ahead = holiday(frame.today.year, rule)
        if following and ahead is not None and ahead > frame.today:
            year -= 1
        if past and ahead is not None and ahead < frame.today:
            year += 1
    said = {"month": rule[0], "day": rule[1]} if len(rule) == 2 else {}
    if year is not None:
        return meaning.one_day(holiday(year, rule), year=year, **said) if 1900 <= year <= 2100 else None
    readings = around(frame, (holiday(one, rule) for one in range(frame.today.year - 1, frame.today.year + 2)))
    return Days(readings, "day", **said) if readings else None


def named_month(m: Match) -> Days | None:
    """`next March`: the coming one, or that of next year, which are two where this year's is still to come."""
    year = m.frame.today.year + (1 if m.has("next") else -1 if m.has("last", "past") else 0)
    found = on(m.frame, year=year, month=m.get("MONTH"))
    if found is None or not m.has("next", "last", "past"):
        return found
    nearer = on(m.frame, year=m.frame.today.year, month=m.get("MONTH"))
    other = nearer is not None and (nearer.start > m.frame.today if m.has("next") else nearer.end <= m.frame.today)
    if other and nearer is not None and m.has("last", "past"):
        return nearer
    return found._replace(readings=found.readings + nearer.readings, certain=False) if other and nearer is not None else found


def week_of(m: Match) -> Days | None:
    """The week, or the weekend, of a day."""
    days: Days | None = m.get("DATE") or the_nth(m)
    unit = m.get("U") or "week"
    if days is None or days.grain != "day" or unit not in ("week", "weekend"):
        return None
    return Days(tuple(found for start, _ in days.readings if (found := period(start, unit)) is not None), unit)


def days_in_month(m: Match) -> Any:
    """`november 19-20`, `9 to 12 of June`, `april 9th through seventeenth`."""
    year = m.get("YEAR")
    if m.has("DATE"):
        days: Days = m.get("DATE")
        numbers_said = m.all("ORD", "DAYORD", "INT", "NUM")
        if days.day is not None and days.month is None and m.nodes[-1].tag != "DATE":  # `the 9th to 11th`
            behind = on(m.frame, day=numbers_said[0]) if days.day < numbers_said[0] <= 31 else None
            return meaning.between(days, behind, m.frame) if behind is not None else None
        if days.month is None or days.day is None:
            return None
        first_is_date = m.nodes[-1].tag != "DATE"
        pair = (days.day, numbers_said[0]) if first_is_date else (numbers_said[0], days.day)
        month, year = days.month, days.year
    else:
        numbers_said = m.all("ORD", "DAYORD", "INT", "NUM")
        month = m.get("MONTH")
        pair = (numbers_said[0], numbers_said[1])
        if len(numbers_said) > 2:
            year = year_said(numbers_said[2])
    if not all(isinstance(one, int) and 1 <= one <= 31 for one in pair):
        return None
    one, other = (on(m.frame, year=year, month=month, day=day) for day in pair)
    if one is None or other is None or pair[0] >= pair[1]:
        return None
    return meaning.between(one, other, m.frame)


def weekdays_in_week(m: Match) -> Any:
    """`next week from Monday to Wednesday`, `Tuesday to Thursday next week`."""
    days: Days = m.get("PERIOD")
    said = [*m.all("WEEKDAY"), *(one.weekday for one in m.all("DATE") if one.day is None)]
    sides = [meaning.nth_day(days, 1, one) if one is not None else None for one in said]
    if len(sides) != 2 or days.grain != "week" or sides[0] is None or sides[1] is None or not sides[0].start < sides[1].start:
        return None
    return meaning.between(sides[0], sides[1], m.frame)


def days_in_period(m: Match) -> Any:
    """`from 4 to 22 this month`."""
    days: Days = m.get("PERIOD")
    pair = [meaning.nth_day(days, one) if isinstance(one, int) and 1 <= one <= 31 else None for one in m.all("ORD", "DAYORD", "INT", "NUM")]
    if days.grain != "month" or len(pair) != 2 or pair[0] is None or pair[1] is None or not pair[0].start < pair[1].start:
        return None
    return meaning.between(pair[0], pair[1], m.frame)


def years(m: Match) -> Any:
    values = [node.value if node.tag != "PERIOD" else node.value.year for node in m.nodes if node.tag in ("INT", "YEAR", "PERIOD")]
    if len(values) != 2 or not all(isinstance(one, int) and 1900 <= one <= 2100 for one in values) or values[0] >= values[1]:
        return None
    one, other = on(m.frame, year=values[0]), on(m.frame, year=values[1])
    return meaning.between(one, other, m.frame) if one is not None and other is not None else None


def bare_year(m: Match) -> Node | None:
    """`in 2019`: the word before it is not part of what is said."""
    year = m.get("INT", "NUM", "YEAR")
    found = on(m.frame, year=year) if isinstance(year, int) and 1900 <= year <= 2100 else None
    return Node("PERIOD", 0, 0, found) if found is not None else None


def in_year(m: Match) -> Days | None:
    days, whole = m.get("DATE"), m.get("PERIOD")
    if whole.grain == "year" and days.month is not None and days.day is not None and days.year is None:
        return on(m.frame, year=whole.start.year, month=days.month, day=days.day)
    return None


def weekday_beside(m: Match) -> Days | None:
    """`the Friday before Christmas`, `Sunday after Easter`: the nearest on that side."""
    days: Days = m.get("DATE")
    if days.day is None and days.month is None and days.weekday is not None:
        return None
    back, said = m.has("before"), m.get("WEEKDAY")

    def change(start: date, end: date) -> tuple[date, date] | None:
        found = start - timedelta((start.weekday() - said - 1) % 7 + 1) if back else end + timedelta((said - end.weekday()) % 7)
        return found, found + timedelta(1)

    return meaning.inside(days, change)


def weekend_beside(m: Match) -> Days | None:
    """`the weekend before Labor Day`: the nearest that is over by then, or begins after it."""

    def change(start: date, end: date) -> tuple[date, date] | None:
        if m.has("before"):
            return period(start - timedelta(start.weekday() + 1 if start.weekday() < 6 else 7), "weekend")
        return period(end + timedelta((5 - end.weekday()) % 7), "weekend")

    return meaning.inside(m.get("DATE"), change, "weekend")


def working_days(m: Match) -> Days | None:
    """`in 3 business days`, `two working days before Friday`: Saturdays and Sundays are not counted."""
    count = m.get("BDUR")
    anchor = m.get("DATE")
    day = anchor.start if anchor is not None else m.frame.today
    if not isinstance(count, int) or not 1 <= count <= 500:
        return None
    step = timedelta(-1 if m.has("before", "ago", "earlier", "prior") else 1)
    try:
        while count:
            day += step
            count -= day.weekday() < 5
    except OverflowError:
        return None
    return meaning.one_day(day)
