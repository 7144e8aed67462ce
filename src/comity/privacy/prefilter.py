# SPDX-License-Identifier: Apache-2.0
"""What a text cannot hold: one pass of RE2 says which literals are in it, one over its shape which expressions cannot match.

It finds nothing itself: what it does not rule out is asked as if it were not there.  An automaton that runs out of memory
answers like a text with nothing in it; so each holds the empty expression, which is in every answer, and an answer without it
rules nothing out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from comity.privacy.shape import Untranslatable, looser

MEMORY_BYTES_MAX = 64 << 20  # for the states of one automaton; some 5 MB are used, and a full one starts anew

REMEMBERED_MAX = 8192  # shapes, some 3 MB
REMEMBERED_CHARACTERS_MAX = 96


class Seen(NamedTuple):
    gates: frozenset[str]
    words: frozenset[str]
    digit: bool


class Literals:
    """Which of ``gates`` stand anywhere in a lower-cased text, and which of ``words`` stand there by themselves.

    A word of Latin letters ends where its letters end; one of another script, which may put no spaces between words, is a gate.
    """

    def __init__(self, gates: Iterable[str], words: Iterable[str], *, memory_bytes_max: int = MEMORY_BYTES_MAX) -> None:
        self._gates, self._words = tuple(dict.fromkeys(gates)), tuple(dict.fromkeys(words))
        self._all = Seen(frozenset(self._gates), frozenset(self._words), True)
        self._memory = memory_bytes_max
        self._ascii = self._automaton(ascii_only=True)
        self._any = self._automaton(ascii_only=False)

    def seen(self, lowered: str) -> Seen:
        matcher, said = self._ascii if lowered.isascii() else self._any
        # Half a pair is no letter, nor is a new line: an automaton is fifty times slower to build where it must look for an edge.
        matched = matcher.Match(b"\n%b\n" % lowered.encode("utf-8", "replace"))
        if matched is None or 0 not in matched:
            return self._all
        if len(matched) == 1:
            return _NOTHING
        gates, words, digit = [], [], False
        for at in matched:
            literal, is_word = said[at]
            if is_word:
                words.append(literal)
            elif literal:
                gates.append(literal)
            elif at:
                digit = True
        return Seen(frozenset(gates), frozenset(words), digit)

    def _automaton(self, *, ascii_only: bool) -> tuple[Any, list[tuple[str, bool]]]:
        letter = "a-z" if ascii_only else "a-z\u00df-\u024f"
        patterns, said = ["", "[0-9]"], [("", False), ("", False)]
        for literals, is_word in ((self._gates, False), (self._words, True)):
            for literal in literals:
                if ascii_only and not literal.isascii():
                    continue
                alone = is_word and re.fullmatch("[a-z\u00df-\u024f]+", literal) is not None
                escaped = "".join(f"\\x{{{ord(each):x}}}" for each in literal)
                patterns.append(f"[^{letter}]{escaped}[^{letter}]" if alone else escaped)
                said.append((literal, is_word))
        return _compiled([pattern.encode() for pattern in patterns], ascii_only, self._memory), said


_NOTHING = Seen(frozenset(), frozenset(), False)


class Shapes:
    """Which of ``patterns`` may match in a text of some shape, by their names."""

    def __init__(self, patterns: Mapping[int, re.Pattern[str]], *, memory_bytes_max: int = MEMORY_BYTES_MAX) -> None:
        self._all = frozenset(patterns)
        written, names = [b""], [-1]
        for name, pattern in patterns.items():
            try:
                written.append(looser(pattern, counted=False))
            except Untranslatable:
                continue
            names.append(name)
        self._names = names
        self._always = self._all.difference(names)
        self._matcher = _compiled(written, True, memory_bytes_max)

    def possible(self, shaped: bytes) -> frozenset[int]:
        matched = self._matcher.Match(shaped)
        if matched is None or 0 not in matched:
            return self._all
        return self._always.union([self._names[at] for at in matched if at])


class Runs:
    """Which of ``units``, each an expression and the digits that it takes, may match around a run of digits: their places.

    Asked of the shape around the run and remembered by it: numbers seldom come twice, their shapes do.
    """

    def __init__(self, units: Sequence[tuple[re.Pattern[str], int]]) -> None:
        self._units = [(_loosened(pattern), digits) for pattern, digits in units]
        self._remembered = lru_cache(REMEMBERED_MAX)(self._possible)

    def possible(self, shaped: bytes, start: int, size: int) -> tuple[int, ...]:
        """``shaped``: from ``start`` on it is searched; before that is what may not stand there.  ``size``: digits in the run.

        The shape of a long run hardly comes twice: of those that take so few digits none is ruled out."""
        if len(shaped) > REMEMBERED_CHARACTERS_MAX:
            return tuple(place for place, (_, digits) in enumerate(self._units) if digits <= size)
        return self._remembered(shaped, start, size)

    def _possible(self, shaped: bytes, start: int, size: int) -> tuple[int, ...]:
        return tuple(
            place
            for place, (pattern, digits) in enumerate(self._units)
            if digits <= size and (pattern is None or pattern.search(shaped, start) is not None)
        )


def _loosened(pattern: re.Pattern[str]) -> re.Pattern[bytes] | None:
    try:
        return re.compile(looser(pattern, counted=True))
    except Untranslatable:
        return None


def _compiled(patterns: Sequence[bytes], by_bytes: bool, memory_bytes_max: int) -> Any:
    import re2

    options = re2.Options()
    options.max_mem = memory_bytes_max
    options.encoding = re2.Options.Encoding.LATIN1 if by_bytes else re2.Options.Encoding.UTF8
    options.never_capture = True
    options.log_errors = False
    matcher = re2.Set.SearchSet(options)
    for pattern in patterns:
        matcher.Add(pattern)
    matcher.Compile()
    return matcher
