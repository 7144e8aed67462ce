# SPDX-License-Identifier: Apache-2.0
"""What repeats, as English says it."""

from __future__ import annotations

from typing import Any

from comity.tasks.entities.calendar import (
    Days,
    Length,
)
from comity.tasks.entities.cascade import Match, Rule
from comity.tasks.entities.english.days import the_nth, weekdays_away
from comity.tasks.entities.phrases import nobody_knows
from comity.tasks.entities.repeating import Repeat, every


def repeat_on(m: Match) -> Repeat | None:
    """`every year on dec 1`, `monthly on the 15th`, `weekly on Monday`."""
    repeat: Repeat = m.get("REPEAT")
    days: Days | None = m.get("DATE") or the_nth(m)
    if days is None or repeat.weekdays or repeat.month is not None or repeat.month_day is not None or days.year is not None:
        return None
    if repeat.freq == "WEEKLY" and days.weekday is not None and days.day is None:
        return repeat._replace(weekdays=(days.weekday,))
    if repeat.freq == "MONTHLY" and days.day is not None and days.month is None and days.weekday is None:
        return repeat._replace(month_day=days.day)
    if repeat.freq == "YEARLY" and days.day is not None and days.month is not None:
        return repeat._replace(month=days.month, month_day=days.day)
    return None


def every_unit(m: Match) -> Repeat | None:
    unit = m.get("U") or ("quarter" if m.has("quarter") else "second" if m.has("second") and not m.has("WEEKDAY", "U") else "")
    count: Any = 2 if m.has("other") or (m.has("second") and unit != "second") else m.get("INT", "NUM", "ORD") or 1
    if m.has("DUR"):
        by: Length = m.get("DUR")
        return every_length(by)
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


def every_length(by: Length) -> Repeat | None:
    parts = [(by.months, "month"), (by.days, "day"), (by.seconds, "minute")]
    said = [(amount, unit) for amount, unit in parts if amount]
    if len(said) != 1 or said[0][0].denominator != 1:
        return None
    amount, unit = int(said[0][0]), said[0][1]
    for size, of, larger in ((12, "month", "year"), (7, "day", "week"), (3600, "minute", "hour"), (60, "minute", "minute")):
        if unit == of and amount % size == 0:
            return every(amount // size, larger)
    return every(amount, unit) if unit != "minute" else None


def every_date(m: Match) -> Repeat | None:
    """`every March 8th`, `every May`."""
    days: Days = m.get("DATE", "PERIOD")
    if days.year is not None or days.month is None or (days.day is None and days.grain != "month"):
        return None
    return Repeat("YEARLY", month=days.month, month_day=days.day)


def monthly(m: Match) -> Repeat | None:
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


def nth_weekday_monthly(m: Match) -> Repeat | None:
    """`every last Friday of the month`; without an `every` it is one day."""
    place: Any = -1 if m.has("last") else 2 if m.has("second") else m.get("ORD", "DAYORD")
    if m.nodes[-1].value != "month" or not m.has("every") or not isinstance(place, int) or not -5 <= place <= 5:
        return None
    return Repeat("MONTHLY", weekdays=(m.get("WEEKDAY"),), place=place)


def every_between(m: Match) -> Repeat | None:
    """`every Monday to Friday`."""
    first, last = m.all("WEEKDAY")
    return Repeat("WEEKLY", weekdays=tuple(range(first, last + 1))) if first < last else None


def plural_days(m: Match) -> Repeat | None:
    if m.has("weekdays"):
        return Repeat("WEEKLY", 1, weekdays=(0, 1, 2, 3, 4))
    days = tuple(sorted(set(m.all("WEEKDAY", "WEEKDAYS"))))
    unit, count = m.get("OFTEN") or ("week", 1)
    return Repeat("WEEKLY", count, weekdays=days) if unit == "week" else None


def often(m: Match) -> Repeat | None:
    unit, count = m.get("OFTEN")
    return every(count, unit)


def once_a(m: Match) -> Repeat | None:
    return every(1, m.get("U"))


def repeat_rules(n: str) -> list[Rule]:
    return [
        Rule("REPEAT", "every (ORD|DAYORD|second|last) (of|in) the? U", monthly),
        Rule("REPEAT", "OFTEN on? WEEKDAYS ((comma|and|or|slash)+ (WEEKDAYS|WEEKDAY))*", plural_days),
        Rule("REPEAT", "on? weekdays", lambda m: plural_days(m) if m.said.endswith("s") else None),
        Rule("REPEAT", "once DUR", lambda m: every_length(m.get("DUR"))),
        Rule("REPEAT", "every other U", every_unit),
        Rule("REPEAT", f"every ({n}|ORD|second) U", every_unit),
        Rule("REPEAT", "every (DUR|U|quarter|weekdays|second)", every_unit),
        Rule("REPEAT", "every? (the)? (ORD|DAYORD|second|last) WEEKDAY (of|in) (the|every) U", nth_weekday_monthly),
        Rule("REPEAT", "every WEEKDAY (to|dash) WEEKDAY", every_between),
        Rule("DATE", f"{n} (WEEKDAYS|WEEKDAY) (ago|later|from MOMENT)", weekdays_away),
        Rule("UNSURE", f"(every ORD WEEKDAY|{n} WEEKDAYS ago?|(twice|{n} times) DUR)", nobody_knows),
        Rule("UNSURE", f"{n} U", lambda m: nobody_knows(m) if m.get("U") == "weekend" else None),
        Rule("REPEAT", "on? U", lambda m: every(1, "weekend") if m.said.endswith("weekends") else None),
        Rule("REPEAT", "(WEEKDAY|weekdays) PARTNAMES", every_unit),
        Rule("REPEAT", "every (other|second)? (WEEKDAY|WEEKDAYS) ((comma|and|or|slash)+ (WEEKDAY|WEEKDAYS))*", every_unit),
        Rule("REPEAT", "(on)? (the)? (ORD|DAYORD|second|last) (WEEKDAY|U)? (of|in) every other? U", monthly),
        Rule("REPEAT", "OFTEN on the? (ORD|DAYORD|second)", monthly),
        Rule("REPEAT", "every (DATE|PERIOD)", every_date),
        Rule("REPEAT", "every CLOCK", lambda m: Repeat("DAILY", clock=m.get("CLOCK"))),
        Rule("REPEAT", "(on)? WEEKDAYS ((comma|and|or|slash)+ (WEEKDAYS|WEEKDAY))*", plural_days),
        Rule("REPEAT", "OFTEN", often),
        Rule("REPEAT", "once a U", once_a),
        Rule("REPEATPART", "(every PARTNAME|(in|on)? the? PARTNAMES)", lambda m: (Repeat("DAILY"), m.get("PARTNAME", "PARTNAMES"))),
    ]  # fmt: skip
