# SPDX-License-Identifier: Apache-2.0
"""Stand-ins as they are looked for on the way back: a tree of their characters, walked from wherever one may begin.

The longest wins, so `林涛` never hides in `林涛明`.  A walk that reaches the end of the text half-way says "wait": nothing else does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from comity.privacy.normalise import fold
from comity.privacy.surrogates.lexicon import chinese

VALUE, NAME, WORD, SURNAME = "value", "name", "word", "surname"
"""How a stand-in may come back: in any case; in any case, the original then in that case too, and with an `s`; the same, but not in
small letters, which may be a word; a Chinese surname, beside a title (`先生`) or after `老`, `小` only."""

_END: Final = ""  # the key of what ends at a node
_SPACES_MAX = 3
_GAPS_MAX = 3
_GAPS = frozenset(" -.()/")
_EVEN = str.maketrans({"\n": " ", "\t": " ", "\r": " ", "’": "'", "‘": "'", "`": "'", "´": "'", "ς": "σ"})
_Node = dict[str, Any]


class Entry(NamedTuple):
    stand_in: str
    original: str
    kind: str
    rule: str


class Match(NamedTuple):
    """``end`` -1: what may begin at ``start`` is not yet known."""

    start: int
    end: int
    original: str
    kind: str


def plain(text: str) -> str:
    """Character for character: folded, in small letters whatever stands beside them, one kind of space and apostrophe."""
    text = fold(text).replace("Σ", "σ")
    small = "İ".join(map(str.lower, text.split("İ"))) if "İ" in text else text.lower()
    return small.translate(_EVEN)


def joins(letter: str) -> bool:
    """Whether a letter or digit makes one word with its like beside it, as in scripts that part words by spaces."""
    return letter.isalnum() and not (
        letter > "\u0e00"
        and ("\u0e01" <= letter <= "\u0eff" or "\u1100" <= letter <= "\u11ff" or "\u3040" <= letter <= "\u9fff" or letter >= "\ua960")
    )


class Index:
    __slots__ = ("_entries", "_heads", "_longest", "_numbers", "_starts", "_words")

    def __init__(self) -> None:
        self._words: _Node = {}
        self._numbers: _Node = {}
        self._heads: dict[str, set[str]] = {}
        self._starts: re.Pattern[str] | None = None
        self._entries: list[Entry] = []

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def add(self, entry: Entry, *, number: bool = False) -> None:
        """``number``: its letters and digits count, however it is spaced.  Of several originals of one stand-in the first stays."""
        path = _signs(entry.stand_in) if number else plain(entry.stand_in)
        if not path:
            return
        node = self._numbers if number else self._words
        for letter in path:
            node = node.setdefault(letter, {})
        held: list[Entry] = node.setdefault(_END, [])
        if any(each.stand_in == entry.stand_in for each in held):
            return
        held.append(entry)
        if number:
            self._begins("+", "")
            self._begins("(", "")
        else:
            self._entries.append(entry)
        self._begins(path[0], "" if number else path[1:2])

    def _begins(self, head: str, second: str) -> None:
        if head not in self._heads:
            self._starts = None
        self._heads.setdefault(head, set()).add(second)

    def clashes(self, text: str) -> bool:
        """Whether ``text`` is held, is the beginning of what is held, or begins with it; surnames apart, which begin many a name."""
        node = self._words
        for letter in plain(text):
            if any(entry.rule != SURNAME for entry in node.get(_END, ())):
                return True
            if letter not in node:
                return False
            node = node[letter]
        return True

    def holds(self, text: str) -> bool:
        for node, path in ((self._words, plain(text)), (self._numbers, _signs(text))):
            for letter in path:
                node = node.get(letter, {})
            if path and _END in node:
                return True
        return False

    def matches(self, text: str, at: int, *, last: bool) -> Iterator[Match]:
        """In ``text``, from ``at``; what stands before ``at`` is context.  The last one may have no end: wait from there."""
        if not self._heads:
            return
        read = plain(text)
        starts = self._pattern()
        found = starts.search(read, at)
        while found is not None:
            start = found.start()
            match = self._at(text, read, start, last)
            if match is None:
                at = start + 1
            else:
                yield match
                if match.end < 0:
                    return
                at = match.end
            found = starts.search(read, at)

    def _pattern(self) -> re.Pattern[str]:
        """A first character of what is held; compiled again for each new one alone."""
        if self._starts is None:
            inside, alone = (re.escape("".join(head for head in self._heads if joins(head) is said)) for said in (False, True))
            choices = [rf"(?<![0-9a-z])[{alone}]" if alone else "", f"[{inside}]" if inside else ""]
            self._starts = re.compile("|".join(filter(None, choices)))
        return self._starts

    def _at(self, text: str, read: str, start: int, last: bool) -> Match | None:
        seconds = self._heads[read[start]]
        if "" not in seconds and start + 1 < len(read) and read[start + 1] not in seconds:
            return None
        if start and joins(read[start]) and joins(read[start - 1]):
            return None
        match, waits = self._word(text, read, start, last)
        if self._numbers:
            number, waits_too = self._number(text, read, start, last)
            waits = waits or waits_too
            if number is not None and (match is None or number.end > match.end):
                match = number
        return Match(start, -1, "", "") if waits else match

    def _word(self, text: str, read: str, start: int, last: bool) -> tuple[Match | None, bool]:
        node, at, spaces = self._words, start, 0
        best: Match | None = None
        waits = False
        while True:
            if _END in node and not spaces:
                for entry in node[_END]:
                    ends = _ends(entry, read, start, at, last)
                    waits = waits or ends is None
                    original = _cased(entry, text[start:at]) if ends else None
                    exact = entry.stand_in == text[start:at]
                    if original is not None and (exact or best is None or best.end < at):
                        best = Match(start, at, original, entry.kind)
                    if exact:
                        break
            if at == len(read):
                return best, waits or (not last and any(node.keys()))
            if read[at] in node:
                node, at, spaces = node[read[at]], at + 1, 0
            elif read[at] == " " == read[at - 1] and at - 1 > start and spaces < _SPACES_MAX:
                at, spaces = at + 1, spaces + 1
            else:
                return best, waits

    def _number(self, text: str, read: str, start: int, last: bool) -> tuple[Match | None, bool]:
        node, at, gap = self._numbers, start, 0
        best: Match | None = None
        while at < len(read):
            letter = read[at]
            if letter in node:
                node, at, gap = node[letter], at + 1, 0
                if _END in node:
                    if at == len(read) and not last:
                        return None, True
                    if at == len(read) or not joins(read[at]):
                        entry = node[_END][0]
                        if read[start] != "(" or ")" in read[start:at]:
                            best = Match(start, at, _signed(entry, read[start]), entry.kind)
            elif (letter in _GAPS and at > start and gap < _GAPS_MAX) or (
                letter in "+(" and letter not in read[start:at] and node is self._numbers
            ):
                at, gap = at + 1, gap + 1
            else:
                return best, False
        return best, not last and any(node.keys())


def _leads(said: str) -> str:
    """What may still stand before the first digit."""
    return {"": "+(", "+": "(", "(": "+"}.get(said, "")


def _signed(entry: Entry, first: str) -> str:
    """A `+` that the match took stays where the original has none."""
    return "+" + entry.original if first == "+" and not fold(entry.original).lstrip().startswith(("+", "(+")) else entry.original


def _signs(text: str) -> str:
    return "".join(letter for letter in plain(text) if letter.isalnum())


def _ends(entry: Entry, read: str, start: int, end: int, last: bool) -> bool | None:
    """Whether a stand-in ends here as a word of its own; None: what follows will say."""
    if entry.rule == SURNAME:
        return titled(read, start, end, last)
    if not joins(read[end - 1]):
        return True
    if end == len(read):
        return True if last else None
    if not joins(read[end]):
        return True
    if entry.rule == VALUE or read[end] != "s":
        return False
    if end + 1 == len(read):
        return True if last else None
    return not joins(read[end + 1])


def titled(read: str, start: int, end: int, last: bool) -> bool | None:
    """Whether a Chinese surname stands beside a title or behind a familiar prefix; None: what follows will say."""
    lists = chinese()
    if start and read[start - 1] in lists.prefixes:
        return True
    if any(read.startswith(title, end) for title in lists.titles):
        return True
    rest = read[end : end + 4]
    return None if not last and end + len(rest) == len(read) and any(title.startswith(rest) for title in lists.titles) else False


def _cased(entry: Entry, found: str) -> str | None:
    if entry.rule == VALUE or entry.stand_in == found:
        return entry.original
    found, stand_in = fold(found), fold(entry.stand_in)
    if found == stand_in:
        return entry.original
    if found.isupper() and len(found) > 1 and not stand_in.isupper():
        return entry.original.upper()
    if found.islower():
        return None if entry.rule == WORD else entry.original.lower()
    if stand_in.isupper() or stand_in.islower():
        return entry.original.title()
    return entry.original
