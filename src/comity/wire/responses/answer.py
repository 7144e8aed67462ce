# SPDX-License-Identifier: Apache-2.0
"""A chat's answer -> a response.  Its items stand in the order in which they began, as a stream has told them."""

from __future__ import annotations

from typing import Any

import msgspec

from comity.wire.chat import ChatRequest, NamedTool
from comity.wire.door import Said
from comity.wire.gather import Gathered
from comity.wire.responses.chat import Asked

Body = dict[str, Any]
Key = tuple[str, int]  # what an item is, and which call
_encode = msgspec.json.Encoder().encode
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


def whole(body: Body, request: ChatRequest) -> Said:
    """Raises ProviderFailure."""
    got = Gathered.whole(body)
    keys: list[Key] = [("reasoning", 0)] if got.thought or got.signature else []
    keys += [("message", 0)] if got.text or got.refusal else []
    keys += [("function_call", index) for index in got.calls]
    return Said(_encode(response(got, request, status(got), [item(got, key, status(got)) for key in keys])))


def status(got: Gathered) -> str:
    return "incomplete" if got.finish in _INCOMPLETE else "completed"


def response(got: Gathered, request: ChatRequest, state: str, output: list[Body], error: Body | None = None) -> Body:
    """`store` is told as it is: nothing is kept."""
    form, choice = request.response_format, request.tool_choice
    made: Body = {
        "id": f"resp_{got.head.get('id', '')}",
        "object": "response",
        "created_at": got.head.get("created", 0),
        "status": state,
        "error": error,
        "incomplete_details": {"reason": _INCOMPLETE[got.finish]} if state == "incomplete" else None,
        "instructions": None,
        "model": got.head.get("model", ""),
        "output": output,
        "max_output_tokens": request.max_completion_tokens,
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "previous_response_id": None,
        "reasoning": {"effort": request.reasoning_effort, "summary": None},
        "store": False,
        "temperature": request.temperature,
        "text": {"format": _format(form)},
        "tool_choice": {"type": "function", "name": choice.function.name} if isinstance(choice, NamedTool) else choice or "auto",
        "tools": [_tool(msgspec.to_builtins(tool.function)) for tool in request.tools or ()],
        "top_p": request.top_p,
        "truncation": "disabled",
        "usage": _usage(got) if got.usage else None,
        "metadata": request.metadata if isinstance(request, Asked) else {},
    }
    return made | ({} if got.label is None else {"AIGC": got.label})


def item(got: Gathered, key: Key, state: str) -> Body:
    """One item of the output, with all that is known of it."""
    kind, index = key
    made: Body = {"id": item_id(got, key), "type": kind}
    if kind == "reasoning":
        content = [{"type": "reasoning_text", "text": got.thought}] if got.thought else []
        return made | {"summary": [], "content": content, "encrypted_content": got.signature or None}
    if kind == "message":
        return made | {"status": state, "role": "assistant", "content": parts(got)}
    call = got.calls[index]
    return made | {"status": state, "call_id": call.id, "name": call.name, "arguments": call.arguments}


def parts(got: Gathered) -> list[Body]:
    """Of the message: what is said, then what is refused."""
    said = [text_part(got.text, got.logprobs)] if got.text else []
    return said + ([{"type": "refusal", "refusal": got.refusal}] if got.refusal else [])


def text_part(text: str, logprobs: list[Any]) -> Body:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs}


def item_id(got: Gathered, key: Key) -> str:
    prefix = {"reasoning": "rs", "message": "msg", "function_call": f"fc_{key[1]}"}[key[0]]
    return f"{prefix}_{got.head.get('id', '')}"


def _tool(function: Body) -> Body:
    return {"type": "function", "parameters": None, "strict": None} | function


def _format(form: Any) -> Body:
    if form is None or form.json_schema is None:
        return {"type": form.type if form is not None else "text"}
    described: Body = msgspec.to_builtins(form.json_schema)
    return {"type": form.type} | described


def _usage(got: Gathered) -> Body:
    prompt, completion = got.counted("prompt_tokens"), got.counted("completion_tokens")
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": got.counted("prompt_tokens_details", "cached_tokens"), "cache_write_tokens": 0},
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": got.counted("completion_tokens_details", "reasoning_tokens")},
        "total_tokens": got.counted("total_tokens") or prompt + completion,
    }
