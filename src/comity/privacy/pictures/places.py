# SPDX-License-Identifier: Apache-2.0
"""From the map that says of each pixel how surely text is there, to the slanted rectangle around each line of text.

What belongs together is found by runs: stretches of one row, joined to those they touch in the next.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIXEL_SURE = 0.3  # from here on a pixel belongs to text
PLACE_SURE = 0.5  # what a place's pixels must be on average
SIDE_MIN = 3.0  # pixels of the map; less is a speck
GROWN = 1.6  # the model marks the core of a line: the line is larger by this part of area over circumference
PLACES_MAX = 1000  # more than a page of print has lines

Point = tuple[float, float]


class Place(NamedTuple):
    """A rectangle: its first corner and its two sides, ``along`` the one nearer to the horizontal, pointing right or down."""

    corner: Point
    along: Point
    across: Point

    @property
    def size(self) -> tuple[float, float]:
        return math.hypot(*self.along), math.hypot(*self.across)

    def turned(self, quarters: int) -> Place:
        """The same rectangle, with the text in it read from another corner, so many quarter turns on."""
        place = self
        for _ in range(quarters % 4):
            (x, y), (ax, ay), (bx, by) = place
            place = Place((x + bx, y + by), (-bx, -by), (ax, ay))
        return place

    def part(self, start: float, end: float) -> tuple[Point, Point, Point, Point]:
        """The corners of what lies between two fractions of its length."""
        (x, y), (ax, ay), (bx, by) = self
        a, b = (x + ax * start, y + ay * start), (x + ax * end, y + ay * end)
        return a, b, (b[0] + bx, b[1] + by), (a[0] + bx, a[1] + by)

    def scaled(self, x: float, y: float) -> Place:
        """In an image of another size."""
        return Place(*((each[0] * x, each[1] * y) for each in self))


def places(sure: NDArray[Any]) -> list[Place]:
    """Of a map of rows of pixels.  Raises ValueError where there are too many to be read."""
    found = []
    for points in _parts(sure):
        core = rectangle(points)
        if min(core.size) >= SIDE_MIN:
            found.append(_grown(core))
        if len(found) > PLACES_MAX:
            raise ValueError(f"more than {PLACES_MAX} places of text in one image")
    return found


def rectangle(points: Sequence[Point]) -> Place:
    """The smallest around ``points``: one of its sides lies along an edge of their hull."""
    hull = _hull(points)
    best: tuple[float, Place] | None = None
    for (x0, y0), (x1, y1) in zip(hull, [*hull[1:], hull[0]], strict=True):
        angle = math.atan2(y1 - y0, x1 - x0)
        angle -= math.pi / 2 * round(angle / (math.pi / 2))  # the side nearer to the horizontal
        cos, sin = math.cos(angle), math.sin(angle)
        us, vs = [x * cos + y * sin for x, y in hull], [y * cos - x * sin for x, y in hull]
        u, v, width, height = min(us), min(vs), max(us) - min(us), max(vs) - min(vs)
        if best is None or width * height < best[0]:
            corner = (u * cos - v * sin, u * sin + v * cos)
            best = width * height, Place(corner, (width * cos, width * sin), (-height * sin, height * cos))
    assert best is not None
    return best[1]


def _grown(place: Place) -> Place:
    width, height = place.size
    by = width * height * GROWN / (2 * (width + height))
    a, b = by / width, by / height
    (x, y), (ax, ay), (cx, cy) = place
    corner = (x - ax * a - cx * b, y - ay * a - cy * b)
    return Place(corner, (ax * (1 + 2 * a), ay * (1 + 2 * a)), (cx * (1 + 2 * b), cy * (1 + 2 * b)))


def _parts(sure: NDArray[Any]) -> Iterator[list[Point]]:
    """The outermost points of each row of each part that holds together."""
    import numpy as np

    mask = sure > PIXEL_SURE
    mask[:, 1:] |= mask[:, :-1]
    mask[1:] |= mask[:-1]
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    if not rows.size:
        return
    width = mask.shape[1] + 2
    begins, stops = rows * width + starts, rows * width + ends
    first = np.searchsorted(stops, begins + width, side="left")  # runs of the next row that touch, corners too
    last = np.searchsorted(begins, stops + width, side="right")
    counts = np.maximum(last - first, 0)
    one = np.repeat(np.arange(rows.size), counts)
    other = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
    part = _joined(rows.size, one, other)
    sums = np.pad(np.cumsum(sure, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    mass, area = sums[rows, ends] - sums[rows, starts], ends - starts
    order = np.argsort(part, kind="stable")
    for run in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
        size = area[run].sum()
        if size < SIDE_MIN**2 or mass[run].sum() < PLACE_SURE * size:
            continue
        top, bottom = rows[run].tolist(), (rows[run] + 1).tolist()
        left, right = starts[run].tolist(), ends[run].tolist()
        yield [*zip(left, top, strict=True), *zip(right, top, strict=True),
               *zip(left, bottom, strict=True), *zip(right, bottom, strict=True)]  # fmt: skip


def _joined(count: int, one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """For each of ``count`` runs the least number of those it hangs together with, by the pairs (``one``, ``other``)."""
    import numpy as np

    root = np.arange(count)
    while True:
        a, b = root[one], root[other]
        if (a == b).all():
            return root
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while (root[root] != root).any():
            root = root[root]


def _hull(points: Sequence[Point]) -> list[Point]:
    ordered = sorted(set(points))
    out: list[Point] = []
    for way in (ordered, ordered[::-1]):
        half: list[Point] = []
        for x, y in way:
            while len(half) > 1 and (half[-1][0] - half[-2][0]) * (y - half[-2][1]) <= (half[-1][1] - half[-2][1]) * (x - half[-2][0]):
                half.pop()
            half.append((x, y))
        out += half[:-1]
    return out or ordered
