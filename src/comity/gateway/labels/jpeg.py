# SPDX-License-Identifier: Apache-2.0
"""JPEG (ISO/IEC 10918-1): labels in the XMP packet of an APP1 segment, and read from the comment of an Exif one; C2PA in APP11."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from comity.gateway.labels import exif
from comity.gateway.labels.marks import PARTS_MAX, Marks, Unfit, Unreadable, part

START, END = b"\xff\xd8", b"\xff\xd9"
APP0, APP1, APP11, SCAN = 0xE0, 0xE1, 0xEB, 0xDA
COMMENT, ADOBE = 0xFE, 0xEE
_XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF_HEAD = exif.HEAD
_SEGMENT_BYTES_MAX = 65_535 - 2


class Segment(NamedTuple):
    kind: int
    start: int  # of its marker
    body: bytes


def find(data: bytes) -> Marks:
    found = list(segments(data))
    xmp = next((each.body[len(_XMP_HEAD) :] for each in found if _is_xmp(each)), b"")
    c2pa = b"".join(each.body for each in found if each.kind == APP11)
    comment = next((each.body[place.start : place.end] for each in found if (place := _comment(each)) is not None), b"")
    return Marks(comment.rstrip(b"\0 ").decode("utf-8", "replace"), xmp, c2pa if b"c2pa" in c2pa else b"")


def put(data: bytes, aigc: str, xmp: bytes) -> bytes:
    """After JFIF and Exif, which readers expect first."""
    if not xmp:
        return data
    body = _XMP_HEAD + xmp
    if len(body) > _SEGMENT_BYTES_MAX:
        raise Unfit("the JPEG's XMP packet has no room for a label", hint="ask for image/png")
    found = list(segments(data))
    kept = [_without_comment(each) if aigc else each for each in found if each.kind != SCAN and not _is_xmp(each)]
    first = 0
    while first < len(kept) and (kept[first].kind == APP0 or (kept[first].kind == APP1 and kept[first].body.startswith(_EXIF_HEAD))):
        first += 1
    return joined([*kept[:first], Segment(APP1, 0, body), *kept[first:]]) + data[found[-1].start :]


def joined(found: list[Segment]) -> bytes:
    return START + b"".join(b"\xff%c" % each.kind + (len(each.body) + 2).to_bytes(2, "big") + each.body for each in found)


def segments(data: bytes) -> Iterator[Segment]:
    """Up to the first scan, with it; the picture's end must follow."""
    if not data.startswith(START + b"\xff"):
        raise Unreadable("not a JPEG")
    at = 2
    for _ in range(PARTS_MAX):
        while data[at : at + 2] == b"\xff\xff":  # a marker may be padded
            at += 1
        head = part(data, at, 4, "JPEG")
        if head[0] != 0xFF or not 0xC0 <= head[1] <= 0xFE or 0xD0 <= head[1] <= 0xD9:
            raise Unreadable("the JPEG has something else where a segment should begin")
        size = int.from_bytes(head[2:], "big")
        yield Segment(head[1], at, part(data, at + 4, size - 2, "JPEG"))
        at += 2 + size
        if head[1] == SCAN:
            if data.find(END, at) < 0:
                raise Unreadable("the JPEG is cut off")
            return
    raise Unreadable("the JPEG has too many segments")


def _is_xmp(segment: Segment) -> bool:
    return segment.kind == APP1 and segment.body.startswith(_XMP_HEAD)


def _comment(segment: Segment) -> exif.Place | None:
    return exif.label_place(segment.body) if segment.kind == APP1 else None


def _without_comment(segment: Segment) -> Segment:
    """The label that was there goes into XMP: one file, one label."""
    if (place := _comment(segment)) is None:
        return segment
    return segment._replace(body=segment.body[: place.start] + b" " * (place.end - place.start) + segment.body[place.end :])
