# SPDX-License-Identifier: Apache-2.0
"""What Converse says: one body, or the frames of a stream.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_ResponseSyntax and
…/API_runtime_ConverseStream.html; a text begins without `contentBlockStart`, a tool's call with one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from comity.lab.simulators import brain
from comity.lab.simulators.answer import encode
from comity.providers.adapters.bedrock import frames

STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "content_filtered"}
BLOCKED = "Sorry, the model cannot answer this question."
Body = dict[str, Any]


def signature(thought: str) -> str:
    """By which the model knows its own thought again."""
    return base64.b64encode(hashlib.sha256(f"thought {thought}".encode()).digest()).decode()


def usage(script: brain.Script) -> Body:
    made = {"inputTokens": script.usage.prompt, "outputTokens": script.usage.completion, "totalTokens": script.usage.total}
    return made | {"cacheReadInputTokens": 0, "cacheWriteInputTokens": 0}


def call_id(place: int, call: brain.Call) -> str:
    return "tooluse_" + brain.label(str(place), call.name, call.arguments)


def stopped(asked: brain.Asked) -> str:
    """Why it ends; `stop_sequence` where without those it would have said more."""
    said = brain.say(asked)
    if said.finish == "stop" and said.text != brain.say(msgspec.structs.replace(asked, stop=())).text:
        return "stop_sequence"
    return STOPS[said.finish]


def whole(script: brain.Script, reason: str) -> Body:
    content: list[Body] = []
    if script.reasoning:
        content.append({"reasoningContent": {"reasoningText": {"text": script.reasoning, "signature": signature(script.reasoning)}}})
    if script.text:
        content.append({"text": script.text})
    for place, call in enumerate(script.calls):
        arguments = msgspec.json.decode(call.arguments)
        content.append({"toolUse": {"toolUseId": call_id(place, call), "name": call.name, "input": arguments}})
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": reason,
        "usage": usage(script),
        "metrics": {"latencyMs": 1},
    }


def stream(script: brain.Script, reason: str) -> Iterator[bytes]:
    yield event("messageStart", {"role": "assistant"})
    number = 0
    if script.reasoning:
        thoughts: list[Body] = [{"text": piece} for piece in brain.cut(script.reasoning)]
        yield from _block(number, [{"reasoningContent": each} for each in [*thoughts, {"signature": signature(script.reasoning)}]])
        number += 1
    if script.text:
        yield from _block(number, [{"text": piece} for piece in brain.cut(script.text)])
        number += 1
    for place, call in enumerate(script.calls):
        start = {"toolUse": {"toolUseId": call_id(place, call), "name": call.name}}
        yield event("contentBlockStart", {"contentBlockIndex": number, "start": start})
        pieces = [""] if call.arguments == "{}" else ["", *brain.cut(call.arguments)]  # no arguments are an empty text
        yield from _block(number, [{"toolUse": {"input": piece}} for piece in pieces])
        number += 1
    yield event("messageStop", {"stopReason": reason})
    yield event("metadata", {"usage": usage(script), "metrics": {"latencyMs": 1}})


def _block(number: int, deltas: list[Body]) -> Iterator[bytes]:
    for delta in deltas:
        yield event("contentBlockDelta", {"contentBlockIndex": number, "delta": delta})
    yield event("contentBlockStop", {"contentBlockIndex": number})


def event(name: str, value: Body) -> bytes:
    """With the letters that Amazon adds so that lengths tell less."""
    padded = value | {"p": "abcdefghijklmnopqrstuvwxyz"[: 4 + len(encode(value)) % 20]}
    return frames.encode({":event-type": name, ":content-type": "application/json", ":message-type": "event"}, encode(padded))


def exception(name: str, message: str) -> bytes:
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return frames.encode(headers, encode({"message": message}))
