# SPDX-License-Identifier: Apache-2.0
"""One thread, one transaction for all that waits: durable or refused, each job by its own merit, whatever the disk does."""

from __future__ import annotations

import asyncio
import gc
import resource
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from comity.errors import StorageFailure
from comity.storage import sqlite as connections
from comity.storage import writer as writers
from comity.storage.database import insert
from comity.storage.engine_sqlite import run
from comity.storage.jobs import Joined, no_statements
from comity.storage.writer import Writer

TABLE = "CREATE TABLE t (n INTEGER PRIMARY KEY, x BLOB)"
GROUPS: list[list[Any]] = []
BEFORE_COMMIT: list[Callable[[], None]] = []


def apply(db: sqlite3.Connection, jobs: Sequence[Any]) -> Callable[[], None]:
    run(db, insert("t", [job.one if isinstance(job.one, tuple) else (job.one, None) for job in jobs]))
    for each in BEFORE_COMMIT:
        each()
    return lambda: GROUPS.append([job.one for job in jobs])


class Numbers(Writer):
    """Whose jobs are rows, or their numbers alone."""

    def write(self, job: Any) -> Coroutine[Any, Any, None]:
        return super().write(Joined(no_statements, job))


class Breaking(sqlite3.Connection):
    """A connection that fails at what is named, as a driver does when the disk does."""

    at: tuple[str, ...] = ()

    def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
        if self.at and sql.startswith(self.at):
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, *more)


@pytest.fixture(autouse=True)
def _breakable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    plain = sqlite3.connect
    monkeypatch.setattr(connections.sqlite3, "connect", lambda *a, **k: plain(*a, **{"factory": Breaking, **k}))
    GROUPS.clear()
    BEFORE_COMMIT.clear()
    yield
    Breaking.at = ()


def made(path: Path, seconds_max: float = 30) -> Writer:
    return Numbers(path, migrations=(TABLE,), apply=apply, seconds_max=seconds_max, loop=asyncio.get_running_loop())


@pytest.fixture
async def writer(home: Path) -> AsyncIterator[Writer]:
    writer = made(home / "t.db")
    yield writer
    await writer.aclose()


def rows(home: Path) -> list[int]:
    with closing(sqlite3.connect(home / "t.db")) as db:
        return [row[0] for row in db.execute("SELECT n FROM t ORDER BY n")]


