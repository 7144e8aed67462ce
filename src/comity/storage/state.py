# SPDX-License-Identifier: Apache-2.0
"""What outlives requests and is no record of one: members counted once a window, and entries registered, in one database.

Several gateways may share it: what one of them counts or registers the others see with their next look.  A member is an opaque
pseudonym under the window's own key, which is kept here, and deleted with the members when the window is over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from comity.errors import StorageFailure
from comity.storage.database import Database, Followed, Script, Statement
from comity.storage.open import look_into

DATABASE = "state.db"
TICKS_KNOWN_MAX = 65_536
GLIMPSE_SECONDS_MAX = 10.0
Spans = Mapping[str, tuple[str, ...]]
"""By counter: the months (`2026-11`) that it is over, the current one last."""
Counts = dict[str, int]
Tallies = dict[tuple[str, str], int]
"""Members by counter and month."""


class Tick(NamedTuple):
    """One member to be counted, if it is not counted yet."""

    counter: str
    window: str
    member: bytes


class Seen(NamedTuple):
    revision: int
    tallies: Tallies
    entries: list[bytes]

    def counts(self, spans: Spans) -> Counts:
        return _counts(self.tallies, spans)


def glimpse(where: Path | str, spans: Spans) -> tuple[Counts, list[bytes]]:
    """Counts and entries as they are now, beside whoever writes; nothing where there is no state yet.  Raises StorageFailure."""
    try:
        into = look_into(where, "state", seconds_max=GLIMPSE_SECONDS_MAX)
    except StorageFailure as error:
        if error.code != "storage.absent":
            raise
        return dict.fromkeys(spans, 0), []
    try:
        seen = into.look(_seen)
    finally:
        into.close()
    return seen.counts(spans), seen.entries


class State:
    """Made by `open`; used from one event loop.  Raises StorageFailure."""

    def __init__(self, database: Database, followed: Followed[Seen]) -> None:
        self.database, self._followed = database, followed
        self._counted: dict[tuple[Tick, str], None] = {}  # in a month; durable, so they need not be counted again in it

    @classmethod
    async def open(cls, database: Database) -> State:
        return cls(database, await database.follow(_Following()))

    def now(self) -> Seen:
        """The same object for as long as nothing in it has changed, whoever would have changed it; a look at memory."""
        return self._followed.now()

    def counts(self, spans: Spans) -> Counts:
        return self.now().counts(spans)

    def entries(self) -> list[bytes]:
        return self.now().entries

    async def key(self, name: str, fresh: bytes) -> bytes:
        """The key of that name; ``fresh`` becomes it where there is none."""
        return await self.database.write(lambda: _key(name, fresh))

    async def count(self, ticks: Sequence[Tick], spans: Spans, stands: Callable[[Counts], bool]) -> Counts | None:
        """None once each is durably counted; else nothing was, since ``stands`` does not hold of what the counts would be.

        The counts are looked at inside the transaction that changes them, so no two callers take the same last place.
        """
        dated = [(tick, spans[tick.counter][-1]) for tick in ticks]
        if all(each in self._counted for each in dated):
            return None
        would_be = await self.database.write(partial(_count, dated, spans, stands))
        if would_be is None:
            self._counted.update(dict.fromkeys(dated))
            while len(self._counted) > TICKS_KNOWN_MAX:
                del self._counted[next(iter(self._counted))]
        return would_be

    async def forget(self, *, windows: frozenset[str], since: str) -> None:
        """Deletes members and key of every window but ``windows``, and tallies of months before ``since``."""
        if await self.database.write(lambda: _forget(windows, since, self.database.dialect)):
            await self.database.scrub()

    async def add(self, entry: bytes) -> int:
        """The entry's number, once it is durable."""
        return await self.database.write(lambda: _add(entry))

    async def aclose(self) -> None:
        await self.database.aclose()


# -- scripts -------------------------------------------------------------------------------------------------------------


