# SPDX-License-Identifier: Apache-2.0
"""Speech to text: at once, where a model takes the sound itself; else as a task on a recording that the partner fetches.

https://help.aliyun.com/en/model-studio/qwen-asr-api-reference, …/fun-asr-flash-recorded-speech-recognition-http-api,
…/paraformer-recorded-speech-recognition-restful-api
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from comity.providers.adapters.dashscope import tasks, upload
from comity.providers.adapters.dashscope.answers import EventReader, Made, Reading
from comity.providers.adapters.dashscope.families import MULTIMODAL, hearing
from comity.providers.adapters.dashscope.reply import steps
from comity.providers.adapters.dashscope.sounds import Kind, data_url, kind_of
from comity.providers.adapters.dashscope.wire import Body, Line, broken, encode, member, object_of, refuse, refused
from comity.providers.base import Answer
from comity.providers.http import JSON, SSE
from comity.wire import sse
from comity.wire.audio import TranscriptionRequest

_PLAIN = re.compile(r"[a-z0-9]{1,5}")
_DOCUMENT = (JSON, "application/octet-stream", "binary/octet-stream", "text/plain")


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording needs beside the line: time, and a way into the partner's store; None where there is none."""

    patience: tasks.Patience
    deliver: upload.Deliver | None
    boundary: Callable[[], str]


async def heard(line: Line, request: TranscriptionRequest, means: Means) -> Answer:
    if request.temperature is not None:
        raise refuse("temperature")
    kind = sound_of(request)
    match hearing(line.deployment.model):
        case "at once":
            return await _at_once(line, request, kind)
        case "flash":
            return await _flash(line, request, kind)
        case "filetrans":
            said = {} if request.language is None else {"language": request.language}
            return await _recorded(line, request, kind, means, said, one=True)
        case "recorded":
            return await _recorded(line, request, kind, means, _hints(request), one=False)


def sound_of(request: TranscriptionRequest) -> Kind:
    """By its first bytes, else by what the caller called it."""
    said = request.content_type.partition(";")[0].strip().lower()
    media_type = said if said.startswith(("audio/", "video/")) else "audio/wav"
    _, dot, ending = request.filename.lower().rpartition(".")
    names = (ending if dot else "", media_type.partition("/")[2], "wav")
    return kind_of(request.file) or Kind(next(name for name in names if _PLAIN.fullmatch(name)), media_type)


def _hints(request: TranscriptionRequest) -> Body:
    return {} if request.language is None else {"language_hints": [request.language]}


def _untimed(request: TranscriptionRequest, model: str) -> None:
    if request.timed or request.timestamp_granularities:
        raise refuse(f"times of segments or words, by {model}")


# -- at once ---------------------------------------------------------------------------------------------------------


async def _at_once(line: Line, request: TranscriptionRequest, kind: Kind) -> Answer:
    _untimed(request, line.deployment.model)
    messages: list[Body] = [{"role": "system", "content": [{"text": request.prompt}]}] if request.prompt else []
    messages.append({"role": "user", "content": [{"audio": data_url(request.file, kind.media_type)}]})
    options = {} if request.language is None else {"asr_options": {"language": request.language}}
    answer = await line.open(MULTIMODAL, {"messages": messages}, {"incremental_output": True, **options}, stream=True)
    return await Reading(answer, Transcript(stream=request.stream)).begin(line.seconds_max)


class Transcript(EventReader):
    """Text as it is heard, to OpenAI's events; or joined."""

    def __init__(self, *, stream: bool) -> None:
        super().__init__(SSE if stream else JSON)
        self._stream = stream
        self._pieces: list[str] = []
        self._finished = False
        self._seconds: int | None = None

    def event(self, body: Body) -> bytes:
        self._seconds = _seconds(body, "seconds") or self._seconds
        out = b""
        for step in steps(body.get("output")):
            self._finished = self._finished or step.finish is not None
            if text := step.delta.get("content", ""):
                self._pieces.append(text)
                out += _delta(text) if self._stream else b""
        return out

    def end(self) -> bytes:
        if not self._finished:
            raise broken("the partner's stream ended before its end")
        made = {"text": "".join(self._pieces)} | _usage(self._seconds)
        return _end(made) if self._stream else encode(made)


