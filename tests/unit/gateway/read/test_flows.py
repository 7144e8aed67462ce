# SPDX-License-Identifier: Apache-2.0
"""Flows count each record once, in its minute, whatever was counted before."""

from __future__ import annotations

from collections import Counter

import pytest

from comity.gateway.read import flows
from tests.unit.gateway.read.conftest import Reading


async def counted(reading: Reading, minutes: int) -> Counter[tuple[str, ...]]:
    told = await reading.get("flows", minutes=str(minutes))
    found: Counter[tuple[str, ...]] = Counter()
    for row in told["rows"]:
        found[row["at"][14:16], row["source"], "+".join(row["destination"]), row["effect"]] += row["records"]
    assert told["complete"] and found.total() == told["records"]
    return found


async def test_each_record_is_counted_once_in_its_minute(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "AT_ONCE", 2)
    seen = 0
    for _ in range(5):
        for at, model in (("CN", "auto"), ("CN", "us-virginia"), ("DE", "eu-frankfurt")):
            await reading.ask(at=at, model=model)
            seen += 1
            assert (await counted(reading, 60)).total() == seen
        reading.sim.clock.advance(minutes=1)
    found = await counted(reading, 60)
    assert found == {
        (f"0{minute}", *flow): 1
        for minute in range(5) for flow in (("CN", "CN", "allow"), ("CN", "", "deny"), ("DE", "DE", "allow"))
    }  # fmt: skip
    assert (await counted(reading, 3)).total() == 6
    reading.sim.clock.advance(minutes=57)
    assert (await counted(reading, 60)).total() == 6


async def test_of_more_than_it_looks_at_the_newest_are_counted(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        await reading.ask()
        await reading.ask()
        reading.sim.clock.advance(minutes=1)
    monkeypatch.setattr(flows, "LOOKED_AT_MAX", 1)
    told = [await reading.get("flows", minutes="5") for _ in range(3)]
    assert [(each["records"], each["complete"]) for each in told] == [(6, False), (8, True), (8, True)]
    assert told[0]["from"] == "2026-11-23T12:01:00Z" and told[2]["from"] == "2026-11-23T12:00:00Z"
    monkeypatch.setattr(flows, "AT_ONCE", 1)
    monkeypatch.setattr(flows, "MINUTE_MAX", 1)
    reading.app.minutes = flows.Minutes()
    assert [(each["records"], each["complete"]) for each in [await reading.get("flows", minutes="3")]] == [(2, False)]
