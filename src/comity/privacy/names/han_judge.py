# SPDX-License-Identifier: Apache-2.0
"""Which stretches of a sentence may be names, and what is known for and against each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from comity.privacy.names.han_cues import BRANDS, DATED, ERA, KIN, LABEL, LEFT, NEVER, RANKS, REACH, RIGHT, WEEKS
from comity.privacy.names.han_lexicon import Lexicon
from comity.privacy.names.han_reader import KINDS, Belief, odds

HAN = "\u3400-\u4dbf\u4e00-\u9fff\u3007\u3005"
DOTS = "·•・‧∙⋅."
_HAN = re.compile(f"[{HAN}]")
_RUN = re.compile(f"[{HAN}]+")
_DOTTED = re.compile(f"[{HAN}-]+(?:[{DOTS}](?:[{HAN}-]+|[A-Z](?=[{DOTS}])))+")
_PART = re.compile(f"[^{DOTS}]+")
_SPACED = re.compile(f"(?<![{HAN}])[{HAN}]{{1,2}} {{1,2}}[{HAN}]{{1,2}}(?![{HAN}])")
_FAINT = 0.01
_UNLIKELY = -5.0  # log odds; most stretches that begin like a name are told off here, before they are weighed
_COMMAS = "、，, /|"
_NOTHING = (0.0,) * len(KINDS)
_GIVEN_LEAST = 4.0
_GIVEN_KIN = 0.0  # behind a word for kin
_PART_MAX = 10  # characters between two dots
_LONG = 14  # characters of a name without dots

SHORT, LONG, COMPOUND, JAPANESE, FOREIGN, GIVEN, OTHER, ONE, NICK, DOTTED, SPACED = range(11)
"""Kinds of candidate: surname and one character; surname and two; surname of two characters; Japanese surname; characters that
spell foreign names; a given name alone; none of these; one character; 小, 老 or 阿 and one more; with dots between; a space
inside."""

FEATURES = (
    "short", "long", "compound", "japanese", "foreign", "given_name", "other", "one", "nick", "dotted", "spaced",
    "exact", "mean", "least", "begins", "breaks_before", "breaks_after", "breaks_inside", "name_before", "name_after",
    "chars_short", "chars_long", "chars_compound", "given", "loan", "loan_before", "loan_after", "abroad", "word", "place_word",
    "role", "link", "label", "kin", "title", "says", "moves", "thing", "left", "right", "edge_before", "edge_after", "listed", "size",
    "wide", "cut", "behind_root", "grows", "ends_as", "goes_as", "list_before", "list_after",
    *(f"{where}_{kind}" for where in ("is", "before", "after") for kind in KINDS),
)  # fmt: skip


class Candidate(NamedTuple):
    start: int
    end: int
    kind: int
    root: int


class Context(NamedTuple):
    """By the one or two characters right before and right after: log of the chance beside a name over the chance anywhere."""

    left: Mapping[str, float]
    right: Mapping[str, float]


def candidates(text: str, plain: str, belief: Belief, lexicon: Lexicon) -> Iterator[Candidate]:
    """``plain``: ``text`` with simplified characters.  No place twice."""
    seen: set[tuple[int, int]] = set()
    known = (_spelt(plain, belief, lexicon), _rooted(plain, belief, lexicon), _given(plain, belief, lexicon))
    for place in chain(_dotted(text, belief), _spaced(plain, lexicon), *known):
        if place[:2] not in seen:
            seen.add(place[:2])
            if not _thing(plain, place):
                yield place
    for start in range(len(text)):
        if belief.begins[start] <= _FAINT or not _HAN.match(text[start]):
            continue
        for end in range(start + 1, min(len(text), start + _LONG) + 1):
            if (start, end) not in seen and belief.exactly(start, end) > _UNLIKELY:
                seen.add((start, end))
                nick = end - start == 2 and plain[start] in "小老阿"
                place = Candidate(start, end, ONE if end == start + 1 else NICK if nick else OTHER, 0)
                if not _thing(plain, place):
                    yield place
            if end == len(text) or belief.name[end] < _FAINT or not _HAN.match(text[end]):
                break


def _thing(plain: str, place: Candidate) -> bool:
    """Whether it is known for something else: a courtesy, a surname and a rank, a house, an era and its year, a people."""
    start, end, kind, root = place
    name = plain[start:end].replace(" ", "")
    if (
        NEVER.fullmatch(name)
        or (root and (RANKS.fullmatch(name, root) or name[root:] == "家"))
        or (kind in (FOREIGN, OTHER) and len(name) > 3 and name[-1] in "人队族")
    ):
        return True
    if plain[start - 1 : start + 1] in WEEKS or (ERA.fullmatch(name) and DATED.match(plain, end)):
        return True
    if not BRANDS.fullmatch(name):
        return False
    before = plain[max(0, start - REACH) : start]
    return not (LABEL.search(before) or LEFT[0].search(before) or RIGHT[0].match(plain, end) or RIGHT[1].match(plain, end))


def _dotted(text: str, belief: Belief) -> Iterator[Candidate]:
    """From a word's beginning in one part to a word's end in another, with whole parts between."""
    for found in _DOTTED.finditer(text):
        parts = [part.span() for part in _PART.finditer(text, *found.span())]
        for index, (first, first_stop) in enumerate(parts):
            for last, last_stop in parts[index + 1 : index + 5]:
                for start in range(max(first, first_stop - _PART_MAX), first_stop):
                    if _HAN.match(text[start]) and text[start - 1 : start] != "-" and (start == first or belief.breaks[start] > _FAINT):
                        for end in range(last + 1, min(last_stop, last + _PART_MAX) + 1):
                            if _HAN.match(text[end - 1]) and (end == last_stop or belief.breaks[end] > _FAINT):
                                yield Candidate(start, end, DOTTED, 0)
                if last_stop - last > _PART_MAX:
                    break


def _spaced(plain: str, lexicon: Lexicon) -> Iterator[Candidate]:
    for found in _SPACED.finditer(plain):
        head = found[0].index(" ")
        if head in lexicon.roots(plain, found.start()):
            yield Candidate(*found.span(), SPACED, head)


def _spelt(plain: str, belief: Belief, lexicon: Lexicon) -> Iterator[Candidate]:
    """Foreign: known ones, and runs of characters that spell them, from a word's beginning to a word's end."""
    for run in _RUN.finditer(plain):
        for start in range(run.start(), run.end() - 1):
            if plain[start] not in lexicon.loan:
                continue
            total = lexicon.loan[plain[start]]
            for end in range(start + 2, min(run.end(), start + 9) + 1):
                total += lexicon.loan.get(plain[end - 1], -2.5)
                if total < -1:
                    break
                if plain[start:end] in lexicon.abroad or (
                    total > 0.8 * (end - start) and min(belief.breaks[start], belief.breaks[end]) > 0.05 and end - start > 1
                ):
                    yield Candidate(start, end, FOREIGN, 0)


def _rooted(plain: str, belief: Belief, lexicon: Lexicon) -> Iterator[Candidate]:
    for run in _RUN.finditer(plain):
        stop = run.end()
        for start in range(run.start(), stop - 1):
            for root in (2, 3):
                if plain[start : start + root] in lexicon.japanese:
                    for end in range(start + root, min(stop, start + root + 3) + 1):
                        if belief.breaks[end] > _FAINT:
                            yield Candidate(start, end, JAPANESE, 0)
            for root in lexicon.roots(plain, start):
                for end in range(start + root + 1, min(stop, start + root + 2) + 1):
                    if lexicon.chinese(plain[start:end], root) > -4 or belief.exactly(start, end) > -3:
                        yield Candidate(start, end, COMPOUND if root == 2 else SHORT if end - start == 2 else LONG, root)


def _given(plain: str, belief: Belief, lexicon: Lexicon) -> Iterator[Candidate]:
    for run in _RUN.finditer(plain):
        for start in range(run.start(), run.end() - 1):
            if min(belief.breaks[start], belief.breaks[start + 2]) <= 0.2:
                continue
            alone = lexicon.alone(plain[start : start + 2])
            if alone > _GIVEN_LEAST or (alone > _GIVEN_KIN and KIN.search(plain, max(0, start - REACH), start)):
                yield Candidate(start, start + 2, GIVEN, 0)


def weigh(text: str, plain: str, belief: Belief, lexicon: Lexicon, context: Context, place: Candidate) -> list[float]:
    """What is known of a candidate, in the order of `FEATURES`."""
    start, end, kind, root = place
    name = plain[start:end]
    inside = belief.name[start:end]
    before, after = plain[max(0, start - REACH) : start], plain[end : end + 4]
    chars = max(-6.0, min(12.0, lexicon.chinese(name.replace(" ", ""), root))) if root else 0.0
    common, is_place = lexicon.words.get(name.replace(" ", ""), (-1, False))
    given = lexicon.given.get
    loan = lexicon.loan.get
    out = [0.0] * 11
    out[kind] = 1.0
    out += [
        belief.exactly(start, end) / 4,
        odds(sum(inside) / len(inside)) / 4,
        odds(min(inside)) / 4,
        odds(belief.begins[start]) / 4,
        odds(belief.breaks[start]) / 4,
        odds(belief.breaks[end]) / 4,
        odds(max(belief.breaks[start + 1 : end], default=0.0)) / 4,
        odds(belief.name[start - 1]) / 4 + 2 if start else 0.0,
        odds(belief.name[end]) / 4 + 2 if end < len(text) else 0.0,
        chars / 4 if kind in (SHORT, SPACED) else 0.0,
        chars / 4 if kind == LONG else 0.0,
        chars / 4 if kind == COMPOUND else 0.0,
        lexicon.alone(name) / 4 if kind in (OTHER, GIVEN, FOREIGN) and len(name) == 2 else 0.0,
        lexicon.foreign(name) / 2,
        loan(before[-1:], -2.5) / 2,
        loan(after[:1], -2.5) / 2,
        name in lexicon.abroad,
        common / 4,
        is_place,
        *(pattern.search(before) is not None for pattern in LEFT),
        LABEL.search(before) is not None,
        KIN.search(before) is not None,
        *(pattern.match(after) is not None for pattern in RIGHT),
        beside(context.left, before[-2:], -1),
        beside(context.right, after[:2], 0),
        not before or _HAN.match(before[-1]) is None,
        not after or _HAN.match(after[0]) is None,
        before[-1:] == "、" or after[:1] == "、",
        len(name) / 4,
        name != text[start:end],
        plain[start - 1 : start + 1] in lexicon.double if start else 0.0,
        before[-1:] in lexicon.surname and _HAN.match(before[-2:-1]) is None,
        given(after[:1], (-4.0, -4.0, -4.0))[2] / 4 if kind in (SHORT, COMPOUND) and len(name) == root + 1 else 0.0,
        given(name[-1], lexicon.rare)[2] / 4 if root and len(name) == root + 2 else 0.0,
        given(name[1:2], lexicon.rare)[1] / 4 if root and len(name) == root + 2 else 0.0,
        belief.name[start - 2] if start > 1 and plain[start - 1] in _COMMAS else 0.0,
        belief.name[end + 1] if end + 1 < len(text) and plain[end] in _COMMAS else 0.0,
        *(sum(column) / len(name) for column in zip(*belief.kinds[start:end], strict=True)),
        *(belief.kinds[start - 1] if start else _NOTHING),
        *(belief.kinds[end] if end < len(text) else _NOTHING),
    ]
    return [float(value) for value in out]


def beside(table: Mapping[str, float], chars: str, near: int) -> float:
    """Of two characters, else of the nearer one; the edge of a sentence is an empty string."""
    known = table.get(chars)
    return known if known is not None else table.get(chars[near:][:1] if chars else "", 0.0)


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
