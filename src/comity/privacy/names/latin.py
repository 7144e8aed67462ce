# SPDX-License-Identifier: Apache-2.0
"""Names of persons in Latin letters: English first, with the names of many countries, also inside Chinese text.

Two small readers give their opinion of each word, a lexicon a third, and `latin_judge` weighs them.  What is found once is
looked for in the rest of the text: a full name is often followed by its surname alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from comity.privacy.finder import Proposal
from comity.privacy.names.latin_bert import Bert, Judged
from comity.privacy.names.latin_judge import Seen, chance, cues, features, places_of, readable
from comity.privacy.names.latin_lexicon import folded, lexicon
from comity.privacy.names.latin_reader import Read, Reader
from comity.privacy.names.latin_weights import WEIGHTS
from comity.privacy.names.latin_words import Word, words
from comity.privacy.names.weights import opened
from comity.privacy.recognizers.base import LIKELY

PERSON, CATEGORY = "PERSON", "name"
NEEDED = 0.34  # the chance from which a word is taken for part of a name
NEEDED_STRICT = 0.2
SURE = 0.65  # from which the same word, where it stands elsewhere in the text, is one too
_AGAIN = 0.05  # and there is not all against it
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]{2}")
_CAPITALISED = re.compile(r"[^\W\d_a-z][a-z]")


class LatinNames:
    """``directory``: where the files of `weights.toml` lie.  ``strict``: rather a word too many than a name too few."""

    name = "latin-names"

    def __init__(self, directory: Path, *, strict: bool = False) -> None:
        held = opened("latin", directory)
        self.reader = Reader(held["reader"], held["moves"], held["vectors"], held["keys"])
        self.bert = Bert(held["bert"], held["pieces"])
        self._needed = NEEDED_STRICT if strict else NEEDED

    def find(self, text: str) -> list[Proposal]:
        """``text`` is read whole: who has a long one asks by windows, as the guard does."""
        if not _LATIN.search(text):
            return []
        return list(dict.fromkeys(Proposal(first, stop, PERSON, CATEGORY, LIKELY) for first, stop in self._names(text)))

    def _names(self, text: str) -> Iterator[tuple[int, int]]:
        found = words(text)
        return names(text, found, opinions(found, self.reader.read(found), self.bert.judge(text)), self._needed)


def opinions(found: Sequence[Word], read: Sequence[Read], judged: Iterator[Judged]) -> list[Seen]:
    """Of each word; the model's is the mean of those of its pieces."""
    total, adds, count, at = [0.0] * len(found), [0.0] * len(found), [0] * len(found), 0
    for piece in judged:
        while at < len(found) and found[at].end <= piece.start:
            at += 1
        if at < len(found) and found[at].start < piece.end:
            total[at] += piece.name
            adds[at] += piece.adds
            count[at] += 1
    return [Seen(each.kind, each.person, total[at] / max(1, count[at]), adds[at] / max(1, count[at])) for at, each in enumerate(read)]


def names(text: str, found: Sequence[Word], seen: Sequence[Seen], needed: float = NEEDED) -> Iterator[tuple[int, int]]:
    chances = weighed(text, found, seen)
    yield from _joined(text, found, chances, needed)


def all_lower(text: str) -> bool:
    """Written without capitals, but for abbreviations and the like."""
    return not _CAPITALISED.search(text)


def weighed(text: str, found: Sequence[Word], seen: Sequence[Seen]) -> list[float]:
    known, lower, places = lexicon(), all_lower(text), places_of(found)
    chances = [
        chance(features(found, seen, at, known, lower, places), WEIGHTS, seen[at].adds) if readable(word.text) else 0.0
        for at, word in enumerate(found)
    ]
    things = _things(found)
    for at in things:
        chances[at] = 0.0
    sure = {word.text for word, each in zip(found, chances, strict=True) if each >= SURE and len(word.text) > 2}
    for at, word in enumerate(found):
        if chances[at] < SURE and word.text in sure and at not in things and _again(word.text, chances[at]):
            chances[at] = SURE
    return chances


def _again(word: str, each: float) -> bool:
    """Whether a word that is a name elsewhere is one here: not if it is an English word too, and all speaks against it."""
    return word[0].isupper() and (each >= _AGAIN or not lexicon().of(folded(word))[2])


