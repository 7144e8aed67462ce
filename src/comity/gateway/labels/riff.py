# SPDX-License-Identifier: Apache-2.0
"""RIFF: the chunks that WAV and WebP are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from comity.gateway.labels.marks import PARTS_MAX, Unreadable, part

HEAD_BYTES = 12
OPEN_BYTES = 0x7FFF_F000
"""A size from here on means: until the end; who writes while sounding does not know it yet."""


class Chunk(NamedTuple):
    kind: bytes
    body: bytes


def chunks(data: bytes, form: bytes, *, open_ended: bytes = b"") -> list[Chunk]:
    """All of a whole file.  ``open_ended``: the chunk that may leave its size open, or 0 where nothing is known yet."""
    what = form.decode().strip()
    if len(data) < HEAD_BYTES or data[:4] != b"RIFF" or data[8:12] != form:
        raise Unreadable(f"not a {what} file")
    said = int.from_bytes(data[4:8], "little")
    unknown = bool(open_ended) and (said >= OPEN_BYTES or said == 0)
    end = len(data) if unknown else 8 + said
    if end > len(data):
        raise Unreadable(f"the {what} file is cut off")
    found: list[Chunk] = []
    at = HEAD_BYTES
    while at + 8 <= end:
        if len(found) == PARTS_MAX:
            raise Unreadable(f"the {what} file has too many chunks")
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == open_ended and (size >= OPEN_BYTES or (size == 0 and unknown)):
            size = end - at - 8
        if at + 8 + size > end:
            raise Unreadable(f"the {what} file is cut off")
        found.append(Chunk(kind, part(data, at + 8, size, what)))
        at += 8 + size + size % 2
    return found


def joined(form: bytes, found: Iterable[Chunk]) -> bytes:
    body = b"".join(packed(each) for each in found)
    return b"RIFF" + (4 + len(body)).to_bytes(4, "little") + form + body


def packed(chunk: Chunk) -> bytes:
    return chunk.kind + len(chunk.body).to_bytes(4, "little") + chunk.body + b"\0" * (len(chunk.body) % 2)
