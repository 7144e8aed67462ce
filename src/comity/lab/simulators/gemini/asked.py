# SPDX-License-Identifier: Apache-2.0
"""What `generateContent` and `batchEmbedContents` take, and what they refuse of it.

https://ai.google.dev/api/generate-content, …/api/caching#Content and …/api/embeddings
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from comity.lab.simulators import brain
from comity.lab.simulators.answer import Trouble

FREE = frozenset({"args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema"})
"""Members whose own members are the caller's."""
_UNDERSCORED = re.compile(r"_([a-z])")


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class Blob(Shape, frozen=True, kw_only=True):
    mime_type: str
    data: str


class FunctionCall(Shape, frozen=True, kw_only=True):
    name: str
    args: dict[str, Any] = {}
    id: str | None = None


class FunctionResponse(Shape, frozen=True, kw_only=True):
    name: str
    response: dict[str, Any]
    id: str | None = None


class Part(Shape, frozen=True, kw_only=True):
    text: str | None = None
    inline_data: Blob | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None
    thought: bool = False
    thought_signature: str | None = None


class Content(Shape, frozen=True, kw_only=True):
    parts: list[Part] = []
    role: Literal["user", "model"] | None = None


class Function(Shape, frozen=True, kw_only=True):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    parameters_json_schema: dict[str, Any] | None = None


class Tool(Shape, frozen=True, kw_only=True):
    function_declarations: list[Function] = []


class Calling(Shape, frozen=True, kw_only=True):
    mode: Literal["AUTO", "ANY", "NONE", "VALIDATED"] = "AUTO"
    allowed_function_names: list[str] = []


class ToolConfig(Shape, frozen=True, kw_only=True):
    function_calling_config: Calling = Calling()


class Thinking(Shape, frozen=True, kw_only=True):
    include_thoughts: bool = False
    thinking_budget: int | None = None
    thinking_level: Literal["MINIMAL", "LOW", "MEDIUM", "HIGH", "minimal", "low", "medium", "high"] | None = None


class Config(Shape, frozen=True, kw_only=True):
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    stop_sequences: list[str] = []
    response_mime_type: Literal["text/plain", "application/json"] = "text/plain"
    response_schema: dict[str, Any] | None = None
    response_json_schema: dict[str, Any] | None = None
    thinking_config: Thinking = Thinking()
    candidate_count: Literal[1] = 1


class Wish(Shape, frozen=True, kw_only=True):
    contents: list[Content] = []
    system_instruction: Content | None = None
    tools: list[Tool] = []
    tool_config: ToolConfig = ToolConfig()
    generation_config: Config = Config()


class Embed(Shape, frozen=True, kw_only=True):
    content: Content
    model: str = ""
    output_dimensionality: int | None = None
    task_type: str | None = None
    title: str | None = None


class Batch(Shape, frozen=True, kw_only=True):
    requests: list[Embed] = []


def read(body: dict[str, Any], kind: Any) -> Any:
    try:
        return msgspec.convert(_named(body), kind)
    except msgspec.ValidationError as error:
        raise invalid(f"Invalid JSON payload received. {error}") from error


def _named(value: Any) -> Any:
    """Google takes a member's name in both spellings, `inline_data` and `inlineData`; its own SDK uses both in one request."""
    if isinstance(value, list):
        return [_named(each) for each in value]
    if not isinstance(value, dict):
        return value
    camel = {_UNDERSCORED.sub(lambda found: found[1].upper(), name): each for name, each in value.items()}
    return {name: each if name in FREE else _named(each) for name, each in camel.items()}


def signature(thought: str) -> str:
    """By which the model knows its own thought again."""
    return base64.b64encode(hashlib.sha256(f"thought {thought}".encode()).digest()).decode()


