# SPDX-License-Identifier: Apache-2.0
"""What is no chat, through a real gateway to a partner played from its documentation, by the official client unchanged."""

from __future__ import annotations

import base64
import io
import json
import struct
import wave
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import openai
import pytest

from comity.gateway.labels.reader import read
from comity.lab.process import Process, call
from comity.lab.simulators.serve import LAB_KEY
from comity.lab.worlds import simulator
from tests.live.places import gateway
from tests.simulated.worlds import subject

PHONE, MAIL = "13812345678", "zhang.wei@example.cn"
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
provider = "self-hosted"
base_url = "{base}/v1"
model = "{model}"
api_key = {{ env = "LAB_KEY" }}
operations = ["{operation}"]
inputs = {inputs}
processing = ["CN"]
storage = ["CN"]
access = ["CN"]
operator = "CN"
covered_person = true
evidence = ["processor_contract", "cn_genai"]
"""
MODELS = {
    "chat": "gpt-5-mini",
    "embeddings": "text-embedding-3-small",
    "rerank": "rerank",
    "transcription": "whisper-1",
    "speech": "gpt-4o-mini-tts",
    "images": "gpt-image-1",
}


@pytest.fixture(scope="module")
def partner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with simulator("openai", dialect="openai", region="cn", folder=tmp_path_factory.mktemp("partner")) as running:
        yield running.wait_ready()


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with simulator("vllm", dialect="vllm", region="cn", folder=tmp_path_factory.mktemp("own")) as running:
        yield running.wait_ready()


@pytest.fixture(scope="module")
def base(partner: Process, own_server: Process, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    places = [
        PLACE.format(
            id=operation, base=(own_server if operation == "rerank" else partner).base, model=model, operation=operation,
            inputs='["image"]' if operation == "chat" else "[]",
        )
        for operation, model in MODELS.items()
    ]  # fmt: skip
    folder: Path = tmp_path_factory.mktemp("operations")
    with gateway(folder, HEAD + "".join(places), environment={"LAB_KEY": LAB_KEY.format(region="cn")}) as process:
        yield process.base


@pytest.fixture(scope="module")
def client(base: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=base + "/v1", api_key="none", default_headers=subject("CN"), max_retries=0) as made:
        yield made


def received(partner: Process) -> dict[str, Any]:
    last: dict[str, Any] = call(partner.base, "GET", "/_lab/received").json()["received"][-1]
    return last


def sound(seconds: float = 0.5) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(16_000)
        made.writeframes(b"\0\0" * int(16_000 * seconds))
    return out.getvalue()


def picture() -> str:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    raw = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"\0\0\0\0"))
    return "data:image/png;base64," + base64.b64encode(raw + chunk(b"IEND", b"")).decode()


def test_vectors_come_back_and_persons_stay(client: openai.OpenAI, partner: Process) -> None:
    made = client.embeddings.create(model="auto", input=[f"我的电话是 {PHONE}", "我的电话是 13900001111"], dimensions=8)
    assert [len(each.embedding) for each in made.data] == [8, 8]
    assert made.data[0].embedding == made.data[1].embedding  # what hides a number is the same for all, so that like texts stay alike
    assert PHONE not in json.dumps(received(partner))
    plain = client.embeddings.create(model="embeddings", input="x", encoding_format="float")
    assert isinstance(plain.data[0].embedding[0], float)


def test_token_numbers_are_refused_since_nobody_can_look_at_them(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="check_embedding_ctx_length"):
        client.embeddings.create(model="auto", input=[[1, 2, 3]])


def test_an_order_names_the_callers_own_documents(base: str, own_server: Process) -> None:
    asked = {"model": "auto", "query": f"who is {MAIL}", "documents": ["nothing", f"write to {MAIL}"], "top_n": 1, "return_documents": True}
    answer = httpx.post(f"{base}/v1/rerank", json=asked, headers=subject("CN"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["results"][0]["document"] == {"text": f"write to {MAIL}"}
    assert MAIL not in json.dumps(received(own_server))


@pytest.mark.parametrize("form", ["json", "text", "srt", "vtt", "verbose_json"])
def test_what_was_said_in_each_form(client: openai.OpenAI, form: Any) -> None:
    said: Any = client.audio.transcriptions.create(model="auto", file=("note.wav", sound(), "audio/wav"), response_format=form)
    text = said if isinstance(said, str) else said.text
    assert text.strip()
    if form in ("srt", "vtt"):
        assert " --> " in text and text.startswith("WEBVTT" if form == "vtt" else "1\n00:00:00,000")


def test_a_transcript_streams(client: openai.OpenAI) -> None:
    with client.audio.transcriptions.create(model="auto", file=("note.wav", sound(), "audio/wav"), stream=True) as events:
        kinds = [event.type for event in events]
    assert kinds[-1] == "transcript.text.done" and "transcript.text.delta" in kinds


@pytest.mark.parametrize("form", ["wav", "mp3"])
def test_a_sound_is_streamed_and_says_that_a_machine_made_it(client: openai.OpenAI, form: Any, partner: Process) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="auto", voice="alloy", input="你好，张伟", response_format=form
    ) as answer:
        raw = b"".join(answer.iter_bytes())
        receipt = answer.headers["comity-receipt"]
        assert answer.headers["comity-label"]
    found = read(raw)
    assert any(receipt in str(each) for each in found)
    assert "张伟" in json.dumps(received(partner), ensure_ascii=False)  # what is to be spoken is spoken


def test_a_form_that_can_carry_no_label_is_refused_before_anything_is_sent(client: openai.OpenAI, partner: Process) -> None:
    before = received(partner)
    with pytest.raises(openai.BadRequestError, match="cannot carry the labels"):
        client.audio.speech.create(model="auto", voice="alloy", input="x", response_format="flac")
    assert received(partner) == before


def test_a_picture_is_marked_and_labelled(client: openai.OpenAI, partner: Process) -> None:
    pytest.importorskip("PIL")
    raw = client.images.with_raw_response.generate(model="auto", prompt=f"一只猫, {PHONE}", size="256x256")
    made = raw.parse()
    assert made.data and made.data[0].b64_json
    found = read(base64.b64decode(made.data[0].b64_json))
    assert any(raw.headers["comity-receipt"] in str(each) for each in found)
    assert PHONE not in json.dumps(received(partner))


def test_a_link_to_a_picture_is_refused_for_it_could_carry_no_label(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="b64_json"):
        client.images.generate(model="auto", prompt="x", response_format="url")


def test_a_picture_is_looked_at(client: openai.OpenAI) -> None:
    parts: Any = [{"type": "text", "text": "what is it"}, {"type": "image_url", "image_url": {"url": picture()}}]
    said = client.chat.completions.create(model="auto", messages=[{"role": "user", "content": parts}])
    assert "1" in (said.choices[0].message.content or "")


@pytest.mark.parametrize(
    "url", ["data:text/plain,my name is Ana", "data:image/png;base64,not base64!", "DATA:image/png,x", "ftp://x/y.png"]
)
def test_what_only_looks_like_a_picture_is_refused(client: openai.OpenAI, url: str) -> None:
    parts: Any = [{"type": "image_url", "image_url": {"url": url}}]
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="auto", messages=[{"role": "user", "content": parts}])


def test_what_no_place_does_is_named(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="it does no embeddings"):
        client.embeddings.create(model="chat", input="x")
    parts: Any = [{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]
    with pytest.raises(openai.BadRequestError, match="takes no audio"):
        client.chat.completions.create(model="chat", messages=[{"role": "user", "content": parts}])


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", "application/json", 415),
        (b"--x\r\n", "multipart/form-data; boundary=x", 400),
        (b"", "multipart/form-data; boundary=x", 400),
        (b'--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nauto\r\n--x--\r\n', "multipart/form-data; boundary=x", 400),
        (b'--x\r\ncontent-disposition: form-data; name="odd"\r\n\r\n1\r\n--x--\r\n', "multipart/form-data; boundary=x", 400),
        (b'--x\r\ncontent-disposition: form-data; name="language"\r\n\r\n\xff\r\n--x--\r\n', "multipart/form-data; boundary=x", 400),
    ],
)
def test_a_broken_form_has_one_clear_error(base: str, body: bytes, content_type: str, status: int) -> None:
    headers = subject("CN") | {"content-type": content_type}
    answer = httpx.post(f"{base}/v1/audio/transcriptions", content=body, headers=headers)
    assert answer.status_code == status and answer.json()["error"]["code"].startswith("request."), answer.text
