# SPDX-License-Identifier: Apache-2.0
"""The queue against a model of it: whatever gateways do, die of or come late with, each line has one answer, and is sent at most once."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from comity.errors import CallerError
from comity.gateway.batch import files, queue
from comity.gateway.batch.files import File
from comity.gateway.batch.queue import Batch, Held, Place, Settled
from comity.storage.engine_sqlite import run
from comity.storage.open import open_database
from comity.storage.schema import migrations

INPUT = File("file-in", "app", "batch", b"n", 9, 1, 0, 10_000)
LEASE = 30
ENDED = ("completed", "cancelled", "expired", "failed")


def batch(name: str = "b", **more: Any) -> Batch:
    made = Batch(
        id=name, owner="app", endpoint="/v1/chat/completions", input="file-in", output=f"{name}-out", errors=f"{name}-err", terms=b"t",
        retry=0, status="validating", why="[]", pause=0, total=None, completed=0, failed=0, made=0, expires=1000, begun=None, stopped=None,
        ended=None, keep=100,
    )  # fmt: skip
    return made._replace(**more)


def places(first: int, last: int) -> list[Place]:
    return [Place(number, 1, number * 10, 10) for number in range(first, last + 1)]


def settled(held: Held, at: int, *, good: bool) -> Settled:
    name = held.batch.output if good else held.batch.errors
    return Settled(held.batch.id, held.place.number, name, good, b"sealed", 10, b"name", at)


class Queue(RuleBasedStateMachine):
    """Two gateways, a clock, and one batch; `sent` and `written` are what the world outside saw."""

    def __init__(self) -> None:
        super().__init__()
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        for script in migrations("state", "sqlite"):
            self.db.executescript(script)
        self.at, self.lives, self.steps = 0, [0, 0], 0
        self.held: dict[str, list[Held]] = {}
        self.sent: list[int] = []
        self.written: list[int] = []

    def teardown(self) -> None:
        self.db.close()

    def does(self, script: Any) -> Any:
        return run(self.db, script)

    def now(self) -> Batch:
        return self.does(queue.found("b", "app"))  # type: ignore[no-any-return]

    def name(self, which: int) -> str:
        return f"gateway-{which}-{self.lives[which]}"

    @initialize(count=st.integers(1, 12), retry=st.booleans(), cut=st.integers(0, 12))
    def begin(self, count: int, retry: bool, cut: int) -> None:
        self.total, self.retry = count, retry
        self.does(files.begin(INPUT, 1000, 9))
        self.does(files.whole(INPUT))
        self.does(queue.submit(batch(retry=int(retry), keep=10**9)))
        assert self.does(queue.unread("reader", LEASE)) is not None and self.does(queue.unread("other", LEASE)) is None
        assert self.does(queue.lines("b", "reader", places(1, min(cut, count))))
        self.at += LEASE  # the reader dies in the middle, and another reads from the beginning
        self.does(queue.tidy(self.at))
        assert self.does(queue.unread("other", self.at + LEASE)) is not None
        assert not self.does(queue.lines("b", "reader", places(1, count))), "a reader that was taken for dead reads no further"
        assert self.does(queue.lease("x", self.at + LEASE, 9, self.at)).lines == [], "nothing is sent before all of it was read"
        self.does(queue.lines("b", "other", places(1, count)))
        self.does(queue.begin("b", "other", count, self.at))

    @rule(which=st.integers(0, 1), room=st.integers(0, 4))
    def lease(self, which: int, room: int) -> None:
        taken = self.does(queue.lease(self.name(which), self.at + LEASE, room, self.at)).lines
        for held in taken:
            if not held.fate:
                self.sent.append(held.place.number)
        assert sum(not held.fate for held in taken) <= room
        self.held.setdefault(self.name(which), []).extend(taken)

    @rule(which=st.integers(0, 1), life=st.integers(0, 2), good=st.booleans(), at=st.integers(0, 20))
    def settle(self, which: int, life: int, good: bool, at: int) -> None:
        """Also of a gateway that was taken for dead and comes late."""
        holder = f"gateway-{which}-{min(life, self.lives[which])}"
        mine = self.held.get(holder, [])
        if mine:
            held = mine.pop(at % len(mine))
            (kept,) = self.does(queue.settle([settled(held, self.at, good=good and not held.fate)]))
            if kept:
                self.written.append(held.place.number)

    @rule(which=st.integers(0, 1), seconds=st.integers(0, 5))
    def give_back(self, which: int, seconds: int) -> None:
        mine = self.held.get(self.name(which), [])
        if mine and not mine[-1].fate:
            held = mine.pop()
            rows = self.db.execute("SELECT holder FROM batch_lines WHERE number = ?", (held.place.number,)).fetchall()
            self.does(queue.give_back("b", held.place.number, self.name(which), self.at + seconds))
            if rows and rows[0][0] == self.name(which):
                self.sent.remove(held.place.number)  # it was not sent after all

    @rule(which=st.integers(0, 1), room=st.integers(0, 4))
    def lease_unheard(self, which: int, room: int) -> None:
        """It was written, and the gateway was not told: nothing of it was begun."""
        self.does(queue.lease(self.name(which), self.at + LEASE, room, self.at))
        known = frozenset(("b", held.place.number) for held in self.held.get(self.name(which), []))
        self.does(queue.reclaim(self.name(which), known))

    @rule(which=st.integers(0, 1))
    def kill(self, which: int) -> None:
        """What it held stays in its hands, should it only have been very slow."""
        self.lives[which] += 1

    @rule(which=st.integers(0, 1))
    def leave(self, which: int) -> None:
        self.does(queue.leave(self.name(which)))
        self.lives[which] += 1

    @rule(seconds=st.integers(1, 40))
    def time(self, seconds: int) -> None:
        self.at += seconds
        for which in (0, 1):
            if seconds < LEASE and self.held.get(self.name(which)):
                self.does(queue.beat(self.name(which), self.at + LEASE))
        self.does(queue.tidy(self.at))

    @precondition(lambda self: self.steps > 12)
    @rule(how=st.sampled_from(["expire", "cancel", "stop"]))
    def end(self, how: str) -> None:
        if how == "expire":
            self.at = max(self.at, 1000)
        elif how == "stop":
            self.does(queue.stop("b", "[]", self.at))
        elif self.now().ended is None:
            self.does(queue.cancel("b", "app", self.at))

    @invariant()
    def each_line_waits_or_has_one_answer(self) -> None:
        if not hasattr(self, "total"):
            return
        now, self.steps = self.now(), self.steps + 1
        waiting = [row[0] for row in self.db.execute("SELECT number FROM batch_lines")]
        answered = [row[0] for row in self.db.execute("SELECT number FROM file_pieces WHERE file IN ('b-out', 'b-err')")]
        assert sorted(waiting + answered) == list(range(1, self.total + 1))
        assert sorted(answered) == sorted(self.written) and now.completed + now.failed == len(answered)
        assert (now.ended is not None) == (not waiting) and (now.ended is None or now.status in ENDED)
        for file, count in (("b-out", now.completed), ("b-err", now.failed)):
            rows = self.db.execute("SELECT bytes, pieces FROM files WHERE id = ?", (file,)).fetchall()
            assert rows == ([(10 * count, count)] if count else [])

    @invariant()
    def no_line_is_sent_twice_unless_that_was_said(self) -> None:
        if hasattr(self, "total") and not self.retry:
            assert len(self.sent) == len(set(self.sent))

    @precondition(lambda self: self.steps > 12)
    @rule()
    def finish(self) -> None:
        """From wherever it is, gateways that live bring it to its end."""
        self.lives = [life + 1 for life in self.lives]
        self.at += LEASE
        self.does(queue.tidy(self.at))
        for _ in range(2 * self.total + 2):
            self.at += 5
            self.lease(0, 4)
            while self.held.get(self.name(0)):
                self.settle(0, self.lives[0], True, 0)
        assert self.now().status in ENDED


TestQueue = Queue.TestCase


async def test_batches_advance_alike_on_both_engines(where: Path | str) -> None:
    """The one of which the least is done comes first, and one that must wait leaves the others alone."""
    database = await open_database(where, "state", seconds_max=20.0)
    try:
        await database.write(lambda: files.begin(INPUT, 1000, 9))
        with pytest.raises(CallerError, match="no file of purpose"):
            await database.write(lambda: queue.submit(batch()))
        await database.write(lambda: files.whole(INPUT))
        for name, count in (("long", 40), ("short", 4)):
            await database.write(lambda name=name: queue.submit(batch(name, made=len(name))))  # type: ignore[misc]
            assert await database.write(lambda: queue.unread("r", LEASE)) is not None
            await database.write(lambda name=name, count=count: queue.lines(name, "r", places(1, count)))  # type: ignore[misc]
            await database.write(lambda name=name, count=count: queue.begin(name, "r", count, 1))  # type: ignore[misc]
        order = []
        for _ in range(8):
            (held,) = (await database.write(lambda: queue.lease("g", LEASE, 1, 1))).lines
            order.append(held.batch.id)
            job = settled(held, 1, good=True)
            assert await asyncio.gather(*[database.join(queue.settle, job) for _ in range(2)]) == [True, False]
        assert order == ["long", "short"] * 4
        (held,) = (await database.write(lambda: queue.lease("g", LEASE, 1, 1))).lines
        await database.write(lambda: queue.give_back("long", held.place.number, "g", 50))
        assert not await database.read(lambda: queue.due(49)) and await database.read(lambda: queue.due(50))
        assert (await database.write(lambda: queue.lease("g", LEASE, 1, 49))) == ([], False)
        (once_more,) = (await database.write(lambda: queue.lease("g", LEASE, 1, 50))).lines
        assert (once_more.place, once_more.fate) == (held.place, ""), "it was given back, so it was not sent"
        assert not await database.read(lambda: queue.untidy(LEASE - 1)) and await database.read(lambda: queue.untidy(LEASE))
        await database.write(lambda: queue.tidy(LEASE))
        assert not await database.read(lambda: queue.untidy(LEASE))
        (lost,) = (await database.write(lambda: queue.lease("h", 2 * LEASE, 1, 50))).lines
        assert (lost.place, lost.fate) == (held.place, "batch.interrupted"), "it was in the hands of one that died"
        taken = (await database.write(lambda: queue.lease("i", 2 * LEASE, 3, 50))).lines
        known = frozenset({("long", taken[0].place.number)})
        await database.write(lambda: queue.reclaim("i", known))
        again = (await database.write(lambda: queue.lease("k", 2 * LEASE, 2, 50))).lines
        assert again == taken[1:] and not any(each.fate for each in again), "what was begun stays in its hands, the rest was never sent"
        rows = await database.read(lambda: queue.listed("app", after="", limit=1))
        assert [row.id for row in rows] == ["short", "long"]
        assert [row.id for row in await database.read(lambda: queue.listed("app", after="short", limit=1))] == ["long"]
        with pytest.raises(CallerError, match="has not ended"):
            await database.write(lambda: files.give_up("file-in", "app", 1))
        found = await database.read(lambda: files.listed("app", 1, after="", limit=9, purpose="", newest_first=True))
        assert {each.id for each in found} == {"file-in", "long-out", "short-out"}
    finally:
        await database.aclose()
