# SPDX-License-Identifier: Apache-2.0
"""`/comity/v1/tasks` as a caller meets it: what is listed, taken, answered, refused; with the headers of any request."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from comity.config import KeyConfig
from comity.errors import ProviderFailure
from comity.gateway.allowance.shown import digest
from comity.gateway.app import App
from comity.tasks.registry import TASKS
from tests.simulated.worlds import BEIJING, DEVICE, FRANKFURT, VIRGINIA, Sim, config, simulate, subject

TEXT = "The council met on Tuesday and voted 7 to 2 to close the old bridge until March for repairs that cost 1.4 million euros. " * 2
GOOD = "The council closed the old bridge until March."


class Front:
    def __init__(self, sim: Sim) -> None:
        self.sim, self.app = sim, App(sim.world)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://127.0.0.1:8484")

    async def do(self, name: str, body: Any, *, at: str = "CN", **headers: str) -> httpx.Response:
        return await self.http.post(f"/comity/v1/tasks/{name}", json=body, headers=subject(at) | headers)

    def says(self, name: str, said: str) -> None:
        self.sim.partners[name].answer = lambda _: said


@pytest.fixture
async def make(home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Any]]:
    monkeypatch.setenv("COMITY_MODELS", str(home / "no-models"))
    made: list[Front] = []

    async def front(*deployments: Any, **more: Any) -> Front:
        made.append(Front(await simulate(config(*deployments, **more), home)))
        return made[-1]

    yield front
    for each in made:
        await each.http.aclose()
        await each.sim.aclose()


async def test_a_task_is_done_where_the_law_lets_it_and_says_so_in_headers(make: Callable[..., Any]) -> None:
    front = await make(BEIJING, VIRGINIA)
    front.says("qwen-beijing", GOOD)
    answer = await front.do("summarise", {"text": TEXT, "language": "en"})
    assert answer.status_code == 200
    done = answer.json()
    assert done["value"] == GOOD and done["served_by"]["region"] == ["CN"] and done["labels"] == ["explicit", "implicit"]
    assert answer.headers["comity-receipt"] == done["receipt"] == done["steps"][-1]["receipt"]
    assert answer.headers["comity-region"] == "CN" and answer.headers["comity-label"] == "explicit, implicit"
    assert answer.headers["comity-decision"].startswith("allow")
    assert not front.sim.partners["us-virginia"].received
    bundle = await front.http.get(f"/comity/v1/receipts/{done['receipt']}")
    assert bundle.status_code == 200


async def test_an_abstention_is_an_answer(make: Callable[..., Any]) -> None:
    front = await make(BEIJING)
    front.says("qwen-beijing", "市议会决定关闭旧桥。")
    answer = await front.do("summarise", {"text": TEXT, "language": "en"})
    assert answer.status_code == 200 and answer.json()["abstained"] and "value" not in answer.json()
    assert answer.headers["comity-receipt"] == answer.json()["receipt"]
    must = await front.do("summarise", {"text": TEXT, "language": "en", "abstain": False})
    assert must.status_code == 422 and must.json()["error"]["code"] == "task.gate_failed"
    assert [step["outcome"] for step in must.json()["error"]["steps"]][-1] == "gate_failed"


async def test_what_the_law_denies(make: Callable[..., Any]) -> None:
    front = await make(VIRGINIA)
    answer = await front.do("summarise", {"text": TEXT, "language": "en"})
    error = answer.json()["error"]
    assert answer.status_code == 451 and error["decision"]["candidates"][0]["reasons"] and error["receipt"]
    assert not front.sim.partners["us-virginia"].received


async def test_who_is_rate_limited_is_told_when_to_come_again(make: Callable[..., Any]) -> None:
    front = await make(BEIJING)
    busy = [ProviderFailure("busy", kind="status", upstream_status=429, retry_after_seconds=7) for _ in range(4)]
    front.sim.partners["qwen-beijing"].failures += busy
    answer = await front.do("summarise", {"text": TEXT, "language": "en"})
    assert answer.status_code == 429 and answer.json()["error"]["code"] == "task.rate_limited" and int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("name", "body", "status", "code", "field"),
    [
        ("sumarise", {"text": "x"}, 404, "task.unknown", "task"),
        ("summarise", {"text": "x", "shiny": 1}, 400, "request.unknown_field", "shiny"),
        ("summarise", {"text": ""}, 400, "request.invalid", "text"),
        ("summarise", {"text": "x", "style": "haiku"}, 400, "request.invalid", "style"),
        ("summarise", {"text": "x", "where": "moon"}, 400, "request.invalid", "where"),
        ("summarise", {"text": "x", "most": 0}, 400, "request.invalid", "most"),
        ("summarise", ["x"], 400, "request.malformed", None),
        ("summarise", {"text": "x" * 200_001}, 413, "task.too_long", "text"),
        ("translate", {"text": "x", "language": "en", "to": "en"}, 400, "request.invalid", "to"),
        ("translate", {"text": "x", "to": "tlh"}, 400, "request.invalid", "to"),
        ("extract", {"text": "x", "schema": {"type": "object"}}, 400, "request.invalid", "schema"),
        ("answer", {"text": "x", "question": ""}, 400, "request.invalid", "question"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_sent(
    make: Callable[..., Any], name: str, body: Any, status: int, code: str, field: str | None
) -> None:
    front = await make(BEIJING)
    answer = await front.do(name, body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, field), error
    assert not front.sim.partners["qwen-beijing"].received


async def test_a_body_that_is_no_json(make: Callable[..., Any]) -> None:
    front = await make(BEIJING)
    for raw in (b"", b"{", b"\xff", b"[" * 5000):
        answer = await front.http.post("/comity/v1/tasks/summarise", content=raw)
        assert answer.status_code == 400 and answer.json()["error"]["code"] == "request.malformed"
    assert (await front.http.get("/comity/v1/tasks/summarise")).status_code == 405


async def test_a_form_is_taken_too(make: Callable[..., Any]) -> None:
    front = await make(BEIJING)
    front.says("qwen-beijing", GOOD)
    answer = await front.http.post(
        "/comity/v1/tasks/summarise", files={"text": (None, TEXT), "language": (None, "en"), "most": (None, "2"), "where": (None, "any")},
        headers=subject("CN"),
    )  # fmt: skip
    assert answer.json()["value"] == GOOD
    assert "at most 2 sentences" in front.sim.partners["qwen-beijing"].bytes_received().decode()


async def test_a_file_is_the_same_in_base64_and_in_a_form(make: Callable[..., Any]) -> None:
    front = await make(VIRGINIA)
    picture = b"\x89PNG\r\n\x1a\n" + bytes(64)
    as_json = await front.do("ocr", {"image": base64.b64encode(picture).decode()})
    as_form = await front.http.post("/comity/v1/tasks/ocr", files={"image": ("photo.png", picture, "image/png")}, headers=subject("CN"))
    assert as_json.status_code == as_form.status_code
    assert as_json.json().get("why", as_json.json().get("error", {}).get("code")) == as_form.json().get(
        "why", as_form.json().get("error", {}).get("code")
    )
    assert not front.sim.partners["us-virginia"].received


async def test_a_key_is_held_to_its_models_and_purposes(make: Callable[..., Any]) -> None:
    keys = (
        KeyConfig(id="eu", sha256=digest("eu-key"), models=("eu-frankfurt",), may_assert_subject=True),
        KeyConfig(id="reader", sha256=digest("reader-key"), roles=frozenset({"read"})),
        KeyConfig(id="narrow", sha256=digest("narrow-key"), purposes=("foreign_legal_disclosure",), may_assert_subject=True),
    )
    front = await make(BEIJING, FRANKFURT, keys=keys)
    front.says("eu-frankfurt", GOOD)
    body = {"text": TEXT, "language": "en"}
    done = await front.do("summarise", body, at="DE", authorization="Bearer eu-key")
    assert done.json()["served_by"]["deployment"] == "eu-frankfurt"
    assert (await front.do("summarise", body)).status_code == 401
    assert (await front.do("summarise", body, authorization="Bearer reader-key")).status_code == 403
    narrow = await front.do("summarise", body, authorization="Bearer narrow-key")
    assert narrow.status_code == 403 and narrow.json()["error"]["code"] == "key.purpose"
    assert not front.sim.partners["qwen-beijing"].received


async def test_what_can_be_had_is_listed_with_where(make: Callable[..., Any]) -> None:
    front = await make(DEVICE, BEIJING, VIRGINIA)
    answer = await front.http.get("/comity/v1/tasks", params={"language": "zh"}, headers=subject("CN"))
    assert answer.status_code == 200
    listed = {row["name"]: row["availability"] for row in answer.json()["tasks"]}
    assert listed.keys() == TASKS.keys()
    assert listed["summarise"]["availability"] == "regional_only" and listed["summarise"]["deployments"] == ["qwen-beijing"]
    refused = await front.http.get("/comity/v1/tasks", params={"task": "summarise"}, headers=subject("DE", "CN"))
    assert [row["name"] for row in refused.json()["tasks"]] == ["summarise"]
    assert not any(partner.received for partner in front.sim.partners.values())
    for query in ({"length": "huge"}, {"shiny": "1"}, {"task": "sumarise"}):
        assert (await front.http.get("/comity/v1/tasks", params=query)).status_code in (400, 404)


async def test_where_the_law_lets_nobody_the_article_is_cited(make: Callable[..., Any]) -> None:
    front = await make(VIRGINIA)
    rows = (await front.http.get("/comity/v1/tasks", headers=subject("CN"))).json()["tasks"]
    had = next(row["availability"] for row in rows if row["name"] == "summarise")
    assert had["availability"] == "refused" and had["citation"] and had["reason"]


async def test_no_word_of_a_text_reaches_a_log_or_a_metric(make: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    front = await make(BEIJING)
    for said in (GOOD, "quartzite " * 40, ""):
        front.says("qwen-beijing", said)
        await front.do("summarise", {"text": "Xylophone quartzite vermilion. " + TEXT, "language": "en"})
    told = caplog.text + front.app.metrics.text().decode() + json.dumps([str(record.__dict__) for record in caplog.records])
    assert "quartzite" not in told and "Xylophone" not in told
