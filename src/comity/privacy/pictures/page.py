# SPDX-License-Identifier: Apache-2.0
"""Reads a whole page: which way up it lies, each line, and the order in which a person reads them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from comity.privacy.pictures.image import decoded
from comity.privacy.pictures.layout import Row, direction, in_order, paragraphs
from comity.privacy.pictures.places import Place
from comity.privacy.pictures.reader import SURE, TALL, TEXT, Beat, Line, Reader, clear, cut
from comity.privacy.pictures.spaces import spaced
from comity.privacy.pictures.strokes import with_strokes

if TYPE_CHECKING:
    from PIL.Image import Image

ASKED, LETTERS = 6, 40  # lines at most, the longest, are read both ways up to see which way the page lies, and letters of each that count
FEW, CLEAR = 3, 0.93  # so few settle it where they are so sure: upside down one line may be, three never were
_PER_MILLE = re.compile(r"(?<=\d)%[0oO](?!\.?[0-9A-Za-z%])")
"""So the network reads a `‰` that is set narrowly; nothing else is written so."""
ASIDE = math.radians(35)  # lines that run in another direction than the page are read after it


class Page(NamedTuple):
    """``turned``: by how many degrees clockwise the page lies, -180 to 180."""

    blocks: list[list[Row]]
    turned: float
    size: tuple[int, int]

    @property
    def text(self) -> str:
        """Rows as lines; a blank line between paragraphs and between columns."""
        parts = [part for block in self.blocks for part in paragraphs(block)]
        return "\n\n".join("\n".join(said(row) for row in part) for part in parts)

    @property
    def rows(self) -> list[list[Line]]:
        return [[span.line for span in row] for block in self.blocks for row in block]


def said(row: Row) -> str:
    return " ".join(span.line.text.strip() for span in row)


def read(reader: Reader, data: bytes, beat: Beat = lambda: None) -> Page:
    """The image in ``data``.  Raises CallerError where it is none."""
    image, _ = decoded(data)
    return read_image(reader, image, beat)


def read_image(reader: Reader, image: Image, beat: Beat = lambda: None) -> Page:
    image = clear(image)
    found = reader.places(image)
    beat()
    each = _Lines(reader, image, beat)
    lies = _lies(each, found)
    lines = []
    for place in found:
        line = _best(each, place, lies)
        if line is not None:
            lines.append(line)
    angle = direction(lines)
    along = [line for line in lines if abs(_off(line, angle)) <= ASIDE]
    aside = [line for line in lines if abs(_off(line, angle)) > ASIDE]
    blocks = in_order(along)
    for quarter in (1, 2, 3):
        blocks += in_order([line for line in aside if round(_off(line, angle) / (math.pi / 2)) % 4 == quarter])
    blocks = [[with_strokes(image, row) for row in block] for block in blocks]
    return Page(blocks, math.degrees(angle), image.size)


def _off(line: Line, angle: float) -> float:
    return (math.atan2(line.place.along[1], line.place.along[0]) - angle + math.pi) % (2 * math.pi) - math.pi


class _Lines:
    """Each place read at most once each way: what was read to see how the page lies is not read again."""

    def __init__(self, reader: Reader, image: Image, beat: Beat) -> None:
        self.image, self._reader, self._beat = image, reader, beat
        self._read: dict[tuple[Place, int], Line] = {}

    def read(self, place: Place, way: int) -> Line:
        line = self._read.get((place, way % 4))
        if line is None:
            self._beat()
            line = self._read[place, way % 4] = self._reader.line(self.image, place.turned(way))
        return line


def _lies(lines: _Lines, found: Sequence[Place]) -> int:
    """How many quarter turns on the page's lines are read."""
    standing = sum(place.size[1] for place in found if place.size[1] >= place.size[0] * TALL)
    lying = sum(place.size[0] for place in found if place.size[0] >= place.size[1] * TALL)
    first = 1 if standing > lying else 0
    longest = sorted(found, key=lambda place: -max(place.size))[:ASKED]
    votes = [0.0, 0.0]
    for way in (0, 1):
        letters = 0
        for number, place in enumerate(longest, 1):
            line = lines.read(place, first + 2 * way)
            some = min(len(line.text.strip()), LETTERS)
            letters += some
            votes[way] += line.sure * some
            if number == FEW and letters >= LETTERS and votes[way] >= CLEAR * letters:
                return first + 2 * way
    return first + (2 if votes[1] > votes[0] else 0)


def _best(lines: _Lines, place: Place, lies: int) -> Line | None:
    """As the page lies; what is clearly drawn across it, its own way where that is surer."""
    along, across = place.turned(lies).size
    best = lines.read(place, lies)
    if across >= along * TALL * 1.5 and best.sure < SURE:
        for way in (1, 3):
            other = lines.read(place, lies + way)
            if other.sure > best.sure and len(other.text.strip()) > 1:
                best = other
    if not best.text.strip() or best.sure <= TEXT:
        return None
    return _narrow(spaced(best, cut(lines.image, best.place)))


def _narrow(line: Line) -> Line:
    while found := _PER_MILLE.search(line.text):
        start, end = found.span()
        line = line._replace(text=f"{line.text[:start]}‰{line.text[end:]}", at=line.at[: start + 1] + line.at[end:])
    return line
