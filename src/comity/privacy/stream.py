# SPDX-License-Identifier: Apache-2.0
"""Originals back into a streamed answer, from bytes to bytes, and into a whole one.

Only the end of a text that may be the beginning of a stand-in waits for what follows; it is never longer than a stand-in.  An event
in which nothing changes passes byte for byte, and so do comments, ids and what is not JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal, Protocol

import msgspec

from comity.privacy.pseudonym import Pseudonyms
from comity.privacy.restore import Restorer, opens_json, restore_body
from comity.privacy.streams.chat import ChunkRestorer
from comity.privacy.streams.messages import MessageRestorer
from comity.privacy.streams.responses import ResponseRestorer
from comity.wire.sse import EVENT_BYTES_MAX, EventTooLarge

__all__ = [
    "Api",
    "ChunkRestorer",
    "MessageRestorer",
    "ResponseRestorer",
    "Restorer",
    "SseRestorer",
    "opens_json",
    "restore_completion",
    "restore_message",
    "restore_response",
]

Api = Literal["openai.chat", "openai.responses", "anthropic.messages"]
_BOM = b"\xef\xbb\xbf"
_DONE = b"[DONE]"
_ENDS = (b"\n", b"\r")


class _Events(Protocol):
    def feed(self, event: dict[str, Any], /) -> list[dict[str, Any]]: ...
    def flush(self) -> list[dict[str, Any]]: ...


_BY_API: dict[Api, Callable[[Pseudonyms], _Events]] = {
    "openai.chat": ChunkRestorer,
    "openai.responses": ResponseRestorer,
    "anthropic.messages": MessageRestorer,
}


class SseRestorer:
    """Server-sent events of one answer, cut anywhere.  Raises EventTooLarge, and nothing else.

    event_bytes_max: of one event, with all its lines
    """

    def __init__(self, vault: Pseudonyms, api: Api, *, event_bytes_max: int = EVENT_BYTES_MAX) -> None:
        self._events = _BY_API[api](vault)
        self._max = event_bytes_max
        self._size = 0
        self._lines: list[bytes] = []  # of the event that has begun
        self._line = bytearray()  # a line whose end has not come
        self._after_return = False  # a line feed would belong to the carriage return before it
        self._first = True
        self._named, self._end = False, b"\n"  # whether events have `event` lines, and how lines end

    def feed(self, piece: bytes) -> bytes:
        """What can go out now that ``piece`` is here."""
        out: list[bytes] = []
        if self._after_return and piece.startswith(b"\n"):
            if self._lines:
                self._lines[-1] += b"\n"
            else:
                out.append(b"\n")
            piece, self._after_return = piece[1:], False
        for line in piece.splitlines(keepends=True):
            self._size += len(line)
            if self._size > self._max:
                raise EventTooLarge(f"an event is longer than {self._max} bytes")
            if not line.endswith(_ENDS):
                self._line += line
                break
            if self._line:
                line, self._line = bytes(self._line) + line, bytearray()
            self._take(line, out)
        if piece:
            self._after_return = piece.endswith(b"\r")
        return b"".join(out)

    def flush(self) -> bytes:
        """The rest, when the stream has ended, wherever it was cut."""
        out: list[bytes] = []
        if self._line:
            self._take(bytes(self._line), out)
        lines, self._lines, self._line = self._lines, [], bytearray()
        if not _is_whole(_data(lines)):
            return b"".join([*out, self._encoded(self._events.flush()), *lines])
        self._event(lines, out)
        rest = self._encoded(self._events.flush())
        if rest:  # the empty line that should have ended the event
            out.append(self._end if out[-1].endswith(_ENDS) else self._end * 2)
        return b"".join(out) + rest

    def _take(self, line: bytes, out: list[bytes]) -> None:
        if self._first:
            self._first = False
            if line.startswith(_BOM):
                out.append(_BOM)
                line = line[len(_BOM) :]
        if not self._lines and line.startswith(b":"):  # a comment keeps a connection alive: it must not wait
            out.append(line)
            self._size = 0
            return
        self._lines.append(line)
        if line.strip(b"\r\n"):
            return
        self._end = line
        lines, self._lines, self._size = self._lines, [], 0
        self._event(lines, out)

    def _event(self, lines: list[bytes], out: list[bytes]) -> None:
        data = _data(lines)
        if data == _DONE:
            out.append(self._encoded(self._events.flush()))
        event = _decoded(data) if data and data != _DONE else None
        if not isinstance(event, dict):
            out += lines
            return
        self._named = any(line.startswith(b"event:") for line in lines)
        *ahead, restored = self._events.feed(event)
        out.append(self._encoded(ahead))
        if restored is event:
            out += lines
            return
        rest = [line for line in lines if line.partition(b":")[0] != b"data"]
        at = next(n for n, line in enumerate(lines) if line.partition(b":")[0] == b"data")
        out += [*rest[:at], b"data: " + _encode(restored) + self._end, *rest[at:]]

    def _encoded(self, events: list[dict[str, Any]]) -> bytes:
        out: list[bytes] = []
        for event in events:
            if self._named and isinstance(event.get("type"), str):
                out += (b"event: ", event["type"].encode("utf-8", "replace"), self._end)
            out += (b"data: ", _encode(event), self._end * 2)
        return b"".join(out)


def _data(lines: list[bytes]) -> bytes:
    found = [line.rstrip(b"\r\n").partition(b":") for line in lines]
    return b"\n".join(value.removeprefix(b" ") for name, _, value in found if name == b"data")


def _is_whole(data: bytes) -> bool:
    return data == _DONE or isinstance(_decoded(data), dict)


def _decoded(data: bytes) -> Any:
    """None: it cannot be read."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:  # half a surrogate pair, where a text was cut inside one
            return json.loads(data.decode("utf-8"))
        except (ValueError, RecursionError):
            return None


def _encode(event: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(event)
    except UnicodeEncodeError:
        return json.dumps(event, separators=(",", ":")).encode()


# One rule for all: what an answer holds is restored wherever it stands.
restore_completion = restore_response = restore_message = restore_body
