# SPDX-License-Identifier: Apache-2.0
"""What several rules owe together: each obligation once; of a number the stricter; a least above a most is nobody's to settle here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from comity.jurisdictions.pack import Rule
from comity.jurisdictions.vocab import Vocabulary, bare
from comity.policy.decision import Obligation, Phase, Reason


def union(rules: Iterable[Rule], vocabulary: Vocabulary) -> tuple[Obligation, ...]:
    """One of each; of those that differ in their number alone, the one that keeps all: the largest least, the smallest most."""
    owed: dict[str, list[str]] = {}
    for rule in rules:
        owed.setdefault(rule.obligation, []).extend(rule.facts)
    kept: dict[str, str] = {}
    for name in owed:
        word = bare(name)
        before = kept.get(word)
        if word not in vocabulary.bounds or word == name:
            kept[name] = name
        elif before is None or _stricter(name, before, vocabulary.bounds[word].kind):
            kept[word] = name
    return tuple(
        Obligation(id=name, phase=Phase(vocabulary.phase_of(name)), facts=tuple(dict.fromkeys(owed[name]))) for name in kept.values()
    )


def clash(obligations: Sequence[Obligation], vocabulary: Vocabulary) -> tuple[Reason, ...]:
    """Reasons to escalate when what must be kept at least is more than may be kept at most; empty: they can all be met."""
    least: tuple[int, Obligation] | None = None
    most: tuple[int, Obligation] | None = None
    for duty in obligations:
        bound = vocabulary.bounds.get(bare(duty.id))
        if bound is None or bare(duty.id) == duty.id:
            continue
        months = number(duty.id) * bound.months
        if bound.kind == "min" and (least is None or months > least[0]):
            least = months, duty
        if bound.kind == "max" and (most is None or months < most[0]):
            most = months, duty
    if least is None or most is None or least[0] <= most[0]:
        return ()
    text = f"`{least[1].id}` and `{most[1].id}` cannot both be met"
    return tuple(Reason(fact=fact, text=text) for duty in (least[1], most[1]) for fact in duty.facts)


def number(obligation: str) -> int:
    """Of `log.retain_months:6`, six."""
    return int(obligation.rpartition(":")[2])


def _stricter(name: str, other: str, kind: str) -> bool:
    return number(name) > number(other) if kind == "min" else number(name) < number(other)
