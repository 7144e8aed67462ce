# SPDX-License-Identifier: Apache-2.0
"""Alibaba's own SDK as an outside client: it must find in the simulator what it expects of Model Studio."""

from __future__ import annotations

import json
import threading
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comity.lab.simulators import brain, media
from comity.lab.simulators.base import Simulator
from comity.lab.simulators.dashscope import DashScope
from tests.fakes import FakeClock

with warnings.catch_warnings():  # its imports are not ours to mend
    warnings.simplefilter("ignore")
    dashscope: Any = pytest.importorskip("dashscope", reason="dashscope, Alibaba's SDK, is not installed")
    speech: Any = pytest.importorskip("dashscope.audio.http_tts")
    qwen_asr: Any = pytest.importorskip("dashscope.audio.qwen_asr")
    transport: Any = pytest.importorskip("dashscope.api_entities.http_request")

KEY, REGION = "sk-here", "cn-beijing"
HELLO = [{"role": "user", "content": "Hello there, 你好"}]
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
}
CLOCK = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object", "properties": {"zone": {"type": "string"}}}}}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """The simulator on loopback, in a thread of its own, since the SDK blocks."""
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
    getattr(transport, "close_shared_sync_session", lambda: None)()  # older ones keep no session
    server.should_exit = True
    thread.join(30)
    listening.close()


@pytest.fixture(autouse=True)
def _here(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashscope, "base_http_api_url", f"{base}/api/v1")
    monkeypatch.setattr(dashscope, "api_key", KEY)


def generate(**more: Any) -> Any:
    return dashscope.Generation.call(**{"model": "qwen-plus", "messages": HELLO, "result_format": "message"} | more)


def test_a_whole_answer() -> None:
    got = generate()
    assert (got.status_code, got.code, len(got.request_id)) == (200, "", 36)
    assert got.output.choices[0].message.content == "Hello there, 你好"
    assert got.output.choices[0].finish_reason == "stop"
    assert got.usage.input_tokens + got.usage.output_tokens == got.usage.total_tokens


def test_the_old_form_is_a_text() -> None:
    got = dashscope.Generation.call(model="qwen-turbo", prompt="Hello")
    assert (got.output.text, got.output.finish_reason) == ("Hello", "stop")


@pytest.mark.parametrize("incremental", [True, False])
def test_a_stream_says_each_piece_or_all_so_far(incremental: bool) -> None:
    """Without increments the SDK asks for them and joins them; both ways it ends with the whole."""
    got = list(generate(stream=True, incremental_output=incremental))
    texts = [event.output.choices[0].message.content for event in got]
    assert ("".join(texts) if incremental else texts[-1]) == "Hello there, 你好"
    assert [event.output.choices[0].finish_reason for event in got[:-1]] == ["null"] * (len(got) - 1)
    assert got[-1].output.choices[0].finish_reason == "stop" and len(got) > 2
    assert got[-1].usage.output_tokens == generate().usage.output_tokens


def test_thinking_comes_before_the_answer() -> None:
    got = list(generate(stream=True, incremental_output=True, enable_thinking=True))
    thoughts = [bool(event.output.choices[0].message.reasoning_content) for event in got]
    assert thoughts[0] and thoughts == sorted(thoughts, reverse=True)
    assert got[-1].usage.output_tokens_details["reasoning_tokens"] > 0


def test_tools_are_called_in_parallel() -> None:
    got = generate(messages=[{"role": "user", "content": "call both"}], tools=[WEATHER, CLOCK], parallel_tool_calls=True)
    (choice,) = got.output.choices
    assert choice.finish_reason == "tool_calls"
    assert [call["function"]["name"] for call in choice.message.tool_calls] == ["weather", "clock"]
    assert json.loads(choice.message.tool_calls[0]["function"]["arguments"]) == {"city": "call both"}


def test_tool_calls_of_a_stream_are_joined() -> None:
    events = list(
        generate(
            messages=[{"role": "user", "content": "call both"}], tools=[WEATHER, CLOCK], parallel_tool_calls=True, stream=True,
            incremental_output=False,
        )
    )  # fmt: skip
    calls = events[-1].output.choices[0].message.tool_calls
    assert [call["function"]["name"] for call in calls] == ["weather", "clock"]
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [{"city": "call both"}, {"zone": "call both"}]


def test_the_result_of_a_tool_is_answered_with() -> None:
    called = generate(messages=[{"role": "user", "content": "weather"}], tools=[WEATHER]).output.choices[0].message
    messages = [
        {"role": "user", "content": "weather"},
        called,
        {"role": "tool", "content": "sun", "tool_call_id": called.tool_calls[0]["id"]},
    ]
    assert generate(messages=messages, tools=[WEATHER]).output.choices[0].message.content == "The tools said: sun"


def test_several_choices() -> None:
    assert [choice["index"] for choice in generate(n=3).output.choices] == [0, 1, 2]


async def test_it_is_asked_without_blocking() -> None:
    from dashscope.aigc.generation import AioGeneration

    got = await AioGeneration.call(model="qwen-plus", messages=HELLO, result_format="message", stream=True, incremental_output=True)
    assert "".join([event.output.choices[0].message.content async for event in got]) == "Hello there, 你好"
    await pytest.importorskip("dashscope.api_entities.aio_session").close_shared_aio_session()


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"api_key": "sk-of-singapore"}, 401, "InvalidApiKey"),
        ({"model": "qwen3-vl-plus"}, 400, "InvalidParameter"),
        ({"model": "no-such"}, 404, "ModelNotFound"),
        ({"top_p": 2.0}, 400, "InvalidParameter"),
        ({"headers": {"x-lab-fault": '{"kind":"status","status":429}'}}, 429, "Throttling.RateQuota"),
        ({"headers": {"x-lab-fault": '{"kind":"status","code":"Arrearage"}'}}, 400, "Arrearage"),
        ({"headers": {"x-lab-fault": "filter"}}, 400, "DataInspectionFailed"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_has_its_code(more: dict[str, Any], status: int, code: str, stream: bool) -> None:
    got = generate(stream=stream, **more)
    refused = next(got) if stream else got
    assert (refused.status_code, refused.code) == (status, code)
    assert refused.message and len(refused.request_id) == 36


@pytest.mark.parametrize("fault", ["break", '{"kind":"filter","where":"output"}'])
def test_a_stream_that_breaks_ends_in_an_error(fault: str) -> None:
    got = list(generate(stream=True, incremental_output=True, headers={"x-lab-fault": fault}))
    assert [event.status_code for event in got[:-1]] == [200] * (len(got) - 1) and len(got) > 1
    assert got[-1].code == ("InternalError" if fault == "break" else "DataInspectionFailed")


def test_an_image_is_sent_up_and_seen(tmp_path: Path) -> None:
    """The SDK asks for a policy, sends the file to the store, and names it by `oss://`."""
    (tmp_path / "small.png").write_bytes(media.png("a picture", 40, 30))
    content = [{"image": f"file://{tmp_path}/small.png"}, {"text": "What is it?"}]
    got = dashscope.MultiModalConversation.call(model="qwen-vl-max", messages=[{"role": "user", "content": content}])
    assert got.output.choices[0].message.content == [{"text": "What is it?\n[1 image: 40x30]"}]
    assert got.usage.image_tokens == brain.IMAGE_TOKENS


def test_speech_is_made_and_heard_again(base: str) -> None:
    spoken = dashscope.MultiModalConversation.call(model="qwen3-tts-flash", text="Hello there", voice="Cherry")
    url = spoken.output.audio.url
    assert url.startswith(base) and spoken.usage.characters == 11
    with urllib.request.urlopen(url) as answer:
        assert media.sound(answer.read()).text == "Hello there"
    messages = [{"role": "user", "content": [{"audio": url}]}]
    heard = dashscope.MultiModalConversation.call(model="qwen3-asr-flash", messages=messages, asr_options={"language": "en"})
    assert heard.output.choices[0].message.content == [{"text": "Hello there"}]
    assert heard.output.choices[0].message.annotations[0]["language"] == "en"


def test_a_voice_over_http() -> None:
    whole = speech.HttpSpeechSynthesizer.call(model="cosyvoice-v3-flash", text="Hello", voice="longanyang", audio_format="mp3")
    assert whole.audio_url.endswith(".mp3") and whole.expires_at > 0
    pieces = list(
        speech.HttpSpeechSynthesizer.call(model="cosyvoice-v3-flash", text="Hello", voice="longanyang", audio_format="wav", stream=True)
    )
    assert media.sound(pieces[-1].audio_data).text == "Hello" and pieces[-1].audio_url


def test_recordings_are_transcribed_one_by_one(base: str) -> None:
    url = dashscope.MultiModalConversation.call(model="qwen3-tts-flash", text="In the recording", voice="Cherry").output.audio.url
    task = dashscope.audio.asr.Transcription.async_call(model="paraformer-v2", file_urls=[url, "https://elsewhere.invalid/a.wav"])
    assert task.output.task_status == "PENDING"
    fetch = dashscope.audio.asr.Transcription.fetch
    states = [fetch(task.output.task_id).output.task_status for _ in range(3)]
    assert states == ["PENDING", "RUNNING", "SUCCEEDED"]
    done = fetch(task)
    good, bad = done.output.results
    assert (good["subtask_status"], bad["subtask_status"], bad["code"]) == ("SUCCEEDED", "FAILED", "InvalidFile.DownloadFailed")
    assert done.output.task_metrics == {"TOTAL": 2, "SUCCEEDED": 1, "FAILED": 1} and done.usage["duration"] >= 1
    with urllib.request.urlopen(good["transcription_url"]) as answer:
        assert json.load(answer)["transcripts"][0]["text"] == "In the recording"


def test_a_long_recording_is_transcribed() -> None:
    url = dashscope.MultiModalConversation.call(model="qwen3-tts-flash", text="A long one", voice="Cherry").output.audio.url
    task = qwen_asr.QwenTranscription.async_call(model="qwen3-asr-flash-filetrans", file_url=url)
    done = [qwen_asr.QwenTranscription.fetch(task) for _ in range(3)][-1]
    assert done.output.task_status == "SUCCEEDED" and done.output.result["transcription_url"]


def test_a_task_that_waits_is_cancelled() -> None:
    task = dashscope.ImageSynthesis.async_call(model="wan2.2-t2i-flash", prompt="a cat", size="512*512")
    assert dashscope.ImageSynthesis.cancel(task).status_code == 200
    assert dashscope.ImageSynthesis.fetch(task).output.task_status == "CANCELED"
    again = dashscope.ImageSynthesis.cancel(task)
    assert (again.status_code, again.code) == (400, "UnsupportedOperation")


def test_images_are_drawn_later_and_at_once() -> None:
    task = dashscope.ImageSynthesis.async_call(model="wan2.2-t2i-flash", prompt="a cat", n=2, size="512*512")
    done = [dashscope.ImageSynthesis.fetch(task) for _ in range(3)][-1]
    urls = [result.url for result in done.output.results]
    now = dashscope.MultiModalConversation.call(
        model="qwen-image-plus", messages=[{"role": "user", "content": [{"text": "a cat"}]}], size="512*512"
    )
    urls.append(now.output.choices[0].message.content[0]["image"])
    for url in urls:
        with urllib.request.urlopen(url) as answer:
            assert media.picture(answer.read()) == ("png", 512, 512)
    assert len(urls) == 3 and done.usage.image_count == 2


def test_vectors_of_texts_and_images() -> None:
    got = dashscope.TextEmbedding.call(model="text-embedding-v4", input=["a", "b"], dimension=64, output_type="dense&sparse")
    assert [len(one["embedding"]) for one in got.output["embeddings"]] == [64, 64]
    assert got.output["embeddings"][1]["sparse_embedding"][0]["token"] == "b" and got.usage["total_tokens"] == 2
    both = dashscope.MultiModalEmbedding.call(
        model="multimodal-embedding-v1", input=[{"text": "a"}, {"image": "https://elsewhere.invalid/a.png"}]
    )
    assert [(one["type"], len(one["embedding"])) for one in both.output["embeddings"]] == [("text", 1024), ("image", 1024)]


def test_documents_are_ranked() -> None:
    got = dashscope.TextReRank.call(
        model="gte-rerank-v2", query="red cat", documents=["a dog", "a red cat"], top_n=1, return_documents=True
    )
    (best,) = got.output.results
    assert (best.index, best.relevance_score, best["document"]["text"]) == (1, 1.0, "a red cat")
