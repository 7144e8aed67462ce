# SPDX-License-Identifier: Apache-2.0
"""The events of a chat to OpenAI's chunks, or, joined, to one completion.

`finish_reason` is the text "null" until it is known, or is absent; usage is in each event and grows; there is no end mark, so the
stream is whole when every choice has finished.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, NamedTuple

from comity.providers.adapters.dashscope.answers import EventReader
from comity.providers.adapters.dashscope.wire import Body, broken, encode, member
from comity.providers.http import JSON, SSE
from comity.wire import sse


class Step(NamedTuple):
    """What one event says of one choice; `delta` is OpenAI's, without its role."""

    place: int
    delta: Body
    logprobs: list[Any] | None
    finish: str | None


def steps(output: Any) -> Iterator[Step]:
    for choice in member(output, "choices", list):
        message = member(choice, "message", dict)
        finish = choice.get("finish_reason")
        delta: Body = {}
        if text := _text(message.get("content")):
            delta["content"] = text
        if thought := _text(message.get("reasoning_content")):
            delta["reasoning_content"] = thought
        if message.get("tool_calls"):
            delta["tool_calls"] = [_call(place, call) for place, call in enumerate(member(message, "tool_calls", list))]
        likely = choice.get("logprobs")
        yield Step(
            place=_index(choice, 0),
            delta=delta,
            logprobs=member(likely, "content", list) if isinstance(likely, dict) else None,
            finish=finish if isinstance(finish, str) and finish not in ("", "null") else None,
        )


def _text(content: Any) -> str:
    """A text, or the list of texts that a model which also sees answers with."""
    if isinstance(content, list):
        return "".join(member(part, "text", str) for part in content)
    if content is not None and not isinstance(content, str):
        raise broken("the partner's answer has a content that is no text")
    return content or ""


def _call(place: int, call: Any) -> Body:
    """Its first piece has an id and a name, later ones have neither."""
    function = member(call, "function", dict)
    made: Body = {"index": _index(call, place)}
    if isinstance(call.get("id"), str) and call["id"]:
        made |= {"id": call["id"], "type": "function"}
    said = {name: function[name] for name in ("name", "arguments") if isinstance(function.get(name), str) and function[name]}
    return made | {"function": {"arguments": ""} | said}


def _index(holder: Body, otherwise: int) -> int:
    index = holder.get("index", otherwise)
    if not isinstance(index, int) or index < 0:
        raise broken("the partner's answer numbers what it says wrongly")
    return index


def usage_of(said: Any) -> Body | None:
    """In OpenAI's words; None where it does not count tokens."""
    if not isinstance(said, dict) or not isinstance(said.get("input_tokens"), int):
        return None
    prompt, completion = said["input_tokens"], said.get("output_tokens")
    completion = completion if isinstance(completion, int) else 0
    made: Body = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    for theirs, ours, name in (
        ("prompt_tokens_details", "prompt_tokens_details", "cached_tokens"),
        ("output_tokens_details", "completion_tokens_details", "reasoning_tokens"),
    ):
        details = said.get(theirs)
        if isinstance(details, dict) and isinstance(details.get(name), int):
            made[ours] = {name: details[name]}
    return made


class ChatReader(EventReader):
    """``count`` choices, each of which must finish."""

    def __init__(self, model: str, *, count: int, created: int, content_type: str) -> None:
        super().__init__(content_type)
        self.head: Body = {"id": "", "created": created, "model": model}
        self.usage: Body | None = None
        self._count, self._open = count, set(range(count))

    def event(self, body: Body) -> bytes:
        if not self.head["id"] and isinstance(body.get("request_id"), str):
            self.head["id"] = body["request_id"]
        self.usage = usage_of(body.get("usage")) or self.usage
        out = b""
        for step in steps(body.get("output")):
            if step.place >= self._count:
                raise broken("the partner's answer has more choices than were asked for")
            if step.finish is not None:
                self._open.discard(step.place)
            out += self.step(step)
        return out

    @abstractmethod
    def step(self, step: Step) -> bytes: ...

    def end(self) -> bytes:
        if self._open:
            raise broken("the partner's stream ended before its end")
        return self.ended()

    @abstractmethod
    def ended(self) -> bytes: ...


