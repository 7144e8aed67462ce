# SPDX-License-Identifier: Apache-2.0
"""The audible label: short long, short short (AI in Morse code; GB 45438-2025 5.3 c), before the first sample of a sound.

Made anew for each sampling rate, always the same, so that a sound that begins with it is not given it twice.
"""

from __future__ import annotations

import math
import struct
from array import array
from functools import lru_cache
from typing import NamedTuple

from comity.gateway.labels.marks import Unfit, Unreadable

UNIT_SECONDS = 0.12
SOUNDS = ((1, 1), (3, 3), (1, 1), (1, 3))  # each a tone and the silence after it, in units: ITU-R M.1677
TONE_HZ = 800
LOUDNESS = 0.25  # of full scale: -12 dB
EDGE_SECONDS = 0.008  # a tone that swells and fades does not click
RATE_HZ = range(4_000, 192_001)
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


class Format(NamedTuple):
    """Of a WAV's `fmt ` chunk."""

    floats: bool
    channels: int
    rate_hz: int
    bits: int


@lru_cache(maxsize=8)
def samples(rate_hz: int) -> tuple[float, ...]:
    """One channel, between -1 and 1."""
    out: list[float] = []
    for tone, silence in SOUNDS:
        count = round(tone * UNIT_SECONDS * rate_hz)
        edge = EDGE_SECONDS * rate_hz
        for at in range(count):
            swell = min(1.0, at / edge, (count - at) / edge)
            out.append(LOUDNESS * swell * math.sin(math.tau * TONE_HZ * at / rate_hz))
        out += [0.0] * round(silence * UNIT_SECONDS * rate_hz)
    return tuple(out)


def format_of(chunk: bytes) -> Format:
    if len(chunk) < 16:
        raise Unreadable("the WAVE file does not say what it holds")
    tag, channels, rate, _, block, bits = struct.unpack("<HHIIHH", chunk[:16])
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        tag = int.from_bytes(chunk[24:26], "little")
    known = (tag == _PCM and bits in (8, 16, 24, 32)) or (tag == _FLOAT and bits in (32, 64))
    if not known or not 1 <= channels <= 8 or rate not in RATE_HZ or block != channels * bits // 8:
        raise Unfit("the WAV file is not of plain samples, so no sound can be put before it", hint="ask for PCM of 16 bits")
    return Format(tag == _FLOAT, channels, rate, bits)


@lru_cache(maxsize=8)
def pcm(form: Format) -> bytes:
    """The label as samples of this format; an even number of bytes."""
    mono = samples(form.rate_hz)
    if form.floats:
        values = array("f" if form.bits == 32 else "d", mono)
        one, width = values.tobytes(), values.itemsize
    else:
        top, width = (1 << form.bits - 1) - 1, form.bits // 8
        low = 128 if form.bits == 8 else 0  # samples of 8 bits have no sign
        one = b"".join((round(each * top) + low).to_bytes(width, "little", signed=not low) for each in mono)
    if form.channels > 1:
        one = b"".join(one[at : at + width] * form.channels for at in range(0, len(one), width))
    return one if len(one) % 2 == 0 else one + bytes([128]) * form.channels
