# SPDX-License-Identifier: Apache-2.0
"""WAV: the AIGC fields in a chunk of that name (TC260-PG-202510A), XMP in `_PMX`, C2PA in `C2PA`."""

from __future__ import annotations

from typing import Final

from comity.gateway.labels.marks import Marks
from comity.gateway.labels.riff import Chunk, chunks, joined

NATIVE: Final = "AIGC chunk"
XMP: Final = "_PMX chunk (XMP)"
FORM = b"WAVE"
SOUND = b"data"
_NATIVE, _XMP, _C2PA = b"AIGC", b"_PMX", b"C2PA"


def find(data: bytes) -> Marks:
    first: dict[bytes, bytes] = {}
    for chunk in wave_chunks(data):
        first.setdefault(chunk.kind, chunk.body)
    aigc = first.get(_NATIVE, b"").rstrip(b"\0").decode("utf-8", "replace")
    return Marks(aigc, first.get(_XMP, b""), first.get(_C2PA, b""))


def put(data: bytes, *, aigc: str, xmp: bytes) -> bytes:
    return joined(FORM, with_labels(wave_chunks(data), aigc=aigc, xmp=xmp))


def wave_chunks(data: bytes) -> list[Chunk]:
    return chunks(data, FORM, open_ended=SOUND)


def with_labels(found: list[Chunk], *, aigc: str, xmp: bytes) -> list[Chunk]:
    """Before the sound, so that whoever reads from its beginning meets them."""
    new = [Chunk(kind, body) for kind, body in ((_NATIVE, aigc.encode()), (_XMP, xmp)) if body]
    kept = [each for each in found if each.kind not in {chunk.kind for chunk in new}]
    at = next((place for place, each in enumerate(kept) if each.kind == SOUND), len(kept))
    return [*kept[:at], *new, *kept[at:]]
