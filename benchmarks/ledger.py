# SPDX-License-Identifier: Apache-2.0
"""What a durable record costs: microseconds of CPU (all threads) for record() and finish() of one request, and requests a second;
then how long record() takes beside an event loop that has no time left.

python benchmarks/ledger.py [FOLDER | URL]      FOLDER: on the disk to measure; a temporary one without it
                                                URL: postgresql://… of an empty database; the server's own CPU is not counted
"""

from __future__ import annotations

import asyncio
import socket
import sys
import tempfile
import time
from pathlib import Path

from comity.ports import SystemClock, SystemRandom
from comity.transparency.ledger import Ledger, Outcome
from comity.transparency.log_key import Place, Shared
from comity.transparency.receipt import Receipt

CONCURRENCY = (1, 8, 64, 256)
SECONDS = 3.0
FACTS = [b'{"as_of":"2026-11-23","subject":{"location":"CN","age":%d},"padding":"%s"}' % (age, b"x" * 900) for age in range(40)]
DECISION = b'{"candidates":[{"deployment":"qwen-beijing","effect":"allow","reasons":["%s"]}]}' % (b"y" * 3000)


def receipt(ledger: Ledger) -> Receipt:
    """As long as those of a gateway with three packs."""
    return Receipt(
        id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="allow", source="CN",
        destination=("CN",), deployment="qwen-beijing", reasons=("cn-pipl-13", "cn-pipl-21", "cn-labelling-4"),
        rules=("cn.domestic", "cn.label.explicit", "cn.label.implicit"),
        obligations=("label.explicit", "label.implicit", "log.retain_months:6", "pseudonymise"),
        packs=("cn@0.1.0", "eea@0.1.0", "us@0.1.0"), policy="0" * 64, plaintext_at="upstream", level="A0", size_bucket=1024,
        retention_months=6,
    )  # fmt: skip


async def caller(ledger: Ledger, until: float) -> int:
    done = 0
    clock = SystemClock()
    while time.perf_counter() < until:
        made = receipt(ledger)
        await ledger.record(made, request_id=ledger.new_id(), subject="p" * 32, facts=FACTS[done % len(FACTS)], decision=DECISION)
        await ledger.finish(made.id, Outcome(at=clock.now(), status="ok", prompt_tokens=12, completion_tokens=34, bytes_bucket=512))
        done += 1
    return done


async def opened(place: Place) -> Ledger:
    return await Ledger.open(place, clock=SystemClock(), random=SystemRandom(), record_seconds_max=60)


def below(place: Place, name: str) -> Place:
    """Each figure in a home of its own; a server keeps one log for all of them."""
    return place / name if isinstance(place, Path) else place


async def measure(place: Place, concurrency: int) -> tuple[float, float]:
    """(µs of CPU a request, requests a second)."""
    ledger = await opened(below(place, str(concurrency)))
    for each in range(200):  # warm: statements prepared, judgements known
        made = receipt(ledger)
        await ledger.record(made, request_id=ledger.new_id(), subject=None, facts=FACTS[each % len(FACTS)], decision=DECISION)
    cpu, wall = time.process_time(), time.perf_counter()
    done = sum(await asyncio.gather(*(caller(ledger, wall + SECONDS) for _ in range(concurrency))))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    await ledger.aclose()
    return cpu / done * 1e6, done / wall


async def crowded(place: Place) -> tuple[float, float]:
    """Milliseconds (median, 99th percentile) while the loop does 100 µs of something else, sends a byte, and so on without end."""
    ledger = await opened(below(place, "crowded"))
    took: list[float] = []

    async def other_work() -> None:
        left, right = socket.socketpair()
        with left, right:
            while True:
                end = time.perf_counter() + 1e-4
                while time.perf_counter() < end:
                    pass
                left.send(b"x")
                right.recv(1)
                await asyncio.sleep(0)

    async def recorder() -> None:
        for _ in range(30):
            made, begun = receipt(ledger), time.perf_counter()
            await ledger.record(made, request_id=made.id, subject=None, facts=FACTS[0], decision=DECISION)
            took.append((time.perf_counter() - begun) * 1e3)

    busy = asyncio.create_task(other_work())
    await asyncio.gather(*(recorder() for _ in range(32)))
    busy.cancel()
    await ledger.aclose()
    took.sort()
    return took[len(took) // 2], took[len(took) * 99 // 100]


def main(place: Place) -> None:
    try:
        from uvloop import run  # as the gateway has it
    except ImportError:
        from asyncio import run
    print("concurrency   µs CPU/request   requests/s")
    for concurrency in CONCURRENCY:
        cost, rate = run(measure(place, concurrency))
        print(f"{concurrency:11}   {cost:14.1f}   {rate:10.0f}")
    median, slow = run(crowded(place))
    print(f"beside a loop without a moment to spare, 32 at once: record() takes {median:.1f} ms, 99th percentile {slow:.1f} ms")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Shared(sys.argv[1], b"k" * 32) if "://" in sys.argv[1] else Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory(prefix="comity-ledger-") as folder:
            main(Path(folder))
