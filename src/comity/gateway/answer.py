# SPDX-License-Identifier: Apache-2.0
"""The way back of a chat: restore what was hidden, discharge output duties, count tokens; bytes that need neither pass untouched.

A door that is not OpenAI's own is written from the same chunks: each is decoded once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import msgspec

from comity.errors import ComityError, ProviderFailure
from comity.gateway.duties import Duties, metadata, notice
from comity.privacy.pseudonym import Pseudonyms
from comity.privacy.stream import ChunkRestorer, restore_completion
from comity.providers.http import said_in_stream
from comity.wire.door import Said, Writer
from comity.wire.sse import Event, EventDecoder, EventTooLarge, encode, end_of_events

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
    """Ends each choice's text with the visible notice, and puts the metadata where the answer ends."""

    def __init__(self, duties: Duties, *, receipt: str, producer: str, plain_text: bool) -> None:
        self._duties = duties
        self._explicit = duties.explicit and plain_text  # a JSON-schema answer stays valid: header and metadata carry it
        self._receipt, self._producer = receipt, producer
        self._open: dict[int, str] = {}  # the end of each choice's text that has no notice yet
        self._last: dict[str, Any] = {}

    def chunk(self, chunk: dict[str, Any]) -> dict[str, Any]:
        self._last = chunk
        for choice in chunk.get("choices") or ():
            index, delta = choice.get("index", 0), choice.get("delta") or {}
            if isinstance(delta.get("content"), str) and delta["content"]:
                self._open[index] = (self._open.get(index, "") + delta["content"])[-256:]
            if choice.get("finish_reason"):
                text = self._open.pop(index, "")
                if text and self._explicit:
                    choice["delta"] = delta | {"content": (delta.get("content") or "") + notice(text)}
                chunk["AIGC"] = self._metadata(chunk)
        return chunk

    def rest(self) -> list[dict[str, Any]]:
        """What a stream that ended without a finish still owes: generated text never stands without its notice."""
        if not self._open or not self._explicit:
            return []
        head = {name: value for name, value in self._last.items() if name not in ("choices", "usage")}
        choices = [
            {"index": index, "delta": {"content": notice(text)}, "finish_reason": None} for index, text in sorted(self._open.items())
        ]
        self._open = {}
        return [head | {"choices": choices, "AIGC": self._metadata(head)}]

    def whole(self, body: dict[str, Any]) -> dict[str, Any]:
        for choice in body["choices"]:
            message = choice.get("message") or {}
            if self._explicit and isinstance(message.get("content"), str) and message["content"]:
                message["content"] += notice(message["content"])
        return body | {"AIGC": self._metadata(body)}

    def _metadata(self, answer: dict[str, Any]) -> dict[str, Any]:
        return metadata(self._receipt, self._producer, answer.get("AIGC"))


def count(usage: Usage, body: Any) -> None:
    counted = body.get("usage") if isinstance(body, dict) else None
    if isinstance(counted, dict):
        for name in ("prompt_tokens", "completion_tokens"):
            if isinstance(counted.get(name), int):
                setattr(usage, name, counted[name])


T = TypeVar("T")
Whole = Callable[[dict[str, Any]], Said]


async def whole(
    chunks: AsyncIterator[bytes], *, vault: Pseudonyms, labeller: Labeller | None, usage: Usage, door: Whole | None = None
) -> Said:
    """One body, its bytes untouched when nothing is owed; raises ProviderFailure when it is not a chat completion."""
    raw, body = await read_json(chunks)
    choices = body.get("choices")
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise broken("the partner's answer has no `choices`")
    count(usage, body)
    if len(vault):
        body = restore_completion(vault, body)
    if labeller is not None:
        body = labeller.whole(body)
    said = _written(lambda: door(body)) if door is not None else Said(_encode(body) if len(vault) or labeller is not None else raw)
    usage.bytes_out, usage.complete = len(said.body), True
    return said


def _written(write: Callable[[], T]) -> T:
    """What a partner says where a chat has something else is its failure, whichever door writes it."""
    try:
        return write()
    except (TypeError, AttributeError, KeyError, IndexError, ValueError) as error:
        raise broken("the partner's answer has not the form of a chat") from error


async def read_json(chunks: AsyncIterator[bytes]) -> tuple[bytes, dict[str, Any]]:
    """The bytes, and the object they are; raises ProviderFailure."""
    raw = b"".join([piece async for piece in chunks])
    try:
        body = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise broken("the partner's answer is not JSON") from error
    if not isinstance(body, dict):
        raise broken("the partner's answer is no JSON object")
    return raw, body


