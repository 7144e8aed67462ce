# SPDX-License-Identifier: Apache-2.0
"""Bytes -> ChatRequest, once; what is unknown is refused, or dropped and named."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from comity.errors import CallerError
from comity.wire.chat import ChatRequest

_strict = msgspec.json.Decoder(ChatRequest)
_PATH = re.compile(r" - at `(\$[^`]*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
DROPS_MAX = 64
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode_chat(body: bytes, *, drop_unknown: bool = False) -> tuple[ChatRequest, tuple[str, ...]]:
    """The request, and the paths of the fields dropped.  Raises CallerError with the path of what is wrong."""
    try:
        return _checked(_strict.decode(body)), ()
    except msgspec.ValidationError as error:
        if not drop_unknown or not _UNKNOWN.search(str(error)):
            raise _refusal(error) from None
    except BROKEN as error:
        raise _malformed(error) from None
    return _dropping(body)


def _malformed(error: Exception) -> CallerError:
    return CallerError("the body is not valid JSON: " + _reason(error), code="request.malformed", hint="send one JSON object, UTF-8")


def _reason(error: Exception) -> str:
    # msgspec's decode errors name a byte position, never the content.
    text = str(error)
    return text[:1].lower() + text[1:] if isinstance(error, msgspec.DecodeError) else "it is not UTF-8 or nested too deep"


def _refusal(error: msgspec.ValidationError) -> CallerError:
    said = str(error)
    found = _PATH.search(said)
    path = found.group(1).removeprefix("$").removeprefix(".") if found else ""
    unknown = _UNKNOWN.search(said)
    if unknown:
        name = unknown.group(1)[:64]
        path = f"{path}.{name}" if path else name
        return CallerError(
            f"unknown field `{path}`", code="request.unknown_field", field=path,
            hint="leave it out; an uninspected field is never forwarded (a key may be set to drop unknown fields)",
        )  # fmt: skip
    reason = _PATH.sub("", said)
    # "Invalid enum value 'x'" and "Invalid value 'x'" repeat what the caller sent; name the place only.
    reason = re.sub(r"^(Invalid (?:enum )?value).*$", r"\1", reason)
    return CallerError(f"{reason[:1].lower()}{reason[1:]}", code="request.invalid", field=path, hint=f"see `{path}`" if path else "")


def _dropping(body: bytes) -> tuple[ChatRequest, tuple[str, ...]]:
    """The slow road, for keys that may drop: unknown members are removed one by one, each named."""
    try:
        tree = msgspec.json.decode(body)
    except BROKEN as error:  # the strict decoder had stopped at the unknown field, before the broken place
        raise _malformed(error) from None
    dropped: list[str] = []
    for _ in range(DROPS_MAX):
        try:
            return _checked(msgspec.convert(tree, ChatRequest)), tuple(dropped)
        except msgspec.ValidationError as error:
            unknown = _UNKNOWN.search(str(error))
            if not unknown:
                raise _refusal(error) from None
            found = _PATH.search(str(error))
            path = found.group(1) if found else "$"
            _remove(tree, path, unknown.group(1))
            dropped.append(f"{path.removeprefix('$').removeprefix('.')}.{unknown.group(1)}".removeprefix("."))
    raise CallerError(f"more than {DROPS_MAX} unknown fields", code="request.unknown_field", hint="leave them out")


def _remove(tree: Any, path: str, name: str) -> None:
    here = [tree]
    for step in re.findall(r"\[(\d+|\.\.\.)\]|\.([^.\[]+)", path):
        index, member = step
        if index == "...":
            here = [item for each in here for item in each]
        elif index:
            here = [each[int(index)] for each in here]
        else:
            here = [each[member] for each in here if member in each]
    for each in here:
        if isinstance(each, dict):
            each.pop(name, None)


def _checked(request: ChatRequest) -> ChatRequest:
    """What types alone cannot say."""
    if not request.messages:
        raise CallerError("`messages` is empty", code="request.invalid", field="messages", hint="send at least one message")
    _within("temperature", request.temperature, 0, 2)
    _within("top_p", request.top_p, 0, 1)
    _within("n", request.n, 1, 8)
    _within("max_tokens", request.max_tokens, 1, 1_000_000)
    _within("max_completion_tokens", request.max_completion_tokens, 1, 1_000_000)
    _within("presence_penalty", request.presence_penalty, -2, 2)
    _within("frequency_penalty", request.frequency_penalty, -2, 2)
    _within("top_logprobs", request.top_logprobs, 0, 20)
    if request.stream_options is not None and not request.stream:
        raise CallerError("`stream_options` needs `stream`: true", code="request.invalid", field="stream_options")
    return request


def _within(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise CallerError(f"`{name}` is {value}, not between {low} and {high}", code="request.invalid", field=name)
