# SPDX-License-Identifier: Apache-2.0
"""The record's log in public: its receipts are proved from tiles alone, and nothing outside tells a record from none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from comity.errors import CallerError, OperatorError
from comity.ports import SystemRandom
from comity.storage.database import Script, Statement
from comity.transparency import published, rows
from comity.transparency.crossing import Crossing
from comity.transparency.ledger import Ledger
from comity.transparency.log_key import Place
from comity.transparency.merkle import inclusion_holds, leaf_hash
from comity.transparency.note import parse_vkey
from comity.transparency.publish import Publisher
from comity.transparency.receipt import Receipt, entry_of
from comity.transparency.retention import erase, expire
from comity.transparency.store import Folder
from comity.transparency.tiles import entries_of, tile_of
from tests.fakes import FakeClock

LATER = datetime(2027, 12, 1, tzinfo=UTC)


@asynccontextmanager
async def ledger_at(place: Place) -> AsyncIterator[Ledger]:
    made = await Ledger.open(place, clock=FakeClock(), random=SystemRandom(), record_seconds_max=30)
    try:
        yield made
    finally:
        await made.aclose()


async def recorded(ledger: Ledger, count: int, *, months: int | None = None, subject: str | None = None) -> list[str]:
    made = [
        Receipt(id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="deny", retention_months=months)
        for _ in range(count)
    ]
    await asyncio.gather(
        *[ledger.record(each, request_id=ledger.new_id(), subject=subject, facts=b"{}", decision=b"{}") for each in made]
    )  # fmt: skip
    return [each.id for each in made]


async def shown(store: Folder, ledger: Ledger) -> tuple[int, list[bytes]]:
    """The published log verifies; its size and entries."""
    *_, (done, head, _) = [each async for each in published.whole(store.get, parse_vkey(ledger.vkey))]
    entries: list[bytes] = []
    for begin in range(0, done, 256):
        tile = tile_of(-1, begin, done)
        raw = await store.get(tile.path)
        assert raw is not None
        entries += entries_of(raw, tile.width)
    assert head.checkpoint.size == done == len(entries) and {len(each) for each in entries} <= {32}
    return done, entries


@pytest.mark.parametrize("fill", [1, 7, 256])
async def test_each_receipt_is_proved_from_tiles_and_the_size_says_nothing(fill: int, place: Place, tmp_path: Path) -> None:
    store, ids = Folder(tmp_path / "tiles"), list[str]()
    async with ledger_at(place) as ledger:
        publisher = Publisher(Crossing(ledger, fill), store)
        assert (await publisher.publish()).size == 0
        for count in (1, 6, 2, 300):
            ids += await recorded(ledger, count)
            assert (await publisher.publish()).size % fill == 0
            size, entries = await shown(store, ledger)
            assert len(ids) <= size and len(set(entries)) == size
            assert (await publisher.publish()).size == size  # nothing new: nothing grows
            for receipt in (ids[0], ids[-1]):
                bundle = await ledger.bundle(receipt)
                raw, salt = await ledger.database.read(lambda at=bundle["index"]: rows.secret_of(at))  # type: ignore[misc]
                entry = entry_of(salt, raw)
                assert entries[bundle["index"]] == entry
                path = await published.inclusion(bundle["index"], size, store.get)
                head = await published.head(store.get, parse_vkey(ledger.vkey))
                assert head is not None and inclusion_holds(bundle["index"], size, leaf_hash(entry), path, head.checkpoint.root)


async def test_records_that_come_meanwhile_are_in_the_next_head_and_none_is_lost(place: Place, tmp_path: Path) -> None:
    store = Folder(tmp_path / "tiles")
    async with ledger_at(place) as ledger:
        publisher = Publisher(Crossing(ledger, 16), store)

        async def publishing() -> None:
            for _ in range(8):
                assert (await publisher.publish()).size % 16 == 0

        made = await asyncio.gather(*[recorded(ledger, 20) for _ in range(10)], publishing())
        await publisher.publish()
        size, entries = await shown(store, ledger)
        for receipt in [each for some in made[:-1] for each in some or ()]:
            raw, salt = await ledger.database.read(lambda name=receipt: secret_by(name))  # type: ignore[misc]
            assert entry_of(salt, raw) in entries
        assert size % 16 == 0


def secret_by(name: str) -> Script[tuple[bytes, bytes]]:
    return (yield from rows.secret_of((yield from rows.place(name))))


async def test_what_expired_or_was_erased_leaves_its_entry_and_looks_like_a_filler(place: Place, tmp_path: Path) -> None:
    store = Folder(tmp_path / "tiles")
    async with ledger_at(place) as ledger:
        await recorded(ledger, 5, months=1)
        await recorded(ledger, 5, subject="p-1")
        kept = await recorded(ledger, 2)
        before = await ledger.database.read(lambda: rows.entries(0, 12))
        assert (await expire(ledger.database, LATER)).records == 5  # before they were ever published
        assert (await erase(ledger.database, "p-1", LATER)).records == 5
        publisher = Publisher(Crossing(ledger, 16), store)
        assert (await publisher.publish()).size == 16
        _, entries = await shown(store, ledger)
        assert entries[:12] == before
        for at in (0, 7, 13):
            with pytest.raises(CallerError) as raised:
                await ledger.bundle(str(at))
            assert (raised.value.code, raised.value.status) == ("receipt.expired", 410)
        assert (await ledger.bundle(kept[0]))["index"] in (10, 11)
    async with ledger_at(place) as ledger:  # and it is taken up with its fillers
        await recorded(ledger, 1)
        assert (await Publisher(Crossing(ledger, 16), Folder(tmp_path / "anew")).publish()).size == 32
        assert (await shown(Folder(tmp_path / "anew"), ledger))[1][:16] == entries


async def test_a_log_whose_entries_were_never_kept_cannot_be_published(place: Place, tmp_path: Path) -> None:
    """Of an older Comity: its records expired and left their leaves alone."""

    def forget() -> Script[None]:
        yield Statement("DELETE FROM commitments")

    async with ledger_at(place) as ledger:
        await recorded(ledger, 3, months=1)
        await expire(ledger.database, LATER)
        await ledger.database.write(forget)
        with pytest.raises(OperatorError) as raised:
            await Publisher(Crossing(ledger, 1), Folder(tmp_path / "tiles")).publish()
        assert raised.value.code == "publish.expired"
