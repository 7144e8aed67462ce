# SPDX-License-Identifier: Apache-2.0
"""The body of a request, taken from what has come so far: by its length, or in chunks (RFC 9112, 7.1).

`take` removes from the front of the buffer what belongs to the body and returns its content; the rest is the next request's.
Of chunks, extensions are passed over as the standard says, up to a line's length; fields after the last one are refused.
"""

from __future__ import annotations

import re
from typing import Protocol

from comity.errors import CallerError
from comity.gateway.server.head import invalid

SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[\t\x20-\x7e]*)?")
LINE_BYTES_MAX = 128
CHUNKS_MAX = 65_536


class Framing(Protocol):
    @property
    def done(self) -> bool: ...

    def take(self, buffer: bytearray) -> bytes:
        """Raises CallerError."""


class Sized:
    def __init__(self, length: int) -> None:
        self._left = length
        self.done = length == 0

    def take(self, buffer: bytearray) -> bytes:
        piece = bytes(buffer[: self._left])
        del buffer[: len(piece)]
        self._left -= len(piece)
        self.done = self._left == 0
        return piece


class Chunked:
    def __init__(self) -> None:
        self.done = False
        self._left = 0  # of the chunk being read
        self._end_owed = self._last = False  # the CRLF behind a chunk; that behind the last one
        self._count = 0

    def take(self, buffer: bytearray) -> bytes:
        pieces: list[bytes] = []
        while buffer and not self.done:
            if self._left:
                piece = bytes(buffer[: self._left])
                del buffer[: len(piece)]
                pieces.append(piece)
                self._left -= len(piece)
                self._end_owed = self._left == 0
            elif self._end_owed:
                if not b"\r\n".startswith(buffer[:2]):
                    raise broken("trailer fields are not taken" if self._last else "a chunk does not end where it says")
                if len(buffer) < 2:
                    break
                del buffer[:2]
                self._end_owed, self.done = False, self._last
            elif not self._size(buffer):
                break
        return b"".join(pieces)

    def _size(self, buffer: bytearray) -> bool:
        """Reads the line before a chunk, once it is there."""
        end = buffer.find(b"\r\n", 0, LINE_BYTES_MAX)
        if end < 0:
            if len(buffer) >= LINE_BYTES_MAX or b"\n" in buffer or b"\r" in buffer[:-1]:
                raise broken("a chunk's size is malformed or its extension too long")
            return False
        found = SIZE.fullmatch(bytes(buffer[:end]))
        self._count += 1
        if found is None or self._count > CHUNKS_MAX:
            raise broken("a chunk's size is malformed" if found is None else f"more than {CHUNKS_MAX} chunks")
        self._left = int(found[1], 16)
        del buffer[: end + 2]
        self._last = self._end_owed = self._left == 0
        return True


def broken(what: str) -> CallerError:
    return invalid(what, field="transfer-encoding")
