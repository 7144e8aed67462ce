# SPDX-License-Identifier: Apache-2.0
"""Recorded decisions: pages of them, and one with every candidate, its articles, what was owed, and the attempts that were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from comity.errors import ComityError
from comity.gateway.duties import REGISTERED
from comity.gateway.read import asked, shapes
from comity.jurisdictions.pack import Fact
from comity.jurisdictions.vocab import Vocabulary, bare, load_vocabulary
from comity.policy.decision import Citation, Effect, Obligation
from comity.policy.engine import Engine
from comity.transparency.queries import Entry, Whole, destinations, page, whole

if TYPE_CHECKING:
    from comity.gateway.app import App

PATH = "/comity/v1/decisions"
_recorded = msgspec.json.Decoder(shapes.Recorded).decode


async def decisions(app: App, query: asked.Decisions, name: str) -> shapes.DecisionPage:
    wanted = query.wanted()
    found = await app.world.ledger.database.read(partial(page, wanted, query.after, query.limit))
    return shapes.DecisionPage(
        data=tuple(map(row, found.entries)), next=asked.again(PATH, query, found.after) if found.after else None, after=found.after or None
    )


async def decision(app: App, query: asked.Query, name: str) -> shapes.DecisionDetail:
    """Raises CallerError (404)."""
    return detail(await app.world.ledger.database.read(partial(whole, name)), app.world.engine, load_vocabulary())


def row(entry: Entry, *, whole: bool = False) -> shapes.DecisionRow:
    """``whole``: with the receipt that a node gave, which is as long as ten rows."""
    said, outcome = entry.receipt, entry.outcome
    if outcome is not None and outcome.received is not None and not whole:
        outcome = msgspec.structs.replace(outcome, received=None)
    return shapes.DecisionRow(
        id=said.id, index=entry.place, at=said.at, request=entry.request, effect=Effect(said.effect), source=said.source,
        destination=destinations(said), deployment=said.deployment, stand_in=said.stand_in, reasons=said.reasons, rules=said.rules,
        obligations=said.obligations, packs=said.packs, plaintext_at=said.plaintext_at, level=said.level, size_bucket=said.size_bucket,
        retention_months=said.retention_months, status=entry.status, outcome=outcome,
    )  # fmt: skip


def detail(found: Whole, engine: Engine, vocabulary: Vocabulary) -> shapes.DecisionDetail:
    """The articles are those of the packs of today: what a receipt rests on is named, and where it has gone there is no text."""
    try:
        facts, said = msgspec.json.decode(found.facts, type=dict[str, Any]), _recorded(found.decision)
    except msgspec.MsgspecError:  # whole, as its digest says, and of another Comity
        raise ComityError("this decision was recorded in a form that is not read any more", code="internal") from None
    articles = articles_of(engine)
    evidence = {each["provider"]["id"]: frozenset(each.get("evidence", ())) for each in facts.get("providers", ())}
    receipt = found.entry.receipt
    return shapes.DecisionDetail(
        decision=row(found.entry, whole=True), facts=facts,
        candidates=tuple(candidate(each, articles, evidence.get(each.deployment, frozenset()), vocabulary) for each in said.candidates),
        remedies=said.remedies, ways=said.ways, attempts=tuple(map(row, found.attempts)), receipt=receipt,
        links=shapes.Links(bundle=f"/comity/v1/receipts/{receipt.id}"),
    )  # fmt: skip


def articles_of(engine: Engine) -> dict[str, Fact]:
    return {fact.id: fact for pack in engine.packs for fact in pack.facts.values()}


def candidate(
    said: shapes.Judgement, articles: Mapping[str, Fact], evidence: frozenset[str], vocabulary: Vocabulary
) -> shapes.CandidateJudged:
    return shapes.CandidateJudged(
        deployment=said.deployment, effect=said.effect, reasons=said.reasons,
        obligations=tuple(_owed(duty, evidence, vocabulary) for duty in said.obligations), remedies=said.remedies,
        citations=tuple(cited(each, articles.get(each.fact)) for each in said.citations), packs=said.packs, digest=said.digest,
        as_of=said.as_of,
    )  # fmt: skip


def _owed(duty: Obligation, evidence: Iterable[str], vocabulary: Vocabulary) -> shapes.Owed:
    by_code = REGISTERED.get(bare(duty.id))
    shown = sorted(kind for kind in evidence if duty.id in vocabulary.met_by((kind,)))
    how = by_code or ", ".join(shown)
    return shapes.Owed(
        id=duty.id, phase=duty.phase, facts=duty.facts, met_by="code" if by_code else "evidence" if shown else "nobody", how=how
    )


def cited(said: Citation, article: Fact | None) -> shapes.Cited:
    summary, quote = (article.summary, article.quote) if article is not None else ("", "")
    return shapes.Cited(**msgspec.structs.asdict(said), summary=summary, quote=quote)
