# SPDX-License-Identifier: Apache-2.0
"""Bedrock through the adapter, over loopback, to the simulator that Amazon's own SDK is content with."""

from __future__ import annotations

import asyncio
import base64
import json
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from comity.config import LimitsConfig
from comity.errors import ProviderFailure
from comity.lab.simulators import media
from comity.lab.simulators.bedrock import Bedrock
from comity.lab.simulators.bedrock import reply as lab
from comity.lab.simulators.bedrock.keys import ACCESS_KEY
from comity.policy import facts
from comity.providers.adapters.bedrock.frames import CONTENT_TYPE
from comity.providers.adapters.bedrock.provider import BedrockProvider
from comity.providers.base import Deployment, ModelProfile
from comity.providers.catalog.dialects import features
from comity.providers.http import Egress
from comity.routing.plan import _unfit
from comity.wire.chat import ChatRequest
from comity.wire.decode import decode_chat
from comity.wire.rerank import RerankRequest
from comity.wire.sse import EventDecoder
from tests.fakes import FakeClock
from tests.unit.lab.simulators.served import served
from tests.unit.providers.hostile import PATIENCE_SECONDS, Partner, chunked, saying, saying_then_silent

KEY, REGION = "the/secret+of=here", "eu-central-1"
LIMITS = LimitsConfig(first_byte_seconds_max=PATIENCE_SECONDS, idle_seconds_max=PATIENCE_SECONDS)
PROFILE = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-20250514-v1:0"
CLAUDE = "anthropic.claude-sonnet-4-20250514-v1:0"
SIGNED = f"{ACCESS_KEY}:{KEY}"
HELLO = [{"role": "user", "content": "Hello there, 你好"}]


