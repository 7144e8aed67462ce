# SPDX-License-Identifier: Apache-2.0
"""Sunrise, sunset and whether it is dark, at a place on the Earth.

After J. Meeus, *Astronomical Algorithms* (2nd ed., 1998), chapters 7, 12, 15 and 25 in low accuracy: the Sun's place to 0.01°, so a rise or
set to well within a minute between the polar circles.  The Sun rises and sets when its centre is 50′ below the horizon (34′ of refraction,
16′ of its half-breadth, chapter 15); height above the sea and the weather are not looked at.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from comity.tasks.shapes import Shape

RISE_DEG = -50 / 60
_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


class Position(Shape, frozen=True, kw_only=True):
    """Degrees: north and east are positive."""

    latitude: float
    longitude: float


def altitude(at: datetime, where: Position) -> float:
    """Of the Sun's centre above the horizon, in degrees, without refraction."""
    days = (at - _J2000) / timedelta(days=1)
    centuries = days / 36525
    mean = math.radians(357.52911 + centuries * (35999.05029 - 0.0001537 * centuries))
    centre = (1.914602 - 0.004817 * centuries) * math.sin(mean) + 0.019993 * math.sin(2 * mean) + 0.000289 * math.sin(3 * mean)
    node = math.radians(125.04 - 1934.136 * centuries)
    longitude = math.radians(280.46646 + 36000.76983 * centuries + centre - 0.00569 - 0.00478 * math.sin(node))
    tilt = math.radians(23.439291 - 0.0130042 * centuries + 0.00256 * math.cos(node))
    ascension = math.atan2(math.cos(tilt) * math.sin(longitude), math.cos(longitude))
    declination = math.asin(math.sin(tilt) * math.sin(longitude))
    sidereal = math.radians(280.46061837 + 360.98564736629 * days + where.longitude)
    latitude = math.radians(where.latitude)
    hour = sidereal - ascension
    height = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(hour)
    return math.degrees(math.asin(max(-1.0, min(1.0, height))))


def dark(at: datetime, where: Position) -> bool:
    """Between sunset and sunrise; all day in a polar night, never in a polar day."""
    return altitude(at, where) < RISE_DEG


def sunrise(day: date, where: Position, zone: tzinfo) -> datetime | None:
    """On that day of ``zone``, to the second; None where the Sun does not rise."""
    return _crossing(day, where, zone, up=True)


def sunset(day: date, where: Position, zone: tzinfo) -> datetime | None:
    return _crossing(day, where, zone, up=False)


@lru_cache(4096)
def _crossing(day: date, where: Position, zone: tzinfo, *, up: bool) -> datetime | None:
    """Each quarter of an hour is looked at, and the one it falls in halved: no formula that fails near the poles."""
    at = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    step = timedelta(minutes=15)
    before = altitude(at, where) >= RISE_DEG
    while at < end:
        later = min(at + step, end)
        after = altitude(later, where) >= RISE_DEG
        if before != after and after == up:
            return _halved(at, later, where, up).astimezone(zone)
        at, before = later, after
    return None


def _halved(low: datetime, high: datetime, where: Position, up: bool) -> datetime:
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if (altitude(middle, where) >= RISE_DEG) == up:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)
