# SPDX-License-Identifier: Apache-2.0
"""The doors of a node: the sealed one, and the little that is open outside the seal.

What is sealed is opened, held to what it was meant for, and answered by the gateway's own front door as if it had come there: the same
keys, law, records and limits.  What does not open is refused outside the seal, before anything is asked of anybody.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from functools import partial

from comity.errors import CallerError, ComityError, OperatorError, TrustFailure
from comity.gateway.app import App
from comity.gateway.batch import api as batch
from comity.gateway.callers import LOCAL
from comity.gateway.doors import DOORS
from comity.gateway.exchange import Disconnected, Exchange, Seal
from comity.gateway.http import JSON, respond_error
from comity.gateway.logs import place_of
from comity.gateway.roles.inner import Inner, InnerStream, InnerWhole
from comity.gateway.roles.problem import nowhere, respond_problem
from comity.gateway.roles.terms import Offers
from comity.gateway.world import World
from comity.seal import chunked, ohttp
from comity.seal.bhttp import Event
from comity.seal.ends import QuestionReader, once, opened
from comity.seal.http import Request
from comity.seal.keyconfig import KEY_HEADER, parse_header
from comity.seal.padding import bucket
from comity.transparency.tiles import CHECKPOINT

log = logging.getLogger("comity.gateway")
SEALED, DOCUMENT, LOGS = "/comity/v1/sealed", "/comity/v1/node", "/tlog/"
HEALTH = frozenset({"/healthz", "/readyz"})
INSIDE = frozenset(
    (*DOORS, *batch.ROUTES, "/v1/models", "/comity/v1/receipts/{id}", "/comity/v1/decide", "/comity/v1/replay", "/comity/v1/scan")
)  # fmt: skip
"""What may be asked inside a seal: all that is for callers.  Running a node is not done through it."""
METHODS = frozenset({"GET", "POST", "DELETE"})
HEAD_BYTES_MAX = 65_536
OPEN = f"sealed requests go to {SEALED}; {DOCUMENT} says to which keys"
AGAIN = "fetch the node's keys again"
REVALIDATED = (b"cache-control", b"no-cache")
TEXT, BYTES = (b"content-type", b"text/plain; charset=utf-8"), (b"content-type", b"application/octet-stream")
Published = Callable[[str, str], Awaitable[bytes | None]]
"""A file of one of the node's logs: which, and its path below that; None for what is not there."""


class Doors:
    """What `App.answer` is to a gateway."""

    def __init__(self, app: App, *, published: Published) -> None:
        self._app, self._published = app, published
        self._held = 0  # bytes of requests that are being read or answered

    async def answer(self, exchange: Exchange) -> None:
        app, route = self._app, "unknown"
        if exchange.path in HEALTH:
            await app.answer(exchange)
            return
        status = 499
        try:
            app.callers.check_host(exchange.headers)
            route, door = self._door(exchange)
            status = await door(exchange)
        except Disconnected:
            pass
        except ComityError as error:
            if error.status >= 500:
                log.warning("%s: %s", route, error.code)
            status = await respond_problem(exchange, error)
        except Exception as error:  # noqa: BLE001 - a bug of ours: say so without content, keep serving
            log.error("%s failed in an unforeseen way: %s at %s", route, type(error).__name__, place_of(error))
            unforeseen = ComityError("an unforeseen error; the operator's log names it", code="internal")
            status = await respond_problem(exchange, unforeseen)
        finally:
            app.metrics.requests[route, str(status)] += 1

    def _door(self, exchange: Exchange) -> tuple[str, Callable[[Exchange], Awaitable[int]]]:
        path, method = exchange.path, exchange.method
        if path == SEALED:
            route, door, takes = SEALED, self._sealed, "POST"
        elif path == DOCUMENT:
            route, door, takes = DOCUMENT, self._shown, "GET"
        elif path.startswith(LOGS):
            route, door, takes = LOGS, self._file, "GET"
        else:
            raise nowhere(OPEN)
        if (method if method != "HEAD" else "GET") != takes:
            raise CallerError("this path takes another method", code="request.method", status=405, hint=takes)
        return route, door

    async def _shown(self, exchange: Exchange) -> int:
        await exchange.respond(200, self._offers.document, [JSON, REVALIDATED])
        return 200

    async def _file(self, exchange: Exchange) -> int:
        which, _, path = exchange.path.removeprefix(LOGS).partition("/")
        found = await self._published(which, path)
        if found is None:
            raise nowhere(OPEN)
        await exchange.respond(200, found, [TEXT if path == CHECKPOINT else BYTES, REVALIDATED])
        return 200

    @property
    def _offers(self) -> Offers:
        offers = self._app.world.offers
        if offers is None:
            raise OperatorError("this gateway is no node", code="node.absent", hint="comity node")
        return offers

    # -- the sealed door ----------------------------------------------------------------------------------------------

    async def _sealed(self, exchange: Exchange) -> int:
        app, offers = self._app, self._offers
        world, held = app.world, 0

        def hold(size: int) -> None:
            nonlocal held
            held += size
            self._held += size
            if self._held > world.config.limits.bodies_bytes_max:
                raise OperatorError("too many bytes of requests at once", code="server.busy", hint="try again shortly", status=503)

        try:
            app.metrics.in_flight += 1
            try:
                app.admit()
                head, content, sealing, inner = await _opened(exchange, world, offers, hold)
            finally:
                app.metrics.in_flight -= 1  # the front door counts it from here on
            if self._offers is not offers:  # while it came other terms were taken up; from here to the front door nothing waits
                raise TrustFailure("the node goes by other terms since", step="key-config", code="trust.key-config", hint=AGAIN)
            if (refusal := self._refusal(head, content, inner)) is None:
                once(head, sealing)
                try:
                    await app.answer(inner)
                finally:
                    await inner.aclose()
            else:
                error, route = refusal
                app.metrics.requests[route, str(error.status)] += 1
                await respond_error(inner, error, world.ledger.new_id(), DOORS[route].error if route in DOORS else None)
        finally:
            self._held -= held
        return 200

    def _refusal(self, head: Request, content: bytes, inner: Inner) -> tuple[ComityError, str] | None:
        """Why it is not let in, to be told inside the seal, and by which route.  It leaves nothing behind: whoever has no key can fill
        nothing, and what was sent may be sent again."""
        app, route = self._app, "unknown"
        try:
            inner.read(head, content)
            route = app.route(inner.method, inner.path)[1]
            if inner.method not in METHODS or route not in INSIDE:
                raise CallerError(
                    "nothing is asked there inside a seal", code="request.unknown_path", status=404,
                    hint="see `/v1/models`, `/v1/chat/completions`",
                )  # fmt: skip
            if app.callers.caller(inner.headers) is LOCAL and route in batch.ROUTES:
                raise CallerError(
                    "files and batches at a node are for callers with a key: without one nobody's are anybody's own", code="key.needed",
                    status=403, field="authorization", hint="the node's operator gives out keys: `comity keys new`",
                )  # fmt: skip
        except ComityError as error:
            return error, route
        return None


