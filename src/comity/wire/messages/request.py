# SPDX-License-Identifier: Apache-2.0
"""Anthropic Messages, request side.

`cache_control` is taken and goes no further: it says how Anthropic may keep a prompt, and nobody is asked to keep one.
https://platform.claude.com/docs/en/api/messages/create
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from comity.wire.request import Wire


class CacheControl(Wire, frozen=True, kw_only=True):
    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None


class Cached(Wire, frozen=True, kw_only=True):
    cache_control: CacheControl | None = None


class Text(Cached, frozen=True, kw_only=True, tag_field="type", tag="text"):
    text: str
    citations: tuple[Any, ...] | None = None  # as an answer says it; not sent on


class Base64(Wire, frozen=True, kw_only=True, tag_field="type", tag="base64"):
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"]
    data: str


class Url(Wire, frozen=True, kw_only=True, tag_field="type", tag="url"):
    url: str


class Plain(Wire, frozen=True, kw_only=True, tag_field="type", tag="text"):
    data: str
    media_type: Literal["text/plain"]


class Image(Cached, frozen=True, kw_only=True, tag_field="type", tag="image"):
    source: Base64 | Url


class Document(Cached, frozen=True, kw_only=True, tag_field="type", tag="document"):
    source: Base64 | Plain
    title: str | None = None


class ToolUse(Cached, frozen=True, kw_only=True, tag_field="type", tag="tool_use"):
    id: str
    name: str
    input: dict[str, Any]


class ToolResult(Cached, frozen=True, kw_only=True, tag_field="type", tag="tool_result"):
    tool_use_id: str
    content: str | tuple[Text | Image | Document, ...] | None = None
    is_error: bool | None = None


class Thinking(Wire, frozen=True, kw_only=True, tag_field="type", tag="thinking"):
    thinking: str
    signature: str = ""


class Redacted(Wire, frozen=True, kw_only=True, tag_field="type", tag="redacted_thinking"):
    data: str


Shown = Text | Image | Document
Block = Text | Image | Document | ToolUse | ToolResult | Thinking | Redacted


class Turn(Wire, frozen=True, kw_only=True):
    role: Literal["user", "assistant"]
    content: str | tuple[Block, ...]


class Tool(Cached, frozen=True, kw_only=True):
    name: str
    type: str | None = None  # `custom`; every other is run by Anthropic
    description: str | None = None
    input_schema: dict[str, Any] | None = None
    strict: bool | None = None


class ToolChoice(Wire, frozen=True, kw_only=True):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class Metadata(Wire, frozen=True, kw_only=True):
    user_id: str | None = None


class ThinkingConfig(Wire, frozen=True, kw_only=True):
    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: int | None = None
    display: Literal["summarized"] | None = None


class Format(Wire, frozen=True, kw_only=True):
    type: Literal["json_schema"]
    schema: dict[str, Any]


class OutputConfig(Wire, frozen=True, kw_only=True):
    effort: Literal["low", "medium", "high", "xhigh"] | None = None
    format: Format | None = None


class MessagesRequest(Cached, frozen=True, kw_only=True):
    """`POST /v1/messages`"""

    messages: tuple[Turn, ...]
    max_tokens: int
    model: str = "auto"
    system: str | tuple[Text, ...] | None = None
    stream: bool | None = None
    stop_sequences: tuple[str, ...] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    tools: tuple[Tool, ...] | None = None
    tool_choice: ToolChoice | None = None
    metadata: Metadata | None = None
    thinking: ThinkingConfig | None = None
    output_config: OutputConfig | None = None
    service_tier: Literal["auto"] | None = None


strict = msgspec.json.Decoder(MessagesRequest)
