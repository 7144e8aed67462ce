# SPDX-License-Identifier: Apache-2.0
"""The way back of what is no chat: vectors, orders, transcripts, sounds and images.  Nothing was hidden in them that could be restored."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from comity.gateway.answer import TAIL_BYTES, Usage, broken, count, read_json
from comity.gateway.duties import Duties, metadata
from comity.wire.door import Said
from comity.wire.request import Request
from comity.wire.sse import EventDecoder

_encode = msgspec.json.Encoder().encode
_HOLDS = {"embeddings": "data", "images": "data", "rerank": "results", "transcription": "text"}


class FileLabels:
    """What a generated file must carry, put into it."""

    def __init__(self, duties: Duties, *, receipt: str, producer: str) -> None:
        self._duties, self._receipt, self._producer = duties, receipt, producer

    @property
    def owed(self) -> bool:
        return bool(self._duties.labels)

    def metadata(self) -> dict[str, Any]:
        return metadata(self._receipt, self._producer)


async def whole(
    chunks: AsyncIterator[bytes], request: Request, *, labels: FileLabels, usage: Usage, door: Callable[[dict[str, Any]], Said] | None
) -> Said:
    """One body; raises ProviderFailure when it is not what was asked for."""
    raw, body = await read_json(chunks)
    member = _HOLDS[request.operation]
    held = body.get(member)
    if not isinstance(held, str if member == "text" else list):
        raise broken(f"the partner's answer has no `{member}`")
    count(usage, body)
    if request.operation == "images" and labels.owed:
        body = body | {"data": [_image(each, labels) for each in body["data"]], "AIGC": labels.metadata()}
        raw = _encode(body)
    said = door(body) if door is not None else Said(raw)
    usage.bytes_out, usage.complete = len(said.body), True
    return said


def _image(entry: Any, labels: FileLabels) -> dict[str, Any]:
    try:
        data = base64.b64decode(entry["b64_json"], validate=True)
    except (TypeError, KeyError, binascii.Error, ValueError) as error:
        raise broken("the partner's answer holds an image that is not base64") from error
    return dict(entry) | {"b64_json": base64.b64encode(data).decode()}


async def events(chunks: AsyncIterator[bytes], *, usage: Usage) -> AsyncIterator[bytes]:
    """A transcript as it is heard, untouched; whole only if its last event says so."""
    tail = b""
    async for piece in chunks:
        tail = (tail + piece)[-TAIL_BYTES:]
        usage.bytes_out += len(piece)
        yield piece
    usage.complete = b'"transcript.text.done"' in b"".join(event.data for event in EventDecoder().feed(tail + b"\n\n")[-2:])
    if not usage.complete:
        raise broken("the partner's stream ended before its end mark")


async def sound(chunks: AsyncIterator[bytes], content_type: str, *, labels: FileLabels, usage: Usage) -> AsyncIterator[bytes]:
    """A sound as it comes."""
    async for piece in chunks:
        usage.bytes_out += len(piece)
        yield piece
    if not usage.bytes_out:
        raise broken("the partner's sound is empty")
    usage.complete = True
