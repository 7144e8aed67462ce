# SPDX-License-Identifier: Apache-2.0
"""A relay: it hides from nodes who asks, and is itself told nothing of what is asked.

It passes sealed bytes on as they come, to the nodes of its own list and nowhere else, with the few headers that a node needs to open
them.  It opens, keeps and writes down nothing; of each stream it holds no more than is on its way.
"""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from urllib.parse import quote, urlsplit

from comity.config import Config, RelayConfig
from comity.errors import CallerError, ComityError, OperatorError, ProviderFailure
from comity.gateway.exchange import Disconnected, Exchange, Headers, cancelled_when_gone
from comity.gateway.http import JSON, NO_STORE, too_large
from comity.gateway.logs import place_of
from comity.gateway.roles.problem import nowhere, respond_problem
from comity.providers.http1.connection import Connection
from comity.providers.http1.head import Crowded, Fault, Head, TimedOut, Unsayable, write_head
from comity.providers.http1.pool import Origin, Pool

log = logging.getLogger("comity.gateway")
SEALED = "/comity/v1/sealed"
_LOGS = "/tlog/(?:nodes|crossing)/(?:checkpoint|tile/[0-9a-z/.]{1,128})"
_PATH = re.compile(rf"/([a-z0-9][a-z0-9-]{{0,62}})({SEALED}|/comity/v1/node|{_LOGS})")
ASKED = ("content-type", "comity-key", "incremental", "accept")
"""Of a request, what goes on; its length goes as its framing."""
ANSWERED = ("content-type", "cache-control", "incremental", "retry-after", "x-accel-buffering")
OPEN = "a relay passes on /{pool}" + SEALED + " and /{pool}/comity/v1/node"


class Relay:
    """`answer` is what its server is given."""

    def __init__(self, config: Config, relay: RelayConfig) -> None:
        self._limits, self._bytes_max = config.limits, relay.body_bytes_max
        self._nodes = {pool: _Node(url) for pool, url in relay.pools.items()}
        self._labels = {pool: label(relay.operator, same=relay.node_operators.get(pool) == relay.operator) for pool in relay.pools}
        self._pool = Pool(connections_max=self._limits.concurrent_requests_max, connect_seconds_max=self._limits.connect_seconds_max)

    async def answer(self, exchange: Exchange) -> None:
        own: Headers = ()
        try:
            if exchange.path == "/healthz":
                await exchange.respond(200, b'{"service":"comity-relay","status":"ok"}', [JSON, NO_STORE])
                return
            found = _PATH.fullmatch(exchange.path)
            node = self._nodes.get(found[1]) if found is not None else None
            if found is None or node is None or exchange.query:
                raise nowhere(OPEN)
            own = [(b"comity-relay", self._labels[found[1]])]
            takes = "POST" if found[2] == SEALED else "GET"
            if exchange.method != takes:
                raise CallerError("this path takes another method", code="request.method", status=405, hint=takes)
            with cancelled_when_gone(exchange):
                await self._passed(exchange, node, found[2], own)
        except Disconnected:
            pass
        except ComityError as error:
            with suppress(Disconnected):
                await respond_problem(exchange, error, own)
        except Exception as error:  # noqa: BLE001 - a bug of ours: say so without content, keep serving
            log.error("a request failed in an unforeseen way: %s at %s", type(error).__name__, place_of(error))
            with suppress(Disconnected):
                await respond_problem(exchange, ComityError("an unforeseen error", code="internal"), own)

    async def _passed(self, exchange: Exchange, node: _Node, path: str, own: Headers) -> None:
        """Both ways, each no faster than the other end takes it."""
        connection: Connection | None = None
        try:
            connection = self._pool.kept(node.origin) or await self._pool.connect(node.origin)
            head = await self._asked(exchange, node, path, connection)
            headers = [(name.encode(), value.encode("latin-1")) for name in ANSWERED if (value := head.fields.get(name)) is not None]
            length = head.fields.get("content-length")
            if length is not None:
                headers.append((b"content-length", length.encode()))
            await exchange.begin(head.status, [*headers, *own])
            while piece := await connection.piece(self._limits.idle_seconds_max):
                await exchange.write(piece)
            await exchange.end()
            connection.release()
        except BaseException as error:
            if connection is not None:
                connection.drop()
            if isinstance(error, Fault):
                raise _failure(error) from None
            raise

    async def _asked(self, exchange: Exchange, node: _Node, path: str, connection: Connection) -> Head:
        seconds = self._limits.first_byte_seconds_max
        headers = {name: exchange.headers[name] for name in ASKED if name in exchange.headers}
        if exchange.method == "GET":
            return await connection.ask(write_head("GET", node.path + path, node.origin.authority, headers, None), b"", seconds)
        said = exchange.headers.get("content-length")
        size = int(said) if said is not None else None
        if size is not None and size > self._bytes_max:
            raise too_large(self._bytes_max)
        framing = {} if size is not None else {"transfer-encoding": "chunked"}
        head = write_head("POST", node.path + path, node.origin.authority, headers | framing, size)
        async with aclosing(self._framed(exchange, chunked=size is None)) as pieces:
            return await connection.tell(head, pieces, seconds)

    async def _framed(self, exchange: Exchange, *, chunked: bool) -> AsyncGenerator[bytes, None]:
        async with aclosing(exchange.pieces(self._bytes_max)) as pieces:
            async for piece in pieces:
                yield b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece
        if chunked:
            yield b"0\r\n\r\n"

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Node:
    __slots__ = ("origin", "path")

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.origin, self.path = Origin.of(parts.scheme, parts.hostname or "", parts.port), parts.path.rstrip("/")


def label(operator: str, *, same: bool) -> bytes:
    """The value of `Comity-Relay` (RFC 9651): who runs it, and whether the same runs the node, who then sees who asks and what."""
    if operator.isascii():
        named = '"' + operator.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        safe = "".join(chr(byte) for byte in range(0x20, 0x7F) if chr(byte) not in '%"')
        named = '%"' + re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quote(operator, safe=safe)) + '"'  # section 3.3.8
    return f"operator={named}{'; same-operator' if same else ''}".encode()


def _failure(fault: Fault) -> ComityError:
    """Of the node, as whoever asked is told it."""
    if isinstance(fault, Unsayable):
        return CallerError("a header of this request cannot be passed on", code="http.invalid")
    if isinstance(fault, Crowded):
        return OperatorError("as many requests wait for the node as may", code="server.busy", hint="try again shortly", status=503)
    if isinstance(fault, TimedOut):
        return ProviderFailure("the node does not answer in time", kind="timeout", code="relay.node", status=504)
    return ProviderFailure("the node does not answer", kind="connect", code="relay.node")


def serve(config: Config, relay: RelayConfig, *, on_ready: Callable[[str], None]) -> int:
    """Blocks until SIGINT or SIGTERM; ``on_ready`` gets the base URL.  Returns the exit code."""
    from comity.gateway.serve import bind, run

    listening = bind(config.server.host, config.server.port)
    try:
        run(_serve(config, relay, listening, on_ready))
    finally:
        listening.close()
    return 0


async def _serve(config: Config, relay: RelayConfig, listening: socket.socket, on_ready: Callable[[str], None]) -> None:
    from comity.gateway.serve import listen, url_of

    made = Relay(config, relay)
    try:
        await listen(made.answer, listening, lambda: on_ready(url_of(listening)), lambda: config.limits)
    finally:
        await made.aclose()
