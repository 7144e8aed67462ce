# SPDX-License-Identifier: Apache-2.0
"""Which request goes where: a model is named in the path.

Chat: https://ai.google.dev/api/generate-content, the same at Vertex AI under its own base.  Vectors: …/api/embeddings, of the Gemini
API alone.  Vertex AI takes an access token; to make one of a service account's key is not done here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from comity.providers.adapters.gemini.chat import asked
from comity.providers.adapters.gemini.reply import Telling, Vectors, code_of
from comity.providers.base import Deployment
from comity.providers.deltas import Body, Streamed, Whole, encode
from comity.providers.dialect import Reader, unsupported
from comity.providers.http import JSON, SSE, Outgoing, shown
from comity.wire.chat import ChatRequest
from comity.wire.embeddings import EmbeddingsRequest
from comity.wire.request import Request

TEXTS_MAX = 100


class GeminiDialect:
    code_of = staticmethod(code_of)

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def outgoing(self, deployment: Deployment, request: Request, key: str) -> Outgoing:
        if deployment.key == "google" and key.startswith("{"):
            raise unsupported("gemini", "a service account's key; an access token is")
        model = deployment.model.removeprefix("models/")
        if isinstance(request, ChatRequest):
            verb, body = "streamGenerateContent?alt=sse" if request.stream else "generateContent", asked(request, model)
        elif isinstance(request, EmbeddingsRequest) and deployment.key != "google":
            verb, body = "batchEmbedContents", _embedding(request, model)
        else:
            raise unsupported("gemini", request.operation)
        return Outgoing(
            path=f"/models/{quote(model, safe='')}:{verb}",
            body=encode(body),
            headers={"content-type": JSON} | shown(deployment, key),
            accept=(SSE,) if request.stream else (JSON,),
        )

    def reader(self, deployment: Deployment, request: Request) -> Reader:
        if not isinstance(request, ChatRequest):
            return Vectors(deployment.model)
        telling, created = Telling(deployment.model), int(self._now().timestamp())
        if not request.stream:
            return Whole(telling, created)
        return Streamed(telling, created, with_usage=bool(request.stream_options and request.stream_options.include_usage))


def _embedding(request: EmbeddingsRequest, model: str) -> Body:
    if request.user is not None:
        raise unsupported("gemini", "user")
    if len(request.inputs) > TEXTS_MAX:
        raise unsupported("gemini", f"more than {TEXTS_MAX} texts")
    size = {} if request.dimensions is None else {"outputDimensionality": request.dimensions}
    return {"requests": [{"model": f"models/{model}", "content": {"parts": [{"text": text}]}, **size} for text in request.inputs]}
