# SPDX-License-Identifier: Apache-2.0
"""A budget that only grows, is never passed by two at once, and of which a broken list releases nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from comity.errors import CallerError, StorageFailure, TrustFailure
from comity.learning.accounting import noise_for
from comity.learning.budget import Budget, Limits
from comity.learning.queries import Histogram
from comity.storage.database import Database, Script, Statement
from comity.storage.open import open_database
from tests.fakes import FakeClock

QUERY = Histogram(name="hours", pipeline="p", field="hour", edges=(6.0, 12.0, 18.0), clip=4, each_max=1)
LIMITS = Limits(epsilon_window=2.0, epsilon_total=3.0, delta=1e-6)
SIGMA = noise_for(QUERY, 1.0, 1e-6)


@pytest.fixture
async def database(where: Path | str) -> AsyncIterator[Database]:
    opened = await open_database(where, "state", seconds_max=10)
    yield opened
    await opened.aclose()


def budget(database: Database, limits: Limits = LIMITS, **more: Any) -> Budget:
    return Budget(database, region="EEA", pipeline="p", limits=limits, clock=FakeClock(), **more)


async def test_it_is_spent_up_to_its_limits_and_not_passed(database: Database) -> None:
    ours = budget(database)
    spent = [await ours.spend(QUERY, "2026-11", SIGMA) for _ in range(3)]  # three of epsilon 1 come to less than 2 together
    with pytest.raises(CallerError, match="window") as raised:
        for _ in range(9):
            spent.append(await ours.spend(QUERY, "2026-11", SIGMA))
    assert raised.value.code == "learning.budget_spent"
    with pytest.raises(CallerError, match="pipeline"):
        for window in range(40):
            spent.append(await ours.spend(QUERY, f"2027-{window}", SIGMA))
    assert await ours.events() == spent
    assert [each.event.number for each in spent] == list(range(1, len(spent) + 1))
    other = Budget(database, region="UK", pipeline="p", limits=LIMITS, clock=FakeClock())
    assert (await other.spend(QUERY, "2026-11", SIGMA)).event.number == 1


async def test_of_many_at_once_none_passes(where: Path | str, database: Database) -> None:
    second = await open_database(where, "state", seconds_max=10)
    done = await asyncio.gather(
        *(budget(each).spend(QUERY, "w", SIGMA) for each in (database, second) for _ in range(4)), return_exceptions=True
    )
    await second.aclose()
    spent = [each for each in done if not isinstance(each, BaseException)]
    assert all(isinstance(each, CallerError | StorageFailure) for each in done if isinstance(each, BaseException))
    assert sorted(each.event.number for each in spent) == list(range(1, len(await budget(database).events()) + 1))
    assert len(spent) == 3


@pytest.mark.parametrize(
    "limits",
    [Limits(epsilon_window=0, epsilon_total=9, delta=1e-6), Limits(epsilon_window=9, epsilon_total=9, delta=0)],
)
async def test_a_limit_of_nothing_lets_nothing_pass(database: Database, limits: Limits) -> None:
    with pytest.raises(CallerError):
        await budget(database, limits).spend(QUERY, "w", SIGMA)
    assert await budget(database).events() == []


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE budget SET event = head WHERE number = 1",
        "UPDATE budget SET head = event WHERE number = 2",
        "UPDATE budget SET number = 5 WHERE number = 2",
        "DELETE FROM budget WHERE number = 1",
        "UPDATE budget SET region = 'EEA' WHERE region = 'UK'",
    ],
)
async def test_a_broken_list_releases_nothing(database: Database, harm: str) -> None:
    ours = budget(database)
    for _ in range(2):
        await ours.spend(QUERY, "w", SIGMA)
    for _ in range(3):
        await Budget(database, region="UK", pipeline="p", limits=LIMITS, clock=FakeClock()).spend(QUERY, "w", SIGMA)
    if "UK" in harm:
        await database.write(lambda: run("DELETE FROM budget WHERE region = 'EEA'"))
    await database.write(lambda: run(harm))
    with pytest.raises(TrustFailure) as raised:
        await budget(database).spend(QUERY, "w", SIGMA)
    assert raised.value.step == "budget"


async def test_a_list_that_was_put_back_is_found_by_what_was_released(database: Database) -> None:
    ours = budget(database)
    await ours.spend(QUERY, "w", SIGMA)
    last = await ours.spend(QUERY, "w", SIGMA)
    await database.write(lambda: run("DELETE FROM budget WHERE number = 2"))
    for each in (ours, budget(database, known=(last.event.number, last.head))):
        with pytest.raises(TrustFailure, match="put back"):
            await each.spend(QUERY, "w", SIGMA)


async def test_a_query_of_another_pipeline_is_not_paid_from_this_one(database: Database) -> None:
    ours = Budget(database, region="EEA", pipeline="other", limits=LIMITS, clock=FakeClock())
    with pytest.raises(CallerError):
        await ours.spend(QUERY, "w", SIGMA)


def run(sql: str) -> Script[None]:
    yield Statement(sql)
