# SPDX-License-Identifier: Apache-2.0
"""Alibaba's native API through the adapter, over loopback, to the simulator that its maker's own SDK is content with."""

from __future__ import annotations

import base64
import json
import threading
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from comity.config import DeploymentConfig, LimitsConfig
from comity.errors import ProviderFailure
from comity.jurisdictions.vocab import load_vocabulary
from comity.lab.simulators import media
from comity.lab.simulators.base import Simulator
from comity.lab.simulators.dashscope import DashScope
from comity.providers.adapters.dashscope.provider import DashScopeProvider
from comity.providers.base import Answer, Deployment, ModelProfile
from comity.providers.catalog.dialects import features
from comity.providers.catalog.resolve import resolve
from comity.providers.http import Egress, HttpAnswer, Outgoing
from comity.wire.audio import SpeechRequest, TranscriptionRequest
from comity.wire.decode import decode_chat
from comity.wire.embeddings import EmbeddingsRequest
from comity.wire.images import ImageRequest
from comity.wire.request import Request
from comity.wire.rerank import RerankRequest
from comity.wire.sse import EventDecoder
from tests.fakes import FakeClock
from tests.unit.providers.hostile import PATIENCE_SECONDS

KEY, REGION = "sk-here", "cn-beijing"
HERE = frozenset({"CN"})
LIMITS = LimitsConfig(first_byte_seconds_max=PATIENCE_SECONDS, idle_seconds_max=PATIENCE_SECONDS)
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
}
CLOCK = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object", "properties": {"zone": {"type": "string"}}}}}
SOUND = media.wav("这里是实验室。", 0.5)
PICTURE = "data:image/png;base64," + base64.b64encode(media.png("a picture", 40, 30)).decode()


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """The simulator in a thread of its own, so that no test's loop waits for it."""
    import uvicorn

    from comity.gateway.serve import bind

    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            started.set()

    listening = bind("127.0.0.1", 0)
    host = f"127.0.0.1:{listening.getsockname()[1]}"
    application = Simulator(DashScope(), region=REGION, key=KEY, hosts=[host], clock=FakeClock())
    server = Server(uvicorn.Config(application, log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    assert started.wait(30)
    yield f"http://{host}"
    server.should_exit = True
    thread.join(30)
    listening.close()


def deployment(base: str, model: str, *, name: str = "here", inputs: frozenset[str] = frozenset(), downloads: bool = True) -> Deployment:
    config = DeploymentConfig(
        id=name, provider="self-hosted", model=model, base_url=f"{base}/api/v1", operator="CN", processing=HERE, storage=HERE, access=HERE
    )
    made = resolve(config, vocabulary=load_vocabulary(), as_of=date(2026, 11, 23))
    return msgspec.structs.replace(
        made, dialect="dashscope", profile=ModelProfile(inputs=inputs), features=features("dashscope"),
        downloads=(urlsplit(base).netloc,) if downloads else (),
    )  # fmt: skip


class Pauses:
    """Nobody waits; how long would have been waited is kept."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def stored(egress: Egress) -> Any:
    """A way to the store: to the deployment's further hosts alone, without its key."""

    async def deliver(deployment: Deployment, url: str, out: Outgoing) -> HttpAnswer:
        parts = urlsplit(url)
        assert parts.netloc in deployment.downloads and "authorization" not in out.headers
        return await egress.deliver(deployment, url, out)

    return deliver


@asynccontextmanager
async def asking(
    place: Deployment, *, key: str = KEY, pauses: Pauses | None = None, store: bool = True
) -> AsyncIterator[DashScopeProvider]:
    egress = Egress({place.id: place}, LIMITS)
    provider = DashScopeProvider(
        egress, {place.id: key}, pause=pauses or Pauses(), seconds_max=PATIENCE_SECONDS, boundary=lambda: "boundary",
        deliver=stored(egress) if store else None,
    )  # fmt: skip
    try:
        yield provider
    finally:
        await provider.aclose()


async def read(answer: Answer) -> bytes:
    try:
        return b"".join([piece async for piece in answer.chunks()])
    finally:
        await answer.aclose()


async def said(place: Deployment, request: Request, **more: Any) -> bytes:
    async with asking(place, **more) as provider:
        return await read(await provider.send(place, request))


async def failed(place: Deployment, request: Request, **more: Any) -> ProviderFailure:
    with pytest.raises(ProviderFailure) as caught:
        await said(place, request, **more)
    return caught.value


def chat(text: Any = "Hello there, 你好", **more: Any) -> Any:
    return decode_chat(json.dumps({"messages": [{"role": "user", "content": text}], **more}).encode())[0]


def chunks(raw: bytes) -> list[Any]:
    events = [event.data for event in EventDecoder().feed(raw)]
    assert events[-1] == b"[DONE]"
    return [json.loads(event) for event in events[:-1]]


# -- chat ------------------------------------------------------------------------------------------------------------


async def test_a_whole_answer(base: str) -> None:
    got = json.loads(await said(deployment(base, "qwen-plus"), chat()))
    assert got["object"] == "chat.completion" and got["model"] == "qwen-plus" and len(got["id"]) == 36 and got["created"] > 1_000_000_000
    (choice,) = got["choices"]
    assert choice == {"index": 0, "message": {"role": "assistant", "content": "Hello there, 你好"}, "finish_reason": "stop"}
    usage = got["usage"]
    assert usage["prompt_tokens"] + usage["completion_tokens"] == usage["total_tokens"] > 0
    assert usage["prompt_tokens_details"] == {"cached_tokens": 0}


@pytest.mark.parametrize("with_usage", [False, True])
async def test_a_stream(base: str, with_usage: bool) -> None:
    more = {"stream_options": {"include_usage": True}} if with_usage else {}
    got = chunks(await said(deployment(base, "qwen-plus"), chat(stream=True, **more)))
    assert got[0]["choices"][0]["delta"]["role"] == "assistant"
    choices = [choice for chunk in got for choice in chunk["choices"]]
    assert "".join(choice["delta"].get("content", "") for choice in choices) == "Hello there, 你好"
    assert [choice["finish_reason"] for choice in choices[:-1]] == [None] * (len(choices) - 1) and choices[-1]["finish_reason"] == "stop"
    assert (got[-1]["choices"] == []) is with_usage and got[-1]["usage"]["completion_tokens"] > 0
    assert len({chunk["id"] for chunk in got}) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_tools_are_called_in_parallel_unless_that_is_declined(base: str, stream: bool) -> None:
    async def called(**more: Any) -> list[tuple[str, Any]]:
        raw = await said(deployment(base, "qwen-plus"), chat("call both", tools=[WEATHER, CLOCK], stream=stream, **more))
        if not stream:
            (choice,) = json.loads(raw)["choices"]
            assert choice["finish_reason"] == "tool_calls" and choice["message"]["content"] is None
            calls = choice["message"]["tool_calls"]
        else:
            got = chunks(raw)
            assert got[-1]["choices"][0]["finish_reason"] == "tool_calls"
            deltas = [call for chunk in got for choice in chunk["choices"] for call in choice["delta"].get("tool_calls", ())]
            calls = [
                {
                    "id": next(each["id"] for each in deltas if each["index"] == index and "id" in each),
                    "function": {
                        "name": "".join(each["function"].get("name", "") for each in deltas if each["index"] == index),
                        "arguments": "".join(each["function"]["arguments"] for each in deltas if each["index"] == index),
                    },
                }
                for index in sorted({each["index"] for each in deltas})
            ]
        assert all(call["id"] for call in calls)
        return [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls]

    assert await called() == [("weather", {"city": "call both"}), ("clock", {"zone": "call both"})]
    assert await called(parallel_tool_calls=False) == [("weather", {"city": "call both"})]
    assert await called(tool_choice={"type": "function", "function": {"name": "clock"}}) == [("clock", {"zone": "call both"})]


async def test_what_must_be_called_is_named_where_there_is_but_one(base: str) -> None:
    got = json.loads(await said(deployment(base, "qwen-plus"), chat("Hello", tools=[WEATHER], tool_choice="required")))
    assert got["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "weather"


@pytest.mark.parametrize("model", ["qwen-plus", "qwen3-vl-plus"])
async def test_the_result_of_a_tool_is_answered_with(base: str, model: str) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "weather"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "sun", "tool_call_id": "call_1"},
    ]
    got = json.loads(await said(deployment(base, model), chat(messages=messages, tools=[WEATHER])))
    assert got["choices"][0]["message"]["content"] == "The tools said: sun"


async def test_an_answer_of_a_schema_and_of_any_object(base: str) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"], "additionalProperties": False}
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema, "strict": True}}
    got = json.loads(await said(deployment(base, "qwen-plus"), chat("Ana", response_format=form)))
    assert json.loads(got["choices"][0]["message"]["content"]) == {"name": "Ana"}
    got = json.loads(await said(deployment(base, "qwen-plus"), chat("in JSON", response_format={"type": "json_object"})))
    assert isinstance(json.loads(got["choices"][0]["message"]["content"]), dict)


