# SPDX-License-Identifier: Apache-2.0
"""OpenAI Responses, request side.  Nothing is kept here, so nothing can be continued by its id.

What an answer says of itself (ids, states, annotations) is taken back with its items, so that they can be sent as they came, and goes no
further.  https://developers.openai.com/api/reference/resources/responses/methods/create
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from comity.wire.request import Wire

Role = Literal["user", "assistant", "system", "developer"]


class InputText(Wire, frozen=True, kw_only=True, tag_field="type", tag="input_text"):
    text: str


class InputImage(Wire, frozen=True, kw_only=True, tag_field="type", tag="input_image"):
    image_url: str
    detail: Literal["auto", "low", "high"] | None = None


class InputFile(Wire, frozen=True, kw_only=True, tag_field="type", tag="input_file"):
    file_data: str
    filename: str | None = None


class OutputText(Wire, frozen=True, kw_only=True, tag_field="type", tag="output_text"):
    text: str
    annotations: tuple[Any, ...] | None = None
    logprobs: tuple[Any, ...] | None = None


class Refusal(Wire, frozen=True, kw_only=True, tag_field="type", tag="refusal"):
    refusal: str


class ReasoningText(Wire, frozen=True, kw_only=True, tag_field="type", tag="reasoning_text"):
    text: str


class SummaryText(Wire, frozen=True, kw_only=True, tag_field="type", tag="summary_text"):
    text: str


Part = InputText | InputImage | InputFile | OutputText | Refusal | ReasoningText


class Item(Wire, frozen=True, kw_only=True):
    """One shape for all kinds, as one of them (a message) may leave out its `type`; `chat.py` knows which members each kind has."""

    type: Literal["message", "function_call", "function_call_output", "reasoning"] = "message"
    role: Role | None = None
    content: str | tuple[Part, ...] | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    output: str | tuple[Part, ...] | None = None
    summary: tuple[SummaryText, ...] | None = None
    encrypted_content: str | None = None
    id: str | None = None
    status: Literal["in_progress", "completed", "incomplete"] | None = None


class Tool(Wire, frozen=True, kw_only=True):
    type: str  # `function`; every other is run by OpenAI
    name: str | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Choice(Wire, frozen=True, kw_only=True):
    type: Literal["function"]
    name: str


class Format(Wire, frozen=True, kw_only=True):
    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    schema: dict[str, Any] | None = None
    description: str | None = None
    strict: bool | None = None


class Text(Wire, frozen=True, kw_only=True):
    format: Format | None = None


class Reasoning(Wire, frozen=True, kw_only=True):
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    summary: Literal["auto"] | None = None


class StreamOptions(Wire, frozen=True, kw_only=True):
    include_obfuscation: Literal[False] | None = None


class ResponsesRequest(Wire, frozen=True, kw_only=True):
    """`POST /v1/responses`"""

    input: str | tuple[Item, ...]
    model: str = "auto"
    instructions: str | None = None
    tools: tuple[Tool, ...] | None = None
    tool_choice: Literal["none", "auto", "required"] | Choice | None = None
    parallel_tool_calls: bool | None = None
    text: Text | None = None
    reasoning: Reasoning | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    include: tuple[Literal["message.output_text.logprobs", "reasoning.encrypted_content"], ...] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    store: bool | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    truncation: Literal["disabled"] | None = None
    service_tier: Literal["auto"] | None = None
    previous_response_id: str | None = None
    conversation: Any = None
    background: bool | None = None


strict = msgspec.json.Decoder(ResponsesRequest)
