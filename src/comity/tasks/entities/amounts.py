# SPDX-License-Identifier: Apache-2.0
"""Money and measures between a grammar and the values that callers see."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple


class Cash(NamedTuple):
    amount: int | Fraction
    currency: str
    certain: bool = True
    others: tuple[str, ...] = ()  # what else the sign may mean


class Amount(NamedTuple):
    amount: int | Fraction
    unit: str
    certain: bool = True


def shared(meaning: tuple[dict[str, str], str], region: str) -> tuple[str, bool, tuple[str, ...]]:
    """What a name that several countries have means there."""
    table, otherwise = meaning
    if not table:
        return otherwise, True, ()
    if region in table:
        return table[region], True, ()
    return otherwise, not region and bool(otherwise), tuple(code for code in dict.fromkeys(table.values()) if code != otherwise) if region else ()
