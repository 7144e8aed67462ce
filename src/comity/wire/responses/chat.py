# SPDX-License-Identifier: Apache-2.0
"""A request of Responses -> OpenAI's chat; what chat cannot say is refused by its path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from comity.errors import CallerError
from comity.wire import chat
from comity.wire.chat import ChatRequest, Message
from comity.wire.decode import checked_chat, decode
from comity.wire.responses import request as shapes

_KEPT = "nothing is kept here: send the whole of what was said, with `store`: false"
_MEMBERS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "message": (frozenset({"role", "content"}), frozenset()),
    "function_call": (frozenset({"call_id", "name", "arguments"}), frozenset()),
    "function_call_output": (frozenset({"call_id", "output"}), frozenset()),
    "reasoning": (frozenset(), frozenset({"summary", "content", "encrypted_content"})),
}
"""Of each kind of item: what it must have, and what it may have beside its id and its state."""
_ANY = frozenset({"type", "id", "status"})


class Asked(ChatRequest, frozen=True, kw_only=True, dict=True):
    """The chat, and beside its fields what its answer tells again: what is no field is never written, so it cannot be sent."""

    @property
    def metadata(self) -> dict[str, str]:
        told: dict[str, str] = vars(self).get("told", {})
        return told


def decoded(body: bytes, content_type: str, drop_unknown: bool) -> tuple[ChatRequest, tuple[str, ...]]:
    """Raises CallerError."""
    asked, dropped = decode(body, shapes.strict, drop_unknown=drop_unknown)
    for name, kept in (
        ("store", asked.store),
        ("previous_response_id", asked.previous_response_id),
        ("conversation", asked.conversation),
        ("background", asked.background),
    ):
        if kept:
            raise _refuse(f"`{name}` needs an answer that is kept", name, _KEPT)
    chatted = _chat(asked)
    vars(chatted)["told"] = asked.metadata or {}
    return checked_chat(chatted), dropped


def _chat(asked: shapes.ResponsesRequest) -> Asked:
    choice, form = asked.tool_choice, asked.text.format if asked.text is not None else None
    logprobs = "message.output_text.logprobs" in (asked.include or ())
    if asked.top_logprobs is not None and not logprobs:
        raise _refuse("`top_logprobs` without its `include`", "top_logprobs", "include `message.output_text.logprobs`")
    return Asked(
        model=asked.model,
        messages=_messages(asked),
        stream=bool(asked.stream),
        stream_options=chat.StreamOptions(include_usage=True) if asked.stream else None,
        max_completion_tokens=asked.max_output_tokens,
        temperature=asked.temperature,
        top_p=asked.top_p,
        logprobs=logprobs or None,
        top_logprobs=asked.top_logprobs,
        tools=tuple(_tool(tool, f"tools[{place}]") for place, tool in enumerate(asked.tools)) if asked.tools else None,
        tool_choice=chat.NamedTool(type="function", function=chat.NamedFunction(name=choice.name))
        if isinstance(choice, shapes.Choice)
        else choice,
        parallel_tool_calls=asked.parallel_tool_calls,
        response_format=_format(form) if form is not None else None,
        reasoning_effort=asked.reasoning.effort if asked.reasoning is not None else None,
        user=asked.user,
    )


def _format(form: shapes.Format) -> chat.ResponseFormat:
    if form.type != "json_schema":
        return chat.ResponseFormat(type=form.type)
    if form.name is None or form.schema is None:
        raise _refuse("a schema needs `name` and `schema`", "text.format", "give both")
    schema = chat.JsonSchema(name=form.name, schema=form.schema, description=form.description, strict=form.strict)
    return chat.ResponseFormat(type="json_schema", json_schema=schema)


def _tool(tool: shapes.Tool, path: str) -> chat.Tool:
    if tool.type != "function":
        raise _refuse("a tool that OpenAI runs cannot be called from here", f"{path}.type", "send tools of type `function`")
    if not tool.name:
        raise _refuse("a tool without a name", f"{path}.name", "name it")
    made = chat.Function(name=tool.name, description=tool.description, parameters=tool.parameters, strict=tool.strict)
    return chat.Tool(type="function", function=made)


def _messages(asked: shapes.ResponsesRequest) -> tuple[Message, ...]:
    made = [Message(role="system", content=asked.instructions)] if asked.instructions else []
    if isinstance(asked.input, str):
        return (*made, Message(role="user", content=asked.input))
    turn: dict[str, Any] = {}  # of the assistant: what it thought, said and called stands in several items, and is one message of a chat
    for place, item in enumerate(asked.input):
        path = f"input[{place}]"
        _whole(item, path)
        said = _of_assistant(item, path)
        if said is None or (turn.keys() - {"tool_calls"}) & said.keys() or ("tool_calls" in turn and "tool_calls" not in said):
            made += _closed(turn)
            turn = {}
        if said is None:
            made.append(_other(item, path))
        else:
            turn |= said | ({"tool_calls": (*turn.get("tool_calls", ()), *said["tool_calls"])} if "tool_calls" in said else {})
    return (*made, *_closed(turn))


def _closed(turn: dict[str, Any]) -> list[Message]:
    return [Message(role="assistant", **turn)] if turn else []


def _whole(item: shapes.Item, path: str) -> None:
    must, may = _MEMBERS[item.type]
    for name in shapes.Item.__struct_fields__:
        given = getattr(item, name) is not None
        if given and name not in must | may | _ANY:
            raise CallerError(
                f"unknown field `{path}.{name}` in a `{item.type}`",
                code="request.unknown_field",
                field=f"{path}.{name}",
                hint="leave it out",
            )
        if not given and name in must:
            raise _refuse(f"a `{item.type}` without `{name}`", f"{path}.{name}", f"give its `{name}`")


def _of_assistant(item: shapes.Item, path: str) -> dict[str, Any] | None:
    """Members of the assistant's message; None for what others say."""
    if item.type == "reasoning":
        thought = [_text(part, path) for part in item.content or ()] or [part.text for part in item.summary or ()]
        said: dict[str, Any] = {"reasoning_content": "\n\n".join(thought) or None, "reasoning_signature": item.encrypted_content}
        return {name: value for name, value in said.items() if value is not None}
    if item.type == "function_call":
        function = chat.FunctionCall(name=item.name or "", arguments=item.arguments or "")
        return {"tool_calls": (chat.ToolCall(id=item.call_id or "", type="function", function=function),)}
    if item.type == "message" and item.role == "assistant":
        if isinstance(item.content, str):
            return {"content": item.content}
        refusals = [part.refusal for part in item.content or () if isinstance(part, shapes.Refusal)]
        spoken = [part for part in item.content or () if not isinstance(part, shapes.Refusal)]
        said = {"content": _content(spoken, f"{path}.content") if spoken else None, "refusal": "\n".join(refusals) or None}
        return {name: value for name, value in said.items() if value is not None}
    return None


