# SPDX-License-Identifier: Apache-2.0
"""An answer beside its source: which clause says again what which clause said."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from functools import cached_property

from comity.tasks.gates.amounts import amounts
from comity.tasks.gates.numeral import Amount
from comity.tasks.gates.words import Clause, Token, clauses

MEANT = 0.7
"""What another word for the same counts, of the same word."""
UNSEEN = 0.4
"""What a word that the source never says tells of which clause is meant, of one that a single clause says."""


class Pair:
    def __init__(self, kind: str, source: str, answer: str, language: str, to: str, question: str, known: Sequence[str]) -> None:
        self.kind, self.source, self.answer, self.question, self.known = kind, source, answer, question, known
        self.language = language.partition("-")[0]
        self.to = (to or language).partition("-")[0]
        self.across = self.language != self.to
        self._weights: dict[str, float] = {}
        self._shares: dict[str, dict[int, float]] = {}
        self._bests: dict[tuple[int, frozenset[str]], tuple[float, Clause | None]] = {}

    @cached_property
    def there(self) -> tuple[Clause, ...]:
        return clauses(self.source)

    @cached_property
    def here(self) -> tuple[Clause, ...]:
        return clauses(self.answer)

    @cached_property
    def asked(self) -> tuple[Clause, ...]:
        return clauses(self.question)

    @cached_property
    def given(self) -> tuple[Amount, ...]:
        return amounts(self.source, self.language)

    @cached_property
    def said(self) -> tuple[Amount, ...]:
        return amounts(self.answer, self.to)

    @cached_property
    def _spread(self) -> Counter[str]:
        return Counter(key for clause in self.there for key in clause.all_keys | clause.all_means)

    def weight(self, token: Token) -> float:
        """What is in few clauses of the source tells more."""
        known = self._weights.get(token.text)
        if known is None:
            seen = [self._spread[key] for key in (*token.keys, *token.means) if self._spread[key]]
            size = len(token.text) if token.text[0] > "\u3400" else 2
            known = self._weights[token.text] = size / math.sqrt(1 + min(seen)) if seen else size * UNSEEN
        return known

    def shares(self, token: Token) -> dict[int, float]:
        """Of each clause of the source, by its place, that says ``token`` or part of it: 0 to 1."""
        known = self._shares.get(token.text)
        if known is None:
            known = self._shares[token.text] = {}
            for key in token.keys:
                for at in self._places.get(key, ()):
                    known[at] = known.get(at, 0.0) + 1 / len(token.keys)
            for mean in token.means:
                for at in self._places.get(mean, ()):
                    known[at] = max(known.get(at, 0.0), MEANT)
        return known

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = defaultdict(list)
        for at, clause in enumerate(self.there):
            for key in clause.all_keys | clause.all_means:
                places[key].append(at)
        return places

    def _likenesses(self, tokens: Sequence[Token], apart: Collection[str]) -> list[float]:
        """0 to 1: how much of ``tokens`` each clause of the source says, but for those ``apart``."""
        totals = [0.0] * len(self.there)
        whole = 0.0
        for token in tokens:
            if not token.content or token.text in apart:
                continue
            weight = self.weight(token)
            whole += weight
            for at, share in self.shares(token).items():
                totals[at] += weight * share
        return [each / whole for each in totals] if whole else totals

    def likenesses(self, clause: Clause) -> list[float]:
        """0 to 1, of each clause of the source in turn: how much of the answer's ``clause`` it says."""
        return self._likenesses(clause.tokens, ())

    def likeness(self, clause: Clause, other: Clause) -> float:
        """0 to 1: how much of the answer's ``clause`` the source's ``other`` says."""
        return self._likenesses(clause.tokens, ())[self.there.index(other)]

    def best(self, clause: Clause, apart: Collection[str] = ()) -> tuple[float, Clause | None]:
        key = (clause.start, frozenset(apart))
        if key not in self._bests:
            scores = self._likenesses(clause.tokens, apart)
            at = max(range(len(scores)), key=lambda place: scores[place], default=-1)
            self._bests[key] = (scores[at], self.there[at]) if scores else (0.0, None)
        return self._bests[key]

    def sentence(self, clause: Clause) -> list[Clause]:
        return [each for each in self.there if each.sentence == clause.sentence]

    def clause_at(self, at: int) -> Clause | None:
        return next((each for each in self.here if each.start <= at < each.end), None)

    def source_clause_at(self, at: int) -> Clause | None:
        return next((each for each in self.there if each.start <= at < each.end), None)
