# SPDX-License-Identifier: Apache-2.0
"""What noise costs: never less than what is known exactly, and no noise but OpenDP's."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np
import pytest

from comity.errors import CallerError, OperatorError
from comity.learning import accounting
from comity.learning.noise import noised
from comity.learning.queries import SCALE, Histogram

QUERY = Histogram(name="hours", pipeline="p", field="hour", edges=(6.0, 12.0, 18.0), clip=4, each_max=1)


def exact_delta(noise: float, epsilon: float) -> float:
    """Of Gaussian noise (Balle and Wang 2018, theorem 8)."""
    phi = lambda at: math.erfc(-at / math.sqrt(2)) / 2  # noqa: E731
    return phi(1 / (2 * noise) - epsilon * noise) - math.exp(epsilon) * phi(-1 / (2 * noise) - epsilon * noise)


@pytest.mark.parametrize("epsilon", [0.5, 4.0, 8.0])
def test_the_noise_for_a_price_is_enough_and_hardly_more(epsilon: float) -> None:
    sigma = accounting.noise_for(QUERY, epsilon, 1e-6)
    price = accounting.price(QUERY, sigma)
    assert exact_delta(price.noise, epsilon) <= accounting.delta([price], epsilon) <= 1e-6
    assert exact_delta(price.noise * 0.99, epsilon) > 1e-6
    assert accounting.epsilon([price], 1e-6) == pytest.approx(epsilon, abs=0.005)


def test_two_releases_cost_what_a_release_with_half_the_variance_does() -> None:
    price = accounting.price(QUERY, 2 * SCALE * 2.0)
    once = accounting.price(QUERY, 2 * SCALE * 2.0 / math.sqrt(2))
    assert accounting.epsilon([price, price], 1e-6) == pytest.approx(accounting.epsilon([once], 1e-6), abs=0.002)
    assert accounting.epsilon([], 1e-6) == 0.0
    assert accounting.epsilon([price] * 100, 1e-6) == math.inf


@pytest.mark.parametrize("sigma", [100.0, 1000.0])
def test_the_lattice_adds_no_more_than_is_charged(sigma: float) -> None:
    """Chi-square between a rounded and a discrete Gaussian, summed over 12 sigma, against what Pinsker's inequality is given."""
    at = np.arange(-12 * int(sigma), 12 * int(sigma) + 1)
    edges = np.array([math.erf(each / sigma / math.sqrt(2)) for each in np.append(at - 0.5, at[-1] + 0.5)])
    rounded, discrete = np.diff(edges) / 2, np.exp(-(at**2) / (2 * sigma**2))
    discrete /= discrete.sum()
    far = discrete > 1e-12  # beyond, the differences of `erf` are rounding
    chi_square = float(((rounded - discrete)[far] ** 2 / discrete[far]).sum())
    assert math.sqrt(chi_square / 2) <= 1 / (12 * sigma**2)


def test_the_noise_has_the_deviation_asked_for_and_is_of_whole_numbers() -> None:
    total = np.full(4000, 2**64 - 5, dtype=np.uint64)  # minus five: a sum is read as signed
    found = noised(total, 1000.0)
    assert found.dtype == np.int64
    assert abs(float(found.mean()) + 5) < 100
    assert 930 < float(found.std()) < 1070


def test_too_little_noise_is_refused() -> None:
    with pytest.raises(CallerError) as raised:
        accounting.price(QUERY, 99.0)
    assert raised.value.code == "learning.noise"
    with pytest.raises(CallerError):
        accounting.noise_for(QUERY, 1e-9, 1e-300)


@pytest.mark.parametrize("module", ["opendp.prelude", "dp_accounting.pld.privacy_loss_distribution"])
def test_without_the_extra_there_is_an_error_and_no_noise_of_ours(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str, *_: Any) -> Any:
        if name == module:
            raise ModuleNotFoundError(name)
        return importlib.import_module(name)

    monkeypatch.setattr("comity.learning.extra.import_module", gone)
    with pytest.raises(OperatorError) as raised:
        noised(np.zeros(2, dtype=np.uint64), 1e6)
        accounting.epsilon([accounting.price(QUERY, 1e6)], 1e-6)
    assert raised.value.code == "extra.absent" and "comity[learning]" in raised.value.hint
