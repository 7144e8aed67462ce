# SPDX-License-Identifier: Apache-2.0
"""Golden scenarios: facts with what the law must say of them.

The effect is exact; expected obligations and remedies must be among those decided; `must_not` must be absent; on a denial or an
escalation the reasons are not empty and each is among those expected; on an allow reasons are not scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

from comity.errors import CallerError
from comity.jurisdictions.vocab import Vocabulary
from comity.policy.decision import Decision, Effect
from comity.policy.engine import Engine
from comity.policy.reading import facts_of, misshapen


class Expected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    decision: Effect
    obligations: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """Other members (`why`, `citation`, …) tell a reader more and decide nothing."""

    id: str
    facts: dict[str, Any]
    expected: dict[str, Any]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """``law``: `deep` when all packs that decided are, `sketch` when one is, `none` when no pack did or the facts mean nothing."""

    id: str
    passed: bool
    why: tuple[str, ...] = ()  # each thing that does not hold
    decision: Decision | None = None
    law: str = "none"


def run(scenarios: Iterable[Scenario], engine: Engine, vocabulary: Vocabulary) -> list[Result]:
    """One result each, in order; a scenario with facts or words that nobody knows fails, and says which."""
    depths = {pack.name: pack.head.depth for pack in engine.packs}
    return [_run(scenario, engine, vocabulary, depths) for scenario in scenarios]


def _run(scenario: Scenario, engine: Engine, vocabulary: Vocabulary, depths: Mapping[str, str]) -> Result:
    try:
        expected = _expected(scenario.expected, vocabulary)
        decision = engine.decide(facts_of(scenario.facts))
    except CallerError as error:
        return Result(id=scenario.id, passed=False, why=(f"{error} ({error.hint})" if error.hint else str(error),))
    why = tuple(_misses(expected, decision))
    asked = {depths[name] for name in decision.packs}
    law = "sketch" if "sketch" in asked else "deep" if asked else "none"
    return Result(id=scenario.id, passed=not why, why=why, decision=decision, law=law)


def _expected(said: Mapping[str, Any], vocabulary: Vocabulary) -> Expected:
    """Each word is one that could be there: what must be absent and is misspelt would be absent for ever."""
    try:
        expected = msgspec.convert(said, Expected)
    except msgspec.ValidationError as error:
        raise misshapen(error, Expected, "expected") from None
    for field in ("obligations", "must_not", "remedies"):
        for word in getattr(expected, field):
            if not vocabulary.is_obligation(word) and word not in vocabulary.remedies:
                near = vocabulary.nearest_evidence(word) or next(iter(get_close_matches(word, sorted(vocabulary.remedies), n=1)), "")
                raise CallerError(
                    f"expected.{field}: `{word[:64]}` is not a word of the vocabulary", code="facts.invalid", field=field,
                    hint=f"did you mean `{near}`?" if near else "see vocab.toml in comity.jurisdictions",
                )  # fmt: skip
    return expected


def _misses(expected: Expected, decision: Decision) -> Iterable[str]:
    owed, reasons = {duty.id for duty in decision.obligations}, [reason.fact for reason in decision.reasons]
    if decision.effect is not expected.decision:
        yield f"decided {decision.effect}, not {expected.decision}, by {', '.join(dict.fromkeys(reasons)) or 'nothing'}"
    yield from (f"`{duty}` is not owed" for duty in expected.obligations if duty not in owed)
    yield from (f"`{word}` must not be, and is" for word in expected.must_not if word in owed or word in decision.remedies)
    yield from (f"`{remedy}` is no remedy" for remedy in expected.remedies if remedy not in decision.remedies)
    if decision.effect is not Effect.ALLOW:
        if not reasons:
            yield "no reason is given"
        yield from (f"`{fact}` is no reason expected" for fact in dict.fromkeys(reasons) if fact not in expected.reasons)
