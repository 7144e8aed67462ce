# SPDX-License-Identifier: Apache-2.0
"""Records go when their time is over, not a month sooner, and with everything private; the log still verifies."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.ports import SystemRandom
from comity.storage.database import Row, Script, Statement
from comity.storage.schema import migrations
from comity.transparency.ledger import Ledger, Outcome
from comity.transparency.log_key import Place
from comity.transparency.merkle import consistency_holds, consistency_proof
from comity.transparency.note import Checkpoint, opened, parse_checkpoint, parse_vkey
from comity.transparency.receipt import Receipt
from comity.transparency.retention import Expired, expire
from comity.transparency.rows import KEPT, until, worked_out
from comity.transparency.verify import verify
from tests.fakes import FakeClock

CLOCK = FakeClock()  # 2026-11-23
AFTER_MAY = datetime(2027, 6, 2, 12, tzinfo=UTC)


async def opened_log(place: Place) -> Ledger:
    return await Ledger.open(place, clock=CLOCK, random=SystemRandom(), record_seconds_max=10)


@pytest.fixture
async def ledger(place: Place) -> AsyncIterator[Ledger]:
    made = await opened_log(place)
    yield made
    await made.aclose()


async def record(ledger: Ledger, months: int | None, *, facts: bytes = b'{"a":1}', at: str = "2026-11-23T12:00Z") -> str:
    receipt = Receipt(id=ledger.new_id(), at=at, issuer=ledger.origin, key=ledger.key_id, effect="allow", retention_months=months)
    await ledger.record(receipt, request_id="request-" + receipt.id, subject="subject-" + "p" * 20, facts=facts, decision=b'{"b":2}')
    await ledger.finish(receipt.id, Outcome(at=CLOCK.now(), status="ok"))
    return receipt.id


def rows(sql: str) -> Script[list[Row]]:
    return (yield Statement(sql))


async def head(ledger: Ledger) -> Checkpoint:
    return parse_checkpoint(opened(await ledger.checkpoint(), parse_vkey(ledger.vkey)))


async def test_what_is_over_is_gone_and_all_else_still_verifies(ledger: Ledger, place: Place) -> None:
    months = [6, None, 12, 6, 6, None, 36, 6]
    before, ids = None, []
    for n, each in enumerate(months):
        ids.append(await record(ledger, each, facts=b'{"months":%d}' % (each or 0)))
        if n == 4:
            before = await head(ledger)
    bundles = [await ledger.bundle(each) for each in ids]
    assert await expire(ledger.database, AFTER_MAY, dry_run=True) == Expired(4, ("2027-05",))
    assert (await ledger.bundle(ids[0]))["index"] == 0  # it only looked
    assert await expire(ledger.database, AFTER_MAY) == Expired(4, ("2027-05",))
    assert await expire(ledger.database, AFTER_MAY) == Expired(0, ())
    for n, (receipt, kept) in enumerate(zip(ids, months, strict=True)):
        if kept == 6:
            for reference, code in ((receipt, "receipt.unknown"), (str(n), "receipt.expired")):
                with pytest.raises(CallerError) as raised:
                    await ledger.bundle(reference)
                assert raised.value.code == code
        else:
            assert verify(await ledger.bundle(receipt), vkey=ledger.vkey).index == n
        verify(bundles[n], vkey=ledger.vkey)  # whoever has it can still show it
    more = await record(ledger, 6)  # of the same month as what is gone
    assert verify(await ledger.bundle(more), vkey=ledger.vkey).index == 8
    old, new = before, await head(ledger)
    assert old is not None
    proof = await ledger.database.read(lambda: worked_out(lambda node: consistency_proof(old.size, new.size, node)))
    assert consistency_holds(old.size, new.size, old.root, new.root, proof)
    assert [row[0] for row in await ledger.database.read(lambda: rows("SELECT facts FROM judgements ORDER BY facts"))] == [
        b'{"a":1}', b'{"months":0}', b'{"months":12}', b'{"months":36}',
    ]  # fmt: skip
    await ledger.aclose()
    again = await opened_log(place)  # and a start finds it whole
    assert verify(await again.bundle(more), vkey=again.vkey).index == 8
    await again.aclose()


async def test_nothing_private_of_it_is_left_on_the_disk(home: Path) -> None:
    ledger = await opened_log(home)
    gone, kept = await record(ledger, 6, facts=b'{"gone":"f-gone"}'), await record(ledger, 60, facts=b'{"kept":"f-kept"}')
    await expire(ledger.database, AFTER_MAY)
    await ledger.aclose()
    left = b"".join(path.read_bytes() for path in home.iterdir())
    for trace in (gone.encode(), b"f-gone"):
        assert trace not in left
    assert kept.encode() in left and b"f-kept" in left


async def test_a_judgement_stays_as_long_as_the_last_record_that_has_it(ledger: Ledger) -> None:
    short, long = await record(ledger, 6), await record(ledger, 36)
    await record(ledger, 6)  # later in time, and over sooner: it takes nothing back
    assert (await expire(ledger.database, AFTER_MAY)).records == 2
    assert len(await ledger.database.read(lambda: rows("SELECT * FROM judgements"))) == 1
    assert verify(await ledger.bundle(long)).index == 1 and short


async def test_a_whole_log_that_is_over_is_gone_on_with(ledger: Ledger, place: Place) -> None:
    for _ in range(5):
        await record(ledger, 0)
    assert (await expire(ledger.database, AFTER_MAY)).records == 5
    await ledger.aclose()
    again = await opened_log(place)
    assert verify(await again.bundle(await record(again, 0))).index == 5
    await again.aclose()


@pytest.mark.parametrize("now", ["2026-11-23", "2027-05-31", "2027-06-01"])
async def test_nothing_goes_before_its_time(ledger: Ledger, now: str) -> None:
    await record(ledger, 6)
    assert await expire(ledger.database, datetime.fromisoformat(now + "T23:59:59+00:00").replace(hour=0)) == Expired(0, ())


async def test_a_gateway_looks_by_itself(place: Place) -> None:
    ledger = await opened_log(place)
    gone = await record(ledger, 0, at="2026-08-23T12:00Z")
    await ledger.aclose()
    again = await opened_log(place)
    try:
        async with asyncio.timeout(10):
            while await again.database.read(lambda: rows("SELECT * FROM records")):
                pass
        with pytest.raises(CallerError):
            await again.bundle(gone)
    finally:
        await again.aclose()


async def test_what_goes_in_several_steps_may_be_cut_off_between_any_two(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    from comity.transparency import retention

    monkeypatch.setattr(retention, "RECORDS_AT_ONCE", 2)
    ids = [await record(ledger, 6) for _ in range(7)] + [await record(ledger, None)]
    write, left = ledger.database.write, 3

    async def cut(script: object) -> object:
        nonlocal left
        left -= 1
        if left < 0:
            raise InterruptedError
        return await write(script)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(ledger.database, "write", cut)
        with pytest.raises(InterruptedError):
            await expire(ledger.database, AFTER_MAY)
    assert verify(await ledger.bundle(ids[-1])).index == 7  # proofs hold in the midst of it
    await expire(ledger.database, AFTER_MAY)
    assert [row[0] for row in await ledger.database.read(lambda: rows("SELECT id FROM records"))] == ids[-1:]
    assert verify(await ledger.bundle(ids[-1])).index == 7


@given(st.integers(2024, 2100), st.integers(1, 12), st.integers(0, 600))
def test_months_are_counted_as_a_calendar_does(year: int, month: int, months: int) -> None:
    ends = until(f"{year}-{month:02}", months)
    there = (int(ends[:4]) - year) * 12 + int(ends[5:]) - month
    assert there == months and len(ends) == 7 and ends < KEPT and until(f"{year}-{month:02}", None) == KEPT


async def test_a_home_of_before_is_brought_up_to_date_with_the_months_of_its_receipts(home: Path) -> None:
    """The first release had neither months nor nodes of level 0."""
    ledger = await opened_log(home)
    ids = [await record(ledger, 6), await record(ledger, None)]
    vkey = ledger.vkey
    await ledger.aclose()
    kept, path = home / "kept.db", home / "comity.db"
    with closing(sqlite3.connect(kept)) as old:
        old.executescript(migrations("log", "sqlite")[0] + ";PRAGMA user_version = 1;")
        old.execute("ATTACH ? AS new", (str(path),))
        for table, columns in (
            ("judgements", "digest, facts, decision"), ("records", "idx, id, request, subject, receipt, salt, leaf, judgement"),
            ("outcomes", "id, outcome"), ("nodes", "*"), ("head", "one, size, checkpoint"),
        ):  # fmt: skip
            old.execute(f"INSERT INTO main.{table} SELECT {columns} FROM new.{table}")
        old.commit()
    path.unlink()
    kept.rename(path)
    again = await opened_log(home)
    try:
        assert again.vkey == vkey
        assert await again.database.read(lambda: rows("SELECT id, until FROM records ORDER BY idx")) == [
            (ids[0], "2027-05"),
            (ids[1], KEPT),
        ]
        assert [verify(await again.bundle(each), vkey=vkey).index for each in ids] == [0, 1]
        assert len(await again.database.read(lambda: rows("SELECT * FROM outcomes"))) == 2
        await record(again, 6)
        assert (await expire(again.database, AFTER_MAY)).records == 2
    finally:
        await again.aclose()
