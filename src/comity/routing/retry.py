# SPDX-License-Identifier: Apache-2.0
"""Whether a failure may be followed by another attempt, where, after how long, and how many such attempts there may be in all."""

from __future__ import annotations

from comity.config import RoutingConfig
from comity.errors import ProviderFailure
from comity.routing.window import Window

_BEGUN = ("protocol", "timeout", "status")


def elsewhere(failure: ProviderFailure) -> bool:
    """Another place may be asked.  What a partner's own check refused is asked of nobody else.

    An answer that broke off is final for whoever had begun to pass it on; here nothing has reached the caller yet."""
    if failure.kind in ("content", "refused"):
        return False
    return failure.retryable or (failure.kind in _BEGUN and not 400 <= failure.upstream_status < 500)


def here(failure: ProviderFailure) -> bool:
    """The same place may be asked again: it may do better in a moment.  One that was waited for in vain is not waited for twice."""
    if failure.kind == "status":
        return failure.upstream_status in (408, 429) or failure.upstream_status >= 500 or failure.upstream_status == 200
    return failure.kind in ("connect", "protocol")


def wait(settings: RoutingConfig, failure: ProviderFailure, times: int, lot: float) -> float | None:
    """Seconds before the same place is asked again, after ``times`` failures there; None: it asked for more than is waited here.

    ``lot``: from 0 to 1.  "Full jitter": whoever failed together does not come back together."""
    longest = settings.backoff_seconds_max
    back_off = lot * min(settings.backoff_seconds * 2.0 ** (times - 1), longest)
    asked = failure.retry_after_seconds
    if asked is None:
        return back_off
    return asked + back_off if asked <= longest else None


class Budget:
    """Attempts after the first, as a share of all requests: what fails everywhere is not asked for many times over."""

    def __init__(self, settings: RoutingConfig) -> None:
        self._settings = settings
        self._window = Window(settings.window_seconds)  # requests, and attempts after their first

    def request(self, now: float) -> None:
        self._window.add(now, 1, 0)

    def take(self, now: float) -> bool:
        if not self.left(now):
            return False
        self._window.add(now, 0, 1)
        return True

    def left(self, now: float) -> bool:
        self._window.turn(now)
        allowed = max(float(self._settings.retries_min), self._settings.retry_share_max * self._window.first)
        return self._window.second + 1 <= allowed
