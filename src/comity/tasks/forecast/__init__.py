# SPDX-License-Identifier: Apache-2.0
"""Where a series goes from here, how sure that is, and what in it is odd: on this device, by classical models.

`read` makes points of a file, `forecast` tries several models on the series' own past and uses the one that did best there, `Watch` looks
at values as they come.  Which model, why, how far off it was and what would show it wrong is part of the answer.
"""

from comity.tasks.forecast.ahead import forecast
from comity.tasks.forecast.shapes import Anomaly, Forecast, ForecastAsked, Interval, Point, Season, Step, Tried
from comity.tasks.forecast.table import read
from comity.tasks.forecast.watch import Alert, Watch

__all__ = [
    "Alert",
    "Anomaly",
    "Forecast",
    "ForecastAsked",
    "Interval",
    "Point",
    "Season",
    "Step",
    "Tried",
    "Watch",
    "forecast",
    "read",
]
