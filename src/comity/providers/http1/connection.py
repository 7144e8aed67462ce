# SPDX-License-Identifier: Apache-2.0
"""One connection: a request is asked, its answer handed on as it comes, and then it is kept for the next one or dropped.

Nothing waits with a task of its own: one waiter, and one timer that is moved forward by a number and set again only when it fires.
Backs off both ways: a body is written no faster than it is taken, an answer read no faster than it is asked for.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import AsyncIterator, Callable
from typing import cast

from comity.providers.http1.head import Broken, Fault, Head, TimedOut
from comity.providers.http1.reading import Reading

HELD_BYTES_MAX = 65_536
"""Of an answer, before the partner is read no further.  One read of the system's may come on top."""
WRITE_BYTES = 65_536


class Connection(asyncio.Protocol):
    """``keep`` takes a connection that another request may use; ``lost`` is called once, when it is no more."""

    def __init__(self, keep: Callable[[Connection], None], lost: Callable[[Connection], None]) -> None:
        self._keep, self._lost = keep, lost
        self._loop = asyncio.get_running_loop()
        self._pieces: list[bytes] = []
        self._held = 0
        self._reading: Reading | None = None  # None: nobody has asked anything
        self._fault: Fault | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = self._fires = 0.0
        self._full = self._paused = False
        self.closed = False
        self.kept_at = 0.0

    # -- what the one who asks calls ---------------------------------------------------------------------------------

    async def ask(self, head: bytes, body: bytes, seconds: float) -> Head:
        """Writes the request and waits for the head of the answer.  Raises Fault; whoever gives up calls `drop`."""
        reading = self._reading = Reading()
        due = self._loop.time() + seconds
        if len(body) <= WRITE_BYTES:
            self._transport.write(head + body)
        else:
            await self._write(reading, head, body, due)
        while reading.head is None:
            await self._wait(due)
        return reading.head

    async def tell(self, head: bytes, pieces: AsyncIterator[bytes], seconds: float) -> Head:
        """`ask` with a body that comes while it is sent, framed as ``head`` says; no more of it is held than one piece.

        ``seconds``: for each wait.  What ``pieces`` raises is raised."""
        reading = self._reading = Reading()
        self._transport.write(head)
        async for piece in pieces:
            while self._full and reading.head is None:
                await self._wait(self._loop.time() + seconds)
            if self._fault is not None:
                raise self._fault
            if reading.head is not None:  # answered without hearing it all
                reading.reusable = False
                return reading.head
            self._transport.write(piece)
        due = self._loop.time() + seconds
        while reading.head is None:
            await self._wait(due)
        return reading.head

    async def _write(self, reading: Reading, head: bytes, body: bytes, due: float) -> None:
        self._transport.write(head)
        for at in range(0, len(body), WRITE_BYTES):
            while self._full and reading.head is None:
                await self._wait(due)
            if reading.head is not None:  # answered without hearing it all: whatever it takes the rest for, nobody asks here again
                reading.reusable = False
                return
            self._transport.write(body[at : at + WRITE_BYTES])

    def ready(self) -> bytes:
        """What of the body is here and was not handed on, or nothing."""
        if not self._pieces:
            return b""
        piece = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return piece

    async def piece(self, seconds: float) -> bytes:
        """The next bytes of the body as soon as there are any; none when it is whole.  Raises Fault."""
        while not self._pieces:
            if self._whole:
                return b""
            await self._wait(self._loop.time() + seconds)
        return self.ready()

    def release(self) -> None:
        """Nobody asks this answer any more: kept if it came whole and alone, else dropped, so that the partner stops."""
        reading, self._reading = self._reading, None
        self._pieces.clear()
        self._held = 0
        if reading is None or not reading.done or not reading.reusable or self.closed:
            self.drop()
            return
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        self._keep(self)

    def drop(self) -> None:
        """At once, without a farewell for which the partner could let us wait."""
        self.closed = True
        self._transport.abort()

    @property
    def quiet(self) -> bool:
        """Whether nothing has come that the loop has not seen yet: neither its end nor an answer that nobody asked for."""
        return not self.closed and not self._unseen.poll(0)

    # -- what the transport calls ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._unseen = select.poll()
        self._unseen.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        reading = self._reading
        if reading is None:
            self.drop()
            return
        try:
            piece = reading.feed(data)
        except Broken as fault:
            self._fail(fault)
            return
        if piece:
            self._pieces.append(piece)
            self._held += len(piece)
            if self._held > HELD_BYTES_MAX and not self._paused and not reading.done:
                self._paused = True
                self._transport.pause_reading()
        if self._waiter is not None and reading.head is not None:
            self._wake()

    def eof_received(self) -> None:
        """The partner says no more.  Under TLS only its farewell ends an answer: in the clear a cut looks the same (9112, 9.8)."""
        if self._reading is None:
            self.drop()
            return
        try:
            if not self._reading.done and not _farewell(self._transport.get_extra_info("ssl_object")):
                raise Broken("cut")
            self._reading.end()
        except Broken as fault:
            self._fail(fault)
        else:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._fault is None and not self._whole:
            self._fault = Broken("cut")
        self._wake()
        self._lost(self)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake()

    # -- waiting -----------------------------------------------------------------------------------------------------

    @property
    def _whole(self) -> bool:
        return self._reading is not None and self._reading.done

    async def _wait(self, due: float) -> None:
        """Until something happens; a fault that has happened is raised before: what came until then is looked at first."""
        if self._fault is not None:
            raise self._fault
        self._due = due
        if self._timer is None or due < self._fires:
            self._set(due)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _set(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fires, self._timer = due, self._loop.call_at(due, self._rung)

    def _rung(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        if self._due <= self._loop.time():
            self._fail(TimedOut("silent"))
        else:
            self._set(self._due)

    def _fail(self, fault: Fault) -> None:
        self._fault = fault
        self.drop()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _farewell(tls: ssl.SSLObject | None) -> bool:
    """Whether TLS itself was ended; the event loops tell its end and the connection's in the same way."""
    try:
        return tls is None or tls.read(1) == b""
    except ssl.SSLZeroReturnError:
        return True
    except ssl.SSLError:  # it waits for more
        return False
