# SPDX-License-Identifier: Apache-2.0
"""A front door: one API that callers speak.  Behind it everything has OpenAI's form, so a door is how that is read and written.

Doors are pure: they know shapes, and no law, provider or clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from comity.wire.request import Request

Body = dict[str, Any]


class Writer(Protocol):
    """Writes one streamed answer for the caller, from the chunks of OpenAI's chat: bytes of SSE, each event whole."""

    def chunk(self, chunk: Body) -> bytes:
        """What can go out now; b"" for nothing yet."""

    def end(self) -> bytes:
        """The answer is whole."""

    def failed(self, error: Body) -> bytes:
        """In place of `end`: OpenAI's error object, in the caller's form."""


class Said(NamedTuple):
    """One whole body for the caller."""

    body: bytes
    content_type: str = "application/json"


class Door(NamedTuple):
    """
    decode: (body, content type, drop unknown fields) -> the request and the paths of what was dropped; raises CallerError
    whole:  OpenAI's answer and its request -> what the caller reads; None where that is OpenAI's own JSON
    writer: of streamed answers; None where the caller reads OpenAI's own events
    error:  OpenAI's error object -> the caller's form; None where it is the caller's own
    """

    decode: Callable[[bytes, str, bool], tuple[Request, tuple[str, ...]]]
    whole: Callable[[Body, Any], Said] | None = None
    writer: Callable[[Any], Writer] | None = None
    error: Callable[[Body], Body] | None = None
