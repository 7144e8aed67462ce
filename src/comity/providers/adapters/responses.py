# SPDX-License-Identifier: Apache-2.0
"""OpenAI's Responses as a partner's API: for models that answer nowhere else.  Nothing is kept there (`store` is always false).

https://developers.openai.com/api/reference/resources/responses and …/responses/streaming-events
"""

from __future__ import annotations

from typing import Any

import msgspec

from comity.errors import ProviderFailure
from comity.providers.base import Deployment
from comity.providers.dialect import Reader, unsupported
from comity.providers.http import JSON, SSE, Outgoing, code_of, said_in_stream, shown
from comity.wire.chat import AudioPart, ChatRequest, FilePart, ImagePart, Message, NamedTool, Part, TextPart
from comity.wire.request import Request
from comity.wire.sse import EventDecoder, EventTooLarge, encode

Body = dict[str, Any]
_encode = msgspec.json.Encoder().encode
_DONE = encode(b"[DONE]")
_FINISH = {"max_output_tokens": "length", "content_filter": "content_filter"}


class ResponsesDialect:
    code_of = staticmethod(code_of)

    def outgoing(self, deployment: Deployment, request: Request, key: str) -> Outgoing:
        if not isinstance(request, ChatRequest):
            raise unsupported("responses", request.operation)
        body = _encode(_asked(request) | {"model": deployment.model})
        accept = (SSE,) if request.stream else (JSON,)
        return Outgoing(path="/responses", body=body, headers={"content-type": JSON} | shown(deployment, key), accept=accept)

    def reader(self, deployment: Deployment, request: Request) -> Reader:
        assert isinstance(request, ChatRequest)
        return Events(request) if request.stream else Whole()


def _asked(request: ChatRequest) -> Body:
    form, choice = request.response_format, request.tool_choice
    body: Body = {
        "input": [item for message in request.messages for item in _items(message)],
        "store": False,
        "stream": request.stream or None,
        "max_output_tokens": request.max_completion_tokens if request.max_completion_tokens is not None else request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "parallel_tool_calls": request.parallel_tool_calls,
        "reasoning": {"effort": request.reasoning_effort, "summary": "auto"} if request.reasoning_effort else None,
        "tool_choice": {"type": "function", "name": choice.function.name} if isinstance(choice, NamedTool) else choice,
        "user": request.user,
    }
    if request.tools:
        functions = [msgspec.to_builtins(tool.function) for tool in request.tools]
        body["tools"] = [{"type": "function", "strict": False, "parameters": None} | function for function in functions]
    if form is not None and form.type == "json_schema" and form.json_schema is not None:
        body["text"] = {"format": {"type": "json_schema"} | msgspec.to_builtins(form.json_schema)}
    elif form is not None and form.type == "json_object":
        body["text"] = {"format": {"type": "json_object"}}
    return {name: value for name, value in body.items() if value is not None}


def _items(message: Message) -> list[Body]:
    """A message, and the calls it made as items of their own.  Thought is not sent back: only its maker's own form of it is taken."""
    if message.role == "tool":
        return [{"type": "function_call_output", "call_id": message.tool_call_id or "", "output": _text(message)}]
    items: list[Body] = []
    answers = message.role == "assistant"
    content = [_part(part, answers) for part in _parts(message)]
    content += [{"type": "refusal", "refusal": message.refusal}] if message.refusal is not None else []
    if content:
        items.append({"type": "message", "role": message.role, "content": content})
    for call in message.tool_calls or ():
        function = {"name": call.function.name, "arguments": call.function.arguments}
        items.append({"type": "function_call", "call_id": call.id, **function})
    return items


def _parts(message: Message) -> tuple[Part, ...]:
    if isinstance(message.content, str):
        return (TextPart(text=message.content),)
    return message.content or ()


def _text(message: Message) -> str:
    return "".join(part.text for part in _parts(message) if isinstance(part, TextPart))


def _part(part: Part, answers: bool) -> Body:
    if isinstance(part, TextPart):
        return {"type": "output_text" if answers else "input_text", "text": part.text} | ({"annotations": []} if answers else {})
    if isinstance(part, ImagePart):
        return {"type": "input_image", "image_url": part.image_url.url, "detail": part.image_url.detail or "auto"}
    if isinstance(part, FilePart):
        return {"type": "input_file", "file_data": part.file.file_data, "filename": part.file.filename or "file"}
    assert isinstance(part, AudioPart)
    raise unsupported("responses", "input_audio")


# -- back ------------------------------------------------------------------------------------------------------------


class Whole:
    """One response object to one chat completion."""

    content_type = JSON

    def __init__(self) -> None:
        self._raw = bytearray()

    def feed(self, piece: bytes) -> bytes:
        self._raw += piece
        return b""

    def finish(self) -> bytes:
        body = _object(bytes(self._raw))
        _failed(body)
        message: Body = {"role": "assistant", "content": None}
        for item in _listed(body, "output"):
            _add(message, item)
        choice = {"index": 0, "message": message, "finish_reason": _finish(body, bool(message.get("tool_calls"))), "logprobs": None}
        return _encode(_head(body, "chat.completion") | {"choices": [choice], "usage": _usage(body)})


