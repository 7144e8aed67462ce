# SPDX-License-Identifier: Apache-2.0
"""From a text to its findings: read it plainly, ask the recognisers its characters call for, settle overlaps.

Pure and total: whatever a recogniser raises reaches the caller, who must treat the text as unknown personal data.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from comity.privacy.finder import Finder
from comity.privacy.findings import Finding
from comity.privacy.normalise import lower, view
from comity.privacy.prefilter import Literals, Runs, Seen, Shapes
from comity.privacy.recognizers import rules
from comity.privacy.recognizers.base import Hit, Recognizer
from comity.privacy.shape import shape

# At least six digits, or the four of an address, with what may stand between the digits of one number.
_DIGITS = re.compile(r"[0-9](?:[ ().+/_\-]{0,3}[0-9]){3,}")
_DATE = re.compile(r"(?:19|20)[0-9]{2}([ ./\-])[01]?[0-9]\1[0-3]?[0-9]|[0-3]?[0-9]([ ./\-])[0-3]?[0-9]\2(?:19|20)[0-9]{2}")
_BEHIND = 1  # character before those that a shape is asked about
_BEFORE, _AFTER = 12, 10
"""Characters around a run of digits that its patterns may need: `(+86)`, `GB29 NWBK`, a check letter, an extension."""
_MANY = 5
_ASCII_LETTERS = frozenset(string.ascii_letters)
_CELL = 64  # characters
_BLOCK = 3072  # characters of a long text that are opened at once
_BELOW = 1024  # below a block, and above it: more than the longest thing that one of these finds


class _Groups(NamedTuple):
    """The recognisers by how they are opened.

    literals: every gate and word, in one automaton
    gated:    by a gate alone, and by which of them
    whole, numeric: by which word; `always` are the places of those that need none
    numbered: places in `whole` of those that nothing opens in a text without a digit; what `shapes` is asked about
    """

    literals: Literals
    gated: tuple[Recognizer, ...]
    gates: dict[str, tuple[int, ...]]
    crowded: tuple[Recognizer, ...]
    whole: tuple[Recognizer, ...]
    opened: dict[str, tuple[int, ...]]
    always: frozenset[int]
    numbered: frozenset[int]
    shapes: Shapes
    numeric: tuple[Recognizer, ...]
    named: dict[str, tuple[int, ...]]
    unnamed: frozenset[int]
    runs: Runs  # which of `numeric` may match around a run of digits


@cache
def _groups() -> _Groups:
    units = rules()
    loose = [unit for unit in units if unit.words or not (unit.gates or unit.many)]
    gated = tuple(unit for unit in units if unit.gates and not unit.words)
    whole = tuple(unit for unit in loose if not unit.digits)
    numeric = tuple(unit for unit in loose if unit.digits)
    always = frozenset(place for place, unit in enumerate(whole) if not unit.words)
    numbered = always | {place for place, unit in enumerate(whole) if unit.numbered}
    return _Groups(
        literals=Literals((gate for unit in units for gate in (*unit.gates, *unit.many)), (word for unit in units for word in unit.words)),
        gated=gated,
        gates=_by([unit.gates for unit in gated]),
        crowded=tuple(unit for unit in units if unit.many),
        whole=whole,
        opened=_by([unit.words for unit in whole]),
        always=always,
        numbered=numbered,
        shapes=Shapes({place: whole[place].pattern for place in sorted(numbered)}),
        numeric=numeric,
        named=_by([unit.words for unit in numeric]),
        unnamed=frozenset(place for place, unit in enumerate(numeric) if not unit.words),
        runs=Runs([(unit.pattern, unit.digits) for unit in numeric]),
    )


def _by(openers: Sequence[Sequence[str]]) -> dict[str, tuple[int, ...]]:
    """Places in ``openers``, by what opens them."""
    places: dict[str, list[int]] = {}
    for place, words in enumerate(openers):
        for word in dict.fromkeys(words):
            places.setdefault(word, []).append(place)
    return {word: tuple(each) for word, each in places.items()}


def scan(text: str, finders: Sequence[Finder] = ()) -> tuple[Finding, ...]:
    """Findings of the rules and of ``finders`` in ``text``, sorted, none overlapping another; where two claim a place the
    longer, then the surer, names it.

    Raises whatever a recogniser or a finder raises.
    """
    if not text:
        return ()
    reading = view(text)
    found = list(_candidates(reading.text))
    for finder in finders:
        found += _proposed(finder, reading.text)
    if not found:
        return ()
    out = []
    for hit, unit in _settle(found):
        start, end = reading.span(hit.start, hit.end)
        out.append(Finding(type=unit.type, category=unit.category, start=start, end=end, recognizer=unit.name))
    return tuple(out)


class _Named(NamedTuple):
    """What a claim needs of a recogniser, said by a finder."""

    name: str
    type: str
    category: str | None


_Claim = tuple[Hit, Recognizer | _Named]


def _proposed(finder: Finder, text: str) -> Iterator[_Claim]:
    for start, end, kind, category, sure in finder.find(text):
        if not 0 <= start < end <= len(text):
            raise ValueError(f"{finder.name} proposed a place outside the text")
        yield Hit(start, end, sure), _Named(finder.name, kind, category)


def _candidates(text: str) -> Iterator[_Claim]:
    groups = _groups()
    lowered = lower(text)
    seen = groups.literals.seen(lowered)
    if seen.gates:
        for place in sorted({place for gate in seen.gates for place in groups.gates.get(gate, ())}):
            unit = groups.gated[place]
            if seen.digit or not unit.digits:
                yield from _gated(unit, text, _places(lowered, seen.gates.intersection(unit.gates)))
        for unit in groups.crowded:
            if any(mark in seen.gates and text.count(mark) >= _MANY for mark in unit.many):
                yield from _claims(unit, text, 0, len(text))
    if len(text) <= 2 * _BLOCK:
        if seen.words or seen.digit:
            yield from _opened(groups, text, lowered, seen, 0, len(text))
        return
    above: tuple[frozenset[str], ...] = ()
    for start, end in _blocks(text):
        own = groups.literals.seen(lowered[start : end + _BELOW])
        yield from _opened(groups, text, lowered, own._replace(words=own.words.union(*above)), start, end)
        above = (own.words, *above[:1])  # a word may stand there that opens what is here: the head of a column


def _opened(groups: _Groups, text: str, lowered: str, seen: Seen, start: int, end: int) -> Iterator[_Claim]:
    """What words and digits open, where it begins in one block of ``text``."""
    _, words, numbers = seen
    stop = min(len(text), end + _BELOW)
    opened = {place for word in words for place in groups.opened.get(word, ())}
    if numbers:
        opened |= groups.always
        if doubted := opened & groups.numbered:
            above = max(0, start - _BELOW)  # a match around a word of this block may begin before it
            opened -= doubted - groups.shapes.possible(shape(text[above:stop]))
    else:
        opened -= groups.numbered
    for place in sorted(opened):
        unit = groups.whole[place]
        if unit.after or unit.led:
            openers = seen.gates.intersection(unit.gates) if unit.gates else words.intersection(unit.words)
            yield from _gated(unit, text, _places(lowered, openers, start, end))
        else:
            yield from _claims(unit, text, start, stop, end)
    if numbers:
        named = groups.unnamed.union(*(groups.named.get(word, ()) for word in words))
        for run in _DIGITS.finditer(text, start, stop):
            if run.start() >= end:
                break
            yield from _numeric(groups, named, text, run)


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Short enough that most recognisers stay shut, cut at the end of a line or between words."""
    start = 0
    while len(text) - start > 2 * _BLOCK:
        end = start + _BLOCK
        cut = text.rfind("\n", end - _BLOCK // 4, end)
        cut = cut if cut >= 0 else text.rfind(" ", end - _BLOCK // 4, end)
        end = cut + 1 if cut >= 0 else end
        yield start, end
        start = end
    yield start, len(text)


def _claims(unit: Recognizer, text: str, start: int, stop: int, end: int | None = None, last: int | None = None) -> Iterator[_Claim]:
    """Of what begins before ``end``.  ``last``: where the last gate begins."""
    for found in unit.pattern.finditer(text, start, stop):
        if end is not None and found.start() >= end:
            return
        hit = unit.check(text, found)
        if hit is not None:
            yield hit, unit
        if last is not None and unit.held and found.end() > last:
            return


def _gated(unit: Recognizer, text: str, places: Sequence[int]) -> Iterator[_Claim]:
    if not places:
        return
    if not unit.after:
        done = 0
        for place in places:
            found = unit.pattern.match(text, place) if place >= done else None
            hit = unit.check(text, found) if found is not None else None
            if hit is not None:
                done = hit.end
                yield hit, unit
        return
    start = stop = last = 0
    for place in places:  # windows that touch become one, so that no text is searched twice
        if place - unit.before <= stop and stop:
            stop, last = place + unit.after, place
            continue
        if stop:
            yield from _claims(unit, text, start, stop, last=last)
        start, stop, last = max(0, place - unit.before), place + unit.after, place
    yield from _claims(unit, text, start, stop, last=last)


def _places(lowered: str, gates: Iterable[str], first: int = 0, last: int | None = None) -> list[int]:
    """Where ``gates`` begin from ``first`` up to ``last``, in their order."""
    places = set()
    for gate in gates:
        stop = None if last is None else last + len(gate) - 1
        at = lowered.find(gate, first, stop)
        while at >= 0:
            places.add(at)
            at = lowered.find(gate, at + 1, stop)
    return sorted(places)


def _numeric(groups: _Groups, named: frozenset[int], text: str, run: re.Match[str]) -> Iterator[_Claim]:
    """``named``: places in `numeric` of those that need no word, or one that is there."""
    said, first, last = run[0], run.start(), run.end()
    if _DATE.fullmatch(said):
        return
    start, stop = max(0, first - _BEFORE), min(len(text), last + _AFTER)
    before = max(0, start - _BEHIND)
    shaped = shape(text[before:stop])
    size = shaped.count(b"0", first - before, last - before)
    if size < 6 and said.count(".") != 3:
        return
    beside: frozenset[str] | None = None
    for place in groups.runs.possible(shaped, start - before, size):
        if place not in named:
            continue
        unit = groups.numeric[place]
        if unit.marks:
            beside = beside or frozenset(text[max(0, first - 2) : last + 2])
            if beside.isdisjoint(_ASCII_LETTERS if unit.marks == "#" else unit.marks):
                continue
        found = unit.pattern.search(text, start, stop)
        while found is not None:  # seldom, and quicker said than by an iterator
            hit = unit.check(text, found)
            if hit is not None:
                yield hit, unit
            found = unit.pattern.search(text, found.end(), stop)


def _settle(claims: Sequence[_Claim]) -> list[_Claim]:
    """Of one type the surest claim stands; of several types the longest names the place, and no claimed character is given up."""
    if len(claims) == 1:
        return list(claims)
    ranked = sorted(claims, key=lambda claim: (-claim[0].sure, claim[0].start - claim[0].end, claim[0].start))
    standing: list[_Claim] = []
    grid: dict[tuple[str, int], list[Hit]] = {}  # by type and stretch of text, so that the work grows with the claims alone
    for hit, unit in ranked:
        cells = [(unit.type, cell) for cell in range(hit.start // _CELL, (hit.end - 1) // _CELL + 1)]
        rivals = {other for cell in cells for other in grid.get(cell, ()) if other.start < hit.end and hit.start < other.end}
        if not rivals or (len(rivals) == 1 and rivals.pop().sure == hit.sure):
            standing.append((hit, unit))
            for cell in cells:
                grid.setdefault(cell, []).append(hit)
    standing.sort(key=lambda claim: (claim[0].start, -claim[0].end))
    out: list[_Claim] = []
    for hit, unit in standing:
        if not out or hit.start >= out[-1][0].end:
            out.append((hit, unit))
            continue
        before, other = out[-1]
        mine, theirs = (hit.end - hit.start, hit.sure), (before.end - before.start, before.sure)
        out[-1] = (Hit(before.start, max(before.end, hit.end), max(hit.sure, before.sure)), unit if mine > theirs else other)
    return out
