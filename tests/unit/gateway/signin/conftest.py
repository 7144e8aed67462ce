# SPDX-License-Identifier: Apache-2.0
"""A gateway with its console, and browsers in front of it: each keeps its cookie, and says what a browser says by itself."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from comity.config import Config, KeyConfig, Role
from comity.console.pages import Pages
from comity.gateway.app import App
from comity.gateway.signin.sessions import OWNER, Session
from tests.simulated.worlds import BEIJING, FRANKFURT, Sim, config, simulate, subject

HOST = "127.0.0.1:8484"
OWN = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
API = "/comity/v1"


def key(name: str, *roles: Role) -> KeyConfig:
    return KeyConfig(id=name, sha256=hashlib.sha256(name.encode()).hexdigest(), roles=frozenset(roles))


class Browser:
    """Sends its cookie, `Origin` and `Sec-Fetch-Site` with everything, and `Comity-CSRF` with what changes something."""

    def __init__(self, app: App, host: str = HOST) -> None:
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=f"http://{host}", headers=OWN)
        self.csrf = ""

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        if method not in ("GET", "HEAD") and self.csrf:
            said = {"comity-csrf": self.csrf} | said
        more: dict[str, Any] = {} if body is None else {"json": body}
        return await self.http.request(method, path if path.startswith("/") else f"{API}/{path}", headers=said, **more)

    async def sign_in(self, token: str, where: str = "session") -> httpx.Response:
        answer = await self.ask("POST", where, {"token": token})
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf"]
        return answer

    async def code(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        answer = await self.ask(method, path, body, **headers)
        return answer.status_code, answer.json()["error"]["code"] if answer.status_code >= 400 else ""


class Desk:
    """A gateway, and whoever sits in front of it."""

    def __init__(self, sim: Sim) -> None:
        self.sim, self.app = sim, App(sim.world, Pages())
        self.browsers: list[Browser] = []

    def browser(self, host: str = HOST) -> Browser:
        self.browsers.append(Browser(self.app, host))
        return self.browsers[-1]

    async def signed_in(self, role: str) -> Browser:
        token = await self.sim.world.sessions.offer(Session(f"console:{role}", role))
        made = self.browser()
        assert (await made.sign_in(token)).status_code == 200
        return made

    async def pass_(self, session: Session = OWNER) -> str:
        return await self.sim.world.sessions.offer(session)

    async def ask_model(self, name: str, text: str = "hello", at: str = "CN") -> str:
        body = {"messages": [{"role": "user", "content": text}]}
        plain = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url=f"http://{HOST}")
        async with plain:
            answer = await plain.post("/v1/chat/completions", json=body, headers=subject(at, name=name) | {"authorization": "Bearer app"})
        receipt: str = answer.headers["comity-receipt"]
        return receipt

    async def aclose(self) -> None:
        for each in self.browsers:
            await each.http.aclose()
        await self.sim.aclose()


Opening = Callable[[Config], Awaitable[Desk]]


@pytest.fixture
async def opened(home: Path) -> AsyncIterator[Opening]:
    desks: list[Desk] = []

    async def one(made: Config) -> Desk:
        desks.append(Desk(await simulate(made, home)))
        return desks[-1]

    yield one
    for desk in desks:
        await desk.aclose()


@pytest.fixture
async def desk(opened: Opening) -> Desk:
    """A loopback gateway for which no key was ever made."""
    return await opened(config(BEIJING, FRANKFURT))
