# SPDX-License-Identifier: Apache-2.0
"""Shamir's secret sharing (CACM 22, 1979) of 32 bytes over a prime field: `threshold` shares make the secret, fewer say nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comity.ports import Random

PRIME = 2**257 - 93  # above every secret of 32 bytes
SECRET_BYTES, SHARE_BYTES = 32, 33
_DRAW_BYTES = 56  # 190 bits more than the prime has, so that the rest of a division is as good as uniform


def split(secret: bytes, places: Sequence[int], threshold: int, random: Random) -> dict[int, bytes]:
    """A share for each place; places are above zero, each once."""
    drawn = random.token(_DRAW_BYTES * (threshold - 1))
    rest = [int.from_bytes(drawn[at : at + _DRAW_BYTES], "big") % PRIME for at in range(0, len(drawn), _DRAW_BYTES)]
    constant, shares = int.from_bytes(secret, "big"), {}
    for place in places:
        value = 0
        for coefficient in rest:
            value = (value + coefficient) * place % PRIME
        shares[place] = ((value + constant) % PRIME).to_bytes(SHARE_BYTES, "big")
    return shares


def joined(shares: Mapping[int, bytes]) -> bytes:
    """The secret that all of these shares lie on.  Raises ValueError where they make none."""
    secret = 0
    for place, share in shares.items():
        above, below = 1, 1
        for other in shares:
            if other != place:
                above, below = above * other % PRIME, below * (other - place) % PRIME
        secret += int.from_bytes(share, "big") * above * pow(below, -1, PRIME)
    secret %= PRIME
    if secret >= 1 << (8 * SECRET_BYTES):
        raise ValueError("these shares make no secret")
    return secret.to_bytes(SECRET_BYTES, "big")
