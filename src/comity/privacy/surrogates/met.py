# SPDX-License-Identifier: Apache-2.0
"""What the texts of a conversation held, so that no stand-in is taken from it: a Bloom filter, which never forgets, seldom errs on the
side of having met, keeps no text, and stays as small as it was.
"""

from __future__ import annotations

import re
from zlib import crc32

from comity.privacy.surrogates.index import joins, plain

BYTES = 1 << 17
_BITS = BYTES * 8
_RUN = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"[0-9](?:[ ().+/\-]{0,3}[0-9]){4,}")


def traits(text: str) -> set[str]:
    """What a text that holds a stand-in must have in common with it: its words; of scripts without spaces each two neighbours; and
    long numbers, however they are spaced."""
    read = plain(text)
    out: set[str] = set()
    for run in _RUN.findall(read):
        if run.isascii() or all(map(joins, run)):
            out.add(run)
        else:
            out.update(run[at : at + 2] for at in range(max(1, len(run) - 1)))
    out.update("".join(filter(str.isdigit, number)) for number in _DIGITS.findall(read))
    return out


class Met:
    __slots__ = ("_bits",)

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, text: str) -> None:
        self._bits = self._bits or bytearray(BYTES)
        for trait in traits(text):
            for bit in _places(trait):
                self._bits[bit >> 3] |= 1 << (bit & 7)

    def holds(self, text: str) -> bool:
        """Whether ``text`` may have been in what was added."""
        return bool(self._bits) and all(self._bits[bit >> 3] >> (bit & 7) & 1 for trait in traits(text) for bit in _places(trait))


def _places(trait: str) -> tuple[int, int]:
    said = crc32(trait.encode("utf-8", "surrogatepass"))
    return said % _BITS, said >> 12
