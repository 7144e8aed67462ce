# SPDX-License-Identifier: Apache-2.0
"""Anthropic's Messages as a partner's API: both ways, streams cut anywhere, errors, and what it cannot say."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.config import LimitsConfig
from comity.errors import ProviderFailure
from comity.lab.simulators.anthropic import Anthropic
from comity.policy import facts
from comity.providers.adapters.anthropic.provider import AnthropicDialect, AnthropicProvider
from comity.providers.base import Deployment
from comity.providers.catalog.dialects import features
from comity.providers.http import Egress
from comity.wire.embeddings import EmbeddingsRequest
from tests.unit.providers.chats import ASKED, FEATURES, PICTURE, TOOLS, Stand, asked, content, event, through, told
from tests.unit.providers.hostile import Partner, reply, saying

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
ADAPTER = AnthropicDialect(lambda: AT)
PLACE = Deployment(
    id="it", provider="anthropic", dialect="anthropic", model="claude-opus-4-6", key="header:x-api-key",
    facts=facts.Provider(id="it"), features=features("anthropic"),
)  # fmt: skip
STAND = Stand(ADAPTER, PLACE, Anthropic, "/v1")


def body(place: Deployment = PLACE, **more: Any) -> Any:
    return json.loads(ADAPTER.outgoing(place, asked(**more), "k").body)


@pytest.mark.parametrize("name", ASKED)
async def test_a_stream_cut_at_every_byte_says_the_same(name: str) -> None:
    await STAND.cut_at_every_byte(name)


@pytest.mark.parametrize("name", ASKED)
async def test_whole_and_streamed_are_one_answer(name: str) -> None:
    await STAND.whole_and_streamed(name)


@pytest.mark.parametrize("feature", FEATURES)
async def test_the_table_holds_both_ways(feature: str) -> None:
    await STAND.its_table(feature)


@pytest.mark.parametrize("effort", ["low", None])
async def test_tools_are_called_and_answered(effort: str | None) -> None:
    await STAND.a_conversation_with_tools(effort)


def test_the_head_of_a_request() -> None:
    out = ADAPTER.outgoing(PLACE, asked(), "k")
    assert out.path == "/messages" and out.headers["x-api-key"] == "k" and out.headers["anthropic-version"] == "2023-06-01"
    assert body() == {
        "model": "claude-opus-4-6",
        "max_tokens": 8192,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello from far away"}]}],
    }


def test_parts_and_choices_in_its_own_words() -> None:
    url = content({"type": "image_url", "image_url": {"url": "https://x.test/a.png"}})
    assert body(messages=url)["messages"][0]["content"][1] == {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}
    note = content({"type": "file", "file": {"file_data": "data:text/plain;base64,aGk=", "filename": "n.txt"}})
    source = {"type": "text", "media_type": "text/plain", "data": "hi"}
    assert body(messages=note)["messages"][0]["content"][1] == {"type": "document", "source": source, "title": "n.txt"}
    assert body(tools=TOOLS, tool_choice="required")["tool_choice"] == {"type": "any"}
    assert body(tools=TOOLS, tool_choice="none", parallel_tool_calls=False)["tool_choice"] == {"type": "none"}
    assert body(tools=TOOLS, parallel_tool_calls=False)["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert body(user="u-1", stop="x")["metadata"] == {"user_id": "u-1"}


def test_a_thought_of_each_kind_of_model() -> None:
    assert body(reasoning_effort="xhigh")["output_config"] == {"effort": "xhigh"}
    assert body(reasoning_effort="none")["thinking"] == {"type": "disabled"}
    for model in ("claude-sonnet-4-5-20250929", "claude-opus-4-20250514", "claude-haiku-4-5", "claude-3-7-sonnet-latest"):
        old = Deployment(id="it", provider="x", dialect="anthropic", model=model, facts=facts.Provider(id="it"))
        made = body(old, reasoning_effort="high", max_tokens=9000)
        assert made["thinking"] == {"type": "enabled", "budget_tokens": 8999} and "output_config" not in made
        with pytest.raises(ProviderFailure, match="reasoning_effort of low"):
            body(old, reasoning_effort="low", max_tokens=500)


@pytest.mark.parametrize(
    "more",
    [
        {"temperature": 1.5}, {"reasoning_effort": "minimal"}, {"reasoning_effort": "low", "top_k": 3},
        {"reasoning_effort": "low", "tools": TOOLS, "tool_choice": "required"},
        {"messages": content({"type": "image_url", "image_url": {"url": PICTURE, "detail": "high"}})},
        {"messages": content({"type": "file", "file": {"file_data": "data:text/csv;base64,aGk="}})},
        {"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "b", "arguments": "["}}]}]},
    ],
)  # fmt: skip
def test_what_it_cannot_say_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ProviderFailure) as raised:
        body(**more)
    assert raised.value.kind == "unsupported"


async def test_what_was_said_before_an_error_is_passed_on_first() -> None:
    request = asked(stream=True)
    reader = STAND.reader(request)
    assert b"chat.completion.chunk" in reader.feed(await STAND.recorded(request, **{"x-lab-fault": "break"}))
    with pytest.raises(ProviderFailure, match="api_error"):
        reader.feed(b": more")


def test_vectors_are_not_made_there() -> None:
    with pytest.raises(ProviderFailure, match="embeddings"):
        ADAPTER.outgoing(PLACE, EmbeddingsRequest(input="x"), "k")


def test_the_documented_stream_is_read() -> None:
    """Of …/build-with-claude/streaming, "Basic streaming request"."""
    start = {"id": "msg_1nZ", "type": "message", "role": "assistant", "content": [], "model": "claude-opus-4-6", "stop_reason": None}
    raw = b"event: message_start\n" + event(
        {"type": "message_start", "message": start | {"usage": {"input_tokens": 25, "output_tokens": 1}}}
    )
    raw += event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}) + event({"type": "ping"})
    raw += event({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}})
    raw += event({"type": "content_block_stop", "index": 0})
    usage = {"output_tokens": 15, "cache_read_input_tokens": 5}
    raw += event({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage})
    chunks = told(through(STAND.reader(asked(stream=True)), [raw + event({"type": "message_stop"})]))
    assert chunks[-1]["usage"] == {
        "prompt_tokens": 30, "completion_tokens": 15, "total_tokens": 45, "prompt_tokens_details": {"cached_tokens": 5},
    }  # fmt: skip
    assert {chunk["id"] for chunk in chunks} == {"msg_1nZ"} and chunks[0]["created"] == int(AT.timestamp())


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("refusal", "content_filter"), ("pause_turn", "length"), ("model_context_window_exceeded", "length"), ("stop_sequence", "stop")],
)
def test_why_it_ended(reason: str, finish: str) -> None:
    made = {"id": "m", "model": "c", "content": [], "stop_reason": reason, "usage": {"input_tokens": 1, "output_tokens": 0}}
    said = json.loads(through(STAND.reader(asked()), [json.dumps(made).encode()]))
    assert said["choices"][0]["finish_reason"] == finish and said["choices"][0]["message"]["content"] == ""
    with pytest.raises(ProviderFailure, match="no known way"):
        through(STAND.reader(asked()), [json.dumps(made | {"stop_reason": "new"}).encode()])


@pytest.mark.parametrize(("fault", "kind"), [("break", "status"), ("malformed", "protocol")])
async def test_a_stream_that_goes_wrong_is_one_failure(fault: str, kind: str) -> None:
    request = asked(stream=True)
    raw = await STAND.recorded(request, **{"x-lab-fault": fault})
    with pytest.raises(ProviderFailure) as raised:
        through(STAND.reader(request), [raw])
    assert raised.value.kind == kind and not raised.value.retryable and "asked for" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "kind", "code", "retryable"),
    [
        ("401 x", "authentication_error", "", True), ("403 x", "permission_error", "", True), ("404 x", "not_found_error", "", True),
        ("429 x", "rate_limit_error", "", True), ("529 x", "overloaded_error", "", True), ("500 x", "api_error", "", True),
        ("400 x", "invalid_request_error", "", False), ("400 x", "invalid_request_error", "content", False),
    ],
)  # fmt: skip
async def test_errors_by_their_words(status: str, kind: str, code: str, retryable: bool) -> None:
    message = "Output blocked by content filtering policy" if code else "secret"
    raw = json.dumps({"type": "error", "error": {"type": kind, "message": message}}).encode()
    async with Partner(saying(reply(raw, status=status, headers=b"retry-after: 7\r\n"))) as partner:
        failure = await failed(partner)
    assert failure.retryable is retryable and "secret" not in str(failure)
    assert (failure.code, failure.kind) == ("provider.content_refused", "content") if code else kind in str(failure)
    assert code or failure.retry_after_seconds == 7


async def failed(partner: Partner) -> ProviderFailure:
    provider, there = at(partner)
    with pytest.raises(ProviderFailure) as raised:
        await provider.send(there, asked())
    await provider.aclose()
    return raised.value


def at(partner: Partner) -> tuple[AnthropicProvider, Deployment]:
    there = Deployment(
        id="it", provider="x", dialect="anthropic", model="claude-opus-4-6", key="header:x-api-key", facts=facts.Provider(id="it"),
        base_url=partner.base + "/v1", egress=f"127.0.0.1:{partner.port}",
    )  # fmt: skip
    return AnthropicProvider(Egress({"it": there}, LimitsConfig()), {"it": "k"}, now=lambda: AT), there


async def test_its_limits_are_told_in_openais_names() -> None:
    made = {"id": "m", "model": "c", "content": [], "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 0}}
    headers = (
        b"anthropic-ratelimit-requests-limit: 50\r\nanthropic-ratelimit-requests-remaining: 49\r\n"
        b"anthropic-ratelimit-requests-reset: 2026-11-26T12:01:30Z\r\nanthropic-ratelimit-tokens-reset: soon\r\n"
    )
    async with Partner(saying(reply(json.dumps(made).encode(), headers=headers))) as partner:
        provider, there = at(partner)
        answer = await provider.send(there, asked())
        said = b"".join([piece async for piece in answer.chunks()])
        await answer.aclose()
        await provider.aclose()
    assert answer.rate_limits == {
        "x-ratelimit-limit-requests": "50", "x-ratelimit-remaining-requests": "49", "x-ratelimit-reset-requests": "90s",
    }  # fmt: skip
    assert json.loads(said)["object"] == "chat.completion" and partner.requests[0].header("x-api-key") == ["k"]


JSONS: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "type", "index", "content", "usage", "text", "stop_reason", "model"]), inner)
    ),
    max_leaves=12,
)
KINDS = ["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop", "error"]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(["message", "delta", "content_block"]), JSONS), max_size=6), st.binary())
def test_whatever_comes_is_an_answer_or_one_failure(events: list[tuple[str, str, Any]], rest: bytes) -> None:
    raw = b"".join(event({"type": kind, member: value, "index": 0}) for kind, member, value in events)
    for request, said in ((asked(stream=True), raw + rest), (asked(), json.dumps({"content": [value for *_, value in events]}).encode())):
        with contextlib.suppress(ProviderFailure):
            through(STAND.reader(request), [said])
