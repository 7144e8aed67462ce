# SPDX-License-Identifier: Apache-2.0
"""Persons counted, as facts: only the side of each threshold matters, so a decision is kept until one is crossed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from comity.jurisdictions.pack import Pack
from comity.jurisdictions.vocab import Counter
from comity.policy.facts import US12Months, Volumes

MONTHS_OF_YEAR = 12
ROLLING_MONTHS = 13  # the current month is not over: twelve whole ones lie within these
US = "us_12mo."
COUNTERS = ("cn_ytd_pi", "cn_ytd_spi", *(US + name for name in US12Months.__struct_fields__))
"""Members of `volumes`, as `count:NAME` owes them."""
Edges = tuple[int, ...]


def edges_of(packs: Iterable[Pack]) -> Edges:
    """Every number that a count may be compared with, in any version of any pack: `>` tells n from n + 1, `>=` n - 1 from n."""
    found = {0}
    for pack in packs:
        found |= {dated.value for table in pack.tables.values() for dated in table.values if isinstance(dated.value, int)}
        found |= {number for rule in pack.rules for number in _numbers(rule.body)}
    return tuple(sorted({edge for number in found for edge in (number, number + 1) if edge >= 0}))


def _numbers(node: Any) -> Iterator[int]:
    if isinstance(node, int) and not isinstance(node, bool):
        yield node
    elif isinstance(node, dict):  # as JSON was read
        for each in node.values():
            yield from _numbers(each)
    elif isinstance(node, list):
        for each in node:
            yield from _numbers(each)


def cell(volumes: Volumes, edges: Edges) -> tuple[int, ...]:
    """Equal for volumes that no rule can tell apart: each count, and the sum that rules read as `together`."""
    rolling = [getattr(volumes.us_12mo, name) for name in US12Months.__struct_fields__]
    return tuple(bisect_right(edges, count) for count in (volumes.cn_ytd_pi, volumes.cn_ytd_spi, *rolling, sum(rolling)))


def with_counts(declared: Volumes, counts: Mapping[str, int]) -> Volumes:
    """``declared`` (persons whom other systems counted) with ``counts`` by counter added: a person known to both counts twice."""
    own = {name: getattr(declared, name) + counts.get(name, 0) for name in ("cn_ytd_pi", "cn_ytd_spi")}
    rolling = {name: getattr(declared.us_12mo, name) + counts.get(US + name, 0) for name in US12Months.__struct_fields__}
    return msgspec.structs.replace(declared, **own, us_12mo=US12Months(**rolling))


def span(counter: Counter, at: datetime) -> tuple[str, ...]:
    """Months that a count made at ``at`` is over, the current one last: those of the year so far, or the last thirteen."""
    here = at + timedelta(hours=counter.utc_offset_hours)
    months = here.year * MONTHS_OF_YEAR + here.month - 1
    many = here.month if counter.window == "year" else ROLLING_MONTHS
    return tuple(f"{month // MONTHS_OF_YEAR:04}-{month % MONTHS_OF_YEAR + 1:02}" for month in range(months - many + 1, months + 1))


def window(counter: Counter, at: datetime) -> str:
    """Within which a person counts once and has one pseudonym: the calendar year, or a stretch of thirteen months."""
    here = at + timedelta(hours=counter.utc_offset_hours)
    if counter.window == "year":
        return f"year{counter.utc_offset_hours:+}:{here.year}"
    return f"months{counter.utc_offset_hours:+}:{(here.year * MONTHS_OF_YEAR + here.month - 1) // ROLLING_MONTHS}"
