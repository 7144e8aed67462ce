# SPDX-License-Identifier: Apache-2.0
"""Connections to a database: opened, brought up to date, read, and every fault of theirs told as a StorageFailure."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from comity.errors import ComityError, StorageFailure
from comity.storage.database import ROWS_PER_STATEMENT_MAX

BUSY_SECONDS_MAX = 5.0
STATEMENTS_CACHED = 4 * ROWS_PER_STATEMENT_MAX
FAULTS = (sqlite3.Error, OSError, OverflowError, UnicodeError)  # of the engine, or a value that no column takes; not of a script
FULL = 2  # PRAGMA synchronous: every commit is on the disk before it returns


def connect(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    """To write; made for its owner alone where it was not there.  ``migrations``: one script a version, in order, `user_version`
    says how many a file has had.  Raises StorageFailure."""
    with told():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS_MAX, cached_statements=STATEMENTS_CACHED
        )
    try:
        with told():
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            connection.execute(f"PRAGMA synchronous={FULL}")
            if mode != "wal" or connection.execute("PRAGMA synchronous").fetchone()[0] != FULL:
                raise StorageFailure("the database cannot keep a write-ahead log here", hint="use a local disk")
            connection.execute("PRAGMA foreign_keys=ON")
            _migrate(connection, migrations)
    except BaseException:
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
        connection.executescript(f"BEGIN IMMEDIATE;\n{script};\nPRAGMA user_version = {number};\nCOMMIT;")


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, for the thread that opens it.  Raises StorageFailure."""
    if not path.exists():
        raise StorageFailure(f"no records at `{path}`", code="storage.absent", hint="has anything been asked yet? comity ask 'hello'")
    # A copy for an auditor may lie where nothing can be written, not even the log's index that readers share.
    alone = "" if Path(f"{path}-wal").exists() or os.access(path.parent, os.W_OK) else "&immutable=1"
    with told():
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro{alone}", uri=True, isolation_level=None, timeout=BUSY_SECONDS_MAX)
    try:
        with told():
            connection.execute("PRAGMA query_only=ON")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """One look, from one state of the database, on this thread."""
    with closing(read_only(path)) as connection, snapshot(connection):
        yield connection


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """What is read inside is of one state, whatever is written meanwhile."""
    with told():
        connection.execute("BEGIN")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


@contextmanager
def told() -> Iterator[None]:
    """Whatever the database or the disk says inside is a StorageFailure."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise failure(error) from error


def failure(error: Exception) -> StorageFailure:
    """Names the kind of fault only: a driver's message may hold values."""
    if isinstance(error, ComityError):
        return StorageFailure(str(error), code=error.code, hint=error.hint)
    kind = getattr(error, "sqlite_errorname", "") or getattr(error, "strerror", "") or type(error).__name__
    if kind.startswith("SQLITE_FULL") or getattr(error, "errno", 0) in (errno.ENOSPC, errno.EDQUOT):
        return _failure(kind, "storage.full", "make space on its disk")
    if kind.startswith("SQLITE_READONLY") or getattr(error, "errno", 0) == errno.EROFS:
        return _failure(kind, "storage.read_only", "make it writable again")
    if kind.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return _failure(kind, "storage.corrupt", "restore the home from a backup")
    if isinstance(error, OSError | sqlite3.OperationalError):
        return _failure(kind, "storage.unavailable", "check the disk, its space and its permissions")
    return _failure(kind, "storage.refused", "this is a bug of Comity's: report it")  # the fault is in what was to be written


def _failure(kind: str, code: str, hint: str) -> StorageFailure:
    return StorageFailure(f"the record cannot be written or read: {kind}", code=code, hint=hint)
