# SPDX-License-Identifier: Apache-2.0
"""A request of Messages -> OpenAI's chat; what chat cannot say is refused by its path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from comity.errors import CallerError
from comity.wire import chat
from comity.wire.chat import ChatRequest, Message
from comity.wire.decode import checked_chat, decode
from comity.wire.messages import request as shapes

Effort = Literal["none", "low", "medium", "high", "xhigh"]
EFFORTS: tuple[tuple[int, Effort], ...] = ((4096, "low"), (16_384, "medium"))
"""A budget below the first is the effort beside it; what is beyond the last is `high`."""
BUDGET_MIN = 1024
_CHOICES: dict[str, Literal["none", "auto", "required"]] = {"auto": "auto", "any": "required", "none": "none"}


def decoded(body: bytes, content_type: str, drop_unknown: bool) -> tuple[ChatRequest, tuple[str, ...]]:
    """Raises CallerError."""
    asked, dropped = decode(body, shapes.strict, drop_unknown=drop_unknown)
    return checked_chat(_chat(asked)), dropped


def _chat(asked: shapes.MessagesRequest) -> ChatRequest:
    turns = [made for place, turn in enumerate(asked.messages) for made in _turn(turn, f"messages[{place}]")]
    if not turns:
        raise _refuse("`messages` is empty", "messages", "send at least one message")
    if asked.system:
        turns.insert(0, Message(role="system", content=_content(asked.system, "system")))
    choice, form = asked.tool_choice, asked.output_config.format if asked.output_config is not None else None
    return ChatRequest(
        model=asked.model,
        messages=tuple(turns),
        stream=bool(asked.stream),
        stream_options=chat.StreamOptions(include_usage=True) if asked.stream else None,
        max_tokens=asked.max_tokens,
        stop=asked.stop_sequences or None,
        temperature=asked.temperature,
        top_p=asked.top_p,
        top_k=asked.top_k,
        tools=tuple(_tool(tool, f"tools[{place}]") for place, tool in enumerate(asked.tools)) if asked.tools else None,
        tool_choice=_choice(choice) if choice is not None else None,
        parallel_tool_calls=False if choice is not None and choice.disable_parallel_tool_use else None,
        response_format=chat.ResponseFormat(type="json_schema", json_schema=chat.JsonSchema(name="answer", schema=form.schema, strict=True))
        if form is not None
        else None,
        reasoning_effort=_effort(asked),
        user=asked.metadata.user_id if asked.metadata is not None else None,
    )


def _effort(asked: shapes.MessagesRequest) -> Effort | None:
    said = asked.output_config.effort if asked.output_config is not None else None
    thinking = asked.thinking
    if thinking is None:
        return said
    if thinking.type == "disabled":
        return "none"
    if thinking.type == "adaptive":
        return said or "high"  # as Anthropic's own default is
    budget = thinking.budget_tokens
    if budget is None or not BUDGET_MIN <= budget < asked.max_tokens:
        raise _refuse(
            f"`thinking.budget_tokens` is not from {BUDGET_MIN} up to below `max_tokens`", "thinking.budget_tokens", "say another number"
        )
    budgeted: Effort = next((effort for below, effort in EFFORTS if budget < below), "high")
    return said or budgeted


def _tool(tool: shapes.Tool, path: str) -> chat.Tool:
    if tool.type not in (None, "custom"):
        raise _refuse(
            "a tool that Anthropic runs cannot be called from here", f"{path}.type", "send tools of your own, with `input_schema`"
        )
    if tool.input_schema is None:
        raise _refuse("a tool without `input_schema`", f"{path}.input_schema", 'the least is {"type": "object"}')
    made = chat.Function(name=tool.name, description=tool.description, parameters=tool.input_schema, strict=tool.strict)
    return chat.Tool(type="function", function=made)


def _choice(choice: shapes.ToolChoice) -> Literal["none", "auto", "required"] | chat.NamedTool:
    if choice.type != "tool":
        return _CHOICES[choice.type]
    if not choice.name:
        raise _refuse("the tool that must be called has no name", "tool_choice.name", "name it")
    return chat.NamedTool(type="function", function=chat.NamedFunction(name=choice.name))


def _turn(turn: shapes.Turn, path: str) -> Iterator[Message]:
    if isinstance(turn.content, str):
        yield Message(role=turn.role, content=turn.content)
    elif turn.role == "assistant":
        yield _assistant(turn.content, f"{path}.content")
    else:
        yield from _user(turn.content, f"{path}.content")


def _user(blocks: Sequence[shapes.Block], path: str) -> Iterator[Message]:
    """Results first, each as the message of its tool; then what the person says."""
    shown: list[shapes.Shown] = []
    for place, block in enumerate(blocks):
        if isinstance(block, shapes.ToolResult):
            if shown:
                raise _refuse("a tool's result stands behind other content", f"{path}[{place}]", "put results first")
            yield Message(role="tool", tool_call_id=block.tool_use_id, content=_result(block, f"{path}[{place}].content"))
        elif isinstance(block, shapes.Shown):
            shown.append(block)
        else:
            raise _refuse("only the assistant says this", f"{path}[{place}].type", "send it with the role `assistant`")
    if shown:
        yield Message(role="user", content=_content(shown, path))


def _result(block: shapes.ToolResult, path: str) -> str | tuple[chat.Part, ...]:
    """Chat has no member for a tool that failed: its result says so itself."""
    content = _content(block.content or "", path)
    if not block.is_error:
        return content
    return f"error: {content}" if isinstance(content, str) else (chat.TextPart(text="error:"), *content)


def _assistant(blocks: Sequence[shapes.Block], path: str) -> Message:
    texts: list[shapes.Shown] = []
    calls: list[chat.ToolCall] = []
    thought: shapes.Thinking | None = None
    for place, block in enumerate(blocks):
        here = f"{path}[{place}]"
        if isinstance(block, shapes.Text):
            texts.append(block)
        elif isinstance(block, shapes.ToolUse):
            function = chat.FunctionCall(name=block.name, arguments=msgspec.json.encode(block.input).decode())
            calls.append(chat.ToolCall(id=block.id, type="function", function=function))
        elif isinstance(block, shapes.Thinking):
            if thought is not None:
                raise _refuse("more than one `thinking` in one message", here, "send the last one")
            thought = block
        elif isinstance(block, shapes.Redacted):
            raise _refuse("`redacted_thinking` cannot be looked at", here, "leave it out: what nobody here can read does not leave")
        else:
            raise _refuse("only the user says this", f"{here}.type", "send it with the role `user`")
    return Message(
        role="assistant",
        content=_content(texts, path) if texts else None,
        tool_calls=tuple(calls) or None,
        reasoning_content=thought.thinking if thought is not None else None,
        reasoning_signature=(thought.signature or None) if thought is not None else None,
    )


def _content(said: str | Sequence[shapes.Shown], path: str) -> str | tuple[chat.Part, ...]:
    if isinstance(said, str):
        return said
    if len(said) == 1 and isinstance(said[0], shapes.Text):
        return said[0].text
    return tuple(_part(block, f"{path}[{place}]") for place, block in enumerate(said))


def _part(block: shapes.Shown, path: str) -> chat.Part:
    if isinstance(block, shapes.Text):
        return chat.TextPart(text=block.text)
    source: Any = block.source
    if isinstance(block, shapes.Image):
        if isinstance(source, shapes.Url):
            return chat.ImagePart(image_url=chat.ImageUrl(url=source.url))
        _kind(source, "image/", path)
        return chat.ImagePart(image_url=chat.ImageUrl(url=_data_url(source)))
    if isinstance(source, shapes.Plain):
        return chat.TextPart(text=source.data if block.title is None else f"{block.title}\n\n{source.data}")
    _kind(source, "application/", path)
    return chat.FilePart(file=chat.File(file_data=_data_url(source), filename=block.title))


def _kind(source: shapes.Base64, kind: str, path: str) -> None:
    if not source.media_type.startswith(kind):
        raise _refuse("the media type is not that of its block", f"{path}.source.media_type", "an image is an image, a document a PDF")


def _data_url(source: shapes.Base64) -> str:
    return f"data:{source.media_type};base64,{source.data}"


def _refuse(what: str, path: str, hint: str) -> CallerError:
    return CallerError(what, code="request.invalid", field=path, hint=hint)
