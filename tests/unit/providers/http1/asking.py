# SPDX-License-Identifier: Apache-2.0
"""What the tests of connections share: an Egress to one place, event loops of both makes, and one whose time moves when told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import date
from typing import Any

import uvloop

from comity.config import DeploymentConfig, LimitsConfig
from comity.jurisdictions.vocab import load_vocabulary
from comity.providers.base import Deployment
from comity.providers.catalog.resolve import resolve
from comity.providers.http import JSON, SSE, Egress, HttpAnswer, Outgoing

LOOPS: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop, uvloop.new_event_loop]
LOOP_NAMES = ["asyncio", "uvloop"]
OUT = Outgoing(path="/chat", body=b"{}", headers={"content-type": JSON}, accept=(JSON, SSE))
HERE = frozenset({"US"})


def place(base: str) -> Deployment:
    config = DeploymentConfig(
        id="here", provider="self-hosted", model="m", base_url=f"{base}/v1", operator="US", processing=HERE, storage=HERE, access=HERE
    )
    return resolve(config, vocabulary=load_vocabulary(), as_of=date(2026, 11, 23))


class Asking:
    """One place and the client that may ask it."""

    def __init__(self, base: str, **limits: Any) -> None:
        self.place = place(base)
        self.egress = Egress({"here": self.place}, LimitsConfig(**limits))

    async def open(self, out: Outgoing = OUT) -> HttpAnswer:
        return await self.egress.open(self.place, out)

    async def whole(self, out: Outgoing = OUT) -> bytes:
        return await (await self.open(out)).read()

    async def __aenter__(self) -> Asking:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.egress.aclose()


def run(test: Callable[[], Coroutine[Any, Any, None]], loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(test())


class Hastened(asyncio.SelectorEventLoop):
    """Its time is the machine's and as much more as a test has said."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead

    async def pass_(self, seconds: float) -> None:
        """Everything that falls due meanwhile has run when this returns."""
        self.ahead += seconds
        for _ in range(5):
            await asyncio.sleep(0)


def hastened() -> Hastened:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Hastened)
    return loop
