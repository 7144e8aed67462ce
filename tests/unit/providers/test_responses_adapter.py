# SPDX-License-Identifier: Apache-2.0
"""OpenAI's Responses as a partner's API: streams cut anywhere, and answers that are none."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import ProviderFailure
from comity.policy import facts
from comity.providers.adapters.responses import Events, ResponsesDialect, Whole
from comity.providers.base import Deployment
from comity.providers.catalog.dialects import features
from comity.wire.chat import ChatRequest
from comity.wire.decode import decode_chat
from comity.wire.embeddings import EmbeddingsRequest
from tests.unit.lab.simulators.stand import OPENED, http, simulator

PLACE = Deployment(
    id="it", provider="self-hosted", dialect="responses", model="gpt-5-pro", facts=facts.Provider(id="it"), features=features("responses")
)
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}
    for name in ("weather", "time")
]
ASKED: dict[str, dict[str, Any]] = {
    "text": {},
    "thought": {"reasoning_effort": "high"},
    "tools": {"tools": TOOLS, "messages": [{"role": "user", "content": "call both"}]},
    "short": {"max_tokens": 2},
}


def asked(stream: bool = True, **more: Any) -> ChatRequest:
    body = {"messages": [{"role": "user", "content": "hello from far away"}], "stream": stream, **more}
    return decode_chat(json.dumps(body | ({"stream_options": {"include_usage": True}} if stream else {})).encode())[0]


async def recorded(request: ChatRequest) -> bytes:
    out = ResponsesDialect().outgoing(PLACE, request, "k")
    async with http(simulator()) as client:
        answer: httpx.Response = await client.post("/v1" + out.path, content=out.body, headers=dict(out.headers) | OPENED)
    assert answer.status_code == 200, answer.text
    return answer.content


def through(reader: Events | Whole, pieces: list[bytes]) -> bytes:
    return b"".join(reader.feed(piece) for piece in pieces) + reader.finish()


@pytest.mark.parametrize("name", ASKED)
async def test_a_stream_cut_at_every_byte_says_the_same(name: str) -> None:
    request = asked(**ASKED[name])
    raw = await recorded(request)
    once = through(Events(request), [raw])
    assert once.endswith(b"data: [DONE]\n\n") and b'"prompt_tokens":' in once
    assert through(Events(request), [raw[at : at + 1] for at in range(len(raw))]) == once
    for at in range(0, len(raw), 7):
        assert through(Events(request), [raw[:at], raw[at:]]) == once
    for at in range(0, len(raw) - 40, 97):  # and one that stops short is no answer
        with pytest.raises(ProviderFailure):
            through(Events(request), [raw[:at]])


@pytest.mark.parametrize("name", ASKED)
async def test_whole_and_streamed_are_one_answer(name: str) -> None:
    request = asked(**ASKED[name])
    chunks = [json.loads(line[6:]) for line in through(Events(request), [await recorded(request)]).split(b"\n") if line[:7] == b"data: {"]
    whole = json.loads(through(Whole(), [await recorded(asked(stream=False, **ASKED[name]))]))
    message, deltas = whole["choices"][0]["message"], [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    for member in ("content", "reasoning_content"):
        assert "".join(delta.get(member) or "" for delta in deltas) == (message.get(member) or "")
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    for place, call in enumerate(message.get("tool_calls", ())):
        assert "".join(each["function"]["arguments"] for each in calls if each["index"] == place) == call["function"]["arguments"]
    finishes = [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"] if choice["finish_reason"]]
    assert finishes == [whole["choices"][0]["finish_reason"]]
    assert finishes == [{"tools": "tool_calls", "short": "length"}.get(name, "stop")]
    assert whole["usage"] == chunks[-1]["usage"]


def test_nothing_is_kept_there_and_what_is_no_chat_is_refused() -> None:
    assert json.loads(ResponsesDialect().outgoing(PLACE, asked(), "k").body)["store"] is False
    with pytest.raises(ProviderFailure, match="cannot carry"):
        ResponsesDialect().outgoing(PLACE, EmbeddingsRequest(input="x"), "k")
    sound = [{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]
    with pytest.raises(ProviderFailure, match="input_audio"):
        ResponsesDialect().outgoing(PLACE, asked(messages=[{"role": "user", "content": sound}]), "k")


@pytest.mark.parametrize(
    ("event", "code", "kind"),
    [
        ({"type": "error", "code": "server_error", "message": "secret"}, "server_error", "status"),
        ({"type": "response.failed", "response": {"status": "failed", "error": {"code": "rate_limit_exceeded"}}}, "rate_limit", "status"),
        ({"type": "error", "code": "content_policy_violation"}, "content_policy_violation", "content"),
        ({"type": "response.function_call_arguments.delta", "output_index": 4, "delta": "{"}, "no call", "protocol"),
        ({"type": "response.output_item.added", "item": {"type": "function_call", "name": 4}}, "call that is none", "protocol"),
    ],
)
def test_an_error_in_the_middle_is_one_failure(event: dict[str, Any], code: str, kind: str) -> None:
    reader = Events(asked())
    with pytest.raises(ProviderFailure, match=code) as raised:
        reader.feed(b"data: " + json.dumps(event).encode() + b"\n\n")
    assert raised.value.kind == kind and "secret" not in str(raised.value) and not raised.value.retryable


NAMES = ["id", "type", "output", "content", "usage", "text"]
JSONS: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type", "output", "content", "usage", "text"]), inner)
    ),
    max_leaves=12,
)
KINDS = ["response.created", "response.completed", "response.failed", "error", "response.output_text.delta", "response.output_item.added"]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(["response", "item", "delta", "error"]), JSONS), max_size=6), st.binary())
def test_whatever_comes_is_an_answer_or_one_failure(events: list[tuple[str, str, Any]], rest: bytes) -> None:
    raw = b"".join(b"data: " + json.dumps({"type": kind, member: value}).encode() + b"\n\n" for kind, member, value in events)
    for reader, body in ((Events(asked()), raw + rest), (Whole(), json.dumps({"output": [value for *_, value in events]}).encode() + rest)):
        with contextlib.suppress(ProviderFailure):
            through(reader, [body])
