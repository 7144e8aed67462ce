# SPDX-License-Identifier: Apache-2.0
"""`Database` on a PostgreSQL server: scripts run on the event loop, those that wait in one transaction.

Writers of one set of tables, in whichever gateway, take turns: a transaction begins with a lock that ends with it, so what a
script reads stays so until it is committed, and no two ever wait for each other's rows.

A connection that is lost before COMMIT was sent has written nothing, and the group is tried again on another, once.  Lost after
it, nobody here knows, and the group counts as not written.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import asyncpg

from comity.errors import StorageFailure
from comity.storage.database import Figures, Script
from comity.storage.jobs import Job, Joined, Scrub, no_statements, units
from comity.storage.postgres import FAULTS, Server, attempt, close_soon, failure, run
from comity.storage.schema import Dialect, Which
from comity.storage.watch import Watch
from comity.storage.writer import GROUP_JOBS_MAX, WAITING_JOBS_MAX, Waiting, closed, too_late, too_many

T = TypeVar("T")
J = TypeVar("J")
READERS_MAX = 4
BACK_OFF_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)


class Postgres:
    """Made by `open`; used from one event loop."""

    dialect: Dialect = "postgres"

    def __init__(self, server: Server, *, readers: asyncpg.Pool) -> None:
        self._server, self._readers, self._seconds_max = server, readers, server.seconds_max
        self._begin = f"BEGIN; SELECT pg_advisory_xact_lock({server.lock})"
        self._end = f"NOTIFY {server.channel}; COMMIT" if server.which == "state" else "COMMIT"
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Waiting] = deque()
        self._some = asyncio.Event()
        self._closed = False
        self._failures = 0  # to connect, one after another
        self._groups = self._jobs = 0  # answered
        self._db: asyncpg.Connection | None = None
        self._watches: list[Watch[Any]] = []
        self._pump = self._loop.create_task(self._run(), name="comity-writer")

    @classmethod
    async def open(cls, url: str, which: Which, *, seconds_max: float, migrate: bool = True) -> Postgres:
        """``migrate``: false for who only reads.  Raises StorageFailure."""
        server = Server(url, which, seconds_max)
        await (server.brought_up_to_date() if migrate else server.looked_at())
        return cls(server, readers=await server.readers(READERS_MAX))

    async def write(self, script: Callable[[], Script[T]]) -> T:
        return await self._done(Job(script))  # type: ignore[no-any-return]

    async def join(self, script: Callable[[Sequence[J]], Script[list[T]]], job: J) -> T:
        return await self._done(Joined(script, job))  # type: ignore[no-any-return]

    async def scrub(self) -> None:
        await self._done(Scrub(no_statements))  # the server's own vacuum does it

    async def read(self, script: Callable[[], Script[T]]) -> T:
        for last in (False, True):  # a connection that was lost while nobody used it says so at its next use
            try:
                async with asyncio.timeout(self._seconds_max):
                    async with self._readers.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
                        return await run(db, script())
            except FAULTS as error:
                told = failure(error)
                if last or told.code != "storage.unavailable":
                    raise told from error
        raise AssertionError("the last attempt has an answer")

    async def follow(self, script: Callable[[], Script[T]]) -> Watch[T]:
        watch = Watch(self._server, script)
        self._watches.append(watch)
        await watch.first()
        return watch

    async def _done(self, job: Job) -> Any:
        if self._closed:
            raise closed()
        if len(self._waiting) >= WAITING_JOBS_MAX:
            raise too_many()
        done = self._loop.create_future()
        self._waiting.append((job, done))
        self._some.set()
        timer = self._loop.call_later(self._seconds_max, too_late, done, self._seconds_max)
        try:
            await done
        finally:
            timer.cancel()
        if job.error is not None:
            raise failure(job.error) if isinstance(job.error, FAULTS) else job.error
        return job.result

    @property
    def figures(self) -> Figures:
        return Figures(len(self._waiting), self._groups, self._jobs)

    async def aclose(self) -> None:
        self._closed = True
        self._some.set()
        await asyncio.wait([self._pump])
        while self._watches:
            await self._watches.pop().aclose()
        if self._db is not None:
            close_soon(self._db)
            self._db = None
        with suppress(*FAULTS):
            async with asyncio.timeout(1):
                await self._readers.close()
        self._readers.terminate()

    # -- the one task that writes --------------------------------------------------------------------------------

    async def _run(self) -> None:
        while not self._closed or self._waiting:
            if not self._waiting:
                self._some.clear()
                await self._some.wait()
                continue
            if self._failures:
                await asyncio.sleep(BACK_OFF_SECONDS[min(self._failures, len(BACK_OFF_SECONDS)) - 1])
            group = self._next()
            if not group:
                continue
            error = await self._commit([job for job, _ in group])
            self._groups += 1
            self._jobs += len(group)
            for _, done in group:
                if done.done():
                    continue
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(StorageFailure(str(error), code=error.code, hint=error.hint))

    def _next(self) -> list[Waiting]:
        """Of those that wait.  Who was told that it took too long was told that nothing is written; who merely stopped waiting was not."""
        group: list[Waiting] = []
        while self._waiting and len(group) < GROUP_JOBS_MAX:
            job, done = self._waiting.popleft()
            if not done.done() or done.cancelled():
                group.append((job, done))
        return group

    async def _commit(self, jobs: Sequence[Job]) -> StorageFailure | None:
        for last in (False, True):
            used, sent = self._db is not None, False
            try:
                async with asyncio.timeout(self._seconds_max):
                    db = await self._connected()
                    await db.execute(self._begin)
                    await self._apply(db, jobs)
                    sent = True
                    await db.execute(self._end)
                    return None
            except Exception as error:  # noqa: BLE001 - whatever it was, it does not count as written and nothing may be sent
                broken = await self._undone()
                if not (used and broken and not sent and not last and not isinstance(error, TimeoutError)):
                    return failure(error)
        raise AssertionError("the last attempt has an answer")

    async def _connected(self) -> asyncpg.Connection:
        if self._db is not None and self._db.is_closed():
            self._db = None
        if self._db is None:
            try:
                self._db = await self._server.connected()
            except BaseException:
                self._failures += 1
                raise
            self._failures = 0
        return self._db

    async def _undone(self) -> bool:
        """Nothing of a transaction is left open.  True: its connection could not be kept."""
        db, self._db = self._db, None
        if db is None:
            return True
        with suppress(Exception):
            async with asyncio.timeout(1):
                if not db.is_closed():
                    await db.execute("ROLLBACK")
                    self._db = db
                    return False
        close_soon(db)
        return True

    async def _apply(self, db: asyncpg.Connection, jobs: Sequence[Job]) -> None:
        group = units(jobs)
        for unit in group:
            alone = len(group) == 1
            unit[0].error = await attempt(db, unit, begin=self._begin if alone else "")
            if unit[0].error is not None and len(unit) > 1:  # one of them spoils it for all: each for itself
                for each in unit:
                    each.error = await attempt(db, [each], begin="")
