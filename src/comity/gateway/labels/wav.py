# SPDX-License-Identifier: Apache-2.0
"""WAV: the AIGC fields in a chunk of that name (TC260-PG-202510A), XMP in `_PMX`, C2PA in `C2PA`."""

from __future__ import annotations

from comity.gateway.labels import rhythm
from comity.gateway.labels.marks import Marks, Unfit, Unreadable
from comity.gateway.labels.riff import HEAD_BYTES, OPEN_BYTES, Chunk, chunks, joined, packed

FORM = b"WAVE"
SOUND = b"data"
_FORMAT = b"fmt "
_NATIVE, _XMP, _C2PA = b"AIGC", b"_PMX", b"C2PA"


def find(data: bytes) -> Marks:
    return marks_of(wave_chunks(data))


def marks_of(found: list[Chunk]) -> Marks:
    first: dict[bytes, bytes] = {}
    for chunk in found:
        first.setdefault(chunk.kind, chunk.body)
    aigc = first.get(_NATIVE, b"").rstrip(b"\0").decode("utf-8", "replace")
    return Marks(aigc, first.get(_XMP, b""), first.get(_C2PA, b""))


def put(data: bytes, aigc: str, xmp: bytes) -> bytes:
    return joined(FORM, with_labels(wave_chunks(data), aigc=aigc, xmp=xmp))


def wave_chunks(data: bytes) -> list[Chunk]:
    return chunks(data, FORM, open_ended=SOUND)


def with_labels(found: list[Chunk], *, aigc: str, xmp: bytes) -> list[Chunk]:
    """Before the sound, so that whoever reads from its beginning meets them."""
    new = [Chunk(kind, body) for kind, body in ((_NATIVE, aigc.encode()), (_XMP, xmp)) if body]
    kept = [each for each in found if each.kind not in {chunk.kind for chunk in new}]
    at = next((place for place, each in enumerate(kept) if each.kind == SOUND), len(kept))
    return [*kept[:at], *new, *kept[at:]]


def audible(data: bytes) -> bytes:
    """The sound after the audible label; as it is where it begins with it."""
    found = wave_chunks(data)
    form, sound = _sound(found)
    mark = rhythm.pcm(rhythm.format_of(form))
    if sound.startswith(mark):
        return data
    if len(sound) + len(mark) >= OPEN_BYTES:
        raise Unfit("the WAV file has no room for a sound before it")
    return joined(FORM, [Chunk(each.kind, mark + each.body) if each.kind == SOUND else each for each in found])


def opening(held: bytes) -> tuple[list[Chunk], int] | None:
    """Of a file that still comes: the chunks before its sound, and where the sound begins; None until it has."""
    if len(held) < HEAD_BYTES:
        return None
    if held[:4] != b"RIFF" or held[8:12] != FORM:
        raise Unreadable("not a WAVE file")
    found: list[Chunk] = []
    at = HEAD_BYTES
    while at + 8 <= len(held):
        kind, size = held[at : at + 4], int.from_bytes(held[at + 4 : at + 8], "little")
        if kind == SOUND:
            return found, at + 8
        if at + 8 + size > len(held):
            return None
        found.append(Chunk(kind, held[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return None


def opened(held: bytes, before: list[Chunk], at: int, *, aigc: str, xmp: bytes, mark: bytes) -> bytes:
    """What such a file begins with instead, up to its own first sample; sizes that are still open stay open."""
    head = b"".join(packed(each) for each in with_labels(before, aigc=aigc, xmp=xmp))
    more = HEAD_BYTES + len(head) + 8 - at + len(mark)
    whole, sound = (int.from_bytes(held[place : place + 4], "little") for place in (4, at - 4))
    whole, sound = _grown(whole, more), _grown(sound, len(mark))
    return b"RIFF" + whole.to_bytes(4, "little") + FORM + head + SOUND + sound.to_bytes(4, "little") + mark


def mark_for(before: list[Chunk]) -> bytes:
    form = next((each.body for each in before if each.kind == _FORMAT), b"")
    return rhythm.pcm(rhythm.format_of(form))


def _grown(size: int, more: int) -> int:
    return size if size == 0 or size >= OPEN_BYTES else size + more


def _sound(found: list[Chunk]) -> tuple[bytes, bytes]:
    form, sound = (next((each.body for each in found if each.kind == kind), None) for kind in (_FORMAT, SOUND))
    if form is None or sound is None:
        raise Unreadable("the WAVE file holds no sound")
    return form, sound
