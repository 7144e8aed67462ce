# SPDX-License-Identifier: Apache-2.0
"""Partners that refuse, break off, lie about what they send, or never finish: each is one failure, and says who may be asked instead."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.config import LimitsConfig
from comity.errors import ProviderFailure
from comity.lab.simulators.dashscope.errors import DOCUMENTED, Refusal
from comity.providers.adapters.dashscope.provider import DashScopeProvider
from comity.providers.base import Deployment
from comity.providers.http import Egress, Outgoing
from comity.wire.audio import SpeechRequest, TranscriptionRequest
from comity.wire.embeddings import EmbeddingsRequest
from comity.wire.images import ImageRequest
from comity.wire.request import Request
from comity.wire.rerank import RerankRequest
from tests.unit.providers.hostile import PATIENCE_SECONDS, Conversation, Partner, Script, chunked, reply, saying, saying_then_silent
from tests.unit.providers.test_dashscope import KEY, LIMITS, SOUND, Pauses, chat, deployment, read

HASTY = LimitsConfig(first_byte_seconds_max=0.05, idle_seconds_max=0.05)
PROMPT = "my number is 13812345678"
WHOLE, STREAM = chat(PROMPT), chat(PROMPT, stream=True)


def body_of(refusal: Refusal, message: str = PROMPT) -> bytes:
    return json.dumps({"code": refusal.code, "message": message, "request_id": "r"}).encode()


def as_event(refusal: Refusal) -> bytes:
    return b"id:1\nevent:error\n:HTTP_STATUS/%d\ndata:%b\n\n" % (refusal.status, body_of(refusal))


def said(text: str, finish: str = "null") -> bytes:
    choice = {"finish_reason": finish, "message": {"role": "assistant", "content": text}}
    return b"id:1\nevent:result\n:HTTP_STATUS/200\ndata:%b\n\n" % json.dumps({"output": {"choices": [choice]}, "request_id": "r"}).encode()


async def asked(script: Script, request: Request = WHOLE, *, model: str = "qwen-plus", limits: LimitsConfig = LIMITS) -> tuple[bytes, bool]:
    """What came back, and whether the partner was asked as it should be: with the key, and at its own address."""
    async with Partner(script) as partner:
        place = deployment(partner.base, model)
        provider = DashScopeProvider(
            Egress({"here": place}, limits), {"here": KEY}, pause=Pauses(), seconds_max=PATIENCE_SECONDS, boundary=lambda: "b"
        )
        try:
            raw = await read(await provider.send(place, request))
        finally:
            await provider.aclose()
        return raw, partner.requests[0].header("authorization") == [f"Bearer {KEY}"]


async def failure_of(script: Script, request: Request = WHOLE, **more: Any) -> ProviderFailure:
    with pytest.raises(ProviderFailure) as caught:
        await asyncio.wait_for(asked(script, request, **more), PATIENCE_SECONDS)
    error = caught.value
    assert PROMPT not in f"{error} {error.hint} {error!r}" and KEY not in f"{error!r}"
    return error


# -- every documented refusal ----------------------------------------------------------------------------------------

FINAL = {
    "InvalidParameter", "BadRequest.EmptyInput", "BadRequest.EmptyParameters", "BadRequest.EmptyModel", "InvalidURL",
    "UnsupportedOperation", "DataInspectionFailed", "BadRequest.TooLarge",
}  # fmt: skip
"""Another place would say the same; whatever else is refused is of this account, this key or this hour."""
REFUSALS = [*DOCUMENTED.values(), Refusal(400, "InternalError.Algo.InvalidParameter", "")]
FINAL |= {"InternalError.Algo.InvalidParameter"}


def fits(error: ProviderFailure, refusal: Refusal) -> None:
    assert refusal.code in str(error)
    assert error.retryable is (refusal.code not in FINAL)
    if refusal.code == "DataInspectionFailed":
        assert (error.kind, error.code, error.status) == ("content", "provider.content_refused", 400)
    else:
        assert error.kind == "status"


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
async def test_each_refusal_is_known_by_its_status_and_word(refusal: Refusal) -> None:
    for raw, kind in (
        (body_of(refusal), "application/json"),
        (as_event(refusal), "text/event-stream"),
        (as_event(refusal), "application/json"),
    ):
        for request in (WHOLE, STREAM, EmbeddingsRequest(input=PROMPT)):
            error = await failure_of(saying(reply(raw, status=f"{refusal.status} x", kind=kind)), request)
            fits(error, refusal)
            assert error.upstream_status == refusal.status


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
@pytest.mark.parametrize("kind", ["text/event-stream", "application/json"])
async def test_each_refusal_in_the_first_event_is_as_good_as_a_status(refusal: Refusal, kind: str) -> None:
    """Nothing was said yet, so another place may still be asked."""
    for request in (WHOLE, STREAM, SpeechRequest(input=PROMPT, voice="x", response_format="pcm")):
        model = "qwen3-tts-flash" if isinstance(request, SpeechRequest) else "qwen-plus"
        fits(await failure_of(saying(chunked(as_event(refusal), kind=kind)), request, model=model), refusal)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
async def test_each_refusal_of_a_task(refusal: Refusal) -> None:
    failed = {"task_id": "t-1", "task_status": "FAILED", "code": refusal.code, "message": PROMPT}
    fits(await failure_of(tasked(failed), ImageRequest(prompt=PROMPT), model="wan2.2-t2i-flash"), refusal)
    mixed = {"task_id": "t-1", "task_status": "SUCCEEDED", "results": [{"code": refusal.code, "message": PROMPT}]}
    fits(await failure_of(tasked(mixed), ImageRequest(prompt=PROMPT), model="wan2.2-t2i-flash"), refusal)


async def test_after_the_first_event_nothing_is_tried_elsewhere() -> None:
    for code in ("Throttling", "InternalError"):
        error = await failure_of(saying(chunked(said("Hel"), as_event(DOCUMENTED[code]))), STREAM)
        assert (error.kind, error.retryable) == ("status", False) and code in str(error)
    error = await failure_of(saying(chunked(said("Hel"), as_event(DOCUMENTED["DataInspectionFailed"]))), STREAM)
    assert error.kind == "content"


async def test_a_gateway_in_front_has_another_form() -> None:
    raw = b'{"error":{"message":"x","type":"invalid_request_error","code":"model_not_found"}}'
    error = await failure_of(saying(reply(raw, status="404 x")))
    assert (error.kind, error.retryable, error.upstream_status) == ("status", True, 404) and "model_not_found" in str(error)


# -- tasks -----------------------------------------------------------------------------------------------------------


def tasked(*outputs: Any, task: str = "t-1") -> Script:
    """A task begun, and what is answered each time it is asked after; the last answer is given again."""
    left = list(outputs)

    async def script(with_: Conversation) -> None:
        if with_.request.line.startswith("POST"):
            assert with_.request.header("x-dashscope-async") == ["enable"]
            await with_.say(reply(json.dumps({"output": {"task_id": task, "task_status": "PENDING"}, "request_id": "r"}).encode()))
            return
        assert with_.request.line.startswith(f"GET /api/v1/tasks/{task} ") and with_.request.header("authorization")
        output = left.pop(0) if len(left) > 1 else left[0]
        await with_.say(output if isinstance(output, bytes) else reply(json.dumps({"output": output}).encode()))

    return script


DRAW = ImageRequest(prompt=PROMPT)
RUNNING = {"task_id": "t-1", "task_status": "RUNNING"}


async def test_a_task_that_never_ends_is_waited_for_no_longer_than_a_first_byte() -> None:
    pauses = Pauses()
    async with Partner(tasked(RUNNING)) as partner:
        place = deployment(partner.base, "wan2.2-t2i-flash")
        provider = DashScopeProvider(Egress({"here": place}, LIMITS), {"here": KEY}, pause=pauses, seconds_max=60, boundary=lambda: "b")
        with pytest.raises(ProviderFailure) as caught:
            await provider.send(place, DRAW)
        await provider.aclose()
        assert len(partner.requests) == len(pauses.seconds) + 1
    assert (caught.value.kind, caught.value.retryable) == ("timeout", False)
    assert 50 < sum(pauses.seconds) <= 60 and pauses.seconds == sorted(pauses.seconds) and len(pauses.seconds) < 20


async def test_the_time_of_a_task_is_bound_whatever_the_partner_does() -> None:
    async def for_ever(seconds: float) -> None:
        await asyncio.Event().wait()

    async with Partner(tasked(RUNNING)) as partner:
        place = deployment(partner.base, "wan2.2-t2i-flash")
        provider = DashScopeProvider(Egress({"here": place}, LIMITS), {"here": KEY}, pause=for_ever, seconds_max=0.6, boundary=lambda: "b")
        with pytest.raises(ProviderFailure) as caught:
            await asyncio.wait_for(provider.send(place, DRAW), PATIENCE_SECONDS)
        await provider.aclose()
    assert (caught.value.kind, caught.value.retryable) == ("timeout", False)


async def test_asking_too_often_says_nothing_of_the_task() -> None:
    busy = reply(body_of(DOCUMENTED["Throttling"]), status="429 x")
    down = reply(b"", status="503 x")
    error = await failure_of(tasked(RUNNING, busy, down, {"task_status": "FAILED", "code": "Arrearage"}), DRAW, model="wanx2.1-t2i-turbo")
    assert "Arrearage" in str(error) and error.retryable
    gone = await failure_of(tasked(reply(b"", status="401 x")), DRAW, model="wanx2.1-t2i-turbo")
    assert gone.upstream_status == 401


@pytest.mark.parametrize("status", ["CANCELED", "UNKNOWN", "", None, 7])
async def test_a_task_that_ends_otherwise_is_no_result(status: Any) -> None:
    assert (await failure_of(tasked({"task_status": status}), DRAW, model="wan2.2-t2i-flash")).kind == "protocol"


@pytest.mark.parametrize("task", ["", "../../other", "a b", "x?y", "t" * 65, "日"])
async def test_an_id_that_would_lead_elsewhere_is_not_asked_after(task: str) -> None:
    assert (await failure_of(tasked(RUNNING, task=task), DRAW, model="wan2.2-t2i-flash")).kind == "protocol"


@pytest.mark.parametrize(
    "url", ["http://elsewhere.invalid/x.png", "https://127.0.0.1/x.png", "file:///etc/hosts", "x", "http://u@127.0.0.1:9/"]
)
async def test_a_result_elsewhere_is_not_fetched(url: str) -> None:
    done = {"task_status": "SUCCEEDED", "results": [{"url": url}]}
    error = await failure_of(tasked(done), DRAW, model="wan2.2-t2i-flash")
    assert (error.kind, error.code) == ("refused", "provider.egress")


# -- what is no answer -----------------------------------------------------------------------------------------------

BROKEN: dict[str, bytes] = {
    "no event": chunked(b": nothing\n\n"),
    "nothing": chunked(),
    "no end": chunked(said("Hel")),
    "half an event": chunked(said("Hel"), said("lo", "stop")[:40]),
    "no JSON": chunked(b"data:{{\n\n"),
    "no object": chunked(b"data:[1]\n\n"),
    "no output": chunked(b'data:{"request_id":"r"}\n\n'),
    "another type": reply(b"<html>", kind="text/html"),
    "compressed": reply(said("x", "stop"), kind="text/event-stream", headers=b"content-encoding: gzip\r\n"),
    "no end of chunks": chunked(said("Hel"), end=b""),
    "a redirect": reply(b"", status="302 x", headers=b"location: http://elsewhere.invalid/\r\n"),
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
async def test_what_is_no_answer_is_one_failure(raw: bytes) -> None:
    for request in (WHOLE, STREAM):
        assert (await failure_of(saying(raw, close=True), request)).kind == "protocol"


async def test_an_oversized_and_a_silent_answer_are_one_failure() -> None:
    small = msgspec.structs.replace(LIMITS, answer_bytes_max=1000)
    assert (await failure_of(saying(chunked(*[said("x" * 100)] * 50)), STREAM, limits=small)).kind == "protocol"
    assert (await failure_of(saying_then_silent(), WHOLE, limits=HASTY)).kind == "timeout"
    quick = msgspec.structs.replace(HASTY, first_byte_seconds_max=PATIENCE_SECONDS)
    late = await failure_of(saying_then_silent(chunked(said("Hel"), end=b"")), STREAM, limits=quick)
    assert (late.kind, late.retryable) == ("timeout", False)


async def test_who_leaves_before_the_first_event_closes_the_connection() -> None:
    async with Partner(saying_then_silent(chunked(b":\n\n", end=b""))) as partner:
        place = deployment(partner.base, "qwen-plus")
        provider = DashScopeProvider(Egress({"here": place}, LIMITS), {}, pause=Pauses(), seconds_max=9, boundary=lambda: "b")
        sending = asyncio.ensure_future(provider.send(place, STREAM))
        await partner.wait(partner.asked)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await provider.aclose()
        await partner.wait(partner.gone)


async def test_a_stream_that_only_says_that_it_lives_does_not_hold_a_request() -> None:
    async def script(with_: Conversation) -> None:
        await with_.say(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        while not with_.reader.at_eof():
            await with_.say(b"3\r\n:\n\n\r\n")
            with suppress(TimeoutError):
                await asyncio.wait_for(with_.reader.read(1), 0.005)  # until the caller leaves

    async with Partner(script) as partner:
        place = deployment(partner.base, "qwen-plus")
        provider = DashScopeProvider(Egress({"here": place}, LIMITS), {}, pause=Pauses(), seconds_max=0.1, boundary=lambda: "b")
        with pytest.raises(ProviderFailure) as caught:
            await asyncio.wait_for(provider.send(place, STREAM), PATIENCE_SECONDS)
        await partner.wait(partner.gone)
        await provider.aclose()
    assert (caught.value.kind, caught.value.retryable) == ("timeout", True)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_object_alone_is_read_as_its_one_event(stream: bool) -> None:
    choice = {"finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}
    whole = json.dumps({"output": {"choices": [choice]}, "request_id": "r"}, indent=1).encode()
    raw, _ = await asked(saying(reply(whole)), STREAM if stream else WHOLE)
    assert b'"Hi"' in raw and raw.endswith(b"data: [DONE]\n\n") is stream
    error = await failure_of(saying(reply(body_of(DOCUMENTED["Throttling"]))), STREAM if stream else WHOLE)
    fits(error, DOCUMENTED["Throttling"])


async def test_how_it_is_asked() -> None:
    raw, with_key = await asked(saying(chunked(said("Hi", "stop"))))
    assert with_key and json.loads(raw)["choices"][0]["message"]["content"] == "Hi"
    async with Partner(saying(chunked(said("Hi", "stop")))) as partner:
        place = deployment(partner.base, "qwen-plus")
        provider = DashScopeProvider(Egress({"here": place}, LIMITS), {"here": KEY}, pause=Pauses(), seconds_max=9, boundary=lambda: "b")
        await read(await provider.send(place, WHOLE))
        await provider.aclose()
        (request,) = partner.requests
    assert KEY not in repr(provider)
    assert request.line == "POST /api/v1/services/aigc/text-generation/generation HTTP/1.1"
    assert request.header("x-dashscope-sse") == ["enable"] and request.header("accept") == ["text/event-stream"]
    assert set(request.json()) == {"model", "input", "parameters"} and "enable_search" not in request.json()["parameters"]


# -- whatever the partner's JSON holds -------------------------------------------------------------------------------


class Memory:
    """An egress that says what it is told, without a socket."""

    def __init__(self, bodies: list[Any]) -> None:
        self._bodies = bodies

    async def open(self, deployment: Deployment, out: Outgoing, *, code_of: Any) -> Any:
        body = self._bodies.pop(0) if len(self._bodies) > 1 else self._bodies[0]
        raw = json.dumps(body).encode()
        return Kept(b"data:" + raw + b"\n\n" if out.headers.get("x-dashscope-sse") else raw)

    async def fetch(self, deployment: Deployment, url: str, *, accept: tuple[str, ...]) -> Any:
        return await self.open(deployment, Outgoing(path="/"), code_of=None)

    async def deliver(self, deployment: Deployment, url: str, out: Outgoing) -> Any:
        return Kept(b"")


class Kept:
    content_type, rate_limits = "application/json", dict[str, str]()

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def header(self, name: str) -> str:
        return "never"

    async def read(self) -> bytes:
        return self._raw

    async def chunks(self) -> Any:
        yield self._raw

    async def aclose(self) -> None:
        pass


TIMED = {"begin_time": 0, "end_time": 5, "text": "x"}
CHOICE = {"finish_reason": "stop", "index": 0, "message": {"content": [{"text": "x"}], "reasoning_content": "y"}}
CALLED = CHOICE | {"message": {"content": "", "tool_calls": [{"id": "c", "index": 0, "function": {"name": "f", "arguments": "{}"}}]}}
SIGNED = ("policy", "signature", "upload_dir", "upload_host", "oss_access_key_id", "x_oss_object_acl", "x_oss_forbid_overwrite")
POLICY = dict.fromkeys(SIGNED, "x")
DONE = {
    "output": {
        "task_id": "t",
        "task_status": "SUCCEEDED",
        "results": [{"subtask_status": "SUCCEEDED", "transcription_url": "x", "url": "x"}],
    }
}
EXCHANGES: dict[str, tuple[str, Request, list[Any]]] = {
    "chat": ("qwen-plus", WHOLE, [{"output": {"choices": [CHOICE]}, "usage": {"input_tokens": 1, "output_tokens": 2}}]),
    "calls": ("qwen-plus", WHOLE, [{"output": {"choices": [CALLED]}, "usage": {"output_tokens_details": {"reasoning_tokens": 1}}}]),
    "likely": ("qwen-plus", STREAM, [{"output": {"choices": [CHOICE | {"logprobs": {"content": [{"token": "x"}]}}]}, "request_id": "r"}]),
    "vectors": (
        "text-embedding-v4", EmbeddingsRequest(input=("a", "b")),
        [{"output": {"embeddings": [{"text_index": place, "embedding": [0.5]} for place in (1, 0)]}, "usage": {"total_tokens": 1}}],
    ),
    "ranks": (
        "gte-rerank-v2", RerankRequest(query="a", documents=("b",)),
        [{"output": {"results": [{"index": 0, "relevance_score": 0.5}]}, "usage": {"total_tokens": 1}}],
    ),
    "heard": ("qwen3-asr-flash", TranscriptionRequest(file=SOUND), [{"output": {"choices": [CHOICE]}, "usage": {"seconds": 1}}]),
    "flash": ("fun-asr-flash", TranscriptionRequest(file=SOUND), [{"output": {"text": "x"}, "usage": {"duration": 1}}]),
    "recorded": (
        "paraformer-v2",
        TranscriptionRequest(file=SOUND, response_format="verbose_json", timestamp_granularities=("word",), language="zh"),
        [{"data": POLICY}, {"output": {"task_id": "t"}}, DONE, {"transcripts": [{"text": "x", "sentences": [TIMED | {"words": [TIMED]}]}]}],
    ),
    "spoken": (
        "qwen3-tts-flash", SpeechRequest(input="a", voice="b", response_format="wav"),
        [{"output": {"finish_reason": "stop", "audio": {"data": "AAAA"}}}],
    ),
    "drawn": ("wan2.2-t2i-flash", DRAW, [{"output": {"task_id": "t"}}, DONE, {}]),
    "drawn at once": ("qwen-image", DRAW, [{"output": {"choices": [{"message": {"content": [{"image": "x"}]}}]}}, {}]),
}  # fmt: skip


async def exchanged(name: str, bodies: list[Any]) -> bytes:
    model, request, _ = EXCHANGES[name]
    memory: Any = Memory(copy.deepcopy(bodies))
    provider = DashScopeProvider(memory, {}, pause=Pauses(), seconds_max=5, boundary=lambda: "b", deliver=memory.deliver)
    return await read(await provider.send(deployment("http://127.0.0.1:9", model), request))


@pytest.mark.parametrize("name", EXCHANGES)
async def test_an_exchange_in_memory(name: str) -> None:
    assert await exchanged(name, EXCHANGES[name][2])


RECORDED = Path("tests/recorded/dashscope")


def sample(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))["answer"]


async def test_the_samples_of_the_documentation_are_read() -> None:
    """What a page shows, not what our own simulator makes of it."""
    heard = json.loads(await exchanged("heard", [sample("recognised")]))
    assert heard == {"text": "这里是实验室。", "usage": {"type": "duration", "seconds": 1}}
    begun, done, document = (sample(f"transcription_{name}") for name in ("begun", "done", "document"))
    recorded = json.loads(await exchanged("recorded", [sample("policy"), begun, done, document]))
    assert recorded["segments"] == [{"id": 0, "start": 0.1, "end": 3.82, "text": "这里是实验室。"}]
    assert recorded["words"] == [{"start": 0.1, "end": 0.596, "word": "这里"}]
    assert recorded["usage"] == {"type": "duration", "seconds": 9}
    mixed = sample("transcription_mixed")
    mixed["output"]["results"].reverse()  # ours is the one that could not be read
    for failed in (sample("transcription_failed"), mixed):
        with pytest.raises(ProviderFailure, match=r"InvalidFile\.DownloadFailed") as caught:
            await exchanged("recorded", [sample("policy"), begun, failed])
        assert (caught.value.kind, caught.value.retryable) == ("status", False)
    model = EXCHANGES["vectors"][0]
    memory: Any = Memory([sample("vectors")])
    provider = DashScopeProvider(memory, {}, pause=Pauses(), seconds_max=5, boundary=lambda: "b")
    vectors = json.loads(await read(await provider.send(deployment("http://127.0.0.1:9", model), EmbeddingsRequest(input="风急天高"))))
    assert vectors["data"] == [{"object": "embedding", "index": 0, "embedding": [0.1]}]
    assert vectors["usage"] == {"prompt_tokens": 4, "total_tokens": 4}


def places(value: Any, put: Callable[[Any], None]) -> list[Callable[[Any], None]]:
    """Ways to put something else where something stands."""
    found = [put]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += places(item, lambda new, key=key: value.__setitem__(key, new))
    return found


WORDS = st.sampled_from(["", "x", "stop", "null", "日"])
NAMES = st.sampled_from(["text", "index", "code", "error", "data", "content"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)


@given(st.data(), st.sampled_from(sorted(EXCHANGES)), ANYTHING)
def test_whatever_stands_anywhere_in_an_answer_it_is_an_answer_or_one_failure(data: st.DataObject, name: str, other: Any) -> None:
    bodies = copy.deepcopy(EXCHANGES[name][2])
    data.draw(st.sampled_from(places(bodies, lambda new: None)[1:]))(other)

    async def run() -> None:
        try:
            await exchanged(name, bodies)
        except ProviderFailure as error:
            assert error.kind in ("protocol", "status", "content", "timeout")

    asyncio.run(run())
