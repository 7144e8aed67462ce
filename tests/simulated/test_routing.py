# SPDX-License-Identifier: Apache-2.0
"""Routing in the whole pipeline: what fails goes to another lawful place or is told in full; each attempt has a record and an outcome."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from comity.config import CostConfig, PriceConfig, RoutingConfig, ServiceConfig
from comity.errors import CallerError, PolicyDenied, ProviderFailure
from comity.providers.base import Answer, Deployment
from comity.wire.chat import ChatRequest
from tests.simulated.worlds import BEIJING, CN, FRANKFURT, VIRGINIA, EchoAnswer, EchoPartner, config, deployment, simulate, subject

SECOND = deployment("second-beijing", CN, evidence=("processor_contract", "cn_genai"))
DOWN = ("connect", 0)


def failing(kind: str, status: int = 0, **more: Any) -> ProviderFailure:
    return ProviderFailure("it failed", kind=kind, upstream_status=status, **more)


def outcomes(home: Path) -> list[dict[str, Any]]:
    """Of every record, in order; one without an outcome fails."""
    import sqlite3

    db = sqlite3.connect(f"file:{home / 'comity.db'}?mode=ro", uri=True)
    try:
        rows = db.execute("SELECT outcome FROM records LEFT JOIN outcomes USING (id) ORDER BY idx").fetchall()
    finally:
        db.close()
    assert all(outcome is not None for (outcome,) in rows), "each record has an outcome"
    return [json.loads(outcome) for (outcome,) in rows]


async def test_every_attempt_is_listed_and_what_was_lawful_besides(home: Path) -> None:
    sim = await simulate(config(BEIJING, SECOND, VIRGINIA, routing=RoutingConfig(rounds_max=1, failures_max=1)), home)
    try:
        sim.partners["second-beijing"].failures.append(failing("connect"))
        with pytest.raises(ProviderFailure):
            await sim.ask("x", subject("CN"), model="second-beijing")
        sim.partners["qwen-beijing"].failures.append(failing("status", 503))
        with pytest.raises(ProviderFailure) as raised:
            await sim.ask("x", subject("CN"))
        error = raised.value
        assert [(row["deployment"], row["status"], row["kind"]) for row in error.attempts] == [("qwen-beijing", 503, "status")]
        assert [(row["deployment"], row["why"]) for row in error.lawful] == [("second-beijing", "open")]
        assert "us-virginia" not in str(error) and not sim.partners["us-virginia"].received
        with pytest.raises(ProviderFailure) as nobody:
            await sim.ask("x", subject("CN"))
        assert nobody.value.status == 503 and nobody.value.retry_after_seconds == 5 and not nobody.value.attempts
        assert {row["why"] for row in nobody.value.lawful} == {"open"}
        sim.clock.advance(seconds=5.1)
        assert (await sim.ask("x", subject("CN")))[1].receipt.deployment == "qwen-beijing", "half open, and it answers"
        assert sim.world.router.health.snapshot()["qwen-beijing"]["state"] == "closed"
    finally:
        await sim.aclose()


async def test_where_nothing_else_is_lawful_the_ways_are_told(home: Path) -> None:
    private = config(
        FRANKFURT, VIRGINIA, service=ServiceConfig(public=False), evidence=("notice:cross_border_recipient",),
        routing=RoutingConfig(rounds_max=1),
    )  # fmt: skip
    sim = await simulate(private, home)
    try:
        sim.partners["eu-frankfurt"].failures.append(failing("connect"))
        with pytest.raises(ProviderFailure) as raised:
            await sim.ask("x", subject("DE"), model="eu-frankfurt")
        error = raised.value
        assert [row["deployment"] for row in error.attempts] == ["eu-frankfurt"] and not error.lawful
        assert all(row["deployment"] == "us-virginia" and row["steps"] for row in error.ways) and error.ways
    finally:
        await sim.aclose()


async def test_an_answer_cut_before_the_caller_had_any_of_it_is_asked_for_elsewhere(home: Path) -> None:
    sim = await simulate(config(BEIJING, SECOND), home)
    try:
        sim.partners["qwen-beijing"].cut = True
        said, served = await sim.ask("x" * 50, subject("CN"))
        assert said.startswith("x" * 50) and served.receipt.deployment == "second-beijing"
        assert all(answer.closed for partner in sim.partners.values() for answer in partner.answers)
        assert [row["status"] for row in outcomes(home)] == ["provider.failed", "ok"]
    finally:
        await sim.aclose()


async def test_a_stream_that_has_begun_is_asked_for_nowhere_else(home: Path) -> None:
    sim = await simulate(config(BEIJING, SECOND), home)
    try:
        sim.partners["qwen-beijing"].cut = True
        with pytest.raises(ProviderFailure):
            await sim.ask("x" * 50, subject("CN"), stream=True)
        assert not sim.partners["second-beijing"].received
    finally:
        await sim.aclose()


async def test_evidence_withdrawn_between_two_attempts_ends_them(home: Path) -> None:
    """The first place fails; before the second is asked, what its allow rested on is gone."""
    from datetime import timedelta

    dated = [msgspec.structs.replace(each, evidence=("processor_contract", "cn_genai:2026-11-23")) for each in (BEIJING, SECOND)]
    sim = await simulate(config(*dated), home)
    try:
        first = sim.partners["qwen-beijing"]

        def night_falls() -> None:
            sim.clock.at += timedelta(days=1)

        first.before_send = night_falls
        first.failures.append(failing("connect"))
        with pytest.raises(PolicyDenied):
            await sim.ask("x", subject("CN"))
        assert len(first.received) == 1 and not sim.partners["second-beijing"].received
    finally:
        await sim.aclose()


class Slow(EchoPartner):
    """Has something to say after ``steps`` turns of the loop."""

    steps = 10_000

    async def send(self, deployment: Deployment, request: ChatRequest) -> Answer:
        answer = await super().send(deployment, request)
        try:
            for _ in range(self.steps):
                await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            await answer.aclose()
            raise
        return answer


@pytest.mark.parametrize("stream", [False, True])
async def test_who_is_slower_than_another_is_ended_and_recorded_so(home: Path, stream: bool) -> None:
    sim = await simulate(config(BEIJING, SECOND, VIRGINIA, routing=RoutingConfig(hedge=True, hedge_after_ms=20)), home)
    try:
        slow = Slow()
        sim.world.providers["qwen-beijing"] = slow  # type: ignore[index]
        _, served = await sim.ask("x", subject("CN"), stream=stream)
        assert served.receipt.deployment == "second-beijing" and len(slow.received) == 1
        assert all(answer.closed for answer in slow.answers)
        assert sorted((row["status"], row.get("attempt", 1)) for row in outcomes(home)) == [("ok", 2), ("provider.outrun", 1)]
        assert all(row["inflight"] == 0 for row in sim.world.router.health.snapshot().values())
        assert not sim.partners["us-virginia"].received
    finally:
        await sim.aclose()


async def test_a_ceiling_of_cost_is_said_before_anything_is_sent(home: Path) -> None:
    dear = msgspec.structs.replace(BEIJING, price=PriceConfig(currency="CNY", input=5.0, output=1000.0))
    sim = await simulate(config(dear, routing=RoutingConfig(cost_max=CostConfig(amount=0.5, currency="CNY"))), home)
    try:
        with pytest.raises(CallerError) as raised:
            await sim.ask("x", subject("CN"))
        assert raised.value.code == "request.unfit" and "may cost" in str(raised.value)
        assert not sim.partners["qwen-beijing"].received
        assert (await sim.ask("x", subject("CN"), max_tokens=100))[1].receipt.deployment == "qwen-beijing"
    finally:
        await sim.aclose()


# -- a storm of faults -----------------------------------------------------------------------------------------------

FAULTS = ("connect", "timeout", "protocol", "status 503", "status 429", "status 429 1", "status 500", "content", "cut", "malformed")


class Stormy(EchoPartner):
    """Of its answers, about a third go wrong, each in a way drawn from its name and the number of the request; it can be run again."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name, self.begun, self.whole = name, Counter[str](), Counter[str]()

    async def send(self, deployment: Deployment, request: ChatRequest) -> Answer:
        drawn = hashlib.sha256(f"{self.name} {len(self.received)}".encode()).digest()
        fault = FAULTS[drawn[1] % len(FAULTS)] if drawn[0] < 90 else ""
        await asyncio.sleep(drawn[2] / 100_000)
        kind, _, rest = fault.partition(" ")
        status, _, after = rest.partition(" ")
        self.cut = fault == "cut"
        if fault in ("connect", "timeout", "protocol", "content") or status:
            self.received.append(request)
            raise failing(kind, int(status or 0), retry_after_seconds=int(after) if after else None, retryable=fault != "content")
        answer = await super().send(deployment, request)
        if fault == "malformed":
            assert isinstance(answer, EchoAnswer)
            answer._pieces = [b"{" * 40]
        return answer


