# SPDX-License-Identifier: Apache-2.0
"""The models that are tried.  The plain ones are here; the rest are statsforecast's, with its own choice of their parameters.

Its AutoARIMA is left out: it takes three to seven times as long as all others together, and each is asked seven times.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from comity.errors import OperatorError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SEASON_MODELLED_MAX = 24  # beyond it the season is taken off first (MSTL)
PLAIN = "seasonal naive"


class Told(NamedTuple):
    """``ahead``: the forecast; ``fitted``: what the model would have said of each value one step before, nan where it could not."""

    ahead: Floats
    fitted: Floats


Model = Callable[["Floats", int, int], Told]
"""(values without gaps, season, steps ahead).  May raise, or give what is not finite: then it did not do."""


def candidates(count: int, season: int) -> dict[str, Model]:
    """By name, for a series of ``count`` values; `seasonal naive` is always among them."""
    made: dict[str, Model] = {PLAIN: seasonal_naive}
    if count >= 3:
        made |= {"drift": drift, "mean": mean}
    if count < max(8, season + 5):
        return made
    if season > SEASON_MODELLED_MAX:
        return made | {"season off, theta": _theirs("MSTL", inner="AutoTheta"), "season off, ETS": _theirs("MSTL", inner="AutoETS")}
    return made | {"ETS": _theirs("AutoETS"), "theta": _theirs("DynamicOptimizedTheta"), "CES": _theirs("AutoCES")}


def seasonal_naive(values: Floats, season: int, steps: int) -> Told:
    """What was one season ago; without a season, what was last."""
    import numpy as np

    fitted = np.full(len(values), np.nan)
    fitted[season:] = values[:-season]
    return Told(np.resize(values[-season:], steps), fitted)


def drift(values: Floats, season: int, steps: int) -> Told:
    """The straight line from the first value to the last, on from there."""
    import numpy as np

    slope = (values[-1] - values[0]) / max(len(values) - 1, 1)
    fitted = np.full(len(values), np.nan)
    past = np.arange(2, len(values))
    fitted[2:] = values[1:-1] + (values[1:-1] - values[0]) / (past - 1)
    return Told(values[-1] + slope * np.arange(1, steps + 1), fitted)


def mean(values: Floats, season: int, steps: int) -> Told:
    import numpy as np

    fitted = np.full(len(values), np.nan)
    fitted[1:] = np.cumsum(values)[:-1] / np.arange(1, len(values))
    return Told(np.full(steps, values.mean()), fitted)


def _theirs(name: str, inner: str = "") -> Model:
    def told(values: Floats, season: int, steps: int) -> Told:
        import numpy as np

        models = statsforecast()
        made = (
            models.MSTL(season_length=season, trend_forecaster=getattr(models, inner)())
            if inner
            else getattr(models, name)(season_length=season)
        )
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = made.forecast(y=values, h=steps, fitted=True)
        return Told(np.asarray(found["mean"], dtype=np.float64), np.asarray(found["fitted"], dtype=np.float64))

    return told


def statsforecast() -> Any:
    """Its models.  Raises OperatorError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import statsforecast.models
    except ModuleNotFoundError:
        raise OperatorError("forecasting needs statsforecast", code="extra.absent", hint="pip install 'comity[forecast]'") from None
    return statsforecast.models
