# SPDX-License-Identifier: Apache-2.0
"""What is odd is found, in a whole series and as it comes; what is not is left alone."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.tasks.forecast import Alert, Watch
from comity.tasks.forecast.candidates import drift, mean, seasonal_naive
from comity.tasks.forecast.odd import anomalies

np = pytest.importorskip("numpy", reason="needs comity[forecast]")
pytest.importorskip("river", reason="needs comity[forecast]")


def wave(count: int, seed: int = 0) -> object:
    return 50 + 5 * np.sin(2 * np.pi * np.arange(count) / 12) + np.random.default_rng(seed).normal(0, 0.5, count)


def found(values: object, there: object = None, model: object = seasonal_naive) -> list[int]:
    at = [str(number) for number in range(len(values))]  # type: ignore[arg-type]
    there = np.ones(len(at), dtype=bool) if there is None else there
    return [int(each.at) for each in anomalies(values, there, at, 12, model)]  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [-12, 12, 1e6])
def test_a_spike_is_found_and_its_echo_is_not(size: float) -> None:
    values = wave(120)
    values[70] += size  # type: ignore[index]
    assert 70 in found(values) and not {69, 71, 82} & set(found(values))


def test_two_spikes_one_season_apart_are_both_found() -> None:
    values = wave(120)
    values[60] += 12  # type: ignore[index]
    values[72] -= 12  # type: ignore[index]
    assert {60, 72} <= set(found(values)) and not {59, 61, 71, 73, 84} & set(found(values))


def test_nothing_odd_is_found_where_nothing_is() -> None:
    assert sum(len(found(wave(120, seed), model=model)) for seed in range(10) for model in (seasonal_naive, mean)) <= 2
    assert found(np.full(50, 3.0)) == found(np.arange(50.0), model=drift) == found(wave(6)) == []


def test_what_was_filled_in_is_not_odd() -> None:
    values, there = wave(120), np.ones(120, dtype=bool)
    values[70], there[70] = 500, False  # type: ignore[index]
    assert 70 not in found(values, there)


def test_of_what_never_changed_any_change_is_odd() -> None:
    values = np.full(60, 3.0)
    values[40] = 3.1
    assert found(values) == [40]


def alerts(values: object, season: int = 12) -> list[Alert]:
    watch = Watch(season=season)
    return [alert for value in values if (alert := watch.see(value)) is not None]  # type: ignore[attr-defined]


def test_a_value_is_odd_as_it_comes() -> None:
    values = wave(200)
    values[150] += 15  # type: ignore[index]
    odd = alerts(values)
    assert 151 in {alert.number for alert in odd} and len(odd) <= 3
    assert next(alert for alert in odd if alert.number == 151).z > 4


def test_a_new_level_is_said_once_and_then_normal() -> None:
    values = np.r_[np.random.default_rng(0).normal(10, 0.3, 100), np.random.default_rng(1).normal(30, 0.3, 100)]
    odd = alerts(values, season=1)
    shift = [alert for alert in odd if alert.number > 100]
    assert [alert.number for alert in shift][:3] == [101, 102, 103] and shift[2].new_level
    assert len(shift) <= 5


def test_missing_values_are_passed_over_and_counted() -> None:
    watch = Watch()
    assert [watch.see(value) for value in [None, *[1.0, 1.1] * 20]] == [None] * 41
    assert (alert := watch.see(9.0)) is not None and alert.number == 42


@pytest.mark.parametrize("wrong", [{"season": 0}, {"season": 10**9}, {"z": 0.0}, {"z": math.nan}])
def test_what_cannot_be_watched_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(CallerError):
        Watch(**wrong)  # type: ignore[arg-type]
    with pytest.raises(CallerError):
        Watch().see(math.inf)


@given(st.lists(st.none() | st.floats(-1e99, 1e99), max_size=60), st.integers(1, 5))
def test_any_numbers_can_be_watched(values: list[float | None], season: int) -> None:
    watch = Watch(season=season)
    for value in values:
        alert = watch.see(value)
        assert alert is None or (alert.value == value and math.isfinite(alert.z))
