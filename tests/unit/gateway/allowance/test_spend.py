# SPDX-License-Identifier: Apache-2.0
"""Money to the last millionth, whatever comes between: the scripts against a model of them, by hand and on both engines."""

from __future__ import annotations

import asyncio
import sqlite3

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from comity.config import RatesConfig
from comity.gateway.allowance.minute import Asked, Full, Room
from comity.gateway.allowance.spend import UNSETTLED_SECONDS, Account, Claim, Give, Short, Take, accounts, book
from comity.storage.database import Database
from comity.storage.engine_sqlite import run
from comity.storage.schema import migrations
from tests.unit.gateway.allowance.conftest import Opened

KEY, TENANT = ("key:a", "2026-11", "USD"), ("tenant:t", "2026-11-26", "USD")
CEILINGS = {KEY: 100, TENANT: 150}


def take(hold: str, amount: int, *lines: tuple[str, str, str], at: int = 0, asked: tuple[Asked, ...] = ()) -> Take:
    return Take(hold, at, tuple(Claim(line, amount, CEILINGS[line]) for line in lines), asked)


class Money(RuleBasedStateMachine):
    """Any interleaving of reserving, settling, releasing and crashing, in groups as they fall."""

    def __init__(self) -> None:
        super().__init__()
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        for script in migrations("state", "sqlite"):
            self.db.executescript(script)
        self.spent = {KEY: 0, TENANT: 0}
        self.held: dict[str, tuple[int, tuple[tuple[str, str, str], ...]]] = {}
        self.lost: list[str] = []
        self.number = 0
        self.group: list[Take | Give] = []

    def teardown(self) -> None:
        self.db.close()

    def total(self, line: tuple[str, str, str]) -> int:
        return self.spent[line] + sum(amount for amount, lines in self.held.values() if line in lines)

    @rule(amount=st.integers(0, 60), lines=st.sampled_from([(KEY,), (TENANT, KEY), (TENANT,)]))
    def reserve(self, amount: int, lines: tuple[tuple[str, str, str], ...]) -> None:
        self.number += 1
        self.group.append(take(f"h{self.number}", amount, *lines))

    @rule(which=st.integers(0, 9), share=st.floats(0, 1), known=st.booleans())
    def settle(self, which: int, share: float, known: bool) -> None:
        self.flush()
        alive = sorted(set(self.held) - set(self.lost))
        if alive:
            name = alive[which % len(alive)]
            amount, lines = self.held.pop(name)
            cost = int(amount * share) if known else amount
            for line in lines:
                self.spent[line] += cost
            self.group.append(Give(name, 0, {"USD": cost} if known else None))

    @rule(which=st.integers(0, 9))
    def release(self, which: int) -> None:
        self.flush()
        alive = sorted(set(self.held) - set(self.lost))
        if alive:
            name = alive[which % len(alive)]
            del self.held[name]
            self.group += [Give(name, 0, {}), Give(name, 0, {"USD": 50})]  # the second ends nothing

    @rule()
    def crash(self) -> None:
        """Whoever would settle what is held is gone; it counts for good."""
        self.flush()
        self.lost = list(self.held)

    @rule()
    def flush(self) -> None:
        group, self.group = self.group, []
        self.db.execute("BEGIN")
        answers = run(self.db, book(group))
        self.db.execute("COMMIT")
        for job, answer in zip(group, answers, strict=True):
            if isinstance(job, Take):
                fits = all(self.total(claim.line) + claim.amount <= (claim.ceiling or 0) for claim in job.claims)
                assert fits is isinstance(answer, list), "refused exactly where it does not fit"
                if fits:
                    self.held[job.hold] = (job.claims[0].amount, tuple(claim.line for claim in job.claims))
            # what a settlement changes, the model did when it was asked for

    @invariant()
    def sums_are_exact(self) -> None:
        if self.group:
            return
        rows = {each.line: each for each in run(self.db, accounts(UNSETTLED_SECONDS + 1))}
        for line, ceiling in CEILINGS.items():
            found = rows.get(line, Account(line, 0, 0, 0))
            held = sum(amount for amount, lines in self.held.values() if line in lines)
            assert (found.settled, found.held, found.unsettled) == (self.spent[line], held, held)
            assert found.settled + found.held <= ceiling


