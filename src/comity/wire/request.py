# SPDX-License-Identifier: Apache-2.0
"""What every request to a model has in common, whatever is asked for: a model, each string and each medium that would leave with it.

Only what a shape lists leaves; an unknown field is refused, or dropped and named when the caller's key allows dropping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Literal, Protocol, TypeVar

import msgspec

Change = Callable[[str], str]
Operation = Literal["chat", "embeddings", "rerank", "transcription", "speech", "images", "ocr"]
MediumKind = Literal["image", "audio", "file"]


class Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Request(Protocol):
    """One request, decoded.  Its strings are everything a caller writes freely: texts, names and ids."""

    operation: ClassVar[Operation]

    @property
    def model(self) -> str:
        """`auto` or a deployment id."""

    @property
    def stream(self) -> bool: ...

    def mapped(self, change: Change) -> Any:
        """The same request with every string passed through ``change``, always in the same order.  What was equal stays equal if
        ``change`` sees to that, so a call keeps its result and a schema its required members."""

    def media(self) -> frozenset[MediumKind]:
        """What leaves with it that is no text: nobody has read it."""

    def needs(self) -> frozenset[str]:
        """The features a partner must offer to serve it whole; words of `providers/catalog/dialects.toml`."""


R = TypeVar("R", bound=Request)


def map_texts(request: R, change: Change) -> R:
    changed: R = request.mapped(change)
    return changed


def texts(request: Request) -> Iterator[str]:
    """Every string that ``map_texts`` would pass to its change, in order."""
    seen: list[str] = []

    def keep(text: str) -> str:
        seen.append(text)
        return text

    request.mapped(keep)
    return iter(seen)


def changed(text: str | None, change: Change) -> str | None:
    return None if text is None else change(text)
