# SPDX-License-Identifier: Apache-2.0
"""What goes between the frame and a dialect: a request that arrived, an answer, and a trouble to be told in the dialect's own form."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from typing import Any

import msgspec

JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
encode = msgspec.json.Encoder().encode


class Trouble(Exception):
    """What a request meets instead of an answer.  Its `kind` says what happened, the dialect which status, code and words that has.

    key         no key, a wrong one, or one of another region        forbidden   a key that may not do this
    path        nothing is there, or not by this method              host        another host was meant
    body        not JSON, not a form, or not an object               too_large   more bytes than are taken
    parameter   a field is missing, unknown or wrong (`field`)       model       no such model here
    rate        too many requests (`retry_after` seconds)            quota       nothing left to spend
    inspection  the partner's inspection of content                  server, overloaded, timeout
    """

    def __init__(
        self, kind: str, message: str, *, field: str = "", status: int = 0, code: str = "", retry_after: float | None = None
    ) -> None:  # fmt: skip
        """``status`` and ``code``: those that a fault asks for; else the dialect's own for this kind."""
        super().__init__(message)
        self.kind, self.field, self.status, self.code, self.retry_after = kind, field, status, code, retry_after


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request, read whole."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # lower-case names
    body: bytes
    id: str  # 32 hexadecimal digits, another for each request, the same in each run
    at: float  # seconds since 1970, by the clock that the simulator was given
    base: str  # URL of this simulator, for addresses that an answer holds
    filtered: bool = False  # a fault: the answer must end as if its content had been filtered

    def json(self) -> dict[str, Any]:
        try:
            read = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Trouble("body", "The body of the request is not valid JSON.") from error
        if not isinstance(read, dict):
            raise Trouble("body", "The body of the request is not a JSON object.")
        return read


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer in pieces: one that is not `streamed` is one piece, with its length; between pieces of a stream goes the frame's time."""

    status: int = 200
    headers: Mapping[str, str] = msgspec.field(default_factory=lambda: JSON)
    pieces: Iterable[bytes] | AsyncIterator[bytes]
    streamed: bool = False
    cut: bool = False  # the connection ends where the pieces do
    pause: float | None = None  # seconds before each piece, else the frame's


def whole(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer."""
    return Answer(status=status, headers={**JSON, **(headers or {})}, pieces=(encode(value),))


def event(value: Any, *, name: str = "") -> bytes:
    """One server-sent event with JSON in it."""
    return (b"event: %b\n" % name.encode() if name else b"") + b"data: " + encode(value) + b"\n\n"


async def ready(pieces: Iterable[bytes] | AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Pieces one by one, whichever way they come; what made them is closed whatever happens."""
    if isinstance(pieces, Iterable):
        for piece in pieces:
            yield piece
        return
    try:
        async for piece in pieces:
            yield piece
    finally:
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()
