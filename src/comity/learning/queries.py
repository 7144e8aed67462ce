# SPDX-License-Identifier: Apache-2.0
"""The questions that may be asked, as data: what is not listed under `[[learning.queries]]` is asked of no device.

A query says its shape and its clip, and the most that one person can move its answer follows from the clip, here and nowhere else.
Answers are whole numbers in fixed point: `SCALE` stands for one.  Two data sets are neighbours where all of one person's events are in one
of them and none in the other; how many took part counts as public.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from comity.config import LearningConfig, LearningQueryConfig
from comity.errors import CallerError, OperatorError
from comity.transparency.canonical import canonical

SCALE = 1 << 16
LENGTH_MAX = 1 << 21  # entries of an answer: a Gram matrix of 2,047 items, 16 MB
CLIP_MAX = 1 << 12
DEVICES_MAX = 1 << 20  # times CLIP_MAX times SCALE: below 2**63, so that no sum wraps around
Event = Mapping[str, str | float]


class Histogram(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="histogram"):
    """How many events fall between fixed edges: below the first, between each two, from the last on.

    Of one person at most ``clip`` events count, and ``each_max`` in one bin (L-infinity).  With v the person's counts, sum(v) <= clip and
    max(v) <= each_max, so |v|**2 = sum(v*v) <= max(v)*sum(v) <= each_max*clip; and no more than ``length`` bins can be full, so also
    |v|**2 <= each_max**2 * length.  The sensitivity is the root of the smaller, times SCALE; equality is reached by whole bins.
    """

    name: str
    pipeline: str
    field: str
    edges: tuple[float, ...]
    clip: int
    each_max: int

    @property
    def length(self) -> int:
        return len(self.edges) + 1

    @property
    def l2_squared(self) -> int:
        return SCALE**2 * min(self.each_max * self.clip, self.each_max**2 * self.length)

    def counted(self, events: Iterable[Event]) -> dict[int, int]:
        """Entries that are not zero; of more events than count, the first."""
        counts: dict[int, int] = {}
        left = self.clip
        for event in events:
            value = event.get(self.field)
            if left == 0 or not isinstance(value, int | float) or value != value:
                continue
            place = bisect_right(self.edges, value)
            if counts.get(place, 0) < self.each_max:
                counts[place] = counts.get(place, 0) + 1
                left -= 1
        return {place: SCALE * count for place, count in counts.items()}


class Gram(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="gram"):
    """How often two items of a fixed public list go together: the upper triangle, with its diagonal, of the sum of x x^T over people.

    x is one for each listed item that a person had, n of them.  All n(n+1)/2 entries of theirs weigh w = min(1, clip/n), rounded down to
    whole SCALE-ths.  |entries|**2 = w**2 * n(n+1)/2: for n <= clip that grows with n up to clip(clip+1)/2; for n > clip it is
    clip**2 * (n+1)/(2n), which falls.  So the sensitivity is SCALE * sqrt(clip(clip+1)/2), reached by a person with clip items.
    """

    name: str
    pipeline: str
    field: str
    items: tuple[str, ...]
    clip: int

    @property
    def length(self) -> int:
        return len(self.items) * (len(self.items) + 1) // 2

    @property
    def l2_squared(self) -> int:
        clip = min(self.clip, len(self.items))
        return SCALE**2 * clip * (clip + 1) // 2

    def counted(self, events: Iterable[Event]) -> dict[int, int]:
        """Entries that are not zero."""
        had = {value for event in events if isinstance(value := event.get(self.field), str)}
        places = [place for place, item in enumerate(self.items) if item in had]
        weight = SCALE * self.clip // max(len(places), self.clip)
        return {self.entry(row, column): weight for at, row in enumerate(places) for column in places[at:]}

    def entry(self, row: int, column: int) -> int:
        """The place of a pair, ``row`` <= ``column``, in the answer."""
        return row * len(self.items) - row * (row - 1) // 2 + column - row


Query = Histogram | Gram


def digest(query: Query) -> str:
    return hashlib.sha256(canonical(msgspec.to_builtins(query))).hexdigest()


def allowed(config: LearningConfig) -> dict[str, Query]:
    """By name.  Raises OperatorError naming the setting."""
    queries: dict[str, Query] = {}
    for number, said in enumerate(config.queries):
        where = f"learning.queries[{number}]"
        if said.name in queries:
            raise _wrong(where + ".name", f"two queries are called `{said.name}`")
        queries[said.name] = _query(said, where)
    return queries


def asked(name: str, queries: Mapping[str, Query]) -> Query:
    """Raises CallerError for what is not on the list."""
    if name not in queries:
        raise CallerError(
            f"no query `{name}` is allowed here", code="learning.not_allowed", status=404, hint="the list is [[learning.queries]]"
        )
    return queries[name]


def checked(query: Query) -> Query:
    """Raises ValueError saying which bound does not hold."""
    names: Sequence[str] = (query.name, query.pipeline, query.field)
    if not all(each and each.isprintable() for each in names):
        raise ValueError("`name`, `pipeline` and `field` are words that can be printed")
    if not 1 <= query.clip <= CLIP_MAX:
        raise ValueError(f"`clip` is a number from 1 to {CLIP_MAX}")
    if not query.length <= LENGTH_MAX:
        raise ValueError(f"its answer has more than {LENGTH_MAX} entries")
    if isinstance(query, Histogram):
        if not 1 <= query.each_max <= query.clip:
            raise ValueError("`each_max` is a number from 1 to `clip`")
        if not query.edges or not all(low < high for low, high in pairwise((float("-inf"), *query.edges, float("inf")))):
            raise ValueError("`edges` is not empty, and each is above the one before")
    elif len(query.items) < 2 or len(set(query.items)) < len(query.items):
        raise ValueError("`items` names two or more, each once")
    return query


def _query(said: LearningQueryConfig, where: str) -> Query:
    taken = {"histogram": (Histogram, ("edges", "each_max")), "gram": (Gram, ("items",))}
    made, own = taken[said.kind]
    strange = next((name for name in ("edges", "each_max", "items") if getattr(said, name) and name not in own), None)
    if strange is not None:
        raise _wrong(f"{where}.{strange}", f"a {said.kind} has no `{strange}`")
    values: dict[str, Any] = {name: getattr(said, name) for name in ("name", "pipeline", "field", "clip", *own)}
    try:
        return checked(made(**values))
    except ValueError as error:
        raise _wrong(where, str(error)) from None


def _wrong(field: str, why: str) -> OperatorError:
    return OperatorError(why, code="config.invalid", field=field, hint="see docs/reference/learning.md")
