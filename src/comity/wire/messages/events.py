# SPDX-License-Identifier: Apache-2.0
"""The events of a message, from the chunks of a chat.

A block stays open until the answer ends: the last letters of a thought or a text may wait for what follows them, and come when another
block has begun.  Each delta says by its index whose it is.
"""

from __future__ import annotations

from typing import Any

import msgspec

from comity.wire.gather import Gathered, Piece
from comity.wire.messages.answer import ending, error, label, message, tool_use, usage
from comity.wire.sse import encode

Body = dict[str, Any]
_encode = msgspec.json.Encoder().encode
_DELTAS = {
    "thought": ("thinking", "thinking_delta", "thinking"),
    "signature": ("thinking", "signature_delta", "signature"),
    "text": ("text", "text_delta", "text"),
    "refusal": ("text", "text_delta", "text"),
    "call": ("tool_use", "input_json_delta", "partial_json"),
}


class Events:
    def __init__(self, request: Any) -> None:
        self._got = Gathered()
        self._begun = False
        self._blocks: dict[tuple[str, int], int] = {}  # by what it is, and which call: its index

    def chunk(self, chunk: Body) -> bytes:
        pieces = self._got.feed(chunk)
        return self._begin() + b"".join(self._piece(Piece("signature", "") if each.kind == "signature" else each) for each in pieces)

    def end(self) -> bytes:
        """Raises ProviderFailure where a whole answer would."""
        self._got.ended()
        for call in self._got.calls.values():
            call.object()
        begun = self._begin()
        if self._got.signature:  # at once: a client keeps the last delta alone
            begun += self._piece(Piece("signature", self._got.signature))
        stops = b"".join(_event("content_block_stop", index=index) for index in self._blocks.values())
        last = _event("message_delta", delta=ending(self._got), usage=usage(self._got), **label(self._got))
        return begun + stops + last + _event("message_stop")

    def failed(self, said: Body) -> bytes:
        return b"event: error\n" + encode(_encode(error(said)))

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        return _event("message_start", message=message(self._got))

    def _piece(self, piece: Piece) -> bytes:
        block, delta, member = _DELTAS[piece.kind]
        key, opening = (block, piece.call), b""
        if key not in self._blocks:
            self._blocks[key] = len(self._blocks)
            opening = _event("content_block_start", index=self._blocks[key], content_block=self._empty(block, piece.call))
        if not piece.text:
            return opening
        return opening + _event("content_block_delta", index=self._blocks[key], delta={"type": delta, member: piece.text})

    def _empty(self, block: str, call: int) -> Body:
        if block == "tool_use":
            return tool_use(self._got.calls[call])
        return {"type": block, block: ""} | ({"signature": ""} if block == "thinking" else {})


def _event(kind: str, **members: Any) -> bytes:
    return b"event: " + kind.encode() + b"\n" + encode(_encode({"type": kind, **members}))
