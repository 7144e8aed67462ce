# SPDX-License-Identifier: Apache-2.0
"""Where a word's features lie in the reader's tables: MurmurHash64A of the feature, then MurmurHash3 x64_128 of that number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_M = 0xC6A4A7935BD1E995
_64 = (1 << 64) - 1
# Names of its own that the reader's library counts by hand; of them, those that a text may hold, and the shape of a lone capital.
_COUNTED = {"ID": 64, "X": 101, "agent": 401, "cc": 407, "mark": 423, "number": 432, "_": 456}


def feature_hash(text: str) -> int:
    """MurmurHash64A, seed 1."""
    if text in _COUNTED:
        return _COUNTED[text]
    data = text.encode("utf-8", "surrogatepass")
    h = 1 ^ (len(data) * _M & _64)
    whole = len(data) & ~7
    for at in range(0, whole, 8):
        k = int.from_bytes(data[at : at + 8], "little") * _M & _64
        h = (h ^ ((k ^ k >> 47) * _M & _64)) * _M & _64
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * _M & _64
    h = (h ^ h >> 47) * _M & _64
    return h ^ h >> 47


def rows_of(hashes: NDArray[Any], seed: int, rows: int) -> NDArray[Any]:
    """Of each of the ``hashes`` (64 bits), the four rows of a table that it is the sum of.

    A key of 8 bytes has no whole block, only a tail.  Sums and products wrap, as they are meant to.
    """
    import numpy as np

    first = hashes * np.uint64(0x87C37B91114253D5)
    first = (first << np.uint64(31) | first >> np.uint64(33)) * np.uint64(0x4CF5AD432745937F)
    h2 = np.full_like(hashes, seed ^ 8)
    h1 = (first ^ h2) + h2
    h1, h2 = _mixed(h1), _mixed(h1 + h2)
    h1 = h1 + h2
    h2 = h1 + h2
    low, high = np.uint64((1 << 32) - 1), np.uint64(32)
    found: NDArray[Any] = np.stack([h1 & low, h1 >> high, h2 & low, h2 >> high], axis=-1) % np.uint64(rows)
    return found


def _mixed(h: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    half = np.uint64(33)
    h = (h ^ h >> half) * np.uint64(0xFF51AFD7ED558CCD)
    h = (h ^ h >> half) * np.uint64(0xC4CEB9FE1A85EC53)
    mixed: NDArray[Any] = h ^ h >> half
    return mixed
