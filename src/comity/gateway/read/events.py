# SPDX-License-Identifier: Apache-2.0
"""`GET /comity/v1/events`: decisions as they happen, as server-sent events.

Each event's id is the record's place in the log; a client that comes back with `Last-Event-ID`, as every EventSource does, misses
nothing.  A listener that does not keep up is told so and let go, and so is one whose session or key holds no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from comity.errors import CallerError, ComityError
from comity.gateway.exchange import Exchange
from comity.gateway.http import NO_STORE, SSE, encode
from comity.gateway.read.decisions import row
from comity.gateway.read.roles import READ, require
from comity.transparency.queries import Entry

if TYPE_CHECKING:
    from comity.gateway.app import App

HEARTBEAT_SECONDS = 15.0
ASKED_AGAIN_SECONDS = 1.0  # how long is told on before it is asked again whether this listener may hear it
DIGITS_MAX = 18
HEAD = [SSE, NO_STORE, (b"x-accel-buffering", b"no")]


async def events(app: App, exchange: Exchange, call: str) -> int:
    require(app.callers, exchange, READ)
    seen = last_seen(exchange.headers.get("last-event-id", ""))
    if exchange.method == "HEAD":
        await exchange.respond(200, b"", HEAD)
        return 200
    with app.hub.listening() as listener:
        exchange.on_gone(listener.leave)
        asked = app.world.clock.monotonic()
        await exchange.begin(200, HEAD)
        await exchange.write(b"retry: 2000\n\n")
        if seen is not None:
            async for entries in app.hub.since(seen + 1):
                await exchange.write(told(entries))
                seen = entries[-1].place
                if listener.behind or listener.over:
                    break
        while not (listener.behind or listener.over):
            heard = await listener.hear(HEARTBEAT_SECONDS)
            if (now := app.world.clock.monotonic()) - asked >= ASKED_AGAIN_SECONDS:
                asked = now
                if (error := await refused(app, exchange)) is not None:
                    await exchange.write(dropped(error.code, str(error), error.hint))
                    break
            new = [entry for entry in heard if seen is None or entry.place > seen]
            if new or not (listener.behind or listener.over):
                await exchange.write(told(new) if new else b": still here\n\n")
        if listener.behind:
            await exchange.write(dropped("events.behind", "this listener does not keep up", "come back with Last-Event-ID"))
        await exchange.end()
    return 200


async def refused(app: App, exchange: Exchange) -> ComityError | None:
    """Why whoever listens may no longer: the answer goes on for longer than what it was begun with may hold."""
    try:
        await app.callers.admit(exchange)
        require(app.callers, exchange, READ)
    except ComityError as error:
        return error
    return None


def dropped(code: str, message: str, hint: str) -> bytes:
    return b"event: dropped\ndata: " + encode({"code": code, "message": message, "hint": hint}) + b"\n\n"


def told(entries: list[Entry]) -> bytes:
    return b"".join(b"id: %d\nevent: decision\ndata: %s\n\n" % (entry.place, encode(row(entry))) for entry in entries)


def last_seen(said: str) -> int | None:
    """Raises CallerError."""
    if not said:
        return None
    if not (said.isascii() and said.isdecimal() and len(said) <= DIGITS_MAX):
        raise CallerError(
            "`Last-Event-ID` is no id of an event of this path", code="request.query", field="last-event-id", hint="send it as it came"
        )
    return int(said)
