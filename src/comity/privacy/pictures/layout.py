# SPDX-License-Identifier: Apache-2.0
"""The order in which a page is read: rows that may lean and run together as a photograph has them, and columns.

A photographed page's rows all point to one place far away.  Where it is, two numbers say that are fitted to the lines; with them each
point has a *level*, the same for all of one row.  What tells columns from a table is in `columns`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from comity.privacy.pictures.columns import ROWS_MIN, columns
from comity.privacy.pictures.reader import Line

SAME_ROW = 0.5  # of a line's height, the higher one's: an asterisk stands above the middle of its row
GUTTER = 0.4  # of a line's height is free on either side of the middle of a gap between columns
ROUNDS = 4  # of fitting: each uses the levels of the one before
LEAN_MAX, LEAN_STEPS = 0.16, 8  # of a gutter, to either side, in steps
GAPS_MAX, GAPS_TRIED = 72, 6  # that a run is looked for through, and runs that are looked at, the longest first
GAP = 1.9  # times the usual way to the next row: from here on a new paragraph


class Span(NamedTuple):
    """A line, as it lies on the page once that is straight: ``left`` and ``right`` along the row, its ``level`` and its height."""

    line: Line
    left: float
    right: float
    level: float
    height: float


Row = list[Span]


def direction(lines: Sequence[Line]) -> float:
    """In which the page is read, radians: the middle of the lines' own, long ones counting for more."""
    angles = sorted((math.atan2(line.place.along[1], line.place.along[0]), line.place.size[0]) for line in lines)
    if not angles:
        return 0.0
    around = math.atan2(sum(math.sin(a) * w for a, w in angles), sum(math.cos(a) * w for a, w in angles))
    near = sorted(((a - around + math.pi) % (2 * math.pi) - math.pi, w) for a, w in angles)
    half, seen = sum(w for _, w in near) / 2, 0.0
    for off, weight in near:
        seen += weight
        if seen >= half:
            return around + off
    return around


def spans(lines: Sequence[Line]) -> list[Span]:
    """Of lines that are read in about the same direction."""
    angle = direction(lines)
    cos, sin = math.cos(angle), math.sin(angle)
    rough = []
    for line in lines:
        (x, y), (ax, ay), (bx, by) = line.place
        ends = []
        for at in (0.0, 1.0):
            px, py = x + ax * at + bx / 2, y + ay * at + by / 2
            ends.append((px * cos + py * sin, py * cos - px * sin))
        rough.append((line, ends[0], ends[1]))
    if not rough:
        return []
    middle = median((one[0] + other[0]) / 2 for _, one, other in rough)
    lean, meet = _fitted([((a[0] - middle, a[1]), (b[0] - middle, b[1])) for _, a, b in rough])

    def level(u: float, v: float) -> float:
        return (v - lean * u) / (1 + meet * u)

    found = []
    for line, (u0, v0), (u1, v1) in rough:
        u = (u0 + u1) / 2 - middle
        found.append(Span(line, u0, u1, level(u, (v0 + v1) / 2), line.place.size[1] / (1 + meet * u)))
    return found


def _fitted(ends: Sequence[tuple[tuple[float, float], tuple[float, float]]]) -> tuple[float, float]:
    """The slope of the row at level 0, and by how much it grows a pixel of level."""
    lean = meet = 0.0
    long = [(a, b, b[0] - a[0]) for a, b in ends if b[0] - a[0] > 1]
    if len(long) < 3:
        return lean, meet
    reach = max(b[2] for b in long)
    long = [each for each in long if each[2] >= reach / 4]  # short ones lie as they like
    for _ in range(ROUNDS):
        sw = sl = sll = sm = slm = 0.0
        for (u0, v0), (u1, v1), length in long:
            u, v, slope = (u0 + u1) / 2, (v0 + v1) / 2, (v1 - v0) / length
            at = (v - lean * u) / (1 + meet * u)
            weight = length * length
            sw, sl, sll, sm, slm = sw + weight, sl + weight * at, sll + weight * at * at, sm + weight * slope, slm + weight * at * slope
        spread = sll * sw - sl * sl
        meet = (slm * sw - sl * sm) / spread if spread > 1e-9 * sw * sw and len(long) > 4 else 0.0
        meet = max(-0.5, min(0.5, meet * 2 * reach)) / (2 * reach)  # rows never meet on the page itself
        lean = (sm - meet * sl) / sw
    return lean, meet


def in_order(lines: Sequence[Line]) -> list[list[Row]]:
    """Blocks of rows of spans, as a person reads them: columns one after the other."""
    return _blocks(_rows(spans(lines)))


