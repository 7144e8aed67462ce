# SPDX-License-Identifier: Apache-2.0
"""The law that this gateway holds: each pack with its rules, articles and dates, and what of it changes next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from comity.errors import CallerError
from comity.gateway.read import asked, shapes
from comity.jurisdictions.overview import in_force, outline
from comity.jurisdictions.pack import Pack, Rule

if TYPE_CHECKING:
    from comity.gateway.app import App


async def packs(app: App, query: asked.AsOf, name: str) -> shapes.PackPage:
    day, engine = query.as_of or app.world.clock.now().date(), app.world.engine
    return shapes.PackPage(as_of=day, digest=engine.digest, data=tuple(_head(pack, day) for pack in engine.packs))


async def pack(app: App, query: asked.AsOf, name: str) -> shapes.PackDetail:
    """By its id.  Raises CallerError (404)."""
    day = query.as_of or app.world.clock.now().date()
    found = next((each for each in app.world.engine.packs if each.head.id == name), None)
    if found is None:
        raise absent(app.world.engine.packs)
    told = in_force(found, day)
    return shapes.PackDetail(
        as_of=day, pack=_head(found, day), rules=msgspec.convert(told["rules"], tuple[shapes.PackRule, ...]),
        tables=msgspec.convert(told["tables"], tuple[shapes.PackTable, ...]),
        facts=msgspec.convert(told["facts"], tuple[shapes.PackFact, ...]),
        coming=tuple(sorted(coming(found, day), key=lambda each: (each.on, each.what, each.id))),
    )  # fmt: skip


def _head(found: Pack, day: date) -> shapes.PackHead:
    return msgspec.convert(outline(found, day), shapes.PackHead)


def absent(packs: Iterable[Pack], field: str = "") -> CallerError:
    known = ", ".join(each.head.id for each in packs)
    return CallerError("no such pack is loaded", code="pack.absent", status=404, field=field, hint=f"there are: {known}")


def coming(found: Pack, day: date) -> Iterator[shapes.Coming]:
    """What changes after ``day``, on the first day that it does."""
    for rule in found.rules:
        if rule.valid_from is not None and rule.valid_from > day:
            yield _of_rule(rule, rule.valid_from, "rule begins")
        if rule.valid_to is not None and rule.valid_to >= day:
            yield _of_rule(rule, _after(rule.valid_to), "rule ends")
    for name, table in found.tables.items():
        for dated in table.values:
            if dated.since > day:
                value = str(dated.value) if isinstance(dated.value, int) else ", ".join(dated.value)
                yield shapes.Coming(on=dated.since, what="table changes", id=name, text=value, facts=(table.fact,))
    for fact in found.facts.values():
        if fact.effective is not None and fact.effective > day:
            yield shapes.Coming(on=fact.effective, what="article begins", id=fact.id, text=fact.summary, facts=(fact.id,))
        if fact.effective_to is not None and fact.effective_to >= day:
            yield shapes.Coming(on=_after(fact.effective_to), what="article ends", id=fact.id, text=fact.summary, facts=(fact.id,))
    if day <= found.head.horizon < date.max:
        yield shapes.Coming(on=_after(found.head.horizon), what="horizon", id=found.head.id, text="from here on the pack escalates")


def _of_rule(rule: Rule, on: date, what: Literal["rule begins", "rule ends"]) -> shapes.Coming:
    text = rule.text or rule.obligation or rule.term
    return shapes.Coming(on=on, what=what, id=rule.id, text=text, text_zh=rule.text_zh, facts=rule.facts)


def _after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)
