# SPDX-License-Identifier: Apache-2.0
"""Records go when the law's time to keep them is over, or when their person asks, and the log still verifies.

A record is kept through the month in which the count of months on its receipt ends, and a day longer.  Then what is private goes: facts,
decision, subject, receipt, salt, outcome.  Its leaf stays, among the nodes of the tree, so every proof of what remains still
holds; without the salt nobody can say what it stood for.  A record without such a count is kept until its person asks.

The count is the least that a law demands, so it stands against erasing too: what a person asks to have erased goes where no law keeps it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import msgspec

from comity.errors import StorageFailure
from comity.ports import Clock
from comity.storage.database import Database, Row, Script, Statement
from comity.transparency.ids import id_from
from comity.transparency.rows import KEPT, left_behind

log = logging.getLogger("comity.retention")
RECORDS_AT_ONCE = 1000  # while one such step is written, new records wait
EVERY_SECONDS = 86_400.0
GRACE = timedelta(days=1)  # gateways' clocks differ, and a month begins sooner in the east


class Expired(NamedTuple):
    records: int
    months: tuple[str, ...]


async def expire(database: Database, now: datetime, *, dry_run: bool = False) -> Expired:
    """What is over at ``now`` is gone, or with ``dry_run`` would be.  Raises StorageFailure; what was done until then is done."""
    before = (now - GRACE).strftime("%Y-%m")
    over, judged = await database.read(lambda: _over(before))
    if not dry_run and (over or judged):
        for month, _ in over:
            await _gone(database, month)
        await database.write(lambda: _judgements(before, database.dialect))
        await database.scrub()
    return Expired(sum(records for _, records in over), tuple(month for month, _ in over))


async def _gone(database: Database, month: str) -> None:
    after = -1
    while (last := await database.write(partial(_leave, month, after, database.dialect))) is not None:
        after = last
    if database.dialect == "postgres":
        await database.write(partial(_dropped, month, after))


def _over(before: str) -> Script[tuple[list[tuple[str, int]], bool]]:
    """Months with their records, and whether there are judgements to go."""
    found = yield Statement("SELECT until, count(*) FROM records WHERE until < ? GROUP BY until ORDER BY until", (before,))
    judged = yield Statement("SELECT 1 FROM judgements WHERE until < ? LIMIT 1", (before,))
    return [(str(month), int(records)) for month, records in found], bool(judged)


def _leave(month: str, after: int, dialect: str) -> Script[int | None]:
    """One step: the leaves of the next records of the month stay; the place of the last of them, or None."""
    found = yield Statement(
        "SELECT max(idx), count(*) FROM (SELECT idx FROM records WHERE until = ? AND idx > ? ORDER BY idx LIMIT ?) AS next",
        (month, after, RECORDS_AT_ONCE),
    )
    last, records = found[0]
    if not records:
        return None
    these = "until = ? AND idx > ? AND idx <= ?"
    values = (month, after, last)
    yield from left_behind(these, values)
    if dialect == "sqlite":  # with PostgreSQL they go with their partition
        yield _FROM_THE_DISK
        yield Statement(f"DELETE FROM outcomes WHERE id IN (SELECT id FROM records WHERE {these})", values)  # noqa: S608
        yield Statement(f"DELETE FROM records WHERE {these}", values)  # noqa: S608
        yield _AS_BEFORE
    return int(last)


def _dropped(month: str, after: int) -> Script[None]:
    if (yield Statement("SELECT 1 FROM records WHERE until = ? AND idx > ? LIMIT 1", (month, after))):
        return  # a gateway whose clock is behind wrote into it this moment: next time
    for table in ("records", "outcomes"):
        yield Statement(f"DROP TABLE IF EXISTS {table}_{month.replace('-', '_')}")
    yield _TOLD


def _judgements(before: str, dialect: str) -> Script[None]:
    if dialect == "sqlite":
        yield _FROM_THE_DISK
    yield Statement("DELETE FROM judgements WHERE until < ?", (before,))
    if dialect == "sqlite":
        yield _AS_BEFORE
    yield _TOLD


_FROM_THE_DISK = Statement("PRAGMA secure_delete=ON")
_AS_BEFORE = Statement("PRAGMA secure_delete=OFF")  # it makes every record dearer
_TOLD = Statement("UPDATE head SET expiries = expiries + 1")  # whoever writes remembers what is there (`ledger.py`)


# -- what a person asks to have erased -------------------------------------------------------------------------------

ANSWERING = timedelta(hours=1)  # a younger attempt without an outcome may still be under way


class Erased(NamedTuple):
    records: int
    held: int  # that a law keeps
    held_until: str  # the last month of those, "" where there are none
    under_way: int


def everything(facts: bytes) -> bool:
    return True


async def erase(
    database: Database, subject: str, now: datetime, *, dry_run: bool = False, rested: Callable[[bytes], bool] = everything
) -> Erased:
    """What is of ``subject``, a pseudonym, is gone, or with ``dry_run`` would be.  Beside running gateways; again, it does the rest.
    ``rested``: of which facts it is, where not all of it is meant.

    Raises StorageFailure; what was done until then is done."""
    month, moment = (now - GRACE).strftime("%Y-%m"), id_from(now - ANSWERING)
    gone = held = under_way = 0
    held_until, after = "", -1
    while True:
        found = await database.read(partial(_of, subject, after))
        if not found:
            break
        after, going = int(found[-1][0]), list[Row]()
        for row in found:
            _, name, until, unfinished, receipt, facts = row
            if not rested(facts):
                continue
            if month <= until < KEPT:
                held, held_until = held + 1, max(held_until, until)
            elif unfinished and name >= moment and msgspec.json.decode(receipt)["effect"] == "allow":
                under_way += 1
            else:
                going.append(row)
        gone += len(going)
        if going and not dry_run:
            await database.write(partial(_erased, going, database.dialect))
    if not dry_run:
        await _sweep(database)
        await database.scrub()
    return Erased(gone, held, held_until, under_way)


_OF = (
    "SELECT r.idx, r.id, r.until, NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.id = r.id), r.receipt, j.facts"
    " FROM records r JOIN judgements j ON j.digest = r.judgement"
    " WHERE r.subject = ? AND r.idx > ? ORDER BY r.idx LIMIT ?"
)


def _of(subject: str, after: int) -> Script[list[Row]]:
    return (yield Statement(_OF, (subject, after, RECORDS_AT_ONCE)))


def _erased(going: list[Row], dialect: str) -> Script[None]:
    marks = ",".join("?" * len(going))
    places, names = [row[0] for row in going], [row[1] for row in going]
    if dialect == "sqlite":
        yield _FROM_THE_DISK
    yield from left_behind(f"idx IN ({marks})", places)
    yield Statement(f"DELETE FROM outcomes WHERE id IN ({marks})", names)  # noqa: S608
    yield Statement(f"DELETE FROM records WHERE idx IN ({marks})", places)  # noqa: S608
    if dialect == "sqlite":
        yield _AS_BEFORE
    yield _TOLD


async def _sweep(database: Database) -> None:
    """Judgements go that no record rests on any more.  Which those are is looked up beside the writers, who then only wait while what they
    wrote since is."""
    unused, size = await database.read(_unused)
    for begin in range(0, len(unused), RECORDS_AT_ONCE):
        await database.write(partial(_forgotten, unused[begin : begin + RECORDS_AT_ONCE], size, database.dialect))


def _unused() -> Script[tuple[list[bytes], int]]:
    """And the place after the last record."""
    size = (yield Statement("SELECT coalesce(max(idx) + 1, 0) FROM records"))[0][0]
    found = yield Statement("SELECT digest FROM judgements WHERE digest NOT IN (SELECT judgement FROM records)")
    return [bytes(row[0]) for row in found], int(size)


def _forgotten(digests: list[bytes], since: int, dialect: str) -> Script[None]:
    used = {bytes(row[0]) for row in (yield Statement("SELECT judgement FROM records WHERE idx >= ?", (since,)))}
    left = [digest for digest in digests if digest not in used]
    if not left:
        return
    if dialect == "sqlite":
        yield _FROM_THE_DISK
    yield Statement(f"DELETE FROM judgements WHERE digest IN ({','.join('?' * len(left))})", left)  # noqa: S608
    if dialect == "sqlite":
        yield _AS_BEFORE
    yield _TOLD


class Keeper:
    """Looks once a day, the first time at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._task = asyncio.get_running_loop().create_task(self._run(), name="comity-retention")

    async def _run(self) -> None:
        while True:
            try:
                gone = await expire(self._database, self._clock.now())
                if gone.records:
                    log.info("%d records are over and gone, of the months %s", gone.records, ", ".join(gone.months))
            except StorageFailure as error:
                log.warning("what is over could not be deleted (%s); it is tried again tomorrow", error.code)
            await asyncio.sleep(EVERY_SECONDS)

    async def aclose(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
