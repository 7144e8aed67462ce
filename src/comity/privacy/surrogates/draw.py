# SPDX-License-Identifier: Apache-2.0
"""Choices that look random and repeat: a keyed hash of what is chosen for, so that nobody without the key can follow them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

KEY_BYTES = 32
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Draw:
    """One run of choices, told from others by ``label``."""

    __slots__ = ("_at", "_block", "_count", "_seed")

    def __init__(self, key: bytes, *label: object) -> None:
        said = b"".join(len(part).to_bytes(4, "big") + part for part in (str(each).encode("utf-8", "surrogatepass") for each in label))
        self._seed = hashlib.blake2b(said, key=key, digest_size=32).digest()
        self._block, self._at, self._count = b"", 0, 0

    def below(self, limit: int) -> int:
        """0 to ``limit`` - 1; ``limit`` is small beside 2**32, so the odds are even."""
        if self._at == len(self._block):
            self._block = hashlib.blake2b(self._count.to_bytes(8, "big"), key=self._seed).digest()
            self._at, self._count = 0, self._count + 1
        self._at += 4
        return int.from_bytes(self._block[self._at - 4 : self._at], "big") % limit

    def pick(self, choices: Sequence[str]) -> str:
        return choices[self.below(len(choices))]

    def digits(self, size: int) -> str:
        return "".join(str(self.below(10)) for _ in range(size))

    def word(self, size: int) -> str:
        """Syllables: read easily, and no word of any language but by accident."""
        return "".join(self.pick("aeiou" if place % 2 else "bdfgjkmnprtvz") for place in range(size))
