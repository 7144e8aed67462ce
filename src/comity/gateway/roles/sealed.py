# SPDX-License-Identifier: Apache-2.0
"""The doors of a node: the sealed one, and the little that is open outside the seal.

What is sealed is opened, held to what it was meant for, and answered by the gateway's own front door as if it had come there: the same
keys, law, records and limits.  What does not open is refused outside the seal, before anything is asked of anybody.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial

from comity.errors import CallerError, ComityError, OperatorError, TrustFailure
from comity.gateway.app import App
from comity.gateway.batch import api as batch
from comity.gateway.doors import DOORS
from comity.gateway.exchange import Disconnected, Exchange, Seal
from comity.gateway.http import JSON, respond_error
from comity.gateway.logs import place_of
from comity.gateway.roles.inner import Inner, InnerStream, InnerWhole
from comity.gateway.roles.problem import nowhere, respond_problem
from comity.gateway.roles.terms import Offers
from comity.gateway.world import World
from comity.seal import chunked, ohttp
from comity.seal.ends import QuestionReader, opened
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
        app = self._app
        world = app.world
        app.admit()
        offers = self._offers
        head, content, inner = await _opened(exchange, world, offers)
        if self._offers is not offers:  # while it came other terms were taken up; from here to the front door nothing waits
            raise TrustFailure("the node goes by other terms since", step="key-config", code="trust.key-config", hint=AGAIN)
        call = world.ledger.new_id()
        try:
            inner.read(head, content)
            if inner.method not in METHODS or app.route(inner.method, inner.path)[1] not in INSIDE:
                raise CallerError(
                    "nothing is asked there inside a seal", code="request.unknown_path", status=404,
                    hint="see `/v1/models`, `/v1/chat/completions`",
                )  # fmt: skip
        except CallerError as error:
            await respond_error(inner, error, call)
            return 200
        try:
            await app.answer(inner)
        finally:
            await inner.aclose()
        return 200


async def _opened(exchange: Exchange, world: World, offers: Offers) -> tuple[Request, bytes, Inner]:
    """What was asked, once all of it has come and holds.  Raises ComityError, to be told outside the seal; Disconnected."""
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
    heard: list[object] = []
    sealed: list[bytes] = []
    async with aclosing(exchange.pieces(bytes_max)) as pieces:
        async for piece in pieces:
            hashed.update(piece)
            size += len(piece)
            if kind == chunked.REQUEST_TYPE:
                heard += reader.feed(piece)
            else:
                sealed.append(piece)
    if kind == chunked.REQUEST_TYPE:
        heard += reader.finish()
        sealing = reader.exchange
        head = next(each for each in heard if isinstance(each, Request))
        content = b"".join(each for each in heard if isinstance(each, bytes))
    else:
        message, sealing = opened(b"".join(sealed), partial(offers.keys.find, named=named), offers.binding)
        assert isinstance(message.head, Request)
        head, content = message.head, message.content
    seal = Seal(hashed.hexdigest(), size, offers.digest(named))
    made = partial(
        InnerStream if kind == chunked.REQUEST_TYPE else InnerWhole, exchange, sealing, seal=seal, terms=offers.terms,
        bundle=world.ledger.bundle, random=world.random,
    )  # fmt: skip
    more = {"clock": world.clock} if kind == chunked.REQUEST_TYPE else {"bytes_max": limits.answer_bytes_max}
    return head, content, made(**more)