async def _opened(
    exchange: Exchange, world: World, offers: Offers, hold: Callable[[int], None]
) -> tuple[Request, bytes, ohttp.Exchange, Inner]:  # fmt: skip
    """What was asked, once all of it has come and holds.  Raises ComityError, to be told outside the seal; Disconnected.

    ``hold`` is told of each byte that is kept, and raises where it is one too many."""
    kind = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (chunked.REQUEST_TYPE, ohttp.REQUEST_TYPE):
        raise CallerError(
            "this is no sealed request", code="request.malformed", status=415, field="content-type",
            hint=f"{chunked.REQUEST_TYPE} or {ohttp.REQUEST_TYPE}",
        )  # fmt: skip
    named = parse_header(exchange.headers.get(KEY_HEADER.lower(), ""))
    limits, hashed, size = world.config.limits, hashlib.sha256(), 0
    bytes_max = 2 * bucket(limits.body_bytes_max, 1) + HEAD_BYTES_MAX  # what the largest body comes to, with its head and padding
    reader = QuestionReader(partial(offers.keys.find, named=named), offers.binding, chunk_bytes_max=bytes_max)
    head: Request | None = None
    kept = bytearray()  # of a request in chunks its content, of one that comes whole its seal
    async with aclosing(exchange.pieces(bytes_max)) as pieces:
        async for piece in pieces:
            hashed.update(piece)
            size += len(piece)
            hold(len(piece))
            if kind == chunked.REQUEST_TYPE:
                head = _kept(reader.feed(piece), kept) or head
            else:
                kept += piece
    if kind == chunked.REQUEST_TYPE:
        head = _kept(reader.finish(), kept) or head
        sealing, content = reader.exchange, bytes(kept)
    else:
        message, sealing = opened(bytes(kept), partial(offers.keys.find, named=named), offers.binding)
        head, content = (message.head if isinstance(message.head, Request) else None), message.content
    assert head is not None  # what has no head, or another, was refused by its reader
    seal = Seal(hashed.hexdigest(), size, offers.digest(named))
    made = partial(
        InnerStream if kind == chunked.REQUEST_TYPE else InnerWhole, exchange, sealing, seal=seal, terms=offers.terms,
        bundle=world.ledger.bundle, random=world.random,
    )  # fmt: skip
    more = {"clock": world.clock} if kind == chunked.REQUEST_TYPE else {"bytes_max": limits.answer_bytes_max}
    return head, content, sealing, made(**more)


def _kept(events: Iterable[Event], content: bytearray) -> Request | None:
    """The head, if it is among them."""
    head = None
    for each in events:
        if isinstance(each, bytes):
            content += each
        elif isinstance(each, Request):
            head = each
    return head
