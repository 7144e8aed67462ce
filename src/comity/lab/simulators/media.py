# SPDX-License-Identifier: Apache-2.0
"""Small real files: tones in WAV and MP3, a plain PNG, and what can be read off a file without decoding it.

A made file carries its text in its own metadata (WAV INFO/ICMT, ID3v2 COMM, PNG iTXt): what one simulator said, another one hears.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import struct
import zlib
from typing import NamedTuple

WAV_RATE, MP3_RATE = 24_000, 44_100
MP3_FRAME = bytes((0xFF, 0xFB, 0x10, 0xC4)) + bytes(
    100
)  # ISO 11172-3: layer III, 32 kbit/s, 44.1 kHz, mono, silence: 144 * 32000 / 44100 bytes
MP3_SAMPLES = 1152
MP3_KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MP3_RATES = (44_100, 48_000, 32_000)
PEAK = 8_000


class Sound(NamedTuple):
    """What a sound file says of itself; 0 where it does not."""

    kind: str  # wav, mp3, or ""
    seconds: float
    rate: int
    text: str  # in its metadata


class Picture(NamedTuple):
    kind: str  # png, jpeg, gif, webp, or ""
    width: int
    height: int


# -- making -----------------------------------------------------------------------------------------------------------


def pcm(seconds: float, *, hertz: int = 440, rate: int = WAV_RATE) -> bytes:
    """A tone, 16 bits little-endian, mono.  Its period is repeated, so a long one costs no more to make."""
    period = rate // math.gcd(rate, hertz)
    one = struct.pack(f"<{period}h", *(round(PEAK * math.sin(2 * math.pi * hertz * at / rate)) for at in range(period)))
    size = round(seconds * rate) * 2
    return (one * (size // len(one) + 1))[:size]


def wav(text: str, seconds: float, *, hertz: int = 440, rate: int = WAV_RATE) -> bytes:
    data = pcm(seconds, hertz=hertz, rate=rate)
    form = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16))
    info = _chunk(b"LIST", b"INFO" + _chunk(b"ICMT", text.encode() + b"\0"))
    body = b"WAVE" + form + info + _chunk(b"data", data)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def mp3(text: str, seconds: float) -> bytes:
    """Silence of that length, behind an ID3v2.4 tag with the text as its comment."""
    comment = b"\3und\0" + text.encode()  # UTF-8, no language, no description
    frame = b"COMM" + _synchsafe(len(comment)) + b"\0\0" + comment
    return b"ID3\4\0\0" + _synchsafe(len(frame)) + frame + MP3_FRAME * max(1, math.ceil(seconds * MP3_RATE / MP3_SAMPLES))


def png(text: str, width: int, height: int) -> bytes:
    """One colour, taken from the text's hash, and the text itself."""
    colour = hashlib.sha256(text.encode()).digest()[:3]
    rows = zlib.compress((b"\0" + bytes(width)) * height, 6)  # a palette of one: every pixel is index 0
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    comment = b"Comment\0\0\0\0\0" + text.encode()
    parts = ((b"IHDR", head), (b"PLTE", colour), (b"iTXt", comment), (b"IDAT", rows), (b"IEND", b""))
    made = (struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _synchsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


# -- reading ----------------------------------------------------------------------------------------------------------


def sound(data: bytes) -> Sound:
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return _wav(data)
    if data[:3] == b"ID3" or (len(data) > 3 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0):
        return _mp3(data)
    return Sound("", 0.0, 0, "")


def _wav(data: bytes) -> Sound:
    rate = bytes_a_second = size = 0
    text = ""
    for name, start, length in _chunks(data, 12, len(data)):
        if name == b"fmt " and length >= 16:
            rate, bytes_a_second = struct.unpack_from("<II", data, start + 4)
        elif name == b"data":
            size = min(length, len(data) - start)  # a writer that streams does not know its length
        elif name == b"LIST" and data[start : start + 4] == b"INFO":
            for inner, at, long in _chunks(data, start + 4, min(start + length, len(data))):
                if inner == b"ICMT":
                    text = data[at : at + long].rstrip(b"\0").decode("utf-8", "replace")
    return Sound("wav", size / bytes_a_second if bytes_a_second else 0.0, rate, text)


def _chunks(data: bytes, at: int, end: int) -> list[tuple[bytes, int, int]]:
    found = []
    while at + 8 <= end:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        found.append((data[at : at + 4], at + 8, length))
        at += 8 + length + length % 2
    return found


def _mp3(data: bytes) -> Sound:
    """MPEG-1 layer III at one bit rate, which is what the first frame says of all."""
    at, text = 0, ""
    if data[:3] == b"ID3" and len(data) > 10:
        size = sum((byte & 0x7F) << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
        place = data.find(b"COMM", 10, 10 + size)
        if place > 0 and data[place + 10 : place + 11] == b"\3":
            length = sum((byte & 0x7F) << shift for byte, shift in zip(data[place + 4 : place + 8], (21, 14, 7, 0), strict=True))
            text = data[place + 14 : place + 10 + length].partition(b"\0")[2].decode("utf-8", "replace")
        at = 10 + size
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xFE != 0xFA or head[2] >> 4 == 15 or head[2] >> 2 & 3 == 3:
        return Sound("mp3", 0.0, 0, text)
    kbits = MP3_KBITS[head[2] >> 4]
    return Sound("mp3", (len(data) - at) / (kbits * 125) if kbits else 0.0, MP3_RATES[head[2] >> 2 & 3], text)


def picture(data: bytes) -> Picture:
    """The kind and the pixels that the header of an image names."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        return Picture("png", *struct.unpack_from(">II", data, 16))
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return Picture("gif", *struct.unpack_from("<HH", data, 6))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp(data)
    if data[:2] == b"\xff\xd8":
        return _jpeg(data)
    return Picture("", 0, 0)


def _webp(data: bytes) -> Picture:
    if data[12:16] == b"VP8X":
        return Picture("webp", 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little"))
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return Picture("webp", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    width, height = struct.unpack_from("<HH", data, 26)
    return Picture("webp", width & 0x3FFF, height & 0x3FFF)


def _jpeg(data: bytes) -> Picture:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        if 0xC0 <= data[at + 1] <= 0xCF and data[at + 1] not in (0xC4, 0xC8, 0xCC):  # a start of frame
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Picture("jpeg", width, height)
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return Picture("jpeg", 0, 0)


def data_url(url: str) -> bytes | None:
    """What a `data:` URL in base64 holds; None for any other address, which is never fetched, and for what is not base64."""
    head, comma, held = url.partition(",")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        return None
    return unbase64(held)


def unbase64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