class Streamed(ChatReader):
    def __init__(self, model: str, *, count: int, created: int, with_usage: bool) -> None:
        super().__init__(model, count=count, created=created, content_type=SSE)
        self._with_usage, self._opened = with_usage, set[int]()

    def step(self, step: Step) -> bytes:
        delta, first = step.delta, step.place not in self._opened
        if first:
            self._opened.add(step.place)
            delta = {"role": "assistant", "content": ""} | delta
        elif not delta and step.finish is None and not step.logprobs:
            return b""
        choice: Body = {"index": step.place, "delta": delta, "finish_reason": step.finish}
        if step.logprobs is not None:
            choice["logprobs"] = {"content": step.logprobs, "refusal": None}
        # Where the caller asked for no usage, what ends an answer still says what it cost, for the record.
        costs = {"usage": self.usage} if step.finish is not None and not self._with_usage and self.usage else {}
        return self._chunk([choice], costs)

    def ended(self) -> bytes:
        told = self._chunk([], {"usage": self.usage}) if self._with_usage and self.usage else b""
        return told + sse.encode(b"[DONE]")

    def _chunk(self, choices: list[Body], more: Body) -> bytes:
        return sse.encode(encode({**self.head, "object": "chat.completion.chunk", "choices": choices, **more}))


class Joined(ChatReader):
    """One completion, from the same steps."""

    def __init__(self, model: str, *, count: int, created: int) -> None:
        super().__init__(model, count=count, created=created, content_type=JSON)
        self._said = [_Said() for _ in range(count)]

    def step(self, step: Step) -> bytes:
        self._said[step.place].add(step)
        return b""

    def ended(self) -> bytes:
        choices = [said.choice(index) for index, said in enumerate(self._said)]
        usage = {"usage": self.usage} if self.usage else {}
        return encode({**self.head, "object": "chat.completion", "choices": choices, **usage})


class _Said:
    """All that one choice has said so far."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {"content": [], "reasoning_content": []}
        self._calls: dict[int, Body] = {}
        self._logprobs: list[Any] | None = None
        self._finish: str | None = None

    def add(self, step: Step) -> None:
        for name, pieces in self._texts.items():
            pieces.append(step.delta.get(name, ""))
        for piece in step.delta.get("tool_calls", ()):
            call = self._calls.setdefault(piece["index"], {"id": "", "type": "function", "function": {"name": "", "arguments": []}})
            call["id"] = piece.get("id") or call["id"]
            call["function"]["name"] = call["function"]["name"] or piece["function"].get("name", "")
            call["function"]["arguments"].append(piece["function"]["arguments"])
        if step.logprobs is not None:
            self._logprobs = (self._logprobs or []) + step.logprobs
        self._finish = step.finish or self._finish

    def choice(self, index: int) -> Body:
        texts = {name: "".join(pieces) for name, pieces in self._texts.items()}
        message: Body = {"role": "assistant", "content": texts["content"] or (None if self._calls else "")}
        if texts["reasoning_content"]:
            message["reasoning_content"] = texts["reasoning_content"]
        if self._calls:
            message["tool_calls"] = [_joined(call) for _, call in sorted(self._calls.items())]
        logprobs = {} if self._logprobs is None else {"logprobs": {"content": self._logprobs, "refusal": None}}
        return {"index": index, "message": message, "finish_reason": self._finish, **logprobs}


def _joined(call: Body) -> Body:
    function = call["function"]
    if not call["id"] or not function["name"]:
        raise broken("the partner's answer calls a tool without a name or an id")
    return call | {"function": {"name": function["name"], "arguments": "".join(function["arguments"])}}
