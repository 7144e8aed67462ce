# SPDX-License-Identifier: Apache-2.0
"""Clocks and parts of the day as Chinese says them."""

from __future__ import annotations

from typing import Any

from comity.tasks.entities import meaning
from comity.tasks.entities.calendar import (
    DAY,
    Clock,
    ClockRange,
    Days,
    Moment,
    MomentRange,
    Part,
    relative,
)
from comity.tasks.entities.cascade import Match, Node
from comity.tasks.entities.phrases import (
    add_clock,
)


def clock_said(m: Match) -> Clock | Node | None:
    """`三点半`, `早上六点一刻`, `17点55分23秒`, `十点零五`."""
    values = m.all("INT", "NUM", "ONE")
    if not all(isinstance(one, int) for one in values):
        return None
    hour, rest = values[0], values[1:]
    minute = second = 0
    if m.has("half"):
        minute = 30
    elif m.has("ke"):
        if len(rest) != 1 or rest[0] not in (1, 2, 3):
            return None
        minute = rest[0] * 15
    elif rest:
        minute = rest[0]
        second = rest[1] if len(rest) > 1 else 0
    said = meaning.clock(hour, minute, second) if 0 <= hour <= 24 else None
    return said


def short_of(m: Match) -> Clock | None:
    """`十点差五分`, `差一刻八点`."""
    values = m.all("INT", "NUM", "ONE")
    cha = next(place for place, node in enumerate(m.nodes) if node.tag == "cha")
    counted = [node.value for node in m.nodes[cha:] if node.tag in ("INT", "NUM", "ONE")]
    minutes = counted[0]
    hour = values[0] if cha else values[1]
    if m.has("ke"):
        minutes *= 15
    if not isinstance(hour, int) or not isinstance(minutes, int) or not 0 < minutes < 60 or not 1 <= hour <= 24:
        return None
    total = hour * 60 - minutes
    return meaning.clock(total // 60, total % 60)


def literal_clock(m: Match) -> Clock | None:
    zero, hour, minute, *rest = m.get("CLOCKLIT")
    return meaning.clock(hour, minute, *rest, ambiguous=not zero)


def part_clock(m: Match) -> Node | None:
    """`下午三点`: the reading within, and the part stays for a night that runs on."""
    found = meaning.within(m.get("PART", "PARTQ"), m.get("CLOCK"))
    return Node("PCLOCK", 0, 0, found) if found is not None else None


def day_part(m: Match) -> tuple[Days, Part] | None:
    if m.has("TODAYPART"):
        offset, part = m.get("TODAYPART")
        days = relative(m.frame, offset, "day")
    else:
        days, part = m.get("DATE"), m.get("PART", "PARTQ")
    return (days, part) if days is not None and days.grain == "day" else None


def on_clock(m: Match) -> Moment | None:
    if m.has("DPART"):
        days, part = m.get("DPART")
        said: Clock = m.get("CLOCK", "PCLOCK")
        if part.noon == "night" and m.has("PCLOCK") and said.readings[0] < 6 * 3600:  # `今晚凌晨一点`
            return meaning.at_clock(days, Clock((said.readings[0] + DAY,), said.certain), m.frame)
        return meaning.at_clock(days, said, m.frame) if m.has("PCLOCK") else add_clock(days, part, said, m.frame)
    return meaning.at_clock(m.get("DATE"), m.get("CLOCK", "PCLOCK"), m.frame)


def clocks(m: Match) -> Any:
    """`下午两点到四点`, `9点至11点半`, `下午2到3点`: what is said of the first half is meant of both."""
    sides = [node for node in m.nodes if node.tag in ("CLOCK", "PCLOCK", "INT", "NUM", "ONE")]
    made = [
        node.value if node.tag in ("CLOCK", "PCLOCK") else meaning.clock(node.value) if isinstance(node.value, int) else None
        for node in sides
    ]
    part = m.get("PART", "PARTQ")
    if part is not None:
        made = [meaning.within(part, side) if side is not None else None for side in made]
    whole = [Clock(tuple(one % 86400 for one in side.readings), side.certain) for side in made if side is not None]
    return meaning.clocks(whole[0], whole[1]) if len(whole) == 2 else None


def part_clocks(m: Match) -> Any:
    days, part = m.get("DPART")
    span: ClockRange = m.get("CRANGE")
    begin, end = span.readings[0]
    if begin is None or end is None:
        return None
    if len(span.readings) > 1:
        inside = [meaning.within(part, Clock((one,))) for one in (begin, end)]
        if inside[0] is None or inside[1] is None:
            return None
        begin, end = inside[0].readings[0], inside[1].readings[0]
    return meaning.at_clocks(days, ClockRange(((begin, end),)), m.frame)


def moments(m: Match) -> Any:
    """From one moment to another: of a clock that may be in either half, the one as written."""
    sides = [node.value for node in m.nodes if node.tag == "MOMENT"]
    starts = sides[0].readings
    for start in starts[:1]:
        later = [one for one in sides[1].readings if one > start]
        if later:
            return MomentRange(((start, min(later)),), sides[0].certain and sides[1].certain)
    return None
