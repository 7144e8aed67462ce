# SPDX-License-Identifier: Apache-2.0
"""Laws in time and beside each other, and guidelines: what the library says, over HTTP."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from comity.jurisdictions.guidelines import guidelines
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.overview import beside
from comity.jurisdictions.vocab import load_vocabulary
from tests.unit.gateway.read.conftest import Reading

DAY = date(2026, 11, 23)


async def test_the_timeline_is_that_of_every_pack_with_its_articles(reading: Reading) -> None:
    told = (await reading.get("timeline", after="2026-11-23"))["data"]
    days = [each["on"] for each in told]
    assert days == sorted(days) and all(day > "2026-11-23" for day in days)
    for pack in ("cn", "eea"):
        own = (await reading.get(f"packs/{pack}", as_of="2026-11-23"))["coming"]
        assert sorted(each["id"] for each in own) == sorted(each["id"] for each in told if each["pack"] == pack)
    assert all({cited["fact"] for cited in each["citations"]} == set(each["facts"]) for each in told)
    until = (await reading.get("timeline", after="2026-11-23", to=days[len(days) // 2]))["data"]
    assert until == [each for each in told if each["on"] <= days[len(days) // 2]] != told


async def test_two_laws_differ_as_the_command_says(reading: Reading) -> None:
    told = await reading.get("packs/compare", a="cn", b="FR", as_of="2026-11-23")
    packs = {pack.head.id: pack for pack in load_packs(("cn", "eea"))}
    found = beside(packs["cn"], packs["eea"], DAY)
    assert (told["a"]["id"], told["b"]["id"]) == ("cn", "eea") and told["topics"].keys() == found.keys()
    for topic, rows in found.items():
        for row in told["topics"][topic]:
            said = {"cn": row["a"], "eea": row["b"]}
            assert {pack: [each["value"] for each in held] for pack, held in said.items() if held} == {
                pack: list(map(str, values)) for pack, values in rows[row["about"]["id"]].items()
            }
    rows = {row["about"]["id"]: row for row in told["topics"]["obligations"]}
    assert rows["label.explicit"]["about"]["zh"] == "添加显式标识" and rows["label.explicit"]["a"][0]["facts"]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_guidelines_are_those_of_the_command(reading: Reading, language: str) -> None:
    told = await reading.get("guidelines", law="CN", language=language, as_of="2026-11-23")
    made = guidelines(load_packs(("cn",)), DAY, language, load_vocabulary())  # type: ignore[arg-type]
    assert told["document"] == msgspec.json.decode(msgspec.json.encode(made))
    every = await reading.get("guidelines", language=language)
    assert len(every["packs"]) == len(every["document"]["blocks"]) == len(load_packs())


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("packs/compare?a=cn&b=atlantis", (404, "pack.absent", "b")),
        ("packs/compare?a=cn", (400, "request.query", "b")),
        ("packs/compare?a=cn&b=cn", (400, "request.query", "b")),
        ("guidelines?law=atlantis", (404, "pack.absent", "law")),
        ("guidelines?language=tlh", (400, "request.query", "language")),
    ],
)
async def test_what_there_is_not_is_named(reading: Reading, path: str, expected: tuple[int, str, str]) -> None:
    assert await reading.refused(path) == expected
