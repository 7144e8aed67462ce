# SPDX-License-Identifier: Apache-2.0
"""The guard asked over HTTP: the same findings as the command line, and nothing of the text comes back."""

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
from comity.privacy.findings import Finding
from comity.privacy.scan import scan
from tests.simulated.worlds import BEIJING, Sim, config, simulate

SCAN = "/comity/v1/scan"
TEXT = "写信给 lena@vogel.io，电话 13812345678 😀 password: hunter22!"


class Door:
    def __init__(self, sim: Sim) -> None:
        self.sim = sim
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=App(sim.world)), base_url="http://127.0.0.1:8484")

    async def post(self, body: Any, **headers: str) -> httpx.Response:
        return await self.http.post(SCAN, content=body if isinstance(body, bytes) else json.dumps(body).encode(), headers=headers)


@pytest.fixture
async def door(home: Path) -> AsyncIterator[Door]:
    made = Door(await simulate(config(BEIJING), home))
    yield made
    await made.http.aclose()
    await made.sim.aclose()


def rows(text: str) -> Any:
    return json.loads(msgspec.json.encode(scan(text)))


async def test_a_text_has_the_findings_of_a_scan_and_is_not_told_again(door: Door) -> None:
    answer = await door.post({"text": TEXT})
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "profile": "rules", "findings": rows(TEXT), "types": {"EMAIL": 1, "PHONE": 1, "SECRET": 1}, "categories": ["contact"],
    }  # fmt: skip
    assert [TEXT[row["start"] : row["end"]] for row in rows(TEXT)] == ["lena@vogel.io", "13812345678", "hunter22!"]
    assert not any(word in answer.text for word in ("lena", "1381", "hunter", "写信"))


async def test_several_texts_are_answered_in_their_order(door: Door) -> None:
    answer = (await door.post({"texts": [TEXT, "", "nothing"], "profile": "rules"})).json()
    assert answer["findings"] == [rows(TEXT), [], []] and answer["types"] == {"EMAIL": 1, "PHONE": 1, "SECRET": 1}
    assert (await door.post({"texts": []})).json() == {"profile": "rules", "findings": [], "types": {}, "categories": []}
    assert (await door.post({"text": ""})).json()["findings"] == []


@pytest.mark.parametrize(
    ("body", "status", "code", "param", "hint"),
    [
        ({}, 400, "request.invalid", "text", "for example"),
        ({"text": "a", "texts": ["b"]}, 400, "request.invalid", "text", "for example"),
        ({"text": 7}, 400, "request.invalid", "text", "for example"),
        ({"texts": "a"}, 400, "request.invalid", "texts", "for example"),
        ({"texts": ["a", None]}, 400, "request.invalid", "texts[1]", "for example"),
        ({"tekst": "lena@vogel.io"}, 400, "request.invalid", "tekst", "did you mean `text`?"),
        ({"text": "lena@vogel.io", "profile": "loose"}, 400, "request.invalid", "profile", "for example"),
        ({"text": "lena@vogel.io", "profile": "strict"}, 400, "request.invalid", "profile", "`rules`"),
        ("lena@vogel.io", 400, "request.invalid", None, "for example"),
        (b'{"text": "lena@vogel.io', 400, "request.malformed", None, "send one JSON value"),
        (b'{"text": "\xff"}', 400, "request.malformed", None, "send one JSON value"),
        ({"texts": ["a"] * (AT_ONCE_MAX + 1)}, 413, "request.too_large", None, "ask in parts"),
    ],
)
async def test_nonsense_is_refused_by_its_member(door: Door, body: Any, status: int, code: str, param: str | None, hint: str) -> None:
    answer = await door.post(body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param), error
    assert error["hint"].startswith(hint) and "lena" not in answer.text
    assert (await door.post({"text": TEXT})).status_code == 200


async def test_a_broken_recogniser_is_no_empty_answer(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str, finders: object = ()) -> tuple[Finding, ...]:
        raise RuntimeError(text)

    monkeypatch.setattr("comity.privacy.guard.scan", broken)
    answer = await door.post({"texts": ["fine", TEXT]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "privacy.scan_failed") and "lena" not in answer.text


async def test_the_door_is_the_same_as_for_other_requests(home: Path) -> None:
    key = KeyConfig(id="app", sha256=hashlib.sha256(b"s3cret").hexdigest())
    door = Door(await simulate(config(BEIJING, keys=(key,), limits=LimitsConfig(body_bytes_max=2000)), home))
    try:
        assert (await door.post({"text": TEXT})).status_code == 401
        assert (await door.post({"text": TEXT}, authorization="Bearer s3cret")).status_code == 200
        assert (await door.post({"text": TEXT}, authorization="Bearer s3cret", host="evil.example")).status_code == 421
        assert (await door.post({"text": "x" * 2001}, authorization="Bearer s3cret")).status_code == 413
        assert (await door.http.get(SCAN)).status_code == 405
    finally:
        await door.http.aclose()
        await door.sim.aclose()
