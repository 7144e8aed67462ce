# SPDX-License-Identifier: Apache-2.0
"""Whatever is changed on the pages, and by whoever calls the same paths: in the log before it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comity.config import KeyConfig
from comity.gateway.read import asked
from comity.gateway.read.roles import console_role
from comity.gateway.signin.sessions import PERSON
from comity.gateway.signin.shapes import ChangePage, ChangeRow
from comity.transparency import changes as logged

if TYPE_CHECKING:
    from comity.gateway.app import App


async def changed(app: App, key: KeyConfig, what: str, of: str = "") -> None:
    """Returns once it is durable; raises StorageFailure otherwise, and then it is not to be done."""
    await app.world.ledger.changed(app.world.clock.now(), by=key.id, role=console_role(key), what=what, of=of)


async def changed_by_person(app: App, what: str, of: str = "") -> None:
    """By somebody of whom nothing is said: who it was would be in the log for good."""
    await app.world.ledger.changed(app.world.clock.now(), by=PERSON, role=PERSON, what=what, of=of)


async def changes(app: App, query: asked.Places, name: str) -> ChangePage:
    found = await app.world.ledger.database.read(lambda: logged.page(query.after, query.limit))
    rows = tuple(
        ChangeRow(index=at, number=each.number, at=each.at, by=each.by, role=each.role, what=each.what, of=each.of) for at, each in found
    )
    return ChangePage(data=rows, after=rows[-1].index if len(rows) == query.limit else None)
