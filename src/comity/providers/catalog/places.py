# SPDX-License-Identifier: Apache-2.0
"""Places of the catalog and of a configuration, compared: what lies in what, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable

from comity.config import AnyExceptConfig, PlaceConfig
from comity.jurisdictions.vocab import Vocabulary
from comity.policy.facts import AnyExcept, Place
from comity.providers.catalog.shapes import Partner, Region


def place(where: PlaceConfig | tuple[str, ...], vocabulary: Vocabulary) -> Place:
    """Raises KeyError with the first region that is none."""
    if isinstance(where, AnyExceptConfig):
        return AnyExcept(any_except=frozenset(map(vocabulary.canonical, where.any_except)))
    return frozenset(map(vocabulary.canonical, where))


def inside(inner: Place, outer: Place, vocabulary: Vocabulary) -> bool:
    """Whether each country and subdivision that ``inner`` may mean is one that ``outer`` may mean."""
    return _everywhere(inner, vocabulary) <= _everywhere(outer, vocabulary)


def _everywhere(where: Place, vocabulary: Vocabulary) -> frozenset[str]:
    if not isinstance(where, AnyExcept):
        return frozenset().union(*map(vocabulary.members, where))
    out = vocabulary.anywhere_but(where.any_except)
    # A country of which only a part is excepted is still somewhere else to be: what is excepted goes last.
    return out.union(*map(vocabulary.members, out)).difference(*map(vocabulary.members, where.any_except))


def with_regions(where: Place, more: Iterable[str], vocabulary: Vocabulary) -> Place:
    """``where`` widened by regions."""
    if not isinstance(where, AnyExcept):
        return where.union(more)
    added = frozenset().union(*map(vocabulary.members, more))
    return AnyExcept(any_except=frozenset(region for region in where.any_except if not vocabulary.members(region) & added))


def reach(partner: Partner, region: Region, storage: Place, operator: str, vocabulary: Vocabulary) -> Place:
    """From where what is stored can be read.  Where no source bounds it: from there, and from where the entity and its group are."""
    if region.access is not None:
        return place(region.access, vocabulary)
    return with_regions(storage, (region.organised or operator, partner.group.seat), vocabulary)


def said(where: Place) -> str:
    if isinstance(where, AnyExcept):
        return "anywhere" + (f" but {', '.join(sorted(where.any_except))}" if where.any_except else "")
    return ", ".join(sorted(where))