async def test_a_thought_comes_before_the_answer_and_no_further_than_its_budget(base: str) -> None:
    place = deployment(base, "qwen-plus")
    got = json.loads(await said(place, chat(reasoning_effort="high")))
    assert got["choices"][0]["message"]["reasoning_content"] == "The caller wrote: Hello there, 你好"
    assert got["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    deltas = [
        choice["delta"] for chunk in chunks(await said(place, chat(reasoning_effort="low", stream=True))) for choice in chunk["choices"]
    ]
    thinking = [bool(delta.get("reasoning_content")) for delta in deltas if delta.get("content") or delta.get("reasoning_content")]
    assert thinking[0] and thinking == sorted(thinking, reverse=True)
    plain = json.loads(await said(place, chat(reasoning_effort="none")))
    assert "reasoning_content" not in plain["choices"][0]["message"]
    long = json.loads(await said(place, chat("word " * 3000, reasoning_effort="minimal")))
    assert long["usage"]["completion_tokens_details"]["reasoning_tokens"] == 512


async def test_a_model_that_only_streams_answers_whole_too(base: str) -> None:
    got = json.loads(await said(deployment(base, "qwen3-32b"), chat(reasoning_effort="medium")))
    assert got["choices"][0]["message"]["content"] == "Hello there, 你好"


