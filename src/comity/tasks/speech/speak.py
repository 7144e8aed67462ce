# SPDX-License-Identifier: Apache-2.0
"""A text as a sound.  What is spoken is made by a machine, and labelled as such by whoever serves it."""

from __future__ import annotations

import struct
from typing import Literal

import msgspec

from comity.errors import CallerError
from comity.tasks.language import language_of
from comity.tasks.shapes import Draft, Gate
from comity.tasks.task import Ask, Unreadable
from comity.wire.audio import SpeechRequest
from comity.wire.request import Operation

CHARACTERS_MAX = 20_000
PER_SECOND_MIN, PER_SECOND_MAX = 4.0, 40.0
"""Letters that anybody says in a second at speed 1; in Chinese a third as many.  A sound outside of it was cut short or ran on."""
DENSE = 3.0


class Speak(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``language``: BCP 47; "" where it is to be seen.  ``voice``: `auto`, or one that a place has."""

    text: str
    language: str = ""
    voice: str = "auto"
    format: Literal["wav", "pcm"] = "wav"
    speed: float = 1.0

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise CallerError("the text is empty", code="request.invalid", field="text", hint="send the text to speak")
        if len(self.text) > CHARACTERS_MAX:
            raise CallerError(
                f"the text has more than {CHARACTERS_MAX} characters", code="task.too_long", status=413, field="text",
                hint=f"send at most {CHARACTERS_MAX} characters",
            )  # fmt: skip
        if not 0.5 <= self.speed <= 2:
            raise CallerError("`speed` is not 0.5 to 2", code="request.invalid", field="speed")


class Sound(msgspec.Struct, frozen=True, kw_only=True):
    """``seconds``: 0 where it cannot be told from the form."""

    data: bytes
    content_type: str
    seconds: float = 0.0


class SpeakTask:
    name = "speak"
    operation: Operation = "speech"

    def language(self, asked: Speak) -> str:
        return asked.language or language_of(asked.text).tag

    def size(self, asked: Speak) -> int:
        return len(asked.text)

    async def draft(self, asked: Speak, ask: Ask) -> Draft[Sound]:
        speed = None if asked.speed == 1.0 else asked.speed
        reply = await ask(SpeechRequest(input=asked.text, voice=asked.voice, response_format=asked.format, speed=speed))
        if not reply.data:
            raise Unreadable("empty")
        kind = reply.content_type or f"audio/{asked.format}"
        data = sized(reply.data)
        return Draft(value=Sound(data=data, content_type=kind, seconds=seconds_of(data)))

    def gates(self, asked: Speak, draft: Draft[Sound]) -> tuple[Gate, ...]:
        seconds = draft.value.seconds
        if not seconds:
            return ()
        letters = sum(letter.isalnum() for letter in asked.text) or 1
        dense = self.language(asked).partition("-")[0] in ("zh", "ja", "ko", "yue")
        rate = letters * (DENSE if dense else 1.0) / seconds / asked.speed
        # A short text is mostly the pause around it, and a label that is heard may stand before it.
        right = rate <= PER_SECOND_MAX and (rate >= PER_SECOND_MIN or seconds < 8)
        return (Gate(name="length", passed=right, why="" if right else "cut_short" if rate > PER_SECOND_MAX else "ran_on"),)


def sized(data: bytes) -> bytes:
    """A wav that was made as it went cannot say how long it is at its beginning; whole, it can: programs that play it go by that."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return data
    made, at = bytearray(data), 12
    struct.pack_into("<I", made, 4, len(data) - 8)
    while at + 8 <= len(data):
        size = struct.unpack_from("<I", data, at + 4)[0]
        if data[at : at + 4] == b"data":
            struct.pack_into("<I", made, at + 4, min(size, len(data) - at - 8))
            break
        at += 8 + size + size % 2
    return bytes(made)


def seconds_of(data: bytes) -> float:
    """Of a wav of 16 bits, by what is there and not by what its header says; 0 for anything else."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return 0.0
    at, bytes_per_second = 12, 0
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"fmt " and at + 20 <= len(data):
            bytes_per_second = struct.unpack_from("<I", data, at + 16)[0]
        if name == b"data":
            return min(size, len(data) - at - 8) / bytes_per_second if bytes_per_second else 0.0
        at += 8 + size + size % 2
    return 0.0
