# SPDX-License-Identifier: Apache-2.0
"""What crosses to a child for each operation, and what a caller gets back: OpenAI's own forms, whatever the model is."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from comity.device.answers import answer_of, asked
from comity.errors import ProviderFailure
from comity.wire.audio import SpeechRequest, TranscriptionRequest
from comity.wire.chat import ChatRequest, Message
from comity.wire.embeddings import EmbeddingsRequest
from comity.wire.images import ImageRequest
from comity.wire.ocr import OcrRequest
from comity.wire.request import Request

HEARD = {
    "task": "transcribe",
    "language": "en",
    "duration": 1.5,
    "text": "hello",
    "segments": [{"start": 0.0, "end": 1.5, "text": "hello"}],
}


async def pieces(*said: Any) -> AsyncGenerator[bytes, None]:
    for each in said:
        yield json.dumps(each).encode()


async def served(request: Request, *said: Any) -> tuple[str, bytes]:
    answer = answer_of(pieces(*said), "tiny", request)
    await answer.begin()
    return answer.content_type, b"".join([data async for data in answer.chunks()])


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (EmbeddingsRequest(input="a", user="u"), {"input": ["a"]}),
        (EmbeddingsRequest(input=("a", "b")), {"input": ["a", "b"]}),
        (TranscriptionRequest(file=b"RIFF"), {"file": base64.b64encode(b"RIFF").decode(), "timed": False}),
        (
            TranscriptionRequest(file=b"x", language="zh", prompt="p", response_format="srt"),
            {"file": "eA==", "timed": True, "language": "zh", "prompt": "p"},
        ),
        (SpeechRequest(input="hi", voice="v", response_format="wav"), {"input": "hi", "voice": "v", "format": "wav"}),
        (
            SpeechRequest(input="hi", voice="v", response_format="pcm", speed=1.5),
            {"input": "hi", "voice": "v", "format": "pcm", "speed": 1.5},
        ),
        (OcrRequest(image=b"PNG"), {"image": "UE5H"}),
    ],
    ids=["a text", "texts", "a sound", "a sound with times", "speech", "fast speech", "an image"],
)
def test_what_crosses(request_: Request, body: dict[str, Any]) -> None:
    assert asked(request_) == body


def test_a_model_that_thinks_is_told_not_to() -> None:
    request = ChatRequest(messages=(Message(role="user", content="hi"),))
    assert "chat_template_kwargs" not in asked(request)
    assert asked(request, thinks=True)["chat_template_kwargs"] == {"enable_thinking": False}


def test_what_no_local_model_does_is_refused() -> None:
    with pytest.raises(ProviderFailure) as raised:
        asked(ImageRequest(prompt="a dog"))
    assert raised.value.code == "provider.unsupported"


async def test_vectors_name_their_model() -> None:
    said = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "usage": {"prompt_tokens": 1}}
    assert await served(EmbeddingsRequest(input="a"), said) == (
        "application/json",
        json.dumps(said | {"model": "tiny"}, separators=(",", ":")).encode(),
    )


@pytest.mark.parametrize(("form", "whole"), [("json", {"text": "hello"}), ("verbose_json", HEARD), ("srt", HEARD), ("text", HEARD)])
async def test_a_transcript_says_no_more_than_was_asked_for(form: Any, whole: dict[str, Any]) -> None:
    kind, data = await served(TranscriptionRequest(file=b"x", response_format=form), HEARD)
    assert (kind, json.loads(data)) == ("application/json", whole)


@pytest.mark.parametrize(("form", "kind"), [("wav", "audio/wav"), ("pcm", "audio/pcm")])
async def test_a_sound_is_its_bytes_as_they_come(form: Any, kind: str) -> None:
    said = [{"audio": base64.b64encode(part).decode()} for part in (b"RIFF", b"\x00\xff", b"")]
    assert await served(SpeechRequest(input="hi", voice="v", response_format=form), *said) == (kind, b"RIFF\x00\xff")


async def test_the_text_of_an_image_is_what_the_engine_read() -> None:
    _, data = await served(OcrRequest(image=b"x"), {"rows": [], "text": ""})
    assert json.loads(data) == {"rows": [], "text": "", "model": "tiny"}
