# SPDX-License-Identifier: Apache-2.0
"""Chat as the official `openai` client finds it: every answer is parsed by its maker's own types."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from comity.lab.simulators import media
from tests.unit.lab.simulators.stand import client

SPEAKERS = ("openai", "model-studio", "vllm")
TEXT = "Bitte an PERSON_1 schreiben, 电话 PHONE_2。"
ASK: Any = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": TEXT}]


def tool(name: str, **properties: Any) -> Any:
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"type": "function", "function": {"name": name, "parameters": schema, "strict": True}}


TOOLS = [tool("weather", city={"type": "string"}, days={"type": "integer", "minimum": 3}), tool("clock", zone={"enum": ["UTC", "CET"]})]


@pytest.mark.parametrize("speaker", SPEAKERS)
async def test_it_says_back_what_came(speaker: Any) -> None:
    told = await client(speaker).chat.completions.create(model="qwen-plus", messages=ASK)
    choice = told.choices[0]
    assert (choice.message.content, choice.finish_reason, told.model) == (TEXT, "stop", "qwen-plus")
    assert told.usage and told.usage.prompt_tokens > told.usage.completion_tokens > 5
    assert told.usage.total_tokens == told.usage.prompt_tokens + told.usage.completion_tokens


@pytest.mark.parametrize("speaker", SPEAKERS)
async def test_a_stream_is_the_same_answer_in_pieces(speaker: Any) -> None:
    there = client(speaker)
    whole = await there.chat.completions.create(model="m", messages=ASK)
    stream = await there.chat.completions.create(model="m", messages=ASK, stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in stream]
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert "".join(pieces) == TEXT and len(pieces) > 4 and not any("PERSON_1" in piece for piece in pieces), "a stand-in is parted"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].choices == [] and chunks[-1].usage == whole.usage
    assert {chunk.usage for chunk in chunks[:-1]} == {None} and len({chunk.id for chunk in chunks}) == 1


async def test_without_being_asked_a_stream_tells_no_usage() -> None:
    stream = await client().chat.completions.create(model="m", messages=ASK, stream=True)
    assert all([chunk.usage is None and chunk.choices async for chunk in stream])


@pytest.mark.parametrize("speaker", SPEAKERS)
@pytest.mark.parametrize("stream", [False, True])
async def test_tools_are_called_with_what_their_schema_asks(speaker: Any, stream: bool) -> None:
    ask: Any = [{"role": "user", "content": "call both for PERSON_1"}]
    there = client(speaker)
    if stream:
        async with there.chat.completions.stream(model="m", messages=ask, tools=TOOLS) as events:
            message: Any = (await events.get_final_completion()).choices[0]
    else:
        message = (await there.chat.completions.create(model="m", messages=ask, tools=TOOLS)).choices[0]
    assert message.finish_reason == "tool_calls" and not message.message.content
    calls = message.message.tool_calls
    assert [call.function.name for call in calls] == ["weather", "clock"] and len({call.id for call in calls}) == 2
    assert json.loads(calls[0].function.arguments) == {"city": "call both for PERSON_1", "days": 3}
    assert json.loads(calls[1].function.arguments) == {"zone": "UTC"}


@pytest.mark.parametrize(
    ("text", "more", "called"),
    [
        ("hello", {}, []),
        ("the weather please", {}, ["weather"]),
        ("the weather please", {"tool_choice": "none"}, []),
        ("hello", {"tool_choice": "required"}, ["weather"]),
        ("hello", {"tool_choice": {"type": "function", "function": {"name": "clock"}}}, ["clock"]),
        ("weather and clock", {"parallel_tool_calls": False}, ["weather"]),
        ("weather and clock", {}, ["weather", "clock"]),
    ],
)
async def test_which_tools_are_called(text: str, more: Any, called: list[str]) -> None:
    told = await client().chat.completions.create(model="m", messages=[{"role": "user", "content": text}], tools=TOOLS, **more)
    assert [call.function.name for call in told.choices[0].message.tool_calls or []] == called  # type: ignore[union-attr]


async def test_what_tools_said_is_answered_with() -> None:
    there = client()
    ask: Any = [{"role": "user", "content": "call both"}]
    calling = (await there.chat.completions.create(model="m", messages=ask, tools=TOOLS)).choices[0].message
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": said}
        for call, said in zip(calling.tool_calls or [], ("12 °C", "noon"), strict=True)
    ]
    told = await there.chat.completions.create(model="m", messages=[*ask, calling.model_dump(), *results], tools=TOOLS)
    assert told.choices[0].message.content == "The tools said: 12 °C; noon" and told.choices[0].finish_reason == "stop"


async def test_a_tool_that_was_not_called_has_nothing_to_say() -> None:
    with pytest.raises(openai.BadRequestError, match="must be a response to a preceding"):
        await client().chat.completions.create(model="m", messages=[*ASK, {"role": "tool", "tool_call_id": "call_1", "content": "x"}])


class Person(BaseModel):
    name: str
    age: int
    children: list[Person]


async def test_a_schema_is_met_also_one_that_names_itself() -> None:
    told = await client().chat.completions.parse(model="m", messages=ASK, response_format=Person)
    parsed = told.choices[0].message.parsed
    assert parsed is not None and parsed.name == TEXT and parsed.children[0].name == TEXT


async def test_any_json_object_will_do_where_no_schema_is_given() -> None:
    told = await client().chat.completions.create(model="m", messages=ASK, response_format={"type": "json_object"})
    assert isinstance(json.loads(told.choices[0].message.content or ""), dict)


async def test_it_sees_pixels_and_hears_sounds() -> None:
    image = base64.b64encode(media.png("x", 64, 48)).decode()
    sound = base64.b64encode(media.wav("good morning", 1.5)).decode()
    parts: Any = [
        {"type": "text", "text": "what is this"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}"}},
        {"type": "image_url", "image_url": {"url": "https://pictures.invalid/a.png"}},
        {"type": "input_audio", "input_audio": {"data": sound, "format": "wav"}},
    ]
    told = await client().chat.completions.create(model="m", messages=[{"role": "user", "content": parts}])
    said = told.choices[0].message.content
    assert said == "what is this\n[2 images: 64x48, not fetched]\n[1.50 s of sound at 24000 Hz: good morning]"


@pytest.mark.parametrize("url", ["data:image/png;base64,AAAA", "data:image/png;base64,@@@@"])
async def test_an_image_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(openai.BadRequestError):
        await client().chat.completions.create(
            model="m", messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]
        )


@pytest.mark.parametrize(
    ("speaker", "member", "more"),
    [
        ("model-studio", "reasoning_content", {"extra_body": {"enable_thinking": True}}),
        ("vllm", "reasoning", {"extra_body": {"chat_template_kwargs": {"enable_thinking": True}}}),
        ("openai", "", {"reasoning_effort": "low"}),
    ],
)
async def test_reasoning_is_shown_where_the_partner_shows_it_and_counted_everywhere(speaker: Any, member: str, more: Any) -> None:
    there = client(speaker)
    told = await there.chat.completions.create(model="m", messages=ASK, **more)
    stream: Any = await there.chat.completions.create(model="m", messages=ASK, stream=True, **more)
    deltas = [chunk.choices[0].delta.model_dump() async for chunk in stream]
    streamed = "".join(delta.get(member) or "" for delta in deltas)
    assert streamed == told.choices[0].message.model_dump().get(member, "") == (f"The caller wrote: {TEXT}" if member else "")
    assert told.choices[0].message.content == TEXT and told.usage and told.usage.completion_tokens_details
    assert told.usage.completion_tokens > (told.usage.completion_tokens_details.reasoning_tokens or 0) > 0


async def test_a_limit_a_stop_and_several_choices() -> None:
    there = client()
    told = await there.chat.completions.create(model="m", messages=ASK, max_completion_tokens=2, n=3)
    assert [(one.index, one.message.content, one.finish_reason) for one in told.choices] == [(n, "Bitte an", "length") for n in range(3)]
    assert told.usage and told.usage.completion_tokens == 6
    stopped = await there.chat.completions.create(model="m", messages=ASK, stop=["PHONE", "schreiben"])
    assert (stopped.choices[0].message.content, stopped.choices[0].finish_reason) == ("Bitte an PERSON_1 ", "stop")
    stream = await there.chat.completions.create(model="m", messages=ASK, n=2, stream=True)
    texts = ["", ""]
    async for chunk in stream:
        texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert texts == [TEXT, TEXT]


async def test_logprobs_are_of_the_tokens_that_were_said() -> None:
    told = await client().chat.completions.create(model="m", messages=ASK, logprobs=True, top_logprobs=2)
    rows = told.choices[0].logprobs.content  # type: ignore[union-attr]
    assert rows and "".join(row.token for row in rows) == TEXT and bytes(b for row in rows for b in row.bytes or ()) == TEXT.encode()
    assert all(row.logprob <= 0 and row.top_logprobs[0].logprob == row.logprob > row.top_logprobs[1].logprob for row in rows)


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"shiny": 1}, "shiny", "unknown_parameter"),
        ({"n": "two"}, "n", "invalid_type"),
        ({"max_tokens": True}, "max_tokens", "invalid_type"),
        ({"n": 0}, "n", None),
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": [{"role": "judge", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name", "missing_required_parameter"),
        ({"tool_choice": {"type": "custom", "custom": {"name": "x"}}}, "tool_choice.type", None),
        ({"tool_choice": {"type": "function", "function": {"name": "nowhere"}}, "tools": TOOLS}, "tool_choice", None),
        ({"messages": [{"role": "user", "content": [{"type": "video_url"}]}]}, "messages[0].content[0].type", "invalid_value"),
        ({"messages": ["hello"]}, "messages[0]", "invalid_type"),
        ({"stop": [1]}, "stop", "invalid_type"),
        ({"modalities": ["audio"]}, "modalities", "invalid_value"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"$ref": "#/nowhere"}}}}, None, None),
    ],
)
async def test_what_is_wrong_is_named(body: Any, param: str, code: str) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        await client().chat.completions.create(model="m", messages=ASK, extra_body=body)
    assert (raised.value.param, raised.value.code, raised.value.type) == (param, code, "invalid_request_error")


async def test_the_compatible_ones_take_their_own_fields() -> None:
    told = await client("model-studio").chat.completions.create(model="m", messages=ASK, extra_body={"enable_search": False, "top_k": 3})
    assert told.choices[0].message.content == TEXT


async def test_files_are_told_by_their_size_and_hash() -> None:
    held = base64.b64encode(b"%PDF-1.7 a page").decode()
    parts: Any = [{"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{held}"}}]
    told = await client().chat.completions.create(model="m", messages=[{"role": "user", "content": parts}])
    assert told.choices[0].message.content == f"[a file of 15 bytes, {hashlib.sha256(b'%PDF-1.7 a page').hexdigest()[:8]}]"