async def test_several_choices_with_likelihoods(base: str) -> None:
    asked = chat(n=3, logprobs=True, top_logprobs=2, seed=7, stop=[","], presence_penalty=0.5, top_k=20, max_completion_tokens=50)
    got = json.loads(await said(deployment(base, "qwen-plus"), asked))
    assert [choice["index"] for choice in got["choices"]] == [0, 1, 2]
    for choice in got["choices"]:
        assert choice["message"]["content"] == "Hello there" and choice["finish_reason"] == "stop"
        assert "".join(each["token"] for each in choice["logprobs"]["content"]) == "Hello there"
    short = json.loads(await said(deployment(base, "qwen-plus"), chat(max_tokens=1)))
    assert short["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize(("model", "inputs"), [("qwen3-vl-plus", frozenset()), ("qwen-vl-max", frozenset({"image", "audio"}))])
async def test_a_picture_and_a_sound_are_sent_where_models_see(base: str, model: str, inputs: frozenset[str]) -> None:
    content = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": PICTURE, "detail": "high"}},
        {"type": "input_audio", "input_audio": {"data": base64.b64encode(SOUND).decode(), "format": "wav"}},
    ]
    got = json.loads(await said(deployment(base, model, inputs=inputs), chat(content)))
    text = got["choices"][0]["message"]["content"]
    assert "[1 image: 40x30]" in text and "这里是实验室。" in text