def _add(message: Body, item: Body) -> None:
    if item.get("type") == "function_call":
        message.setdefault("tool_calls", []).append(_call(item))
    elif item.get("type") == "message":
        for part in _listed(item, "content"):
            name = "refusal" if part.get("type") == "refusal" else "content"
            message[name] = (message.get(name) or "") + str(part.get("refusal") or part.get("text") or "")
    elif item.get("type") == "reasoning":
        for part in [*_listed(item, "content"), *_listed(item, "summary")]:
            message["reasoning_content"] = message.get("reasoning_content", "") + str(part.get("text") or "")


class Events:
    """Events of a response to chunks of a chat; what was told in pieces is not told again by the events that close it."""

    content_type = SSE

    def __init__(self, request: ChatRequest) -> None:
        self._decoder = EventDecoder()
        self._usage = bool(request.stream_options and request.stream_options.include_usage)
        self._head: Body = {"object": "chat.completion.chunk"}
        self._calls: dict[Any, int] = {}  # place in the output → place among the calls
        self._ended = False

    def feed(self, piece: bytes) -> bytes:
        try:
            return b"".join(self._event(_object(event.data)) for event in self._decoder.feed(piece))
        except EventTooLarge as error:
            raise _broken("an event of the partner's stream is too large") from error

    def finish(self) -> bytes:
        out = b"".join(self._event(_object(event.data)) for event in self._decoder.flush())
        if not self._ended:
            raise _broken("the partner's stream ended before its end mark")
        return out

    def _event(self, event: Body) -> bytes:
        kind = event.get("type")
        if self._ended or not isinstance(kind, str):
            return b""
        delta = event.get("delta")
        if kind == "response.created":
            self._head = _head(_inner(event, "response"), "chat.completion.chunk")
            return self._chunk({"role": "assistant", "content": ""})
        if kind == "response.output_text.delta" and isinstance(delta, str):
            return self._chunk({"content": delta})
        if kind == "response.refusal.delta" and isinstance(delta, str):
            return self._chunk({"refusal": delta})
        if kind in ("response.reasoning_text.delta", "response.reasoning_summary_text.delta") and isinstance(delta, str):
            return self._chunk({"reasoning_content": delta})
        if kind == "response.output_item.added" and _inner(event, "item").get("type") == "function_call":
            place = self._calls.setdefault(event.get("output_index"), len(self._calls))
            call = _call(_inner(event, "item"))
            call["function"]["arguments"] = ""
            return self._chunk({"tool_calls": [{"index": place, **call}]})
        if kind == "response.function_call_arguments.delta" and isinstance(delta, str):
            place = self._calls.get(event.get("output_index"), -1)
            if place < 0:
                raise _broken("the partner's stream tells arguments of no call")
            return self._chunk({"tool_calls": [{"index": place, "function": {"arguments": delta}}]})
        if kind in ("response.completed", "response.incomplete"):
            return self._end(_inner(event, "response"))
        if kind == "response.failed":
            _failed(_inner(event, "response"))
        if kind == "error":
            raise said_in_stream(event if isinstance(event.get("error"), dict) else {"error": event})
        return b""

    def _end(self, response: Body) -> bytes:
        self._ended = True
        out = self._chunk({}, _finish(response, bool(self._calls)))
        if self._usage:
            out += encode(_encode(self._head | {"choices": [], "usage": _usage(response)}))
        return out + _DONE

    def _chunk(self, delta: Body, finish: str | None = None) -> bytes:
        return encode(_encode(self._head | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}))


def _call(item: Body) -> Body:
    """Raises ProviderFailure for a call that names nothing."""
    name, arguments, call = item.get("name"), item.get("arguments") or "", item.get("call_id")
    if not isinstance(name, str) or not isinstance(arguments, str) or not isinstance(call, str):
        raise _broken("the partner's answer holds a call that is none")
    return {"id": call, "type": "function", "function": {"name": name, "arguments": arguments}}


def _finish(response: Body, calls: bool) -> str:
    reason = _inner(response, "incomplete_details").get("reason") if response.get("status") == "incomplete" else None
    return _FINISH.get(str(reason), "length") if reason else "tool_calls" if calls else "stop"


def _failed(response: Body) -> None:
    if response.get("status") in ("failed", "cancelled") or response.get("error"):
        raise said_in_stream({"error": response.get("error") or {}})


def _head(response: Body, kind: str) -> Body:
    return {
        "id": str(response.get("id", "")), "object": kind, "created": _number(response, "created_at"),
        "model": str(response.get("model", "")),
    }  # fmt: skip


def _usage(response: Body) -> Body:
    used = _inner(response, "usage")
    prompt, completion = _number(used, "input_tokens"), _number(used, "output_tokens")
    return {
        "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": _number(_inner(used, "input_tokens_details"), "cached_tokens")},
        "completion_tokens_details": {"reasoning_tokens": _number(_inner(used, "output_tokens_details"), "reasoning_tokens")},
    }  # fmt: skip


def _inner(body: Body, name: str) -> Body:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _number(body: Body, name: str) -> int:
    found = body.get(name)
    return int(found) if isinstance(found, int | float) and abs(found) < 1e15 else 0


def _listed(body: Body, name: str) -> list[Body]:
    found = body.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _object(raw: bytes) -> Body:
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _broken("the partner's answer is not JSON") from error
    if not isinstance(body, dict):
        raise _broken("the partner's answer is no JSON object")
    return body


def _broken(what: str) -> ProviderFailure:
    return ProviderFailure(what, kind="protocol", retryable=False)
