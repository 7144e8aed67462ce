# SPDX-License-Identifier: Apache-2.0
"""Scripts on either engine: durable or refused, each by its own merit, alone while they write, and read from one state."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from comity.errors import CallerError, StorageFailure
from comity.storage.database import Database, Row, Script, Statement, insert
from comity.storage.open import look_into, open_database

BAD = (object(), 2**70)


@pytest.fixture
async def database(where: Path | str) -> AsyncIterator[Database]:
    made = await open_database(where, "state", seconds_max=10)
    await made.write(lambda: told("CREATE TABLE t (n BIGINT PRIMARY KEY, x TEXT)"))
    yield made
    await made.aclose()


def told(sql: str, *values: Any) -> Script[list[Row]]:
    return (yield Statement(sql, values))


def put(n: Any, x: str | None = None, then: Exception | None = None) -> Callable[[], Script[int]]:
    def script() -> Script[int]:
        yield Statement("INSERT INTO t VALUES (?, ?)", (n, x))
        if then is not None:
            raise then
        return int(n)

    return script


async def rows(database: Database) -> list[Row]:
    return await database.read(lambda: told("SELECT n FROM t ORDER BY n"))


def code(answer: object) -> object:
    return getattr(answer, "code", answer)


async def test_what_waits_together_is_written_each_by_its_own_merit(database: Database) -> None:
    missing = CallerError("no", code="it.is_mine")
    own = StorageFailure("this one is of the script", code="storage.mine")
    scripts = [put(1), put(2, then=missing), put(2, then=own), put(1), put(BAD[0]), put(BAD[1]), put(3, "\ud800"), put(4)]
    answers = await asyncio.gather(*(database.write(each) for each in scripts), return_exceptions=True)
    assert list(map(code, answers)) == [1, "it.is_mine", "storage.mine", *["storage.refused"] * 4, 4] and answers[1] is missing
    assert await rows(database) == [(1,), (4,)]


async def test_a_script_that_fails_alone_has_written_nothing(database: Database) -> None:
    with pytest.raises(CallerError):
        await database.write(put(1, then=CallerError("no")))
    with pytest.raises(StorageFailure) as raised:
        await database.write(put(BAD[1]))
    assert raised.value.code == "storage.refused" and raised.value.status == 503
    assert await database.write(put(1)) == 1 and await rows(database) == [(1,)]


async def test_a_statement_that_no_engine_knows_is_told_as_a_fault(database: Database) -> None:
    for ask in (database.read, database.write):
        with pytest.raises(StorageFailure):
            await ask(lambda: told("SELECT 'a value: 13812345678' FROM nowhere"))


async def test_jobs_of_one_script_are_done_together_and_a_bad_one_does_not_spoil_the_rest(database: Database) -> None:
    calls: list[list[int]] = []

    def together(jobs: Sequence[int]) -> Script[list[int]]:
        calls.append(list(jobs))
        yield from insert("t", [(job, None) for job in jobs])
        return [job * 10 for job in jobs]

    asked = [database.join(together, n) for n in range(200)]
    assert await asyncio.gather(*asked, database.write(put(1000))) == [*(n * 10 for n in range(200)), 1000]
    assert len(calls) < 20
    answers = await asyncio.gather(*(database.join(together, n) for n in (300, 7, 301)), return_exceptions=True)
    assert list(map(code, answers)) == [3000, "storage.refused", 3010]
    assert [row[0] for row in await rows(database)] == [*range(200), 300, 301, 1000]


async def test_whoever_reads_sees_one_state_and_cannot_write(database: Database) -> None:
    await database.write(put(1))
    with pytest.raises(StorageFailure) as raised:
        await database.read(put(2))
    assert raised.value.code == "storage.read_only"
    assert await rows(database) == [(1,)]


@pytest.mark.parametrize("gateways", [1, 2])
async def test_whoever_writes_is_alone(where: Path | str, database: Database, gateways: int) -> None:
    """What a script reads stays so until it is committed: else two would add one to the same number."""
    await database.write(put(0, "0"))
    others = [await open_database(where, "state", seconds_max=30) for _ in range(gateways - 1)]

    def one_more() -> Script[None]:
        number = int((yield Statement("SELECT x FROM t WHERE n = 0"))[0][0])
        yield Statement("UPDATE t SET x = ? WHERE n = 0", (str(number + 1),))

    everyone = [database, *others]
    await asyncio.gather(*(everyone[at % gateways].write(one_more) for at in range(200)))
    for each in others:
        await each.aclose()
    assert await database.read(lambda: told("SELECT x FROM t")) == [("200",)]


async def test_what_is_followed_is_the_same_object_until_it_changes(where: Path | str, database: Database) -> None:
    followed = await database.follow(lambda: told("SELECT n FROM t ORDER BY n"))
    before = followed.now()
    await database.write(lambda: told("UPDATE t SET x = ?", "nobody"))
    assert before == [] and followed.now() is before
    other = await open_database(where, "state", seconds_max=10)
    await other.write(put(1))
    async with asyncio.timeout(10):
        while followed.now() is before:  # noqa: ASYNC110 - another process tells
            await asyncio.sleep(0.005)
    assert followed.now() == [(1,)]
    await other.aclose()


async def test_what_was_taken_is_written_before_it_closes_and_nothing_after(where: Path | str, database: Database) -> None:
    tasks = [asyncio.create_task(database.write(put(n))) for n in range(50)]
    await asyncio.sleep(0)
    await database.aclose()
    assert await asyncio.gather(*tasks) == list(range(50))
    await database.aclose()
    with pytest.raises(StorageFailure) as raised:
        await database.write(put(99))
    assert raised.value.code == "storage.closed"
    again = await open_database(where, "state", seconds_max=10)
    assert len(await rows(again)) == 50
    await again.aclose()


async def test_whoever_stops_waiting_takes_nothing_back(database: Database) -> None:
    tasks = [asyncio.create_task(database.write(put(n))) for n in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::3]:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(each, asyncio.CancelledError) for each in done] == [n % 3 == 0 for n in range(20)]
    await database.write(put(20))
    assert [row[0] for row in await rows(database)] == list(range(21))


async def test_a_command_looks_without_a_loop_and_brings_nothing_up_to_date(where: Path | str, database: Database) -> None:
    await database.write(put(5))

    def looked() -> list[Row]:
        into = look_into(where, "state", seconds_max=5)
        try:
            with pytest.raises(StorageFailure):
                into.look(put(6))
            return into.look(lambda: told("SELECT n FROM t"))
        finally:
            into.close()

    assert await asyncio.to_thread(looked) == [(5,)]
    if isinstance(where, str):
        with pytest.raises(StorageFailure) as raised:
            await asyncio.to_thread(look_into, where, "log", seconds_max=5)
        assert raised.value.code == "storage.absent"
        await database.write(lambda: told("DELETE FROM migrations WHERE version > 1"))
        with pytest.raises(StorageFailure) as raised:
            await asyncio.to_thread(look_into, where, "state", seconds_max=5)
    else:
        await database.aclose()
        with closing(sqlite3.connect(where)) as db:
            db.execute("PRAGMA user_version = 1")
        with pytest.raises(StorageFailure) as raised:
            look_into(where, "state", seconds_max=5)
    assert raised.value.code == "storage.older"
