# SPDX-License-Identifier: Apache-2.0
"""MP3: the AIGC fields in an ID3v2 TXXX frame of that name (TC260-PG-202510A), XMP in PRIV, C2PA in GEOB."""

from __future__ import annotations

from typing import NamedTuple

from comity.gateway.labels import frames
from comity.gateway.labels.marks import PARTS_MAX, Marks, Unfit, Unreadable, part

HEAD_BYTES = 10
TAG_BYTES_MAX = 16 << 20
ZEROS_MAX = 65_536
_UNSYNCHRONISED, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10
_NATIVE, _XMP = b"AIGC\0", b"XMP\0"
_ENCODINGS = {b"\0": "latin-1", b"\x01": "utf-16", b"\x02": "utf-16-be", b"\x03": "utf-8"}


class Frame(NamedTuple):
    kind: bytes
    flags: bytes
    body: bytes


class Tag(NamedTuple):
    """The tag at a file's beginning; ``size`` is 0 where there is none."""

    version: int
    frames: tuple[Frame, ...]
    size: int


def find(data: bytes) -> Marks:
    tag = tag_of(data)
    check_sound(data[tag.size :])
    return marks_of(tag)


def marks_of(tag: Tag) -> Marks:
    aigc = next((text for each in tag.frames if (text := _native(each)) is not None), "")
    xmp = next((each.body[len(_XMP) :] for each in tag.frames if _is_xmp(each)), b"")
    c2pa = next((each.body for each in tag.frames if each.kind == b"GEOB" and b"c2pa" in each.body[:64]), b"")
    return Marks(aigc, xmp, c2pa)


def put(data: bytes, aigc: str, xmp: bytes) -> bytes:
    tag = tag_of(data)
    check_sound(data[tag.size :])
    return packed(tag, aigc=aigc, xmp=xmp) + data[tag.size :]


def packed(tag: Tag, *, aigc: str, xmp: bytes) -> bytes:
    """The tag with these labels in the place of those before; ASCII, which is the same in each of its encodings but UTF-16."""
    frames = [each for each in tag.frames if not (aigc and _native(each) is not None) and not (xmp and _is_xmp(each))]
    if aigc:
        frames.append(Frame(b"TXXX", b"\0\0", b"\0" + _NATIVE + aigc.encode("ascii")))
    if xmp:
        frames.append(Frame(b"PRIV", b"\0\0", _XMP + xmp))
    if not frames:
        return b""
    body = b"".join(each.kind + _sized(len(each.body), tag.version) + each.flags + each.body for each in frames)
    if len(body) > TAG_BYTES_MAX:
        raise Unfit("the MP3's tag has no room for a label")
    return b"ID3" + bytes([tag.version, 0, 0]) + _sized(len(body), 4) + body


def tag_size(head: bytes) -> int:
    """How long the tag is that begins like this; 0 where none does."""
    if head[:3] != b"ID3":
        return 0
    head = part(head, 0, HEAD_BYTES, "MP3's tag")
    if head[3] not in (3, 4):
        raise Unreadable("the MP3's tag is neither ID3v2.3 nor 2.4")
    size = _safe(head[6:10])
    if size > TAG_BYTES_MAX:
        raise Unreadable("the MP3's tag is too large")
    return HEAD_BYTES + size + (HEAD_BYTES if head[3] == 4 and head[5] & _FOOTER else 0)


def tag_of(data: bytes) -> Tag:
    whole = tag_size(data[:HEAD_BYTES])
    if not whole:
        return Tag(4, (), 0)
    tag = part(data, 0, whole, "MP3's tag")
    version, flags = tag[3], tag[5]
    body = tag[HEAD_BYTES : HEAD_BYTES + _safe(tag[6:10])]
    if flags & _UNSYNCHRONISED and version == 3:  # in 2.4 each frame says so itself, and stays as it is
        body = body.replace(b"\xff\0", b"\xff")
    if flags & _EXTENDED:
        size = _safe(part(body, 0, 4, "MP3's tag")) if version == 4 else 4 + int.from_bytes(part(body, 0, 4, "MP3's tag"), "big")
        body = body[max(size, 4) :]
    return Tag(version, tuple(_frames(body, version)), whole)


def _frames(body: bytes, version: int) -> list[Frame]:
    found: list[Frame] = []
    at = 0
    while at + HEAD_BYTES <= len(body) and body[at]:  # what follows the last frame is zeros
        head = body[at : at + HEAD_BYTES]
        kind = head[:4]
        if not (kind.isalnum() and kind.upper() == kind) or len(found) == PARTS_MAX:
            raise Unreadable("the MP3's tag has something else where a frame should begin")
        size = _safe(head[4:8]) if version == 4 else int.from_bytes(head[4:8], "big")
        found.append(Frame(kind, head[8:], part(body, at + HEAD_BYTES, size, "MP3's tag")))
        at += HEAD_BYTES + size
    return found


def audible(data: bytes) -> bytes:
    """The sound after the audible label; as it is where it begins with it."""
    tag, sound = _sound(data)
    mark, replaced = frames.before(sound)
    return tag + mark + sound[len(replaced) :] if mark else data


def _sound(data: bytes) -> tuple[bytes, bytes]:
    at = tag_of(data).size
    check_sound(data[at:])
    at += len(data[at : at + ZEROS_MAX]) - len(data[at : at + ZEROS_MAX].lstrip(b"\0"))
    return data[:at], data[at:]


def opening(held: bytes) -> tuple[Tag, int] | None:
    """Of a file that still comes: its tag, and where its sound begins; None until its first frame is whole."""
    if len(held) < HEAD_BYTES or len(held) < (size := tag_size(held[:HEAD_BYTES])):
        return None
    at = size + len(held[size:]) - len(held[size:].lstrip(b"\0"))
    if at - size > ZEROS_MAX:
        raise Unreadable("not an MP3 file")
    if len(held) < at + 4 or len(held) < at + frames.header(held[at : at + 4]).size:
        return None
    return tag_of(held), at


def check_sound(sound: bytes) -> None:
    """It begins with a frame of MPEG layer III, after zeros that some leave."""
    start = sound[:ZEROS_MAX].lstrip(b"\0")[:4]
    if (
        len(start) < 4
        or start[0] != 0xFF
        or start[1] & 0xE6 != 0xE2
        or start[2] >> 4 == 15
        or start[2] >> 2 & 3 == 3
        or start[1] >> 3 & 3 == 1
    ):
        raise Unreadable("not an MP3 file")


def _native(frame: Frame) -> str | None:
    """The text of a TXXX frame called AIGC, in whichever encoding; None: it is another."""
    if frame.kind != b"TXXX" or frame.body[:1] not in _ENCODINGS:
        return None
    name, _, text = frame.body[1:].decode(_ENCODINGS[frame.body[:1]], "replace").partition("\0")
    return text.strip("\0\ufeff") if name.strip("\ufeff") == "AIGC" else None


def _is_xmp(frame: Frame) -> bool:
    return frame.kind == b"PRIV" and frame.body.startswith(_XMP)


def _safe(four: bytes) -> int:
    """Seven bits a byte, so that no tag holds what looks like sound."""
    if max(four) > 0x7F:
        raise Unreadable("a size in the MP3's tag is malformed")
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]


def _sized(size: int, version: int) -> bytes:
    return size.to_bytes(4, "big") if version == 3 else bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
