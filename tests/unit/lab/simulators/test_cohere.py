# SPDX-License-Identifier: Apache-2.0
"""Cohere's own SDK as an outside client, and what is refused without it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from comity.lab.simulators.cohere import Cohere
from tests.fakes import FakeClock
from tests.unit.lab.simulators.served import served
from tests.unit.lab.simulators.stand import KEY, REGION, http, simulator


async def ask(path: str, body: Any, *, key: str = KEY, **more: Any) -> tuple[int, Any]:
    async with http(simulator(Cohere(**more))) as client:
        got = await client.post(path, json=body, headers={"authorization": f"Bearer {key}"})
    return got.status_code, got.json()


RANK: dict[str, Any] = {"model": "rerank-v3.5", "query": "red cat", "documents": ["a dog", "a red cat"]}
EMBED: dict[str, Any] = {"model": "embed-v4.0", "texts": ["a"], "input_type": "search_query", "embedding_types": ["float"]}


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("/v2/rerank", RANK | {"query": " "}, 400, "invalid request: query must not be empty or be only whitespace"),
        ("/v2/rerank", RANK | {"documents": []}, 400, "invalid request: list of documents must not be empty"),
        ("/v2/rerank", RANK | {"top_n": 0}, 400, "top_n"),
        ("/v2/rerank", RANK | {"documents": 3}, 400, "documents"),
        ("/v2/rerank", RANK | {"model": ""}, 400, "model is required"),
        ("/v2/rerank", RANK | {"model": "rerank-v1"}, 404, "model 'rerank-v1' not found"),
        ("/v2/embed", EMBED | {"texts": ["a"] * 97}, 400, "invalid request: total number of texts must be at most 96 - received 97"),
        ("/v2/embed", EMBED | {"texts": [""]}, 400, "empty"),
        ("/v2/embed", EMBED | {"output_dimension": 7}, 400, "output_dimension"),
        ("/v2/embed", {name: said for name, said in EMBED.items() if name != "input_type"}, 400, "input_type must be provided"),
        ("/v2/chat", {}, 404, "not found"),
    ],
)
async def test_what_is_refused(path: str, body: Any, status: int, message: str) -> None:
    found, told = await ask(path, body, models=("rerank-v3.5", "embed-v4.0"))
    assert found == status and message in told["message"] and len(told["id"]) == 36


async def test_a_key_of_another_region_is_none() -> None:
    status, told = await ask("/v2/rerank", RANK, key="sk-there")
    assert (status, told["message"]) == (401, "invalid api token")


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with warnings.catch_warnings():  # its imports are not ours to mend
        warnings.simplefilter("ignore")
        cohere = pytest.importorskip("cohere", reason="cohere, its maker's SDK, is not installed")
        httpx = pytest.importorskip("httpx")
    with served(Cohere(), region=REGION, key=KEY, clock=FakeClock()) as base, httpx.Client() as connections:
        yield cohere.ClientV2(api_key=KEY, base_url=base, httpx_client=connections)


def test_its_sdk_orders_documents(client: Any) -> None:
    got = client.rerank(**RANK, top_n=1)
    assert [(each.index, each.relevance_score) for each in got.results] == [(1, 1.0)]
    assert got.meta.billed_units.search_units == 1 and len(got.id) == 36


def test_its_sdk_has_vectors(client: Any) -> None:
    got = client.embed(**EMBED, output_dimension=256)
    assert [len(vector) for vector in got.embeddings.float_] == [256] and got.meta.billed_units.input_tokens == 1


def test_its_sdk_knows_a_refusal(client: Any) -> None:
    errors = pytest.importorskip("cohere.errors")
    with pytest.raises(errors.BadRequestError, match="query must not be empty"):
        client.rerank(**RANK | {"query": " "})
    with pytest.raises(errors.TooManyRequestsError):
        client.rerank(**RANK, request_options={"additional_headers": {"x-lab-fault": '{"kind":"status","status":429}'}, "max_retries": 0})
