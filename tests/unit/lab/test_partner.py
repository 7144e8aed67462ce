# SPDX-License-Identifier: Apache-2.0
"""The lab's stand-in: a door like a partner's, bound to its key, that counts whoever knocks and keeps what it was told."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from comity.config import DeploymentConfig, PathsConfig
from comity.device.fetch import is_whole
from comity.device.manifest import models, models_directory
from comity.errors import ProviderFailure
from comity.jurisdictions.vocab import load_vocabulary
from comity.lab.partner import LocalModel, main
from comity.lab.process import Process, ask, call
from comity.lab.simulators.base import BODY_BYTES_MAX, Simulator
from comity.providers.catalog.resolve import resolve
from tests.fakes import FakeClock
from tests.simulated.worlds import EchoPartner, said_in_stream

PATH = "/compatible-mode/v1"
CHAT = f"{PATH}/chat/completions"
OPENED = {"authorization": "Bearer sk-beijing"}
GOOD = {"model": "any", "messages": [{"role": "user", "content": "你好"}]}


class Stand:
    """The partner's door, without a socket, and the model behind it."""

    def __init__(self) -> None:
        config = DeploymentConfig(id="stand-in", provider="embedded")
        deployment = resolve(config, vocabulary=load_vocabulary(), as_of=date(2026, 11, 23))
        self.model = EchoPartner()
        dialect = LocalModel(deployment, self.model, path=f"{PATH}/")  # type: ignore[arg-type]
        self.partner = Simulator(dialect, region="cn-beijing", key="sk-beijing", hosts=["127.0.0.1:1"], clock=FakeClock())
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.partner), base_url="http://127.0.0.1:1")

    async def ask(self, body: Any = GOOD, headers: dict[str, str] = OPENED) -> httpx.Response:
        return await self.http.post(CHAT, json=body, headers=headers)

    async def received(self) -> Any:
        return (await self.http.get("/_lab/received")).json()


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    made = Stand()
    yield made
    await made.http.aclose()


async def test_it_answers_whole_and_streamed_from_its_model(stand: Stand) -> None:
    whole = await stand.ask()
    assert whole.status_code == 200 and whole.headers["content-type"] == "application/json"
    assert whole.json()["choices"][0]["message"]["content"] == "你好"
    streamed = await stand.ask({**GOOD, "stream": True})
    assert streamed.headers["content-type"].startswith("text/event-stream") and said_in_stream(streamed.content) == "你好"
    assert [answer.closed for answer in stand.model.answers] == [True, True]


async def test_it_says_which_models_it_has(stand: Stand) -> None:
    rows = (await stand.http.get(f"{PATH}/models", headers=OPENED)).json()["data"]
    assert rows == [{"id": "stand-in", "object": "model"}]


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer sk-virginia"}, {"authorization": "sk-beijing"}, {"authorization": "Bearer "}]
)
async def test_its_key_is_its_regions_own(stand: Stand, headers: dict[str, str]) -> None:
    refused = await stand.ask(headers=headers)
    assert refused.status_code == 401
    error = {"message": "Incorrect API key provided for cn-beijing.", "param": None, "code": "invalid_api_key"}
    told = refused.json()
    assert told["error"] == error | {"type": "invalid_request_error"} and told["request_id"]
    assert stand.model.received == [] and (await stand.http.get(f"{PATH}/models", headers=headers)).status_code == 401


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/chat/completions"), ("GET", CHAT), ("POST", f"{PATH}/models"), ("GET", "/")])
async def test_there_is_nothing_elsewhere(stand: Stand, method: str, path: str) -> None:
    refused = await stand.http.request(method, path, headers=OPENED, json=GOOD)
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "not_found")


async def test_every_knock_is_counted_and_looking_is_none(stand: Stand) -> None:
    """The count is what a denied border is held to: a refusal for a wrong key reached it too."""
    assert await stand.received() == {"requests": 0, "received": []}
    await stand.ask()
    await stand.ask(headers={})
    await stand.http.get("/elsewhere")
    received = await stand.received()
    assert received["requests"] == 3 == (await stand.received())["requests"]
    assert [one["body"] for one in received["received"]] == [GOOD, GOOD, None], "what a refused knock brought reached it too"


async def test_what_goes_wrong_on_purpose_goes_wrong_here_too(stand: Stand) -> None:
    struck = await stand.ask({**GOOD, "stream": True}, OPENED | {"x-lab-fault": "break"})
    assert "internal_error" in struck.text and [answer.closed for answer in stand.model.answers] == [True]
    limited = await stand.ask(headers=OPENED | {"x-lab-fault": '{"kind": "status", "status": 429, "retry_after": 1}'})
    assert (limited.status_code, limited.headers["retry-after"], limited.json()["error"]["code"]) == (429, "1", "limit_requests")


async def test_what_cannot_be_answered_is_refused_in_openais_form(stand: Stand) -> None:
    unknown = await stand.ask({**GOOD, "shiny": 1})
    assert (unknown.status_code, unknown.json()["error"]["code"], unknown.json()["error"]["param"]) == (
        400,
        "request.unknown_field",
        "shiny",
    )
    large = await stand.http.post(CHAT, content=b" " * (BODY_BYTES_MAX + 1), headers=OPENED)
    assert (large.status_code, large.json()["error"]["code"]) == (413, None)
    assert stand.model.received == []


async def test_a_model_that_fails_is_an_error_and_the_next_is_answered(stand: Stand) -> None:
    stand.model.failures.append(ProviderFailure("it fell over", code="model.crashing"))
    failed = await stand.ask({**GOOD, "stream": True})
    assert (failed.status_code, failed.json()["error"]["code"]) == (502, "model.crashing")
    assert (await stand.ask()).status_code == 200


def test_without_a_key_it_does_not_open(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("LAB_PARTNER_KEY", raising=False)
    monkeypatch.setattr(sys, "argv", ["partner", "--region", "cn-beijing"])
    assert main() == 1
    assert capsys.readouterr() == ("", "partner: LAB_PARTNER_KEY is not set\n")


@pytest.mark.model
def test_as_a_process_it_has_a_real_model_and_ends_when_it_is_told(tmp_path: Path) -> None:
    here = [model for model in models().values() if is_whole(model, models_directory(PathsConfig()))]
    smallest = min(here, key=lambda model: model.bytes).id
    words = ["comity.lab.partner", "--region", "cn-beijing", "--path", PATH, "--model", smallest]
    log = tmp_path / "log"
    with Process("partner", words, log=log, environment={"LAB_PARTNER_KEY": "sk-beijing"}) as running:
        base = running.wait_ready().base
        said = ask(base, {**GOOD, "max_tokens": 8}, OPENED, path=CHAT)
        assert said.status == 200 and said.text().strip() and said.json()["usage"]["completion_tokens"] <= 8
        assert call(base, "GET", "/_lab/received").json()["received"][-1]["body"] == {**GOOD, "max_tokens": 8}
    assert log.read_text(encoding="utf-8") == ""