def tool(name: str, **properties: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {each: {"type": kind} for each, kind in properties.items()}, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


TOOLS = [tool("weather", city="string"), tool("time", zone="string"), tool("nothing")]
PICTURE = "data:image/png;base64," + base64.b64encode(media.png("a picture", 40, 30)).decode()
SOUND = base64.b64encode(media.wav("In the recording", 0.5)).decode()
PAPER = "data:application/pdf;base64," + base64.b64encode(b"%PDF-1.4").decode()
PERSON = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served(Bedrock(secret_of=lambda region: KEY), region=REGION, key=KEY, clock=FakeClock()) as url:
        yield url


def deployment(base: str, *, model: str = CLAUDE, region: str = REGION, key: str = "sigv4") -> Deployment:
    place = frozenset({"DE"})
    return Deployment(
        id="here", provider="bedrock", dialect="bedrock", model=model, base_url=base, egress=urlsplit(base).netloc, key=key, region=region,
        facts=facts.Provider(id="here", kind="cloud", operator_region="US", processing=place, storage=place, access=place),
        profile=ModelProfile(context_tokens=1_000_000, inputs=frozenset({"image", "audio", "file"})), features=features("bedrock"),
    )  # fmt: skip


def asked(**more: Any) -> ChatRequest:
    return decode_chat(json.dumps({"messages": HELLO, **more}).encode())[0]


@asynccontextmanager
async def provider(place: Deployment, *, key: str = SIGNED, limits: LimitsConfig = LIMITS) -> AsyncIterator[BedrockProvider]:
    made = BedrockProvider(Egress({place.id: place}, limits), {place.id: key}, now=FakeClock().now, seconds_max=PATIENCE_SECONDS)
    try:
        yield made
    finally:
        await made.aclose()


async def exchange(base: str, request: ChatRequest, *, key: str = SIGNED, limits: LimitsConfig = LIMITS, **more: Any) -> bytes:
    place = deployment(base, **more)
    async with provider(place, key=key, limits=limits) as made:
        answer = await made.send(place, request)
        try:
            return b"".join([piece async for piece in answer.chunks()])
        finally:
            await answer.aclose()


async def whole(base: str, **more: Any) -> Any:
    body = json.loads(await exchange(base, asked(**more)))
    assert body["object"] == "chat.completion" and len(body["id"]) == 36 and body["created"] > 0 and body["model"] == CLAUDE
    return body


async def streamed(base: str, **more: Any) -> tuple[Any, Any]:
    """The message that its chunks make, and the last chunk with a choice."""
    decoder = EventDecoder()
    events = [event.data for event in decoder.feed(await exchange(base, asked(stream=True, **more)))]
    assert events.pop() == b"[DONE]"
    message: dict[str, Any] = {"content": "", "tool_calls": []}
    last: dict[str, Any] = {}
    for event in events:
        chunk = json.loads(event)
        assert chunk["object"] == "chat.completion.chunk" and len(chunk["id"]) == 36
        for choice in chunk["choices"]:
            last = chunk
            for name, piece in choice["delta"].items():
                if name == "tool_calls":
                    _joined(message["tool_calls"], piece[0])
                elif name != "role":
                    message[name] = message.get(name, "") + piece
    return message, last


def _joined(calls: list[dict[str, Any]], piece: dict[str, Any]) -> None:
    if piece["index"] == len(calls):
        calls.append({"id": piece["id"], "type": piece["type"], "function": dict(piece["function"])})
    else:
        calls[piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]


async def both(base: str, **more: Any) -> Any:
    """A stream must say what a whole answer says; the choice of the whole one."""
    body = await whole(base, **more)
    (choice,) = body["choices"]
    message, last = await streamed(base, **more)
    assert last["choices"][0]["finish_reason"] == choice["finish_reason"]
    assert last["usage"] == body["usage"]
    expected = {name: said for name, said in choice["message"].items() if name != "role"}
    assert {name: said or None for name, said in message.items()} == {"tool_calls": None, **expected}
    return choice


def received(base: str) -> Any:
    """The body of the newest request."""
    with urllib.request.urlopen(f"{base}/_lab/received") as answer:
        return json.load(answer)["received"][-1]["body"]


# -- what is asked, and what comes back ------------------------------------------------------------------------------


async def test_a_chat(base: str) -> None:
    choice = await both(base)
    assert choice == {"index": 0, "message": {"role": "assistant", "content": "Hello there, 你好"}, "finish_reason": "stop"}
    assert (await whole(base))["usage"] == {
        "prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10, "prompt_tokens_details": {"cached_tokens": 0},
    }  # fmt: skip


async def test_usage_comes_apart_when_it_is_asked_for(base: str) -> None:
    raw = await exchange(base, asked(stream=True, stream_options={"include_usage": True}))
    events = [json.loads(event.data) for event in EventDecoder().feed(raw)[:-1]]
    assert events[-1]["choices"] == [] and events[-1]["usage"]["total_tokens"] == 10
    assert not any("usage" in event for event in events[:-1])


@pytest.mark.parametrize("model", [PROFILE, "eu.amazon.nova-lite-v1:0", "a model/with ünusual+signs"])
async def test_a_models_name_is_part_of_no_path(base: str, model: str) -> None:
    assert b"Hello there" in await exchange(base, asked(), model=model)


@pytest.mark.parametrize("key", [SIGNED, f"{SIGNED}:a/session+token==", KEY])
async def test_it_shows_what_it_was_given(base: str, key: str) -> None:
    """A pair signs, with a session's token too; a Bedrock API key is shown as it is."""
    assert b"Hello there" in await exchange(base, asked(), key=key)


@pytest.mark.parametrize(
    ("key", "region", "status"),
    [(f"{ACCESS_KEY}:another", REGION, 403), (f"AKIAELSE:{KEY}", REGION, 403), ("another", REGION, 403), ("", REGION, 403)],
)
async def test_a_wrong_key_is_this_operators_affair(base: str, key: str, region: str, status: int) -> None:
    failure = await failure_of(exchange(base, asked(), key=key, region=region))
    assert (failure.kind, failure.upstream_status, failure.retryable) == ("status", status, True)
    assert KEY not in str(failure)


async def test_everything_that_is_sent(base: str) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": "One moment.", "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}},
            {"id": "b", "type": "function", "function": {"name": "nothing", "arguments": ""}}]},
        {"role": "tool", "tool_call_id": "a", "content": "rain"},
        {"role": "tool", "tool_call_id": "b", "content": " "},
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": "And?"},
    ]  # fmt: skip
    await whole(base, messages=messages, tools=TOOLS[:1], max_tokens=90, temperature=0.25, top_p=0.75, stop="X", top_k=5)
    assert received(base) == {
        "messages": [
            {"role": "user", "content": [{"text": "weather?"}]},
            {"role": "assistant", "content": [
                {"text": "One moment."},
                {"toolUse": {"toolUseId": "a", "name": "weather", "input": {"city": "Oslo"}}},
                {"toolUse": {"toolUseId": "b", "name": "nothing", "input": {}}}]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "a", "content": [{"text": "rain"}]}},
                {"toolResult": {"toolUseId": "b", "content": []}},
                {"text": "And?"}]},
        ],
        "system": [{"text": "Be brief."}, {"text": "Be kind."}],
        "inferenceConfig": {"maxTokens": 90, "temperature": 0.25, "topP": 0.75, "stopSequences": ["X"]},
        "toolConfig": {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": TOOLS[0]["function"]["parameters"]}}}]},
        "additionalModelRequestFields": {"top_k": 5},
    }  # fmt: skip


