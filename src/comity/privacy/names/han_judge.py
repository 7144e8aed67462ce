# SPDX-License-Identifier: Apache-2.0
"""Which stretches of a sentence may be names, and what speaks for and against each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from comity.privacy.names.han_cues import LABEL, LEFT, REACH, RIGHT
from comity.privacy.names.han_lexicon import Lexicon
from comity.privacy.names.han_reader import Belief, odds

HAN = "\u3400-\u4dbf\u4e00-\u9fff\u3007々"
DOTS = "·•・‧∙⋅・"
_IS_HAN = re.compile(f"[{HAN}]")
_DOTTED = re.compile(f"[{HAN}]{{1,10}}(?:[{DOTS}.](?:[{HAN}]{{1,10}}|[A-Z](?=[{DOTS}.]))){{1,5}}")
_SPACED = re.compile(f"(?<![{HAN}])([{HAN}]{{1,2}}) {{1,2}}([{HAN}]{{1,2}})(?![{HAN}])")
_FAINT = 0.02
_LONG = 14  # characters of a name without dots

SHORT, LONG, COMPOUND, OTHER, ONE, NICK, DOTTED, SPACED = range(8)
"""Kinds of candidate: surname and one character; surname and two; surname of two; no surname known; one character;
小, 老 or 阿 and one more; foreign, with dots between; a space inside."""

FEATURES = (
    *(f"kind{kind}" for kind in range(8)),
    "exact", "cover", "least", "place", "begins", "breaks", "chars_short", "chars_long", "chars_compound", "loan",
    "word", "known", "role", "link", "label", "listed_before", "listed_after", "title", "says", "moves", "edge_before", "edge_after", "edge_both",
    "bracket", "fused_before", "fused_after", "nick_exact", "exact_label", "chars_edge", "one_exact", "other_exact",
)  # fmt: skip


class Candidate(NamedTuple):
    start: int
    end: int
    kind: int
    root: int


def candidates(text: str, plain: str, belief: Belief, lexicon: Lexicon) -> Iterator[Candidate]:
    """``plain``: ``text`` with simplified characters."""
    seen: set[tuple[int, int]] = set()
    for found in _DOTTED.finditer(text):
        for start in range(found.start(), found.end()):
            if belief.breaks[start] > _FAINT and "\u4e00" <= text[start] and text[start] not in DOTS:
                head = text.find(next(mark for mark in text[start : found.end()] + DOTS if mark in DOTS + "."), start)
                if not start < head < found.end():
                    break
                for end in range(found.end(), head + 1, -1):
                    if belief.breaks[end] > _FAINT or end == found.end():
                        if _IS_HAN.match(text[end - 1]) and (start, end) not in seen and re.search(f"[{DOTS}.]", text[start:end]):
                            seen.add((start, end))
                            yield Candidate(start, end, DOTTED, 0)
    for found in _SPACED.finditer(plain):
        for root in lexicon.root(plain, found.start()):
            if len(found[1]) == root:
                seen.add(found.span())
                yield Candidate(*found.span(), SPACED, root)
    size = len(text)
    for start in range(size):
        if not _IS_HAN.match(text[start]):
            continue
        for root in lexicon.root(plain, start):
            for end in (start + root + 1, start + root + 2):
                if end <= size and (start, end) not in seen and _IS_HAN.match(text[end - 1]) and _IS_HAN.match(text[end - 2]):
                    score = lexicon.chinese(plain[start:end].replace(" ", ""), root)
                    if score > -4 or belief.exactly(start, end) > -3:
                        seen.add((start, end))
                        yield Candidate(start, end, COMPOUND if root == 2 else SHORT if end - start == 2 else LONG, root)
        if belief.begins[start] > _FAINT:
            end = start + 1
            while True:
                if belief.breaks[end] > _FAINT and (start, end) not in seen:
                    seen.add((start, end))
                    nick = end - start == 2 and plain[start] in "小老阿"
                    yield Candidate(start, end, ONE if end == start + 1 else NICK if nick else OTHER, 0)
                if end >= min(size, start + _LONG) or belief.name[end] < _FAINT or not _IS_HAN.match(text[end]):
                    break
                end += 1


def weigh(text: str, plain: str, belief: Belief, lexicon: Lexicon, place: Candidate) -> list[float]:
    """What is known of a candidate, in the order of `FEATURES`."""
    start, end, kind, root = place
    name = plain[start:end]
    exact = belief.exactly(start, end)
    inside = belief.name[start:end]
    before, after = plain[max(0, start - REACH) : start], plain[end : end + 4]
    chars = max(-6.0, min(12.0, lexicon.chinese(name.replace(" ", ""), root))) if root else 0.0
    role, link = (pattern.search(before) is not None for pattern in LEFT)
    label = LABEL.search(before) is not None
    title, says, moves = (pattern.match(after) is not None for pattern in RIGHT)
    edge_before, edge_after = not before or _IS_HAN.match(before[-1]) is None, not after or _IS_HAN.match(after[0]) is None
    common = lexicon.words.get(name)
    out = [0.0] * 8
    out[kind] = 1.0
    out += [
        exact,
        odds(sum(inside) / len(inside)),
        odds(min(inside)),
        max(belief.place[start:end]),
        odds(belief.breaks[start]),
        odds(belief.breaks[end]),
        chars if kind in (SHORT, SPACED) else 0.0,
        chars if kind == LONG else 0.0,
        chars if kind == COMPOUND else 0.0,
        lexicon.foreign(name) if kind in (OTHER, DOTTED) else 0.0,
        common / 4 if common else 0.0,
        common is not None,
        role,
        link,
        label,
        before[-1:] in ("、", "/", "|", ",", "，") and before != "",
        after[:1] in ("、", "/", "|", ",") and after != "",
        title,
        says,
        moves,
        edge_before,
        edge_after,
        edge_before and edge_after,
        after[:1] in ("(", "（") and after != "",
        odds(belief.name[start - 1]) + 7 if start else 0.0,
        odds(belief.name[end]) + 7 if end < len(text) else 0.0,
        exact if kind == NICK else 0.0,
        exact if label else 0.0,
        chars if edge_before and edge_after else 0.0,
        exact if kind == ONE else 0.0,
        exact if kind == OTHER else 0.0,
    ]
    return [float(value) for value in out]


def pick(scored: Mapping[Candidate, float], least: float) -> list[tuple[Candidate, float]]:
    """The candidates above ``least``, none overlapping another, whose scores above it sum highest."""
    order = sorted(((place, score) for place, score in scored.items() if score > least), key=lambda each: each[0].end)
    best: list[tuple[float, int, int]] = []  # total, candidate taken or -1, where its predecessor lies
    for index, (place, score) in enumerate(order):
        low = index
        while low and order[low - 1][0].end > place.start:
            low -= 1
        total = score - least + (best[low - 1][0] if low else 0.0)
        if index and best[-1][0] >= total:
            best.append((best[-1][0], -1, index - 1))
        else:
            best.append((total, index, low - 1))
    out = []
    at = len(best) - 1
    while at >= 0:
        _, taken, before = best[at]
        if taken >= 0:
            out.append(order[taken])
        at = before
    return out[::-1]
