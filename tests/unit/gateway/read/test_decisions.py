# SPDX-License-Identifier: Apache-2.0
"""Decisions are listed whole, once each, by what is asked for; one of them says why, on what, and what was tried."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import ProviderFailure
from comity.transparency import queries
from tests.simulated.worlds import BEIJING, FRANKFURT, config, deployment
from tests.unit.gateway.read.conftest import Reading, reading_of


async def ids(reading: Reading, **query: Any) -> list[str]:
    """Of every page, in order; each page goes on where the one before said."""
    found: list[str] = []
    page = await reading.get("decisions", **query)
    while True:
        found += [row["id"] for row in page["data"]]
        if page["next"] is None:
            return found
        page = await reading.get(page["next"])


async def test_the_newest_is_first_and_says_what_became_of_it(reading: Reading) -> None:
    receipts = []
    for model in ("auto", "us-virginia"):
        reading.sim.clock.advance(seconds=1)
        receipts.append((await reading.ask(model=model)).headers["comity-receipt"])
    refused, allowed = (await reading.get("decisions"))["data"]
    assert [refused["id"], allowed["id"]] == receipts[::-1]
    assert (refused["effect"], refused["status"], refused["destination"], refused["deployment"]) == ("deny", "refused", [], "")
    assert (allowed["effect"], allowed["status"], allowed["destination"], allowed["source"]) == ("allow", "ok", ["CN"], "CN")
    assert (allowed["index"], allowed["at"], allowed["outcome"]["prompt_tokens"]) == (0, "2026-11-23T12:00Z", 3)


@pytest.fixture
async def several(reading: Reading) -> Reading:
    """A minute apart: allowed in China, refused, allowed in Germany, failed in China."""
    await reading.ask()
    reading.sim.clock.advance(minutes=1)
    await reading.ask(model="us-virginia")
    reading.sim.clock.advance(minutes=1)
    await reading.ask(at="DE", model="eu-frankfurt")
    reading.sim.clock.advance(minutes=1)
    reading.sim.partners["qwen-beijing"].failures.append(ProviderFailure("broken", kind="content", retryable=False))
    await reading.ask(model="qwen-beijing")
    return reading


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({}, [3, 2, 1, 0]),
        ({"effect": "deny"}, [1]),
        ({"effect": "escalate"}, []),
        ({"deployment": "qwen-beijing"}, [3, 0]),
        ({"source": "DE"}, [2]),
        ({"destination": "CN"}, [3, 0]),
        ({"destination": "DE", "effect": "allow"}, [2]),
        ({"status": "ok"}, [2, 0]),
        ({"status": "refused"}, [1]),
        ({"status": "provider.failed"}, [3]),
        ({"rule": "cn.export.no-consent"}, [1]),
        ({"fact": "cn-pipl-39"}, [1]),
        ({"pack": "eea"}, [2]),
        ({"pack": "cn"}, [3, 1, 0]),
        ({"pack": "c"}, []),
        ({"from": "2026-11-23T12:01:00Z"}, [3, 2, 1]),
        ({"from": "2026-11-23T12:01:00Z", "to": "2026-11-23T12:02:00Z"}, [1]),
        ({"to": "2026-11-23T13:02:00+01:00"}, [1, 0]),
        ({"to": "2026-11-23"}, []),
        ({"from": "2026-11-23"}, [3, 2, 1, 0]),
        ({"from": "1970-01-01", "to": "9999-12-31"}, [3, 2, 1, 0]),
    ],
)
@pytest.mark.parametrize("limit", [1, 50])
async def test_what_is_asked_for_is_what_is_listed(several: Reading, query: dict[str, str], places: list[int], limit: int) -> None:
    every = {row["id"]: row["index"] for row in (await several.get("decisions"))["data"]}
    assert [every[found] for found in await ids(several, limit=limit, **query)] == places


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=few", "limit"),
        ("limit=1&limit=2", "limit"),
        ("efect=deny", "efect"),
        ("effect=maybe", "effect"),
        ("after=nowhere", "after"),
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("from=0001-01-01", "from"),
        ("source=" + "x" * 17, "source"),
        ("%ff=1", None),
        ("&&&", None),
        ("&".join(f"a{n}=1" for n in range(50)), None),
    ],
)
async def test_what_is_asked_wrongly_is_refused_by_name(reading: Reading, query: str, field: str | None) -> None:
    assert await reading.refused(f"decisions?{query}") == (400, "request.query", field)


async def test_a_refusal_repeats_no_value(reading: Reading) -> None:
    for name in ("effect", "after", "from", "limit", "source"):
        assert "zebra" not in (await reading.http.get(f"/comity/v1/decisions?{name}={'zebra' * 5}")).text


async def test_a_selective_question_ends_its_look_and_goes_on(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page looks at so many records and no more; none is left out between two pages."""
    monkeypatch.setattr(queries, "LOOKED_AT_MAX", 4)
    monkeypatch.setattr(queries, "CHUNK", 2)
    for at in ("DE", *["CN"] * 11):
        reading.sim.clock.advance(seconds=1)
        await reading.ask(at=at)
    page = await reading.get("decisions", source="DE")
    assert page["data"] == [] and page["next"]
    assert len(await ids(reading, source="DE")) == 1
    assert len(await ids(reading, source="CN", limit=3)) == 11