def asked(wish: Wish, model: str, *, filtered: bool) -> brain.Asked:
    config, calling = wish.generation_config, wish.tool_config.function_calling_config
    if not wish.contents or not all(content.parts for content in wish.contents):
        raise invalid("* GenerateContentRequest.contents: contents is not specified")
    if config.temperature is not None and not 0 <= config.temperature <= 2:
        raise invalid("* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0].")
    if len(config.stop_sequences) > 5:
        raise invalid("* GenerateContentRequest.generation_config.stop_sequences: at most 5 are allowed.")
    schema = config.response_json_schema if config.response_json_schema is not None else _plain(config.response_schema)
    if schema is not None and config.response_mime_type != "application/json":
        raise invalid("Function calling config or schema needs a response mime type: 'application/json'")
    _answered(wish.contents)
    modes = {"AUTO": "auto", "VALIDATED": "auto", "NONE": "none", "ANY": "required"}
    allowed = calling.allowed_function_names
    return brain.Asked(
        model=model,
        messages=tuple(_said(wish)),
        seen=tuple(_seen(part.inline_data) for content in wish.contents for part in content.parts if part.inline_data is not None),
        tools=tuple(brain.Tool(name=each.name, schema=_parameters(each)) for tool in wish.tools for each in tool.function_declarations),
        tool_choice=f"={allowed[0]}" if len(allowed) == 1 else modes[calling.mode],
        schema=schema if schema is not None else {} if config.response_mime_type == "application/json" else None,
        reason=config.thinking_config.include_thoughts,
        max_tokens=config.max_output_tokens,
        stop=tuple(config.stop_sequences),
        filtered=filtered,
    )


def _answered(contents: list[Content]) -> None:
    """Each call has its result in the next turn, by its name."""
    owed: list[str] = []
    for content in contents:
        results = [part.function_response.name for part in content.parts if part.function_response is not None]
        if sorted(results) != sorted(owed):
            raise invalid(
                "Please ensure that the number of function response parts is equal to the number of function call parts of the function "
                "call turn."
            )
        owed = [part.function_call.name for part in content.parts if part.function_call is not None]


def _said(wish: Wish) -> Iterator[brain.Said]:
    if wish.system_instruction is not None:
        yield brain.Said(role="system", text="\n".join(part.text or "" for part in wish.system_instruction.parts))
    for content in wish.contents:
        results = [part.function_response for part in content.parts if part.function_response is not None]
        for result in results:
            value = result.response.get("result", result.response.get("output", result.response))
            yield brain.Said(role="tool", text=value if isinstance(value, str) else msgspec.json.encode(value).decode())
        texts = [part.text for part in content.parts if part.text is not None and not part.thought]
        if texts or not results:
            yield brain.Said(role="assistant" if content.role == "model" else "user", text="\n".join(texts))


def _seen(blob: Blob) -> brain.Seen:
    try:
        data = base64.b64decode(blob.data.replace("-", "+").replace("_", "/"), validate=True)  # both alphabets are taken
    except (binascii.Error, ValueError) as error:
        raise invalid("Invalid value at 'inline_data.data' (TYPE_BYTES), Base64 decoding failed") from error
    if blob.mime_type.startswith("image/"):
        return brain.see(data)
    if blob.mime_type.startswith("audio/"):
        return brain.hear(data)
    if not blob.mime_type.startswith("text/") and blob.mime_type != "application/pdf":
        raise invalid(f"Unsupported MIME type: {blob.mime_type}")
    return brain.Seen(kind="file", size=len(data), sha256=hashlib.sha256(data).hexdigest())


def _parameters(function: Function) -> dict[str, Any]:
    return function.parameters_json_schema or _plain(function.parameters) or {}


def _plain(schema: Any) -> Any:
    """Google's own schema writes types in capitals."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if isinstance(schema, dict):
        return {name: value.lower() if name == "type" and isinstance(value, str) else _plain(value) for name, value in schema.items()}
    return schema


def invalid(message: str) -> Trouble:
    return Trouble("parameter", message)
