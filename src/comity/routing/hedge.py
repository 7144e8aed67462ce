# SPDX-License-Identifier: Apache-2.0
"""When a second place is asked although the first has not failed: once it is slower than it nearly always is."""

from __future__ import annotations

from comity.config import RoutingConfig
from comity.routing.health import Latency

SLOW = 0.95


def after(settings: RoutingConfig, latency: Latency) -> float | None:
    """Seconds; None: not at all, or too little is known of the place to say."""
    if not settings.hedge:
        return None
    return settings.hedge_after_ms / 1000 or latency.quantile(SLOW)
