# SPDX-License-Identifier: Apache-2.0
"""Orders and vectors in Cohere's second version; a base that ends in `/v2`.  vLLM and others speak its rerank too.

https://docs.cohere.com/reference/rerank, …/embed.  A text that is too long is refused, never cut silently.  A text to find and a text
to find by are embedded differently there; an OpenAI client does not say which it has, so all are embedded alike, as texts to be found.
"""

from __future__ import annotations

from typing import Any

import msgspec

from comity.errors import ProviderFailure
from comity.providers.base import Deployment
from comity.providers.dialect import Reader, unsupported
from comity.providers.http import JSON, Outgoing, code_of, shown
from comity.wire.embeddings import EmbeddingsRequest
from comity.wire.request import Request
from comity.wire.rerank import RerankRequest

Body = dict[str, Any]
_encode = msgspec.json.Encoder().encode
TEXTS_MAX = 96


class CohereDialect:
    code_of = staticmethod(code_of)

    def outgoing(self, deployment: Deployment, request: Request, key: str) -> Outgoing:
        if isinstance(request, RerankRequest):
            path, body = "/rerank", _ranking(request)
        elif isinstance(request, EmbeddingsRequest):
            path, body = "/embed", _embedding(request)
        else:
            raise unsupported("cohere", request.operation)
        raw = _encode({"model": deployment.model, **{name: said for name, said in body.items() if said is not None}})
        return Outgoing(path=path, body=raw, headers={"content-type": JSON} | shown(deployment, key), accept=(JSON,))

    def reader(self, deployment: Deployment, request: Request) -> Reader:
        return _Reading(deployment.model, request)


def _ranking(request: RerankRequest) -> Body:
    return {"query": request.query, "documents": request.contents, "top_n": request.top_n}


def _embedding(request: EmbeddingsRequest) -> Body:
    if request.user is not None:
        raise unsupported("cohere", "user")
    if len(request.inputs) > TEXTS_MAX:
        raise unsupported("cohere", f"more than {TEXTS_MAX} texts")
    return {
        "texts": request.inputs,
        "input_type": "search_document",
        "embedding_types": ("float",),
        "output_dimension": request.dimensions,
        "truncate": "NONE",
    }


class _Reading:
    """One body, read whole."""

    content_type = JSON

    def __init__(self, model: str, request: Request) -> None:
        self._model, self._request, self._pieces = model, request, list[bytes]()

    def feed(self, piece: bytes) -> bytes:
        self._pieces.append(piece)
        return b""

    def finish(self) -> bytes:
        try:
            body = msgspec.json.decode(b"".join(self._pieces))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise _broken("is not JSON") from None
        made = _ranked(body) if isinstance(self._request, RerankRequest) else _embedded(body)
        return _encode({"model": self._model, **made, **_usage(body)})


def _ranked(body: Any) -> Body:
    match body:
        case {"results": list(results)}:
            return {"results": [_place(result) for result in results]}
    raise _broken("has no `results`")


def _place(result: Any) -> Body:
    match result:
        case {"index": int(index), "relevance_score": int() | float() as score}:
            return {"index": index, "relevance_score": score}
    raise _broken("has a result without a place or a score")


def _embedded(body: Any) -> Body:
    match body:
        case {"embeddings": {"float": list(vectors)}}:
            data = [{"object": "embedding", "index": place, "embedding": vector} for place, vector in enumerate(vectors)]
            return {"object": "list", "data": data}
    raise _broken("has no vectors of numbers")


def _usage(body: Any) -> Body:
    """Tokens where they are told: an order is paid for by the search, and may tell none."""
    match body:
        case {"meta": {"tokens": {"input_tokens": int() | float() as count}}} | {
            "meta": {"billed_units": {"input_tokens": int() | float() as count}}
        }:
            return {"usage": {"prompt_tokens": int(count), "total_tokens": int(count)}}
    return {}


def _broken(what: str) -> ProviderFailure:
    return ProviderFailure(f"the partner's answer {what}", kind="protocol", retryable=False)
