# SPDX-License-Identifier: Apache-2.0
"""`/chat/completions`, whole and streamed.

Members and meanings: https://developers.openai.com/api/reference/resources/chat; Model Studio's compatible
mode, with `reasoning_content` and `enable_thinking`: https://help.aliyun.com/zh/model-studio/stream and …/deep-thinking; vLLM's
`reasoning`: https://docs.vllm.ai/en/v0.26.0/features/reasoning_outputs/.  Which members there are, and null, as in tests/recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, zip_longest
from typing import Any

import msgspec

from comity.lab.simulators.answer import SSE, Answer, Request, Trouble, event, whole
from comity.lab.simulators.brain import Asked, Said, Script, cut, label, likelihood, say, tokens
from comity.lab.simulators.openai import content
from comity.lab.simulators.openai.errors import Speaker, error_event, request_id
from comity.lab.simulators.openai.fields import Fields

KNOWN = frozenset((
    "model", "messages", "audio", "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "metadata",
    "modalities", "n", "parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key", "prompt_cache_retention",
    "reasoning_effort", "response_format", "safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options",
    "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity", "web_search_options",
))  # fmt: skip
ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
DONE = b"data: [DONE]\n\n"
SHOWN: dict[Speaker, str] = {"model-studio": "reasoning_content", "vllm": "reasoning"}
"""Where reasoning stands; OpenAI bills its own and does not show it."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked beside the text itself."""

    asked: Asked
    choices: int
    stream: bool
    usage: bool
    logprobs: int | None  # how many of the likeliest tokens beside each


def chat(request: Request, speaker: Speaker) -> Answer:
    wanted = read(request, speaker)
    script = say(wanted.asked)
    if wanted.asked.filtered and speaker == "model-studio":  # its inspection is an error, also half way
        stopped = Trouble("inspection", "Output data may contain inappropriate content.")
        if not wanted.stream:
            raise stopped
        told = [*_events(request, wanted, script, speaker)][:-2]
        return Answer(headers=SSE, pieces=(*told, error_event(stopped, request, speaker)), streamed=True)
    headers = {"x-request-id": request_id(request, speaker)}
    if wanted.stream:
        return Answer(headers={**SSE, **headers}, pieces=(*_events(request, wanted, script, speaker), DONE), streamed=True)
    rows = [_choice(place, script, wanted, speaker) for place in range(wanted.choices)]
    made = _frame(request, wanted, "chat.completion", speaker) | {"choices": rows, "usage": usage(script, wanted.choices)}
    return whole(made, headers=headers)


def read(request: Request, speaker: Speaker) -> Wanted:
    fields = Fields(request.json())
    if speaker == "openai":
        fields.only(KNOWN)
    if "audio" in (fields.maybe("modalities", list) or ()):
        raise Trouble("parameter", "This model does not support audio output.", field="modalities", code="invalid_value")
    messages = fields.each("messages")
    if not messages:
        raise Trouble("parameter", "Invalid 'messages': empty array.", field="messages", code="empty_array")
    said, seen = [], []
    called: set[str] = set()
    for message in messages:
        role = message.choice("role", ROLES, "")
        text, found = content.read(message)
        if role == "tool" and message.must("tool_call_id", str) not in called:
            reason = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
            raise Trouble("parameter", f"Invalid parameter: {reason}", field=message.path("role"))
        called.update(call.must("id", str) for call in message.each("tool_calls"))
        said.append(Said(role=ROLES.get(role, "user"), text=text))  # type: ignore[arg-type]
        seen.extend(found)
    stream = bool(fields.maybe("stream", bool))
    logprobs = fields.whole("top_logprobs", 0, 0, 20) if fields.maybe("logprobs", bool) else None
    limit = fields.whole("max_tokens", None, 1, 1 << 30)
    asked = Asked(
        model=fields.must("model", str),
        messages=tuple(said),
        seen=tuple(seen),
        tools=tuple(content.tool(tool.inner("function")) for tool in fields.each("tools")),
        tool_choice=content.tool_choice(fields),
        parallel=fields.maybe("parallel_tool_calls", bool) is not False,
        schema=content.schema(fields, "response_format"),
        reason=reasons(fields),
        max_tokens=fields.whole("max_completion_tokens", limit, 1, 1 << 30),
        stop=fields.texts("stop"),
        filtered=request.filtered,
    )
    told = stream and (bool(fields.inner("stream_options").maybe("include_usage", bool)))
    return Wanted(asked=asked, choices=fields.whole("n", 1, 1, 128) or 1, stream=stream, usage=told, logprobs=logprobs)


