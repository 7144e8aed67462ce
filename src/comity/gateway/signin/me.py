# SPDX-License-Identifier: Apache-2.0
"""`/comity/v1/me`: what a person sees of themselves, by a link that somebody made for them, and nothing of anybody else.

Whose it is follows from the session alone: no path, query or body here names a person but the making of a link.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from comity.errors import CallerError
from comity.gateway import reporting
from comity.gateway.exchange import Exchange
from comity.gateway.http import JSON, NO_STORE, encode
from comity.gateway.read import asked
from comity.gateway.read.decisions import row
from comity.gateway.read.roles import OFFICER, require
from comity.gateway.signin.api import body_of, check_open, entered
from comity.gateway.signin.changes import changed, changed_by_person
from comity.gateway.signin.erasures import carry_out, shown
from comity.gateway.signin.sessions import PERSON, Session
from comity.gateway.signin.shapes import Link, LinkAsked, Own, OwnDecision, SignIn, instant
from comity.transparency import rows
from comity.transparency.queries import of_person, tally_of, whose
from comity.transparency.report.gather import Asked

if TYPE_CHECKING:
    from comity.gateway.app import App

SUBJECT_LETTERS_MAX = 256
PIECE_BYTES = 65_536
PAGE = "/console/me#token="


class Turns:
    """Whose report is being made: a report takes a while, and reads what others write.  Who waits takes a place among the gateway's
    requests, so each person waits for one."""

    def __init__(self) -> None:
        self._one, self._waiting = asyncio.Lock(), set[str]()

    @asynccontextmanager
    async def turn(self, subject: str) -> AsyncIterator[None]:
        """Raises CallerError (409)."""
        if subject in self._waiting:
            raise CallerError("your report is being made", code="report.running", status=409, hint="wait until it is there")
        self._waiting.add(subject)
        try:
            async with self._one:
                yield
        finally:
            self._waiting.discard(subject)


def person(app: App, exchange: Exchange) -> Session:
    """Raises CallerError: 401 where nobody is signed in, 403 where somebody is who is no such person."""
    session = app.callers.session(exchange.headers)
    if session is None:
        raise CallerError("nobody is signed in", code="session.none", status=401, field="cookie", hint="open the link that you were given")
    if not session.subject:
        raise CallerError("this is for whom it is about", code="request.role", status=403, field="cookie", hint="POST /comity/v1/me/links")
    return session


async def link(app: App, exchange: Exchange, call: str) -> int:
    key = require(app.callers, exchange, OFFICER)
    check_open(app)
    named = (await body_of(exchange, LinkAsked)).subject
    if not 0 < len(named) <= SUBJECT_LETTERS_MAX:
        hint = f"as callers name the person, at most {SUBJECT_LETTERS_MAX} letters"
        raise CallerError("`subject` names nobody", code="request.malformed", field="subject", hint=hint)
    world, config = app.world, app.world.config.console
    await changed(app, key, "link.made")  # for whom is not said: it would be in the log for good
    session = Session(PERSON, PERSON, subject=world.locator.pseudonym(named))
    token = await world.sessions.offer(session, config.link_seconds)
    made = Link(link=f"{config.url}{PAGE}{token}", until=instant(int(world.clock.now().timestamp()) + config.link_seconds))
    await exchange.respond(201, encode(made), [JSON, NO_STORE])
    return 201


async def enter(app: App, exchange: Exchange, call: str) -> int:
    check_open(app)
    token = (await body_of(exchange, SignIn)).token
    begun = await app.world.sessions.enter(token, app.world.config.console.session_seconds, person=True)
    if begun is None:
        raise CallerError("this link is none of ours", code="session.token", status=401, field="token", hint="ask for another")
    await changed_by_person(app, "session.begun")
    return await entered(app, exchange, begun)


async def me(app: App, exchange: Exchange, call: str) -> int:
    session, query = person(app, exchange), asked.read(exchange.query, asked.Places)
    world = app.world
    database = world.ledger.database
    tally = await database.read(partial(tally_of, session.subject))
    found = await database.read(partial(of_person, session.subject, query.after, query.limit))
    erasure = await world.erasures.open_of(session.subject)
    own = Own(
        controller=world.config.controller.name, contact=world.config.console.contact,
        places=tally.places, effects=tally.effects, counted=tally.counted, complete=tally.whole,
        data=tuple(OwnDecision(decision=row(each), kept_until=_kept(each.receipt.at, each.receipt.retention_months)) for each in found),
        after=found[-1].place if len(found) == query.limit else None, erasure=shown(erasure) if erasure is not None else None,
        vkey=world.ledger.vkey,
    )  # fmt: skip
    await exchange.respond(200, encode(own), [JSON, NO_STORE])
    return 200


async def receipt(app: App, exchange: Exchange, call: str) -> int:
    session, reference = person(app, exchange), exchange.path.rpartition("/")[2]
    try:
        own = await app.world.ledger.database.read(partial(whose, reference)) == session.subject
    except CallerError:
        own = False
    if not own:
        raise rows.unknown()  # whatever else stands there, or stood: it is nobody else's business
    await exchange.respond(200, encode(await app.world.ledger.bundle(reference)), [JSON, NO_STORE])
    return 200


async def report(app: App, exchange: Exchange, call: str) -> int:
    """The signed report, as `comity report` makes it; one at a time."""
    session, world = person(app, exchange), app.world
    app.admit()
    with TemporaryFile() as out, world.users:
        async with app.reporting.turn(session.subject):
            await asyncio.to_thread(reporting.report, world.where, world.config, Asked(session.subject), world.clock.now(), out)
        await _sent(exchange, out)
    return 200


async def ask_erasure(app: App, exchange: Exchange, call: str) -> int:
    session, world = person(app, exchange), app.world
    erasure = await world.erasures.open_of(session.subject)
    if erasure is None:
        name = world.ledger.new_id()
        await changed_by_person(app, "erasure.asked", name)
        erasure = await world.erasures.ask(name, session.subject, int(world.clock.now().timestamp()))
    await exchange.respond(200, encode(shown(erasure)), [JSON, NO_STORE])
    return 200


async def _sent(exchange: Exchange, out: IO[bytes]) -> None:
    size = out.seek(0, 2)
    out.seek(0)
    kind = [(b"content-type", b"application/zip"), (b"content-disposition", b'attachment; filename="comity-report.zip"'), NO_STORE]
    if exchange.method == "HEAD" or size <= PIECE_BYTES:
        await exchange.respond(200, out.read(), kind)
        return
    await exchange.begin(200, kind)
    while piece := out.read(PIECE_BYTES):
        await exchange.write(piece)
    await exchange.end()


def _kept(at: str, months: int | None) -> str | None:
    until = rows.until(at[:7], months)
    return until if until != rows.KEPT else None


ROUTES: Mapping[str, Mapping[str, Any]] = {
    "/comity/v1/me": {"GET": me},
    "/comity/v1/me/links": {"POST": link},
    "/comity/v1/me/session": {"POST": enter},
    "/comity/v1/me/report": {"GET": report},
    "/comity/v1/me/receipts/{id}": {"GET": receipt},
    "/comity/v1/me/erasure": {"POST": ask_erasure},
    "/comity/v1/erasures/{id}": {"POST": carry_out},
}
