# SPDX-License-Identifier: Apache-2.0
"""Numbers for anybody: of days that are over, of many persons, and the same whenever they are looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from comity.config import ConsoleConfig
from comity.gateway.read.numbers import EACH_MAX, told
from comity.storage.database import Script, Statement
from tests.simulated.worlds import BEIJING, FRANKFURT, config
from tests.unit.gateway.read.conftest import Reading, reading_of

PATH = "/transparency/v1/numbers"


@pytest.fixture
async def public(home: Path) -> AsyncIterator[Reading]:
    made = await reading_of(config(BEIJING, FRANKFURT, console=ConsoleConfig(transparency=True)), home)
    yield made
    await made.aclose()


def cells(**persons: int) -> dict[tuple[str, tuple[str, ...], str], Counter[str]]:
    return {(name, (name,), "allow"): Counter({str(each): 1 for each in range(count)}) for name, count in persons.items()}


def test_few_persons_are_not_told_nor_what_they_could_be_worked_out_from() -> None:
    rows, withheld = told(cells(CN=25, DE=14, FR=9))
    assert ([(row.source, row.records) for row in rows], withheld) == ([("CN", 20)], True)
    rows, withheld = told(cells(CN=25, DE=14, FR=9, IT=1))
    assert ([(row.source, row.records) for row in rows], withheld) == ([("CN", 20), ("DE", 10)], True)
    assert told(cells(CN=25))[1] is False and told({}) == ((), False)


def test_one_person_s_many_records_count_for_few() -> None:
    many = cells(CN=10)
    many["CN", ("CN",), "allow"]["0"] = 10_000
    (row,), _ = told(many)
    assert row.records == (9 + EACH_MAX) // 10 * 10


async def test_a_day_is_told_once_it_is_over_and_never_otherwise(public: Reading) -> None:
    for person in range(12):
        await public.ask(name=f"u-{person}")
    assert not any(day["rows"] for day in (await public.get(PATH))["days"])
    public.sim.clock.advance(hours=13, minutes=1)
    told_first = (await public.get(PATH))["days"][0]
    assert (told_first["day"], told_first["withheld"]) == ("2026-11-23", False)
    assert told_first["rows"] == [{"source": "CN", "destination": ["CN"], "effect": "allow", "records": 10}]

    def erased() -> Script[None]:
        yield Statement("UPDATE records SET subject = NULL")

    await public.sim.world.ledger.database.write(erased)
    assert (await public.get(PATH))["days"][0] == told_first
    assert (await public.get(PATH))["checkpoint"] == "" and msgspec.json.encode(told_first)


async def test_it_is_off_unless_it_is_configured(reading: Reading) -> None:
    assert (await reading.http.get(PATH)).status_code == 404
