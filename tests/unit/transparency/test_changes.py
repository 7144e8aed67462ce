# SPDX-License-Identifier: Apache-2.0
"""Changes stand in the one log with the decisions: none is lost, altered or taken out unnoticed, and every proof still holds."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from comity.errors import CallerError, TrustFailure
from comity.transparency.canonical import canonical
from comity.transparency.changes import Change, encoded, page
from comity.transparency.integrity import taken_up
from comity.transparency.ledger import Ledger
from comity.transparency.log_key import Place
from comity.transparency.note import Verifier, parse_vkey
from comity.transparency.queries import Wanted
from comity.transparency.queries import page as decisions
from comity.transparency.receipt import Receipt
from comity.transparency.retention import erase, expire
from comity.transparency.rows import DATABASE, entries
from comity.transparency.verify import verify
from tests.fakes import FakeClock, SeededRandom


async def opened(place: Place, clock: FakeClock, seed: bytes = b"a") -> Ledger:
    return await Ledger.open(place, clock=clock, random=SeededRandom(seed), record_seconds_max=20)


@pytest.fixture
async def ledger(place: Place, clock: FakeClock) -> AsyncIterator[Ledger]:
    made = await opened(place, clock)
    yield made
    await made.aclose()


def receipt(ledger: Ledger, **more: object) -> Receipt:
    return Receipt(id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="allow", **more)  # type: ignore[arg-type]


async def decided(ledger: Ledger, subject: str | None = "s", **more: object) -> str:
    made = receipt(ledger, **more)
    await ledger.record(made, request_id="r", subject=subject, facts=b"{}", decision=b"{}")
    return made.id


async def changed(ledger: Ledger, clock: FakeClock, what: str = "key.made", of: str = "app") -> None:
    await ledger.changed(clock.now(), by="lena", role="admin", what=what, of=of)


async def told(ledger: Ledger, below: int | None = None, limit: int = 50) -> list[tuple[int, int, str]]:
    found = await ledger.database.read(lambda: page(below, limit))
    return [(at, each.number, each.what) for at, each in found]


async def test_changes_and_decisions_stand_in_one_log(ledger: Ledger, clock: FakeClock) -> None:
    first = await decided(ledger)
    await changed(ledger, clock, "key.made")
    second = await decided(ledger)
    await changed(ledger, clock, "key.revoked")
    await ledger.filled(8)
    third = await decided(ledger)
    assert await told(ledger) == [(3, 1, "key.revoked"), (1, 0, "key.made")]
    assert await told(ledger, 3) == [(1, 0, "key.made")] and await told(ledger, None, 1) == [(3, 1, "key.revoked")]
    found = await ledger.database.read(lambda: decisions(Wanted(), "", 50))
    assert sorted((each.place, each.receipt.id) for each in found.entries) == [(0, first), (2, second), (8, third)]
    for name in (first, second, third):
        verify(await ledger.bundle(name), vkey=ledger.vkey)
    assert len(await ledger.database.read(lambda: entries(0, 9))) == 9
    with pytest.raises(CallerError) as raised:
        await ledger.bundle("1")
    assert raised.value.code == "receipt.change"


async def test_many_at_once_are_each_numbered_once(ledger: Ledger, clock: FakeClock) -> None:
    await asyncio.gather(*(changed(ledger, clock) if at % 2 else decided(ledger) for at in range(40)))
    assert sorted(number for _, number, _ in await told(ledger)) == list(range(20))


async def test_a_log_with_changes_is_gone_on_with(place: Place, clock: FakeClock) -> None:
    for seed in (b"a", b"b", b"c"):
        ledger = await opened(place, clock, seed)
        try:
            await decided(ledger)
            await changed(ledger, clock)
            key: Verifier = parse_vkey(ledger.vkey)
            assert await ledger.database.read(lambda key=key: taken_up(key)) % 2 == 0  # type: ignore[misc]
        finally:
            await ledger.aclose()
    assert key is not None


async def test_they_outlive_what_expires_and_what_a_person_has_erased(ledger: Ledger, clock: FakeClock) -> None:
    await decided(ledger, retention_months=1)
    await changed(ledger, clock)
    kept = await decided(ledger, "other")
    await decided(ledger, "s")
    clock.advance(days=120)
    assert (await expire(ledger.database, clock.now())).records == 1
    assert (await erase(ledger.database, "s", clock.now())).records == 1
    assert await told(ledger) == [(1, 0, "key.made")]
    verify(await ledger.bundle(kept), vkey=ledger.vkey)


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE changes SET change = replace(change, 'lena', 'lexa') WHERE idx = 1",
        "UPDATE changes SET salt = zeroblob(32) WHERE idx = 1",
        "UPDATE changes SET idx = 9 WHERE idx = 1",
        "UPDATE changes SET change = 'x' WHERE idx = 1",
        "DELETE FROM changes WHERE idx = 1",
        "DELETE FROM nodes WHERE level = 0 AND idx = 1",
    ],
)
async def test_what_was_altered_or_taken_out_is_told_by_nobody(home: Path, clock: FakeClock, attack: str) -> None:
    ledger = await opened(home, clock)
    try:
        for what in ("a", "b", "c"):
            await changed(ledger, clock, what)
        with sqlite3.connect(home / DATABASE) as connection:
            connection.execute(attack)
        connection.close()
        with pytest.raises(TrustFailure):
            await told(ledger)
    finally:
        await ledger.aclose()


def test_a_change_has_the_one_form() -> None:
    made = Change(number=3, at="2026-11-23T12:00Z", by="oidc:ab", role="officer", what="erasure.carried_out", of="01J")
    assert encoded(made) == canonical(msgspec.to_builtins(made))
    assert set(msgspec.to_builtins(made)) & set(Receipt.__struct_fields__) <= {"at"}
