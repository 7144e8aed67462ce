# SPDX-License-Identifier: Apache-2.0
"""Each model on the series' own past: told from several origins, as it would have been then, and held to what came.

The errors of the one that is used make the intervals, so they hold for whatever is wrong with it too (split conformal prediction).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

from comity.errors import OperatorError
from comity.tasks.forecast.candidates import PLAIN, Model, Told
from comity.tasks.forecast.shapes import Covered, Tried

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ORIGINS_MIN, ORIGINS, ORIGINS_MAX = 3, 6, 12
ERRORS_WANTED = 36  # so that there is an interval of 95 %
POINTS_USED_MAX = 400  # of the past, from each origin
BETTER_MIN = 0.02  # that another must be better than repeating the season to be used instead
FAR = 3.0  # times the range of the past that a forecast may lie outside it
TOGETHER = "mean of the best three"


class Past(NamedTuple):
    """``errors``: of each model that did, origins x steps, nan where nothing came; ``scale``: mean error of repeating the season."""

    tried: tuple[Tried, ...]
    errors: Mapping[str, Floats]
    scale: float
    origins: int


def origins_of(count: int, season: int, steps: int) -> tuple[list[int], int]:
    """Where the past ends for each, the last last; and how far each is told.  Empty where there is too little."""
    least = max(season + 3, 4) if count > season + 8 else 4
    told = min(steps, max(1, (count - least) // 3))
    wide = count - least - told
    if wide < ORIGINS_MIN - 1:
        return [], 0
    number = min(wide + 1, max(ORIGINS, min(ORIGINS_MAX, -(-ERRORS_WANTED // told))))
    apart = max(1, min(told, wide // (number - 1)))
    return [count - told - apart * place for place in reversed(range(number))], told


def looked_back(values: Floats, there: NDArray[np.bool_], season: int, steps: int, models: Mapping[str, Model]) -> Past:
    """``there``: False where a value was filled in, and so tells nothing."""
    import numpy as np

    origins, told = origins_of(len(values), season, steps)
    scale = scale_of(values, season)
    if not origins:
        return Past(tuple(Tried(model=name, why_not="too few values to try it") for name in models), {}, scale, 0)
    errors: dict[str, Floats] = {}
    failed: dict[str, str] = {}
    for name, model in models.items():
        rows = np.full((len(origins), told), np.nan)
        for number, origin in enumerate(origins):
            answer = safely(model, values[max(0, origin - POINTS_USED_MAX) : origin], season, told)
            if answer is None:
                failed[name] = "it gave no usable answer"
                break
            ahead = slice(origin, origin + told)
            rows[number] = np.where(there[ahead], answer.ahead - values[ahead], np.nan)
        else:
            errors[name] = rows
    best = sorted((name for name in errors if name not in (PLAIN, "drift", "mean")), key=lambda name: _size(errors[name]))[:3]
    if len(best) == 3:
        errors[TOGETHER] = np.mean([errors[name] for name in best], axis=0)
    rows_told = tuple(Tried(model=name, mase=_size(each) / scale) for name, each in sorted(errors.items(), key=lambda pair: _size(pair[1])))
    return Past(rows_told + tuple(Tried(model=name, why_not=why) for name, why in failed.items()), errors, scale, len(origins))


def safely(model: Model, values: Floats, season: int, steps: int) -> Told | None:
    """None where the model fails, or says what no series of this kind does."""
    import numpy as np

    try:
        told = model(values, season if len(values) > 2 * season else 1, steps)
    except OperatorError:
        raise
    except Exception:  # noqa: BLE001 - a library's, on a series that it was not made for: statsforecast raises bare ones
        return None
    low, high = float(values.min()), float(values.max())
    room = FAR * max(high - low, 1e-9 * max(abs(low), abs(high)))
    inside = np.isfinite(told.ahead) & (told.ahead >= low - room) & (told.ahead <= high + room)
    return told if len(told.ahead) == steps and bool(inside.all()) else None


def scale_of(values: Floats, season: int) -> float:
    """How far off repeating the season is, on the mean; 1 where it never is, so that errors are in the series' own units."""
    import numpy as np

    lag = season if len(values) > season else 1
    found = float(np.abs(values[lag:] - values[:-lag]).mean()) if len(values) > lag else 0.0
    return found if found > 1e-12 * max(float(np.abs(values).max()), 1e-300) else 1.0


def chosen_of(past: Past) -> str:
    """The best, where it is clearly better than repeating the season."""
    sizes = {name: _size(errors) for name, errors in past.errors.items()}
    if not sizes:
        return PLAIN
    best = min(sizes, key=lambda name: (sizes[name], name))
    plain = sizes.get(PLAIN, math.inf)
    return best if sizes[best] < (1 - BETTER_MIN) * plain else PLAIN


def _size(errors: Floats) -> float:
    import numpy as np

    return float(np.nanmean(np.abs(errors))) if np.isfinite(errors).any() else math.inf


def widths(errors: Floats, steps: int, levels: tuple[int, ...]) -> dict[int, Floats]:
    """Of each level, half the width at each step ahead; empty where there are too few errors to say.

    Errors grow with the distance: each is taken in units of the mean size at its own, and the widths are a quantile of all of them.
    Those of one origin go together, so a few origins know less than so many errors would: Student's factor for that many makes it up."""
    import numpy as np

    sizes = _grown(errors, steps)
    scores = np.abs(errors) / sizes[: errors.shape[1]]
    scores = np.sort(scores[np.isfinite(scores)])
    out: dict[int, Floats] = {}
    for level in levels:
        place = math.ceil((len(scores) + 1) * level / 100)
        if place <= len(scores):
            out[level] = scores[place - 1] * sizes * _for_few(len(errors), level)
    return out


def _for_few(origins: int, level: int) -> float:
    """By how much a prediction from so many draws is wider than one from very many (Student's t by its expansion in 1 / freedom)."""
    normal = NormalDist().inv_cdf(0.5 + level / 200)
    free = max(origins - 1, 2)
    student = normal + (normal**3 + normal) / (4 * free) + (5 * normal**5 + 16 * normal**3 + 3 * normal) / (96 * free**2)
    return student / normal * math.sqrt(1 + 1 / origins)


def _grown(errors: Floats, steps: int) -> Floats:
    """The typical size of an error at each distance: never less further ahead, on by the square root where nothing was told so far."""
    import numpy as np

    there = np.isfinite(errors)
    sums, counts = np.where(there, np.abs(errors), 0.0).sum(axis=0), there.sum(axis=0)
    overall = float(sums.sum() / max(counts.sum(), 1))
    own = (sums + 3 * overall) / (counts + 3)  # a few origins say little of one distance alone
    own = np.maximum.accumulate(np.maximum(own, 1e-300))
    told = len(own)
    beyond = own[-1] * np.sqrt(np.arange(told + 1, steps + 1) / told)
    return np.concatenate([own, beyond])[:steps] if steps > told else own[:steps]


def covered_of(errors: Floats, levels: tuple[int, ...]) -> tuple[Covered, ...]:
    """Each origin held to widths made of the others."""
    import numpy as np

    out: list[Covered] = []
    for level in levels:
        inside = of = 0
        for number in range(len(errors)):
            made = widths(np.delete(errors, number, axis=0), errors.shape[1], (level,))
            if level in made:
                there = np.isfinite(errors[number])
                inside += int((np.abs(errors[number][there]) <= made[level][there]).sum())
                of += int(there.sum())
        if of:
            out.append(Covered(level=level, share=inside / of, of=of))
    return tuple(out)
