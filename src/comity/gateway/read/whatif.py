# SPDX-License-Identifier: Apache-2.0
"""`POST /comity/v1/whatif`: facts of a person and a request supposed, and what the law would say of each place.

The gateway's own step 3, on what stands beside a request on the day that is asked about: evidence in force, persons counted.  Nothing
is recorded and nothing is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from comity.accord.evidence import register
from comity.errors import CallerError
from comity.gateway.api import decoded, known, law_of
from comity.gateway.duties import DISCHARGERS
from comity.gateway.exchange import Exchange
from comity.gateway.http import JSON, NO_STORE, encode
from comity.gateway.judge import Judge, placed, shared_facts
from comity.gateway.read import shapes
from comity.gateway.read.decisions import articles_of, candidate
from comity.gateway.read.roles import READ, require
from comity.gateway.standing import Standing, declared
from comity.gateway.world import World
from comity.jurisdictions.pack import Fact
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy import facts as law
from comity.policy.decision import Decision, Effect
from comity.policy.replay import Change, between
from comity.policy.ways import Case, Way, ways

if TYPE_CHECKING:
    from comity.gateway.app import App

PLACES_MAX = 32
T = TypeVar("T")
Kinds = dict[str, frozenset[str]]


class Supposed(law.Base, frozen=True, kw_only=True):
    """Facts without a deployment, a day or evidence; what is left out is as this gateway is configured and counts now."""

    subject: law.Subject = law.Subject()
    data: law.Data = law.Data()
    consent: frozenset[str] = frozenset()
    purpose: str | UnsetType = UNSET
    feature: str | UnsetType | None = UNSET
    legal_basis: str | UnsetType | None = UNSET
    transaction: str = "vendor"
    output: law.Output = law.Output()
    decision: law.AutomatedDecision = law.AutomatedDecision()
    controller: law.Controller | UnsetType = UNSET
    service: law.Service | UnsetType = UNSET
    tenant: law.Tenant | UnsetType = UNSET
    volumes: law.Volumes | UnsetType = UNSET


class WhatIf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``baseline``: other facts, and then it is told what differs from what they lead to."""

    facts: Supposed = Supposed()
    baseline: Supposed | None = None
    as_of: Annotated[date | None, Meta(description="today where none is named")] = None
    packs: Annotated[tuple[str, ...], Meta(description="ids of those that are asked; none: all that are loaded")] = ()
    deployments: Annotated[tuple[str, ...], Meta(description="ids of those that are asked about; none: all")] = ()
    places: Annotated[tuple[law.Provider, ...], Meta(max_length=PLACES_MAX, description="deployments that there are not")] = ()
    evidence: Annotated[Kinds, Meta(description="supposed beside what is in force: kinds by a deployment's id, or `*`")] = {}


class Supposition(shapes.Answer, frozen=True, kw_only=True):
    """``facts``: as they were read, with what was filled in.  ``changes``: of effect or of terms against the baseline, each with the
    deployments it is of."""

    as_of: date
    packs: tuple[str, ...]
    effect: Annotated[Effect, Meta(description="of a request that any of the candidates may answer")]
    facts: dict[str, Any]
    candidates: tuple[shapes.CandidateJudged, ...]
    ways: tuple[Way, ...]
    baseline: tuple[shapes.CandidateJudged, ...] | None
    changes: tuple[Change, ...] | None


async def whatif(app: App, exchange: Exchange, call: str) -> int:
    require(app.callers, exchange, READ)
    asked: WhatIf = decoded(await app.body(exchange), WhatIf)
    await exchange.respond(200, encode(await supposition(app.world, asked)), [JSON, NO_STORE])
    return 200


