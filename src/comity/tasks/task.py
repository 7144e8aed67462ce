# SPDX-License-Identifier: Apache-2.0
"""What a task is, and what it may ask: one place at a time, by a function that somebody else hands it.

A task knows prompts, reading and checking.  Which place is asked, whether the law lets it, what is recorded and where to go when a gate
fails is not its affair: that is `run.py`, over `Places`, which the gateway fills in with its seven steps.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from comity.tasks.shapes import Draft, Gate, Result
from comity.wire.request import Operation, Request

A = TypeVar("A", contravariant=True)
V = TypeVar("V")


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One whole answer of one place.  ``body`` is OpenAI's JSON for the request's operation; of a sound, ``data`` and ``content_type``."""

    body: Mapping[str, Any] = {}
    data: bytes = b""
    content_type: str = ""
    deployment: str = ""
    model: str = ""
    sha256: str = ""
    region: tuple[str, ...] = ()
    receipt: str = ""
    labels: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Of a chat: what the model wrote; "" where it wrote nothing."""
        said = self._choice("message").get("content")
        return said if isinstance(said, str) else ""

    @property
    def sure(self) -> float | None:
        """Of a chat: the mean log-probability of its tokens; None where the place does not say."""
        tokens = self._choice("logprobs").get("content")
        said = [each.get("logprob") for each in tokens if isinstance(each, dict)] if isinstance(tokens, list) else []
        known = [float(one) for one in said if isinstance(one, int | float) and one <= 0]
        return sum(known) / len(known) if known else None

    @property
    def cut(self) -> bool:
        """Of a chat: it would have gone on."""
        choices = self.body.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else {}
        return isinstance(first, dict) and first.get("finish_reason") == "length"

    def _choice(self, member: str) -> Mapping[str, Any]:
        choices = self.body.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else {}
        found = first.get(member) if isinstance(first, dict) else None
        return found if isinstance(found, dict) else {}


Ask = Callable[[Request], Awaitable[Reply]]
"""Asks the one place that a draft is made at.  Raises ComityError."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A model on this device that may be asked: the id of its deployment, of its model, the model's hash, and what stands in its way."""

    deployment: str
    model: str
    sha256: str = ""
    operations: frozenset[str] = frozenset(("chat",))
    context_tokens: int = 4096
    languages: frozenset[str] = frozenset()  # primary tags that it was made for; empty: not stated
    absent: bool = False  # configured or known, and its file is not here: `bytes` and `licence` of what must be fetched
    bytes: int = 0
    licence: str = ""


class Places(Protocol):
    """What there is to ask, for one caller and one person.  The gateway makes it; evaluations and tests make their own."""

    def device(self, operation: Operation) -> Sequence[Place]:
        """Best first as configured; absent ones too."""

    def region(self, operation: Operation) -> Sequence[str]:
        """Deployments elsewhere that do it and that this caller may ask.  Whether the law lets it is judged when one is asked."""

    async def lawful(self, request: Request) -> Sequence[str]:
        """Those of `region` that the law lets have this request now.  Nothing is sent, and nothing is recorded.  Raises PolicyDenied
        where there are some and none is."""

    async def ask(self, request: Request, among: Sequence[str]) -> Reply:
        """Through the seven steps, at one of ``among``.  Raises ComityError."""


class Task(Protocol[A, V]):
    """One thing that can be done, for a shape of input ``A`` and a value ``V``."""

    name: str
    operation: Operation  # what a place must be able to do

    def language(self, asked: A) -> str:
        """BCP 47; decides prompts, gates and the row of the capability matrix."""

    def size(self, asked: A) -> int:
        """Characters of input, for the matrix's length."""

    async def draft(self, asked: A, ask: Ask) -> Draft[V]:
        """Asks once or several times.  Raises Unreadable where what came is no answer to this task."""

    def gates(self, asked: A, draft: Draft[V]) -> tuple[Gate, ...]:
        """Every check, passed or not."""


@runtime_checkable
class InParts(Protocol):
    """Of a task that works through a long input in several requests."""

    def largest(self, asked: Any) -> int:
        """Characters of the longest part: what must fit a place."""


Do = Callable[["Task[Any, Any]", Any], Awaitable["Result[Any]"]]
"""Another task's result, done on this device or not at all."""


@runtime_checkable
class Prepares(Protocol):
    """Of a task that wants something seen on this device before the first place is asked."""

    async def prepared(self, asked: Any, do: Do) -> Any:
        """The input, with what was seen."""


class Unreadable(Exception):
    """What a model wrote is no answer of this task's shape; the next place may do better.  ``code``: for `Step.why`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
