# SPDX-License-Identifier: Apache-2.0
"""The door of Anthropic Messages: in, out whole, out in events."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError, ProviderFailure
from comity.wire.messages import answer
from comity.wire.messages.chat import decoded
from comity.wire.messages.events import Events
from comity.wire.sse import EventDecoder
from tests.unit.wire.answers import chats, chunks_of, completion

Body = dict[str, Any]
SAID = [{"role": "user", "content": "hi"}]


def read(body: Body) -> Any:
    return decoded(json.dumps({"messages": SAID, "max_tokens": 9000} | body).encode(), "application/json", False)[0]


def sent(body: Body) -> Body:
    made: Body = json.loads(msgspec.json.encode(read(body)))
    return made


def gathered(pieces: list[bytes]) -> Body:
    """As a client adds up events."""
    made: Body = {}
    arguments: dict[int, str] = {}
    for event in (json.loads(each.data) for each in EventDecoder().feed(b"".join(pieces))):
        index, delta = event.get("index", -1), event.get("delta", {})
        if event["type"] == "message_start":
            made = event["message"]
        elif event["type"] == "content_block_start":
            assert index == len(made["content"])
            made["content"].append(event["content_block"])
        elif event["type"] == "content_block_delta":
            kind, block = delta.pop("type"), made["content"][index]
            if kind == "input_json_delta":
                arguments[index] = arguments.get(index, "") + delta["partial_json"]
            else:
                ((name, text),) = delta.items()
                block[name] = text if kind == "signature_delta" else block[name] + text
        elif event["type"] == "content_block_stop" and index in arguments:
            made["content"][index]["input"] = json.loads(arguments[index])
        elif event["type"] == "message_delta":
            made |= delta | {"usage": event["usage"]} | {name: event[name] for name in ("AIGC",) if name in event}
    return made


def test_a_conversation_is_read_as_a_chat() -> None:
    png = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
    pdf = {"type": "document", "title": "a.pdf", "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="}}
    made = sent(
        {
            "system": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral"}}],
            "messages": [
                {"role": "user", "content": [png, pdf, {"type": "text", "text": "look"}]},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": "I look"},
                    {"type": "tool_use", "id": "c1", "name": "see", "input": {"at": 1}},
                    {"type": "tool_use", "id": "c2", "name": "see", "input": {}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "a dog"}]},
                    {"type": "tool_result", "tool_use_id": "c2", "content": "dark", "is_error": True},
                    {"type": "text", "text": "well?"},
                ]},
            ],
            "tools": [{"name": "see", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": True}, "stop_sequences": ["END"], "metadata": {"user_id": "u"},
        }
    )  # fmt: skip
    assert made["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,aGk=", "filename": "a.pdf"}},
            {"type": "text", "text": "look"},
        ]},
        {"role": "assistant", "content": "I look", "reasoning_content": "hm", "reasoning_signature": "s", "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "see", "arguments": '{"at":1}'}},
            {"id": "c2", "type": "function", "function": {"name": "see", "arguments": "{}"}},
        ]},
        {"role": "tool", "tool_call_id": "c1", "content": "a dog"},
        {"role": "tool", "tool_call_id": "c2", "content": "error: dark"},
        {"role": "user", "content": "well?"},
    ]  # fmt: skip
    assert made["tool_choice"] == "required" and made["parallel_tool_calls"] is False and made["stop"] == ["END"] and made["user"] == "u"


@pytest.mark.parametrize(
    ("body", "effort"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "low"),
        ({"thinking": {"type": "enabled", "budget_tokens": 4096}}, "medium"),
        ({"thinking": {"type": "enabled", "budget_tokens": 16_384}, "max_tokens": 20_000}, "high"),
        ({"thinking": {"type": "adaptive"}}, "high"),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}, "low"),
        ({"thinking": {"type": "disabled"}}, "none"),
        ({}, None),
    ],
)
def test_thinking_is_an_effort(body: Body, effort: str | None) -> None:
    assert read(body).reasoning_effort == effort


def turn(role: str, *blocks: Body) -> Body:
    return {"messages": [{"role": role, "content": list(blocks)}]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"messages": []}, "messages"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"service_tier": "standard_only"}, "service_tier"),
        ({"thinking": {"type": "enabled", "budget_tokens": 9000}}, "thinking.budget_tokens"),
        (turn("assistant", {"type": "redacted_thinking", "data": "x"}), "messages[0].content[0]"),
        (turn("assistant", {"type": "tool_result", "tool_use_id": "c"}), "messages[0].content[0].type"),
        (turn("user", {"type": "tool_use", "id": "c", "name": "f", "input": {}}), "messages[0].content[0].type"),
        (turn("user", {"type": "text", "text": "x"}, {"type": "tool_result", "tool_use_id": "c"}), "messages[0].content[1]"),
        (turn("user", {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "!"}},
              {"type": "text", "text": "x"}),
         "messages[0].content[0].image_url.url"),
        (turn("user", {"type": "server_tool_use"}), "messages[0].content[0].type"),
        ({"container": "x"}, "container"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_is_refused_by_its_path(body: Body, field: str) -> None:
    with pytest.raises(CallerError) as raised:
        read(body)
    assert raised.value.field == field


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["messages", "max_tokens", "system", "tools", "thinking", "metadata", "x"]), json_values))
def test_a_hostile_body_is_a_caller_s_error_or_a_request(body: Body) -> None:
    for drop in (False, True):
        with suppress(CallerError):
            decoded(json.dumps(body).encode(), "", drop)


@given(chats(objects=True), st.lists(st.integers(1, 5), min_size=1))
def test_a_stream_adds_up_to_the_whole_message(answered: Body, cuts: list[int]) -> None:
    writer = Events(read({}))
    made = gathered([*map(writer.chunk, chunks_of(answered, cuts)), writer.end()])
    assert made == json.loads(answer.whole(answered, read({})).body)


def test_the_end_of_a_text_that_comes_late_is_still_its_own() -> None:
    writer = Events(read({}))
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}
    deltas = ({"content": "Zhang"}, {"tool_calls": [call]}, {"content": " Wei"})
    pieces = [writer.chunk({"id": "1", "choices": [{"index": 0, "delta": delta}]}) for delta in deltas]
    assert [block.get("text") for block in gathered([*pieces, writer.end()])["content"]] == ["Zhang Wei", None]


def test_the_label_survives() -> None:
    answered, writer = completion("x") | {"AIGC": {"Label": "1"}}, Events(read({}))
    assert gathered([*map(writer.chunk, chunks_of(answered, [1])), writer.end()])["AIGC"] == {"Label": "1"}
    assert json.loads(answer.whole(answered, read({})).body)["AIGC"] == {"Label": "1"}


@pytest.mark.parametrize("arguments", ["{", "[]", '"x"'])
def test_arguments_that_are_no_object_are_a_failure_whole_and_streamed(arguments: str) -> None:
    answered = completion("")
    answered["choices"][0]["message"]["tool_calls"] = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}]
    with pytest.raises(ProviderFailure):
        answer.whole(answered, read({}))
    writer = Events(read({}))
    for chunk in chunks_of(answered, [1]):
        writer.chunk(chunk)
    with pytest.raises(ProviderFailure):
        writer.end()


@pytest.mark.parametrize(
    ("kind", "code", "word"),
    [
        ("authentication_error", "request.unauthenticated", "authentication_error"),
        ("policy_error", "policy.deny", "permission_error"),
        ("server_error", "provider.failed", "api_error"),
        ("server_error", "server.busy", "overloaded_error"),
        ("invalid_request_error", "request.too_large", "request_too_large"),
        ("invalid_request_error", "request.invalid", "invalid_request_error"),
    ],
)
def test_an_error_has_anthropic_s_words_and_comity_s_members(kind: str, code: str, word: str) -> None:
    made = answer.error(
        {"error": {"message": "m", "type": kind, "code": code, "hint": "h", "request": "r", "decision": {"effect": "deny"}}}
    )
    assert made == {
        "type": "error", "request_id": "r",
        "error": {"type": word, "message": "m", "code": code, "hint": "h", "decision": {"effect": "deny"}},
    }  # fmt: skip


def test_what_came_from_a_cache_is_counted_beside() -> None:
    answered = completion("x") | {"usage": {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}}
    assert json.loads(answer.whole(answered, read({})).body)["usage"] == {
        "input_tokens": 6,
        "output_tokens": 2,
        "cache_read_input_tokens": 4,
    }


def test_a_thought_is_read_by_either_name_and_counted() -> None:
    answered = completion("x") | {"usage": {"completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 5}}}
    answered["choices"][0]["message"]["reasoning"] = "hm"
    made = json.loads(answer.whole(answered, read({})).body)
    assert made["content"][0] == {"type": "thinking", "thinking": "hm", "signature": ""}
    assert made["usage"]["output_tokens_details"] == {"thinking_tokens": 5}
