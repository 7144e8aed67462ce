# SPDX-License-Identifier: Apache-2.0
"""A chat's answer -> a message, and OpenAI's error object -> Anthropic's."""

from __future__ import annotations

from typing import Any

import msgspec

from comity.wire.door import Said
from comity.wire.gather import Call, Gathered

Body = dict[str, Any]
_encode = msgspec.json.Encoder().encode
_STOP = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
_ERRORS = {
    "server_error": "api_error", "policy_error": "permission_error",
    "requests": "rate_limit_error", "tokens": "rate_limit_error", "insufficient_quota": "rate_limit_error",
}  # fmt: skip
_BY_CODE = {"server.busy": "overloaded_error", "request.too_large": "request_too_large"}


def whole(body: Body, request: Any) -> Said:
    """Raises ProviderFailure, also for arguments of a tool that are no object: a message could not hold them."""
    got = Gathered.whole(body)
    content: list[Body] = []
    if got.thought or got.signature:
        content.append({"type": "thinking", "thinking": got.thought, "signature": got.signature})
    if text := got.text + got.refusal:
        content.append({"type": "text", "text": text})
    content += [tool_use(call) | {"input": call.object()} for call in got.calls.values()]
    return Said(_encode(message(got) | {"content": content} | ending(got) | {"usage": usage(got)} | label(got)))


def message(got: Gathered) -> Body:
    """How it begins."""
    return {
        "id": f"msg_{got.head.get('id', '')}",
        "type": "message",
        "role": "assistant",
        "model": got.head.get("model", ""),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }


def tool_use(call: Call) -> Body:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}


def ending(got: Gathered) -> Body:
    """Which of several sequences stopped it is not told by chat: it ended its turn."""
    stop = _STOP.get(got.finish, "end_turn")
    if stop == "end_turn" and (got.refusal or got.calls):
        stop = "refusal" if got.refusal else "tool_use"
    return {"stop_reason": stop, "stop_sequence": None}


def usage(got: Gathered) -> Body:
    """What came from a cache is counted beside the rest here, and within it by OpenAI."""
    cached = got.counted("prompt_tokens_details", "cached_tokens")
    counts = {"input_tokens": max(0, got.counted("prompt_tokens") - cached), "output_tokens": got.counted("completion_tokens")}
    thought = got.counted("completion_tokens_details", "reasoning_tokens")
    details = {"output_tokens_details": {"thinking_tokens": thought}} if thought else {}
    return counts | ({"cache_read_input_tokens": cached} if cached else {}) | details


def label(got: Gathered) -> Body:
    return {} if got.label is None else {"AIGC": got.label}


def error(body: Body) -> Body:
    """Comity's own members stay beside `type` and `message`."""
    said = dict(body["error"])
    kind, request = said.pop("type", ""), said.pop("request", None)
    kind = _BY_CODE.get(str(said.get("code")), _ERRORS.get(kind, kind))
    return {"type": "error", "error": {"type": kind, **said}, "request_id": request}
