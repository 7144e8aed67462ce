# SPDX-License-Identifier: Apache-2.0
"""When time alone sets a rule off: every occurrence in a stretch of time, each with a name that no other has.

The name is of the person's own clock and calendar (`2026-11-01T01:30`), not of the instant: an hour that comes twice, when clocks go back or
a person flies west, sets a rule off once.  An hour that does not come, when clocks go forward, is read with the offset before the change
(RFC 5545, 3.3.5): 02:30 rings at 03:30.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

from comity.tasks.assist.plan import Thing
from comity.tasks.automate import sun
from comity.tasks.automate.rule import LOOK, Appointment, Once, Recurring, Sunrise, Sunset, Trigger, Weather, clock, span
from comity.tasks.automate.surroundings import Surroundings

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """``at``: the instant, UTC."""

    at: datetime
    name: str


def instant(day: date, at: time, zone: tzinfo) -> datetime:
    """Of a clock's hour on a day; the first of two, and past a gap by its length."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def occurrences(when: Trigger, since: datetime, until: datetime, around: Surroundings) -> list[Occurrence]:
    """After ``since``, up to and with ``until``, in their order."""
    if isinstance(when, Appointment):
        found = list(_appointments(when, since, until, around))
    else:
        found = list(_by_clock(when, since, until, around))
    return sorted((one for one in found if since < one.at <= until), key=lambda one: (one.at, one.name))


def following(when: Trigger, since: datetime, around: Surroundings, *, days_max: int = 366 * 8 + 3) -> Occurrence | None:
    """The next one after ``since``; None where there is none within eight years, in which any day of the calendar comes."""
    at, step = since, timedelta(days=2)
    end = since + timedelta(days=days_max)
    while at < end:
        found = occurrences(when, at, at + step, around)
        if found:
            return found[0]
        at, step = at + step, min(step * 2, timedelta(days=64))
    return None


def _by_clock(when: Trigger, since: datetime, until: datetime, around: Surroundings) -> Iterator[Occurrence]:
    zone = around.zone()
    first, last = since.astimezone(zone).date() - DAY, until.astimezone(zone).date() + DAY
    if isinstance(when, Once):
        day = date.fromisoformat(when.date)
        if first <= day <= last:
            yield Occurrence(at=instant(day, clock(when.at), zone), name=f"{when.date}T{when.at}")
        return
    if isinstance(when, Recurring):
        hours = _hours(when)
        for day in _days(first, last):
            if _falls(when, day):
                for each in hours:
                    yield Occurrence(at=instant(day, each, zone), name=f"{day}T{each:%H:%M}")
    elif isinstance(when, Weather):
        at = clock(when.at or LOOK)
        for day in _days(first, last):
            yield Occurrence(at=instant(day, at, zone), name=f"{day}T{at:%H:%M}")
    elif isinstance(when, Sunset | Sunrise):
        where = around.position()
        if where is None:
            return
        name = "sunset" if isinstance(when, Sunset) else "sunrise"
        for day in _days(first, last):
            moment = (sun.sunset if isinstance(when, Sunset) else sun.sunrise)(day, where, zone)
            if moment is not None:
                yield Occurrence(at=moment.astimezone(UTC) + (span(when.offset) if when.offset else timedelta(0)), name=f"{day}T{name}")


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += DAY


def _falls(when: Recurring, day: date) -> bool:
    if when.weekdays and day.isoweekday() not in when.weekdays:
        return False
    if when.month is not None and day.month != when.month:
        return False
    if when.day_of_month == -1:
        return (day + DAY).month != day.month
    return when.day_of_month is None or day.day == when.day_of_month


def _hours(when: Recurring) -> list[time]:
    if when.at:
        return [clock(when.at)]
    start, end = clock(when.from_) if when.from_ else time(), clock(when.to) if when.to else None
    base = datetime.combine(date(2001, 1, 1), start)
    last = base.replace(hour=23, minute=59) if end is None else datetime.combine(base.date(), end)
    if last < base:  # past midnight
        last = base.replace(hour=23, minute=59)
        tail = datetime.combine(base.date(), end) if end is not None else base
    else:
        tail = None
    found, at, step = [], base, span(when.every)
    while at <= last:
        found.append(at.time())
        at += step
    if tail is not None:
        at -= DAY
        while at <= tail:
            found.append(at.time())
            at += step
    return found


def _appointments(when: Appointment, since: datetime, until: datetime, around: Surroundings) -> Iterator[Occurrence]:
    before = span(when.before) if when.before else timedelta(0)
    for thing in around.appointments(since + before - DAY, until + before + DAY):
        if thing.start is None or not concerns(when, thing):
            continue
        at = thing.start if when.event == "starts" else thing.start + (thing.duration or HOUR)
        moment = at.astimezone(UTC) - before
        yield Occurrence(at=moment, name=f"{thing.id}@{at.astimezone(UTC):%Y-%m-%dT%H:%M}{when.event[0]}")


def concerns(when: Appointment, thing: Thing) -> bool:
    if when.with_ and when.with_ not in thing.people:
        return False
    return not when.text or any(when.text.casefold() in name.casefold() for name in thing.names)
