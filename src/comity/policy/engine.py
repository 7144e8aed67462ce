# SPDX-License-Identifier: Apache-2.0
"""Facts -> Decision.  Every pack that applies must allow; deny wins over escalate, and escalate over allow.

Silence denies, a rule that errors denies, past a pack's horizon it escalates, and so does a person, a collection or a controller in a
place that no pack covers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from comity.jurisdictions.pack import Pack
from comity.jurisdictions.vocab import Vocabulary
from comity.policy.context import home_of, places, stays
from comity.policy.decision import Citation, Decision, Effect, Reason
from comity.policy.facts import Facts
from comity.policy.law import Law, Verdict
from comity.policy.owed import clash, union
from comity.policy.words import checked

CACHE_ENTRIES_MAX = 8192


class Engine:
    """Pure but for its cache: the same facts have the same decision for as long as the packs are the same."""

    def __init__(self, packs: Sequence[Pack], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._laws = tuple(Law(pack, vocabulary) for pack in sorted(packs, key=lambda pack: pack.name))
        self._citations = {fact.id: fact for law in self._laws for fact in law.pack.facts.values()}
        self.packs = tuple(law.pack for law in self._laws)
        self.digest = hashlib.sha256("\n".join(f"{pack.name} {pack.digest}" for pack in self.packs).encode()).hexdigest()
        self._cache: dict[Facts, Decision] = {}

    def decide(self, facts: Facts) -> Decision:
        return self.decide_many([facts])[0]

    def decide_many(self, facts: Sequence[Facts]) -> list[Decision]:
        """One decision each, in order.  Raises CallerError for facts with a region or a word that nobody knows."""
        new = {each: checked(each, self._vocabulary) for each in facts if each not in self._cache}
        by_day: dict[date, list[Facts]] = {}
        for each in new:
            by_day.setdefault(each.as_of, []).append(each)
        made: dict[Facts, Decision] = {}
        for day in by_day.values():
            made |= zip(day, self._decide([new[each] for each in day]), strict=True)
        out = [made[each] if each in made else self._cache[each] for each in facts]
        for each, decision in made.items():
            if len(self._cache) >= CACHE_ENTRIES_MAX:
                self._cache.pop(next(iter(self._cache)))
            self._cache[each] = decision
        return out

    def _decide(self, facts: Sequence[Facts]) -> list[Decision]:
        verdicts: list[list[Verdict]] = [[*self._tenant(each), *self._unclaimed(each)] for each in facts]
        asked: list[list[str]] = [[] for _ in facts]
        for law in self._laws:
            claimed = [at for at, each in enumerate(facts) if law.applies(each)]
            if claimed:
                for at, verdict in zip(claimed, law.ask([facts[at] for at in claimed]), strict=True):
                    verdicts[at].append(verdict)
                    asked[at].append(law.pack.name)
        return [self._combined(*row) for row in zip(facts, verdicts, asked, strict=True)]

    def _unclaimed(self, facts: Facts) -> list[Verdict]:
        """A stated place that no pack covers escalates; with no place stated, only the person's own device may answer."""
        stated = tuple(dict.fromkeys(region for region in (facts.subject.location, facts.data.collected_in) if region))
        missing = [region for region in stated if not any(law.covers(region) for law in self._laws)]
        missing += [region for region in sorted(facts.controller.established) if not any(law.holds(region) for law in self._laws)]
        if missing:
            text = f"no pack holds the law of {', '.join(dict.fromkeys(missing))}"
        elif stated:
            return []
        elif stays(facts) and not facts.service.public:
            return [Verdict(Effect.ALLOW)]  # one's own use of one's own machine: nothing leaves, nothing is offered
        else:
            text = "nobody said where the person is, so nobody can say whose law applies"
        return [Verdict(Effect.ESCALATE, (Reason(fact="no-pack", text=text),))]

    def _tenant(self, facts: Facts) -> list[Verdict]:
        """The tenant's own promise narrows the law, never widens it; what stays on the person's device breaks no such promise."""
        promised = facts.tenant.residency
        if promised is None or stays(facts) or places(facts, self._vocabulary).everywhere <= home_of(promised, self._vocabulary):
            return []
        text = f"the tenant keeps data within {', '.join(sorted(promised))}"
        return [Verdict(Effect.DENY, (Reason(fact="tenant-policy", text=text),), ("route:other_provider", "route:on_device"))]

    def _combined(self, facts: Facts, verdicts: Sequence[Verdict], asked: Sequence[str]) -> Decision:
        verdicts = verdicts or [Verdict(Effect.DENY, (Reason(fact="no-rule", text="no pack allows this"),))]
        effects = {verdict.effect for verdict in verdicts}
        effect = next(each for each in (Effect.DENY, Effect.ESCALATE, Effect.ALLOW) if each in effects)
        speaking = [verdict for verdict in verdicts if verdict.effect is effect]
        reasons = tuple(dict.fromkeys(reason for verdict in speaking for reason in verdict.reasons))
        obligations = union((rule for verdict in speaking for rule in verdict.owed), self._vocabulary)
        collision = clash(obligations, self._vocabulary)
        if collision:
            effect, reasons, obligations = Effect.ESCALATE, collision, ()
        cited = dict.fromkeys([reason.fact for reason in reasons] + [fact for duty in obligations for fact in duty.facts])
        return Decision(
            effect=effect, reasons=reasons, obligations=obligations,
            remedies=tuple(dict.fromkeys(remedy for verdict in speaking for remedy in verdict.remedies)),
            citations=tuple(self._citation(fact) for fact in cited if fact in self._citations),
            packs=tuple(asked), digest=self.digest, as_of=facts.as_of,
        )  # fmt: skip

    def _citation(self, name: str) -> Citation:
        fact = self._citations[name]
        return Citation(
            fact=fact.id, instrument=fact.instrument, article=fact.article, source=fact.source, confidence=fact.confidence,
            effective=fact.effective,
        )  # fmt: skip


def as_json(decision: Decision) -> dict[str, Any]:
    """What a caller, a record and `--json` show."""
    made: dict[str, Any] = msgspec.to_builtins(decision)
    return made
