# SPDX-License-Identifier: Apache-2.0
"""What Bedrock answers, read from bytes cut anywhere, changed on their way, or saying what no chat says."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import ProviderFailure
from comity.lab.simulators import brain
from comity.lab.simulators.bedrock import reply as lab
from comity.providers.adapters.bedrock.frames import encode
from comity.providers.adapters.bedrock.provider import code_of
from comity.providers.adapters.bedrock.reply import FINISH, Head, Streamed, Whole
from comity.wire.sse import EventDecoder

HEAD = Head(id="an-id", created=1, model="a-model")
SCRIPT = brain.Script(
    reasoning="They wrote: 你好.",
    text="Hello there, 你好 🎉",
    calls=(brain.Call(name="weather", arguments='{"city":"Zürich"}'), brain.Call(name="nothing", arguments="{}")),
    finish="tool_calls",
    usage=brain.Usage(prompt=3, completion=4, reasoning=2),
)
RECORDED = tuple(lab.stream(SCRIPT, "tool_use"))
STREAM = b"".join(RECORDED)
WHOLE = msgspec.json.encode(lab.whole(SCRIPT, "tool_use"))


def event(name: str, **body: Any) -> bytes:
    return encode({":message-type": "event", ":event-type": name}, msgspec.json.encode(body))


def text(said: str) -> bytes:
    return event("contentBlockDelta", contentBlockIndex=0, delta={"text": said})


START, STOP = event("messageStart", role="assistant"), event("messageStop", stopReason="end_turn")
METADATA = event("metadata", usage={"inputTokens": 3, "outputTokens": 4, "totalTokens": 7}, metrics={"latencyMs": 1})


def read(*pieces: bytes, with_usage: bool = False) -> tuple[bytes, ProviderFailure | None]:
    """What comes of it, and how it fails."""
    reader, out = Streamed(HEAD, with_usage=with_usage), b""
    try:
        for piece in pieces:
            out += reader.feed(piece)
        return out + reader.finish(), None
    except ProviderFailure as failure:
        return out, failure


def chunks(raw: bytes) -> list[dict[str, Any]]:
    events = [each.data for each in EventDecoder().feed(raw)]
    assert events[-1] == b"[DONE]"
    return [json.loads(each) for each in events[:-1]]


ALL, FAILURE = read(STREAM)


def test_the_recorded_stream_says_all_of_it() -> None:
    assert FAILURE is None
    deltas = [choice["delta"] for chunk in chunks(ALL) for choice in chunk["choices"]]
    assert "".join(delta.get("content", "") for delta in deltas) == SCRIPT.text
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == SCRIPT.reasoning
    assert [delta["reasoning_signature"] for delta in deltas if "reasoning_signature" in delta] == [lab.signature(SCRIPT.reasoning)]
    pieces = [piece for delta in deltas for piece in delta.get("tool_calls", ())]
    assert [piece["function"]["name"] for piece in pieces if "id" in piece] == ["weather", "nothing"]
    for place, call in enumerate(SCRIPT.calls):
        assert "".join(piece["function"]["arguments"] for piece in pieces if piece["index"] == place) == call.arguments
    last = chunks(ALL)[-1]
    assert last["choices"][0]["finish_reason"] == "tool_calls" and last["usage"]["total_tokens"] == 7


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_however_it_is_cut_the_same_bytes_come(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    assert read(*(STREAM[start:end] for start, end in pairwise(places))) == (ALL, None)


def test_cut_at_every_byte_the_same_bytes_come() -> None:
    for place in range(len(STREAM) + 1):
        assert read(STREAM[:place], STREAM[place:]) == (ALL, None)
    assert read(*(STREAM[place : place + 1] for place in range(len(STREAM)))) == (ALL, None)


@given(st.integers(0, len(STREAM) - 1))
def test_a_stream_that_ends_early_is_a_failure(size: int) -> None:
    """But for `metadata`: what was said and why it ended is known without it."""
    out, failure = read(STREAM[:size])
    if size == len(STREAM) - len(RECORDED[-1]):
        assert failure is None and b"usage" not in out
        return
    assert failure is not None and not failure.retryable and b"[DONE]" not in out and b'finish_reason":"' not in out


@given(st.integers(0, len(STREAM) - 1), st.integers(0, 7), st.integers(1, 64))
def test_a_bit_that_is_flipped_is_a_failure_after_what_came_before_it(place: int, bit: int, size: int) -> None:
    changed = bytearray(STREAM)
    changed[place] ^= 1 << bit
    out, failure = read(*(bytes(changed[start : start + size]) for start in range(0, len(changed), size)))
    assert failure is not None and failure.kind == "protocol" and ALL.startswith(out) and b"[DONE]" not in out
    assert read(bytes(changed))[1] is not None


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_whatever_comes_is_a_failure_and_nothing_else(pieces: list[bytes]) -> None:
    out, failure = read(*pieces)
    assert not out and failure is not None


MEMBERS = (
    "delta",
    "start",
    "contentBlockIndex",
    "text",
    "toolUse",
    "input",
    "toolUseId",
    "name",
    "stopReason",
    "usage",
    "output",
    "message",
    "content",
)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=3),
    max_leaves=6,
)
EVENTS = ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata", "somethingNew")


@given(st.lists(st.tuples(st.sampled_from(EVENTS), JSON_VALUES), max_size=4))
def test_whatever_an_event_says_it_is_read_or_is_a_failure(said: list[tuple[str, Any]]) -> None:
    read(*(encode({":message-type": "event", ":event-type": name}, msgspec.json.encode(body)) for name, body in said))


@given(JSON_VALUES)
def test_whatever_a_whole_answer_says_it_is_read_or_is_a_failure(body: Any) -> None:
    reader = Whole(HEAD)
    reader.feed(msgspec.json.encode(body))
    with pytest.raises(ProviderFailure):
        reader.finish()


def exception(name: str, *, kind: str = "exception", header: str = ":exception-type") -> bytes:
    return encode({":message-type": kind, header: name, ":content-type": "application/json"}, b'{"message":"about Hello there"}')


@pytest.mark.parametrize(
    "name",
    ["throttlingException", "modelStreamErrorException", "internalServerException", "serviceUnavailableException", "validationException"],
)
@pytest.mark.parametrize("size", [1, 4096])
def test_an_exception_ends_it_with_its_word(name: str, size: int) -> None:
    raw = START + text("Hello there") + exception(name)
    out, failure = read(*(raw[at : at + size] for at in range(0, len(raw), size)))
    assert b"Hello there" in out and b'finish_reason":"' not in out
    assert failure is not None and (failure.kind, failure.retryable) == ("status", False)
    assert name in str(failure) and "Hello" not in str(failure)


def test_an_error_that_is_no_exception_has_its_code() -> None:
    _, failure = read(START + exception("InternalFailure", kind="error", header=":error-code"))
    assert "InternalFailure" in str(failure)


@pytest.mark.parametrize(
    "raw",
    [
        encode({}, b"{}"),
        encode({":message-type": "event"}, b"{}"),
        encode({":message-type": "event", ":event-type": "messageStart"}, b"{"),
        encode({":message-type": "event", ":event-type": "messageStart"}, b"[]"),
        event("messageStop", stopReason="malformed_model_output"),
        event("messageStop", stopReason="malformed_tool_use"),
        event("messageStop", stopReason="something_new"),
        event("messageStop"),
        event("contentBlockDelta", delta={"text": "no number"}),
        event("contentBlockDelta", contentBlockIndex=0, delta={"image": {}}),
        event("contentBlockDelta", contentBlockIndex=0, delta={"toolUse": {"input": "of no call"}}),
        event("contentBlockStart", contentBlockIndex=0, start={"image": {"format": "png"}}),
        STOP + text("after the end"),
        event("metadata", usage={"inputTokens": "3"}),
    ],
)
def test_what_no_chat_says_is_a_failure(raw: bytes) -> None:
    out, failure = read(START + text("a") + raw + STOP + METADATA)
    assert failure is not None and failure.kind == "protocol" and b"[DONE]" not in out and b'"a"' in out


def test_an_event_that_amazon_adds_is_passed_over() -> None:
    assert read(START, text("a"), event("somethingNew", more=1), STOP, METADATA) == read(START, text("a"), STOP, METADATA)


def test_a_thought_that_nobody_can_read_is_left_out() -> None:
    hidden = event("contentBlockDelta", contentBlockIndex=0, delta={"reasoningContent": {"redactedContent": "AAAA"}})
    assert read(START, hidden, text("a"), STOP, METADATA) == read(START, text("a"), STOP, METADATA)
    body = lab.whole(brain.Script(text="a", finish="stop", usage=brain.Usage(prompt=1, completion=1)), "end_turn")
    body["output"]["message"]["content"].insert(0, {"reasoningContent": {"redactedContent": "AAAA"}})
    reader = Whole(HEAD)
    reader.feed(msgspec.json.encode(body))
    assert json.loads(reader.finish())["choices"][0]["message"] == {"role": "assistant", "content": "a"}


@pytest.mark.parametrize(("reason", "finish"), FINISH.items())
def test_each_reason_has_its_word(reason: str, finish: str) -> None:
    out, _ = read(START, text("a"), event("messageStop", stopReason=reason), METADATA)
    assert chunks(out)[-1]["choices"][0]["finish_reason"] == finish


def test_what_was_read_from_a_cache_is_part_of_the_prompt() -> None:
    usage = {"inputTokens": 3, "outputTokens": 4, "totalTokens": 20, "cacheReadInputTokens": 8, "cacheWriteInputTokens": 5}
    out, _ = read(START, text("a"), STOP, event("metadata", usage=usage, metrics={}), with_usage=True)
    assert chunks(out)[-1]["usage"] == {
        "prompt_tokens": 16, "completion_tokens": 4, "total_tokens": 20, "prompt_tokens_details": {"cached_tokens": 8},
    }  # fmt: skip


@given(st.lists(st.integers(0, len(WHOLE)), max_size=6))
def test_a_whole_answer_however_it_is_cut(cuts: list[int]) -> None:
    reader, places = Whole(HEAD), [0, *sorted(cuts), len(WHOLE)]
    assert not b"".join(reader.feed(WHOLE[start:end]) for start, end in pairwise(places))
    message = json.loads(reader.finish())["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == (SCRIPT.text, SCRIPT.reasoning)
    assert [call["function"]["name"] for call in message["tool_calls"]] == ["weather", "nothing"]


@given(st.integers(0, len(WHOLE) - 1))
def test_a_whole_answer_that_is_cut_short_is_a_failure(size: int) -> None:
    reader = Whole(HEAD)
    reader.feed(WHOLE[:size])
    with pytest.raises(ProviderFailure):
        reader.finish()


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"__type": "ThrottlingException"}, "ThrottlingException"),
        ({"__type": "com.amazon.coral.service#UnrecognizedClientException"}, "UnrecognizedClientException"),
        ({"__type": "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/"}, "ValidationException"),
        ({"code": "AccessDeniedException", "message": "no"}, "AccessDeniedException"),
        ({"__type": "", "code": "AccessDeniedException"}, "AccessDeniedException"),
        ({"message": "no"}, ""),
        ({"__type": 3}, ""),
    ],
)
def test_the_word_for_an_error(body: dict[str, Any], word: str) -> None:
    assert code_of(body) == word
