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
from comity.privacy.recognizers import rules
from comity.privacy.recognizers.base import Hit, Recognizer

# At least six digits, or the four of an address, with what may stand between the digits of one number.
_DIGITS = re.compile(r"[0-9](?:[ ().+/_\-]{0,3}[0-9]){3,}")
_DATE = re.compile(r"(?:19|20)[0-9]{2}([ ./\-])[01]?[0-9]\1[0-3]?[0-9]|[0-3]?[0-9]([ ./\-])[0-3]?[0-9]\2(?:19|20)[0-9]{2}")
_BEFORE, _AFTER = 12, 10
"""Characters around a run of digits that its patterns may need: `(+86)`, `GB29 NWBK`, a check letter, an extension."""
_MANY = 5
_TEN = "0123456789"
_ASCII_LETTERS = frozenset(string.ascii_letters)
_WIDE = "\u0250"  # from here on a script that may put no spaces between words
_LETTERS = re.compile("[a-z\u00df-\u024f]+")
_APART = bytes(code if chr(code).isalpha() else 32 for code in range(128)).ljust(256)
_COMMON = "\\!<>{}[]@=_?*:(/qzj-0123456789xkvbywgpfmucdl.hrsnioate "  # from the rarest; what is not in it is rarer still
_CELL = 64  # characters
_BLOCK = 3072  # characters of a long text that are opened at once
_BELOW = 1024  # below a block: more than the longest thing that one of these finds


class _Groups(NamedTuple):
    """The recognisers by how they are opened.

    gates: by a character that each must hold, so that one look rules out many; for texts with a digit or without, in ASCII or not
    latin: words of Latin letters that open a recogniser
    wide:  other such words, by their first character that is no Latin letter
    """

    gated: tuple[Recognizer, ...]
    gates: dict[tuple[bool, bool], tuple[tuple[str, tuple[str, ...]], ...]]
    crowded: tuple[Recognizer, ...]
    numeric: tuple[Recognizer, ...]
    whole: tuple[Recognizer, ...]
    opened: dict[str, tuple[int, ...]]  # by word: places in `whole`
    always: frozenset[int]  # places in `whole` of those that only a digit opens
    numbered: frozenset[int]  # … and that nothing opens in a text without one
    latin: frozenset[str]
    wide: dict[str, tuple[str, ...]]
    heads: re.Pattern[str]


@cache
def _groups() -> _Groups:
    units = rules()
    words = dict.fromkeys(word for unit in units for word in unit.words)
    wide: dict[str, list[str]] = {}
    for word in words:
        if max(word) >= _WIDE:
            wide.setdefault(next(letter for letter in word if letter >= _WIDE), []).append(word)  # `b站` by its second
    loose = [unit for unit in units if unit.words or not (unit.gates or unit.many)]
    gated = [unit for unit in units if unit.gates and not unit.words]
    whole = tuple(unit for unit in loose if not unit.digits)
    return _Groups(
        gated=tuple(gated),
        gates={
            (numbers, ascii_only): _by_rare(
                gate for unit in gated if numbers or not unit.digits for gate in unit.gates if gate.isascii() or not ascii_only
            )
            for numbers in (False, True)
            for ascii_only in (False, True)
        },
        crowded=tuple(unit for unit in units if unit.many),
        numeric=tuple(unit for unit in loose if unit.digits),
        whole=whole,
        opened={word: tuple(place for place, unit in enumerate(whole) if word in unit.words) for unit in whole for word in unit.words},
        always=frozenset(place for place, unit in enumerate(whole) if not unit.words),
        numbered=frozenset(place for place, unit in enumerate(whole) if unit.numbered),
        latin=frozenset(word for word in words if max(word) < _WIDE),
        wide={head: tuple(group) for head, group in wide.items()},
        heads=re.compile(f"[{''.join(map(re.escape, wide))}]" if wide else r"(?!)"),
    )


