# SPDX-License-Identifier: Apache-2.0
"""Money in whole millionths of a currency, prices, and what a request costs at most before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from comity.config import BudgetConfig, DeploymentConfig
from comity.providers.base import Deployment
from comity.routing.cost import prices
from comity.wire.chat import ChatRequest
from comity.wire.request import Request, texts

MICROS = 1_000_000
ANSWER_TOKENS = 32_768  # of an answer whose length the request does not bound
MEDIA_TOKENS = 131_072  # what the images, sounds and files of a request may count for
HIDDEN_TOKENS = 1_024  # what a partner adds of its own: a chat's frame, how tools are explained
FREE = "*"
_encode = msgspec.json.Encoder().encode


class Price(NamedTuple):
    """In millionths: of a million prompt tokens, of a million tokens of an answer, of one request."""

    input: int
    output: int
    request: int = 0

    def of(self, prompt_tokens: int, completion_tokens: int, requests: int = 1) -> int:
        """Rounded up: a sum is never below what a partner may charge."""
        return -(-(prompt_tokens * self.input + completion_tokens * self.output) // MICROS) + requests * self.request


class Prices(NamedTuple):
    """By currency; a device costs nothing in any."""

    by_currency: Mapping[str, Price]

    def in_(self, currency: str) -> Price | None:
        return self.by_currency.get(currency) or self.by_currency.get(FREE)


class Size(NamedTuple):
    prompt_tokens: int
    completion_tokens: int
    requests: int


def micros(amount: float) -> int:
    return round(amount * MICROS)


def ceiling(budget: BudgetConfig) -> int | None:
    """None where it is only counted."""
    return micros(budget.amount) if budget.hard else None


def prices_of(config: DeploymentConfig, deployment: Deployment) -> Prices:
    """As configured, else as the catalog says of the model there."""
    if deployment.embedded:
        return Prices({FREE: Price(0, 0)})
    extra = micros(config.price.request) if config.price is not None else 0
    listed = prices(config, deployment)
    return Prices({each.currency: Price(micros(each.input), micros(each.output), extra) for each in listed})


def at_most(request: Request, deployment: Deployment) -> Size:
    """What ``request`` can come to there.

    A token of a text is a byte of it at least, and the request as JSON holds every text, tool and schema; beyond its context no
    model reads or writes.  What says nothing of its answer's length gets `ANSWER_TOKENS` or the whole context.
    """
    context = deployment.profile.context_tokens
    media = request.media()
    prompt = MEDIA_TOKENS + sum(len(text.encode()) for text in texts(request)) if media else len(_encode(request))
    choices = getattr(request, "n", None) or 1
    said = (request.max_completion_tokens or request.max_tokens) if isinstance(request, ChatRequest) else None
    answers = request.operation in ("chat", "transcription")
    return Size(
        prompt_tokens=min(prompt + HIDDEN_TOKENS, context),
        completion_tokens=(said or min(ANSWER_TOKENS, context)) * choices if answers else 0,
        requests=choices if request.operation == "images" else 1,
    )
