# SPDX-License-Identifier: Apache-2.0
"""A ceiling of cost drops what is dearer, and what nobody knows the price of; the device costs nothing."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from comity.config import CostConfig, DeploymentConfig, PriceConfig
from comity.providers.base import Deployment
from comity.routing import cost
from comity.wire.chat import ChatRequest, ImagePart, ImageUrl, Message
from comity.wire.embeddings import EmbeddingsRequest
from tests.routes import ASK, ask, candidate, place, route, router

CHEAP = place("cheap", price=PriceConfig(currency="CNY", input=1.0, output=2.0))
DEAR = place("dear", price=PriceConfig(currency="CNY", input=100.0, output=900.0))
UNKNOWN = place("unknown")
DEVICE = DeploymentConfig(id="device", provider="embedded")
ALL = (CHEAP, DEAR, UNKNOWN, DEVICE)
ONE = CostConfig(amount=1.0, currency="CNY")


def left(request: ChatRequest, *ceilings: CostConfig | None, places: Sequence[DeploymentConfig] = ALL, **settings: object) -> list[str]:
    made = router(*places, **settings)
    return [each.deployment.id for each in made.affordable(route(places), request, 3000, *ceilings).attempts]


def test_without_a_ceiling_everybody_may_be_asked() -> None:
    assert left(ASK) == left(ASK, None) == ["device", "cheap", "dear", "unknown"]


def test_with_one_the_dear_and_the_unknown_are_left_out_and_named() -> None:
    assert left(ASK, ONE) == ["device", "cheap"]
    route_ = router(*ALL).affordable(route(ALL), ASK, 3000, ONE)
    assert {name for name, _ in route_.unfit} == {"dear", "unknown"} and all("may cost" in why for _, why in route_.unfit)


def test_the_key_s_and_the_gateway_s_both_hold() -> None:
    assert left(ASK, ONE, cost_max=CostConfig(amount=0.001, currency="CNY")) == ["device"]
    assert left(ASK, CostConfig(amount=9.0, currency="CNY"), cost_max=ONE) == ["device", "cheap"]


def test_another_currency_is_unknown() -> None:
    assert left(ASK, CostConfig(amount=1000.0, currency="USD")) == ["device"]


def test_what_is_wanted_counts_else_what_is_assumed() -> None:
    small = ChatRequest(messages=ASK.messages, max_tokens=1)
    assert left(small, ONE) == ["device", "cheap", "dear"]
    many = ChatRequest(messages=ASK.messages, max_tokens=1, n=1000)
    assert left(many, ONE) == ["device", "cheap"]
    assert left(ASK, ONE, completion_tokens_assumed=10**9) == ["device"]


def test_what_is_not_charged_by_tokens_of_text_is_unknown() -> None:
    seen = ChatRequest(messages=(Message(role="user", content=(ImagePart(image_url=ImageUrl(url="data:image/png;base64,AA==")),)),))
    assert cost.tokens(seen, 10, 100) is None
    assert cost.tokens(ask("x"), 15, 100) == (11, 100)
    assert cost.tokens(EmbeddingsRequest(input=("x",)), 15, 100) == (11, 0)


def test_the_catalog_s_price_is_that_of_the_model_in_its_region() -> None:
    def priced(model: str, region: str) -> tuple[cost.Price, ...]:
        config = DeploymentConfig(id="x", provider="alibaba", model=model, region=region)
        made = candidate(place("x")).deployment
        deployment = Deployment(id="x", provider="alibaba", dialect="openai", model=model, region=region, facts=made.facts)
        return cost.prices(config, deployment)

    assert priced("text-embedding-v4", "cn-beijing") == (cost.Price("CNY", 0.5, 0.0),)
    assert priced("text-embedding-v4", "us-east-1") == ()
    assert priced("no-such-model", "cn-beijing") == ()


@given(st.floats(0, 1e4), st.floats(0, 1e4), st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0.001, 1e4))
def test_never_more_than_the_ceiling(into: float, out: float, prompt: int, answer: int, most: float) -> None:
    why = cost.too_dear((cost.Price("EUR", into, out),), (CostConfig(amount=most, currency="EUR"),), (prompt, answer))
    assert bool(why) == ((prompt * into + answer * out) / 1e6 > most)
