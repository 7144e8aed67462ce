# SPDX-License-Identifier: Apache-2.0
"""Step 3: from whose rules apply, what was found and what stands beside it, one Decision for each candidate deployment.

Pure and synchronous.  The answer depends on facts only, never on the text, so it is kept by its facts: a repeated
combination costs a dictionary look-up, and its JSON for the record is encoded once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from comity.accord.consent import Scope
from comity.accord.needed import needed
from comity.config import Config
from comity.gateway.locate import Nexus
from comity.gateway.standing import Standing
from comity.jurisdictions.vocab import Vocabulary
from comity.policy import facts as law
from comity.policy.context import places
from comity.policy.decision import Decision, Effect
from comity.policy.discharge import hold
from comity.policy.engine import Engine, as_json
from comity.policy.ways import Case, Way, ways
from comity.privacy.guard import Findings
from comity.providers.base import Deployment
from comity.routing.plan import Candidate
from comity.transparency.receipt import grounds

CACHE_ENTRIES_MAX = 8192
_encode = msgspec.json.Encoder(order="deterministic").encode


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """`candidates` in the order configured; `ways`, where none is allowed, are the shortest that lead to an allow; `facts` and
    `decision` are the JSON that is recorded."""

    candidates: tuple[Candidate, ...]
    ways: tuple[Way, ...] = ()
    facts: bytes
    decision: bytes
    asks: tuple[tuple[str, tuple[str, ...]], ...] = ()  # by deployment: consents that would be enough, where records count
    grounds: bytes = b""  # what of the person's it rested on; the receipt commits to it

    @property
    def effect(self) -> Effect:
        effects = {candidate.decision.effect for candidate in self.candidates}
        for effect in (Effect.ALLOW, Effect.ESCALATE):
            if effect in effects:
                return effect
        return Effect.DENY


class Judge:
    """Holds the engine, the deployments and what the operator declared; `decide` is its one verb."""

    def __init__(
        self,
        *,
        config: Config,
        engine: Engine,
        vocabulary: Vocabulary,
        deployments: Sequence[Deployment],
        dischargers: frozenset[str],
    ) -> None:
        self._engine = engine
        self._vocabulary = vocabulary
        self._deployments = tuple(deployments)
        self._dischargers = dischargers
        self.controller = law.Controller(
            established=config.controller.established,
            us_person=config.controller.us_person,
            ciio=config.controller.ciio,
            gba_city=config.controller.gba_city,
            sector=config.controller.sector,
            ca_covered_provider=config.controller.ca_covered_provider,
        )
        self.service = law.Service(public=config.service.public, placed_on_market=config.service.placed_on_market)
        self.tenant = law.Tenant(residency=config.controller.residency)
        self._legal_basis = config.defaults.legal_basis
        self._cache: dict[tuple[object, ...], Judged] = {}
        self._beyond: dict[tuple[object, ...], tuple[Way, ...]] = {}

    def decide(
        self,
        nexus: Nexus,
        findings: Findings,
        deployments: tuple[str, ...],
        standing: Standing,
        today: date,
        *,
        open_to: tuple[str, ...] = (),
    ) -> Judged:
        """``deployments``: ids the caller's key and `model` leave in; ``open_to``: those the key alone does; empty means all."""
        categories = self._vocabulary.every_category if findings.failed else findings.categories
        key = (nexus.rules, categories, deployments, open_to, standing.number, standing.volumes, today)
        judged = self._cache.get(key)
        if judged is None:
            if len(self._cache) >= CACHE_ENTRIES_MAX:
                self._cache.pop(next(iter(self._cache)))
            judged = self._cache[key] = self._judge(nexus, categories, deployments, open_to, standing, today)
        return judged

    def beyond(
        self, nexus: Nexus, findings: Findings, standing: Standing, today: date, *, open_to: tuple[str, ...] = ()
    ) -> tuple[Way, ...]:
        """The shortest ways to one more allowed place, when those that are allowed do not answer; kept by their facts like decisions."""
        categories = self._vocabulary.every_category if findings.failed else findings.categories
        key = (nexus.rules, categories, open_to, standing.number, standing.volumes, today)
        if key not in self._beyond:
            if len(self._beyond) >= CACHE_ENTRIES_MAX:
                self._beyond.pop(next(iter(self._beyond)))
            open_ = [each for each in self._deployments if not open_to or each.id in open_to]
            cases = [Case(facts=self._facts(nexus, categories, each, standing, today), evidence=standing.for_all() | standing.of(each.id))
                     for each in open_]  # fmt: skip
            denied = [case for case, made in zip(cases, self.ask(cases), strict=True) if made.effect is not Effect.ALLOW]
            self._beyond[key] = ways(denied, self.ask, self._vocabulary) if denied else ()
        return self._beyond[key]

    def _judge(
        self, nexus: Nexus, categories: frozenset[str], wanted: tuple[str, ...], open_to: tuple[str, ...], standing: Standing, today: date
    ) -> Judged:
        def case(deployment: Deployment) -> Case:
            facts = self._facts(nexus, categories, deployment, standing, today)
            return Case(facts=facts, evidence=standing.for_all() | standing.of(deployment.id))

        chosen = [deployment for deployment in self._deployments if not wanted or deployment.id in wanted]
        cases = [case(deployment) for deployment in chosen]
        decisions = self.ask(cases)
        candidates = tuple(Candidate(deployment=d, decision=x) for d, x in zip(chosen, decisions, strict=True))
        found: tuple[Way, ...] = ()
        if not any(decision.effect is Effect.ALLOW for decision in decisions):
            others = [each for each in self._deployments if each not in chosen and (not open_to or each.id in open_to)]
            found = ways(cases, self.ask, self._vocabulary, others=[case(each) for each in others])
        denied = nexus.recorded is not None and all(made.effect is not Effect.ALLOW for made in decisions)
        asks = tuple((each.facts.provider.id, needed(each, self.ask)) for each in cases) if denied else ()
        return Judged(
            candidates=candidates, asks=asks, ways=found,
            facts=_encode(shared_facts(cases)), decision=_encode(as_answer(candidates, found)),
            grounds=grounds(consents(cases), cases[0].facts.legal_basis) if cases else b"",
        )  # fmt: skip

    def ask(self, cases: Sequence[Case]) -> list[Decision]:
        """An allow that rests on what nobody meets is a denial."""
        decisions = self._engine.decide_many([case.facts for case in cases])
        return [hold(made, self._dischargers, case.evidence, self._vocabulary) for made, case in zip(decisions, cases, strict=True)]

    def _facts(self, nexus: Nexus, categories: frozenset[str], deployment: Deployment, standing: Standing, today: date) -> law.Facts:
        evidence = self._vocabulary.sorted_evidence(standing.of(deployment.id))
        provider = msgspec.structs.replace(
            placed(deployment, nexus.subject.location), mechanisms=evidence.mechanisms, filings=evidence.filings,
            certifications=evidence.certifications,
        )  # fmt: skip
        facts = law.Facts(
            as_of=today,
            subject=nexus.subject,
            controller=self.controller,
            data=law.Data(personal=True, state="raw", categories=categories, collected_in=nexus.collected_in),
            volumes=standing.volumes,
            purpose=nexus.purpose,
            feature=nexus.feature,
            legal_basis=self._legal_basis,
            consent=nexus.consent,
            safeguards=evidence.safeguards,
            provider=provider,
            service=self.service,
            tenant=self.tenant,
        )
        return facts if nexus.recorded is None else self._on_record(facts, nexus.recorded)

    def _on_record(self, facts: law.Facts, recorded: frozenset[Scope]) -> law.Facts:
        """With those consents alone that are good for this purpose, these categories and this place."""
        where = places(facts, self._vocabulary).everywhere
        covering = {
            each.consent
            for each in recorded
            if each.covers(facts.purpose, facts.data.categories, facts.provider.id, where, self._vocabulary)
        }
        return msgspec.structs.replace(facts, consent=frozenset(covering), consent_source="recorded")


