# SPDX-License-Identifier: Apache-2.0
"""What is seen of one request while it is answered: how long each step and each attempt took, and how it ended.

Counted for `/metrics` always, and a span of a trace where the request is traced.  Ids, codes and numbers, never content.
"""

from __future__ import annotations

from collections.abc import Callable

from comity.gateway.metrics import Metrics
from comity.gateway.telemetry.spans import AttemptSpan, Trace
from comity.providers.base import Deployment


class Watch:
    """``now``: seconds that never go back.  `done` ends a step and begins the next."""

    __slots__ = ("_metrics", "_now", "_since", "_trace")

    def __init__(self, metrics: Metrics, now: Callable[[], float], trace: Trace | None) -> None:
        self._metrics, self._now, self._trace = metrics, now, trace
        self._since = now()

    def done(self, step: str) -> None:
        at, spent = self._now(), self._metrics.spent[step]
        spent.seconds += at - self._since
        spent.times += 1
        if self._trace is not None:
            self._trace.step(step, self._since, at)
        self._since = at

    def attempt(self, deployment: Deployment, operation: str, number: int) -> Attempt:
        """One place that is about to be asked; several may be at once.  Whoever asks for it calls `ended`."""
        trace = self._trace
        span = trace.attempt(deployment, operation, number) if trace is not None else None
        return Attempt(self._metrics, self._now, trace, deployment.id, span)


class Attempt(Watch):
    """``done`` ends the steps of this attempt: record, protect, send."""

    __slots__ = ("_asked", "_begun", "_ended", "_place", "_span")

    def __init__(self, metrics: Metrics, now: Callable[[], float], trace: Trace | None, place: str, span: AttemptSpan | None) -> None:
        super().__init__(metrics, now, trace)
        self._place, self._span = metrics.asked[place], span
        self._asked, self._begun, self._ended = self._since, False, False
        self._place.begun += 1
        self._place.in_flight += 1

    def began(self) -> None:
        """The head of its answer has come."""
        if not self._begun:
            self._begun = True
            self._place.first_byte.add(self._now() - self._asked)

    def ended(self, code: str, upstream_status: int = 0, *, tokens_in: int | None = None, tokens_out: int | None = None) -> None:
        """``code``: `ok`, `interrupted`, or an error's.  Only the first call counts."""
        if self._ended:
            return
        self._ended = True
        place, at = self._place, self._now()
        place.in_flight -= 1
        place.outcomes[code] = place.outcomes.get(code, 0) + 1
        place.whole.add(at - self._asked)
        place.tokens_in += tokens_in or 0
        place.tokens_out += tokens_out or 0
        if self._span is not None and self._trace is not None:
            self._trace.attempted(self._span, self._asked, at, code, upstream_status, tokens_in, tokens_out)
