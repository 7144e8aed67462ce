# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server that restarts, cuts, stalls, fills up or is not there: StorageFailure, nothing half-written, service resumes by
itself.  A server may not be a careless one either."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest

from comity.errors import StorageFailure
from comity.storage import engine_postgres, watch
from comity.storage.database import Row, Script, Statement
from comity.storage.engine_postgres import Postgres
from comity.storage.open import open_database
from comity.storage.postgres import Server, failure
from comity.storage.schema import migrations
from tests.postgres import PostgresServer

SECONDS_MAX = 10.0


@pytest.fixture
def url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Postgres]:
    made = await opened(url)
    await made.write(lambda: told("CREATE TABLE t (n BIGINT PRIMARY KEY)"))
    yield made
    await made.aclose()


async def opened(url: str, *, seconds_max: float = SECONDS_MAX) -> Postgres:
    made = await open_database(url, "state", seconds_max=seconds_max)
    assert isinstance(made, Postgres)
    return made


def told(sql: str, *values: Any) -> Script[list[Row]]:
    return (yield Statement(sql, values))


def put(n: int) -> Callable[[], Script[int]]:
    def script() -> Script[int]:
        yield Statement("INSERT INTO t VALUES (?)", (n,))
        return n

    return script


async def rows(database: Postgres) -> list[int]:
    return [row[0] for row in await database.read(lambda: told("SELECT n FROM t ORDER BY n"))]


async def test_a_restart_under_load_loses_nothing_that_was_said_and_service_resumes(postgres: PostgresServer, database: Postgres) -> None:
    said: set[int] = set()
    refused: set[int] = set()
    over = asyncio.Event()

    async def caller(first: int) -> None:
        n = first
        while not over.is_set():
            try:
                said.add(await database.write(put(n)))
            except StorageFailure:
                refused.add(n)
            n += 16

    async with asyncio.TaskGroup() as everyone:
        for first in range(16):
            everyone.create_task(caller(first))
        for _ in range(2):
            async with asyncio.timeout(60):
                enough = len(said) + 100
                while len(said) < enough:  # noqa: ASYNC110 - until the callers are on their way, and again after it
                    await asyncio.sleep(0.01)
                await asyncio.to_thread(postgres.restart)
        enough = len(said) + 100
        while len(said) < enough:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        over.set()
    kept = set(await rows(database))
    assert said <= kept and kept <= said | refused


async def test_a_connection_that_is_cut_while_nobody_writes_is_noticed_by_nobody(
    postgres: PostgresServer, url: str, database: Postgres
) -> None:
    followed = await database.follow(lambda: told("SELECT count(*) FROM t"))
    for n in range(3):
        assert await database.write(put(n)) == n
        postgres.signal(postgres.backends(url), signal.SIGTERM)
    assert await rows(database) == [0, 1, 2]
    async with asyncio.timeout(30):
        while followed.now() != [(3,)]:  # noqa: ASYNC110 - another process tells
            await asyncio.sleep(0.01)


async def test_a_group_whose_connection_is_cut_before_its_commit_is_written_once_on_another(
    postgres: PostgresServer, database: Postgres
) -> None:
    calls = 0

    def script() -> Script[None]:
        nonlocal calls
        calls += 1
        yield Statement("INSERT INTO t VALUES (1)")
        if calls == 1:
            yield Statement("SELECT pg_terminate_backend(pg_backend_pid())")

    await database.write(script)
    assert calls == 2 and await rows(database) == [1]


