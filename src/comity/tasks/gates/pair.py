# SPDX-License-Identifier: Apache-2.0
"""An answer beside its source: which clause says again what which clause said."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import cached_property

from comity.tasks.gates.amounts import Amount, amounts
from comity.tasks.gates.words import Clause, Token, clauses

MEANT = 0.7
"""What another word for the same counts, of the same word."""
UNSEEN = 0.4
"""What a word that the source never says tells of which clause is meant, of one that a single clause says."""
Near = Callable[[str, str], float]


class Pair:
    def __init__(
        self, kind: str, source: str, answer: str, language: str, to: str, question: str, known: Sequence[str], near: Near | None
    ) -> None:
        self.kind, self.source, self.answer, self.question, self.known, self.near = kind, source, answer, question, known, near
        self.language = language.partition("-")[0]
        self.to = (to or language).partition("-")[0]
        self.across = self.language != self.to

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
        seen = [self._spread[key] for key in (*token.keys, *token.means) if self._spread[key]]
        size = len(token.text) if token.text[0] > "\u3400" else 2
        return size / math.sqrt(1 + min(seen)) if seen else size * UNSEEN

    def shared(self, token: Token, clause: Clause) -> float:
        """0 to 1."""
        if not token.keys:
            return 0.0
        same = len(token.keys & clause.all_keys) / len(token.keys)
        return max(same, MEANT if token.means & clause.all_means else 0.0)

    def likeness(self, tokens: Sequence[Token], clause: Clause, apart: Collection[str] = ()) -> float:
        """0 to 1: how much of ``tokens`` the source's ``clause`` says, but for those ``apart``."""
        counted = [each for each in tokens if each.content and each.text not in apart]
        whole = sum(map(self.weight, counted))
        return sum(self.weight(each) * self.shared(each, clause) for each in counted) / whole if whole else 0.0

    def best(self, clause: Clause, apart: Collection[str] = ()) -> tuple[float, Clause | None]:
        ranked = [(self.likeness(clause.tokens, each, apart), -each.start, each) for each in self.there]
        if not ranked:
            return 0.0, None
        score, _, found = max(ranked, key=lambda one: one[:2])
        return score, found

    def sentence(self, clause: Clause) -> list[Clause]:
        return [each for each in self.there if each.sentence == clause.sentence]

    def clause_at(self, at: int) -> Clause | None:
        return next((each for each in self.here if each.start <= at < each.end), None)

    def source_clause_at(self, at: int) -> Clause | None:
        return next((each for each in self.there if each.start <= at < each.end), None)