# -- vectors and ranks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["text-embedding-v4", "text-embedding-v1", "multimodal-embedding-v1"])
async def test_many_texts_are_several_exchanges(base: str, model: str) -> None:
    texts = tuple(f"text number {number}" for number in range(27))
    place = deployment(base, model)
    got = json.loads(await said(place, EmbeddingsRequest(input=texts)))
    assert [each["index"] for each in got["data"]] == list(range(27)) and got["usage"]["total_tokens"] > 0
    last = json.loads(await said(place, EmbeddingsRequest(input=texts[-1])))
    assert last["data"][0]["embedding"] == got["data"][-1]["embedding"]


async def test_vectors_have_the_size_asked_for(base: str) -> None:
    got = json.loads(await said(deployment(base, "text-embedding-v4"), EmbeddingsRequest(input="a", dimensions=64)))
    assert len(got["data"][0]["embedding"]) == 64


async def test_documents_are_ranked(base: str) -> None:
    request = RerankRequest(query="red cat", documents=("a dog", "a red cat", "a cat"), top_n=2)
    got = json.loads(await said(deployment(base, "gte-rerank-v2"), request))
    assert got["results"] == [{"index": 1, "relevance_score": 1.0}, {"index": 2, "relevance_score": 0.5}]
    assert got["usage"]["total_tokens"] > 0


# -- speech ----------------------------------------------------------------------------------------------------------


def sound(**more: Any) -> TranscriptionRequest:
    return TranscriptionRequest(**{"file": SOUND, "filename": "zhang.wei.wav"} | more)


@pytest.mark.parametrize("model", ["qwen3-asr-flash", "fun-asr-flash-2026-06-15", "paraformer-v2", "fun-asr", "qwen3-asr-flash-filetrans"])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_sound_is_heard(base: str, model: str, stream: bool) -> None:
    raw = await said(deployment(base, model), sound(stream=stream, language="zh"))
    if not stream:
        got = json.loads(raw)
    else:
        events = [json.loads(event.data) for event in EventDecoder().feed(raw)]
        got = events[-1]
        assert got["type"] == "transcript.text.done"
        assert "".join(event["delta"] for event in events[:-1]) == got["text"]
    assert got["text"] == "这里是实验室。" and got["usage"] == {"type": "duration", "seconds": 1}


@pytest.mark.parametrize("model", ["paraformer-v2", "qwen3-asr-flash-filetrans"])
async def test_a_recording_says_when(base: str, model: str) -> None:
    pauses = Pauses()
    request = sound(response_format="verbose_json", timestamp_granularities=("segment", "word"))
    got = json.loads(await said(deployment(base, model), request, pauses=pauses))
    assert got["segments"] == [{"id": 0, "start": 0.0, "end": 0.5, "text": "这里是实验室。"}] and got["duration"] == 0.5
    assert "".join(word["word"] for word in got["words"]) == "这里是实验室。"
    assert got["words"][0]["start"] == 0 and got["words"][-1]["end"] == 0.5
    assert len(pauses.seconds) == 3 and pauses.seconds == sorted(pauses.seconds) and pauses.seconds[0] < pauses.seconds[-1]


async def test_a_recording_without_a_way_to_the_store_is_not_sent(base: str) -> None:
    error = await failed(deployment(base, "paraformer-v2"), sound(), store=False)
    assert (error.kind, error.retryable) == ("unsupported", True)


async def test_a_result_is_fetched_from_a_listed_host_alone(base: str) -> None:
    error = await failed(deployment(base, "wan2.2-t2i-flash", downloads=False), ImageRequest(prompt="a cat", size="512x512"))
    assert error.code == "provider.egress"


