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
RECORDS_MAX = 100_000  # looked at for one answer
SETTLED = timedelta(minutes=2)  # after its end nothing more is recorded in a minute, whichever gateway is slow
MINUTE = timedelta(minutes=1)
Counts = Counter[tuple[str, tuple[str, ...], str]]


class Minutes:
    """Of one log.  ``look`` is its one verb; of many at once the first does the work."""

    def __init__(self) -> None:
        self._over: dict[datetime, Counts] = {}
        self._one = asyncio.Lock()

    async def look(self, database: Database, now: datetime, minutes: int) -> tuple[dict[datetime, Counts], bool]:
        """By the minute's beginning; and whether all were seen: else the newest were."""
        newest = now.replace(second=0, microsecond=0)
        wanted = [newest - MINUTE * ago for ago in range(minutes)]
        async with self._one:
            fresh = [at for at in wanted if at not in self._over]  # this minute is always among them
            read, whole = await _counted(database, fresh[-1], newest + MINUTE)
            seen = {at: self._over[at] if at in self._over else read.get(at, Counter()) for at in wanted}
            self._over = {at: counts for at, counts in seen.items() if at >= whole and at + MINUTE + SETTLED <= now} | {
                at: counts for at, counts in self._over.items() if at >= newest - MINUTE * asked.MINUTES_MAX
            }
        return seen, whole <= fresh[-1]


async def _counted(database: Database, since: datetime, before: datetime) -> tuple[dict[datetime, Counts], datetime]:
    """The newest first; and the first minute of which all was seen."""
    span, below, records, found = Wanted(since=since, before=before), "", 0, dict[datetime, Counts]()
    while records < RECORDS_MAX:
        some = await database.read(partial(crossings, span, below, AT_ONCE))
        for each in some:
            found.setdefault(datetime.fromisoformat(each.at), Counter())[each.source, each.destination, each.effect] += 1
            below = each.id
        records += len(some)
        if len(some) < AT_ONCE:
            return found, since
    return found, min(found) + MINUTE


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
