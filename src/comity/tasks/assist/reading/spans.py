# SPDX-License-Identifier: Apache-2.0
"""ISO 8601 durations as code takes them."""

from __future__ import annotations

import re
from datetime import timedelta

_PERIOD = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def span_of(period: str) -> timedelta:
    """Raises ValueError."""
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise ValueError("no duration")
    days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
