# SPDX-License-Identifier: Apache-2.0
"""Weeks, months and longer, parts of them, and so long before or after."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from comity.tasks.entities import meaning
from comity.tasks.entities.calendar import (
    Bounds,
    DayRange,
    Days,
    Frame,
    Length,
    Moment,
    MomentRange,
    length,
    moment,
    moved,
    on,
    period,
    real,
    relative,
)
from comity.tasks.entities.cascade import Match, Node
from comity.tasks.entities.lexer import slashed
from comity.tasks.entities.phrases import (
    nobody_knows,
    pointed,
    ranged,
)


def this_or_next(m: Match) -> Any:
    unit = m.get("U") or ("quarter" if m.has("quarter") else "second" if m.has("second") else "")
    steps = 0 if m.has("this") else 1 if m.has("next", "coming") else -1
    if (m.has("working") and unit != "week") or (m.nodes[-1].tag == "U" and m.said.endswith("s") and unit != "century"):
        return None  # of how many, nobody knows
    if unit == "day":
        found = relative(m.frame, steps, "day") if steps else None
        return Node("DATE", 0, 0, found) if found is not None else None
    if unit in ("minute", "hour", "second"):
        made = meaning.coming(length(1, unit), m.frame, past=steps < 0) if steps else None
        return Node("MRANGE", 0, 0, made) if made is not None else None
    if unit == "weekend" and m.has("coming") and m.frame.today.weekday() < 5:
        steps = 0
    if unit == "week" and m.has("past"):
        return Node("DRANGE", 0, 0, meaning.coming(length(1, unit), m.frame, past=True))
    return relative(m.frame, steps, "workweek" if m.has("working") else unit)


def after_next(m: Match) -> Days | None:
    """`the week after next`, `the weekend before last`."""
    unit = m.get("U")
    if unit in ("minute", "hour"):
        return None
    found = relative(m.frame, 2 if m.has("after") else -2, unit)
    return found


def coming_many(m: Match) -> Any:
    """`the next two weeks` from tomorrow; quarters and decades are whole ones: `the next three quarters` begins with the next."""
    past = m.has("last", "past")
    for unit, months in (("quarter", 3), ("decade", 120)):
        if unit in m.said:
            said = m.get("DUR").months
            if said % months or not 0 < said < 1200:
                return None
            count = int(said) // months
            first = relative(m.frame, -count if past else 1, unit)
            return meaning.lasting(first, length(count, unit)) if first is not None else None
    return ranged(meaning.coming(m.get("DUR"), m.frame, past=past))


def week_number(m: Match) -> Days | None:
    number = m.get("INT", "NUM")
    if m.has("PERIOD") and m.get("PERIOD").grain != "year":
        return None
    year = m.get("YEAR") or (m.get("PERIOD").start.year if m.has("PERIOD") else m.frame.today.year)
    values = m.all("INT", "NUM")
    if len(values) > 1:
        year = values[1]
    if not isinstance(number, int) or not 1 <= number <= 53 or not 1 <= year < 9999:
        return None
    try:
        monday = date.fromisocalendar(year, number, 1)
    except ValueError:
        return None
    return Days(((monday, monday + timedelta(7)),), "week")


def quarter_days(m: Match) -> Days | None:
    numbers_said = m.all("INT", "ORD", "NUM")
    frame: Frame = m.frame
    year = m.get("YEAR")
    if m.has("PERIOD"):
        days = m.get("PERIOD")
        if days.grain != "year":
            return None
        year = days.start.year
    if year is None and len(numbers_said) > 1 and not any(one > 1900 for one in numbers_said):
        return None
    place = next((one for one in numbers_said if isinstance(one, int) and 1 <= one <= 4), None)
    if year is None:
        year = next((one for one in numbers_said if isinstance(one, int) and one > 1900), None)
    if place is None:
        return None
    wanted = (year,) if year is not None else (frame.today.year, frame.today.year - 1, frame.today.year + 1)
    stretches = [
        found for one in wanted if (first := real(one, place * 3 - 2, 1)) is not None and (found := period(first, "quarter")) is not None
    ]
    if year is None:
        ahead = sorted(one for one in stretches if one[1] > frame.today)[:1]
        stretches = ahead + sorted(one for one in stretches if one[1] <= frame.today)[-1:]
    return Days(tuple(stretches), "quarter", year=year) if stretches else None


def quarter_slash(m: Match) -> Days | None:
    """`Q1/2018`."""
    said = slashed(m.said[1:].strip())
    place, year = said[:2] if said is not None else (0, 0)
    return quarter_days(m._replace(nodes=[Node("INT", 0, 0, place), Node("YEAR", 0, 0, year)])) if 1900 <= year <= 2100 else None


def half_number(m: Match) -> Days | None:
    """`H1 2018`."""
    values = m.all("INT", "YEAR")
    place = next((one for one in values if one in (1, 2)), None)
    year = next((one for one in values if one > 1900), m.frame.today.year)
    days = on(m.frame, year=year)
    return meaning.half_of(days, place == 2) if place is not None and days is not None else None


def compared(m: Match) -> Any:
    """`> 2015`, `<= 2014`, `= 2019`, of years."""
    year = m.get("INT", "YEAR")
    days = on(m.frame, year=year) if 1900 <= year <= 2100 else None
    if days is None:
        return None
    if not m.has("gt", "lt"):
        return Node("PERIOD", 0, 0, days)
    kind = ("since" if m.has("eq") else "after") if m.has("gt") else "until" if m.has("eq") else "before"
    return meaning.open_range(kind, days)


def half_year(m: Match) -> Days | None:
    place = m.get("ORD") if m.has("ORD") else 2
    days = m.get("PERIOD")
    if m.has("INT", "YEAR"):
        year = m.get("INT", "YEAR")
        days = on(m.frame, year=year) if 1900 <= year <= 2100 else None
    if place not in (1, 2) or days is None or days.grain not in ("year", "month", "week", "quarter"):
        return None
    return meaning.half_of(days, place == 2)


def decade_named(m: Match) -> Days | None:
    """`the eighties`, `the nineteen eighties`."""
    first = real(m.get("DECADE") - 1900 + 100 * (m.get("NUM") or 19), 1, 1)
    found = period(first, "decade") if first is not None and m.get("NUM") in (None, 18, 19, 20) else None
    return Days((found,), "decade") if found is not None else None


def decade(m: Match) -> Days | None:
    value = m.get("INT", "YEAR")
    if value is None or value % 10 or not (20 <= value <= 90 or 1500 <= value <= 2090):
        return None
    year = value if value > 100 else 1900 + value
    first = real(year, 1, 1)
    found = period(first, "decade") if first is not None else None
    return Days((found,), "decade") if found is not None else None


def week_of_year(m: Match) -> Days | None:
    """`2018 week 20`."""
    year, number = m.all("INT", "YEAR", "NUM")
    if m.get("U") != "week" or not 1900 <= year <= 2100:
        return None
    return week_number(m._replace(nodes=[Node("NUM", 0, 0, number), Node("YEAR", 0, 0, year)]))


def month_in_year(m: Match) -> Days | None:
    """`May of next year`, `Q3 last year`."""
    one, other = m.all("PERIOD")
    if one.grain == "year":
        one, other = other, one
    if one.grain not in ("month", "quarter") or other.grain != "year" or one.year is not None:
        return None
    if one.grain == "quarter":
        found = period(one.start.replace(year=other.start.year), "quarter")
        return Days((found,), "quarter", year=other.start.year) if found is not None else None
    return None if one.month is None else on(m.frame, year=other.start.year, month=one.month)


def week_after(m: Match) -> Days | None:
    """`Friday week`, `tomorrow week`, `Monday fortnight`."""
    days: Days = m.get("DATE")
    size = {"week": 7, "fortnight": 14}.get(m.said.split()[-1])
    if size is None or days.grain != "day" or days.day is not None or days.month is not None:
        return None
    if days.weekday is None and abs((days.start - m.frame.today).days) > 1:
        return None
    return meaning.one_day(days.start + timedelta(size))


def weekday_from(m: Match) -> Days | None:
    """`two months from today on Tuesday`: the first from there."""
    days, weekday = m.all("DATE")
    if len(days.readings) > 1 or weekday.weekday is None or weekday.day is not None or days.day is not None or days.weekday is not None:
        return None
    if abs((days.start - m.frame.today).days) < 2:
        return None
    ahead = (weekday.weekday - days.start.weekday()) % 7
    if abs((days.start - m.frame.today).days) < 7 and ahead > 3:  # `in 3 days on Friday`: whoever counts days is out by one sooner
        ahead -= 7
    found = meaning.one_day(days.start + timedelta(ahead))
    return found._replace(certain=False) if found is not None and ahead < 0 else found


def long_weekend(m: Match) -> Days | None:
    """`Labor Day weekend`: with the holiday that is beside it."""
    days: Days = m.get("DATE")
    if (
        m.get("U") != "weekend"
        or m.said.endswith("s")
        or days.grain != "day"
        or (days.day is None and days.month is None and days.weekday is not None)
    ):
        return None

    def change(start: date, _: date) -> tuple[date, date] | None:
        found = period(start, "weekend")
        if start.weekday() == 0:
            return start - timedelta(2), start + timedelta(1)
        return (start, found[1]) if found is not None and start.weekday() in (3, 4) else found

    return meaning.inside(days, change, "weekend")


def that_one(m: Match) -> Days | None:
    """`that week`, `the same month`: the one that is."""
    unit = m.get("U") or "quarter"
    return relative(m.frame, 0, unit) if unit in ("week", "month", "quarter", "year", "decade", "weekend") else None


def month_of(m: Match) -> Days | None:
    """`the month of June`."""
    found: Days = m.get("PERIOD")
    return found if m.get("U") == found.grain == "month" else None


def beside_today(m: Match) -> Days | None:
    """`the day before`, of what was told: perhaps of today."""
    found = relative(m.frame, -1 if m.has("before") else 1, "day") if m.get("U") == "day" else None
    return found._replace(certain=False) if found is not None else None


def century(m: Match) -> Days | None:
    place = m.get("ORD")
    if not 2 <= place <= 30:
        return None
    return Days(((date((place - 1) * 100, 1, 1), date(place * 100, 1, 1)),), "century")


def nth_of(m: Match) -> Days | None:
    """`the first Monday of next month`, `the last day of March`, `the 3rd week of Jan`, `the 1st of next month`."""
    place = -1 if m.has("last") else 2 if m.has("second") else m.get("ORD", "DAYORD")
    days = m.get("PERIOD")
    if not isinstance(place, int) or days is None:
        return None
    if m.has("WEEKDAY"):
        return meaning.nth_day(days, place, m.get("WEEKDAY"))
    unit = m.get("U") or ("quarter" if m.has("quarter") else "")
    if not unit:
        return meaning.nth_day(days, place) if days.grain == "month" else None
    if unit in ("minute", "hour") or (unit == "week" and days.grain not in ("month", "year")):
        return None
    return meaning.nth_unit(days, place, unit)


def nth_node(m: Match) -> Node | None:
    found = nth_of(m)
    if found is None:
        return None
    return Node("DATE" if found.grain == "day" else "PERIOD", 0, 0, found)


def third(m: Match) -> Days | None:
    which = "start" if m.has("begin", "early") else "mid" if m.has("mid") else "end"
    days = m.get("PERIOD")
    if days is None and m.has("INT", "YEAR"):
        year = m.get("INT", "YEAR")
        days = on(m.frame, year=year) if 1900 <= year <= 2100 else None
    if days is None:
        return None
    if days.grain == "month" and which == "mid":  # the tenth to the twentieth
        found = meaning.inside(days, lambda start, _: (start + timedelta(9), start + timedelta(20)), "mid")
        return found._replace(certain=False) if found is not None else None
    if m.has("early", "late") and (days.grain in ("week", "month") or (days.grain == "year" and not m.has("INT", "YEAR"))):
        return meaning.half_of(days, m.has("late"), certain=False)
    return meaning.third(days, which)


def rest(m: Match) -> Any:
    """`the rest of the week`: from today."""
    days: Days | None = m.get("PERIOD", "DATE")
    if days is None and m.has("U") and m.get("U") == "day":
        days = relative(m.frame, 0, "day")
    if days is None or not days.start <= m.frame.today < days.end:
        return None
    if days.grain == "day":
        end = moment(days.end, 0, m.frame)
        return Node("MRANGE", 0, 0, MomentRange(((m.frame.at, end),))) if end is not None else None
    return DayRange((Bounds(m.frame.today, days.end, m.frame.today, days.end - timedelta(1)),))


def half_of(m: Match) -> Days | None:
    days = m.get("PERIOD")
    if days is None:
        days = relative(m.frame, 0, m.get("U"))
    return meaning.half_of(days, m.has("later")) if days is not None and days.grain in ("week", "month", "year", "quarter") else None


def to_date(m: Match) -> Node | None:
    first = relative(m.frame, 0, m.get("YTD"))
    if first is None:
        return None
    bounds = Bounds(first.start, m.frame.today, first.start, m.frame.today - timedelta(1))
    return Node("DRANGE", 0, 0, DayRange((bounds,)))


def edge(m: Match) -> Any:
    """`the first 5 days of March`, `the last two weeks of 2015`."""
    days: Days | None = m.get("PERIOD")
    by: Length = m.get("DUR")
    if days is None or by.seconds or (m.has("ORD") and m.get("ORD") != 1):
        return None
    found = []
    for start, end in days.readings:
        edge = moved(start, by) if m.has("ORD") else moved(end, -by)
        if edge is None or not start <= edge <= end:
            return None
        begin, bound = (start, edge) if m.has("ORD") else (edge, end)
        found.append(Bounds(begin, bound, begin, bound - timedelta(1)))
    return DayRange(tuple(found), days.certain)


def at_least(m: Match) -> Any:
    """`more than 3 days ago`: before that day, and `in less than 2 hours`: up to then.  `more than 3 days` alone stays a length."""
    if not m.has("in", "ago"):
        return None
    by: Length = m.get("DUR")
    there = meaning.from_now(-by if m.has("ago") else by, m.frame)
    before = m.has("more") == m.has("ago")
    if isinstance(there, Days):
        return meaning.open_range("before" if before else "after", there)
    if there is None:
        return None
    at = there.readings[0]
    return Node("MRANGE", 0, 0, MomentRange(((None, at) if before else (at, None),)))


def at_least_from(m: Match) -> Any:
    """`more than 2 weeks before today`: before that day."""
    back = m.has("before")
    anchor = m.get("DATE", "MOMENT")
    by: Length = m.get("DUR")
    now = isinstance(anchor, Moment) and anchor.readings == (m.frame.at,)
    there = meaning.from_now(-by if back else by, m.frame) if now else meaning.shifted(-by if back else by, anchor, m.frame)
    if not isinstance(there, Days):
        return None
    return meaning.open_range("before" if m.has("more") == back else "after", there)


def shift(m: Match) -> Node | None:
    by: Length = m.get("DUR")
    back = m.has("before", "ago", "earlier", "prior", "past")
    anchor = m.get("DATE", "MOMENT", "PERIOD")
    if m.has("INT"):  # of a year
        year = m.get("INT")
        anchor = on(m.frame, year=year) if 1900 <= year <= 2100 else None
        if anchor is None:
            return None
    if isinstance(anchor, Moment) and anchor.readings == (m.frame.at,):
        anchor = None
    made = meaning.from_now(-by if back else by, m.frame) if anchor is None else meaning.shifted(-by if back else by, anchor, m.frame)
    return pointed(made)


def ago_of(m: Match) -> Any:
    """`a year ago today`, `two weeks ago yesterday`; beside a weekday it is not certain which is meant."""
    days: Days = m.get("DATE")
    if days.weekday is not None or days.day is not None:
        return nobody_knows(m)
    return pointed(meaning.shifted(-m.get("DUR"), days, m.frame))


def between_lengths(m: Match) -> Node | None:
    """`2-3 days`, `between 15 and 20 minutes`: nothing here holds a length between two."""
    return nobody_knows(m) if m.has("between") or not m.has("and") else None


def day_beside(m: Match) -> Node | None:
    """`the day after tomorrow`, `the week before Christmas`."""
    unit = m.get("U")
    by = length(1, unit)
    anchor: Days = m.get("DATE")
    return pointed(meaning.shifted(-by if m.has("before") else by, anchor, m.frame))


def within_length(m: Match) -> Node | None:
    return ranged(meaning.coming(m.get("DUR"), m.frame))


def lasting(m: Match) -> Node | None:
    start = m.get("CLOCK", "ATCLOCK", "DATE", "MOMENT")
    return ranged(meaning.lasting(start, m.get("DUR")))


def the_unit(m: Match) -> Match:
    """`the year` beside its parts is this one."""
    if m.has("PERIOD"):
        return m
    units_said = [place for place, node in enumerate(m.nodes) if node.tag == "U"]
    if not units_said:
        return m
    place = units_said[-1]
    found = relative(m.frame, 0, m.nodes[place].value) if m.nodes[place].value in ("week", "month", "year", "decade", "century") else None
    if found is None:
        return m
    nodes = list(m.nodes)
    nodes[place] = nodes[place]._replace(tag="PERIOD", value=found)
    return m._replace(nodes=nodes)
