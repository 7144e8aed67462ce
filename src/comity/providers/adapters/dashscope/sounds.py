# SPDX-License-Identifier: Apache-2.0
"""What a sound file is, by its first bytes: callers often send it as `application/octet-stream`."""

from __future__ import annotations

import base64
import struct
from typing import NamedTuple

PCM_RATE = 24_000
_OPEN = 0xFFFF_FFFF  # a size that is not known yet


class Kind(NamedTuple):
    ending: str
    media_type: str


_BY_BEGINNING = (
    (b"RIFF", Kind("wav", "audio/wav")),
    (b"ID3", Kind("mp3", "audio/mpeg")),
    (b"OggS", Kind("ogg", "audio/ogg")),
    (b"fLaC", Kind("flac", "audio/flac")),
    (b"#!AMR", Kind("amr", "audio/amr")),
    (b"\x1aE\xdf\xa3", Kind("webm", "audio/webm")),
)


def kind_of(sound: bytes) -> Kind | None:
    for beginning, kind in _BY_BEGINNING:
        if sound.startswith(beginning):
            return kind
    if sound[4:8] == b"ftyp":
        return Kind("m4a", "audio/mp4")
    if len(sound) > 1 and sound[0] == 0xFF and sound[1] & 0xE0 == 0xE0:  # ISO 11172-3: a frame's sync word; layer 0 is AAC's
        return Kind("mp3", "audio/mpeg") if sound[1] & 0x06 else Kind("aac", "audio/aac")
    return None


def data_url(sound: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(sound).decode()}"


def wav_head() -> bytes:
    """Of samples that still come: 16 bits, one channel."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, PCM_RATE, PCM_RATE * 2, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", _OPEN, b"WAVE") + form + struct.pack("<4sI", b"data", _OPEN)