@pytest.mark.parametrize("form", ["pcm", "wav"])
async def test_samples_are_spoken(base: str, form: str) -> None:
    place, request = deployment(base, "qwen3-tts-flash"), SpeechRequest(input="Hello there", voice="Cherry", response_format=form)
    async with asking(place) as provider:
        answer = await provider.send(place, request)
        assert answer.content_type == f"audio/{form}"
        got = await read(answer)
    if form == "wav":
        assert media.sound(got).rate == 24_000
        got = got[44:]
    assert len(got) > 9_600 and len(got) % 2 == 0 and any(got)


@pytest.mark.parametrize(("form", "kind"), [("mp3", "audio/mpeg"), ("wav", "audio/wav"), ("pcm", "audio/pcm")])
async def test_a_voice_speaks_in_any_form(base: str, form: str, kind: str) -> None:
    place = deployment(base, "cosyvoice-v3-flash")
    async with asking(place) as provider:
        answer = await provider.send(place, SpeechRequest(input="Hello", voice="longanyang", response_format=form, speed=1.5))
        assert answer.content_type == kind
        got = await read(answer)
    assert form == "pcm" or media.sound(got).text == "Hello"


# -- images ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["qwen-image-plus", "wan2.2-t2i-flash"])
async def test_images_are_drawn_and_fetched(base: str, model: str) -> None:
    got = json.loads(await said(deployment(base, model), ImageRequest(prompt="a cat", n=2, size="512x512")))
    assert [media.picture(base64.b64decode(each["b64_json"])) for each in got["data"]] == [("png", 512, 512)] * 2
    assert got["created"] > 1_000_000_000


# -- what is carried, and what is refused aloud ----------------------------------------------------------------------


