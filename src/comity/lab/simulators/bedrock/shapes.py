# SPDX-License-Identifier: Apache-2.0
"""The shapes of a request to Converse, as far as they are played.  Members that are not known are passed over.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and the pages of its parts.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    pass


class Source(Part, frozen=True, kw_only=True):
    bytes: str | None = None  # base64
    s3_location: dict[str, str] | None = msgspec.field(default=None, name="s3Location")


class Image(Part, frozen=True, kw_only=True):
    format: Literal["png", "jpeg", "gif", "webp"]
    source: Source


class Audio(Part, frozen=True, kw_only=True):
    format: Literal[
        "mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm", "webm"
    ]  # fmt: skip
    source: Source


class Document(Part, frozen=True, kw_only=True):
    name: str
    source: Source
    format: Literal["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"] = "txt"


class ToolUse(Part, frozen=True, kw_only=True):
    tool_use_id: str
    name: str
    input: dict[str, Any]


class ResultPart(Part, frozen=True, kw_only=True):
    text: str | None = None
    json: Any = msgspec.UNSET
    image: Image | None = None
    document: Document | None = None


class ToolResult(Part, frozen=True, kw_only=True):
    tool_use_id: str
    content: list[ResultPart]
    status: Literal["success", "error"] = "success"


class ReasoningText(Part, frozen=True, kw_only=True):
    text: str
    signature: str | None = None


class Reasoning(Part, frozen=True, kw_only=True):
    reasoning_text: ReasoningText | None = None
    redacted_content: str | None = None


class Block(Part, frozen=True, kw_only=True):
    """A union: one member of these, and no other."""

    text: str | None = None
    image: Image | None = None
    audio: Audio | None = None
    document: Document | None = None
    tool_use: ToolUse | None = None
    tool_result: ToolResult | None = None
    reasoning_content: Reasoning | None = None


class Message(Part, frozen=True, kw_only=True):
    role: Literal["user", "assistant"]
    content: list[Block]


class SystemBlock(Part, frozen=True, kw_only=True):
    text: str = ""


class Inference(Part, frozen=True, kw_only=True):
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: tuple[str, ...] = ()


class Schema(Part, frozen=True, kw_only=True):
    json: dict[str, Any]


class ToolSpec(Part, frozen=True, kw_only=True):
    name: str
    input_schema: Schema
    description: str | None = None


class Tool(Part, frozen=True, kw_only=True):
    tool_spec: ToolSpec


class Named(Part, frozen=True, kw_only=True):
    name: str


class Choice(Part, frozen=True, kw_only=True):
    auto: dict[str, Any] | None = None
    any: dict[str, Any] | None = None
    tool: Named | None = None


class ToolConfig(Part, frozen=True, kw_only=True):
    tools: list[Tool]
    tool_choice: Choice = Choice(auto={})


class Output(Part, frozen=True, kw_only=True):
    effort: str | None = None
    text_format: dict[str, Any] | None = None


class Converse(Part, frozen=True, kw_only=True):
    messages: list[Message]
    system: list[SystemBlock] = []
    inference_config: Inference = Inference()
    tool_config: ToolConfig | None = None
    output_config: Output = Output()
    additional_model_request_fields: dict[str, Any] = {}
