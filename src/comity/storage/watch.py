# SPDX-License-Identifier: Apache-2.0
"""What a reading script says on a PostgreSQL server, kept in memory: looked at again when a writer notifies, and at least every second.

Whoever asks gets the last look for as long as looking works.  Once none has for `seconds_max`, nobody can say what holds now, and
asking raises: what was withdrawn in the meantime must not go on counting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from comity.errors import StorageFailure
from comity.storage.database import Script
from comity.storage.postgres import Server, close_soon, failure, run

T = TypeVar("T")
LOOK_SECONDS_MAX = 1.0
LOOK_SECONDS_MIN = 0.05  # many may write a second; one look serves for all of them
AGAIN_SECONDS = 0.2


class Watch(Generic[T]):
    def __init__(self, server: Server, script: Callable[[], Script[T]]) -> None:
        self._server, self._script = server, script
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()
        self._looked: asyncio.Future[None] = self._loop.create_future()  # once, with whatever came of it
        self._fault: StorageFailure | None = StorageFailure("the database was not looked at yet", code="storage.unavailable")
        self._expiry: asyncio.TimerHandle | None = None
        self._seen = False
        self._now: T
        self._task = self._loop.create_task(self._run(), name="comity-watch")

    async def first(self) -> None:
        """Returns once there is something to see.  Raises StorageFailure."""
        await self._looked
        if self._fault is not None:
            raise self._fault

    def now(self) -> T:
        if self._fault is not None:
            raise StorageFailure(str(self._fault), code=self._fault.code, hint=self._fault.hint)
        return self._now

    async def aclose(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        if self._expiry is not None:
            self._expiry.cancel()

    async def _run(self) -> None:
        while True:
            why: StorageFailure | None = None
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001 - whatever it was, nobody can say what holds until somebody has looked again
                why = failure(error)
            if not self._looked.done():
                self._fault = why
                self._looked.set_result(None)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _listen(self) -> None:
        async with asyncio.timeout(self._server.seconds_max):
            db = await self._server.connected()
        try:
            async with asyncio.timeout(self._server.seconds_max):
                await db.add_listener(self._server.channel, lambda *_: self._told.set())
            while True:
                self._told.clear()
                async with asyncio.timeout(self._server.seconds_max), db.transaction(isolation="repeatable_read", readonly=True):
                    self._see(await run(db, self._script()))
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS_MAX):
                        await self._told.wait()
                await asyncio.sleep(LOOK_SECONDS_MIN)
        finally:
            close_soon(db)

    def _see(self, now: T) -> None:
        if not self._seen or now != self._now:
            self._now = now
        self._seen, self._fault = True, None
        if not self._looked.done():
            self._looked.set_result(None)
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = self._loop.call_later(self._server.seconds_max, self._expire)

    def _expire(self) -> None:
        self._fault = StorageFailure(
            f"the database could not be looked at for {self._server.seconds_max:g} seconds", code="storage.slow",
            hint="does the database server answer?",
        )  # fmt: skip
