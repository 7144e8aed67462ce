# SPDX-License-Identifier: Apache-2.0
"""Facts -> Decision.  Every pack that applies must allow; deny wins over escalate, and escalate over allow.

Silence denies, a rule that errors denies, past a pack's horizon it escalates, and so does a person in a place no pack covers.
Cedar is always asked with its schema: without one, a forbid that errors counts as absent and the request is allowed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec

from comity.jurisdictions.pack import Pack, Rule
from comity.jurisdictions.schema import schema_text
from comity.jurisdictions.vocab import Vocabulary
from comity.policy.context import context, home_of, places_of, tables_on, unknown_region
from comity.policy.decision import Citation, Decision, Effect, Obligation, Phase, Reason
from comity.policy.facts import Facts

CACHE_ENTRIES_MAX = 8192
_PRINCIPAL, _RESOURCE = {"type": "Subject", "id": "s"}, {"type": "Deployment", "id": "d"}


class _Verdict(NamedTuple):
    """What one pack, or the engine itself, says."""

    effect: Effect
    reasons: tuple[Reason, ...] = ()
    remedies: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()  # obligations, on an allow


class _Law:
    """One pack, ready to be asked: its regions, its schema, and its rules in force on a day."""

    def __init__(self, pack: Pack, vocabulary: Vocabulary) -> None:
        import cedarpy

        self.pack = pack
        self.home = home_of(pack, vocabulary)
        self._schema = cedarpy.Schema.from_str(schema_text(tables_on(pack, pack.head.verified_through, "", vocabulary)))
        self._rules = {rule.id: rule for rule in pack.rules}
        self._in_force: dict[tuple[str, ...], Any] = {}
        self._vocabulary = vocabulary

    def applies(self, facts: Facts) -> bool:
        reasons = self.pack.head.applies
        return (
            ("subject.location" in reasons and (facts.subject.location or "") in self.home)
            or ("data.collected_in" in reasons and (facts.data.collected_in or "") in self.home)
            or ("controller.established" in reasons and not self.home.isdisjoint(facts.controller.established))
            or ("controller.us_person" in reasons and facts.controller.us_person)
        )

    def covers(self, region: str) -> bool:
        return region in self.home and region not in self.pack.head.not_covered

    def ask(self, facts: Sequence[Facts]) -> list[_Verdict]:
        """One verdict each; all of ``facts`` are of one day."""
        import cedarpy

        if facts[0].as_of > self.pack.head.horizon:
            text = f"the law of {self.pack.head.name} has been read up to {self.pack.head.verified_through} only"
            return [_Verdict(Effect.ESCALATE, (Reason(fact="horizon", pack=self.pack.name, text=text),))] * len(facts)
        contexts = [context(each, self.pack, home=self.home, vocabulary=self._vocabulary) for each in facts]
        requests = [
            {"principal": _PRINCIPAL, "action": {"type": "Action", "id": action}, "resource": _RESOURCE, "context": each}
            for each in contexts
            for action in ("process", "owe")
        ]
        answers = cedarpy.is_authorized_batch(requests, self._policies(facts[0].as_of), [], self._schema)
        return [self._verdict(may, owed) for may, owed in zip(answers[::2], answers[1::2], strict=True)]

    def _policies(self, day: date) -> Any:
        import cedarpy

        ids = tuple(rule.id for rule in self.pack.rules if rule.valid_on(day))
        found = self._in_force.get(ids)
        if found is None:
            static = {name: {**self._rules[name].body, "annotations": {}} for name in ids}
            found = cedarpy.PolicySet.from_json_str(json.dumps({"staticPolicies": static, "templates": {}, "templateLinks": []}))
            self._in_force[ids] = found
        return found

    def _verdict(self, may: Any, owed: Any) -> _Verdict:
        if may.diagnostics.errors or owed.diagnostics.errors:
            return _Verdict(
                Effect.DENY, (Reason(fact="rule-error", pack=self.pack.name, text="a rule could not be evaluated, so it denies"),)
            )
        said = [self._rules[name] for name in sorted(may.diagnostics.reasons)]
        if not may.allowed:
            if not said:
                text = f"no rule of {self.pack.head.name} allows this"
                return _Verdict(Effect.DENY, (Reason(fact="no-rule", pack=self.pack.name, text=text),))
            effect = Effect.ESCALATE if all(rule.escalates for rule in said) else Effect.DENY
            return _Verdict(effect, self._reasons(said), _unique(remedy for rule in said for remedy in rule.remedies))
        obligations = tuple(self._rules[name] for name in sorted(owed.diagnostics.reasons))
        return _Verdict(Effect.ALLOW, self._reasons(said), (), obligations)

    def _reasons(self, rules: Iterable[Rule]) -> tuple[Reason, ...]:
        return tuple(
            Reason(fact=fact, rule=rule.id, pack=self.pack.name, text=rule.text or self.pack.facts[fact].summary)
            for rule in rules
            for fact in rule.facts
        )


class Engine:
    """Pure but for its cache: the same facts have the same decision for as long as the packs are the same."""

    def __init__(self, packs: Sequence[Pack], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._laws = tuple(_Law(pack, vocabulary) for pack in packs)
        self._citations = {fact.id: fact for pack in packs for fact in pack.facts.values()}
        self.packs = tuple(packs)
        self.digest = hashlib.sha256("\n".join(f"{pack.name} {pack.digest}" for pack in packs).encode()).hexdigest()
        self._cache: dict[Facts, Decision] = {}

    def decide(self, facts: Facts) -> Decision:
        return self.decide_many([facts])[0]

    def decide_many(self, facts: Sequence[Facts]) -> list[Decision]:
        """One decision each, in order.  Raises CallerError for facts that name no region."""
        new = list(dict.fromkeys(each for each in facts if each not in self._cache))
        by_day: dict[date, list[Facts]] = {}
        for each in new:
            self._check(each)
            by_day.setdefault(each.as_of, []).append(each)
        made = {each: decision for day in by_day.values() for each, decision in zip(day, self._decide(day), strict=True)}
        out = [made.get(each) or self._cache[each] for each in facts]
        for each, decision in made.items():
            if len(self._cache) >= CACHE_ENTRIES_MAX:
                self._cache.pop(next(iter(self._cache)))
            self._cache[each] = decision
        return out

    def _check(self, facts: Facts) -> None:
        for place in (facts.provider.processing, facts.provider.storage, facts.provider.access, facts.controller.established):
            places_of(place, self._vocabulary)
        for region in (facts.subject.location, facts.subject.residence, facts.data.collected_in, facts.provider.operator_region):
            try:
                self._vocabulary.canonical(region or "CN")
            except KeyError:
                raise unknown_region(str(region)) from None

    def _decide(self, facts: Sequence[Facts]) -> list[Decision]:
        verdicts: list[list[_Verdict]] = [[*self._tenant(each), *self._no_pack(each)] for each in facts]
        asked: list[list[str]] = [[] for _ in facts]
        for law in self._laws:
            places = [place for place, each in enumerate(facts) if law.applies(each)]
            if places:
                for place, verdict in zip(places, law.ask([facts[place] for place in places]), strict=True):
                    verdicts[place].append(verdict)
                    asked[place].append(law.pack.name)
        return [self._combined(*row) for row in zip(facts, verdicts, asked, strict=True)]

    def _no_pack(self, facts: Facts) -> list[_Verdict]:
        """A stated place that no pack covers escalates; with no place stated, only the person's own device may answer."""
        stated = _unique(region for region in (facts.subject.location, facts.data.collected_in) if region)
        missing = [region for region in stated if not any(law.covers(region) for law in self._laws)]
        if missing:
            text = f"no pack holds the law of {', '.join(missing)}"
        elif stated or any(law.applies(facts) for law in self._laws):
            return []
        elif facts.provider.kind == "on_device" and not facts.service.public:
            return [_Verdict(Effect.ALLOW)]  # one's own use of one's own machine: nothing leaves, nothing is offered
        else:
            text = "nobody said where the person is, so nobody can say whose law applies"
        return [_Verdict(Effect.ESCALATE, (Reason(fact="no-pack", text=text),))]

    def _tenant(self, facts: Facts) -> list[_Verdict]:
        """The tenant's own promise narrows the law, never widens it."""
        if facts.tenant.residency is None:
            return []
        promised = frozenset().union(*(self._vocabulary.members(region) for region in facts.tenant.residency))
        provider = facts.provider
        everywhere = frozenset().union(*(places_of(p, self._vocabulary) for p in (provider.processing, provider.storage, provider.access)))
        if everywhere <= promised:
            return []
        text = f"the tenant keeps data within {', '.join(sorted(facts.tenant.residency))}"
        return [_Verdict(Effect.DENY, (Reason(fact="tenant-policy", text=text),), ("route:other_provider", "route:on_device"))]

    def _combined(self, facts: Facts, verdicts: Sequence[_Verdict], asked: Sequence[str]) -> Decision:
        effects = {verdict.effect for verdict in verdicts} or {Effect.DENY}
        effect = next(each for each in (Effect.DENY, Effect.ESCALATE, Effect.ALLOW) if each in effects)
        speaking = [verdict for verdict in verdicts if verdict.effect is effect]
        reasons = _unique(reason for verdict in speaking for reason in verdict.reasons)
        obligations = self._obligations(rule for verdict in speaking for rule in verdict.rules) if effect is Effect.ALLOW else ()
        cited = _unique([reason.fact for reason in reasons] + [fact for duty in obligations for fact in duty.facts])
        return Decision(
            effect=effect, reasons=reasons, obligations=obligations,
            remedies=_unique(remedy for verdict in speaking for remedy in verdict.remedies),
            citations=tuple(self._citation(fact) for fact in cited if fact in self._citations),
            packs=tuple(asked), digest=self.digest, as_of=facts.as_of,
        )  # fmt: skip

    def _obligations(self, rules: Iterable[Rule]) -> tuple[Obligation, ...]:
        facts: dict[str, list[str]] = {}
        for rule in rules:
            facts.setdefault(rule.obligation, []).extend(rule.facts)
        return tuple(
            Obligation(id=name, phase=Phase(self._vocabulary.phase_of(name)), facts=_unique(cited)) for name, cited in facts.items()
        )

    def _citation(self, fact_id: str) -> Citation:
        fact = self._citations[fact_id]
        return Citation(
            fact=fact.id,
            instrument=fact.instrument,
            article=fact.article,
            source=fact.source,
            confidence=fact.confidence,
            effective=fact.effective,
        )


def _unique(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(items))


def as_json(decision: Decision) -> dict[str, Any]:
    """What a caller, a record and `--json` show."""
    made: dict[str, Any] = msgspec.to_builtins(decision)
    return made
