# SPDX-License-Identifier: Apache-2.0
"""What is sent to Model Studio's own API, as far as no socket is needed to see it, and its events wherever they are cut."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from comity.errors import ProviderFailure
from comity.lab.simulators import media
from comity.lab.simulators.dashscope import wire as told
from comity.providers.adapters.dashscope.answers import EventReader
from comity.providers.adapters.dashscope.chat import asked
from comity.providers.adapters.dashscope.families import MULTIMODAL, TEXT, chat_path, hearing
from comity.providers.adapters.dashscope.hearing import Transcript, sound_of
from comity.providers.adapters.dashscope.reply import Joined, Streamed
from comity.providers.adapters.dashscope.speech import Sound
from comity.providers.adapters.dashscope.tasks import as_protected
from comity.providers.adapters.dashscope.wire import Line
from comity.providers.catalog.dialects import features
from comity.providers.http import Egress
from comity.wire.audio import TranscriptionRequest
from comity.wire.decode import decode_chat
from tests.unit.providers.test_dashscope import CLOCK, LIMITS, PICTURE, WEATHER, deployment

IMAGE = {"type": "image_url", "image_url": {"url": PICTURE}}
AUDIO = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}
FILE = {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}


def chat(text: Any = "Hello", **more: Any) -> Any:
    return decode_chat(json.dumps({"messages": [{"role": "user", "content": text}], **more}).encode())[0]


def sent(path: str = TEXT, **more: Any) -> tuple[Any, Any]:
    return asked(chat(**more), path)


def test_a_plain_chat_asks_for_messages_in_increments_and_for_nothing_else() -> None:
    assert sent() == ({"messages": [{"role": "user", "content": "Hello"}]}, {"result_format": "message", "incremental_output": True})


CARRIED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "stream": ({"stream": True}, {}),
    "tools": ({"tools": [WEATHER]}, {"tools": [WEATHER], "parallel_tool_calls": True}),
    "tool_choice": ({"tools": [WEATHER], "tool_choice": "none"}, {"tools": [WEATHER], "tool_choice": "none", "parallel_tool_calls": True}),
    "parallel_tools": ({"tools": [CLOCK], "parallel_tool_calls": False}, {"tools": [CLOCK], "parallel_tool_calls": False}),
    "json_object": ({"response_format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}}),
    "json_schema": ({"response_format": SCHEMA}, {"response_format": SCHEMA}),
    "n": ({"n": 4}, {"n": 4}),
    "logprobs": ({"logprobs": True, "top_logprobs": 5}, {"logprobs": True, "top_logprobs": 5}),
    "seed": ({"seed": 7}, {"seed": 7}),
    "stop": ({"stop": ["a", "b"]}, {"stop": ("a", "b")}),
    "penalties": ({"presence_penalty": -1.0, "frequency_penalty": 0}, {"presence_penalty": -1.0}),
    "top_k": ({"top_k": 20}, {"top_k": 20}),
    "reasoning": ({"reasoning_effort": "medium"}, {"enable_thinking": True, "thinking_budget": 8192}),
    "image": ({"text": [IMAGE]}, {}),
    "audio": ({"text": [AUDIO]}, {}),
}


def test_the_table_says_what_is_carried() -> None:
    assert features("dashscope")["chat"] == set(CARRIED)
    for name, (more, _) in CARRIED.items():
        assert name in chat(**more).needs()


@pytest.mark.parametrize(("more", "wanted"), CARRIED.values(), ids=CARRIED)
def test_what_is_carried_arrives(more: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert sent(MULTIMODAL, **more)[1] == {"result_format": "message", "incremental_output": True} | wanted


@pytest.mark.parametrize("effort", ["high", "xhigh"])
def test_the_higher_efforts_leave_a_model_its_own_limit(effort: str) -> None:
    assert sent(reasoning_effort=effort)[1]["enable_thinking"] is True and "thinking_budget" not in sent(reasoning_effort=effort)[1]


def test_the_newer_limit_of_tokens_wins() -> None:
    assert sent(max_tokens=5, max_completion_tokens=9, temperature=0.0, top_p=1.0)[1]["max_tokens"] == 9


REFUSED: dict[str, dict[str, Any]] = {
    "user": {"user": "u-1"},
    "logit_bias": {"logit_bias": {"1": 2}},
    "frequency_penalty": {"frequency_penalty": 0.5},
    "temperature": {"temperature": 2},
    "top_p": {"top_p": 0},
    "n": {"n": 5},
    "n with tools": {"n": 2, "tools": [WEATHER]},
    "top_logprobs": {"logprobs": True, "top_logprobs": 6},
    "seed": {"seed": -1},
    "name": {"messages": [{"role": "user", "content": "x", "name": "ana"}]},
    "signature": {"messages": [{"role": "assistant", "content": "x", "reasoning_signature": "s"}, {"role": "user", "content": "y"}]},
    "refusal": {"messages": [{"role": "assistant", "content": "x", "refusal": "y"}, {"role": "user", "content": "z"}]},
    "strict tool": {"tools": [{"type": "function", "function": {"name": "x", "strict": True}}]},
    "required": {"tools": [WEATHER, CLOCK], "tool_choice": "required"},
    "no schema": {"response_format": {"type": "json_schema"}},
    "schema's description": {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}, "description": "y"}}},
    "file": {"text": [FILE]},
    "low": {"text": [{"type": "image_url", "image_url": {"url": PICTURE, "detail": "low"}}]},
}


@pytest.mark.parametrize("more", REFUSED.values(), ids=REFUSED)
def test_what_would_be_passed_over_silently_is_refused_aloud(more: dict[str, Any]) -> None:
    with pytest.raises(ProviderFailure) as caught:
        sent(MULTIMODAL, **more)
    assert (caught.value.kind, caught.value.code, caught.value.retryable) == ("unsupported", "provider.unsupported", True)


@pytest.mark.parametrize("part", [IMAGE, AUDIO, FILE])
def test_a_model_of_texts_is_sent_texts_alone(part: Any) -> None:
    assert sent(text=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])[0]["messages"][0]["content"] == "a\nb"
    with pytest.raises(ProviderFailure):
        sent(text=[{"type": "text", "text": "a"}, part])


def test_messages_that_also_see_are_lists() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [IMAGE, AUDIO, {"type": "text", "text": "What?"}]},
        {"role": "assistant", "tool_calls": [call], "reasoning_content": "hm"},
        {"role": "tool", "content": "sun", "tool_call_id": "c"},
        {"role": "assistant", "refusal": "no"},
        {"role": "user", "content": "why"},
    ]
    assert sent(MULTIMODAL, messages=messages)[0]["messages"] == [
        {"role": "system", "content": [{"text": "Be brief."}]},
        {"role": "user", "content": [{"image": PICTURE}, {"audio": "data:audio/mpeg;base64,AAAA"}, {"text": "What?"}]},
        {"role": "assistant", "content": [], "reasoning_content": "hm", "tool_calls": [call | {"index": 0}]},
        {"role": "tool", "content": [{"text": "sun"}], "tool_call_id": "c"},
        {"role": "assistant", "content": [{"text": "no"}]},
        {"role": "user", "content": [{"text": "why"}]},
    ]


def test_a_close_look_is_asked_for() -> None:
    close = {"type": "image_url", "image_url": {"url": PICTURE, "detail": "high"}}
    assert sent(MULTIMODAL, text=[close])[1]["vl_high_resolution_images"] is True


def test_a_name_or_a_profile_tells_the_address() -> None:
    def path(model: str, *inputs: str) -> str:
        return chat_path(deployment("http://127.0.0.1:9", model, inputs=frozenset(inputs)))

    for model in ("qwen-plus", "qwen3-max", "qwen3-32b", "qwq-plus", "deepseek-v3.2", "qwen-turbo-2025-07-15", "qwen3-coder-plus"):
        assert path(model) == TEXT
    for model in (
        "qwen-vl-max",
        "qwen3-vl-plus",
        "qwen2.5-vl-72b-instruct",
        "qvq-max",
        "qwen3.5-plus",
        "qwen3.7-plus",
        "qwen2-audio-instruct",
    ):
        assert path(model) == MULTIMODAL
    assert path("a-new-one", "image") == MULTIMODAL
    heard_by = {"qwen3-asr-flash-filetrans": "filetrans", "qwen3-asr-flash-us": "at once", "fun-asr-flash-2026": "flash"}
    for model, way in (heard_by | {"fun-asr": "recorded", "paraformer-v2": "recorded"}).items():
        assert hearing(model) == way


# -- sounds and addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("beginning", "filename", "kind", "ending"),
    [
        (b"ID3\4", "x", "audio/mpeg", "mp3"),
        (b"\xff\xfb\x90", "x", "audio/mpeg", "mp3"),
        (b"\xff\xf1\x50", "x", "audio/aac", "aac"),
        (b"OggS", "x", "audio/ogg", "ogg"),
        (b"fLaC", "x", "audio/flac", "flac"),
        (b"\0\0\0 ftypM4A ", "x", "audio/mp4", "m4a"),
        (b"RIFF", "voice.mp3", "audio/wav", "wav"),  # its bytes, not its name
        (b"????", "voice.OPUS", "audio/opus", "opus"),  # its name, where its bytes do not tell
        (b"????", "../../zhang wei", "audio/opus", "opus"),
        (b"", "", "audio/opus", "opus"),
    ],
)
def test_a_sound_is_what_it_begins_with(beginning: bytes, filename: str, kind: str, ending: str) -> None:
    asked = TranscriptionRequest(file=beginning, filename=filename, content_type="audio/opus; codecs=opus")
    assert sound_of(asked) == (ending, kind)


def test_a_result_is_fetched_no_less_protected_than_the_question_was() -> None:
    place = deployment("http://127.0.0.1:9", "qwen-image")
    line: Any = Line(Egress({}, LIMITS), msgspec.structs.replace(place, base_url="https://dashscope.aliyuncs.com/api/v1"), "", 9)
    assert as_protected(line, "http://store.aliyuncs.com/x?y=http://z") == "https://store.aliyuncs.com/x?y=http://z"
    assert as_protected(line, "ftp://store.aliyuncs.com/x") == "ftp://store.aliyuncs.com/x"
    assert as_protected(Line(Egress({}, LIMITS), place, "", 9), "http://127.0.0.1:9/x") == "http://127.0.0.1:9/x"


# -- events, cut anywhere --------------------------------------------------------------------------------------------

USAGE = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7, "output_tokens_details": {"reasoning_tokens": 2}}


def event(output: Any, usage: Any = USAGE, *, number: int = 1) -> bytes:
    return told.sse(number, {"output": output, "usage": usage, "request_id": "r-1"})


def step(finish: Any = "null", *, index: int | None = None, **message: Any) -> bytes:
    choice = {"finish_reason": finish, "message": {"role": "assistant", "content": "", **message}}
    return event({"choices": [choice if index is None else {**choice, "index": index}]})


def call(index: int, arguments: str = "", name: str = "", id: str = "") -> Any:
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return {"index": index, "id": id, "type": "function", "function": function}


REFUSAL = told.sse(9, {"code": "InternalError", "message": "x", "request_id": "r-1"}, name="error", status=500)
FILTERED = told.sse(9, {"code": "DataInspectionFailed", "message": "x", "request_id": "r-1"}, name="error", status=400)
SAMPLES = media.pcm(0.1)


def spoken(finish: str, data: bytes) -> bytes:
    return event({"finish_reason": finish, "audio": {"data": base64.b64encode(data).decode(), "url": "", "id": "a"}})


def streamed(count: int = 1) -> EventReader:
    return Streamed("qwen", count=count, created=1, with_usage=True)


def joined(count: int = 1) -> EventReader:
    return Joined("qwen", count=count, created=1)


TEXTS = [step(reasoning_content="Hm, 你"), step(content="你好, "), step(content="wörld"), step("stop")]
CALLS = [
    step(tool_calls=[call(0, name="f", id="c0")]), step(tool_calls=[call(0, '{"a"')]), step(tool_calls=[call(0, ":1}")]),
    step(tool_calls=[call(1, name="g", id="c1")]), step(tool_calls=[call(1, "{}")]), step("tool_calls"),
]  # fmt: skip
MANY = [step(content="a", index=0), step(content="b", index=1), step("stop", index=1), step(content="c", index=0), step("length", index=0)]
SEEN = [event({"choices": [{"message": {"role": "assistant", "content": [{"text": "x"}]}}]}), step("stop", content=[])]
STREAMS: dict[str, tuple[Callable[[], EventReader], list[bytes]]] = {
    "texts": (streamed, TEXTS),
    "texts, joined": (joined, TEXTS),
    "calls": (streamed, CALLS),
    "calls, joined": (joined, CALLS),
    "choices": (lambda: streamed(2), MANY),
    "choices, joined": (lambda: joined(2), MANY),
    "a list": (streamed, SEEN),
    "broken off": (streamed, [*TEXTS[:3], REFUSAL]),
    "filtered": (streamed, [*TEXTS[:3], FILTERED]),
    "refused at once": (streamed, [FILTERED]),
    "cut": (streamed, TEXTS[:3]),
    "cut, joined": (joined, TEXTS[:3]),
    "no choices": (streamed, [*TEXTS[:2], event({})]),
    "heard": (lambda: Transcript(stream=True), SEEN),
    "heard, joined": (lambda: Transcript(stream=False), SEEN),
    "samples": (
        lambda: Sound("audio/wav", before=b"head"),
        [spoken("null", SAMPLES[:999]), spoken("null", SAMPLES[999:]), spoken("stop", b"")],
    ),
    "no samples": (lambda: Sound("audio/pcm"), [spoken("stop", b"")]),
    "unfinished samples": (lambda: Sound("audio/pcm"), [spoken("null", SAMPLES)]),
}


def through(reader: EventReader, pieces: list[bytes]) -> tuple[bytes, tuple[str, bool, str] | None]:
    """All that came out, and the failure that it ended in."""
    out = b""
    try:
        for piece in pieces:
            out += reader.feed(piece)
        out += reader.finish()
    except ProviderFailure as failure:
        return out, (failure.kind, failure.retryable, str(failure))
    return out, None


@cache
def whole(name: str) -> tuple[bytes, tuple[str, bool, str] | None]:
    make, events = STREAMS[name]
    return through(make(), events)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_cut_at_every_byte_says_the_same(name: str) -> None:
    make, events = STREAMS[name]
    raw = b"".join(events)
    assert through(make(), [raw]) == whole(name)
    assert through(make(), [raw[at : at + 1] for at in range(len(raw))]) == whole(name)
    for at in range(0, len(raw), 1 if len(raw) < 3000 else 37):
        assert through(make(), [raw[:at], raw[at:]]) == whole(name)


@given(st.sampled_from(sorted(STREAMS)), st.lists(st.integers(0, 4000), max_size=12))
def test_a_stream_in_any_pieces_says_the_same(name: str, places: list[int]) -> None:
    make, events = STREAMS[name]
    raw = b"".join(events)
    cuts = [0, *sorted(min(place, len(raw)) for place in places), len(raw)]
    assert through(make(), [raw[a:b] for a, b in pairwise(cuts)]) == whole(name)


def test_what_is_joined_is_what_is_streamed() -> None:
    message = json.loads(whole("texts, joined")[0])["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "你好, wörld", "reasoning_content": "Hm, 你"}
    calls = json.loads(whole("calls, joined")[0])["choices"][0]["message"]["tool_calls"]
    assert [(each["id"], each["function"]) for each in calls] == [
        ("c0", {"name": "f", "arguments": '{"a":1}'}), ("c1", {"name": "g", "arguments": "{}"}),
    ]  # fmt: skip
    both = json.loads(whole("choices, joined")[0])["choices"]
    assert [(each["message"]["content"], each["finish_reason"]) for each in both] == [("ac", "length"), ("b", "stop")]
    assert json.loads(whole("texts, joined")[0])["usage"]["completion_tokens_details"] == {"reasoning_tokens": 2}


def test_what_came_before_a_break_is_passed_on() -> None:
    out, failure = whole("broken off")
    assert "wörld" in out.decode() and failure is not None and failure[:2] == ("status", False) and "InternalError" in failure[2]
    out, failure = whole("filtered")
    assert "wörld" in out.decode() and failure is not None and failure[0] == "content"
    assert whole("cut")[1] is not None and whole("cut, joined")[1] is not None and b"[DONE]" not in whole("cut")[0]
    assert whole("samples")[0] == b"head" + SAMPLES and whole("no samples")[1] is not None and whole("unfinished samples")[1] is not None


def test_several_lines_of_data_are_one_event() -> None:
    body = json.dumps({"output": {"choices": [{"finish_reason": "stop", "message": {"content": "x"}}]}}, indent=1)
    lines = "".join(f"data:{line}\n" for line in body.split("\n"))
    assert json.loads(through(joined(), [f"id:1\n{lines}\n".encode()])[0])["choices"][0]["message"]["content"] == "x"


BITS = st.sampled_from(
    [
        *(b"data:", b"\n", b"\n\n", b"id:1\n", b":HTTP_STATUS/200\n", b"event:error\n", b"{}", b"[]", b"null", b'{"output":', b"}"),
        *(b'{"code":"Throttling"}', b'{"output":{"choices":[{}]}}', b'{"output":{"choices":[{"message":{"tool_calls":[1]}}]}}'),
        *(b'data:{"output":{"choices":[{"index":-1,"message":{}}]}}\n\n', b'data:{"output":{"audio":{"data":"!"}}}\n\n'),
        *TEXTS,
        *CALLS,
        *MANY,
        *(b'data:{"output":{"choices":[{"message":{"content":[{"image":1}]}}]}}\n\n', b"\xff", b"[" * 3000, b'{"code":7}'),
    ]
)  # fmt: skip


@given(st.lists(BITS | st.binary(max_size=6), max_size=12), st.sampled_from(sorted(STREAMS)))
@example(
    [b'data:{"output":{"choices":[{"message":{"tool_calls":[{"function":{"name":"f"}}]},"finish_reason":"stop"}]}}\n\n'], "texts, joined"
)
def test_whatever_comes_it_is_an_answer_or_a_provider_failure(pieces: list[bytes], name: str) -> None:
    through(STREAMS[name][0](), pieces)


def test_an_event_without_end_is_one_failure() -> None:
    reader = streamed()
    with pytest.raises(ProviderFailure, match="too large"):
        for _ in range(80):
            reader.feed(b"data:" + b"x" * 65_536)
