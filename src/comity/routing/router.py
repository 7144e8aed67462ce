# SPDX-License-Identifier: Apache-2.0
"""What is known of every place between requests: how it is doing, how much it does now, what it costs; and who comes first.

Nothing of it is written down: a gateway that starts again knows nothing bad of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TypedDict

from comity.config import Config, CostConfig, DeploymentConfig
from comity.ports import Clock, Random
from comity.providers.base import Deployment
from comity.routing import balance, cost
from comity.routing.health import Health, Latency
from comity.routing.limits import Queue
from comity.routing.plan import Candidate, RoutePlan
from comity.routing.retry import Budget
from comity.wire.request import Request


class Known(TypedDict):
    """Of one place, as operators are shown it."""

    state: str  # closed | half_open | open | parked
    inflight: int
    answers: int
    failures: int
    last_failure: str
    p50_ms: float | None  # until there was something for the caller; of streams where there were enough, else of whole answers
    p95_ms: float | None
    parked_seconds: float  # for how long it is not asked


class Target:
    """One deployment, as routing sees it."""

    __slots__ = ("concurrency_max", "free_of_charge", "health", "id", "inflight", "lot_key", "prices", "weight")

    def __init__(self, config: DeploymentConfig, deployment: Deployment, health: Health, key: bytes) -> None:
        self.id, self.health = deployment.id, health
        self.weight, self.concurrency_max = config.weight, config.concurrency_max
        self.prices = () if deployment.embedded else cost.prices(config, deployment)
        self.free_of_charge = deployment.embedded
        self.lot_key = blake2b(deployment.id.encode(), key=key, digest_size=16).digest()
        self.inflight = 0

    def latency(self, stream: bool) -> Latency:
        return self.health.stream if stream else self.health.whole

    @property
    def full(self) -> bool:
        return 0 < self.concurrency_max <= self.inflight


class Healths:
    """`snapshot` is its one verb."""

    def __init__(self, places: Mapping[str, Target], clock: Clock) -> None:
        self._places, self._clock = places, clock

    def snapshot(self) -> dict[str, Known]:
        now = self._clock.monotonic()
        return {name: _known(place, now) for name, place in self._places.items()}


class Router:
    """``key``: 16 to 64 bytes that gateways of one controller share, so that a conversation finds its place through any of them."""

    def __init__(
        self, config: Config, configured: Sequence[DeploymentConfig], deployments: Mapping[str, Deployment], *, clock: Clock,
        random: Random, key: bytes, before: Router | None = None,
    ) -> None:  # fmt: skip
        """``before``: the router of the configuration until now; what is said there as it is here goes on with all that is known of it."""
        self.settings = config.routing
        self.clock, self.random = clock, random
        self.queue, self.budget = Queue(self.settings.queue_max), Budget(self.settings)
        self._key = key
        self._said = {each.id: (each, deployments[each.id]) for each in configured}
        self.places = {name: Target(*said, Health(self.settings), key) for name, said in self._said.items()}
        if before is not None and (before.settings, before._key) == (self.settings, key):
            self.queue, self.budget = before.queue, before.budget
            self.places |= {name: place for name, place in before.places.items() if self._said.get(name) == before._said[name]}
        self.health = Healths(self.places, clock)

    def affordable(self, route: RoutePlan, request: Request, characters: int, *ceilings: CostConfig | None) -> RoutePlan:
        """Without the places that may cost more than one of ``ceilings`` (None: no ceiling)."""
        held = [each for each in (self.settings.cost_max, *ceilings) if each is not None]
        if not held:
            return route
        counted = cost.tokens(request, characters, self.settings.completion_tokens_assumed)
        able, unfit = [], list(route.unfit)
        for candidate in route.attempts:
            place = self.places[candidate.deployment.id]
            why = "" if place.free_of_charge else cost.too_dear(place.prices, held, counted)
            if why:
                unfit.append((place.id, why))
            else:
                able.append(candidate)
        return RoutePlan(attempts=tuple(able), unfit=tuple(unfit))

    def ordered(self, candidates: Sequence[Candidate], request: Request, caller: str) -> Sequence[Candidate]:
        """The same candidates; priorities are the plan's, what is equal there is ordered here."""
        how = self.settings.balance
        if how == "order" or len(candidates) == 1:
            return candidates
        out: list[Candidate] = []
        for group in balance.groups(candidates):
            if len(group) > 1:
                places = [self.places[each.deployment.id] for each in group]
                costs = self._quickest(places, request.stream) if how == "latency" else self._by_lot(places, request, caller)
                group = [group[at] for at in sorted(range(len(group)), key=costs.__getitem__)]
            out += group
        return out

    def _by_lot(self, places: Sequence[Target], request: Request, caller: str) -> list[float]:
        begun = balance.beginning(request, caller, self._key) if self.settings.sticky else b""
        if begun:
            lots = [balance.own_lot(begun, place.lot_key) for place in places]
        else:
            size = balance.LOT_BYTES
            raw = self.random.token(size * len(places))
            lots = [balance.lot(raw[at : at + size]) for at in range(0, len(raw), size)]
        return [balance.place_of(lot, place.weight) for lot, place in zip(lots, places, strict=True)]

    def _quickest(self, places: Sequence[Target], stream: bool) -> list[float]:
        """What is under way there counts too: many at once would else all choose the one that was quickest a moment ago."""
        now = self.clock.monotonic()
        return [max(place.latency(stream).average(now), 0.001) * (place.inflight + 1) for place in places]

    def left(self, place: Target) -> None:
        """A slot there is free: whoever waited longest has it, else nobody."""
        if not self.queue or not self.queue.hand(place.id):
            place.inflight -= 1


def _known(place: Target, now: float) -> Known:
    health = place.health
    shown = health.stream if health.stream.quantile(0.5) is not None else health.whole
    parked = health.parked_until > now
    middle, slow = shown.quantile(0.5), shown.quantile(0.95)
    return Known(
        state="parked" if parked else health.breaker.state(now), inflight=place.inflight, answers=health.answers, failures=health.failures,
        last_failure=health.last, p50_ms=None if middle is None else round(middle * 1000, 1),
        p95_ms=None if slow is None else round(slow * 1000, 1), parked_seconds=round(max(0.0, health.ready_at() - now), 1),
    )  # fmt: skip