async def storm(home: Path, requests: int) -> None:
    places = [msgspec.structs.replace(BEIJING, id=f"beijing-{n}", priority=n % 2, concurrency_max=8) for n in range(4)]
    sim = await simulate(
        config(
            *places, FRANKFURT, VIRGINIA,
            routing=RoutingConfig(balance="weighted", hedge=True, hedge_after_ms=2, backoff_seconds=0.001, backoff_seconds_max=0.01,
                                  retry_share_max=1.0, queue_max=requests, queue_seconds_max=30.0, open_seconds=0.05, open_seconds_max=0.2),
        ),
        home,
    )  # fmt: skip
    sim.world.providers.update({each.id: Stormy(each.id) for each in places})  # type: ignore[attr-defined]
    told: Counter[str] = Counter()

    async def one(number: int) -> None:
        text = f"request number {number}."
        try:
            said, served = await sim.ask(text, subject("CN", name=f"u-{number}"), stream=number % 2 == 0)
            assert said.startswith(text), "somebody else's answer"
            assert served.receipt.deployment.startswith("beijing-")
            told["answered"] += 1
        except ProviderFailure as failure:
            if failure.code == "provider.exhausted":
                listed = {str(row["deployment"]) for row in (*failure.attempts, *failure.lawful)}
                assert listed == {each.id for each in places}, "the full list"
            else:  # a partner's own refusal, or a stream that broke off after it had begun
                assert failure.code in ("provider.content_refused", "provider.failed")
            told[failure.code] += 1

    async def clock() -> None:
        while True:
            await asyncio.sleep(0.002)
            sim.clock.advance(seconds=0.1)

    ticking = asyncio.create_task(clock())
    try:
        for start in range(0, requests, 50):
            sim.clock.advance(seconds=120)  # whoever said 429 is asked again, however few ticks a busy machine gave the wave before
            async with asyncio.TaskGroup() as group:
                for number in range(start, min(start + 50, requests)):
                    group.create_task(one(number))
        assert told.total() == requests, "none lost"
        assert told["answered"] > requests / 2, told
        assert not sim.partners["us-virginia"].received and not sim.partners["eu-frankfurt"].received
        asked = sum(len(sim.world.providers[each.id].received) for each in places)  # type: ignore[attr-defined]
        ends = outcomes(home)
        assert len(ends) >= asked, "everything that was sent is recorded, with an outcome"
        assert Counter(row["status"] for row in ends)["ok"] == told["answered"], "none answered twice"
        assert all(row["inflight"] == 0 for row in sim.world.router.health.snapshot().values())
        assert not len(sim.world.router.queue)
        assert all(answer.closed for each in places for answer in sim.world.providers[each.id].answers)  # type: ignore[attr-defined]
    finally:
        ticking.cancel()
        await sim.aclose()


async def test_a_storm_of_faults_loses_nothing_and_crosses_nothing(home: Path) -> None:
    await storm(home, 100)


@pytest.mark.full
async def test_a_long_storm_of_faults_loses_nothing_and_crosses_nothing(home: Path) -> None:
    await storm(home, 1000)


async def test_a_caller_who_leaves_leaves_no_slot_behind(home: Path) -> None:
    sim = await simulate(config(BEIJING), home)
    try:
        sim.world.providers["qwen-beijing"] = Slow()  # type: ignore[index]
        task = asyncio.create_task(sim.ask("x", subject("CN")))
        while not sim.world.router.places["qwen-beijing"].inflight:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert sim.world.router.places["qwen-beijing"].inflight == 0
    finally:
        await sim.aclose()
