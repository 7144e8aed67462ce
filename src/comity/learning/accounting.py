# SPDX-License-Identifier: Apache-2.0
"""What a release costs in (epsilon, delta), by privacy loss distributions (dp-accounting), and how much noise a price buys.

The distributions are of Gaussian noise, rounded up.  What is drawn is the discrete Gaussian, in many dimensions at once, for which none is
known; so what the lattice can add is paid for too.  A Gaussian that is rounded to whole numbers costs no more than one that is not (the
data are whole numbers, so rounding comes after).  For sigma >= 100 a rounded and a discrete Gaussian differ in d dimensions by no more than
    tau = sqrt(d) / (12 sigma**2)        in total variation:
in one dimension their ratio is 1 + (z**2 - 1)/(24 sigma**2) + O(sigma**-4) at z sigma, hence chi-square 2/(24 sigma**2)**2, twice that with
room for the rest; over d dimensions d times as much; and by Pinsker tau <= sqrt(chi-square/2).  Two data sets' answers each move by tau, so
    delta(epsilon) <= delta of the Gaussians(epsilon) + (1 + e**epsilon) * sum of tau.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from comity.errors import CallerError
from comity.learning.extra import needed
from comity.learning.queries import Query

SIGMA_MIN = 100.0
INTERVAL = 1e-3  # of the distributions; their figures are rounded up
EPSILON_MAX = 16.0
_STEP = 1e-3


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """``noise``: sigma over sensitivity."""

    noise: float
    lattice: float


def sigma_of(query: Query, noise: float) -> float:
    return noise * math.sqrt(query.l2_squared)


def price(query: Query, sigma: float) -> Price:
    """Raises CallerError where there is too little noise to be accounted for."""
    if not SIGMA_MIN <= sigma < math.inf:
        raise CallerError(f"a release has noise of {SIGMA_MIN:g} or more", code="learning.noise", hint="the noise follows from epsilon")
    return Price(noise=sigma / math.sqrt(query.l2_squared), lattice=math.sqrt(query.length) / (12 * sigma**2))


def delta(prices: Sequence[Price], epsilon: float) -> float:
    """Of all of them together, at ``epsilon``.  Raises OperatorError without dp-accounting."""
    if not prices:
        return 0.0
    return _delta(_composed(prices), prices, epsilon)


def epsilon(prices: Sequence[Price], delta_max: float) -> float:
    """An epsilon at which all of them together cost no more than ``delta_max``, a thousandth above the least; infinity where there is none
    up to EPSILON_MAX, or where the lattice would take more than half of ``delta_max``."""
    if not prices:
        return 0.0
    loss, room = _composed(prices), delta_max / 2 / math.fsum(each.lattice for each in prices) - 1
    low, high = 0.0, min(EPSILON_MAX, math.log(max(room, 1.0)))
    if _delta(loss, prices, high) > delta_max:
        return math.inf
    while high - low > _STEP:
        middle = (low + high) / 2
        low, high = (low, middle) if _delta(loss, prices, middle) <= delta_max else (middle, high)
    return high


def noise_for(query: Query, epsilon_max: float, delta_max: float) -> float:
    """The least sigma, within a thousandth, of which one release costs no more.  Raises CallerError where none does."""
    low, high = 0.05, 100.0
    while high / low > 1 + _STEP:
        middle = math.sqrt(low * high)
        sigma = sigma_of(query, middle)
        enough = sigma >= SIGMA_MIN and delta([price(query, sigma)], epsilon_max) <= delta_max
        low, high = (low, middle) if enough else (middle, high)
    if high >= 100.0 / (1 + _STEP):
        raise CallerError("no noise makes a release that cheap", code="learning.noise", hint="allow a higher epsilon or delta")
    return sigma_of(query, high)


def _composed(prices: Sequence[Price]) -> Any:
    """Gaussians compose into one whose inverse variances add up (exactly)."""
    pld = needed("dp_accounting.pld.privacy_loss_distribution")
    noise = 1 / math.sqrt(math.fsum(each.noise**-2 for each in prices))
    return pld.from_gaussian_mechanism(noise, value_discretization_interval=INTERVAL, pessimistic_estimate=True)


def _delta(loss: Any, prices: Sequence[Price], at: float) -> float:
    return float(loss.get_delta_for_epsilon(at)) + (1 + math.exp(at)) * math.fsum(each.lattice for each in prices)
