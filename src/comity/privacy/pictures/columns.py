# SPDX-License-Identifier: Apache-2.0
"""Whether what lies on either side of a straight gap is two columns, read one after the other, or a table, read row by row.

No one sign settles it: forms and lists are set in columns too, and cells of a table may be full.  So each sign has a weight, and the
sum decides.  Columns break their lines and part their paragraphs each for itself; the cells of one row of a table begin together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from comity.privacy.pictures.layout import Row

ENOUGH = 1.0  # from this sum of signs on it is columns
ROWS_MIN = 4  # fewer rows side by side are no columns
WIDE, NARROW = 8.0, 4.0  # heights of a line that a column is wide: mostly, and at least
FULL, HALF_FULL = 0.75, 0.6  # of its width is full of text in a row of running text, as a rule; in a cell of a table it is not
CELLS_FULL = 0.8  # the same where most rows are in pieces: these may be columns too
BROKEN = 0.9  # of a column's width: a line and the next one's first word together reach it, or the word would have stood on that line
LETTERS_MIN = 8  # shorter lines are not broken ones
GAP = 1.5  # times the usual way to the next line: from here on a line goes on with none
EDGE = 0.7  # of a line's height that the lines of one column begin apart, at most

_HAN = "\u3400-\u9fff\uf900-\ufaff"
_FIGURE = re.compile(r"\d")
_LETTERS = re.compile(r"[^\W\d_]")
_ITEM = re.compile(
    r"[•●○■□☐☑▪◦·*\-–—✓>]\s*\S"
    r"|\[[ xX]?\]|[(（]?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4}|[一二三四五六七八九十]{1,3})[.)）、．]\s*[^\d\s]"
    r"|第[一二三四五六七八九十\d]+[条章节]"
)
_NUMBER = re.compile(r"[(（]?(\d{1,2})[.)）、．]")
_ENDS = re.compile(r"[.!?:;。！？：；…]['\"”’)）]?$")
_SENTENCE = re.compile(r"[.,;!?。，；！？、]['\"”’)）]?$")
_MARK = re.compile(r"[.,;:!?](?:\s|$)|[。，；：！？、]")
MARKED = 1 / 6  # of the lines of running text hold a mark, as a rule
_COLON = re.compile(r"[:：][\s_.…]*$")
_GOES_ON = re.compile(rf"[a-z]{{2,}}|[a-z]\s|[{_HAN}，。、；）]")


class Part(NamedTuple):
    """What of one row lies on one side: where it begins and ends, how much of that is text, how many pieces it has."""

    number: int
    level: float
    text: str
    left: float
    right: float
    filled: float
    pieces: tuple[str, ...]


def columns(rows: Sequence[tuple[Row, Row]]) -> bool:
    """Of rows that a gap parts into what is left and what is right of it."""
    left, right = _parts([row for row, _ in rows]), _parts([row for _, row in rows])
    if min(len(left), len(right)) < ROWS_MIN:
        return False
    height = median(span.height for sides in rows for row in sides for span in row)
    return _signs(left, right, height) >= ENOUGH


def _signs(left: Sequence[Part], right: Sequence[Part], height: float) -> float:
    sides = (left, right)
    widths = [max(part.right for part in side) - min(part.left for part in side) for side in sides]
    if min(widths) < NARROW * height:
        return -9.0
    sign = 0.0
    # 1. what is written: running text fills its width, and figures alone are cells
    fills = [_full(side, wide) for side, wide in zip(sides, widths, strict=True)]
    sign += min(fills) if min(widths) >= WIDE * height else -1.0 if min(widths) >= 0.75 * WIDE * height else -1.5
    sign -= 3.0 * (_share(right, _figures) >= 0.5) + 2.5 * (_share(left, _figures) >= 0.5)
    sign -= 2.5 * (_share(right, lambda part: _bare(part.pieces[0])) >= 0.5)
    ends = [_share(side, lambda part: bool(_SENTENCE.search(part.text))) for side in sides]
    sign += 1.0 * (min(ends) >= 0.2) or 0.5 * (max(ends) >= 0.4)
    # 2. where the lines of the right side begin: numbers are set to the right, cells to the middle, columns to the left
    edge = sorted(part.left for part in right)[len(right) // 4]
    sign -= 2.0 * (_share(right, lambda part: abs(part.left - edge) <= EDGE * height) < 0.5)
    # 3. names of what stands beside them
    labels = [_share(side, lambda part: bool(_COLON.search(part.text))) for side in sides]
    sign -= 3.0 * (labels[0] >= 0.4 and labels[1] < 0.3)
    # 4. each side for itself: lines broken on one side where they begin anew on the other, space between paragraphs, lists, amounts
    apart = _apart(left, right, widths)
    return sign + apart + _space(left, right) + _lists(left, right) + _alike(left, right, min(fills) > 1 or apart > 1 or max(ends) >= 0.4)


def _full(side: Sequence[Part], width: float) -> float:
    """A sign of running text: 2 where it fills its column, 1 where it nearly does, as labels and values of a form may."""
    filled = median(part.filled for part in side) / width
    if median(len(part.pieces) for part in side) >= 2:
        return 2.0 * (filled >= CELLS_FULL)
    return 2.0 if filled >= FULL else 1.0 if filled >= HALF_FULL else 0.0


def _parts(rows: Sequence[Row]) -> list[Part]:
    found = []
    for number, row in enumerate(rows):
        if row:
            texts = tuple(span.line.text.strip() for span in row)
            filled = sum(span.right - span.left for span in row)
            found.append(Part(number, row[0].level, " ".join(texts), row[0].left, row[-1].right, filled, texts))
    return found


def _share(side: Sequence[Part], is_so: Callable[[Part], bool]) -> float:
    return sum(map(is_so, side)) / len(side)


def _bare(text: str) -> bool:
    """A figure, with a unit at most."""
    figures = len(_FIGURE.findall(text))
    return figures > 0 and len(_LETTERS.findall(text)) <= max(2, figures - 1)


def _figures(part: Part) -> bool:
    return all(_bare(piece) for piece in part.pieces)


def _broken(side: Sequence[Part], width: float) -> set[int]:
    """The numbers of rows that go on with the line above them."""
    if _share(side, lambda part: bool(_MARK.search(part.text))) < MARKED:
        return set()
    usual = median(part.level - above.level for above, part in pairwise(side))
    begin, found = min(part.left for part in side), set()
    for above, part in pairwise(side):
        if part.level - above.level > GAP * usual or _ENDS.search(above.text) or len(above.text) < LETTERS_MIN:
            continue
        if not _GOES_ON.match(part.text) or _ITEM.match(part.text):
            continue
        word = 1 if re.match(f"[{_HAN}]", part.text) else len(part.text.split()[0]) + 1
        reached = above.right - begin + word * (part.right - part.left) / max(1, len(part.text))
        if reached >= BROKEN * width:
            found.add(part.number)
    return found


def _apart(left: Sequence[Part], right: Sequence[Part], widths: Sequence[float]) -> float:
    """A row that begins anew on one side only is no row of a table."""
    both = {part.number for part in left} & {part.number for part in right}
    broken = _broken(left, widths[0]), _broken(right, widths[1])
    apart = len((broken[0] ^ broken[1]) & both)
    running = all(len(some) >= 0.4 * len(side) for some, side in zip(broken, (left, right), strict=True))
    if apart >= max(2.0, 0.1 * len(both)) or (apart and running):
        return 2.5
    return 1.5 if running else 0.5 * (apart > 0)


def _space(left: Sequence[Part], right: Sequence[Part]) -> float:
    """Free rows on either side while the other goes on: in a table a cell may be empty, seldom now in the first row, now in the last."""
    first, last = max(left[0].number, right[0].number), min(left[-1].number, right[-1].number)
    has = [{part.number for part in side} for side in (left, right)]
    inner = range(first, last + 1)
    free = [sum(at not in mine and at in other for at in inner) for mine, other in (has, has[::-1])]
    if not min(free):
        return -0.5 * (free[0] > 2)  # cells of several lines
    if 2 * len(has[0] & has[1]) < len(inner):
        return 2.5  # their lines do not stand side by side
    levels = sorted({part.number: part.level for part in (*left, *right) if part.number in inner}.items())
    steps = [under - above for (_, above), (_, under) in pairwise(levels)]
    joint = sum(step > GAP * median(steps) for step in steps)  # space on both sides at once: between parts of a table or a form
    return max(-1.0, (2.5 if min(free) > 1 else 1.5) - 1.5 * joint)


def _lists(left: Sequence[Part], right: Sequence[Part]) -> float:
    items = [sum(bool(_ITEM.match(part.text)) for part in side) for side in (left, right)]
    numbers = [[int(found[1]) for part in side if (found := _NUMBER.match(part.text))] for side in (left, right)]
    sign = 2.0 if min(items) >= 3 else 1.5 if min(items) >= 2 else 1.0 if items[1] >= 2 else 0.5 if items[0] >= 2 else 0.0
    if all(numbers) and len(numbers[0]) > 1 and numbers[1][0] == numbers[0][-1] + 1:
        sign += 1.5
    return sign


def _alike(left: Sequence[Part], right: Sequence[Part], text: bool) -> float:
    """Words and an amount on both sides are a list in two columns; a piece of words beside several pieces is a row of a table."""

    def priced(part: Part) -> bool:
        return len(part.pieces) > 1 and not _bare(part.pieces[0]) and _bare(part.pieces[-1])

    if min(_share(side, priced) for side in (left, right)) >= 0.5:
        return 2.0
    pieces = [median(len(part.pieces) for part in side) for side in (left, right)]
    return -1.5 * (max(pieces) >= 2 and not text)
