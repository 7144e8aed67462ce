# SPDX-License-Identifier: Apache-2.0
"""From a refusal to the shortest list of changes that leads to an allow: each remedy tried on the facts, breadth first.

What is not in the facts cannot be tried, and pseudonyms are never among the ways: hidden data is personal data still.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from comity.jurisdictions.vocab import Edit, Vocabulary
from comity.policy.decision import Decision, Effect
from comity.policy.facts import Facts

STEPS_MAX = 5
TRIED_MAX = 512
EVIDENCE = "evidence:"
ROUTE = "route:"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one deployment, with the evidence there is for it beside them."""

    facts: Facts
    evidence: frozenset[str] = frozenset()
    steps: tuple[str, ...] = ()


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """``steps`` in the order found: remedies, `route:to:DEPLOYMENT` for another one, `evidence:KIND` for what must be registered."""

    deployment: str
    steps: tuple[str, ...]


Ask = Callable[[Sequence[Case]], Sequence[Decision]]
"""Decides cases, with evidence held against what is owed."""


def ways(cases: Sequence[Case], ask: Ask, vocabulary: Vocabulary, *, others: Sequence[Case] = ()) -> tuple[Way, ...]:
    """Every shortest way; empty: within ``STEPS_MAX`` changes (however much evidence) there is none.

    ``cases`` were asked for; ``others`` are deployments that were not, and going to one is a step of its own.
    """
    seen: set[tuple[Facts, frozenset[str]]] = set()
    layers: list[list[Case]] = [list(cases), [_to(case) for case in others], *([] for _ in range(STEPS_MAX - 1))]
    for depth, layer in enumerate(layers):
        fresh = [case for case in _once(layer) if (case.facts, case.evidence) not in seen][: max(0, TRIED_MAX - len(seen))]
        seen |= {(case.facts, case.evidence) for case in fresh}
        decisions = ask(fresh) if fresh else ()
        found = [case for case, made in zip(fresh, decisions, strict=True) if made.effect is Effect.ALLOW]
        if found:
            return tuple(Way(deployment=case.facts.provider.id, steps=case.steps) for case in found)
        for case, decision in zip(fresh, decisions, strict=True):
            for tried in _tried(case, decision, vocabulary):
                if depth < STEPS_MAX:
                    layers[min(depth + len(tried.steps) - len(case.steps), STEPS_MAX)].append(tried)
    return ()


def _once(layer: Sequence[Case]) -> list[Case]:
    """The order of two changes makes no difference."""
    return list({(case.facts, case.evidence): case for case in reversed(layer)}.values())[::-1]


def _to(case: Case) -> Case:
    step = "route:on_device" if case.facts.provider.kind == "on_device" else f"{ROUTE}to:{case.facts.provider.id}"
    return msgspec.structs.replace(case, steps=(*case.steps, step))


def _tried(case: Case, decision: Decision, vocabulary: Vocabulary) -> Iterator[Case]:
    """Each remedy for itself; what is owed and not shown is all needed at once."""
    owed = tuple(word for word in decision.remedies if word not in vocabulary.remedies)
    if owed:
        steps = (*case.steps, *(EVIDENCE + word for word in owed))
        yield msgspec.structs.replace(case, evidence=case.evidence | set(owed), steps=steps)
    for remedy in decision.remedies:
        if remedy in vocabulary.edits:
            facts = edited(case.facts, vocabulary.edits[remedy])
            if facts != case.facts:
                yield msgspec.structs.replace(case, facts=facts, steps=(*case.steps, remedy))


def edited(facts: Facts, edit: Edit) -> Facts:
    changes: dict[str, Any] = {
        "consent": facts.consent | set(edit.consent),
        "safeguards": facts.safeguards | set(edit.safeguards),
        "provider": msgspec.structs.replace(facts.provider, mechanisms=facts.provider.mechanisms | set(edit.mechanisms)),
    }
    data: dict[str, Any] = {"state": edit.state} if edit.state else {}
    if edit.leaves is not None:
        data["categories"] = facts.data.categories & set(edit.leaves)
    changes["data"] = msgspec.structs.replace(facts.data, **data)
    for path in edit.drops:
        part, member = path.split(".")
        before = changes.get(part, getattr(facts, part))
        changes[part] = msgspec.structs.replace(before, **{member: _default(type(before), member)})
    return msgspec.structs.replace(facts, **changes)


def _default(shape: type[msgspec.Struct], member: str) -> Any:
    return next(field.default for field in msgspec.structs.fields(shape) if field.name == member)
