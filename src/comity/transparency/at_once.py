# SPDX-License-Identifier: Apache-2.0
"""How many keys of a pool could be sealed to at once, as a node log says it.

A node that gave each person a key of their own would know them by it.  It could not hide that: every key that a client seals to stands
in the log, with the time in which it is used.  Nor is it proof of anything: a pool of several nodes has several keys, and a node that
starts again draws new ones.  So this tells what is there, and whoever knows the pool judges it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from comity.errors import ComityError
from comity.transparency.entry import parse


class Stretch(NamedTuple):
    """A time in which more than one key of a pool was good; ``keys``: the most at one moment of it."""

    pool: str
    since: str
    until: str
    keys: int


class AtOnce:
    """Entries as they pass; the order does not matter."""

    def __init__(self) -> None:
        self._edges: dict[str, list[tuple[str, int, str]]] = {}
        self.read = self.unread = 0  # unread: it is no node's entry, or of another version

    def add(self, raw: bytes) -> None:
        try:
            entry = parse(raw)
        except ComityError:  # counted and told: who asks for `--one-key` is not let past it
            self.unread += 1
            return
        self.read += 1
        # Moments have one spelling, and sort as they follow.
        self._edges.setdefault(entry.pool, []).extend(((entry.since, 1, entry.key), (entry.until, -1, entry.key)))

    def stretches(self) -> Iterator[Stretch]:
        """By pool and time."""
        for pool, edges in sorted(self._edges.items()):
            good, since, most = Counter[str](), "", 0
            for moment, at in groupby(sorted(edges), itemgetter(0)):
                for _, step, key in at:
                    good[key] += step
                good += Counter()  # those that are over go
                if len(good) > 1:
                    since, most = since or moment, max(most, len(good))
                elif since:
                    yield Stretch(pool, since, moment, most)
                    since, most = "", 0
