# SPDX-License-Identifier: Apache-2.0
"""Cohere's second version: `/v2/rerank` and `/v2/embed`.

https://docs.cohere.com/reference/rerank, …/embed and …/errors, whose messages these are; an error is a message and an id, without a code.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec

from comity.lab.simulators import brain
from comity.lab.simulators.answer import Answer, Request, Trouble, whole

PATH = "/v2"
TEXTS_MAX = 96
DIMENSIONS = (1536, 1024, 512, 256)  # of embed-v4 and later, its own first
OLDER_DIMENSIONS = 1024


class Told(NamedTuple):
    status: int
    message: str = ""  # else the trouble's own


TOLD = {
    "key": Told(401, "invalid api token"),
    "forbidden": Told(403, "please check your API key, and that you are allowed to use this model"),
    "path": Told(404, "404 page not found"),
    "host": Told(421),
    "body": Told(400),
    "too_large": Told(413),
    "parameter": Told(400),
    "model": Told(404),
    "rate": Told(429, "You are past the per minute request limit, please wait and try again later."),
    "quota": Told(402, "Please add or update your payment method to continue using this API."),
    "inspection": Told(400),
    "server": Told(500, "internal server error, this has been reported to our developers."),
    "overloaded": Told(503, "the service is overloaded, please try again later"),
    "timeout": Told(504, "the request timed out"),
}


class Rerank(msgspec.Struct, frozen=True, kw_only=True):
    model: str = ""
    query: str = ""
    documents: list[str] = []
    top_n: int | None = None
    max_tokens_per_doc: int | None = None


class Embed(msgspec.Struct, frozen=True, kw_only=True):
    model: str = ""
    texts: list[str] = []
    input_type: Literal["search_document", "search_query", "classification", "clustering", "image"] | None = None
    embedding_types: list[Literal["float", "int8", "uint8", "binary", "ubinary", "base64"]] = []
    output_dimension: int | None = None
    truncate: Literal["NONE", "START", "END"] = "END"


class Cohere:
    """``models``: those that are there; none: any."""

    def __init__(self, *, path: str = "", models: tuple[str, ...] = ()) -> None:
        self._path, self._models = (path or PATH).rstrip("/"), models

    def key(self, request: Request) -> str | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return key.strip() if scheme.lower() == "bearer" else ""

    async def answer(self, request: Request) -> Answer:
        match request.method, request.path.removeprefix(self._path):
            case "POST", "/rerank":
                return self._ranked(request)
            case "POST", "/embed":
                return self._embedded(request)
        raise Trouble("path", "")

    def _ranked(self, request: Request) -> Answer:
        wish = _read(request, Rerank)
        self._here(wish.model)
        if not wish.query.strip():
            raise _invalid("query must not be empty or be only whitespace")
        if not wish.documents:
            raise _invalid("list of documents must not be empty")
        if wish.top_n is not None and wish.top_n < 1:
            raise _invalid("top_n must be at least 1")
        results = [{"index": place, "relevance_score": score} for place, score in brain.rank(wish.query, wish.documents)[: wish.top_n]]
        searches = -(-len(wish.documents) // 100)  # a search unit is a query with up to 100 documents
        return _said(request, {"results": results, "meta": _meta({"search_units": searches})})

    def _embedded(self, request: Request) -> Answer:
        wish = _read(request, Embed)
        self._here(wish.model)
        if not wish.texts or not all(wish.texts):
            raise _invalid("at least one text must be provided, and none may be empty")
        if len(wish.texts) > TEXTS_MAX:
            raise _invalid(f"total number of texts must be at most {TEXTS_MAX} - received {len(wish.texts)}")
        if wish.input_type is None:
            raise _invalid("valid input_type must be provided with the provided model")
        older = "-v4" not in wish.model
        if wish.output_dimension is not None and (older or wish.output_dimension not in DIMENSIONS):
            raise _invalid("output_dimension is not supported by the provided model")
        if set(wish.embedding_types) - {"float"}:
            raise _invalid("only embeddings of type float are made here")
        size = wish.output_dimension or (OLDER_DIMENSIONS if older else DIMENSIONS[0])
        vectors = [brain.embed(text, size) for text in wish.texts]
        spent = sum(len(brain.tokens(text)) for text in wish.texts)
        made = {"embeddings": {"float": vectors}, "texts": wish.texts, "response_type": "embeddings_by_type"}
        return _said(request, made | {"meta": _meta({"input_tokens": spent})})

    def _here(self, model: str) -> None:
        if not model:
            raise _invalid("model is required")
        if self._models and model not in self._models:
            raise Trouble(
                "model", f"model '{model}' not found, make sure the correct model ID was used and that you have access to the model."
            )

    def error(self, trouble: Trouble, request: Request) -> Answer:
        told = TOLD[trouble.kind]
        headers = {"retry-after": f"{trouble.retry_after:g}"} if trouble.retry_after is not None else {}
        body = {"id": _id(request), "message": told.message or str(trouble)}
        return whole(body, status=trouble.status or told.status, headers=headers)

    def error_event(self, trouble: Trouble, request: Request) -> bytes:
        return b""  # nothing is streamed here


def _read(request: Request, kind: Any) -> Any:
    try:
        return msgspec.convert(request.json(), kind)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from error


def _invalid(what: str) -> Trouble:
    return Trouble("parameter", f"invalid request: {what}")


def _id(request: Request) -> str:
    digits = request.id
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def _meta(billed: dict[str, int]) -> dict[str, Any]:
    return {"api_version": {"version": "2"}, "billed_units": billed}


def _said(request: Request, body: dict[str, Any]) -> Answer:
    return whole({"id": _id(request), **body})
