# SPDX-License-Identifier: Apache-2.0
"""One pack, ready to be asked: its regions, its schema, and what of it is in force on a day.

Cedar is always asked with the schema: without one, a forbid that errors counts as absent and the request is allowed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from comity.jurisdictions.pack import Pack, Rule, Table
from comity.jurisdictions.schema import FACTS, kept, read_by, schema_of
from comity.jurisdictions.vocab import Vocabulary
from comity.policy.context import context, home_of
from comity.policy.decision import Effect, Reason
from comity.policy.facts import Facts

_SILENCE = Rule(
    id="tenant", effect="permit", action="process", escalates=False, facts=(), text="", remedies=(), obligation="", term="",
    valid_from=None, valid_to=None,
    body={
        "effect": "permit", "principal": {"op": "All"}, "action": {"op": "==", "entity": {"type": "Action", "id": "process"}},
        "resource": {"op": "All"}, "conditions": [],
    },
)  # fmt: skip
"""A tenant's policy lets pass what it says nothing of; a law does not."""
PRINCIPAL, RESOURCE = {"type": "Subject", "id": "s"}, {"type": "Deployment", "id": "d"}


class Verdict(NamedTuple):
    """What one pack, or the engine itself, says."""

    effect: Effect
    reasons: tuple[Reason, ...] = ()
    remedies: tuple[str, ...] = ()
    owed: tuple[Rule, ...] = ()


class _Force(NamedTuple):
    """What of a pack is in force on a day, as Cedar holds it."""

    rules: Mapping[str, Rule]
    policies: Any
    tables: Any


@lru_cache(maxsize=64)
def _schema(text: str) -> Any:
    """Read once for all engines that hold the pack: it never changes, and reading it is most of what making one costs."""
    import cedarpy

    return cedarpy.Schema.from_str(text)


class Law:
    def __init__(self, pack: Pack, vocabulary: Vocabulary) -> None:
        self.pack = pack
        self.home = home_of(frozenset(pack.head.regions), vocabulary)
        self._all = (*pack.rules, _SILENCE) if pack.head.tenant else pack.rules
        self._not_covered = home_of(frozenset(pack.head.not_covered), vocabulary)
        self._reads = read_by(pack.rules)
        self._schema = _schema(schema_of(pack.tables, pack.rules, kept(FACTS, self._reads)))
        self._no_terms = dict.fromkeys(sorted(pack.terms), False)
        self._vocabulary = vocabulary
        self._in_force: dict[tuple[object, ...], _Force] = {}

    def applies(self, facts: Facts) -> bool:
        reasons = self.pack.head.applies
        if not reasons:
            return True
        return (
            ("subject.location" in reasons and facts.subject.location in self.home)
            or ("data.collected_in" in reasons and facts.data.collected_in in self.home)
            or ("controller.established" in reasons and not self.home.isdisjoint(facts.controller.established))
            or ("controller.us_person" in reasons and facts.controller.us_person)
        )

    def covers(self, region: str) -> bool:
        return self.holds(region) and region not in self._not_covered

    def holds(self, region: str) -> bool:
        """The law of that place, be it without that of its parts; a tenant's policy is no law."""
        return region in self.home and not self.pack.head.tenant

    def ask(self, facts: Sequence[Facts]) -> list[Verdict]:
        """One verdict each; all of ``facts`` are of one day."""
        day = facts[0].as_of
        if day > self.pack.head.horizon:
            text = f"the law of {self.pack.head.name} has been read up to {self.pack.head.verified_through} only"
            return [Verdict(Effect.ESCALATE, (Reason(fact="horizon", pack=self.pack.name, text=text),))] * len(facts)
        contexts = [kept(context(each, self.home, self._vocabulary), self._reads) | {"term": self._no_terms} for each in facts]
        force = self._on(day)
        defined = self._answers([("define", each) for each in contexts], force) if self._no_terms else [None] * len(facts)
        for each, answer in zip(contexts, defined, strict=True):
            each["term"] = self._no_terms | {force.rules[name].term: True for name in (answer.diagnostics.reasons if answer else ())}
        answers = self._answers([(action, each) for each in contexts for action in ("process", "owe")], force)
        return [self._verdict(force.rules, *row) for row in zip(defined, answers[::2], answers[1::2], strict=True)]

    def _answers(self, asked: Iterable[tuple[str, Mapping[str, Any]]], force: _Force) -> list[Any]:
        import cedarpy

        requests = [
            {"principal": PRINCIPAL, "action": {"type": "Action", "id": action}, "resource": RESOURCE, "context": each}
            for action, each in asked
        ]
        return cedarpy.is_authorized_batch(requests, force.policies, force.tables, self._schema)

    def _on(self, day: date) -> _Force:
        """The policies and the tables of a day, parsed once for all days that have the same."""
        import cedarpy

        rules = tuple(at for at, rule in enumerate(self._all) if rule.valid_on(day))
        rows = tuple(table.on(day) for table in self.pack.tables.values())
        found = self._in_force.get((rules, rows))
        if found is None:
            standing = {self._all[at].id: self._all[at] for at in rules}
            bodies = {name: {**rule.body, "annotations": {}} for name, rule in standing.items()}
            values = {name: self._value(table, row) for (name, table), row in zip(self.pack.tables.items(), rows, strict=True)}
            now = [{"uid": {"type": "Law", "id": "now"}, "attrs": values, "parents": []}]
            found = self._in_force[rules, rows] = _Force(
                standing,
                cedarpy.PolicySet.from_json_str(json.dumps({"staticPolicies": bodies, "templates": {}, "templateLinks": []})),
                cedarpy.Entities.from_json_str(json.dumps(now), self._schema),
            )
        return found

    def _value(self, table: Table, row: int) -> int | list[str]:
        value = table.values[row].value
        if isinstance(value, int):
            return value
        return sorted(home_of(frozenset(value), self._vocabulary) if table.regions else value)

    def _verdict(self, rules: Mapping[str, Rule], defined: Any, may: Any, owed: Any) -> Verdict:
        if any(answer is not None and answer.diagnostics.errors for answer in (defined, may, owed)):
            text = f"a rule of {self.pack.head.name} could not be evaluated, so it denies"
            return Verdict(Effect.DENY, (Reason(fact="rule-error", pack=self.pack.name, text=text),))
        said = [rules[name] for name in sorted(may.diagnostics.reasons)]
        if may.allowed:
            return Verdict(Effect.ALLOW, self._reasons(said), (), tuple(rules[name] for name in sorted(owed.diagnostics.reasons)))
        if not said:
            text = f"no rule of {self.pack.head.name} allows this"
            return Verdict(Effect.DENY, (Reason(fact="no-rule", pack=self.pack.name, text=text),))
        denying = [rule for rule in said if not rule.escalates]
        effect = Effect.DENY if denying else Effect.ESCALATE
        speaking = denying or said
        return Verdict(effect, self._reasons(speaking), tuple(dict.fromkeys(remedy for rule in speaking for remedy in rule.remedies)))

    def _reasons(self, rules: Iterable[Rule]) -> tuple[Reason, ...]:
        return tuple(Reason(fact=fact, rule=rule.id, pack=self.pack.name, text=rule.text) for rule in rules for fact in rule.facts)
