# SPDX-License-Identifier: Apache-2.0
"""The way back: restore what was hidden, discharge output duties, count tokens; bytes that need neither pass untouched."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from comity.errors import ProviderFailure
from comity.gateway.duties import Duties, metadata, notice
from comity.privacy.pseudonym import Vault
from comity.privacy.stream import ChunkRestorer, restore_completion
from comity.wire.sse import EventDecoder, encode

_decode = msgspec.json.decode
_encode = msgspec.json.Encoder().encode
DONE = b"[DONE]"


class Usage(msgspec.Struct, kw_only=True):
    """Filled while an answer passes; ``complete`` only when it ended as its protocol says."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    bytes_out: int = 0
    complete: bool = False


class Labeller:
    """Adds the visible notice before a choice's finish, and the metadata to the chunk that carries it."""

    def __init__(self, duties: Duties, *, receipt: str, producer: str, plain_text: bool) -> None:
        self._duties = duties
        self._explicit = duties.explicit and plain_text  # a JSON-schema answer stays valid: header and metadata carry it
        self._metadata = metadata(receipt, producer)
        self._text: dict[int, str] = {}
        self._called: set[int] = set()

    def chunk(self, chunk: dict[str, Any]) -> list[dict[str, Any]]:
        out = [chunk]
        for choice in chunk.get("choices") or ():
            index = choice.get("index", 0)
            delta = choice.get("delta") or {}
            if delta.get("tool_calls"):
                self._called.add(index)
            if isinstance(delta.get("content"), str):
                self._text[index] = (self._text.get(index, "") + delta["content"])[-256:]
            if choice.get("finish_reason"):
                if self._explicit and index not in self._called:
                    said = {"index": index, "delta": {"content": notice(self._text.get(index, ""))}, "finish_reason": None}
                    out.insert(0, {**{k: v for k, v in chunk.items() if k != "usage"}, "choices": [said]})
                if self._duties.labels:
                    chunk["AIGC"] = self._metadata
        return out

    def whole(self, body: dict[str, Any]) -> dict[str, Any]:
        for choice in body.get("choices") or ():
            message = choice.get("message") or {}
            if self._explicit and isinstance(message.get("content"), str) and not message.get("tool_calls"):
                message["content"] += notice(message["content"])
        if self._duties.labels:
            body["AIGC"] = self._metadata
        return body


def _count(usage: Usage, body: Any) -> None:
    counted = body.get("usage") if isinstance(body, dict) else None
    if isinstance(counted, dict):
        for name in ("prompt_tokens", "completion_tokens"):
            if isinstance(counted.get(name), int):
                setattr(usage, name, counted[name])


async def whole(chunks: AsyncIterator[bytes], *, vault: Vault, labeller: Labeller, usage: Usage, model: str) -> bytes:
    """One JSON body; raises ProviderFailure when it is not a chat completion."""
    raw = b"".join([piece async for piece in chunks])
    try:
        body = _decode(raw)
    except msgspec.DecodeError as error:
        raise ProviderFailure("the partner's answer is not JSON", kind="protocol", retryable=False) from error
    if not isinstance(body, dict) or not isinstance(body.get("choices"), list):
        raise ProviderFailure("the partner's answer has no `choices`", kind="protocol", retryable=False)
    _count(usage, body)
    if len(vault):
        body = restore_completion(vault, body)
    body["model"] = model
    out = _encode(labeller.whole(body))
    usage.bytes_out, usage.complete = len(out), True
    return out


async def stream(
    chunks: AsyncIterator[bytes], *, vault: Vault, labeller: Labeller | None, usage: Usage
) -> AsyncIterator[bytes]:
    """SSE bytes for the caller.  Untouched pieces keep their bytes; a cut stream ends in ProviderFailure, after what came."""
    if not len(vault) and labeller is None:
        tail = b""
        async for piece in chunks:
            usage.bytes_out += len(piece)
            tail = (tail + piece)[-32:]
            yield piece
        if not tail.rstrip().endswith(DONE):
            raise ProviderFailure("the partner's stream ended before its end mark", kind="protocol", retryable=False)
        usage.complete = True
        return
    decoder, restorer = EventDecoder(), ChunkRestorer(vault)
    async for piece in chunks:
        for event in decoder.feed(piece):
            for out in _event(event.data, restorer, labeller, usage):
                usage.bytes_out += len(out)
                yield out
    for event in decoder.flush():
        for out in _event(event.data, restorer, labeller, usage):
            yield out
    if not usage.complete:
        for held in restorer.flush():
            yield encode(_encode(held))
        raise ProviderFailure("the partner's stream ended before its end mark", kind="protocol", retryable=False)


def _event(data: bytes, restorer: ChunkRestorer, labeller: Labeller | None, usage: Usage) -> list[bytes]:
    if data == DONE:
        usage.complete = True
        return [*(encode(_encode(held)) for held in restorer.flush()), encode(DONE)]
    try:
        chunk = _decode(data)
    except msgspec.DecodeError as error:
        raise ProviderFailure("an event of the partner's stream is not JSON", kind="protocol", retryable=False) from error
    if not isinstance(chunk, dict):
        raise ProviderFailure("an event of the partner's stream is not an object", kind="protocol", retryable=False)
    _count(usage, chunk)
    restored = restorer.feed(chunk)
    labelled = restored if labeller is None else [out for item in restored for out in labeller.chunk(item)]
    return [encode(_encode(item)) for item in labelled]
