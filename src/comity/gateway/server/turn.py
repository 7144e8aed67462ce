# SPDX-License-Identifier: Apache-2.0
"""One request on a connection and its answer: the Exchange that the front door is given.

An answer leaves in one write where it is whole.  Of a caller who does not read it, or has not sent all of its body, the work waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from comity.errors import CallerError, ComityError, OperatorError
from comity.gateway.exchange import Disconnected, Headers, Seal
from comity.gateway.http import too_large
from comity.gateway.server.body import Chunked, Framing, Sized
from comity.gateway.server.head import CHUNKED, Head

if TYPE_CHECKING:
    from comity.gateway.server.connection import Connection

REASONS = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
WITHOUT_BODY = frozenset({204, 304})
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE = b"connection: close\r\n"
_UNPRINTABLE = bytes(ord("?") if byte < 0x20 or byte == 0x7F else byte for byte in range(256))


def status_line(status: int) -> bytes:
    return REASONS.get(status) or b"HTTP/1.1 %d \r\n" % status


class Turn:
    __slots__ = (
        "_body", "_bytes_max", "_chunked", "_connection", "_framing", "_gone", "_handed", "_head", "_held", "_left", "_pieces", "_streams",
        "begun", "headers", "method", "path", "query",
    )  # fmt: skip
    seal: Seal | None = None

    def __init__(self, connection: Connection, head: Head) -> None:
        self.method, self.path, self.query, self.headers = head.method, head.path, head.query, head.headers
        self.begun = False
        self._connection = connection
        self._head = head
        self._framing: Framing = Chunked() if head.length == CHUNKED else Sized(head.length)
        self._held = self._handed = 0  # bytes of the body, here and handed on
        self._bytes_max = 0
        self._pieces: list[bytes] = []
        self._body: asyncio.Future[None] | None = None  # while the body is waited for
        self._streams = False  # it is taken while it comes
        self._gone: Callable[[], None] | None = None
        self._chunked = False
        self._left: int | None = None  # of a length that the answer promised itself

    # -- the request's body -------------------------------------------------------------------------------------

    async def body(self, bytes_max: int) -> bytes:
        self._begin_body(bytes_max)
        if not self._framing.done:
            await self._more(None)
        return self._taken()

    async def pieces(self, bytes_max: int) -> AsyncGenerator[bytes, None]:
        server, self._streams = self._connection.server, True
        by = server.now() + server.limits.body_seconds_max  # for all of it, as where it is taken whole
        self._begin_body(bytes_max)
        while True:
            piece = self._taken()
            if piece:
                yield piece
                server.held -= len(piece)  # it is somebody else's now
                self._held -= len(piece)
                self._handed += len(piece)
                self.take(self._connection.buffer)
            elif self._framing.done:
                return
            else:
                await self._more(by)

    def _begin_body(self, bytes_max: int) -> None:
        if self._head.length > bytes_max:
            raise too_large(bytes_max)
        self._bytes_max = bytes_max
        self.take(self._connection.buffer)

    def _taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _more(self, by: float | None) -> None:
        """``by``: an instant that was set before; None sets one now."""
        connection = self._connection
        self._not_gone()
        if self._head.waits and not self._held + self._handed:
            connection.write(CONTINUE)
        self._body = connection.loop.create_future()
        connection.await_body(True, by)
        try:
            await self._body
        finally:
            self._body = None
            connection.await_body(False)

    @property
    def wants_more(self) -> bool:
        return self._body is not None

    def came(self, buffer: bytearray) -> None:
        """More of the body that is waited for."""
        waiting = self._body
        if waiting is None or waiting.done():
            return
        try:
            self.take(buffer)
        except ComityError as error:
            waiting.set_exception(error)
        else:
            if self._framing.done or self._streams:
                waiting.set_result(None)

    def take(self, buffer: bytearray) -> None:
        piece = self._framing.take(buffer)
        if not piece:
            return
        server = self._connection.server
        self._held += len(piece)
        server.held += len(piece)
        if self._held + self._handed > self._bytes_max:
            raise too_large(self._bytes_max)
        if server.held > server.limits.bodies_bytes_max:
            raise OperatorError("too many bytes of requests at once", code="server.busy", hint="try again shortly", status=503)
        self._pieces.append(piece)

    def too_slow(self) -> None:
        if self._body is not None and not self._body.done():
            self._body.set_exception(CallerError("the body did not come in time", code="http.timeout", status=408, hint="send it faster"))

    # -- the answer ---------------------------------------------------------------------------------------------

    async def respond(self, status: int, body: bytes, headers: Headers) -> None:
        self._once()
        head = self._status_and(status, headers)
        if status not in WITHOUT_BODY:
            head += b"content-length: %d\r\n" % len(body)
        self._connection.write(head + b"\r\n" if self.method == "HEAD" or status in WITHOUT_BODY else b"%b\r\n%b" % (head, body))
        await self._end()

    async def begin(self, status: int, headers: Headers) -> None:
        self._once()
        promised = next((value for name, value in headers if name == b"content-length"), None)
        self._left = int(promised) if promised is not None else None
        self._chunked = promised is None and not self._head.is_1_0
        head = self._status_and(status, headers)
        self._connection.write(head + (b"transfer-encoding: chunked\r\n\r\n" if self._chunked else b"\r\n"))
        if self.method == "HEAD":
            await self._end()

    async def write(self, piece: bytes) -> None:
        self._not_gone()
        if self.method == "HEAD":
            raise Disconnected  # it has what it asked for; a stream without end would hold up its next request
        if not piece:
            return
        if self._left is not None:
            self._left -= len(piece)
            if self._left < 0:
                raise RuntimeError("an answer longer than it promised")
        connection = self._connection
        connection.write(b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece)
        if connection.stalled is not None:
            await connection.stalled
            self._not_gone()

    async def end(self) -> None:
        self._not_gone()
        if self.method == "HEAD":
            return
        if self._chunked:
            self._connection.write(b"0\r\n\r\n")
        if not self._left:
            await self._end()

    def on_gone(self, call: Callable[[], None] | None) -> None:
        self._gone = call
        if call is not None and self._connection.lost:
            self._gone = None
            call()

    def _once(self) -> None:
        self._not_gone()
        if self.begun:
            raise RuntimeError("an answer twice")
        self.begun = True

    def _status_and(self, status: int, headers: Headers) -> bytes:
        """The head of an answer.  A line break in a value cannot make a header of its own."""
        block = b"".join([name + b": " + value + b"\r\n" for name, value in headers])
        if block.count(b"\n") != len(headers) or block.count(b"\r") != len(headers):
            block = b"".join([name + b": " + value.translate(_UNPRINTABLE) + b"\r\n" for name, value in headers])
        close = CLOSE if self._ends_connection() else b""
        return status_line(status) + self._connection.server.date + block + close

    def _ends_connection(self) -> bool:
        """A body that was not asked for is passed over if it is here, and ends the connection if it is not."""
        connection = self._connection
        if not self._framing.done:
            self._bytes_max = len(connection.buffer)
            with suppress(ComityError):
                self.take(connection.buffer)
            connection.lingers = not self._framing.done
        connection.closes = connection.closes or self._head.closes or connection.lingers or connection.server.draining
        return connection.closes

    async def _end(self) -> None:
        connection = self._connection
        if connection.stalled is not None:
            await connection.stalled
            self._not_gone()
        self._gone = None
        connection.next()

    # -- its end ------------------------------------------------------------------------------------------------

    def _not_gone(self) -> None:
        if self._connection.lost:
            raise Disconnected

    def gone(self) -> None:
        """The connection is lost.  Cancelled before it is woken, so that it hears of it once."""
        call, self._gone = self._gone, None
        if call is not None:
            call()
        if self._body is not None and not self._body.done():
            self._body.set_exception(Disconnected())

    def left(self) -> None:
        """Whoever answered it is done with it.  What is not whole by now is dropped, so that the caller can tell."""
        self._connection.server.held -= self._held
        self._connection.unfinished(self, reset=self._head.is_1_0 and self.begun)
