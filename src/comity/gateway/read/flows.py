# SPDX-License-Identifier: Apache-2.0
"""What went where, minute by minute: counts of records by the person's region, where it was processed, and effect.

A minute that is over is read once and kept; what is asked for again and again is the last few.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from comity.gateway.read import asked, shapes
from comity.policy.decision import Effect
from comity.storage.database import Database
from comity.transparency.queries import Wanted, crossings

if TYPE_CHECKING:
    from comity.gateway.app import App

AT_ONCE = 2000
LOOKED_AT_MAX = 20_000  # records of minutes that are over; then no further one is begun, and the next look goes on there
MINUTE_MAX = 100_000  # records of one minute that are counted
SETTLED = timedelta(minutes=2)  # after its end nothing more is recorded in a minute, whichever gateway is slow
MINUTE = timedelta(minutes=1)
Counts = Counter[tuple[str, tuple[str, ...], str]]


class Minutes:
    """Of one log.  ``look`` is its one verb; of many at once the first does the work."""

    def __init__(self) -> None:
        self._over: dict[datetime, Counts] = {}
        self._one = asyncio.Lock()

    async def look(self, database: Database, now: datetime, minutes: int) -> tuple[dict[datetime, Counts], bool]:
        """By the minute's beginning, the newest first; and whether that is all of them, each whole."""
        newest = now.replace(second=0, microsecond=0)
        seen, records, whole = dict[datetime, Counts](), 0, True
        async with self._one:
            for at in (newest - MINUTE * ago for ago in range(minutes)):
                if at not in self._over:
                    if records >= LOOKED_AT_MAX:
                        return seen, False
                    seen[at] = await _counted(database, at)
                    if at + MINUTE + SETTLED <= now:
                        records += seen[at].total()
                        self._over[at] = seen[at]
                else:
                    seen[at] = self._over[at]
                whole = whole and seen[at].total() < MINUTE_MAX
            oldest = newest - MINUTE * asked.MINUTES_MAX
            self._over = {at: counts for at, counts in self._over.items() if at >= oldest}
        return seen, whole


async def _counted(database: Database, at: datetime) -> Counts:
    span, below, counts = Wanted(since=at, before=at + MINUTE), "", Counts()
    while counts.total() < MINUTE_MAX:
        some = await database.read(partial(crossings, span, below, AT_ONCE))
        counts.update((each.source, each.destination, each.effect) for each in some)
        if len(some) < AT_ONCE:
            break
        below = some[-1].id
    return counts


async def flows(app: App, query: asked.Flows, name: str) -> shapes.FlowPage:
    now = app.world.clock.now()
    seen, complete = await app.minutes.look(app.world.ledger.database, now, query.minutes)
    rows = tuple(
        shapes.FlowRow(at=at, source=source, destination=destination, effect=Effect(effect), records=count)
        for at, counts in sorted(seen.items()) for (source, destination, effect), count in sorted(counts.items())
    )  # fmt: skip
    return shapes.FlowPage(
        since=min(seen), before=max(seen) + MINUTE, complete=complete, records=sum(each.records for each in rows), rows=rows
    )