@contextmanager
def held(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The writer's thread stands still inside, before its next commit."""
    go, commit = threading.Event(), writer._commit
    monkeypatch.setattr(writer, "_commit", lambda jobs: go.wait(30) and commit(jobs))
    try:
        yield
    finally:
        go.set()


async def refusal(writer: Writer, job: Any = 99) -> str:
    with pytest.raises(StorageFailure) as raised:
        await writer.write(job)
    assert raised.value.status == 503 and raised.value.exit_code == 1 and raised.value.hint
    return raised.value.code


async def test_what_waits_goes_into_one_transaction_and_is_told_in_one_call(
    writer: Writer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    tell = writer._loop.call_soon_threadsafe
    monkeypatch.setattr(writer._loop, "call_soon_threadsafe", lambda *a, **k: calls.append(a) or tell(*a, **k))
    with held(writer, monkeypatch):
        tasks = [asyncio.create_task(writer.write(n)) for n in range(200)]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert rows(home) == list(range(200))
    assert [job for group in GROUPS for job in group] == list(range(200)) and len(GROUPS) <= 2
    assert sum(call[0] == writer._settle for call in calls) == len(GROUPS)


async def test_a_group_has_a_limit(writer: Writer, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "GROUP_JOBS_MAX", 7)
    await asyncio.gather(*(writer.write(n) for n in range(50)))
    assert rows(home) == list(range(50)) and max(map(len, GROUPS)) <= 7


async def test_one_bad_job_does_not_take_its_neighbours_with_it(writer: Writer, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with held(writer, monkeypatch):
        tasks = [asyncio.create_task(writer.write(job)) for job in (1, 2, 2, (3, object()), (4, "\ud800"), (2**70, None), 5)]
        await asyncio.sleep(0)
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [getattr(each, "code", "ok") for each in done] == ["ok", "ok", *["storage.refused"] * 4, "ok"]
    assert rows(home) == [1, 2, 5]


async def test_the_queue_is_bounded(writer: Writer, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "WAITING_JOBS_MAX", 3)
    with held(writer, monkeypatch):
        tasks = [asyncio.create_task(writer.write(n)) for n in range(40)]
        await asyncio.sleep(0)
        done = [task for task in tasks if task.done()]
        assert {task.exception().code for task in done} == {"storage.busy"} and len(done) >= 36  # type: ignore[union-attr]
    taken = [n for n, task in enumerate(tasks) if task not in done]
    await asyncio.gather(*(tasks[n] for n in taken))
    assert rows(home) == taken


async def test_a_disk_that_hangs_is_not_waited_for_for_ever(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = made(home / "t.db", seconds_max=0.01)
    with held(writer, monkeypatch):
        assert await refusal(writer) == "storage.slow"
    await writer.aclose()


async def test_whoever_stops_waiting_takes_nothing_back(writer: Writer, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with held(writer, monkeypatch):
        tasks = [asyncio.create_task(writer.write(n)) for n in range(20)]
        await asyncio.sleep(0)
        for task in tasks[::3]:
            task.cancel()
        await asyncio.sleep(0)
    done = await asyncio.gather(*tasks, return_exceptions=True)
    await writer.write(20)
    assert [isinstance(each, asyncio.CancelledError) for each in done] == [n % 3 == 0 for n in range(20)]
    assert rows(home) == list(range(21))


async def test_a_caller_cancelled_in_the_moment_of_a_failure(writer: Writer) -> None:
    """The failure has nobody left to be told to; it must not come back as a warning about a future nobody read."""
    Breaking.at = ("COMMIT",)
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    tasks = [asyncio.create_task(writer.write(1))]
    settle = writer._settle

    def cancel_then(group: Any, error: Any) -> None:
        settle(group, error)
        tasks.pop().cancel()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "_settle", cancel_then)
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
    gc.collect()
    assert complaints == []


async def test_what_was_taken_is_written_before_it_closes(home: Path) -> None:
    writer = made(home / "t.db")
    tasks = [asyncio.create_task(writer.write(n)) for n in range(50)]
    await asyncio.sleep(0)
    await writer.aclose()
    await asyncio.gather(*tasks)
    await writer.aclose()
    assert rows(home) == list(range(50)) and not (home / "t.db-wal").exists()
    assert await refusal(writer) == "storage.closed"


def test_a_loop_that_is_gone_is_no_matter(home: Path) -> None:
    loop = asyncio.new_event_loop()
    writer = Numbers(home / "t.db", migrations=(TABLE,), apply=apply, seconds_max=30, loop=loop)
    writer._groups.put([(Joined(no_statements, 1), loop.create_future())])
    loop.close()
    writer._groups.put(None)
    writer._thread.join(30)
    assert rows(home) == [1]


@pytest.mark.parametrize("at", [("BEGIN",), ("INSERT",), ("COMMIT",), ("COMMIT", "ROLLBACK"), ("INSERT", "ROLLBACK")], ids="+".join)
async def test_a_failing_statement_leaves_nothing_and_the_next_one_succeeds(writer: Writer, home: Path, at: tuple[str, ...]) -> None:
    await writer.write(1)
    Breaking.at = at
    for _ in range(3):
        assert await refusal(writer) == "storage.unavailable"
        assert writer._db.in_transaction == ("ROLLBACK" in at)  # nothing is left open that need not be
    Breaking.at = ()
    await writer.write(2)
    assert rows(home) == [1, 2]


async def test_a_disk_that_takes_no_more_bytes(writer: Writer, home: Path) -> None:
    """A real one: past the limit the kernel refuses every write, in the midst of a commit."""
    await writer.write((1, b"x" * 5000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((home / "t.db-wal").stat().st_size + 6000, hard))
    try:
        codes = {await refusal(writer, (n, b"y" * 20_000)) for n in range(2, 8)}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert codes <= {"storage.full", "storage.unavailable"}
    assert rows(home) == [1]
    await writer.write(9)
    assert rows(home) == [1, 9]
    with closing(sqlite3.connect(home / "t.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_another_who_holds_the_database_is_waited_for_and_then_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BUSY_SECONDS_MAX", 0.01)
    writer = made(home / "t.db")
    with closing(sqlite3.connect(home / "t.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await refusal(writer) == "storage.unavailable"
        other.execute("ROLLBACK")
    await writer.write(1)
    await writer.aclose()


@pytest.mark.parametrize("name", ["t.db", "t.db-wal"])
async def test_a_file_that_is_deleted_is_noticed_before(writer: Writer, home: Path, name: str) -> None:
    await writer.write(1)
    (home / name).unlink()
    assert await refusal(writer) == "storage.gone"
    assert GROUPS == [[1]]


@pytest.mark.parametrize("name", ["t.db", "t.db-wal"])
async def test_and_while_it_is_written(writer: Writer, home: Path, name: str) -> None:
    """SQLite itself does not notice: the commit succeeds, into a file without a name."""
    await writer.write(1)
    BEFORE_COMMIT.append((home / name).unlink)
    assert await refusal(writer) == "storage.gone"


async def test_a_file_that_was_replaced_is_not_ours(writer: Writer, home: Path) -> None:
    await writer.write(1)
    other = (home / "t.db").read_bytes()
    (home / "t.db").unlink()
    (home / "spacer").touch()  # so that the new file is not given the old one's number
    (home / "t.db").write_bytes(other)
    assert await refusal(writer) == "storage.gone"


async def test_a_log_of_writes_that_another_made_is_not_ours(writer: Writer, home: Path) -> None:
    await writer.write(1)
    other = (home / "t.db-wal").read_bytes()
    (home / "t.db-wal").unlink()
    (home / "spacer").touch()
    (home / "t.db-wal").write_bytes(other)
    assert await refusal(writer) == "storage.gone"


async def test_a_starved_writer_is_given_way_to(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only while a group takes long, and not for longer than a moment each time."""
    given: list[float] = []
    enough = asyncio.Event()

    def give(*more: Any) -> None:
        given.append(more[-1])
        if len(given) == 3:
            enough.set()

    monkeypatch.setattr(writers.select, "select", give)
    with held(writer, monkeypatch):
        task = asyncio.create_task(writer.write(1))
        await enough.wait()
    await task
    assert set(given) == {writers.GIVE_WAY_SECONDS} and writers.GIVE_WAY_SECONDS * 10 <= writers.STARVED_SECONDS
    writer._give_way()
    assert writer._watch is None and writer._waiting == 0
    with held(writer, monkeypatch):
        task = asyncio.create_task(writer.write(2))
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # handed over with all that came in the same turn of the loop
        assert writer._watch is not None
    await task


async def test_files_that_come_back_are_ours_again(writer: Writer, home: Path, tmp_path: Path) -> None:
    await writer.write(1)
    (home / "t.db").rename(tmp_path / "t.db")
    for _ in range(3):
        assert await refusal(writer) == "storage.gone"
    (tmp_path / "t.db").rename(home / "t.db")
    await writer.write(2)
    assert rows(home) == [1, 2]


async def test_behind_a_crowd_the_next_group_waits_until_enough_are_there(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "GATHER_SECONDS", 3600)
    await asyncio.gather(*(writer.write(number) for number in range(50)))
    GROUPS.clear()
    tasks = [asyncio.create_task(writer.write(number)) for number in range(100, 131)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert GROUPS == [] and writer._handed == 0
    tasks.append(asyncio.create_task(writer.write(131)))
    await asyncio.gather(*tasks)
    assert [list(range(100, 132))] == GROUPS


async def test_a_crowd_that_went_home_is_waited_for_once_and_not_long(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    later = writer._loop.call_later
    monkeypatch.setattr(writer._loop, "call_later", lambda seconds, call: waits.append(seconds) or later(seconds, call))
    for number in range(5):
        await writer.write(number)
    assert writers.GATHER_SECONDS not in waits  # a lone job never waits
    await asyncio.gather(*(writer.write(number) for number in range(10, 60)))
    for number in range(100, 105):
        await writer.write(number)
    assert waits.count(writers.GATHER_SECONDS) == 1


async def test_who_waits_too_long_is_told_in_turn_and_nobody_answered_is_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = made(home / "t.db", seconds_max=0.02)
    with held(writer, monkeypatch):
        asked = [asyncio.create_task(writer.write(n)) for n in range(5)]
        await asyncio.sleep(0)
        asked[0].cancel()
        codes = [getattr(each, "code", "gone") for each in await asyncio.gather(*asked, return_exceptions=True)]
        assert codes == ["gone", *["storage.slow"] * 4]
    monkeypatch.setattr(writer._deadlines, "_seconds", 30)
    for n in range(10, 20):
        await writer.write(n)
    assert not writer._deadlines._waiting
    await writer.aclose()
