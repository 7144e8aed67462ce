# SPDX-License-Identifier: Apache-2.0
"""What repeats, as Chinese says it."""

from __future__ import annotations

from typing import Any

from comity.tasks.entities.calendar import (
    Clock,
    Days,
    Length,
)
from comity.tasks.entities.cascade import Match, Node
from comity.tasks.entities.chinese.amounts import value_of
from comity.tasks.entities.phrases import (
    timed_repeat,
)
from comity.tasks.entities.repeating import Repeat, every


def lunar_every(m: Match) -> Repeat | None:
    month = m.get("LMONTH") or m.get("MONTH", "PERIOD").month
    day = value_of(m)
    if not isinstance(day, int) or not 1 <= day <= 30 or month is None or m.get("OFTEN")[0] != "year":
        return None
    return Repeat("YEARLY", month=month, month_day=day, chinese=True)


_UNIT_OF = {"NIAN": "year", "YUE": "month", "U_SEC": "second", "U_MIN": "minute", "SHI": "hour"}


def every_unit(m: Match) -> Repeat | None:
    """`每两天`, `每隔一周`, `每个周末`, `每小时`."""
    unit = m.get("U")
    if unit is None:
        unit = next((_UNIT_OF[node.tag] for node in m.nodes if node.tag in _UNIT_OF), None)
    count: Any = value_of(m)
    if m.has("DUR"):
        by: Length = m.get("DUR")
        found = [(amount, name) for amount, name in ((by.months, "month"), (by.days, "day"), (by.seconds / 60, "minute")) if amount]
        if len(found) != 1 or found[0][0].denominator != 1:
            return None
        count, unit = int(found[0][0]), found[0][1]
        for size, small, large in ((12, "month", "year"), (7, "day", "week"), (60, "minute", "hour")):
            if unit == small and count % size == 0:
                count, unit = count // size, large
    if m.has("workday"):
        return Repeat("WEEKLY", weekdays=(0, 1, 2, 3, 4))
    if not isinstance(count or 1, int) or unit is None:
        return None
    count = count or 1
    if m.has("skip") and unit not in ("hour", "minute"):
        count += 1
    return every(count, unit)


def weekly(m: Match) -> Repeat | None:
    """`每周一三五`, `每周二和周四`, `每隔一周的周二`."""
    days = set(m.all("WEEKDAY"))
    for node in m.nodes:
        if node.tag in ("INT", "NUM", "ONE"):
            said = m.said[node.start - m.nodes[0].start : node.end - m.nodes[0].start]
            for letter in said:
                place = "一二三四五六日".find(letter) if letter in "一二三四五六日" else "1234567".find(letter)
                if place < 0:
                    return None
                days.add(place)
    if m.has("to", "dash") and len(days) == 2:
        low, high = sorted(days)
        days = set(range(low, high + 1))
    repeat: Repeat | None = m.get("REPEAT")
    if repeat is not None and (repeat.freq != "WEEKLY" or repeat.weekdays):
        return None
    return Repeat("WEEKLY", repeat.interval if repeat is not None else 1, weekdays=tuple(sorted(days)))


def monthly(m: Match) -> Repeat | None:
    """`每月15号`, `每个月最后一个星期五`, `每月第一个周一`, `每月最后一天`."""
    unit, interval = m.get("OFTEN")
    if unit != "month":
        return None
    if m.has("RI"):
        day = value_of(m)
        return Repeat("MONTHLY", interval, month_day=day) if isinstance(day, int) and 1 <= day <= 31 else None
    place = -1 if m.has("last_one") else m.get("ORD")
    if m.has("WEEKDAY"):
        return Repeat("MONTHLY", interval, weekdays=(m.get("WEEKDAY"),), place=place) if -5 <= place <= 5 else None
    return Repeat("MONTHLY", interval, month_day=place) if m.get("U") == "day" and place <= 31 else None


def yearly(m: Match) -> Repeat | None:
    """`每年3月8日`."""
    days: Days = m.get("DATE")
    if m.get("OFTEN")[0] != "year" or days.month is None or days.day is None or days.year is not None:
        return None
    return Repeat("YEARLY", m.get("OFTEN")[1], month=days.month, month_day=days.day)


def often(m: Match) -> Repeat | None:
    unit, count = m.get("OFTEN")
    return every(count, unit)


def timed(m: Match) -> Repeat | None:
    repeat = m.get("REPEAT")
    part = m.get("PART", "PARTQ")
    if repeat is None:
        repeat, part = Repeat("DAILY"), m.get("OFTENPART")
    nodes = [Node("REPEAT", 0, 0, repeat)]
    if part is not None:
        nodes.append(Node("PART", 0, 0, part))
    for node in m.nodes:
        if node.tag in ("CLOCK", "CRANGE"):
            nodes.append(node)
        elif node.tag == "PCLOCK":
            nodes = [nodes[0], node._replace(tag="CLOCK", value=Clock(tuple(one % 86400 for one in node.value.readings)))]
    return timed_repeat(m._replace(nodes=nodes))
