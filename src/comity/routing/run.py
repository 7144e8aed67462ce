# SPDX-License-Identifier: Apache-2.0
"""One request's way among the places its plan allows: whom to ask next, and what to say when nobody is left.

It does nothing itself: `step` says what is next, whoever drives it (`gateway/attempts.py`, a test) says what became of it.  Every
place it names is of its plan, and it may name none after the first that answered: by then the caller has something.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from comity.errors import ProviderFailure
from comity.routing import hedge, retry
from comity.routing.plan import Candidate, RoutePlan
from comity.routing.report import Tried, exhausted
from comity.routing.router import Router, Target
from comity.wire.request import Request


class Pause(NamedTuple):
    """Wait; then `step` again."""

    seconds: float


class Full(NamedTuple):
    """Wait in the queue for one of these, for no longer than that; then `handed`, or nobody."""

    places: frozenset[str]
    seconds: float


class Visit:
    """One attempt: it holds a slot of its place until it is `over`."""

    __slots__ = ("_began", "_open", "_place", "_router", "_stream", "_trial", "candidate", "late", "number", "outrun")

    def __init__(self, router: Router, place: Target, candidate: Candidate, number: int, stream: bool, began: float, late: bool) -> None:
        self.candidate, self.number = candidate, number
        self.late = late  # some time has passed since the decision
        self.outrun = False  # another place answered first
        self._router, self._place, self._stream, self._began = router, place, stream, began
        self._trial = place.health.breaker.begin()
        self._open = True

    @property
    def seconds(self) -> float:
        """Since it began."""
        return self._router.clock.monotonic() - self._began

    def answered(self) -> None:
        """There is something for the caller."""
        now = self._router.clock.monotonic()
        self._place.latency(self._stream).add(now, now - self._began)

    def over(self, error: BaseException | None = None) -> None:
        """Nothing more comes of it; a second time says nothing."""
        if self._open:
            self._open = False
            self._place.health.end(self._router.clock.monotonic(), error, trial=self._trial)
            self._router.left(self._place)


class Trip:
    __slots__ = (
        "_again", "_caller", "_final", "_left", "_made", "_order", "_poor", "_resting", "_route", "_router", "_settings", "_stream",
        "_waited", "queue", "tried",
    )  # fmt: skip

    def __init__(self, router: Router, route: RoutePlan, request: Request, caller: str) -> None:
        self.tried: list[Tried] = []
        self.queue = router.queue
        self._router, self._settings, self._stream, self._caller = router, router.settings, request.stream, caller
        self._made = 0
        self._final = self._poor = False
        self._again: dict[str, float | None] = {}  # when a place that failed may be asked again; None: not for this request
        self._left = self._settings.queue_seconds_max  # how much longer a place may be waited for
        self._waited = False
        self._resting = ""  # the place for whose sake the last step was to wait
        router.budget.request(router.clock.monotonic())
        self.follow(route, request)

    def follow(self, route: RoutePlan, request: Request) -> None:
        """The plan, or (the law was asked again) the one that holds from now on; what was tried stays tried."""
        self._route = route
        self._order: Sequence[Candidate] = self._router.ordered(route.attempts, request, self._caller)

    @property
    def one(self) -> bool:
        """Whether there was but one attempt."""
        return self._made == 1

    def step(self) -> Visit | Pause | Full | None:
        """None: nobody is left to ask, or nobody may be."""
        now, settings = self._router.clock.monotonic(), self._settings
        if self._made and (self._final or self._made >= settings.attempts_max or not self._may_pay(now)):
            return None
        if self._resting:
            self._again[self._resting], self._resting = min(self._again.get(self._resting) or now, now), ""
        full: list[str] = []
        soonest: tuple[float, str] | None = None
        order = sorted(self._order, key=lambda each: each.deployment.id in self._again) if self._again else self._order
        for candidate in order:  # whoever was not asked yet comes before a second round
            place = self._router.places[candidate.deployment.id]
            ready = self._ready(place, now)
            if ready is None:
                continue
            if ready > now:
                soonest = min(soonest or (ready, place.id), (ready, place.id))
            elif place.full:
                full.append(place.id)
            else:
                place.inflight += 1
                return self._visit(place, candidate, now)
        return self._waiting(now, soonest, full)

    def handed(self, name: str, waited: float) -> Visit | None:
        """After ``waited`` seconds a slot of a place that was full is this request's.  None: that place is left alone now; `step` again."""
        self._left -= waited
        now, place = self._router.clock.monotonic(), self._router.places[name]
        candidate = next(each for each in self._order if each.deployment.id == name)
        if place.health.closed_to(now) or not self._may_pay(now):
            self.handed_back(name)
            return None
        return self._visit(place, candidate, now)

    def handed_back(self, name: str) -> None:
        """That slot is not wanted any more."""
        self._router.left(self._router.places[name])

    def hedge_after(self, visit: Visit) -> float | None:
        """How long ``visit`` may take before a second place is asked beside it; None: nobody is."""
        if len(self._order) < 2:
            return None
        return hedge.after(self._settings, self._router.places[visit.candidate.deployment.id].latency(self._stream))

    def hedge(self) -> Visit | None:
        """A second attempt beside the first: at a place that is well, has room and was not asked yet."""
        now = self._router.clock.monotonic()
        if self._made >= self._settings.attempts_max or not self._may_pay(now):
            return None
        for candidate in self._order:
            place = self._router.places[candidate.deployment.id]
            if place.id not in self._again and not place.health.closed_to(now) and not place.full:
                place.inflight += 1
                return self._visit(place, candidate, now)
        return None

    def failed(self, visit: Visit, failure: ProviderFailure) -> None:
        visit.over(failure)
        name, now = visit.candidate.deployment.id, self._router.clock.monotonic()
        self.tried.append(Tried(name, visit.number, failure))
        times = sum(each.deployment == name for each in self.tried)
        self._final = self._final or not retry.elsewhere(failure)
        wait = None
        if times < self._settings.rounds_max and retry.here(failure):
            wait = retry.wait(self._settings, failure, times, self._lot())
        self._again[name] = None if wait is None else now + wait

    def unmade(self, visit: Visit, why: Exception) -> None:
        """Nothing was sent: the law is to be asked again first."""
        visit.over(why)
        self._made -= 1
        self._again.pop(visit.candidate.deployment.id, None)

    def exhausted(self) -> ProviderFailure:
        now = self._router.clock.monotonic()
        asked = {each.deployment for each in self.tried}
        places = [self._router.places[each.deployment.id] for each in self._order]
        passed = [(place.id, place.health.closed_to(now) or ("full" if place.full else "untried"), place.health)
                  for place in places if place.id not in asked]  # fmt: skip
        return exhausted(self.tried, passed, self._route.unfit, now, poor=self._poor)

    # -- choosing ------------------------------------------------------------------------------------------------

    def _visit(self, place: Target, candidate: Candidate, now: float) -> Visit:
        late = self._made > 0 or self._waited
        if self._made:
            self._router.budget.take(now)
        self._made += 1
        self._again[place.id] = None  # not a second time beside itself; `failed` says whether afterwards
        return Visit(self._router, place, candidate, self._made, self._stream, now, late)

    def _may_pay(self, now: float) -> bool:
        """The first attempt is free; the rest have a budget."""
        self._poor = self._made > 0 and not self._router.budget.left(now)
        return not self._poor

    def _ready(self, place: Target, now: float) -> float | None:
        """When this request may ask there: now or soon; None: not within the time that is waited for a place."""
        health = place.health
        ready = self._again.get(place.id, now)
        if ready is None or not health.closed_to(now):
            return ready
        opens = health.ready_at()
        return max(ready, opens + self._lot() * self._settings.backoff_seconds) if now < opens <= now + self._longest else None

    @property
    def _longest(self) -> float:
        return self._settings.backoff_seconds_max

    def _waiting(self, now: float, soonest: tuple[float, str] | None, full: list[str]) -> Pause | Full | None:
        wait = soonest[0] - now if soonest is not None else 0.0
        if self._left <= 0 or wait > self._left or (soonest is None and not full):
            return None
        self._waited = True
        if soonest is None:
            return Full(frozenset(full), self._left)
        self._left -= wait
        self._resting = soonest[1]
        return Pause(wait)

    def _lot(self) -> float:
        return int.from_bytes(self._router.random.token(4), "big") / 2.0**32
