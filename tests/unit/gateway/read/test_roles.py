# SPDX-License-Identifier: Apache-2.0
"""Who may read: a key with the role; whoever is on the machine of a gateway without keys; nobody else, and no path is forgotten."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2 as httpx
import pytest

from comity.config import KeyConfig
from comity.gateway.app import ROUTES
from comity.gateway.read import routes
from comity.gateway.read.roles import READ
from tests.simulated.worlds import BEIJING, config
from tests.unit.gateway.read.conftest import NEEDED, Reading, reading_of
from tests.unit.gateway.read.test_events import Listening, heard

KEYS = {"caller": ("call",), "reader": ("read",), "both": ("call", "read"), "admin": ("admin",), "none": ()}
STATUS = {"caller": 403, "reader": 200, "both": 200, "admin": 200, "none": 403, "wrong": 401, "": 401}
NAMES = {
    "decisions/{id}": "decisions/X",
    "packs/{id}": "packs/cn",
    "reports/{id}": "reports/flows",
    "drills/{id}": "drills/X",
    "cases/{id}": "cases/X",
}
ABSENT = ("decisions/X", "drills/X", "cases/X")
PATHS = [NAMES.get(each.path[1:], each.path[1:] + NEEDED.get(each.path, "")) for each in routes.PATHS if each.role == READ]


def key(name: str, roles: tuple[str, ...]) -> KeyConfig:
    return KeyConfig(id=name, sha256=hashlib.sha256(name.encode()).hexdigest(), roles=frozenset(roles))  # type: ignore[arg-type]


@pytest.fixture
async def guarded(home: Path) -> AsyncIterator[Reading]:
    made = await reading_of(config(BEIJING, keys=tuple(key(name, roles) for name, roles in KEYS.items())), home)
    yield made
    await made.aclose()


def shown(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {name}"} if name else {}


async def status_of(reading: Reading, path: str, name: str) -> tuple[int, httpx.Response]:
    answer = await reading.http.get(f"/comity/v1/{path}", headers=shown(name))
    return answer.status_code, answer


@pytest.mark.parametrize("path", PATHS)
async def test_each_path_is_for_those_with_the_role(guarded: Reading, path: str) -> None:
    for name, expected in STATUS.items():
        status, answer = await status_of(guarded, path, name)
        found = 404 if expected == 200 and path in ABSENT else expected
        assert status == found, (name, answer.text)
        if expected in (401, 403):
            assert answer.json()["error"]["code"] == {401: "request.unauthenticated", 403: "request.role"}[expected]


async def test_the_description_is_for_whoever_holds_a_key(guarded: Reading) -> None:
    assert {name: (await status_of(guarded, "openapi.json", name))[0] for name in ("caller", "reader", "wrong")} == {
        "caller": 200, "reader": 200, "wrong": 401,
    }  # fmt: skip


@pytest.mark.parametrize(("name", "status"), [("caller", 403), ("none", 403), ("wrong", 401), ("", 401)])
async def test_events_are_refused_like_the_rest(guarded: Reading, name: str, status: int) -> None:
    assert (await status_of(guarded, "events", name))[0] == status


@pytest.mark.parametrize("name", ["reader", "admin"])
async def test_events_are_told_to_readers(guarded: Reading, name: str) -> None:
    async with heard(guarded, Listening(**shown(name))) as listener:
        assert listener.begun


async def test_without_keys_whoever_is_on_this_machine_reads(reading: Reading) -> None:
    for path in PATHS:
        assert (await status_of(reading, path, ""))[0] == (404 if path in ABSENT else 200)


async def test_only_get_is_taken(reading: Reading) -> None:
    for path in (*PATHS, "events", "openapi.json"):
        for method in {"POST", "PUT", "DELETE", "PATCH"} - set(ROUTES.get(f"/comity/v1/{path}", ())):  # a case is begun where it is read
            assert (await reading.http.request(method, f"/comity/v1/{path}")).status_code == 405
    for path in ("log", "events"):
        head = await reading.http.head(f"/comity/v1/{path}")
        assert (head.status_code, head.content) == (200, b"")


def test_every_path_of_the_api_is_served() -> None:
    assert routes.ROUTES.keys() <= ROUTES.keys()
