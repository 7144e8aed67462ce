# SPDX-License-Identifier: Apache-2.0
"""A gateway whose places speak Bedrock's and Cohere's APIs, and the official client in front of it; requests are signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import openai
import pytest

from comity.lab.process import Process, call
from comity.lab.simulators.bedrock.keys import ACCESS_KEY
from comity.lab.simulators.serve import LAB_KEY
from comity.lab.worlds import simulator
from tests.live.places import gateway
from tests.simulated.worlds import subject

PHONE, REGION = "13812345678", "us-east-1"
HEAD = """\
[controller]
name = "Example Ltd"
established = ["US"]

[defaults]
legal_basis = "consent"
task = "writing_assistant"

[server]
port = 0
"""
BEDROCK = """
[[deployments]]
id = "chat"
provider = "bedrock"
region = "us-east-1"
scope = "us-profile"
model = "us.amazon.nova-lite-v1:0"
operator = "US"
processing = ["US"]
stand_in = "{base}"
api_key = {{ env = "SIGNS" }}
evidence = ["processor_contract"]
"""
COHERE = """
[[deployments]]
id = "{id}"
provider = "self-hosted"
dialect = "cohere"
model = "{model}"
operations = ["{operation}"]
base_url = "{base}/v2"
api_key = {{ env = "OPENS" }}
operator = "US"
processing = ["US"]
storage = ["US"]
access = ["US"]
evidence = ["processor_contract"]
"""
WEATHER: Any = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
}


@pytest.fixture(scope="module")
def bedrock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with simulator("bedrock", dialect="bedrock", region=REGION, folder=tmp_path_factory.mktemp("bedrock")) as running:
        yield running.wait_ready()


@pytest.fixture(scope="module")
def base(bedrock: Process, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with simulator("cohere", dialect="cohere", region=REGION, folder=tmp_path_factory.mktemp("cohere")) as running:
        cohere = running.wait_ready().base
        places = [
            BEDROCK.format(base=bedrock.base),
            COHERE.format(id="ranks", model="rerank-v3.5", operation="rerank", base=cohere),
            COHERE.format(id="vectors", model="embed-v4.0", operation="embeddings", base=cohere),
        ]
        key = LAB_KEY.format(region=REGION)
        keys = {"SIGNS": f"{ACCESS_KEY}:{key}", "OPENS": key}
        with gateway(tmp_path_factory.mktemp("gateway"), HEAD + "".join(places), environment=keys) as process:
            yield process.base


@pytest.fixture(scope="module")
def client(base: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=base + "/v1", api_key="none", default_headers=subject("US"), max_retries=0) as made:
        yield made


def received(partner: Process) -> dict[str, Any]:
    last: dict[str, Any] = call(partner.base, "GET", "/_lab/received").json()["received"][-1]
    return last


def test_a_stream_comes_back_restored(client: openai.OpenAI, bedrock: Process) -> None:
    text = f"call {PHONE} now"
    asked: Any = {"model": "chat", "messages": [{"role": "user", "content": text}], "stream_options": {"include_usage": True}}
    with client.chat.completions.create(stream=True, **asked) as stream:
        chunks = list(stream)
    content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert content.startswith(text)
    assert chunks[-1].usage is not None and chunks[-1].usage.total_tokens > 0
    sent = received(bedrock)
    assert PHONE not in json.dumps(sent) and sent["path"] == "/model/us.amazon.nova-lite-v1:0/converse-stream"


def test_tools_are_called_and_answered(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": f"weather for {PHONE}"}]
    message = client.chat.completions.create(model="chat", messages=messages, tools=[WEATHER]).choices[0].message
    assert message.tool_calls is not None
    (called,) = message.tool_calls
    assert called.type == "function" and json.loads(called.function.arguments) == {"city": f"weather for {PHONE}"}
    messages += [message.model_dump(exclude_none=True), {"role": "tool", "tool_call_id": called.id, "content": "sun"}]
    said = client.chat.completions.create(model="chat", messages=messages, tools=[WEATHER]).choices[0].message
    assert (said.content or "").startswith("The tools said: sun")


def test_what_it_cannot_say_is_said_before_anything_is_sent(client: openai.OpenAI, bedrock: Process) -> None:
    before = call(bedrock.base, "GET", "/_lab/received").json()["requests"]
    for more in ({"n": 2}, {"seed": 1}, {"temperature": 1.5}):
        with pytest.raises(openai.APIStatusError, match="cannot carry"):
            client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "x"}], **more)  # type: ignore[call-overload]
    assert call(bedrock.base, "GET", "/_lab/received").json()["requests"] == before


def test_a_guardrail_ends_an_answer(client: openai.OpenAI, bedrock: Process) -> None:
    call(bedrock.base, "POST", "/_lab/faults", b'{"faults": [{"kind": "filter"}]}')
    said = client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "x"}])
    assert said.choices[0].finish_reason == "content_filter"


def test_a_stream_that_breaks_is_an_error(client: openai.OpenAI, bedrock: Process) -> None:
    call(bedrock.base, "POST", "/_lab/faults", b'{"faults": [{"kind": "break"}]}')
    with (
        pytest.raises(openai.APIError, match="internalServerException"),
        client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "one two three four"}], stream=True) as stream,
    ):
        list(stream)


def test_vectors_and_ranks(client: openai.OpenAI, base: str) -> None:
    made = client.embeddings.create(model="vectors", input=["a", "b"], dimensions=256)
    assert [len(each.embedding) for each in made.data] == [256] * 2
    asked = {"model": "ranks", "query": "red cat", "documents": ["a dog", "a red cat"], "top_n": 1, "return_documents": True}
    answer = httpx.post(f"{base}/v1/rerank", json=asked, headers=subject("US"))
    assert answer.json()["results"] == [{"index": 1, "relevance_score": 1.0, "document": {"text": "a red cat"}}], answer.text