def _seen() -> Script[Seen]:
    revision = yield from _revision()
    tallies = yield from _tallies()
    entries = yield Statement("SELECT entry FROM entries ORDER BY number")
    return Seen(revision, tallies, [row[0] for row in entries])


class _Following:
    """Others write into this database all the time (what is spent); only what changes a revision is read again."""

    def __init__(self) -> None:
        self._last: Seen | None = None

    def __call__(self) -> Script[Seen]:
        if self._last is None or (yield from _revision()) != self._last.revision:
            self._last = yield from _seen()
        return self._last


def _revision() -> Script[int]:
    found = yield Statement("SELECT number FROM revisions WHERE name = 'standing'")
    return int(found[0][0]) if found else 0


_REVISED = Statement("INSERT INTO revisions VALUES ('standing', 1) ON CONFLICT (name) DO UPDATE SET number = revisions.number + 1")


def _tallies() -> Script[Tallies]:
    rows = yield Statement("SELECT counter, month, members FROM tallies")
    return {(counter, month): members for counter, month, members in rows}


def _key(name: str, fresh: bytes) -> Script[bytes]:
    yield Statement("INSERT INTO keys VALUES (?, ?) ON CONFLICT DO NOTHING", (name, fresh))
    return bytes((yield Statement("SELECT key FROM keys WHERE name = ?", (name,)))[0][0])


def _add(entry: bytes) -> Script[int]:
    yield _REVISED
    return int((yield Statement("INSERT INTO entries (entry) VALUES (?) RETURNING number", (entry,)))[0][0])


_COUNTED = 'INSERT INTO counted VALUES (?, ?, ?, ?) ON CONFLICT ("window", counter, member) DO UPDATE SET month = excluded.month'
_TALLY = "INSERT INTO tallies VALUES (?, ?, ?) ON CONFLICT (counter, month) DO UPDATE SET members = excluded.members"


def _count(dated: Sequence[tuple[Tick, str]], spans: Spans, stands: Callable[[Counts], bool]) -> Script[Counts | None]:
    later: dict[Tick, tuple[str | None, str]] = {}  # the month that each was counted in, and the one it is to be counted in
    for tick, month in dated:
        key = (tick.window, tick.counter, tick.member)
        row = yield Statement('SELECT month FROM counted WHERE "window" = ? AND counter = ? AND member = ?', key)
        if not row or row[0][0] < month:  # counted again, later, it stays in the count for longer
            later[tick] = (row[0][0] if row else None, month)
    if not later:
        return None
    before = yield from _tallies()
    tallies = dict(before)
    for tick, (was, month) in later.items():
        tallies[tick.counter, month] = tallies.get((tick.counter, month), 0) + 1
        if was is not None:
            tallies[tick.counter, was] -= 1
    counts = _counts(tallies, spans)
    if any(was is None for was, _ in later.values()) and not stands(counts):
        return counts
    for tick, (_, month) in later.items():
        yield Statement(_COUNTED, (tick.window, tick.counter, tick.member, month))
    yield _REVISED
    for changed in tallies.items() - before.items():
        yield Statement(_TALLY, (*changed[0], changed[1]))
    return None


def _counts(tallies: Tallies, spans: Spans) -> Counts:
    return {counter: sum(tallies.get((counter, month), 0) for month in months) for counter, months in spans.items()}


def _forget(windows: Collection[str], since: str, dialect: str) -> Script[bool]:
    if dialect == "sqlite":
        yield Statement("PRAGMA secure_delete=ON")  # gone, not only unlisted
    over = {row[0] for row in (yield Statement('SELECT DISTINCT "window" FROM counted'))} - set(windows)
    over |= {row[0] for row in (yield Statement("SELECT name FROM keys WHERE name LIKE '%:%'"))} - set(windows)
    for window in sorted(over):
        yield Statement('DELETE FROM counted WHERE "window" = ?', (window,))
        yield Statement("DELETE FROM keys WHERE name = ?", (window,))
    yield Statement("DELETE FROM tallies WHERE month < ?", (since,))
    yield _REVISED
    return bool(over)
