# SPDX-License-Identifier: Apache-2.0
"""An application with an in-memory world behind it, asked over ASGI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from comity.config import Config
from comity.gateway.app import App
from tests.simulated.worlds import BEIJING, FRANKFURT, VIRGINIA, Sim, config, simulate, subject

API = "/comity/v1"
NEEDED = {"/packs/compare": "?a=cn&b=us"}
"""By path: what has to be asked for."""


class Reading:
    def __init__(self, sim: Sim) -> None:
        self.sim, self.app = sim, App(sim.world)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://127.0.0.1:8484")

    async def ask(self, text: str = "hello", *, at: str = "CN", model: str = "auto", name: str = "u-81", **more: Any) -> httpx.Response:
        body = {"messages": [{"role": "user", "content": text}], "model": model}
        return await self.http.post("/v1/chat/completions", json=body, headers=subject(at, name=name), **more)

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.http.get(path if path.startswith("/") else f"{API}/{path}", params=query or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, path: str, **more: Any) -> tuple[int, str, str | None]:
        answer = await self.http.get(f"{API}/{path}", **more)
        error = answer.json()["error"]
        return answer.status_code, error["code"], error["param"]

    async def aclose(self) -> None:
        await self.http.aclose()
        await self.sim.aclose()


async def reading_of(made: Config, home: Path) -> Reading:
    return Reading(await simulate(made, home))


@pytest.fixture
async def reading(home: Path) -> AsyncIterator[Reading]:
    made = await reading_of(config(BEIJING, FRANKFURT, VIRGINIA), home)
    yield made
    await made.aclose()
