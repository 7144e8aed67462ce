# SPDX-License-Identifier: Apache-2.0
"""What Messages takes, and what it refuses of it.

https://platform.claude.com/docs/en/api/messages; the words of refusals as callers quote them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from comity.lab.simulators import brain
from comity.lab.simulators.answer import Trouble

THOUGHT_MIN = 1024
Block = dict[str, Any]


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Message(Shape, frozen=True, kw_only=True):
    role: Literal["user", "assistant"]
    content: str | list[Block]


class Choice(Shape, frozen=True, kw_only=True):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool = False


class Tool(Shape, frozen=True, kw_only=True):
    name: str
    input_schema: dict[str, Any]
    description: str | None = None
    strict: bool | None = None
    type: Literal["custom"] | None = None
    cache_control: dict[str, Any] | None = None


class Thinking(Shape, frozen=True, kw_only=True):
    type: Literal["enabled", "adaptive", "disabled"]
    budget_tokens: int | None = None
    display: Literal["summarized", "omitted"] | None = None


class Format(Shape, frozen=True, kw_only=True):
    type: Literal["json_schema"]
    schema: dict[str, Any]


class Output(Shape, frozen=True, kw_only=True):
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: Format | None = None


class Metadata(Shape, frozen=True, kw_only=True):
    user_id: str | None = None


class Wish(Shape, frozen=True, kw_only=True):
    model: str
    max_tokens: int
    messages: list[Message]
    system: str | list[Block] = ""
    stream: bool = False
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: list[str] = []
    metadata: Metadata | None = None
    tools: list[Tool] = []
    tool_choice: Choice = Choice(type="auto")
    thinking: Thinking = Thinking(type="disabled")
    output_config: Output = Output()
    service_tier: Literal["auto", "standard_only"] | None = None
    inference_geo: str | None = None


def signature(thought: str) -> str:
    """By which the model knows its own thought again."""
    return base64.b64encode(hashlib.sha256(f"thinking {thought}".encode()).digest()).decode()


def read(body: dict[str, Any]) -> Wish:
    try:
        wish = msgspec.convert(body, Wish)
    except msgspec.ValidationError as error:
        raise invalid(str(error)) from error
    if wish.max_tokens < 1:
        raise invalid("max_tokens: Input should be greater than or equal to 1")
    if wish.temperature is not None and not 0 <= wish.temperature <= 1:
        raise invalid("temperature: range: 0..1")
    thought, thinks = wish.thinking.budget_tokens or 0, wish.thinking.type != "disabled"
    if wish.thinking.type == "enabled" and thought < THOUGHT_MIN:
        raise invalid(f"thinking.enabled.budget_tokens: Input should be greater than or equal to {THOUGHT_MIN}")
    if wish.thinking.type == "enabled" and thought >= wish.max_tokens:
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if thinks and wish.tool_choice.type in ("any", "tool"):
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")
    if thinks and (wish.temperature not in (None, 1) or wish.top_k is not None):
        raise invalid("`temperature` may only be set to 1 when thinking is enabled, and `top_k` must be unset.")
    if any(not each.strip() for each in wish.stop_sequences):
        raise invalid("stop_sequences: each stop sequence must contain non-whitespace")
    _conversation(wish.messages)
    return wish


def _conversation(messages: list[Message]) -> None:
    if not messages:
        raise invalid("messages: at least one message is required")
    owed: list[Any] = []
    for at, message in enumerate(messages):
        if not message.content:
            raise invalid(f"messages.{at}: all messages must have non-empty content")
        results = [block.get("tool_use_id") for block in blocks(message.content) if block.get("type") == "tool_result"]
        if any(each not in owed for each in results):
            raise invalid(f"messages.{at}: unexpected `tool_use_id` found in `tool_result` blocks: {results[0]}")
        if set(owed) - set(results):
            raise invalid(f"messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: {owed[0]}")
        owed = [block.get("id") for block in blocks(message.content) if block.get("type") == "tool_use"]


def blocks(content: str | list[Block]) -> list[Block]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def asked(wish: Wish, *, filtered: bool) -> brain.Asked:
    choice = {"tool": f"={wish.tool_choice.name}", "any": "required"}.get(wish.tool_choice.type, wish.tool_choice.type)
    seen: list[brain.Seen] = []
    said = [
        brain.Said(role="system", text="\n".join(_text(block, "system") for block in blocks(wish.system))) if wish.system else None,
        *(each for at, message in enumerate(wish.messages) for each in _said(message, f"messages.{at}", seen)),
    ]
    return brain.Asked(
        model=wish.model,
        messages=tuple(each for each in said if each is not None),
        seen=tuple(seen),
        tools=tuple(brain.Tool(name=tool.name, schema=tool.input_schema) for tool in wish.tools),
        tool_choice=choice,
        parallel=not wish.tool_choice.disable_parallel_tool_use,
        schema=wish.output_config.format.schema if wish.output_config.format is not None else None,
        reason=wish.thinking.type != "disabled",
        max_tokens=wish.max_tokens,
        stop=tuple(wish.stop_sequences),
        filtered=filtered,
    )


def _said(message: Message, at: str, seen: list[brain.Seen]) -> Iterator[brain.Said]:
    """Results of tools stand in a message of the user, before what the user says."""
    texts: list[str] = []
    results = False
    for number, block in enumerate(blocks(message.content)):
        here = f"{at}.content.{number}"
        match block:
            case {"type": "text"}:
                texts.append(_text(block, here))
            case {"type": "image", "source": dict(source)}:
                seen.append(_image(source, here))
            case {"type": "document", "source": dict(source)}:
                data = str(source["data"]).encode() if source.get("type") == "text" else _bytes(source, here)
                seen.append(brain.Seen(kind="file", size=len(data), sha256=hashlib.sha256(data).hexdigest()))
            case {"type": "tool_result"}:
                results = True
                inner = blocks(block.get("content") or [])
                yield brain.Said(role="tool", text="\n".join(str(part["text"]) for part in inner if "text" in part))
            case {"type": "tool_use", "id": str(), "name": str(), "input": dict()}:
                pass
            case {"type": "thinking", "thinking": str(thought), "signature": str(proof)}:
                if proof != signature(thought):
                    raise invalid(f"{here}: Invalid `signature` in `thinking` block")
            case _:
                raise invalid(f"{here}: Input tag '{block.get('type')}' found using 'type' does not match any of the expected tags")
    if texts or not results:
        yield brain.Said(role=message.role, text="\n".join(texts))


def _text(block: Block, at: str) -> str:
    text = block.get("text")
    if not isinstance(text, str) or not text.strip():
        raise invalid(f"{at}: text content blocks must contain non-whitespace text")
    return text


def _image(source: Block, at: str) -> brain.Seen:
    if source.get("type") == "url":
        return brain.see(None)
    if source.get("media_type") not in ("image/png", "image/jpeg", "image/gif", "image/webp"):
        raise invalid(f"{at}.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'")
    return brain.see(_bytes(source, at))


def _bytes(source: Block, at: str) -> bytes:
    try:
        return base64.b64decode(source["data"], validate=True)
    except (KeyError, TypeError, binascii.Error, ValueError) as error:
        raise invalid(f"{at}.source.base64.data: invalid base64 data") from error


def invalid(message: str) -> Trouble:
    return Trouble("parameter", message)
