# SPDX-License-Identifier: Apache-2.0
"""Power loss at any moment, not only `kill -9`: what was said to be durable is there, whole and proved, and both databases go on."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from comity.errors import ComityError
from comity.ports import SystemRandom
from comity.storage import sqlite as connections
from comity.storage.engine_sqlite import SQLite
from comity.storage.open import look_into
from comity.storage.schema import migrations
from comity.storage.state import Counts, State, Tick, glimpse
from comity.transparency.ledger import Ledger, Outcome
from comity.transparency.log_key import signer_of
from comity.transparency.receipt import Receipt
from comity.transparency.verify import verify
from tests.fakes import FakeClock

apsw = pytest.importorskip("apsw", reason="`apsw`, whose file layer loses what was not synced, is not installed")

from tests.unit.transparency.losing import Event, Layer, after_a_cut  # noqa: E402 - it needs apsw

CLOCK = FakeClock()
SPANS = {"a": ("2026-11",)}
CALLERS, EACH = 6, 12


class Run(NamedTuple):
    events: list[Event]
    key: bytes
    vkey: str


def always(_: Counts) -> bool:
    return True


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A gateway's writes, with who was told what between them."""
    home = tmp_path_factory.mktemp("worked")
    layer = Layer()

    async def work() -> Run:
        loop = asyncio.get_running_loop()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(connections.sqlite3, "connect", layer.connect)
            log = SQLite(home / "comity.db", migrations("log", "sqlite"), seconds_max=60, loop=loop)
            counts = SQLite(home / "state.db", migrations("state", "sqlite"), seconds_max=60, loop=loop)
        signer = signer_of(home, SystemRandom())
        ledger = Ledger(log, lock=None, signer=signer, clock=CLOCK, random=SystemRandom())
        ledger._keeper._task.cancel()  # it reads, and the writer holds its file alone
        state = State(counts, None)  # type: ignore[arg-type]  # nobody follows here

        def told(what: str) -> None:
            layer.events.append(Event("told", what))

        async def caller(n: int) -> None:
            for at in range(EACH):
                receipt = Receipt(
                    id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="allow",
                    reasons=("x" * 64,) * 20, retention_months=6,
                )  # fmt: skip
                facts = b'{"n":%d}' % (n * 100 + at)
                await ledger.record(receipt, request_id="r", subject=None, facts=facts, decision=b"{}")
                told(f"record {receipt.id}")
                assert await state.count([Tick("a", "year:2026", receipt.id.encode())], SPANS, always) is None
                told("count")
                await ledger.finish(receipt.id, Outcome(at=CLOCK.now(), status="ok"))
                told(f"outcome {receipt.id}")

        await asyncio.gather(*(caller(n) for n in range(CALLERS)))
        events = list(layer.events)  # before closing, which copies all into the main file
        await ledger.aclose()
        await state.aclose()
        return Run(events, (home / "log.key").read_bytes(), signer.verifier.vkey)

    return asyncio.run(work())


def cut_and_look(run: Run, folder: Path, seed: int) -> None:
    source = random.Random(seed)
    first = next(at for at, event in enumerate(run.events) if event.what == "told")
    events = run.events[: source.randrange(first, len(run.events)) + 1]
    after_a_cut(events, folder, source)
    (folder / "log.key").write_bytes(run.key)
    told: dict[str, list[str]] = {"record": [], "outcome": [], "count": []}
    for event in events:
        if event.what == "told":
            what, _, name = event.file.partition(" ")
            told[what].append(name)
    ended = look_into(folder / "comity.db", "log", seconds_max=5)
    kept = ended.look(_outcomes)
    ended.close()
    assert set(told["outcome"]) <= kept
    counts, _ = glimpse(folder / "state.db", SPANS)
    assert len(told["count"]) <= counts["a"] <= CALLERS * EACH
    asyncio.run(proved(folder, told["record"], run.vkey))


def _outcomes() -> Any:
    from comity.storage.database import Statement

    return {row[0] for row in (yield Statement("SELECT id FROM outcomes"))}


async def proved(folder: Path, records: list[str], vkey: str) -> None:
    ledger = await Ledger.open(folder, clock=CLOCK, random=SystemRandom(), record_seconds_max=30)
    try:
        for each in records:
            assert verify(await ledger.bundle(each), vkey=vkey).receipt["id"] == each
        again = Receipt(id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="allow")
        await ledger.record(again, request_id="r", subject=None, facts=b"{}", decision=b"{}")
        assert verify(await ledger.bundle(again.id), vkey=vkey).index >= len(records)
    finally:
        await ledger.aclose()


@pytest.mark.parametrize("seed", range(10))
def test_after_a_power_cut_all_that_was_said_is_there(worked: Run, home: Path, seed: int) -> None:
    cut_and_look(worked, home, seed)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(10, 210))
def test_after_any_of_many_power_cuts_all_that_was_said_is_there(worked: Run, home: Path, seed: int) -> None:
    cut_and_look(worked, home, seed)


def test_the_layer_loses_what_is_not_synced(worked: Run, tmp_path: Path) -> None:
    """Else the tests above would pass for nothing: without its syncs the same work does not outlive a cut."""
    lost = 0
    for seed in range(20):
        folder = tmp_path / str(seed)
        folder.mkdir(mode=0o700)
        careless = Run([event for n, event in enumerate(worked.events) if event.what != "sync" or n < 40], worked.key, worked.vkey)
        try:
            cut_and_look(careless, folder, seed)
        except (AssertionError, ComityError):
            lost += 1
    assert lost > 10
