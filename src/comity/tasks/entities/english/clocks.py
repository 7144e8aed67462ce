# SPDX-License-Identifier: Apache-2.0
"""Clocks and parts of the day as English says them."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from comity.tasks.entities import meaning
from comity.tasks.entities.calendar import (
    Clock,
    ClockRange,
    Days,
    Length,
    Moment,
    MomentRange,
    Part,
    moment,
    on,
    relative,
)
from comity.tasks.entities.cascade import Match, Node, Rule
from comity.tasks.entities.english.numbers import SMALL, TEEN
from comity.tasks.entities.phrases import add_clock, open_moment

_DIAL = frozenset((*SMALL[1:], *TEEN[:3], "noon", "midnight"))


def literal_clock(m: Match) -> Clock | None:
    zero, hour, minute, *rest = m.get("CLOCKLIT")
    half = m.get("ampm")
    if half is not None:
        return halved(hour, minute, half, *rest)
    return meaning.clock(hour, minute, *rest, ambiguous=not zero)


def halved(hour: int, minute: int, half: str, second: int = 0) -> Clock | None:
    if not 1 <= hour <= 12:
        return meaning.clock(hour, minute, second, ambiguous=False) if hour <= 24 and half == "p" else None
    return meaning.clock(hour % 12 + (12 if half == "p" else 0), minute, second, ambiguous=False)


def hour_of(value: Any) -> Clock | None:
    """`8`, where what stands beside it says that it is an hour."""
    if isinstance(value, int) and 100 <= value <= 2459:  # `at 730 in the evening`
        return meaning.clock(value // 100, value % 100)
    return meaning.clock(value) if isinstance(value, int) and 0 <= value <= 24 else None


def two_words(m: Match) -> Clock | None:
    """`seven thirty`, with nothing that says it is a time: perhaps."""
    hour, minute = m.all("NUM")
    if not isinstance(hour, int) or not isinstance(minute, int) or not 1 <= hour <= 12 or minute not in range(10, 60, 5):
        return None
    return meaning.clock(hour, minute)


def spoken_clock(m: Match) -> Clock | None:
    """`10 am`, `1140 a.m.`, `six thirty`, `at 6.45`."""
    values = m.all("INT", "NUM")
    half = m.get("ampm")
    first = values[0]
    if isinstance(first, Fraction):
        parts = divmod(first * 100, 100)
        if parts[1].denominator != 1 or len(values) > 1:
            return None
        values = [int(parts[0]), int(parts[1])]
    elif len(values) == 1 and 100 <= first <= 2459:
        values = [first // 100, first % 100]
    hour, minute = values[0], values[1] if len(values) > 1 else 0
    if not all(isinstance(one, int) for one in (hour, minute)) or not 0 <= minute < 60 or hour > 24 or hour < 0:
        return None
    if len(values) > 1 and minute < 10 and m.has("NUM") and not m.has("INT"):
        return None
    if half is not None:
        return halved(hour, minute, half) if hour <= 12 else None
    return meaning.clock(hour, minute)


def oh_clock(m: Match) -> Clock | None:
    """`seven oh five`."""
    hour, minute = m.all("NUM")
    if not 1 <= hour <= 12 or not 1 <= minute <= 9:
        return None
    half = m.get("ampm")
    return halved(hour, minute, half) if half is not None else meaning.clock(hour, minute)


def past(m: Match) -> Clock | None:
    """`half past three`, `quarter to six pm`, `20 min past eight`."""
    hours = m.all("INT", "NUM")
    hour = {"noon": 12, "midnight": 24}.get(m.nodes[-1].tag) or hours[-1]
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
        minutes = 45 if hours[0] == Fraction(3, 4) else hours[0]
    if not isinstance(hour, int) or not isinstance(minutes, int) or not 1 <= hour <= 24 or not 0 < minutes < 60:
        return None
    total = hour * 60 + (-minutes if m.has("to", "before") else minutes)
    half = m.get("ampm")
    if half is not None:
        return halved(total // 60 or 12, total % 60, half)
    if m.has("noon", "midnight"):
        return meaning.clock(total // 60 % 24, total % 60, ambiguous=False)
    return meaning.clock(total // 60, total % 60)


def in_part(m: Match) -> Clock | None:
    said = m.get("CLOCK") or hour_of(m.get("INT", "NUM"))
    part: Part = m.get("PARTNAME", "PART")
    found = meaning.within(part, said) if said is not None else None
    return found if found is None or found.readings[0] < 86400 else Clock((found.readings[0] % 86400,))


def half_day(m: Match) -> Any:
    """`later today`: from noon, or from now."""
    days: Days = m.get("DATE")
    if days.start != m.frame.today:
        return None
    noon, end = moment(days.start, 43200, m.frame), moment(days.end, 0, m.frame)
    begin = moment(days.start, 0, m.frame)
    if noon is None or end is None or begin is None:
        return None
    return MomentRange(((max(noon, m.frame.at), end),) if m.has("later") else ((begin, noon),))


def clock_shift(m: Match) -> Clock | None:
    """`2 hours before noon`."""
    by: Length = m.get("DUR")
    if by.months or by.days or by.seconds.denominator != 1:
        return None
    said: Clock = m.get("CLOCK")
    seconds = int(-by.seconds if m.has("before") else by.seconds)
    return said._replace(readings=tuple((one + seconds) % 86400 for one in said.readings))


def and_half(m: Match) -> Clock | None:
    """`eight and a half pm`."""
    value = m.get("INT", "NUM")
    if isinstance(value, int):
        return halved(value, 30, m.get("ampm"))
    return halved(int(value), 30, m.get("ampm")) if value % 1 == Fraction(1, 2) else None


def day_part(m: Match) -> tuple[Days, Part] | None:
    part = m.get("PARTNAME", "PART", "TONIGHT")
    if m.has("early", "late", "earlier", "later"):
        part = halved_part(part, m.has("early", "earlier"))
    if m.has("TONIGHT"):
        days = relative(m.frame, 0, "day")
    elif m.has("DATE"):
        days = m.get("DATE")
    else:
        days = relative(m.frame, 0 if m.has("this") else 1 if m.has("next", "coming") else -1, "day")
    return (days, part) if days is not None and days.grain == "day" else None


def on_clock(m: Match) -> Moment | None:
    days: Days = m.get("DATE")
    said = m.get("CLOCK") or m.get("ATCLOCK")
    if said is None:
        said = hour_of(m.get("INT", "NUM"))
    return meaning.at_clock(days, said, m.frame) if said is not None else None


def part_moment(m: Match) -> Moment | None:
    days, part = m.get("DPART")
    said = m.get("CLOCK", "ATCLOCK") or hour_of(m.get("INT", "NUM"))
    return add_clock(days, part, said, m.frame)


_HOURS = {"am": range(4, 13), "pm": (12, *range(1, 9)), "night": range(6, 13), "noon": range(10, 13)}


def bare_part_moment(m: Match) -> Moment | None:
    """`8 tomorrow morning`, `7 tonight`: perhaps, where the hour lies there."""
    hour = m.get("INT", "NUM")
    found = part_moment(m) if isinstance(hour, int) and hour in _HOURS[m.get("DPART")[1].noon] else None
    return found._replace(certain=False) if found is not None else None


def weekday_clock_date(m: Match) -> Moment | None:
    """`Wednesday 5:00PM 3/29/2017`."""
    day, date = m.all("DATE")
    if day.weekday is None or day.day is not None or date.day is None or date.month is None:
        return None
    days = on(m.frame, year=date.year, month=date.month, day=date.day, weekday=day.weekday)
    return meaning.at_clock(days, m.get("CLOCK", "ATCLOCK"), m.frame) if days is not None else None


def through_clock(m: Match) -> ClockRange | None:
    """`up to 5pm`, `through 2:00`; `to 5` alone says nothing."""
    said: Clock = m.get("CLOCK", "ATCLOCK")
    if m.said.startswith("to ") or m.said[0] == "~":
        return None
    return ClockRange(tuple((None, one) for one in said.readings), said.certain)


def open_part(m: Match) -> Any:
    """`tomorrow morning before 10`."""
    days, part = m.get("DPART")
    at = add_clock(days, part, m.get("CLOCK", "ATCLOCK") or hour_of(m.get("INT", "NUM")), m.frame)
    return (
        open_moment(m._replace(nodes=[*(node for node in m.nodes if node.tag != "DPART"), Node("MOMENT", 0, 0, at)]))
        if at is not None
        else None
    )


def open_at_part(m: Match) -> Any:
    """`until tomorrow morning`: where it begins; `after tonight`: where it ends."""
    made = meaning.at_part(m.get("DPART"), m.frame)
    if made is None:
        return None
    if m.has("after", "since"):
        return made._replace(readings=tuple((end if m.has("after") else start, None) for start, end in made.readings))
    return made._replace(readings=tuple((None, start) for start, _ in made.readings))


def end_of_day(m: Match) -> Moment | None:
    days: Days | None = m.get("DATE") or relative(m.frame, 0, "day")
    found = moment(days.start, 86399, m.frame) if days is not None else None
    return Moment((found,)) if found is not None else None


def number_range(m: Match) -> Any:
    """`from 2 to 4 pm`, `between 5 and 6 in the afternoon`, `9-11:30am`."""
    made: list[Clock | None] = []
    side: list[Node] = []
    for node in (*m.nodes, Node("to", 0, 0)):
        if node.tag in ("INT", "NUM", "CLOCK", "ATCLOCK"):
            side.append(node)
        elif side:
            made.append(side[0].value if side[0].tag in ("CLOCK", "ATCLOCK") else spoken_clock(m._replace(nodes=side)))
            side = []
    if len(made) != 2 or made[0] is None or made[1] is None:
        return None
    part = m.get("PARTNAME")
    if part is not None:
        begin, end = meaning.within(part, made[0]), meaning.within(part, made[1])
        return ClockRange(((begin.readings[0], end.readings[0]),)) if begin is not None and end is not None else None
    return meaning.clocks(made[0], made[1])


def part_range(m: Match) -> Any:
    """`last night between 7 and 9:30`."""
    days, part = m.get("DPART")
    span = m.get("CRANGE") or number_range(m._replace(nodes=[node for node in m.nodes if node.tag != "DPART"], said=m.said))
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
        if inside[0].readings[0] >= inside[1].readings[0]:
            return None
        pairs.append((inside[0].readings[0], inside[1].readings[0]))
    return meaning.at_clocks(days, ClockRange((pairs[0],)), m.frame)


def halved_part(part: Part, early: bool) -> Part:
    """`early in the morning`, `late tonight`."""
    middle = (part.start + part.end) // 2
    return part._replace(end=middle) if early else part._replace(start=middle)


def ranged_part(m: Match) -> Any:
    if m.has("PART"):
        nodes = [node._replace(tag="PARTNAME") if node.tag == "PART" else node for node in m.nodes]
        return number_range(m._replace(nodes=nodes))
    return number_range(m)


def to_middle(m: Match) -> ClockRange | None:
    """`from 10 to noon`."""
    begin = hour_of(m.get("INT", "NUM"))
    middle = Clock((0 if m.has("midnight") else 43200,))
    return meaning.clocks(begin, middle) if begin is not None else None


def hundred_hours(m: Match) -> Clock | None:
    """`1430 hours`."""
    said = m.said.split()[0]
    hour, minute = divmod(m.get("INT"), 100)
    return meaning.clock(hour, minute, ambiguous=False) if m.get("U") == "hour" and len(said) == 4 and said.isdigit() else None


def open_bare(m: Match) -> Any:
    """`after 8 tomorrow`: an hour, since a day follows; perhaps."""
    nodes = [node._replace(tag="CLOCK", value=hour_of(node.value)) if node.tag in ("INT", "NUM") else node for node in m.nodes]
    m = m._replace(nodes=nodes)
    if m.get("CLOCK") is None:
        return None
    made = open_part(m) if m.has("DPART") else open_moment(m)
    return made._replace(certain=False) if made is not None else None


def same_time(m: Match) -> Moment | None:
    """`this time tomorrow`."""
    now = m.frame.at
    return meaning.at_clock(m.get("DATE"), Clock((now.hour * 3600 + now.minute * 60 + now.second,)), m.frame)


_BARE = re.compile(r"(?:from|between)\s+([a-z]+|[0-9]{1,2})\s*(?:to|and|until|till|through|-|–)\s*([a-z]+|[0-9]{1,2})")


def no_clocks(said: str) -> bool:
    """`between fifteen and twenty`, `from 20 to 22`: two numbers that nothing says are hours, and are not both on a dial."""
    found = _BARE.fullmatch(said)
    if found is None:
        return False
    return not all((one.isdigit() and 1 <= int(one) <= 12) or one in _DIAL for one in found.groups())


def hour_and_minutes(m: Match) -> Clock | None:
    """`at six forty-three minutes`."""
    hour, by = m.get("INT", "NUM"), m.get("DUR")
    minutes = by.seconds / 60
    if by.months or by.days or minutes.denominator != 1 or not 0 < minutes < 60 or not isinstance(hour, int):
        return None
    return meaning.clock(hour, int(minutes))


def clock_rules(n: str) -> list[Rule]:
    return [
        Rule("CLOCK", "CLOCKLIT ampm?", literal_clock),
        Rule("CLOCK", f"(half|quarter|a quarter) (past|after|to|before) {n} oclock? ampm?", past),
        Rule("CLOCK", f"({n}|DUR) past {n} oclock? ampm?", past),
        Rule("CLOCK", f"DUR (to|after) {n} oclock? ampm?", past),
        Rule("CLOCK", f"{n} after {n} ampm", past),
        Rule("ATCLOCK", f"at {n} DUR", hour_and_minutes),
        Rule("CLOCK", "NUM oh NUM ampm?", oh_clock),
        Rule("CLOCK", f"{n} to {n} oclock ampm?", past),
        Rule("CLOCK", f"{n} to {n} ampm",
             lambda m: past(m) if isinstance(m.get("NUM"), int) and m.get("NUM") in (5, 10, 20, 25) else None),
        Rule("ATCLOCK", f"(at|around|by) {n} to {n}", lambda m: past(m) if m.get("INT", "NUM") in (5, 10, 20, 25) else None),
        Rule("CLOCK", "(half|quarter|a quarter|DUR|INT|NUM) (past|to) (noon|midnight)", past),
        Rule("CRANGE", f"(from|between) {n} (to|until|dash|and) (noon|midnight)", to_middle),
        Rule("CLOCK", f"{n} and half ampm", and_half),
        Rule("CLOCK", "NUM ampm",
             lambda m: and_half(m)
               if isinstance(m.get("NUM"), Fraction) and m.get("NUM") % 1 == Fraction(1, 2) and "half" in m.said else None),
        Rule("CLOCK", f"{n} {n}? ampm", spoken_clock),
        Rule("CLOCK", f"{n} oclock ampm?", spoken_clock),
        Rule("CLOCK", "INT (noon|midnight)", lambda m: Clock((43200 if m.has("noon") else 0,)) if m.get("INT") == 12 else None),
        Rule("CLOCK", "NUM dash? NUM !U", two_words),
        Rule("CLOCK", "INT U", hundred_hours),
        Rule("CLOCK", "INT ish ampm?", lambda m: (made := spoken_clock(m)) and made._replace(certain=False)),
        Rule("CLOCK", "MIDDLE", lambda m: Clock((m.get("MIDDLE"),), certain=False)),
        Rule("CLOCK", "noon", lambda m: Clock((43200,))),
        Rule("CLOCK", "midnight", lambda m: Clock((0,))),
    ]  # fmt: skip
