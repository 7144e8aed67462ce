# SPDX-License-Identifier: Apache-2.0
"""What each step of one request costs, in microseconds of CPU: `python -m benchmarks.steps` (a minute).

The world is built from `comity.toml` in a home of its own, the bodies and persons are those of `mixed`, and what is sent goes to the
harness's upstream over kept connections.  The time is of this process with all its threads, so a record's sync is not in it and the
thread that writes is.  Steps that wait are taken 64 at once, as the harness asks.  `whole` is the way through `App` without the
server's own reading and writing, which `benchmarks/run` measures with the rest.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import machine
from benchmarks.harness.__main__ import BIN, RESULTS, build
from benchmarks.harness.bodies import bodies, subjects
from benchmarks.harness.gateways import HERE, MODEL, Upstream

from comity.config.file import load_config
from comity.gateway import answer as way_back
from comity.gateway.attempt import outgoing, receipt_of
from comity.gateway.doors import CHAT
from comity.gateway.pipeline import Call, Pipeline
from comity.gateway.world import World
from comity.gateway.world import build as build_world
from comity.policy.decision import Effect
from comity.ports import SystemClock, SystemRandom, SystemSecrets
from comity.routing.plan import plan
from comity.transparency.ledger import Outcome
from comity.wire.request import texts

BODIES, AT_ONCE, TIMES = 4096, 64, 5
Step = tuple[str, float]


def told(name: str, microseconds: float) -> Step:
    print(f"{name:52} {microseconds:8.1f}", flush=True)
    return name, microseconds


def each(name: str, step: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> Step:
    best = float("inf")
    for _ in range(TIMES):
        began = time.process_time()
        for given in arguments:
            step(*given)
        best = min(best, time.process_time() - began)
    return told(name, best / len(arguments) * 1e6)


async def together(name: str, step: Callable[[int], Awaitable[object]], count: int = BODIES) -> Step:
    best = float("inf")
    for turn in range(TIMES):
        began, waiting = time.process_time(), iter(range(turn * count, (turn + 1) * count))

        async def one(waiting: Any = waiting) -> None:
            for at in waiting:
                await step(at)

        await asyncio.gather(*(one() for _ in range(AT_ONCE)))
        best = min(best, time.process_time() - began)
    return told(name, best / count * 1e6)


async def measured(world: World) -> None:
    key = world.config.keys[0]
    headers = [dict([("host", "127.0.0.1"), _field(line)]) for line in subjects(500)]
    said = [body for turn in range(TIMES) for body in bodies(turn, BODIES, model=MODEL, personal=0.3)]
    some = said[:BODIES]
    each("decode", lambda body: CHAT.decode(body, "application/json", False), [(body,) for body in some])
    requests = [CHAT.decode(body, "application/json", False)[0] for body in said]
    each("locate", world.locator.locate, [(each_, key) for each_ in headers] * 4)
    persons = [world.locator.locate(each_, key) for each_ in headers]
    fresh = iter([list(texts(request)) for request in requests])
    each("inspect (texts, and what they carry)", lambda _: world.guard.inspect(next(fresh)), [(at,) for at in range(BODIES)])
    found = [world.guard.inspect(list(texts(request))) for request in requests[:BODIES]]
    standing, today = world.standings.now(), world.clock.now().date()
    asked = [(person, found[at], (MODEL,), standing, today) for at, person in enumerate(persons)]
    judged = [world.judge.decide(*given) for given in asked]
    assert all(each_.effect is Effect.ALLOW for each_ in judged)
    each("decide (kept: 500 combinations of facts)", world.judge.decide, asked * 4)
    each("plan", lambda request: plan(judged[0].candidates, request, 900), [(request,) for request in requests[:BODIES]])
    candidate = judged[0].candidates[0]

    async def record(at: int) -> None:
        receipt, mine = receipt_of(world, 1024, persons[at % 500], judged[at % 500].candidates[0]), judged[at % 500]
        await world.ledger.record(
            receipt, request_id="r", subject=persons[at % 500].pseudonym, facts=mine.facts, decision=mine.decision, grounds=mine.grounds
        )
        ids.append(receipt.id)

    ids: list[str] = []
    each("  of it the receipt", lambda person: receipt_of(world, 1024, person, candidate), [(person,) for person in persons] * 4)
    await together("record (receipt, row, leaf, tree head)", record)
    vaults = [(request, each_) for request, each_ in zip(requests[:BODIES], found, strict=True)]

    def hidden(request: Any, findings: Any) -> Any:
        lease = world.lending.lease(key.id, persons[0], request)
        outgoing(candidate, request, findings, lease.vault)
        return lease

    each("protect", hidden, vaults)
    provider = world.providers[candidate.deployment.id]

    async def send(at: int) -> None:
        answer = await provider.send(candidate.deployment, requests[at % BODIES])
        try:
            raw.append(b"".join([piece async for piece in answer.chunks()]))
        finally:
            await answer.aclose()

    raw: list[bytes] = []
    await together("send (and read the answer)", send)

    async def back(at: int) -> None:
        lease = leases[at % BODIES]
        await way_back.whole(_chunks(raw[0]), vault=lease.vault, labeller=None, usage=way_back.Usage())

    leases = [hidden(*given) for given in vaults]
    await together("answer (decode, count, bring back)", back)
    now, left = world.clock.now(), iter(ids)
    await together(
        "outcome", lambda at: world.ledger.finish(next(left), Outcome(at=now, status="ok", prompt_tokens=240, completion_tokens=120))
    )
    pipeline = Pipeline(world)

    async def whole(at: int) -> None:
        request, dropped = CHAT.decode(said[at], "application/json", False)
        name = world.ledger.new_id()
        call = Call(id=name, request=request, door=CHAT, headers=headers[at % 500], key=key, size=len(said[at]), dropped=dropped)
        served = await pipeline.run(call)
        try:
            await served.whole()
        finally:
            await served.close()

    await together("all steps, as the pipeline takes them", whole)


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name.lower(), value


async def _chunks(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


async def _run(folder: Path) -> None:
    config = load_config(HERE / "comity.toml")
    world = await build_world(config, home=folder / "home", clock=SystemClock(), random=SystemRandom(), secrets=SystemSecrets())
    try:
        await measured(world)
    finally:
        await world.aclose()


def main() -> None:
    argparse.ArgumentParser(prog="python -m benchmarks.steps", description=__doc__).parse_args()
    import uvloop

    program, _ = build(BIN)
    RESULTS.mkdir(exist_ok=True)
    gateway_core, load_core = machine.cores()
    with tempfile.TemporaryDirectory(prefix="run-", dir=RESULTS) as folder:
        (Path(folder) / "home").mkdir(mode=0o700)
        upstream = Upstream(program, core=load_core, folder=Path(folder))
        os.sched_setaffinity(0, {gateway_core})
        try:
            upstream.counters("gap=0&deltas=50")
            print(f"{machine.describe()}; records on {machine.disk_of(Path(folder))}; µs of CPU, best of {TIMES}\n")
            uvloop.run(_run(Path(folder)))
        finally:
            upstream.stop()


if __name__ == "__main__":
    main()
