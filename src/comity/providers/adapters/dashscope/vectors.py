# SPDX-License-Identifier: Apache-2.0
"""Vectors, as many exchanges as the texts need, and ranks in one.

https://help.aliyun.com/zh/model-studio/text-embedding-synchronous-api, …/multimodal-embedding-api-reference,
https://www.alibabacloud.com/help/en/model-studio/text-rerank-api
"""

from __future__ import annotations

from typing import Any

from comity.providers.adapters.dashscope.answers import Made
from comity.providers.adapters.dashscope.families import embeds_media, texts_at_once
from comity.providers.adapters.dashscope.wire import Body, Line, broken, encode, member, refuse
from comity.wire.embeddings import EmbeddingsRequest
from comity.wire.rerank import RerankRequest

DOCUMENTS_MAX = 500


async def embedded(line: Line, request: EmbeddingsRequest) -> Made:
    """One exchange after another, so that one caller's long list is no burst at the partner."""
    if request.user is not None:
        raise refuse("user")
    model, texts = line.deployment.model, request.inputs
    at_once, data, tokens = texts_at_once(model), list[Body](), 0
    parameters = {"dimension": request.dimensions} if request.dimensions is not None else {}
    for start in range(0, len(texts), at_once):
        batch = texts[start : start + at_once]
        if embeds_media(model):
            given: Body = {"contents": [{"text": text} for text in batch]}
            path, number = "/services/embeddings/multimodal-embedding/multimodal-embedding", "index"
        else:
            given, path, number = {"texts": batch}, "/services/embeddings/text-embedding/text-embedding", "text_index"
        body, answer = await line.ask(path, given, parameters)
        vectors = _in_order(member(member(body, "output", dict), "embeddings", list), number, len(batch))
        data += [{"object": "embedding", "index": start + place, "embedding": vector} for place, vector in enumerate(vectors)]
        tokens += _tokens(body)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return Made(encode({"object": "list", "data": data, "model": model, "usage": usage}), answer.rate_limits)


def _in_order(found: list[Any], number: str, count: int) -> list[Any]:
    """One vector for each text that was sent, whatever order they came in."""
    placed = {member(each, number, int): member(each, "embedding", list) for each in found}
    if len(found) != count or set(placed) != set(range(count)):
        raise broken("the partner's answer has not one vector for each text")
    return [placed[place] for place in range(count)]


async def ranked(line: Line, request: RerankRequest) -> Made:
    """The documents themselves are not asked back: the door puts in the caller's own."""
    if len(request.documents) > DOCUMENTS_MAX:
        raise refuse(f"more than {DOCUMENTS_MAX} documents")
    parameters: Body = {"return_documents": False, **({} if request.top_n is None else {"top_n": request.top_n})}
    given = {"query": request.query, "documents": request.contents}
    body, answer = await line.ask("/services/rerank/text-rerank/text-rerank", given, parameters)
    results = member(member(body, "output", dict), "results", list)
    kept = [{"index": member(each, "index", int), "relevance_score": _score(each)} for each in results]
    tokens = _tokens(body)
    made = {"model": line.deployment.model, "results": kept, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
    return Made(encode(made), answer.rate_limits)


def _score(result: Any) -> float:
    score = result.get("relevance_score") if isinstance(result, dict) else None
    if not isinstance(score, int | float) or isinstance(score, bool):
        raise broken("the partner's answer has no `relevance_score` where it should")
    return score


def _tokens(body: Body) -> int:
    usage = body.get("usage")
    found = usage.get("total_tokens") if isinstance(usage, dict) else None
    return found if isinstance(found, int) else 0
