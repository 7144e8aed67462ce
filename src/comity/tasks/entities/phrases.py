# SPDX-License-Identifier: Apache-2.0
"""Builders that both grammars use: ranges, open ends, a clock beside what repeats."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from comity.tasks.entities import meaning
from comity.tasks.entities.calendar import DAY, Clock, ClockRange, DayRange, Days, Frame, Length, Moment, MomentRange, Part, moment, on
from comity.tasks.entities.cascade import Build, Match, Node
from comity.tasks.entities.repeating import Repeat


def nobody_knows(_: Match) -> Node:
    """`twice a week`, `two hours before Christmas`, `两三天`: nothing here holds it whole, and its parts would be wrong."""
    return Node("UNSURE", 0, 0)


def add_clock(days: Days, part: Part, said: Clock | None, frame: Frame) -> Moment | None:
    """`tomorrow night at 11`: the reading that the part of the day has."""
    found = meaning.within(part, said) if said is not None else None
    return meaning.at_clock(days, found, frame) if found is not None else None


def with_clocks(m: Match) -> MomentRange | None:
    return meaning.at_clocks(m.get("DATE"), m.get("CRANGE"), m.frame)


def clock_lasting(m: Match) -> MomentRange | None:
    at = meaning.at_clock(m.get("DATE"), m.get("CLOCK"), m.frame)
    made = meaning.lasting(at, m.get("DUR")) if at is not None else None
    return made if isinstance(made, MomentRange) else None


def days_range(slash: Callable[[Match], Days | None]) -> Build:
    def build(m: Match) -> Any:
        sides = []
        for node in m.nodes:
            if node.tag == "FRAC":
                base = m.nodes[0].start
                made = slash(m._replace(nodes=[node], said=m.said[node.start - base : node.end - base]))
                if made is None:
                    return None
                sides.append(made)
            elif node.tag in ("DATE", "PERIOD"):
                sides.append(node.value)
            elif node.tag in ("INT", "YEAR"):
                made = on(m.frame, year=node.value) if 1900 <= node.value <= 2100 else None
                if made is None:
                    return None
                sides.append(made)
            elif node.tag == "MOMENT":
                if node.value.readings != (m.frame.at,):
                    return None
                made = meaning.one_day(m.frame.today)
                if made is None:
                    return None
                sides.append(made)
        if len(sides) != 2 or (sides[0].grain == sides[1].grain == "year" and sides[0].start >= sides[1].start):
            return None
        return meaning.between(sides[0], sides[1], m.frame)

    return build


def moments_range(m: Match) -> MomentRange | Node | None:
    """`between now and eight o'clock`."""
    sides = [node for node in m.nodes if node.tag in ("MOMENT", "CLOCK", "ATCLOCK")]
    if all(node.tag != "MOMENT" for node in sides):
        return Node("CRANGE", 0, 0, meaning.clocks(sides[0].value, sides[1].value))
    frame: Frame = m.frame
    if sides[0].tag != "MOMENT":
        return None
    start = sides[0].value.readings[0]
    if sides[1].tag == "MOMENT":
        later = [one for one in sides[1].value.readings if one >= start]
        return MomentRange(((start, later[0]),)) if later else None
    candidates = [
        found
        for seconds in sides[1].value.readings
        for ahead in (0, DAY)
        if (found := moment(start.date(), seconds + ahead, frame)) is not None and found > start
    ]
    return MomentRange(((start, min(candidates)),)) if candidates else None


_KINDS = {"before": "before", "until": "until", "by": "until", "since": "since", "after": "after", "starting": "since", "later": "since"}


def _kind(m: Match) -> str:
    if m.get("until") == "upto":
        return "until"
    if m.has("DATE", "PERIOD") and m.has("until", "by") and m.get("PERIOD") is not None:
        return "before"  # `until July`, `by 2012`: it ends where that begins
    if m.has("onward"):
        return "since"
    if m.has("not"):
        return "since" if m.has("before") else "until"
    if m.has("or", "and"):
        return "since" if m.has("later", "after", "since") else "until"
    return next(_KINDS[node.tag] for node in m.nodes if node.tag in _KINDS)


def open_days(the_nth: Callable[[Match], Days | None]) -> Build:
    def build(m: Match) -> Any:
        days = m.get("DATE", "PERIOD")
        if days is None and m.has("ORD", "DAYORD"):
            days = the_nth(m)
        return meaning.open_range(_kind(m), days) if days is not None else None

    return build


def open_clock(m: Match) -> Any:
    """`after 3pm`, `before noon`; after a part of the day is after its end."""
    kind = _kind(m)
    if m.has("PART"):
        part: Part = m.get("PART")
        seconds: tuple[int, ...] = (part.start * 3600,) if kind in ("before", "until") else (part.end * 3600 % DAY,)
        certain = True
    else:
        said: Clock = meaning.soonest(m.get("CLOCK", "ATCLOCK"), m.frame)
        seconds, certain = said.readings, said.certain
    ends = kind in ("before", "until")
    return ClockRange(tuple((None, one) if ends else (one, None) for one in seconds), certain)


def open_moment(m: Match) -> Any:
    at = m.get("MOMENT")
    if at is None:
        at = meaning.at_clock(m.get("DATE"), m.get("CLOCK", "ATCLOCK"), m.frame)
    if at is None:
        return None
    ends = _kind(m) in ("before", "until")
    return MomentRange(tuple((None, one) if ends else (one, None) for one in at.readings), at.certain)


def timed_repeat(m: Match) -> Repeat | None:
    """A clock, or from a clock to a clock, beside what repeats by days or longer."""
    repeat = m.get("REPEAT")
    part = m.get("PART")
    if repeat is None:
        repeat, part = m.get("REPEATPART")
    if repeat.freq in ("HOURLY", "MINUTELY") or repeat.clock is not None:
        return None
    lasting: Length | None = None
    said: Clock | None = m.get("CLOCK", "ATCLOCK")
    if said is None and m.has("CRANGE"):
        begin, end = m.get("CRANGE").readings[0]
        if begin is None or end is None:
            return None
        said, lasting = Clock((begin,)), Length(seconds=Fraction((end - begin) % DAY))
    if said is not None and part is not None:
        inside = meaning.within(part, said)
        said = Clock((inside.readings[0] % DAY,)) if inside is not None else None
        if said is None:
            return None
    if said is not None and len(said.readings) > 1:  # by day rather than by night
        said = Clock(tuple(sorted(said.readings, key=lambda one: not 6 * 3600 <= one < 18 * 3600)), said.certain)
    made: Repeat = repeat._replace(clock=said, lasting=lasting)
    return made


def ranged(made: Any) -> Node | None:
    """A range of days, clocks or moments under its own tag."""
    if made is None:
        return None
    return Node("DRANGE" if isinstance(made, DayRange) else "CRANGE" if isinstance(made, ClockRange) else "MRANGE", 0, 0, made)


def pointed(made: Days | Moment | None) -> Node | None:
    """A day or a moment under its own tag."""
    if made is None:
        return None
    return Node("DATE" if isinstance(made, Days) else "MOMENT", 0, 0, made)
