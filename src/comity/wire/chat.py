# SPDX-License-Identifier: Apache-2.0
"""OpenAI chat completions, request side.

Only what is listed leaves; an unknown field is refused, or dropped and named when the caller's key allows dropping.
`texts` and `map_texts` are the one definition of "every string that leaves".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec

from comity.errors import CallerError


class Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class TextPart(Wire, frozen=True, kw_only=True, tag_field="type", tag="text"):
    text: str


class FunctionCall(Wire, frozen=True, kw_only=True):
    name: str
    arguments: str  # JSON text


class ToolCall(Wire, frozen=True, kw_only=True):
    id: str
    function: FunctionCall
    type: Literal["function"]  # no default: what has one is left out when it is written, and partners need this


class Message(Wire, frozen=True, kw_only=True):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | tuple[TextPart, ...] | None = None
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] | None = None
    tool_call_id: str | None = None
    refusal: str | None = None


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

    messages: tuple[Message, ...]
    model: str = "auto"
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
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
    user: str | None = None


Change = Callable[[str], str]
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


def _message(message: Message, change: Change) -> Message:
    content = message.content
    if isinstance(content, str):
        content = change(content)
    elif content is not None:
        content = tuple(TextPart(text=change(part.text)) for part in content)
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
        name=change(message.name) if message.name is not None else None,
        tool_calls=calls,
        tool_call_id=change(message.tool_call_id) if message.tool_call_id is not None else None,
        refusal=change(message.refusal) if message.refusal is not None else None,
    )


def _tool(tool: Tool, change: Change) -> Tool:
    f = tool.function
    return Tool(
        type=tool.type,
        function=Function(
            name=change(f.name),
            description=change(f.description) if f.description is not None else None,
            parameters=_schema(f.parameters, change),
            strict=f.strict,
        ),
    )


def _choice(choice: Literal["none", "auto", "required"] | NamedTool | None, change: Change) -> Any:
    if not isinstance(choice, NamedTool):
        return choice
    return NamedTool(type=choice.type, function=NamedFunction(name=change(choice.function.name)))


def map_texts(request: ChatRequest, change: Change) -> ChatRequest:
    """The same request with every string that a caller writes freely passed through ``change``: texts, names and ids.

    What was equal stays equal if ``change`` sees to that, so a call keeps its result and a schema its required members.
    """
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
                description=change(schema.description) if schema.description is not None else None,
                strict=schema.strict,
            ),
        )
    return msgspec.structs.replace(
        request,
        messages=tuple(_message(message, change) for message in request.messages),
        tools=tuple(_tool(tool, change) for tool in request.tools) if request.tools is not None else None,
        tool_choice=_choice(request.tool_choice, change),
        stop=stop,
        user=change(request.user) if request.user is not None else None,
        response_format=form,
    )


def texts(request: ChatRequest) -> Iterator[str]:
    """Every string that ``map_texts`` would pass to its change, in order."""
    seen: list[str] = []

    def keep(text: str) -> str:
        seen.append(text)
        return text

    map_texts(request, keep)
    return iter(seen)
