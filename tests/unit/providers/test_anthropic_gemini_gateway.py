# SPDX-License-Identifier: Apache-2.0
"""A gateway whose places are Anthropic's and Google's, and the official client of OpenAI in front of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import openai
import pytest

from comity.lab.process import Process, call
from comity.lab.simulators.serve import LAB_KEY
from comity.lab.worlds import simulator
from tests.live.places import gateway
from tests.simulated.worlds import subject
from tests.unit.providers.chats import PICTURE, TOOLS

PHONE = "+1 415-555-0132"
HEAD = """\
[controller]
name = "Example Ltd"
established = ["US"]

[service]
public = true

[defaults]
legal_basis = "consent"
task = "writing_assistant"

[privacy.media]
image = ["name"]

[server]
port = 0
"""
PLACE = """
[[deployments]]
id = "{id}"
provider = "{provider}"
{where}
dialect = "{provider}"
model = "{model}"
operations = ["{operation}"]
inputs = {inputs}
stand_in = "{base}"
api_key = {{ env = "LAB_KEY" }}
evidence = ["processor_contract"]
"""
US = 'region = "global"\nscope = "us"\nstorage = ["US"]\naccess = ["US"]'
GOOGLE = 'region = "global"\noperator = "US"\nprocessing = ["US"]\nstorage = ["US"]\naccess = ["US"]'
MODELS = (
    ("claude", "anthropic", US, "claude-opus-4-6", "chat", '["image"]'),
    ("gemini", "gemini", GOOGLE, "gemini-3-flash", "chat", '["image"]'),
    ("vectors", "gemini", GOOGLE, "gemini-embedding-001", "embeddings", "[]"),
)


@pytest.fixture(scope="module")
def partners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Process]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(simulator(name, dialect=name, region="global", folder=tmp_path_factory.mktemp(name))).wait_ready()
            for name in ("anthropic", "gemini")
        }


@pytest.fixture(scope="module")
def client(partners: dict[str, Process], tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    places = [
        PLACE.format(id=id, provider=provider, where=where, model=model, operation=operation, inputs=inputs, base=partners[provider].base)
        for id, provider, where, model, operation, inputs in MODELS
    ]
    keys = {"LAB_KEY": LAB_KEY.format(region="global")}
    with (
        gateway(tmp_path_factory.mktemp("gateway"), HEAD + "".join(places), environment=keys) as process,
        openai.OpenAI(base_url=process.base + "/v1", api_key="none", default_headers=subject("US"), max_retries=0) as made,
    ):
        yield made


BOTH = pytest.mark.parametrize(("model", "partner"), [("claude", "anthropic"), ("gemini", "gemini")])


@BOTH
def test_a_stream_with_tools_and_thought(client: openai.OpenAI, model: str, partner: str) -> None:
    asked: Any = {"model": model, "messages": [{"role": "user", "content": "call both"}], "tools": TOOLS, "reasoning_effort": "low"}
    with client.chat.completions.create(stream=True, stream_options={"include_usage": True}, **asked) as stream:
        chunks = list(stream)
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    names = [each.function.name for delta in deltas for each in delta.tool_calls or () if each.function and each.function.name]
    assert names == ["weather", "time"] and any((delta.model_extra or {}).get("reasoning_content") for delta in deltas)
    assert chunks[-1].usage is not None and chunks[-1].usage.total_tokens > 0
    message = client.chat.completions.create(**asked).choices[0].message
    results: Any = [{"role": "tool", "tool_call_id": each.id, "content": "sun"} for each in message.tool_calls or ()]
    asked["messages"] += [message.model_dump(exclude_none=True), *results]
    said = client.chat.completions.create(**asked).choices[0].message
    assert (said.content or "").startswith("The tools said: sun; sun")


@BOTH
def test_what_is_hidden_comes_back(client: openai.OpenAI, partners: dict[str, Process], model: str, partner: str) -> None:
    parts: Any = [{"type": "text", "text": f"call me at {PHONE}"}, {"type": "image_url", "image_url": {"url": PICTURE}}]
    said = client.chat.completions.create(model=model, messages=[{"role": "user", "content": parts}])
    assert PHONE in (said.choices[0].message.content or "") and "40x30" in (said.choices[0].message.content or "")
    sent = call(partners[partner].base, "GET", "/_lab/received").json()["received"][-1]
    assert sent["path"] in ("/v1/messages", "/v1beta/models/gemini-3-flash:generateContent")


def test_vectors(client: openai.OpenAI) -> None:
    made = client.embeddings.create(model="vectors", input=["red", "blue"], dimensions=16)
    assert [len(each.embedding) for each in made.data] == [16, 16]


@BOTH
def test_what_one_dialect_cannot_do_is_said_before_anything_is_sent(
    client: openai.OpenAI, partners: dict[str, Process], model: str, partner: str
) -> None:
    before = call(partners[partner].base, "GET", "/_lab/received").json()["requests"]
    with pytest.raises(openai.APIStatusError, match="logprobs"):
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": "x"}], logprobs=True)
    assert call(partners[partner].base, "GET", "/_lab/received").json()["requests"] == before


@BOTH
@pytest.mark.parametrize("stream", [False, True])
def test_the_partners_own_refusal_is_passed_on(
    client: openai.OpenAI, partners: dict[str, Process], model: str, partner: str, stream: bool
) -> None:
    call(partners[partner].base, "POST", "/_lab/faults", json.dumps({"faults": [{"kind": "filter"}]}).encode())
    with pytest.raises(openai.APIError) as caught:
        list(client.chat.completions.create(model=model, messages=[{"role": "user", "content": "x"}], stream=stream))
    assert caught.value.code == "provider.content_refused"