async def test_what_stands_in_parts_and_in_a_row(base: str) -> None:
    """Rules in parts; a user who speaks twice; a refusal and a thought that were answers; a tool without parameters; blank texts."""
    rule = [{"type": "text", "text": "Be brief."}, {"type": "text", "text": ""}]
    messages = [
        {"role": "system", "content": rule},
        {"role": "user", "content": "Hello"},
        {"role": "user", "content": [{"type": "text", "text": " "}, {"type": "text", "text": "there"}]},
        {"role": "assistant", "refusal": "I would rather not."},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": "Why?"},
    ]
    strict = {"type": "function", "function": {"name": "why", "description": "tells why", "strict": True}}
    await whole(base, messages=messages, tools=[strict])
    sent = received(base)
    assert sent["system"] == [{"text": "Be brief."}]
    assert sent["messages"] == [
        {"role": "user", "content": [{"text": "Hello"}, {"text": "there"}]},
        {"role": "assistant", "content": [{"text": "I would rather not."}]},
        {"role": "user", "content": [{"text": "Why?"}]},
    ]
    assert sent["toolConfig"]["tools"] == [{"toolSpec": {
        "name": "why", "description": "tells why", "strict": True, "inputSchema": {"json": {"type": "object", "properties": {}}},
    }}]  # fmt: skip


async def test_tools_are_called_and_their_results_answered_with(base: str) -> None:
    choice = await both(base, messages=[{"role": "user", "content": "use weather and time and nothing"}], tools=TOOLS)
    calls = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls" and choice["message"]["content"] is None
    assert [call["function"]["name"] for call in calls] == ["weather", "time", "nothing"]
    assert json.loads(calls[2]["function"]["arguments"]) == {}
    messages = [{"role": "user", "content": "call them"}, choice["message"]]
    messages += [{"role": "tool", "tool_call_id": call["id"], "content": f"said {place}"} for place, call in enumerate(calls)]
    assert (await both(base, messages=messages, tools=TOOLS))["message"]["content"] == "The tools said: said 0; said 1; said 2"


@pytest.mark.parametrize(
    ("choice", "called"),
    [("auto", []), ("none", []), ("required", ["weather"]), ({"type": "function", "function": {"name": "time"}}, ["time"])],
)
async def test_which_tool_may_or_must_be_called(base: str, choice: Any, called: list[str]) -> None:
    got = await both(base, tools=TOOLS, tool_choice=choice)
    assert [call["function"]["name"] for call in got["message"].get("tool_calls", [])] == called


async def test_a_schema_is_held_to(base: str) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON, "description": "somebody", "strict": True}}
    made = json.loads((await both(base, response_format=form))["message"]["content"])
    assert isinstance(made["name"], str) and isinstance(made["age"], int)
    sent = received(base)["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert (json.loads(sent["schema"]), sent["name"], sent["description"]) == (PERSON, "person", "somebody")


async def test_images_sounds_and_papers_are_seen(base: str) -> None:
    content = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": PICTURE}},
        {"type": "input_audio", "input_audio": {"data": SOUND, "format": "wav"}},
        {"type": "file", "file": {"file_data": PAPER, "filename": "report_v2 (final).pdf"}},
        {"type": "file", "file": {"file_data": PAPER, "filename": "report_v2 (final).pdf"}},
        {"type": "file", "file": {"file_data": PAPER}},
    ]
    text = (await both(base, messages=[{"role": "user", "content": content}]))["message"]["content"]
    assert "[1 image: 40x30]" in text and text.count("[a file of 8 bytes") == 3 and "In the recording" in text
    names = [block["document"]["name"] for block in received(base)["messages"][0]["content"] if "document" in block]
    assert names == ["report v2 (final)", "report v2 (final) 2", "document"]


async def test_a_thought_comes_with_its_proof_and_goes_back_with_it(base: str) -> None:
    message = (await both(base, reasoning_effort="high"))["message"]
    assert "Hello there" in message["reasoning_content"] and message["reasoning_signature"]
    then = [*HELLO, message, {"role": "user", "content": "And then?"}]
    assert (await both(base, messages=then))["message"]["content"] == "And then?"
    message["reasoning_signature"] = "forged"
    assert (await failure_of(exchange(base, asked(messages=then)))).upstream_status == 400


