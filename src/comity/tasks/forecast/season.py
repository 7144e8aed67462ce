# SPDX-License-Identifier: Apache-2.0
"""After how many steps a series comes round again: what the calendar suggests, else what the series shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comity.tasks.forecast.shapes import Season

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CALENDAR = {"month": 12, "quarter": 4, "week": 52, "day": 7, "working day": 5, "hour": 24, "minute": 60}
ROUNDS_MIN = 2  # seasons that must have been seen
LIKE_MIN = 0.3  # autocorrelation at the season, the trend taken off
LAG_MAX = 400
NEAR = 0.9


def season_of(values: Floats, every: str, asked: int | None) -> Season:
    """``values``: without gaps."""
    if asked is not None:
        length = asked if len(values) >= ROUNDS_MIN * asked else 1
        return Season(length=length, found_by="given" if length == asked else "none")
    by_calendar = CALENDAR.get(every)
    if by_calendar and len(values) >= ROUNDS_MIN * by_calendar + 1:
        return Season(length=by_calendar, found_by="calendar")
    by_data = _found(values)
    return Season(length=by_data, found_by="data") if by_data > 1 else Season(length=1, found_by="none")


def _found(values: Floats) -> int:
    """The highest peak of the autocorrelation that is no mere neighbour of today."""
    import numpy as np

    count = len(values)
    if count < 12:
        return 1
    slope = np.polyfit(np.arange(count), values, 1)
    rest = values - np.polyval(slope, np.arange(count))
    whole = float(rest @ rest)
    if whole <= 1e-12 * max(float(values @ values), 1e-300):
        return 1
    lags = min(count // (ROUNDS_MIN + 1), LAG_MAX)
    like = [float(rest[lag:] @ rest[:-lag]) / whole for lag in range(1, lags + 2)]
    peaks = [lag for lag in range(2, lags + 1) if like[lag - 1] > like[lag - 2] and like[lag - 1] >= like[lag]]
    highest = max((like[lag - 1] for lag in peaks), default=0.0)
    if highest < max(LIKE_MIN, 2 / count**0.5):
        return 1
    return next(lag for lag in peaks if like[lag - 1] >= NEAR * highest)  # twice a season is one too: the shortest is meant
