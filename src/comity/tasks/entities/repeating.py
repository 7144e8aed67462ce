# SPDX-License-Identifier: Apache-2.0
"""What repeats: rules of RFC 5545, in the Chinese calendar by RFC 7529, and when such a rule next comes."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from comity.tasks.entities import lunar
from comity.tasks.entities.calendar import Clock, Frame, Length, moment, moved_moment, nth

CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_YEARS = 9  # February 29 comes within them


class Repeat(NamedTuple):
    """``weekdays`` of a week, or the ``place``-th of a month or year; ``month_days`` of months, -1 the last."""

    freq: str
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    place: int = 0
    month: int | None = None
    month_day: int | None = None
    clock: Clock | None = None
    chinese: bool = False
    lasting: Length | None = None

    def rule(self) -> str:
        said = "RSCALE=CHINESE;" if self.chinese else ""
        said += f"FREQ={self.freq}"
        if self.interval > 1:
            said += f";INTERVAL={self.interval}"
        if self.month is not None:
            said += f";BYMONTH={self.month}"
        if self.month_day is not None:
            said += f";BYMONTHDAY={self.month_day}"
        if self.weekdays:
            said += ";BYDAY=" + ",".join(f"{self.place or ''}{CODES[one]}" for one in self.weekdays)
        if self.clock is not None:
            seconds = self.clock.readings[0]
            said += f";BYHOUR={seconds // 3600};BYMINUTE={seconds % 3600 // 60}"
            said += f";BYSECOND={seconds % 60}" if seconds % 60 else ""
        return said

    def on(self, day: date) -> bool:
        """Whether it may be on that day, its interval left aside."""
        if self.chinese:
            found = lunar.from_gregorian(day)
            if found is None or found[3]:
                return False
            month, place = found[1], found[2]
            return (self.month in (None, month)) and (self.month_day in (None, place) or (self.month_day == -1 and self._last(found)))
        if self.month is not None and day.month != self.month:
            return False
        if self.month_day is not None:
            return day.day == self.month_day or (self.month_day == -1 and day.day == monthrange(day.year, day.month)[1])
        if self.weekdays and self.place:
            first = day.replace(day=1)
            behind = first + timedelta(monthrange(day.year, day.month)[1])
            return any(nth(first, behind, self.place, one) == day for one in self.weekdays)
        return not self.weekdays or day.weekday() in self.weekdays

    @staticmethod
    def _last(found: tuple[int, int, int, bool]) -> bool:
        year, month, day, _ = found
        return lunar.to_gregorian(year, month, day + 1) is None

    def first(self, frame: Frame) -> date | datetime | None:
        """The first time that is not over; of an interval alone (`every two hours`) one interval from now."""
        if self.freq in ("HOURLY", "MINUTELY"):
            return moved_moment(frame.at, Length(seconds=Fraction(self.interval * (3600 if self.freq == "HOURLY" else 60))))
        for ahead in range(366 * _YEARS):
            try:
                day = frame.today + timedelta(ahead)
            except OverflowError:
                return None
            if not self.on(day):
                continue
            if self.clock is None:
                return day
            found = moment(day, self.clock.readings[0], frame)
            if found is not None and found >= frame.at:
                return found
        return None


_FREQ = {"minute": "MINUTELY", "hour": "HOURLY", "day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}


def every(interval: int, unit: str) -> Repeat | None:
    """Every so many of a unit."""
    if not 1 <= interval <= 1000:
        return None
    if unit == "weekend":
        return Repeat("WEEKLY", interval, weekdays=(5, 6))
    factor = {"fortnight": ("week", 2), "quarter": ("month", 3), "half": ("month", 6), "decade": ("year", 10), "night": ("day", 1)}
    unit, times = factor.get(unit, (unit, 1))
    return Repeat(_FREQ[unit], interval * times) if unit in _FREQ else None
