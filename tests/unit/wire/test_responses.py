# SPDX-License-Identifier: Apache-2.0
"""The door of OpenAI Responses: in, out whole, out in events."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError, ProviderFailure
from comity.wire.request import map_texts
from comity.wire.responses import answer
from comity.wire.responses.chat import decoded
from comity.wire.responses.events import Events
from comity.wire.sse import EventDecoder
from tests.unit.wire.answers import chats, chunks_of, completion

Body = dict[str, Any]


def read(body: Body, *, drop: bool = False) -> Any:
    return decoded(json.dumps({"input": "hi"} | body).encode(), "application/json", drop)[0]


def sent(body: Body) -> Body:
    made: Body = json.loads(msgspec.json.encode(read(body)))
    return made


def events(pieces: list[bytes]) -> list[Body]:
    return [json.loads(event.data) for event in EventDecoder().feed(b"".join(pieces))]


def streamed(answered: Body, cuts: list[int], asked: Any) -> list[Body]:
    writer = Events(asked)
    return events([*map(writer.chunk, chunks_of(answered, cuts)), writer.end()])


def test_a_conversation_is_read_as_a_chat() -> None:
    items = [
        {"role": "user", "content": [{"type": "input_text", "text": "look"},
                                     {"type": "input_image", "image_url": "https://a.example/b.png"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}], "encrypted_content": "s"},
        {"type": "message", "id": "m", "status": "completed", "role": "assistant", "content":
         [{"type": "output_text", "text": "I look", "annotations": []}]},
        {"type": "function_call", "call_id": "c1", "name": "see", "arguments": "{}", "id": "fc_1"},
        {"type": "function_call", "call_id": "c2", "name": "see", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "a dog"},
        {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "a cat"}]},
    ]  # fmt: skip
    made = sent({"input": items, "instructions": "be brief", "max_output_tokens": 9, "reasoning": {"effort": "low"}, "stream": True})
    call = {"type": "function", "function": {"name": "see", "arguments": "{}"}}
    assert made["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}]},
        {"role": "assistant", "content": "I look", "reasoning_content": "hm", "reasoning_signature": "s",
         "tool_calls": [{"id": "c1"} | call, {"id": "c2"} | call]},
        {"role": "tool", "tool_call_id": "c1", "content": "a dog"},
        {"role": "tool", "tool_call_id": "c2", "content": "a cat"},
    ]  # fmt: skip
    assert made["max_completion_tokens"] == 9 and made["reasoning_effort"] == "low" and made["stream_options"] == {"include_usage": True}


def test_two_answers_in_a_row_stay_two() -> None:
    said = [{"role": "assistant", "content": "one"}, {"role": "assistant", "content": "two"}]
    assert [each["content"] for each in sent({"input": said})["messages"]] == ["one", "two"]


def test_metadata_is_told_again_and_never_sent() -> None:
    asked = read({"metadata": {"case": "secret-7"}})
    assert b"secret-7" not in msgspec.json.encode(asked)
    assert b"secret-7" not in msgspec.json.encode(map_texts(asked, str.upper))
    assert json.loads(answer.whole(completion("x"), asked).body)["metadata"] == {"case": "secret-7"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"store": True}, "store"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": {"id": "c"}}, "conversation"),
        ({"background": True}, "background"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"input": [{"type": "item_reference", "id": "m"}]}, "input[0].type"),
        ({"input": [{"type": "message", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": "x", "name": "n"}]}, "input[0].name"),
        ({"input": [{"role": "user", "content": [{"type": "refusal", "refusal": "x"}]}, {}]}, "input[0].content[0].type"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "file:///x"}]}]},
         "messages[0].content[0].image_url.url"),
        ({"input": []}, "messages"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"text": {"format": {"type": "json_schema", "name": "n"}}}, "text.format"),
        ({"shiny": 1}, "shiny"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_is_refused_by_its_path(body: Body, field: str) -> None:
    with pytest.raises(CallerError) as raised:
        read(body)
    assert raised.value.field == field and raised.value.hint is not None


def test_unknown_fields_are_dropped_by_name_where_a_key_says_so() -> None:
    body = {"input": [{"role": "user", "content": "x", "shiny": 1}], "glossy": 2}
    assert set(decoded(json.dumps(body).encode(), "", True)[1]) == {"glossy", "input[0].shiny"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["input", "tools", "text", "reasoning", "tool_choice", "metadata", "include", "x"]), json_values))
def test_a_hostile_body_is_a_caller_s_error_or_a_request(body: Body) -> None:
    for drop in (False, True):
        with suppress(CallerError):
            decoded(json.dumps(body).encode(), "", drop)


@given(chats(), st.lists(st.integers(1, 5), min_size=1))
def test_a_stream_ends_in_the_very_response_that_a_whole_answer_is(answered: Body, cuts: list[int]) -> None:
    asked = read({"metadata": {"a": "b"}})
    told = streamed(answered, cuts, asked)
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    assert [event["type"] for event in told[:2]] == ["response.created", "response.in_progress"]
    final = told[-1]["response"]
    assert final == json.loads(answer.whole(answered, asked).body) and told[-1]["type"] == f"response.{final['status']}"
    for index, item in enumerate(final["output"]):
        mine = [event for event in told if event.get("output_index") == index]
        deltas = "".join(event["delta"] for event in mine if event["type"].endswith(".delta"))
        parts = item.get("content") or []
        assert deltas == item.get("arguments", "".join(part.get("text", part.get("refusal", "")) for part in parts))
        assert mine[0]["type"] == "response.output_item.added" and mine[-1]["type"] == "response.output_item.done"
        assert mine[-1]["item"] == item
        assert {event["item_id"] for event in mine if "item_id" in event} <= {item["id"]}


def test_the_end_of_a_text_that_comes_late_is_still_its_own() -> None:
    writer = Events(read({}))
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}
    for delta in ({"content": "Zhang"}, {"tool_calls": [call]}, {"content": " Wei"}):
        writer.chunk({"id": "1", "choices": [{"index": 0, "delta": delta}]})
    final = events([writer.end()])[-1]["response"]
    assert [item["type"] for item in final["output"]] == ["message", "function_call"]
    assert final["output"][0]["content"][0]["text"] == "Zhang Wei"


def test_the_label_is_in_the_last_event_and_in_the_body() -> None:
    answered = completion("x") | {"AIGC": {"Label": "1"}}
    assert streamed(answered, [9], read({}))[-1]["response"]["AIGC"] == {"Label": "1"}
    assert json.loads(answer.whole(answered, read({})).body)["AIGC"] == {"Label": "1"}


def test_a_failure_fails_the_response_and_tells_no_part_of_it_as_its_output() -> None:
    writer = Events(read({}))
    writer.chunk({"id": "1", "choices": [{"index": 0, "delta": {"content": "half"}}]})
    failed, error = events([writer.failed({"error": {"message": "m", "code": "provider.failed", "type": "server_error", "hint": "h"}})])
    assert failed["type"] == "response.failed" and failed["response"]["output"] == [] and failed["response"]["error"]["message"] == "m"
    assert error["type"] == "error" and error["code"] == "provider.failed" and error["error"]["hint"] == "h"


@pytest.mark.parametrize("choices", [[], [{"message": "x"}], ["x"], [{"message": {"tool_calls": [{"function": {"arguments": "{}"}}]}}]])
def test_what_is_no_answer_is_a_failure(choices: Any) -> None:
    with pytest.raises(ProviderFailure):
        answer.whole({"choices": choices}, read({}))
