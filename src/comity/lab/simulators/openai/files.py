# SPDX-License-Identifier: Apache-2.0
"""`/audio/transcriptions`, `/audio/speech` and `/images/generations`.

https://developers.openai.com/api/reference/resources/audio and …/images.  What this simulator cannot make (opus, aac, flac, JPEG, WebP,
images behind an address) it refuses by name.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, Literal, cast

from comity.lab.simulators import media
from comity.lab.simulators.answer import SSE, Answer, Request, Trouble, event, whole
from comity.lab.simulators.brain import Seen, cut, hear, likelihood, speak, tokens
from comity.lab.simulators.openai.fields import Fields, form

PIECE_BYTES = 4096
SIDE_MAX = 2048
SENTENCE = re.compile(r"[^.!?。！？]*[.!?。！？]*\s*")
TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "pcm": "audio/pcm"}
SPEECH = frozenset(("model", "input", "voice", "instructions", "response_format", "speed", "stream_format"))


def transcriptions(request: Request) -> Answer:
    fields, files = form(request)
    if "file" not in files:
        raise Trouble("parameter", "Missing required parameter: 'file'.", field="file", code="missing_required_parameter")
    one = Fields({name: values[-1] for name, values in fields.items()})
    one.must("model", str)
    kind = one.choice("response_format", ("json", "text", "srt", "verbose_json", "vtt"), "json")
    heard = hear(files["file"])
    if one.held.get("stream", "") in ("true", "True", "1"):
        return Answer(headers=SSE, pieces=(*_heard(heard, "logprobs" in fields.get("include", ())), b"data: [DONE]\n\n"), streamed=True)
    segments = _segments(heard)
    match kind:
        case "text":
            return _plain(heard.text + "\n", "text/plain; charset=utf-8")
        case "srt":
            rows = (f"{number}\n{_stamp(start, ',')} --> {_stamp(end, ',')}\n{text.strip()}\n\n" for number, (start, end, text) in
                    enumerate(segments, 1))  # fmt: skip
            return _plain("".join(rows), "application/x-subrip; charset=utf-8")
        case "vtt":
            rows = (f"{_stamp(start, '.')} --> {_stamp(end, '.')}\n{text.strip()}\n\n" for start, end, text in segments)
            return _plain("WEBVTT\n\n" + "".join(rows), "text/vtt; charset=utf-8")
        case "verbose_json":
            return whole(_verbose(heard, segments, fields.get("timestamp_granularities", ["segment"]), one))
    return whole({"text": heard.text, "usage": {"type": "duration", "seconds": heard.seconds}})


def _heard(heard: Seen, logprobs: bool) -> Iterator[bytes]:
    def told(text: str) -> dict[str, Any]:
        rows = [{"token": token, "bytes": list(token.encode()), "logprob": likelihood(token)} for token in tokens(text)]
        return {"logprobs": rows} if logprobs else {}

    for piece in cut(heard.text):
        yield event({"type": "transcript.text.delta", "delta": piece, **told(piece)})
    count = len(tokens(heard.text))
    usage = {
        "type": "tokens",
        "input_tokens": round(heard.seconds * 10),
        "output_tokens": count,
        "total_tokens": round(heard.seconds * 10) + count,
    }
    yield event({"type": "transcript.text.done", "text": heard.text, **told(heard.text), "usage": usage})


def _segments(heard: Seen) -> list[tuple[float, float, str]]:
    """Sentences, with the time shared out by their tokens."""
    sentences = [sentence for sentence in SENTENCE.findall(heard.text) if sentence.strip()] or [heard.text]
    return [(start, end, text) for start, end, text in _spread(sentences, heard.seconds)]


def _spread(texts: list[str], seconds: float) -> Iterator[tuple[float, float, str]]:
    counts = [max(1, len(tokens(text.strip()))) for text in texts]
    before = 0
    for text, count in zip(texts, counts, strict=True):
        yield round(seconds * before / sum(counts), 3), round(seconds * (before + count) / sum(counts), 3), text
        before += count


def _verbose(heard: Seen, segments: list[tuple[float, float, str]], granularities: list[str], one: Fields) -> dict[str, Any]:
    made: dict[str, Any] = {
        "task": "transcribe", "language": one.held.get("language", "english"), "duration": heard.seconds, "text": heard.text,
        "usage": {"type": "duration", "seconds": heard.seconds},
    }  # fmt: skip
    if "word" in granularities:
        words = [word for word in re.findall(r"\S+", heard.text)]
        made["words"] = [{"word": word, "start": start, "end": end} for start, end, word in _spread(words, heard.seconds)]
    if "segment" in granularities:
        made["segments"] = [
            {"id": number, "seek": 0, "start": start, "end": end, "text": text, "tokens": list(range(len(tokens(text)))),
             "temperature": 0.0, "avg_logprob": likelihood(text), "compression_ratio": 1.0, "no_speech_prob": 0.0}
            for number, (start, end, text) in enumerate(segments)
        ]  # fmt: skip
    return made


def _stamp(seconds: float, mark: str) -> str:
    thousandths = round(seconds * 1000)
    return f"{thousandths // 3_600_000:02}:{thousandths // 60_000 % 60:02}:{thousandths // 1000 % 60:02}{mark}{thousandths % 1000:03}"


def _plain(text: str, kind: str) -> Answer:
    return Answer(headers={"content-type": kind}, pieces=(text.encode(),))


def speech(request: Request) -> Answer:
    fields = Fields(request.json())
    fields.only(SPEECH)
    fields.must("model", str)
    text, voice = fields.must("input", str), fields.held.get("voice")
    name = voice if isinstance(voice, str) else fields.inner("voice").must("id", str)
    kind = cast(Literal["wav", "mp3", "pcm"], fields.choice("response_format", tuple(TYPES), "mp3"))
    speed = fields.maybe("speed", float)
    if speed is not None and not 0.25 <= speed <= 4:
        raise Trouble("parameter", "Invalid 'speed': must be from 0.25 to 4.", field="speed")
    data = speak(text, kind, voice=name, speed=speed or 1.0)
    pieces = [data[start : start + PIECE_BYTES] for start in range(0, len(data), PIECE_BYTES)]
    if fields.choice("stream_format", ("audio", "sse"), "audio") == "audio":
        return Answer(headers={"content-type": TYPES[kind]}, pieces=tuple(pieces), streamed=True)
    told = [event({"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()}) for piece in pieces]
    count = len(tokens(text))
    usage = {"input_tokens": count, "output_tokens": len(pieces), "total_tokens": count + len(pieces)}
    return Answer(headers=SSE, pieces=(*told, event({"type": "speech.audio.done", "usage": usage})), streamed=True)


def images(request: Request) -> Answer:
    fields = Fields(request.json())
    prompt = fields.must("prompt", str)
    count = fields.whole("n", 1, 1, 10) or 1
    fields.choice("output_format", ("png",), "png")
    fields.choice("response_format", ("b64_json",), "b64_json")
    size = fields.maybe("size", str) or "auto"
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", "1024x1024" if size == "auto" else size)
    if found is None or not (0 < int(found[1]) <= SIDE_MAX and 0 < int(found[2]) <= SIDE_MAX):
        raise Trouble("parameter", f"Invalid 'size': WIDTHxHEIGHT, each up to {SIDE_MAX}.", field="size", code="invalid_value")
    made = [
        base64.b64encode(media.png(prompt if not number else f"{prompt} #{number + 1}", int(found[1]), int(found[2]))).decode()
        for number in range(count)
    ]
    words = len(tokens(prompt))
    usage = {
        "input_tokens": words, "input_tokens_details": {"text_tokens": words, "image_tokens": 0}, "output_tokens": 1000 * count,
        "total_tokens": words + 1000 * count,
    }  # fmt: skip
    told = {"background": "opaque", "output_format": "png", "quality": "low", "size": found[0]}
    if not fields.maybe("stream", bool):
        return whole({"created": int(request.at), "data": [{"b64_json": image} for image in made], **told, "usage": usage})
    partial = fields.whole("partial_images", 0, 0, 3) or 0
    whole_one = {"b64_json": made[0], "created_at": int(request.at), **told}
    events = [
        event({"type": "image_generation.partial_image", "partial_image_index": number, **whole_one}, name="image_generation.partial_image")
        for number in range(partial)
    ]
    last = event({"type": "image_generation.completed", **whole_one, "usage": usage}, name="image_generation.completed")
    return Answer(headers=SSE, pieces=(*events, last), streamed=True)
