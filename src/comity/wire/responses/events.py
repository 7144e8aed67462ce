# SPDX-License-Identifier: Apache-2.0
"""The events of a response, from the chunks of a chat.

An item stays open until the answer ends: the last letters of a text may wait for what follows them, and come when another item has begun.
Each event says by `output_index` and `item_id` whose it is.  https://developers.openai.com/api/reference/resources/responses/streaming-events
"""

from __future__ import annotations

from typing import Any

import msgspec

from comity.wire.chat import ChatRequest
from comity.wire.gather import Gathered, Piece
from comity.wire.responses.answer import Key, item, item_id, response, status, text_part
from comity.wire.sse import encode

Body = dict[str, Any]
_encode = msgspec.json.Encoder().encode
_ITEM = {"thought": "reasoning", "signature": "reasoning", "text": "message", "refusal": "message", "call": "function_call"}
_DELTA = {"thought": "reasoning_text", "text": "output_text", "refusal": "refusal", "call": "function_call_arguments"}


class Events:
    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._got = Gathered()
        self._number = 0
        self._items: list[Key] = []  # in the order in which they began
        self._parts: list[str] = []  # of the message, the same: `text`, `refusal`

    def chunk(self, chunk: Body) -> bytes:
        pieces = self._got.feed(chunk)
        return self._begin() + b"".join(map(self._piece, pieces))

    def end(self) -> bytes:
        """Raises ProviderFailure where a whole answer would."""
        self._got.ended()
        begun, state = self._begin(), status(self._got)
        done = b"".join(self._done(index, key, state) for index, key in enumerate(self._items))
        return begun + done + self._event(f"response.{state}", response=self._response(state))

    def failed(self, said: Body) -> bytes:
        """A response that had begun has failed; then the error itself, as OpenAI sends it, which its client raises."""
        error = said["error"]
        told = {"code": "server_error", "message": error["message"]}
        failed = self._event("response.failed", response=self._response("failed", told)) if self._number else b""
        members = {name: error.get(name) for name in ("code", "message", "param")}
        return failed + self._event("error", **members, error=error)

    def _begin(self) -> bytes:
        if self._number:
            return b""
        empty = response(Gathered(head=self._got.head), self._request, "in_progress", [])
        return self._event("response.created", response=empty) + self._event("response.in_progress", response=empty)

    def _piece(self, piece: Piece) -> bytes:
        key: Key = (_ITEM[piece.kind], piece.call)
        opening = b""
        if key not in self._items:
            self._items.append(key)
            blank = item(Gathered(head=self._got.head, calls=self._got.calls), key, "in_progress")
            blank |= {"arguments": ""} if key[0] == "function_call" else {}
            opening = self._event("response.output_item.added", output_index=len(self._items) - 1, item=blank)
        if piece.kind == "signature":
            return opening
        place = self._place(key)
        if piece.kind == "thought" and self._got.thought == piece.text:
            opening += self._event("response.content_part.added", **place, content_index=0, part={"type": "reasoning_text", "text": ""})
        elif key[0] == "message" and piece.kind not in self._parts:
            self._parts.append(piece.kind)
            part = {"type": "refusal", "refusal": ""} if piece.kind == "refusal" else text_part("", [])
            opening += self._event("response.content_part.added", **place, content_index=len(self._parts) - 1, part=part)
        if not piece.text:
            return opening
        return opening + self._event(
            f"response.{_DELTA[piece.kind]}.delta", **place, **self._within(piece.kind, piece.logprobs), delta=piece.text
        )

    def _within(self, kind: str, logprobs: list[Any]) -> Body:
        if kind == "call":
            return {}
        index = {"content_index": self._parts.index(kind) if kind in self._parts else 0}
        return index | ({"logprobs": logprobs} if kind == "text" else {})

    def _done(self, index: int, key: Key, state: str) -> bytes:
        got, place, out = self._got, self._place(key), b""
        made = self._item(key, state)
        if key[0] == "function_call":
            out = self._event("response.function_call_arguments.done", **place, name=made["name"], arguments=made["arguments"])
        else:
            kinds = self._parts if key[0] == "message" else ["thought"] if got.thought else []
            for kind, part in zip(kinds, made["content"], strict=True):
                told = {"refusal": got.refusal} if kind == "refusal" else {"text": part["text"]}
                out += self._event(f"response.{_DELTA[kind]}.done", **place, **self._within(kind, got.logprobs), **told)
                out += self._event("response.content_part.done", **place, content_index=kinds.index(kind), part=part)
        return out + self._event("response.output_item.done", output_index=index, item=made)

    def _item(self, key: Key, state: str) -> Body:
        """With the parts in the order in which they began."""
        made = item(self._got, key, state)
        if key[0] == "message" and self._parts[:1] == ["refusal"]:
            made["content"].reverse()
        return made

    def _place(self, key: Key) -> Body:
        return {"item_id": item_id(self._got, key), "output_index": self._items.index(key)}

    def _response(self, state: str, error: Body | None = None) -> Body:
        # What a failed answer had said is not told as its output: half of it may be missing.
        output = [] if error is not None else [self._item(key, state) for key in self._items]
        return response(self._got, self._request, state, output, error)

    def _event(self, kind: str, **members: Any) -> bytes:
        number, self._number = self._number, self._number + 1
        return b"event: " + kind.encode() + b"\n" + encode(_encode({"type": kind, "sequence_number": number, **members}))
