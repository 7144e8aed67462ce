# SPDX-License-Identifier: Apache-2.0
"""From what another dialect says to OpenAI's chat: each of its events becomes deltas, sent one by one or joined to one message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import msgspec

from comity.errors import ProviderFailure
from comity.providers.http import JSON, SSE
from comity.wire import sse

Body = dict[str, Any]
encode = msgspec.json.Encoder().encode


class Telling(Protocol):
    """One answer being told.  Its methods raise ProviderFailure for what the dialect does not say."""

    id: str
    model: str
    finish: str | None  # OpenAI's word, once it is known why the answer ended
    usage: Body | None
    ended: bool  # the end mark has come

    def event(self, body: Body) -> Iterable[Body]:
        """Deltas of one event of a stream."""

    def whole(self, body: Body) -> Iterable[Body]:
        """Deltas of an answer that came as one body."""


class Whole:
    content_type = JSON

    def __init__(self, telling: Telling, created: int) -> None:
        self._telling, self._created, self._raw = telling, created, bytearray()

    def feed(self, piece: bytes) -> bytes:
        self._raw += piece
        return b""

    def finish(self) -> bytes:
        told = self._telling
        message = joined(told.whole(object_of(bytes(self._raw))))
        if not told.ended:
            raise broken("the partner's answer does not say how it ended")
        choice = {"index": 0, "message": message, "finish_reason": told.finish}
        head = {"id": told.id, "object": "chat.completion", "created": self._created, "model": told.model}
        return encode(head | {"choices": [choice]} | ({} if told.usage is None else {"usage": told.usage}))


class Streamed:
    """A failure waits until what came before it has been passed on, however the bytes were cut."""

    content_type = SSE

    def __init__(self, telling: Telling, created: int, *, with_usage: bool) -> None:
        self._telling, self._created, self._with_usage = telling, created, with_usage
        self._decoder = sse.EventDecoder()
        self._failure: ProviderFailure | None = None
        self._begun = False

    def feed(self, piece: bytes) -> bytes:
        if self._failure is not None:
            raise self._failure
        out: list[bytes] = []
        try:
            for event in self._decoder.feed(piece):
                self._read(event, out)
        except sse.EventTooLarge:
            self._failure = broken("an event of the partner's stream is too large")
        except ProviderFailure as failure:
            self._failure = failure
        if self._failure is not None and not out:
            raise self._failure
        return b"".join(out)

    def finish(self) -> bytes:
        if self._failure is not None:
            raise self._failure
        out: list[bytes] = []
        for event in self._decoder.flush():
            self._read(event, out)
        told = self._telling
        if not told.ended:
            raise broken("the partner's stream ended before its end mark")
        # Where the caller asked for no usage, what ends an answer still says what it cost, for the record.
        usage: Body = {} if told.usage is None else {"usage": told.usage}
        out.append(self._chunk({}, told.finish, {} if self._with_usage else usage))
        if self._with_usage and usage:
            out.append(self._said([], usage))
        return b"".join((*out, sse.encode(b"[DONE]")))

    def _read(self, event: sse.Event, out: list[bytes]) -> None:
        for delta in self._telling.event(object_of(event.data)):
            if not self._begun:
                self._begun = True
                out.append(self._chunk({"role": "assistant", "content": ""}))
            out.append(self._chunk(delta))

    def _chunk(self, delta: Body, finish: str | None = None, more: Body | None = None) -> bytes:
        return self._said([{"index": 0, "delta": delta, "finish_reason": finish}], more or {})

    def _said(self, choices: list[Body], more: Body) -> bytes:
        head = {"id": self._telling.id, "object": "chat.completion.chunk", "created": self._created, "model": self._telling.model}
        return sse.encode(encode(head | {"choices": choices} | more))


def joined(deltas: Iterable[Body]) -> Body:
    """One message of all deltas."""
    texts: dict[str, list[str]] = {"content": [], "reasoning_content": [], "reasoning_signature": []}
    calls: list[Body] = []
    for delta in deltas:
        for name in texts:
            texts[name].append(delta.get(name, ""))
        for call in delta.get("tool_calls", ()):
            if "id" in call:
                calls.append({"id": call["id"], "type": "function", "function": dict(call["function"])})
            else:
                calls[call["index"]]["function"]["arguments"] += call["function"]["arguments"]
    said = {name: "".join(pieces) for name, pieces in texts.items()}
    message: Body = {"role": "assistant", "content": said.pop("content") or (None if calls else "")}
    return message | {name: text for name, text in said.items() if text} | ({"tool_calls": calls} if calls else {})


def opened(index: int, id_: str, name: str, arguments: str = "") -> Body:
    """The delta that begins a call."""
    return {"tool_calls": [{"index": index, "id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}]}


def continued(index: int, arguments: str) -> Body:
    return {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}


def usage(prompt: int, completion: int, *, cached: int | None = None, reasoning: int | None = None) -> Body:
    made: Body = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    if cached is not None:
        made["prompt_tokens_details"] = {"cached_tokens": cached}
    if reasoning is not None:
        made["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    return made


def count(body: Body, name: str) -> int | None:
    """A number of tokens, where it is told."""
    value = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def member(body: Any, name: str, kind: type) -> Any:
    """A member that the documentation promises."""
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise broken(f"the partner's answer has no `{name}` where it should")
    return value


def object_of(raw: bytes) -> Body:
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise broken("the partner's answer is not JSON") from None
    if not isinstance(body, dict):
        raise broken("the partner's answer is no JSON object")
    return body


def broken(what: str) -> ProviderFailure:
    return ProviderFailure(what, kind="protocol", retryable=False)
