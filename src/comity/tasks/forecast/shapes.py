# SPDX-License-Identifier: Apache-2.0
"""What is asked of a forecast and what it gives back: the same in Python, over HTTP and on the command line."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

POINTS_MAX = 100_000
HORIZON_MAX = 1_000
SEASON_MAX = 10_000


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Point(Shape, frozen=True, kw_only=True):
    """``at``: `2026`, `2026-11`, `2026-Q4`, `2026-11-27` or `2026-11-27T09:00`, with an offset or without; "" where only the order is
    known, then of every point.  ``value``: None where it is missing."""

    value: float | None
    at: Annotated[str, msgspec.Meta(max_length=64)] = ""


class ForecastAsked(Shape, frozen=True, kw_only=True):
    """``horizon``: steps ahead, else one season, at least 6; ``season``: steps until it comes round again, 1 for never, else found."""

    points: Annotated[tuple[Point, ...], msgspec.Meta(max_length=POINTS_MAX)]
    horizon: Annotated[int, msgspec.Meta(ge=1, le=HORIZON_MAX)] | None = None
    season: Annotated[int, msgspec.Meta(ge=1, le=SEASON_MAX)] | None = None
    levels: Annotated[tuple[Annotated[int, msgspec.Meta(ge=50, le=99)], ...], msgspec.Meta(max_length=4)] = (80, 95)


class Interval(Shape, frozen=True, kw_only=True):
    level: int  # percent
    low: float
    high: float


class Step(Shape, frozen=True, kw_only=True):
    at: str
    value: float
    intervals: tuple[Interval, ...] = ()


class Tried(Shape, frozen=True, kw_only=True):
    """One model on the series' own past.  ``mase``: its mean error in units of what repeating the season is off by; None: ``why_not``."""

    model: str
    mase: float | None = None
    why_not: str = ""


class Season(Shape, frozen=True, kw_only=True):
    length: int  # steps; 1: none
    found_by: Literal["given", "calendar", "data", "none"]


class Anomaly(Shape, frozen=True, kw_only=True):
    """``z``: how many robust standard deviations (1.4826 times the median distance) it lies from what the model expected."""

    at: str
    value: float
    expected: float
    z: float


class Covered(Shape, frozen=True, kw_only=True):
    """Of the values of the back-test, what share lay in an interval made without the origin that they were told from."""

    level: int
    share: float
    of: int


class Forecast(Shape, frozen=True, kw_only=True):
    steps: tuple[Step, ...]
    model: str
    why: str
    if_wrong: str  # what would show that the model no longer holds
    season: Season
    every: str  # the step: `month`, `day`, `3600 s` …
    tried: tuple[Tried, ...] = ()
    origins: int = 0  # of the back-test
    covered: tuple[Covered, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    said: tuple[str, ...] = ()  # what was done to the series, and what could not be done
