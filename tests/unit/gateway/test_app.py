# SPDX-License-Identifier: Apache-2.0
"""The front door: every wrong request gets one clear error and its right status, and the next request is answered."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest

from comity.config import KeyConfig, LimitsConfig
from comity.errors import ProviderFailure, StorageFailure
from comity.gateway.app import App
from tests.simulated.worlds import BEIJING, FRANKFURT, VIRGINIA, Sim, config, said_in_stream, simulate, subject

URL = "/v1/chat/completions"
GOOD = {"messages": [{"role": "user", "content": "hello"}]}


class Door:
    """The application behind its ASGI interface, with the world it stands in."""

    def __init__(self, sim: Sim) -> None:
        self.sim, self.app = sim, App(sim.world)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://127.0.0.1:8484")

    async def ask(self, body: Any = GOOD, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.http.post(URL, content=raw, headers={**subject("CN"), **(headers or {})}, **more)


@pytest.fixture
async def door(home: Path) -> AsyncIterator[Door]:
    sim = await simulate(config(BEIJING, FRANKFURT, VIRGINIA), home)
    made = Door(sim)
    yield made
    await made.http.aclose()
    await sim.aclose()


async def test_an_answer_says_where_it_came_from_and_how_to_prove_it(door: Door) -> None:
    answer = await door.ask()
    assert answer.status_code == 200, answer.text
    assert answer.headers["comity-decision"] == 'allow; deployment="qwen-beijing"; level="A0"'
    assert answer.headers["comity-region"] == "CN" and answer.headers["comity-label"] == "explicit, implicit"
    receipt = answer.headers["comity-receipt"]
    bundle = (await door.http.get(f"/comity/v1/receipts/{receipt}")).json()
    assert bundle["receipt"]["id"] == receipt


async def test_a_stream_is_a_stream(door: Door) -> None:
    answer = await door.ask({**GOOD, "stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream") and answer.headers["comity-receipt"]
    assert said_in_stream(answer.content).startswith("hello")


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        (b"{", 400, "request.malformed", None),
        (b"", 400, "request.malformed", None),
        (b"\xff", 400, "request.malformed", None),
        ({**GOOD, "surprise": 1}, 400, "request.unknown_field", "surprise"),
        ({**GOOD, "temperature": "hot"}, 400, "request.invalid", "temperature"),
        ({"messages": []}, 400, "request.invalid", "messages"),
        ({**GOOD, "model": "gpt-nonexistent"}, 404, "request.unknown_model", "model"),
        ({"messages": [{"role": "user", "content": "x" * 10_000_000}]}, 413, "request.too_large", None),
    ],
)
async def test_each_wrong_body_has_its_error_and_the_next_request_is_answered(
    door: Door, body: Any, status: int, code: str, param: str | None
) -> None:
    answer = await door.ask(body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param)
    assert error["hint"] or error["param"]
    assert not any(partner.received for partner in door.sim.partners.values())
    assert (await door.ask()).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", URL, 405), ("POST", "/v1/models", 405), ("GET", "/nowhere", 404), ("GET", "/comity/v1/receipts/none", 404), ("GET", "/", 404)],
)
async def test_each_wrong_path_has_its_status(door: Door, method: str, path: str, status: int) -> None:
    assert (await door.http.request(method, path)).status_code == status


async def test_a_wrong_method_is_told_the_right_one_and_head_is_get_without_a_body(door: Door) -> None:
    assert (await door.http.get(URL)).headers["allow"] == "POST"
    got, head = await door.http.get("/healthz"), await door.http.head("/healthz")
    assert head.status_code == 200 and not head.content
    assert {**got.headers, "date": ""} == {**head.headers, "date": ""} and got.content


async def test_a_host_that_is_not_served_is_refused(door: Door) -> None:
    answer = await door.ask(headers={"host": "evil.example"})
    assert answer.status_code == 421 and not door.sim.partners["qwen-beijing"].received


async def test_a_denied_request_is_451_with_reasons_articles_and_a_way_out(door: Door) -> None:
    answer = await door.ask({**GOOD, "model": "us-virginia"})
    assert answer.status_code == 451 and answer.headers["comity-decision"] == "deny" and answer.headers["comity-receipt"]
    error = answer.json()["error"]
    (row,) = error["decision"]["candidates"]
    assert row["effect"] == "deny" and row["reasons"][0]["text"] and row["citations"] and error["decision"]["remedies"]


async def test_the_door_is_open_to_those_with_a_key(home: Path) -> None:
    key = KeyConfig(
        id="app", sha256=hashlib.sha256(b"s3cret").hexdigest(), may_assert_subject=True, unknown_fields="drop", models=("qwen-beijing",)
    )
    sim = await simulate(config(BEIJING, VIRGINIA, keys=(key,)), home)
    try:
        door = Door(sim)
        assert (await door.ask()).status_code == 401
        for path in ("/v1/models", "/comity/v1/receipts/x"):
            assert (await door.http.get(path)).status_code == 401
        opened = {"authorization": "Bearer s3cret"}
        assert {row["id"] for row in (await door.http.get("/v1/models", headers=opened)).json()["data"]} == {"auto", "qwen-beijing"}
        answer = await door.ask({**GOOD, "shiny": 1}, opened)
        assert answer.status_code == 200 and answer.headers["comity-dropped"] == "shiny"
        assert b"shiny" not in sim.partners["qwen-beijing"].bytes_received()
        receipt = await door.http.get(f"/comity/v1/receipts/{answer.headers['comity-receipt']}", headers=opened)
        assert receipt.status_code == 200
        counted = await door.http.get(f"/comity/v1/receipts/{receipt.json()['index']}", headers=opened)  # and so all that there are
        assert (counted.status_code, counted.json()["error"]["code"]) == (403, "request.role")
        assert (await door.ask({**GOOD, "model": "us-virginia"}, opened)).status_code == 403
    finally:
        await sim.aclose()


async def test_health_readiness_and_metrics(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await door.http.get("/healthz")).status_code == 200
    assert (await door.http.get("/readyz")).json()["ready"] is True
    await door.ask()
    await door.ask({**GOOD, "model": "us-virginia"})
    text = (await door.http.get("/metrics")).text
    assert 'comity_requests_total{route="/v1/chat/completions",status="451"} 1' in text
    assert 'comity_decisions_total{effect="allow",deployment="qwen-beijing"} 1' in text

    async def broken() -> None:
        raise StorageFailure("the record cannot be written")

    monkeypatch.setattr(door.sim.world.ledger, "probe", broken)
    state = await door.http.get("/readyz")
    assert state.status_code == 503 and state.json()["parts"]["record"] == "storage.unavailable"
    assert (await door.http.get("/healthz")).status_code == 200


async def test_without_a_record_there_is_no_answer(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise StorageFailure("the record cannot be written")

    with monkeypatch.context() as patched:
        patched.setattr(door.sim.world.ledger, "record", broken)
        answer = await door.ask()
    assert answer.status_code == 503 and answer.json()["error"]["code"] == "storage.unavailable"
    assert not any(partner.received for partner in door.sim.partners.values())
    assert (await door.ask()).status_code == 200


async def test_a_failure_before_the_first_byte_keeps_its_status(door: Door) -> None:
    door.sim.partners["qwen-beijing"].failures.append(ProviderFailure("late", kind="timeout"))
    answer = await door.ask({**GOOD, "stream": True})
    assert answer.status_code == 504 and answer.json()["error"]["code"] == "provider.exhausted"


async def test_a_failure_after_the_first_byte_is_said_in_the_stream(door: Door) -> None:
    door.sim.partners["qwen-beijing"].cut = True
    answer = await door.ask({"messages": [{"role": "user", "content": "x" * 200}], "stream": True})
    assert answer.status_code == 200
    events = [line[6:] for line in answer.content.split(b"\n") if line.startswith(b"data: ")]
    assert json.loads(events[-1])["error"]["code"] == "provider.failed" and b"[DONE]" not in events
    assert b"AI-generated" in answer.content  # what was shown does not stand without its label


async def test_a_bug_of_ours_is_said_without_content(door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(texts: Any) -> Any:
        raise KeyError("zebra: " + next(iter(texts)))

    with monkeypatch.context() as patched:
        patched.setattr(door.sim.world.guard, "inspect", broken)
        answer = await door.ask({"messages": [{"role": "user", "content": "zebra"}]})
    assert answer.status_code == 500 and "zebra" not in answer.text
    assert "KeyError" in caplog.text and "zebra" not in caplog.text
    assert (await door.ask()).status_code == 200


async def test_a_broken_recogniser_keeps_a_request_here(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    from comity.privacy import guard

    def broken(_: str) -> Any:
        raise RuntimeError

    monkeypatch.setattr(guard, "scan", broken)
    answer = await door.ask(headers=subject("CN", consent="general separate_sensitive separate_cross_border"))
    assert answer.status_code in (451, 500)
    assert not any(partner.received for partner in door.sim.partners.values())


async def test_too_many_at_once_are_told_to_come_back(home: Path) -> None:
    limits = msgspec.structs.replace(LimitsConfig(), concurrent_requests_max=0)
    sim = await simulate(config(BEIJING, limits=limits), home)
    try:
        answer = await Door(sim).ask()
        assert answer.status_code == 503 and answer.headers["retry-after"]
    finally:
        await sim.aclose()


async def test_logs_hold_no_content(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "zebra-4711@example.cn"
    await door.ask({"messages": [{"role": "user", "content": secret}]}, {"comity-purpose": "assist"})
    await door.ask({"messages": [{"role": secret, "content": secret}]})
    await door.ask({"messages": [{"role": "user", "content": secret}], "model": "us-virginia"})
    door.sim.partners["qwen-beijing"].failures.append(ProviderFailure("gone", kind="connect"))
    await door.ask({"messages": [{"role": "user", "content": secret}]})
    assert secret not in caplog.text and "u-81" not in caplog.text
