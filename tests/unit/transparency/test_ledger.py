# SPDX-License-Identifier: Apache-2.0
"""The record on a real disk: durable or refused, whole or not at all, and found out when it was changed from outside."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import FakeClock

from comity.errors import CallerError, OperatorError, StorageFailure, TrustFailure
from comity.ports import SystemRandom
from comity.transparency.ledger import Ledger, Outcome
from comity.transparency.reader import Reader
from comity.transparency.receipt import Receipt
from comity.transparency.verify import verify

CLOCK = FakeClock()


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
    with sqlite3.connect(home / "comity.db") as db:
        assert db.execute("SELECT count(*) FROM judgements").fetchone() == (3,)
    db.close()


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
    for reference in ("7", "nothing", "", "9" * 30, "0; DROP TABLE records", "٣"):
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
    db = ledger._db._connection
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageFailure) as raised:
        for _ in range(200):
            await write(ledger, facts=os.urandom(2000))
    assert raised.value.code == "storage.full"
    db.execute("PRAGMA max_page_count = 1000000")
    last = await write(ledger)
    assert verify(await ledger.bundle(last), vkey=ledger.vkey)


async def test_a_read_only_database_refuses(ledger: Ledger) -> None:
    await write(ledger)
    ledger._db._connection.execute("PRAGMA query_only = ON")
    for attempt in (lambda: write(ledger), ledger.probe):
        with pytest.raises(StorageFailure):
            await attempt()
    ledger._db._connection.execute("PRAGMA query_only = OFF")
    assert await write(ledger)


async def test_a_disk_that_hangs_is_not_waited_for_for_ever(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = await opened(home, seconds_max=0.01)
    stuck = threading.Event()
    commit = ledger._db._commit

    def slow(jobs: Any) -> Any:
        stuck.wait(30)
        return commit(jobs)

    monkeypatch.setattr(ledger._db, "_commit", slow)
    with pytest.raises(StorageFailure) as raised:
        await write(ledger)
    assert raised.value.code == "storage.slow"
    stuck.set()
    await ledger.aclose()


Edit = Callable[[sqlite3.Connection], object]
EDITS: dict[str, Edit] = {
    "a record is removed": lambda db: db.execute("DELETE FROM records WHERE idx = 1"),
    "the newest receipt is changed": lambda db: db.execute(
        "UPDATE records SET receipt = CAST(replace(receipt, 'allow', 'deny') AS BLOB) WHERE idx = 2"
    ),
    "the newest receipt is of another kind": lambda db: db.execute("UPDATE records SET receipt = 'x' WHERE idx = 2"),
    "the newest salt is changed": lambda db: db.execute("UPDATE records SET salt = zeroblob(32) WHERE idx = 2"),
    "the head is put back": lambda db: db.execute("UPDATE head SET size = 2"),
    "the head is another's": lambda db: db.execute("UPDATE head SET checkpoint = replace(checkpoint, 'comity', 'comitx')"),
    "a peak is changed": lambda db: db.execute("UPDATE nodes SET hash = zeroblob(32) WHERE level = 1 AND idx = 0"),
}


@pytest.mark.parametrize("name", EDITS)
async def test_a_log_that_was_changed_from_outside_is_not_gone_on_with(home: Path, name: str) -> None:
    ledger = await opened(home)
    for _ in range(3):
        await write(ledger)
    await ledger.aclose()
    db = sqlite3.connect(home / "comity.db")
    EDITS[name](db)
    db.commit()
    db.close()
    with pytest.raises(TrustFailure) as raised:
        await opened(home)
    assert raised.value.step == "log"


async def test_an_older_receipt_that_was_changed_does_not_verify(home: Path) -> None:
    ledger = await opened(home)
    ids = [await write(ledger) for _ in range(3)]
    db = sqlite3.connect(home / "comity.db")
    db.execute("UPDATE records SET receipt = CAST(replace(receipt, 'allow', 'deny') AS BLOB) WHERE idx = 0")
    db.commit()
    db.close()
    with pytest.raises(TrustFailure) as raised:
        verify(await ledger.bundle(ids[0]), vkey=ledger.vkey)
    assert raised.value.step == "inclusion"
    await ledger.aclose()


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b""])
async def test_a_file_that_is_no_database(home: Path, content: bytes) -> None:
    (home / "comity.db").write_bytes(content)
    if not content:  # an empty file is a new database
        await (await opened(home)).aclose()
        return
    with pytest.raises(StorageFailure) as raised:
        await opened(home)
    assert raised.value.code == "storage.corrupt"


async def test_a_home_of_a_newer_comity_is_refused(home: Path) -> None:
    await (await opened(home)).aclose()
    db = sqlite3.connect(home / "comity.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StorageFailure) as raised:
        await opened(home)
    assert raised.value.code == "storage.newer"


async def test_a_truncated_key_is_refused_and_never_replaced(home: Path) -> None:
    await (await opened(home)).aclose()
    (home / "log.key").write_bytes(b"short")
    with pytest.raises(OperatorError):
        await opened(home)
    assert (home / "log.key").read_bytes() == b"short"


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
    with sqlite3.connect(home / "comity.db") as db:
        kept = json.loads(db.execute("SELECT outcome FROM records").fetchone()[0])
    db.close()
    assert set(kept) == {"at", "status", "bytes_bucket"}
