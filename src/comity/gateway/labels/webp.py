# SPDX-License-Identifier: Apache-2.0
"""WebP (RFC 9649): labels in the `XMP ` chunk, which the extended header must announce; C2PA in `C2PA`."""

from __future__ import annotations

from comity.gateway.labels.marks import Marks, Unreadable
from comity.gateway.labels.riff import Chunk, chunks, joined

FORM = b"WEBP"
_XMP, _C2PA, _EXTENDED = b"XMP ", b"C2PA", b"VP8X"
_HAS_XMP, _HAS_ALPHA, _MOVES = 0x04, 0x10, 0x02
_TOLD = {b"ICCP": 0x20, b"EXIF": 0x08, _XMP: _HAS_XMP}


def find(data: bytes) -> Marks:
    first: dict[bytes, bytes] = {}
    for chunk in _picture(data):
        first.setdefault(chunk.kind, chunk.body)
    return Marks("", first.get(_XMP, b""), first.get(_C2PA, b""))


def put(data: bytes, aigc: str, xmp: bytes) -> bytes:
    if not xmp:
        return data
    found = [each for each in _picture(data) if each.kind != _XMP]
    head = _extended(found[0])
    announced = Chunk(_EXTENDED, bytes([head.body[0] | _HAS_XMP]) + head.body[1:])
    rest = found[1:] if found[0].kind == _EXTENDED else found
    return joined(FORM, [announced, *rest, Chunk(_XMP, xmp)])


def moves(data: bytes) -> bool:
    return bool(_extended(_picture(data)[0]).body[0] & _MOVES)


def _picture(data: bytes) -> list[Chunk]:
    found = chunks(data, FORM)
    if not found:
        raise Unreadable("the WEBP file holds no picture")
    _extended(found[0])
    return found


def _extended(first: Chunk) -> Chunk:
    """The extended header: the file's own, or made from its only picture's."""
    body = first.body
    if first.kind == _EXTENDED and len(body) >= 10:
        return first
    if first.kind == b"VP8 " and len(body) >= 10 and body[3:6] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        flags = 0
    elif first.kind == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        flags = _HAS_ALPHA if bits >> 28 & 1 else 0
    else:
        raise Unreadable("the WEBP file holds no picture that can be read")
    if not width or not height:
        raise Unreadable("the WEBP picture has no size")
    return Chunk(_EXTENDED, bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"))


def is_lossless(data: bytes) -> bool:
    return any(each.kind == b"VP8L" for each in _picture(data))


def with_picture(data: bytes, new: bytes) -> bytes:
    """The picture of ``new``, and of ``data`` all that is none."""
    told = [each for each in _picture(data) if each.kind in _TOLD]
    head, *drawn = _picture(new)
    extended = _extended(head)
    flags = (extended.body[0] & _HAS_ALPHA) | sum(_TOLD[each.kind] for each in told)
    drawn = [each for each in (drawn if head.kind == _EXTENDED else [head, *drawn]) if each.kind not in _TOLD]
    before = [each for each in told if each.kind == b"ICCP"]
    after = [each for each in told if each.kind != b"ICCP"]
    return joined(FORM, [Chunk(_EXTENDED, bytes([flags]) + extended.body[1:]), *before, *drawn, *after])
