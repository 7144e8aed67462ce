# SPDX-License-Identifier: Apache-2.0
"""Google's own SDK as an outside client: it must find in the simulator what it expects of the Gemini API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from comity.lab.simulators import media
from comity.lab.simulators.gemini import Gemini
from comity.ports import SystemClock
from tests.unit.lab.simulators.served import served

genai: Any = pytest.importorskip("google.genai", reason="Google's SDK, google-genai, is not installed")
from google.genai import errors, types  # noqa: E402

MODEL = "gemini-3-flash"
CITY: Any = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: Any = [types.Tool(function_declarations=[{"name": name, "parameters_json_schema": CITY} for name in ("weather", "time")])]
THOUGHT = types.ThinkingConfig(include_thoughts=True, thinking_level=types.ThinkingLevel.LOW)
QUIET = types.AutomaticFunctionCallingConfig(disable=True)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served(Gemini(models=(MODEL, "gemini-embedding-001")), region="global", key="k-global", clock=SystemClock()) as url:
        yield url


@pytest.fixture(scope="module")
def client(base: str) -> Iterator[Any]:
    made = genai.Client(api_key="k-global", http_options=types.HttpOptions(base_url=base))
    yield made
    made.close()


def config(**more: Any) -> Any:
    return types.GenerateContentConfig(automatic_function_calling=QUIET, **more)


def faulty(fault: str) -> Any:
    return config(http_options=types.HttpOptions(headers={"x-lab-fault": fault}))


def test_an_answer(client: Any) -> None:
    said = client.models.generate_content(model=MODEL, contents="Hello there, 你好", config=config(system_instruction="Be kind."))
    assert said.text == "Hello there, 你好" and said.candidates[0].finish_reason == types.FinishReason.STOP
    counted = said.usage_metadata
    assert counted.total_token_count == counted.prompt_token_count + counted.candidates_token_count
    short = client.models.generate_content(model=MODEL, contents="Hello there", config=config(max_output_tokens=1))
    assert short.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS


def test_a_stream_with_a_thought(client: Any) -> None:
    wish = config(thinking_config=THOUGHT)
    chunks = list(client.models.generate_content_stream(model=MODEL, contents="Hello there, 你好, from far away", config=wish))
    parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts]
    assert "".join(part.text for part in parts if not part.thought) == "Hello there, 你好, from far away"
    assert any(part.thought for part in parts) and parts[-1].thought_signature and len(chunks) > 4
    assert chunks[-1].usage_metadata.thoughts_token_count > 0


def test_tools_are_called_and_answered(client: Any) -> None:
    asked = types.Content(role="user", parts=[types.Part(text="call both")])
    said = client.models.generate_content(model=MODEL, contents=[asked], config=config(tools=TOOLS, thinking_config=THOUGHT))
    calls = said.function_calls
    assert [call.name for call in calls] == ["weather", "time"] and all("city" in call.args for call in calls)
    results = [types.Part(function_response={"id": call.id, "name": call.name, "response": {"output": call.name}}) for call in calls]
    more = [asked, said.candidates[0].content, types.Content(role="user", parts=results)]
    assert client.models.generate_content(model=MODEL, contents=more, config=config(tools=TOOLS)).text == "The tools said: weather; time"
    with pytest.raises(errors.ClientError, match="function response parts"):
        client.models.generate_content(model=MODEL, contents=[*more[:2], asked], config=config(tools=TOOLS))


def test_a_picture_a_sound_and_schemas(client: Any) -> None:
    parts = [
        types.Part.from_bytes(data=media.png("x", 40, 30), mime_type="image/png"),
        types.Part.from_bytes(data=media.wav("ears", 0.5), mime_type="audio/wav"),
        "look",
    ]
    text = client.models.generate_content(model=MODEL, contents=parts, config=config()).text
    assert "[1 image: 40x30]" in text and "ears" in text
    for schema in ({"response_json_schema": CITY}, {"response_schema": CITY}):
        wish = config(response_mime_type="application/json", **schema)
        assert json.loads(client.models.generate_content(model=MODEL, contents="Bonn", config=wish).text) == {"city": "Bonn"}


def test_vectors(client: Any) -> None:
    wish = types.EmbedContentConfig(output_dimensionality=8)
    made = client.models.embed_content(model="gemini-embedding-001", contents=["red", "blue"], config=wish)
    assert [len(each.values) for each in made.embeddings] == [8, 8]


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        ('{"kind": "status", "trouble": "rate"}', 429, "RESOURCE_EXHAUSTED"),
        ('{"kind": "status", "trouble": "forbidden"}', 403, "PERMISSION_DENIED"),
        ('{"kind": "status", "trouble": "overloaded"}', 503, "UNAVAILABLE"),
    ],
)
def test_errors_are_told_as_the_sdk_knows_them(client: Any, fault: str, code: int, status: str) -> None:
    with pytest.raises(errors.APIError) as raised:
        client.models.generate_content(model=MODEL, contents="x", config=faulty(fault))
    assert (raised.value.code, raised.value.status) == (code, status)


def test_a_key_and_a_model_that_are_not_there(base: str, client: Any) -> None:
    other = genai.Client(api_key="k-elsewhere", http_options=types.HttpOptions(base_url=base))
    with pytest.raises(errors.ClientError, match="API_KEY_INVALID"):
        other.models.generate_content(model=MODEL, contents="x")
    other.close()
    with pytest.raises(errors.ClientError, match="NOT_FOUND"):
        client.models.generate_content(model="none", contents="x")


def test_blocked_before_and_half_way(client: Any) -> None:
    said = client.models.generate_content(model=MODEL, contents="x", config=faulty("filter"))
    assert said.prompt_feedback.block_reason == types.BlockedReason.PROHIBITED_CONTENT and not said.candidates
    half = client.models.generate_content(model=MODEL, contents="Hello there", config=faulty('{"kind": "filter", "where": "output"}'))
    assert half.candidates[0].finish_reason == types.FinishReason.SAFETY
