# SPDX-License-Identifier: Apache-2.0
"""What comes with a product: its items with their tags, and factors learnt elsewhere; loaded once, of no person."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from comity.errors import CallerError
from comity.tasks.recommend.factors import Factors, arrays
from comity.tasks.recommend.shapes import Item

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int64]
    Flags = NDArray[np.bool_]

ITEMS_MAX = 200_000


class Shelf:
    """``items`` may be fewer or more than the factors know: what has no factors is found by its tags, what is no item is not suggested."""

    def __init__(self, items: Iterable[Item] = (), factors: Factors | None = None) -> None:
        np = arrays()
        known = {item.id: item for item in items}
        if factors is not None and not known:
            known = {name: Item(id=name) for name in factors.head.items}
        if len(known) > ITEMS_MAX:
            raise CallerError(f"{len(known)} items are more than {ITEMS_MAX}", field="items")
        self.items = tuple(known.values())
        self.index = {name: number for number, name in enumerate(known)}
        self.factors = factors
        numbers = [self.index.get(name, -1) for name in factors.head.items] if factors is not None else []
        self._here: Numbers = np.array(numbers, dtype=np.int64)  # of the factors' items, which are ours
        self.known: Flags = np.zeros(len(self.items), dtype=bool)  # which of ours the factors know
        self.known[self._here[self._here >= 0]] = True
        self.tags_of = self._weighed()
        whose: dict[str, list[int]] = {}
        for number, tags in enumerate(self.tags_of):
            for tag in tags:
                whose.setdefault(tag, []).append(number)
        self._whose: dict[str, tuple[Numbers, Floats]] = {
            tag: (np.array(found), np.array([self.tags_of[number][tag] for number in found])) for tag, found in whose.items()
        }

    def _weighed(self) -> tuple[dict[str, float], ...]:
        """Of each item, how much each of its tags says of it: a rare one more; their squares add up to 1."""
        counts = Counter(tag for item in self.items for tag in set(item.tags))
        rarity = {tag: math.log1p(len(self.items) / count) for tag, count in counts.items()}
        lengths = (math.sqrt(sum(rarity[tag] ** 2 for tag in set(item.tags))) or 1.0 for item in self.items)
        return tuple(
            {tag: rarity[tag] / length for tag in sorted(set(item.tags))} for item, length in zip(self.items, lengths, strict=True)
        )

    def by_factors(self, items: Sequence[str]) -> tuple[Numbers, Numbers, Floats]:
        """What having had to do with ``items`` says, in three rows: which of them, for which of ours, how much."""
        np = arrays()
        if self.factors is None:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
        known = [(place, self.factors.index[item]) for place, item in enumerate(items) if item in self.factors.index]
        places, others, weights = self.factors.says([number for _, number in known])
        here = self._here[others]
        ours = here >= 0
        by = np.array([place for place, _ in known], dtype=np.int64)[places[ours]]
        return by, here[ours], weights[ours].astype(np.float64)

    def by_tags(self, wanted: Mapping[str, float]) -> Floats:
        """How much of what is ``wanted`` each of ours has: of one item's `tags_of`, 0 to 1, the cosine."""
        np = arrays()
        out: Floats = np.zeros(len(self.items))
        for tag, much in wanted.items():
            whose, says = self._whose[tag]
            out[whose] += much * says
        return out

    def popularity(self, context: str) -> Floats:
        """0 to 1; of an item that the factors do not know, 0."""
        np = arrays()
        out: Floats = np.zeros(len(self.items))
        if self.factors is not None:
            out[self._here[self._here >= 0]] = self.factors.popularity(context)[self._here >= 0]
        return out


def read_items(data: bytes) -> tuple[Item, ...]:
    """JSON lines, each an item.  Raises CallerError."""
    decoder = msgspec.json.Decoder(Item)
    items: dict[str, Item] = {}
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                item = decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise CallerError(
                    f"line {number} is not an item", hint='one JSON object a line: {"id": "m1", "title": "…", "tags": ["…"]}', field="items"
                ) from error
            items[item.id] = item
    return tuple(items.values())
