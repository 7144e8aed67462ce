# SPDX-License-Identifier: Apache-2.0
"""Limits and budgets on the way of a real request: what is held before the partner is asked, and what is left of it afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from comity.config import BudgetConfig, KeyConfig, PriceConfig, RatesConfig
from comity.errors import CallerError, ComityError, LimitReached, ProviderFailure, StorageFailure
from comity.gateway.allowance.spend import Account
from comity.gateway.pipeline import Pipeline
from comity.gateway.world import build
from comity.ports import SystemSecrets
from tests.simulated.worlds import FRANKFURT, VIRGINIA, Sim, config, simulate, subject

PRICED = tuple(msgspec.structs.replace(each, price=PriceConfig(currency="USD", input=1.0, output=1.0)) for each in (VIRGINIA, FRANKFURT))
RICH = KeyConfig(id="app", sha256="", may_assert_subject=True, budget=BudgetConfig(amount=1, currency="USD"))
US = subject("US")


@pytest.fixture
async def sim(home: Path) -> AsyncIterator[Sim]:
    made = await simulate(config(*PRICED), home)
    yield made
    await made.aclose()


async def ask(sim: Sim, key: KeyConfig, model: str = "us-virginia", **more: Any) -> dict[bytes, bytes]:
    """The answer's headers."""
    call = sim.call({"messages": [{"role": "user", "content": "hello"}], "model": model, "max_tokens": 50, **more}, US)
    served = await sim.pipeline.run(msgspec.structs.replace(call, key=key))
    try:
        await served.whole()
        return dict(served.headers)
    finally:
        await served.close()


async def spent(sim: Sim) -> tuple[int, int]:
    """Settled and held."""
    lines = await sim.world.accounts.keys.spend()
    return (lines[0].settled, lines[0].held) if lines else (0, 0)


async def test_money_is_held_before_the_partner_is_asked_and_settled_after(sim: Sim) -> None:
    seen: list[list[Account]] = []
    database, partner = sim.world.state.database, sim.partners["us-virginia"]
    from comity.gateway.allowance.spend import accounts
    from comity.storage.engine_sqlite import read

    path = database._path  # type: ignore[attr-defined]
    partner.before_send = lambda: seen.append(read(path, lambda: accounts(0)))
    await ask(sim, RICH)
    [[line]] = seen
    assert line.settled == 0 and line.held > 50, "durable, and more than it can cost, before anything was sent"
    settled, held = await spent(sim)
    assert held == 0 and 0 < settled < line.held


async def test_a_budget_that_is_spent_sends_nothing_and_records_no_decision_to_send(sim: Sim) -> None:
    poor = msgspec.structs.replace(RICH, budget=BudgetConfig(amount=0.000_01, currency="USD"))
    with pytest.raises(LimitReached) as error:
        await ask(sim, poor)
    assert error.value.code == "budget.exhausted"
    assert sim.partners["us-virginia"].received == [] and await spent(sim) == (0, 0)


@pytest.mark.parametrize(
    ("failure", "charged"),
    [
        (ProviderFailure("x", kind="connect"), False),
        (ProviderFailure("x", kind="status", upstream_status=503), False),
        (ProviderFailure("x", kind="timeout", retryable=False), True),
        (ProviderFailure("x", kind="protocol", retryable=False), True),
    ],
)
async def test_who_may_have_taken_it_may_charge_for_it(sim: Sim, failure: ComityError, charged: bool) -> None:
    sim.partners["us-virginia"].failures = [failure] * 9
    with pytest.raises(ProviderFailure):
        await ask(sim, RICH)
    settled, held = await spent(sim)
    assert held == 0 and (settled > 0) is charged


async def test_a_rate_is_held_from_asking_to_the_end_of_the_answer(sim: Sim) -> None:
    one = msgspec.structs.replace(RICH, budget=None, limits=RatesConfig(concurrent=1, requests_per_minute=3))
    for left in (2, 1, 0):
        headers = await ask(sim, one)
        assert headers[b"x-ratelimit-remaining-requests"] == str(left).encode()
    with pytest.raises(LimitReached) as error:
        await ask(sim, one)
    assert error.value.field == "requests_per_minute" and len(sim.partners["us-virginia"].received) == 3


async def test_who_fails_does_not_stay_running(sim: Sim) -> None:
    one = msgspec.structs.replace(RICH, budget=None, limits=RatesConfig(concurrent=1))
    for _ in range(3):
        with pytest.raises(CallerError):
            await ask(sim, one, model="nowhere")
    await ask(sim, one)


async def test_purposes_tasks_and_models_of_a_key(sim: Sim) -> None:
    for more, code in (({"purposes": ("advertising",)}, "key.purpose"), ({"tasks": ("translate",)}, "key.task"),
                       ({"models": ("eu-frankfurt",)}, "key.model")):  # fmt: skip
        with pytest.raises(CallerError) as error:
            await ask(sim, msgspec.structs.replace(RICH, **more))
        assert (error.value.status, error.value.code) == (403, code)
    assert sim.partners["us-virginia"].received == []


async def test_a_place_without_a_price_is_not_asked_for_a_budgeted_key(home: Path) -> None:
    sim = await simulate(config(VIRGINIA), home)
    with pytest.raises(CallerError) as error:
        await ask(sim, RICH)
    assert error.value.code == "budget.unpriced" and sim.partners["us-virginia"].received == []
    await sim.aclose()


async def test_where_money_cannot_be_held_nothing_is_sent(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(*_: Any) -> Any:
        raise StorageFailure("the disk is full")

    monkeypatch.setattr(sim.world.state.database, "join", failing)
    with pytest.raises(StorageFailure):
        await ask(sim, RICH)
    assert sim.partners["us-virginia"].received == []


async def test_a_reload_goes_on_with_what_was_counted(sim: Sim, home: Path) -> None:
    one = msgspec.structs.replace(RICH, budget=None, limits=RatesConfig(requests_per_minute=1))
    await ask(sim, one)
    before = sim.world
    after = await build(
        config(*PRICED), home=home, clock=before.clock, random=before.random, secrets=SystemSecrets(), providers=before.providers,
        before=before,
    )  # fmt: skip
    assert after.accounts.register is before.accounts.register
    call = sim.call({"messages": [{"role": "user", "content": "hello"}], "model": "us-virginia"}, US)
    with pytest.raises(LimitReached):
        await Pipeline(after).run(msgspec.structs.replace(call, key=one))


async def test_that_there_is_no_money_for_another_attempt_is_told_with_the_attempts(sim: Sim) -> None:
    await ask(sim, RICH)
    once = msgspec.structs.replace(RICH, id="once", budget=BudgetConfig(amount=0.0015, currency="USD"))
    sim.partners["us-virginia"].failures = [ProviderFailure("the line broke", kind="protocol")] * 9
    with pytest.raises(ProviderFailure) as error:
        await ask(sim, once)
    assert error.value.code == "provider.exhausted" and "the line broke" in str(error.value) and "budget" in str(error.value)
    assert len(sim.partners["us-virginia"].received) == 2