@pytest.mark.parametrize(("more", "finish"), [({"max_completion_tokens": 2}, "length"), ({"stop": [", "]}, "stop")])
async def test_why_it_ends(base: str, more: dict[str, Any], finish: str) -> None:
    choice = await both(base, **more)
    assert (choice["finish_reason"], choice["message"]["content"]) == (finish, "Hello there")


# -- what cannot be said ---------------------------------------------------------------------------------------------


def called_with(arguments: str) -> list[dict[str, Any]]:
    call = {"id": "a", "type": "function", "function": {"name": "time", "arguments": arguments}}
    return [*HELLO, {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "a", "content": "noon"}]


HEARD = [*called_with("{}")[:-1], {"role": "tool", "tool_call_id": "a", "content": [
    {"type": "input_audio", "input_audio": {"data": SOUND, "format": "wav"}}]}]  # fmt: skip
RULED = [{"role": "system", "content": [{"type": "image_url", "image_url": {"url": PICTURE}}]}, *HELLO]
CALLED, LAST = called_with("{}"), called_with("[1]")
CARRIED: dict[str, dict[str, Any]] = {
    "stream": {"stream": True},
    "tools": {"tools": TOOLS},
    "tool_choice": {"tools": TOOLS, "tool_choice": "required"},
    "parallel_tools": {"tools": TOOLS, "parallel_tool_calls": True},
    "json_schema": {"response_format": {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}},
    "image": {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PICTURE}}]}]},
    "audio": {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": SOUND, "format": "wav"}}]}]},
    "file": {"messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, {"type": "file", "file": {"file_data": PAPER}}]}]},
    "stop": {"stop": "X"},
    "top_k": {"top_k": 5},
    "reasoning": {"reasoning_effort": "low"},
}
NOT_CARRIED: dict[str, dict[str, Any]] = {
    "n": {"n": 2},
    "seed": {"seed": 1},
    "user": {"user": "u"},
    "logprobs": {"logprobs": True},
    "penalties": {"presence_penalty": 0.5},
    "logit_bias": {"logit_bias": {"1": 1}},
    "json_object": {"response_format": {"type": "json_object"}},
    "name": {"messages": [{"role": "user", "content": "Hi", "name": "ann"}]},
}
BEYOND: dict[str, dict[str, Any]] = {
    "temperature above 1": {"temperature": 1.5},
    "parallel_tool_calls of false": {"tools": TOOLS, "parallel_tool_calls": False},
    "reasoning_effort of none": {"reasoning_effort": "none"},
    "image_url by its address": {
        "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://elsewhere.invalid/a.png"}}]}]
    },
    "image_url of this type": {
        "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/tiff;base64,SUkqAA=="}}]}]
    },
    "image_url.detail": {
        "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PICTURE, "detail": "high"}}]}]
    },
    "tool_calls.function.arguments that are no JSON object": {"messages": LAST},
    "a sound that a tool has made": {"messages": HEARD, "tools": TOOLS},
    "what is no text, in a system message": {"messages": RULED},
    "tool_choice of none, once tools have been called": {"messages": CALLED, "tools": TOOLS, "tool_choice": "none"},
}


def test_every_feature_of_the_table_is_tried() -> None:
    assert set(CARRIED) == features("bedrock")["chat"]


@pytest.mark.parametrize("feature", CARRIED)
async def test_a_feature_of_the_table_is_carried(base: str, feature: str) -> None:
    request = asked(**CARRIED[feature])
    assert feature in request.needs() and not _unfit(deployment(base), request, 0)
    assert await exchange(base, request)


@pytest.mark.parametrize("feature", NOT_CARRIED)
async def test_what_is_not_in_the_table_is_refused_twice(base: str, feature: str) -> None:
    request = asked(**NOT_CARRIED[feature])
    assert "cannot carry" in _unfit(deployment(base), request, 0)
    await refused(base, request)


@pytest.mark.parametrize("what", BEYOND)
async def test_what_a_table_cannot_tell_is_refused_before_anything_is_sent(base: str, what: str) -> None:
    assert f"`{what}`" in str(await refused(base, asked(**BEYOND[what])))


