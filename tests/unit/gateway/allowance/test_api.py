# SPDX-License-Identifier: Apache-2.0
"""Keys over HTTP: made, shown once, used, rotated, revoked; for administrators alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from comity.config import KeyConfig
from comity.gateway.allowance.shown import digest
from comity.gateway.app import App
from tests.simulated.worlds import VIRGINIA, config, simulate

KEYS = "/comity/v1/keys"
ROOT = KeyConfig(id="root", sha256=digest("root"), roles=frozenset({"admin"}))
APP = KeyConfig(id="app", sha256=digest("app"))


class Admin:
    def __init__(self, app: App) -> None:
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8484")

    async def ask(self, method: str, path: str, key: str = "root", **more: Any) -> tuple[int, Any]:
        answer = await self.http.request(method, path, headers={"authorization": f"Bearer {key}"}, **more)
        assert not path.startswith(KEYS) or answer.status_code >= 400 or answer.headers["cache-control"] == "no-store"
        return answer.status_code, answer.json()

    async def refused(self, method: str, path: str, key: str = "root", **more: Any) -> tuple[int, str]:
        status, body = await self.ask(method, path, key, **more)
        return status, body["error"]["code"]


@pytest.fixture
async def admin(home: Path) -> AsyncIterator[Admin]:
    sim = await simulate(config(VIRGINIA, keys=(ROOT, APP)), home)
    made = Admin(App(sim.world))
    yield made
    await made.http.aclose()
    await sim.aclose()


async def test_a_key_lives_from_making_to_revoking(admin: Admin) -> None:
    status, made = await admin.ask("POST", KEYS, json={"id": "team", "models": ["us-virginia"], "limits": {"requests_per_minute": 5}})
    assert status == 201 and set(made) == {"id", "key"}
    status, models = await admin.ask("GET", "/v1/models", made["key"])
    assert status == 200 and [each["id"] for each in models["data"]] == ["auto", "us-virginia"]
    status, other = await admin.ask("POST", f"{KEYS}/team", json={"overlap_seconds": 0})
    assert status == 200
    assert await admin.refused("GET", "/v1/models", made["key"]) == (401, "request.unauthenticated")
    assert (await admin.ask("GET", "/v1/models", other["key"]))[0] == 200
    status, listed = await admin.ask("GET", KEYS)
    assert [each["id"] for each in listed["keys"]] == ["team"]
    assert listed["keys"][0]["limits"] == {"requests_per_minute": 5, "tokens_per_minute": 0, "concurrent": 0}
    assert not any(secret in str(listed) for secret in (made["key"], digest(made["key"]), other["key"], digest(other["key"])))
    assert await admin.ask("DELETE", f"{KEYS}/team") == (200, {"id": "team", "revoked": True})
    assert await admin.refused("GET", "/v1/models", other["key"]) == (401, "key.revoked")
    assert await admin.refused("DELETE", f"{KEYS}/team") == (409, "key.revoked")


async def test_administrators_alone(admin: Admin) -> None:
    for method, path in (("GET", KEYS), ("POST", KEYS), ("POST", f"{KEYS}/app"), ("DELETE", f"{KEYS}/app")):
        assert await admin.refused(method, path, "app") == (403, "request.role")
        assert await admin.refused(method, path, "nobody") == (401, "request.unauthenticated")
    chat = {"model": "auto", "messages": [{"role": "user", "content": "x"}]}
    assert await admin.refused("POST", "/v1/chat/completions", json=chat) == (403, "request.role"), "an administrator's key asks no model"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"id": "app"}, "key.taken"),
        ({"id": "x", "sha256": "0" * 64}, "key.invalid"),
        ({"id": "x", "budget": {"amount": 0, "currency": "USD"}}, "key.invalid"),
        ({"id": "x", "tasks": ["mischief"]}, "key.invalid"),
        ({"id": "x", "surprise": 1}, "key.invalid"),
        ({}, "key.invalid"),
        ([], "key.invalid"),
    ],
)
async def test_wrong_terms_make_no_key(admin: Admin, body: Any, code: str) -> None:
    status, said = await admin.refused("POST", KEYS, json=body)
    assert (status, said) == (409 if code == "key.taken" else 400, code)
    assert (await admin.ask("GET", KEYS))[1]["keys"] == []


async def test_what_is_no_json_is_refused(admin: Admin) -> None:
    assert await admin.refused("POST", KEYS, content=b"{") == (400, "request.malformed")
    assert await admin.refused("POST", f"{KEYS}/nobody") == (404, "key.unknown")
    assert await admin.refused("POST", f"{KEYS}/nobody", json={"overlap_seconds": "x"}) == (400, "key.invalid")
