# SPDX-License-Identifier: Apache-2.0
"""How `comity.tasks.forecast` does on public series, beside repeating the season; and what it finds of planted anomalies.

    python -m tests.eval.forecast             the six series
    python -m tests.eval.forecast --tuning    four others, on which anything was chosen
    python -m tests.eval.forecast --odd       planted anomalies, at the threshold that is fixed in the code

From each of eight origins the whole of `forecast` is run on what lay before it, its own choice of model included, and is told nothing else.
MASE: mean absolute error over the mean error of repeating the season inside the same past; the season is the calendar's, for yearly
series 1.  *Better*: how much smaller its MASE, the mean over origins, is than that of repeating the season; *than found*: than that of
repeating the season that `forecast` found, which for sunspots is eleven years and not one.

The series come with statsmodels and river, which the extra `forecast` brings; none is here.  Each file's SHA-256 is checked.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from comity.tasks.forecast import ForecastAsked, Point, Watch, forecast

ORIGINS = 8


class Series(NamedTuple):
    name: str
    file: str  # package and place in it
    sha256: str
    licence: str
    points: Callable[[list[list[str]]], list[Point]]  # of the rows of the file, its titles left off
    season: int
    steps: int
    apart: int


def _monthly(rows: list[list[str]]) -> list[Point]:
    """Weekly values, the mean of each month; the gaps stay."""
    months: dict[str, list[float]] = {}
    for at, value in rows:
        months.setdefault(f"{at[:4]}-{at[4:6]}", []).append(float(value) if value else float("nan"))
    means = {month: np.nanmean(values) if np.isfinite(values).any() else None for month, values in months.items()}
    return [Point(at=month, value=None if mean is None else float(mean)) for month, mean in means.items()]


def _column(at: int, value: int) -> Callable[[list[list[str]]], list[Point]]:
    return lambda rows: [Point(at=row[at].split(".")[0], value=float(row[value])) for row in rows]


def _spelled(rows: list[list[str]]) -> list[Point]:
    """`Jan-1-1995`."""
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return [Point(at=f"{row[0][-4:]}-{months.index(row[0][:3]) + 1:02}", value=float(row[1])) for row in rows]


def _table(rows: list[list[str]]) -> list[Point]:
    return [Point(at=f"{row[0].split('.')[0]}-{month:02}", value=float(row[month])) for row in rows for month in range(1, 13)]


def _quarters(value: int) -> Callable[[list[list[str]]], list[Point]]:
    return lambda rows: [Point(at=f"{float(row[0]):.0f}-Q{float(row[1]):.0f}", value=float(row[value])) for row in rows]


SM, PUBLIC = "statsmodels/datasets", "public domain"
SIX = (
    Series(
        "air passengers",
        "river/datasets/airline-passengers.csv",
        "9082fba0ec8ffba5bfcbdb7ce2a3e3001217a55006b3db8a7d5a175d6c7f3926",
        "BSD-3-Clause (river)",
        _column(0, 1),
        12,
        12,
        6,
    ),
    Series(
        "sunspots",
        f"{SM}/sunspots/sunspots.csv",
        "f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b",
        PUBLIC,
        _column(0, 1),
        1,
        6,
        3,
    ),
    Series("CO2", f"{SM}/co2/co2.csv", "16695fa2786e53414e5a6b54767a3fdf5de99cfbc68617f69d1362d92776a92f", PUBLIC, _monthly, 12, 12, 6),
    Series(
        "Nile", f"{SM}/nile/nile.csv", "88e97bea7249e5832a85e41aec6ce4b8f7b1b14aae930c8363da7f193286b598", PUBLIC, _column(0, 1), 1, 6, 3
    ),
    Series(
        "electrical equipment",
        f"{SM}/elec_equip/elec_equip.csv",
        "fb0e86774484d2c9179374377041600ffd25ea0236aeaf7d293bf2df5ae86369",
        PUBLIC,
        _spelled,
        12,
        12,
        6,
    ),
    Series(
        "El Niño", f"{SM}/elnino/elnino.csv", "b647be00e0fd264be9764e317e6b963f35030014ecca2b21b204521716e463ad", PUBLIC, _table, 12, 12, 6
    ),
)
TUNING = (
    Series(
        "US GDP",
        f"{SM}/macrodata/macrodata.csv",
        "d93c0d3a7a77ef83c3af14e46032bb1d02ae3a512b22ab94159a8ca226fcf708",
        PUBLIC,
        _quarters(2),
        4,
        8,
        4,
    ),
    Series(
        "US unemployment",
        f"{SM}/macrodata/macrodata.csv",
        "d93c0d3a7a77ef83c3af14e46032bb1d02ae3a512b22ab94159a8ca226fcf708",
        PUBLIC,
        _quarters(10),
        4,
        8,
        4,
    ),
    Series(
        "US consumption",
        f"{SM}/macrodata/macrodata.csv",
        "d93c0d3a7a77ef83c3af14e46032bb1d02ae3a512b22ab94159a8ca226fcf708",
        PUBLIC,
        _quarters(3),
        4,
        8,
        4,
    ),
    Series(
        "US inflation",
        f"{SM}/macrodata/macrodata.csv",
        "d93c0d3a7a77ef83c3af14e46032bb1d02ae3a512b22ab94159a8ca226fcf708",
        PUBLIC,
        _quarters(12),
        4,
        8,
        4,
    ),
)


def read(one: Series) -> list[Point]:
    package, _, rest = one.file.partition("/")
    found = importlib.util.find_spec(package)
    assert found is not None and found.origin is not None, f"pip install {package}"
    content = (Path(found.origin).parent / rest).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    assert not one.sha256 or sha256 == one.sha256, f"{one.name}: {one.file} is another than was measured: {sha256}"
    rows = list(csv.reader(content.decode().splitlines()))
    return one.points(rows[1:])


class Judged(NamedTuple):
    own: list[float]
    plain: list[float]
    found: list[float]
    inside: dict[int, list[bool]]
    models: list[str]


def judge(one: Series) -> Judged:
    points = read(one)
    values = np.array([np.nan if point.value is None else point.value for point in points])
    judged = Judged([], [], [], {80: [], 95: []}, [])
    for number in range(ORIGINS):
        origin = len(points) - one.steps - number * one.apart
        found = forecast(ForecastAsked(points=tuple(points[:origin]), horizon=one.steps))
        past, came = values[:origin], values[origin : origin + one.steps]
        filled = np.interp(np.arange(origin), np.flatnonzero(np.isfinite(past)), past[np.isfinite(past)])
        scale = np.abs(filled[one.season :] - filled[: -one.season]).mean()
        judged.own.append(float(np.nanmean(np.abs(np.array([step.value for step in found.steps]) - came)) / scale))
        judged.plain.append(float(np.nanmean(np.abs(np.resize(filled[-one.season :], one.steps) - came)) / scale))
        again = np.resize(filled[-found.season.length :], one.steps)
        judged.found.append(float(np.nanmean(np.abs(again - came)) / scale))
        judged.models.append(found.model)
        for step, value in zip(found.steps, came, strict=True):
            for each in step.intervals:
                if np.isfinite(value):
                    judged.inside[each.level].append(each.low <= value <= each.high)
    return judged


def table(series: tuple[Series, ...]) -> None:
    gains: list[float] = []
    found_gains: list[float] = []
    inside: dict[int, list[bool]] = {80: [], 95: []}
    print(f"{'series':22} {'MASE':>6} {'plain':>6} {'better':>7} {'than found':>10} {'80 %':>6} {'95 %':>6}  models")
    for one in series:
        found = judge(one)
        own, plain = float(np.mean(found.own)), float(np.mean(found.plain))
        gains.append(1 - own / plain)
        found_gains.append(1 - own / float(np.mean(found.found)))
        for level in inside:
            inside[level] += found.inside[level]
        covered = " ".join(f"{np.mean(found.inside[level]):6.1%}" for level in inside)
        models = ", ".join(f"{name} {found.models.count(name)}" for name in sorted(set(found.models), key=found.models.count)[::-1])
        print(f"{one.name:22} {own:6.3f} {plain:6.3f} {gains[-1]:7.1%} {found_gains[-1]:10.1%} {covered}  {models}", flush=True)
    dice = np.random.default_rng(0)
    means = [np.mean(dice.choice(gains, len(gains))) for _ in range(2000)]
    low, high = np.quantile(means, (0.025, 0.975))
    print(f"\nbetter, mean of {len(gains)} series: {np.mean(gains):.1%} [{low:.1%}, {high:.1%}]; worst {min(gains):.1%}")
    print(f"better than repeating the season found: {np.mean(found_gains):.1%}; worst {min(found_gains):.1%}")
    for level, each in inside.items():
        print(f"inside the interval of {level} %: {np.mean(each):.1%} of {len(each)} values")


def odd() -> None:
    """Spikes of 6 standard deviations of the noise in series made by rule; and series without any."""
    hits = wanted = false = quiet = live_hits = live_false = 0
    for seed in range(24):
        dice = np.random.default_rng(seed)
        count, season = 180, (1, 7, 12)[seed % 3]
        noise = dice.normal(0, 1, count)
        level = np.cumsum(dice.normal(0, 0.1, count)) if seed % 2 else 0.03 * np.arange(count)
        values = 50 + level + 5 * np.sin(2 * np.pi * np.arange(count) / season) * (season > 1) + noise
        planted = {int(place) for place in dice.choice(np.arange(60, count), 4 if seed % 4 else 0, replace=False)}
        for place in planted:
            values[place] += dice.choice([-1, 1]) * 6.0
        asked = ForecastAsked(points=tuple(Point(value=float(value)) for value in values), season=season, horizon=6)
        found = {int(each.at) - 1 for each in forecast(asked).anomalies}
        watch = Watch(season=season)
        live = {number for number, value in enumerate(values) if watch.see(float(value)) is not None}
        hits, wanted = hits + len(found & planted), wanted + len(planted)
        false, quiet = false + len(found - planted), quiet + count - len(planted)
        live_hits, live_false = live_hits + len(live & planted), live_false + len(live - planted)
    print(f"whole series: {hits} of {wanted} planted found, {false} of {quiet} others called odd")
    print(f"as they come: {live_hits} of {wanted} planted found, {live_false} of {quiet} others called odd")


def main() -> int:
    said = argparse.ArgumentParser()
    said.add_argument("--tuning", action="store_true")
    said.add_argument("--odd", action="store_true")
    args = said.parse_args()
    if args.odd:
        odd()
    else:
        table(TUNING if args.tuning else SIX)
    return 0


if __name__ == "__main__":
    sys.exit(main())
