# SPDX-License-Identifier: Apache-2.0
"""`application/vnd.amazon.eventstream`: bytes, cut anywhere, to messages with their headers, and back.

    total length (4), length of the headers (4), CRC-32 of these eight bytes (4), headers, payload, CRC-32 of all before it (4)

https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream and, for the types of a header's
value, https://smithy.io/2.0/aws/amazon-eventstream.html.  Whatever does not fit is an error: nothing is skipped to find a next message.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

CONTENT_TYPE = "application/vnd.amazon.eventstream"
MESSAGE_BYTES_MAX = 4 * 1024 * 1024
HEADER_BYTES_MAX = 128 * 1024  # as Amazon's own encoders bound it
PRELUDE_BYTES, CRC_BYTES = 12, 4
TEXT = 7
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}  # bytes of a value, by its type: truths, integers, a time, a UUID
_SIZED = {6: "bytes", TEXT: "text"}  # behind two bytes that say how long


class Message(NamedTuple):
    headers: Mapping[str, str]  # those whose value is a text; Bedrock has no others
    payload: bytes


class BadFrame(ValueError):
    """The stream is no event stream, or was changed on its way; it cannot be read further."""


class FrameDecoder:
    def __init__(self, message_bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self._max = message_bytes_max
        self._held = bytearray()

    def feed(self, piece: bytes) -> Iterator[Message]:
        """The messages that ``piece`` completes.  Raises BadFrame where one is reached that is none; what was before it has come."""
        self._held += piece
        while len(self._held) >= PRELUDE_BYTES:
            total, headers, check = struct.unpack_from(">III", self._held)
            if check != zlib.crc32(self._held[:8]):
                raise BadFrame("the check of a message's lengths does not fit")
            if total > self._max or headers > HEADER_BYTES_MAX or total < PRELUDE_BYTES + headers + CRC_BYTES:
                raise BadFrame("a message is too long, or shorter than its own headers")
            if len(self._held) < total:
                return
            raw = bytes(self._held[:total])
            del self._held[:total]
            if zlib.crc32(raw[:-CRC_BYTES]) != int.from_bytes(raw[-CRC_BYTES:], "big"):
                raise BadFrame("the check of a message does not fit")
            ends = PRELUDE_BYTES + headers
            yield Message(_headers(raw[PRELUDE_BYTES:ends]), raw[ends:-CRC_BYTES])

    @property
    def rest(self) -> int:
        """How many bytes of a message that has not ended are held."""
        return len(self._held)


def _headers(raw: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(raw):
        name, at = _taken(raw, at + 1, raw[at])
        kind, at = _taken(raw, at, 1)
        size = _FIXED.get(kind[0])
        if size is None:
            if kind[0] not in _SIZED:
                raise BadFrame("a header has a type that does not exist")
            told, at = _taken(raw, at, 2)
            size = int.from_bytes(told, "big")
        value, at = _taken(raw, at, size)
        if not name or name.decode("utf-8", "replace") in found:
            raise BadFrame("a header has no name, or stands twice")
        try:
            text = name.decode(), value.decode() if kind[0] == TEXT else ""
        except UnicodeDecodeError:
            raise BadFrame("a header is not UTF-8") from None
        found[text[0]] = text[1]
    return found


def _taken(raw: bytes, at: int, size: int) -> tuple[bytes, int]:
    if at + size > len(raw):
        raise BadFrame("a header is longer than all headers")
    return raw[at : at + size], at + size


def encode(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message; its headers are texts."""
    packed = b"".join(
        struct.pack(">B", len(name)) + name + struct.pack(">BH", TEXT, len(value)) + value
        for name, value in ((name.encode(), value.encode()) for name, value in headers.items())
    )
    lengths = struct.pack(">II", PRELUDE_BYTES + len(packed) + len(payload) + CRC_BYTES, len(packed))
    body = lengths + struct.pack(">I", zlib.crc32(lengths)) + packed + payload
    return body + struct.pack(">I", zlib.crc32(body))
