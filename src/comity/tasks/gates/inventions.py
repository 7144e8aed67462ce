# SPDX-License-Identifier: Apache-2.0
"""What the answer says beside its source: words that no clause of the source supports, in any of the words that mean the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from comity.tasks.gates.lexicon import listed
from comity.tasks.gates.pair import Pair
from comity.tasks.gates.whom import found
from comity.tasks.gates.words import ZH_STOPS, Clause, Token
from comity.tasks.shapes import Gate


class Extent(NamedTuple):
    whole: float  # of content
    bare: float  # of content that nothing supports
    run: float  # … in one stretch
    spare: float  # of content of the clauses that this one may say again, which nothing in the answer says
    said: str


class Ground(NamedTuple):
    """What one text holds, for asking what of the other it supports."""

    keys: frozenset[str]
    means: frozenset[str]
    begins: frozenset[str]  # of English words
    lower: str

    @classmethod
    def of(cls, clauses: Sequence[Clause], text: str) -> Ground:
        keys = frozenset[str]().union(*(each.all_keys for each in clauses))
        means = frozenset[str]().union(*(each.all_means for each in clauses))
        return cls(keys, means, frozenset(word[:5] for word in keys if word.isascii()), text.lower())


def extents(pair: Pair) -> list[tuple[Clause, Extent]]:
    ground = Ground.of((*pair.there, *pair.asked), pair.source + pair.question)
    back = Ground.of(pair.here, pair.answer)
    left = [sum(_lacking(each, back, pair, pair.source) for each in clause.tokens if _counts(each)) for clause in pair.there]
    likest = [pair.best(clause) for clause in pair.here]
    places = [pair.there.index(found) if found is not None and score >= LIKE else None for score, found in likest]
    out: list[tuple[Clause, Extent]] = []
    for at, clause in enumerate(pair.here):
        place = places[at]
        span = {place} if place is not None else set()
        if pair.kind in WHOLE:
            before = next((each for each in reversed(places[:at]) if each is not None), 0)
            after = next((each for each in places[at + 1 :] if each is not None), len(left) - 1)
            span |= set(range(before, after + 1)) if before <= after else set()
        out.append((clause, _extent(clause, ground, sum(left[each] for each in span), pair)))
    return out


LIKE = 0.2
WHOLE = frozenset(("rewrite", "translation"))
"""Kinds of answer that say all that the source says, in its order."""


def _extent(clause: Clause, ground: Ground, spare: float, pair: Pair) -> Extent:
    whole = bare = run = best = 0.0
    start = end = 0
    said = (0, 0)
    for token in clause.tokens:
        if not _counts(token):
            continue
        whole += _size(token)
        lacking = _lacking(token, ground, pair, pair.answer)
        bare += lacking
        if lacking > 0:
            start = token.start if run == 0 else start
            run, end = run + lacking, token.end
            if run > best:
                best, said = run, (start, end)
        else:
            run = 0.0
    return Extent(whole, bare, best, spare, pair.answer[said[0] : said[1]])


def _counts(token: Token) -> bool:
    if token.text[0] > "\u3400":
        return token.content
    return token.content and token.text[0].isalpha() and token.text.lower() not in listed("stops") | listed("unweighed")


def _size(token: Token) -> float:
    return float(sum(each not in ZH_STOPS for each in token.text)) if token.text[0] > "\u3400" else 2.0


def _lacking(token: Token, ground: Ground, pair: Pair, text: str) -> float:
    if token.means & ground.means:
        return 0.0
    if token.text[0] > "\u3400":
        if pair.across:
            return 0.0 if any(one.start <= token.start < one.end for one in found(text)) else _size(token)
        return float(sum(each not in ground.keys and each not in ZH_STOPS for each in token.text))
    if (
        token.keys & ground.keys
        or any(len(key) >= 5 and key[:5] in ground.begins for key in token.keys)
        or token.text.lower() in ground.lower
    ):
        return 0.0
    if pair.across and token.text[0].isupper():
        return 0.0
    return 2.0


RUN_MAX = {"zh": 3.0, "en": 4.0}
"""Of content in one stretch that nothing supports and that stands for nothing else, by the language of the answer: characters, or two for
each word: so much is the unit of `odds`."""
SPARED = 0.75
"""Other words are seldom as long as those that they stand for."""
FURTHER_MAX = 2.0
"""… in a clause of Chinese that says it is one more."""
_FURTHER = re.compile("[还并且另及]|而且|同时|此外|以及")
_CAUSE = re.compile(r"\b(?:because|due to|for want of|owing to|thanks to|so that|lured)\b|, (?:as|since)\b|因为?|由于|为了|所以|导致", re.I)


class Weights(NamedTuple):
    """Log-odds that a clause was invented, by what is seen of it; fitted on the half of `planted` that is tuned on and `planted.tune`."""

    over: float
    apart: float
    cause: float
    alike: float
    least: float


class Odds(NamedTuple):
    seen: tuple[float, float, float, float]  # in the order of `Weights`
    sum: float


FITTED = Weights(over=1.1, apart=2.0, cause=1.3, alike=-1.8, least=-2.3)
SURE = -0.7
"""Log-odds from which a clause counts as invented: one right answer in twenty has one, by ten-fold cross-validation."""
WHOLE_CLAUSE = 6.0
"""Of content: a shorter clause says little by standing apart."""


def odds(pair: Pair) -> list[tuple[Clause, Extent, Odds]]:
    """Whoever says all in words of his own has many words that the source has not; who copies all but one clause added that one."""
    found = extents(pair)
    whole, bare = sum(one.whole for _, one in found), sum(one.bare for _, one in found)
    caused = bool(_CAUSE.search(pair.source))
    out: list[tuple[Clause, Extent, Odds]] = []
    for clause, one in found:
        limit = RUN_MAX.get(pair.to, 6.0)
        over = min(3.0, max(0.0, (one.run - SPARED * one.spare) / limit))
        rest = (bare - one.bare) / max(1.0, whole - one.whole)
        apart = max(0.0, one.bare / one.whole - rest) * min(1.0, one.whole / WHOLE_CLAUSE) if one.whole else 0.0
        cause = not caused and 2 * one.bare >= limit and _CAUSE.search(pair.answer, max(0, clause.start - 2), clause.end) is not None
        seen = (over, apart, float(cause), bare / max(1.0, whole))
        out.append((clause, one, Odds(seen, sum(weight * each for weight, each in zip(FITTED, seen, strict=False)) + FITTED.least)))
    return out


_UNSAID = re.compile(
    r"没有?[写说提讲]|未[写说提讲]|不清楚|不知道"
    r"|\b(?:not|n't|never|nothing|no reason|neither) (?:\w+ ){0,2}(?:say|said|mention|state|given|give|tell|told|know|clear)",
    re.I,
)
"""That the source does not tell: no source says that of itself."""


def added(pair: Pair) -> Gate | None:
    if pair.kind == "proofread":
        return None
    for clause, one, score in odds(pair):
        further = (
            pair.to == "zh"
            and _FURTHER.match(pair.answer, clause.start)
            and 2 * one.bare >= one.whole
            and one.run - SPARED * one.spare >= FURTHER_MAX
        )
        if pair.kind == "answer" and _UNSAID.search(pair.answer, clause.start, clause.end):
            continue
        if score.sum >= SURE or (further and score.sum >= SURE - 1):
            return Gate(name="inventions", passed=False, why="unsupported", said=one.said)
    return None
