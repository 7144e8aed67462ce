# SPDX-License-Identifier: Apache-2.0
"""How long the read API takes over a large record: milliseconds for the first look and for the median and worst of ten more.

python benchmarks/read.py [FOLDER] [RECORDS]      FOLDER: a home; one that holds records already is measured as it is
                                                  RECORDS: 1,000,000 without it, spread over the 24 hours before now
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from comity.config import Config, ControllerConfig, DeploymentConfig
from comity.gateway.app import App
from comity.gateway.http import encode
from comity.gateway.read import asked, decisions, flows, log, reports
from comity.gateway.world import build
from comity.ports import SystemClock, SystemRandom, SystemSecrets
from comity.transparency.ledger import Ledger, Outcome
from comity.transparency.receipt import Receipt

RECORDS, AT_ONCE, LOOKS = 1_000_000, 4000, 10
PLACES = (("CN", "CN", "qwen-beijing"), ("DE", "DE", "eu-frankfurt"), ("US", "US", "us-virginia"), ("CN", "US", ""))
FACTS = [b'{"as_of":"2026-11-23","subject":{"location":"CN","age":%d},"providers":[]}' % age for age in range(40)]
DECISION = b'{"candidates":[],"remedies":[]}'


class Spread:
    """A clock that goes on by one step with each look."""

    def __init__(self, begin: datetime, step: timedelta) -> None:
        self.at, self._step = begin, step

    def now(self) -> datetime:
        self.at += self._step
        return self.at

    def monotonic(self) -> float:
        return time.monotonic()


async def fill(home: Path, records: int) -> float:
    """Seconds."""
    began = time.perf_counter()
    clock = Spread(SystemClock().now() - timedelta(hours=24), timedelta(hours=24) / records)
    ledger = await Ledger.open(home, clock=clock, random=SystemRandom(), record_seconds_max=600)
    try:
        for start in range(0, records, AT_ONCE):
            await asyncio.gather(*[one(ledger, clock, number) for number in range(start, min(start + AT_ONCE, records))])
    finally:
        await ledger.aclose()
    return time.perf_counter() - began


async def one(ledger: Ledger, clock: Spread, number: int) -> None:
    source, destination, deployment = PLACES[number * 7 % 11 % len(PLACES)]
    name = ledger.new_id()
    made = Receipt(
        id=name, at=clock.at.strftime("%Y-%m-%dT%H:%MZ"), issuer=ledger.origin, key=ledger.key_id,
        effect="allow" if deployment else "deny", source=source, destination=(destination,) if deployment else (), deployment=deployment,
        reasons=("cn-pipl-13", "cn-pipl-21"), rules=("cn.domestic", "cn.label.explicit"), obligations=("label.explicit", "label.implicit"),
        packs=("cn@0.1.0", "us@0.1.0"), policy="0" * 64, plaintext_at="upstream", level="A0", size_bucket=1024, retention_months=6,
    )  # fmt: skip
    subject = f"{number % 5000:032x}"
    await ledger.record(made, request_id=name, subject=subject, facts=FACTS[number % len(FACTS)], decision=DECISION)
    if deployment:
        await ledger.finish(name, Outcome(at=clock.at, status="ok", prompt_tokens=12, completion_tokens=34, bytes_bucket=512))


async def measured(name: str, look: Callable[[], Awaitable[Any]]) -> None:
    taken = []
    for _ in range(LOOKS + 1):
        began = time.perf_counter()
        encode(await look())
        taken.append((time.perf_counter() - began) * 1000)
    first, *rest = taken
    print(f"{name:44}{first:10.1f}{statistics.median(rest):10.1f}{max(rest):10.1f}", flush=True)


async def main(home: Path, records: int) -> None:
    config = Config(
        controller=ControllerConfig(name="Example Ltd", established=frozenset({"US"})),
        deployments=(
            DeploymentConfig(
                id="us-virginia", provider="self-hosted", base_url="http://127.0.0.1:9/v1", model="echo", processing=frozenset({"US"}),
                storage=frozenset({"US"}), access=frozenset({"US"}), operator="US", evidence=("processor_contract",),
            ),
        ),
    )  # fmt: skip
    if not (home / "comity.db").exists():
        seconds = await fill(home, records)
        print(f"{records:,} records written in {seconds:.0f} s")
    world = await build(config, home=home, clock=SystemClock(), random=SystemRandom(), secrets=SystemSecrets(), providers={})
    try:
        app = App(world)
        print(f"{(await log.head(app, asked.Query(), '')).size:,} records\n{'milliseconds':44}{'first':>10}{'median':>10}{'worst':>10}")
        page = await decisions.decisions(app, asked.Decisions(limit=500), "")
        deep = await decisions.decisions(app, asked.Decisions(limit=500, before=SystemClock().now().date().isoformat()), "")
        newest = page.data[0].id

        async def many(query: asked.Decisions) -> Any:
            return await decisions.decisions(app, query, "")

        for name, query in (
            ("decisions, a page of 50", asked.Decisions()), ("decisions, a page of 500", asked.Decisions(limit=500)),
            ("decisions, 50 from the middle", asked.Decisions(after=deep.after or "")),
            ("decisions, denied", asked.Decisions(effect="deny")),
            ("decisions, of a place that has none", asked.Decisions(deployment="nowhere")),
        ):  # fmt: skip
            await measured(name, lambda query=query: many(query))  # type: ignore[misc]
        await measured("one decision", lambda: decisions.decision(app, asked.Query(), newest))
        await measured("flows of 60 minutes", lambda: flows.flows(app, asked.Flows(), ""))
        app.minutes = flows.Minutes()
        await measured("flows of 180 minutes", lambda: flows.flows(app, asked.Flows(minutes=180), ""))
        await measured("the log's head", lambda: log.head(app, asked.Query(), ""))
        await measured("consistency from one entry", lambda: log.consistency(app, asked.Consistency(old=1), ""))
        await measured("256 entries", lambda: log.entries(app, asked.Entries(begin=500), ""))
        since = (SystemClock().now() - timedelta(hours=1)).isoformat()
        await measured("report of flows, one hour", lambda: reports.report(app, asked.Report(since=since), "flows"))
    finally:
        await world.aclose()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="comity-read-") as held:
        asyncio.run(main(Path(sys.argv[1]) if sys.argv[1:] else Path(held) / "home", int(sys.argv[2]) if sys.argv[2:] else RECORDS))
