# SPDX-License-Identifier: Apache-2.0
"""A chat, as Model Studio's own API takes it.

Every chat is asked for as a stream: some models answer in no other way, and a long thought would outlast a silent connection.
https://help.aliyun.com/en/model-studio/qwen-api-via-dashscope, …/qwen-function-calling, …/deep-thinking, …/vision
"""

from __future__ import annotations

from typing import Any

from comity.providers.adapters.dashscope.families import MULTIMODAL
from comity.providers.adapters.dashscope.wire import Body, refuse
from comity.wire.chat import AudioPart, ChatRequest, FilePart, ImagePart, Message, NamedTool, Part, ResponseFormat, TextPart, Tool

COUNT_MAX, TOP_LOGPROBS_MAX = 4, 5
_BUDGETS = {"minimal": 512, "low": 2048, "medium": 8192}
"""Tokens of thought.  There are no words for an effort here: the higher ones leave a model its own limit."""


def asked(request: ChatRequest, path: str) -> tuple[Body, Body]:
    """`input` and `parameters`; raises ProviderFailure for what they cannot say."""
    _second_look(request)
    listed = path == MULTIMODAL
    messages = [_message(message, listed) for message in request.messages]
    limit = request.max_completion_tokens if request.max_completion_tokens is not None else request.max_tokens
    parameters: Body = {
        "result_format": "message",
        "incremental_output": True,
        "max_tokens": limit,
        **{name: getattr(request, name) for name in ("temperature", "top_p", "top_k", "n", "seed", "stop", "presence_penalty")},
        **{name: getattr(request, name) for name in ("logprobs", "top_logprobs")},
        **_thinking(request),
        **_tools(request),
        **_format(request.response_format),
    }
    if any(isinstance(part, ImagePart) and part.image_url.detail == "high" for message in request.messages for part in _parts(message)):
        parameters["vl_high_resolution_images"] = True
    return {"messages": messages}, {name: value for name, value in parameters.items() if value is not None}


def _second_look(request: ChatRequest) -> None:
    """What the features of a request do not tell the plan."""
    beyond: dict[str, Any] = {
        "user": request.user,
        "logit_bias": request.logit_bias,
        "frequency_penalty": request.frequency_penalty,
        "temperature of 2": request.temperature == 2,
        "top_p of 0": request.top_p == 0,
        f"n above {COUNT_MAX}": (request.n or 1) > COUNT_MAX,
        "n with tools": (request.n or 1) > 1 and request.tools,
        f"top_logprobs above {TOP_LOGPROBS_MAX}": (request.top_logprobs or 0) > TOP_LOGPROBS_MAX,
        "seed below 0": (request.seed or 0) < 0,
        "messages.name": any(message.name is not None for message in request.messages),
        "messages.reasoning_signature": any(message.reasoning_signature is not None for message in request.messages),
        "tools.function.strict": any(tool.function.strict for tool in request.tools or ()),
    }
    for what, wanted in beyond.items():
        if wanted:
            raise refuse(what)


def _parts(message: Message) -> tuple[Part, ...]:
    return message.content if isinstance(message.content, tuple) else ()


def _message(message: Message, listed: bool) -> Body:
    made: Body = {"role": "system" if message.role == "developer" else message.role, "content": _content(message, listed)}
    if message.reasoning_content is not None:
        made["reasoning_content"] = message.reasoning_content
    if message.tool_calls is not None:
        made["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "index": place,
                "function": {"name": call.function.name, "arguments": call.function.arguments},
            }
            for place, call in enumerate(message.tool_calls)
        ]
    if message.tool_call_id is not None:
        made["tool_call_id"] = message.tool_call_id
    return made


def _content(message: Message, listed: bool) -> str | list[Body]:
    content = message.content
    if content is None:
        content = message.refusal or ""
    elif message.refusal is not None:
        raise refuse("messages.refusal beside a content")
    if isinstance(content, str):
        return content if not listed else [{"text": content}] if content else []
    if listed:
        return [_part(part) for part in content]
    texts = [part.text for part in content if isinstance(part, TextPart)]
    if len(texts) < len(content):
        raise refuse("what is no text, to a model of texts")
    return "\n".join(texts)


def _part(part: Part) -> Body:
    match part:
        case TextPart():
            return {"text": part.text}
        case ImagePart():
            if part.image_url.detail == "low":
                raise refuse("image_url.detail of low")
            return {"image": part.image_url.url}
        case AudioPart():
            sound = part.input_audio
            return {"audio": f"data:audio/{'mpeg' if sound.format == 'mp3' else sound.format};base64,{sound.data}"}
        case FilePart():
            raise refuse("file")


def _thinking(request: ChatRequest) -> Body:
    effort = request.reasoning_effort
    if effort is None:
        return {}
    return {"enable_thinking": False} if effort == "none" else {"enable_thinking": True, "thinking_budget": _BUDGETS.get(effort)}


def _tools(request: ChatRequest) -> Body:
    if not request.tools:
        return {}
    choice: Any = request.tool_choice
    if isinstance(choice, NamedTool):
        choice = _named(choice.function.name)
    elif choice == "required":
        if len(request.tools) > 1:  # one of several cannot be demanded; the only one can
            raise refuse("tool_choice of required")
        choice = _named(request.tools[0].function.name)
    # OpenAI's default is that calls may be parallel, here it is that they may not.
    return {
        "tools": [_tool(tool) for tool in request.tools],
        "tool_choice": choice,
        "parallel_tool_calls": request.parallel_tool_calls is not False,
    }


def _named(name: str) -> Body:
    return {"type": "function", "function": {"name": name}}


def _tool(tool: Tool) -> Body:
    function = tool.function
    said = {"name": function.name, "description": function.description, "parameters": function.parameters}
    return {"type": "function", "function": {name: value for name, value in said.items() if value is not None}}


def _format(wanted: ResponseFormat | None) -> Body:
    if wanted is None or wanted.type == "text":
        return {}
    if wanted.type == "json_object":
        return {"response_format": {"type": "json_object"}}
    schema = wanted.json_schema
    if schema is None or schema.schema is None:
        raise refuse("response_format without a schema")
    if schema.description is not None:
        raise refuse("response_format.json_schema.description")
    said = {"name": schema.name, "schema": schema.schema, **({} if schema.strict is None else {"strict": schema.strict})}
    return {"response_format": {"type": "json_schema", "json_schema": said}}
