# SPDX-License-Identifier: Apache-2.0
"""The way back: untouched when nothing is owed, labelled to the last word when it is, restored in any chunking."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import ProviderFailure, TrustFailure
from comity.gateway.answer import Labeller, Usage, stream, whole
from comity.gateway.duties import Duties
from comity.privacy.pseudonym import Vault
from comity.privacy.scan import scan
from comity.wire.door import Said
from tests.simulated.worlds import _stream, _whole, said_in_stream

OWED = Duties(explicit=True, labels=("explicit", "implicit"))
NOTICE = "（本内容由人工智能生成）"


def labeller(owed: Duties = OWED, *, plain_text: bool = True) -> Labeller:
    return Labeller(owed, receipt="01J", producer="Example", plain_text=plain_text)


async def pieces_of(raw: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in raw:
        yield piece


def cut_up(raw: bytes, places: Iterable[int]) -> list[bytes]:
    edges = sorted({0, len(raw), *(place % (len(raw) + 1) for place in places)})
    return [raw[a:b] for a, b in itertools.pairwise(edges)]


async def streamed(raw: Iterable[bytes], vault: Vault, by: Labeller | None = None) -> tuple[bytes, Usage]:
    usage = Usage()
    out = b"".join([piece async for piece in stream(pieces_of(raw), vault=vault, labeller=by, usage=usage)])
    return out, usage


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    body = {"id": "x", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


async def test_what_owes_nothing_keeps_its_bytes() -> None:
    raw = _stream("hello") + b": a comment\r\n\r\n"
    raw = _stream("hello")[:-14] + chunk({}, None, usage={"prompt_tokens": 3, "completion_tokens": 4}) + b"data: [DONE]\n\n"
    out, usage = await streamed(cut_up(raw, range(0, len(raw), 11)), Vault(b"n" * 8))
    assert out == raw and usage.complete and usage.bytes_out == len(raw)
    assert (usage.prompt_tokens, usage.completion_tokens) == (3, 4)
    odd = b'{ "choices" : [ ] }'
    assert await whole(pieces_of([odd]), vault=Vault(b"n" * 8), labeller=None, usage=Usage()) == Said(odd)


@given(st.lists(st.integers(0, 2000), max_size=12))
async def test_any_chunking_restores_and_labels_alike(places: list[int]) -> None:
    vault = Vault(b"n" * 8)
    text = "电话 13812345678，邮箱 a.b@example.cn。"
    hidden = vault.protect(text, scan(text))
    assert "13812345678" not in hidden
    out, usage = await streamed(cut_up(_stream(hidden), places), vault, labeller())
    assert said_in_stream(out) == text + "\n\n" + NOTICE and usage.complete


async def test_a_finish_that_still_speaks_is_labelled_after_its_last_word() -> None:
    raw = chunk({"content": "Good"}) + chunk({"content": " bye"}, "stop") + b"data: [DONE]\n\n"
    out, _ = await streamed([raw], Vault(b"n" * 8), labeller())
    assert said_in_stream(out) == "Good bye\n\n(AI-generated content)"
    assert out.count(b'"AIGC"') == 1


@pytest.mark.parametrize("tail", [b"data: [DONE]\n\n", b""])
async def test_text_never_stands_without_its_notice(tail: bytes) -> None:
    usage = Usage()
    raw, out = chunk({"content": "half a sen"}) + tail, b""
    try:
        async for piece in stream(pieces_of([raw]), vault=Vault(b"n" * 8), labeller=labeller(), usage=usage):
            out += piece
    except ProviderFailure:
        assert not tail
    assert b"AI-generated" in out and b'"AIGC"' in out


@pytest.mark.parametrize("by", [None, labeller()], ids=["nothing owed", "labelled"])
async def test_the_end_mark_of_a_sealed_stream_waits_for_its_seal(by: Labeller | None) -> None:
    """All that was said has come, its mark too, and then the seal does not end: whoever reads up to the mark must not take it for whole."""
    seen: list[bytes] = []

    async def cut() -> AsyncIterator[bytes]:
        yield _stream("hello")
        assert b"hel" in b"".join(seen) and b"[DONE]" not in b"".join(seen)
        raise TrustFailure("cut", step="truncated")

    with pytest.raises(TrustFailure):
        async for piece in stream(cut(), vault=Vault(b"n" * 8), labeller=by, usage=Usage(), sealed=True):
            seen.append(piece)
    assert b"[DONE]" not in b"".join(seen)
    whole = [piece async for piece in stream(pieces_of([_stream("hello")]), vault=Vault(b"n" * 8), labeller=by, usage=Usage(), sealed=True)]
    assert whole[-1] == b"data: [DONE]\n\n" and said_in_stream(b"".join(whole)).startswith("hello")


async def test_a_tool_call_and_a_json_answer_get_no_words_added() -> None:
    call = {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}
    out, _ = await streamed([chunk(call) + chunk({}, "tool_calls") + b"data: [DONE]\n\n"], Vault(b"n" * 8), labeller())
    assert b"AI-generated" not in out and b'"AIGC"' in out
    out, _ = await streamed([_stream('{"a":1}')], Vault(b"n" * 8), labeller(plain_text=False))
    assert said_in_stream(out) == '{"a":1}' and b'"AIGC"' in out


async def test_each_choice_is_labelled_in_its_own_language() -> None:
    raw = b"".join(
        b"data: " + json.dumps({"choices": [{"index": n, "delta": {"content": text}, "finish_reason": "stop"}]}).encode() + b"\n\n"
        for n, text in enumerate(["你好", "hello"])
    )
    out, _ = await streamed([raw + b"data: [DONE]\n\n"], Vault(b"n" * 8), labeller())
    assert "你好\n\n" + NOTICE in said_in_stream(out) and "hello\n\n(AI-generated content)" in said_in_stream(out)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'{"choices": 1}', b'{"choices": [1]}', b"\xff", b"[" * 100_000])
async def test_an_answer_that_is_none_is_a_failure(raw: bytes) -> None:
    with pytest.raises(ProviderFailure) as raised:
        await whole(pieces_of([raw]), vault=Vault(b"n" * 8), labeller=None, usage=Usage())
    assert not raised.value.retryable


@pytest.mark.parametrize("event", [b"{", b"[]", b"1", b"\xff"])
async def test_an_event_that_is_none_is_a_failure_after_what_came(event: bytes) -> None:
    out = b""
    with pytest.raises(ProviderFailure):
        async for piece in stream(
            pieces_of([chunk({"content": "hi"}), b"data: " + event + b"\n\n"]), vault=Vault(b"n" * 8), labeller=labeller(), usage=Usage()
        ):
            out += piece
    assert b'"hi"' in out


async def test_a_whole_answer_is_restored_and_labelled() -> None:
    vault = Vault(b"n" * 8)
    hidden = vault.protect("a@example.org", scan("a@example.org"))
    out = json.loads((await whole(pieces_of([_whole(hidden)]), vault=vault, labeller=labeller(), usage=Usage())).body)
    assert out["choices"][0]["message"]["content"] == "a@example.org\n\n(AI-generated content)"
    assert out["AIGC"]["ProduceID"] == "01J" and out["model"] == "echo"


async def test_what_a_node_before_us_labelled_is_not_labelled_twice() -> None:
    first, _ = await streamed([_stream("你好")], Vault(b"n" * 8), labeller())
    again = Labeller(OWED, receipt="02K", producer="Next", plain_text=True)
    out, _ = await streamed([first], Vault(b"n" * 8), again)
    assert said_in_stream(out) == "你好\n\n" + NOTICE
    (marked,) = [json.loads(line[6:])["AIGC"] for line in out.split(b"\n") if b'"AIGC"' in line]
    assert (marked["ContentProducer"], marked["ProduceID"]) == ("Example", "01J")
    assert (marked["ContentPropagator"], marked["PropagateID"]) == ("Next", "02K")


@given(st.integers(1, 400), st.lists(st.integers(0, 2000), max_size=6))
async def test_half_an_event_is_never_passed_on(end: int, places: list[int]) -> None:
    """Were it, the error event after it would be read as its continuation."""
    raw = _stream("hello, and a little more")
    whole_events = raw[: max(raw[: end % len(raw)].rfind(b"\n\n") + 2, 0) if b"\n\n" in raw[: end % len(raw)] else 0]
    out = b""
    with pytest.raises(ProviderFailure):
        async for piece in stream(pieces_of(cut_up(raw[: end % len(raw)], places)), vault=Vault(b"n" * 8), labeller=None, usage=Usage()):
            out += piece
    assert out == whole_events


@pytest.mark.parametrize("bad", [b'data: {"choices": [{\n\n', b"data: []\n\n", b'data: {"error": {"code": "overloaded"}}\n\n'])
async def test_a_bad_event_ends_what_else_passes_untouched(bad: bytes) -> None:
    good = chunk({"content": "Good"})
    out = b""
    with pytest.raises(ProviderFailure):
        async for piece in stream(pieces_of([good + bad + _stream("more")]), vault=Vault(b"n" * 8), labeller=None, usage=Usage()):
            out += piece
    assert json.loads(out.removeprefix(b"data: ")) == json.loads(good.removeprefix(b"data: "))
