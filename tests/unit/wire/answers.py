# SPDX-License-Identifier: Apache-2.0
"""Answers of a chat, whole and in chunks, as a partner might give them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle
from typing import Any

from hypothesis import strategies as st

Body = dict[str, Any]


def completion(text: str) -> Body:
    return {
        "id": "x1", "object": "chat.completion", "created": 7, "model": "echo",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }  # fmt: skip


@st.composite
def chats(draw: st.DrawFn, *, objects: bool = False) -> Body:
    """``objects``: arguments are JSON objects, and nothing else."""
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    answered = completion(draw(text))
    (choice,) = answered["choices"]
    message = choice["message"]
    message |= {name: draw(text) for name in ("reasoning_content", "reasoning_signature", "refusal") if draw(st.booleans())}
    arguments = st.dictionaries(text, text | st.integers(), max_size=2).map(json.dumps)
    calls = draw(st.lists(arguments if objects else arguments | text, max_size=3))
    if calls:
        message["tool_calls"] = [
            {"id": f"c{place}", "type": "function", "function": {"name": "f", "arguments": each}} for place, each in enumerate(calls)
        ]
    choice["finish_reason"] = draw(st.sampled_from(["stop", "length", "content_filter", *(["tool_calls"] if calls else [])]))
    return answered


def chunks_of(answered: Body, sizes: list[int]) -> Iterator[Body]:
    """The same in chunks, each member in pieces of these sizes in turn."""
    (choice,) = answered["choices"]
    message, size = choice["message"], cycle(sizes)
    head = {name: answered[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}

    def chunk(delta: Body, finish: str | None = None) -> Body:
        return head | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": ""})
    for name in ("reasoning_content", "reasoning_signature", "content", "refusal"):
        for piece in cut(message.get(name) or "", size):
            yield chunk({name: piece})
    for index, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        yield chunk(
            {
                "tool_calls": [
                    {"index": index, "id": call["id"], "type": "function", "function": {"name": function["name"], "arguments": ""}}
                ]
            }
        )
        for piece in cut(function["arguments"], size):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, choice["finish_reason"]) | {name: answered[name] for name in ("AIGC",) if name in answered}
    yield head | {"choices": [], "usage": answered["usage"]}


def cut(text: str, size: Iterator[int]) -> Iterator[str]:
    while text:
        here = next(size)
        yield text[:here]
        text = text[here:]
