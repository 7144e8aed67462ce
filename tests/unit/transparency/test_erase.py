# SPDX-License-Identifier: Apache-2.0
"""What a person asks to have erased goes for good, save what a law keeps; everybody else's still verifies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from comity.errors import CallerError, StorageFailure
from comity.ports import SystemRandom
from comity.storage.database import Row, Script, Statement
from comity.storage.open import open_database
from comity.transparency.ledger import Ledger, Outcome
from comity.transparency.log_key import Place
from comity.transparency.receipt import Receipt
from comity.transparency.retention import Erased, erase, expire
from comity.transparency.rows import DATABASE
from comity.transparency.verify import verify
from tests.fakes import FakeClock

CLOCK = FakeClock()  # 2026-11-23
LATER = CLOCK.now() + timedelta(hours=2)
ME, OTHER = "aa" * 16, "bb" * 16


async def opened(place: Place) -> Ledger:
    return await Ledger.open(place, clock=CLOCK, random=SystemRandom(), record_seconds_max=10)


@pytest.fixture
async def ledger(place: Place) -> AsyncIterator[Ledger]:
    made = await opened(place)
    yield made
    await made.aclose()


async def record(ledger: Ledger, subject: str | None, months: int | None = None, *, ended: bool = True, **more: Any) -> str:
    facts = more.pop("facts", b'{"a":1}')
    said = {"at": "2026-11-23T12:00Z", "effect": "allow", **more}
    receipt = Receipt(id=ledger.new_id(), issuer=ledger.origin, key=ledger.key_id, retention_months=months, **said)
    await ledger.record(receipt, request_id="request-" + receipt.id, subject=subject, facts=facts, decision=b'{"b":2}')
    if ended:
        await ledger.finish(receipt.id, Outcome(at=CLOCK.now(), status="ok"))
    return receipt.id


def rows(sql: str) -> Script[list[Row]]:
    return (yield Statement(sql))


async def count(ledger: Ledger, table: str) -> int:
    return int((await ledger.database.read(lambda: rows(f"SELECT count(*) FROM {table}")))[0][0])


async def test_what_is_of_one_person_goes_and_all_else_still_verifies(ledger: Ledger, place: Place) -> None:
    whose = [ME, OTHER, None, ME, ME, OTHER, ME]
    ids = [await record(ledger, each, facts=b'{"of":"%s"}' % ("both" if n == 1 else each or "nobody").encode() if n else b'{"of":"both"}')
           for n, each in enumerate(whose)]  # fmt: skip
    before = [await ledger.bundle(each) for each in ids]
    assert await erase(ledger.database, ME, LATER, dry_run=True) == Erased(4, 0, "", 0)
    assert await count(ledger, "records") == 7  # it only looked
    assert await erase(ledger.database, ME, LATER) == Erased(4, 0, "", 0)
    assert await erase(ledger.database, ME, LATER) == Erased(0, 0, "", 0)
    for n, (receipt, each) in enumerate(zip(ids, whose, strict=True)):
        assert verify(before[n], vkey=ledger.vkey).index == n  # what was handed out before is out of reach
        if each == ME:
            for reference, code in ((receipt, "receipt.unknown"), (str(n), "receipt.expired")):
                with pytest.raises(CallerError) as raised:
                    await ledger.bundle(reference)
                assert raised.value.code == code
        else:
            assert verify(await ledger.bundle(receipt), vkey=ledger.vkey).index == n
    assert [await count(ledger, table) for table in ("records", "outcomes")] == [3, 3]
    facts = {bytes(row[0]) for row in await ledger.database.read(lambda: rows("SELECT facts FROM judgements"))}
    assert facts == {b'{"of":"both"}', b'{"of":"nobody"}', b'{"of":"%s"}' % OTHER.encode()}  # what somebody else's rests on stays
    await ledger.aclose()
    again = await opened(place)  # the log stands, and goes on
    last = await record(again, OTHER)
    assert verify(await again.bundle(last), vkey=again.vkey).index == 7
    await again.aclose()


async def test_what_a_law_keeps_stays_until_its_time_is_over(ledger: Ledger) -> None:
    ids = [await record(ledger, ME, months) for months in (6, None, 36)]
    assert await erase(ledger.database, ME, LATER) == Erased(1, 2, "2029-11", 0)
    assert verify(await ledger.bundle(ids[0]), vkey=ledger.vkey)
    assert verify(await ledger.bundle(ids[2]), vkey=ledger.vkey)
    over = CLOCK.now().replace(year=2027, month=6, day=2)
    assert await erase(ledger.database, ME, over) == Erased(1, 1, "2029-11", 0)
    assert (await expire(ledger.database, over)).records == 0


async def test_what_is_being_answered_is_left_until_it_cannot_be(ledger: Ledger) -> None:
    """Else its outcome would come to stand alone, or be refused."""
    receipt = await record(ledger, ME, ended=False)
    refused = await record(ledger, ME, ended=False, effect="deny")
    assert await erase(ledger.database, ME, CLOCK.now()) == Erased(1, 0, "", 1)
    await ledger.finish(receipt, Outcome(at=CLOCK.now(), status="ok"))
    with pytest.raises(CallerError):
        await ledger.bundle(refused)
    assert await erase(ledger.database, ME, CLOCK.now()) == Erased(1, 0, "", 0)
    killed = await record(ledger, ME, ended=False)  # nobody will ever end this one
    assert await erase(ledger.database, ME, LATER) == Erased(1, 0, "", 0)
    with pytest.raises(CallerError):
        await ledger.bundle(killed)


async def test_beside_a_gateway_that_writes(ledger: Ledger, place: Place) -> None:
    """From a database of its own, as the command does; the gateway goes on, with the judgement that went meanwhile."""
    mine = [await record(ledger, ME) for _ in range(30)]
    where = place / DATABASE if isinstance(place, Path) else place.url
    beside = await open_database(where, "log", seconds_max=10)
    try:
        writing = [asyncio.create_task(record(ledger, OTHER)) for _ in range(60)]
        gone = await erase(beside, ME, LATER)
        theirs = await asyncio.gather(*writing)
        assert gone.records == len(mine)
        late = await record(ledger, ME)
        assert (await erase(beside, ME, LATER)).records == 1
    finally:
        await beside.aclose()
    assert await count(ledger, "judgements") == 1
    again = await record(ledger, OTHER)
    for receipt in (*theirs, again):
        assert verify(await ledger.bundle(receipt), vkey=ledger.vkey)
    with pytest.raises(CallerError):
        await ledger.bundle(late)


async def test_nothing_of_it_is_left_in_the_files(home: Path) -> None:
    ledger = await opened(home)
    ids = [await record(ledger, ME, facts=b'{"only":"mine-%d"}' % n) for n in range(40)]
    kept = await record(ledger, OTHER, facts=b'{"only":"theirs"}')
    assert (await erase(ledger.database, ME, LATER)).records == 40
    files = b"".join(path.read_bytes() for path in home.glob("comity.db*"))
    for word in (ME.encode(), b"mine-", *(each.encode() for each in ids)):
        assert word not in files
    assert kept.encode() in files and b"theirs" in files
    await ledger.aclose()


async def test_many_go_in_steps_and_a_failure_loses_no_step(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comity.transparency.retention.RECORDS_AT_ONCE", 4)
    ids = [await record(ledger, ME, facts=b'{"n":%d}' % n) for n in range(11)]
    write, calls = ledger.database.write, 0

    async def failing(script: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise StorageFailure("the disk is full", code="storage.full")
        return await write(script)

    monkeypatch.setattr(ledger.database, "write", failing)
    with pytest.raises(StorageFailure):
        await erase(ledger.database, ME, LATER)
    monkeypatch.setattr(ledger.database, "write", write)
    assert await count(ledger, "records") == 3
    assert (await erase(ledger.database, ME, LATER)).records == 3
    assert await count(ledger, "judgements") == 0
    for receipt in ids:
        with pytest.raises(CallerError):
            await ledger.bundle(receipt)
