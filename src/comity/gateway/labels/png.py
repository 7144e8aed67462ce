# SPDX-License-Identifier: Apache-2.0
"""PNG (ISO/IEC 15948): labels in the XMP packet of an iTXt chunk; C2PA in `caBX`."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from comity.gateway.labels.marks import PARTS_MAX, XMP_BYTES_MAX, Marks, Unreadable, part

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP_KEY = b"XML:com.adobe.xmp\0"
_TEXT_KEY = b"AIGC\0"


class Chunk(NamedTuple):
    kind: bytes
    start: int
    end: int  # past its checksum


def find(data: bytes) -> Marks:
    aigc, xmp, c2pa = "", b"", b""
    for chunk in chunks(data):
        body = data[chunk.start + 8 : chunk.end - 4]
        if _is_xmp(chunk, data):
            _checked(chunk, data)
            xmp = xmp or _text(body[len(_XMP_KEY) :])
        elif _is_text(chunk, data):
            _checked(chunk, data)
            aigc = aigc or body[len(_TEXT_KEY) :].decode("latin-1")
        elif chunk.kind == b"caBX":
            c2pa = c2pa or body
    return Marks(aigc, xmp, c2pa)


def put(data: bytes, aigc: str, xmp: bytes) -> bytes:
    found = list(chunks(data))
    out = [SIGNATURE]
    for chunk in found:
        if (xmp and _is_xmp(chunk, data)) or (aigc and _is_text(chunk, data)):
            continue
        out.append(data[chunk.start : chunk.end])
        if chunk.kind == b"IHDR" and xmp:
            out.append(_chunk(b"iTXt", _XMP_KEY + b"\0\0\0\0" + xmp))
    return b"".join(out) + data[found[-1].end :]


def moves(data: bytes) -> bool:
    """It is an animation (APNG)."""
    return any(chunk.kind == b"acTL" for chunk in chunks(data))


def chunks(data: bytes) -> Iterator[Chunk]:
    """From IHDR to IEND, each whole."""
    if not data.startswith(SIGNATURE):
        raise Unreadable("not a PNG")
    at = len(SIGNATURE)
    for number in range(PARTS_MAX):
        head = part(data, at, 8, "PNG")
        end = at + 12 + int.from_bytes(head[:4], "big")
        kind = head[4:]
        if end > len(data):
            raise Unreadable("the PNG is cut off")
        if (number == 0) != (kind == b"IHDR"):
            raise Unreadable("the PNG's header is not where it belongs")
        yield Chunk(kind, at, end)
        if kind == b"IEND":
            return
        at = end
    raise Unreadable("the PNG has too many chunks")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def _checked(chunk: Chunk, data: bytes) -> None:
    if zlib.crc32(data[chunk.start + 4 : chunk.end - 4]) != int.from_bytes(data[chunk.end - 4 : chunk.end], "big"):
        raise Unreadable("a text of the PNG does not match its checksum")


def _is_xmp(chunk: Chunk, data: bytes) -> bool:
    return chunk.kind == b"iTXt" and data.startswith(_XMP_KEY, chunk.start + 8)


def _is_text(chunk: Chunk, data: bytes) -> bool:
    """A place that some use; what is written goes into XMP, as the guide wants."""
    return chunk.kind == b"tEXt" and data.startswith(_TEXT_KEY, chunk.start + 8)


def _text(body: bytes) -> bytes:
    """Of an iTXt: compression flag and method, language and translated keyword, then the text."""
    rest = body[2:].split(b"\0", 2)
    if len(rest) != 3 or body[0] > 1 or body[1] != 0:
        raise Unreadable("the XMP chunk of the PNG is malformed")
    if body[0] == 0:
        return rest[2]
    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(rest[2], XMP_BYTES_MAX)
    except zlib.error as error:
        raise Unreadable("the XMP chunk of the PNG does not decompress") from error
    if not inflate.eof:
        raise Unreadable("the XMP chunk of the PNG is cut off or too large")
    return text
