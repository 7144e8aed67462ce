# SPDX-License-Identifier: Apache-2.0
"""What a chat's adapters of other dialects read of a request alike."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from comity.providers.dialect import unsupported
from comity.wire.chat import ChatRequest, Message, Part, TextPart

_DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[^,;]+)*;base64,([A-Za-z0-9+/]+={0,2})")


def second_look(dialect: str, request: ChatRequest, **beyond: Any) -> None:
    """What the features of a request do not tell the plan, and what would be left out if the plan had not looked."""
    beyond |= {
        "logit_bias": request.logit_bias,
        "logprobs": request.logprobs or request.top_logprobs,
        "n": (request.n or 1) > 1,
        "messages.name": any(message.name is not None for message in request.messages),
    }
    for what, wanted in beyond.items():
        if wanted:
            raise unsupported(dialect, what)


def limit(request: ChatRequest) -> int | None:
    return request.max_completion_tokens if request.max_completion_tokens is not None else request.max_tokens


def rules(message: Message) -> bool:
    return message.role in ("system", "developer")


def parts(message: Message) -> tuple[Part, ...]:
    """Without empty texts, which say nothing and are refused in these dialects."""
    content = (TextPart(text=message.content),) if isinstance(message.content, str) else message.content or ()
    return tuple(part for part in content if not isinstance(part, TextPart) or part.text)


def system(dialect: str, request: ChatRequest) -> list[str]:
    """Rules stand before the conversation, wherever in it they were said."""
    found = [part for message in request.messages if rules(message) for part in parts(message)]
    if not all(isinstance(part, TextPart) for part in found):
        raise unsupported(dialect, "what is no text, in a system message")
    return [part.text for part in found if isinstance(part, TextPart)]


def data(dialect: str, url: str, what: str) -> tuple[str, str]:
    """Media type and base64 of a data URL."""
    found = _DATA.fullmatch(url)
    if found is None:
        raise unsupported(dialect, f"{what} by its address")
    return found[1].lower(), found[2]


def arguments(dialect: str, text: str) -> dict[str, Any]:
    try:
        read = msgspec.json.decode(text or "{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise unsupported(dialect, "tool_calls.function.arguments that are no JSON object")
    return read
