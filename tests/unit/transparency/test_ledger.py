# SPDX-License-Identifier: Apache-2.0
"""The record on a real disk: durable or refused, whole or not at all, and found out when it was changed from outside."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from comity.errors import CallerError, OperatorError, StorageFailure
from comity.ports import SystemRandom
from comity.transparency.ids import Ids
from comity.transparency.ledger import Ledger, Outcome
from comity.transparency.reader import Reader
from comity.transparency.receipt import Receipt
from comity.transparency.verify import verify
from tests.fakes import FakeClock

CLOCK = FakeClock()
OK = Outcome(at=CLOCK.now(), status="ok")


async def opened(home: Path, *, seconds_max: float = 10) -> Ledger:
    return await Ledger.open(home, clock=CLOCK, random=SystemRandom(), record_seconds_max=seconds_max)


@pytest.fixture
async def ledger(home: Path) -> AsyncIterator[Ledger]:
    made = await opened(home)
    yield made
    await made.aclose()


async def write(ledger: Ledger, *, facts: bytes = b'{"a":1}') -> str:
    receipt = Receipt(id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="allow")
    await ledger.record(receipt, request_id=ledger.new_id(), subject="p" * 32, facts=facts, decision=b'{"b":2}')
    return receipt.id


async def test_what_is_recorded_can_be_read_and_proved(ledger: Ledger, home: Path) -> None:
    ids = [await write(ledger) for _ in range(5)]
    await ledger.finish(ids[2], Outcome(at=CLOCK.now(), status="ok", prompt_tokens=3))
    with Reader.open(home) as reader:
        assert [record.receipt["id"] for record in reader.tail(3)] == ids[2:]
        assert reader.record("2").receipt["id"] == ids[2] == reader.record(ids[2].lower()).receipt["id"]
        assert reader.record(ids[2]).outcome == {"at": "2026-11-23T12:00:00Z", "status": "ok", "prompt_tokens": 3}
        assert reader.last().outcome is None and reader.last().facts == b'{"a":1}'
        for n, receipt in enumerate(ids):
            ours, theirs = await ledger.bundle(receipt), reader.bundle(receipt)
            assert ours == theirs and verify(ours, vkey=ledger.vkey).index == n
        assert reader.vkey == ledger.vkey and reader.checkpoint() == await ledger.checkpoint()


async def test_many_at_once_share_a_commit_and_each_is_there(ledger: Ledger, home: Path) -> None:
    ids = await asyncio.gather(*(write(ledger, facts=b"%d" % (n % 3)) for n in range(300)))
    await asyncio.gather(*(ledger.finish(each, Outcome(at=CLOCK.now(), status="ok")) for each in ids))
    with Reader.open(home) as reader:
        kept = reader.tail(1000)
        assert {record.receipt["id"] for record in kept} == set(ids) and all(record.outcome for record in kept)
        assert [record.place for record in kept] == list(range(300))
    for each in ids[::37]:
        assert verify(await ledger.bundle(each), vkey=ledger.vkey).size == 300
    with closing(sqlite3.connect(home / "comity.db")) as db:
        assert db.execute("SELECT count(*) FROM judgements").fetchone() == (3,)


async def test_a_restart_goes_on_where_it_stopped(home: Path) -> None:
    ids = []
    for _ in range(3):
        ledger = await opened(home)
        ids.append(await write(ledger))
        key = ledger.vkey
        await ledger.aclose()
    ledger = await opened(home)
    assert ledger.vkey == key
    for n, each in enumerate(ids):
        assert verify(await ledger.bundle(each), vkey=key).index == n
    await ledger.aclose()


async def test_a_caller_who_stops_waiting_takes_nothing_back(ledger: Ledger) -> None:
    tasks = [asyncio.create_task(write(ledger)) for _ in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    last = await write(ledger)
    assert verify(await ledger.bundle(last)).index == 20


async def test_files_are_for_their_owner_alone(ledger: Ledger, home: Path) -> None:
    await write(ledger)
    for path in home.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


async def test_a_second_process_on_one_home_is_refused(ledger: Ledger, home: Path) -> None:
    with pytest.raises(OperatorError) as raised:
        await opened(home)
    assert raised.value.code == "home.in_use" and raised.value.exit_code == 1


async def test_an_unknown_receipt_is_not_found(ledger: Ledger) -> None:
    await write(ledger)
    for reference in ("7", "nothing", "", "9" * 30, "0; DROP TABLE records", "٣", "\ud800", "-1", "last"):
        with pytest.raises(CallerError) as raised:
            await ledger.bundle(reference)
        assert raised.value.status == 404


async def test_a_database_that_vanishes_and_returns(ledger: Ledger, home: Path, tmp_path: Path) -> None:
    await write(ledger)
    moved = [path for path in home.iterdir() if path.name.startswith("comity.db")]
    for path in moved:
        path.rename(tmp_path / path.name)
    for attempt in (lambda: write(ledger), ledger.probe, lambda: ledger.finish("x", Outcome(at=CLOCK.now(), status="ok"))):
        with pytest.raises(StorageFailure) as raised:
            await attempt()
        assert raised.value.code == "storage.gone" and raised.value.status == 503
    for path in moved:
        (tmp_path / path.name).rename(path)
    assert verify(await ledger.bundle(await write(ledger))).index == 1


async def test_a_database_put_in_place_of_ours_gets_nothing(ledger: Ledger, home: Path) -> None:
    (home / "comity.db").unlink()
    (home / "comity.db").touch()
    with pytest.raises(StorageFailure):
        await write(ledger)


async def test_a_full_disk_refuses_and_recovers(ledger: Ledger) -> None:
    await write(ledger)
    db = ledger._writer._db
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageFailure) as raised:
        for _ in range(200):
            await write(ledger, facts=os.urandom(2000))
    assert raised.value.code == "storage.full"
    db.execute("PRAGMA max_page_count = 1000000")
    last = await write(ledger)
    assert verify(await ledger.bundle(last), vkey=ledger.vkey)


async def test_a_record_that_cannot_be_written_is_no_leaf_and_leaves_the_log_as_it_was(ledger: Ledger) -> None:
    first = await write(ledger)
    before = await ledger.checkpoint()
    ledger._writer._db.execute("PRAGMA query_only = ON")
    for attempt in (lambda: write(ledger), ledger.probe, lambda: ledger.finish(first, OK)):
        with pytest.raises(StorageFailure) as raised:
            await attempt()
        assert raised.value.code == "storage.read_only"
    assert await ledger.checkpoint() == before
    ledger._writer._db.execute("PRAGMA query_only = OFF")
    await ledger.probe()
    await ledger.finish(first, OK)
    assert verify(await ledger.bundle(await write(ledger))).index == 1


async def test_an_outcome_is_written_once_and_only_for_a_record(ledger: Ledger, home: Path) -> None:
    receipt, other = await write(ledger), await write(ledger)
    await ledger.finish(receipt, OK)
    done = await asyncio.gather(
        ledger.finish(receipt, Outcome(at=CLOCK.now(), status="interrupted")),
        ledger.finish("01J0000000000000000000NONE", OK),
        ledger.finish(other, OK),
        write(ledger),
        return_exceptions=True,
    )
    assert [getattr(each, "code", "") for each in done] == ["storage.refused", "storage.refused", "", ""]
    with Reader.open(home) as reader:
        assert [record.outcome and record.outcome["status"] for record in reader.tail(9)] == ["ok", "ok", None]


async def test_a_second_receipt_of_one_id_is_refused_and_its_neighbours_are_not(ledger: Ledger) -> None:
    receipt = Receipt(id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="allow")
    twice = [ledger.record(receipt, request_id="r", subject=None, facts=b"{}", decision=b"{}") for _ in range(2)]
    done = await asyncio.gather(write(ledger), *twice, write(ledger), return_exceptions=True)
    assert [getattr(each, "code", "") for each in done] == ["", "", "storage.refused", ""]
    assert verify(await ledger.bundle(str(done[3]))).size == 3


async def test_nothing_is_taken_once_it_is_closed(home: Path) -> None:
    ledger = await opened(home)
    waiting = asyncio.create_task(write(ledger))
    await asyncio.sleep(0)
    await ledger.aclose()
    assert await waiting  # what was taken was written
    with pytest.raises(StorageFailure) as raised:
        await write(ledger)
    assert raised.value.code == "storage.closed"
    await (await opened(home)).aclose()  # and the home is free


def test_nothing_recorded_is_said_so(home: Path) -> None:
    with pytest.raises(StorageFailure) as raised:
        Reader.open(home)
    assert raised.value.code == "storage.absent" and raised.value.hint


async def test_ids_are_ulids_in_order_of_time(ledger: Ledger) -> None:
    first = [ledger.new_id() for _ in range(200)]
    CLOCK.advance(1)
    second = ledger.new_id()
    assert len(set(first)) == 200 and all(len(each) == 26 and each < second for each in first)
    assert set("".join(first)) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ") and first[0][0] in "01234567"


async def test_outcomes_hold_no_more_than_they_say(ledger: Ledger, home: Path) -> None:
    receipt = await write(ledger)
    await ledger.finish(receipt, Outcome(at=CLOCK.now(), status="ok", bytes_bucket=256))
    with closing(sqlite3.connect(home / "comity.db")) as db:
        kept = json.loads(db.execute("SELECT outcome FROM outcomes").fetchone()[0])
    assert set(kept) == {"at", "status", "bytes_bucket"}


async def test_a_write_does_not_hold_the_event_loop(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the disk is stuck the loop goes on: it is the loop itself that lets the disk go on."""
    stuck = threading.Event()
    commit = ledger._writer._commit
    monkeypatch.setattr(ledger._writer, "_commit", lambda jobs: stuck.wait(30) and commit(jobs))
    writing = asyncio.create_task(write(ledger))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not writing.done()
    stuck.set()
    assert await writing


async def test_randomness_is_drawn_in_blocks_and_never_handed_out_twice() -> None:
    class Counting:
        calls = 0

        def token(self, size: int) -> bytes:
            self.calls += 1
            return os.urandom(size)

    source = Counting()
    ids = Ids(CLOCK, source)
    made = [ids.token(32) for _ in range(300)] + [ids.ulid().encode() for _ in range(300)]
    assert len(set(made)) == 600 and source.calls <= 5
    assert len(ids.token(10_000)) == 10_000