def reasons(fields: Fields) -> bool:
    """Asked to think: OpenAI's `reasoning_effort`, Model Studio's `enable_thinking`, vLLM's `chat_template_kwargs`."""
    effort = fields.maybe("reasoning_effort", str)
    asked = fields.maybe("enable_thinking", bool) or fields.inner("chat_template_kwargs").maybe("enable_thinking", bool)
    return bool(asked) or effort not in (None, "none")


def usage(script: Script, choices: int = 1) -> dict[str, Any]:
    used = script.usage
    return {
        "prompt_tokens": used.prompt,
        "completion_tokens": used.completion * choices,
        "total_tokens": used.prompt + used.completion * choices,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": used.reasoning * choices},
    }


def _frame(request: Request, wanted: Wanted, kind: str, speaker: Speaker) -> dict[str, Any]:
    name = request_id(request, speaker) if speaker == "model-studio" else request.id
    return {
        "id": f"chatcmpl-{name}", "object": kind, "created": int(request.at), "model": wanted.asked.model, "system_fingerprint": None,
    }  # fmt: skip


def _choice(place: int, script: Script, wanted: Wanted, speaker: Speaker) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": script.text if not script.calls else "" if speaker == "model-studio" else None,
    }
    if speaker == "openai":
        message |= {"refusal": None, "annotations": []}
    elif script.reasoning:
        message[SHOWN[speaker]] = script.reasoning
    if script.calls:
        message["tool_calls"] = [call for number in range(len(script.calls)) for call in (_call(place, number, script, speaker),)]
    return {"index": place, "message": message, "finish_reason": script.finish, "logprobs": _logprobs(script.text, wanted)}


def _call(place: int, number: int, script: Script, speaker: Speaker) -> dict[str, Any]:
    call = script.calls[number]
    made = {
        "id": f"call_{label(call.name, call.arguments, str(place), str(number))}", "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }  # fmt: skip
    return {"index": number, **made} if speaker == "model-studio" else made


def _logprobs(text: str, wanted: Wanted) -> dict[str, Any] | None:
    if wanted.logprobs is None:
        return None
    rows = [logprob(token, wanted.logprobs) for token in tokens(text)]
    return {"content": rows, "refusal": None}


def logprob(token: str, beside: int) -> dict[str, Any]:
    """One token; beside it the likeliest, of which it is the first."""
    others = [token, *(f"{token}{number}" for number in range(1, beside))][:beside]
    row = {"token": token, "bytes": list(token.encode()), "logprob": likelihood(token)}
    ranked = [{"token": each, "bytes": list(each.encode()), "logprob": likelihood(token) - place} for place, each in enumerate(others)]
    return row | {"top_logprobs": ranked}


def _events(request: Request, wanted: Wanted, script: Script, speaker: Speaker) -> Iterator[bytes]:
    frame = _frame(request, wanted, "chat.completion.chunk", speaker)
    if wanted.usage:
        frame["usage"] = None
    streams = [_deltas(place, script, wanted, speaker) for place in range(wanted.choices)]
    for row in chain.from_iterable(zip_longest(*streams)):  # choices side by side
        if row is not None:
            yield event(frame | {"choices": [row]})
    if wanted.usage:
        yield event(frame | {"choices": [], "usage": usage(script, wanted.choices)})


def _deltas(place: int, script: Script, wanted: Wanted, speaker: Speaker) -> Iterator[dict[str, Any]]:
    def row(delta: dict[str, Any], finish: str | None = None, text: str = "") -> dict[str, Any]:
        return {"index": place, "delta": delta, "finish_reason": finish, "logprobs": _logprobs(text, wanted) if text else None}

    first: dict[str, Any] = {"role": "assistant", "content": None if script.calls else ""}
    yield row(first | ({"refusal": None} if speaker == "openai" else {}))
    if speaker in SHOWN:
        for piece in cut(script.reasoning):
            yield row({"content": None, SHOWN[speaker]: piece})
    for piece in cut(script.text):
        yield row({"content": piece}, text=piece)
    for number in range(len(script.calls)):
        call = _call(place, number, script, speaker)
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        yield row({"tool_calls": [{**call, "index": number, "function": {"name": name, "arguments": ""}}]})
        for piece in cut(arguments):
            again = {"id": "", "type": "function"} if speaker == "model-studio" else {}
            yield row({"tool_calls": [{"index": number, **again, "function": {"arguments": piece}}]})
    yield row({}, script.finish)
