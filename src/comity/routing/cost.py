# SPDX-License-Identifier: Apache-2.0
"""What a request may cost at a place, from above; and whether that is more than may be spent on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from comity.config import CostConfig, DeploymentConfig
from comity.providers.base import Deployment
from comity.routing.plan import CHARACTERS_PER_TOKEN_MIN
from comity.wire.chat import ChatRequest
from comity.wire.request import Request

MILLION = 1_000_000


class Price(NamedTuple):
    """Of a million tokens."""

    currency: str
    input: float
    output: float


def prices(config: DeploymentConfig, deployment: Deployment) -> tuple[Price, ...]:
    """The operator's own, else the catalog's for that model in that region; in each currency it has one in."""
    if config.price is not None:
        return (Price(config.price.currency, config.price.input, config.price.output),)
    from comity.providers.catalog.load import partners

    partner = partners().get(deployment.provider)
    model = partner.model(deployment.model) if partner is not None else None
    listed = model.prices if model is not None else ()
    return tuple(Price(each.currency, each.input, each.output) for each in listed if not each.regions or deployment.region in each.regions)


def tokens(request: Request, characters: int, assumed: int) -> tuple[int, int] | None:
    """Tokens of the prompt and of the answer, at most; None for what is not charged by the token of a text."""
    if request.media() or request.operation not in ("chat", "embeddings", "rerank"):
        return None
    wanted = 0
    if isinstance(request, ChatRequest):
        wanted = (request.max_completion_tokens or request.max_tokens or assumed) * (request.n or 1)
    return int(characters / CHARACTERS_PER_TOKEN_MIN) + 1, wanted


def too_dear(priced: Sequence[Price], ceilings: Sequence[CostConfig], counted: tuple[int, int] | None) -> str:
    """Why a place costs more than may be spent, or ""; what nobody can say the price of is above every ceiling."""
    for ceiling in ceilings:
        price = next((each for each in priced if each.currency == ceiling.currency), None)
        if price is None or counted is None:
            return f"what it costs is not known in {ceiling.currency}, and a request may cost {ceiling.amount:g}"
        most = (counted[0] * price.input + counted[1] * price.output) / MILLION
        if most > ceiling.amount:
            return f"it may cost {most:.6g} {ceiling.currency}, and a request may cost {ceiling.amount:g}"
    return ""
