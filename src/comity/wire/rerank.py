# SPDX-License-Identifier: Apache-2.0
"""Rerank, request side, in the form that Cohere, Jina and vLLM share: a query, documents, how many to name."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from comity.errors import CallerError, ProviderFailure
from comity.wire.decode import decode, within
from comity.wire.door import Said
from comity.wire.request import Change, MediumKind, Operation, Wire


class Document(Wire, frozen=True, kw_only=True):
    text: str


class RerankRequest(Wire, frozen=True, kw_only=True):
    """`POST /v1/rerank`"""

    operation: ClassVar[Operation] = "rerank"
    stream: ClassVar[bool] = False

    query: str
    documents: tuple[str | Document, ...]
    model: str = "auto"
    top_n: int | None = None
    return_documents: bool = False

    @property
    def contents(self) -> tuple[str, ...]:
        return tuple(each.text if isinstance(each, Document) else each for each in self.documents)

    def mapped(self, change: Change) -> RerankRequest:
        return msgspec.structs.replace(self, query=change(self.query), documents=tuple(change(each) for each in self.contents))

    def media(self) -> frozenset[MediumKind]:
        return frozenset()

    def needs(self) -> frozenset[str]:
        return frozenset()


_strict = msgspec.json.Decoder(RerankRequest)
_encode = msgspec.json.Encoder().encode
DOCUMENTS_MAX = 1000


def decoded(body: bytes, content_type: str, drop_unknown: bool) -> tuple[RerankRequest, tuple[str, ...]]:
    """Raises CallerError."""
    request, dropped = decode(body, _strict, drop_unknown=drop_unknown)
    if not request.documents or len(request.documents) > DOCUMENTS_MAX:
        raise CallerError(f"`documents` is not 1 to {DOCUMENTS_MAX} texts", code="request.invalid", field="documents")
    within("top_n", request.top_n, 1, DOCUMENTS_MAX)
    return request, dropped


def answer(body: dict[str, Any], request: RerankRequest) -> Said:
    """The order, with the caller's own documents where they are asked for: what left may have been changed."""
    documents = request.contents
    results = []
    for each in body["results"]:
        index, score = (each.get("index"), each.get("relevance_score")) if isinstance(each, dict) else (None, None)
        if not isinstance(index, int) or not 0 <= index < len(documents) or not isinstance(score, int | float):
            raise ProviderFailure("the partner's answer orders what was not sent", retryable=False)
        result: dict[str, Any] = {"index": index, "relevance_score": score}
        results.append(result | {"document": {"text": documents[index]}} if request.return_documents else result)
    return Said(_encode(body | {"results": results}))
