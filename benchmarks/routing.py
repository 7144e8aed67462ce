# SPDX-License-Identifier: Apache-2.0
"""What routing costs a request in a healthy world, in microseconds: order, choose, hold a slot, note how soon it answered, give it back.

python -m benchmarks.routing     the best of seven rounds, for each way to balance three places
"""

from __future__ import annotations

import time
from datetime import date

from comity.config import Config, DeploymentConfig, RoutingConfig
from comity.policy import facts
from comity.policy.decision import Decision, Effect
from comity.ports import SystemClock, SystemRandom
from comity.providers.base import Deployment
from comity.providers.catalog.dialects import features
from comity.routing.plan import Candidate, plan
from comity.routing.router import Router
from comity.routing.run import Trip, Visit
from comity.wire.chat import ChatRequest, Message

ROUNDS, REQUESTS = 7, 20_000
ASK = ChatRequest(messages=(Message(role="system", content="You are brief."), Message(role="user", content="word " * 200)))


def microseconds(places: int, **settings: object) -> float:
    configured = [DeploymentConfig(id=f"p{n}", provider="self-hosted", concurrency_max=64) for n in range(places)]
    made = {
        each.id: Deployment(id=each.id, provider="x", dialect="openai", model="m", facts=facts.Provider(id=each.id, kind="cloud"),
                            features=features("openai"))
        for each in configured
    }  # fmt: skip
    allow = Decision(effect=Effect.ALLOW, as_of=date(2026, 11, 23))
    route = plan([Candidate(deployment=each, decision=allow) for each in made.values()], ASK, 1000)
    config = Config(deployments=tuple(configured), routing=RoutingConfig(**settings))  # type: ignore[arg-type]
    router = Router(config, configured, made, clock=SystemClock(), random=SystemRandom(), key=b"k" * 32)
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(REQUESTS):
            trip = Trip(router, route, ASK, "key")
            visit = trip.step()
            assert isinstance(visit, Visit)
            trip.hedge_after(visit)
            visit.answered()
            visit.over()
        best = min(best, (time.perf_counter() - began) / REQUESTS)
    return best * 1e6


def main() -> None:
    print(f"one place            {microseconds(1):5.1f} µs")
    for name, settings in (
        ("three, as configured", {}), ("three, quickest", {"balance": "latency"}),
        ("three, by weight", {"balance": "weighted", "sticky": False}), ("the same, sticky", {"balance": "weighted"}),
    ):  # fmt: skip
        print(f"{name:20} {microseconds(3, **settings):5.1f} µs")


if __name__ == "__main__":
    main()
