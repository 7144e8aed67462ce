# SPDX-License-Identifier: Apache-2.0
"""Which request goes where, what is said, and how a refusal is told.

https://ai.google.dev/api/generate-content, …/api/embeddings, …/gemini-api/docs/troubleshooting; the details of a wrong key as callers
quote them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import msgspec

from comity.lab.simulators import brain
from comity.lab.simulators.answer import SSE, Answer, Request, Trouble, event, whole
from comity.lab.simulators.gemini import asked

Body = dict[str, Any]
PATHS = ("/v1beta", "/v1")
DIMENSIONS, DIMENSIONS_MAX, TEXTS_MAX = 768, 3072, 100
STOPS = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
TOLD = {
    "key": (400, "INVALID_ARGUMENT"),
    "forbidden": (403, "PERMISSION_DENIED"),
    "path": (404, "NOT_FOUND"),
    "host": (404, "NOT_FOUND"),
    "body": (400, "INVALID_ARGUMENT"),
    "too_large": (413, "INVALID_ARGUMENT"),
    "parameter": (400, "INVALID_ARGUMENT"),
    "model": (404, "NOT_FOUND"),
    "rate": (429, "RESOURCE_EXHAUSTED"),
    "quota": (429, "RESOURCE_EXHAUSTED"),
    "inspection": (200, ""),
    "server": (500, "INTERNAL"),
    "overloaded": (503, "UNAVAILABLE"),
    "timeout": (504, "DEADLINE_EXCEEDED"),
}


class Gemini:
    """``models``: those that are there; none: any."""

    def __init__(self, *, path: str = "", models: tuple[str, ...] = ()) -> None:
        self._models = models
        self._before = tuple(f"{each.rstrip('/')}/models/" for each in ((path,) if path else PATHS))

    def key(self, request: Request) -> str | None:
        """Vertex AI takes a token instead."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return request.headers.get("x-goog-api-key") or request.query.get("key") or token

    async def answer(self, request: Request) -> Answer:
        before = next((each for each in self._before if request.path.startswith(each)), "")
        if request.method != "POST" or not before:
            raise Trouble("path", "Requested entity was not found.")
        name, _, verb = request.path.removeprefix(before).rpartition(":")
        model = unquote(name)
        if self._models and model not in self._models:
            raise Trouble("model", f"models/{model} is not found for API version v1beta, or is not supported for {verb}.")
        if verb in ("generateContent", "streamGenerateContent"):
            wish = asked.asked(asked.read(request.json(), asked.Wish), model, filtered=request.filtered)
            bodies = [_head(request, model) | body for body in _told(brain.say(wish), verb == "streamGenerateContent")]
            return _sent(request, bodies)
        if verb == "batchEmbedContents":
            return _embedded(asked.read(request.json(), asked.Batch).requests, many=True)
        if verb == "embedContent":
            return _embedded([asked.read(request.json(), asked.Embed)], many=False)
        raise Trouble("path", "Requested entity was not found.")

    def error(self, trouble: Trouble, request: Request) -> Answer:
        if trouble.kind == "inspection":  # what is stopped before it is read is answered, and not refused
            body = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 1, "totalTokenCount": 1}}
            return _sent(request, [body])
        status = trouble.status or TOLD[trouble.kind][0]
        headers = {} if trouble.retry_after is None else {"retry-after": f"{trouble.retry_after:g}"}
        return whole(_error(trouble, status), status=status, headers=headers)

    def error_event(self, trouble: Trouble, request: Request) -> bytes:
        return event(_error(trouble, TOLD[trouble.kind][0]))


def _error(trouble: Trouble, status: int) -> Body:
    error: Body = {"code": status, "message": str(trouble), "status": trouble.code or TOLD[trouble.kind][1]}
    if trouble.kind == "key" and not trouble.code:
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
        error |= {"message": "API key not valid. Please pass a valid API key.", "details": [info]}
    return {"error": error}


def _head(request: Request, model: str) -> Body:
    return {"modelVersion": model, "responseId": request.id[:22]}


def _sent(request: Request, bodies: list[Body]) -> Answer:
    """Without `alt=sse` a stream is one array."""
    if not request.path.endswith(":streamGenerateContent"):
        return whole(bodies[0])
    if request.query.get("alt") != "sse":
        return whole(bodies)
    return Answer(headers=SSE, pieces=tuple(event(body) for body in bodies), streamed=True)


def _told(script: brain.Script, stream: bool) -> Iterator[Body]:
    """A call is told in one piece; the signature of a thought stands on the first call, or else at the end of the text."""
    pieces = brain.cut if stream else lambda text: [text] if text else []
    proof = {"thoughtSignature": asked.signature(script.reasoning)} if script.reasoning else {}
    parts: list[Body] = [{"text": piece, "thought": True} for piece in pieces(script.reasoning)]
    parts += [{"text": piece} for piece in pieces(script.text)]
    for place, call in enumerate(script.calls):
        made = {"id": brain.label(str(place), call.name)[:8], "name": call.name, "args": msgspec.json.decode(call.arguments)}
        parts.append({"functionCall": made} | (proof if place == 0 else {}))
    if proof and not script.calls:
        if stream:
            parts.append({"text": "", **proof})
        else:
            parts[-1] |= proof
    ending: Body = {"finishReason": STOPS[script.finish]}
    used: Body = {
        "promptTokenCount": script.usage.prompt,
        "candidatesTokenCount": script.usage.completion - script.usage.reasoning,
        "totalTokenCount": script.usage.total,
    }
    if script.usage.reasoning:
        used["thoughtsTokenCount"] = script.usage.reasoning
    if not stream:
        yield {"candidates": [{"content": {"parts": parts, "role": "model"}, "index": 0, **ending}], "usageMetadata": used}
        return
    for part in parts[:-1]:
        yield {"candidates": [{"content": {"parts": [part], "role": "model"}, "index": 0}], "usageMetadata": used}
    yield {"candidates": [{"content": {"parts": parts[-1:], "role": "model"}, "index": 0, **ending}], "usageMetadata": used}


def _embedded(wishes: list[asked.Embed], *, many: bool) -> Answer:
    if not 0 < len(wishes) <= TEXTS_MAX:
        raise asked.invalid(f"* BatchEmbedContentsRequest.requests: at most {TEXTS_MAX} requests can be in one batch")
    vectors: list[Body] = []
    for wish in wishes:
        size = DIMENSIONS if wish.output_dimensionality is None else wish.output_dimensionality
        text = "\n".join(part.text or "" for part in wish.content.parts)
        if not 0 < size <= DIMENSIONS_MAX or not text:
            raise asked.invalid("* EmbedContentRequest: content is empty, or output_dimensionality is out of range")
        vectors.append({"values": brain.embed(text, size)})
    return whole({"embeddings": vectors} if many else {"embedding": vectors[0]})
