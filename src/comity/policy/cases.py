# SPDX-License-Identifier: Apache-2.0
"""A pack against its own `tests.json`: each case names every rule that speaks and every one that owes, no more and no less."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from comity.errors import CallerError
from comity.jurisdictions.pack import Case, Pack
from comity.jurisdictions.vocab import Vocabulary
from comity.policy.facts import Facts
from comity.policy.law import Law
from comity.policy.words import checked


def failures(pack: Pack, vocabulary: Vocabulary) -> list[str]:
    """One line for each case that does not hold; empty: all do."""
    law = Law(pack, vocabulary)
    return [line for case in pack.cases if (line := _failure(case, law, vocabulary))]


def _failure(case: Case, law: Law, vocabulary: Vocabulary) -> str:
    try:
        facts = checked(msgspec.convert(case.facts, Facts), vocabulary)
    except (msgspec.ValidationError, CallerError) as error:
        return f"{case.name}: {error}"
    if not law.applies(facts):
        return f"{case.name}: the pack does not apply"
    (verdict,) = law.ask([facts])
    spoke, owed = {reason.rule for reason in verdict.reasons if reason.rule}, {rule.id for rule in verdict.owed}
    if (verdict.effect, spoke, owed) == (case.effect, set(case.rules), set(case.owes)):
        return ""
    return f"{case.name}: {_shown(verdict.effect, spoke, owed)}, not {_shown(case.effect, case.rules, case.owes)}"


def _shown(effect: str, rules: Iterable[str], owed: Iterable[str]) -> str:
    owes = ", ".join(sorted(owed))
    return f"{effect} by {', '.join(sorted(rules)) or 'no rule'}" + (f", owing {owes}" if owes else "")
