# SPDX-License-Identifier: Apache-2.0
"""Anthropic's own SDK as an outside client: it must find in the simulator what it expects of Messages."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from comity.lab.simulators import media
from comity.lab.simulators.anthropic import Anthropic
from comity.ports import SystemClock
from tests.unit.lab.simulators.served import served

anthropic: Any = pytest.importorskip("anthropic", reason="Anthropic's SDK is not installed")

MODEL = "claude-opus-4-6"
HELLO: Any = [{"role": "user", "content": "Hello there, 你好"}]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
TOOLS = [{"name": name, "input_schema": CITY} for name in ("weather", "time")]
PICTURE = base64.b64encode(media.png("x", 40, 30)).decode()


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served(Anthropic(models=(MODEL,)), region="global", key="k-global", clock=SystemClock()) as url:
        yield url


@pytest.fixture(scope="module")
def client(base: str) -> Iterator[Any]:
    with anthropic.Anthropic(base_url=base, api_key="k-global", max_retries=0) as made:
        yield made


def asked(**more: Any) -> Any:
    return {"model": MODEL, "max_tokens": 2000, "messages": HELLO} | more


def test_a_message(client: Any) -> None:
    said = client.messages.create(**asked(system="Be kind."))
    assert (said.content[0].text, said.stop_reason, said.model) == ("Hello there, 你好", "end_turn", MODEL)
    assert said.usage.input_tokens > said.usage.output_tokens > 0
    assert client.messages.create(**asked(max_tokens=2)).stop_reason == "max_tokens"
    stopped = client.messages.create(**asked(stop_sequences=["there"]))
    assert (stopped.stop_reason, stopped.stop_sequence, stopped.content[0].text) == ("stop_sequence", "there", "Hello ")


def test_a_stream_is_the_same_message(client: Any) -> None:
    wish = asked(thinking={"type": "adaptive"}, output_config={"effort": "low"}, tools=TOOLS)
    for messages in (HELLO, [{"role": "user", "content": "call both"}]):
        with client.messages.stream(**wish | {"messages": messages}) as stream:
            told = "".join(event.text for event in stream if event.type == "text")
            streamed = stream.get_final_message()
        whole = client.messages.create(**wish | {"messages": messages})
        assert [each.model_dump(exclude={"parsed_output"}) for each in streamed.content] == [each.model_dump() for each in whole.content]
        assert (streamed.stop_reason, streamed.usage.output_tokens) == (whole.stop_reason, whole.usage.output_tokens)
        assert told == "".join(each.text for each in whole.content if each.type == "text")


def test_tools_and_the_thought_before_them(client: Any) -> None:
    wish = asked(tools=TOOLS, thinking={"type": "adaptive"}, messages=[{"role": "user", "content": "call both"}])
    said = client.messages.create(**wish)
    assert said.stop_reason == "tool_use" and said.content[0].type == "thinking"
    calls = [block for block in said.content if block.type == "tool_use"]
    assert [call.name for call in calls] == ["weather", "time"]
    results: Any = [{"type": "tool_result", "tool_use_id": call.id, "content": call.name} for call in calls]
    messages = [*wish["messages"], {"role": "assistant", "content": said.content}, {"role": "user", "content": results}]
    assert client.messages.create(**wish | {"messages": messages}).content[-1].text == "The tools said: weather; time"
    with pytest.raises(anthropic.BadRequestError, match="without `tool_result`"):
        client.messages.create(**wish | {"messages": [*messages[:2], {"role": "user", "content": results[:1]}]})
    changed = [{**block.model_dump(), "thinking": "other"} if block.type == "thinking" else block for block in said.content]
    with pytest.raises(anthropic.BadRequestError, match="signature"):
        client.messages.create(**wish | {"messages": [messages[0], {"role": "assistant", "content": changed}, messages[2]]})


def test_a_picture_a_document_and_a_schema(client: Any) -> None:
    parts: Any = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}},
        {"type": "text", "text": "look"},
    ]
    text = client.messages.create(**asked(messages=[{"role": "user", "content": parts}])).content[0].text
    assert "[1 image: 40x30]" in text and "a file of 2 bytes" in text
    form = {"format": {"type": "json_schema", "schema": CITY}}
    assert "city" in client.messages.create(**asked(output_config=form)).content[0].text


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ('{"kind": "status", "trouble": "rate", "retry_after": 3}', "RateLimitError"),
        ('{"kind": "status", "trouble": "overloaded"}', "OverloadedError"),
        ('{"kind": "status", "trouble": "forbidden"}', "PermissionDeniedError"),
        ('{"kind": "status", "trouble": "server"}', "InternalServerError"),
        ("filter", "BadRequestError"),
    ],
)
def test_errors_are_told_as_the_sdk_knows_them(client: Any, fault: str, error: str) -> None:
    with pytest.raises(anthropic.APIStatusError) as raised:
        client.messages.create(**asked(), extra_headers={"x-lab-fault": fault})
    assert type(raised.value).__name__ == error and raised.value.body["type"] == "error"


def test_a_key_a_model_and_a_field_that_are_not_there(base: str, client: Any) -> None:
    with anthropic.Anthropic(base_url=base, api_key="k-elsewhere", max_retries=0) as other, pytest.raises(anthropic.AuthenticationError):
        other.messages.create(**asked())
    with pytest.raises(anthropic.NotFoundError, match="not_found_error"):
        client.messages.create(**asked(model="none"))
    with pytest.raises(anthropic.BadRequestError, match="unknown field"):
        client.messages.create(**asked(), extra_body={"seed": 4})


def test_a_stream_that_breaks_off(client: Any) -> None:
    wish = asked(extra_headers={"x-lab-fault": "break"})
    with pytest.raises(anthropic.APIStatusError, match="api_error"), client.messages.stream(**wish) as stream:
        stream.get_final_message()


def test_refused_half_way(client: Any) -> None:
    filtered = {"x-lab-fault": '{"kind": "filter", "where": "output"}'}
    assert client.messages.create(**asked(), extra_headers=filtered).stop_reason == "refusal"


def test_limits_are_in_the_headers(client: Any) -> None:
    raw = client.messages.with_raw_response.create(**asked())
    assert raw.headers["anthropic-ratelimit-requests-remaining"] == "999" and raw.headers["request-id"].startswith("req_")
