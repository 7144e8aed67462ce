# SPDX-License-Identifier: Apache-2.0
"""A text cut into passages: whole sentences while they fit, and every span is of the caller's own text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

WEIGHT_MAX = 600
"""Of a passage.  Vectors of longer ones are vague, and what is shown as evidence should be read at a glance."""
PARAGRAPH_WEIGHT = 150
"""So much makes a paragraph a passage of its own; a shorter one is joined to the next: headings belong to what follows them."""
DENSE_WEIGHT = 3
"""Of a character of a script without spaces, in letters."""
_SENTENCE = re.compile(r".*?(?:[.!?…]+[\"'”’)\]]*(?=\s)|[。！？；]+[”’」』）]*|\n+|$)", re.S)
_BREAK = re.compile(r"\n\s*\n|\n(?=\s*(?:#|[-*•]\s|\d+[.)、]))")


class Span(NamedTuple):
    start: int
    end: int


def passages(text: str) -> list[Span]:
    """In order, apart from each other; what is between them is white space."""
    found: list[Span] = []
    start, end, weight = 0, 0, 0
    for piece in _pieces(text):
        size = weigh(text[piece.start : piece.end])
        ends_paragraph = weight >= PARAGRAPH_WEIGHT and _BREAK.search(text, max(0, end - 1), piece.start + 1) is not None
        if weight and (weight + size > WEIGHT_MAX or ends_paragraph):
            found.append(Span(start, end))
            weight = 0
        if not weight:
            start = piece.start
        end, weight = piece.end, weight + size
    return [*found, Span(start, end)] if weight else found


def weigh(text: str) -> int:
    return sum(DENSE_WEIGHT if letter >= "⺀" else 1 for letter in text)


def _pieces(text: str) -> Iterator[Span]:
    """Sentences without the white space around them; what is too long for a passage is cut, at a space where there is one."""
    for sentence in _SENTENCE.finditer(text):
        start, end = _trimmed(text, *sentence.span())
        while start < end and weigh(text[start:end]) > WEIGHT_MAX:
            cut = _cut(text, start, end)
            yield Span(*_trimmed(text, start, cut))
            start, end = _trimmed(text, cut, end)
        if start < end:
            yield Span(start, end)


def _cut(text: str, start: int, end: int) -> int:
    weight, at = 0, start
    while at < end and weight + weigh(text[at]) <= WEIGHT_MAX:
        weight += weigh(text[at])
        at += 1
    space = max(text.rfind(mark, start + (at - start) // 2, at) for mark in (" ", "\t", "，", ",", "、"))
    return space + 1 if space > start else at


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