def placed(deployment: Deployment, here: str | None) -> law.Provider:
    """A device is where its person is (``here``); every other place is the catalog's."""
    if not deployment.on_device or here is None:
        return deployment.facts
    at = frozenset({here})
    return msgspec.structs.replace(deployment.facts, operator_region=here, processing=at, storage=at)


def shared_facts(asked: Sequence[Case]) -> dict[str, Any]:
    """The facts of one request: what all candidates share once, then each provider with its evidence; replay reads this."""
    if not asked:
        return {"providers": []}
    first: dict[str, Any] = msgspec.to_builtins(asked[0].facts, order="deterministic")
    first.pop("provider")
    first.pop("safeguards")
    first["consent"] = sorted(consents(asked))
    first["providers"] = [
        {"provider": msgspec.to_builtins(facts.provider), "safeguards": sorted(facts.safeguards), "evidence": sorted(evidence)}
        | ({"consent": sorted(facts.consent)} if facts.consent_source == "recorded" else {})
        for facts, evidence in ((case.facts, case.evidence) for case in asked)
    ]
    return first


def consents(asked: Sequence[Case]) -> frozenset[str]:
    """Of all candidates: one on record is good for some places, and perhaps not for others."""
    return frozenset[str]().union(*(case.facts.consent for case in asked))


def as_answer(candidates: Sequence[Candidate], found: Sequence[Way] = ()) -> dict[str, Any]:
    """What a refused caller is told and what `comity explain` reads: each candidate with its reasons and remedies, and the ways out."""
    rows: list[Mapping[str, Any]] = [{"deployment": candidate.deployment.id, **as_json(candidate.decision)} for candidate in candidates]
    remedies: list[str] = []
    for row in rows:
        remedies.extend(remedy for remedy in row["remedies"] if remedy not in remedies)
    return {"candidates": rows, "remedies": remedies, "ways": [{"deployment": way.deployment, "steps": list(way.steps)} for way in found]}
