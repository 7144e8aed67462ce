# SPDX-License-Identifier: Apache-2.0
"""Messages and parameters, as Model Studio takes and refuses them, and what they ask of a model.

https://help.aliyun.com/en/model-studio/qwen-api-via-dashscope, …/qwen-function-calling, …/deep-thinking, …/error-code-start
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from comity.lab.simulators import brain
from comity.lab.simulators.dashscope import errors

Fetch = Callable[[str], bytes | None]
"""What an address holds; None for one that is of another host, which nothing here asks."""

THINKS = re.compile(r"qwq|qvq|deepseek-r1|.*-thinking")
ONLY_STREAMS = re.compile(r"qwq|qvq|qwen3-\d+(?:\.\d+)?b")
MESSAGES_ONLY = re.compile(r"qwen3-max|qwen3-\d|qwen3-vl|qwen-vl|qwq|qvq|qwen-long|qwen3\.[5-9]")
COUNT_MAX, TOP_LOGPROBS_MAX, SEED_MAX = 4, 5, 2**63 - 1


class Function(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    description: str = ""
    parameters: dict[str, Any] = {}


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    function: Function
    type: Literal["function"] = "function"


class Named(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    function: Named


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    schema: dict[str, Any]
    name: str = ""


class Format(msgspec.Struct, frozen=True, kw_only=True):
    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: Schema | None = None


class Search(msgspec.Struct, frozen=True, kw_only=True):
    enable_source: bool = False
    search_strategy: str = "turbo"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    role: Literal["system", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None


class Input(msgspec.Struct, frozen=True, kw_only=True):
    messages: list[Message] | None = None
    prompt: str | None = None


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    result_format: Literal["text", "message"] | None = None
    incremental_output: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    max_input_tokens: int | None = None
    seed: int | None = None
    stop: str | list[str | int | list[int]] | None = None
    n: int = 1
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    tools: list[Tool] | None = None
    tool_choice: str | Choice = "auto"
    parallel_tool_calls: bool = False
    response_format: Format = Format()
    enable_thinking: bool | None = None
    thinking_budget: int | None = None
    enable_search: bool = False
    search_options: Search = Search()
    logprobs: bool = False
    top_logprobs: int = 0


def messages_of(given: Input) -> list[Message]:
    if given.messages is None and given.prompt is None:
        raise errors.refused("InvalidParameter", 'Either "prompt" or "messages" must exist and cannot both be none')
    messages = [*(given.messages or ()), *([Message(role="user", content=given.prompt)] if given.prompt is not None else ())]
    if not messages:
        raise errors.invalid("[] is too short - 'messages'", "messages")
    if messages[-1].role == "system":
        raise errors.invalid('Role must be in ["user","assistant","system","tool"] and the role in last message must be in ["user","tool"]')
    return messages


def check(
    model: str, wanted: Parameters, messages: list[Message], *, streams: bool, thinks: bool, in_messages: bool
) -> None:  # fmt: skip
    """Bounds and combinations, in the words of the list of errors."""

    def bound(value: float | None, holds: Callable[[float], bool], words: str) -> None:
        if value is not None and not holds(value):
            raise errors.invalid(words)

    bound(wanted.temperature, lambda value: 0 <= value < 2, "Temperature should be in [0.0, 2.0)")
    bound(wanted.top_p, lambda value: 0 < value <= 1, "Range of top_p should be (0.0, 1.0]")
    bound(wanted.top_k, lambda value: value >= 0, "Parameter top_k be greater than or equal to 0")
    bound(wanted.max_tokens, lambda value: value >= 1, "Range of max_tokens should be [1, 65536]")
    bound(wanted.seed, lambda value: 0 <= value <= SEED_MAX, f"Range of seed should be [0, {SEED_MAX}]")
    bound(wanted.n, lambda value: 1 <= value <= COUNT_MAX, f"Range of n should be [1, {COUNT_MAX}]")
    bound(wanted.presence_penalty, lambda value: -2 <= value <= 2, "Presence_penalty should be in [-2.0, 2.0]")
    bound(wanted.repetition_penalty, lambda value: value > 0, "Repetition_penalty should be greater than 0.0")
    bound(wanted.top_logprobs, lambda value: 0 <= value <= TOP_LOGPROBS_MAX, f"Range of top_logprobs should be [0, {TOP_LOGPROBS_MAX}]")
    bound(wanted.thinking_budget, lambda value: value >= 1, "The thinking_budget parameter must be a positive integer")
    if thinks and not streams and ONLY_STREAMS.match(model):
        raise errors.refused("InvalidParameter", "parameter.enable_thinking must be set to false for non-streaming calls")
    if thinks and streams and wanted.incremental_output is False:
        raise errors.invalid('The incremental_output parameter must be "true" when enable_thinking is true')
    in_json = wanted.response_format.type == "json_object"
    if thinks and in_json:
        raise errors.invalid("Json mode response is not supported when enable_thinking is true")
    if thinks and isinstance(wanted.tool_choice, Choice):
        raise errors.invalid("The tool_choice parameter does not support being set to required or object in thinking mode")
    if isinstance(wanted.tool_choice, str) and wanted.tool_choice not in ("auto", "none"):
        raise errors.invalid('tool_choice is one of the strings that should be ["none", "auto"]', "tool_choice")
    if wanted.tools and not in_messages:
        raise errors.invalid('The result_format parameter must be "message" when tools are given', "result_format")
    if wanted.tools and wanted.n > 1:
        raise errors.invalid("Parameter n must be 1 when tools are given", "n")
    if in_json and not any("json" in _text(message).lower() for message in messages):
        raise errors.invalid("'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.")


def asked(model: str, messages: list[Message], wanted: Parameters, fetch: Fetch, *, thinks: bool, filtered: bool) -> brain.Asked:
    choice = wanted.tool_choice
    return brain.Asked(
        model=model,
        messages=tuple(brain.Said(role=message.role, text=_text(message)) for message in messages),
        seen=tuple(seen for message in messages for seen in _seen(message, fetch)),
        tools=tuple(brain.Tool(name=tool.function.name, schema=tool.function.parameters) for tool in wanted.tools or ()),
        tool_choice=choice if isinstance(choice, str) else f"={choice.function.name}",
        parallel=wanted.parallel_tool_calls,
        schema=_schema(wanted.response_format),
        reason=thinks,
        max_tokens=wanted.max_tokens,
        stop=_stop(wanted.stop),
        filtered=filtered,
    )


def _stop(stop: str | list[str | int | list[int]] | None) -> tuple[str, ...]:
    """Words; ids of tokens, which are allowed too, mean nothing to a model that has none."""
    return (stop,) if isinstance(stop, str) else tuple(word for word in stop or () if isinstance(word, str))


def _schema(wanted: Format) -> Mapping[str, Any] | None:
    if wanted.type != "json_schema":
        return None if wanted.type == "text" else {}
    if wanted.json_schema is None:
        raise errors.invalid("'response_format.json_schema' is missing", "response_format")
    return wanted.json_schema.schema


def _text(message: Message) -> str:
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    return "\n".join(str(item["text"]) for item in message.content if "text" in item)


def _seen(message: Message, fetch: Fetch) -> Iterator[brain.Seen]:
    """`{"image": …}`, `{"audio": …}`, `{"video": […] or …}`: an address, a `data:` URL or `oss://`."""
    for item in message.content if isinstance(message.content, list) else ():
        for kind in ("image", "audio", "video"):
            held = item.get(kind)
            for address in held if isinstance(held, list) else () if held is None else (held,):
                data = fetch(str(address))
                if kind == "audio":
                    yield brain.hear(data)
                elif kind == "image" or isinstance(held, list):  # a video may be the list of its frames
                    yield brain.see(data)
                else:
                    yield brain.Seen(kind="file", size=len(data or b""))
