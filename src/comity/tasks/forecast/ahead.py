# SPDX-License-Identifier: Apache-2.0
"""A forecast: 1 even steps, 2 the season, 3 each model on the past, 4 the best of them ahead, 5 how wide, 6 what was odd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from comity.tasks.forecast.backtest import POINTS_USED_MAX, TOGETHER, Past, chosen_of, covered_of, looked_back, safely, widths
from comity.tasks.forecast.candidates import PLAIN, Model, Told, candidates, seasonal_naive
from comity.tasks.forecast.grid import gridded
from comity.tasks.forecast.odd import anomalies
from comity.tasks.forecast.season import season_of
from comity.tasks.forecast.shapes import Forecast, ForecastAsked, Interval, Season, Step

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HORIZON_LEAST = 6
ODD_POINTS_MAX = 1_000
HORIZON_OWN_MAX = 60


def forecast(asked: ForecastAsked) -> Forecast:
    """Raises CallerError for what is no series, OperatorError where the extra is not installed."""
    import numpy as np

    grid = gridded(asked.points)  # 1
    raw = np.array(grid.values)
    there = np.isfinite(raw)
    values = np.interp(np.arange(len(raw)), np.flatnonzero(there), raw[there])
    unit = float(np.abs(values).max()) or 1.0
    values = values / unit  # so that no model meets numbers that it cannot square
    season = season_of(values, grid.every, asked.season)  # 2
    steps = asked.horizon or max(HORIZON_LEAST, min(season.length, HORIZON_OWN_MAX))
    said = [*grid.said, *_said(values, season, asked)]
    models: Mapping[str, Model] = {PLAIN: seasonal_naive}
    if np.ptp(values) > 1e-12:
        models = candidates(len(values), season.length)
    past = looked_back(values, there, season.length, steps, models)  # 3
    model, told = _ahead(values, season.length, steps, models, past)  # 4
    errors = past.errors.get(model)
    wide = widths(errors, steps, asked.levels) if errors is not None else {}  # 5
    said += [f"too few errors were seen for an interval of {level} %" for level in asked.levels if level not in wide and len(values) > 1]
    rows = tuple(
        Step(
            at=at,
            value=float(told.ahead[number] * unit),
            intervals=tuple(
                Interval(
                    level=level,
                    low=float((told.ahead[number] - half[number]) * unit),
                    high=float((told.ahead[number] + half[number]) * unit),
                )
                for level, half in wide.items()
            ),
        )
        for number, at in enumerate(grid.ahead(steps))
    )
    last = slice(-ODD_POINTS_MAX, None)  # 6
    odd = anomalies(values[last] * unit, there[last], grid.at[last], season.length, _alone(model, past, models))
    return Forecast(
        steps=rows, model=model, why=_why(model, past), if_wrong=_if_wrong(rows), season=season, every=grid.every, tried=past.tried,
        origins=past.origins, covered=covered_of(errors, asked.levels) if errors is not None else (), anomalies=odd, said=tuple(said),
    )  # fmt: skip


def _said(values: Floats, season: Season, asked: ForecastAsked) -> list[str]:
    import numpy as np

    said = []
    if np.ptp(values) <= 1e-12:
        said.append("every value is the same: so is the forecast")
    if len(values) < 12:
        said.append(f"{len(values)} values are few: what is said of them is little more than the last ones on")
    if len(values) > ODD_POINTS_MAX:
        said.append(f"what is odd is looked for in the last {ODD_POINTS_MAX} values")
    if asked.season and season.length != asked.season:
        said.append(f"a season of {asked.season} has not been seen twice: none is used")
    return said


def _ahead(values: Floats, season: int, steps: int, models: Mapping[str, Model], past: Past) -> tuple[str, Told]:
    """The chosen model; where it does not do from here, the next best; repeating the season always does."""
    import numpy as np

    recent = values[-POINTS_USED_MAX:]
    chosen = chosen_of(past)
    ranked = [chosen, *(row.model for row in past.tried if row.mase is not None and row.model != chosen)]
    for name in ranked:
        if name == TOGETHER:
            each = [safely(models[one], recent, season, steps) for one in _three(past)]
            whole = [one for one in each if one is not None]
            if len(whole) == len(each):
                return name, Told(np.mean([one.ahead for one in whole], axis=0), whole[0].fitted)
        elif (told := safely(models[name], recent, season, steps)) is not None:
            return name, told
    return PLAIN, seasonal_naive(recent, season if len(recent) > season else 1, steps)


def _three(past: Past) -> list[str]:
    return [row.model for row in past.tried if row.mase is not None and row.model not in (TOGETHER, PLAIN, "drift", "mean")][:3]


def _alone(model: str, past: Past, models: Mapping[str, Model]) -> Model:
    """The model whose expectations what is odd is told by: of several together, the best."""
    return models[_three(past)[0] if model == TOGETHER else model]


def _why(model: str, past: Past) -> str:
    if not past.errors:
        return "nothing could be tried on so few values: the last ones are repeated"
    sizes = {row.model: row.mase for row in past.tried if row.mase is not None}
    own, plain = sizes[model], sizes.get(PLAIN)
    if model == PLAIN or plain is None:
        return f"from {past.origins} origins in the past nothing did clearly better than repeating the season"
    better = 1 - own / plain if plain else 0.0
    return f"from {past.origins} origins in the past its error was {better:.0%} smaller than that of repeating the season"


def _if_wrong(rows: tuple[Step, ...]) -> str:
    first = rows[0]
    if not first.intervals:
        return f"no interval could be given, so nothing that comes at {first.at} would speak against it"
    widest = first.intervals[-1]
    seldom = round(100 / (100 - widest.level))
    return (
        f"at {first.at} a value below {widest.low:.6g} or above {widest.high:.6g} would be seen once in {seldom} times;"
        " two such in a row, and the model no longer holds: ask again"
    )
