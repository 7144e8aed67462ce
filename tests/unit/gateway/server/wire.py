# SPDX-License-Identifier: Apache-2.0
"""A connection of the server without a socket: bytes go in, what is written is kept, time passes when told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import h11
import msgspec

from comity.config import LimitsConfig
from comity.errors import ComityError
from comity.gateway.exchange import Exchange
from comity.gateway.http import respond_error
from comity.gateway.server.connection import Connection
from comity.gateway.server.server import Server
from tests.fakes import FakeClock

BODY_BYTES_MAX = 100_000
HIGH_WATER = 65_536


class Transport(asyncio.Transport):
    """A caller who reads everything at once, unless told not to."""

    def __init__(self, protocol: Connection) -> None:
        super().__init__()
        self.protocol = protocol
        self.sent = bytearray()
        self.unread = 0
        self.reads = True
        self.paused = self.ended = self.closing = self.aborted = False
        self._told = False

    def write(self, data: Any) -> None:
        assert not self.ended, "written after the end was said"
        if self.closing:
            return
        self.sent += data
        if not self.reads:
            before, self.unread = self.unread, self.unread + len(data)
            if before <= HIGH_WATER < self.unread:
                self.protocol.pause_writing()

    def read_all(self) -> None:
        self.reads, stalled = True, self.unread > HIGH_WATER
        self.unread = 0
        if stalled:
            self.protocol.resume_writing()
        if self.closing:
            self._tell()

    def get_write_buffer_size(self) -> int:
        return self.unread

    def pause_reading(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_reading(self) -> None:
        assert self.paused
        self.paused = False

    def write_eof(self) -> None:
        self.ended = True

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True
        if not self.unread:
            self._tell()

    def abort(self) -> None:
        self.closing = self.aborted = True
        self._tell()

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    @property
    def is_over(self) -> bool:
        """The caller is told that nothing more comes."""
        return self.ended or self.closing


class Seen(msgspec.Struct):
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class Wire:
    def __init__(self, answering: Callable[[Exchange], Awaitable[None]] | None = None, **limits: Any) -> None:
        self.clock = FakeClock()
        self.refused: list[ComityError] = []
        self.limits = msgspec.structs.replace(LimitsConfig(), **limits)
        self.server = Server(answering or self.echo, limits=lambda: self.limits, clock=self.clock, refused=self.refused.append)
        self.seen: list[Seen] = []
        self.connection, self.transport = self.connect()

    def connect(self) -> tuple[Connection, Transport]:
        connection = Connection(self.server, asyncio.get_running_loop())
        transport = Transport(connection)
        connection.connection_made(transport)
        return connection, transport

    async def echo(self, exchange: Exchange) -> None:
        """Keeps what it was asked, and says the body back."""
        try:
            body = await exchange.body(BODY_BYTES_MAX)
            self.seen.append(Seen(exchange.method, exchange.path, exchange.query, dict(exchange.headers), body))
            await exchange.respond(200, body, [(b"content-type", b"text/plain")])
        except ComityError as error:
            await respond_error(exchange, error, "")

    async def send(self, raw: bytes, *, pieces: tuple[int, ...] = ()) -> None:
        """``pieces``: where it is cut; after each the loop has its turn.  What nobody reads any more is not sent."""
        cuts = [0, *pieces, len(raw)]
        for start, end in pairwise(cuts):
            if raw[start:end] and not self.transport.closing:
                self.connection.data_received(raw[start:end])
                await settled()
        await settled()

    async def after(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.server.look()
        await settled()

    async def leave(self) -> None:
        self.connection.eof_received()
        self.transport.close()
        await settled()

    @property
    def answers(self) -> list[tuple[int, dict[str, str], bytes]]:
        return read_answers(bytes(self.transport.sent), [seen.method for seen in self.seen], ended=self.transport.is_over)


async def settled() -> None:
    """Until there is nothing left to do that does not wait for something."""
    to_do: Any = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    for _ in range(100_000):
        await asyncio.sleep(0)
        if not to_do:
            return
    raise AssertionError("it never comes to rest")


def read_answers(raw: bytes, methods: list[str], *, ended: bool) -> list[tuple[int, dict[str, str], bytes]]:
    """By h11, so that no code of ours says that an answer of ours is well formed.  Raises where it is not."""
    out: list[tuple[int, dict[str, str], bytes]] = []
    while raw:
        reader = h11.Connection(h11.CLIENT)
        method = methods[len(out)] if len(out) < len(methods) else "GET"
        reader.send(h11.Request(method=method, target="/", headers=[("host", "x")]))
        reader.send(h11.EndOfMessage())
        reader.receive_data(raw)
        if ended:
            reader.receive_data(b"")
        head: h11.Response | None = None
        body = b""
        while True:
            event = reader.next_event()
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                break
            elif not isinstance(event, h11.InformationalResponse):
                raise AssertionError(f"an answer that is not whole: {event!r} after {raw[:200]!r}")
        assert head is not None
        out.append((head.status_code, {name.decode(): value.decode() for name, value in head.headers}, body))
        raw = reader.trailing_data[0]
    return out
