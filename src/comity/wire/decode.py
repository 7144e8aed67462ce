# SPDX-License-Identifier: Apache-2.0
"""Bytes -> a request, once; what is unknown is refused, or dropped and named."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from comity.errors import CallerError
from comity.wire.chat import AudioPart, ChatRequest, FilePart, ImagePart, Part

_strict = msgspec.json.Decoder(ChatRequest)
_PATH = re.compile(r" - at `(\$[^`]*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_DATA_URL = re.compile(r"data:[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*;base64,")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
DROPS_MAX = 64
S = TypeVar("S")
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode_chat(body: bytes, *, drop_unknown: bool = False) -> tuple[ChatRequest, tuple[str, ...]]:
    """The request, and the paths of the fields dropped.  Raises CallerError with the path of what is wrong."""
    request, dropped = decode(body, _strict, drop_unknown=drop_unknown)
    return checked_chat(request), dropped


def decode(body: bytes, decoder: msgspec.json.Decoder[S], *, drop_unknown: bool = False) -> tuple[S, tuple[str, ...]]:
    """Any shape of ``wire``, by its strict decoder."""
    try:
        return decoder.decode(body), ()
    except msgspec.ValidationError as error:
        if not drop_unknown or not _UNKNOWN.search(str(error)):
            raise refusal(error) from None
    except BROKEN as error:
        raise _malformed(error) from None
    return _dropping(body, decoder.type)


def _malformed(error: Exception) -> CallerError:
    return CallerError("the body is not valid JSON: " + _reason(error), code="request.malformed", hint="send one JSON object, UTF-8")


def _reason(error: Exception) -> str:
    # msgspec's decode errors name a byte position, never the content.
    text = str(error)
    return text[:1].lower() + text[1:] if isinstance(error, msgspec.DecodeError) else "it is not UTF-8 or nested too deep"


def refusal(error: msgspec.ValidationError) -> CallerError:
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


def _dropping(body: bytes, shape: Any) -> tuple[Any, tuple[str, ...]]:
    """The slow road, for keys that may drop: unknown members are removed one by one, each named."""
    try:
        tree = msgspec.json.decode(body)
    except BROKEN as error:  # the strict decoder had stopped at the unknown field, before the broken place
        raise _malformed(error) from None
    dropped: list[str] = []
    for _ in range(DROPS_MAX):
        try:
            return msgspec.convert(tree, shape), tuple(dropped)
        except msgspec.ValidationError as error:
            unknown = _UNKNOWN.search(str(error))
            if not unknown:
                raise refusal(error) from None
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


def checked_chat(request: ChatRequest) -> ChatRequest:
    """What types alone cannot say."""
    if not request.messages:
        raise CallerError("`messages` is empty", code="request.invalid", field="messages", hint="send at least one message")
    within("temperature", request.temperature, 0, 2)
    within("top_p", request.top_p, 0, 1)
    within("top_k", request.top_k, 1, 1000)
    within("n", request.n, 1, 8)
    within("max_tokens", request.max_tokens, 1, 1_000_000)
    within("max_completion_tokens", request.max_completion_tokens, 1, 1_000_000)
    within("presence_penalty", request.presence_penalty, -2, 2)
    within("frequency_penalty", request.frequency_penalty, -2, 2)
    within("top_logprobs", request.top_logprobs, 0, 20)
    if request.stream_options is not None and not request.stream:
        raise CallerError("`stream_options` needs `stream`: true", code="request.invalid", field="stream_options")
    for place, message in enumerate(request.messages):
        if isinstance(message.content, tuple):
            for number, part in enumerate(message.content):
                _medium(part, f"messages[{place}].content[{number}]")
    return request


def _medium(part: Part, path: str) -> None:
    """Bytes written as text must be just that: what they are is not looked at as text."""
    if isinstance(part, ImagePart):
        url = part.image_url.url
        if url[:5].lower() == "data:":
            data_url(url, f"{path}.image_url.url")
        elif not url.startswith(("https://", "http://")):
            raise CallerError("an image is a data URL or an http(s) address", code="request.invalid", field=f"{path}.image_url.url")
    elif isinstance(part, FilePart):
        data_url(part.file.file_data, f"{path}.file.file_data")
    elif isinstance(part, AudioPart) and not _BASE64.fullmatch(part.input_audio.data):
        raise CallerError("not base64", code="request.invalid", field=f"{path}.input_audio.data")


def data_url(url: str, path: str) -> None:
    """RFC 2397, of one form: a media type, base64, nothing else."""
    if not _DATA_URL.match(url) or not _BASE64.fullmatch(url, url.index(",") + 1):
        raise CallerError(
            "not a data URL of base64", code="request.invalid", field=path, hint="for example data:image/png;base64,iVBORw0KGgo…"
        )


def within(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise CallerError(f"`{name}` is {value}, not between {low} and {high}", code="request.invalid", field=name)
