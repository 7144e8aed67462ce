# SPDX-License-Identifier: Apache-2.0
"""How an answer to messages looks, whole and step by step.

https://help.aliyun.com/en/model-studio/qwen-api-via-dashscope and https://www.alibabacloud.com/help/en/model-studio/stream: a stream
without `incremental_output` says all so far in each event; the reason to finish is the text "null" until it is known; each event has usage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from comity.lab.simulators import brain
from comity.lab.simulators.answer import Request
from comity.lab.simulators.dashscope import wire
from comity.lab.simulators.dashscope.asked import MESSAGES_ONLY, ONLY_STREAMS, THINKS, Parameters


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a stream: a piece of the reasoning, of the text or of a call."""

    reasoning: str = ""
    text: str = ""
    call: int | None = None
    name: str = ""
    arguments: str = ""


def calls(script: brain.Script) -> list[dict[str, Any]]:
    return [
        {"function": {"name": call.name, "arguments": call.arguments}, "index": place, "id": _call_id(place, call), "type": "function"}
        for place, call in enumerate(script.calls)
    ]


def _call_id(place: int, call: brain.Call) -> str:
    return "call_" + brain.label(str(place), call.name, call.arguments)


class Shape:
    """How one request's answers look: content as text or as a list, the old text form or messages, and its usage."""

    def __init__(self, kind: str, model: str, wanted: Parameters, *, images: int) -> None:
        self._listed, self.wanted, self._image_tokens = kind == "vision", wanted, images * brain.IMAGE_TOKENS
        self.in_messages = kind == "vision" or (wanted.result_format or ("message" if MESSAGES_ONLY.match(model) else "text")) == "message"
        thinks = wanted.enable_thinking or bool(THINKS.match(model))
        self.incremental = wanted.incremental_output if wanted.incremental_output is not None else thinks or bool(ONLY_STREAMS.match(model))

    def choice(
        self, script: brain.Script, reasoning: str, text: str, calls: list[dict[str, Any]], finish: str, place: int
    ) -> dict[str, Any]:  # fmt: skip
        content: Any = ([{"text": text}] if text else []) if self._listed else text
        message: dict[str, Any] = {"role": "assistant", "content": content}
        if script.reasoning:
            message["reasoning_content"] = reasoning
        if calls:
            message["tool_calls"] = calls
        made: dict[str, Any] = {"finish_reason": finish, "message": message}
        if self.wanted.n > 1:
            made["index"] = place
        if self.wanted.logprobs:
            made["logprobs"] = {"content": [self._likely(token) for token in brain.tokens(text)]}
        return made

    def _likely(self, token: str) -> dict[str, Any]:
        one = {"token": token, "bytes": list(token.encode()), "logprob": brain.likelihood(token)}
        return {**one, "top_logprobs": [one] if self.wanted.top_logprobs else []}

    def output(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        if not self.in_messages:
            return {"text": choices[0]["message"]["content"], "finish_reason": choices[0]["finish_reason"]}
        found = {"choices": choices}
        if self.wanted.enable_search and self.wanted.search_options.enable_source:
            source = {"site_name": "", "icon": "", "index": 1, "title": "A page of the lab", "url": "https://search.invalid/1"}
            found["search_info"] = {"search_results": [source]}  # type: ignore[assignment]
        return found

    def usage(self, script: brain.Script, completion: int) -> dict[str, Any]:
        prompt = script.usage.prompt
        made: dict[str, Any] = {"input_tokens": prompt, "output_tokens": completion, "total_tokens": prompt + completion}
        if self._listed:
            made["image_tokens"] = self._image_tokens
            made["input_tokens_details"] = {"text_tokens": prompt - made["image_tokens"], "image_tokens": made["image_tokens"]}
        else:
            made["prompt_tokens_details"] = {"cached_tokens": 0}
        if script.usage.reasoning:
            made["output_tokens_details"] = {"reasoning_tokens": min(completion, script.usage.reasoning)}
        if self.wanted.enable_search:
            made["plugins"] = {"search": {"count": 1, "strategy": self.wanted.search_options.search_strategy}}
        return made


def steps(script: brain.Script) -> Iterator[Delta]:
    for piece in brain.cut(script.reasoning):
        yield Delta(reasoning=piece)
    for piece in brain.cut(script.text):
        yield Delta(text=piece)
    for place, call in enumerate(script.calls):
        yield Delta(call=place, name=call.name)
        for piece in brain.cut(call.arguments):
            yield Delta(call=place, arguments=piece)


def events(request: Request, script: brain.Script, shape: Shape) -> Iterator[dict[str, Any]]:
    """One event a step and choice, with the usage so far; the last says why the answer ends."""
    so_far, spent = _SoFar(script), 0
    for step in steps(script):
        spent += len(brain.tokens(step.reasoning + step.text + step.name + step.arguments))
        reasoning, text, calls = so_far.after(step, shape.incremental)
        for place in range(shape.wanted.n):
            choice = shape.choice(script, reasoning, text, calls, "null", place)
            yield wire.said(request, shape.output([choice]), shape.usage(script, min(spent, script.usage.completion) * shape.wanted.n))
    if script.finish == "content_filter":
        return
    reasoning, text, calls = ("", "", []) if shape.incremental else so_far.all()
    for place in range(shape.wanted.n):
        choice = shape.choice(script, reasoning, text, calls, script.finish, place)
        yield wire.said(request, shape.output([choice]), shape.usage(script, script.usage.completion * shape.wanted.n))


class _SoFar:
    """What was said up to a step, for streams that repeat it; else the step alone, whose later pieces of a call carry no id and no name."""

    def __init__(self, script: brain.Script) -> None:
        self._script, self._reasoning, self._text = script, "", ""
        self._calls: list[dict[str, Any]] = []

    def after(self, step: Delta, incremental: bool) -> tuple[str, str, list[dict[str, Any]]]:
        self._reasoning += step.reasoning
        self._text += step.text
        piece: list[dict[str, Any]] = []
        if step.call is not None:
            if step.name:
                whole_call = calls(self._script)[step.call]
                self._calls.append({**whole_call, "function": {"name": step.name, "arguments": ""}})
                piece = [self._calls[-1]]
            else:
                before = self._calls[step.call]["function"]
                self._calls[step.call] = {
                    **self._calls[step.call],
                    "function": {**before, "arguments": before["arguments"] + step.arguments},
                }
                piece = [{"function": {"arguments": step.arguments}, "index": step.call, "id": "", "type": "function"}]
        return (step.reasoning, step.text, piece) if incremental else self.all()

    def all(self) -> tuple[str, str, list[dict[str, Any]]]:
        return self._reasoning, self._text, list(self._calls)
