# SPDX-License-Identifier: Apache-2.0
"""Spaces between words that the network left out: where more paper lies between two letters than within any word of their line.

The network says which letters stand in a line and about where, and of a narrow space often nothing.  The picture itself has it.
"""

from __future__ import annotations

import re
import unicodedata
from statistics import median
from typing import TYPE_CHECKING, Any

from comity.privacy.pictures.reader import HEIGHT, Line

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

INK = 0.25  # of a line's blackest: less is paper, or its grain
EDGE = 4  # pixels above and below that may hold the next line
AROUND, BLANK = 12, 0.75  # columns on either side of a sign, and of them the part that is paper where nothing stands
PAIRS_MIN = 3  # fewer letters side by side say nothing of how their font is set
TIMES, LEAST, LEAST_THIN, LEAST_MARK = 2.2, 0.19, 0.27, 0.5
"""A space is so many times the usual gap between two letters, and at least that part of the line's height; beside a letter that is thin,
around which figures of one width leave much paper, more, and before a sign of money or a bracket; beside any other mark more again."""
THIN = frozenset("1lIijtfr|")
OPENING = frozenset("£$€¥([{#")
_SPACED = re.compile(r"[!-~£€¥°±×·§\u00c0-\u024f\u0370-\u04ff]")


def spaced(line: Line, strip: Image) -> Line:
    """``strip``: what was read, upright.  Only between letters of scripts that put spaces between words, and figures."""
    line = _without_nothing(line, strip)
    pairs = [at for at in range(len(line.text) - 1) if _SPACED.match(line.text[at]) and _SPACED.match(line.text[at + 1])]
    if len(pairs) < PAIRS_MIN:
        return line
    gaps = _gaps(line, strip, pairs)
    usual = median(gaps)
    new = []
    for at, gap in zip(pairs, gaps, strict=True):
        one, other = line.text[at], line.text[at + 1]
        least = LEAST if one.isalnum() and other.isalnum() else LEAST_THIN if one.isalnum() and other in OPENING else LEAST_MARK
        if least == LEAST and THIN & {one, other}:
            least = LEAST_THIN
        if gap >= max(TIMES * usual, least * HEIGHT):
            new.append(at)
    if not new:
        return line
    text, places = "", []
    for at, letter in enumerate(line.text):
        text += letter
        places.append(line.at[at])
        if at in new:
            text += " "
            places.append((line.at[at] + line.at[at + 1]) / 2)
    return line._replace(text=text, at=tuple(places))


def _without_nothing(line: Line, strip: Image) -> Line:
    """In a wide space the network sees a box or a star now and then: where there is paper alone, a space is read."""
    signs = [at for at, letter in enumerate(line.text) if unicodedata.category(letter) == "So"]
    if not signs:
        return line
    paper = _paper(strip)
    letters = list(line.text)
    for at in signs:
        middle = int(line.at[at] * len(paper))
        around = paper[max(0, middle - AROUND) : middle + AROUND]
        if len(around) and around.mean() >= BLANK:
            letters[at] = " "
    return line._replace(text="".join(letters))


def _gaps(line: Line, strip: Image, pairs: list[int]) -> list[int]:
    """Columns of paper on end between the middles of each letter of ``pairs`` and the next."""
    paper = _paper(strip)
    return [_longest(paper[int(line.at[at] * len(paper)) : int(line.at[at + 1] * len(paper)) + 1]) for at in pairs]


def _paper(strip: Image) -> NDArray[Any]:
    """Of each column whether it has no ink."""
    import numpy as np

    grey = np.asarray(strip.convert("L"), np.float32)[EDGE:-EDGE]
    ink = np.abs(grey - np.percentile(grey, 85))
    dark: NDArray[Any] = np.sort(ink, axis=0)[-3:].mean(axis=0)
    return np.asarray(dark < INK * np.percentile(dark, 95))


def _longest(paper: NDArray[Any]) -> int:
    best = run = 0
    for white in paper.tolist():
        run = run + 1 if white else 0
        best = max(best, run)
    return best
