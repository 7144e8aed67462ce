# SPDX-License-Identifier: Apache-2.0
"""What the answer says beside its source: words that no clause of the source supports, in any of the words that mean the same."""

from __future__ import annotations

from typing import NamedTuple

from comity.tasks.gates.lexicon import listed
from comity.tasks.gates.pair import Pair
from comity.tasks.gates.words import ZH_STOPS, Clause, Token
from comity.tasks.shapes import Gate


class Extent(NamedTuple):
    whole: float  # of content
    bare: float  # of content that nothing supports
    run: float  # … in one stretch
    said: str


def extents(pair: Pair) -> list[tuple[Clause, Extent]]:
    keys = frozenset().union(*(each.all_keys for each in (*pair.there, *pair.asked)))
    means = frozenset().union(*(each.all_means for each in (*pair.there, *pair.asked)))
    lower = pair.source.lower()
    prefixes = {word[:5] for word in keys if word.isascii()}
    return [(clause, _extent(clause, keys, means, prefixes, lower, pair)) for clause in pair.here]


def _extent(clause: Clause, keys: frozenset[str], means: frozenset[str], prefixes: set[str], lower: str, pair: Pair) -> Extent:
    whole = bare = run = best = 0.0
    start = end = 0
    said = (0, 0)
    for token in clause.tokens:
        if not _counts(token):
            continue
        size = _size(token)
        whole += size
        lacking = _lacking(token, keys, means, prefixes, lower, pair)
        bare += lacking
        if lacking > 0:
            start = token.start if run == 0 else start
            run, end = run + lacking, token.end
            if run > best:
                best, said = run, (start, end)
        else:
            run = 0.0
    return Extent(whole, bare, best, pair.answer[said[0] : said[1]])


def _counts(token: Token) -> bool:
    if token.text[0] > "\u3400":
        return token.content
    return token.content and token.text[0].isalpha() and token.text.lower() not in listed("stops") | listed("unweighed")


def _size(token: Token) -> float:
    return float(sum(each not in ZH_STOPS for each in token.text)) if token.text[0] > "\u3400" else 2.0


def _lacking(token: Token, keys: frozenset[str], means: frozenset[str], prefixes: set[str], lower: str, pair: Pair) -> float:
    if token.means & means:
        return 0.0
    if token.text[0] > "\u3400":
        from comity.tasks.gates.whom import found

        if pair.across:
            return 0.0 if any(one.start <= token.start < one.end for one in found(pair.answer)) else _size(token)
        return float(sum(each not in keys and each not in ZH_STOPS for each in token.text))
    if token.keys & keys or any(len(key) >= 5 and key[:5] in prefixes for key in token.keys) or token.text.lower() in lower:
        return 0.0
    if pair.across and token.text[0].isupper():
        return 0.0
    return 2.0


RUN_MAX = {"zh": 3.0, "en": 4.0}
"""Of content in one stretch that nothing supports, by the language of the answer: characters, or two for each word."""


def added(pair: Pair) -> Gate | None:
    if pair.kind == "proofread":
        return None
    most = RUN_MAX.get(pair.to, 6.0)
    found = max((each for _, each in extents(pair)), key=lambda one: one.run, default=None)
    if found is None or found.run < most:
        return None
    return Gate(name="inventions", passed=False, why="unsupported", said=found.said)
