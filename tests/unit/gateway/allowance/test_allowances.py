# SPDX-License-Identifier: Apache-2.0
"""What a request may use: held before it is sent, settled at what it cost, and told in OpenAI's names."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from comity.config import BudgetConfig, Config, DeploymentConfig, KeyConfig, PathsConfig, PriceConfig, RatesConfig, TenantConfig
from comity.errors import CallerError, LimitReached
from comity.gateway.allowance.allowances import ENTRY, HOLD, Allowances, rates_of
from comity.gateway.allowance.money import ANSWER_TOKENS, HIDDEN_TOKENS, MEDIA_TOKENS, MICROS, Price, at_most, prices_of
from comity.gateway.allowance.spend import UNSETTLED_SECONDS, Account, accounts
from comity.policy import facts as law
from comity.ports import SystemSecrets
from comity.providers.base import Deployment, ModelProfile
from comity.storage.database import Database
from comity.storage.open import look_into, open_database
from comity.wire.chat import ChatRequest, ImagePart, ImageUrl, Message
from comity.wire.embeddings import EmbeddingsRequest
from tests.fakes import FakeClock, SeededRandom
from tests.unit.gateway.allowance.conftest import Opened

CHEAP = PriceConfig(currency="USD", input=1.0, output=2.0)
DEAR = PriceConfig(currency="USD", input=10.0, output=20.0, request=0.001)
FREE = PriceConfig(currency="USD", input=0.0)
YUAN = PriceConfig(currency="CNY", input=1.0)
PRICES = {"cheap": CHEAP, "dear": DEAR, "yuan": YUAN, "free": FREE}
CONFIGURED = tuple(DeploymentConfig(id=name, provider="self-hosted", price=price) for name, price in PRICES.items())
TENANT = TenantConfig(id="acme", limits=RatesConfig(requests_per_minute=3), budget=BudgetConfig(amount=1, currency="USD", per="day"))


def deployment(name: str) -> Deployment:
    profile = ModelProfile(context_tokens=100_000)
    return Deployment(
        id=name, provider="self-hosted", dialect="openai", model="m", facts=law.Provider(id=name, kind="self_hosted"), profile=profile
    )


def made(database: Database, clock: FakeClock, *, shared: bool = False, seed: bytes = b"x") -> Allowances:
    config = Config(deployments=CONFIGURED, tenants=(TENANT,), paths=PathsConfig(state="shared" if shared else ""))
    known = {each.id: deployment(each.id) for each in CONFIGURED}
    return Allowances(
        config, database=database, rates=rates_of(config, clock=clock, secrets=SystemSecrets()),
        prices={each.id: prices_of(each, known[each.id]) for each in CONFIGURED}, clock=clock, random=SeededRandom(seed),
    )  # fmt: skip


def key(**more: Any) -> KeyConfig:
    return KeyConfig(id="app", sha256="", **more)


def asked(**more: Any) -> ChatRequest:
    return ChatRequest(messages=(Message(role="user", content="What is comity?"),), **({"max_tokens": 100} | more))


def most(request: ChatRequest, name: str = "dear") -> int:
    price = DEAR if name == "dear" else CHEAP
    size = at_most(request, deployment(name))
    return Price(int(price.input * MICROS), int(price.output * MICROS), int(price.request * MICROS)).of(*size)


async def spent(database: Database, at: int = 0) -> list[Account]:
    return await database.read(lambda: accounts(at))


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_database(tmp_path / "state.db", "state", seconds_max=20.0)
    yield database
    await database.aclose()


BUDGET = BudgetConfig(amount=1, currency="USD")
MONTH = ("key:app", "2026-11", "USD")


async def test_what_it_can_cost_is_held_and_settled_at_what_it_cost(database: Database, clock: FakeClock) -> None:
    hold = await made(database, clock).reserve(key(budget=BUDGET), asked(), deployment("dear"))
    assert await spent(database) == [Account(MONTH, 0, most(asked()), 0)]
    cost = 110 + 140 + 1000
    await hold.settle(11, 7, deployment("dear"))
    assert await spent(database) == [Account(MONTH, cost, 0, 0)]
    await hold.settle(11, 7, deployment("dear"))
    await hold.release()
    assert await spent(database) == [Account(MONTH, cost, 0, 0)], "a hold ends once"


async def test_what_nobody_took_costs_nothing_and_what_nobody_counted_costs_what_was_held(state: Database, clock: FakeClock) -> None:
    allowed = made(state, clock)
    await (await allowed.reserve(key(budget=BUDGET), asked(), deployment("dear"))).release()
    assert await spent(state) == [Account(MONTH, 0, 0, 0)]
    await (await allowed.reserve(key(budget=BUDGET), asked(), deployment("dear"))).settle(None, 7, deployment("dear"))
    assert await spent(state) == [Account(MONTH, most(asked()), 0, 0)]


async def test_a_budget_that_has_not_enough_left_refuses_as_openai_does(state: Database, clock: FakeClock) -> None:
    allowed, small = made(state, clock), key(budget=BudgetConfig(amount=most(asked()) * 2.5 / MICROS, currency="USD"))
    for _ in range(2):
        await allowed.reserve(small, asked(), deployment("dear"))
    with pytest.raises(LimitReached) as error:
        await allowed.reserve(small, asked(), deployment("dear"))
    said = error.value
    assert (said.status, said.code, said.kind, said.rate_limits) == (
        429,
        "budget.exhausted",
        "insufficient_quota",
        {"x-should-retry": "false"},
    )
    assert said.retry_after_seconds == (8 * 24 - 12) * 3600, "December begins"
    await allowed.reserve(small, asked(max_tokens=1), deployment("cheap"))
    clock.advance(days=8)
    await allowed.reserve(small, asked(), deployment("dear"))


async def test_a_key_and_its_tenant_must_both_have_room(database: Database, clock: FakeClock) -> None:
    allowed, rich = made(database, clock), key(tenant="acme", budget=BudgetConfig(amount=100, currency="USD"))
    with pytest.raises(LimitReached, match="tenant `acme`"):
        await allowed.reserve(rich, asked(max_tokens=90_000), deployment("dear"))
    await allowed.reserve(rich, asked(), deployment("dear"))
    assert [each.line[0] for each in await spent(database)] == ["key:app", "tenant:acme"]
    assert {each.held for each in await spent(database)} == {most(asked())}
    with pytest.raises(CallerError) as error:
        await allowed.reserve(key(tenant="gone"), asked(), deployment("dear"))
    assert (error.value.status, error.value.code) == (403, "key.tenant")


@pytest.mark.parametrize("shared", [False, True])
async def test_a_rate_is_told_in_openai_s_names(database: Database, clock: FakeClock, shared: bool) -> None:
    allowed, slow = made(database, clock, shared=shared), key(limits=RatesConfig(requests_per_minute=2, tokens_per_minute=1000))
    entry = await allowed.enter(slow, asked())
    assert dict(entry.headers) == {
        b"x-ratelimit-limit-requests": b"2", b"x-ratelimit-remaining-requests": b"1", b"x-ratelimit-reset-requests": b"60s",
        b"x-ratelimit-limit-tokens": b"1000", b"x-ratelimit-remaining-tokens": b"890", b"x-ratelimit-reset-tokens": b"60s",
    }  # fmt: skip
    await entry.leave(20)
    entry = await allowed.enter(slow, asked())
    assert dict(entry.headers)[b"x-ratelimit-remaining-tokens"] == b"870"
    clock.advance(20)
    with pytest.raises(LimitReached) as error:
        await allowed.enter(slow, asked())
    assert (error.value.code, error.value.kind, error.value.field) == ("limit.reached", "requests", "requests_per_minute")
    assert error.value.retry_after_seconds == 41
    assert error.value.rate_limits["x-ratelimit-remaining-requests"] == "0"
    clock.advance(41)
    await allowed.enter(slow, asked())


@pytest.mark.parametrize("shared", [False, True])
async def test_no_more_run_at_once_than_may(database: Database, clock: FakeClock, shared: bool) -> None:
    allowed, two = made(database, clock, shared=shared), key(limits=RatesConfig(concurrent=2))
    held = [await allowed.enter(two, asked()) for _ in range(2)]
    with pytest.raises(LimitReached, match="concurrent = 2"):
        await allowed.enter(two, asked())
    await held[0].leave(2)
    await held[0].leave(2)
    held.append(await allowed.enter(two, asked()))
    await held[1].leave(None)
    await allowed.enter(two, asked())


async def test_a_price_that_nobody_knows_is_refused(state: Database, clock: FakeClock) -> None:
    with pytest.raises(CallerError) as error:
        await made(state, clock).reserve(key(budget=BUDGET), asked(), deployment("yuan"))
    assert (error.value.status, error.value.code) == (403, "budget.unpriced") and "`yuan`" in str(error.value) and "USD" in str(error.value)


async def test_an_embedding_is_paid_for_by_its_prompt(state: Database, clock: FakeClock) -> None:
    request = EmbeddingsRequest(input="What is comity?")
    assert at_most(request, deployment("dear")).completion_tokens == 0
    hold = await made(state, clock).reserve(key(budget=BUDGET), request, deployment("dear"))
    await hold.settle(5, None, deployment("dear"))
    assert await spent(state) == [Account(MONTH, 5 * 10 + 1000, 0, 0)]


async def test_what_costs_nothing_is_asked_whatever_was_spent(state: Database, clock: FakeClock) -> None:
    allowed, poor = made(state, clock), key(budget=BudgetConfig(amount=0.000001, currency="USD"))
    assert await allowed.reserve(poor, asked(), deployment("free")) is HOLD


async def test_a_caller_who_leaves_while_money_is_held_gives_it_back(state: Database, clock: FakeClock) -> None:
    allowed, one = made(state, clock, shared=True), key(limits=RatesConfig(concurrent=1), budget=BUDGET)
    for waiting in (allowed.reserve(one, asked(), deployment("dear")), allowed.enter(one, asked())):
        leaving = asyncio.ensure_future(waiting)
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
    assert await spent(state) == [Account(MONTH, 0, 0, 0)]
    await allowed.enter(one, asked())


async def test_a_key_that_is_held_to_nothing_costs_nothing(clock: FakeClock) -> None:
    class Untouched:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"{name} of the database was asked for")

    allowed = made(Untouched(), clock)  # type: ignore[arg-type]
    for waiting, made_of_it in ((allowed.enter(key(), asked()), ENTRY), (allowed.reserve(key(), asked(), deployment("dear")), HOLD)):
        with pytest.raises(StopIteration) as ended:  # it never waits
            waiting.send(None)
        assert ended.value.value is made_of_it
    await HOLD.settle(1, 1, deployment("dear"))
    await HOLD.release()
    await ENTRY.leave(1)


async def test_two_gateways_on_one_state_never_pass_a_hard_budget(gateways: Opened, clock: FakeClock) -> None:
    one, other = made(await gateways(), clock), made(database := await gateways(), clock, seed=b"y")
    few = key(budget=BudgetConfig(amount=most(asked()) * 9.5 / MICROS, currency="USD"))
    held = await asyncio.gather(
        *(each.reserve(few, asked(), deployment("dear")) for each in [one, other] * 20), return_exceptions=True
    )  # fmt: skip
    passed = [each for each in held if not isinstance(each, BaseException)]
    assert len(passed) == 9 and {type(each) for each in held if each not in passed} == {LimitReached}
    await asyncio.gather(*(each.settle(1, 1, deployment("dear")) for each in passed))
    assert await spent(database) == [Account(MONTH, 9 * (10 + 20 + 1000), 0, 0)]


KILLED = """
import asyncio, sys
from pathlib import Path
from comity.config import BudgetConfig
from tests.fakes import FakeClock, SeededRandom
from tests.unit.gateway.allowance.test_allowances import asked, deployment, key, made
from comity.storage.open import open_database

