# SPDX-License-Identifier: Apache-2.0
"""The founding case as it is told, thing by thing: what the lab above says, a line of JSON each, and the gateway shows on a page."""

from __future__ import annotations

from typing import Literal

import msgspec

Promise = Literal["country", "names", "sealed", "follows", "refusal", "proof", "tampering"]
"""What the product says of itself: it stays in the country; a partner sees no names; it is sealed from end to end; the route goes with
the person; a refusal never falls back across a border; all of it can be proved; tampering fails."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    en: str
    zh: str


class Shown(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="shown"):
    """Something as it was found."""

    label: Said
    value: Said


class Claim(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="claim"):
    """``holds``: as it was measured; null where it could not be.  ``promise``: which of the product's own it is about."""

    claim: Said
    holds: bool | None
    promise: Promise | None = None


class Act(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="act", omit_defaults=True):
    """``told``: in the order in which it was."""

    act: int
    title: Said
    told: tuple[Shown | Claim, ...] = ()


class End(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="end"):
    """``held``: every claim that could be measured; the first that does not hold is the end."""

    held: bool


Line = Act | Shown | Claim | End


def continued(acts: tuple[Act, ...], line: Act | Shown | Claim) -> tuple[Act, ...]:
    """Raises ValueError for what belongs to no act."""
    if isinstance(line, Act):
        return (*acts, line)
    if not acts:
        raise ValueError("nothing is told before the first act")
    return (*acts[:-1], msgspec.structs.replace(acts[-1], told=(*acts[-1].told, line)))
