# SPDX-License-Identifier: Apache-2.0
"""What a pack is: one folder of dated facts, tables, Cedar rules and worked cases for one jurisdiction."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec

TENANT_POLICY = "tenant-policy"
"""The reason of every rule of a tenant, in place of a fact."""
Applies = Literal["subject.location", "data.collected_in", "controller.established", "controller.us_person"]
Confidence = Literal[
    "verified_primary",  # the article was read in a text of the law
    "verified_official",  # an authority's own page
    "verified_quoted",  # quoted verbatim elsewhere
    "verified_secondary",  # a law firm, regulator or gazette tells it
    "corroborated",  # several independent sources agree
    "verified_primary_number_inferred",
    "inferred",
    "recalled",  # nothing was read
]
WEAK = frozenset({"inferred", "recalled"})
"""Enough to forbid on, or to owe; never enough to allow on."""


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Head(Shape, frozen=True, kw_only=True):
    """`pack.toml`."""

    id: str
    name: str
    version: str  # semantic: a changed decision is at least a minor version
    depth: Literal["deep", "sketch", "tenant"]  # a tenant's own policy is no law: it only narrows
    regions: tuple[str, ...] = ()  # its own; what lies outside them is abroad
    applies: tuple[Applies, ...] = ()  # any of these, within the regions, makes the pack apply; none: a tenant's always does
    not_covered: tuple[str, ...] = ()  # parts of its regions with law of their own that no rule here holds
    verified_through: date = date.max  # enacted law was read up to this day
    horizon: date = date.max  # beyond it the pack escalates
    reviewed_by: tuple[str, ...] = ()  # empty: no lawyer has reviewed it
    note: str = ""

    @property
    def tenant(self) -> bool:
        return self.depth == "tenant"


class Fact(Shape, frozen=True, kw_only=True):
    """One article, with where it was read.  ``quote`` stands in a text whose SHA-256 is ``text_sha256``."""

    id: str
    instrument: str
    article: str
    summary: str
    source: str
    confidence: Confidence
    effective: date | None = None
    effective_to: date | None = None
    quote: str = ""
    text_sha256: str = ""
    note: str = ""


class Dated(Shape, frozen=True, kw_only=True):
    """A value from a day on, until the next.  The first counts before its day too: rules have days of their own."""

    since: date
    value: int | tuple[str, ...]


class Table(Shape, frozen=True, kw_only=True):
    fact: str = ""  # a tenant's own values rest on none
    regions: bool = False  # the words are regions: groups stand for their members
    values: tuple[Dated, ...]

    def on(self, day: date) -> int:
        """Which of ``values`` stands."""
        return max(0, sum(dated.since <= day for dated in self.values) - 1)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One Cedar policy with its annotations.  ``body`` is its Cedar JSON.  Versions of a rule share its id, and no day."""

    id: str
    effect: Literal["permit", "forbid"]
    action: Literal["define", "process", "owe"]
    escalates: bool
    facts: tuple[str, ...]
    owner: str = ""  # who answers for a tenant's rule
    text: str
    text_zh: str = ""  # the same in Chinese
    remedies: tuple[str, ...]
    obligation: str  # of an `owe` rule
    term: str  # of a `define` rule
    valid_from: date | None
    valid_to: date | None
    body: dict[str, Any]

    def valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def overlaps(self, other: Rule) -> bool:
        """Is there a day on which both are valid?"""
        starts, ends = [self.valid_from, other.valid_from], [self.valid_to, other.valid_to]
        return max(day or date.min for day in starts) <= min(day or date.max for day in ends)


class Case(Shape, frozen=True, kw_only=True):
    """One of `tests.json`: facts as they differ from its `base`, and all that the pack says of them, no more and no less."""

    name: str
    facts: dict[str, Any]
    effect: Literal["allow", "deny", "escalate"]
    rules: tuple[str, ...] = ()  # that speak: the grounds of an allow, or what stands against it
    owes: tuple[str, ...] = ()  # rules too


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    head: Head
    facts: dict[str, Fact]
    tables: dict[str, Table]
    rules: tuple[Rule, ...]
    cases: tuple[Case, ...]  # with the base filled in
    digest: str  # sha256 over its files, hex

    @property
    def name(self) -> str:
        return f"{self.head.id}@{self.head.version}"

    @property
    def terms(self) -> frozenset[str]:
        return frozenset(rule.term for rule in self.rules if rule.term)
