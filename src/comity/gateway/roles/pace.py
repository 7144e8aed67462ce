# SPDX-License-Identifier: Apache-2.0
"""Events of a sealed stream are let go on a beat, whenever a partner says them: whoever watches the wire sees the beat.

A task of its own sends what is due, for whoever writes may have nothing to say when it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from comity.seal.padding import Beat
from comity.wire.sse import end_of_events

HELD_BYTES_MAX = 65_536
"""Of what waits to be sent; then whoever writes waits too."""
TICK_SECONDS = 0.001
"""Event loops count in milliseconds: what is due sooner than that is due."""


class Paced:
    """``send`` is awaited by one task, in order.  After `close`, or in `aclose`, that task is over."""

    def __init__(self, beat: Beat, send: Callable[[bytes], Awaitable[None]]) -> None:
        self._beat, self._send = beat, send
        self._part = b""  # the beginning of an event whose end has not come
        self._bytes = 0  # of what waits
        self._over = False
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None  # one a beat, and only where something waits for it
        self._due: asyncio.Future[None] = self._loop.create_future()
        self._room: asyncio.Future[None] | None = None  # whoever writes waits for it
        self._sending = self._loop.create_task(self._run())

    async def add(self, piece: bytes) -> None:
        """Returns once there is room for more.  Raises what sending raised."""
        part = self._part + piece
        end = end_of_events(part)
        self._part = part[end:]
        if end:
            first, self._bytes = not self._bytes, self._bytes + end
            self._beat.add(part[:end])
            if first:
                self._wait_for(self._beat.due() or 0.0)
        if self._bytes > HELD_BYTES_MAX and not self._sending.done():
            self._room = self._loop.create_future()
            try:
                await asyncio.wait({self._room, self._sending}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._room = None
        if self._sending.done():
            self._sending.result()

    async def close(self) -> None:
        """The stream is whole: what waits goes at once."""
        if self._part:
            self._beat.add(self._part)
        self._over = True
        self._ring()
        await self._sending

    async def aclose(self) -> None:
        self._sending.cancel()
        await asyncio.wait({self._sending})
        if self._timer is not None:
            self._timer.cancel()
        if not self._sending.cancelled():
            self._sending.exception()  # whoever writes has heard of it, or is gone

    def _wait_for(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._ring)

    def _ring(self) -> None:
        if not self._due.done():
            self._due.set_result(None)

    async def _run(self) -> None:
        while True:
            due = self._beat.due()
            if self._over or (due is not None and due < TICK_SECONDS):
                out, self._bytes = self._beat.take(now=True), 0
                if self._room is not None and not self._room.done():
                    self._room.set_result(None)
                if out:
                    await self._send(out)
                elif self._over:
                    return
            else:
                self._due = self._loop.create_future()
                if due is not None:  # added to while what went before was sent
                    self._wait_for(due)
                await self._due
