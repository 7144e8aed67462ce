# SPDX-License-Identifier: Apache-2.0
"""OpenAI chat completions, request side.

It is also the form between rooms: the other front doors are turned into it, and adapters of other dialects turn it into theirs.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from comity.errors import CallerError
from comity.wire.request import Change, MediumKind, Operation, Wire, changed


class TextPart(Wire, frozen=True, kw_only=True, tag_field="type", tag="text"):
    text: str


class ImageUrl(Wire, frozen=True, kw_only=True):
    url: str  # `data:image/…;base64,…`, or an address that the partner fetches
    detail: Literal["auto", "low", "high"] | None = None


class ImagePart(Wire, frozen=True, kw_only=True, tag_field="type", tag="image_url"):
    image_url: ImageUrl


class InputAudio(Wire, frozen=True, kw_only=True):
    data: str  # base64
    format: Literal["wav", "mp3"]


class AudioPart(Wire, frozen=True, kw_only=True, tag_field="type", tag="input_audio"):
    input_audio: InputAudio


class File(Wire, frozen=True, kw_only=True):
    file_data: str  # `data:application/pdf;base64,…`
    filename: str | None = None


class FilePart(Wire, frozen=True, kw_only=True, tag_field="type", tag="file"):
    file: File


Part = TextPart | ImagePart | AudioPart | FilePart


class FunctionCall(Wire, frozen=True, kw_only=True):
    name: str
    arguments: str  # JSON text


class ToolCall(Wire, frozen=True, kw_only=True):
    id: str
    function: FunctionCall
    type: Literal["function"]  # no default: what has one is left out when it is written, and partners need this


class Message(Wire, frozen=True, kw_only=True):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | tuple[Part, ...] | None = None
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] | None = None
    tool_call_id: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None  # as DeepSeek, Qwen and vLLM name what a model thought before it answered
    reasoning_signature: str | None = None  # the partner's proof that the thought is its own; nobody else can read it


class Function(Wire, frozen=True, kw_only=True):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None  # JSON Schema
    strict: bool | None = None


class Tool(Wire, frozen=True, kw_only=True):
    function: Function
    type: Literal["function"]


class NamedFunction(Wire, frozen=True, kw_only=True):
    name: str


class NamedTool(Wire, frozen=True, kw_only=True):
    function: NamedFunction
    type: Literal["function"]


class JsonSchema(Wire, frozen=True, kw_only=True):
    name: str
    schema: dict[str, Any] | None = None
    description: str | None = None
    strict: bool | None = None


class ResponseFormat(Wire, frozen=True, kw_only=True):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class StreamOptions(Wire, frozen=True, kw_only=True):
    include_usage: bool | None = None


class ChatRequest(Wire, frozen=True, kw_only=True):
    """`POST /v1/chat/completions`; `model` is `auto` or a deployment id."""

    operation: ClassVar[Operation] = "chat"

    messages: tuple[Message, ...]
    model: str = "auto"
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    n: int | None = None
    stop: str | tuple[str, ...] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: tuple[Tool, ...] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    logit_bias: dict[str, float] | None = None  # by token number
    store: Literal[False] | None = None  # nothing is kept here, and nothing may be kept there
    user: str | None = None

    def mapped(self, change: Change) -> ChatRequest:
        return _mapped(self, change)

    def media(self) -> frozenset[MediumKind]:
        return frozenset(kind for part in self._parts() if (kind := _KIND.get(type(part))))

    def needs(self) -> frozenset[str]:
        used = {feature for feature, name in _FEATURES if getattr(self, name) is not None}
        used |= self.media()
        if self.stream:
            used.add("stream")
        if self.tools:
            used.add("tools")
        if self.response_format is not None and self.response_format.type != "text":
            used.add(self.response_format.type)
        if (self.n or 1) > 1:
            used.add("n")
        if any(message.name is not None for message in self.messages):
            used.add("name")
        return frozenset(used)

    def _parts(self) -> list[Part]:
        return [part for message in self.messages if isinstance(message.content, tuple) for part in message.content]


_KIND: dict[type, MediumKind] = {ImagePart: "image", AudioPart: "audio", FilePart: "file"}
_FEATURES = (
    ("parallel_tools", "parallel_tool_calls"),
    ("tool_choice", "tool_choice"),
    ("logprobs", "logprobs"),
    ("logprobs", "top_logprobs"),
    ("seed", "seed"),
    ("stop", "stop"),
    ("penalties", "presence_penalty"),
    ("penalties", "frequency_penalty"),
    ("top_k", "top_k"),
    ("reasoning", "reasoning_effort"),
    ("logit_bias", "logit_bias"),
    ("user", "user"),
)


_SCHEMA_WORDS = frozenset(
    """
    $anchor $defs $dynamicRef $id $ref $schema additionalProperties allOf anyOf array boolean const contains contentEncoding
    contentMediaType date date-time default definitions dependentRequired dependentSchemas deprecated description duration else email enum
    examples exclusiveMaximum exclusiveMinimum format hostname if integer ipv4 ipv6 items maxContains maxItems maxLength maxProperties
    maximum minContains minItems minLength minProperties minimum multipleOf not null number object oneOf pattern patternProperties
    prefixItems properties propertyNames readOnly regex required string then time title type unevaluatedItems unevaluatedProperties
    uniqueItems uri uuid writeOnly
    """.split()  # noqa: SIM905
)
"""The words of JSON Schema itself (2020-12), which are nobody's.  Every other string, names of members too, may be a person's."""


def _schema(value: Any, change: Change) -> Any:
    if isinstance(value, str):
        return value if value in _SCHEMA_WORDS else change(value)
    if isinstance(value, list):
        return [_schema(item, change) for item in value]
    if isinstance(value, dict):
        changed = {_schema(key, change): _schema(item, change) for key, item in value.items()}
        if len(changed) < len(value):
            raise CallerError(
                "two members of a JSON schema have the same name, spelt differently", code="request.malformed", field="parameters",
                hint="give each member a name of its own that is nobody's",
            )  # fmt: skip
        return changed
    return value


def _part(part: Part, change: Change) -> Part:
    """Bytes written as text are a medium, not a text; a file's name and an address are texts."""
    if isinstance(part, TextPart):
        return TextPart(text=change(part.text))
    if isinstance(part, ImagePart):
        url = part.image_url.url
        return part if url.startswith("data:") else ImagePart(image_url=ImageUrl(url=change(url), detail=part.image_url.detail))
    if isinstance(part, FilePart):
        return FilePart(file=File(file_data=part.file.file_data, filename=changed(part.file.filename, change)))
    return part


