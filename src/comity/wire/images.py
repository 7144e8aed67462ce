# SPDX-License-Identifier: Apache-2.0
"""OpenAI image generation, request side.  Images come back as base64: a link to a partner's storage could carry no label."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

import msgspec

from comity.errors import CallerError
from comity.wire.decode import decode, within
from comity.wire.request import Change, MediumKind, Operation, Wire, changed


class ImageRequest(Wire, frozen=True, kw_only=True):
    """`POST /v1/images/generations`"""

    operation: ClassVar[Operation] = "images"
    stream: ClassVar[bool] = False

    prompt: str
    model: str = "auto"
    n: int | None = None
    size: str | None = None  # WIDTHxHEIGHT in pixels, or `auto`
    quality: Literal["auto", "low", "medium", "high", "standard", "hd"] | None = None
    background: Literal["auto", "transparent", "opaque"] | None = None
    output_format: Literal["png", "jpeg"] | None = None
    response_format: Literal["b64_json"] | None = None
    style: Literal["vivid", "natural"] | None = None
    user: str | None = None

    def mapped(self, change: Change) -> ImageRequest:
        return msgspec.structs.replace(self, prompt=change(self.prompt), user=changed(self.user, change))

    def media(self) -> frozenset[MediumKind]:
        return frozenset()

    def needs(self) -> frozenset[str]:
        used = {name for name in ("size", "quality", "background", "output_format", "style", "user") if getattr(self, name) is not None}
        return frozenset(used | ({"n"} if (self.n or 1) > 1 else set()))


_strict = msgspec.json.Decoder(ImageRequest)
_SIZE = re.compile(r"auto|[1-9][0-9]{1,4}x[1-9][0-9]{1,4}")


def decoded(body: bytes, content_type: str, drop_unknown: bool) -> tuple[ImageRequest, tuple[str, ...]]:
    """Raises CallerError."""
    try:
        request, dropped = decode(body, _strict, drop_unknown=drop_unknown)
    except CallerError as error:
        if error.field == "response_format":
            error.hint = "images come as `b64_json` alone: a link could carry no label"
        raise
    within("n", request.n, 1, 10)
    if request.size is not None and not _SIZE.fullmatch(request.size):
        raise CallerError("`size` is not WIDTHxHEIGHT", code="request.invalid", field="size", hint="for example 1024x1024")
    return request, dropped
