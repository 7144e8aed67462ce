# SPDX-License-Identifier: Apache-2.0
"""What the measurements say: tables with median, least and most over the rounds, and whether Comity keeps its promise.

Ratios and added latencies are taken within a round, where both stood side by side, and only then over the rounds: a machine
that drifts between minutes drifts for both.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

TIMES_LITELLM = 80
CPU_US_MAX = {"mixed": 150.0, "streams": 25.0}
"""Of a request, and of a chunk of a stream."""
ADDED_US_MAX = {"p50": 800.0, "p99": 3000.0}
MEMORY_MB_MAX, IMPORT_MS_MAX, READY_SECONDS_MAX = 150.0, 50.0, 1.0
NOISY_CORES = 0.1
MARKS = ("p50", "p99")
Measured = dict[str, Any]


class Span(NamedTuple):
    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Span | None:
        found = list(values)
        return cls(statistics.median(found), min(found), max(found)) if found else None


class Verdict(NamedTuple):
    kept: bool
    said: str


class Results:
    """``rows``: one measurement each, with its round; round 0 is the warm-up, counted in totals alone."""

    def __init__(self, rows: list[Measured]) -> None:
        self._at = {(row["round"], row["gateway"], row["load"]): row for row in rows}
        self.rows = rows
        self.gateways = list(
            dict.fromkeys(row["gateway"] for row in sorted(rows, key=lambda row: (row["gateway"] != "direct", row["gateway"])))
        )
        self._rounds = sorted({row["round"] for row in rows} - {0})

    def over(self, gateway: str, load: str, value: Callable[[Measured], float | None]) -> Span | None:
        found = [self._at.get((each, gateway, load)) for each in self._rounds]
        return Span.of(number for row in found if row is not None and (number := value(row)) is not None)

    def beside(self, gateway: str, other: str, load: str, value: Callable[[Measured, Measured], float | None]) -> Span | None:
        pairs = [(self._at.get((each, gateway, load)), self._at.get((each, other, load))) for each in self._rounds]
        return Span.of(number for one, two in pairs if one and two and (number := value(one, two)) is not None)

    def times(self, gateway: str, other: str, load: str) -> Span | None:
        return self.beside(gateway, other, load, lambda one, two: one["per_second"] / two["per_second"] if two["per_second"] else None)

    def added(self, gateway: str, load: str, which: str, mark: str) -> Span | None:
        """Microseconds on top of asking the upstream itself."""
        return self.beside(gateway, "direct", load, lambda one, two: _less(one[which].get(mark), two[which].get(mark)))

    def total(self, gateway: str, what: str) -> int:
        return sum(row[what] for row in self.rows if row["gateway"] == gateway)


def _less(one: float | None, two: float | None) -> float | None:
    return None if one is None or two is None else one - two


def table(heads: list[str], rows: list[list[str]]) -> str:
    """As Markdown, in columns that also line up on a terminal."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]

    def line(cells: list[str]) -> str:
        first, *rest = zip(cells, widths, strict=True)
        return "| " + " | ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]) + " |"

    return "\n".join(map(line, [heads, rule, *rows]))


def span(found: Span | None, digits: int = 0) -> str:
    """`median (least–most)`, or a dash where there is nothing to say."""
    if found is None:
        return "–"
    if found.least == found.most:
        return f"{found.median:,.{digits}f}"
    return f"{found.median:,.{digits}f} ({found.least:,.{digits}f}–{found.most:,.{digits}f})"


def whole_answers(results: Results) -> str:
    heads = ["one core, 64 at once"]
    for load in ("mixed", "plain", "personal"):
        heads += [f"{load}: req/s", "× LiteLLM", "CPU µs/req"]
    rows = []
    for name in results.gateways:
        row = [name]
        for load in ("mixed", "plain", "personal"):
            row += [
                span(results.over(name, load, lambda each: each["per_second"])),
                span(results.times(name, "litellm", load), 1) if name != "direct" else "–",
                span(results.over(name, load, cpu_us("answered"))),
            ]
        rows.append(row)
    return table(heads, rows)


def cpu_us(of: str) -> Callable[[Measured], float | None]:
    """Microseconds of the gateway's CPU for each one ``of`` them (`answered`, `events`)."""
    return lambda row: row["cpu_seconds"] / row[of] * 1e6 if row[of] and row["gateway"] != "direct" else None


def _mark(which: str, mark: str) -> Callable[[Measured], float | None]:
    return lambda row: row[which].get(mark)


def _added(results: Results, name: str, load: str, which: str) -> list[str]:
    return [span(results.added(name, load, which, mark)) if name != "direct" else "–" for mark in MARKS]