def _message(message: Message, change: Change) -> Message:
    content = message.content
    if isinstance(content, str) and _only_says(message):  # nearly every one
        said = change(content)
        return message if said is content else msgspec.structs.replace(message, content=said)
    if isinstance(content, str):
        content = change(content)
    elif content is not None:
        content = tuple(_part(part, change) for part in content)
    calls = message.tool_calls
    if calls is not None:
        calls = tuple(
            ToolCall(
                id=change(call.id),
                function=FunctionCall(name=change(call.function.name), arguments=change(call.function.arguments)),
                type=call.type,
            )
            for call in calls
        )
    return Message(
        role=message.role,
        content=content,
        name=changed(message.name, change),
        tool_calls=calls,
        tool_call_id=changed(message.tool_call_id, change),
        refusal=changed(message.refusal, change),
        reasoning_content=changed(message.reasoning_content, change),
        reasoning_signature=changed(message.reasoning_signature, change),
    )


def _only_says(message: Message) -> bool:
    beside = (
        message.tool_calls, message.name, message.tool_call_id, message.refusal, message.reasoning_content, message.reasoning_signature,
    )  # fmt: skip
    return beside == (None, None, None, None, None, None)


def _tool(tool: Tool, change: Change) -> Tool:
    f = tool.function
    return Tool(
        type=tool.type,
        function=Function(
            name=change(f.name), description=changed(f.description, change), parameters=_schema(f.parameters, change), strict=f.strict
        ),
    )


def _choice(choice: Literal["none", "auto", "required"] | NamedTool | None, change: Change) -> Any:
    if not isinstance(choice, NamedTool):
        return choice
    return NamedTool(type=choice.type, function=NamedFunction(name=change(choice.function.name)))


def _mapped(request: ChatRequest, change: Change) -> ChatRequest:
    if (request.tools, request.tool_choice, request.stop, request.user, request.response_format) == (None, None, None, None, None):
        return msgspec.structs.replace(request, messages=tuple([_message(message, change) for message in request.messages]))
    stop: str | tuple[str, ...] | None = request.stop
    if isinstance(stop, str):
        stop = change(stop)
    elif stop is not None:
        stop = tuple(change(item) for item in stop)
    form = request.response_format
    if form is not None and form.json_schema is not None:
        schema = form.json_schema
        form = ResponseFormat(
            type=form.type,
            json_schema=JsonSchema(
                name=change(schema.name),
                schema=_schema(schema.schema, change),
                description=changed(schema.description, change),
                strict=schema.strict,
            ),
        )
    return msgspec.structs.replace(
        request,
        messages=tuple(_message(message, change) for message in request.messages),
        tools=tuple(_tool(tool, change) for tool in request.tools) if request.tools is not None else None,
        tool_choice=_choice(request.tool_choice, change),
        stop=stop,
        user=changed(request.user, change),
        response_format=form,
    )
