# SPDX-License-Identifier: Apache-2.0
"""How long a decision takes on one core: kept, and anew for the 24 places of one request; and how long the law takes to start.

python -m benchmarks.decide

Exit code 1: a promise was not kept.  What costs is handing facts to Cedar, three times for each pack that is asked (what terms hold, may
it go there, what is owed): so it matters that only packs which claim a request are asked, and that policies and schema are parsed once.
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from itertools import count
from typing import Any, NamedTuple

from benchmarks.harness import machine, report

from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.engine import Engine
from comity.policy.facts import Controller, Data, Facts, Provider, Subject, Volumes

DEEP = ("cn", "eea", "us")
PLACES, ROUNDS, REQUESTS = 24, 5, 40
KEPT_US_MAX, REQUESTS_MIN, START_S_MAX = 5.0, 200.0, 0.5
REGIONS = ("CN", "HK", "SG", "JP", "KR", "DE", "IE", "FR", "UK", "US", "BR", "IN")
START = """
import time
began = time.perf_counter()
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.engine import Engine
engine = Engine(load_packs({packs}), load_vocabulary())
print(time.perf_counter() - began)
"""


class Request(NamedTuple):
    """``number`` tells its facts from those of every other, so that none is kept."""

    name: str
    location: str
    us_person: bool = False
    collected_in: str | None = None

    def facts(self, number: int) -> list[Facts]:
        made = []
        for at in range(PLACES):
            region = REGIONS[at % len(REGIONS)]
            place, access = frozenset({region}), frozenset({region, REGIONS[(at // len(REGIONS) + at) % len(REGIONS)]})
            made.append(Facts(
                as_of=date(2026, 11, 23), subject=Subject(location=self.location, age=35),
                controller=Controller(us_person=self.us_person), volumes=Volumes(cn_ytd_pi=number),
                data=Data(categories=frozenset({"name", "contact"}), collected_in=self.collected_in), legal_basis="consent",
                consent=frozenset({"general", "separate_cross_border"}), safeguards=frozenset({"processor_contract"}),
                provider=Provider(
                    id=f"place-{at}", operator_region=region, covered_person=region == "CN", processing=place, storage=place,
                    access=access, mechanisms=frozenset({"cac_scc"} if at % 2 else {"eu_scc"}), filings=frozenset({"cn_genai"}),
                ),
            ))  # fmt: skip
        return made


ONE, TWO, THREE = Request("one law", "CN"), Request("two laws", "CN", us_person=True), Request("three laws", "CN", True, "DE")


def seconds(work: Callable[[], object]) -> float:
    """Of this core's time, as the scheduler counts it: other work hardly moves it."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def kept(engine: Engine, facts: Facts, times: int = 50_000) -> float:
    """Seconds of one look."""
    engine.decide(facts)
    decide = engine.decide
    return seconds(lambda: [decide(facts) for _ in range(times)]) / times


def anew(engine: Engine, asked: Sequence[list[Facts]]) -> float:
    """Requests a second."""
    return len(asked) / seconds(lambda: [engine.decide_many(each) for each in asked])


def start(packs: Sequence[str]) -> float:
    """Of a fresh process, from before the first import until a question could be asked."""
    code = START.format(packs=list(packs))
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


class Asked(NamedTuple):
    questions: int
    calls: int
    policies: int  # sets of them, each parsed before


def asked_of_cedar(engine: Engine, request: list[Facts]) -> Asked:
    import cedarpy

    handles: set[int] = set()
    sizes: list[int] = []
    real = cedarpy.is_authorized_batch

    def watched(requests: list[dict[str, Any]], policies: Any, entities: Any, schema: Any) -> Any:
        given = (policies, entities, schema)
        assert all(map(isinstance, given, (cedarpy.PolicySet, cedarpy.Entities, cedarpy.Schema))), "parsed for each question"
        handles.add(id(policies))
        sizes.append(len(requests))
        return real(requests, policies, entities, schema)

    cedarpy.is_authorized_batch = watched
    try:
        engine.decide_many(request)
    finally:
        cedarpy.is_authorized_batch = real
    return Asked(sum(sizes), len(sizes), len(handles))


def span(values: Sequence[float], digits: int = 0) -> str:
    return report.span(report.Span.of(values), digits)


def main() -> int:
    os.sched_setaffinity(0, {machine.cores()[0]})
    vocabulary, numbers = load_vocabulary(), count()
    rows: list[list[str]] = []
    looks: list[float] = []
    rates: dict[str, list[float]] = {}
    for packs in (load_packs(DEEP), load_packs()):
        engine = Engine(packs, vocabulary)
        for request in (ONE, TWO, THREE):
            engine.decide_many(request.facts(next(numbers)))  # what is in force that day is parsed now, once
            found = [anew(engine, [request.facts(next(numbers)) for _ in range(REQUESTS)]) for _ in range(ROUNDS)]
            look = [kept(engine, request.facts(0)[0]) * 1e6 for _ in range(ROUNDS)]
            asked = asked_of_cedar(engine, request.facts(next(numbers)))
            name = f"{request.name} of {len(packs)}"
            rates[name] = found
            looks += look
            places = [1e6 / (rate * PLACES) for rate in found]
            rows.append([name, span(found), span(places), f"{asked.questions} in {asked.calls}, {asked.policies} packs", span(look, 2)])
    starts = {len(load_packs(packs)): [start(packs) for _ in range(ROUNDS)] for packs in (DEEP, ())}
    print(f"{machine.describe()}; one core\n")
    print(report.table([f"{PLACES} places of one request", "requests/s", "µs a place", "asked of Cedar", "kept, µs"], rows))
    print()
    print(report.table(["start of a process with", "s"], [[f"{many} packs", span(each, 2)] for many, each in starts.items()]) + "\n")
    one, began = statistics.median(rates[f"{ONE.name} of {len(DEEP)}"]), statistics.median(starts[len(DEEP)])
    promises = [
        (statistics.median(looks) <= KEPT_US_MAX, f"a kept decision takes {statistics.median(looks):.2f} µs; promised {KEPT_US_MAX:g}"),
        (one >= REQUESTS_MIN, f"{one:.0f} requests a second of {PLACES} places under one law; promised {REQUESTS_MIN:g}"),
        (began <= START_S_MAX, f"the deep packs start in {began:.2f} s; promised {START_S_MAX:g}"),
    ]
    for held, text in promises:
        print(f"{'kept' if held else 'NOT KEPT'}: {text}")
    return 0 if all(held for held, _ in promises) else 1


if __name__ == "__main__":
    sys.exit(main())
