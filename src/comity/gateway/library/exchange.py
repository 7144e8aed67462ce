# SPDX-License-Identifier: Apache-2.0
"""One request to the front door and its answer, in memory: an Exchange whose two ends are in one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, NamedTuple

from comity.errors import ProviderFailure
from comity.gateway.exchange import Answering, Disconnected, Headers, Seal
from comity.gateway.http import too_large


class Head(NamedTuple):
    status: int
    headers: Mapping[str, str]


class Exchanged:
    """An Exchange at the one end; at the other `head`, `piece` and `leave`."""

    def __init__(self, method: str, path: str, headers: Mapping[str, str], body: bytes, *, query: str = "") -> None:
        self.method, self.path, self.query, self.headers = method, path, query, headers
        self.begun = False
        self.seal: Seal | None = None
        self._body = body
        self._head: asyncio.Future[Head] = asyncio.get_running_loop().create_future()
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1)  # whoever writes waits until it is taken
        self._whole = self._left = False
        self._gone: Callable[[], None] | None = None
        self._work: asyncio.Task[None] | None = None

    # -- the gateway's end -------------------------------------------------------------------------------------------

    async def body(self, bytes_max: int) -> bytes:
        if len(self._body) > bytes_max:
            raise too_large(bytes_max)
        return self._body

    async def pieces(self, bytes_max: int) -> AsyncGenerator[bytes, None]:
        yield await self.body(bytes_max)

    async def respond(self, status: int, body: bytes, headers: Headers) -> None:
        await self.begin(status, headers)
        await self.write(body)
        await self.end()

    async def begin(self, status: int, headers: Headers) -> None:
        self._not_left()
        self.begun = True
        self._head.set_result(Head(status, {name.decode().lower(): value.decode("latin-1") for name, value in headers}))

    async def write(self, piece: bytes) -> None:
        self._not_left()
        if piece:
            await self._pieces.put(piece)
            self._not_left()

    async def end(self) -> None:
        self._not_left()
        self._whole, self._gone = True, None

    def on_gone(self, call: Callable[[], None] | None) -> None:
        self._gone = call
        if call is not None and self._left:
            self._gone = None
            call()

    def _not_left(self) -> None:
        if self._left:
            raise Disconnected

    # -- the asker's end ---------------------------------------------------------------------------------------------

    async def head(self, answering: Answering) -> Head:
        """Asks, and waits for the head of the answer."""
        work = self._work = asyncio.ensure_future(answering(self))
        either: set[asyncio.Future[Any]] = {work, self._head}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self.leave()
            raise
        if not self._head.done():
            work.result()  # raises what nobody told
            raise _broken()
        return self._head.result()

    async def piece(self) -> bytes:
        """The next; none when the answer is whole.  Raises ProviderFailure for one that is not."""
        work = self._work
        assert work is not None
        if self._pieces.empty() and not work.done():
            taking = asyncio.ensure_future(self._pieces.get())
            try:
                either: set[asyncio.Future[Any]] = {taking, work}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not taking.done():
                    taking.cancel()
            if taking.done() and not taking.cancelled():
                return taking.result()
        if not self._pieces.empty():
            return self._pieces.get_nowait()
        work.result()
        if not self._whole:
            raise _broken()
        return b""

    async def leave(self) -> None:
        """Nobody reads on.  Returns once what is owed for it is paid: its outcome is recorded."""
        work = self._work
        if work is None:
            return
        if not work.done():
            self._left = True
            call, self._gone = self._gone, None
            if call is not None:
                call()
            while not self._pieces.empty():
                self._pieces.get_nowait()
            await asyncio.wait({work})
        if not work.cancelled():
            work.exception()


def _broken() -> ProviderFailure:
    return ProviderFailure("the answer broke off", kind="protocol", retryable=False, code="gateway.failed")
