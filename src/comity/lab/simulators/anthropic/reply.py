# SPDX-License-Identifier: Apache-2.0
"""What Messages says: one body, or the events of a stream.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from comity.lab.simulators import brain
from comity.lab.simulators.answer import Request, event
from comity.lab.simulators.anthropic.asked import Block, signature

STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


def whole(request: Request, asked: brain.Asked, script: brain.Script) -> Block:
    content: list[Block] = []
    if script.reasoning:
        content.append({"type": "thinking", "thinking": script.reasoning, "signature": signature(script.reasoning)})
    if script.text:
        content.append({"type": "text", "text": script.text})
    for place, call in enumerate(script.calls):
        content.append({"type": "tool_use", "id": _id(place, call), "name": call.name, "input": msgspec.json.decode(call.arguments)})
    used = {
        "input_tokens": script.usage.prompt,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": script.usage.completion,
        "output_tokens_details": {"thinking_tokens": script.usage.reasoning},
        "service_tier": "standard",
    }
    return {
        "id": f"msg_{request.id[:24]}", "type": "message", "role": "assistant", "model": asked.model, "content": content,
        **_stopped(asked, script), "usage": used,
    }  # fmt: skip


def _stopped(asked: brain.Asked, script: brain.Script) -> Block:
    """Why it ends; `stop_sequence` where without those it would have said more."""
    if script.finish == "stop" and asked.stop:
        more = brain.say(msgspec.structs.replace(asked, stop=())).text.removeprefix(script.text)
        for stop in asked.stop:
            if more.startswith(stop):
                return {"stop_reason": "stop_sequence", "stop_sequence": stop}
    return {"stop_reason": STOPS[script.finish], "stop_sequence": None}


def _id(place: int, call: brain.Call) -> str:
    return "toolu_" + brain.label(str(place), call.name, call.arguments)


def stream(message: Block) -> Iterator[bytes]:
    """The same message, told piece by piece."""
    content, used = message["content"], message["usage"]
    opening = message | {"content": [], "stop_reason": None, "stop_sequence": None, "usage": used | {"output_tokens": 1}}
    yield _event("message_start", message=opening)
    yield _event("ping")
    for index, block in enumerate(content):
        start, deltas = _told(block)
        yield _event("content_block_start", index=index, content_block=start)
        for delta in deltas:
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    delta = {name: message[name] for name in ("stop_reason", "stop_sequence")}
    yield _event("message_delta", delta=delta, usage=used)
    yield _event("message_stop")


def _told(block: Block) -> tuple[Block, list[Block]]:
    match block["type"]:
        case "thinking":
            pieces = [{"type": "thinking_delta", "thinking": piece} for piece in brain.cut(block["thinking"])]
            start = {"type": "thinking", "thinking": "", "signature": ""}
            return start, [*pieces, {"type": "signature_delta", "signature": block["signature"]}]
        case "text":
            return {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in brain.cut(block["text"])]
    written = msgspec.json.encode(block["input"]).decode() if block["input"] else ""  # no arguments are an empty text
    return block | {"input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *brain.cut(written)]]


def _event(kind: str, **members: object) -> bytes:
    return event({"type": kind, **members}, name=kind)
