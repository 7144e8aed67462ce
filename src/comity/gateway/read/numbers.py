# SPDX-License-Identifier: Apache-2.0
"""`GET /transparency/v1/numbers`: what crossed which border, for anybody, where `console.transparency` says so.

Built so that no two looks, and no sum, tell anything of one person:
1. only days that are over, each counted once and told in the same words ever after, whatever of it is erased or expires;
2. a row only of at least `COHORT_MIN` named persons, of each at most `EACH_MAX` records, rounded down to a multiple of `ROUNDED_TO`;
3. no totals; where one row alone of a day is withheld, the smallest that is told is withheld with it;
4. of the log, the checkpoint that is published, which random leaves have filled up.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from comity.errors import CallerError
from comity.gateway.exchange import Exchange
from comity.gateway.http import JSON, NO_STORE, encode
from comity.gateway.read.reports import COHORT_MIN
from comity.gateway.read.shapes import Answer, Places
from comity.gateway.world import World
from comity.policy.decision import Effect
from comity.storage.database import Database, Script, Statement
from comity.transparency.queries import Crossed, Wanted, crossings

if TYPE_CHECKING:
    from comity.gateway.app import App

DAYS = 30
SETTLED = timedelta(hours=1)  # after its end nothing more is recorded in a day
EACH_MAX = 10
ROUNDED_TO = 10
RECORDS_MAX = 2_000_000  # of one day
AT_ONCE = 2000
Cell = tuple[str, tuple[str, ...], str]


class NumberRow(Answer, frozen=True, kw_only=True):
    source: str  # region where the persons were
    destination: Places
    effect: Effect
    records: int


class DayOfNumbers(Answer, frozen=True, kw_only=True):
    """``withheld``: there was more than is told."""

    day: date
    rows: tuple[NumberRow, ...]
    withheld: bool


class Numbers(Answer, frozen=True, kw_only=True):
    """``checkpoint``: of the log as it is published, empty where it is not; ``vkey``: the key that it is checked with."""

    days: tuple[DayOfNumbers, ...]
    cohort_min: int
    each_max: int
    rounded_to: int
    origin: str
    vkey: str
    checkpoint: str


class Days:
    """One look counts one day at most that nobody has counted; who comes meanwhile is told what there is."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()

    async def told(self, world: World) -> tuple[DayOfNumbers, ...]:
        last = (world.clock.now() - SETTLED).astimezone(UTC).date()
        wanted = [last - timedelta(days=ago) for ago in range(1, DAYS + 1)]
        there = await world.state.database.read(partial(_there, wanted[-1]))
        missing = next((day for day in wanted if day not in there), None)
        if missing is not None and not self._one.locked():
            async with self._one:
                fresh = await counted(world.ledger.database, missing)
                there[missing] = await world.state.database.write(partial(_kept, fresh))
        return tuple(there[day] for day in wanted if day in there)


async def counted(database: Database, day: date) -> DayOfNumbers:
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    span, below, records = Wanted(since=begin, before=begin + timedelta(days=1)), "", 0
    cells: dict[Cell, Counter[str]] = {}
    nobody = False
    while records < RECORDS_MAX:
        some: list[Crossed] = await database.read(partial(crossings, span, below, AT_ONCE))
        for each in some:
            below = each.id
            if each.subject is None:
                nobody = True
            else:
                cells.setdefault((each.source, each.destination, each.effect), Counter())[each.subject] += 1
        records += len(some)
        if len(some) < AT_ONCE:
            break
    rows, withheld = told(cells)
    return DayOfNumbers(day=day, rows=rows, withheld=withheld or nobody or records >= RECORDS_MAX)


def told(cells: dict[Cell, Counter[str]]) -> tuple[tuple[NumberRow, ...], bool]:
    """What may be told of persons' records by where they went; and whether something may not."""
    shown = {
        cell: sum(min(count, EACH_MAX) for count in persons.values()) // ROUNDED_TO * ROUNDED_TO
        for cell, persons in cells.items() if len(persons) >= COHORT_MIN
    }  # fmt: skip
    if shown and len(cells) - len(shown) == 1:
        del shown[min(shown, key=lambda cell: (shown[cell], cell))]
    rows = tuple(
        NumberRow(source=source, destination=destination, effect=Effect(effect), records=records)
        for (source, destination, effect), records in sorted(shown.items())
    )
    return rows, len(shown) < len(cells)


def _there(since: date) -> Script[dict[date, DayOfNumbers]]:
    rows = yield Statement("SELECT said FROM numbers WHERE day >= ?", (since.isoformat(),))
    days = (msgspec.json.decode(bytes(row[0]), type=DayOfNumbers) for row in rows)
    return {each.day: each for each in days}


def _kept(fresh: DayOfNumbers) -> Script[DayOfNumbers]:
    """What was told first stands."""
    name = fresh.day.isoformat()
    yield Statement("INSERT INTO numbers VALUES (?, ?) ON CONFLICT DO NOTHING", (name, encode(fresh)))
    return msgspec.json.decode(bytes((yield Statement("SELECT said FROM numbers WHERE day = ?", (name,)))[0][0]), type=DayOfNumbers)


async def numbers(app: App, exchange: Exchange, call: str) -> int:
    """For anybody: it wants no key.  Raises CallerError (404) where it is not configured."""
    if not app.world.config.console.transparency:
        raise CallerError("no such path", code="request.unknown_path", status=404, hint="an operator may set `console.transparency`")
    ledger = app.world.ledger
    answer = Numbers(
        days=await app.days.told(app.world), cohort_min=COHORT_MIN, each_max=EACH_MAX, rounded_to=ROUNDED_TO, origin=ledger.origin,
        vkey=ledger.vkey, checkpoint=(await ledger.heads.notes()).witnessed,
    )  # fmt: skip
    await exchange.respond(200, encode(answer), [JSON, NO_STORE])
    return 200
