# SPDX-License-Identifier: Apache-2.0
"""What was decided, on what grounds, on what terms, and what would change it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import msgspec


class Effect(StrEnum):
    ALLOW = "allow"
    DENY = "deny"
    ESCALATE = "escalate"  # acts as deny at runtime


class Phase(StrEnum):
    PRE = "pre"
    IN_FLIGHT = "in_flight"
    OUTPUT = "output"
    POST = "post"
    ORGANISATIONAL = "organisational"  # discharged by registered evidence, not by code


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """The fact a rule rests on, as its pack states it."""

    fact: str  # cn-pipl-39
    instrument: str
    article: str
    source: str
    confidence: str
    effective: date | None = None


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that spoke.  ``fact`` is the id that scenarios and records name (or a reserved reason)."""

    fact: str
    rule: str = ""  # cn.export.no-mechanism
    pack: str = ""
    text: str = ""  # one plain sentence


class Obligation(msgspec.Struct, frozen=True, kw_only=True):
    """``id`` as in the vocabulary, with its parameter after a colon where it has one (`log.retain_months:6`)."""

    id: str
    phase: Phase
    facts: tuple[str, ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    effect: Effect
    reasons: tuple[Reason, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    remedies: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    packs: tuple[str, ...] = ()  # cn@0.1.0, in the order asked
    digest: str = ""  # sha256 of the packs that were asked, hex
    as_of: date
