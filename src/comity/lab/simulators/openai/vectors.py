# SPDX-License-Identifier: Apache-2.0
"""`/embeddings`, and reranking in the three forms that go with this dialect.

https://developers.openai.com/api/reference/resources/embeddings.  Reranking: Jina's and vLLM's `/rerank`
(https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html), Cohere's `/v2/rerank` (https://docs.cohere.com/reference/rerank),
Model Studio's `/compatible-api/v1/reranks` (https://www.alibabacloud.com/help/en/model-studio/rerank).
"""

from __future__ import annotations

import base64
from typing import Any

from comity.lab.simulators.answer import Answer, Request, Trouble, whole
from comity.lab.simulators.brain import embed, packed, rank, tokens
from comity.lab.simulators.openai.errors import Speaker
from comity.lab.simulators.openai.fields import Fields, wrong

DIMENSIONS: dict[Speaker, int] = {"openai": 1536, "model-studio": 1024, "vllm": 1024}
DIMENSIONS_MAX, INPUTS_MAX, DOCUMENTS_MAX = 4096, 2048, 1000


def embeddings(request: Request, speaker: Speaker) -> Answer:
    fields = Fields(request.json())
    model = fields.must("model", str)
    texts = _texts(fields)
    size = fields.whole("dimensions", DIMENSIONS[speaker], 1, DIMENSIONS_MAX) or 1
    kind = fields.choice("encoding_format", ("float", "base64"), "float")
    rows = []
    for place, text in enumerate(texts):
        vector: Any = embed(text, size)
        rows.append(
            {"object": "embedding", "index": place, "embedding": base64.b64encode(packed(vector)).decode() if kind == "base64" else vector}
        )
    count = sum(len(tokens(text)) for text in texts)
    return whole({"object": "list", "data": rows, "model": model, "usage": {"prompt_tokens": count, "total_tokens": count}})


def _texts(fields: Fields) -> list[str]:
    """One text or several; token numbers, which only a real tokenizer could read back, are told apart by their digits."""
    held = fields.held.get("input")
    listed = [held] if isinstance(held, str) or (isinstance(held, list) and held and isinstance(held[0], int)) else held
    if not isinstance(listed, list) or not all(isinstance(one, str | list) for one in listed):
        raise wrong("input", "a string, an array of strings, or arrays of integers")
    if not listed or "" in listed or len(listed) > INPUTS_MAX:
        raise Trouble("parameter", f"Invalid 'input': from 1 to {INPUTS_MAX} texts, none empty.", field="input")
    return [one if isinstance(one, str) else " ".join(map(str, one)) for one in listed]


def rerank(request: Request) -> Answer:
    fields = Fields(request.json())
    model, query = fields.must("model", str), fields.must("query", str)
    held = fields.must("documents", list)
    documents = [one if isinstance(one, str) else Fields(one, f"documents[{place}]").must("text", str) for place, one in enumerate(held)]
    if not 0 < len(documents) <= DOCUMENTS_MAX:
        raise Trouble("parameter", f"Invalid 'documents': from 1 to {DOCUMENTS_MAX}.", field="documents")
    most = fields.whole("top_n", len(documents), 1, DOCUMENTS_MAX)
    rows: list[dict[str, Any]] = [{"index": place, "relevance_score": score} for place, score in rank(query, documents)][:most]
    count = sum(len(tokens(query + text)) for text in documents)
    if request.path.endswith("/v2/rerank"):
        return whole({"id": request.id, "results": rows, "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}})
    compatible = request.path.endswith("/reranks")
    if fields.maybe("return_documents", bool) is not False and not compatible:
        rows = [row | {"document": {"text": documents[row["index"]]}} for row in rows]
    made = {"id": f"rerank-{request.id}", "model": model, "results": rows, "usage": {"total_tokens": count}}
    return whole({"object": "list", **made} if compatible else made)
