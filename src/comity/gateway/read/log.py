# SPDX-License-Identifier: Apache-2.0
"""The log: its head and key, who has witnessed what of it is published, and what a verifier asks for that holds no tiles."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from comity.config import PublishConfig
from comity.errors import CallerError
from comity.gateway.read import asked, shapes
from comity.storage.database import Script
from comity.transparency import rows
from comity.transparency.merkle import consistency_proof
from comity.transparency.note import COSIGNED, parse_note, parse_vkey, said_at, signed_checkpoint

if TYPE_CHECKING:
    from comity.gateway.app import App


async def head(app: App, query: asked.Query, name: str) -> shapes.LogHead:
    ledger, config = app.world.ledger, app.world.config.publish
    note, shown = await ledger.checkpoint(), (await ledger.heads.notes()).witnessed
    size = int(note.split("\n", 2)[1]) if note else 0  # tlog-checkpoint: origin, size, root
    return shapes.LogHead(
        size=size, origin=ledger.origin, key_id=ledger.key_id, vkey=ledger.vkey, checkpoint=note,
        published=shapes.PublishedHead(
            store="nowhere" if not config.store else "objects" if "://" in config.store else "directory", seconds=config.seconds,
            fill=config.fill, quorum=min(config.quorum, len(config.witnesses)), checkpoint=shown,
            size=signed_checkpoint(shown, ledger.heads.verifier).size if shown else 0, witnesses=_witnesses(config, shown),
        ),
    )  # fmt: skip


def _witnesses(config: PublishConfig, note: str) -> tuple[shapes.WitnessRow, ...]:
    """Those that are asked, and whose signature stands under what was shown last."""
    text, lines = parse_note(note) if note else ("", [])
    found = []
    for each in config.witnesses:
        key = parse_vkey(each.key, *COSIGNED)
        times = [said_at(line.signature) for line in key.among(lines) if key.holds(text.encode(), line.signature)]
        found.append(shapes.WitnessRow(name=key.name, vkey=key.vkey, signed=datetime.fromtimestamp(max(times), UTC) if times else None))
    return tuple(found)


async def checkpoint(app: App, query: asked.Query, name: str) -> str:
    """The signed note alone, as witnesses and monitors take it."""
    return await app.world.ledger.checkpoint()


async def consistency(app: App, query: asked.Consistency, name: str) -> shapes.Consistency:
    """Raises CallerError."""
    return await app.world.ledger.database.read(partial(_consistency, query.old, query.new))


def _consistency(old: int, new: int) -> Script[shapes.Consistency]:
    size, note = yield from rows.head()
    new = new or size
    if not old <= new <= size:
        raise CallerError(
            f"{'new' if new > size else 'old'}: there is no such tree", code="request.query", field="new" if new > size else "old",
            hint=f"0 <= old <= new <= {size}, which is the log's size",
        )  # fmt: skip
    proof = (yield from rows.worked_out(lambda node: consistency_proof(old, new, node))) if old else []
    return shapes.Consistency(old=old, new=new, proof=tuple(map(_text, proof)), checkpoint=note)


async def entries(app: App, query: asked.Entries, name: str) -> shapes.LogEntries:
    return await app.world.ledger.database.read(partial(_entries, query.begin, query.limit))


def _entries(begin: int, limit: int) -> Script[shapes.LogEntries]:
    size, _ = yield from rows.head()
    end = min(begin + limit, size)
    found = (yield from rows.entries(begin, end)) if begin < end else []
    return shapes.LogEntries(begin=begin, size=size, data=tuple(map(_text, found)))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