async def test_a_commit_whose_answer_is_lost_counts_as_not_written_and_is_not_tried_again(
    database: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was written all the same: whoever asks again under the same id is refused, so there is never a second one."""
    end, calls = database._end, 0
    monkeypatch.setattr(database, "_end", f"{end}; SELECT pg_terminate_backend(pg_backend_pid())")

    def script() -> Script[None]:
        nonlocal calls
        calls += 1
        yield Statement("INSERT INTO t VALUES (1)")

    with pytest.raises(StorageFailure) as raised:
        await database.write(script)
    assert raised.value.code == "storage.unavailable" and calls == 1
    monkeypatch.setattr(database, "_end", end)
    with pytest.raises(StorageFailure) as raised:
        await database.write(script)
    assert raised.value.code == "storage.refused" and await rows(database) == [1]


async def test_a_server_that_stalls_is_not_waited_for_for_ever(postgres: PostgresServer, url: str) -> None:
    database = await opened(url, seconds_max=0.5)
    await database.write(lambda: told("CREATE TABLE t (n BIGINT PRIMARY KEY)"))
    followed = await database.follow(lambda: told("SELECT count(*) FROM t"))
    assert followed.now() == [(0,)]
    backends = postgres.backends(url)
    postgres.signal(backends, signal.SIGSTOP)
    try:
        with pytest.raises(StorageFailure) as raised:
            await database.write(put(1))
        assert raised.value.code == "storage.slow"
    finally:
        postgres.signal(backends, signal.SIGCONT)
    async with asyncio.timeout(30):
        while True:
            try:
                await database.write(put(2))
                break
            except StorageFailure:
                await asyncio.sleep(0.02)
    assert 1 not in await rows(database) or 2 in await rows(database)
    await database.aclose()


async def test_what_is_followed_is_not_believed_once_nobody_can_look(
    postgres: PostgresServer, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_SECONDS_MAX", 0.02)
    database = await opened(url, seconds_max=0.3)
    followed = await database.follow(lambda: told("SELECT count(*) FROM entries"))
    await asyncio.to_thread(postgres.stop)
    try:
        with pytest.raises(StorageFailure) as raised:
            async with asyncio.timeout(30):
                while True:
                    followed.now()
                    await asyncio.sleep(0.01)
        assert raised.value.status == 503
        for ask in (lambda: database.write(put(1)), lambda: database.read(lambda: told("SELECT 1"))):
            with pytest.raises(StorageFailure):
                await ask()
        with pytest.raises(StorageFailure):
            await opened(url, seconds_max=0.3)
    finally:
        await asyncio.to_thread(postgres.start)
    async with asyncio.timeout(30):
        while True:
            try:
                assert followed.now() == [(0,)]
                break
            except StorageFailure:
                await asyncio.sleep(0.02)
    await database.aclose()


async def test_a_gateway_that_hangs_in_its_turn_does_not_keep_the_others_from_theirs(url: str) -> None:
    database = await opened(url, seconds_max=0.5)
    other = await asyncpg.connect(url)  # a gateway that was stopped in the midst of a group
    try:
        await other.execute("SET idle_in_transaction_session_timeout = 1500")
        await other.execute(database._begin)
        with pytest.raises(StorageFailure):
            await database.write(lambda: told("SELECT 1"))
        async with asyncio.timeout(30):
            while True:
                try:
                    await database.write(lambda: told("SELECT 1"))
                    break
                except StorageFailure:
                    await asyncio.sleep(0.02)
    finally:
        other.terminate()
        await database.aclose()


async def test_a_disk_that_is_full_refuses_the_whole_group_and_recovers(database: Postgres) -> None:
    """The server says 53100; here a function says it in the server's place."""
    await database.write(
        lambda: told(
            "CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN IF NEW.n = 3 THEN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END IF; RETURN NEW; END$$"
        )
    )
    await database.write(lambda: told("CREATE TRIGGER disk BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION disk_is_full()"))
    answers = await asyncio.gather(*(database.write(put(n)) for n in range(5)), return_exceptions=True)
    assert {getattr(each, "code", "") for each in answers} == {"storage.full"} and await rows(database) == []
    assert await database.write(put(9)) == 9 and await rows(database) == [9]


async def test_the_queue_is_bounded_and_who_waited_too_long_is_not_written_later(
    database: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_postgres, "WAITING_JOBS_MAX", 3)
    monkeypatch.setattr(engine_postgres, "GROUP_JOBS_MAX", 1)
    answers = await asyncio.gather(*(database.write(put(n)) for n in range(10)), return_exceptions=True)
    assert [getattr(each, "code", each) for each in answers] == [0, 1, 2, *["storage.busy"] * 7]
    database._seconds_max = 0.0
    answers = await asyncio.gather(*(database.write(put(n)) for n in (20, 21)), return_exceptions=True)
    assert {getattr(each, "code", "") for each in answers} == {"storage.slow"}
    database._seconds_max = SECONDS_MAX
    await database.write(put(30))
    assert await rows(database) == [0, 1, 2, 30]


@pytest.mark.parametrize("which", ["log", "state"])
async def test_two_gateways_bring_a_new_database_up_to_date_at_once(postgres: PostgresServer, url: str, which: Any) -> None:
    made = await asyncio.gather(*(Postgres.open(url, which, seconds_max=30) for _ in range(4)))
    versions = await made[0].read(lambda: told("SELECT version FROM migrations ORDER BY version"))
    assert [row[0] for row in versions] == list(range(1, len(migrations(which, "postgres")) + 1))
    for each in made:
        await each.aclose()


async def test_a_newer_database_is_left_alone(postgres: PostgresServer, url: str, database: Postgres) -> None:
    await database.write(lambda: told("INSERT INTO migrations VALUES (1000)"))
    for migrate in (True, False):
        with pytest.raises(StorageFailure) as raised:
            await Postgres.open(url, "state", seconds_max=SECONDS_MAX, migrate=migrate)
        assert raised.value.code == "storage.newer"


async def test_a_server_that_does_not_wait_for_its_disk_is_made_to(postgres: PostgresServer, url: str) -> None:
    name = url.split("/")[3].split("?")[0]
    postgres.sql(f"ALTER DATABASE {name} SET synchronous_commit = off", url)
    database = await opened(url)
    assert await database.write(lambda: told("SHOW synchronous_commit")) == [("on",)]
    await database.aclose()


@pytest.mark.parametrize(
    ("address", "checked"),
    [
        ("postgresql://u:p@db.example/c", True),
        ("postgresql://u:p@192.0.2.7:5432/c", True),
        ("postgresql://u:p@db.example/c?sslmode=verify-ca", False),  # it says itself what it wants
        ("postgresql://u:p@127.0.0.1/c", False),
        ("postgresql://u:p@[::1]/c", False),
        ("postgresql://u@localhost/c", False),
        ("postgresql://u@/c?host=/run/postgresql", False),
        ("postgresql://u@/c?host=db.example", True),
    ],
)
def test_off_this_machine_the_server_shows_a_certificate(address: str, checked: bool) -> None:
    assert Server(address, "log", 1.0)._options().get("ssl", False) is checked


def postgres_error(state: str) -> Exception:
    return asyncpg.PostgresError.new({"C": state, "M": "a value: 13812345678", "S": "ERROR"})  # type: ignore[no-any-return]


FAULTS = [
    (postgres_error("53100"), "storage.full"),
    (postgres_error("25006"), "storage.read_only"),
    (postgres_error("XX001"), "storage.corrupt"),
    (postgres_error("57014"), "storage.slow"),
    (postgres_error("23505"), "storage.refused"),
    (postgres_error("28P01"), "storage.unavailable"),
    (postgres_error("57P01"), "storage.unavailable"),
    (ConnectionRefusedError(111, "Connection refused"), "storage.unavailable"),
    (TimeoutError(), "storage.slow"),
    (asyncpg.DataError("13812345678"), "storage.refused"),
]


@pytest.mark.parametrize(("error", "code"), FAULTS, ids=lambda value: str(value)[:24])
def test_a_fault_is_named_by_kind_and_tells_no_value(error: Exception, code: str) -> None:
    found = failure(error)
    assert (found.code, found.status) == (code, 503) and found.hint and "13812345678" not in f"{found} {found.hint}"


async def test_a_url_with_a_password_is_in_no_error(url: str) -> None:
    with pytest.raises(StorageFailure) as raised:
        await opened("postgresql://someone:hunter2@127.0.0.1:1/none", seconds_max=2)
    assert "hunter2" not in f"{raised.value} {raised.value.hint}" and os.environ.get("PGPASSWORD") is None