def received(base: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{base}/_lab/received") as answer:
        return dict(json.load(answer))


async def arrived(base: str, model: str, request: Request, *, place: int = -1) -> tuple[dict[str, Any], Any]:
    """What the partner got last, or so many before."""
    await said(deployment(base, model), request)
    last = received(base)["received"][place]
    return last, last["body"]


async def test_what_a_listener_is_told(base: str) -> None:
    _, body = await arrived(base, "qwen3-asr-flash", sound(language="zh", prompt="names: Ana"))
    system, user = body["input"]["messages"]
    assert system == {"role": "system", "content": [{"text": "names: Ana"}]}
    assert user["content"][0]["audio"].startswith("data:audio/wav;base64,") and "zhang.wei" not in json.dumps(body)
    assert body["parameters"]["asr_options"] == {"language": "zh"}
    _, body = await arrived(base, "fun-asr-flash", sound(language="zh"))
    assert body["parameters"] == {"format": "wav", "language_hints": ["zh"]}


async def test_what_a_recording_is_told_and_by_which_way(base: str) -> None:
    await said(deployment(base, "paraformer-v2"), sound(language="zh"))
    *_, policy, store, begun, _, _, _, document = received(base)["received"]
    assert (policy["path"], policy["query"]) == ("/api/v1/uploads", {"action": "getPolicy", "model": "paraformer-v2"})
    assert store["path"] == "/_oss" and "authorization" not in store["headers"] and "authorization" not in document["headers"]
    assert begun["headers"]["x-dashscope-async"] == begun["headers"]["x-dashscope-ossresourceresolve"] == "enable"
    (url,) = begun["body"]["input"]["file_urls"]
    assert url.startswith("oss://") and url.endswith("/audio.wav")
    assert begun["body"]["parameters"] == {"language_hints": ["zh"]}


async def test_what_a_speaker_and_a_painter_are_told(base: str) -> None:
    speech = SpeechRequest(input="Hi", voice="longanyang", response_format="pcm", speed=2)
    asked, body = await arrived(base, "cosyvoice-v3-flash", speech)
    assert body["input"] == {"text": "Hi", "voice": "longanyang", "format": "pcm", "sample_rate": 24_000, "rate": 2}
    assert asked["headers"]["x-dashscope-sse"] == "enable"
    _, body = await arrived(base, "qwen-image-plus", ImageRequest(prompt="a cat", size="auto", output_format="png"), place=-2)
    assert body["parameters"] == {} and body["input"] == {"messages": [{"role": "user", "content": [{"text": "a cat"}]}]}


SPOKEN = SpeechRequest(input="Hi", voice="x", response_format="pcm")
TABLES: dict[str, dict[str, tuple[str, Any]]] = {
    "embeddings": {"dimensions": ("text-embedding-v4", EmbeddingsRequest(input="a", dimensions=64))},
    "rerank": {},
    "transcription": {
        "stream": ("qwen3-asr-flash", sound(stream=True)),
        "language": ("qwen3-asr-flash", sound(language="zh")),
        "prompt": ("qwen3-asr-flash", sound(prompt="Ana")),
        "segments": ("paraformer-v2", sound(response_format="srt")),
        "words": ("fun-asr", sound(response_format="verbose_json", timestamp_granularities=("word",))),
    },
    "speech": {
        "speed": ("cosyvoice-v2", msgspec.structs.replace(SPOKEN, speed=0.5)),
        "mp3": ("cosyvoice-v2", msgspec.structs.replace(SPOKEN, response_format="mp3")),
        "wav": ("qwen3-tts-flash", msgspec.structs.replace(SPOKEN, response_format="wav")),
        "pcm": ("qwen3-tts-flash", SPOKEN),
        "opus": ("cosyvoice-v2", None),  # the simulator makes none
    },
    "images": {
        "n": ("qwen-image", ImageRequest(prompt="a", n=2)),
        "size": ("qwen-image", ImageRequest(prompt="a", size="512x512")),
        "output_format": ("qwen-image", ImageRequest(prompt="a", output_format="png")),
    },
}


@pytest.mark.parametrize("operation", TABLES)
async def test_the_table_says_what_is_carried(base: str, operation: str) -> None:
    assert features("dashscope")[operation] == set(TABLES[operation])
    for feature, (model, request) in TABLES[operation].items():
        if request is not None:
            assert feature in request.needs()
            assert await said(deployment(base, model), request)


REFUSED: tuple[tuple[str, Request], ...] = (
    ("text-embedding-v4", EmbeddingsRequest(input="a", user="u")),
    ("gte-rerank-v2", RerankRequest(query="a", documents=("b",) * 501)),
    ("qwen3-asr-flash", sound(temperature=0.5)),
    ("qwen3-asr-flash", sound(response_format="verbose_json")),
    ("fun-asr-flash", sound(response_format="vtt")),
    ("fun-asr-flash", sound(prompt="x")),
    ("paraformer-v2", sound(prompt="x")),
    ("qwen3-tts-flash", SpeechRequest(input="a", voice="b")),  # mp3
    ("qwen3-tts-flash", msgspec.structs.replace(SPOKEN, speed=2)),
    ("cosyvoice-v2", msgspec.structs.replace(SPOKEN, speed=3)),
    ("cosyvoice-v2", msgspec.structs.replace(SPOKEN, instructions="happily")),
    ("cosyvoice-v2", msgspec.structs.replace(SPOKEN, response_format="aac")),
    ("cosyvoice-v2", msgspec.structs.replace(SPOKEN, response_format="flac")),
    ("qwen-image", ImageRequest(prompt="a", output_format="jpeg")),
    ("qwen-image", ImageRequest(prompt="a", quality="high")),
    ("qwen-image", ImageRequest(prompt="a", background="opaque")),
    ("qwen-image", ImageRequest(prompt="a", style="vivid")),
    ("qwen-image", ImageRequest(prompt="a", user="u")),
)


@pytest.mark.parametrize(("model", "request_"), REFUSED, ids=lambda each: each if isinstance(each, str) else "")
async def test_what_cannot_be_said_is_refused_before_anything_is_sent(base: str, model: str, request_: Request) -> None:
    before = received(base)["requests"]
    error = await failed(deployment(base, model), request_)
    assert (error.kind, error.code, error.retryable) == ("unsupported", "provider.unsupported", True)
    assert received(base)["requests"] == before
