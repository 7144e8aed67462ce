# SPDX-License-Identifier: Apache-2.0
"""Several gateways on one PostgreSQL server keep one log: no two heads of one size, no record lost, none twice, whoever is cut off."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest

from comity.errors import ComityError, OperatorError, StorageFailure, TrustFailure
from comity.ports import SystemRandom
from comity.storage.database import Row, Script, Statement
from comity.transparency.ledger import Ledger, Outcome
from comity.transparency.log_key import Shared, shared
from comity.transparency.merkle import Frontier
from comity.transparency.note import opened, parse_checkpoint, parse_vkey
from comity.transparency.receipt import Receipt
from comity.transparency.verify import verify
from tests.fakes import FakeClock
from tests.postgres import PostgresServer

CLOCK = FakeClock()
KEY = b"k" * 32
OK = Outcome(at=CLOCK.now(), status="ok")


async def gateway(url: str, key: bytes = KEY, seconds_max: float = 30) -> Ledger:
    return await Ledger.open(Shared(url, key), clock=CLOCK, random=SystemRandom(), record_seconds_max=seconds_max)


@pytest.fixture
async def gateways(postgres_url: str) -> AsyncIterator[list[Ledger]]:
    made = [await gateway(postgres_url), await gateway(postgres_url)]
    yield made
    for each in made:
        await each.aclose()


def receipt_of(ledger: Ledger, **more: Any) -> Receipt:
    return Receipt(id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="allow", **more)


async def record(ledger: Ledger, receipt: Receipt, facts: bytes = b"{}") -> str:
    await ledger.record(receipt, request_id=receipt.id, subject=None, facts=facts, decision=b'{"b":2}')
    return receipt.id


def rows(sql: str) -> Script[list[Row]]:
    return (yield Statement(sql))


async def leaves(ledger: Ledger) -> list[tuple[str, bytes]]:
    """As they stand in the log, which has no gap and whose head stands for just these."""
    found = await ledger.database.read(lambda: rows("SELECT idx, id, leaf FROM records ORDER BY idx"))
    head = parse_checkpoint(opened(await ledger.checkpoint(), parse_vkey(ledger.vkey)))
    assert [row[0] for row in found] == list(range(head.size))
    tree = Frontier()
    for row in found:
        tree.append(row[2])
    assert tree.root() == head.root
    return [(row[1], row[2]) for row in found]


async def test_two_gateways_write_one_log(gateways: list[Ledger]) -> None:
    notes: dict[int, set[str]] = {}

    async def caller(ledger: Ledger) -> list[str]:
        made = []
        for n in range(25):
            made.append(await record(ledger, receipt_of(ledger, retention_months=n % 3 or None), b"%d" % (n % 7)))
            await ledger.finish(made[-1], OK)
            note = await ledger.checkpoint()
            notes.setdefault(parse_checkpoint(opened(note, parse_vkey(ledger.vkey))).size, set()).add(note)
        return made

    ids = [each for made in await asyncio.gather(*(caller(gateways[n % 2]) for n in range(40))) for each in made]
    assert {name for name, _ in await leaves(gateways[0])} == set(ids) and len(ids) == len(set(ids))
    assert all(len(each) == 1 for each in notes.values()) and len(notes) > 2  # never two heads of one size
    assert len(await gateways[1].database.read(lambda: rows("SELECT id FROM outcomes"))) == 1000
    for at, each in enumerate(ids[::101]):  # either proves what the other wrote
        assert verify(await gateways[(at + 1) % 2].bundle(each), vkey=gateways[at % 2].vkey).receipt["id"] == each


async def test_one_goes_on_from_where_the_other_stopped_record_by_record(gateways: list[Ledger]) -> None:
    for n in range(12):
        written = await record(gateways[n % 2], receipt_of(gateways[n % 2]))
        assert verify(await gateways[(n + 1) % 2].bundle(written)).index == n


async def test_a_gateway_with_another_key_is_refused_at_its_start_and_signs_nothing_later(postgres_url: str) -> None:
    first, other = await gateway(postgres_url), await gateway(postgres_url, b"o" * 32)  # both on an empty log: nobody can tell yet
    written = await record(first, receipt_of(first))
    with pytest.raises(TrustFailure):
        await record(other, receipt_of(other))
    await other.aclose()
    with pytest.raises(TrustFailure) as raised:
        await gateway(postgres_url, b"o" * 32)
    assert raised.value.step == "log"
    assert [name for name, _ in await leaves(first)] == [written]
    await first.aclose()


@pytest.mark.parametrize("key", ["", "kk", "00" * 31, "00" * 33, "zz" * 32])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(OperatorError) as raised:
        shared("postgresql://", key)
    assert raised.value.field == "storage.log_key" and not (key and key in f"{raised.value}")


async def test_connections_cut_at_any_moment_leave_one_log_with_all_that_was_said(
    postgres: PostgresServer, postgres_url: str, gateways: list[Ledger]
) -> None:
    """Asked again under the same id, as a caller might: at most one leaf and one outcome for each."""
    said: set[str] = set()
    over = asyncio.Event()

    async def caller(ledger: Ledger) -> None:
        while not over.is_set():
            receipt = receipt_of(ledger)
            for _ in range(3):
                try:
                    await record(ledger, receipt)
                    said.add(receipt.id)
                    await ledger.finish(receipt.id, OK)
                except StorageFailure:
                    continue
                break

    async with asyncio.timeout(120), asyncio.TaskGroup() as everyone:
        for at in range(16):
            everyone.create_task(caller(gateways[at % 2]))
        for _ in range(8):
            enough = len(said) + 40
            while len(said) < enough:  # noqa: ASYNC110 - until the callers are in the midst of it
                await asyncio.sleep(0.003)
            postgres.signal(await asyncio.to_thread(postgres.backends, postgres_url), signal.SIGTERM)
        over.set()
    kept = [name for name, _ in await leaves(gateways[0])]
    assert said <= set(kept) and len(kept) == len(set(kept))
    ended = [row[0] for row in await gateways[0].database.read(lambda: rows("SELECT id FROM outcomes"))]
    assert len(ended) == len(set(ended)) and set(ended) <= set(kept)


async def test_a_server_that_is_gone_refuses_and_the_log_goes_on_when_it_is_back(postgres: PostgresServer, postgres_url: str) -> None:
    ledger = await gateway(postgres_url, seconds_max=0.5)
    await record(ledger, receipt_of(ledger))
    await asyncio.to_thread(postgres.stop)
    try:
        for attempt in (lambda: record(ledger, receipt_of(ledger)), ledger.probe, ledger.checkpoint):
            with pytest.raises(StorageFailure) as raised:
                await attempt()
            assert raised.value.status == 503
    finally:
        await asyncio.to_thread(postgres.start)
    async with asyncio.timeout(30):
        while True:
            try:
                await ledger.probe()
                break
            except ComityError:
                await asyncio.sleep(0.02)
    last = await record(ledger, receipt_of(ledger))
    assert verify(await ledger.bundle(last)).index == len(await leaves(ledger)) - 1
    await ledger.aclose()
