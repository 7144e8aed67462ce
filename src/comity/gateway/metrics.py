# SPDX-License-Identifier: Apache-2.0
"""Prometheus text for `/metrics`: counts by code and place; never content, subject or key.

A handful of counters and two histograms kept as plain numbers: one process, one event loop, no locks needed.
Format: Prometheus text exposition 0.0.4.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Histogram:
    def __init__(self) -> None:
        self.counts = [0] * (len(SECONDS) + 1)
        self.sum = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(SECONDS, seconds)] += 1
        self.sum += seconds

    def lines(self, name: str) -> list[str]:
        out, total = [f"# TYPE {name} histogram"], 0
        for bound, count in zip((*map(str, SECONDS), "+Inf"), self.counts, strict=True):
            total += count
            out.append(f'{name}_bucket{{le="{bound}"}} {total}')
        return [*out, f"{name}_sum {self.sum:.6f}", f"{name}_count {total}"]


class Metrics:
    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str]] = Counter()  # (route, status)
        self.decisions: Counter[tuple[str, str]] = Counter()  # (effect, deployment)
        self.in_flight = 0
        self.unrecorded_outcomes = 0
        self.seconds = Histogram()
        self.first_byte = Histogram()

    def text(self) -> bytes:
        lines = ["# HELP comity_requests_total answers by route and HTTP status", "# TYPE comity_requests_total counter"]
        lines += [f'comity_requests_total{{route="{a}",status="{b}"}} {n}' for (a, b), n in sorted(self.requests.items())]
        lines += ["# HELP comity_decisions_total decisions by effect and deployment", "# TYPE comity_decisions_total counter"]
        lines += [f'comity_decisions_total{{effect="{a}",deployment="{b}"}} {n}' for (a, b), n in sorted(self.decisions.items())]
        lines += ["# HELP comity_in_flight requests being answered", "# TYPE comity_in_flight gauge", f"comity_in_flight {self.in_flight}"]
        lines += [
            "# HELP comity_unrecorded_outcomes_total answers whose outcome (not their decision) could not be written",
            "# TYPE comity_unrecorded_outcomes_total counter",
            f"comity_unrecorded_outcomes_total {self.unrecorded_outcomes}",
        ]
        lines += self.seconds.lines("comity_request_seconds") + self.first_byte.lines("comity_first_byte_seconds")
        return ("\n".join(lines) + "\n").encode()
