# SPDX-License-Identifier: Apache-2.0
"""Values as they come: each is held to what was expected before it was seen.  Keeps no value, only what a model has learnt of them."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from comity.errors import CallerError, OperatorError
from comity.tasks.forecast.odd import MAD, Z
from comity.tasks.forecast.shapes import SEASON_MAX

SEEN_MIN = 12
WINDOW = 40  # distances from which the spread is taken
LEVEL, TREND, ROUND = 0.2, 0.1, 0.3  # how much a value moves each; chosen on series made by rule, of other seeds than are reported
NEW_LEVEL = 3  # that many in a row on one side are not odd but how it is now


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    number: int  # of the value, from 1
    value: float
    expected: float
    z: float
    new_level: bool = False  # it has been like this for a while: taken as normal from here on


class Watch:
    """``season``: steps until it comes round again, 1 for never; ``z``: the threshold.  Not for two threads at once."""

    def __init__(self, *, season: int = 1, z: float = Z) -> None:
        """Raises CallerError, and OperatorError where the extra is not installed."""
        if not 1 <= season <= SEASON_MAX or not z > 0:
            raise CallerError(f"`season` is from 1 to {SEASON_MAX}, `z` above 0", field="season")
        self._river: Any = _river()
        self._season, self._z = season, z
        self._new()
        self._number = 0

    def _new(self) -> None:
        self._model: Any = self._river.time_series.HoltWinters(
            alpha=LEVEL, beta=TREND, gamma=ROUND if self._season > 1 else None, seasonality=self._season if self._season > 1 else 0
        )
        self._spread: Any = self._river.stats.RollingQuantile(0.5, window_size=WINDOW)
        self._seen, self._side, self._row = 0, 0, 0

    def see(self, value: float | None) -> Alert | None:
        """None where nothing is odd, the value is missing, or too few were seen.  Raises CallerError for what is no number."""
        self._number += 1
        if value is None:
            return None
        if not math.isfinite(value):
            raise CallerError("a value is not a finite number", hint="leave out what is missing", field="value")
        self._seen += 1
        if self._seen <= max(2, 2 * self._season):
            self._model.learn_one(value)
            return None
        expected = float(self._model.forecast(1)[0])
        if not math.isfinite(expected):
            self._new()
            return None
        off = value - expected
        spread = max(MAD * float(self._spread.get() or 0.0), 1e-9 * max(abs(value), abs(expected), 1e-9))
        if self._seen <= SEEN_MIN + 2 * self._season or abs(off) < self._z * spread:
            self._row = 0
            self._learn(value, off)
            return None
        side = 1 if off > 0 else -1
        self._row, self._side = (self._row + 1 if side == self._side else 1), side
        z = max(-999.0, min(999.0, off / spread))
        if self._row >= NEW_LEVEL:
            number = self._number
            self._new()
            self._number = number
            self._seen = 1
            self._model.learn_one(value)
            return Alert(number=number, value=value, expected=expected, z=z, new_level=True)
        self._learn(expected, None)  # one odd value must not move what is expected of the next
        return Alert(number=self._number, value=value, expected=expected, z=z)

    def _learn(self, value: float, off: float | None) -> None:
        self._model.learn_one(value)
        if off is not None:
            self._spread.update(abs(off))


def _river() -> Any:
    try:
        import river.stats
        import river.time_series
    except ModuleNotFoundError:
        raise OperatorError("watching a series needs river", code="extra.absent", hint="pip install 'comity[forecast]'") from None
    return river
