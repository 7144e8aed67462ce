# SPDX-License-Identifier: Apache-2.0
"""Who masks with whom: a ring in random order, each with the nearest on both sides (a Harary graph), and how many that must be.

Bell et al., "Secure Single-Server Aggregation with (Poly)Logarithmic Overhead" (CCS 2020), section 3.  With k neighbours and shares that t
of them make whole, a round is safe for a device unless
    so many of its neighbours are corrupt that two stories told to the honest ones find t each:  corrupt >= 2t - k, or
    everyone on both of its sides is corrupt or gone, so that its masks cancel within a smaller group;
and it can be finished unless fewer than t of a device's neighbours are left.  Each is bounded over all devices.
"""

from __future__ import annotations

from math import comb
from typing import NamedTuple

from comity.errors import CallerError
from comity.ports import Random

CORRUPT_SHARE, GONE_SHARE = 0.05, 0.1
UNSAFE_MAX, UNFINISHED_MAX = 2.0**-40, 2.0**-10
DEVICES_MIN = 3


class Degree(NamedTuple):
    neighbours: int
    threshold: int


def degree(devices: int) -> Degree:
    """The fewest neighbours that keep both bounds, or all others where there are not so many.  Raises CallerError."""
    if devices < DEVICES_MIN:
        raise CallerError(f"a sum is of {DEVICES_MIN} devices or more", code="learning.cohort", hint="wait for more to take part")
    for neighbours in range(8, devices - 1, 2):
        if devices * (CORRUPT_SHARE + GONE_SHARE) ** (neighbours // 2) > UNSAFE_MAX:
            continue
        for threshold in range(neighbours // 2 + 1, neighbours + 1):
            unsafe = _at_least(neighbours, 2 * threshold - neighbours, CORRUPT_SHARE)
            if devices * unsafe <= UNSAFE_MAX:
                if devices * _at_least(neighbours, neighbours - threshold + 1, GONE_SHARE) <= UNFINISHED_MAX:
                    return Degree(neighbours, threshold)
                break
    others = devices - 1
    return Degree(others, min(2 * others // 3 + 1, others))


def ring(devices: list[int], neighbours: int, random: Random) -> dict[int, tuple[int, ...]]:
    """The neighbours of each."""
    keys = random.token(16 * len(devices))
    order = [device for _, device in sorted((keys[16 * at : 16 * at + 16], device) for at, device in enumerate(devices))]
    if neighbours >= len(order) - 1:
        return {device: tuple(other for other in order if other != device) for device in order}
    half, count = neighbours // 2, len(order)
    steps = [*range(-half, 0), *range(1, half + 1)]
    return {device: tuple(order[(at + step) % count] for step in steps) for at, device in enumerate(order)}


def _at_least(count: int, so_many: int, share: float) -> float:
    return sum(comb(count, each) * share**each * (1 - share) ** (count - each) for each in range(max(so_many, 0), count + 1))
