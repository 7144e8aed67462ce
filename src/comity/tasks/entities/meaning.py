# SPDX-License-Identifier: Apache-2.0
"""What phrases come to when they stand together: a day and a clock, from one to another, so long before or after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from comity.tasks.entities.calendar import (
    DAY,
    Bounds,
    Clock,
    ClockRange,
    DayRange,
    Days,
    Frame,
    Length,
    Moment,
    MomentRange,
    Part,
    moment,
    moved,
    moved_moment,
    nth,
    on,
    period,
    shown_once,
)

HALF = DAY // 2


def one_day(there: date | None, **said: Any) -> Days | None:
    return Days(((there, there + timedelta(1)),), "day", **said) if there is not None and there < date.max else None


def clock(hour: int, minute: int = 0, second: int = 0, *, ambiguous: bool = True) -> Clock | None:
    """An hour of 1 to 12 alone may be of either half of the day; `00:30`, `05:10` with its zero and `14:05` are what they are."""
    if not (hour <= 24 and minute < 60 and second < 60) or (hour == 24 and minute + second):
        return None
    seconds = hour * 3600 + minute * 60 + second
    if not ambiguous or hour > 12 or hour == 0:
        return Clock((seconds,))
    return Clock((seconds, (seconds + HALF) % DAY), certain=False)


def within(part: Part, said: Clock) -> Clock | None:
    """`6 in the evening`, `半夜两点`: the reading that lies there."""
    seconds = said.readings[0]
    hour = seconds // 3600
    if hour > 12 or (hour == 12 and part.noon == "noon"):
        return Clock((seconds,))
    if part.noon == "am":
        return Clock((seconds % HALF,)) if hour == 12 else Clock((seconds,))
    if part.noon == "noon":
        return Clock((seconds if hour >= 10 else seconds + HALF,))
    if part.noon == "pm":
        return Clock((seconds if hour == 12 else seconds + HALF,))
    if hour == 12 or hour < 5:  # the night that begins on this day
        return Clock((seconds % HALF + DAY,))
    return Clock((seconds + HALF,))


def at_clock(days: Days, said: Clock, frame: Frame) -> Moment | None:
    """A wall clock on a day; by day rather than by night where both are meant."""
    if days.grain != "day":
        return None
    times = sorted(said.readings, key=lambda seconds: not 7 * 3600 <= seconds < 19 * 3600) if len(said.readings) > 1 else said.readings
    found = tuple(one for seconds in times for start, _ in days.readings if (one := moment(start, seconds, frame)) is not None)
    if len(said.readings) > 1 and days.start == frame.today:  # today: what is still to come, if any is
        found = tuple(sorted(found, key=lambda one: one < frame.at)) if any(one >= frame.at for one in found) else found
    once = bool(found) and any(shown_once(found[0], seconds) for seconds in times)
    return Moment(found, days.certain and said.certain and once) if found else None


def soonest(said: Clock, frame: Frame) -> Clock:
    """Of a clock alone, what comes next."""
    if len(said.readings) == 1:
        return said
    now = frame.at.hour * 3600 + frame.at.minute * 60 + frame.at.second
    return said._replace(readings=tuple(sorted(said.readings, key=lambda seconds: (seconds - now) % DAY)))


def at_part(days_part: tuple[Days, Part], frame: Frame) -> MomentRange | None:
    days, part = days_part
    if days.grain != "day":
        return None
    found = tuple((moment(start, part.start * 3600, frame), moment(start, part.end * 3600, frame)) for start, _ in days.readings)
    return MomentRange(found, days.certain) if found and all(one is not None for pair in found for one in pair) else None


def at_clocks(days: Days, said: ClockRange, frame: Frame) -> MomentRange | None:
    """From a clock to a clock on a day; an end before the start is on the next."""
    if days.grain != "day":
        return None
    found: list[tuple[datetime | None, datetime | None]] = []
    for begin, end in said.readings:
        later = DAY if begin is not None and end is not None and end <= begin else 0
        for start, _ in days.readings:
            pair = (
                moment(start, begin, frame) if begin is not None else None,
                moment(start, end + later, frame) if end is not None else None,
            )
            if pair != (None, None):
                found.append(pair)
    return MomentRange(tuple(found), days.certain and said.certain) if found else None


def clocks(one: Clock, other: Clock) -> ClockRange:
    """`2 to 4 pm`: a half of the day said of one is meant of both, so far as that puts the end after the start."""
    starts, ends = one.readings, other.readings
    if len(starts) > 1 and len(ends) == 1:
        nearest = min(starts, key=lambda start: (ends[0] - start - 1) % DAY)
        return ClockRange(((nearest, ends[0]),))
    if len(starts) == 1 and len(ends) > 1:
        nearest = min(ends, key=lambda end: (end - starts[0] - 1) % DAY)
        return ClockRange(((starts[0], nearest),))
    if len(starts) == 1:
        return ClockRange(((starts[0], ends[0]),))
    pairs = []
    for start in starts:
        pairs.append((start, min(ends, key=lambda end: (end - start - 1) % DAY)))
    return ClockRange(tuple(pairs), certain=False)


def last_of(days: Days) -> date:
    return days.end - timedelta(1)


def between(one: Days, other: Days, frame: Frame, *, same: bool = True) -> DayRange | None:
    """From one to the other, both included.  What only one of them says, a month or a year, is meant of both."""
    fixed = one
    if same and one.day is not None and one.month is None and other.month is not None and other.day is not None:
        fixed = on(frame, year=other.year, month=other.month, day=one.day) or one
    if same and fixed.year is None and other.year is not None and fixed.month is not None:
        guess = on(frame, year=other.year, month=fixed.month, day=fixed.day)
        if guess is not None and guess.start > other.start:
            guess = on(frame, year=other.year - 1, month=fixed.month, day=fixed.day)
        fixed = guess or fixed
    if fixed.grain == "quarter" and fixed.year is None and other.year is not None:  # `Q1 through Q3 2018`
        whole = period(fixed.start.replace(year=other.year), "quarter")
        fixed = fixed._replace(readings=(whole,) if whole is not None else ())
    found: list[Bounds] = []
    for start, _ in fixed.readings:
        end = _first_from(start, fixed, other, frame)
        if end is not None:
            begin = one.end if one.grain == "end" else start
            bound = end[1] if other.grain == "end" else end[0]
            found.append(Bounds(begin, bound, begin, bound - timedelta(1) if other.grain in ("start", "end") else end[1] - timedelta(1)))
    going_on = [bounds for bounds in found if bounds.first <= frame.today <= bounds.last]  # type: ignore[operator]
    return DayRange(tuple(going_on or found), one.certain and other.certain) if found else None


def _first_from(start: date, one: Days, other: Days, frame: Frame) -> tuple[date, date] | None:
    """Of what the end may be, the first that begins after ``start``."""
    opened = len(other.readings) > 1  # `next Friday` is one day, wherever the range begins
    if opened and other.year is None and (other.month is not None or other.day is not None or other.weekday is not None):
        there = frame._replace(at=frame.at.replace(year=start.year, month=start.month, day=start.day))
        again = on(there, month=other.month, day=other.day, weekday=other.weekday)
        if again is not None:
            candidates = [reading for reading in again.readings if reading[0] > start]
            if not candidates and again.day is None and again.month is not None:  # the same month a year later
                return None
            if candidates:
                return min(candidates)
    later = [reading for reading in other.readings if reading[0] >= start]
    return min(later) if later else None


def open_range(kind: str, days: Days) -> DayRange:
    """`before`, `until`, `since`, `after` some days."""
    found = []
    for start, end in days.readings:
        last = end - timedelta(1)
        if days.grain in ("start", "end"):  # the moment is meant where it begins, or is over
            start = end = start if days.grain == "start" else end
        if kind == "before":
            found.append(Bounds(None, start, None, start - timedelta(1)))
        elif kind == "until":
            found.append(Bounds(None, start if days.grain == "day" else end, None, last))
        elif kind == "since":
            found.append(Bounds(start, None, start, None))
        else:  # of a day it is the day itself that is named, of longer stretches what follows
            found.append(Bounds(start if days.grain == "day" else end, None, end, None))
    return DayRange(tuple(found), days.certain)


def shifted(by: Length, anchor: Days | Moment, frame: Frame) -> Days | Moment | None:
    """So long after (or before) a day or a moment."""
    if isinstance(anchor, Moment):
        found = tuple(there for one in anchor.readings if (there := moved_moment(one, by)) is not None)
        return Moment(found, anchor.certain) if found else None
    if by.seconds or by.days.denominator != 1:
        return None
    day = moved(anchor.start, by)
    return one_day(day)


def from_now(by: Length, frame: Frame) -> Days | Moment | None:
    """Days and longer are days; hours and shorter are moments."""
    if by.seconds or by.days.denominator != 1:
        later = moved_moment(frame.at, by)
        return Moment((later,), by.certain) if later is not None else None
    day = moved(frame.today, by)
    found_day = one_day(day)
    return found_day._replace(certain=by.certain) if found_day is not None else None


def coming(by: Length, frame: Frame, *, past: bool = False) -> DayRange | MomentRange | None:
    """The next (or the last) so many days or hours: whole days from tomorrow, or up to today."""
    if by.seconds or by.days.denominator != 1:
        there = moved_moment(frame.at, -by if past else by)
        pair = (there, frame.at) if past else (frame.at, there)
        return MomentRange((pair,), by.certain) if there is not None else None
    begin = moved(frame.today, -by if past else Length(days=Fraction(1)))
    end = frame.today if past or begin is None else moved(begin, by)
    if begin is None or end is None or not begin < end:
        return None
    return DayRange((Bounds(begin, end, begin, end - timedelta(1)),), by.certain)


def lasting(start: Days | Moment | Clock, by: Length) -> DayRange | MomentRange | ClockRange | None:
    """Beginning there, for so long."""
    if isinstance(start, Clock):
        if by.months or by.days:
            return None
        return ClockRange(tuple((one, (one + int(by.seconds)) % DAY) for one in start.readings), start.certain)
    if isinstance(start, Moment):
        pairs = tuple((one, there) for one in start.readings if (there := moved_moment(one, by)) is not None)
        return MomentRange(pairs, start.certain) if pairs else None
    if by.seconds:
        return None
    ends = [(begin, end) for begin, _ in start.readings if (end := moved(begin, by)) is not None and begin < end]
    return DayRange(tuple(Bounds(begin, end, begin, end - timedelta(1)) for begin, end in ends), start.certain) if ends else None


def inside(days: Days, change: Callable[[date, date], tuple[date, date] | None], grain: str = "day") -> Days | None:
    """A stretch within each reading of a longer one."""
    found = tuple(new for start, end in days.readings if (new := change(start, end)) is not None)
    return Days(found, grain, days.certain) if found else None


def nth_day(days: Days, place: int, weekday: int | None = None) -> Days | None:
    def change(start: date, end: date) -> tuple[date, date] | None:
        found = nth(start, end, place, weekday)
        return (found, found + timedelta(1)) if found is not None else None

    return inside(days, change) if days.grain != "day" else None


def nth_unit(days: Days, place: int, unit: str) -> Days | None:
    """The third week of a month (by ISO: the one that holds its Thursday), the second quarter of a year, the last month."""
    if unit == "day":
        return nth_day(days, place)

    def change(start: date, end: date) -> tuple[date, date] | None:
        if unit in ("week", "weekend", "workweek"):
            thursday = nth(start, end, place, 3)
            if unit == "weekend":
                thursday = nth(start, end, place, 5)
            return period(thursday, unit) if thursday is not None else None
        first = period(start, unit)
        if first is None:
            return None
        whole = [first]
        while whole[-1][1] < end and len(whole) < 100:
            whole.append(period(whole[-1][1], unit) or whole[-1])
        return whole[place - 1 if place > 0 else place] if abs(place) <= len(whole) and place else None

    found = inside(days, change, unit)
    if found is not None and unit == "month":
        return found._replace(year=found.start.year, month=found.start.month)
    return found


def third(days: Days, which: str) -> Days | None:
    """The beginning, middle or end of it: thirds, of a year by months, of a month by ten days."""

    def change(start: date, end: date) -> tuple[date, date] | None:
        if days.grain == "year":
            cuts = [start, date(start.year, 5, 1), date(start.year, 9, 1), end]
        elif days.grain == "month":
            cuts = [start, start + timedelta(10), start + timedelta(20), end]
        else:
            size = (end - start) / 3
            cuts = [start, start + size, start + size * 2, end]
        if days.grain == "week":
            cuts = [start, start + timedelta(2), start + timedelta(4), end]
        place = {"start": 0, "mid": 1, "end": 2}[which]
        return cuts[place], cuts[place + 1]

    found = inside(days, change, which)
    return (
        found._replace(certain=False)
        if found is not None and days.grain in ("week", "year", "month", "quarter", "decade", "century")
        else None
    )


def half_of(days: Days, late: bool, *, certain: bool = True) -> Days | None:
    """Earlier or later in it, cut in the middle: of a year on the first of July."""

    def change(start: date, end: date) -> tuple[date, date] | None:
        middle = date(start.year, 7, 1) if days.grain == "year" else start + timedelta((end - start).days // 2)
        return (middle, end) if late else (start, middle)

    found = inside(days, change, "part")
    return found._replace(certain=found.certain and certain) if found is not None else None
