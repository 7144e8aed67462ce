# SPDX-License-Identifier: Apache-2.0
"""Deployments as configured and checked: where each computes, stores and can be read from, who says so, what was shown, what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal

from comity.accord.checks import told
from comity.accord.evidence import EVERYWHERE, Registered, dated, register
from comity.config import Config, DeploymentConfig
from comity.gateway.read import asked, shapes
from comity.providers.base import Deployment
from comity.providers.catalog.load import partners
from comity.providers.catalog.shapes import Partner, Sourced
from comity.routing.router import Known

if TYPE_CHECKING:
    from comity.gateway.app import App


async def deployments(app: App, query: asked.Query, name: str) -> shapes.DeploymentPage:
    world = app.world
    registered, health = register(world.state.entries()), world.router.health.snapshot()
    configured = {each.id: each for each in world.configured}
    today = world.clock.now().date()
    return shapes.DeploymentPage(
        data=tuple(
            _row(each, configured[each.id], tuple(_evidence(world.config, configured[each.id], registered, today)), health)
            for each in world.deployments.values()
        )
    )


def _row(
    deployment: Deployment, config: DeploymentConfig, evidence: tuple[shapes.EvidenceRow, ...], health: Mapping[str, Known]
) -> shapes.DeploymentRow:
    from comity.gateway.app import model_of

    partner, facts, profile = partners().get(deployment.provider), deployment.facts, deployment.profile
    return shapes.DeploymentRow(
        id=deployment.id, provider=deployment.provider, partner=partner.name if partner is not None else "", dialect=deployment.dialect,
        model=model_of(deployment), region=deployment.region, scope=config.scope, kind=facts.kind,
        role=facts.role, operator_region=facts.operator_region, covered_person=facts.covered_person, processing=facts.processing,
        storage=facts.storage, access=facts.access, egress=deployment.egress, stand_in=deployment.stand_in,
        plaintext_at=deployment.plaintext_at, context_tokens=profile.context_tokens, operations=profile.operations, inputs=profile.inputs,
        evidence=evidence, prices=tuple(_prices(partner, deployment, config)),
        sources=tuple(_sources(partner, deployment, config)) if partner is not None else (), health=health.get(deployment.id),
    )  # fmt: skip


def _sources(partner: Partner, deployment: Deployment, config: DeploymentConfig) -> Iterator[shapes.Said]:
    tables = (("dialect", partner.dialects.get(deployment.dialect)), ("model", partner.model(deployment.model)))
    for of, table in (*partner.places(deployment.region, config.scope), *tables):
        if table is not None:
            yield _said(partner, table, of)


def _said(partner: Partner, table: Sourced, of: str) -> shapes.Said:
    source = partner.sources[table.source]
    return shapes.Said(of=of, url=source.url, read=source.read, says=source.says)


def _prices(partner: Partner | None, deployment: Deployment, config: DeploymentConfig) -> Iterator[shapes.PriceRow]:
    """The operator's own stands for the catalog's."""
    if (own := config.price) is not None:
        yield shapes.PriceRow(currency=own.currency, input=own.input, output=own.output, source=None)
        return
    model = partner.model(deployment.model) if partner is not None else None
    for price in model.prices if model is not None else ():
        if partner is not None and (not price.regions or deployment.region in price.regions):
            yield shapes.PriceRow(currency=price.currency, input=price.input, output=price.output, source=_said(partner, price, "price"))


def _evidence(whole: Config, config: DeploymentConfig, registered: Sequence[Registered], today: date) -> Iterator[shapes.EvidenceRow]:
    """What holds, held, or will hold for it; what was withdrawn never counted."""
    unchecked_counts = not whole.evidence_check_required
    for scope, items in ((EVERYWHERE, whole.evidence), (config.id, config.evidence)):
        for item in items:
            kind, until = dated(item)
            state: Literal["valid", "expired"] = "valid" if until is None or today <= until else "expired"
            yield shapes.EvidenceRow(
                kind=kind, from_="configuration", number=None, scope=scope, state=state, valid_from=None, valid_to=until,
                issuer="", check="unchecked", checked="", counts=unchecked_counts,
            )  # fmt: skip
    for each in registered:
        entry, standing = each.entry, each.state(today)
        if entry.scope in (EVERYWHERE, config.id) and standing != "withdrawn":
            yield shapes.EvidenceRow(
                kind=entry.kind, from_="register", number=each.number, scope=entry.scope, state=standing,  # type: ignore[arg-type]
                valid_from=entry.valid_from, valid_to=entry.valid_to, issuer=entry.issuer,
                check=each.check, checked=told(entry.check) if entry.check is not None else "",  # type: ignore[arg-type]
                counts=unchecked_counts or entry.check is not None,
            )  # fmt: skip
