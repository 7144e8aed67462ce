# SPDX-License-Identifier: Apache-2.0
"""`/responses`, whole and as its events.

The object: https://developers.openai.com/api/reference/resources/responses; the events and their order:
https://developers.openai.com/api/reference/resources/beta/subresources/responses/streaming-events.  Nothing is kept between requests,
so `previous_response_id`, `conversation` and `background` are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from comity.lab.simulators.answer import SSE, Answer, Request, Trouble, event, whole
from comity.lab.simulators.brain import Asked, Said, Script, Seen, cut, label, say
from comity.lab.simulators.openai import content
from comity.lab.simulators.openai.chat import ROLES
from comity.lab.simulators.openai.errors import Speaker, request_id
from comity.lab.simulators.openai.fields import Fields

KNOWN = frozenset((
    "model", "input", "include", "instructions", "max_output_tokens", "max_tool_calls", "metadata", "parallel_tool_calls",
    "previous_response_id", "prompt_cache_key", "prompt_cache_retention", "reasoning", "safety_identifier", "service_tier", "store",
    "stream", "stream_options", "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "user",
    "conversation", "background",
))  # fmt: skip
Item = dict[str, Any]


def responses(request: Request, speaker: Speaker) -> Answer:
    fields = Fields(request.json())
    if speaker == "openai":
        fields.only(KNOWN)
    asked = _asked(fields, request)
    script = say(asked)
    headers = {"x-request-id": request_id(request, speaker)}
    if script.finish == "content_filter" and speaker == "model-studio":
        raise Trouble("inspection", "Output data may contain inappropriate content.")
    items = _items(request, script)
    if not fields.maybe("stream", bool):
        return whole(_response(request, fields, script, items, done=True), headers=headers)
    return Answer(headers={**SSE, **headers}, pieces=tuple(_numbered(_events(request, fields, script, items))), streamed=True)


def _asked(fields: Fields, request: Request) -> Asked:
    if fields.held.get("previous_response_id") is not None:
        told = f"Previous response with id '{fields.must('previous_response_id', str)}' not found."
        raise Trouble("parameter", told, field="previous_response_id", code="previous_response_not_found")
    for name in ("conversation", "background"):
        if fields.held.get(name):
            raise Trouble("parameter", f"'{name}' is not kept here.", field=name)
    said: list[Said] = []
    seen: list[Seen] = []
    instructions = fields.maybe("instructions", str)
    if instructions:
        said.append(Said(role="system", text=instructions))
    if isinstance(fields.held.get("input"), str):
        said.append(Said(role="user", text=fields.must("input", str)))
    else:
        fields.must("input", list)
        for item in fields.each("input"):
            _read(item, said, seen)
    for tool in fields.each("tools"):
        tool.choice("type", ("function",), "")
    effort = fields.inner("reasoning").maybe("effort", str)
    return Asked(
        model=fields.must("model", str),
        messages=tuple(said),
        seen=tuple(seen),
        tools=tuple(content.tool(tool) for tool in fields.each("tools")),
        tool_choice=content.tool_choice(fields),
        parallel=fields.maybe("parallel_tool_calls", bool) is not False,
        schema=content.schema(fields.inner("text"), "format"),
        reason=bool(fields.held.get("reasoning")) and effort != "none",
        max_tokens=fields.whole("max_output_tokens", None, 1, 1 << 30),
        filtered=request.filtered,
    )


def _read(item: Fields, said: list[Said], seen: list[Seen]) -> None:
    match item.held.get("type", "message"):
        case "message":
            text, found = content.read(item)
            said.append(Said(role=ROLES[item.choice("role", ("user", "assistant", "system", "developer"), "user")], text=text))  # type: ignore[arg-type]
            seen.extend(found)
        case "function_call_output":
            item.must("call_id", str)
            text, found = content.read(item, "output")
            said.append(Said(role="tool", text=text))
            seen.extend(found)
        case "function_call" | "reasoning":
            return
        case other:
            raise Trouble("parameter", f"Invalid value: '{other}'.", field=item.path("type"), code="invalid_value")


def _items(request: Request, script: Script) -> list[Item]:
    items: list[Item] = []
    if script.reasoning:
        items.append({"id": f"rs_{request.id}", "type": "reasoning", "summary": [{"type": "summary_text", "text": script.reasoning}]})
    if not script.calls:
        status = "completed" if script.finish == "stop" else "incomplete"
        items.append({"id": f"msg_{request.id}", "type": "message", "status": status, "role": "assistant", "content": [_text(script.text)]})
    for number, call in enumerate(script.calls):
        name = label(request.id, str(number))
        items.append(
            {"id": f"fc_{name}", "type": "function_call", "status": "completed", "call_id": f"call_{name}", "name": call.name,
             "arguments": call.arguments}
        )  # fmt: skip
    return items


def _text(text: str) -> Item:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _response(request: Request, fields: Fields, script: Script, items: list[Item], *, done: bool) -> dict[str, Any]:
    """The object, with what was asked for repeated; `usage` only once it is done."""
    reason = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(script.finish) if done else None
    used, held = script.usage, fields.held
    return {
        "id": f"resp_{request.id}",
        "object": "response",
        "created_at": int(request.at),
        "status": "in_progress" if not done else "incomplete" if reason else "completed",
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": held.get("instructions"),
        "max_output_tokens": held.get("max_output_tokens"),
        "metadata": held.get("metadata") or {},
        "model": held["model"],
        "output": items if done else [],
        "parallel_tool_calls": held.get("parallel_tool_calls") is not False,
        "previous_response_id": None,
        "reasoning": held.get("reasoning") or {"effort": None, "summary": None},
        "store": False,
        "temperature": held.get("temperature", 1.0),
        "text": held.get("text") or {"format": {"type": "text"}},
        "tool_choice": held.get("tool_choice") or "auto",
        "tools": held.get("tools") or [],
        "top_p": held.get("top_p", 1.0),
        "truncation": held.get("truncation") or "disabled",
        "usage": {
            "input_tokens": used.prompt,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": used.completion,
            "output_tokens_details": {"reasoning_tokens": used.reasoning},
            "total_tokens": used.total,
        }
        if done
        else None,
    }


def _numbered(events: Iterator[Item]) -> Iterator[bytes]:
    for number, one in enumerate(events):
        yield event({**one, "sequence_number": number}, name=one["type"])


def _events(request: Request, fields: Fields, script: Script, items: list[Item]) -> Iterator[Item]:
    begun = _response(request, fields, script, items, done=False)
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for place, item in enumerate(items):
        at = {"item_id": item["id"], "output_index": place}
        match item["type"]:
            case "reasoning":
                yield {"type": "response.output_item.added", "output_index": place, "item": {**item, "summary": []}}
                yield from _part(at, "response.reasoning_summary", "summary_index", item["summary"][0])
            case "message":
                opened = {**item, "status": "in_progress", "content": []}
                yield {"type": "response.output_item.added", "output_index": place, "item": opened}
                yield from _part(at, "response", "content_index", item["content"][0])
            case "function_call":
                opened = {**item, "status": "in_progress", "arguments": ""}
                yield {"type": "response.output_item.added", "output_index": place, "item": opened}
                for piece in cut(item["arguments"]):
                    yield {"type": "response.function_call_arguments.delta", **at, "delta": piece}
                yield {
                    "type": "response.function_call_arguments.done", **at, "arguments": item["arguments"], "name": item["name"],
                }  # fmt: skip
        yield {"type": "response.output_item.done", "output_index": place, "item": item}
    finished = _response(request, fields, script, items, done=True)
    yield {"type": f"response.{finished['status']}", "response": finished}


def _part(at: Item, room: str, index: str, part: Item) -> Iterator[Item]:
    """A part of a message, or of a reasoning's summary: opened, told in pieces, closed."""
    message = part["type"] == "output_text"
    at, text = {**at, index: 0}, part["text"]
    opening, telling = (f"{room}.content_part", f"{room}.output_text") if message else (f"{room}_part", f"{room}_text")
    beside: Item = {"logprobs": []} if message else {}
    yield {"type": f"{opening}.added", **at, "part": {**part, "text": ""}}
    for piece in cut(text):
        yield {"type": f"{telling}.delta", **at, "delta": piece, **beside}
    yield {"type": f"{telling}.done", **at, "text": text, **beside}
    yield {"type": f"{opening}.done", **at, "part": part}
