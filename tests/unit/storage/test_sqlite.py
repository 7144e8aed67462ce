# SPDX-License-Identifier: Apache-2.0
"""Connections: opened safely or not at all, brought up to date in whole steps, read without writing."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from comity.errors import StorageFailure, TrustFailure
from comity.storage import sqlite as connections
from comity.storage.database import insert
from comity.storage.engine_sqlite import run
from comity.storage.sqlite import connect, failure, read_only, reading, snapshot

ONE = "CREATE TABLE a (x)"
TWO = "CREATE TABLE b (x); INSERT INTO b VALUES (7)"


def columns(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as db:
        return [row[0] for row in db.execute(sql)]


TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"


def test_it_is_durable_and_for_its_owner_alone(home: Path) -> None:
    old = os.umask(0)
    try:
        with closing(connect(home / "t.db", (ONE,))) as db:
            db.execute("INSERT INTO a VALUES (1)")
            asked = {name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")}
            assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()}
    finally:
        os.umask(old)
    assert modes == {"t.db": 0o600, "t.db-wal": 0o600, "t.db-shm": 0o600}


def test_migrations_run_once_each_in_order(home: Path) -> None:
    path = home / "t.db"
    for scripts in ((ONE,), (ONE,), (ONE, TWO), (ONE, TWO)):
        connect(path, scripts).close()
    assert columns(path, TABLES) == ["a", "b"] and columns(path, "SELECT x FROM b") == [7]
    assert columns(path, "PRAGMA user_version") == [2]


def test_a_migration_that_breaks_leaves_no_half(home: Path) -> None:
    path = home / "t.db"
    with pytest.raises(StorageFailure):
        connect(path, (ONE, TWO + "; CREATE TABLE b (y)"))
    assert columns(path, TABLES) == ["a"] and columns(path, "PRAGMA user_version") == [1]
    connect(path, (ONE, TWO)).close()
    assert columns(path, "SELECT x FROM b") == [7]


def test_a_newer_database_is_left_alone(home: Path) -> None:
    path = home / "t.db"
    connect(path, (ONE, TWO)).close()
    before = path.read_bytes()
    with pytest.raises(StorageFailure) as raised:
        connect(path, (ONE,))
    assert raised.value.code == "storage.newer" and path.read_bytes() == before


class Odd(sqlite3.Connection):
    """A driver that fails at, or does not do, what it is asked."""

    refuses = ""
    ignores = ""
    closed = 0

    def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
        if self.refuses and sql.startswith(self.refuses):
            raise sqlite3.OperationalError("not here")
        return super().execute("PRAGMA encoding" if self.ignores and sql.startswith(self.ignores) else sql, *more)

    def close(self) -> None:
        Odd.closed += 1
        super().close()


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Odd]]:
    plain = sqlite3.connect
    monkeypatch.setattr(connections.sqlite3, "connect", lambda *a, **k: plain(*a, **{"factory": Odd, **k}))
    yield Odd
    Odd.refuses = Odd.ignores = ""
    Odd.closed = 0


PRAGMAS = ["PRAGMA journal_mode", "PRAGMA synchronous=", "PRAGMA synchronous", "PRAGMA foreign_keys", "PRAGMA user_version"]


@pytest.mark.parametrize("pragma", PRAGMAS)
def test_a_pragma_that_fails_is_one_clear_error(home: Path, odd: type[Odd], pragma: str) -> None:
    odd.refuses = pragma
    with pytest.raises(StorageFailure) as raised:
        connect(home / "t.db", (ONE,))
    assert raised.value.code == "storage.unavailable" and odd.closed == 1


@pytest.mark.parametrize("pragma", ["PRAGMA journal_mode", "PRAGMA synchronous"])
def test_a_pragma_that_is_ignored_is_noticed(home: Path, odd: type[Odd], pragma: str) -> None:
    odd.ignores = pragma
    with pytest.raises(StorageFailure, match="write-ahead"):
        connect(home / "t.db", (ONE,))
    assert odd.closed == 1


def test_a_reader_cannot_write_and_sees_one_state(home: Path) -> None:
    path = home / "t.db"
    with closing(connect(path, (ONE,))) as db:
        with reading(path) as look:
            assert look.execute("SELECT count(*) FROM a").fetchone() == (0,)
            db.execute("INSERT INTO a VALUES (1)")
            assert look.execute("SELECT count(*) FROM a").fetchone() == (0,)
        with closing(read_only(path)) as look:
            with snapshot(look):
                assert look.execute("SELECT count(*) FROM a").fetchone() == (1,)
            with pytest.raises(StorageFailure) as raised, snapshot(look):
                look.execute("INSERT INTO a VALUES (2)")
            assert raised.value.code == "storage.read_only"
            with snapshot(look):  # and it is still good for the next look
                assert look.execute("SELECT count(*) FROM a").fetchone() == (1,)


def test_a_reader_makes_nothing(home: Path) -> None:
    with pytest.raises(StorageFailure) as raised:
        read_only(home / "t.db")
    assert raised.value.code == "storage.absent" and not list(home.iterdir())


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 200])
def test_any_number_of_rows_is_put_in(home: Path, count: int) -> None:
    with closing(connect(home / "t.db", (ONE, "CREATE TABLE c (x, y, z)"))) as db:
        run(db, insert("c", [(n, str(n), None) for n in range(count)]))
        assert db.execute("SELECT * FROM c ORDER BY x").fetchall() == [(n, str(n), None) for n in range(count)]


def sqlite_error(name: str, kind: type[sqlite3.Error] = sqlite3.OperationalError) -> sqlite3.Error:
    error = kind("a value: 13812345678")
    error.sqlite_errorname = name
    return error


FAULTS = [
    (sqlite_error("SQLITE_FULL"), "storage.full"),
    (OSError(errno.ENOSPC, "No space left on device"), "storage.full"),
    (sqlite_error("SQLITE_READONLY_DBMOVED"), "storage.read_only"),
    (OSError(errno.EROFS, "Read-only file system"), "storage.read_only"),
    (sqlite_error("SQLITE_CORRUPT_INDEX", sqlite3.DatabaseError), "storage.corrupt"),
    (sqlite_error("SQLITE_NOTADB", sqlite3.DatabaseError), "storage.corrupt"),
    (sqlite_error("SQLITE_IOERR_WRITE"), "storage.unavailable"),
    (PermissionError(errno.EACCES, "Permission denied"), "storage.unavailable"),
    (sqlite_error("SQLITE_CONSTRAINT_UNIQUE", sqlite3.IntegrityError), "storage.refused"),
    (OverflowError("13812345678"), "storage.refused"),
    (TrustFailure("the log was changed", step="log", code="trust.log"), "trust.log"),
]


@pytest.mark.parametrize(("error", "code"), FAULTS, ids=lambda value: str(value)[:24])
def test_a_fault_is_named_by_kind_and_tells_no_value(error: Exception, code: str) -> None:
    found = failure(error)
    assert (found.code, found.status) == (code, 503) and "13812345678" not in f"{found} {found.hint}"


READ_ONLY_HOME = """
import os, sys, pathlib
from comity.errors import ComityError
from comity.storage.home import HomeLock, prepare, secret_key
from comity.storage.sqlite import connect
from comity.ports import SystemRandom
home = pathlib.Path(sys.argv[1])
if os.geteuid() == 0:  # root writes through any mode
    os.setgid(65534); os.setuid(65534)
for attempt in (lambda: connect(home / "t.db", ()), lambda: secret_key(home / "k.key", SystemRandom()), lambda: prepare(home / "below")):
    try:
        attempt()
    except ComityError as error:
        print(error.code, error.exit_code)
"""


def test_a_folder_that_may_not_be_written_is_one_clear_error_each() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        done = subprocess.run([sys.executable, "-c", READ_ONLY_HOME, folder], capture_output=True, text=True, check=False)
        Path(folder).chmod(0o700)
    assert done.stderr == ""
    assert done.stdout.split("\n") == ["storage.unavailable 1", "home.unusable 1", "home.unusable 1", ""]


def test_a_copy_where_nothing_can_be_written_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.db"
    with closing(connect(path, ["CREATE TABLE t (n INTEGER)"])) as db:
        db.execute("INSERT INTO t VALUES (1)")
    assert [each.name for each in tmp_path.iterdir()] == ["t.db"]
    monkeypatch.setattr(connections.os, "access", lambda *_: False)  # root may write anywhere
    with reading(path) as db:
        assert db.execute("SELECT n FROM t").fetchall() == [(1,)]
        assert [each.name for each in tmp_path.iterdir()] == ["t.db"], "and nothing is written beside it"
