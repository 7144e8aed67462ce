# SPDX-License-Identifier: Apache-2.0
"""Routers over places that exist only here, for tests of routing: any settings, any clock, lots that repeat."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from comity.config import Config, DeploymentConfig, RoutingConfig
from comity.policy import facts
from comity.policy.decision import Decision, Effect
from comity.ports import Clock
from comity.providers.base import Deployment
from comity.providers.catalog.dialects import features
from comity.routing.plan import Candidate, RoutePlan, plan
from comity.routing.router import Router
from comity.routing.run import Trip
from comity.wire.chat import ChatRequest, Message
from tests.fakes import FakeClock, SeededRandom

ASK = ChatRequest(messages=(Message(role="user", content="hi"),))
KEY = b"k" * 32


class LoopClock:
    """The time of the running loop, which may be virtual."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def ask(*said: str, stream: bool = False) -> ChatRequest:
    return ChatRequest(messages=tuple(Message(role="user" if n % 2 == 0 else "assistant", content=each) for n, each in enumerate(said)),
                       stream=stream)  # fmt: skip


def place(name: str, **more: Any) -> DeploymentConfig:
    return DeploymentConfig(id=name, provider="self-hosted", model="m", **more)


def candidate(config: DeploymentConfig, effect: Effect = Effect.ALLOW) -> Candidate:
    made = Deployment(
        id=config.id, provider=config.provider, dialect="openai", model="m", priority=config.priority, features=features("openai"),
        facts=facts.Provider(id=config.id, kind="on_device" if config.provider == "embedded" else "cloud"),
    )  # fmt: skip
    return Candidate(deployment=made, decision=Decision(effect=effect, as_of=date(2026, 11, 23)))


def router(*places: DeploymentConfig, clock: Clock | None = None, seed: bytes = b"lots", **settings: Any) -> Router:
    config = Config(deployments=places, routing=RoutingConfig(**settings))
    made = {each.id: candidate(each).deployment for each in places}
    return Router(config, places, made, clock=clock or FakeClock(), random=SeededRandom(seed), key=KEY)


def route(places: Sequence[DeploymentConfig], effects: Sequence[Effect] = (), request: ChatRequest = ASK) -> RoutePlan:
    effects = effects or [Effect.ALLOW] * len(places)
    return plan([candidate(each, effect) for each, effect in zip(places, effects, strict=True)], request, 2)


def trip(made: Router, places: Sequence[DeploymentConfig], request: ChatRequest = ASK, caller: str = "k") -> Trip:
    return Trip(made, route(places, request=request), request, caller)