class _Plain:
    """OpenAI's own events."""

    def chunk(self, chunk: dict[str, Any]) -> bytes:
        return encode(_encode(chunk))

    def end(self) -> bytes:
        return encode(DONE)


async def stream(
    chunks: AsyncIterator[bytes], *, vault: Pseudonyms, labeller: Labeller | None, usage: Usage, writer: Writer | None = None,
    sealed: bool = False,
) -> AsyncIterator[bytes]:  # fmt: skip
    """SSE bytes for the caller; what arrived is passed on before a cut stream ends in ProviderFailure.  ``sealed``: the end mark waits for
    the end of ``chunks``, which alone says that nothing was cut off: whoever has seen a mark reads no further."""
    untouched = writer is None and labeller is None and not len(vault) and not sealed
    passing = _untouched(chunks, usage) if untouched else _touched(chunks, vault, labeller, usage, writer or _Plain(), sealed)
    async for piece in passing:
        usage.bytes_out += len(piece)
        yield piece
    if not usage.complete:
        raise broken("the partner's stream ended before its end mark")


async def _untouched(chunks: AsyncIterator[bytes], usage: Usage) -> AsyncIterator[bytes]:
    """Bytes as they came, up to the end of an event: half of one, were it the last, would swallow the error that follows it."""
    decoder, held = EventDecoder(), b""
    async for piece in chunks:
        events = _events(decoder, piece)
        for at, event in enumerate(events):
            try:
                _look(event.data, usage)
            except ProviderFailure:
                if at:
                    yield b"".join(encode(good.data) for good in events[:at])
                raise
        held += piece
        if end := end_of_events(held):
            ready, held = held[:end], held[end:]
            yield ready
    for event in decoder.flush() if held else ():  # without the empty line that should end it
        if event.data == DONE:
            usage.complete = True
            yield held


class _Seen(msgspec.Struct):
    """What is looked at of an event that passes as it is; the rest is only held to be JSON."""

    choices: msgspec.Raw = msgspec.Raw()
    usage: Any = None
    error: msgspec.Raw = msgspec.Raw()


_seen = msgspec.json.Decoder(_Seen).decode


def _look(data: bytes, usage: Usage) -> None:
    if data == DONE:
        usage.complete = True
        return
    try:
        seen = _seen(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise broken("an event of the partner's stream is not a JSON object") from error
    if seen.error and not seen.choices:
        raise said_in_stream(_chunk(data))
    if seen.usage is not None:
        count(usage, {"usage": seen.usage})


async def _touched(
    chunks: AsyncIterator[bytes], vault: Pseudonyms, labeller: Labeller | None, usage: Usage, writer: Writer | _Plain, sealed: bool
) -> AsyncIterator[bytes]:
    decoder, restorer = EventDecoder(), ChunkRestorer(vault)

    def ready(restored: list[dict[str, Any]]) -> bytes:
        return _written(lambda: b"".join(writer.chunk(chunk if labeller is None else labeller.chunk(chunk)) for chunk in restored))

    def last() -> bytes:
        owed = ready(restorer.flush())
        return owed + b"".join(map(writer.chunk, labeller.rest() if labeller is not None else ()))

    out = mark = b""
    try:
        async for piece in chunks:
            for event in _events(decoder, piece):
                if event.data == DONE:
                    usage.complete = True
                    out, mark = out + last(), writer.end()
                    if not sealed:
                        out, mark = out + mark, b""
                else:
                    chunk = _chunk(event.data)
                    if _is_error(chunk):
                        raise said_in_stream(chunk)
                    count(usage, chunk)
                    out += ready(restorer.feed(chunk))
            if out:
                ready_now, out = out, b""
                yield ready_now
        if not usage.complete and [event.data for event in decoder.flush()] == [DONE]:  # without the empty line that should end it
            usage.complete = True
            mark = last() + writer.end()
        if mark:
            yield mark
    except ComityError:
        if owed := out + last():
            yield owed
        raise
    if not usage.complete and (owed := last()):
        yield owed


def _events(decoder: EventDecoder, piece: bytes) -> list[Event]:
    try:
        return decoder.feed(piece)
    except EventTooLarge as error:
        raise broken("an event of the partner's stream is too large") from error


def _is_error(body: Any) -> bool:
    return isinstance(body, dict) and "error" in body and "choices" not in body


def _chunk(data: bytes) -> dict[str, Any]:
    try:
        chunk = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise broken("an event of the partner's stream is not JSON") from error
    if not isinstance(chunk, dict):
        raise broken("an event of the partner's stream is not an object")
    return chunk


def broken(what: str) -> ProviderFailure:
    return ProviderFailure(what, kind="protocol", retryable=False)
