# SPDX-License-Identifier: Apache-2.0
"""How long `comity replay` takes over 1,000,000 records of 500 distinct facts, and how much memory, reading them from a pipe.

python benchmarks/replay.py [RECORDS [DISTINCT]]

The first row has the facts of one place each, the second what a gateway with three places records: facts and decision.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from itertools import cycle, islice, product

import msgspec

from comity.gateway.judge import as_answer, shared_facts
from comity.jurisdictions.load import load_packs
from comity.jurisdictions.vocab import load_vocabulary
from comity.policy.engine import Engine
from comity.policy.facts import Controller, Data, Facts, Provider, Service, Subject
from comity.policy.ways import Case
from comity.providers.base import Deployment
from comity.routing.plan import Candidate

RECORDS, DISTINCT, AS_OF = 1_000_000, 500, "2024-01-01"
WRITTEN_AT_ONCE = 2_000
PLACES, FILED = ("CN", "DE", "US"), frozenset({"cn_genai"})


def facts(number: int) -> list[Facts]:
    """Of one request, for each place; ``number`` tells it from every other."""
    rows = product(("CN", "DE", "FR", "US", "IE"), PLACES, (("general",), ("general", "separate_cross_border")), ("contact", "health"))
    where, residence, consent, category = next(islice(cycle(rows), number, None))
    return [
        Facts(
            as_of=date(2026, 11, 23), subject=Subject(location=where, residence=residence, age=18 + number % 80),
            controller=Controller(established=frozenset({"US"})), data=Data(categories=frozenset({"name", category})),
            feature="writing_assistant", legal_basis="consent", consent=frozenset(consent), safeguards=frozenset({"processor_contract"}),
            service=Service(public=True, placed_on_market=date(2026, 9, 1 + number // 80)),
            provider=Provider(id=f"place-{at}", operator_region=at, processing=place, storage=place, access=place, filings=FILED),
        )
        for at in PLACES
        for place in [frozenset({at})]
    ]  # fmt: skip


def bodies(distinct: int, *, decided: bool) -> list[bytes]:
    """Lines without their beginning, `{"id":"…",`."""
    engine = Engine(load_packs(), load_vocabulary())
    made = []
    for number in range(distinct):
        asked = facts(number)
        if not decided:
            made.append(msgspec.json.encode({"facts": asked[0]}, order="deterministic")[1:] + b"\n")
            continue
        places = [Deployment(id=each.provider.id, provider="p", dialect="openai", model="m", facts=each.provider) for each in asked]
        decisions = engine.decide_many(asked)
        candidates = [Candidate(deployment=place, decision=decision) for place, decision in zip(places, decisions, strict=True)]
        cases = [
            Case(facts=each, evidence=frozenset(duty.id for duty in made.obligations)) for each, made in zip(asked, decisions, strict=True)
        ]
        line = {"facts": shared_facts(cases), "decision": as_answer(candidates)}
        made.append(msgspec.json.encode(line, order="deterministic")[1:] + b"\n")
    assert len(set(made)) == distinct
    return made


def measure(records: int, lines: list[bytes]) -> dict[str, object]:
    command = [sys.executable, "-m", "comity.cli.main", "--json", "replay", "--as-of", AS_OF, "-"]
    with tempfile.TemporaryFile() as out:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out)
        assert child.stdin is not None
        for begin in range(0, records, WRITTEN_AT_ONCE):
            some = range(begin, min(begin + WRITTEN_AT_ONCE, records))
            child.stdin.write(b"".join(b'{"id":"%026d",%b' % (number, lines[number % len(lines)]) for number in some))
        child.stdin.close()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0
        out.seek(0)
        said = msgspec.json.decode(out.read())
    assert (said["records"], said["distinct"]) == (records, len(lines))
    return {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss / 1024, "flipped": said["flipped"]}


def main(records: int = RECORDS, distinct: int = DISTINCT) -> None:
    print(f"{records:,} records, {distinct:,} distinct")
    print(f"{'':24}{'a line':>8} {'seconds':>9} {'its CPU':>9} {'memory':>9} {'flipped':>10}")
    for name, decided in (("facts of one place", False), ("facts and 3 decisions", True)):
        lines = bodies(distinct, decided=decided)
        got = measure(records, lines)
        size = sum(map(len, lines)) // len(lines)
        print(f"{name:24}{size:6} B {got['seconds']:7.1f} s {got['cpu']:7.1f} s {got['memory']:6.0f} MB {got['flipped']:>10,}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
