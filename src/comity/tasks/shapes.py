# SPDX-License-Identifier: Apache-2.0
"""What a task gives back, and whether it can be had: the same shapes in Python, over HTTP and on the command line."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

import msgspec

V = TypeVar("V")


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Evidence(Shape, frozen=True, kw_only=True):
    """What an answer rests on: ``text`` stands in the caller's text from ``start`` to ``end`` (characters), word for word."""

    text: str
    start: int
    end: int


class Gate(Shape, frozen=True, kw_only=True):
    """One check of an answer.  ``why``: a code, for example `number_invented`; ``said``: the piece of the answer that it is about."""

    name: str  # schema | numbers | names | negations | evidence | language | length | sure | margin | script …
    passed: bool
    why: str = ""
    said: str = ""


class ServedBy(Shape, frozen=True, kw_only=True):
    """Who answered.  ``sha256`` is of the model's file, where it is on this device; a partner's version is what it says of itself."""

    deployment: str
    model: str
    sha256: str = ""
    region: tuple[str, ...] = ()  # `device`, or where it was processed


Came = Literal["answered", "gate_failed", "unreadable", "not_able", "not_ready", "too_long", "refused", "rate_limited", "failed"]


class Step(Shape, frozen=True, kw_only=True):
    """One place that was looked at, in order, and what came of it: nothing about local or regional happens unseen."""

    deployment: str  # "" for every place in the region that was refused at once
    outcome: Came
    why: str = ""  # a code, or one sentence
    receipt: str = ""  # of the last request to it
    receipts: tuple[str, ...] = ()  # of each, where there were several


class Draft(Shape, Generic[V], frozen=True, kw_only=True):
    """What one place answered, read, before any gate.  ``abstained``: the answer itself is that there is none (`not_in_text`)."""

    value: V
    evidence: tuple[Evidence, ...] = ()
    abstained: bool = False
    why: str = ""
    sure: float | None = None  # mean log-probability of what was written, or another score that a gate knows how to read
    margin: float | None = None  # between the best and the second best choice


class Result(Shape, Generic[V], frozen=True, kw_only=True):
    """``value`` is None exactly where ``abstained``; ``why`` then says so in a code, and ``steps`` who said it."""

    task: str
    language: str
    value: V | None = None
    evidence: tuple[Evidence, ...] = ()
    abstained: bool = False
    why: str = ""
    doubt: str = ""  # why this is a draft that nobody should lean on: `unmeasured`, what was measured, or the gate that it failed
    served_by: ServedBy | None = None
    gates: tuple[Gate, ...] = ()
    labels: tuple[str, ...] = ()  # duties: `explicit`, `implicit` …, as `Comity-Label` names them
    receipt: str = ""
    steps: tuple[Step, ...] = ()


# -- availability: typed, and never silent ----------------------------------------------------------------------------


class Ready(Shape, frozen=True, kw_only=True, tag_field="availability", tag="ready"):
    """On this device, with a model that is measured to be able."""

    deployment: str
    model: str


class NeedsModel(Shape, frozen=True, kw_only=True, tag_field="availability", tag="needs_model"):
    """It could be done on this device, after `comity models add MODEL`."""

    model: str
    bytes: int
    licence: str


class RegionalOnly(Shape, frozen=True, kw_only=True, tag_field="availability", tag="regional_only"):
    """No model for this device is able; ``deployments`` may lawfully be asked."""

    reason: str
    deployments: tuple[str, ...]


class Refused(Shape, frozen=True, kw_only=True, tag_field="availability", tag="refused"):
    """Nobody may do it, or nobody can: not here, and not where the law lets it go."""

    reason: str
    citation: str = ""


Availability = Ready | NeedsModel | RegionalOnly | Refused
