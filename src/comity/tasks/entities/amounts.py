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
    """What a name that several countries have means there, whether that is certain, and what else it may be."""
    table, otherwise = meaning
    if not table:
        return otherwise, True, ()
    if region in table:
        return table[region], True, ()
    two = len(table) == 2  # of two owners both are told, of many only who is meant by most
    return otherwise, bool(region and otherwise) and not two, tuple(code for code in table.values() if two and code != otherwise)
