# SPDX-License-Identifier: Apache-2.0
"""OpenAI embeddings, request side.  Arrays of token numbers are refused: nobody here could read what they say."""

from __future__ import annotations

import base64
import struct
from typing import Any, ClassVar, Literal

import msgspec

from comity.errors import CallerError, ProviderFailure
from comity.wire.decode import decode, within
from comity.wire.door import Said
from comity.wire.request import Change, MediumKind, Operation, Wire, changed


class EmbeddingsRequest(Wire, frozen=True, kw_only=True):
    """`POST /v1/embeddings`"""

    operation: ClassVar[Operation] = "embeddings"
    stream: ClassVar[bool] = False

    input: str | tuple[str, ...]
    model: str = "auto"
    dimensions: int | None = None
    encoding_format: Literal["float", "base64"] | None = None
    user: str | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.input,) if isinstance(self.input, str) else self.input

    def mapped(self, change: Change) -> EmbeddingsRequest:
        text = change(self.input) if isinstance(self.input, str) else tuple(change(each) for each in self.input)
        return msgspec.structs.replace(self, input=text, user=changed(self.user, change))

    def media(self) -> frozenset[MediumKind]:
        return frozenset()

    def needs(self) -> frozenset[str]:
        return frozenset(name for name in ("dimensions", "user") if getattr(self, name) is not None)


_strict = msgspec.json.Decoder(EmbeddingsRequest)
_encode = msgspec.json.Encoder().encode
INPUTS_MAX = 2048


def decoded(body: bytes, content_type: str, drop_unknown: bool) -> tuple[EmbeddingsRequest, tuple[str, ...]]:
    """Raises CallerError."""
    try:
        request, dropped = decode(body, _strict, drop_unknown=drop_unknown)
    except CallerError as error:
        if error.field.partition("[")[0] == "input":
            error.hint = "texts; token numbers cannot be looked at (LangChain: check_embedding_ctx_length=False)"
        raise
    if not request.inputs or len(request.inputs) > INPUTS_MAX or not all(request.inputs):
        raise CallerError(f"`input` is not 1 to {INPUTS_MAX} texts, none of them empty", code="request.invalid", field="input")
    within("dimensions", request.dimensions, 1, 65_536)
    return request, dropped


def answer(body: dict[str, Any], request: EmbeddingsRequest) -> Said:
    """Vectors as numbers, or as the base64 of 32-bit floats that OpenAI's own client asks for."""
    if len(body["data"]) != len(request.inputs):
        raise ProviderFailure("the partner's answer has not one vector for each text", retryable=False)
    if request.encoding_format == "base64":
        body = body | {"data": [dict(each) | {"embedding": _packed(each)} for each in body["data"]]}
    return Said(_encode(body))


def _packed(entry: Any) -> str:
    try:
        vector = entry["embedding"]
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    except (TypeError, KeyError, struct.error, OverflowError) as error:
        raise ProviderFailure("the partner's answer holds a vector that is not numbers", retryable=False) from error
