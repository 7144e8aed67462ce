# SPDX-License-Identifier: Apache-2.0
"""A chat, as `generateContent` takes it.

https://ai.google.dev/api/generate-content; calls: …/gemini-api/docs/function-calling; thought: …/thinking and …/thought-signatures.
"""

from __future__ import annotations

import re
from typing import Any

from comity.errors import ProviderFailure
from comity.providers import asking
from comity.providers.dialect import unsupported
from comity.wire.chat import AudioPart, ChatRequest, FilePart, ImagePart, Message, NamedTool, Part, TextPart, Tool

Body = dict[str, Any]
IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
DOCUMENTS = frozenset({"application/pdf", "text/plain", "text/html", "text/css", "text/csv", "text/xml", "text/markdown"})
STOPS_MAX = 5
LEVELS = ("minimal", "low", "medium", "high")
_OLDER = re.compile(r"gemini-2\.5")
BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24_576}
"""For models that think by a budget: Google's own table, …/gemini-api/docs/openai#thinking."""


def asked(request: ChatRequest, model: str) -> Body:
    """Raises ProviderFailure for what it cannot say."""
    asking.second_look(
        "gemini", request, user=request.user is not None, **{"parallel_tool_calls of false": request.parallel_tool_calls is False}
    )  # fmt: skip
    body: Body = {"contents": _contents(request.messages), "generationConfig": _config(request, model) or None}
    if texts := asking.system("gemini", request):
        body["systemInstruction"] = {"parts": [{"text": text} for text in texts]}
    if request.tools:
        body["tools"] = [{"functionDeclarations": [_tool(tool) for tool in request.tools]}]
        body["toolConfig"] = _choice(request)
    return {name: value for name, value in body.items() if value is not None}


def refuse(what: str) -> ProviderFailure:
    return unsupported("gemini", what)


def _contents(messages: tuple[Message, ...]) -> list[Body]:
    """What one side says in a row is one content, and results of tools are said by the user."""
    made: list[Body] = []
    names: dict[str, str] = {}  # of functions, by the id of a call: a result is told by the name
    for message in messages:
        names |= {call.id: call.function.name for call in message.tool_calls or ()}
        parts = [] if asking.rules(message) else _parts(message, names)
        role = "model" if message.role == "assistant" else "user"
        if made and made[-1]["role"] == role:
            made[-1]["parts"] += parts
        elif parts:
            made.append({"role": role, "parts": parts})
    return made


def _parts(message: Message, names: dict[str, str]) -> list[Body]:
    """A thought itself is not sent back, its signature is: on the first call, or else on the text (…/thought-signatures)."""
    if message.role == "tool":
        return [_result(message, names)]
    parts = [_part(part) for part in asking.parts(message)]
    if message.refusal:
        parts.append({"text": message.refusal})
    calls: list[Body] = [
        {"functionCall": {"id": call.id, "name": call.function.name, "args": asking.arguments("gemini", call.function.arguments)}}
        for call in message.tool_calls or ()
    ]
    signed = calls[:1] or parts[-1:]
    if message.reasoning_signature is not None:
        for part in signed:
            part["thoughtSignature"] = message.reasoning_signature
    return parts + calls


def _result(message: Message, names: dict[str, str]) -> Body:
    id_ = message.tool_call_id or ""
    if id_ not in names:
        raise refuse("a tool's result without its call")
    texts = [part.text for part in asking.parts(message) if isinstance(part, TextPart)]
    if len(texts) < len(asking.parts(message)):
        raise refuse("what is no text, in a tool's result")
    return {"functionResponse": {"id": id_, "name": names[id_], "response": {"result": "\n".join(texts)}}}


def _part(part: Part) -> Body:
    match part:
        case TextPart():
            return {"text": part.text}
        case ImagePart():
            if part.image_url.detail not in (None, "auto"):
                raise refuse("image_url.detail")
            kind, data = asking.data("gemini", part.image_url.url, "image_url")
            return _inline("image/jpeg" if kind == "image/jpg" else kind, data, IMAGES, "image_url")
        case AudioPart():
            return {"inlineData": {"mimeType": f"audio/{part.input_audio.format}", "data": part.input_audio.data}}
        case FilePart():
            return _inline(*asking.data("gemini", part.file.file_data, "file"), DOCUMENTS, "file")


def _inline(kind: str, data: str, kinds: frozenset[str], what: str) -> Body:
    if kind not in kinds:
        raise refuse(f"{what} of this type")
    return {"inlineData": {"mimeType": kind, "data": data}}


def _tool(tool: Tool) -> Body:
    function = tool.function
    made = {"name": function.name, "description": function.description, "parametersJsonSchema": function.parameters}
    return {name: value for name, value in made.items() if value is not None}


def _choice(request: ChatRequest) -> Body | None:
    """Where a call must be made it follows its schema anyway; where it may be, only in the mode for that."""
    choice = request.tool_choice
    if isinstance(choice, NamedTool):
        return {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [choice.function.name]}}
    mode = {"none": "NONE", "required": "ANY", "auto": "AUTO", None: None}[choice]
    if mode in ("AUTO", None) and any(tool.function.strict for tool in request.tools or ()):
        mode = "VALIDATED"
    return None if mode is None else {"functionCallingConfig": {"mode": mode}}


def _config(request: ChatRequest, model: str) -> Body:
    stop = [request.stop] if isinstance(request.stop, str) else list(request.stop or ())
    if len(stop) > STOPS_MAX:
        raise refuse(f"more than {STOPS_MAX} stop sequences")
    config = {
        "maxOutputTokens": asking.limit(request),
        "temperature": request.temperature,
        "topP": request.top_p,
        "topK": request.top_k,
        "seed": request.seed,
        "presencePenalty": request.presence_penalty,
        "frequencyPenalty": request.frequency_penalty,
        "stopSequences": stop or None,
        "thinkingConfig": _thinking(request.reasoning_effort, model),
        **_format(request),
    }
    return {name: value for name, value in config.items() if value is not None}


def _thinking(effort: str | None, model: str) -> Body | None:
    if effort is None:
        return None
    if _OLDER.search(model) and effort in BUDGETS:
        return {"thinkingBudget": BUDGETS[effort], "includeThoughts": effort != "none"}
    if _OLDER.search(model) or effort not in LEVELS:
        raise refuse(f"reasoning_effort of {effort}, to this model")
    return {"thinkingLevel": effort, "includeThoughts": True}


def _format(request: ChatRequest) -> Body:
    wanted = request.response_format
    if wanted is None or wanted.type == "text":
        return {}
    form = wanted.json_schema
    if wanted.type == "json_object":
        return {"responseMimeType": "application/json"}
    if form is None or form.schema is None:
        raise refuse("response_format without a schema")
    said = {} if form.description is None else {"description": form.description}
    return {"responseMimeType": "application/json", "responseJsonSchema": said | form.schema}
