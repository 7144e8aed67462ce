# SPDX-License-Identifier: Apache-2.0
"""OpenAI audio, request side: speech to text and text to speech."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from comity.errors import CallerError, ProviderFailure
from comity.wire.decode import decode, refusal, within
from comity.wire.door import Said
from comity.wire.forms import parsed
from comity.wire.request import Change, MediumKind, Operation, Wire, changed

Timestamps = Literal["word", "segment"]


class TranscriptionRequest(Wire, frozen=True, kw_only=True):
    """`POST /v1/audio/transcriptions`, a form.  Between rooms the answer is OpenAI's JSON, or its events when streamed."""

    operation: ClassVar[Operation] = "transcription"

    file: bytes
    filename: str = "audio"
    content_type: str = "application/octet-stream"
    model: str = "auto"
    language: str | None = None  # ISO 639-1
    prompt: str | None = None
    temperature: float | None = None
    response_format: Literal["json", "text", "srt", "verbose_json", "vtt"] = "json"
    timestamp_granularities: tuple[Timestamps, ...] = ()
    stream: bool = False

    @property
    def timed(self) -> bool:
        """Whether the answer must say when each segment was spoken."""
        return self.response_format in ("srt", "vtt", "verbose_json")

    def mapped(self, change: Change) -> TranscriptionRequest:
        return msgspec.structs.replace(self, filename=change(self.filename), prompt=changed(self.prompt, change))

    def media(self) -> frozenset[MediumKind]:
        return frozenset(("audio",))

    def needs(self) -> frozenset[str]:
        used = {name for name in ("language", "prompt", "temperature") if getattr(self, name) is not None}
        used |= {name for name, asked in (("stream", self.stream), ("segments", self.timed)) if asked}
        return frozenset(used | {"words" for wanted in self.timestamp_granularities if wanted == "word"})


class SpeechRequest(Wire, frozen=True, kw_only=True):
    """`POST /v1/audio/speech`.  The answer is the sound itself, as it comes."""

    operation: ClassVar[Operation] = "speech"

    input: str
    voice: str
    model: str = "auto"
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float | None = None
    instructions: str | None = None
    stream_format: Literal["audio"] | None = None

    @property
    def stream(self) -> bool:
        return True

    def mapped(self, change: Change) -> SpeechRequest:
        return msgspec.structs.replace(
            self, input=change(self.input), voice=change(self.voice), instructions=changed(self.instructions, change)
        )

    def media(self) -> frozenset[MediumKind]:
        return frozenset()

    def needs(self) -> frozenset[str]:
        used = {name for name in ("speed", "instructions") if getattr(self, name) is not None}
        return frozenset(used | {self.response_format})


_strict = msgspec.json.Decoder(SpeechRequest)
_encode = msgspec.json.Encoder().encode
_WORDS = frozenset(TranscriptionRequest.__struct_fields__) - {"file", "filename", "content_type"}


def decoded_speech(body: bytes, content_type: str, drop_unknown: bool) -> tuple[SpeechRequest, tuple[str, ...]]:
    """Raises CallerError."""
    request, dropped = decode(body, _strict, drop_unknown=drop_unknown)
    if not request.input.strip():
        raise CallerError("`input` is empty", code="request.invalid", field="input")
    within("speed", request.speed, 0.25, 4)
    return request, dropped


def decoded_transcription(body: bytes, content_type: str, drop_unknown: bool) -> tuple[TranscriptionRequest, tuple[str, ...]]:
    """A form with the sound in `file`.  Raises CallerError."""
    fields: dict[str, Any] = {}
    dropped: list[str] = []
    for field in parsed(body, content_type):
        name = field.name
        if name == "file":
            fields |= {"file": field.value, "filename": field.filename or "audio"}
            fields |= {"content_type": field.content_type} if field.content_type else {}
        elif name in ("timestamp_granularities[]", "timestamp_granularities"):
            fields["timestamp_granularities"] = (*fields.get("timestamp_granularities", ()), field.text())
        elif name in _WORDS:
            fields[name] = field.text()
        elif drop_unknown:
            dropped.append(name[:64])
        else:
            raise CallerError(
                f"unknown field `{name[:64]}`", code="request.unknown_field", field=name[:64],
                hint="leave it out; an uninspected field is never forwarded",
            )  # fmt: skip
    if not fields.get("file"):
        raise CallerError("`file` is missing or empty", code="request.invalid", field="file", hint="send the sound as a file of the form")
    try:
        request = msgspec.convert(fields, TranscriptionRequest, strict=False)
    except msgspec.ValidationError as error:
        raise refusal(error) from None
    within("temperature", request.temperature, 0, 1)
    if request.stream and request.timed:
        raise CallerError("only `json` can be streamed", code="request.invalid", field="response_format")
    return request, tuple(dropped)


def transcript(body: dict[str, Any], request: TranscriptionRequest) -> Said:
    """In the form asked for."""
    form = request.response_format
    if form in ("json", "verbose_json"):
        return Said(_encode(body))
    if form == "text":
        return Said(body["text"].encode() + b"\n", "text/plain; charset=utf-8")
    lines = [_subtitle(number, each, form) for number, each in enumerate(_segments(body), 1)]
    head = "WEBVTT\n\n" if form == "vtt" else ""
    return Said((head + "\n\n".join(lines) + "\n").encode(), "text/vtt; charset=utf-8" if form == "vtt" else "text/plain; charset=utf-8")


def _segments(body: dict[str, Any]) -> list[tuple[float, float, str]]:
    try:
        return [(float(each["start"]), float(each["end"]), str(each["text"])) for each in body["segments"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ProviderFailure("the partner's transcript does not say when it was spoken", retryable=False) from error


def _subtitle(number: int, segment: tuple[float, float, str], form: str) -> str:
    start, end, text = segment
    times = f"{_time(start, form)} --> {_time(end, form)}\n{text.strip()}"
    return times if form == "vtt" else f"{number}\n{times}"


def _time(seconds: float, form: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}{',' if form == 'srt' else '.'}{thousandths:03}"
