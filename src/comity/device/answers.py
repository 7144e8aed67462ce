# SPDX-License-Identifier: Apache-2.0
"""What a child is asked for each operation, and OpenAI's own answer from the pieces that it says."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import msgspec

from comity.errors import CallerError, ProviderFailure
from comity.wire.audio import SpeechRequest, TranscriptionRequest
from comity.wire.chat import ChatRequest
from comity.wire.embeddings import EmbeddingsRequest
from comity.wire.ocr import OcrRequest
from comity.wire.request import Request
from comity.wire.sse import encode as event

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.decode
_OURS = ("id", "object", "created", "choices", "usage")
"""Members of a chunk that are OpenAI's; the runtime adds timings and the path of its file."""
_SOUND = {"wav": "audio/wav", "pcm": "audio/pcm"}
Pieces = AsyncGenerator[bytes, None]


def asked(request: Request, *, thinks: bool = False) -> dict[str, Any]:
    """What crosses to the child.  ``thinks``: the model would write what it thinks first.  Raises CallerError, ProviderFailure."""
    if isinstance(request, ChatRequest):
        return _chat(request, thinks)
    if isinstance(request, EmbeddingsRequest):
        return {"input": list(request.inputs)}
    if isinstance(request, TranscriptionRequest):
        said: dict[str, Any] = {"file": _text(request.file), "timed": request.timed}
        return said | {name: value for name in ("language", "prompt") if (value := getattr(request, name)) is not None}
    if isinstance(request, SpeechRequest):
        speed = {"speed": request.speed} if request.speed is not None else {}
        return {"input": request.input, "voice": request.voice, "format": request.response_format} | speed
    if isinstance(request, OcrRequest):
        return {"image": _text(request.image)}
    raise ProviderFailure(f"the local model does no {request.operation}", kind="unsupported", code="provider.unsupported")


def _chat(request: ChatRequest, thinks: bool) -> dict[str, Any]:
    if (request.n or 1) > 1:
        raise CallerError("the local model gives one choice at a time", code="request.unsupported", field="n", hint="leave `n` out")
    body: dict[str, Any] = msgspec.to_builtins(request)
    limit = body.pop("max_completion_tokens", None)
    body |= {"stream": True, "stream_options": {"include_usage": True}} | ({"max_tokens": limit} if limit is not None else {})
    # A small model's thoughts are long and slow, and nobody asked for them.
    return body | ({"chat_template_kwargs": {"enable_thinking": False}} if thinks else {})


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def answer_of(pieces: Pieces, name: str, request: Request) -> LocalAnswer | WholeAnswer | SoundAnswer:
    if isinstance(request, ChatRequest):
        return LocalAnswer(pieces, name, request)
    if isinstance(request, SpeechRequest):
        return SoundAnswer(pieces, _SOUND.get(request.response_format, "application/octet-stream"))
    return WholeAnswer(pieces, name, request)


class _Held:
    """An answer whose first piece is waited for before it counts as begun."""

    def __init__(self, pieces: Pieces, content_type: str) -> None:
        self.content_type = content_type
        self.rate_limits: dict[str, str] = {}
        self._pieces = pieces
        self._first: bytes | None = None

    async def begin(self) -> None:
        self._first = await anext(self._pieces, None)

    async def _said(self) -> AsyncIterator[Any]:
        piece = self._first
        while piece is not None:
            yield _decode(piece)
            piece = await anext(self._pieces, None)

    async def aclose(self) -> None:
        await self._pieces.aclose()


class WholeAnswer(_Held):
    """One JSON object: vectors, a transcript, the text of an image."""

    def __init__(self, pieces: Pieces, name: str, request: Request) -> None:
        super().__init__(pieces, "application/json")
        self._name = name
        self._brief = isinstance(request, TranscriptionRequest) and request.response_format == "json"
        self._named = not isinstance(request, TranscriptionRequest)

    async def chunks(self) -> AsyncIterator[bytes]:
        body: dict[str, Any] = {}
        async for piece in self._said():
            body |= piece
        if self._brief:  # OpenAI's `json` is the text alone
            body = {"text": body.get("text", "")}
        yield _encode(body | ({"model": self._name} if self._named else {}))


class SoundAnswer(_Held):
    async def chunks(self) -> AsyncIterator[bytes]:
        async for piece in self._said():
            yield base64.b64decode(piece["audio"])


class LocalAnswer(_Held):
    """The model always streams, so that a caller who leaves stops it; a whole answer is put together from the pieces."""

    def __init__(self, pieces: Pieces, name: str, request: ChatRequest) -> None:
        super().__init__(pieces, "text/event-stream" if request.stream else "application/json")
        self._name, self._stream = name, request.stream
        self._usage = bool(request.stream_options and request.stream_options.include_usage)

    def chunks(self) -> AsyncIterator[bytes]:
        return self._events() if self._stream else self._whole()

    async def _all(self) -> AsyncIterator[dict[str, Any]]:
        async for said in self._said():
            for chunk in said if isinstance(said, list) else (said,):
                yield {name: chunk[name] for name in _OURS if name in chunk} | {"model": self._name}

    async def _events(self) -> AsyncIterator[bytes]:
        async for chunk in self._all():
            if "usage" in chunk and not self._usage:
                if not chunk.get("choices"):
                    continue
                del chunk["usage"]
            yield event(_encode(chunk))
        yield event(b"[DONE]")

    async def _whole(self) -> AsyncIterator[bytes]:
        yield _encode(joined([chunk async for chunk in self._all()]))


def joined(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    """One chat.completion from its chunks: texts and arguments are joined, all else stands as it was last said."""
    body: dict[str, Any] = {}
    message: dict[str, Any] = {"role": "assistant", "content": None}
    calls: dict[int, dict[str, Any]] = {}
    finish, logprobs = None, None
    for chunk in chunks:
        body |= {name: value for name, value in chunk.items() if name != "choices"}
        for choice in chunk.get("choices") or ():
            finish = choice.get("finish_reason") or finish
            logprobs = _more(logprobs, choice.get("logprobs"))
            for name, value in (choice.get("delta") or {}).items():
                if name == "tool_calls":
                    _add_calls(calls, value)
                elif name != "role" and isinstance(value, str):
                    message[name] = (message.get(name) or "") + value
    if calls:
        message["tool_calls"] = [calls[index] for index in sorted(calls)]
    choice = {"index": 0, "message": message, "finish_reason": finish} | ({"logprobs": logprobs} if logprobs else {})
    return body | {"object": "chat.completion", "choices": [choice]}


def _add_calls(calls: dict[int, dict[str, Any]], pieces: list[dict[str, Any]]) -> None:
    for piece in pieces:
        call = calls.setdefault(piece.get("index", 0), {"type": "function", "function": {"name": "", "arguments": ""}})
        call |= {name: value for name, value in piece.items() if name not in ("index", "function")}
        for name, value in (piece.get("function") or {}).items():
            call["function"][name] = call["function"].get(name, "") + value


def _more(kept: dict[str, Any] | None, piece: dict[str, Any] | None) -> dict[str, Any] | None:
    if not piece:
        return kept
    return {"content": [*((kept or {}).get("content") or ()), *(piece.get("content") or ())]}
