# SPDX-License-Identifier: Apache-2.0
"""Points in whatever order, with gaps and at odd times, as values at even steps; and what had to be done for it, said.

Months, quarters and years are steps of the calendar, not of so many seconds.  Five days a week are every step of a working week.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from comity.errors import CallerError
from comity.tasks.forecast.shapes import POINTS_MAX, Point

EVEN_MIN = 0.8  # of the distances that must be whole steps, else the series is averaged
VALUE_MAX = 1e100
_FORMS = (
    re.compile(r"(?P<year>\d{4})"),
    re.compile(r"(?P<year>\d{4})[-/. ]?[Qq](?P<quarter>[1-4])"),
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})"),
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"),
)
_DAY = 86_400
_MONTHS = {1: "month", 3: "quarter", 12: "year"}
_SECONDS = {60: "minute", 3_600: "hour", _DAY: "day", 7 * _DAY: "week"}
_BUCKETS = (60, 3_600, _DAY, 7 * _DAY)


class Grid(NamedTuple):
    """``values``: nan where missing; ``every``: name of the step; ``ahead``: the times after the last one."""

    values: list[float]
    at: list[str]
    every: str
    said: tuple[str, ...]
    months: int  # of a step, or 0
    seconds: int  # of a step, or 0
    last: datetime | None

    def ahead(self, count: int) -> list[str]:
        if self.last is None:
            return [str(len(self.values) + number) for number in range(1, count + 1)]
        out: list[str] = []
        moment = self.last
        for number in range(1, count + 1):
            if self.months:
                moment = _months_on(self.last, number * self.months)
            else:
                moment += timedelta(seconds=self.seconds)
                while self.every == "working day" and moment.weekday() > 4:
                    moment += timedelta(days=1)
            out.append(_written(moment, self.every))
        return out


def gridded(points: Sequence[Point]) -> Grid:
    """Raises CallerError where a time cannot be read, or nothing has a value."""
    if not any(point.value is not None for point in points):
        raise CallerError("the series has no value", hint="a number on each line, or `date,value`", field="points")
    if any(point.value is not None and not abs(point.value) <= VALUE_MAX for point in points):
        raise CallerError("a value of the series is not a finite number", hint="leave out what is missing", field="points")
    if len({bool(point.at) for point in points}) > 1:
        raise CallerError("some points have a time and some have none", hint="all or none", field="points")
    if not points[0].at:
        values = [math.nan if point.value is None else point.value for point in points]
        return _trimmed(values, [str(number) for number in range(1, len(values) + 1)], "step", [], 0, 0, None)
    return _timed(points)


def _timed(points: Sequence[Point]) -> Grid:
    said: list[str] = []
    by_time: dict[datetime, list[float]] = {}
    for point in points:
        by_time.setdefault(moment_of(point.at), []).append(math.nan if point.value is None else point.value)
    twice = sum(len(values) > 1 for values in by_time.values())
    if twice:
        said.append(f"{twice} times stand more than once: their mean is used")
    times = sorted(by_time)
    values = {at: _mean(by_time[at]) for at in times}
    if len(times) == 1:
        return _trimmed([values[times[0]]], [_written(times[0], "day")], "day", said, 0, _DAY, times[0])
    if months := _months_of(times):
        return _laid(values, times, months, 0, said)
    return _laid(*_by_seconds(values, times, said), said)


def _by_seconds(
    values: dict[datetime, float], times: list[datetime], said: list[str]
) -> tuple[dict[datetime, float], list[datetime], int, int]:
    apart = [round((b - a).total_seconds()) for a, b in pairwise(times)]
    step = max(Counter(apart).items(), key=lambda pair: (pair[1], -pair[0]))[0]
    even = sum(gap % step == 0 for gap in apart) / len(apart) if step else 0.0
    if even >= EVEN_MIN and sum(apart) / step < 20 * len(times):
        odd = [at for at in times if round((at - times[0]).total_seconds()) % step]
        if odd:
            said.append(f"{len(odd)} points lie between the steps: they are left out")
        return {at: value for at, value in values.items() if at not in set(odd)}, [at for at in times if at not in set(odd)], 0, step
    middle = sorted(apart)[len(apart) // 2]
    bucket = next((size for size in _BUCKETS if size >= middle), _BUCKETS[-1])
    said.append(f"the times are uneven: averaged by {_SECONDS[bucket]}")
    gathered: dict[datetime, list[float]] = {}
    for at in times:
        start = datetime.fromtimestamp(math.floor(at.timestamp() / bucket) * bucket, UTC)
        gathered.setdefault(start, []).append(values[at])
    averaged = {at: _mean(each) for at, each in gathered.items()}
    return averaged, sorted(averaged), 0, bucket


def _laid(values: dict[datetime, float], times: list[datetime], months: int, seconds: int, said: list[str]) -> Grid:
    every = _MONTHS.get(months, f"{months} months") if months else _SECONDS.get(seconds, f"{seconds} s")
    working = seconds == _DAY and len(times) >= 10 and all(at.weekday() < 5 for at in times)
    every = "working day" if working else every
    months_there = {_month(at) // months: at for at in times} if months else {}
    count = (_month(times[-1]) - _month(times[0])) // months + 1 if months else round((times[-1] - times[0]).total_seconds()) // seconds + 1
    if count > POINTS_MAX:
        raise CallerError(
            f"the series would have {count} steps, more than {POINTS_MAX}", hint="a shorter one, or wider steps", field="points"
        )
    out: list[float] = []
    at_text: list[str] = []
    for number in range(count):
        if months:
            key = _month(times[0]) // months + number
            moment = months_there.get(key, _months_on(times[0], number * months))
        else:
            moment = times[0] + timedelta(seconds=number * seconds)
            if working and moment.weekday() > 4:
                continue
        out.append(values.get(moment, math.nan))
        at_text.append(_written(moment, every))
    return _trimmed(out, at_text, every, said, months, seconds, times[-1])


def _trimmed(values: list[float], at: list[str], every: str, said: list[str], months: int, seconds: int, last: datetime | None) -> Grid:
    """Missing values at the start are no part of the series; what is missing inside is counted."""
    first = next(number for number, value in enumerate(values) if not math.isnan(value))
    values, at = values[first:], at[first:]
    missing = sum(map(math.isnan, values))
    if missing:
        said.append(f"{missing} of {len(values)} steps have no value: filled in between for the models, left out of their errors")
    return Grid(values, at, every, tuple(said), months, seconds, last)


def moment_of(text: str) -> datetime:
    """A time without an offset is taken as it stands.  Raises CallerError."""
    said = text.strip()
    try:
        for form in _FORMS:
            if found := form.fullmatch(said):
                named = {name: int(value) for name, value in found.groupdict().items()}
                month = named.get("month", 3 * named["quarter"] - 2 if "quarter" in named else 1)
                return datetime(named["year"], month, named.get("day", 1), tzinfo=UTC)
        moment = datetime.fromisoformat(said)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CallerError(
            f"`{said[:40]}` is not a time", hint="2026, 2026-11, 2026-Q4, 2026-11-27 or 2026-11-27T09:00", field="at"
        ) from error


def _months_of(times: list[datetime]) -> int:
    """Months from step to step, where all are the same day of the month, or its last."""
    at_ends = all((at + timedelta(days=1)).day == 1 for at in times)
    if not at_ends and len({(at.day, at.hour, at.minute, at.second) for at in times}) > 1:
        return 0
    apart = [_month(b) - _month(a) for a, b in pairwise(times)]
    return math.gcd(*apart) if all(apart) else 0


def _month(at: datetime) -> int:
    return at.year * 12 + at.month - 1


def _months_on(at: datetime, months: int) -> datetime:
    """The last day of a month stays the last."""
    year, month = divmod(_month(at) + months, 12)
    if year > 9_998:
        raise CallerError("the forecast would reach beyond the year 9998", hint="a shorter horizon", field="horizon")
    last = (datetime(year + month // 11, (month + 1) % 12 + 1, 1, tzinfo=UTC) - timedelta(days=1)).day
    at_end = (at + timedelta(days=1)).day == 1 and at.day > 27
    return at.replace(year=year, month=month + 1, day=last if at_end else min(at.day, last))


def _written(at: datetime, every: str) -> str:
    if every == "year":
        return f"{at.year:04}"
    if every == "quarter":
        return f"{at.year:04}-Q{(at.month + 2) // 3}"
    if every == "month" or every.endswith("months"):
        return f"{at.year:04}-{at.month:02}"
    return f"{at:%Y-%m-%d}" if every in ("day", "week", "working day") else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _mean(values: Sequence[float]) -> float:
    there = [value for value in values if not math.isnan(value)]
    return sum(there) / len(there) if there else math.nan
