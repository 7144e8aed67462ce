# SPDX-License-Identifier: Apache-2.0
"""Batch jobs in OpenAI's form: the lines of an input file, what is asked for, files and batches as callers see them, and what became
of a line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from comity.errors import CallerError
from comity.wire.decode import BROKEN, decode, refusal
from comity.wire.request import Wire

ENDPOINTS = ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings", "/v1/rerank")
HOURS_MAX, SECONDS_MIN = 168, 3600


class LineFacts(Wire, frozen=True, kw_only=True):
    """Of one line, in place of what the headers of the submission say; each in the form of its header."""

    subject: str | None = None
    purpose: str | None = None
    task: str | None = None


class Line(Wire, frozen=True, kw_only=True):
    custom_id: Annotated[str, Meta(min_length=1, max_length=512)]
    method: Literal["POST"]
    url: str
    body: msgspec.Raw
    comity: LineFacts = LineFacts()


_line = msgspec.json.Decoder(Line).decode


def line_of(raw: bytes, endpoint: str) -> Line:
    """Raises CallerError, which repeats nothing of what stands there."""
    try:
        line = _line(raw)
    except msgspec.ValidationError as error:
        raise refusal(error) from None
    except BROKEN:
        raise CallerError("this line is not one JSON object in UTF-8", code="batch.line") from None
    if line.url != endpoint:
        raise CallerError("`url` is not the endpoint of the batch", code="batch.line", field="url")
    return line


class ExpiresAfter(Wire, frozen=True, kw_only=True):
    anchor: Literal["created_at"]
    seconds: Annotated[int, Meta(ge=SECONDS_MIN)]


class BatchAsked(Wire, frozen=True, kw_only=True):
    """The body of `POST /v1/batches`."""

    input_file_id: Annotated[str, Meta(max_length=64)]
    endpoint: Literal["/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings", "/v1/rerank"]
    completion_window: Annotated[str, Meta(pattern="^[1-9][0-9]{0,2}h$")] = "24h"
    metadata: Annotated[dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]], Meta(max_length=16)] | None = None
    output_expires_after: ExpiresAfter | None = None

    @property
    def window_seconds(self) -> int:
        return int(self.completion_window[:-1]) * 3600

    @property
    def retries_interrupted(self) -> bool:
        return (self.metadata or {}).get("retry_interrupted") == "true"


_asked = msgspec.json.Decoder(BatchAsked)


def asked_of(body: bytes) -> BatchAsked:
    """Raises CallerError."""
    asked, _ = decode(body, _asked)
    if asked.window_seconds > HOURS_MAX * 3600:
        raise CallerError(f"`completion_window` is longer than {HOURS_MAX}h", code="request.invalid", field="completion_window")
    return asked


class FileObject(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    bytes: int
    created_at: int
    expires_at: int
    filename: str
    purpose: str
    object: str = "file"
    status: str = "processed"


class LineFault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a batch failed, and in which line of its file where it is one (the first is 1)."""

    code: str
    message: str
    line: int | None = None
    param: str | None = None


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    data: tuple[LineFault, ...]
    object: str = "list"


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    total: int = 0
    completed: int = 0
    failed: int = 0


class BatchObject(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    endpoint: str
    input_file_id: str
    completion_window: str
    status: str
    created_at: int
    expires_at: int
    object: str = "batch"
    errors: Faults | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    in_progress_at: int | None = None
    finalizing_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None
    expired_at: int | None = None
    cancelling_at: int | None = None
    cancelled_at: int | None = None
    request_counts: Counts = Counts()
    metadata: dict[str, str] | None = None


class Response(msgspec.Struct, frozen=True, kw_only=True):
    status_code: int
    request_id: str
    body: msgspec.Raw


class LineError(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the output file, or of the error file.  ``comity``: the headers that an answer of its own would have had."""

    id: str
    custom_id: str
    response: Response | None
    error: LineError | None
    comity: dict[str, str] = {}


def page(rows: list[Any], *, has_more: bool) -> dict[str, Any]:
    ids = [row.id for row in rows]
    return {
        "object": "list", "data": rows, "first_id": ids[0] if ids else None, "last_id": ids[-1] if ids else None, "has_more": has_more
    }  # fmt: skip