def _delta(text: str) -> bytes:
    return sse.encode(encode({"type": "transcript.text.delta", "delta": text}))


def _end(made: Body) -> bytes:
    return sse.encode(encode({"type": "transcript.text.done", **made}))


def _seconds(body: Body, name: str) -> int | None:
    usage = body.get("usage")
    found = usage.get(name) if isinstance(usage, dict) else None
    return found if isinstance(found, int) else None


def _usage(seconds: int | None) -> Body:
    return {} if seconds is None else {"usage": {"type": "duration", "seconds": seconds}}


def _made(request: TranscriptionRequest, text: str, more: Body, rate_limits: Any) -> Made:
    """Whole; to a caller who streams, in one piece: it was heard in one."""
    if not request.stream:
        return Made(encode({"text": text, **more}), rate_limits)
    return Made((_delta(text) if text else b"") + _end({"text": text, **more}), rate_limits, SSE)


# -- Fun-ASR-Flash ---------------------------------------------------------------------------------------------------


async def _flash(line: Line, request: TranscriptionRequest, kind: Kind) -> Answer:
    """Another form of the same: the sound in a member of its own, its format named, a text without choices."""
    _untimed(request, line.deployment.model)
    if request.prompt:
        raise refuse("prompt")
    content = [{"type": "input_audio", "input_audio": {"data": data_url(request.file, kind.media_type)}}]
    given = {"messages": [{"role": "user", "content": content}]}
    body, answer = await line.ask(MULTIMODAL, given, {"format": kind.ending, **_hints(request)})
    output = member(body, "output", dict)
    return _made(request, member(output, "text", str), _usage(_seconds(body, "duration")), answer.rate_limits)


# -- recordings ------------------------------------------------------------------------------------------------------


async def _recorded(line: Line, request: TranscriptionRequest, kind: Kind, means: Means, said: Body, *, one: bool) -> Answer:
    if request.prompt:
        raise refuse("prompt")
    if means.deliver is None:
        raise refuse(f"a file to {line.deployment.model}, which is fetched from the partner's store, and no way there is listed")
    async with means.patience.bound():
        at = await upload.uploaded(line, request.file, ending=kind.ending, deliver=means.deliver, boundary=means.boundary)
        given: Body = {"file_url": at} if one else {"file_urls": [at]}
        path = "/services/audio/asr/transcription"
        body, begun = await tasks.done(line, path, given, said, patience=means.patience, headers=upload.RESOLVES)
        document = object_of(await tasks.fetched(line, _address(body["output"], one), accept=_DOCUMENT))
    text, more = transcribed(document, request)
    return _made(request, text, more | _usage(_seconds(body, "seconds" if one else "duration")), begun.rate_limits)


def _address(output: Body, one: bool) -> str:
    """A task that succeeded may hold a file that did not."""
    if one:
        found: str = member(member(output, "result", dict), "transcription_url", str)
        return found
    results = member(output, "results", list)
    result = results[0] if results and isinstance(results[0], dict) else {}
    if result.get("subtask_status") != "SUCCEEDED":
        raise refused(result)
    found = member(result, "transcription_url", str)
    return found


def transcribed(document: Body, request: TranscriptionRequest) -> tuple[str, Body]:
    """A channel after the other; times of all channels in one order, in seconds."""
    channels = member(document, "transcripts", list)
    text = "\n".join(member(channel, "text", str) for channel in channels)
    if not request.timed and not request.timestamp_granularities:
        return text, {}
    sentences = sorted((each for channel in channels for each in member(channel, "sentences", list)), key=_begin)
    more: Body = {"task": "transcribe", "duration": max((_time(each, "end_time") for each in sentences), default=0.0)}
    if request.language is not None:
        more["language"] = request.language
    more["segments"] = [{"id": place, **_span(each), "text": member(each, "text", str)} for place, each in enumerate(sentences)]
    if "word" in request.timestamp_granularities:
        more["words"] = [{**_span(word), "word": member(word, "text", str)} for each in sentences for word in member(each, "words", list)]
    return text, more


def _begin(timed: Any) -> float:
    return _time(timed, "begin_time")


def _time(timed: Any, name: str) -> float:
    return float(member(timed, name, int)) / 1000


def _span(timed: Any) -> Body:
    return {"start": _begin(timed), "end": _time(timed, "end_time")}
