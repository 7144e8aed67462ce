# SPDX-License-Identifier: Apache-2.0
"""Comity inside any ASGI server: an Exchange over `scope`, `receive` and `send`.

    app = FastAPI(); app.mount("/ai", comity.gateway.app.App(world))

Comity's own server does not come by here; limits of heads, connections and time are then those of the server around.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from comity.errors import CallerError
from comity.gateway.exchange import Answering, Disconnected, Headers, Seal
from comity.gateway.http import error_answer, header_map, too_large

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
WATCH_AFTER_SECONDS = 0.02


async def carry(answering: Answering, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        raise RuntimeError("only http is served")
    try:
        headers = header_map(scope["headers"])
    except CallerError as error:
        await Carried(scope, {}, receive, send).respond(*error_answer(error, ""))
        return
    exchange = Carried(scope, headers, receive, send)
    try:
        await answering(exchange)
    finally:
        await exchange.aclose()


class Carried:
    begun = False
    seal: Seal | None = None

    def __init__(self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send) -> None:
        root: str = scope.get("root_path", "")
        self.method: str = scope["method"]
        self.path: str = scope["path"].removeprefix(root)
        self.query: str = scope.get("query_string", b"").decode("latin-1")
        self.headers = headers
        self._receive, self._send = receive, send
        self._gone: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watch: asyncio.Task[None] | None = None

    async def body(self, bytes_max: int) -> bytes:
        pieces = [piece async for piece in self.pieces(bytes_max)]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def pieces(self, bytes_max: int) -> AsyncGenerator[bytes, None]:
        declared = self.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > bytes_max:
            raise too_large(bytes_max)
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            piece = message.get("body", b"")
            size += len(piece)
            if size > bytes_max:
                raise too_large(bytes_max)
            yield piece
            if not message.get("more_body", False):
                return

    async def respond(self, status: int, body: bytes, headers: Headers) -> None:
        await self.begin(status, [*headers, (b"content-length", b"%d" % len(body))])
        self._gone = None
        await self._send({"type": "http.response.body", "body": b"" if self.method == "HEAD" else body})

    async def begin(self, status: int, headers: Headers) -> None:
        self.begun = True
        await self._send({"type": "http.response.start", "status": status, "headers": list(headers)})

    async def write(self, piece: bytes) -> None:
        await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self) -> None:
        self._gone = None  # a server says "disconnected" from here on, and means nobody's leaving
        await self._send({"type": "http.response.body", "body": b""})

    def on_gone(self, call: Callable[[], None] | None) -> None:
        """Looking begins a moment later: most answers are there before, and a task for each would cost as much as deciding does."""
        self._gone = call
        if call is not None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER_SECONDS, self._begin_watch)

    def _begin_watch(self) -> None:
        if self._gone is not None:
            self._watch = asyncio.ensure_future(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        call, self._gone = self._gone, None
        if call is not None:
            call()

    async def aclose(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
