# SPDX-License-Identifier: Apache-2.0
"""`Database` on a file: scripts run on the writer's thread, in the transaction of their group; readers have connections of their own."""

from __future__ import annotations

import asyncio
import mmap
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

from comity.storage.database import Figures, Script
from comity.storage.jobs import Job, Joined, Scrub, hand_out, no_statements, script_of, units
from comity.storage.schema import Dialect
from comity.storage.sqlite import FAULTS, failure, read_only, reading, snapshot, told
from comity.storage.writer import Writer

T = TypeVar("T")
J = TypeVar("J")
INDEX_HEADER_BYTES = 48


class SQLite:
    """Made in a thread by whoever opens it; used from ``loop``."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path, migrations: Sequence[str], *, seconds_max: float, loop: asyncio.AbstractEventLoop) -> None:
        self._path = path
        self._writer = Writer(path, migrations=migrations, apply=_apply, seconds_max=seconds_max, loop=loop)
        self._looks: list[Look[Any]] = []

    def write(self, script: Callable[[], Script[T]]) -> Coroutine[Any, Any, T]:
        return self._writer.write(Job(script))

    def join(self, script: Callable[[Sequence[J]], Script[list[T]]], job: J) -> Coroutine[Any, Any, T]:
        return self._writer.write(Joined(script, job))

    def scrub(self) -> Coroutine[Any, Any, None]:
        return self._writer.write(Scrub(no_statements))

    async def read(self, script: Callable[[], Script[T]]) -> T:
        return await asyncio.to_thread(read, self._path, script)

    async def follow(self, script: Callable[[], Script[T]]) -> Look[T]:
        self._looks.append(look := Look(self._path, script))
        look.now()
        return look

    @property
    def figures(self) -> Figures:
        return self._writer.figures

    async def aclose(self) -> None:
        try:
            await self._writer.aclose()
        finally:
            while self._looks:
                self._looks.pop().close()


def read(path: Path, script: Callable[[], Script[T]]) -> T:
    """One look from outside, beside whoever writes.  Raises StorageFailure."""
    with reading(path) as db:
        return run(db, script())


class Look(Generic[T]):
    """On the loop's own thread, with a connection of its own: what is followed is small."""

    def __init__(self, path: Path, script: Callable[[], Script[T]]) -> None:
        self._path, self._script = path, script
        self._db: sqlite3.Connection | None = None
        self._index: mmap.mmap | None = None
        self._seen = b""
        self._now: T

    def now(self) -> T:
        """The header of the write-ahead log's index says whether anybody wrote: SQLite itself compares it to know
        (sqlite.org/walformat.html, section 2.1), and `PRAGMA data_version` takes 15 µs."""
        if self._index is None:
            self._index = self._opened()
        header = self._index[:]
        if header != self._seen:
            assert self._db is not None
            with snapshot(self._db):
                now = run(self._db, self._script())
            if not self._seen or now != self._now:
                self._now = now
            self._seen = header
        return self._now

    def _opened(self) -> mmap.mmap:
        if self._db is None:
            self._db = read_only(self._path)
        with told():
            self._db.execute("SELECT 1 FROM sqlite_schema").fetchall()  # the index is there once somebody has read
            with self._path.with_name(self._path.name + "-shm").open("rb") as index:
                return mmap.mmap(index.fileno(), INDEX_HEADER_BYTES, access=mmap.ACCESS_READ)

    def close(self) -> None:
        if self._index is not None:
            self._index.close()
            self._index = None
        if self._db is not None:
            self._db.close()
            self._db = None


def run(db: sqlite3.Connection, script: Script[T]) -> T:
    """Inside a transaction of the caller's."""
    rows: list[Any] | None = None
    try:
        while True:
            sql, values = script.send(rows)  # type: ignore[arg-type]  # None begins a generator
            rows = db.execute(sql, values).fetchall()
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


# -- on the writer's thread, inside a transaction ------------------------------------------------------------------------


def _apply(db: sqlite3.Connection, jobs: Sequence[Job]) -> Callable[[], None]:
    group = units(jobs)
    for unit in group:
        unit[0].error = _attempt(db, unit, alone=len(group) == 1)
        if unit[0].error is not None and len(unit) > 1:  # one of them spoils it for all: each for itself
            for each in unit:
                each.error = _attempt(db, [each], alone=False)
    # What was deleted would else lie on in the write-ahead log.
    return (lambda: _drained(db)) if any(type(job) is Scrub for job in jobs) else _nothing


def _attempt(db: sqlite3.Connection, unit: Sequence[Job], *, alone: bool) -> Exception | None:
    """What the script raised, and then it has written nothing; raises what spoils the whole group.

    Where it has the transaction for itself, that is its savepoint: two statements fewer beside a busy loop.
    """
    if not alone:
        db.execute("SAVEPOINT one")
    try:
        hand_out(unit, run(db, script_of(unit)))
    except Exception as error:
        if not db.in_transaction or (isinstance(error, FAULTS) and failure(error).code != "storage.refused"):
            raise
        db.execute("ROLLBACK" if alone else "ROLLBACK TO one")
        db.execute("BEGIN IMMEDIATE" if alone else "RELEASE one")
        return error
    if not alone:
        db.execute("RELEASE one")
    return None


def _nothing() -> None:
    pass


def _drained(db: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):  # a reader is in its way: the next checkpoint does it
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
