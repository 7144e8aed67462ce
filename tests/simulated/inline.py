# SPDX-License-Identifier: Apache-2.0
"""A `Database` in memory, slow and failing as it is told, on whatever clock the loop has: the real scripts, no thread and no file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from comity.errors import StorageFailure
from comity.storage.database import Figures, Script
from comity.storage.engine_sqlite import run
from comity.storage.schema import migrations
from comity.storage.sqlite import FAULTS, failure

T = TypeVar("T")
J = TypeVar("J")


class Disk(NamedTuple):
    """What becomes of one write.  `kept`: it is there, though whoever wrote it is told that it is not."""

    seconds: float = 0.0
    end: Literal["", "lost", "kept"] = ""


class Inline:
    dialect: Literal["sqlite", "postgres"] = "sqlite"

    def __init__(self, which: Literal["log", "state"], disk: Iterator[Disk]) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        for script in migrations(which, "sqlite"):
            self.db.executescript(script)
        self._disk, self._one_by_one = disk, asyncio.Lock()
        self._writing: set[asyncio.Task[Any]] = set()
        self.failed: list[Any] = []  # jobs whose writer was told that they are not written

    async def write(self, script: Callable[[], Script[T]]) -> T:
        return await self._kept(script, script)

    async def join(self, script: Callable[[Sequence[J]], Script[list[T]]], job: J) -> T:
        [result] = await self._kept(lambda: script([job]), job)
        return result

    async def read(self, script: Callable[[], Script[T]]) -> T:
        return run(self.db, script())

    async def follow(self, script: Callable[[], Script[T]]) -> Look[T]:
        return Look(self.db, script)

    async def scrub(self) -> None: ...

    @property
    def figures(self) -> Figures:
        return Figures(len(self._writing), 0, 0)

    async def aclose(self) -> None:
        """What was taken is written first."""
        while self._writing:
            await asyncio.wait(set(self._writing))

    async def _kept(self, script: Callable[[], Script[T]], job: object) -> T:
        """A caller who stops waiting takes nothing back."""
        task = asyncio.ensure_future(self._written(script, job))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be left to hear of it
        return await asyncio.shield(task)

    async def _written(self, script: Callable[[], Script[T]], job: object) -> T:
        async with self._one_by_one:
            disk = next(self._disk)
            await asyncio.sleep(disk.seconds)
            if disk.end == "lost":
                self.failed.append(job)
                raise StorageFailure("the disk is full")
            self.db.execute("BEGIN")
            try:
                result = run(self.db, script())
            except BaseException as error:
                self.db.execute("ROLLBACK")
                if isinstance(error, FAULTS):
                    raise failure(error) from error
                raise
            self.db.execute("COMMIT")
            if disk.end == "kept":
                self.failed.append(job)
                raise StorageFailure("it took too long")
            return result


class Look(Generic[T]):
    def __init__(self, db: sqlite3.Connection, script: Callable[[], Script[T]]) -> None:
        self._db, self._script = db, script

    def now(self) -> T:
        return run(self._db, self._script())