def _by_rare(gates: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    groups: dict[str, list[str]] = {}
    for gate in dict.fromkeys(gates):
        groups.setdefault(min(gate, key=_COMMON.find), []).append(gate)
    return tuple((rare, tuple(group)) for rare, group in groups.items())


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
    numbers = any(map(text.__contains__, _TEN))
    sought = groups.gates[numbers, lowered.isascii()]
    if shown := {gate for rare, gates in sought if rare in lowered for gate in gates if gate in lowered}:
        for unit in groups.gated:
            if here := shown.intersection(unit.gates):
                yield from _gated(unit, text, _places(lowered, here))
    for unit in groups.crowded:
        if any(text.count(mark) >= _MANY for mark in unit.many):
            yield from _claims(unit, text, 0, len(text))
    above: tuple[frozenset[str], ...] = ()
    for start, end in _blocks(text):
        own = _words(groups, lowered[start : end + _BELOW])
        yield from _opened(groups, text, lowered, own.union(*above), start, end, numbers)
        above = (own, *above[:1])  # a word may stand there that opens what is here: the head of a column


def _opened(groups: _Groups, text: str, lowered: str, words: frozenset[str], start: int, end: int, numbers: bool) -> Iterator[_Claim]:
    """What ``words`` and digits open, where it begins in one block of ``text``.  ``numbers``: there are digits in it."""
    stop = min(len(text), end + _BELOW)
    numbers = numbers and any(text.find(digit, start, stop) >= 0 for digit in _TEN)
    opened = {place for word in words for place in groups.opened.get(word, ())}
    for place in sorted(opened | groups.always if numbers else opened - groups.numbered):
        unit = groups.whole[place]
        if unit.after or unit.led:
            yield from _gated(unit, text, _places(lowered, unit.gates or words.intersection(unit.words), start, end))
        else:
            yield from _claims(unit, text, start, stop, end)
    if numbers:
        numeric = [unit for unit in groups.numeric if not unit.words or not words.isdisjoint(unit.words)]
        sized: dict[int, list[Recognizer]] = {}
        for run in _DIGITS.finditer(text, start, stop):
            if run.start() >= end:
                break
            yield from _numeric(numeric, sized, text, run)


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


def _words(groups: _Groups, lowered: str) -> frozenset[str]:
    """Those that open a recogniser."""
    if lowered.isascii():
        return groups.latin.intersection(lowered.encode().translate(_APART).decode().split())
    found = groups.latin.intersection(_LETTERS.findall(lowered))
    return found.union(*(filter(lowered.__contains__, groups.wide[head]) for head in set(groups.heads.findall(lowered))))


def _claims(unit: Recognizer, text: str, start: int, stop: int, end: int | None = None) -> Iterator[_Claim]:
    """Of what begins before ``end``."""
    for found in unit.pattern.finditer(text, start, stop):
        if end is not None and found.start() >= end:
            return
        hit = unit.check(text, found)
        if hit is not None:
            yield hit, unit


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
    start = stop = 0
    for place in places:  # windows that touch become one, so that no text is searched twice
        if place - unit.before <= stop and stop:
            stop = place + unit.after
            continue
        if stop:
            yield from _claims(unit, text, start, stop)
        start, stop = max(0, place - unit.before), place + unit.after
    yield from _claims(unit, text, start, stop)


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


def _numeric(numeric: Sequence[Recognizer], sized: dict[int, list[Recognizer]], text: str, run: re.Match[str]) -> Iterator[_Claim]:
    """``sized``: those of ``numeric`` that so many digits are enough for, kept for the next run of the same text."""
    said = run[0]
    if _DATE.fullmatch(said):
        return
    size = sum(map(said.count, "0123456789"))
    if size < 6 and said.count(".") != 3:
        return
    start, stop = max(0, run.start() - _BEFORE), min(len(text), run.end() + _AFTER)
    beside = frozenset(text[max(0, run.start() - 2) : run.start()] + said + text[run.end() : run.end() + 2])
    lettered = not beside.isdisjoint(_ASCII_LETTERS)
    units = sized.get(size)
    if units is None:
        units = sized[size] = [unit for unit in numeric if unit.digits <= size]
    for unit in units:
        if unit.marks and (not lettered if unit.marks == "#" else beside.isdisjoint(unit.marks)):
            continue
        if unit.pattern.search(text, start, stop) is not None:  # seldom, and quicker said than by an iterator
            yield from _claims(unit, text, start, stop)


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
