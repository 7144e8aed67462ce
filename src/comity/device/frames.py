# SPDX-License-Identifier: Apache-2.0
"""What crosses the pipes between a gateway and the child that runs a model, and the socket of the process that shares models: four bytes
of length, then one JSON object."""

from __future__ import annotations

from typing import Any

import msgspec

FRAME_BYTES_MAX = 64 * 1024 * 1024
TOO_LONG, INVALID, BROKEN, FAILED, LOST, HUNG, CROWDED = "too_long", "invalid", "broken", "failed", "lost", "hung", "crowded"
"""The words that an answer may end with: four are an engine's, three of whoever looks after its process."""


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


class Open(msgspec.Struct, frozen=True, kw_only=True, tag="open"):
    """The first word to the process that shares models: the model that this connection is about, and the folder where models lie.

    The answer is Ready or Failed; then it speaks as a child does.
    """

    model: str
    directory: str
    context_tokens: int = 0


class Look(msgspec.Struct, frozen=True, kw_only=True, tag="look"):
    """The first word of who wants to know what is loaded.  The answer is one State."""


class Halt(msgspec.Struct, frozen=True, kw_only=True, tag="halt"):
    """The first word of who wants it to end.  The answer is one State; then what is under way is finished, and nothing new is begun."""


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


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """One model of the process that shares them.  ``pid`` is 0 while it rests; ``idle_seconds`` is since it was last asked."""

    model: str
    kind: str
    context_tokens: int
    pid: int
    under_way: int
    idle_seconds: float


class State(msgspec.Struct, frozen=True, kw_only=True, tag="state"):
    pid: int
    models: tuple[Loaded, ...] = ()


ToChild = Ask | Stop
FromChild = Ready | Chunk | End | Failed
ToServer = Open | Look | Halt | Ask | Stop
FromServer = Ready | Chunk | End | Failed | State
_encoder = msgspec.json.Encoder()
to_child = msgspec.json.Decoder(ToChild)
from_child = msgspec.json.Decoder(FromChild)
to_server = msgspec.json.Decoder(ToServer)
from_server = msgspec.json.Decoder(FromServer)


def pack(frame: ToServer | FromServer) -> bytes:
    body = _encoder.encode(frame)
    return len(body).to_bytes(4, "big") + body


def size_of(head: bytes) -> int:
    """Raises ValueError for a length that no frame has."""
    size = int.from_bytes(head, "big")
    if not 0 < size <= FRAME_BYTES_MAX:
        raise ValueError("a frame of impossible length")
    return size
