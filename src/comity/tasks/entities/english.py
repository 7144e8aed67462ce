# SPDX-License-Identifier: Apache-2.0
"""The English grammar: from numbers to clocks and days, to moments, ranges and repetition."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from comity.tasks.entities import lunar, meaning
from comity.tasks.entities.amounts import duration_rules, joining_rules, measure_rules, money_rules, percent_rules
from comity.tasks.entities.calendar import (
    Clock,
    Days,
    Frame,
    Length,
    Moment,
    Part,
    around,
    full_year,
    length,
    moment,
    moved,
    on,
    period,
    real,
    relative,
)
from comity.tasks.entities.cascade import Cascade, Match, Node, Rule
from comity.tasks.entities.english_lexer import tokens
from comity.tasks.entities.english_numbers import numbers
from comity.tasks.entities.english_words import GLUED, PARTS, phrases, words
from comity.tasks.entities.phrases import (
    add_clock,
    clock_lasting,
    days_range,
    moments_range,
    open_clock,
    open_days,
    open_moment,
    pointed,
    ranged,
    timed_repeat,
    with_clocks,
)
from comity.tasks.entities.repeating import Repeat, every
from comity.tasks.entities.units import DOLLARS

N = "(INT|NUM)"
TO = "(to|dash|until)"
MONTH_FIRST = frozenset({"", "US", "PH", "FM", "MH", "PW", "GU"})  # where `03/04` is in March
_AFTER_MAYBE = frozenset({"INT", "ORD", "NUM", "th"})
_BEFORE_MAYBE = frozenset({"in", "of", "by", "since", "until", "to", "from", "next", "last", "this", "every", "early", "late", "mid", "between",
                           "before", "after", "dash", "INT", "ORD", "slash", "coming", "on", "past"})  # fmt: skip


_DATED = frozenset({"on", "by", "before", "after", "since", "until", "from", "next", "this", "last", "between", "WEEKDAY", "starting", "wc"})
_DATING = frozenset({"CLOCK", "at", "until", "to", "dash"})


def dated(nodes: list[Node], frame: Any, text: str) -> list[Node]:
    """`5/12` is a date where what stands beside it has a date."""
    out = list(nodes)
    for place, node in enumerate(nodes):
        if node.tag != "FRAC":
            continue
        before = out[place - 1].tag if place else ""
        after = nodes[place + 1].tag if place + 1 < len(nodes) else ""
        between = before in ("to", "dash", "and") and place > 1 and out[place - 2].tag in ("DATE", "PERIOD")
        if before in _DATED or after in _DATING or between:
            days = _slash(Match([node], frame, text[node.start : node.end]))
            if days is not None:
                out[place] = node._replace(tag="DATE" if days.grain == "day" else "PERIOD", value=days)
    return out


def settled(nodes: list[Node], _: Any, text: str) -> list[Node]:
    """`may`, `march`, `sun` and `sat` by what stands beside them; a pound of something is a weight; `that one` no number."""
    out = list(nodes)
    last = len(nodes) - 1
    for place, node in enumerate(nodes):
        before = out[place - 1].tag if place else ""
        after = nodes[place + 1].tag if place < last else ""
        if node.tag == "MONTHQ":
            good = (before in _BEFORE_MAYBE and not (before in ("to", "on") and after == "_")) or after in _AFTER_MAYBE
            good = good or (after == "the" and place + 1 < last and nodes[place + 2].tag == "ORD")
            out[place] = node._replace(tag="MONTH" if good else "_")
        elif node.tag == "WEEKDAYQ":
            good = before in ("on", "this", "next", "last", "every", "comma", "by", "until", "and", "or", "dash", "lpar", "since", "coming")
            good = good or after in ("comma", "CLOCKLIT", "at", "PARTNAME", "ORD", "MONTH", "rpar")
            out[place] = node._replace(tag="WEEKDAY" if good else "_")
        elif node.tag == "ORD" and before == "the" and node.value <= 31 and text[node.start].isdigit():
            rest = text[node.end : node.end + 12].lstrip(" ")
            if not rest[:1].isalpha() or (after != "_" and after not in ("", "of", "U", "quarter", "MONTH")):
                out[place] = node._replace(tag="DAYORD")  # `the 28th`, and nothing that it counts
        elif node.tag == "POUNDS":
            weight = after == "of" or (
                before in ("INT", "NUM") and text[max(0, out[place - 1].start - 7) : out[place - 1].start].strip() == "weigh"
            )
            out[place] = node._replace(tag="UNIT", value="[lb_av]") if weight else node._replace(tag="CURS")
        elif node.tag == "NUM" and node.value == 1 and text[node.start : node.end] == "one" and (
            before in ("this", "that", "the", "every", "no", "next", "last", "past", "other") or after == "poss"
        ):  # fmt: skip
            out[place] = node._replace(tag="_")
    return out


# ---- clocks


def _literal(m: Match) -> Clock | None:
    zero, hour, minute, *rest = m.get("CLOCKLIT")
    half = m.get("ampm")
    if half is not None:
        return _halved(hour, minute, half, *rest)
    return meaning.clock(hour, minute, *rest, ambiguous=not zero)


def _halved(hour: int, minute: int, half: str, second: int = 0) -> Clock | None:
    if not 1 <= hour <= 12:
        return meaning.clock(hour, minute, second, ambiguous=False) if hour <= 24 and half == "p" else None
    return meaning.clock(hour % 12 + (12 if half == "p" else 0), minute, second, ambiguous=False)


def hour_of(value: Any, said: str = "") -> Clock | None:
    """`8`, `0730`, `1140`."""
    if not isinstance(value, int):
        return None
    if len(said) in (3, 4) and said.isdigit():
        return meaning.clock(value // 100, value % 100, ambiguous=False if said[0] == "0" and False else value < 1300)
    return meaning.clock(value) if 0 <= value <= 24 else None


def _spoken_clock(m: Match) -> Clock | None:
    """`10 am`, `1140 a.m.`, `six thirty`, `at 6.45`."""
    values = m.all("INT", "NUM")
    half = m.get("ampm")
    first = values[0]
    if isinstance(first, Fraction):
        hour, minute = divmod(first * 100, 100)
        if minute.denominator != 1 or len(values) > 1:
            return None
        values = [int(hour), int(minute)]
    elif len(values) == 1 and 100 <= first <= 2459:
        values = [first // 100, first % 100]
    hour, minute = values[0], values[1] if len(values) > 1 else 0
    if not all(isinstance(one, int) for one in (hour, minute)) or not 0 <= minute < 60 or hour > 24 or hour < 0:
        return None
    if len(values) > 1 and minute < 10 and m.has("NUM") and not m.has("INT"):
        return None
    if half is not None:
        return _halved(hour, minute, half) if hour <= 12 else None
    return meaning.clock(hour, minute)


def _past(m: Match) -> Clock | None:
    """`half past three`, `quarter to six pm`, `20 min past eight`."""
    hours = m.all("INT", "NUM")
    hour = hours[-1] if hours else {"noon": 12, "midnight": 24}[m.nodes[-1].tag]
    if m.has("half"):
        minutes = 30
    elif m.has("quarter"):
        minutes = 15
    elif m.has("DUR"):
        seconds = m.get("DUR").seconds
        if m.get("DUR").months or m.get("DUR").days or seconds % 60:
            return None
        minutes = int(seconds / 60)
    else:
        minutes = hours[0]
    if not isinstance(hour, int) or not isinstance(minutes, int) or not 1 <= hour <= 24 or not 0 < minutes < 60:
        return None
    total = hour * 60 + (-minutes if m.has("to", "before") else minutes)
    half = m.get("ampm")
    if half is not None:
        return _halved(total // 60 or 12, total % 60, half)
    if m.has("noon", "midnight"):
        return meaning.clock(total // 60 % 24, total % 60, ambiguous=False)
    return meaning.clock(total // 60, total % 60)


def _in_part(m: Match) -> Clock | None:
    said = m.get("CLOCK") or hour_of(m.get("INT", "NUM"))
    part: Part = m.get("PARTNAME", "PART")
    found = meaning.within(part, said) if said is not None else None
    return found if found is None or found.readings[0] < 86400 else Clock((found.readings[0] % 86400,))


def _am(m: Match) -> Clock | None:
    return _spoken_clock(m)


# ---- days


def _year(value: Any) -> int | None:
    return value if isinstance(value, int) and 1000 <= value <= 2999 else None


def _year_words(m: Match) -> int | None:
    """`nineteen ninety six`, `twenty fifteen`."""
    high, low = m.all("NUM")
    return high * 100 + low if isinstance(high, int) and isinstance(low, int) and 13 <= high <= 20 and 10 <= low <= 99 else None


def _numeric(m: Match) -> Days | None:
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


def _slash(m: Match) -> Days | None:
    """`5/12`, by the order of the region."""
    said = m.said[m.said.find("/") - 2 if m.said.find("/") > 1 else 0 :]
    top, _, bottom = said.strip(" (").partition("/")
    digits = "".join(letter for letter in top if letter.isdigit()), "".join(letter for letter in bottom[:4] if letter.isdigit())
    if not all(digits) or len(digits[0]) > 2:
        return None
    one, two = map(int, digits)
    if len(digits[1]) == 4:
        return on(m.frame, year=two, month=one) if 1900 <= two < 2100 else None
    if m.frame.region not in MONTH_FIRST:
        one, two = two, one
    month, day, other = one, two, on(m.frame, month=two, day=one)
    first = on(m.frame, month=month, day=day, weekday=m.get("WEEKDAY"))
    if first is None:
        return other
    return first


def _slashes(m: Match) -> Any:
    """`5/1-5/7, 2020`."""
    year = m.get("INT", "YEAR")
    base = m.nodes[0].start
    sides = [_slash(m._replace(nodes=[node], said=m.said[node.start - base : node.end - base])) for node in m.nodes if node.tag == "FRAC"]
    dated = [on(m.frame, year=year, month=one.month, day=one.day) for one in sides if one is not None and one.year is None]
    if len(dated) != 2 or dated[0] is None or dated[1] is None or not 1900 <= year <= 2100:
        return None
    return meaning.between(dated[0], dated[1], m.frame)


def _bare_slash(m: Match) -> Node | None:
    """Alone, a small part of something is a number and the rest a date."""
    top, bottom = (int(one) for one in m.said.split("/"))
    if (top < bottom and bottom in (2, 3, 4, 5, 6, 8, 10, 16, 100)) or top >= 1000:
        return None
    found = _slash(m)
    return Node("DATE", 0, 0, found) if found is not None else None


def _month_day(m: Match) -> Days | Node | None:
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
        year = _year(rest[0])
        if year is None:
            return None
    if not isinstance(day, int) or not 1 <= day <= 31:
        return None
    return on(m.frame, year=year, month=month, day=day, weekday=m.get("WEEKDAY")) or Node("_", 0, 0)  # `Feb 30` is no month either


def _month_year(m: Match) -> Days | None:
    year = m.get("YEAR", "INT", "NUM")
    if isinstance(year, int) and 32 <= year < 100 and m.has("of", "poss"):
        year = full_year(year)
    year = _year(year)
    return on(m.frame, year=year, month=m.get("MONTH")) if year is not None else None


def _int_month(m: Match) -> Days | None:
    """`12-2015`."""
    month, year = m.all("INT")
    if month > 12:
        month, year = year, month
    return on(m.frame, year=year, month=month) if 1 <= month <= 12 and 1900 <= year < 2100 else None


def _spaced(m: Match) -> Days | None:
    year, month, day = m.all("INT")
    return on(m.frame, year=year, month=month, day=day) if 1900 <= year < 2100 and month <= 12 and len(m.said.split()) == 3 else None


def _weekday(m: Match, steps: int | None = None) -> Days | None:
    """A weekday of this week, the next, the last."""
    weekday = m.get("WEEKDAY")
    if steps is None:
        return on(m.frame, weekday=weekday)
    week = relative(m.frame, steps, "week")
    found = meaning.nth_day(week, 1, weekday) if week is not None else None
    return found._replace(weekday=weekday) if found is not None else None


def _coming_weekday(m: Match) -> Days | None:
    found = on(m.frame._replace(at=m.frame.at + timedelta(1)), weekday=m.get("WEEKDAY"))
    return found._replace(readings=found.readings[:1]) if found is not None else None


def _in_period(m: Match) -> Days | None:
    """`next week Mon`, `tuesday of last week`."""
    days = m.get("PERIOD")
    return meaning.nth_day(days, 1, m.get("WEEKDAY")) if days.grain == "week" else None


def _weekday_day(m: Match) -> Days | None:
    """`Sunday 31`, `tuesday the eleventh`."""
    day = m.get("ORD", "DAYORD", "INT")
    return on(m.frame, day=day, weekday=m.get("WEEKDAY")) if 1 <= day <= 31 else None


def _the_nth(m: Match) -> Days | None:
    day = m.get("ORD", "DAYORD")
    return on(m.frame, day=day) if 1 <= day <= 31 else None


def _date_weekday(m: Match) -> Days | None:
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
    if len(rule) == 1:
        return easter(year) + timedelta(rule[0])
    if len(rule) == 2:
        return real(year, *rule)
    month = on_month(year, rule[0])
    if month is None:
        return None
    if rule == (11, 4, 4) or rule == (11, 4, 0):  # the days after Thanksgiving
        found = meaning.nth(*month, 4, 3)
        return found + timedelta(1 if rule[2] == 4 else 4) if found is not None else None
    return meaning.nth(*month, rule[1], rule[2])


def on_month(year: int, month: int) -> tuple[date, date] | None:
    first = real(year, month, 1)
    return period(first, "month") if first is not None else None


def _holiday(m: Match) -> Days | None:
    rule = m.get("HOLIDAY")
    frame: Frame = m.frame
    year = m.get("YEAR", "INT")
    if m.has("PERIOD"):
        days = m.get("PERIOD")
        if days.grain != "year":
            return None
        year = days.start.year
    elif year is None and m.has("next", "this", "last"):
        year = frame.today.year + (1 if m.has("next") else -1 if m.has("last") else 0)
        ahead = holiday(frame.today.year, rule)
        if m.has("next") and ahead is not None and ahead > frame.today:
            year -= 1
        if m.has("last") and ahead is not None and ahead < frame.today:
            year += 1
    said = {"month": rule[0], "day": rule[1]} if len(rule) == 2 else {}
    if year is not None:
        return meaning.one_day(holiday(year, rule), year=year, **said) if 1900 <= year <= 2100 else None
    readings = around(frame, (holiday(one, rule) for one in range(frame.today.year - 1, frame.today.year + 2)))
    return Days(readings, "day", **said) if readings else None


# ---- longer stretches


def _relative(m: Match) -> Any:
    unit = m.get("U") or ("quarter" if m.has("quarter") else "second" if m.has("second") else "")
    steps = 0 if m.has("this") else 1 if m.has("next", "coming") else -1
    if unit == "day":
        found = relative(m.frame, steps, "day") if steps else None
        return Node("DATE", 0, 0, found) if found is not None else None
    if unit in ("minute", "hour", "second"):
        made = meaning.coming(length(1, unit), m.frame, past=steps < 0) if steps else None
        return Node("MRANGE", 0, 0, made) if made is not None else None
    if unit == "week" and m.has("past"):
        return Node("DRANGE", 0, 0, meaning.coming(length(1, unit), m.frame, past=True))
    return relative(m.frame, steps, "workweek" if m.has("working") else unit)


def _after_next(m: Match) -> Days | None:
    """`the week after next`, `the weekend before last`."""
    unit = m.get("U")
    if unit in ("minute", "hour"):
        return None
    found = relative(m.frame, 2 if m.has("after") else -2, unit)
    return found


def _coming_many(m: Match) -> Any:
    if "quarter" in m.said:
        return _coming_quarters(m)
    return ranged(meaning.coming(m.get("DUR"), m.frame, past=m.has("last", "past")))


def _coming_quarters(m: Match) -> Any:
    """`the next three quarters`: whole ones, from the next on."""
    months = m.get("DUR").months
    if months.denominator != 1 or not 0 < months < 300:
        return None
    count = int(months) // 3
    first = relative(m.frame, -count if m.has("last", "past") else 1, "quarter")
    return meaning.lasting(first, length(count, "quarter")) if first is not None else None


def _week_number(m: Match) -> Days | None:
    number = m.get("INT", "NUM")
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


def _quarter(m: Match) -> Days | None:
    numbers_said = m.all("INT", "ORD", "NUM")
    frame: Frame = m.frame
    year = m.get("YEAR")
    if m.has("PERIOD"):
        days = m.get("PERIOD")
        if days.grain != "year":
            return None
        year = days.start.year
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
    return Days(tuple(stretches), "quarter") if stretches else None


def _half_year(m: Match) -> Days | None:
    place = m.get("ORD") if m.has("ORD") else 2
    days = m.get("PERIOD")
    if place not in (1, 2) or days is None or days.grain != "year":
        return None
    return meaning.half_of(days, place == 2)


def _decade(m: Match) -> Days | None:
    value = m.get("INT", "YEAR")
    if value is None or value % 10 or not (20 <= value <= 90 or 1500 <= value <= 2090):
        return None
    year = value if value > 100 else 1900 + value
    first = real(year, 1, 1)
    found = period(first, "decade") if first is not None else None
    return Days((found,), "decade") if found is not None else None


def _century(m: Match) -> Days | None:
    place = m.get("ORD")
    if not 2 <= place <= 30:
        return None
    return Days(((date((place - 1) * 100, 1, 1), date(place * 100, 1, 1)),), "century")


def _nth_of(m: Match) -> Days | None:
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


def _nth_node(m: Match) -> Node | None:
    found = _nth_of(m)
    if found is None:
        return None
    return Node("DATE" if found.grain == "day" else "PERIOD", 0, 0, found)


def _third(m: Match) -> Days | None:
    which = "start" if m.has("begin", "early") else "mid" if m.has("mid") else "end"
    days = m.get("PERIOD")
    if days is None and m.has("INT", "YEAR"):
        year = m.get("INT", "YEAR")
        days = on(m.frame, year=year) if 1900 <= year <= 2100 else None
    return meaning.third(days, which) if days is not None else None


def _rest(m: Match) -> Any:
    """`the rest of the week`: from today."""
    days: Days | None = m.get("PERIOD")
    if days is None or not days.start <= m.frame.today < days.end:
        return None
    return meaning.DayRange((meaning.Bounds(m.frame.today, days.end, m.frame.today, days.end - timedelta(1)),))


def _half_of(m: Match) -> Days | None:
    days = m.get("PERIOD")
    if days is None:
        days = relative(m.frame, 0, m.get("U"))
    return meaning.half_of(days, m.has("later")) if days is not None and days.grain in ("week", "month", "year", "quarter") else None


def _to_date(m: Match) -> Node | None:
    first = relative(m.frame, 0, m.get("YTD"))
    if first is None:
        return None
    bounds = meaning.Bounds(first.start, m.frame.today, first.start, m.frame.today - timedelta(1))
    return Node("DRANGE", 0, 0, meaning.DayRange((bounds,)))


def _edge(m: Match) -> Any:
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
        found.append(meaning.Bounds(begin, bound, begin, bound - timedelta(1)))
    return meaning.DayRange(tuple(found), days.certain)


def _at_least(m: Match) -> Any:
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
    return Node("MRANGE", 0, 0, meaning.MomentRange(((None, at) if before else (at, None),)))


def _half_day(m: Match) -> Any:
    """`later today`: from noon, or from now."""
    days: Days = m.get("DATE")
    if days.start != m.frame.today:
        return None
    noon, end = moment(days.start, 43200, m.frame), moment(days.end, 0, m.frame)
    begin = moment(days.start, 0, m.frame)
    if noon is None or end is None or begin is None:
        return None
    return meaning.MomentRange(((max(noon, m.frame.at), end),) if m.has("later") else ((begin, noon),))


def _clock_shift(m: Match) -> Clock | None:
    """`2 hours before noon`."""
    by: Length = m.get("DUR")
    if by.months or by.days or by.seconds.denominator != 1:
        return None
    said: Clock = m.get("CLOCK")
    seconds = int(-by.seconds if m.has("before") else by.seconds)
    return said._replace(readings=tuple((one + seconds) % 86400 for one in said.readings))


def _repeat_on(m: Match) -> Repeat | None:
    """`every year on dec 1`, `monthly on the 15th`, `weekly on Monday`."""
    repeat: Repeat = m.get("REPEAT")
    days: Days | None = m.get("DATE") or _the_nth(m)
    if days is None or repeat.weekdays or repeat.month is not None or repeat.month_day is not None or days.year is not None:
        return None
    if repeat.freq == "WEEKLY" and days.weekday is not None and days.day is None:
        return repeat._replace(weekdays=(days.weekday,))
    if repeat.freq == "MONTHLY" and days.day is not None and days.month is None and days.weekday is None:
        return repeat._replace(month_day=days.day)
    if repeat.freq == "YEARLY" and days.day is not None and days.month is not None:
        return repeat._replace(month=days.month, month_day=days.day)
    return None


def _and_half(m: Match) -> Clock | None:
    """`eight and a half pm`."""
    value = m.get("INT", "NUM")
    if isinstance(value, int):
        return _halved(value, 30, m.get("ampm"))
    return _halved(int(value), 30, m.get("ampm")) if value % 1 == Fraction(1, 2) else None


def _named_month(m: Match) -> Days | None:
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


def _week_of(m: Match) -> Days | None:
    days: Days = m.get("DATE")
    if days.grain != "day":
        return None
    return Days(tuple(found for start, _ in days.readings if (found := period(start, "week")) is not None), "week")


# ---- so long from there


def _shift(m: Match) -> Node | None:
    by: Length = m.get("DUR")
    back = m.has("before", "ago")
    anchor = m.get("DATE", "MOMENT", "PERIOD")
    if isinstance(anchor, Moment) and anchor.readings == (m.frame.at,):
        anchor = None
    made = meaning.from_now(-by if back else by, m.frame) if anchor is None else meaning.shifted(-by if back else by, anchor, m.frame)
    return pointed(made)


def _day_beside(m: Match) -> Node | None:
    """`the day after tomorrow`, `the week before Christmas`."""
    unit = m.get("U")
    by = length(1, unit)
    anchor: Days = m.get("DATE")
    return pointed(meaning.shifted(-by if m.has("before") else by, anchor, m.frame))


def _within(m: Match) -> Node | None:
    return ranged(meaning.coming(m.get("DUR"), m.frame))


# ---- what repeats


def _every(m: Match) -> Repeat | None:
    unit = m.get("U") or ("quarter" if m.has("quarter") else "second" if m.has("second") and not m.has("WEEKDAY", "U") else "")
    count: Any = 2 if m.has("other") or (m.has("second") and unit != "second") else m.get("INT", "NUM", "ORD") or 1
    if m.has("DUR"):
        by: Length = m.get("DUR")
        return _every_length(by)
    if not isinstance(count, int):
        return None
    if m.has("weekdays"):
        return Repeat("WEEKLY", 1, weekdays=(0, 1, 2, 3, 4))
    if m.has("WEEKDAY", "WEEKDAYS"):
        days = tuple(sorted(set(m.all("WEEKDAY", "WEEKDAYS"))))
        return Repeat("WEEKLY", count, weekdays=days)
    if m.has("PARTNAME"):
        return Repeat("DAILY", count)
    return every(count, unit)


def _every_length(by: Length) -> Repeat | None:
    parts = [(by.months, "month"), (by.days, "day"), (by.seconds, "minute")]
    said = [(amount, unit) for amount, unit in parts if amount]
    if len(said) != 1 or said[0][0].denominator != 1:
        return None
    amount, unit = int(said[0][0]), said[0][1]
    for size, of, larger in ((12, "month", "year"), (7, "day", "week"), (3600, "minute", "hour"), (60, "minute", "minute")):
        if unit == of and amount % size == 0:
            return every(amount // size, larger)
    return every(amount, unit) if unit != "minute" else None


def _every_date(m: Match) -> Repeat | None:
    """`every March 8th`, `every May`."""
    days: Days = m.get("DATE", "PERIOD")
    if days.year is not None or days.month is None or (days.day is None and days.grain != "month"):
        return None
    return Repeat("YEARLY", month=days.month, month_day=days.day)


def _monthly(m: Match) -> Repeat | None:
    """`the last Friday of each month`, `the 15th of every month`, `monthly on the 15th`, `the first day of every month`."""
    unit = m.get("U")
    often = m.get("OFTEN")
    if (unit not in ("month", "year", "day") and often is None) or (often is not None and often[0] != "month"):
        return None
    place: Any = -1 if m.has("last") else 2 if m.has("second") else m.get("ORD", "DAYORD")
    interval = often[1] if often is not None else 2 if m.has("other") else 1
    if not isinstance(place, int):
        return None
    if m.has("WEEKDAY"):
        return Repeat("MONTHLY", interval, weekdays=(m.get("WEEKDAY"),), place=place) if -5 <= place <= 5 else None
    return Repeat("MONTHLY", interval, month_day=place) if place <= 31 else None


def _plural_days(m: Match) -> Repeat | None:
    if m.has("weekdays"):
        return Repeat("WEEKLY", 1, weekdays=(0, 1, 2, 3, 4))
    days = tuple(sorted(set(m.all("WEEKDAY", "WEEKDAYS"))))
    return Repeat("WEEKLY", 1, weekdays=days)


def _often(m: Match) -> Repeat | None:
    unit, count = m.get("OFTEN")
    return every(count, unit)


def _once_a(m: Match) -> Repeat | None:
    return every(1, m.get("U"))


# ---- days and clocks together


def _day_part(m: Match) -> tuple[Days, Part] | None:
    part = m.get("PARTNAME", "PART", "TONIGHT")
    if m.has("TONIGHT"):
        days = relative(m.frame, 0, "day")
    elif m.has("DATE"):
        days = m.get("DATE")
    else:
        days = relative(m.frame, 0 if m.has("this") else 1 if m.has("next", "coming") else -1, "day")
    return (days, part) if days is not None and days.grain == "day" else None


def _moment(m: Match) -> Moment | None:
    days: Days = m.get("DATE")
    said = m.get("CLOCK") or m.get("ATCLOCK")
    if said is None:
        said = hour_of(m.get("INT", "NUM"))
    return meaning.at_clock(days, said, m.frame) if said is not None else None


def _part_moment(m: Match) -> Moment | None:
    days, part = m.get("DPART")
    said = m.get("CLOCK", "ATCLOCK") or hour_of(m.get("INT", "NUM"))
    return add_clock(days, part, said, m.frame)


def _end_of_day(m: Match) -> Moment | None:
    days: Days | None = m.get("DATE") or relative(m.frame, 0, "day")
    found = moment(days.start, 86399, m.frame) if days is not None else None
    return Moment((found,)) if found is not None else None


def _number_range(m: Match) -> Any:
    """`from 2 to 4 pm`, `between 5 and 6 in the afternoon`, `9-11:30am`."""
    made: list[Clock | None] = []
    side: list[Node] = []
    for node in (*m.nodes, Node("to", 0, 0)):
        if node.tag in ("INT", "NUM", "CLOCK", "ATCLOCK"):
            side.append(node)
        elif side:
            made.append(side[0].value if side[0].tag in ("CLOCK", "ATCLOCK") else _spoken_clock(m._replace(nodes=side)))
            side = []
    if len(made) != 2 or made[0] is None or made[1] is None:
        return None
    part = m.get("PARTNAME")
    if part is not None:
        found = [meaning.within(part, one) for one in made]
        if found[0] is None or found[1] is None:
            return None
        return meaning.ClockRange(((found[0].readings[0], found[1].readings[0]),))
    return meaning.clocks(made[0], made[1])


def _part_range(m: Match) -> Any:
    """`last night between 7 and 9:30`."""
    days, part = m.get("DPART")
    span = m.get("CRANGE") or _number_range(m._replace(nodes=[node for node in m.nodes if node.tag != "DPART"], said=m.said))
    if span is None:
        return None
    pairs = []
    for begin, end in span.readings:
        if begin is None or end is None:
            return None
        if len(span.readings) == 1:
            pairs.append((begin, end))
            continue
        inside = [meaning.within(part, Clock((one,))) for one in (begin, end)]
        if inside[0] is None or inside[1] is None:
            return None
        pairs.append((inside[0].readings[0], inside[1].readings[0]))
    return meaning.at_clocks(days, meaning.ClockRange((pairs[0],)), m.frame)


def _days_in_month(m: Match) -> Any:
    """`november 19-20`, `9 to 12 of June`, `april 9th through seventeenth`."""
    year = m.get("YEAR")
    if m.has("DATE"):
        days: Days = m.get("DATE")
        numbers_said = m.all("ORD", "DAYORD", "INT", "NUM")
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
            year = _year(numbers_said[2])
    if not all(isinstance(one, int) and 1 <= one <= 31 for one in pair):
        return None
    one, other = (on(m.frame, year=year, month=month, day=day) for day in pair)
    if one is None or other is None or pair[0] >= pair[1]:
        return None
    return meaning.between(one, other, m.frame)


def _years(m: Match) -> Any:
    values = [node.value if node.tag != "PERIOD" else node.value.year for node in m.nodes if node.tag in ("INT", "YEAR", "PERIOD")]
    if len(values) != 2 or not all(isinstance(one, int) and 1900 <= one <= 2100 for one in values) or values[0] >= values[1]:
        return None
    one, other = on(m.frame, year=values[0]), on(m.frame, year=values[1])
    return meaning.between(one, other, m.frame) if one is not None and other is not None else None


def _lasting(m: Match) -> Node | None:
    start = m.get("CLOCK", "ATCLOCK", "DATE", "MOMENT")
    return ranged(meaning.lasting(start, m.get("DUR")))


def _bare_year(m: Match) -> Node | None:
    """`in 2019`: the word before it is not part of what is said."""
    year = m.get("INT", "NUM", "YEAR")
    found = on(m.frame, year=year) if isinstance(year, int) and 1900 <= year <= 2100 else None
    return Node("PERIOD", 0, 0, found) if found is not None else None


PERIODS = "(PERIOD|MONTH)"
def yeared(nodes: list[Node], frame: Any, text: str) -> list[Node]:
    """`of 2015` is a year."""
    out = list(nodes)
    for place, node in enumerate(nodes):
        if node.tag == "INT" and place and nodes[place - 1].tag == "of" and 1900 <= node.value <= 2100:
            found = on(frame, year=node.value)
            if found is not None:
                out[place] = node._replace(tag="PERIOD", value=found)
    return out


STAGES: tuple[Any, ...] = (
    numbers,
    settled,
    (*percent_rules(N), *money_rules(N, DOLLARS), *duration_rules(N), *measure_rules(N)),
    joining_rules(),
    (  # clocks
        Rule("CLOCK", "CLOCKLIT ampm?", _literal),
        Rule("CLOCK", f"(half|quarter|a quarter) (past|after|to|before) {N} oclock? ampm?", _past),
        Rule("CLOCK", f"({N}|DUR) past {N} oclock? ampm?", _past),
        Rule("CLOCK", f"DUR to {N} oclock? ampm?", _past),
        Rule("CLOCK", f"{N} to {N} oclock ampm?", _past),
        Rule("CLOCK", f"{N} to {N} ampm", lambda m: _past(m) if isinstance(m.get("NUM"), int) and m.get("NUM") in (5, 10, 20, 25) else None),
        Rule("ATCLOCK", f"(at|around|by) {N} to {N}", lambda m: _past(m) if m.get("INT", "NUM") in (5, 10, 20, 25) else None),
        Rule("CLOCK", "(half|quarter|a quarter|DUR|INT|NUM) (past|to) (noon|midnight)", _past),
        Rule("CLOCK", f"{N} and half ampm", _and_half),
        Rule("CLOCK", "NUM ampm", lambda m: _and_half(m) if isinstance(m.get("NUM"), Fraction) and m.get("NUM") % 1 == Fraction(1, 2) and "half" in m.said else None),
        Rule("CLOCK", f"{N} {N}? ampm", _am),
        Rule("CLOCK", f"{N} oclock ampm?", _spoken_clock),
        Rule("CLOCK", "noon", lambda m: Clock((43200,))),
        Rule("CLOCK", "midnight", lambda m: Clock((86400,)) if False else Clock((0,))),
    ),
    (Rule("CLOCK", "CLOCK ZONE", lambda m: m.get("CLOCK")._replace(certain=False)),),  # of another zone perhaps: ask
    dated,
    (
        Rule("YEAR", "NUM NUM", _year_words),
        Rule("DATE", "YMD", lambda m: on(m.frame, year=m.get("YMD")[0], month=m.get("YMD")[1], day=m.get("YMD")[2])),
        Rule("DATE", "(WEEKDAY comma?)? DMY", _numeric),
        Rule("DATE", "(this|next|last)? WEEKDAY comma? FRAC", _slash),
        Rule("DATE", "INT INT INT", _spaced),
    ),
    (
        Rule("DATE", "(WEEKDAY comma?)? (the|dot)? MONTH dot? (dash|slash)? the? (ORD|DAYORD|INT|NUM) (comma|of|in|dash|slash)? (INT|NUM|YEAR)", _month_day),
        Rule("DATE", "(WEEKDAY comma?)? the? (ORD|DAYORD|INT|NUM) (U)? (of|dash|slash)? MONTH (comma|dot|of|in|dash|slash)* (INT|NUM|YEAR)", _month_day),
        Rule("DRANGE", "(from|between)? (the)? (ORD|DAYORD|INT|NUM) (to|dash|until|and) the? (ORD|DAYORD|INT|NUM) of? MONTH (comma? INT)?", _days_in_month),
        Rule("DRANGE", "(from|between)? MONTH the? (ORD|DAYORD|INT|NUM) (to|dash|until|and) the? (ORD|DAYORD|INT|NUM) (comma? INT)?", _days_in_month),
        Rule("DATE", "(WEEKDAY comma?)? MONTH dot? (dash|slash)? the? (ORD|DAYORD|INT|NUM)", _month_day),
        Rule("DATE", "(WEEKDAY comma? (on)?)? the? (ORD|DAYORD|INT|NUM) (U)? (of|dash|slash)? MONTH", _month_day),
        Rule("DATE", "INT dash MONTH dash INT", lambda m: on(m.frame, year=m.get("INT"), month=m.get("MONTH"), day=m.get("INT", nth=1))),
        Rule("PERIOD", "MONTH (comma|of|dash|slash|dot)? of? (INT|YEAR|NUM)", _month_year),
        Rule("PERIOD", "INT dash MONTH", _month_year),
        Rule("PERIOD", "INT (dash|slash) INT", _int_month),
        Rule("PERIOD", "(this|next|last|past) MONTH", _named_month),
        Rule("PERIOD", "MONTH", lambda m: on(m.frame, month=m.get("MONTH"))),
        Rule("PERIOD", "(INT|YEAR) poss? s", _decade),
        Rule("PERIOD", "the? (ORD|DAYORD) U", lambda m: _century(m) if m.get("U") == "century" else None),
        Rule("PERIOD", "(INT|YEAR) dash? q INT", _quarter),
        Rule("PERIOD", "q INT (comma|dash|of|in)? (INT|YEAR)?", _quarter),
        Rule("PERIOD", "(cy|U) of? (INT|YEAR|NUM)", lambda m: None if m.get("U") not in (None, "year") or not isinstance(m.get("INT", "YEAR", "NUM"), int)
             else on(m.frame, year=full_year(m.get("INT", "YEAR", "NUM"))) if m.has("cy") or m.get("INT", "YEAR", "NUM") > 1900 else None),
        Rule("PERIOD", "U (INT|NUM) (of|in)? (YEAR|INT)?", lambda m: _week_number(m) if m.get("U") == "week" else None),
        Rule("DRANGE", "(INT|NUM) (last|past|next) U",
             lambda m: ranged(meaning.coming(length(m.get("INT", "NUM"), m.get("U")), m.frame, past=m.has("last", "past")))),
        Rule("PERIOD", "(the)? (this|next|last|past|coming) (calendar|working)? (U|quarter) !of", _relative),
        Rule("PERIOD", "the? U (after next|before last)", _after_next),
        Rule("DATE", "TODAY", lambda m: relative(m.frame, m.get("TODAY"), "day")),
        Rule("DATE", "HOLIDAY (comma|of|in)? (INT|YEAR)", _holiday),
        Rule("DATE", "(this|next|last)? HOLIDAY", _holiday),
        Rule("MOMENT", "NOW", lambda m: Moment((m.frame.at,))),
        Rule("DRANGE", "YTD", _to_date),
        Rule("DRANGE", "(from|between)? (INT|YEAR) (to|dash|until|and) (INT|YEAR)", _years),
    ),
    yeared,
    (
        Rule("DRANGE", "(the)? (ORD|last|past) DUR (of|in) (the U|PERIOD)", lambda m: _edge(_the_unit(m))),
        Rule("REPEAT", "every other U", _every),
        Rule("REPEAT", f"every ({N}|ORD|second) U", _every),
        Rule("REPEAT", "every (DUR|U|quarter|weekdays|second)", _every),
        Rule("REPEAT", "every (other|second)? (WEEKDAY|WEEKDAYS) ((comma|and|or|slash)+ (WEEKDAY|WEEKDAYS))*", _every),
        Rule("REPEAT", "(on)? (the)? (ORD|DAYORD|second|last) (WEEKDAY|U)? (of|in) every other? U", _monthly),
        Rule("REPEAT", "OFTEN on the? (ORD|DAYORD|second)", _monthly),
        Rule("REPEAT", "every (DATE|PERIOD)", _every_date),
        Rule("REPEAT", "every CLOCK", lambda m: Repeat("DAILY", clock=m.get("CLOCK"))),
        Rule("REPEAT", "(on)? WEEKDAYS ((comma|and|or|slash)+ (WEEKDAYS|WEEKDAY))*", _plural_days),
        Rule("REPEAT", "OFTEN", _often),
        Rule("REPEAT", "once a U", _once_a),
        Rule("REPEATPART", "every PARTNAME", lambda m: (Repeat("DAILY"), m.get("PARTNAME"))),
        Rule("DATE", "(this|next|last|past) WEEKDAY comma? FRAC", _slash),
        Rule("DATE", "(on)? this WEEKDAY", lambda m: _weekday(m, 0)),
        Rule("DATE", "next WEEKDAY", lambda m: _weekday(m, 1)),
        Rule("DATE", "this? (last|past) WEEKDAY", lambda m: _weekday(m, -1)),
        Rule("DATE", "coming WEEKDAY", _coming_weekday),
        Rule("DATE", "WEEKDAY (of|on|comma)? PERIOD", _in_period),
        Rule("DATE", "PERIOD (on|comma|poss)? WEEKDAY", _in_period),
        Rule("DATE", "WEEKDAY (comma|the|on)* DATE", _date_weekday),
        Rule("DATE", "DATE lpar WEEKDAY rpar", _date_weekday),
        Rule("DATE", "WEEKDAY (the|comma)* (ORD|DAYORD)", _weekday_day),
        Rule("DATE", "WEEKDAY INT", lambda m: _weekday_day(m) if m.get("INT") > 12 else None),
        Rule("DATEOF", "(the)? (ORD|DAYORD|last|second) (WEEKDAY|U|quarter)? (of|in) (the U|PERIOD)", lambda m: _nth_node(_the_unit(m))),
        Rule("DATEOF", "PERIOD poss? ORD quarter", lambda m: _nth_node(m)),
        Rule("DATE", "WEEKDAY", lambda m: on(m.frame, weekday=m.get("WEEKDAY"))),
    ),
    (
        Rule("MRANGE", "(earlier|later) (in)? DATE", _half_day),
        Rule("CLOCK", "DUR (before|after) CLOCK", _clock_shift),
        Rule("DATE", "PERIOD poss (ORD|DAYORD)", lambda m: meaning.nth_day(m.get("PERIOD"), m.get("ORD", "DAYORD"))),
        Rule("DATE", "PERIOD (on)? the (ORD|DAYORD)", lambda m: meaning.nth_day(m.get("PERIOD"), m.get("ORD", "DAYORD")) if m.get("PERIOD").grain == "month" else None),
        Rule("PERIOD", "(the)? ORD quarter ((of|in)? (YEAR|INT|PERIOD))?", lambda m: _quarter(m)),
        Rule("PERIOD", "(the)? (ORD|second) half (of|in) (the U|PERIOD)", lambda m: _half_year(_the_unit(m))),
        Rule("PERIOD", "(the)? (begin|end|mid) (of|dash)? (the? U|PERIOD|INT|YEAR)", lambda m: _third(_the_unit(m))),
        Rule("PERIOD", "(the)? (early|late|mid) (in)? (the U|PERIOD|INT|YEAR)", lambda m: _third(_the_unit(m))),
        Rule("DRANGE", "(the)? rest of (the U|PERIOD)", lambda m: _rest(_the_unit(m))),
        Rule("PERIOD", "(earlier|later) (in)? (the U|PERIOD)", lambda m: _half_of(m)),
        Rule("PERIOD", "wc DATE", _week_of),
        Rule("PERIOD", "the? U of DATE", lambda m: _week_of(m) if m.get("U") == "week" else None),
        Rule("PERIOD", "the? U", lambda m: relative(m.frame, 0, "weekend") if m.get("U") == "weekend" else None),
        Rule("DRANGE", "DUR starting DATE", _lasting),
        Rule("DATE", "HOLIDAY", _holiday),
        Rule("DATE", "DATE (of|in)? PERIOD", lambda m: _in_year(m)),
        Rule("DATE", "the U (after|before) DATE", _day_beside),
        Rule("DATE", "U (after|before) DATE", lambda m: _day_beside(m) if m.get("U") == "day" else None),
        Rule("DRANGE", "(in)? (more|less) than DUR ago?", _at_least),
        Rule("MOMENT", "DUR (from|after) NOW", _shift),
        Rule("DATE", "DUR (from|after|before|since) (DATE|MOMENT|PERIOD)", _shift),
        Rule("MOMENT", "DUR (ago|later|before)", lambda m: _shift(m) if not m.has("before") else None),
        Rule("MOMENT", "in DUR", _shift),
        Rule("MOMENT", "within (the)? (next)? DUR", _within),
        Rule("DRANGE", "(the)? (next|coming|last|past) DUR !of", _coming_many),
        Rule("PERIOD", "(in|of|since|before|after|until|by|between|from) (INT)", lambda m: None),
    ),
    (
        Rule("REPEAT", "REPEAT on? (DATE|the DAYORD|the ORD)", _repeat_on),
        Rule("DATE", "on the (ORD|DAYORD)", _the_nth),
        Rule("DATE", "the DAYORD", _the_nth),
        Rule("CLOCK", "(CLOCK|INT|NUM) (in the|early|late) PARTNAME", _in_part),
        Rule("CLOCK", "CLOCK (at)? PARTNAME", lambda m: _in_part(m) if m.has("at") or not m.has("comma") else None),
        Rule("DPART", "(the|in|early|late)? TONIGHT", _day_part),
        Rule("DPART", "(this|next|last|past|coming) (early|late)? PARTNAME", _day_part),
        Rule("DPART", "DATE (early|late|in the|poss|at)? PARTNAME", _day_part),
        Rule("DPART", "(in)? (the)? PARTNAME (of|on) DATE", _day_part),
        Rule("PART", "(early|late) in the PARTNAME", lambda m: _halved_part(m)),
        Rule("PART", "(early|late) PARTNAME", lambda m: _halved_part(m)),
        Rule("PART", "(in the|at|in)? PARTNAME", lambda m: m.get("PARTNAME")),
        Rule("MOMENT", "DATE? EOD", _end_of_day),
        Rule("MOMENT", "EOD (of|on)? DATE", _end_of_day),
        Rule("CLOCKS", f"(from|between) ({N}|CLOCK|ATCLOCK) (to|dash|until|and) ({N}|CLOCK) (in the PARTNAME)?", lambda m: None),
    ),
    (
        Rule("MRANGE", f"DPART comma? (from|between) ({N} {N}?|CLOCK) (to|dash|until|and) ({N} {N}?|CLOCK)", _part_range),
        Rule("MRANGE", f"(from|between) ({N} {N}?|CLOCK) (to|dash|until|and) ({N} {N}?|CLOCK) (on)? DPART", _part_range),
        Rule("CRANGE", f"(from|between) ({N} {N}?|CLOCK) (to|dash|until|and) ({N} {N}?|CLOCK) PART?", lambda m: _ranged_part(m)),
        Rule("CRANGE", "at? (CLOCK|INT|NUM) (to|dash|until) CLOCK", _number_range),
        Rule("CRANGE", f"at? CLOCK (to|dash|until) {N}", _number_range),
        Rule("CRANGE", "from? CLOCK for DUR", _lasting),
        Rule("CRANGE", f"from? {N} for DUR", lambda m: None),
        Rule("ATCLOCK", f"(at|around|by) {N} {N}", lambda m: _spoken_clock(m) if not m.has("by") else None),
        Rule("ATCLOCK", f"at {N}", lambda m: _spoken_clock(m)),
        Rule("ATCLOCK", "(at|around) around? CLOCK", lambda m: m.get("CLOCK")),
    ),
    (
        Rule("REPEAT", "REPEAT (at|comma|around|from)? (CLOCK|ATCLOCK|CRANGE)", timed_repeat),
        Rule("REPEAT", "(CLOCK|ATCLOCK|CRANGE) REPEAT", timed_repeat),
        Rule("REPEAT", "REPEATPART (at|comma|around)? (CLOCK|ATCLOCK)", timed_repeat),
        Rule("REPEAT", "(CLOCK|ATCLOCK) REPEATPART", timed_repeat),
        Rule("REPEAT", "REPEATPART", lambda m: m.get("REPEATPART")[0]),
        Rule("REPEAT", "REPEAT (PART) (ATCLOCK|CLOCK)?", timed_repeat),
        Rule("MOMENT", "DPART (comma|at|around)* (CLOCK|ATCLOCK)", _part_moment),
        Rule("MOMENT", f"DPART around {N}", _part_moment),
        Rule("MOMENT", "(CLOCK|ATCLOCK) (on|comma)? DPART", _part_moment),
        Rule("MRANGE", "DPART CRANGE", _part_range),
        Rule("MRANGE", "CRANGE (on|comma)? DPART", _part_range),
        Rule("MRANGE", "DATE (on|comma|at|dash)* CRANGE", with_clocks),
        Rule("MRANGE", "DPART (comma)* CRANGE", _part_range),
        Rule("MRANGE", "CRANGE (on|comma)? DATE", with_clocks),
        Rule("MRANGE", "DATE from CLOCK for DUR", lambda m: clock_lasting(m)),
        Rule("MOMENT", "DATE (comma|at|around|dash|PART)* (CLOCK|ATCLOCK) PART?", _moment),
        Rule("MOMENT", "(CLOCK|ATCLOCK) (on|comma|of)? DATE", _moment),
        Rule("MRANGE", "DPART", lambda m: meaning.at_part(*m.get("DPART"), m.frame)),
        Rule("DRANGE", "DUR starting? (starting|from|since) DATE", _lasting),
        Rule("DATE", "DATE for DUR", lambda m: None),
    ),
    (
        Rule("DRANGE", "(from|between)? DATE (to|dash|until|and) (the)? (ORD|DAYORD)", lambda m: _days_in_month(m) if not (m.has("and") and not m.has("between")) else None),
        Rule("MRANGE", "(from|between) (MOMENT|CLOCK) (to|dash|until|and) (MOMENT|CLOCK|ATCLOCK)", moments_range),
        Rule("MRANGE", "MOMENT (to|dash|until) (MOMENT|CLOCK|ATCLOCK)", moments_range),
        Rule("DRANGE", "(from|between) (DATE|PERIOD|MOMENT|FRAC|INT|YEAR) (to|dash|until|and) (DATE|PERIOD|MOMENT|FRAC|INT|YEAR)", days_range(_slash)),
        Rule("DRANGE", "(from|between)? FRAC (to|dash|until|and) FRAC comma (INT|YEAR)", _slashes),
        Rule("DRANGE", "(DATE|PERIOD|FRAC) (to|dash|until) (DATE|PERIOD|FRAC)", days_range(_slash)),
        Rule("DATE", "(on|by|until|since|before|after) FRAC", lambda m: _slash(m) if m.has("on") else None),
    ),
    (
        Rule("MRANGE", "DATE (before|after|until|since|by) (CLOCK|ATCLOCK)", open_moment),
        Rule("MRANGE", "(before|after|until|since|by) MOMENT", open_moment),
        Rule("DRANGE", "(before|after|until|since|by) (the)? (DATE|PERIOD|ORD|DAYORD)", open_days(_the_nth)),
        Rule("DRANGE", "(before|after|until|since|by) INT", lambda m: open_days(_the_nth)(m._replace(nodes=[m.nodes[0], made])) if (made := _bare_year(m)) is not None else None),
        Rule("DRANGE", "(DATE|PERIOD) or (later|after)", lambda m: open_days(_the_nth)(m)),
        Rule("CRANGE", "(before|after|until|since|by) (CLOCK|ATCLOCK)", open_clock),
        Rule("CRANGE", "(after|before) PART", open_clock),
        Rule("CLOCK", "PART comma? ATCLOCK", lambda m: meaning.within(m.get("PART"), m.get("ATCLOCK"))),
        Rule("PERIOD", "(in|from|of|comma|and|for) (the)? (INT|YEAR)", _bare_year),
        Rule("PERIOD", "in NUM", _bare_year),
        Rule("PERIOD", "YEAR", _bare_year),
        Rule("DATE", "the ORD", lambda m: None),
        Rule("DATE", "FRAC", _bare_slash),
    ),
)  # fmt: skip


def _the_unit(m: Match) -> Match:
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


def _in_year(m: Match) -> Days | None:
    days, whole = m.get("DATE"), m.get("PERIOD")
    if whole.grain == "year" and days.month is not None and days.day is not None and days.year is None:
        return on(m.frame, year=whole.start.year, month=days.month, day=days.day)
    return None


def _halved_part(m: Match) -> Part:
    part: Part = m.get("PARTNAME")
    middle = (part.start + part.end) // 2
    return part._replace(end=middle) if m.has("early") else part._replace(start=middle)


def _ranged_part(m: Match) -> Any:
    if m.has("PART"):
        nodes = [node._replace(tag="PARTNAME") if node.tag == "PART" else node for node in m.nodes]
        return _number_range(m._replace(nodes=nodes))
    return _number_range(m)


AMOUNTS = 4  # after so many stages what has a unit is made, and nothing of the calendar
GRAMMAR = Cascade(STAGES)


def first_row(text: str) -> list[Node]:
    return tokens(text, words(), phrases(), GLUED)


__all__ = ["GRAMMAR", "PARTS", "first_row"]
