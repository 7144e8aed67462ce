# SPDX-License-Identifier: Apache-2.0
"""What Converse answers to OpenAI's forms: one body, or frames to chunks.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html: `messageStop` says why it ended, and
`metadata` after it what it cost.
"""

from __future__ import annotations

from typing import Any

import msgspec

from comity.errors import ProviderFailure
from comity.providers.adapters.bedrock.frames import BadFrame, FrameDecoder, Message
from comity.providers.deltas import broken, member, object_of
from comity.providers.http import JSON, SSE, said_in_stream
from comity.wire import sse

Body = dict[str, Any]
encode = msgspec.json.Encoder().encode
FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}
"""Any other, `malformed_model_output` and `malformed_tool_use` among them, is no answer."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What each chunk, or the whole completion, begins with."""

    id: str
    created: int
    model: str

    def said(self, kind: str, choice: Body | None, usage: Body | None) -> bytes:
        told = {} if usage is None else {"usage": usage}
        choices = [] if choice is None else [choice]
        return encode({"id": self.id, "object": kind, "created": self.created, "model": self.model, "choices": choices, **told})


def finish_of(reason: str) -> str:
    if reason not in FINISH:
        raise broken(
            "the partner's model said nothing that could be read" if "malformed" in reason else "the partner ended in no known way"
        )
    return FINISH[reason]


def usage_of(said: Body) -> Body:
    """What was read from a cache, or written to one, was part of the prompt too, and is counted beside `inputTokens` here."""
    read, written = (said.get(name) for name in ("cacheReadInputTokens", "cacheWriteInputTokens"))
    prompt, completion = member(said, "inputTokens", int), member(said, "outputTokens", int)
    prompt += sum(count for count in (read, written) if isinstance(count, int))
    made: Body = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    if isinstance(read, int):
        made["prompt_tokens_details"] = {"cached_tokens": read}
    return made


class Whole:
    content_type = JSON

    def __init__(self, head: Head) -> None:
        self._head, self._pieces = head, list[bytes]()

    def feed(self, piece: bytes) -> bytes:
        self._pieces.append(piece)
        return b""

    def finish(self) -> bytes:
        body = object_of(b"".join(self._pieces))
        said = _Said()
        for block in member(member(member(body, "output", dict), "message", dict), "content", list):
            said.add(block)
        choice = {"index": 0, "message": said.message(), "finish_reason": finish_of(member(body, "stopReason", str))}
        return self._head.said("chat.completion", choice, usage_of(member(body, "usage", dict)))