TestMoney = Money.TestCase


async def test_two_gateways_never_pass_a_budget_together(gateways: Opened) -> None:
    """Sixty requests of seven at once, on each of two gateways, and a ceiling of a hundred: fourteen pass."""
    here, there = await gateways(), await gateways()
    jobs = [(database, take(f"{number}{place}", 7, KEY)) for number in range(60) for place, database in enumerate((here, there))]
    answers = await asyncio.gather(*(database.join(book, job) for database, job in jobs))
    assert sum(isinstance(answer, list) for answer in answers) == 14
    assert {type(answer) for answer in answers} == {list, Short}
    passed = [(database, job) for (database, job), answer in zip(jobs, answers, strict=True) if isinstance(answer, list)]
    await asyncio.gather(*(database.join(book, Give(job.hold, 0, {"USD": 3})) for database, job in passed))
    assert await there.read(lambda: accounts(0)) == [Account(KEY, 14 * 3, 0, 0)]


async def test_two_gateways_count_rates_together(gateways: Opened) -> None:
    here, there = await gateways(), await gateways()
    asked = (Asked("key:a", RatesConfig(requests_per_minute=5, concurrent=4), 0),)
    answers = await asyncio.gather(*(each.join(book, take(str(n), 0, asked=asked)) for n, each in enumerate([here, there] * 10)))
    assert sum(isinstance(answer, list) for answer in answers) == 4
    running = next(str(n) for n, answer in enumerate(answers) if isinstance(answer, list))
    await there.join(book, Give(running, 1, None, asked))
    assert await here.join(book, take("one more", 0, at=1, asked=asked)) == [Room(5, 0)]
    assert isinstance(await there.join(book, take("too many", 0, at=1, asked=asked)), Full)


async def test_who_is_refused_a_rate_holds_no_money_and_the_other_way_round(database: Database) -> None:
    once = (Asked("key:a", RatesConfig(requests_per_minute=1), 0),)
    assert isinstance(await database.join(book, take("dear", 101, KEY, asked=once)), Short)
    assert await database.join(book, take("first", 10, KEY, asked=once)) == [Room(1, 0)]
    assert isinstance(await database.join(book, take("second", 10, KEY, asked=once)), Full)
    assert await database.read(lambda: accounts(0)) == [Account(KEY, 0, 10, 0)]


async def test_what_nobody_settles_counts_and_is_told(database: Database) -> None:
    await database.join(book, take("killed", 40, KEY, at=1000))
    assert await database.read(lambda: accounts(1000 + UNSETTLED_SECONDS)) == [Account(KEY, 0, 40, 0)]
    assert await database.read(lambda: accounts(1001 + UNSETTLED_SECONDS)) == [Account(KEY, 0, 40, 40)]
    assert isinstance(await database.join(book, take("x", 61, KEY)), Short)
    await database.join(book, Give("killed", 9999, {"USD": 5}))  # it was only slow
    assert await database.read(lambda: accounts(99_999)) == [Account(KEY, 5, 0, 0)]


async def test_a_soft_budget_only_counts(database: Database) -> None:
    for number in range(3):
        assert await database.join(book, Take(str(number), 0, (Claim(KEY, 90, None),))) == []
    assert await database.read(lambda: accounts(0)) == [Account(KEY, 0, 270, 0)]


async def test_a_great_group_is_one_transaction(database: Database) -> None:
    jobs = [Take(str(number), 0, (Claim((f"key:{number}", "2026-11", "USD"), number, number),)) for number in range(200)]
    assert await asyncio.gather(*(database.join(book, job) for job in jobs)) == [[]] * 200
    assert len(await database.read(lambda: accounts(0))) == 200
