# SPDX-License-Identifier: Apache-2.0
"""Speech that is recognised at once, speech that is made, and images that are made at once.

Qwen-ASR   https://help.aliyun.com/en/model-studio/qwen-asr-api-reference
Qwen-TTS   https://help.aliyun.com/en/model-studio/qwen-tts-api
Fun-ASR-Flash  …/fun-asr-flash-recorded-speech-recognition-http-api, without `choices`
CosyVoice  https://www.alibabacloud.com/help/zh/model-studio/cosyvoice-tts-http-api
Qwen-Image https://help.aliyun.com/en/model-studio/qwen-image-api
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from comity.lab.simulators import brain, media
from comity.lab.simulators.answer import Answer, Request
from comity.lab.simulators.dashscope import errors, wire
from comity.lab.simulators.dashscope.asked import Input
from comity.lab.simulators.dashscope.shelf import ANSWER_SECONDS, Shelf

PCM_BYTES = 9_600  # of one event: 0.2 seconds at 24 kHz
SIZE = re.compile(r"(\d{3,4})\*(\d{3,4})")
PIXELS_MIN, PIXELS_MAX, IMAGES_MAX = 512 * 512, 2048 * 2048, 6
RATES = (8_000, 16_000, 22_050, 24_000, 44_100, 48_000)
TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "pcm": "audio/pcm"}


class AsrOptions(msgspec.Struct, frozen=True, kw_only=True):
    language: str = ""
    enable_itn: bool = False
    enable_lid: bool = False


class FlashOptions(msgspec.Struct, frozen=True, kw_only=True):
    format: str
    sample_rate: int | str = 16_000
    language_hints: list[str] = []


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """Qwen-TTS."""

    text: str
    voice: str
    language_type: str = "Auto"


class Voiced(msgspec.Struct, frozen=True, kw_only=True):
    """CosyVoice: everything stands in `input`."""

    text: str
    voice: str
    format: Literal["wav", "mp3", "pcm", "opus"] = "mp3"
    sample_rate: int = 22_050
    rate: float = 1.0
    volume: int = 50
    pitch: float = 1.0


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    size: str = "1328*1328"
    n: int = 1
    negative_prompt: str = ""
    prompt_extend: bool = True
    watermark: bool = False


def recognise(request: Request, body: wire.Body, shelf: Shelf) -> Answer:
    """Qwen-ASR: messages with one sound; as events, all that was heard so far."""
    given = wire.typed(body.input, Input, "input")
    options = wire.typed(body.parameters.get("asr_options") or {}, AsrOptions, "parameters.asr_options")
    heard = _heard(request, body.model, shelf, [item["audio"] for item in _items(given) if item.get("audio")])
    language = options.language or ("zh" if re.search(r"[\u3400-\u9fff]", heard.text) else "en")
    notes = [{"type": "audio_info", "language": language, "emotion": "neutral"}]

    def told(text: str, finish: str) -> dict[str, Any]:
        message = {"annotations": notes, "content": [{"text": text}] if text else [], "role": "assistant"}
        count = len(brain.tokens(text))
        usage = {
            "input_tokens_details": {"text_tokens": 0},
            "output_tokens_details": {"text_tokens": count},
            "seconds": max(1, math.ceil(heard.seconds)),
        }
        return wire.said(request, {"choices": [{"finish_reason": finish, "message": message}]}, usage)

    if not wire.streams(request):
        return wire.answered(request, *_parted(told(heard.text, "stop")))
    pieces = list(brain.cut(heard.text))
    steps = pieces if body.parameters.get("incremental_output") else ["".join(pieces[: place + 1]) for place in range(len(pieces))]
    last = "" if body.parameters.get("incremental_output") else heard.text
    return wire.streamed([*(told(step, "null") for step in steps), told(last, "stop")])


def recognise_flash(request: Request, body: wire.Body, shelf: Shelf) -> Answer:
    """Fun-ASR-Flash and Qwen-Audio-ASR-Flash: a sound in another member, a text without `choices`, and the time of each word."""
    given = wire.typed(body.input, Input, "input")
    wire.typed(body.parameters, FlashOptions, "parameters")
    sounds = [item["input_audio"] for item in _items(given) if item.get("type") == "input_audio" and item.get("input_audio")]
    heard = _heard(request, body.model, shelf, [sound.get("data") if isinstance(sound, dict) else sound for sound in sounds])
    output = {"text": heard.text, "sentence": {**sentence(heard), "sentence_end": True}}
    usage = {"duration": max(1, math.ceil(heard.seconds))}
    return wire.streamed([wire.said(request, output, usage)]) if wire.streams(request) else wire.answered(request, output, usage)


def sentence(heard: brain.Seen) -> dict[str, Any]:
    """All that was heard as one sentence, its words spread evenly over its milliseconds."""
    length, words = round(heard.seconds * 1000), brain.tokens(heard.text)
    timed = [
        {
            "begin_time": length * place // len(words),
            "end_time": length * (place + 1) // len(words),
            "text": word,
            "punctuation": "",
        }
        for place, word in enumerate(words)
    ]
    return {"begin_time": 0, "end_time": length, "text": heard.text, "sentence_id": 1, "words": timed}


def _items(given: Input) -> Iterator[dict[str, Any]]:
    for message in given.messages or ():
        yield from message.content if isinstance(message.content, list) else ()


def _heard(request: Request, model: str, shelf: Shelf, sounds: list[Any]) -> brain.Seen:
    if len(sounds) != 1:
        raise errors.invalid("The audio is empty" if not sounds else "Only one audio is supported in a request")
    return shelf.heard(request, model, str(sounds[0]))


def _parted(value: dict[str, Any]) -> tuple[Any, Any]:
    return value["output"], value["usage"]


def speak(request: Request, body: wire.Body, shelf: Shelf) -> Answer:
    """Qwen-TTS: the address of a WAV; as events, its samples in base64 (PCM, 24 kHz) and then the address."""
    given = wire.typed(body.input, Spoken, "input")
    if not given.text.strip():
        raise errors.invalid("input.text must not be empty", "text")
    sound = brain.speak(given.text, "wav", voice=given.voice)
    counted = len(brain.tokens(given.text))
    usage: dict[str, Any] = {"characters": len(given.text)}
    if not body.model.startswith("qwen3"):
        spoken = math.ceil(brain.spoken_seconds(given.text) * 50)
        usage = {
            "input_tokens": counted, "output_tokens": spoken, "total_tokens": counted + spoken,
            "input_tokens_details": {"text_tokens": counted}, "output_tokens_details": {"audio_tokens": spoken, "text_tokens": 0},
        }  # fmt: skip
    audio = _audio(request, shelf, sound, "wav")
    if not wire.streams(request):
        return wire.answered(request, {"finish_reason": "stop", "audio": audio}, usage)
    samples = brain.speak(given.text, "pcm", voice=given.voice)
    events = [
        wire.said(request, {"finish_reason": "null", "audio": {**audio, "url": "", "data": piece}}, usage) for piece in _pieces(samples)
    ]
    return wire.streamed([*events, wire.said(request, {"finish_reason": "stop", "audio": audio}, usage)])


def voice(request: Request, body: wire.Body, shelf: Shelf) -> Answer:
    """CosyVoice over HTTP: the same, in the format and at the rate that were asked for, with a frame around each sentence."""
    wire.must_be(body.model, "cosyvoice")
    given = wire.typed(body.input, Voiced, "input")
    if not given.text.strip():
        raise errors.invalid("input.text must not be empty", "text")
    if given.format == "opus":
        raise errors.invalid("The simulator makes wav, mp3 and pcm", "format")
    if given.sample_rate not in RATES or not 0.5 <= given.rate <= 2 or not 0 <= given.volume <= 100 or not 0.5 <= given.pitch <= 2:
        raise errors.refused("InvalidParameter")
    sound = brain.speak(given.text, given.format, voice=given.voice, rate=given.sample_rate, speed=given.rate)
    usage = {"characters": sum(2 if "\u3400" <= letter <= "\u9fff" else 1 for letter in given.text)}
    audio = _audio(request, shelf, sound, given.format)
    if not wire.streams(request):
        return wire.answered(request, {"finish_reason": "stop", "audio": audio}, usage)
    return wire.streamed(_voiced(request, given.text, sound, audio, usage))


def _voiced(request: Request, text: str, sound: bytes, audio: dict[str, Any], usage: dict[str, Any]) -> Iterator[dict[str, Any]]:
    sentence = {"index": 0, "words": []}
    yield wire.said(request, {"type": "sentence-begin", "sentence": sentence, "original_text": text, "finish_reason": "null"})
    for piece in _pieces(sound):
        output = {"type": "sentence-synthesis", "sentence": sentence, "finish_reason": "null", "audio": {**audio, "url": "", "data": piece}}
        yield wire.said(request, output)
    yield wire.said(request, {"type": "sentence-end", "sentence": sentence, "original_text": text, "finish_reason": "null"}, usage)
    yield wire.said(request, {"finish_reason": "stop", "audio": audio}, usage)


def _pieces(sound: bytes) -> Iterator[str]:
    for start in range(0, len(sound), PCM_BYTES):
        yield base64.b64encode(sound[start : start + PCM_BYTES]).decode()


def _audio(request: Request, shelf: Shelf, sound: bytes, kind: str) -> dict[str, Any]:
    url = shelf.show(request, sound, ending=kind, content_type=TYPES[kind])
    return {"data": "", "url": url, "id": f"audio_{wire.uuid(request.id)}", "expires_at": int(request.at) + ANSWER_SECONDS}


def draw(request: Request, body: wire.Body, shelf: Shelf) -> Answer:
    """Qwen-Image through `multimodal-generation`: one message with one text, answered with addresses of images."""
    given = wire.typed(body.input, Input, "input")
    wanted = wire.typed(body.parameters, Drawn, "parameters")
    messages = given.messages or []
    items = messages[0].content if len(messages) == 1 and messages[0].role == "user" else None
    texts = [str(item["text"]) for item in items if item.get("text")] if isinstance(items, list) else []
    if len(texts) != 1:
        raise errors.refused("InvalidParameter", "num_images_per_prompt or messages are invalid: one message with one text is needed")
    urls = images(request, shelf, texts[0], wanted)
    width, height = sized(wanted.size)
    choices = [{"finish_reason": "stop", "message": {"role": "assistant", "content": [{"image": url} for url in urls]}}]
    return wire.answered(request, {"choices": choices}, {"image_count": len(urls), "width": width, "height": height})


def images(request: Request, shelf: Shelf, prompt: str, wanted: Drawn) -> list[str]:
    if not 1 <= wanted.n <= IMAGES_MAX:
        raise errors.refused("InvalidParameter", f"num_images_per_prompt must be 1 to {IMAGES_MAX}")
    width, height = sized(wanted.size)
    made = [media.png(f"{prompt} #{place}" if place else prompt, width, height) for place in range(wanted.n)]
    return [shelf.show(request, image, ending="png", content_type="image/png") for image in made]


def sized(size: str) -> tuple[int, int]:
    """`width*height`."""
    found = SIZE.fullmatch(size)
    if found is None or not PIXELS_MIN <= int(found[1]) * int(found[2]) <= PIXELS_MAX:
        raise errors.refused("InvalidParameter", "size must be width*height, of 512*512 to 2048*2048 pixels in all")
    return int(found[1]), int(found[2])
