# SPDX-License-Identifier: Apache-2.0
"""What `generateContent` answers: one body, or a stream of bodies of the same form.  The one that tells a reason ends it.

https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from comity.providers import http
from comity.providers.deltas import Body, broken, count, encode, member, object_of, opened, usage

BLOCKED = frozenset(
    """
    SAFETY RECITATION BLOCKLIST PROHIBITED_CONTENT SPII IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT IMAGE_RECITATION MODEL_ARMOR
    """.split()  # noqa: SIM905
)
FINISH = {"STOP": "stop", "MAX_TOKENS": "length"} | dict.fromkeys(BLOCKED, "content_filter")
"""Any other, `MALFORMED_FUNCTION_CALL` and `OTHER` among them, is no answer."""


def code_of(body: Mapping[str, Any]) -> str:
    """The word for the status; where a key is wrong that would be `INVALID_ARGUMENT`, and the details say more."""
    match body.get("error", body):
        case {"details": [{"reason": str(reason)}, *_]}:
            return reason
        case {"status": str(status)}:
            return status
    return http.code_of(body)


class Telling:
    def __init__(self, model: str) -> None:
        self.id, self.model = "", model
        self.finish: str | None = None
        self.usage: Body | None = None
        self.ended = False
        self._calls = 0
        self._signed = False

    def whole(self, body: Body) -> Iterator[Body]:
        return self.event(body)

    def event(self, body: Body) -> Iterator[Body]:
        if "error" in body:
            raise http.said_in_stream(body, code_of)
        match body:
            case {"promptFeedback": {"blockReason": str()}}:
                raise http.said_in_stream({"code": "content_filter"})
        self.id = str(body.get("responseId") or self.id)
        self.model = str(body.get("modelVersion") or self.model)
        if isinstance(body.get("usageMetadata"), dict):
            self._count(body["usageMetadata"])
        candidates = body.get("candidates", [])
        if not isinstance(candidates, list) or not all(isinstance(each, dict) for each in candidates):
            raise broken("the partner's answer has no `candidates` where it should")
        for candidate in candidates[:1]:
            yield from self._candidate(candidate)

    def _candidate(self, candidate: Body) -> Iterator[Body]:
        content = candidate.get("content", {})
        parts = content.get("parts", []) if isinstance(content, dict) else None
        if not isinstance(parts, list):
            raise broken("the partner's answer has no `parts` where it should")
        if parts and self.ended:
            raise broken("the partner's stream goes on after its end")
        for part in parts:
            yield from self._part(part)
        reason = candidate.get("finishReason")
        if reason is None or reason == "FINISH_REASON_UNSPECIFIED":
            return
        if reason not in FINISH:
            raise broken("the partner's model ended without an answer that can be read")
        self.finish = "tool_calls" if reason == "STOP" and self._calls else FINISH[reason]
        self.ended = True

    def _part(self, part: Any) -> Iterator[Body]:
        match part:
            case {"text": str(text), "thought": True}:
                yield {"reasoning_content": text}
            case {"text": str(text)}:
                if text:
                    yield {"content": text}
            case {"functionCall": {"name": str(name)} as call}:
                read, id_ = call.get("args") or {}, call.get("id") or f"call_{self.id}_{self._calls}"
                if not isinstance(read, dict) or not isinstance(id_, str):
                    raise broken("the partner's answer holds a call that is none")
                yield opened(self._calls, id_, name, encode(read).decode())
                self._calls += 1
            case {"thoughtSignature": str()}:
                pass
            case _:
                raise broken("the partner's answer holds a part that no chat has")
        proof = part.get("thoughtSignature")
        if isinstance(proof, str) and not self._signed:  # the first stands for the answer: on its first call, or on its text
            self._signed = True
            yield {"reasoning_signature": proof}

    def _count(self, said: Body) -> None:
        """What was thought is counted beside the candidates here."""
        prompt, told, thought = (count(said, name) for name in ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount"))
        cached = count(said, "cachedContentTokenCount")
        self.usage = usage(prompt or 0, (told or 0) + (thought or 0), cached=cached, reasoning=thought)


class Vectors:
    """`batchEmbedContents`, read whole."""

    content_type = http.JSON

    def __init__(self, model: str) -> None:
        self._model, self._raw = model, bytearray()

    def feed(self, piece: bytes) -> bytes:
        self._raw += piece
        return b""

    def finish(self) -> bytes:
        body = object_of(bytes(self._raw))
        vectors = [member(each, "values", list) for each in member(body, "embeddings", list)]
        data = [{"object": "embedding", "index": place, "embedding": vector} for place, vector in enumerate(vectors)]
        said = body.get("usageMetadata")
        spent = count(said, "promptTokenCount") if isinstance(said, dict) else None
        used = {} if spent is None else {"usage": {"prompt_tokens": spent, "total_tokens": spent}}
        return encode({"object": "list", "data": data, "model": self._model} | used)
