# SPDX-License-Identifier: Apache-2.0
"""Strokes that stand for themselves in a row of a page: the dash in an empty cell, the line to be filled in.

The network that finds text passes over them.  They are looked for where a row has room: between two of its lines, and behind the last.
There a stroke is a thin level run of ink with paper at both ends and above it; a frame or an underline runs on, so it is none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from comity.privacy.pictures.layout import Row, Span
from comity.privacy.pictures.places import Place
from comity.privacy.pictures.reader import HEIGHT, Line, cut

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

DEEPER = 0.12  # of a line's height, below it: a line to be filled in may lie so low
INK = 0.4  # of what the letters beside it differ from their paper
PAPER = 12  # pixels on either side that say what paper is here: a wall of a cell is thinner
SMOOTH = 5  # pixels along the row over which grain is levelled out
THIN, STEP = 0.2, 2  # of a line's height that a stroke is high at most; pixels by which it may rise or fall from column to column
DASH_MIN, LONG_MIN, FILL_MIN = 0.1, 0.6, 0.3  # of a line's height: a dash's length, one's that is no hyphen, and of what is to be filled in
PIECES = 0.25  # of a line's height: what parts the pieces of one line to be filled in at most
FLAT = 1.3  # times as long as it is high, at least: less is a dot
LAP = 0.25  # of a line's height: so much of the lines on either side is looked at too, since their places have some paper at the ends
EDGE = 2  # pixels of paper at each end
MIDDLE, LOW = (0.35, 0.68), 0.7  # where in a line's height a dash lies, and from where on what is to be filled in
EM = 0.78  # of a line's height, as the first network marks it, is the size of its font; half of that is an `_` wide
SURE = 0.9  # said of each: nothing measures it
LINES_MAX = 40.0  # heights of a line, behind the last one, that are looked at


class Stroke(NamedTuple):
    """Pixels of a strip: from ``left`` to ``right``, its middle at ``level``."""

    left: int
    right: int
    level: float


def with_strokes(image: Image, row: Row) -> Row:
    """``row``, and the strokes that stand beside its own lines."""
    whole: Row = []
    for number, span in enumerate(row):
        after = row[number + 1] if number + 1 < len(row) else None
        whole.append(span)
        gap = _gap(image, row[0], span, after)
        if gap is not None:
            lines = _lines(image, span.line, gap, open_=after is None)
            whole += [Span(line, span.right, span.right, span.level, span.height) for line in lines]
    return whole


def _gap(image: Image, first: Span, span: Span, after: Span | None) -> Place | None:
    """Where the row has room behind ``span``, and ``LAP`` of the lines on either side."""
    (x, y), (ax, ay), (bx, by) = span.line.place
    corner = (x + ax, y + ay)
    if after is not None:
        (ox, oy), _, (cx, cy) = after.line.place
        bx, by = (bx + cx) / 2, (by + cy) / 2
        along = (ox - corner[0], oy - corner[1])
    else:
        if first is not span:  # a short line's own direction is a rough one
            (ox, oy), _, (cx, cy) = first.line.place
            ax, ay = x + ax + bx / 2 - ox - cx / 2, y + ay + by / 2 - oy - cy / 2
        along = _to_edge(corner, (ax, ay), image.size)
    length, height = math.hypot(*along), math.hypot(bx, by)
    if min(length, height) < 1 or length < height * DASH_MIN or along[0] * ax + along[1] * ay <= 0:
        return None
    reach, lap = min(length, LINES_MAX * height), LAP * height
    ux, uy = along[0] / length, along[1] / length
    whole = reach + (2 * lap if after is not None else lap)
    return Place((corner[0] - ux * lap, corner[1] - uy * lap), (ux * whole, uy * whole), (bx * (1 + DEEPER), by * (1 + DEEPER)))


def _to_edge(corner: tuple[float, float], along: tuple[float, float], size: tuple[int, int]) -> tuple[float, float]:
    """As far as the image goes."""
    times = math.inf
    for at, step, most in zip(corner, along, size, strict=True):
        if step:
            times = min(times, ((most if step > 0 else 0) - at) / step)
    times = max(0.0, times) if math.isfinite(times) else 0.0
    return along[0] * times, along[1] * times


def _lines(image: Image, beside: Line, gap: Place, *, open_: bool) -> list[Line]:
    strip = _ink(cut(image, gap, round(HEIGHT * (1 + DEEPER))))
    wide, lap = strip.shape[1], round(LAP * HEIGHT)
    begun = beside.text.endswith("_")
    found = []
    for stroke in strokes(strip, INK * _dark(_ink(cut(image, beside.place))), first=lap, last=wide if open_ else wide - lap, begun=begun):
        text = written(stroke)
        if text:
            start, end = stroke.left / wide, stroke.right / wide
            (x, y), (ax, ay), (bx, by) = gap
            corner = (x + ax * start, y + ay * start)
            place = Place(corner, (ax * (end - start), ay * (end - start)), (bx / (1 + DEEPER), by / (1 + DEEPER)))
            found.append(Line(text, tuple((at + 0.5) / len(text) for at in range(len(text))), place, SURE))
    return found


def _ink(strip: Image) -> NDArray[Any]:
    """How much each pixel differs from the paper around it, which a shadow may make darker from column to column."""
    import numpy as np

    grey = np.asarray(strip.convert("L"), np.float32)
    columns = np.pad(np.median(grey, axis=0), PAPER, mode="edge")
    paper = np.median(np.lib.stride_tricks.sliding_window_view(columns, 2 * PAPER + 1), axis=1)
    return np.asarray(np.abs(grey - paper))


def _dark(ink: NDArray[Any]) -> float:
    import numpy as np

    return max(24.0, float(np.percentile(ink, 97)))


def strokes(ink: NDArray[Any], least: float, *, first: int, last: int, begun: bool = False) -> list[Stroke]:
    """Of a strip, from left to right, those whose middle lies between two columns; ``begun``: one may run out of the line on the left.

    Where ``last`` is the strip's end, it is not the next line of the row: behind the first thing that is no stroke nothing is of it.
    """
    import numpy as np

    mask = _level(ink) > least
    high, wide = mask.shape
    top, bottom = mask.argmax(axis=0), high - mask[::-1].argmax(axis=0)
    edges = np.flatnonzero(np.diff(np.pad(mask.any(axis=0), 1).astype(np.int8)))
    found: list[Stroke] = []
    for left, right in edges.reshape(-1, 2).tolist():
        part = slice(left, right)
        stroke = Stroke(left, right, float(np.median(top[part] + bottom[part])) / 2)
        whole = (left >= EDGE or begun) and right <= wide - EDGE
        if whole and first <= (left + right) / 2 <= last and _straight(top[part], bottom[part], stroke):
            before = found[-1] if found else None
            if before is not None and _goes_on(before, stroke):
                found[-1] = before._replace(right=right)
            else:
                found.append(stroke)
        elif last == wide and right > first + SMOOTH and (right - left > SMOOTH or np.ptp([top[part], bottom[part]]) > THIN * HEIGHT):
            break
    return found


def _level(ink: NDArray[Any]) -> NDArray[Any]:
    """Without specks and most of its grain, along the row alone: a thin stroke stays as thin as it is."""
    import numpy as np

    side = SMOOTH // 2
    beside = np.pad(ink, ((0, 0), (side, side)), mode="edge")
    wide = ink.shape[1]
    still = np.median(np.stack([beside[:, at : at + wide] for at in range(SMOOTH)]), axis=0)
    beside = np.pad(still, ((0, 0), (1, 1)), mode="edge")
    return np.asarray((beside[:, :-2] + beside[:, 1:-1] + beside[:, 2:]) / 3)


def _goes_on(one: Stroke, other: Stroke) -> bool:
    """Of a line to be filled in, whose pieces some fonts do not join."""
    return (
        min(one.level, other.level) >= LOW * HEIGHT
        and abs(one.level - other.level) <= 2 * STEP
        and other.left - one.right <= PIECES * HEIGHT
    )


def _straight(top: NDArray[Any], bottom: NDArray[Any], stroke: Stroke) -> bool:
    import numpy as np

    high = bottom - top
    level = np.abs((top + bottom) / 2 - stroke.level)
    return bool(
        (high <= THIN * HEIGHT).all() and (level <= 2 * STEP).all() and (np.abs(np.diff(top)) <= STEP).all()
        and stroke.right - stroke.left - 2 >= FLAT * np.median(high)
    )  # fmt: skip


def written(stroke: Stroke) -> str:
    """As a person would type it; "" where it lies as neither of them does."""
    long, level = (stroke.right - stroke.left - 2) / HEIGHT, stroke.level / HEIGHT
    if level >= LOW:
        return "_" * max(1, round(long / (EM / 2))) if long >= FILL_MIN else ""
    if MIDDLE[0] <= level <= MIDDLE[1] and long >= DASH_MIN:
        return "-" if long < LONG_MIN else "—"
    return ""
