# SPDX-License-Identifier: Apache-2.0
"""The record on a real disk: durable or refused, whole or not at all, and found out when it was changed from outside."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from comity.errors import CallerError, OperatorError, StorageFailure
from comity.ports import SystemRandom
from comity.storage.database import Row, Script, Statement
from comity.transparency.ids import Ids
from comity.transparency.ledger import Ledger, Outcome
from comity.transparency.log_key import Place
from comity.transparency.reader import Reader
from comity.transparency.receipt import Receipt
from comity.transparency.verify import verify
from tests.fakes import FakeClock

T = TypeVar("T")
CLOCK = FakeClock()
OK = Outcome(at=CLOCK.now(), status="ok")


async def opened(place: Place, *, seconds_max: float = 10) -> Ledger:
    return await Ledger.open(place, clock=CLOCK, random=SystemRandom(), record_seconds_max=seconds_max)


@pytest.fixture
async def ledger(place: Place) -> AsyncIterator[Ledger]:
    made = await opened(place)
    yield made
    await made.aclose()


@pytest.fixture
async def at_home(home: Path) -> AsyncIterator[Ledger]:
    """For what only files can suffer."""
    made = await opened(home)
    yield made
    await made.aclose()


async def looked(place: Place, look: Callable[[Reader], T]) -> T:
    """As a command would, from a process without this loop."""

    def inside() -> T:
        with Reader.open(place) as reader:
            return look(reader)

    return await asyncio.to_thread(inside)


def one_row(sql: str) -> Script[Row]:
    return (yield Statement(sql))[0]


async def write(ledger: Ledger, *, facts: bytes = b'{"a":1}') -> str:
    receipt = Receipt(id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="allow")
    await ledger.record(receipt, request_id=ledger.new_id(), subject="p" * 32, facts=facts, decision=b'{"b":2}')
    return receipt.id


async def test_what_is_recorded_can_be_read_and_proved(ledger: Ledger, place: Place) -> None:
    ids = [await write(ledger) for _ in range(5)]
    await ledger.finish(ids[2], Outcome(at=CLOCK.now(), status="ok", prompt_tokens=3))
    bundles = [await ledger.bundle(each) for each in ids]
    checkpoint = await ledger.checkpoint()

    def look(reader: Reader) -> None:
        assert [record.receipt["id"] for record in reader.tail(3)] == ids[2:]
        assert reader.record("2").receipt["id"] == ids[2] == reader.record(ids[2].lower()).receipt["id"]
        assert reader.record(ids[2]).outcome == {"at": "2026-11-23T12:00:00Z", "status": "ok", "prompt_tokens": 3}
        assert reader.last().outcome is None and reader.last().facts == b'{"a":1}'
        for n, receipt in enumerate(ids):
            assert bundles[n] == reader.bundle(receipt) and verify(bundles[n], vkey=ledger.vkey).index == n
        assert reader.vkey == ledger.vkey and reader.checkpoint() == checkpoint
        assert [(each.place, each.records, each.facts) for each in reader.judgements()] == [(0, 5, b'{"a":1}')]

    await looked(place, look)


async def test_many_at_once_share_a_commit_and_each_is_there(ledger: Ledger, place: Place) -> None:
    ids = await asyncio.gather(*(write(ledger, facts=b"%d" % (n % 3)) for n in range(300)))
    await asyncio.gather(*(ledger.finish(each, Outcome(at=CLOCK.now(), status="ok")) for each in ids))
    kept = await looked(place, lambda reader: reader.tail(1000))
    assert {record.receipt["id"] for record in kept} == set(ids) and all(record.outcome for record in kept)
    assert [record.place for record in kept] == list(range(300))
    for each in ids[::37]:
        assert verify(await ledger.bundle(each), vkey=ledger.vkey).size == 300
    assert await ledger.database.read(lambda: one_row("SELECT count(*) FROM judgements")) == (3,)


async def test_a_restart_goes_on_where_it_stopped(place: Place) -> None:
    ids = []
    for _ in range(3):
        ledger = await opened(place)
        ids.append(await write(ledger))
        key = ledger.vkey
        await ledger.aclose()
    ledger = await opened(place)
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


async def test_files_are_for_their_owner_alone(at_home: Ledger, home: Path) -> None:
    await write(at_home)
    for path in home.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


async def test_a_second_process_on_one_home_is_refused(at_home: Ledger, home: Path) -> None:
    with pytest.raises(OperatorError) as raised:
        await opened(home)
    assert raised.value.code == "home.in_use" and raised.value.exit_code == 1


async def test_an_unknown_receipt_is_not_found(ledger: Ledger) -> None:
    await write(ledger)
    for reference in ("7", "nothing", "", "9" * 30, "0; DROP TABLE records", "٣", "\ud800", "-1", "last"):
        with pytest.raises(CallerError) as raised:
            await ledger.bundle(reference)
        assert raised.value.status == 404


async def test_a_database_that_vanishes_and_returns(at_home: Ledger, home: Path, tmp_path: Path) -> None:
    await write(at_home)
    moved = [path for path in home.iterdir() if path.name.startswith("comity.db")]
    for path in moved:
        path.rename(tmp_path / path.name)
    for attempt in (lambda: write(at_home), at_home.probe, lambda: at_home.finish("x", Outcome(at=CLOCK.now(), status="ok"))):
        with pytest.raises(StorageFailure) as raised:
            await attempt()
        assert raised.value.code == "storage.gone" and raised.value.status == 503
    for path in moved:
        (tmp_path / path.name).rename(path)
    assert verify(await at_home.bundle(await write(at_home))).index == 1


async def test_a_database_put_in_place_of_ours_gets_nothing(at_home: Ledger, home: Path) -> None:
    (home / "comity.db").unlink()
    (home / "comity.db").touch()
    with pytest.raises(StorageFailure):
        await write(at_home)


async def test_a_full_disk_refuses_and_recovers(at_home: Ledger) -> None:
    await write(at_home)
    db = at_home.database._writer._db
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageFailure) as raised:
        for _ in range(200):
            await write(at_home, facts=os.urandom(2000))
    assert raised.value.code == "storage.full"
    db.execute("PRAGMA max_page_count = 1000000")
    last = await write(at_home)
    assert verify(await at_home.bundle(last), vkey=at_home.vkey)


async def test_a_record_that_cannot_be_written_is_no_leaf_and_leaves_the_log_as_it_was(at_home: Ledger) -> None:
    first = await write(at_home)
    before = await at_home.checkpoint()
    at_home.database._writer._db.execute("PRAGMA query_only = ON")
    for attempt in (lambda: write(at_home), at_home.probe, lambda: at_home.finish(first, OK)):
        with pytest.raises(StorageFailure) as raised:
            await attempt()
        assert raised.value.code == "storage.read_only"
    assert await at_home.checkpoint() == before
    at_home.database._writer._db.execute("PRAGMA query_only = OFF")
    await at_home.probe()
    await at_home.finish(first, OK)
    assert verify(await at_home.bundle(await write(at_home))).index == 1


async def test_an_outcome_is_written_once_and_only_for_a_record(ledger: Ledger, place: Place) -> None:
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
    kept = await looked(place, lambda reader: reader.tail(9))
    assert [record.outcome and record.outcome["status"] for record in kept] == ["ok", "ok", None]


async def test_a_second_receipt_of_one_id_is_refused_and_its_neighbours_are_not(ledger: Ledger) -> None:
    receipt = Receipt(id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="allow")
    twice = [ledger.record(receipt, request_id="r", subject=None, facts=b"{}", decision=b"{}") for _ in range(2)]
    done = await asyncio.gather(write(ledger), *twice, write(ledger), return_exceptions=True)
    assert [getattr(each, "code", "") for each in done] == ["", "", "storage.refused", ""]
    assert verify(await ledger.bundle(str(done[3]))).size == 3


async def test_nothing_is_taken_once_it_is_closed(place: Place) -> None:
    ledger = await opened(place)
    waiting = asyncio.create_task(write(ledger))
    await asyncio.sleep(0)
    await ledger.aclose()
    assert await waiting  # what was taken was written
    with pytest.raises(StorageFailure) as raised:
        await write(ledger)
    assert raised.value.code == "storage.closed"
    await (await opened(place)).aclose()  # and the home is free


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


async def test_outcomes_hold_no_more_than_they_say(ledger: Ledger) -> None:
    receipt = await write(ledger)
    await ledger.finish(receipt, Outcome(at=CLOCK.now(), status="ok", bytes_bucket=256))
    kept = json.loads((await ledger.database.read(lambda: one_row("SELECT outcome FROM outcomes")))[0])
    assert set(kept) == {"at", "status", "bytes_bucket"}


async def test_a_write_does_not_hold_the_event_loop(at_home: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the disk is stuck the loop goes on: it is the loop itself that lets the disk go on."""
    stuck = threading.Event()
    commit = at_home.database._writer._commit
    monkeypatch.setattr(at_home.database._writer, "_commit", lambda jobs: stuck.wait(30) and commit(jobs))
    writing = asyncio.create_task(write(at_home))
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