async def main():
    database = await open_database(Path(sys.argv[1]), "state", seconds_max=20.0)
    allowed, number = made(database, FakeClock(), seed=sys.argv[2].encode()), 0
    while True:
        hold = await allowed.reserve(key(budget=BudgetConfig(amount=1, currency="USD")), asked(), deployment("dear"))
        print("held", flush=True)
        if number % 2:
            await hold.settle(1, 1, deployment("dear"))
            print("settled", flush=True)
        number += 1

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 2, 7, 40])
def test_what_a_killed_gateway_held_counts_for_good(tmp_path: Path, lines: int) -> None:
    """It is killed at whatever it does after so many lines; what it had said before that is in the state."""
    path = tmp_path / "state.db"
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, path, str(lines)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[4],
        env={"PYTHONPATH": str(Path(__file__).parents[4])},
    )  # fmt: skip
    assert child.stdout is not None
    said = [child.stdout.readline().strip() for _ in range(lines)]
    os.kill(child.pid, signal.SIGKILL)
    said += child.stdout.read().split()
    child.wait()
    child.stdout.close()
    state = look_into(path, "state", seconds_max=20.0)
    [account] = state.look(lambda: accounts(10**10))
    state.close()
    held, settled = said.count("held") - said.count("settled"), said.count("settled")
    small, great = most(asked()), 10 + 20 + 1000
    # Each held one that it told of is there, and so may be the one that it was about to tell of; the same for one that it was settling.
    steps = [(held, settled), (held + 1, settled), (held - 1, settled + 1)]
    assert (account.settled, account.held) in [(great * b, small * a) for a, b in steps]
    assert account.unsettled == account.held, "nobody will settle it: it is told as such"