def _other(item: shapes.Item, path: str) -> Message:
    if item.type == "function_call_output":
        return Message(role="tool", tool_call_id=item.call_id, content=_content(item.output or "", f"{path}.output"))
    return Message(role=item.role or "user", content=_content(item.content or "", f"{path}.content"))


def _content(said: str | Sequence[shapes.Part], path: str) -> str | tuple[chat.Part, ...]:
    if isinstance(said, str):
        return said
    if len(said) == 1 and isinstance(said[0], shapes.InputText | shapes.OutputText):
        return said[0].text
    return tuple(_part(part, f"{path}[{place}]") for place, part in enumerate(said))


def _part(part: shapes.Part, path: str) -> chat.Part:
    if isinstance(part, shapes.InputImage):
        return chat.ImagePart(image_url=chat.ImageUrl(url=part.image_url, detail=part.detail))
    if isinstance(part, shapes.InputFile):
        return chat.FilePart(file=chat.File(file_data=part.file_data, filename=part.filename))
    if isinstance(part, shapes.InputText | shapes.OutputText):
        return chat.TextPart(text=part.text)
    raise _refuse("this part stands elsewhere", f"{path}.type", "in an answer's own items")


def _text(part: Any, path: str) -> str:
    if not isinstance(part, shapes.ReasoningText):
        raise _refuse("reasoning holds `reasoning_text` only", f"{path}.content", "send it as it came")
    return part.text


def _refuse(what: str, path: str, hint: str) -> CallerError:
    return CallerError(what, code="request.invalid", field=path, hint=hint)
