# SPDX-License-Identifier: Apache-2.0
"""Where a word's features lie in the reader's tables: MurmurHash64A of the feature, then MurmurHash3 x64_128 of that number."""

from __future__ import annotations

_M = 0xC6A4A7935BD1E995
_64, _32 = (1 << 64) - 1, (1 << 32) - 1
_C = (0x87C37B91114253D5, 0x4CF5AD432745937F)


def feature_hash(text: str) -> int:
    """MurmurHash64A, seed 1."""
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


def rows_of(number: int, seed: int, rows: int) -> list[int]:
    """The four rows of a table that ``number`` is the sum of: a key of 8 bytes has no whole block, only a tail."""
    h1 = h2 = seed
    h1 ^= _rotated(number * _C[0] & _64) * _C[1] & _64
    h1, h2 = h1 ^ 8, h2 ^ 8
    h1 = h1 + h2 & _64
    h2 = h2 + h1 & _64
    h1, h2 = _mixed(h1), _mixed(h2)
    h1 = h1 + h2 & _64
    h2 = h2 + h1 & _64
    return [(h1 & _32) % rows, (h1 >> 32) % rows, (h2 & _32) % rows, (h2 >> 32) % rows]


def _rotated(value: int) -> int:
    return (value << 31 | value >> 33) & _64


def _mixed(h: int) -> int:
    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD & _64
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53 & _64
    return h ^ h >> 33
