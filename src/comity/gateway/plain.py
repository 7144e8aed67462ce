# SPDX-License-Identifier: Apache-2.0
"""The way back of what is no chat: vectors, orders, transcripts, sounds and images.  Nothing was hidden in them that could be restored."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from comity.gateway.answer import DONE, Usage, broken, count, read_json
from comity.gateway.duties import Duties
from comity.gateway.labels.fields import Fields
from comity.gateway.labels.files import Signer, label, require, stream_label
from comity.gateway.labels.reader import kind_of
from comity.wire.audio import SpeechRequest
from comity.wire.door import Said
from comity.wire.images import ImageRequest
from comity.wire.request import Request
from comity.wire.sse import EventDecoder, EventTooLarge

_encode = msgspec.json.Encoder().encode
_HOLDS = {"embeddings": "data", "images": "data", "rerank": "results", "transcription": "text", "ocr": "rows"}


class FileLabels(msgspec.Struct, frozen=True, kw_only=True):
    """What a generated file must carry, and by whom it is said."""

    duties: Duties
    fields: Fields
    signer: Signer | None = None
    language: str = "en"

    @property
    def signed(self) -> bool:
        """A signature is over the whole file, so what is signed cannot be passed on while it comes."""
        return self.signer is not None and "machine-readable" in self.duties.labels

    async def into(self, data: bytes, kind: str) -> bytes:
        return await asyncio.to_thread(label, data, kind, self.duties, self.fields, signer=self.signer, language=self.language)


_SOUND = {"mp3": "audio/mpeg", "opus": "audio/opus", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav", "pcm": "audio/pcm"}


def promise(request: Request, duties: Duties, signer: Signer | None) -> None:
    """Asked before anything is recorded or sent: raises ComityError where the file that is asked for could not carry what is owed."""
    if isinstance(request, SpeechRequest):
        signs = signer is not None and "machine-readable" in duties.labels
        require(_SOUND[request.response_format], duties, signer=signer, streamed=not signs)
    elif isinstance(request, ImageRequest):
        require(f"image/{request.output_format or 'png'}", duties, signer=signer)


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
    if request.operation == "images" and labels.duties.labels:
        body = body | {"data": [await _image(each, labels) for each in body["data"]], "AIGC": labels.fields.members}
        raw = _encode(body)
    said = door(body) if door is not None else Said(raw)
    usage.bytes_out, usage.complete = len(said.body), True
    return said


async def _image(entry: Any, labels: FileLabels) -> dict[str, Any]:
    try:
        data = base64.b64decode(entry["b64_json"], validate=True)
    except (TypeError, KeyError, binascii.Error, ValueError) as error:
        raise broken("the partner's answer holds an image that is not base64") from error
    made = await labels.into(data, kind_of(data))
    return dict(entry) | {"b64_json": base64.b64encode(made).decode()}


async def events(chunks: AsyncIterator[bytes], *, usage: Usage) -> AsyncIterator[bytes]:
    """A transcript as it is heard, untouched; whole only if its last event says so."""
    decoder = EventDecoder()
    async for piece in chunks:
        try:
            for event in decoder.feed(piece):
                usage.complete = b'"transcript.text.done"' in event.data or (usage.complete and event.data == DONE)
        except EventTooLarge as error:
            raise broken("an event of the partner's stream is too large") from error
        usage.bytes_out += len(piece)
        yield piece
    if not usage.complete:
        raise broken("the partner's stream ended before its end mark")


async def sound(chunks: AsyncIterator[bytes], content_type: str, *, labels: FileLabels, usage: Usage) -> AsyncIterator[bytes]:
    """A sound as it comes, its labels before its first sample; whole where it is to be signed."""
    passing = _signed(chunks, content_type, labels) if labels.signed else stream_label(chunks, content_type, labels.duties, labels.fields)
    async for piece in passing:
        usage.bytes_out += len(piece)
        yield piece
    if not usage.bytes_out:
        raise broken("the partner's sound is empty")
    usage.complete = True


async def _signed(chunks: AsyncIterator[bytes], content_type: str, labels: FileLabels) -> AsyncIterator[bytes]:
    yield await labels.into(b"".join([piece async for piece in chunks]), content_type)
