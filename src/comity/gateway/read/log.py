# SPDX-License-Identifier: Apache-2.0
"""The log's head: how many records it stands for, and the key to check that with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comity.gateway.read import asked, shapes

if TYPE_CHECKING:
    from comity.gateway.app import App


async def head(app: App, query: asked.Query, name: str) -> shapes.LogHead:
    ledger = app.world.ledger
    note = await ledger.checkpoint()
    size = int(note.split("\n", 2)[1]) if note else 0  # tlog-checkpoint: origin, size, root
    return shapes.LogHead(size=size, origin=ledger.origin, key_id=ledger.key_id, vkey=ledger.vkey, checkpoint=note)


async def checkpoint(app: App, query: asked.Query, name: str) -> str:
    """The signed note alone, as witnesses and monitors take it."""
    return await app.world.ledger.checkpoint()
