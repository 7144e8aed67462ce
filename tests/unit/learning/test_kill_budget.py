# SPDX-License-Identifier: Apache-2.0
"""`kill -9` while a budget is spent: whatever was said to be spent is, and nothing was released that is not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from comity.learning.budget import Budget, Limits, Spent
from comity.learning.queries import Histogram
from comity.storage.open import open_database
from tests.fakes import FakeClock

CHILD = """
import asyncio, os, pathlib, sys
from comity.learning.budget import Budget, Limits
from comity.learning.queries import Histogram
from comity.ports import SystemClock
from comity.storage.open import open_database

async def spender(budget, query):
    while True:
        spent = await budget.spend(query, "w", 1e9)
        os.write(1, b"spent %d %s\\n" % (spent.event.number, spent.head.encode()))
        await asyncio.sleep(0)
        os.write(1, b"released %d %s\\n" % (spent.event.number, spent.head.encode()))

async def main(where):
    database = await open_database(where if where.startswith("postgres") else pathlib.Path(where), "state", seconds_max=30)
    query = Histogram(name="h", pipeline="p", field="f", edges=(1.0,), clip=1, each_max=1)
    limits = Limits(epsilon_window=9.0, epsilon_total=9.0, delta=1e-6)
    make = lambda: Budget(database, region="EEA", pipeline="p", limits=limits, clock=SystemClock())
    await asyncio.gather(*(spender(make(), query) for _ in range(3)))

asyncio.run(main(sys.argv[1]))
"""
QUERY = Histogram(name="h", pipeline="p", field="f", edges=(1.0,), clip=1, each_max=1)


def killed(where: Path | str, lines: int) -> dict[int, str]:
    """The head of each number that the child told of before it was killed."""
    told: dict[int, str] = {}
    with subprocess.Popen([sys.executable, "-c", CHILD, str(where)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for count, line in enumerate(child.stdout, 1):
            if count == lines:
                child.kill()
            if line.endswith("\n"):
                _, number, head = line.split()
                assert told.setdefault(int(number), head) == head, "one number was given twice"
    assert child.returncode == -9
    return told


async def standing(where: Path | str) -> list[Spent]:
    database = await open_database(where, "state", seconds_max=30)
    limits = Limits(epsilon_window=9.0, epsilon_total=9.0, delta=1e-6)
    try:
        ours = Budget(database, region="EEA", pipeline="p", limits=limits, clock=FakeClock())
        await ours.spend(QUERY, "w", 1e9)
        return await ours.events()
    finally:
        await database.aclose()


def test_what_was_spent_stays_spent(where: Path | str) -> None:
    told: dict[int, str] = {}
    for lines in (1, 24):
        told |= killed(where, lines)
        kept = {each.event.number: each.head for each in asyncio.run(standing(where))}
        assert told.items() <= kept.items()