def test_an_estimate_is_a_bound() -> None:
    place = deployment("dear")
    chinese = ChatRequest(messages=(Message(role="user", content="你好，世界🙂" * 50),), max_tokens=10, n=3)
    size = at_most(chinese, place)
    assert size.prompt_tokens >= len("你好，世界🙂".encode()) * 50 + HIDDEN_TOKENS and size.completion_tokens == 30
    assert at_most(asked(max_tokens=None), place).completion_tokens == ANSWER_TOKENS
    assert at_most(asked(max_completion_tokens=5, max_tokens=None), place).completion_tokens == 5
    picture = ImagePart(image_url=ImageUrl(url="data:image/png;base64," + "A" * 1_000_000))
    seen = ChatRequest(messages=(Message(role="user", content=(picture,)),))
    assert at_most(seen, place).prompt_tokens == place.profile.context_tokens < MEDIA_TOKENS, "no model reads beyond its context"


def test_a_price_is_rounded_up_to_the_next_millionth() -> None:
    assert Price(500_000, 0).of(1, 0) == 1 and Price(500_000, 0).of(2, 0) == 1 and Price(500_000, 0).of(3, 0) == 2
    assert Price(0, 0).of(10**9, 10**9) == 0


def test_seconds_after_which_a_hold_is_told_as_unsettled_are_more_than_a_request_may_take() -> None:
    limits = Config().limits
    assert limits.first_byte_seconds_max * 3 < UNSETTLED_SECONDS
