# SPDX-License-Identifier: Apache-2.0
"""One word for both engines: a path is a file of SQLite's, a URL a PostgreSQL server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from comity.errors import StorageFailure
from comity.storage.database import Database, Script
from comity.storage.schema import Which, migrations, older
from comity.storage.sqlite import read_only, snapshot, told

if TYPE_CHECKING:
    from comity.storage.engine_postgres import Postgres

T = TypeVar("T")


async def open_database(where: Path | str, which: Which, *, seconds_max: float) -> Database:
    """Opened and brought up to date.  ``seconds_max``: how long a caller waits before what it asked for counts as not done.

    Raises StorageFailure."""
    if isinstance(where, Path):
        from comity.storage.engine_sqlite import SQLite

        loop = asyncio.get_running_loop()
        return await asyncio.to_thread(lambda: SQLite(where, migrations(which, "sqlite"), seconds_max=seconds_max, loop=loop))
    return await _engine().open(where, which, seconds_max=seconds_max)


class Look(Protocol):
    """For a command: synchronous, and it only reads."""

    def look(self, script: Callable[[], Script[T]]) -> T:
        """From one state of the database.  Raises StorageFailure, and whatever the script does."""

    def close(self) -> None: ...


def look_into(where: Path | str, which: Which, *, seconds_max: float) -> Look:
    """Raises StorageFailure, also when there is nothing yet."""
    return _File(where, which) if isinstance(where, Path) else _Served(where, which, seconds_max)


class _File:
    def __init__(self, path: Path, which: Which) -> None:
        self._db, known = read_only(path), len(migrations(which, "sqlite"))
        try:
            with told():
                version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            if 0 < version < known:
                raise older(version, known)
        except BaseException:
            self._db.close()
            raise

    def look(self, script: Callable[[], Script[T]]) -> T:
        from comity.storage.engine_sqlite import run

        with snapshot(self._db):
            return run(self._db, script())

    def close(self) -> None:
        self._db.close()


class _Served:
    def __init__(self, url: str, which: Which, seconds_max: float) -> None:
        engine = _engine()
        self._loop = asyncio.Runner()
        try:
            self._database = self._loop.run(engine.open(url, which, seconds_max=seconds_max, migrate=False))
        except BaseException:
            self._loop.close()
            raise

    def look(self, script: Callable[[], Script[T]]) -> T:
        return self._loop.run(self._database.read(script))

    def close(self) -> None:
        self._loop.run(self._database.aclose())
        self._loop.close()


def _engine() -> type[Postgres]:
    try:
        from comity.storage.engine_postgres import Postgres
    except ModuleNotFoundError:
        raise StorageFailure(
            "PostgreSQL needs a package that is not installed", code="storage.unavailable", hint="pip install 'comity[postgres]'"
        ) from None
    return Postgres
