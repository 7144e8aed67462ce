# SPDX-License-Identifier: Apache-2.0
"""A chat, as Converse takes it.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html; what one model takes beyond it goes into
`additionalModelRequestFields`, and only where that model's own page names it (…/userguide/model-parameters.html).
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from comity.errors import ProviderFailure
from comity.providers.dialect import unsupported
from comity.wire.chat import AudioPart, ChatRequest, FilePart, ImagePart, Message, NamedTool, Part, ResponseFormat, TextPart, Tool

Body = dict[str, Any]
_IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[^,;]+)*;base64,([A-Za-z0-9+/]+={0,2})")
_IN_NO_NAME = re.compile(r"[^A-Za-z0-9\-()\[\]]+")  # of a document
NAME_LENGTH_MAX = 100
EFFORTS = ("low", "medium", "high", "xhigh")
_TOP_K = (("anthropic.", lambda count: {"top_k": count}), ("amazon.nova", lambda count: {"inferenceConfig": {"topK": count}}))


def asked(request: ChatRequest, model: str) -> Body:
    """Raises ProviderFailure for what it cannot say."""
    _second_look(request)
    body: Body = {"messages": _messages(request.messages)}
    if system := [{"text": text} for message in request.messages if _rules(message) for text in _texts(message) if text.strip()]:
        body["system"] = system
    stop = (request.stop,) if isinstance(request.stop, str) else request.stop
    inference = {
        "maxTokens": request.max_completion_tokens if request.max_completion_tokens is not None else request.max_tokens,
        "temperature": request.temperature,
        "topP": request.top_p,
        "stopSequences": stop or None,
    }
    if inference := {name: value for name, value in inference.items() if value is not None}:
        body["inferenceConfig"] = inference
    if tools := _tools(request):
        body["toolConfig"] = tools
    if output := _effort(request) | _format(request.response_format):
        body["outputConfig"] = output
    if request.top_k is not None:
        body["additionalModelRequestFields"] = _top_k(request.top_k, model)
    return body


def refuse(what: str) -> ProviderFailure:
    return unsupported("bedrock", what)


def _second_look(request: ChatRequest) -> None:
    """What the features of a request do not tell the plan."""
    beyond: dict[str, Any] = {
        "user": request.user,
        "seed": request.seed,
        "logit_bias": request.logit_bias,
        "logprobs": request.logprobs or request.top_logprobs,
        "penalties": request.presence_penalty or request.frequency_penalty,
        "n": (request.n or 1) > 1,
        "temperature above 1": (request.temperature or 0) > 1,
        "parallel_tool_calls of false": request.parallel_tool_calls is False,
        "messages.name": any(message.name is not None for message in request.messages),
    }
    for what, wanted in beyond.items():
        if wanted:
            raise refuse(what)


def _rules(message: Message) -> bool:
    return message.role in ("system", "developer")


def _texts(message: Message) -> list[str]:
    if isinstance(message.content, str):
        return [message.content]
    parts = message.content or ()
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    if len(texts) < len(parts):
        raise refuse("what is no text, in a system message")
    return texts


def _messages(messages: tuple[Message, ...]) -> list[Body]:
    """Turns take turns here: what one side says in a row is one message, and results of tools are said by the user."""
    made: list[Body] = []
    names: set[str] = set()
    for message in messages:
        if _rules(message):
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message, names)
        if made and made[-1]["role"] == role:
            made[-1]["content"] += blocks
        elif blocks:  # an empty message says nothing, and is refused
            made.append({"role": role, "content": blocks})
    return made


def _blocks(message: Message, names: set[str]) -> list[Body]:
    content = message.content
    parts = (TextPart(text=content),) if isinstance(content, str) else content or ()
    blocks = [_part(part, names) for part in parts if not isinstance(part, TextPart) or part.text.strip()]  # a blank text is refused
    if message.role == "tool":
        if any("audio" in block for block in blocks):
            raise refuse("a sound that a tool has made")
        return [{"toolResult": {"toolUseId": message.tool_call_id or "", "content": blocks}}]
    if message.refusal:
        blocks.append({"text": message.refusal})
    if message.reasoning_content is not None:
        thought = {"text": message.reasoning_content, "signature": message.reasoning_signature}
        blocks.insert(0, {"reasoningContent": {"reasoningText": {name: said for name, said in thought.items() if said is not None}}})
    for call in message.tool_calls or ():
        blocks.append({"toolUse": {"toolUseId": call.id, "name": call.function.name, "input": _arguments(call.function.arguments)}})
    return blocks


def _arguments(text: str) -> Body:
    try:
        arguments = msgspec.json.decode(text or "{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        raise refuse("tool_calls.function.arguments that are no JSON object")
    return arguments


def _part(part: Part, names: set[str]) -> Body:
    match part:
        case TextPart():
            return {"text": part.text}
        case ImagePart():
            if part.image_url.detail not in (None, "auto"):
                raise refuse("image_url.detail")
            form, data = _data(part.image_url.url, _IMAGES, "image_url")
            return {"image": {"format": form, "source": {"bytes": data}}}
        case AudioPart():
            return {"audio": {"format": part.input_audio.format, "source": {"bytes": part.input_audio.data}}}
        case FilePart():
            form, data = _data(part.file.file_data, _DOCUMENTS, "file")
            name = _name((part.file.filename or "").rpartition(".")[0] or part.file.filename or "", names)
            return {"document": {"format": form, "name": name, "source": {"bytes": data}}}


def _data(url: str, forms: dict[str, str], what: str) -> tuple[str, str]:
    found = _DATA.fullmatch(url)
    if found is None:
        raise refuse(f"{what} by its address")
    form = forms.get(found[1].lower())
    if form is None:
        raise refuse(f"{what} of this type")
    return form, found[2]


def _name(wanted: str, names: set[str]) -> str:
    """Letters, digits, single blanks, hyphens and brackets, and no name twice in one conversation."""
    plain = base = _IN_NO_NAME.sub(" ", wanted).strip()[:NAME_LENGTH_MAX] or "document"
    number = 1
    while plain in names:
        number += 1
        plain = f"{base} {number}"
    names.add(plain)
    return plain


def _tools(request: ChatRequest) -> Body:
    if not request.tools:
        return {}
    choice = request.tool_choice
    if choice == "none":  # there is no such word: tools that may not be called are not shown
        if any(message.role == "tool" or message.tool_calls for message in request.messages):
            raise refuse("tool_choice of none, once tools have been called")
        return {}
    made: Body = {"tools": [{"toolSpec": _tool(tool)} for tool in request.tools]}
    if isinstance(choice, NamedTool):
        made["toolChoice"] = {"tool": {"name": choice.function.name}}
    elif choice is not None:
        made["toolChoice"] = {"any" if choice == "required" else "auto": {}}
    return made


def _tool(tool: Tool) -> Body:
    function = tool.function
    schema = function.parameters if function.parameters is not None else {"type": "object", "properties": {}}
    made: Body = {"name": function.name, "inputSchema": {"json": schema}}
    if function.description:
        made["description"] = function.description
    if function.strict is not None:
        made["strict"] = function.strict
    return made


def _effort(request: ChatRequest) -> Body:
    effort = request.reasoning_effort
    if effort is None:
        return {}
    if effort not in EFFORTS:
        raise refuse(f"reasoning_effort of {effort}")
    return {"effort": effort}


def _format(wanted: ResponseFormat | None) -> Body:
    if wanted is None or wanted.type == "text":
        return {}
    schema = wanted.json_schema
    if wanted.type != "json_schema" or schema is None or schema.schema is None:
        raise refuse("response_format without a schema")
    said = {"schema": msgspec.json.encode(schema.schema).decode(), "name": schema.name, "description": schema.description}
    definition = {name: value for name, value in said.items() if value is not None}
    return {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": definition}}}


def _top_k(count: int, model: str) -> Body:
    """Not one of the parameters that all models share."""
    for family, fields in _TOP_K:
        if family in model:
            return fields(count)
    raise refuse("top_k, to this model")
