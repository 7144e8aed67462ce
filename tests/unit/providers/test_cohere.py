# SPDX-License-Identifier: Apache-2.0
"""Cohere's rerank and embed through the adapter, over loopback, to the simulator."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.config import LimitsConfig
from comity.errors import ProviderFailure
from comity.lab.simulators.cohere import Cohere
from comity.policy import facts
from comity.providers.adapters.cohere import TEXTS_MAX, CohereDialect
from comity.providers.base import Deployment
from comity.providers.catalog.dialects import features
from comity.providers.dialect import DialectProvider
from comity.providers.http import Egress
from comity.wire import embeddings, rerank
from comity.wire.decode import decode_chat
from comity.wire.embeddings import EmbeddingsRequest
from comity.wire.request import Request
from comity.wire.rerank import Document, RerankRequest
from tests.fakes import FakeClock
from tests.unit.lab.simulators.served import served
from tests.unit.providers.hostile import PATIENCE_SECONDS

KEY, REGION, MODEL = "co-here", "anywhere", "embed-v4.0"
LIMITS = LimitsConfig(first_byte_seconds_max=PATIENCE_SECONDS, idle_seconds_max=PATIENCE_SECONDS)
RANKED = RerankRequest(query="red cat", documents=("a dog", Document(text="a red cat"), "a cat"), return_documents=True)
EMBEDDED = EmbeddingsRequest(input=("a", "b b"))


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served(Cohere(), region=REGION, key=KEY, clock=FakeClock()) as url:
        yield url


def deployment(base: str) -> Deployment:
    place = frozenset({"CA"})
    known = facts.Provider(id="here", kind="cloud", operator_region="CA", processing=place, storage=place, access=place)
    return Deployment(
        id="here", provider="cohere", dialect="cohere", model=MODEL, base_url=f"{base}/v2", egress=urlsplit(base).netloc, facts=known,
        features=features("cohere"),
    )  # fmt: skip


async def exchange(base: str, request: Request, *, key: str = KEY) -> Any:
    place = deployment(base)
    provider = DialectProvider(CohereDialect(), Egress({"here": place}, LIMITS), {"here": key})
    try:
        answer = await provider.send(place, request)
        try:
            return json.loads(b"".join([piece async for piece in answer.chunks()]))
        finally:
            await answer.aclose()
    finally:
        await provider.aclose()


async def failure_of(base: str, request: Request, **more: Any) -> ProviderFailure:
    with pytest.raises(ProviderFailure) as caught:
        await asyncio.wait_for(exchange(base, request, **more), PATIENCE_SECONDS)
    return caught.value


def received(base: str) -> Any:
    with urllib.request.urlopen(f"{base}/_lab/received") as answer:
        return json.load(answer)["received"][-1]["body"]


def planned(base: str, fault: dict[str, Any]) -> None:
    body = msgspec.json.encode({"faults": [fault]})
    with urllib.request.urlopen(urllib.request.Request(f"{base}/_lab/faults", data=body, method="POST")) as answer:
        assert answer.status == 200


async def test_documents_are_ordered(base: str) -> None:
    got = await exchange(base, RANKED)
    assert [each["index"] for each in got["results"]] == [1, 2, 0]
    assert received(base) == {"model": MODEL, "query": "red cat", "documents": ["a dog", "a red cat", "a cat"]}
    said = json.loads(rerank.answer(got, RANKED).body)
    assert said["results"][0] == {"index": 1, "relevance_score": 1.0, "document": {"text": "a red cat"}}


async def test_only_so_many_are_named(base: str) -> None:
    assert [each["index"] for each in (await exchange(base, msgspec.structs.replace(RANKED, top_n=1)))["results"]] == [1]


async def test_texts_become_vectors(base: str) -> None:
    got = await exchange(base, EMBEDDED)
    assert [(each["object"], each["index"], len(each["embedding"])) for each in got["data"]] == [
        ("embedding", 0, 1536),
        ("embedding", 1, 1536),
    ]
    assert got["usage"] == {"prompt_tokens": 3, "total_tokens": 3} and got["model"] == MODEL
    assert received(base) == {
        "model": MODEL, "texts": ["a", "b b"], "input_type": "search_document", "embedding_types": ["float"], "truncate": "NONE",
    }  # fmt: skip
    assert embeddings.answer(got, EMBEDDED).body


async def test_the_one_feature_of_its_table(base: str) -> None:
    assert features("cohere") == {"rerank": frozenset(), "embeddings": frozenset({"dimensions"})}
    got = await exchange(base, EmbeddingsRequest(input="a", dimensions=256))
    assert len(got["data"][0]["embedding"]) == 256


@pytest.mark.parametrize(
    "request_",
    [
        EmbeddingsRequest(input="a", user="u"),
        EmbeddingsRequest(input=("a",) * (TEXTS_MAX + 1)),
        decode_chat(b'{"messages":[{"role":"user","content":"Hi"}]}')[0],
    ],
)
async def test_what_cannot_be_said_is_refused_before_anything_is_sent(base: str, request_: Request) -> None:
    assert (await failure_of(base, request_)).kind == "unsupported"


@pytest.mark.parametrize("request_", [RANKED, EMBEDDED])
@pytest.mark.parametrize(
    ("fault", "kind", "status", "retryable"),
    [
        ({"kind": "status", "status": 429, "retry_after": 2}, "status", 429, True),
        ({"kind": "status", "status": 500}, "status", 500, True),
        ({"kind": "status", "trouble": "quota"}, "status", 402, True),
        ({"kind": "status", "trouble": "parameter"}, "status", 400, False),
        ({"kind": "malformed"}, "protocol", 0, False),
        ({"kind": "cut", "at": 9}, "protocol", 0, False),
        ({"kind": "content_type"}, "protocol", 0, True),
        ({"kind": "redirect"}, "protocol", 307, True),
    ],
)
async def test_a_fault_is_one_failure(base: str, request_: Request, fault: dict[str, Any], kind: str, status: int, retryable: bool) -> None:
    planned(base, fault)
    failure = await failure_of(base, request_)
    assert (failure.kind, failure.upstream_status, failure.retryable) == (kind, status, retryable)


async def test_a_wrong_key_is_this_operators_affair(base: str) -> None:
    failure = await failure_of(base, RANKED, key="co-elsewhere")
    assert (failure.upstream_status, failure.retryable) == (401, True)


# -- what is read ----------------------------------------------------------------------------------------------------


def read(request: Request, *pieces: bytes) -> Any:
    reader = CohereDialect().reader(deployment("http://127.0.0.1:9"), request)
    assert not b"".join(map(reader.feed, pieces))
    return json.loads(reader.finish())


def test_cut_at_every_byte_it_is_the_same() -> None:
    raw = b'{"id":"x","results":[{"index":0,"relevance_score":0.5}],"meta":{"tokens":{"input_tokens":7.0}}}'
    for place in range(len(raw) + 1):
        assert read(RANKED, raw[:place], raw[place:]) == {
            "model": MODEL, "results": [{"index": 0, "relevance_score": 0.5}], "usage": {"prompt_tokens": 7, "total_tokens": 7},
        }  # fmt: skip
    for place in range(len(raw)):
        with pytest.raises(ProviderFailure):
            read(RANKED, raw[:place])


@pytest.mark.parametrize("request_", [RANKED, EMBEDDED])
@pytest.mark.parametrize(
    "raw",
    [
        b"[]",
        b"{}",
        b'{"results":{}}',
        b'{"results":[1]}',
        b'{"results":[{"index":"0","relevance_score":1}]}',
        b'{"results":[{"index":0}]}',
        b'{"embeddings":[[1]]}',
        b'{"embeddings":{"int8":[[1]]}}',
    ],
)
def test_what_is_no_answer_is_a_failure(request_: Request, raw: bytes) -> None:
    with pytest.raises(ProviderFailure):
        read(request_, raw)


@given(st.binary(max_size=60))
def test_whatever_comes_is_a_failure_and_nothing_else(raw: bytes) -> None:
    with pytest.raises(ProviderFailure):
        read(RANKED, raw)
