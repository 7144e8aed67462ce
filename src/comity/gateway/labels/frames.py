# SPDX-License-Identifier: Apache-2.0
"""The audible label for MP3: frames made beforehand, since nothing here encodes MP3.

`rhythm.mp3` holds them one set after the other, a set for each sampling rate, in mono and in stereo: the samples of `rhythm.py` through
LAME (`ffmpeg -c:a libmp3lame -reservoir 0 -write_xing 0`).  Without a bit reservoir each frame stands alone, so that it may be cut
off here, and be filled up to the bit rate of the sound it precedes: whoever reckons a duration from the first frame stays right.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from comity.gateway.labels.marks import Unfit, Unreadable

FRAME_BYTES_MAX = 2881  # 320 kbit/s of MPEG 1 at 32 kHz, padded; and of MPEG 2.5 at 8 kHz, 160 kbit/s
_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_INFO_FRAMES, _INFO_BYTES = 0x1, 0x2


class Header(NamedTuple):
    """Of a frame of MPEG layer III.  ``version``: 3 is MPEG 1, 2 is MPEG 2, 0 is MPEG 2.5."""

    version: int
    rate_hz: int
    mono: bool
    bit_rate: int  # an index
    size: int

    @property
    def info_at(self) -> int:
        """Where a frame of no sound has what it says of the whole file: after the side information."""
        return 4 + ((17 if self.mono else 32) if self.version == 3 else (9 if self.mono else 17))


def header(four: bytes) -> Header:
    if len(four) < 4 or four[0] != 0xFF or four[1] & 0xE6 != 0xE2:
        raise Unreadable("the MP3 has something else where a frame should begin")
    version, rate, bit_rate = four[1] >> 3 & 3, four[2] >> 2 & 3, four[2] >> 4
    if version == 1 or rate == 3 or bit_rate == 15:
        raise Unreadable("a frame of the MP3 is of no known kind")
    if bit_rate == 0:
        raise Unfit("the MP3 is of free bit rate, so no sound can be put before it", hint="ask for audio/wav")
    rate_hz = _RATES[version][rate]
    size = _size(version, rate_hz, bit_rate) + (four[2] >> 1 & 1)
    return Header(version, rate_hz, four[3] >> 6 == 3, bit_rate, size)


def before(sound: bytes) -> tuple[bytes, bytes]:
    """What to put before this sound, and how much of the sound (a frame about the file, or nothing) stays before that.

    Needs the first frame whole.  Nothing, where the sound begins with it already.
    """
    head = header(sound[:4])
    info = b""
    if sound[head.info_at : head.info_at + 4] in (b"Xing", b"Info"):
        if len(sound) < head.size:
            raise Unreadable("the MP3 is cut off")
        info = sound[: head.size]
    mark = b"".join(_filled(frame, head) for frame in _sets().get((head.rate_hz, head.mono), ()))
    if not mark:
        raise Unfit(f"no audible label is here for MP3 of {head.rate_hz} Hz", hint="ask for audio/wav")
    if sound.startswith(mark, len(info)):
        return b"", b""
    return _counted(info, head, mark) + mark, info


def _counted(info: bytes, head: Header, mark: bytes) -> bytes:
    """The frame about the file, with the frames and bytes that come in."""
    if not info:
        return b""
    at = head.info_at + 8
    flags = int.from_bytes(info[at - 4 : at], "big")
    for flag, more in ((_INFO_FRAMES, len(_sets()[head.rate_hz, head.mono])), (_INFO_BYTES, len(mark))):
        if flags & flag:
            counted = (int.from_bytes(info[at : at + 4], "big") + more) & 0xFFFF_FFFF
            info = info[:at] + counted.to_bytes(4, "big") + info[at + 4 :]
            at += 4
    return info


def _filled(frame: bytes, to: Header) -> bytes:
    """The frame at the bit rate of the sound, where that is higher: zeros after a frame's own data are nobody's."""
    size = _size(to.version, to.rate_hz, to.bit_rate)
    if size <= len(frame):
        return frame
    flags = frame[2] & 0x0D | to.bit_rate << 4  # unpadded
    return frame[:2] + bytes([flags]) + frame[3:] + bytes(size - len(frame))


def _size(version: int, rate_hz: int, bit_rate: int) -> int:
    return (144 * _KBITS_1[bit_rate] if version == 3 else 72 * _KBITS_2[bit_rate]) * 1000 // rate_hz


@lru_cache(maxsize=1)
def _sets() -> dict[tuple[int, bool], tuple[bytes, ...]]:
    data = files(__package__).joinpath("rhythm.mp3").read_bytes()
    found: dict[tuple[int, bool], tuple[bytes, ...]] = {}
    at = 0
    while at < len(data):
        head = header(data[at : at + 4])
        key = (head.rate_hz, head.mono)
        found[key] = (*found.get(key, ()), data[at : at + head.size])
        at += head.size
    return found
