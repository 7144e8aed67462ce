# SPDX-License-Identifier: Apache-2.0
"""Days, weeks and clocks as people mean them, against a moment: pure arithmetic, no language.

What is said of a calendar has readings, the preferred one first: to come before past.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

DAY = 86400
_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12, "decade": 120, "century": 1200}
_DAYS = {"day": 1, "week": 7, "weekend": 7, "workweek": 7, "fortnight": 14}
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}


class Frame(NamedTuple):
    """What a text is read against."""

    at: datetime
    region: str
    language: str

    @property
    def today(self) -> date:
        return self.at.date()


class Days(NamedTuple):
    """A day or a longer stretch of whole days, [start, end).  ``month`` and the rest are what was said of it."""

    readings: tuple[tuple[date, date], ...]
    grain: str = "day"
    certain: bool = True
    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None

    @property
    def start(self) -> date:
        return self.readings[0][0]

    @property
    def end(self) -> date:
        return self.readings[0][1]


class Bounds(NamedTuple):
    """From a day to a day as said, and the days that belong, the last one included."""

    start: date | None
    end: date | None
    first: date | None
    last: date | None


class DayRange(NamedTuple):
    readings: tuple[Bounds, ...]
    certain: bool = True


class Clock(NamedTuple):
    """Seconds from midnight; a whole day or more is the next one.  Two readings: before and after noon."""

    readings: tuple[int, ...]
    certain: bool = True


class Part(NamedTuple):
    """A part of the day in hours, with how a clock within it is read."""

    start: int
    end: int
    noon: str  # am, pm, night, noon


class ClockRange(NamedTuple):
    readings: tuple[tuple[int | None, int | None], ...]
    certain: bool = True


class Moment(NamedTuple):
    readings: tuple[datetime, ...]
    certain: bool = True


class MomentRange(NamedTuple):
    readings: tuple[tuple[datetime | None, datetime | None], ...]
    certain: bool = True


class Length(NamedTuple):
    months: Fraction = Fraction(0)
    days: Fraction = Fraction(0)
    seconds: Fraction = Fraction(0)
    certain: bool = True

    def __neg__(self) -> Length:
        return Length(-self.months, -self.days, -self.seconds, self.certain)

    def plus(self, other: Length) -> Length:
        return Length(self.months + other.months, self.days + other.days, self.seconds + other.seconds, self.certain and other.certain)


def length(amount: Fraction | int, unit: str) -> Length:
    amount = Fraction(amount)
    if unit in _MONTHS:
        return Length(months=amount * _MONTHS[unit])
    if unit in _DAYS:
        return Length(days=amount * _DAYS[unit])
    return Length(seconds=amount * _SECONDS[unit])


def add_months(day: date, months: int) -> date | None:
    """The same day of the month, or its last."""
    count = day.year * 12 + day.month - 1 + months
    if not 12 <= count < 9999 * 12:
        return None
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def moved(day: date, by: Length) -> date | None:
    """By whole months and days."""
    if by.months.denominator != 1:
        whole = by.months.numerator // by.months.denominator
        by = Length(Fraction(whole), by.days + round((by.months - whole) * 30), by.seconds)
    there = add_months(day, int(by.months)) if abs(by.months) < 120_000 else None
    if there is None:
        return None
    try:
        return there + timedelta(int(by.days))
    except OverflowError:
        return None


def moment(day: date, seconds: int, frame: Frame) -> datetime | None:
    """Of the wall clock on that day.  What a change of offset leaves out is read by the offset before it."""
    try:
        said = datetime(day.year, day.month, day.day, tzinfo=frame.at.tzinfo) + timedelta(seconds=seconds)  # by the wall clock
        return said if exists(said) else said.astimezone(UTC).astimezone(frame.at.tzinfo)
    except (OverflowError, ValueError):
        return None


def exists(said: datetime) -> bool:
    return said.astimezone(UTC).astimezone(said.tzinfo).replace(tzinfo=None, fold=0) == said.replace(tzinfo=None, fold=0)


def shown_once(found: datetime, seconds: int) -> bool:
    """The wall clock of that day shows what was said, and does so once: no change of offset leaves it out or repeats it."""
    shown = found.hour * 3600 + found.minute * 60 + found.second == seconds % DAY
    return shown and found.utcoffset() == found.replace(fold=1 - found.fold).utcoffset()


def moved_moment(at: datetime, by: Length) -> datetime | None:
    """Months and days by the wall clock, the rest by what passes."""
    day = moved(at.date(), by._replace(seconds=Fraction(0)))
    if day is None:
        return None
    left = by.days - int(by.days)
    try:
        there = datetime.combine(day, at.timetz())
        return (there.astimezone(UTC) + timedelta(seconds=float(by.seconds + left * DAY))).astimezone(at.tzinfo)
    except (OverflowError, ValueError):
        return None


def period(day: date, unit: str) -> tuple[date, date] | None:
    """The stretch of that unit which ``day`` is in; weeks begin on Monday."""
    if unit in _DAYS:
        monday = day - timedelta(day.weekday())
        first, size = {"day": (day, 1), "weekend": (monday + timedelta(5), 2), "workweek": (monday, 5)}.get(unit, (monday, 7))
        return first, first + timedelta(size)
    size = _MONTHS[unit]
    begin = (day.year * 12 + day.month - 1) // size * size
    start = real(begin // 12, begin % 12 + 1, 1)
    end = add_months(start, size) if start is not None else None
    return (start, end) if start is not None and end is not None else None


def relative(frame: Frame, steps: int, unit: str) -> Days | None:
    """This, the next, the last …: ``steps`` from the one that holds today."""
    base = moved(period(frame.today, unit)[0] if unit in _MONTHS else frame.today, length(steps, unit))  # type: ignore[index]
    found = period(base, unit) if base is not None else None
    if found is None:
        return None
    year, month = found[0].year, found[0].month
    said = {"month": {"year": year, "month": month}, "year": {"year": year}}.get(unit, {})
    return Days((found,), unit, **said)  # type: ignore[arg-type]


def around(frame: Frame, day_of: Iterator[date | None]) -> tuple[tuple[date, date], ...]:
    """From days in order: the first that is not over, then the last one before."""
    past: date | None = None
    for day in day_of:
        if day is None:
            continue
        if day >= frame.today:
            return tuple((one, one + timedelta(1)) for one in (day, past) if one is not None)
        past = day
    return ((past, past + timedelta(1)),) if past is not None else ()


def on(
    frame: Frame, *, year: int | None = None, month: int | None = None, day: int | None = None, weekday: int | None = None
) -> Days | None:
    """What is said of a date, and the years and months that make it one; None where no calendar has it."""
    said = {"year": year, "month": month, "day": day, "weekday": weekday}
    today = frame.today
    certain = True
    readings: tuple[tuple[date, date], ...]
    if day is not None and month is not None:
        if year is not None:
            there = real(year, month, day)
            readings = ((there, there + timedelta(1)),) if there is not None and there < date.max else ()
            certain = weekday is None or (there is not None and there.weekday() == weekday)
        else:
            readings = around(frame, (real(one, month, day) for one in range(max(today.year - 9, 1), min(today.year + 9, 9999))))
            if weekday is not None:
                agreeing = tuple(reading for reading in readings if reading[0].weekday() == weekday)
                certain = bool(agreeing)
                readings = agreeing or readings
    elif day is not None:
        first = today.replace(day=1)
        months = [add_months(first, step) for step in range(-60, 60)]
        readings = around(
            frame,
            (
                found
                for one in months
                if one is not None
                and (found := real(one.year, one.month, day)) is not None
                and (weekday is None or found.weekday() == weekday)
            ),
        )
    elif weekday is not None:
        next_one = today + timedelta((weekday - today.weekday()) % 7)
        readings = around(frame, iter((next_one - timedelta(7), next_one)))
    elif month is not None:
        years = (year,) if year is not None else (today.year - 1, today.year, today.year + 1)
        stretches = [whole for one in years if (first_day := real(one, month, 1)) and (whole := period(first_day, "month"))]
        if year is None:
            ahead = [one for one in stretches if one[1] > today][:1]
            behind = [one for one in stretches if one[1] <= today][-1:]
            stretches = ahead + behind
        return Days(tuple(stretches), "month", year=year, month=month) if stretches else None
    elif year is not None:
        first_of = real(year, 1, 1)
        whole = period(first_of, "year") if first_of is not None else None
        return Days((whole,), "year", year=year) if whole is not None else None
    else:
        return None
    return Days(readings, "day", certain, **said) if readings else None


def nth(start: date, end: date, place: int, weekday: int | None = None) -> date | None:
    """The ``place``-th day, or the ``place``-th of a weekday, in [start, end); from the end when negative."""
    if weekday is None:
        found = start + timedelta(place - 1) if place > 0 else end + timedelta(place)
    elif place > 0:
        found = start + timedelta((weekday - start.weekday()) % 7 + 7 * (place - 1))
    else:
        last = end - timedelta(1)
        found = last - timedelta((last.weekday() - weekday) % 7 + 7 * (-place - 1))
    return found if start <= found < end else None


def full_year(short: int) -> int:
    """`87` and `19` as their writer means them."""
    return short if short >= 100 else short + (2000 if short < 50 else 1900)
