# SPDX-License-Identifier: Apache-2.0
"""How requests are read and events written: `model`, `input` and `parameters` go in; `output`, `usage` and `request_id` come out.

A stream's events: https://www.alibabacloud.com/help/en/model-studio/stream
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from comity.lab.simulators.answer import SSE, Answer, Request, Trouble, encode, whole
from comity.lab.simulators.dashscope import errors

T = TypeVar("T")
FAMILIES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (family, re.compile(pattern))
    for family, pattern in (
        ("filetrans", r"qwen3-asr-flash-filetrans"),
        ("flash", r"(?:fun-asr|qwen-audio-3\.\d-asr)-flash(?!.*(?:filetrans|streaming))"),
        ("asr", r"qwen3-asr-flash(?!-realtime)|qwen-audio-asr"),
        ("recorded", r"(?:paraformer|fun-asr|sensevoice)(?!.*realtime)"),
        ("tts", r"qwen3?-tts(?!.*realtime)"),
        ("cosyvoice", r"cosyvoice-|qwen-audio-.*-tts"),
        ("image", r"qwen-image|z-image|wan2\.6-t2i"),
        ("text2image", r"wanx|wan2\.[0-5]-t2i|flux|stable-diffusion"),
        ("multimodal-embedding", r"multimodal-embedding-|tongyi-embedding-vision|qwen[0-9.]*-vl-embedding"),
        ("embedding", r"text-embedding-v[1-4]$"),
        ("rerank", r"gte-rerank|qwen3(?:\.\d+)?-(?:vl-|text-)?rerank"),
        ("vision", r"qvq|qwen[0-9.]*-vl|qwen-vl|qwen-audio|qwen3\.[5-9]"),
        ("text", r"qwen(?!.*(?:realtime|omni|livetranslate))|qwq|deepseek|glm|kimi|minimax"),
    )
)


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """Every POST but an upload.  What is not known is passed over, as Model Studio does."""

    model: str = ""
    input: dict[str, Any] | None = None
    parameters: dict[str, Any] = {}


def read(request: Request) -> Body:
    body = typed(request.json(), Body, "$")
    if not body.model:
        raise errors.refused("BadRequest.EmptyModel")
    if not body.input:
        raise errors.refused("BadRequest.EmptyInput")
    return body


def typed(value: Any, kind: type[T], at: str) -> T:
    """``value`` as a Struct; what does not fit is told with its place."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise errors.invalid(str(error).replace("`$", f"`{at}"), at) from error


def family(model: str) -> str:
    """What a model does, by its name; `ModelNotFound` for a name that no family has."""
    for name, pattern in FAMILIES:
        if pattern.match(model):
            return name
    raise Trouble("model", f"The model `{model}` is not known here.")


def must_be(model: str, *families: str) -> str:
    """A model at another model's address meets an error of the URL, not of the model."""
    found = family(model)
    if found not in families:
        raise Trouble("parameter", errors.URL_ERROR, field="model")
    return found


def streams(request: Request) -> bool:
    return request.headers.get("x-dashscope-sse", "").lower() == "enable" or "text/event-stream" in request.headers.get("accept", "")


def uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], "9" + digits[13:16], digits[16:20], digits[20:32]))


def said(request: Request, output: Any, usage: Any = None, **more: Any) -> dict[str, Any]:
    return {"output": output, **({"usage": usage} if usage is not None else {}), "request_id": uuid(request.id), **more}


def answered(request: Request, output: Any, usage: Any = None) -> Answer:
    return whole(said(request, output, usage))


def sse(number: int, value: Mapping[str, Any], *, name: str = "result", status: int = 200) -> bytes:
    return b"id:%d\nevent:%b\n:HTTP_STATUS/%d\ndata:%b\n\n" % (number, name.encode(), status, encode(value))


def streamed(values: Iterable[Mapping[str, Any]], *, then: bytes = b"") -> Answer:
    """Events numbered from 1; ``then`` is the error that a stream ends in."""
    pieces = [sse(number, value) for number, value in enumerate(values, 1)]
    return Answer(headers=SSE, pieces=(*pieces, then) if then else tuple(pieces), streamed=True)
