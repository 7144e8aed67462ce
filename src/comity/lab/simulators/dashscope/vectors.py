# SPDX-License-Identifier: Apache-2.0
"""Vectors of texts and images, and ranks of documents.

https://help.aliyun.com/zh/model-studio/text-embedding-synchronous-api, …/multimodal-embedding-api-reference,
https://www.alibabacloud.com/help/en/model-studio/text-rerank-api
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from comity.lab.simulators import brain
from comity.lab.simulators.answer import Answer, Request, whole
from comity.lab.simulators.dashscope import errors, wire
from comity.lab.simulators.dashscope.asked import Fetch

DIMENSIONS = {
    "text-embedding-v4": (1024, 2048, 1536, 768, 512, 256, 128, 64),
    "text-embedding-v3": (1024, 768, 512, 256, 128, 64),
    "text-embedding-v2": (1536,),
    "text-embedding-v1": (1536,),
    "qwen3-vl-embedding": (2560, 2048, 1536, 1024, 768, 512, 256),
    "tongyi-embedding-vision-plus": (1152, 1024, 512, 256, 128, 64),
    "tongyi-embedding-vision-flash": (768, 512, 256, 128, 64),
}
"""The sizes that a model makes, its own first."""
BATCH_MAX = {"text-embedding-v1": 25, "text-embedding-v2": 25}
SPARSE = ("text-embedding-v3", "text-embedding-v4")
DOCUMENTS_MAX, CONTENTS_MAX, IMAGE_TOKENS = 500, 20, 896


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    texts: list[str]


class TextParameters(msgspec.Struct, frozen=True, kw_only=True):
    dimension: int | None = None
    text_type: Literal["query", "document"] = "document"
    output_type: Literal["dense", "sparse", "dense&sparse"] = "dense"
    instruct: str = ""


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    contents: list[dict[str, Any]]


class ContentParameters(msgspec.Struct, frozen=True, kw_only=True):
    dimension: int | None = None
    enable_fusion: bool = False


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    query: str | dict[str, str]
    documents: list[str | dict[str, str]]


class RankParameters(msgspec.Struct, frozen=True, kw_only=True):
    top_n: int | None = None
    return_documents: bool = False
    instruct: str = ""


class Compatible(msgspec.Struct, frozen=True, kw_only=True):
    """`/compatible-api/v1/reranks`: the same without `input` and `parameters`."""

    model: str
    query: str
    documents: list[str]
    top_n: int | None = None
    instruct: str = ""


def embed_texts(request: Request, body: wire.Body) -> Answer:
    wire.must_be(body.model, "embedding")
    texts = wire.typed(body.input, Texts, "input").texts
    wanted = wire.typed(body.parameters, TextParameters, "parameters")
    batch = BATCH_MAX.get(body.model, 10)
    if not texts or not all(texts):
        raise errors.invalid("Value error, contents is neither str nor list of str.: input.contents", "texts")
    if len(texts) > batch:
        raise errors.invalid(f"Value error, batch size is invalid, it should not be larger than {batch}.: input.contents", "texts")
    if wanted.output_type != "dense" and body.model not in SPARSE:
        raise errors.invalid("output_type is not supported by this model", "output_type")
    size = _size(body.model, wanted.dimension)
    made = []
    for place, text in enumerate(texts):
        one: dict[str, Any] = {"text_index": place}
        if "dense" in wanted.output_type:
            one["embedding"] = brain.embed(text, size)
        if "sparse" in wanted.output_type:
            one["sparse_embedding"] = _sparse(text)
        made.append(one)
    return wire.answered(request, {"embeddings": made}, {"total_tokens": sum(len(brain.tokens(text)) for text in texts)})


def embed_contents(request: Request, body: wire.Body, fetch: Fetch) -> Answer:
    wire.must_be(body.model, "multimodal-embedding")
    contents = wire.typed(body.input, Contents, "input").contents
    wanted = wire.typed(body.parameters, ContentParameters, "parameters")
    if not contents or len(contents) > CONTENTS_MAX:
        raise errors.invalid(f"Range of input.contents should be [1, {CONTENTS_MAX}]", "contents")
    size = _size(body.model, wanted.dimension)
    parts = [part for item in contents for part in _parts(item, fetch)]
    if not parts:
        raise errors.invalid("input.contents holds no text, image or video", "contents")
    kinds = [("fusion", " ".join(word for _, word in parts))] if wanted.enable_fusion else parts
    made = [{"index": place, "embedding": brain.embed(word, size), "type": kind} for place, (kind, word) in enumerate(kinds)]
    images = sum(kind != "text" for kind, _ in parts)
    words = sum(len(brain.tokens(word)) for kind, word in parts if kind == "text")
    details = {"image_tokens": images * IMAGE_TOKENS, "text_tokens": words}
    usage = {"input_tokens": sum(details.values()), "input_tokens_details": details, "output_tokens": 1}
    return wire.answered(request, {"embeddings": made}, {**usage, "total_tokens": sum(details.values()) + 1, "image_count": images})


def _parts(item: dict[str, Any], fetch: Fetch) -> list[tuple[str, str]]:
    """Each thing to embed with its kind; an image counts by its bytes, or by its address where they are not here."""
    found: list[tuple[str, str]] = []
    for kind in ("text", "image", "video", "multi_images"):
        held = item.get(kind)
        for each in held if isinstance(held, list) else () if held is None else (held,):
            if kind == "text":
                found.append((kind, str(each)))
                continue
            data = fetch(str(each))
            seen = brain.see(data) if kind != "video" else brain.Seen(kind="file", size=len(data or b""))
            found.append((kind, seen.sha256 or str(each)))
    return found


def _size(model: str, wanted: int | None) -> int:
    sizes = DIMENSIONS.get(model, (1024,))
    if wanted is not None and wanted not in sizes:
        raise errors.invalid(f"Value error, dimension is invalid, it should be one of {sorted(sizes)}.: parameters.dimension", "dimension")
    return wanted if wanted is not None else sizes[0]


def _sparse(text: str) -> list[dict[str, Any]]:
    """One weight a different word: a number for it, and how much of the text it is."""
    words = [word.strip().lower() for word in brain.tokens(text) if word.strip()]
    return [
        {"index": int(brain.label(word)[:5], 16), "value": words.count(word) / len(words), "token": word} for word in dict.fromkeys(words)
    ]


def rerank(request: Request, body: wire.Body) -> Answer:
    wire.must_be(body.model, "rerank")
    given = wire.typed(body.input, Ranked, "input")
    wanted = wire.typed(body.parameters, RankParameters, "parameters")
    query, documents = _word(given.query), [_word(each) for each in given.documents]
    results: list[dict[str, Any]] = []
    for place, relevance in _best(query, documents, wanted.top_n):
        one: dict[str, Any] = {"index": place, "relevance_score": relevance}
        if wanted.return_documents:
            given_document = given.documents[place]
            one["document"] = {"text": given_document} if isinstance(given_document, str) else given_document
        results.append(one)
    return wire.answered(request, {"results": results}, {"total_tokens": _read_tokens(query, documents)})


def rerank_compatible(request: Request) -> Answer:
    """`qwen3-rerank` has this address of its own beside the native one."""
    given = wire.typed(request.json(), Compatible, "$")
    wire.must_be(given.model, "rerank")
    results = [{"index": place, "relevance_score": score} for place, score in _best(given.query, given.documents, given.top_n)]
    usage = {"total_tokens": _read_tokens(given.query, given.documents)}
    return whole({"object": "list", "results": results, "model": given.model, "id": wire.uuid(request.id), "usage": usage})


def _best(query: str, documents: list[str], top: int | None) -> list[tuple[int, float]]:
    if not query or not documents:
        raise errors.invalid("query and documents must not be empty", "documents")
    if len(documents) > DOCUMENTS_MAX:
        raise errors.invalid(f"Range of documents should be [1, {DOCUMENTS_MAX}]", "documents")
    if top is not None and top < 1:
        raise errors.invalid("top_n must be greater than 0", "top_n")
    return brain.rank(query, documents)[:top]


def _word(given: str | dict[str, str]) -> str:
    """A text, or an image or video by its address."""
    return given if isinstance(given, str) else next((given[kind] for kind in ("text", "image", "video") if kind in given), "")


def _read_tokens(query: str, documents: list[str]) -> int:
    return len(brain.tokens(query)) * len(documents) + sum(len(brain.tokens(document)) for document in documents)