def latency(results: Results) -> str:
    heads = ["µs, requests due at a constant rate", "p50", "p99", "added p50", "added p99"]
    rows = []
    for name in results.gateways:
        own = [span(results.over(name, "paced", _mark("latency", mark))) for mark in MARKS]
        rows.append([name, *own, *_added(results, name, "paced", "latency")])
    return table(heads, rows)


def streams(results: Results) -> str:
    heads = ["streams", "chunks/s at 64", "CPU µs/chunk", "added to first byte: p50", "p99", "added to a chunk: p50", "p99"]
    rows = []
    for name in results.gateways:
        row = [
            name,
            span(results.over(name, "streams", lambda each: each["chunks_per_second"])),
            span(results.over(name, "streams", cpu_us("events")), 1),
        ]
        for which in ("first_byte", "delta"):
            row += _added(results, name, "paced streams", which)
        rows.append(row)
    return table(heads, rows)


def footprint(about: dict[str, dict[str, Any]]) -> str:
    """``about`` each gateway: `cold_s`, `idle_mb`, `after_mb`, and where it has one `import_ms`."""
    heads = ["process", "cold start, s", "memory at rest, MB", "after the load, MB", "import, ms"]
    rows = [
        [
            name,
            span(Span.of(each["cold_s"]), 2),
            f"{each['idle_mb']:.0f}",
            f"{each['after_mb']:.0f}",
            span(Span.of(each.get("import_ms", ())), 1),
        ]
        for name, each in about.items()
    ]
    return table(heads, rows)


def noise(results: Results) -> str:
    others = Span.of(row["others"] for row in results.rows)
    stolen = Span.of(row["stolen"] for row in results.rows)
    assert others is not None and stolen is not None
    word = "noisy" if others.median + stolen.median > NOISY_CORES else "quiet"
    return f"{word}: cores used by others {span(others, 2)}, taken by the host {span(stolen, 2)}"


def verdicts(results: Results, *, records: int | None, about: dict[str, dict[str, Any]]) -> list[Verdict]:
    """``records``: how many receipts Comity's home holds; None when Comity was not measured.  ``about`` as for `footprint`."""
    found: list[Verdict] = []
    if "comity" in results.gateways and records is not None:
        forwarded, marked, errors = (results.total("comity", what) for what in ("forwarded", "marked", "errors"))
        found += [
            Verdict(errors == 0, f"every request to Comity was answered whole ({errors} were not)"),
            Verdict(marked == 0, f"nothing personal reached the upstream through Comity ({marked} of {forwarded:,} requests)"),
            Verdict(records >= forwarded, f"every request that Comity sent on has its record on disk ({records:,} for {forwarded:,})"),
        ]
        found += [*_costs(results), *_footprint(about["comity"])]
    if "comity" in results.gateways and "litellm" in results.gateways:
        times = results.times("comity", "litellm", "mixed")
        kept = times is not None and times.median >= TIMES_LITELLM
        found.append(Verdict(kept, f"{span(times, 1)} × LiteLLM's requests a second on one core, mixed; promised {TIMES_LITELLM}"))
        for mark in MARKS:
            ours, theirs = (results.added(name, "paced", "latency", mark) for name in ("comity", "litellm"))
            kept = ours is not None and theirs is not None and ours.median < theirs.median
            found.append(Verdict(kept, f"added latency, {mark}: {span(ours)} µs, LiteLLM's {span(theirs)} µs; promised less"))
    return found


def _within(found: Span | None, most: float, what: str, unit: str, digits: int = 0) -> Verdict:
    return Verdict(found is not None and found.median <= most, f"{what}: {span(found, digits)} {unit}; promised {most:g}")


def _costs(results: Results) -> list[Verdict]:
    found = [
        _within(results.over("comity", "mixed", cpu_us("answered")), CPU_US_MAX["mixed"], "CPU of a request, mixed", "µs"),
        _within(results.over("comity", "streams", cpu_us("events")), CPU_US_MAX["streams"], "CPU of a chunk", "µs", 1),
    ]
    return found + [
        _within(results.added("comity", "paced", "latency", mark), ADDED_US_MAX[mark], f"added latency, {mark}", "µs") for mark in MARKS
    ]


def _footprint(about: dict[str, Any]) -> list[Verdict]:
    return [
        _within(Span.of(about["cold_s"]), READY_SECONDS_MAX, "from its start to the first good answer", "s", 2),
        _within(Span.of([about["after_mb"]]), MEMORY_MB_MAX, "memory after the load", "MB"),
        _within(Span.of(about.get("import_ms", ())), IMPORT_MS_MAX, "import", "ms", 1),
    ]
