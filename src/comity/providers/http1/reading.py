# SPDX-License-Identifier: Apache-2.0
"""One answer read from bytes that come cut anywhere.  Pure: what is fed gives the bytes of the body that were in it.

How long a body is follows RFC 9112, 6.3, and where that lets a client guess, it is refused: both framings at once, a length that is
not one number, a coding other than `chunked`, chunks in HTTP/1.0.
"""

from __future__ import annotations

import re

from comity.providers.http1.head import FIELDS, FIELDS_MAX, HEAD_BYTES_MAX, Broken, Head, read_head

NEWS_MAX = 16
CHUNK_LINE_BYTES_MAX = 1024
_SIZE = rb"([0-9A-Fa-f]{1,15})(?:;[\t\x20-\x7e\x80-\xff]*+)?"
_CHUNK = re.compile(rb"\r\n" + _SIZE + rb"\r\n")
"""The end of the chunk before and the size of the next.  Before the first one stands an empty line of our own."""
_CHUNK_BEGUN = re.compile(rb"(?:\r(?:\n(?:" + _SIZE + rb"\r?)?)?)?")
_LENGTH = re.compile(r"[0-9]{1,15}")


class Reading:
    """``head`` once it has come; ``done`` when the body is whole; ``reusable`` if another request may follow on this connection."""

    __slots__ = ("_left", "_news", "_rest", "_state", "done", "head", "reusable")

    def __init__(self) -> None:
        self.head: Head | None = None
        self.done = self.reusable = False
        self._rest = b""
        self._left = self._news = 0
        self._state = self._in_head

    def feed(self, data: bytes) -> bytes:
        """Raises Broken; then it is not fed again."""
        if self._rest:
            data, self._rest = self._rest + data, b""
        return self._state(data)

    def end(self) -> None:
        """The other side says no more.  Raises Broken when that cuts its answer."""
        self.reusable = False
        if self._state == self._in_rest:
            self.done = True
        if not self.done:
            raise Broken("cut")

    def _in_head(self, data: bytes) -> bytes:
        at = 0
        while True:
            end = data.find(b"\r\n\r\n", at) + 4
            if end < 4:
                return self._unfinished(data[at:])
            if end - at > HEAD_BYTES_MAX:
                raise Broken("too long a head")
            head = read_head(data[at:end])
            at = end
            if head.status >= 200:
                break
            self._news += 1  # RFC 9110, 15.2: any number may come first
            if head.status == 101 or self._news > NEWS_MAX:  # 101: nobody asked to speak another protocol
                raise Broken("no answer")
        self._frame(head)
        self.head = head
        return self.feed(data[at:]) if at < len(data) else b""

    def _unfinished(self, rest: bytes) -> bytes:
        # Told at once, not when patience ends: another protocol, and lines that no CRLF will ever end.
        if not rest.startswith(b"HTTP/1."[: len(rest)]) or len(rest) > HEAD_BYTES_MAX or _bare_lf(rest):
            raise Broken("no head of an answer")
        self._rest = rest
        return b""

    def _frame(self, head: Head) -> None:
        fields = head.fields
        coding, length = fields.get("transfer-encoding"), fields.get("content-length")
        self.reusable = head.minor == 1 and "close" not in _tokens(fields.get("connection", ""))
        if head.status in (204, 304):  # 6.3, 1: no body, whatever the head says; but then who knows what follows
            self.done, self.reusable = True, self.reusable and coding is None and length in (None, "0")
            self._state = self._after
        elif coding is not None:
            if length is not None or coding.lower() != "chunked" or head.minor == 0:  # 6.1; 6.3, 3
                raise Broken("framed in two ways, or in an unknown one")
            self._rest, self._state = b"\r\n", self._in_chunks
        elif length is not None:
            if not _LENGTH.fullmatch(length):  # 6.3, 5: also a list of lengths
                raise Broken("no length")
            self._left = int(length)
            self.done = self._left == 0
            self._state = self._after if self.done else self._in_length
        else:
            self.reusable, self._state = False, self._in_rest  # 6.3, 8

    def _in_length(self, data: bytes) -> bytes:
        over = len(data) - self._left
        if over < 0:
            self._left = -over
            return data
        self._left, self.done, self._state = 0, True, self._after
        if over:
            self._after(data)
            return data[:-over]
        return data

    def _in_chunks(self, data: bytes) -> bytes:
        at, pieces = 0, []
        while True:
            if self._left:
                piece = data[at : at + self._left]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                if self._left:
                    break
            found = _CHUNK.match(data, at)
            if found is None:
                rest = self._rest = data[at:]
                if rest != b"\r\n" and (len(rest) > CHUNK_LINE_BYTES_MAX or not _CHUNK_BEGUN.fullmatch(rest)):
                    raise Broken("no chunk")
                break
            at = found.end()
            self._left = int(found[1], 16)
            if not self._left:
                self._state = self._in_trailers
                self._in_trailers(data[at:])
                break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _in_trailers(self, data: bytes) -> bytes:
        """Read for their end only (RFC 9110, 6.5.1: they may be discarded)."""
        if not data.startswith(b"\r\n") and b"\r\n\r\n" not in data:
            if len(data) > HEAD_BYTES_MAX or _bare_lf(data):
                raise Broken("no trailers")
            self._rest = data
            return b""
        found = FIELDS.match(data)
        if found is None:
            raise Broken("no trailers")
        if found[1].count(b"\r\n") > FIELDS_MAX or found.end() > HEAD_BYTES_MAX:
            raise Broken("too many trailers")
        self.done, self._state = True, self._after
        if found.end() < len(data):
            self._after(data)
        return b""

    def _in_rest(self, data: bytes) -> bytes:
        return data

    def _after(self, data: bytes) -> bytes:
        """Nobody asked for these: they are no part of this answer and must not become one of the next."""
        self.reusable = False
        return b""


def _tokens(value: str) -> list[str]:
    return [each.strip(" \t") for each in value.lower().split(",")] if value else []


def _bare_lf(lines: bytes) -> bool:
    return lines.count(b"\n") != lines.count(b"\r\n")