@given(limit=st.integers(1, 4), before=st.integers(0, 9), during=st.lists(st.integers(0, 3), max_size=6), still=st.booleans())
@settings(max_examples=25)
async def test_pages_are_complete_and_without_repeats_while_records_arrive(limit: int, before: int, during: list[int], still: bool) -> None:
    """``still``: all in one millisecond, when ids say nothing of the order."""
    with tempfile.TemporaryDirectory() as folder:
        reading = await reading_of(config(BEIJING), Path(folder))
        try:
            made: list[str] = []

            async def more(count: int) -> None:
                for _ in range(count):
                    if not still:
                        reading.sim.clock.advance(seconds=1)
                    made.append((await reading.ask()).headers["comity-receipt"])

            await more(before)
            first, seen, arriving = list(made), list[str](), list(during)
            path: str | None = f"/comity/v1/decisions?limit={limit}"
            while path is not None:
                page = await reading.get(path)
                assert len(page["data"]) <= limit
                seen += [row["id"] for row in page["data"]]
                path = page["next"]
                await more(arriving.pop() if arriving else 0)
            assert len(seen) == len(set(seen)) and set(first) <= set(seen) <= set(made)
            assert seen == sorted(seen, reverse=True)
            if not still:
                assert sorted(seen) == sorted(first)  # what came later is newer than where the reader is
        finally:
            await reading.aclose()


async def test_one_decision_says_why_on_what_and_what_met_what_was_owed(reading: Reading) -> None:
    found = await reading.get("decisions/" + (await reading.ask()).headers["comity-receipt"].lower())
    assert found == await reading.get("decisions/0")  # by its place in the log
    by_name = {each["deployment"]: each for each in found["candidates"]}
    assert {name: each["effect"] for name, each in by_name.items()} == {
        "qwen-beijing": "allow", "eu-frankfurt": "deny", "us-virginia": "deny",
    }  # fmt: skip
    owed = {each["id"]: each for each in by_name["qwen-beijing"]["obligations"]}
    assert (owed["label.explicit"]["met_by"], owed["contract:processor"]["met_by"]) == ("code", "evidence")
    assert owed["contract:processor"]["how"] == "processor_contract" and "no prompt" in owed["retain.no_unlawful_identifiable_input"]["how"]
    denied = by_name["us-virginia"]
    cited = {each["fact"]: each for each in denied["citations"]}
    assert (
        cited["cn-pipl-39"]["article"] == "Art. 39" and cited["cn-pipl-39"]["summary"] and cited["cn-pipl-39"]["effective"] == "2021-11-01"
    )
    assert denied["reasons"][0]["text"] and denied["remedies"]
    assert found["facts"]["subject"]["location"] == "CN" and found["facts"]["providers"][0]["provider"]["id"] == "qwen-beijing"
    assert found["attempts"] == [found["decision"]]
    bundle = await reading.get(found["links"]["bundle"])
    assert bundle["receipt"] == found["receipt"]


async def test_a_refusal_has_its_ways_out(reading: Reading) -> None:
    found = await reading.get("decisions/" + (await reading.ask(model="us-virginia")).headers["comity-receipt"])
    assert found["ways"] and found["ways"][0]["steps"] and found["remedies"]


async def test_every_attempt_of_one_request_is_beside_it(home: Path) -> None:
    reading = await reading_of(config(FRANKFURT, deployment("eu-paris", frozenset({"FR"}))), home)
    try:
        reading.sim.partners["eu-frankfurt"].failures.append(ProviderFailure("busy", kind="status", upstream_status=503))
        answer = await reading.ask(at="DE")
        assert answer.status_code == 200, answer.text
        found = await reading.get("decisions/" + answer.headers["comity-receipt"])
        assert [each["index"] for each in found["attempts"]] == sorted(each["index"] for each in found["attempts"])
        first, last = found["attempts"][0], found["attempts"][-1]
        assert (first["deployment"], first["status"], first["outcome"]["upstream_status"]) == ("eu-frankfurt", "provider.failed", 503)
        assert (last["status"], last["id"]) == ("ok", found["decision"]["id"])
        assert set(await ids(reading, request=first["request"])) == {each["id"] for each in found["attempts"]}
    finally:
        await reading.aclose()


@pytest.mark.parametrize("name", ["none", "0", "%00", "' OR 1=1 --", "01M844DZG0SCBABX6YMDV08XCV"])
async def test_what_is_not_there_is_not_found(reading: Reading, name: str) -> None:
    assert await reading.refused(f"decisions/{name}") == (404, "receipt.unknown", None)


async def test_what_was_changed_from_outside_is_not_told(reading: Reading, home: Path) -> None:
    receipt = (await reading.ask()).headers["comity-receipt"]
    with sqlite3.connect(home / "comity.db") as db:
        db.execute("UPDATE judgements SET decision = ?", (b'{"candidates":[],"remedies":[],"ways":[]}',))
    db.close()
    status, code, _ = await reading.refused(f"decisions/{receipt}")
    assert (status, code) == (502, "trust.log")
