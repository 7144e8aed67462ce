# SPDX-License-Identifier: Apache-2.0
"""A forecast says which model, why, how sure, and what was done to the series; for any series there is one, or a clear refusal."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.tasks.forecast import Forecast, ForecastAsked, Point, forecast
from comity.tasks.forecast.backtest import covered_of, looked_back, origins_of, safely, widths
from comity.tasks.forecast.candidates import PLAIN, candidates, drift, mean, seasonal_naive
from comity.tasks.forecast.season import season_of

np = pytest.importorskip("numpy", reason="needs comity[forecast]")


def of(values: list[float | None], **more: object) -> Forecast:
    return forecast(ForecastAsked(points=tuple(Point(value=value) for value in values), **more))  # type: ignore[arg-type]


def monthly(values: list[float | None]) -> tuple[Point, ...]:
    return tuple(Point(at=f"{2015 + number // 12}-{number % 12 + 1:02}", value=value) for number, value in enumerate(values))


@pytest.fixture(scope="module")
def waves() -> list[float]:
    dice = np.random.default_rng(1)
    return [float(100 + 0.5 * n + 10 * math.sin(2 * math.pi * n / 12) + dice.normal()) for n in range(72)]


@pytest.fixture(scope="module")
def found(waves: list[float]) -> Forecast:
    pytest.importorskip("statsforecast", reason="needs comity[forecast]")
    return forecast(ForecastAsked(points=monthly(waves), horizon=12))


def test_the_next_steps_of_the_calendar_are_told(found: Forecast) -> None:
    assert [step.at for step in found.steps] == [f"2021-{month:02}" for month in range(1, 13)]
    assert (found.every, found.season.length, found.season.found_by) == ("month", 12, "calendar")


def test_it_is_near_what_comes(found: Forecast) -> None:
    came = [100 + 0.5 * n + 10 * math.sin(2 * math.pi * n / 12) for n in range(72, 84)]
    assert max(abs(step.value - value) for step, value in zip(found.steps, came, strict=True)) < 3


def test_it_says_which_model_why_and_what_else_was_tried(found: Forecast) -> None:
    tried = {row.model: row.mase for row in found.tried}
    assert PLAIN in tried and found.model in tried and found.origins >= 3
    assert tried[found.model] == min(each for each in tried.values() if each is not None)
    assert "smaller than that of repeating the season" in found.why and "two such in a row" in found.if_wrong


def test_intervals_hold_one_another_and_never_narrow(found: Forecast) -> None:
    before = 0.0
    for step in found.steps:
        inner, outer = step.intervals
        assert (inner.level, outer.level) == (80, 95)
        assert outer.low <= inner.low <= step.value <= inner.high <= outer.high
        assert outer.high - outer.low >= before - 1e-9
        before = outer.high - outer.low
    assert [each.level for each in found.covered] == [80, 95] and all(0 <= each.share <= 1 for each in found.covered)


def test_gaps_are_filled_for_the_models_and_said(waves: list[float]) -> None:
    holed: list[float | None] = [None if n in (20, 21, 50) else value for n, value in enumerate(waves[:60])]
    made = forecast(ForecastAsked(points=monthly(holed), horizon=3))
    assert any(note.startswith("3 of 60 steps have no value") for note in made.said)


@pytest.mark.parametrize("values", [[7.0], [7.0] * 40, [0.0] * 40, [-3.0, -3.0]])
def test_of_what_never_changes_more_of_the_same_is_told(values: list[float]) -> None:
    made = of(values)  # type: ignore[arg-type]
    assert {step.value for step in made.steps} == {values[0]} and made.model == PLAIN
    assert "every value is the same" in made.said[0] and made.anomalies == ()


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7])
def test_few_values_are_told_to_be_few(count: int) -> None:
    made = of([float(n * n) for n in range(count)], horizon=2)
    assert len(made.steps) == 2 and any("are few" in note for note in made.said)
    assert all(math.isfinite(step.value) for step in made.steps)
    if count < 6:
        assert not any(step.intervals for step in made.steps) and "nothing that comes" in made.if_wrong


def test_a_season_that_was_not_seen_twice_is_not_used() -> None:
    made = of([1.0, 2, 3, 4, 5, 9, 1, 2], season=7, horizon=1)
    assert made.season.length == 1 and any("not been seen twice" in note for note in made.said)


def test_the_season_is_found_in_the_data() -> None:
    wave = np.array([math.sin(2 * math.pi * n / 11) for n in range(120)]) + np.random.default_rng(0).normal(0, 0.2, 120)
    assert season_of(wave, "year", None).length == 11
    assert season_of(np.random.default_rng(0).normal(0, 1, 200), "year", None).length == 1
    assert season_of(np.arange(100.0), "step", None).length == 1
    long = np.sin(2 * np.pi * np.arange(20_000) / 24) + np.random.default_rng(0).normal(0, 0.3, 20_000)
    assert season_of(long, "step", None).length == 24
    assert season_of(wave, "month", None).found_by == "calendar" and season_of(wave[:20], "month", None).length == 1


rough = st.lists(
    st.one_of(
        st.floats(-1e99, 1e99), st.floats(-1e-99, 1e-99), st.integers(-5, 5).map(float), st.sampled_from([0.0, 1e15, -1e15]), st.none()
    ),
    min_size=1,
    max_size=14,
).filter(lambda values: any(value is not None for value in values))


@settings(max_examples=25, deadline=None)
@given(values=rough, horizon=st.integers(1, 20))
def test_any_numbers_have_a_forecast(values: list[float | None], horizon: int) -> None:
    made = of(values, horizon=horizon)
    assert len(made.steps) == horizon and all(math.isfinite(step.value) for step in made.steps)
    assert all(each.low <= step.value <= each.high for step in made.steps for each in step.intervals)


@pytest.mark.parametrize("points", [(), (Point(value=None),), (Point(value=1.0, at="noon"),)])
def test_what_is_no_series_is_refused(points: tuple[Point, ...]) -> None:
    with pytest.raises(CallerError):
        forecast(ForecastAsked(points=points))


# -- its parts --------------------------------------------------------------------------------------------------------


@given(count=st.integers(1, 400), season=st.integers(1, 60), steps=st.integers(1, 80))
def test_an_origin_leaves_what_is_told_of_it_inside_the_series(count: int, season: int, steps: int) -> None:
    origins, told = origins_of(count, season, steps)
    assert not origins or (len(origins) >= 3 and origins == sorted(set(origins)))
    assert all(origin >= 4 and origin + told <= count and 1 <= told <= steps for origin in origins)


@pytest.mark.parametrize("model", [seasonal_naive, drift, mean])
def test_what_a_plain_model_would_have_said_is_what_it_says_from_there(model: object) -> None:
    values = np.random.default_rng(3).normal(0, 1, 40)
    fitted = model(values, 7, 1).fitted  # type: ignore[operator]
    for origin in range(20, 40):
        assert math.isclose(fitted[origin], model(values[:origin], 7, 1).ahead[0], abs_tol=1e-9)  # type: ignore[operator]


def test_a_model_that_fails_or_flies_off_is_not_used() -> None:
    from comity.tasks.forecast.candidates import Told

    def fails(values: object, season: int, steps: int) -> Told:
        raise ZeroDivisionError

    def flies(values: object, season: int, steps: int) -> Told:
        return Told(np.full(steps, 1e9), np.zeros(50))

    values = np.random.default_rng(0).normal(0, 1, 50)
    assert safely(fails, values, 1, 3) is None and safely(flies, values, 1, 3) is None  # type: ignore[arg-type]
    past = looked_back(values, np.ones(50, dtype=bool), 1, 3, {PLAIN: seasonal_naive, "fails": fails})  # type: ignore[dict-item]
    assert {row.model: row.why_not for row in past.tried} == {PLAIN: "", "fails": "it gave no usable answer"}


def test_intervals_hold_as_often_as_they_say() -> None:
    errors = np.random.default_rng(0).normal(0, 1, (400, 6)) * np.sqrt(np.arange(1, 7))
    half = widths(errors[:200], 6, (80, 95))
    assert np.allclose(half[80] / np.sqrt(np.arange(1, 7)), 1.2816, rtol=0.15)
    assert np.allclose(half[95] / np.sqrt(np.arange(1, 7)), 1.96, rtol=0.15)
    assert [round(each.share, 1) for each in covered_of(errors[:40], (80,))] == [0.8]
    assert widths(errors[:1, :3], 3, (95,)) == {}


def test_repeating_the_season_is_always_tried() -> None:
    assert all(PLAIN in candidates(count, season) for count in (1, 3, 50, 5000) for season in (1, 12, 52))
