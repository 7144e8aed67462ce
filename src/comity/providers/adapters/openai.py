# SPDX-License-Identifier: Apache-2.0
"""OpenAI's API over HTTP: also the dialect of Alibaba's compatible mode, Mistral, vLLM, Ollama and Comity itself.

Answers are OpenAI's already, so their bytes pass as they are.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from comity.providers.base import Deployment
from comity.providers.dialect import Reader, unsupported
from comity.providers.http import JSON, SSE, Outgoing, code_of, shown
from comity.providers.multipart import Field, form
from comity.wire.audio import SpeechRequest, TranscriptionRequest
from comity.wire.chat import ChatRequest
from comity.wire.embeddings import EmbeddingsRequest
from comity.wire.images import ImageRequest
from comity.wire.request import Request
from comity.wire.rerank import RerankRequest

_encode = msgspec.json.Encoder().encode
_TYPE = {"content-type": JSON}
_SOUND = {
    "mp3": ("audio/mpeg", "audio/mp3"),
    "opus": ("audio/opus", "audio/ogg"),
    "aac": ("audio/aac",),
    "flac": ("audio/flac", "audio/x-flac"),
    "wav": ("audio/wav", "audio/x-wav", "audio/wave"),
    "pcm": ("audio/pcm", "audio/l16"),
}


class OpenAIDialect:
    """``boundary`` gives a random word for a form."""

    code_of = staticmethod(code_of)

    def __init__(self, boundary: Callable[[], str]) -> None:
        self._boundary = boundary

    def outgoing(self, deployment: Deployment, request: Request, key: str) -> Outgoing:
        if isinstance(request, ChatRequest):
            return self._json("/chat/completions", deployment, request, key, (SSE if request.stream else JSON,))
        if isinstance(request, EmbeddingsRequest):
            # Asked for as numbers everywhere: what a caller wants in base64 is written so on the way back.
            plain = msgspec.structs.replace(request, encoding_format="float")
            return self._json("/embeddings", deployment, plain, key, (JSON,))
        if isinstance(request, RerankRequest):
            return self._json("/rerank", deployment, request, key, (JSON,))
        if isinstance(request, SpeechRequest):
            return self._json("/audio/speech", deployment, request, key, (*_SOUND[request.response_format], "application/octet-stream"))
        if isinstance(request, ImageRequest):
            return self._json("/images/generations", deployment, request, key, (JSON,))
        if isinstance(request, TranscriptionRequest):
            return self._transcription(deployment, request, key)
        raise unsupported("openai", request.operation)

    def reader(self, deployment: Deployment, request: Request) -> Reader | None:
        return None

    def _json(self, path: str, deployment: Deployment, request: Request, key: str, accept: tuple[str, ...]) -> Outgoing:
        return Outgoing(path=path, body=_body(deployment, request), headers=_TYPE | shown(deployment, key), accept=accept)

    def _transcription(self, deployment: Deployment, request: TranscriptionRequest, key: str) -> Outgoing:
        said = {
            "model": deployment.model,
            "language": request.language,
            "prompt": request.prompt,
            "temperature": None if request.temperature is None else str(request.temperature),
            "response_format": "verbose_json" if request.timed else "json",
            "stream": "true" if request.stream else None,
        }
        fields = [Field(name, value.encode()) for name, value in said.items() if value is not None]
        fields += [Field("timestamp_granularities[]", each.encode()) for each in request.timestamp_granularities]
        fields.append(Field("file", request.file, request.filename, request.content_type))
        kind, body = form(fields, self._boundary())
        headers = {"content-type": kind} | shown(deployment, key)
        return Outgoing(path="/audio/transcriptions", body=body, headers=headers, accept=(SSE if request.stream else JSON,))


def _body(deployment: Deployment, request: Request) -> bytes:
    """By the partner's own model name, and the names it has for members."""
    named = msgspec.structs.replace(request, model=deployment.model)  # type: ignore[type-var]
    if not deployment.renames:
        return _encode(named)
    body = msgspec.to_builtins(named)
    for ours, theirs in deployment.renames:
        if ours in body:
            said = body.pop(ours)
            body.setdefault(theirs, said)
    return _encode(body)
