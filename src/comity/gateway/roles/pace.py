# SPDX-License-Identifier: Apache-2.0
"""Events of a sealed stream are let go on a beat, whenever a partner says them: whoever watches the wire sees the beat.

A task of its own sends what is due, for whoever writes may have nothing to say when it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from comity.seal.padding import Beat
from comity.wire.sse import end_of_events

HELD_BYTES_MAX = 65_536
"""Of what waits to be sent; then whoever writes waits too."""


class Paced:
    """``send`` is awaited by one task, in order.  After `close`, or in `aclose`, that task is over."""

    def __init__(self, beat: Beat, send: Callable[[bytes], Awaitable[None]]) -> None:
        self._beat, self._send = beat, send
        self._part = b""  # the beginning of an event whose end has not come
        self._bytes = 0
        self._news, self._room = asyncio.Event(), asyncio.Event()
        self._over = False
        self._sending = asyncio.get_running_loop().create_task(self._run())

    async def add(self, piece: bytes) -> None:
        """Returns once there is room for more.  Raises what sending raised."""
        self._part += piece
        end = end_of_events(self._part)
        if end:
            if self._beat.due() is None:
                self._news.set()
            self._beat.add(self._part[:end])
            self._part = self._part[end:]
            self._bytes += end
        while self._bytes > HELD_BYTES_MAX and not self._sending.done():
            self._room.clear()
            room = asyncio.ensure_future(self._room.wait())
            try:
                await asyncio.wait({room, self._sending}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                room.cancel()
        if self._sending.done():
            self._sending.result()

    async def close(self) -> None:
        """The stream is whole: what waits goes at once."""
        if self._part:
            self._beat.add(self._part)
        self._over = True
        self._news.set()
        await self._sending

    async def aclose(self) -> None:
        self._sending.cancel()
        await asyncio.wait({self._sending})
        if not self._sending.cancelled():
            self._sending.exception()  # whoever writes has heard of it, or is gone

    async def _run(self) -> None:
        while not self._over or self._beat.due() is not None:
            due = self._beat.due()
            if not self._over and due != 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(due):
                        await self._news.wait()
                self._news.clear()
                continue
            out, self._bytes = self._beat.take(now=self._over), 0
            self._room.set()
            await self._send(out)
