# SPDX-License-Identifier: Apache-2.0
"""Connections to a PostgreSQL server: opened for one set of tables, brought up to date, every wait bounded, and every fault of theirs
told as a StorageFailure.

Each set is a schema of one database: `comity_log`, `comity_state` and so on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import asyncpg

from comity.errors import ComityError, StorageFailure
from comity.storage.database import Script
from comity.storage.jobs import Job, hand_out, script_of
from comity.storage.schema import Which, migrations, older

T = TypeVar("T")
CONNECT_SECONDS_MAX = 5.0
STATEMENTS_CACHED = 512
LOCKS: dict[Which, int] = {"log": 0x636F6D_01, "state": 0x636F6D_02, "tlog": 0x636F6D_03, "witness": 0x636F6D_04}
"""Any numbers that nobody else on the server takes."""
DURABLE = ("on", "remote_apply")
FAULTS = (
    asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError, StorageFailure,
    OverflowError, UnicodeError,
)  # fmt: skip
"""Of the server, the way to it, or a value that no column takes; not of a script."""


class Server:
    def __init__(self, url: str, which: Which, seconds_max: float) -> None:
        self._url, self.which, self.seconds_max = url, which, seconds_max
        self.schema = self.channel = f"comity_{which}"
        self.lock = LOCKS[which]

    def _options(self) -> dict[str, Any]:
        bound = str(max(int(self.seconds_max * 1000), 1))  # milliseconds
        settings = {
            "search_path": self.schema, "application_name": "comity", "statement_timeout": bound, "lock_timeout": bound,
            "idle_in_transaction_session_timeout": bound, "client_encoding": "UTF8",
        }  # fmt: skip
        options: dict[str, Any] = {
            "timeout": min(self.seconds_max, CONNECT_SECONDS_MAX), "command_timeout": self.seconds_max, "server_settings": settings,
            "statement_cache_size": STATEMENTS_CACHED,
        }  # fmt: skip
        if _leaves_this_machine(self._url):
            options["ssl"] = True  # with the server's certificate and name checked, unless the URL says `sslmode` itself
        return options

    async def connected(self) -> asyncpg.Connection:
        db = await asyncpg.connect(self._url, **self._options())
        try:
            if await db.fetchval("SHOW fsync") != "on":
                raise StorageFailure("the database server does not keep what it commits", hint="its setting `fsync` is off: turn it on")
            if await db.fetchval("SHOW synchronous_commit") not in DURABLE:
                await db.execute("SET synchronous_commit = on")
        except BaseException:
            close_soon(db)
            raise
        return db

    async def readers(self, count: int) -> asyncpg.Pool:
        return await asyncpg.create_pool(self._url, min_size=0, max_size=count, **self._options())

    async def brought_up_to_date(self) -> None:
        """Raises StorageFailure."""
        scripts = migrations(self.which, "postgres")
        try:
            async with asyncio.timeout(self.seconds_max):
                db = await self.connected()
                try:
                    if await self._version(db, len(scripts)) < len(scripts):
                        await self._migrate(db, scripts)
                finally:
                    close_soon(db)
        except FAULTS as error:
            raise failure(error) from error

    async def looked_at(self) -> None:
        """Raises StorageFailure when it is not there as this Comity knows it."""
        known = len(migrations(self.which, "postgres"))
        try:
            async with asyncio.timeout(self.seconds_max):
                db = await self.connected()
                try:
                    version = await self._version(db, known)
                finally:
                    close_soon(db)
        except FAULTS as error:
            raise failure(error) from error
        if not version:
            raise StorageFailure("no records on this database", code="storage.absent", hint="has a gateway run on it yet? comity up")
        if version < known:
            raise older(version, known)

    async def _version(self, db: asyncpg.Connection, known: int) -> int:
        there = await db.fetchval("SELECT to_regclass($1)", f"{self.schema}.migrations")
        version = int(await db.fetchval("SELECT max(version) FROM migrations") or 0) if there else 0
        if version > known:
            raise StorageFailure(
                f"the database is of a newer Comity (version {version}, here {known})", code="storage.newer", hint="update Comity"
            )
        return version

    async def _migrate(self, db: asyncpg.Connection, scripts: Sequence[str]) -> None:
        async with db.transaction():
            await db.execute(f"SELECT pg_advisory_xact_lock({self.lock})")
            await db.execute(f"CREATE SCHEMA IF NOT EXISTS {self.schema}")
            await db.execute("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY)")
            for number in range(await self._version(db, len(scripts)) + 1, len(scripts) + 1):
                await db.execute(scripts[number - 1])
                await db.execute("INSERT INTO migrations VALUES ($1)", number)


def _leaves_this_machine(url: str) -> bool:
    parts = urlsplit(url)
    said = parse_qs(parts.query)
    host = (said.get("host") or [parts.hostname or ""])[0]
    if "sslmode" in said or not host or host.startswith("/") or host == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True


# -- scripts ---------------------------------------------------------------------------------------------------------


async def run(db: asyncpg.Connection, script: Script[T]) -> T:
    """Inside a transaction of the caller's."""
    rows: list[Any] | None = None
    try:
        while True:
            sql, values = script.send(rows)  # type: ignore[arg-type]  # None begins a generator
            rows = [tuple(row) for row in await db.fetch(_numbered(sql), *values)]
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


