# SPDX-License-Identifier: Apache-2.0
"""The only connection to a database: one writer thread that commits in groups, and read-only connections beside it.

A job counts as written when its transaction is on the disk (WAL, synchronous=FULL), and not before.  Whatever waits when the
thread is free goes into one transaction, so a busy gateway pays one sync for many records.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from comity.errors import StorageFailure

WAITING_JOBS_MAX = 65_536
GROUP_JOBS_MAX = 1024
BUSY_SECONDS_MAX = 5.0

Apply = Callable[[sqlite3.Connection, Sequence[Any]], Callable[[], None]]
"""Writes a group of jobs inside an open transaction; what it returns is called once they are durable."""


class Database:
    """``migrations``: one script a version, in order; ``user_version`` says how many a file has had."""

    def __init__(self, path: Path, *, migrations: Sequence[str], apply: Apply, seconds_max: float) -> None:
        self._path, self._apply, self._seconds_max = path, apply, seconds_max
        self._jobs: queue.SimpleQueue[tuple[Any, asyncio.Future[None], asyncio.AbstractEventLoop] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._connection = _open(path, migrations)
        self._file = _identity(path)
        self._thread = threading.Thread(target=self._run, name="comity-writer", daemon=True)
        self._thread.start()

    async def write(self, job: Any) -> None:
        """Returns once ``job`` is durable; StorageFailure otherwise.  A caller who stops waiting takes nothing back."""
        if self._waiting >= WAITING_JOBS_MAX:
            raise StorageFailure("too many records wait to be written", code="storage.busy", hint="is the disk keeping up?")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting += 1
        self._jobs.put((job, done, loop))
        timer = loop.call_later(self._seconds_max, _too_late, done, self._seconds_max)
        try:
            await done
        finally:
            timer.cancel()

    async def aclose(self) -> None:
        """Writes what waits, then closes."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        ending = False
        while not ending:
            first = self._jobs.get()
            group = [first]
            while first is not None and len(group) < GROUP_JOBS_MAX:
                try:
                    group.append(self._jobs.get_nowait())
                except queue.Empty:
                    break
                if group[-1] is None:
                    break
            ending = group[-1] is None
            jobs = [each for each in group if each is not None]
            if jobs:
                self._waiting -= len(jobs)
                self._answer(jobs, self._commit([job for job, _, _ in jobs]))
        self._connection.close()

    def _commit(self, jobs: Sequence[Any]) -> StorageFailure | None:
        connection = self._connection
        try:
            if _identity(self._path) != self._file:  # deleted or replaced: what we would write into is no longer there to be found
                return StorageFailure(
                    "the record cannot be written: its database is gone",
                    code="storage.gone",
                    hint=f"put `{self._path.name}` back, or restart",
                )
            connection.execute("BEGIN IMMEDIATE")
            committed = self._apply(connection, jobs)
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing was written and nothing may be sent
            if connection.in_transaction:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            return failure(error)
        committed()
        return None

    def _answer(self, jobs: Sequence[tuple[Any, asyncio.Future[None], asyncio.AbstractEventLoop]], error: StorageFailure | None) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        for _, done, loop in jobs:
            by_loop.setdefault(loop, []).append(done)
        for loop, futures in by_loop.items():
            try:
                loop.call_soon_threadsafe(_settle, futures, error)
            except RuntimeError:  # the loop is gone, and with it whoever waited
                continue


def _settle(futures: Sequence[asyncio.Future[None]], error: StorageFailure | None) -> None:
    for done in futures:
        if done.done():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(StorageFailure(str(error), code=error.code, hint=error.hint))


def _too_late(done: asyncio.Future[None], seconds: float) -> None:
    if not done.done():
        done.set_exception(
            StorageFailure(
                f"the record was not written within {seconds:g} seconds", code="storage.slow", hint="is the disk full or failing?"
            )
        )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)


def _open(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS_MAX, cached_statements=64)
    except (OSError, sqlite3.Error) as error:
        raise failure(error) from error
    try:
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        if mode != "wal":
            raise StorageFailure("the database cannot keep a write-ahead log here", code="storage.unavailable", hint="use a local disk")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        _migrate(connection, migrations)
    except sqlite3.Error as error:
        connection.close()
        raise failure(error) from error
    except StorageFailure:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, migrations: Sequence[str]) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(migrations):
        raise StorageFailure(
            f"the database is of a newer Comity (version {version}, here {len(migrations)})", code="storage.newer", hint="update Comity"
        )
    for number, script in enumerate(migrations[version:], version + 1):
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def open_read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, for the thread that opens it.  Raises StorageFailure."""
    if not path.exists():
        raise StorageFailure(f"no records at `{path}`", code="storage.absent", hint="has anything been asked yet? comity ask 'hello'")
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_SECONDS_MAX)
        connection.execute("PRAGMA query_only=ON")
    except sqlite3.Error as error:
        raise failure(error) from error
    return connection


def failure(error: BaseException) -> StorageFailure:
    """Names the kind of fault only: a driver's message may hold values."""
    kind = getattr(error, "sqlite_errorname", "") or getattr(error, "strerror", "") or type(error).__name__
    code = {"SQLITE_FULL": "storage.full", "SQLITE_READONLY": "storage.read_only", "SQLITE_CORRUPT": "storage.corrupt",
            "SQLITE_NOTADB": "storage.corrupt"}.get(kind.split("_EXTENDED")[0], "storage.unavailable")  # fmt: skip
    return StorageFailure(f"the record cannot be written or read: {kind}", code=code, hint="check the disk, its space and its permissions")
