# SPDX-License-Identifier: Apache-2.0
"""Laws beside each other and in time: what comes into force next over all packs, how two of them differ, and guidelines to read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from comity.errors import CallerError, OperatorError
from comity.gateway.read import asked, shapes
from comity.gateway.read.packs import absent, coming
from comity.gateway.read.vocabulary import told
from comity.jurisdictions.guidelines import guidelines as document
from comity.jurisdictions.overview import NO_REMEDY, beside, covering
from comity.jurisdictions.pack import Pack
from comity.jurisdictions.vocab import load_vocabulary

if TYPE_CHECKING:
    from comity.gateway.app import App


async def timeline(app: App, query: asked.Timeline, name: str) -> shapes.Timeline:
    day, engine = query.after or app.world.clock.now().date(), app.world.engine
    found = [_dated(pack, each) for pack in engine.packs for each in coming(pack, day) if query.to is None or each.on <= query.to]
    return shapes.Timeline(after=day, data=tuple(sorted(found, key=lambda each: (each.on, each.pack, each.what, each.id))))


def _dated(pack: Pack, said: shapes.Coming) -> shapes.TimelineRow:
    articles = (pack.facts[name] for name in said.facts if name in pack.facts)
    cited = tuple(
        shapes.Cited(
            fact=each.id, instrument=each.instrument, article=each.article, source=each.source, confidence=each.confidence,
            effective=each.effective, summary=each.summary, quote=each.quote,
        )
        for each in articles
    )  # fmt: skip
    return shapes.TimelineRow(pack=pack.head.id, name=pack.head.name, citations=cited, **msgspec.structs.asdict(said))


# -- two laws ----------------------------------------------------------------------------------------------------------


async def compare(app: App, query: asked.Compare, name: str) -> shapes.Comparison:
    """Raises CallerError: 400 where one is not named, 404 where there is none."""
    day = query.as_of or app.world.clock.now().date()
    one, other = (_one(app, said, member) for said, member in ((query.a, "a"), (query.b, "b")))
    if one.head.id == other.head.id:
        raise _wrong("b", f"is the same law as `{query.a}`", "name another")
    found = await asyncio.to_thread(beside, one, other, day)
    return shapes.Comparison(
        as_of=day, a=shapes.PackName(id=one.head.id, name=one.head.name, version=one.head.version),
        b=shapes.PackName(id=other.head.id, name=other.head.name, version=other.head.version),
        topics={topic: tuple(_rows(topic, rows, one, other)) for topic, rows in found.items()},
    )  # fmt: skip


def _rows(topic: str, rows: Mapping[str, Mapping[str, list[Any]]], one: Pack, other: Pack) -> Iterator[shapes.Compared]:
    kind = {"obligations": "obligations", "forbids": "remedies", "escalates": "remedies"}.get(topic, "words")
    for about, held in rows.items():
        word = told(kind, about) if about != NO_REMEDY else shapes.Word(id=about, en="whatever is changed", zh="无论作何改变")
        yield shapes.Compared(about=word, a=tuple(_held(held, one)), b=tuple(_held(held, other)))


def _held(held: Mapping[str, list[Any]], pack: Pack) -> Iterator[shapes.Held]:
    """A rule by its id, or what a table has."""
    rules = {rule.id: rule for rule in pack.rules}
    for value in held.get(pack.head.id, ()):
        rule = rules.get(value) if isinstance(value, str) else None
        if rule is not None:
            yield shapes.Held(value=rule.id, text=rule.text, text_zh=rule.text_zh, facts=rule.facts)
        else:
            yield shapes.Held(value=str(value))


def _one(app: App, name: str, member: str) -> Pack:
    found = _covering(app, name, member)
    if len(found) > 1:
        raise _wrong(member, f"`{name}` is held by several packs", f"one of: {', '.join(pack.head.id for pack in found)}")
    return found[0]


def _covering(app: App, name: str, member: str) -> list[Pack]:
    if not name:
        raise _wrong(member, "names no law", "a pack or a region: cn, EEA, FR")
    try:
        return covering(app.world.engine.packs, name, load_vocabulary())
    except OperatorError:
        raise absent(app.world.engine.packs, member) from None


def _wrong(member: str, why: str, mend: str) -> CallerError:
    return CallerError(f"{member}: {why}", code="request.query", field=member, hint=mend)


# -- to read -----------------------------------------------------------------------------------------------------------


async def guidelines(app: App, query: asked.Guidelines, name: str) -> shapes.Guidelines:
    """Raises CallerError (404)."""
    day: date = query.as_of or app.world.clock.now().date()
    chosen = _covering(app, query.law, "law") if query.law else app.world.engine.packs
    return shapes.Guidelines(
        as_of=day, packs=tuple(pack.name for pack in chosen),
        document=await asyncio.to_thread(document, chosen, day, query.language, load_vocabulary()),
    )  # fmt: skip
