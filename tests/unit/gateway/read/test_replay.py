# SPDX-License-Identifier: Apache-2.0
"""What a gateway recorded itself, decided again under the law of another day or under fewer packs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from comity.config import KeyConfig
from comity.gateway import api
from tests.simulated.worlds import BEIJING, config
from tests.unit.gateway.read.conftest import Reading, reading_of


async def replayed(reading: Reading, **body: Any) -> Any:
    answer = await reading.http.post("/comity/v1/replay", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def asked(reading: Reading) -> None:
    for at, model in (("CN", "auto"), ("CN", "us-virginia"), ("DE", "eu-frankfurt"), ("CN", "auto")):
        await reading.ask(at=at, model=model)
        reading.sim.clock.advance(minutes=1)


async def test_one_s_own_records_are_decided_again(reading: Reading) -> None:
    await asked(reading)
    same = await replayed(reading, as_of="2026-11-23", recorded={})
    assert (same["records"], same["distinct"], same["flipped"], same["rules"]) == (4, 3, 0, [])
    assert same["looked"] == {"records": 4, "from": "2026-11-23T12:00:00.000+00:00", "complete": True}
    before = await replayed(reading, as_of="2020-01-01", recorded={})
    rules = {(each["rule"], each["before"], each["after"]): each["records"] for each in before["rules"]}
    assert before["flipped"] and rules and all(0 < count <= 4 for count in rules.values())
    assert {rule for rule, _, _ in rules} == {
        reason["rule"] or reason["fact"] for flip in before["flips"] for reason in (flip["now"] or flip["was"])
    }


async def test_under_fewer_packs(reading: Reading) -> None:
    await asked(reading)
    told = await replayed(reading, packs=["cn", "us"], recorded={"from": "2026-11-23T12:02:00Z", "to": "2026-11-23T12:03:00Z"})
    assert told["as_of"] is None and (told["records"], told["flipped"]) == (1, 1)
    assert told["flips"][0]["now"][0]["fact"] == "no-pack"


async def test_no_more_is_looked_at_than_may_be(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    await asked(reading)
    for body in ({"limit": 3}, {}):
        told = await replayed(reading, as_of="2026-11-23", recorded=body)
        assert (told["looked"]["complete"], told["records"]) == ((False, 3) if body else (True, 4))
    monkeypatch.setattr(api, "AT_ONCE_MAX", 2)
    told = await replayed(reading, as_of="2026-11-23", recorded={})
    assert (told["distinct"], told["records"], told["looked"]["complete"]) == (2, 2, False)


async def test_what_was_recorded_is_for_readers(home: Path) -> None:
    caller = KeyConfig(id="app", sha256=hashlib.sha256(b"app").hexdigest(), roles=frozenset({"call"}))
    reading = await reading_of(config(BEIJING, keys=(caller,)), home)
    try:
        for recorded, status in (({"recorded": {}}, 403), ({"records": []}, 200)):
            answer = await reading.http.post(
                "/comity/v1/replay", json={"as_of": "2026-11-23", **recorded}, headers={"authorization": "Bearer app"}
            )
            assert answer.status_code == status, answer.text
    finally:
        await reading.aclose()


@pytest.mark.parametrize(
    ("body", "param"),
    [({"records": []}, "as_of"), ({"as_of": "2026-11-23"}, "records"), ({"packs": ["atlantis"], "recorded": {}}, "packs"),
     ({"as_of": "2026-11-23", "recorded": {"from": "soon"}}, "recorded.from")],
)  # fmt: skip
async def test_what_is_wrong_is_named(reading: Reading, body: dict[str, Any], param: str) -> None:
    answer = await reading.http.post("/comity/v1/replay", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param), answer.text
