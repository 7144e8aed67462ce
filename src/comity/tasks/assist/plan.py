# SPDX-License-Identifier: Apache-2.0
"""What an assistant is about to do: calls, each argument with where it came from; a question; or nothing, and why.

A call can only be made from a stretch of what the user said: `Call.said` is required, and nothing else in this package makes one.
Documents, pages, results of tools and names of files never have that type: they are values, and no value becomes a call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

import msgspec

from comity.tasks.shapes import Shape


class Thing(Shape, frozen=True, kw_only=True):
    """Something that the user has: a contact, an appointment, a note.  ``names``: what it may be called, the first its own."""

    id: str
    names: tuple[str, ...]
    relations: tuple[str, ...] = ()  # of a contact: what the user calls such a one
    start: datetime | None = None
    duration: timedelta | None = None
    people: tuple[str, ...] = ()  # ids of contacts
    place: str = ""


class World(Protocol):
    """What there is to speak of.  Reading it leaves nothing changed and asks no network."""

    def now(self) -> datetime:
        """With the user's zone."""

    def things(self, kind: str) -> Sequence[Thing]:
        """Every thing of a kind that a parameter may name: `contact`, `place`, `event`, `reminder`, `note` …"""


Origin = Literal["user", "world", "default"]


class Span(Shape, frozen=True, kw_only=True):
    """A stretch of what the user said: which turn, and from where to where in it (characters)."""

    turn: int
    start: int
    end: int
    text: str


class Argument(Shape, frozen=True, kw_only=True):
    """``value`` is JSON-ready.  ``said``: the user's words that it was read from; ``of`` says whether the world or a default added to it."""  # noqa: E501

    value: Any
    of: Origin = "user"
    said: tuple[Span, ...] = ()


class Call(Shape, frozen=True, kw_only=True):
    intent: str
    said: Span
    arguments: Mapping[str, Argument] = {}
    chosen_by: str = ""  # the model that chose the intent
    why: str = ""  # the words that led to it

    def values(self) -> dict[str, Any]:
        return {name: argument.value for name, argument in self.arguments.items()}


class When(Shape, frozen=True, kw_only=True):
    """``asks`` is read-only.  ``holds``: true, false, or {"below": n} or {"above": n} of its answer; then `then`, else `otherwise`."""

    asks: Call
    holds: Any
    then: tuple[Call, ...] = ()
    otherwise: tuple[Call, ...] = ()


class Question(Shape, frozen=True, kw_only=True):
    """One thing that must be known before anything is done.  ``about`` is a parameter, or `action`; ``among``: what it might be."""

    about: str
    text: str
    why: str = ""  # missing, ambiguous, over, contradiction, unsure
    among: tuple[str, ...] = ()


class Plan(Shape, frozen=True, kw_only=True):
    """Either ``steps``, or a ``question``, or ``abstained`` with a code: one clear part is not done while another is unclear."""

    turns: tuple[str, ...]
    language: str
    steps: tuple[Call | When, ...] = ()
    question: Question | None = None
    abstained: str = ""
    unclear: str = ""  # the words that nothing could be made of

    def calls(self) -> Iterator[Call]:
        """Every call that may come to be made, of every branch."""
        for step in self.steps:
            if isinstance(step, Call):
                yield step
            else:
                yield step.asks
                yield from step.then
                yield from step.otherwise


class Unclear(Exception):
    """A value cannot be had: the question to ask."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.about)
        self.question = question


def edited(call: Call, **arguments: Argument) -> Call:
    return msgspec.structs.replace(call, arguments={**call.arguments, **arguments})
