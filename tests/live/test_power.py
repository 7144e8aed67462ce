# SPDX-License-Identifier: Apache-2.0
"""Power loss at any moment, for what the state holds: money that was held or paid and lines that were taken or answered are there, and
a line that may have been sent is not sent again as if it were new.  (Records and counts: `tests/unit/transparency/test_power.py`.)"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from comity.errors import ComityError
from comity.gateway.allowance.spend import Claim, Give, Line, Take, book
from comity.gateway.batch import files, queue
from comity.gateway.batch.files import File
from comity.gateway.batch.queue import Batch, Place, Settled
from comity.storage import sqlite as connections
from comity.storage.database import Row, Script, Statement
from comity.storage.engine_sqlite import SQLite
from comity.storage.open import look_into
from comity.storage.schema import migrations

apsw = pytest.importorskip("apsw", reason="`apsw`, whose file layer loses what was not synced, is not installed")

from tests.unit.transparency.losing import Event, Layer, after_a_cut  # noqa: E402 - it needs apsw

CALLERS, EACH, LINES = 4, 14, 40
HELD, COST, CEILING = 100, 37, 2_500
MONEY: Line = ("key:app", "2026-11", "USD")
AT, LATER = 1_000, 10_000
INPUT = File("file-in", "app", "batch", b"name", 9, 2, AT, 900_000)
BATCH = Batch(
    id="batch-1", owner="app", endpoint="/v1/chat/completions", input="file-in", output="file-out", errors="file-err", terms=b"t", retry=0,
    status="validating", why="[]", pause=0, total=None, completed=0, failed=0, made=AT, expires=800_000, begun=None, stopped=None,
    ended=None, keep=1_000,
)  # fmt: skip


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """What a gateway writes, with who was told what between it."""
    home, layer = tmp_path_factory.mktemp("worked"), Layer()

    def told(what: str) -> None:
        layer.events.append(Event("told", what))

    async def money(database: SQLite, caller: int) -> None:
        for at in range(EACH):
            name = f"{caller}-{at}"
            if isinstance(await database.join(book, Take(name, AT, (Claim(MONEY, HELD, CEILING),))), list):
                told(f"held {name}")
                await database.join(book, Give(name, AT, {"USD": COST}))
                told(f"paid {name}")

    async def lines(database: SQLite) -> None:
        await database.write(lambda: files.begin(INPUT, 1_000, 9))
        await database.write(lambda: files.pieces("file-in", 0, [b"one", b"two"]))
        await database.write(lambda: files.whole(INPUT))
        told("file")
        await database.write(lambda: queue.submit(BATCH))
        told("batch")
        assert await database.write(lambda: queue.unread("g1", LATER)) is not None
        await database.write(lambda: queue.lines("batch-1", "g1", [Place(n + 1, 0, n, 1) for n in range(LINES)]))
        await database.write(lambda: queue.begin("batch-1", "g1", LINES, AT))
        while held := (await database.write(lambda: queue.lease("g1", LATER, 3, AT))).lines:
            for each in held:
                assert not each.fate
                told(f"taken {each.place.number}")
            for each in held:
                job = Settled("batch-1", each.place.number, "file-out", True, b"answer", 6, b"n", AT)
                assert await database.join(queue.settle, job)
                told(f"answered {each.place.number}")

    async def work() -> list[Event]:
        loop = asyncio.get_running_loop()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(connections.sqlite3, "connect", layer.connect)
            database = SQLite(home / "state.db", migrations("state", "sqlite"), seconds_max=60, loop=loop)
        await asyncio.gather(lines(database), *(money(database, n) for n in range(CALLERS)))
        events = list(layer.events)  # before closing, which copies all into the main file
        await database.aclose()
        return events

    return asyncio.run(work())


class Found(NamedTuple):
    spend: list[Row]
    holds: set[str]
    lines: dict[int, tuple[Any, int]]
    answers: set[int]
    batches: list[Row]
    input: list[Row]


def _found() -> Script[Found]:
    spend = yield Statement("SELECT settled, held FROM spend")
    holds = {str(row[0]) for row in (yield Statement("SELECT hold FROM holds"))}
    lines = {int(row[0]): (row[1], int(row[2])) for row in (yield Statement("SELECT number, holder, lost FROM batch_lines"))}
    answers = {int(row[0]) for row in (yield Statement("SELECT number FROM file_pieces WHERE file = 'file-out'"))}
    batches = yield Statement("SELECT total, completed FROM batches")
    return Found(spend, holds, lines, answers, batches, (yield Statement("SELECT bytes FROM files WHERE id = 'file-in'")))


def cut_and_look(run: list[Event], folder: Path, seed: int) -> None:
    source = random.Random(seed)
    first = next(at for at, event in enumerate(run) if event.what == "told")
    events = run[: source.randrange(first, len(run)) + 1]
    after_a_cut(events, folder, source)
    told: dict[str, set[str]] = {"held": set(), "paid": set(), "taken": set(), "answered": set(), "file": set(), "batch": set()}
    for event in events:
        if event.what == "told":
            what, _, name = event.file.partition(" ")
            told[what].add(name)
    into = look_into(folder / "state.db", "state", seconds_max=5)
    found = into.look(_found)
    into.close()

    settled, held = found.spend[0] if found.spend else (0, 0)
    open_ = told["held"] - told["paid"]
    assert held == HELD * len(found.holds) and settled % COST == 0
    assert settled // COST >= len(told["paid"]) + len(open_ - found.holds), "what was held is held, or paid"
    assert not found.holds & told["paid"]
    assert settled + held <= CEILING

    assert not told["file"] or found.input == [(9,)]
    assert not told["batch"] or len(found.batches) == 1
    taken, answered = {int(each) for each in told["taken"]}, {int(each) for each in told["answered"]}
    assert answered <= found.answers and not answered & set(found.lines), "an answer that was told is there, once"
    for number in taken - answered:
        assert number in found.answers or found.lines[number][0] == "g1", "a line that may have been sent is still somebody's"
    if found.batches:
        assert found.batches[0][1] == len(found.answers)
    asyncio.run(goes_on(folder, taken - found.answers, CEILING - settled - held))


async def goes_on(folder: Path, may_be_sent: set[int], room: int) -> None:
    """Another gateway, later."""
    database = SQLite(folder / "state.db", migrations("state", "sqlite"), seconds_max=30, loop=asyncio.get_running_loop())
    try:
        await database.write(lambda: queue.tidy(LATER + 1))
        held, _ = await database.write(lambda: queue.lease("g2", LATER * 2, LINES, LATER + 1))
        fates = {each.place.number: each.fate for each in held}
        assert all(fates[number] == "batch.interrupted" for number in may_be_sent), "it is told, not sent again"
        passed = 0
        for number in range(CEILING // HELD + 1):
            passed += isinstance(await database.join(book, Take(f"later-{number}", AT, (Claim(MONEY, HELD, CEILING),))), list)
        assert passed == room // HELD, "to the last unit"
    finally:
        await database.aclose()


@pytest.mark.parametrize("seed", range(10))
def test_after_a_power_cut_money_and_lines_are_there(worked: list[Event], tmp_path: Path, seed: int) -> None:
    cut_and_look(worked, tmp_path, seed)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(10, 210))
def test_after_any_of_many_power_cuts_money_and_lines_are_there(worked: list[Event], tmp_path: Path, seed: int) -> None:
    cut_and_look(worked, tmp_path, seed)


def test_without_its_syncs_the_same_work_would_be_lost(worked: list[Event], tmp_path: Path) -> None:
    """Else the tests above would pass for nothing."""
    lost = 0
    for seed in range(20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            cut_and_look([event for at, event in enumerate(worked) if event.what != "sync" or at < 40], folder, seed)
        except (AssertionError, ComityError, LookupError, TypeError, ValueError):  # what was never written may be anything
            lost += 1
    assert lost > 10
