# SPDX-License-Identifier: Apache-2.0
"""Which few intents a stretch of words may ask for, by how people ask for each: cues, then likeness to examples and descriptions.

It orders candidates and says how strong the evidence is; it decides nothing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from comity.tasks.assist.intents import Intent

CUE, WEAK, LIKE = 3.0, 1.0, 2.0
"""Weights: a cue, a weak one, and likeness of 1 to an example.  Set on the dev half of `tests/eval/sets/assist`."""
STRONG = CUE
_WORD = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]")
_STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "to",
        "of",
        "for",
        "my",
        "me",
        "i",
        "is",
        "it",
        "on",
        "in",
        "at",
        "and",
        "please",
        "can",
        "you",
        "could",
        "would",
        "with",
        "that",
        "this",
        "do",
        "what",
    ]
)


class Candidate(msgspec.Struct, frozen=True):
    intent: Intent
    score: float
    why: str = ""  # the words of the user that are a cue for it

    @property
    def strong(self) -> bool:
        return self.score >= STRONG


def candidates(words: str, intents: Iterable[Intent], language: str, *, most: int = 6) -> Sequence[Candidate]:
    """Best first; of those without any evidence none."""
    scored = [_scored(words, each, language.partition("-")[0]) for each in intents]
    return sorted((one for one in scored if one.score > 0.25), key=lambda one: -one.score)[:most]


def _scored(words: str, intent: Intent, language: str) -> Candidate:
    strong = [found for each in intent.cues.get(language, ()) if (found := _pattern(each).search(words))]
    weak = [found for each in intent.weak.get(language, ()) if (found := _pattern(each).search(words))]
    said = grams(words)
    told = [*intent.examples.get(language, ()), intent.telling(language)]
    if intent.origin:
        return _stranger(words, intent)
    like = max((overlap(said, grams(each)) for each in told), default=0.0)
    score = (CUE + 0.5 * (len(strong) - 1) if strong else 0.0) + (WEAK if weak else 0.0) + LIKE * like
    return Candidate(intent, score, (strong or weak)[0].group() if strong or weak else "")


def _stranger(words: str, intent: Intent) -> Candidate:
    """By its name alone, and only where every word of that was said."""
    name = grams(intent.name.partition(".")[2].replace("_", " ").replace("-", " ").replace(".", " "))
    return Candidate(intent, CUE if name and name <= grams(words) else 0.0)


@lru_cache(2048)
def _pattern(cue: str) -> re.Pattern[str]:
    return re.compile(cue, re.IGNORECASE)


def grams(text: str) -> frozenset[str]:
    """English words without the commonest, cut to their stems; Chinese characters and their pairs."""
    found = _WORD.findall(text.lower())
    words = {_stem(each) for each in found if each not in _STOP}
    pairs = {a + b for a, b in itertools.pairwise(found) if a >= "\u4e00" and b >= "\u4e00"}
    return frozenset(words | pairs)


def _stem(word: str) -> str:
    for end in ("ing", "ies", "ed", "es", "s"):
        if word.endswith(end) and len(word) - len(end) >= 3:
            return word[: -len(end)]
    return word


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Of the smaller, the part that both have; small ones count for less."""
    if not one or not other:
        return 0.0
    return float(len(one & other) / max(3.0, (len(one) * len(other)) ** 0.5))