async def supposition(world: World, asked: WhatIf) -> Supposition:
    """Raises CallerError naming the member."""
    day, vocabulary = asked.as_of or world.clock.now().date(), load_vocabulary()
    engine = await law_of(world.engine, asked.packs)
    chosen = [world.deployments[name] for name in known(asked.deployments, world.deployments, "deployments")]
    judge = Judge(
        config=world.config, engine=engine, vocabulary=vocabulary, deployments=list(world.deployments.values()), dischargers=DISCHARGERS
    )
    standing = _standing(world, asked.evidence, day, frozenset(each.id for each in asked.places) | world.deployments.keys())

    def cases(facts: Supposed) -> list[Case]:
        shown = standing if facts.volumes is UNSET else msgspec.structs.replace(standing, volumes=facts.volumes)
        places = [*(placed(each, facts.subject.location) for each in chosen or world.deployments.values()), *asked.places]
        return [_case(world, judge, facts, place, shown, day) for place in places]

    made = cases(asked.facts)
    decisions = judge.ask(made)
    await asyncio.sleep(0)
    articles = articles_of(engine)
    before, changes = None, None
    if asked.baseline is not None:
        others = cases(asked.baseline)
        said = judge.ask(others)
        before = _candidates(others, said, articles)
        found = [(case.facts.provider.id, between(was, now)) for case, was, now in zip(made, said, decisions, strict=True)]
        changes = _together((name, change) for name, change in found if change is not None)
        await asyncio.sleep(0)
    effects = {each.effect for each in decisions}
    effect = next((each for each in (Effect.ALLOW, Effect.ESCALATE) if each in effects), Effect.DENY)
    return Supposition(
        as_of=day, packs=tuple(pack.name for pack in engine.packs), effect=effect, facts=shared_facts(made),
        candidates=_candidates(made, decisions, articles), baseline=before, changes=changes,
        ways=() if effect is Effect.ALLOW else ways(made, judge.ask, vocabulary),
    )  # fmt: skip


def _standing(world: World, supposed: Kinds, day: date, places: Iterable[str]) -> Standing:
    """The evidence of that day with what is supposed beside it, and the counts of now."""
    vocabulary = load_vocabulary()
    known((name for name in supposed if name != "*"), places, "evidence")
    for kind in sorted(frozenset().union(*supposed.values())):
        if not vocabulary.is_evidence(kind):
            near = vocabulary.nearest_evidence(kind)
            raise CallerError(
                f"body.evidence: `{kind[:64]}` is no kind of evidence", code="request.invalid", field="evidence",
                hint=f"did you mean `{near}`?" if near else "see /comity/v1/vocabulary",
            )  # fmt: skip
    made = declared(world.config, world.configured, vocabulary, day, register(world.state.entries()))
    evidence = dict(made.evidence) | {name: made.of(name) | kinds for name, kinds in supposed.items()}
    return msgspec.structs.replace(made, volumes=world.standings.now().volumes, evidence=evidence)


def _case(world: World, judge: Judge, said: Supposed, place: law.Provider, standing: Standing, day: date) -> Case:
    defaults, shown = world.config.defaults, load_vocabulary().sorted_evidence(standing.of(place.id))
    provider = msgspec.structs.replace(
        place, mechanisms=place.mechanisms | shown.mechanisms, filings=place.filings | shown.filings,
        certifications=place.certifications | shown.certifications,
    )  # fmt: skip
    facts = law.Facts(
        as_of=day, subject=said.subject, data=said.data, consent=said.consent, transaction=said.transaction, output=said.output,
        decision=said.decision, purpose=_or(said.purpose, defaults.purpose), feature=_or(said.feature, defaults.task),
        legal_basis=_or(said.legal_basis, defaults.legal_basis), controller=_or(said.controller, judge.controller),
        service=_or(said.service, judge.service), tenant=_or(said.tenant, judge.tenant), volumes=standing.volumes,
        safeguards=shown.safeguards, provider=provider,
    )  # fmt: skip
    return Case(facts=facts, evidence=standing.for_all() | standing.of(place.id))


def _candidates(cases: Sequence[Case], decisions: Sequence[Decision], articles: Mapping[str, Fact]) -> tuple[shapes.CandidateJudged, ...]:
    named = (
        shapes.Judgement(deployment=case.facts.provider.id, **msgspec.structs.asdict(made))
        for case, made in zip(cases, decisions, strict=True)
    )
    return tuple(candidate(each, articles, case.evidence, load_vocabulary()) for each, case in zip(named, cases, strict=True))


def _or(said: T | UnsetType, default: T) -> T:
    return default if said is UNSET else said


def _together(found: Iterable[tuple[str, Change]]) -> tuple[Change, ...]:
    """The same change of several deployments once."""
    by_change: dict[Change, list[str]] = {}
    for name, change in found:
        by_change.setdefault(change, []).append(name)
    return tuple(msgspec.structs.replace(change, deployments=tuple(names)) for change, names in by_change.items())
