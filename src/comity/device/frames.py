# SPDX-License-Identifier: Apache-2.0
"""What crosses the pipes between a gateway and the child that runs a model: four bytes of length, then one JSON object."""

from __future__ import annotations

from typing import Any

import msgspec

FRAME_BYTES_MAX = 64 * 1024 * 1024
TOO_LONG, INVALID, FAILED, LOST, HUNG = "too_long", "invalid", "failed", "lost", "hung"
"""The words that an answer may end with; the last two are the gateway's own."""


class Loading(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is loaded with: by the engine's names, the paths of its files; the tokens that each of ``slots`` answers at once may
    take; the threads that compute."""

    files: dict[str, str]
    context_tokens: int = 0
    slots: int = 1
    threads: int = 1


class Ask(msgspec.Struct, frozen=True, kw_only=True, tag="ask"):
    id: int
    body: dict[str, Any]


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """The caller has gone: give the slot back."""

    id: int


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    pass


class Chunk(msgspec.Struct, frozen=True, kw_only=True, tag="chunk"):
    id: int
    chunk: msgspec.Raw


class End(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """``error`` is "" or one word for what was wrong; never a message, which may hold text."""

    id: int
    error: str = ""


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """The model could not be loaded."""

    why: str


ToChild = Ask | Stop
FromChild = Ready | Chunk | End | Failed
_encoder = msgspec.json.Encoder()
to_child = msgspec.json.Decoder(ToChild)
from_child = msgspec.json.Decoder(FromChild)


def pack(frame: ToChild | FromChild) -> bytes:
    body = _encoder.encode(frame)
    return len(body).to_bytes(4, "big") + body


def size_of(head: bytes) -> int:
    """Raises ValueError for a length that no frame has."""
    size = int.from_bytes(head, "big")
    if not 0 < size <= FRAME_BYTES_MAX:
        raise ValueError("a frame of impossible length")
    return size