def _rows(all_: Sequence[Span]) -> list[Row]:
    rows: list[Row] = []
    for span in sorted(all_, key=lambda each: each.level):
        for row in reversed(rows[-3:]):
            beside = all(span.left >= other.right - other.height or span.right <= other.left + other.height for other in row)
            high = max(row, key=lambda each: each.height)
            if beside and abs(span.level - high.level) < SAME_ROW * max(span.height, high.height):
                row.append(span)
                break
        else:
            rows.append([span])
    for row in rows:
        row.sort(key=lambda each: each.left)
    return rows


def _blocks(rows: list[Row]) -> list[list[Row]]:
    cut = _gutter(rows)
    if cut is None:
        return [rows] if rows else []
    first, last, at, lean = cut
    sides: tuple[list[Row], list[Row]] = ([], [])
    for row in rows[first:last]:
        for side, part in zip(sides, _parted(row, at, lean), strict=True):
            if part:
                side.append(part)
    blocks = [*_blocks(rows[:first])] if first else []
    for side in sides:
        blocks += _blocks(side)
    return blocks + (_blocks(rows[last:]) if last < len(rows) else [])


def _parted(row: Row, at: float, lean: float) -> tuple[Row, Row]:
    left = [span for span in row if (span.left + span.right) / 2 < at + lean * span.level]
    return left, row[len(left) :]


def _gutter(rows: list[Row]) -> tuple[int, int, float, float] | None:
    """The longest run of rows (first, behind the last) that one straight gap between columns goes through, its place and its lean."""
    found: dict[tuple[int, ...], tuple[int, int, int, float, float]] = {}
    gaps = list(_gaps(rows))
    for lean in sorted((LEAN_MAX * step / LEAN_STEPS for step in range(-LEAN_STEPS, LEAN_STEPS + 1)), key=abs):
        for middle, level in gaps[:: 1 + len(gaps) // GAPS_MAX]:
            at = middle - lean * level
            for first, last in _runs(rows, at, lean):
                parted = [_parted(row, at, lean) for row in rows[first:last]]
                beside = _beside(parted)
                if beside >= ROWS_MIN:
                    found.setdefault((first, last, *(len(left) for left, _ in parted)), (beside, first, last, at, lean))
    longest = sorted(found.values(), key=lambda each: (-each[0], each[1] - each[2], abs(each[4])))[:GAPS_TRIED]
    refused: list[tuple[int, int, float]] = []
    for _, first, last, at, lean in longest:
        here = at + lean * rows[first][0].level
        if any(start <= first and last <= end and abs(here - there) < 2 * rows[first][0].height for start, end, there in refused):
            continue  # what is no column as a whole is none in part
        if columns([_parted(row, at, lean) for row in rows[first:last]]):
            return first, last, at, lean
        refused.append((first, last, here))
    return None


def _gaps(rows: Sequence[Row]) -> Iterator[tuple[float, float]]:
    """The middle of each gap and its level: in a row, and between two rows, as the lines of columns need not stand side by side."""
    for row, under in pairwise([*rows, []]):
        for one, other in pairwise(row):
            yield (one.right + other.left) / 2, one.level
        for one, other in pairwise(sorted((*row, *under), key=lambda each: each.left)):
            if (one in row) != (other in row) and other.left - one.right > 2 * GUTTER * one.height:
                yield (one.right + other.left) / 2, (one.level + other.level) / 2


def _beside(parted: Sequence[tuple[Row, Row]]) -> int:
    """How many rows of the side that has fewer lie between the first and the last row of the other."""
    sides = [[number for number, row in enumerate(parted) if row[side]] for side in (0, 1)]
    if not all(sides):
        return 0
    first, last = max(side[0] for side in sides), min(side[-1] for side in sides)
    return min(sum(first <= number <= last for number in side) for side in sides)


def _runs(rows: Sequence[Row], at: float, lean: float) -> Iterator[tuple[int, int]]:
    first = 0
    for number, row in enumerate(rows):
        if any(span.left - GUTTER * span.height < at + lean * span.level < span.right + GUTTER * span.height for span in row):
            if number > first:
                yield first, number
            first = number + 1
    if len(rows) > first:
        yield first, len(rows)


def paragraphs(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows of one block, parted where more space lies between two of them than is usual."""
    if not rows:
        return
    levels = [median(span.level for span in row) for row in rows]
    steps = [after - before for before, after in pairwise(levels)]
    usual = median(steps) if steps else 0.0
    part = [rows[0]]
    for row, step in zip(rows[1:], steps, strict=True):
        if step > GAP * usual:
            yield part
            part = []
        part.append(row)
    yield part
