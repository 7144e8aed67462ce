# SPDX-License-Identifier: Apache-2.0
"""Server-sent events: bytes, cut anywhere, to events, and back (WHATWG HTML, section 9.2.6).

Only `data` is kept: `event`, `id` and `retry` say nothing that the chat dialect does not say in its data.
"""

from __future__ import annotations

import re

import msgspec

EVENT_BYTES_MAX = 4 * 1024 * 1024

_EMPTY_LINES = (b"\n\n", b"\n\r\n")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    data: bytes  # several `data` lines joined by a line feed


class EventTooLarge(ValueError):
    """An event, or a line that never ends, is longer than allowed; the stream cannot be read further."""


class EventDecoder:
    def __init__(self, event_bytes_max: int = EVENT_BYTES_MAX) -> None:
        self._max = event_bytes_max
        self._line = bytearray()  # the beginning of a line whose end has not come
        self._data: list[bytes] = []
        self._size = 0
        self._after_return = False  # a line feed would belong to the carriage return before it
        self._first = True

    def feed(self, piece: bytes) -> list[Event]:
        """The events that ``piece`` completes.  Raises EventTooLarge."""
        out: list[Event] = []
        if not piece:
            return out
        if self._after_return:
            self._after_return = False
            if piece[0] == 0x0A:
                piece = piece[1:]
        if not self._line and not self._data and not self._first and b"\r" not in piece:
            piece = self._whole_events(piece, out)
        if piece:
            self._lines(piece, out)
        return out

    def flush(self) -> list[Event]:
        """The last event, where the sender left out the empty line that ends it; feed nothing afterwards."""
        out: list[Event] = []
        if self._line:
            self._end_of_line(b"", out)
        self._end_of_line(b"", out)
        return out

    def _whole_events(self, piece: bytes, out: list[Event]) -> bytes:
        """The hot path: `data: …` and an empty line, as every partner writes them.  Returns what it did not take."""
        start = 0
        while piece.startswith(b"data: ", start):
            end = piece.find(b"\n", start)
            if end < 0 or piece[end + 1 : end + 2] != b"\n":
                break
            self._bound(end - start)
            out.append(Event(data=piece[start + 6 : end]))
            start = end + 2
        return piece[start:]

    def _lines(self, piece: bytes, out: list[Event]) -> None:
        lines = _LINE_END.split(piece)
        rest = lines.pop()
        for line in lines:
            self._end_of_line(line, out)
        if rest:
            self._bound(self._size + len(self._line) + len(rest))
            self._line += rest
        else:
            self._after_return = piece.endswith(b"\r")

    def _end_of_line(self, line: bytes, out: list[Event]) -> None:
        if self._line:
            line = bytes(self._line) + line
            self._line.clear()
        if self._first:
            self._first, line = False, line.removeprefix(_BOM)
        if not line:
            if self._data:
                out.append(Event(data=b"\n".join(self._data)))
                self._data, self._size = [], 0
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            self._size += len(line)
            self._bound(self._size)
            self._data.append(value.removeprefix(b" "))

    def _bound(self, size: int) -> None:
        if size > self._max:
            self._line.clear()
            self._data.clear()
            raise EventTooLarge(f"an event is longer than {self._max} bytes")


def encode(data: bytes) -> bytes:
    """One event.  A line break in ``data`` makes several `data` lines, so that it arrives as a line feed."""
    if b"\n" in data or b"\r" in data:
        data = _LINE_END.sub(b"\ndata: ", data)
    return b"data: " + data + b"\n\n"


def end_of_events(raw: bytes) -> int:
    """Where the last whole event ends, which is after an empty line; 0 where none does."""
    if raw.endswith(b"\n\n"):
        return len(raw)
    return max(found + len(line) if (found := raw.rfind(line)) >= 0 else 0 for line in _EMPTY_LINES)
