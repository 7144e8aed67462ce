# SPDX-License-Identifier: Apache-2.0
"""A gateway whose places are Model Studio's in Beijing, each asked in its native API, and the official client in front of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import openai
import pytest

from comity.gateway.labels.reader import read
from comity.lab.process import Process, call
from comity.lab.simulators import media
from comity.lab.simulators.serve import LAB_KEY
from comity.lab.worlds import simulator
from tests.live.places import gateway
from tests.simulated.worlds import subject

PHONE = "13812345678"
HEAD = """\
evidence = ["assessment:cn_pipia", "notice:cross_border_recipient"]

[controller]
name = "Example Ltd"
established = ["US"]

[service]
public = true

[defaults]
legal_basis = "consent"
task = "writing_assistant"

[privacy.media]
image = ["name"]
audio = ["name"]

[server]
port = 0
"""
PLACE = """
[[deployments]]
id = "{id}"
provider = "alibaba"
region = "cn-beijing"
scope = "chinese-mainland"
dialect = "dashscope"
model = "{model}"
operations = ["{operation}"]
inputs = {inputs}
stand_in = "{base}"
api_key = {{ env = "LAB_KEY" }}
evidence = ["processor_contract", "cn_genai"]
"""
MODELS = (
    ("text", "qwen-plus", "chat", "[]"),
    ("vision", "qwen3-vl-plus", "chat", '["image"]'),
    ("vectors", "text-embedding-v4", "embeddings", "[]"),
    ("ranks", "gte-rerank-v2", "rerank", "[]"),
    ("ears", "qwen3-asr-flash", "transcription", '["audio"]'),
    ("recordings", "paraformer-v2", "transcription", '["audio"]'),
    ("samples", "qwen3-tts-flash", "speech", "[]"),
    ("voice", "cosyvoice-v3-flash", "speech", "[]"),
    ("painter", "qwen-image-plus", "images", "[]"),
    ("later", "wanx2.1-t2i-turbo", "images", "[]"),
)
WEATHER: Any = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
}
SOUND = media.wav("这里是实验室。", 0.5)


@pytest.fixture(scope="module")
def partner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with simulator("dashscope", dialect="dashscope", region="cn-beijing", folder=tmp_path_factory.mktemp("partner")) as running:
        yield running.wait_ready()


@pytest.fixture(scope="module")
def base(partner: Process, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    places = [
        PLACE.format(id=id, model=model, operation=operation, inputs=inputs, base=partner.base) for id, model, operation, inputs in MODELS
    ]
    keys = {"LAB_KEY": LAB_KEY.format(region="cn-beijing")}
    with gateway(tmp_path_factory.mktemp("gateway"), HEAD + "".join(places), environment=keys) as process:
        yield process.base


@pytest.fixture(scope="module")
def client(base: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=base + "/v1", api_key="none", default_headers=subject("CN"), max_retries=0) as made:
        yield made


def received(partner: Process) -> dict[str, Any]:
    last: dict[str, Any] = call(partner.base, "GET", "/_lab/received").json()["received"][-1]
    return last


def test_a_stream_comes_back_restored(client: openai.OpenAI, partner: Process) -> None:
    text = f"我的电话是 {PHONE}"
    asked: Any = {"model": "text", "messages": [{"role": "user", "content": text}], "stream_options": {"include_usage": True}}
    with client.chat.completions.create(stream=True, **asked) as stream:
        chunks = list(stream)
    content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert content.startswith(text) and "人工智能生成" in content
    assert chunks[-1].usage is not None and chunks[-1].usage.total_tokens > 0
    sent = received(partner)
    assert PHONE not in json.dumps(sent) and sent["path"] == "/api/v1/services/aigc/text-generation/generation"


def test_tools_are_called_and_answered(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": f"weather for {PHONE}"}]
    message = client.chat.completions.create(model="text", messages=messages, tools=[WEATHER]).choices[0].message
    assert message.tool_calls is not None
    (called,) = message.tool_calls
    assert called.type == "function" and json.loads(called.function.arguments) == {"city": f"weather for {PHONE}"}
    messages += [message.model_dump(exclude_none=True), {"role": "tool", "tool_call_id": called.id, "content": "sun"}]
    said = client.chat.completions.create(model="text", messages=messages, tools=[WEATHER]).choices[0].message
    assert (said.content or "").startswith("The tools said: sun")


def test_a_thought_and_a_schema(client: openai.OpenAI) -> None:
    asked: Any = {"model": "text", "messages": [{"role": "user", "content": "Ana"}]}
    thought = client.chat.completions.create(reasoning_effort="low", **asked).choices[0].message
    assert (thought.model_extra or {})["reasoning_content"]
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    form: Any = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema, "strict": True}}
    said = client.chat.completions.create(response_format=form, **asked).choices[0].message
    assert json.loads(said.content or "") == {"name": "Ana"}


def test_a_picture_is_looked_at(client: openai.OpenAI, partner: Process) -> None:
    url = "data:image/png;base64," + base64.b64encode(media.png("x", 40, 30)).decode()
    content: Any = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": url}}]
    said = client.chat.completions.create(model="vision", messages=[{"role": "user", "content": content}])
    assert "[1 image: 40x30]" in (said.choices[0].message.content or "")
    assert received(partner)["path"] == "/api/v1/services/aigc/multimodal-generation/generation"


def test_vectors_and_ranks(client: openai.OpenAI, base: str) -> None:
    made = client.embeddings.create(model="vectors", input=[f"number {number}" for number in range(23)], dimensions=64)
    assert [len(each.embedding) for each in made.data] == [64] * 23
    asked = {"model": "ranks", "query": "red cat", "documents": ["a dog", "a red cat"], "top_n": 1, "return_documents": True}
    answer = httpx.post(f"{base}/v1/rerank", json=asked, headers=subject("CN"))
    assert answer.json()["results"] == [{"index": 1, "relevance_score": 1.0, "document": {"text": "a red cat"}}], answer.text


def test_a_sound_is_heard(client: openai.OpenAI) -> None:
    file = ("note.wav", SOUND, "application/octet-stream")
    assert client.audio.transcriptions.create(model="ears", file=file, language="zh").text == "这里是实验室。"
    with client.audio.transcriptions.create(model="ears", file=file, stream=True) as events:
        found: list[Any] = list(events)
    assert found[-1].type == "transcript.text.done" and found[-1].text == "这里是实验室。"
    assert "".join(event.delta for event in found[:-1]) == found[-1].text and len(found) > 2


def test_a_recording_is_put_where_it_can_be_fetched_and_its_words_are_timed(client: openai.OpenAI) -> None:
    file = ("zhang.wei.wav", SOUND, "audio/wav")
    asked: Any = {"model": "recordings", "file": file, "response_format": "verbose_json", "timestamp_granularities": ["word"]}
    heard: Any = client.audio.transcriptions.create(**asked)
    assert heard.text == "这里是实验室。" and heard.segments[0].end == 0.5 and "".join(word.word for word in heard.words) == heard.text


@pytest.mark.parametrize(("model", "form"), [("samples", "wav"), ("voice", "wav"), ("voice", "mp3")])
def test_a_text_is_spoken_and_says_that_a_machine_spoke(client: openai.OpenAI, model: str, form: Any) -> None:
    with client.audio.speech.with_streaming_response.create(model=model, voice="Cherry", input="你好", response_format=form) as answer:
        raw = b"".join(answer.iter_bytes())
        assert any(answer.headers["comity-receipt"] in str(each) for each in read(raw))
    assert len(raw) > 4_000


def test_what_one_model_cannot_do_is_said_before_anything_is_sent(client: openai.OpenAI, partner: Process) -> None:
    before = call(partner.base, "GET", "/_lab/received").json()["requests"]
    with pytest.raises(openai.APIStatusError, match="mp3"):
        client.audio.speech.create(model="samples", voice="Cherry", input="你好", response_format="mp3")
    with pytest.raises(openai.APIStatusError, match="user"):
        client.chat.completions.create(model="text", messages=[{"role": "user", "content": "x"}], user="u-1")
    assert call(partner.base, "GET", "/_lab/received").json()["requests"] == before


@pytest.mark.parametrize("model", ["painter", "later"])
def test_a_picture_is_drawn_and_labelled(client: openai.OpenAI, model: str) -> None:
    pytest.importorskip("PIL")
    raw = client.images.with_raw_response.generate(model=model, prompt="一只猫", size="512x512")
    made = raw.parse().data
    assert made and made[0].b64_json
    assert any(raw.headers["comity-receipt"] in str(each) for each in read(base64.b64decode(made[0].b64_json)))


@pytest.mark.parametrize("stream", [False, True])
def test_the_partners_own_refusal_is_passed_on(client: openai.OpenAI, partner: Process, stream: bool) -> None:
    call(partner.base, "POST", "/_lab/faults", b'{"faults": [{"kind": "filter"}]}')
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="text", messages=[{"role": "user", "content": "x"}], stream=stream)
    assert caught.value.code == "provider.content_refused" and "DataInspectionFailed" in str(caught.value)
