# SPDX-License-Identifier: Apache-2.0
"""How a published log lies in files: C2SP tlog-tiles.  Pure.

A tile holds up to 256 hashes of one level: at level 0 of leaves, above of the full tiles below.  A bundle holds the entries of a tile of
level 0.  A full one never changes; one that is not full has its width in its name, and another width is another file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from comity.transparency.merkle import HASH_BYTES, Frontier, leaf_hash, node_hash

WIDTH = 256
HEIGHT = 8
ENTRY_BYTES_MAX = 65_535
ENTRIES = -1
"""The level that bundles are said to be of."""
CHECKPOINT = "checkpoint"
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class Tile(NamedTuple):
    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        digits = str(self.number)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([*("x" + part for part in parts[:-1]), parts[-1]])
        end = f".p/{self.width}" if self.width < WIDTH else ""
        return f"tile/{'entries' if self.level == ENTRIES else self.level}/{number}{end}"

    @property
    def full(self) -> Tile:
        return self._replace(width=WIDTH)


def parse_path(path: str) -> Tile:
    """Raises ValueError for what is no tile's one name."""
    found = _PATH.fullmatch(path)
    if found is None or not path.isascii():
        raise ValueError("no tile is called so")
    level, number, width = found.groups()
    tile = Tile(
        ENTRIES if level == "entries" else int(level), int(number.replace("x", "").replace("/", "")), int(width) if width else WIDTH
    )
    if tile.path != path or tile.level > 63:
        raise ValueError("no tile is called so")
    return tile


def tile_of(level: int, index: int, size: int) -> Tile:
    """The tile that holds the ``index``-th hash of a level in a tree of ``size``, as wide as it then is."""
    there = size >> max(level, 0) * HEIGHT
    return Tile(level, index // WIDTH, min(there - index // WIDTH * WIDTH, WIDTH))


def widths(size: int) -> Iterator[Tile]:
    """The last tile of each level where it is not full: all that is needed to go on with a tree of ``size``."""
    level = 0
    while size:
        if size % WIDTH:
            yield Tile(level, size // WIDTH, size % WIDTH)
        level, size = level + 1, size // WIDTH


# -- what is in them -------------------------------------------------------------------------------------------------


def hashes_of(raw: bytes, width: int) -> list[bytes]:
    """Raises ValueError."""
    if len(raw) != width * HASH_BYTES:
        raise ValueError(f"a tile of {width} hashes has {width * HASH_BYTES} bytes")
    return [raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)]


def bundle_of(entries: Sequence[bytes]) -> bytes:
    """Raises ValueError."""
    if any(len(each) > ENTRY_BYTES_MAX for each in entries):
        raise ValueError(f"an entry has at most {ENTRY_BYTES_MAX} bytes")
    return b"".join([part for each in entries for part in (len(each).to_bytes(2, "big"), each)])


def entries_of(raw: bytes, width: int) -> list[bytes]:
    """Raises ValueError."""
    found, at = list[bytes](), 0
    while at < len(raw):
        end = at + 2 + int.from_bytes(raw[at : at + 2], "big")
        if at + 2 > len(raw) or end > len(raw):
            raise ValueError("a bundle of entries is cut short")
        found.append(raw[at + 2 : end])
        at = end
    if len(found) != width:
        raise ValueError(f"a bundle of {width} entries holds {len(found)}")
    return found


def within(hashes: Sequence[bytes], level: int, index: int) -> bytes:
    """The root of a complete subtree inside one tile: (0, n) are its own hashes."""
    here = list(hashes[index << level : (index + 1) << level])
    while len(here) > 1:
        here = [node_hash(here[at], here[at + 1]) for at in range(0, len(here), 2)]
    return here[0]


class Edge:
    """The right edge of a tree as tiles: the hashes of the last tile of each level.  All that is needed to append."""

    def __init__(self, size: int = 0, levels: Sequence[Sequence[bytes]] = ()) -> None:
        """``levels``: what the tiles of `widths` hold, a list for each level up to the highest.  Raises ValueError."""
        self.size = size
        self._levels = [list(each) for each in levels]
        expected = []
        while size:
            expected.append(size % WIDTH)
            size //= WIDTH
        if [len(each) for each in self._levels] != expected:
            raise ValueError("these are not the last tiles of such a tree")

    def append(self, entries: Sequence[bytes]) -> Iterator[tuple[Tile, bytes]]:
        """Yields each tile that becomes full, with what it holds; the bundles are the caller's."""
        for entry in entries:
            self.size += 1
            yield from self._put(0, leaf_hash(entry))

    def _put(self, level: int, value: bytes) -> Iterator[tuple[Tile, bytes]]:
        if level == len(self._levels):
            self._levels.append([])
        here = self._levels[level]
        here.append(value)
        if len(here) == WIDTH:
            self._levels[level] = []
            yield Tile(level, (self.size >> level * HEIGHT) // WIDTH - 1), b"".join(here)
            yield from self._put(level + 1, within(here, HEIGHT, 0))

    def unfinished(self) -> Iterator[tuple[Tile, bytes]]:
        """The last tiles that are not full, with what they hold."""
        for tile in widths(self.size):
            yield tile, b"".join(self._levels[tile.level])

    def root(self) -> bytes:
        peaks = []
        for hashes in reversed(self._levels):
            begin = 0
            for bit in range(HEIGHT - 1, -1, -1):
                if len(hashes) >> bit & 1:
                    peaks.append(within(hashes, bit, begin >> bit))
                    begin += 1 << bit
        return Frontier(self.size, peaks).root()