async def test_a_top_k_that_a_model_does_not_document_is_refused(base: str) -> None:
    await exchange(base, asked(top_k=5), model="amazon.nova-lite-v1:0")
    assert received(base)["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 5}}
    assert (await failure_of(exchange(base, asked(top_k=5), model="meta.llama3-8b-instruct-v1:0"))).kind == "unsupported"


async def test_another_operation_is_refused(base: str) -> None:
    place = deployment(base)
    async with provider(place) as made:
        with pytest.raises(ProviderFailure, match="rerank"):
            await made.send(place, RerankRequest(query="q", documents=("d",)))


async def refused(base: str, request: ChatRequest) -> ProviderFailure:
    before = _count(base)
    failure = await failure_of(exchange(base, request))
    assert (failure.kind, failure.code, _count(base)) == ("unsupported", "provider.unsupported", before)
    return failure


def _count(base: str) -> int:
    with urllib.request.urlopen(f"{base}/_lab/received") as answer:
        return int(json.load(answer)["requests"])


# -- what goes wrong -------------------------------------------------------------------------------------------------


async def failure_of(doing: Any) -> ProviderFailure:
    with pytest.raises(ProviderFailure) as caught:
        await asyncio.wait_for(doing, PATIENCE_SECONDS)
    assert "Hello there" not in str(caught.value)
    return caught.value


def planned(base: str, **fault: Any) -> None:
    body = msgspec.json.encode({"faults": [fault]})
    with urllib.request.urlopen(urllib.request.Request(f"{base}/_lab/faults", data=body, method="POST")) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "kind", "status", "retryable"),
    [
        ({"kind": "status", "status": 429, "retry_after": 7}, "status", 429, True),
        ({"kind": "status", "status": 503}, "status", 503, True),
        ({"kind": "status", "status": 408}, "status", 408, True),
        ({"kind": "status", "status": 400}, "status", 400, False),
        ({"kind": "malformed"}, "protocol", 0, False),
        ({"kind": "content_type"}, "protocol", 0, True),
        ({"kind": "compressed"}, "protocol", 0, True),
        ({"kind": "cut", "at": 90}, "protocol", 0, False),
        ({"kind": "redirect"}, "protocol", 307, True),
    ],
)
async def test_a_fault_is_one_failure(base: str, stream: bool, fault: dict[str, Any], kind: str, status: int, retryable: bool) -> None:
    planned(base, **fault)
    failure = await failure_of(exchange(base, asked(stream=stream)))
    assert (failure.kind, failure.upstream_status, failure.retryable) == (kind, status, retryable)
    assert failure.retry_after_seconds == fault.get("retry_after")


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_never_ends_is_given_up(base: str, stream: bool) -> None:
    planned(base, kind="oversized", at=200_000)
    small = msgspec.structs.replace(LIMITS, answer_bytes_max=100_000)
    assert (await failure_of(exchange(base, asked(stream=stream), limits=small))).kind == "protocol"


@pytest.mark.parametrize(("word", "retryable"), [("throttlingException", True), ("validationException", False)])
async def test_a_stream_that_begins_with_a_refusal_can_be_asked_for_elsewhere(word: str, retryable: bool) -> None:
    refusal = lab.exception(word, "about Hello there")
    async with Partner(saying(chunked(refusal[:40], refusal[40:], kind=CONTENT_TYPE))) as partner:
        place = deployment(partner.base)
        async with provider(place) as made:
            failure = await failure_of(made.send(place, asked(stream=True)))
    assert word in str(failure) and (failure.kind, failure.retryable) == ("status", retryable)


async def test_a_stream_that_never_begins_is_given_up() -> None:
    beginning = chunked(lab.event("messageStart", {"role": "assistant"})[:20], kind=CONTENT_TYPE, end=b"")
    async with Partner(saying_then_silent(beginning)) as partner:
        place = deployment(partner.base)
        made = BedrockProvider(Egress({"here": place}, LIMITS), {"here": SIGNED}, now=FakeClock().now, seconds_max=0.05)
        failure = await failure_of(made.send(place, asked(stream=True)))
        await made.aclose()
    assert (failure.kind, failure.retryable) == ("timeout", True)


async def test_a_slow_drip_is_still_the_answer(base: str) -> None:
    planned(base, kind="drip", at=7)
    dripped = await exchange(base, asked(stream=True))
    assert dripped.endswith(b"data: [DONE]\n\n")


async def test_a_stream_that_breaks_ends_in_its_word(base: str) -> None:
    planned(base, kind="break")
    place, got = deployment(base), b""
    async with provider(place) as made:
        answer = await made.send(place, asked(stream=True))
        with pytest.raises(ProviderFailure, match="internalServerException"):
            async for piece in answer.chunks():
                got += piece
        await answer.aclose()
    assert b'"Hello' in got and b"[DONE]" not in got and b'finish_reason":"' not in got


@pytest.mark.parametrize("where", ["input", "output"])
async def test_what_a_guardrail_stops_is_said_so(base: str, where: str) -> None:
    for stream in (False, True):
        planned(base, kind="filter", where=where)
        raw = await exchange(base, asked(stream=stream))
        assert b'"finish_reason":"content_filter"' in raw
