# SPDX-License-Identifier: Apache-2.0
"""What `/metrics` says: counts, gauges and histograms by route, deployment, code and step; never content, subject or key.

Plain numbers in dictionaries: one process, one event loop, no locks needed.  What is cheap to look at only when it is asked for (the
process, queues, breakers) is looked at then.
Format: Prometheus text exposition 0.0.4.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Literal

from comity.gateway import process

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_BOUNDS = (*map(str, SECONDS), "+Inf")
Labels = tuple[str, ...]
Sample = tuple[str, str, float]
"""Suffix of the name, labels as text, value."""


class Family(ABC):
    """One metric: its name, what it tells, and the names of its labels."""

    kind: Literal["counter", "gauge", "histogram"]

    def __init__(self, name: str, about: str, *labels: str) -> None:
        self.name, self.about, self.labels = name, about, labels

    @abstractmethod
    def samples(self) -> Iterator[Sample]: ...

    def text(self) -> Iterator[str]:
        yield f"# HELP {self.name} {self.about}"
        yield f"# TYPE {self.name} {self.kind}"
        for suffix, labels, value in self.samples():
            yield f"{self.name}{suffix}{labels} {value if isinstance(value, int) else f'{value:.6f}'}"


class Numbers(Family, dict[Labels, float]):
    """By the values of its labels; what was never counted is 0."""

    def __missing__(self, key: Labels) -> float:
        return 0

    def samples(self) -> Iterator[Sample]:
        for values, count in sorted(self.items()):
            yield "", _labelled(self.labels, values), count


class Counter(Numbers):
    kind = "counter"


class Gauge(Numbers):
    kind = "gauge"


class Buckets:
    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(SECONDS, seconds)] += 1
        self.sum += seconds


class Histogram(Family, dict[Labels, Buckets]):
    """Of seconds."""

    kind = "histogram"

    def __missing__(self, key: Labels) -> Buckets:
        made = self[key] = Buckets()
        return made

    def add(self, seconds: float) -> None:
        """To the one that has no labels."""
        self[()].add(seconds)

    def samples(self) -> Iterator[Sample]:
        for values, buckets in sorted(self.items()):
            total = 0
            for bound, count in zip(_BOUNDS, buckets.counts, strict=True):
                total += count
                yield "_bucket", _labelled((*self.labels, "le"), (*values, bound)), total
            labels = _labelled(self.labels, values)
            yield "_sum", labels, buckets.sum
            yield "_count", labels, total


class Spent:
    """In one step of the pipeline."""

    __slots__ = ("seconds", "times")

    def __init__(self) -> None:
        self.seconds, self.times = 0.0, 0


class Asked:
    """One deployment: what a request counts there is counted in one object, found once."""

    __slots__ = ("begun", "first_byte", "in_flight", "outcomes", "tokens_in", "tokens_out", "whole")

    def __init__(self) -> None:
        self.begun = self.in_flight = self.tokens_in = self.tokens_out = 0
        self.outcomes: dict[str, int] = {}
        self.first_byte, self.whole = Buckets(), Buckets()


class Metrics:
    """Kept for as long as the process, whatever is loaded anew meanwhile."""

    def __init__(self) -> None:
        self.requests = Counter("comity_requests_total", "answers by route and HTTP status", "route", "status")
        self.decisions = Counter("comity_decisions_total", "decisions by effect and deployment", "effect", "deployment")
        self.in_flight = 0
        self._in_flight = Gauge("comity_in_flight", "requests being answered")
        self.unrecorded_outcomes = 0
        self._unrecorded = Counter("comity_unrecorded_outcomes_total", "answers whose outcome (not their decision) could not be written")
        self.seconds = Histogram("comity_request_seconds", "from a request's head to the end of its answer, in seconds")
        self.first_byte = Histogram("comity_first_byte_seconds", "from a place's acceptance to the first piece of a stream, in seconds")
        self.spent: defaultdict[str, Spent] = defaultdict(Spent)  # by step
        self.asked: defaultdict[str, Asked] = defaultdict(Asked)  # by deployment
        self.step_seconds = Counter("comity_step_seconds_total", "time spent in each step of the pipeline, in seconds", "step")
        self.steps = Counter("comity_steps_total", "how often each step of the pipeline was done", "step")
        self.attempts = Counter("comity_attempts_total", "attempts begun, by deployment", "deployment")
        self.attempts_in_flight = Gauge("comity_attempts_in_flight", "attempts that have not ended, by deployment", "deployment")
        self.outcomes = Counter(
            "comity_attempt_outcomes_total", "attempts ended, by `ok`, `interrupted` or the error's code", "deployment", "code"
        )
        self.attempt_first_byte = Histogram(
            "comity_attempt_first_byte_seconds", "from asking a deployment to the head of its answer, in seconds", "deployment"
        )
        self.attempt_seconds = Histogram(
            "comity_attempt_seconds", "from asking a deployment to the end of its answer, in seconds", "deployment"
        )
        self.tokens = Counter("comity_tokens_total", "tokens as deployments count them, `in` and `out`", "deployment", "direction")
        self.shed = Counter("comity_shed_total", "requests refused at the door because too much is held, by reason", "reason")
        self.reloads = Counter("comity_reloads_total", "configurations loaded anew, by `ok` or the error's code", "code")
        self.telemetry = Counter("comity_telemetry_total", "spans and reports `sent` to the collector, or `dropped`", "kind", "fate")
        self.breakers = Gauge("comity_breaker_state", "1 for the state that a deployment's breaker is in", "deployment", "state")
        self.evidence_days_left = Gauge(
            "comity_evidence_days_left", "days until evidence ends, 1 on its last; 0 once it has ended", "kind", "scope"
        )
        self.writer = Gauge("comity_writer_waiting", "what waits to be written, by database", "database")
        self.writer_groups = Counter("comity_writer_groups_total", "groups written, each with one sync, by database", "database")
        self.writer_jobs = Counter("comity_writer_jobs_total", "what was written in them, by database", "database")
        self.build = Gauge("comity_build_info", "1, with the version of Comity and of Python", "version", "python")
        self.build[process.build()] = 1
        self._process = process.families(Gauge, Counter)
        self.looks: list[Callable[[], None]] = []
        """Called before the text is made, to bring up to date what nobody counts."""

    def families(self) -> list[Family]:
        """Up to date, in the order of their names."""
        self._in_flight[()] = self.in_flight
        self._unrecorded[()] = self.unrecorded_outcomes
        process.look(self._process)
        for step, spent in self.spent.items():
            self.step_seconds[(step,)], self.steps[(step,)] = spent.seconds, spent.times
        for place, asked in self.asked.items():
            self.attempts[(place,)], self.attempts_in_flight[(place,)] = asked.begun, asked.in_flight
            self.attempt_first_byte[(place,)], self.attempt_seconds[(place,)] = asked.first_byte, asked.whole
            self.tokens[place, "in"], self.tokens[place, "out"] = asked.tokens_in, asked.tokens_out
            for code, times in asked.outcomes.items():
                self.outcomes[place, code] = times
        for look in self.looks:
            look()
        own = [family for family in vars(self).values() if isinstance(family, Family)]
        return sorted((*own, *self._process.values()), key=lambda family: family.name)

    def text(self) -> bytes:
        return ("\n".join(line for family in self.families() for line in family.text()) + "\n").encode()


_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def _labelled(names: Labels, values: Labels) -> str:
    if not names:
        return ""
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in zip(names, values, strict=True)) + "}"