@cache
def _phrases() -> dict[str, list[tuple[str, ...]]]:
    lines = files("comity.privacy.names").joinpath("latin_eponyms.txt").read_text(encoding="utf-8").splitlines()
    out: dict[str, list[tuple[str, ...]]] = {}
    for phrase in "|".join(line for line in lines if not line.startswith("#")).split("|"):
        parts = tuple(folded(word.text) for word in words(phrase))
        out.setdefault(parts[0], []).append(parts)
    return out


def _things(found: Sequence[Word]) -> set[int]:
    """Words of a known eponym; not behind a title, nor, of one word, beside a name (`Orlando Bloom`)."""
    phrases = _phrases()
    out: set[int] = set()
    for at, word in enumerate(found):
        for phrase in phrases.get(folded(word.text), ()):
            stop = at + len(phrase)
            if tuple(folded(each.text) for each in found[at:stop]) != phrase:
                continue
            if at and folded(found[at - 1].text).rstrip(".") in cues().titles:
                continue
            if len(phrase) == 1 and (_named(found, at - 1, word) or _named(found, stop, word)):
                continue
            out.update(range(at, stop))
    return out


def _named(found: Sequence[Word], at: int, beside: Word) -> bool:
    if not 0 <= at < len(found):
        return False
    word = found[at]
    if word.text == "-":  # `Heinz-Wilhelm`
        return beside.start == word.end or word.start == beside.end
    near = min(abs(beside.start - word.end), abs(word.start - beside.end)) <= 1
    given, family, common = lexicon().of(folded(word.text))
    return near and word.text[0].isupper() and (given or family) and not common


_INITIAL = re.compile(r"[^\W\d_]\.?")
_CAPITAL_INITIAL = re.compile(r"(?:[A-Z\u00c0-\u00de]\.)+")
_BESIDE = 0.4  # of what is needed
_BETWEEN = frozenset(("-", "'", "\u2019", ".", "\u00b7", "\u2027"))


def _joined(text: str, found: Sequence[Word], chances: Sequence[float], needed: float) -> Iterator[tuple[int, int]]:
    """Words side by side are one name, with what joins the parts of a name between them: a hyphen, an initial, `van der`.

    What is beside a name needs less to belong to it; a title before it is left out.
    """
    at = done = 0
    while at < len(found):
        if chances[at] < needed:
            at += 1
            continue
        first = last = at
        while (following := _next(text, found, chances, last, needed * _BESIDE)) is not None:
            last = following
        while first > done and _belongs(text, found, chances, first - 1, needed * _BESIDE):
            first -= 1
        while first < last and found[first].text.rstrip(".").lower() in cues().titles:
            first += 2 if found[first + 1].text == "." and first + 1 < last else 1
        yield found[first].start, found[last].end
        at = done = last + 1


def _belongs(text: str, found: Sequence[Word], chances: Sequence[float], at: int, needed: float) -> bool:
    """Whether the word before a name is part of it: an initial, or a capital word that something speaks for."""
    word = found[at].text
    if not _beside(text, found[at], found[at + 1]):
        return False
    return bool(_CAPITAL_INITIAL.fullmatch(word)) or (word[0].isupper() and chances[at] >= needed)


def _next(text: str, found: Sequence[Word], chances: Sequence[float], at: int, needed: float) -> int | None:
    """The next word of the name that ``at`` belongs to: right behind it, or behind three words at most that only join."""
    joined = False
    for ahead in range(at + 1, min(at + 5, len(found))):
        word, before = found[ahead], found[ahead - 1]
        if not _beside(text, before, word):
            return None
        plain = folded(word.text)
        if chances[ahead] >= needed and (word.text[0].isupper() or chances[ahead] >= needed / _BESIDE):
            return ahead
        if plain in cues().joins:
            joined = True
        elif (joined and word.text[0].isupper() and readable(word.text)) or (
            before.text == "." and ahead == at + 3 and _surname(word.text)
        ):
            return ahead
        elif word.text in _BETWEEN:
            if word.start != before.end or ahead + 1 >= len(found) or (found[ahead + 1].start != word.end and word.text != "."):
                return None
        elif not _INITIAL.fullmatch(word.text):
            return None
    return None


def _surname(word: str) -> bool:
    """Behind a given name and an initial, in small letters (`maria w. kirkbride`): one that is no English word as well."""
    return len(word) > 2 and readable(word) and word.islower() and any(lexicon().of(folded(word))[:2]) and not lexicon().of(folded(word))[2]


def _beside(text: str, left: Word, right: Word) -> bool:
    return text[left.end : right.start] in ("", " ")
