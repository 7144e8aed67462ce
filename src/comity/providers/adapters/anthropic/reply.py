# SPDX-License-Identifier: Apache-2.0
"""What Messages answers: one body, or events.

https://platform.claude.com/docs/en/api/messages and …/build-with-claude/streaming: counts of tokens are cumulative, `message_delta`
says why the answer ends, `message_stop` ends it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from comity.providers import http
from comity.providers.deltas import Body, broken, continued, count, encode, member, opened, usage

FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",  # it would go on, had it been asked to: what is here is not all
    "refusal": "content_filter",
}
_BLOCKED = "content filtering policy"


def code_of(body: Mapping[str, Any]) -> str:
    """A request or an answer that its filter stopped is told only by the words of an `invalid_request_error`."""
    error = body.get("error")
    if isinstance(error, dict) and _BLOCKED in str(error.get("message")):
        return "content_filter"
    return http.code_of(body)


class Telling:
    def __init__(self, model: str) -> None:
        self.id, self.model = "", model
        self.finish: str | None = None
        self.usage: Body | None = None
        self.ended = False
        self._counts: dict[str, int] = {}
        self._calls: dict[int, int] = {}  # number of a block → place among the calls
        self._empty: set[int] = set()  # calls whose arguments have not begun

    def whole(self, body: Body) -> Iterator[Body]:
        if body.get("type") == "error":
            raise http.said_in_stream(body, code_of)
        self._head(body)
        for block in member(body, "content", list):
            match block:
                case {"type": "text", "text": str(text)}:
                    yield {"content": text}
                case {"type": "thinking", "thinking": str(text), "signature": str(proof)}:
                    yield {"reasoning_content": text, "reasoning_signature": proof}
                case {"type": "tool_use", "id": str(id_), "name": str(name), "input": dict(read)}:
                    yield opened(len(self._calls), id_, name, encode(read).decode())
                    self._calls[len(self._calls)] = len(self._calls)
                case {"type": "redacted_thinking"}:
                    pass  # encrypted; nobody here can read it, and OpenAI's form has no place for it
                case _:
                    raise broken("the partner's answer holds a block that no chat has")
        self._stop(body)
        self.ended = True

    def event(self, body: Body) -> Iterator[Body]:
        if self.ended:
            raise broken("the partner's stream goes on after its end")
        match body.get("type"):
            case "message_start":
                self._head(member(body, "message", dict))
            case "content_block_start":
                yield from self._start(member(body, "index", int), member(body, "content_block", dict))
            case "content_block_delta":
                yield from self._delta(member(body, "index", int), member(body, "delta", dict))
            case "content_block_stop":
                number = member(body, "index", int)
                if number in self._empty:  # a call without arguments, which OpenAI writes as an empty object
                    self._empty.discard(number)
                    yield continued(self._calls[number], "{}")
            case "message_delta":
                self._stop(member(body, "delta", dict))
                self._count(member(body, "usage", dict))
            case "message_stop":
                if self.finish is None:
                    raise broken("the partner's answer does not say how it ended")
                self.ended = True
            case "error":
                raise http.said_in_stream(body, code_of)
            case _:
                pass  # `ping`, and events that may be added

    def _head(self, message: Body) -> None:
        self.id, self.model = member(message, "id", str), member(message, "model", str)
        self._count(member(message, "usage", dict))

    def _count(self, said: Body) -> None:
        """What was read from a cache, or written to one, was part of the prompt too, and is counted beside `input_tokens` here."""
        names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
        self._counts |= {name: found for name in names if (found := count(said, name)) is not None}
        details = said.get("output_tokens_details")
        thought = count(details, "thinking_tokens") if isinstance(details, dict) else None
        if thought is not None:
            self._counts["thinking_tokens"] = thought
        *prompt, completion = (self._counts.get(name, 0) for name in names)
        cached, thought = self._counts.get("cache_read_input_tokens"), self._counts.get("thinking_tokens")
        self.usage = usage(sum(prompt), completion, cached=cached, reasoning=thought)

    def _stop(self, said: Body) -> None:
        reason = member(said, "stop_reason", str)
        if reason not in FINISH:
            raise broken("the partner ended in no known way")
        self.finish = FINISH[reason]

    def _start(self, number: int, block: Body) -> Iterator[Body]:
        match block:
            case {"type": "text", "text": str(text)}:
                if text:
                    yield {"content": text}
            case {"type": "thinking", "thinking": str(text)}:
                if text:
                    yield {"reasoning_content": text}
            case {"type": "tool_use", "id": str(id_), "name": str(name)} if number not in self._calls:
                self._calls[number] = len(self._calls)
                self._empty.add(number)
                yield opened(self._calls[number], id_, name)
            case {"type": "redacted_thinking"}:
                pass  # as in a whole answer
            case _:
                raise broken("the partner's answer holds a block that no chat has")

    def _delta(self, number: int, delta: Body) -> Iterator[Body]:
        match delta:
            case {"type": "text_delta", "text": str(text)}:
                yield {"content": text}
            case {"type": "thinking_delta", "thinking": str(text)}:
                yield {"reasoning_content": text}
            case {"type": "signature_delta", "signature": str(text)}:
                yield {"reasoning_signature": text}
            case {"type": "input_json_delta", "partial_json": str(piece)} if number in self._calls:
                if piece:
                    self._empty.discard(number)
                    yield continued(self._calls[number], piece)
            case _:
                raise broken("the partner's answer holds a piece that no chat has")
