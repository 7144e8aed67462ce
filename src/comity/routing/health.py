# SPDX-License-Identifier: Apache-2.0
"""How a place is doing: whether it is left alone for a while, and how soon it answers.  Pure: the time is passed in.

closed ──failures in a row, or too large a share of a window──▶ open ──its time is over──▶ half open
   ▲                                                             ▲                            │ one request tries it
   └───────────────────────────── answered ──────────────────────┼────────────────────────────┤
                                                                 └── failed: twice as long ───┘
"""

from __future__ import annotations

from collections import deque
from typing import Literal

from comity.config import RoutingConfig
from comity.errors import ProviderFailure
from comity.routing.window import Window

ANSWERS_MIN = 20  # within a window, before a share of them says anything
PARK_SECONDS = 1.0  # for a 429 that names no time; doubled each time until it answers, up to
PARK_SECONDS_MAX = 60.0
NEW_SHARE = 0.2  # of a new answer in the average
HALF_LIFE_SECONDS = 30.0  # of an average that nothing new came to: a slow place is tried again one day
LATEST = 64  # answers kept for the slow end
LATEST_MIN = 20
_TICKET = frozenset({401, 403, 404, 408})  # the operator's account there, or the partner's own waiting: no other request will fare better
Verdict = Literal["good", "bad", "busy", "neither"]
State = Literal["closed", "open", "half_open"]


def verdict(error: BaseException | None) -> Verdict:
    """What an attempt's end says of the place: a request that is wrong, or a caller who left, says nothing bad of it."""
    if error is None:
        return "good"
    if not isinstance(error, ProviderFailure) or error.kind in ("refused", "unsupported"):
        return "neither"
    if error.upstream_status == 429:
        return "busy"
    if error.kind == "content" or (error.kind == "status" and 400 <= error.upstream_status < 500 and error.upstream_status not in _TICKET):
        return "good"  # it answered, and what it said is about the request
    return "bad"


class Breaker:
    __slots__ = ("_in_a_row", "_open_seconds", "_settings", "_tried", "_window", "until")

    def __init__(self, settings: RoutingConfig) -> None:
        self._settings = settings
        self._window = Window(settings.window_seconds)  # answers, and failures among them
        self._in_a_row = 0
        self._open_seconds = 0.0  # how long it was left alone last; 0: closed
        self.until = 0.0
        self._tried = False  # a trial is under way

    def state(self, now: float) -> State:
        return "closed" if not self._open_seconds else "half_open" if now >= self.until else "open"

    def allows(self, now: float) -> bool:
        return not self._open_seconds or (now >= self.until and not self._tried)

    def begin(self) -> bool:
        """An attempt that `allows` let through begins; whether it is the trial, whose end alone counts while this is not closed."""
        if not self._open_seconds:
            return False
        self._tried = True
        return True

    def end(self, now: float, said: Verdict, *, trial: bool) -> None:
        if said == "good" and not self._open_seconds:  # nearly always
            self._window.add(now, 1, 0)
            self._in_a_row = 0
        elif trial:
            self._tried = False
            if said == "good":
                self._close()
            elif said != "neither":
                self._open(now)
        elif said == "bad" and not self._open_seconds:
            self._window.add(now, 1, 1)
            self._in_a_row += 1
            if self._in_a_row >= self._settings.failures_max or self._too_many():
                self._open(now)

    def reachable(self, now: float) -> None:
        """Somebody looked and it answers: the next request may try it."""
        if self._open_seconds:
            self.until = min(self.until, now)

    def _too_many(self) -> bool:
        return self._window.first >= ANSWERS_MIN and self._window.second >= self._settings.failure_share_max * self._window.first

    def _open(self, now: float) -> None:
        self._open_seconds = min(self._open_seconds * 2 or self._settings.open_seconds, self._settings.open_seconds_max)
        self.until = now + self._open_seconds

    def _close(self) -> None:
        self._open_seconds, self._in_a_row = 0.0, 0
        self._window.clear()


class Latency:
    """Seconds until there was something for the caller: an average that forgets, and the last few for the slow end."""

    __slots__ = ("_at", "_average", "_latest")

    def __init__(self) -> None:
        self._latest: deque[float] = deque(maxlen=LATEST)
        self._average, self._at = 0.0, 0.0

    def add(self, now: float, seconds: float) -> None:
        self._average += (seconds - self._average) * (NEW_SHARE if self._latest else 1.0)
        self._at = now
        self._latest.append(seconds)

    def average(self, now: float) -> float:
        """0 where nothing is known."""
        return float(self._average * 0.5 ** ((now - self._at) / HALF_LIFE_SECONDS))

    def quantile(self, share: float) -> float | None:
        """None for as long as too little is known."""
        if len(self._latest) < LATEST_MIN:
            return None
        return sorted(self._latest)[min(int(share * len(self._latest)), len(self._latest) - 1)]


class Health:
    """Of one deployment."""

    __slots__ = ("_park_seconds", "answers", "breaker", "failures", "last", "parked_until", "stream", "whole")

    def __init__(self, settings: RoutingConfig) -> None:
        self.breaker = Breaker(settings)
        self.whole, self.stream = Latency(), Latency()
        self.parked_until = 0.0  # the place itself said to wait
        self._park_seconds = 0.0
        self.answers = self.failures = 0
        self.last = ""  # what its last failure said

    def closed_to(self, now: float) -> str:
        """Why it is not asked now, or ""."""
        if self.parked_until > now:
            return "parked"
        return "" if self.breaker.allows(now) else "open"

    def ready_at(self) -> float:
        return max(self.parked_until, self.breaker.until)

    def end(self, now: float, error: BaseException | None, *, trial: bool) -> None:
        said = verdict(error)
        self.breaker.end(now, "neither" if said == "busy" else said, trial=trial)
        if said == "good":
            self.answers += 1
            self._park_seconds = 0.0
        elif said != "neither":
            self.failures += 1
            self.last = str(error)
        if said == "busy":
            asked = error.retry_after_seconds if isinstance(error, ProviderFailure) else None
            if now >= self.parked_until:  # many that were under way say it at once: that is once
                self._park_seconds = min(max(PARK_SECONDS, self._park_seconds * 2), PARK_SECONDS_MAX)
            self.parked_until = max(self.parked_until, now + (self._park_seconds if asked is None else asked))
