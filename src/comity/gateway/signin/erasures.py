# SPDX-License-Identifier: Apache-2.0
"""What persons ask to have erased, until somebody has carried it out: in the state.

Whose it is stands there as a pseudonym for as long as it is open, and then no more.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from comity.accord.consents import erased
from comity.errors import CallerError
from comity.gateway.exchange import Exchange
from comity.gateway.http import JSON, NO_STORE, encode
from comity.gateway.read import asked
from comity.gateway.read.roles import OFFICER, require
from comity.gateway.signin.changes import changed
from comity.gateway.signin.shapes import ErasurePage, ErasureRow, instant
from comity.storage.database import Database, Script, Statement
from comity.transparency.ids import ID_LETTERS
from comity.transparency.retention import Erased, erase, everything

if TYPE_CHECKING:
    from comity.gateway.app import App
    from comity.gateway.world import World

ABOVE_ALL = "Z" * ID_LETTERS
_COLUMNS = "id, subject, made, done, records, held, held_until, under_way, consent"


class Erasure(NamedTuple):
    """``done``: None while it is open; what follows is what the last carrying out came to.  ``consent``: where only what rested on this
    word alone is meant, because it was withdrawn."""

    id: str
    subject: str
    made: int
    done: int | None
    records: int
    held: int
    held_until: str
    under_way: int
    consent: str = ""


class Erasures:
    """Raises StorageFailure."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, name: str, subject: str, now: int) -> Erasure:
        """The open one of that person; ``name`` is the id of a new one where there is none."""
        return await self._database.write(partial(_ask, name, subject, now))

    async def open_of(self, subject: str) -> Erasure | None:
        return await self._database.read(partial(_open_of, subject))

    async def page(self, after: str, limit: int) -> list[Erasure]:
        return await self._database.read(partial(_page, after, limit))

    async def open(self, name: str) -> Erasure:
        """Raises CallerError: 404, and 409 for one that was carried out."""
        return await self._database.read(partial(_open, name))

    async def carried_out(self, name: str, came_to: Erased, now: int) -> Erasure:
        """What may still be answered keeps it open."""
        made = await self._database.write(partial(_carried_out, name, came_to, None if came_to.under_way else now, self._database.dialect))
        await self._database.scrub()
        return made


def _ask(name: str, subject: str, now: int) -> Script[Erasure]:
    found = yield from _open_of(subject)
    if found is not None:
        return found
    erasure = Erasure(name, subject, now, None, 0, 0, "", 0)
    yield from owed(erasure)
    return erasure


def owed(erasure: Erasure) -> Script[None]:
    yield Statement(f"INSERT INTO erasures ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", erasure)  # noqa: S608


def _open_of(subject: str) -> Script[Erasure | None]:
    found = yield Statement(f"SELECT {_COLUMNS} FROM erasures WHERE subject = ? AND consent = ''", (subject,))  # noqa: S608
    return Erasure(*found[0]) if found else None


def _page(after: str, limit: int) -> Script[list[Erasure]]:
    sql = f"SELECT {_COLUMNS} FROM erasures WHERE id < ? ORDER BY id DESC LIMIT ?"  # noqa: S608
    return [Erasure(*row) for row in (yield Statement(sql, (after or ABOVE_ALL, limit)))]


def _open(name: str) -> Script[Erasure]:
    found = yield Statement(f"SELECT {_COLUMNS} FROM erasures WHERE id = ?", (name,))  # noqa: S608
    if not found:
        raise CallerError("no such request to erase", code="erasure.unknown", status=404, field="id", hint="GET /comity/v1/erasures")
    if found[0][3] is not None:
        raise CallerError("this request was carried out", code="erasure.done", status=409, field="id", hint="GET /comity/v1/erasures")
    return Erasure(*found[0])


def _carried_out(name: str, came_to: Erased, done: int | None, dialect: str) -> Script[Erasure]:
    if dialect == "sqlite":
        yield Statement("PRAGMA secure_delete=ON")  # gone, not only unlisted
    yield Statement(
        "UPDATE erasures SET done = ?, records = records + ?, held = ?, held_until = ?, under_way = ? WHERE id = ? AND done IS NULL",
        (done, came_to.records, came_to.held, came_to.held_until, came_to.under_way, name),
    )
    if done is not None:
        subject, consent = (yield Statement("SELECT subject, consent FROM erasures WHERE id = ?", (name,)))[0]
        if not consent:
            yield Statement("DELETE FROM sessions WHERE subject <> '' AND subject = ?", (subject,))
            yield Statement("DELETE FROM passes WHERE subject <> '' AND subject = ?", (subject,))
            yield from erased(subject)
        yield Statement("UPDATE erasures SET subject = '' WHERE id = ?", (name,))
    return Erasure(*(yield Statement(f"SELECT {_COLUMNS} FROM erasures WHERE id = ?", (name,)))[0])  # noqa: S608


def shown(erasure: Erasure) -> ErasureRow:
    """Without whose it is."""
    return ErasureRow(
        id=erasure.id, made=instant(erasure.made), done=instant(erasure.done) if erasure.done is not None else None,
        records=erasure.records, held=erasure.held, held_until=erasure.held_until or None, under_way=erasure.under_way,
    )  # fmt: skip


async def erasures(app: App, query: asked.Ids, name: str) -> ErasurePage:
    found = await app.world.erasures.page(query.after, query.limit)
    return ErasurePage(data=tuple(map(shown, found)), after=found[-1].id if len(found) == query.limit else None)


async def carry_out(app: App, exchange: Exchange, call: str) -> int:
    """What is of the person goes, save what a law keeps; again, where something was still being answered."""
    key = require(app.callers, exchange, OFFICER)
    world, name = app.world, exchange.path.rpartition("/")[2]
    erasure = await world.erasures.open(name)
    await changed(app, key, "erasure.carried_out", erasure.id)
    await exchange.respond(200, encode(shown(await done_with(world, erasure))), [JSON, NO_STORE])
    return 200


async def done_with(world: World, erasure: Erasure) -> Erasure:
    """As far as it can be now; again, it does the rest."""
    now = world.clock.now()
    rested = await world.consenting.left_by(erasure.subject, erasure.consent) if erasure.consent else everything
    came_to = await erase(world.ledger.database, erasure.subject, now, rested=rested)
    return await world.erasures.carried_out(erasure.id, came_to, int(now.timestamp()))
