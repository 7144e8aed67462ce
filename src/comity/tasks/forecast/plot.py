# SPDX-License-Identifier: Apache-2.0
"""A picture of a forecast: what was, what is expected, how sure, and what was odd."""

from __future__ import annotations

import io

from comity.errors import OperatorError
from comity.tasks.forecast.grid import gridded
from comity.tasks.forecast.shapes import Forecast, Point

SHOWN_MAX = 400
_ERROR = "pictures need matplotlib"


def picture(points: tuple[Point, ...], found: Forecast, *, kind: str = "png") -> bytes:
    """``kind``: png or svg.  Raises OperatorError where the extra is not installed."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise OperatorError(_ERROR, code="extra.absent", hint="pip install 'comity[plots]'") from None
    grid = gridded(points)
    values, at = grid.values[-SHOWN_MAX:], grid.at[-SHOWN_MAX:]
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    ahead = range(len(values), len(values) + len(found.steps))
    for number, share in enumerate(sorted((each.level for each in found.steps[0].intervals), reverse=True)):
        bounds = [next(each for each in step.intervals if each.level == share) for step in found.steps]
        lows, highs = [each.low for each in bounds], [each.high for each in bounds]
        axes.fill_between(ahead, lows, highs, alpha=0.2 + 0.15 * number, color="tab:blue", linewidth=0, label=f"{share} %")
    axes.plot(range(len(values)), values, color="black", linewidth=1.2, label="seen")
    axes.plot(ahead, [step.value for step in found.steps], color="tab:blue", linewidth=1.6, label=found.model)
    odd = {each.at for each in found.anomalies}
    marked = [number for number, each in enumerate(at) if each in odd]
    if marked:
        axes.scatter(marked, [values[number] for number in marked], color="tab:red", zorder=3, label="odd")
    times = [*at, *(step.at for step in found.steps)]
    places = [round(number * (len(times) - 1) / 8) for number in range(9)] if len(times) > 9 else list(range(len(times)))
    axes.set_xticks(places, [times[place] for place in places], fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    out = io.BytesIO()
    figure.savefig(out, format=kind, dpi=120, metadata={"Software": None} if kind == "png" else {"Date": None})
    return out.getvalue()
