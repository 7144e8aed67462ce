# SPDX-License-Identifier: Apache-2.0
"""What a request may use of its caller's limits and budget: taken before anything is sent, settled when it is known what was used.

Rates are of requests, money is of attempts: whoever is asked twice is paid twice.  A key and its tenant are two accounts, and both must
have room.  Money is in the state; rates too, or in Valkey.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from math import ceil
from typing import NamedTuple

from comity.config import BudgetConfig, Config, KeyConfig, RatesConfig
from comity.errors import CallerError, ComityError
from comity.gateway.allowance.minute import Asked
from comity.gateway.allowance.money import Prices, Size, at_most, ceiling
from comity.gateway.allowance.rates import Rates
from comity.gateway.allowance.spend import Answer, Claim, Give, Take, book
from comity.gateway.allowance.told import Headers, granted, headers_of, said
from comity.gateway.owed import paid
from comity.ports import Clock, Random, Secrets
from comity.providers.base import Deployment
from comity.routing.plan import CHARACTERS_PER_TOKEN_MIN
from comity.storage.database import Database
from comity.wire.chat import ChatRequest
from comity.wire.request import Request, texts

HOLD_BYTES = 12
ASSUMED_TOKENS = 1_024  # of an answer whose length the request does not bound: for rates, which are put right when it has ended
NO_SIZE = Size(0, 0, 0)


class Account(NamedTuple):
    name: str  # `key:ID` or `tenant:ID`
    limits: RatesConfig | None
    budget: BudgetConfig | None


class Entry:
    """A request that was let in, until `leave`; a second one does nothing."""

    __slots__ = ("_allowances", "_asked", "_name", "headers")

    def __init__(self, allowances: Allowances | None = None, name: str = "", asked: tuple[Asked, ...] = (), headers: Headers = ()) -> None:
        self._allowances, self._name, self._asked = allowances, name, asked
        self.headers = headers  # `x-ratelimit-…` of the caller's own key

    async def leave(self, tokens: int | None) -> None:
        """``tokens`` of prompt and answer, of all attempts; None: nobody counted them, so as many as were assumed."""
        allowances, self._allowances = self._allowances, None
        if allowances is not None:
            await allowances.left(self._name, self._asked, tokens)


class Hold:
    """Money for one attempt, from before it is sent until `settle` or `release`; a second one does nothing."""

    __slots__ = ("_allowances", "_claims", "_name", "_size")

    def __init__(self, allowances: Allowances | None = None, name: str = "", claims: tuple[Claim, ...] = (), size: Size = NO_SIZE) -> None:
        self._allowances, self._name, self._claims, self._size = allowances, name, claims, size

    async def settle(self, prompt_tokens: int | None, completion_tokens: int | None, deployment: Deployment) -> None:
        """The partner took it, or may have.  Without its count of tokens (None) it costs what was held."""
        if not self._size.completion_tokens:  # an embedding has none to count
            completion_tokens = completion_tokens or 0
        if self._allowances is None or prompt_tokens is None or completion_tokens is None:
            await self._end(None)
        else:
            used = Size(prompt_tokens, completion_tokens, self._size.requests)
            await self._end(self._allowances.cost(self._claims, deployment, used))

    async def release(self) -> None:
        """No partner took it, so it costs nothing."""
        await self._end({})

    async def _end(self, spent: Mapping[str, int] | None) -> None:
        allowances, self._allowances = self._allowances, None
        if allowances is not None:
            await allowances.ended(self._name, spent)


ENTRY, HOLD = Entry(), Hold()
"""Of a key that is held to nothing."""


class Allowances:
    """``rates``: None where they are counted in the state, beside the money."""

    def __init__(
        self, config: Config, *, database: Database, rates: Rates | None, prices: Mapping[str, Prices], clock: Clock, random: Random
    ) -> None:
        self._tenants = {tenant.id: Account(f"tenant:{tenant.id}", tenant.limits, tenant.budget) for tenant in config.tenants}
        self._database, self.rates, self._prices = database, rates, prices
        self._clock, self._random = clock, random

    async def enter(self, key: KeyConfig, request: Request) -> Entry:
        """Counts ``request`` against what its key and tenant may ask in a minute and at once.

        Raises LimitReached (429), StorageFailure where nobody can say what was used.
        """
        if key.limits is None and not key.tenant:
            return ENTRY
        accounts = [(each.name, each.limits) for each in self._accounts(key) if each.limits is not None]
        if not accounts:
            return ENTRY
        tokens = _tokens(request) if any(limits.tokens_per_minute for _, limits in accounts) else 0
        asked = tuple(Asked(account, limits, tokens) for account, limits in accounts)
        name, at = self._random.token(HOLD_BYTES).hex(), self._clock.now()
        answer: Answer
        if self.rates is not None:
            answer = await self.rates.take(asked, name)
        else:
            answer = await self._taken(Take(name, int(at.timestamp()), (), asked), Give(name, int(at.timestamp()), None, asked, 0))
        rooms = granted(answer, at)
        headers = next(
            (headers_of(each.limits, room) for each, room in zip(asked, rooms, strict=True) if each.account == f"key:{key.id}"), ()
        )
        return Entry(self, name, asked, headers)

    async def reserve(self, key: KeyConfig, request: Request, deployment: Deployment) -> Hold:
        """Holds what one attempt at ``deployment`` can cost, durably; nothing may be sent before this has returned.

        Raises LimitReached (429), CallerError (403) where the price is not known, StorageFailure.
        """
        if key.budget is None and not key.tenant:
            return HOLD
        at, size = self._clock.now(), at_most(request, deployment)
        budgets = [(each.name, each.budget) for each in self._accounts(key) if each.budget is not None]
        claims = tuple(claim for name, budget in budgets if (claim := self._claim(name, budget, size, deployment, at)).amount)
        if not claims:  # what costs nothing, as this device does, is asked whatever was spent
            return HOLD
        name, second = self._random.token(HOLD_BYTES).hex(), int(at.timestamp())
        granted(await self._taken(Take(name, second, claims), Give(name, second, {})), at)
        return Hold(self, name, claims, size)

    def _accounts(self, key: KeyConfig) -> list[Account]:
        own = Account(f"key:{key.id}", key.limits, key.budget)
        if not key.tenant:
            return [own]
        tenant = self._tenants.get(key.tenant)
        if tenant is None:  # a key of the state outlives a tenant of the file, and is not freed by that
            raise CallerError(f"the tenant of key `{key.id}` is not configured", code="key.tenant", status=403, hint="an operator adds it")
        return [tenant, own]

    def _claim(self, account: str, budget: BudgetConfig, size: Size, deployment: Deployment, at: datetime) -> Claim:
        price = self._prices[deployment.id].in_(budget.currency)
        if price is None:
            raise CallerError(
                f"what `{deployment.id}` costs is not known in {budget.currency}, and {said(account)} has a budget", status=403,
                code="budget.unpriced", field="model", hint="ask for another model, or an operator adds its `price`",
            )  # fmt: skip
        period = at.strftime("%Y-%m-%d" if budget.per == "day" else "%Y-%m")
        return Claim((account, period, budget.currency), price.of(*size), ceiling(budget))

    async def _taken(self, take: Take, back: Give) -> Answer:
        """Of a caller who leaves meanwhile, what was taken is given back before we leave too."""
        taking = asyncio.ensure_future(self._database.join(book, take))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            await paid(self._given_back(taking, back))
            raise

    async def _given_back(self, taking: asyncio.Future[Answer], back: Give) -> None:
        with suppress(ComityError):
            if isinstance(await taking, list):
                await self._database.join(book, back)

    async def left(self, name: str, asked: tuple[Asked, ...], tokens: int | None) -> None:
        if self.rates is not None:
            await self.rates.give(asked, name, tokens)
        elif any(each.limits.tokens_per_minute or each.limits.concurrent for each in asked):
            await self._database.join(book, Give(name, int(self._clock.now().timestamp()), None, asked, tokens))

    async def ended(self, name: str, spent: Mapping[str, int] | None) -> None:
        await self._database.join(book, Give(name, int(self._clock.now().timestamp()), spent))

    def cost(self, claims: Sequence[Claim], deployment: Deployment, used: Size) -> dict[str, int] | None:
        """By currency; None where the price is not known any more, which costs what was held."""
        spent: dict[str, int] = {}
        for claim in claims:
            price = self._prices[deployment.id].in_(claim.line[2])
            if price is None:
                return None
            spent[claim.line[2]] = price.of(*used)
        return spent


def rates_of(config: Config, *, clock: Clock, secrets: Secrets) -> Rates | None:
    """In Valkey where one is configured; None, in the state, else: a minute that was counted outlives a killed process.

    Raises OperatorError.
    """
    valkey = config.shared.valkey
    if valkey is None:
        return None
    from comity.gateway.allowance.valkey import connect

    return connect(secrets.get(env=valkey.env, file=valkey.file, command=valkey.command), clock)


def _tokens(request: Request) -> int:
    """About; it is put right when the request has ended."""
    prompt = ceil(sum(map(len, texts(request))) / CHARACTERS_PER_TOKEN_MIN)
    if not isinstance(request, ChatRequest):
        return prompt
    return prompt + (request.max_completion_tokens or request.max_tokens or ASSUMED_TOKENS) * (request.n or 1)
