# SPDX-License-Identifier: Apache-2.0
"""Google's `generateContent` as a partner's API: both ways, streams cut anywhere, errors, vectors, and what it cannot say."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from comity.errors import ProviderFailure
from comity.lab.simulators.gemini import Gemini
from comity.policy import facts
from comity.providers.adapters.gemini.dialect import GeminiDialect
from comity.providers.adapters.gemini.reply import code_of
from comity.providers.base import Deployment
from comity.providers.catalog.dialects import features
from comity.wire.embeddings import EmbeddingsRequest
from tests.unit.providers.chats import ASKED, FEATURES, TOOLS, Stand, asked, content, event, through, told

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
ADAPTER = GeminiDialect(lambda: AT)
PLACE = Deployment(
    id="it", provider="gemini", dialect="gemini", model="gemini-3-flash", key="header:x-goog-api-key",
    facts=facts.Provider(id="it"), features=features("gemini"),
)  # fmt: skip
STAND = Stand(ADAPTER, PLACE, Gemini, "/v1beta")
CALLED = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bonn"}'}}


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


def test_where_a_request_goes() -> None:
    out = ADAPTER.outgoing(PLACE, asked(), "k")
    assert out.path == "/models/gemini-3-flash:generateContent" and out.headers["x-goog-api-key"] == "k"
    assert body() == {"contents": [{"role": "user", "parts": [{"text": "hello from far away"}]}]}
    out = ADAPTER.outgoing(replace(PLACE, key="google", model="models/a/b"), asked(stream=True), "token")
    assert out.path == "/models/a%2Fb:streamGenerateContent?alt=sse" and out.headers["authorization"] == "Bearer token"


def test_calls_results_and_the_proof_of_a_thought() -> None:
    message = {"role": "assistant", "tool_calls": [CALLED], "reasoning_content": "hm", "reasoning_signature": "proof"}
    result = {"role": "tool", "tool_call_id": "a", "content": "sun"}
    made = body(messages=[{"role": "user", "content": "x"}, message, result], tools=TOOLS)["contents"]
    call = {"id": "a", "name": "weather", "args": {"city": "Bonn"}}
    assert made[1] == {"role": "model", "parts": [{"functionCall": call, "thoughtSignature": "proof"}]}
    assert made[2] == {"role": "user", "parts": [{"functionResponse": {"id": "a", "name": "weather", "response": {"result": "sun"}}}]}
    said = {"role": "assistant", "content": "so", "reasoning_signature": "proof"}
    assert body(messages=[said])["contents"][0]["parts"] == [{"text": "so", "thoughtSignature": "proof"}]


@pytest.mark.parametrize(
    ("more", "mode"),
    [
        ({"tool_choice": "none"}, {"mode": "NONE"}), ({"tool_choice": "auto"}, {"mode": "AUTO"}),
        ({"tool_choice": "required"}, {"mode": "ANY"}),
        ({"tool_choice": {"type": "function", "function": {"name": "time"}}}, {"mode": "ANY", "allowedFunctionNames": ["time"]}),
    ],
)  # fmt: skip
def test_which_tool_is_called(more: dict[str, Any], mode: Any) -> None:
    assert body(tools=TOOLS, **more)["toolConfig"] == {"functionCallingConfig": mode}


def test_a_strict_tool_is_held_to_its_schema() -> None:
    strict = [{"type": "function", "function": TOOLS[0]["function"] | {"strict": True}}]  # type: ignore[operator]
    assert body(tools=strict)["toolConfig"] == {"functionCallingConfig": {"mode": "VALIDATED"}}
    assert "toolConfig" not in body(tools=TOOLS)


def test_a_thought_of_each_kind_of_model() -> None:
    assert body(reasoning_effort="minimal")["generationConfig"]["thinkingConfig"] == {"thinkingLevel": "minimal", "includeThoughts": True}
    old = replace(PLACE, model="gemini-2.5-pro")
    assert body(old, reasoning_effort="none")["generationConfig"]["thinkingConfig"] == {"thinkingBudget": 0, "includeThoughts": False}
    assert body(old, reasoning_effort="high")["generationConfig"]["thinkingConfig"]["thinkingBudget"] == 24_576


@pytest.mark.parametrize(
    "more",
    [
        {"reasoning_effort": "none"}, {"reasoning_effort": "xhigh"}, {"stop": ["a", "b", "c", "d", "e", "f"]}, {"n": 2},
        {"parallel_tool_calls": False}, {"messages": [{"role": "tool", "tool_call_id": "z", "content": "x"}]},
        {"messages": content({"type": "image_url", "image_url": {"url": "https://x.test/a.png"}})},
        {"messages": content({"type": "image_url", "image_url": {"url": "data:image/bmp;base64,aGk="}})},
    ],
)  # fmt: skip
def test_what_it_cannot_say_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ProviderFailure) as raised:
        body(**more)
    assert raised.value.kind == "unsupported"


def test_a_service_accounts_key_is_no_token() -> None:
    with pytest.raises(ProviderFailure, match="access token"):
        ADAPTER.outgoing(replace(PLACE, key="google"), asked(), '{"type":"service_account"}')


async def test_vectors() -> None:
    request = EmbeddingsRequest(input=("red", "blue"), dimensions=8)
    made = await STAND.answer(request)
    assert [(each["index"], len(each["embedding"])) for each in made["data"]] == [(0, 8), (1, 8)]
    assert made["data"][0]["embedding"] != made["data"][1]["embedding"]
    for place, wrong in (
        (replace(PLACE, key="google"), request),
        (PLACE, EmbeddingsRequest(input="x", user="u")),
        (PLACE, EmbeddingsRequest(input=("x",) * 101)),
    ):
        with pytest.raises(ProviderFailure) as raised:
            ADAPTER.outgoing(place, wrong, "k")
        assert raised.value.kind == "unsupported"
    for body_ in (b"{}", b'{"embeddings": [1]}', b"["):
        with pytest.raises(ProviderFailure):
            through(STAND.reader(request), [body_])


@pytest.mark.parametrize("stream", [False, True])
async def test_a_request_that_is_blocked_is_refused_as_such(stream: bool) -> None:
    request = asked(stream=stream)
    raw = await STAND.recorded(request, **{"x-lab-fault": "filter"})
    with pytest.raises(ProviderFailure) as raised:
        through(STAND.reader(request), [raw])
    assert (raised.value.kind, raised.value.code, raised.value.status) == ("content", "provider.content_refused", 400)


@pytest.mark.parametrize(
    ("reason", "finish"), [("SAFETY", "content_filter"), ("RECITATION", "content_filter"), ("MAX_TOKENS", "length"), ("STOP", "stop")]
)
def test_why_it_ended(reason: str, finish: str) -> None:
    said = json.loads(through(STAND.reader(asked()), [json.dumps({"candidates": [{"finishReason": reason}]}).encode()]))
    assert said["choices"][0]["finish_reason"] == finish


@pytest.mark.parametrize("reason", ["MALFORMED_FUNCTION_CALL", "OTHER", "NEW"])
def test_an_end_without_an_answer_is_a_failure(reason: str) -> None:
    with pytest.raises(ProviderFailure):
        through(STAND.reader(asked()), [json.dumps({"candidates": [{"finishReason": reason}]}).encode()])


def test_a_call_without_an_id_gets_one_and_counts_are_cumulative() -> None:
    """A call of …/docs/function-calling, which older models name by no id."""
    part = {"functionCall": {"name": "time"}}
    raw = event({"responseId": "r", "candidates": [{"content": {"parts": [part, part]}}], "usageMetadata": {"promptTokenCount": 4}})
    usage = {"promptTokenCount": 4, "candidatesTokenCount": 6, "thoughtsTokenCount": 3, "cachedContentTokenCount": 2}
    raw += event({"candidates": [{"finishReason": "STOP"}], "usageMetadata": usage})
    chunks = told(through(STAND.reader(asked(stream=True)), [raw]))
    calls = [call for chunk in chunks for choice in chunk["choices"] for call in choice["delta"].get("tool_calls", ())]
    assert [(call["id"], call["function"]["arguments"]) for call in calls] == [("call_r_0", "{}"), ("call_r_1", "{}")]
    assert chunks[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert chunks[-1]["usage"] == {
        "prompt_tokens": 4, "completion_tokens": 9, "total_tokens": 13,
        "prompt_tokens_details": {"cached_tokens": 2}, "completion_tokens_details": {"reasoning_tokens": 3},
    }  # fmt: skip


@pytest.mark.parametrize(("fault", "word"), [("break", "INTERNAL"), ("malformed", "not JSON")])
async def test_a_stream_that_goes_wrong_is_one_failure(fault: str, word: str) -> None:
    request = asked(stream=True, messages=[{"role": "user", "content": "one two three four five six seven eight"}])
    raw = await STAND.recorded(request, **{"x-lab-fault": fault})
    with pytest.raises(ProviderFailure, match=word) as raised:
        through(STAND.reader(request), [raw])
    assert not raised.value.retryable and "asked for" not in str(raised.value)


async def test_errors_by_their_words() -> None:
    limited = await STAND.ask(asked(), **{"x-lab-fault": json.dumps({"kind": "status", "trouble": "rate", "retry_after": 7})})
    assert (limited.status_code, code_of(limited.json()), limited.headers["retry-after"]) == (429, "RESOURCE_EXHAUSTED", "7")
    wrong = await STAND.ask(asked(), **{"x-goog-api-key": "another"})
    assert (wrong.status_code, code_of(wrong.json())) == (400, "API_KEY_INVALID")
    assert code_of({"error": {"code": 503}}) == ""


JSONS: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["candidates", "content", "parts", "text", "functionCall", "name", "args", "finishReason", "usageMetadata", "error"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSONS, max_size=5), st.lists(JSONS, max_size=3), st.binary())
def test_whatever_comes_is_an_answer_or_one_failure(bodies: list[Any], parts: list[Any], rest: bytes) -> None:
    bodies.append({"candidates": [{"content": {"parts": parts}}]})
    for request, said in ((asked(stream=True), b"".join(map(event, bodies)) + rest), (asked(), json.dumps(bodies[0]).encode())):
        with contextlib.suppress(ProviderFailure):
            through(STAND.reader(request), [said])
