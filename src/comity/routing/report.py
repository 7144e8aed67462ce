# SPDX-License-Identifier: Apache-2.0
"""What a caller is told when no lawful place answered: every attempt, what is lawful besides and why it was not asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from comity.errors import ProviderFailure
from comity.routing.health import Health

_STATUS = {"timeout": 504, "unsupported": 400}
_SAID = {
    "open": "is left alone after failures", "parked": "asked to wait", "full": "is full", "untried": "was not asked",
}  # fmt: skip
_AGAIN = "try again later, or configure another deployment where the law allows it"
FULL_SECONDS = 1  # after which somebody who found every place full may well find room


class Tried(NamedTuple):
    deployment: str
    number: int
    failure: ProviderFailure


Passed = tuple[str, str, Health]
"""A place that was allowed and not asked: its id, `open`, `parked`, `full` or `untried`, and how it is doing."""


def exhausted(
    tried: Sequence[Tried], passed: Sequence[Passed], unfit: Sequence[tuple[str, str]], now: float, *, poor: bool
) -> ProviderFailure:
    """``poor``: another attempt was possible and would have been over the share of retries."""
    if len(tried) == 1 and tried[0].failure.kind == "content":
        return tried[0].failure  # the partner's own refusal is passed on as such
    error = _failed(tried, passed, poor) if tried else _nobody(passed, now)
    error.attempts = tuple(_attempt(each) for each in tried)
    error.lawful = tuple(_lawful(each, now) for each in passed) + tuple(
        {"deployment": name, "why": "unable", "said": why} for name, why in unfit
    )
    return error


def _failed(tried: Sequence[Tried], passed: Sequence[Passed], poor: bool) -> ProviderFailure:
    last = tried[-1].failure
    waits = [each.failure.retry_after_seconds for each in tried if each.failure.upstream_status == 429]
    busy = len(waits) == len(tried)
    kinds = {each.failure.kind for each in tried}
    said = "every lawful place failed: " + "; ".join(_folded(tried))
    skipped = [each for each in passed if each[1] != "untried"]
    if skipped:
        said += "; not asked: " + "; ".join(map(_why, skipped))
    if poor:
        said += "; no further attempt was made, since too many requests are being tried again"
    return ProviderFailure(
        said, kind=last.kind, retryable=False, upstream_status=last.upstream_status, code="provider.exhausted", hint=last.hint or _AGAIN,
        status=429 if busy else _STATUS.get(last.kind, 502) if len(kinds) == 1 else 502,
        retry_after_seconds=min((wait for wait in waits if wait is not None), default=None) if busy else None,
    )  # fmt: skip


def _nobody(passed: Sequence[Passed], now: float) -> ProviderFailure:
    """Nothing was sent at all."""
    waits = [FULL_SECONDS if why == "full" else max(1, math.ceil(health.ready_at() - now)) for _, why, health in passed]
    busy = all(why == "parked" for _, why, _ in passed)
    return ProviderFailure(
        "no lawful place can be asked now: " + "; ".join(_why(each) for each in passed), kind="unavailable", retryable=False,
        code="provider.exhausted", hint=_AGAIN, status=429 if busy else 503, retry_after_seconds=min(waits, default=FULL_SECONDS),
    )  # fmt: skip


def _folded(tried: Sequence[Tried]) -> list[str]:
    """One line for a place that said the same each time."""
    times: dict[str, int] = {}
    for each in tried:
        line = f"`{each.deployment}`: {each.failure}"
        times[line] = times.get(line, 0) + 1
    return [line if count == 1 else f"{line} ({count} times)" for line, count in times.items()]


def _why(passed: Passed) -> str:
    name, why, health = passed
    last = f" (the last: {health.last})" if why == "open" and health.last else ""
    return f"`{name}` {_SAID[why]}{last}"


def _attempt(tried: Tried) -> dict[str, object]:
    failure = tried.failure
    return {
        "deployment": tried.deployment, "number": tried.number, "code": failure.code, "kind": failure.kind,
        "status": failure.upstream_status, "said": str(failure),
    }  # fmt: skip


def _lawful(passed: Passed, now: float) -> dict[str, object]:
    name, why, health = passed
    out: dict[str, object] = {"deployment": name, "why": why, "said": _SAID[why]}
    if why in ("open", "parked"):
        out["seconds"] = max(1, math.ceil(health.ready_at() - now))
    return out
