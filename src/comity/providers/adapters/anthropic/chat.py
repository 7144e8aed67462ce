# SPDX-License-Identifier: Apache-2.0
"""A chat, as Messages takes it.

https://platform.claude.com/docs/en/api/messages; schemas: …/build-with-claude/structured-outputs, whose form has no place for the name
of a schema; thought: …/adaptive-thinking and, for models before it, …/extended-thinking.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from comity.errors import ProviderFailure
from comity.providers import asking
from comity.providers.dialect import unsupported
from comity.wire.chat import AudioPart, ChatRequest, FilePart, ImagePart, Message, NamedTool, Part, TextPart, Tool

Body = dict[str, Any]
MAX_TOKENS = 8192
"""Where the caller set no limit: Messages wants one, and every model since Claude 3.5 can say as much."""
IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
EFFORTS = ("low", "medium", "high", "xhigh")
_OLDER = re.compile(r"claude-3|claude-[a-z]+-4-(?:[015]\b|\d{8})")
"""Models that think by a budget of tokens and know no effort."""
BUDGETS = {"low": 1024, "medium": 4096, "high": 16_384}


def asked(request: ChatRequest, model: str) -> Body:
    """Raises ProviderFailure for what it cannot say."""
    asking.second_look(
        "anthropic", request, seed=request.seed is not None, penalties=request.presence_penalty or request.frequency_penalty,
        **{"temperature above 1": (request.temperature or 0) > 1},
    )  # fmt: skip
    body: Body = {
        "model": model,
        "max_tokens": asking.limit(request) or MAX_TOKENS,
        "messages": _messages(request.messages),
        "system": [{"type": "text", "text": text} for text in asking.system("anthropic", request)] or None,
        "stream": request.stream or None,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": request.top_k,
        "stop_sequences": [request.stop] if isinstance(request.stop, str) else request.stop or None,
        "metadata": {"user_id": request.user} if request.user is not None else None,
        "tools": [_tool(tool) for tool in request.tools or ()] or None,
        "tool_choice": _choice(request),
    }
    if request.reasoning_effort is not None:
        body |= _thinking(request, body["max_tokens"], model)
    if output := _format(request):
        body["output_config"] = body.get("output_config", {}) | output
    return {name: value for name, value in body.items() if value is not None}


def refuse(what: str) -> ProviderFailure:
    return unsupported("anthropic", what)


def _messages(messages: tuple[Message, ...]) -> list[Body]:
    """Turns take turns here: what one side says in a row is one message, and results of tools are said by the user."""
    made: list[Body] = []
    for message in messages:
        blocks = [] if asking.rules(message) else _blocks(message)
        role = "assistant" if message.role == "assistant" else "user"
        if made and made[-1]["role"] == role:
            made[-1]["content"] += blocks
        elif blocks:
            made.append({"role": role, "content": blocks})
    return made


def _blocks(message: Message) -> list[Body]:
    blocks = [_part(part) for part in asking.parts(message)]
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": message.tool_call_id or "", "content": blocks}]
    if message.refusal:
        blocks.append({"type": "text", "text": message.refusal})
    if message.reasoning_content is not None and message.reasoning_signature is not None:  # without, it is not known for the model's own
        blocks.insert(0, {"type": "thinking", "thinking": message.reasoning_content, "signature": message.reasoning_signature})
    for call in message.tool_calls or ():
        read = asking.arguments("anthropic", call.function.arguments)
        blocks.append({"type": "tool_use", "id": call.id, "name": call.function.name, "input": read})
    return blocks


def _part(part: Part) -> Body:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case ImagePart():
            return {"type": "image", "source": _image(part)}
        case FilePart():
            title = {} if part.file.filename is None else {"title": part.file.filename}
            return {"type": "document", "source": _document(part), **title}
        case AudioPart():
            raise refuse("input_audio")


def _image(part: ImagePart) -> Body:
    url = part.image_url.url
    if part.image_url.detail not in (None, "auto"):
        raise refuse("image_url.detail")
    if not url.startswith("data:"):
        return {"type": "url", "url": url}
    kind, data = asking.data("anthropic", url, "image_url")
    kind = "image/jpeg" if kind == "image/jpg" else kind
    if kind not in IMAGES:
        raise refuse("image_url of this type")
    return {"type": "base64", "media_type": kind, "data": data}


def _document(part: FilePart) -> Body:
    kind, data = asking.data("anthropic", part.file.file_data, "file")
    if kind == "application/pdf":
        return {"type": "base64", "media_type": kind, "data": data}
    try:
        text = base64.b64decode(data).decode() if kind == "text/plain" else None
    except (binascii.Error, UnicodeDecodeError):
        text = None
    if text is None:
        raise refuse("file of this type")
    return {"type": "text", "media_type": kind, "data": text}


def _tool(tool: Tool) -> Body:
    function = tool.function
    schema = function.parameters if function.parameters is not None else {"type": "object", "properties": {}}
    made = {"name": function.name, "description": function.description, "input_schema": schema, "strict": function.strict}
    return {name: value for name, value in made.items() if value is not None}


def _choice(request: ChatRequest) -> Body | None:
    choice, one = request.tool_choice, request.parallel_tool_calls is False
    if not request.tools:
        return None
    if isinstance(choice, NamedTool):
        made: Body = {"type": "tool", "name": choice.function.name}
    elif choice is not None or one:
        made = {"type": "any" if choice == "required" else choice or "auto"}
    else:
        return None
    return made | ({"disable_parallel_tool_use": True} if one and choice != "none" else {})


def _thinking(request: ChatRequest, limit: int, model: str) -> Body:
    effort = request.reasoning_effort
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    if request.tools and request.tool_choice not in (None, "auto", "none"):
        raise refuse("reasoning_effort beside a tool that must be called")
    if request.top_k is not None or request.temperature not in (None, 1):
        raise refuse("reasoning_effort beside temperature or top_k")
    if _OLDER.match(model):
        if effort not in BUDGETS or limit <= BUDGETS["low"]:
            raise refuse(f"reasoning_effort of {effort}, to this model within {limit} tokens")
        return {"thinking": {"type": "enabled", "budget_tokens": min(BUDGETS[effort], limit - 1)}}
    if effort not in EFFORTS:
        raise refuse(f"reasoning_effort of {effort}")
    return {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": effort}}


def _format(request: ChatRequest) -> Body:
    wanted = request.response_format
    if wanted is None or wanted.type == "text":
        return {}
    form = wanted.json_schema
    if wanted.type != "json_schema" or form is None or form.schema is None:
        raise refuse("response_format without a schema")
    said = {} if form.description is None else {"description": form.description}
    return {"format": {"type": "json_schema", "schema": said | form.schema}}
