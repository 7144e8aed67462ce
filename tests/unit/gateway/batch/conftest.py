# SPDX-License-Identifier: Apache-2.0
"""A desk for batches: the front door over an in-memory world, and the worker moved by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from comity.config import Config
from comity.gateway.app import App
from comity.gateway.batch.worker import Worker
from tests.simulated.worlds import BEIJING, FRANKFURT, VIRGINIA, Sim, config, simulate, subject

CHAT = "/v1/chat/completions"


def line(name: str, text: str = "hello", *, url: str = CHAT, comity: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    body = {"messages": [{"role": "user", "content": text}], **more}
    return {"custom_id": name, "method": "POST", "url": url, "body": body, **({"comity": comity} if comity else {})}


class Desk:
    def __init__(self, sim: Sim) -> None:
        self.sim, self.app = sim, App(sim.world)
        self.worker = Worker(self.app)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://127.0.0.1:8484")
        self.key = ""

    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"} if self.key else {}

    async def upload(self, content: bytes, **fields: str) -> httpx.Response:
        file = {"file": ("in.jsonl", content)}
        return await self.http.post("/v1/files", files=file, data={"purpose": "batch", **fields}, headers=self.headers())

    async def submit(self, *lines: Any, who: dict[str, str] | None = None, **more: Any) -> str:
        content = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines).encode()
        sent = await self.upload(content)
        assert sent.status_code == 200, sent.text
        asked = {"input_file_id": sent.json()["id"], "endpoint": CHAT, "completion_window": "24h", **more}
        made = await self.http.post("/v1/batches", json=asked, headers={**self.headers(), **(subject("CN") if who is None else who)})
        assert made.status_code == 200, made.text
        return str(made.json()["id"])

    async def work(self, turns: int = 200) -> None:
        """Until there is nothing to do now."""
        for _ in range(turns):
            more = await self.worker.turn()
            if self.worker.running:
                await asyncio.wait(set(self.worker.running))
            elif not more:
                return

    async def batch(self, name: str) -> Any:
        return (await self.http.get(f"/v1/batches/{name}", headers=self.headers())).json()

    async def answers(self, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Good and bad ones, by custom id."""
        made, out = await self.batch(name), []
        for file in (made["output_file_id"], made["error_file_id"]):
            raw = (await self.http.get(f"/v1/files/{file}/content", headers=self.headers())).text if file else ""
            rows = [json.loads(row) for row in raw.splitlines()]
            out.append({row["custom_id"]: row for row in rows})
            assert len(out[-1]) == len(rows)
        return out[0], out[1]


@pytest.fixture
async def opened(home: Path) -> AsyncIterator[Callable[..., Awaitable[Desk]]]:
    made: list[Desk] = []

    async def at(wanted: Config | None = None) -> Desk:
        made.append(Desk(await simulate(wanted or config(BEIJING, FRANKFURT, VIRGINIA), home)))
        return made[-1]

    yield at
    for desk in made:
        await desk.worker.aclose(0)
        await desk.http.aclose()
        await desk.sim.aclose()


@pytest.fixture
async def desk(opened: Callable[..., Awaitable[Desk]]) -> Desk:
    return await opened()
