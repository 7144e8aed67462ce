# SPDX-License-Identifier: Apache-2.0
"""What in a series lies too far from what the model expected one step before.  The threshold is fixed beforehand, not found in the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from comity.tasks.forecast.backtest import safely
from comity.tasks.forecast.candidates import Model
from comity.tasks.forecast.shapes import Anomaly

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Z = 4.0  # robust standard deviations; of normal values one in 16,000 lies beyond
POINTS_MIN = 12
ROUNDS = 3
Z_TOLD_MAX = 999.0
MAD = 1.4826  # of a normal distribution: the standard deviation over the median distance
_SMALL = 1e-9


def anomalies(values: Floats, there: NDArray[np.bool_], at: Sequence[str], season: int, model: Model) -> tuple[Anomaly, ...]:
    """Judged again with what was odd replaced by what was expected: an outlier must not make its neighbours look odd, nor itself normal."""
    import numpy as np

    if len(values) < POINTS_MIN:
        return ()
    clean = values.copy()
    odd = np.zeros(len(values), dtype=bool)
    fitted = zs = np.full(len(values), np.nan)
    for _ in range(ROUNDS):
        told = safely(model, clean, season, 1)
        if told is None:
            return ()
        fitted = told.fitted
        zs = _robust(values - fitted, clean - fitted, float(np.abs(values).max()))
        far = there & (np.abs(zs) >= Z)
        peaks = far & _tallest(np.abs(zs))
        if (peaks | odd == odd).all():
            break
        odd |= peaks
        clean = np.where(odd, fitted, values)
    return tuple(
        Anomaly(
            at=at[number],
            value=float(values[number]),
            expected=float(fitted[number]),
            z=float(np.clip(zs[number], -Z_TOLD_MAX, Z_TOLD_MAX)),
        )
        for number in map(int, np.flatnonzero(odd & (np.abs(zs) >= Z)))
    )


def _robust(rest: Floats, clean: Floats, size: float) -> Floats:
    """``clean``: what centre and spread are taken from."""
    import numpy as np

    there = clean[np.isfinite(clean)]
    if len(there) < POINTS_MIN // 2:
        return np.zeros(len(rest))
    centre = float(np.median(there))
    spread = MAD * float(np.median(np.abs(there - centre)))
    spread = max(spread, _SMALL * max(size, _SMALL))
    return np.nan_to_num((rest - centre) / spread, nan=0.0)


def _tallest(sizes: Floats) -> NDArray[np.bool_]:
    """Of neighbours that are all odd, the one that is most: the rest may be its echo."""
    import numpy as np

    before, after = np.r_[-np.inf, sizes[:-1]], np.r_[sizes[1:], -np.inf]
    tallest: NDArray[np.bool_] = (sizes >= before) & (sizes >= after)
    return tallest