async def attempt(db: asyncpg.Connection, unit: Sequence[Job], *, begin: str) -> Exception | None:
    """What the script raised, and then it has written nothing; raises what spoils the whole group.

    Where it has the transaction for itself, that is its savepoint, and ``begin`` begins it anew."""
    if not begin:
        await db.execute("SAVEPOINT one")
    try:
        hand_out(unit, await run(db, script_of(unit)))
    except Exception as error:
        if isinstance(error, FAULTS) and not isinstance(error, ComityError) and failure(error).code != "storage.refused":
            raise
        await db.execute(f"ROLLBACK; {begin}" if begin else "ROLLBACK TO one; RELEASE one")
        return error
    if not begin:
        await db.execute("RELEASE one")
    return None


@cache
def _numbered(sql: str) -> str:
    """`?` as PostgreSQL has it: $1, $2 …"""
    numbers = iter(range(1, sql.count("?") + 1))
    return re.sub(r"\?", lambda _: f"${next(numbers)}", sql)


# -- faults ----------------------------------------------------------------------------------------------------------


def failure(error: BaseException) -> StorageFailure:
    """Names the kind of fault only: a server's message may hold values."""
    if isinstance(error, ComityError):
        return StorageFailure(str(error), code=error.code, hint=error.hint)
    kind, state = type(error).__name__, str(getattr(error, "sqlstate", "") or "")
    if state == "53100":
        return _failure(kind, "storage.full", "make space on the database server's disk")
    if state == "25006":
        return _failure(kind, "storage.read_only", "this server is a standby: name the primary in storage.url")
    if state.startswith("XX00"):
        return _failure(kind, "storage.corrupt", "restore the database from a backup")
    if isinstance(error, TimeoutError) or state in ("57014", "55P03"):
        return _failure(kind, "storage.slow", "does the database server answer? is its disk keeping up?")
    if state[:2] in ("22", "23", "42") or isinstance(error, asyncpg.DataError | OverflowError | UnicodeError):
        return _failure(kind, "storage.refused", "this is a bug of Comity's: report it")  # the fault is in what was to be written
    return _failure(kind, "storage.unavailable", "is the database server up, and its address, user and password right in storage.url?")


def _failure(kind: str, code: str, hint: str) -> StorageFailure:
    return StorageFailure(f"the record cannot be written or read: {kind}", code=code, hint=hint)


def close_soon(db: asyncpg.Connection) -> None:
    """Without a word to a server that may not listen."""
    with suppress(*FAULTS):
        db.terminate()