class _Said:
    """Blocks of one message."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {"content": [], "reasoning_content": [], "reasoning_signature": []}
        self._calls: list[Body] = []

    def add(self, block: Any) -> None:
        match block:
            case {"text": str(text)}:
                self._texts["content"].append(text)
            case {"toolUse": {"toolUseId": str(id_), "name": str(name), "input": dict(arguments)}}:
                function = {"name": name, "arguments": encode(arguments).decode()}
                self._calls.append({"id": id_, "type": "function", "function": function})
            case {"reasoningContent": {"reasoningText": {"text": str(text)} as thought}}:
                self._texts["reasoning_content"].append(text)
                self._texts["reasoning_signature"].append(str(thought.get("signature") or ""))
            case {"reasoningContent": {"redactedContent": str()}}:
                pass  # encrypted by the model's maker; nobody here can read it, and OpenAI's form has no place for it
            case _:
                raise broken("the partner's answer holds a block that no chat has")

    def message(self) -> Body:
        texts = {name: "".join(pieces) for name, pieces in self._texts.items()}
        message: Body = {"role": "assistant", "content": texts.pop("content") or (None if self._calls else "")}
        message |= {name: text for name, text in texts.items() if text}
        return message | ({"tool_calls": self._calls} if self._calls else {})


class Streamed:
    """Frames, cut anywhere, to chunks.  What comes before a frame that is broken is passed on before the failure."""

    content_type = SSE

    def __init__(self, head: Head, *, with_usage: bool) -> None:
        self._head, self._with_usage = head, with_usage
        self._frames = FrameDecoder()
        self._failure: ProviderFailure | None = None
        self._calls: dict[int, int] = {}  # the place of a call among the calls, by the number of its block
        self._empty: set[int] = set()  # blocks of calls that have no arguments yet
        self._finish: str | None = None
        self._usage: Body | None = None

    def feed(self, piece: bytes) -> bytes:
        if self._failure is not None:
            raise self._failure
        out: list[bytes] = []
        try:
            for message in self._frames.feed(piece):
                out.append(self._read(message))
        except BadFrame:
            self._failure = broken("the partner's stream is no event stream, or was changed on its way")
        except ProviderFailure as failure:
            self._failure = failure
        if self._failure is not None and not any(out):
            raise self._failure
        return b"".join(out)

    def finish(self) -> bytes:
        if self._failure is not None:
            raise self._failure
        if self._finish is None or self._frames.rest:
            raise broken("the partner's stream ended before its end")
        # Where the caller asked for no usage, what ends an answer still says what it cost, for the record.
        last = self._choice({}, self._finish, None if self._with_usage else self._usage)
        told = self._chunk(None, self._usage) if self._with_usage and self._usage else b""
        return last + told + sse.encode(b"[DONE]")

    def _read(self, message: Message) -> bytes:
        kind = message.headers.get(":message-type")
        if kind == "exception" or kind == "error":
            raise said_in_stream({"code": message.headers.get(":exception-type") or message.headers.get(":error-code")})
        event = message.headers.get(":event-type")
        if kind != "event" or not event:
            raise broken("a message of the partner's stream does not say what it is")
        body = object_of(message.payload)
        if event == "metadata":
            self._usage = usage_of(member(body, "usage", dict))
            return b""
        if event not in ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop"):
            return b""  # Amazon adds events; those that say something of an answer are these
        if self._finish is not None:
            raise broken("the partner's stream goes on after its end")
        if event == "messageStart":
            return self._choice({"role": "assistant", "content": ""})
        if event == "messageStop":
            self._finish = finish_of(member(body, "stopReason", str))
            return b""
        return self._block(event, body)

    def _block(self, event: str, body: Body) -> bytes:
        number = member(body, "contentBlockIndex", int)
        if event == "contentBlockStop":
            if number in self._empty:  # a call without arguments, which OpenAI writes as an empty object
                self._empty.discard(number)
                return self._arguments(number, "{}")
            return b""
        if event == "contentBlockStart":
            return self._start(number, member(body, "start", dict))
        match member(body, "delta", dict):
            case {"text": str(text)}:
                return self._choice({"content": text})
            case {"toolUse": {"input": str(piece)}} if number in self._calls:
                if not piece:
                    return b""
                self._empty.discard(number)
                return self._arguments(number, piece)
            case {"reasoningContent": {"text": str(text)}}:
                return self._choice({"reasoning_content": text})
            case {"reasoningContent": {"signature": str(text)}}:
                return self._choice({"reasoning_signature": text})
            case {"reasoningContent": {"redactedContent": str()}}:
                return b""  # as in a whole answer
        raise broken("the partner's answer holds a block that no chat has")

    def _start(self, number: int, start: Body) -> bytes:
        match start:
            case {"toolUse": {"toolUseId": str(id_), "name": str(name)}} if number not in self._calls:
                place = self._calls[number] = len(self._calls)
                self._empty.add(number)
                function = {"name": name, "arguments": ""}
                return self._choice({"tool_calls": [{"index": place, "id": id_, "type": "function", "function": function}]})
            case _ if start:
                raise broken("the partner's answer holds a block that no chat has")
        return b""

    def _arguments(self, number: int, piece: str) -> bytes:
        return self._choice({"tool_calls": [{"index": self._calls[number], "function": {"arguments": piece}}]})

    def _choice(self, delta: Body, finish: str | None = None, usage: Body | None = None) -> bytes:
        return self._chunk({"index": 0, "delta": delta, "finish_reason": finish}, usage)

    def _chunk(self, choice: Body | None, usage: Body | None = None) -> bytes:
        return sse.encode(self._head.said("chat.completion.chunk", choice, usage))
