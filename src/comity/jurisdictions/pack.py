# SPDX-License-Identifier: Apache-2.0
"""What a pack is: one folder of dated facts, tables and Cedar rules for one jurisdiction."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec

Applies = Literal["subject.location", "data.collected_in", "controller.established", "controller.us_person"]


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Head(Shape, frozen=True, kw_only=True):
    """`pack.toml`."""

    id: str
    name: str
    version: str  # semantic: a changed decision is at least a minor version
    depth: Literal["deep", "sketch"]
    regions: tuple[str, ...]  # its own; what lies outside them is abroad
    applies: tuple[Applies, ...]  # any of these, within the regions, makes the pack apply
    not_covered: tuple[str, ...] = ()  # parts of its regions with law of their own that no rule here holds
    verified_through: date  # enacted law was read up to this day
    horizon: date  # beyond it the pack escalates
    reviewed_by: tuple[str, ...] = ()  # empty: no lawyer has reviewed it
    note: str = ""


class Fact(Shape, frozen=True, kw_only=True):
    """One article, with where it was read.  ``quote`` stands in a text whose SHA-256 is ``text_sha256``."""

    id: str
    instrument: str
    article: str
    summary: str
    source: str
    confidence: str
    effective: date | None = None
    effective_to: date | None = None
    quote: str = ""
    text_sha256: str = ""
    note: str = ""


class Dated(Shape, frozen=True, kw_only=True):
    """A value from a day on, until the next.  Regions are a list; a number may differ by where the person is."""

    since: date
    value: int | tuple[str, ...]
    until: date | None = None  # last day
    by_location: dict[str, int] = {}


class Table(Shape, frozen=True, kw_only=True):
    fact: str
    regions: bool = False  # the words are regions: groups stand for their members
    values: tuple[Dated, ...]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One Cedar policy with its annotations.  ``body`` is its Cedar JSON."""

    id: str
    effect: Literal["permit", "forbid"]
    action: Literal["process", "owe"]
    escalates: bool
    facts: tuple[str, ...]
    text: str
    remedies: tuple[str, ...]
    obligation: str
    valid_from: date | None
    valid_to: date | None
    body: dict[str, Any]

    def valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    head: Head
    facts: dict[str, Fact]
    tables: dict[str, Table]
    rules: tuple[Rule, ...]
    digest: str  # sha256 over its files, hex

    @property
    def name(self) -> str:
        return f"{self.head.id}@{self.head.version}"
