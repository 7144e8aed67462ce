# SPDX-License-Identifier: Apache-2.0
"""The law asked over HTTP: the same answers as the command line, nothing recorded, nothing sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest

from comity.config import KeyConfig, LimitsConfig
from comity.gateway.api import AT_ONCE_MAX
from comity.gateway.app import App
from comity.policy.engine import as_json
from comity.policy.facts import Facts
from comity.storage.sqlite import read_only
from tests.simulated.worlds import BEIJING, FRANKFURT, VIRGINIA, Sim, config, simulate, subject

DECIDE, REPLAY = "/comity/v1/decide", "/comity/v1/replay"
SCENARIOS = json.loads((Path(__file__).parents[2] / "vectors" / "law" / "scenarios.json").read_text(encoding="utf-8"))
FACTS = {row["id"]: row["facts"] for row in SCENARIOS}


class Door:
    def __init__(self, sim: Sim) -> None:
        self.sim = sim
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=App(sim.world)), base_url="http://127.0.0.1:8484")

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.http.post(path, content=body if isinstance(body, bytes) else json.dumps(body).encode(), headers=headers)

    async def aclose(self) -> None:
        await self.http.aclose()
        await self.sim.aclose()


@pytest.fixture
async def door(home: Path) -> AsyncIterator[Door]:
    made = Door(await simulate(config(BEIJING, FRANKFURT, VIRGINIA), home))
    yield made
    await made.aclose()


def recorded(home: Path) -> list[tuple[str, bytes, bytes]]:
    db = read_only(home / "comity.db")
    try:
        return db.execute("SELECT r.id, j.facts, j.decision FROM records r JOIN judgements j ON j.digest = r.judgement").fetchall()
    finally:
        db.close()


async def test_facts_have_the_decision_of_the_engine(door: Door) -> None:
    decisions = [door.sim.world.engine.decide(msgspec.convert(facts, Facts)) for facts in FACTS.values()]
    expected = json.loads(msgspec.json.encode(list(map(as_json, decisions))))
    assert {each["effect"] for each in expected} == {"allow", "deny", "escalate"}
    answer = await door.post(DECIDE, list(FACTS.values()))
    assert (answer.status_code, answer.json()) == (200, expected) and answer.headers["cache-control"] == "no-store"
    alone = await door.post(DECIDE, FACTS["x-03"])
    assert alone.json() == expected[list(FACTS).index("x-03")] and alone.json()["effect"] == "deny"
    assert (await door.post(DECIDE, [])).json() == []


async def test_what_a_gateway_recorded_is_replayed_under_another_day(door: Door, home: Path) -> None:
    for _ in range(2):
        answer = await door.http.post(
            "/v1/chat/completions", content=b'{"model": "qwen-beijing", "messages": [{"role": "user", "content": "hello"}]}',
            headers=subject("CN"),
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
    lines = [{"id": name, "facts": json.loads(facts), "decision": json.loads(decision)} for name, facts, decision in recorded(home)]
    result = (await door.post(REPLAY, {"as_of": "2024-03-21", "records": lines})).json()
    assert (result["records"], result["distinct"], result["flipped"], result["before"]["allow"]) == (2, 1, 2, 2)
    (flip,) = result["flips"]
    assert (flip["before"], flip["after"], flip["deployments"]) == ("allow", "escalate", ["qwen-beijing"])
    assert flip["now"][0]["rule"] == "cn.genai.before-labelling" and flip["examples"] == [line["id"] for line in lines]
    same = (await door.post(REPLAY, {"as_of": "2026-11-23", "records": lines})).json()
    assert (same["flips"], same["terms"], same["flipped"]) == ([], [], 0)


async def test_nothing_is_recorded_and_nothing_is_sent(door: Door, home: Path) -> None:
    await door.post(DECIDE, FACTS["x-02"])
    await door.post(REPLAY, {"as_of": "2026-11-23", "records": [{"facts": FACTS["x-02"]}]})
    await door.post(DECIDE, {"as_of": "2026-11-23", "provider": {}})
    assert recorded(home) == [] and not any(partner.received for partner in door.sim.partners.values())


GOOD = {"as_of": "2026-11-23", "provider": {"id": "p"}}


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "param", "hint"),
    [
        (DECIDE, GOOD | {"subject": {"location": "USA"}}, 400, "facts.region", "subject.location", "did you mean `US`?"),
        (DECIDE, GOOD | {"subject": {"age": -1}}, 400, "facts.invalid", "subject.age", "0 or more"),
        (DECIDE, GOOD | {"consent": ["genral"]}, 400, "facts.invalid", "consent", "did you mean `general`?"),
        (DECIDE, GOOD | {"consents": []}, 400, "facts.invalid", "consents", "did you mean `consent`?"),
        (DECIDE, [GOOD, GOOD | {"purpose": "asist"}], 400, "facts.invalid", "[1].purpose", "did you mean `assist`?"),
        (DECIDE, 7, 400, "facts.invalid", None, "see docs/reference/packs.md"),
        (DECIDE, b"{", 400, "request.malformed", None, "send one JSON value"),
        (DECIDE, b"\xff", 400, "request.malformed", None, "send one JSON value"),
        (DECIDE, b"[" * 100_000, 400, "request.malformed", None, "send one JSON value"),
        (DECIDE, [GOOD] * (AT_ONCE_MAX + 1), 413, "request.too_large", None, "ask in parts"),
        (REPLAY, {"as_of": "2026-11-23"}, 400, "request.invalid", "records", "for example"),
        (REPLAY, {"as_of": "soon", "records": []}, 400, "facts.invalid", "as_of", "see docs/reference/packs.md"),
        (REPLAY, {"as_of": "2026-11-23", "recods": []}, 400, "facts.invalid", "recods", "did you mean `records`?"),
        (REPLAY, {"as_of": "2026-11-23", "records": [{"n": 1}]}, 400, "facts.invalid", "records[0]", "see docs/reference/packs.md"),
        (REPLAY, {"as_of": "2026-11-23", "records": [{"facts": GOOD}, {"facts": GOOD | {"transaction": "sale"}}]}, 400, "facts.invalid",
         "records[1].transaction", "one of: "),
        (REPLAY, {"as_of": "2026-11-23", "records": [{"facts": GOOD}] * (AT_ONCE_MAX + 1)}, 413, "request.too_large", None, "ask in parts"),
    ],
)  # fmt: skip
async def test_nonsense_is_refused_by_its_member(
    door: Door, path: str, body: Any, status: int, code: str, param: str | None, hint: str
) -> None:
    answer = await door.post(path, body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param), error
    assert error["hint"].startswith(hint)
    assert (await door.post(DECIDE, GOOD)).status_code == 200


@pytest.mark.parametrize("path", [DECIDE, REPLAY])
async def test_the_door_is_the_same_as_for_other_requests(home: Path, path: str) -> None:
    key = KeyConfig(id="app", sha256=hashlib.sha256(b"s3cret").hexdigest())
    door = Door(await simulate(config(BEIJING, keys=(key,), limits=LimitsConfig(body_bytes_max=2000)), home))
    body = FACTS["x-02"] if path == DECIDE else {"as_of": "2026-11-23", "records": [{"facts": FACTS["x-02"]}]}
    try:
        assert (await door.post(path, body)).status_code == 401
        assert (await door.post(path, body, authorization="Bearer s3cret")).status_code == 200
        assert (await door.post(path, body, authorization="Bearer s3cret", host="evil.example")).status_code == 421
        assert (await door.post(path, b" " * 2001, authorization="Bearer s3cret")).status_code == 413
        assert (await door.http.get(path)).status_code == 405
    finally:
        await door.aclose()


async def test_others_are_answered_between_two_decisions(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long list does not keep the loop: between any two of its decisions somebody else has a turn."""
    import asyncio

    turns = 0
    seen: list[int] = []
    engine = door.sim.world.engine
    decide_many = engine.decide_many

    def watched(facts: Any) -> Any:
        if facts:
            seen.append(turns)
        return decide_many(facts)

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(engine, "decide_many", watched)
    task = asyncio.ensure_future(other())
    try:
        several = list(FACTS.values())[:10]
        await door.post(DECIDE, several)
        assert len(seen) == len(set(seen)) == 10
        seen.clear()
        await door.post(REPLAY, {"as_of": "2026-11-22", "records": [{"facts": facts} for facts in several]})
        assert len(seen) == 20 and len(set(seen)) == 10
    finally:
        task.cancel()
