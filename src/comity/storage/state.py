# SPDX-License-Identifier: Apache-2.0
"""What outlives requests and is no record of one: members counted once a window, and entries registered, in one database.

Several gateways may share it: what one of them counts or registers the others see with their next look.  A member is an opaque
pseudonym under the window's own key, which is kept here, and deleted with the members when the window is over.
"""

from __future__ import annotations

import asyncio
import mmap
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from comity.storage.sqlite import read_only, reading, told
from comity.storage.writer import Writer

DATABASE = "state.db"
INDEX_HEADER_BYTES = 48
MIGRATIONS = (
    """
    CREATE TABLE keys (name TEXT PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE counted (
        window TEXT, counter TEXT, member BLOB, month TEXT NOT NULL, PRIMARY KEY (window, counter, member)
    ) WITHOUT ROWID;
    CREATE TABLE tallies (counter TEXT, month TEXT, members INTEGER NOT NULL, PRIMARY KEY (counter, month)) WITHOUT ROWID;
    CREATE TABLE entries (number INTEGER PRIMARY KEY, entry BLOB NOT NULL)
    """,
)
Spans = Mapping[str, tuple[str, ...]]
"""By counter: the months (`2026-11`) that it is over, the current one last."""
Counts = dict[str, int]


class Tick(NamedTuple):
    """One member to be counted, if it is not counted yet."""

    counter: str
    window: str
    member: bytes


@dataclass(slots=True)
class _Count:
    ticks: Sequence[Tick]
    spans: Spans
    stands: Callable[[Counts], bool]
    would_be: Counts | None = None


@dataclass(slots=True)
class _Key:
    name: str
    key: bytes


@dataclass(slots=True)
class _Forget:
    windows: frozenset[str] = frozenset()
    since: str = ""


@dataclass(slots=True)
class _Entry:
    entry: bytes
    number: int = field(default=0)


def glimpse(path: Path, spans: Spans) -> tuple[Counts, list[bytes]]:
    """Counts and entries as they are now, beside whoever writes; nothing where there is no state yet.  Raises StorageFailure."""
    if not path.exists():
        return dict.fromkeys(spans, 0), []
    with reading(path) as db:
        return _counts(db, spans), _entries(db)


class State:
    """Made in a thread by whoever opens it; used from ``loop``.  Raises StorageFailure."""

    def __init__(self, path: Path, *, seconds_max: float, loop: asyncio.AbstractEventLoop) -> None:
        self._path = path
        self._writer = Writer(path, migrations=MIGRATIONS, apply=_apply, seconds_max=seconds_max, loop=loop)
        self._look: sqlite3.Connection | None = None
        self._index: mmap.mmap | None = None

    def version(self) -> bytes:
        """Others after every change, whoever made it: the header of the write-ahead log's index, which SQLite itself compares
        to know (sqlite.org/walformat.html, section 2.1).  A look at memory, where `PRAGMA data_version` takes 15 µs."""
        if self._index is None:
            with told():
                self._reading().execute("SELECT 1 FROM keys").fetchall()  # the index is there once somebody has read
                with self._path.with_name(self._path.name + "-shm").open("rb") as index:
                    self._index = mmap.mmap(index.fileno(), INDEX_HEADER_BYTES, access=mmap.ACCESS_READ)
        return self._index[:]

    def counts(self, spans: Spans) -> Counts:
        with told():
            return _counts(self._reading(), spans)

    def entries(self) -> list[bytes]:
        with told():
            return _entries(self._reading())

    async def key(self, name: str, fresh: bytes) -> bytes:
        """The key of that name; ``fresh`` becomes it where there is none."""
        await self._writer.write(_Key(name, fresh))
        with told():
            return bytes(self._reading().execute("SELECT key FROM keys WHERE name = ?", (name,)).fetchone()[0])

    async def count(self, ticks: Sequence[Tick], spans: Spans, stands: Callable[[Counts], bool]) -> Counts | None:
        """None once each is durably counted; else nothing was, since ``stands`` does not hold of what the counts would be.

        The counts are looked at inside the transaction that changes them, so no two callers take the same last place.
        """
        job = _Count(ticks, spans, stands)
        await self._writer.write(job)
        return job.would_be

    async def forget(self, *, windows: frozenset[str], since: str) -> None:
        """Deletes members and key of every window but ``windows``, and tallies of months before ``since``."""
        await self._writer.write(_Forget(windows, since))

    async def add(self, entry: bytes) -> int:
        """The entry's number, once it is durable."""
        job = _Entry(entry)
        await self._writer.write(job)
        return job.number

    async def aclose(self) -> None:
        try:
            await self._writer.aclose()
        finally:
            if self._index is not None:
                self._index.close()
                self._index = None
            if self._look is not None:
                self._look.close()
                self._look = None

    def _reading(self) -> sqlite3.Connection:
        if self._look is None:
            self._look = read_only(self._path)
        return self._look


# -- on the writer's thread, inside a transaction ------------------------------------------------------------------------


def _apply(db: sqlite3.Connection, jobs: Sequence[Any]) -> Callable[[], None]:
    forgot = False
    for job in jobs:
        match job:
            case _Count():
                _count(db, job)
            case _Key():
                db.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", (job.name, job.key))
            case _Entry():
                job.number = int(db.execute("INSERT INTO entries (entry) VALUES (?)", (job.entry,)).lastrowid or 0)
            case _Forget():
                forgot = _forget(db, job) or forgot
    # What was deleted would else lie on in the write-ahead log.
    return (lambda: _drained(db)) if forgot else (lambda: None)


def _count(db: sqlite3.Connection, job: _Count) -> None:
    db.execute("SAVEPOINT one")
    grown = False
    for tick in job.ticks:
        month = job.spans[tick.counter][-1]
        row = db.execute("SELECT month FROM counted WHERE window = ? AND counter = ? AND member = ?", (tick.window, *tick[::2])).fetchone()
        if row is None:
            db.execute("INSERT INTO counted VALUES (?, ?, ?, ?)", (tick.window, tick.counter, tick.member, month))
            _tally(db, tick.counter, month, 1)
            grown = True
        elif row[0] < month:  # counted again, later: it stays in the count for longer
            db.execute("UPDATE counted SET month = ? WHERE window = ? AND counter = ? AND member = ?", (month, tick.window, *tick[::2]))
            _tally(db, tick.counter, row[0], -1)
            _tally(db, tick.counter, month, 1)
    job.would_be = None
    if grown:
        counts = _counts(db, job.spans)
        if not job.stands(counts):
            db.execute("ROLLBACK TO one")
            job.would_be = counts
    db.execute("RELEASE one")


def _tally(db: sqlite3.Connection, counter: str, month: str, by: int) -> None:
    db.execute("INSERT INTO tallies VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET members = members + excluded.members", (counter, month, by))


def _counts(db: sqlite3.Connection, spans: Spans) -> Counts:
    out = dict.fromkeys(spans, 0)
    for counter, month, members in db.execute("SELECT counter, month, members FROM tallies"):
        if month in spans.get(counter, ()):
            out[counter] += members
    return out


def _entries(db: sqlite3.Connection) -> list[bytes]:
    return [row[0] for row in db.execute("SELECT entry FROM entries ORDER BY number")]


def _forget(db: sqlite3.Connection, job: _Forget) -> bool:
    db.execute("PRAGMA secure_delete=ON")
    over = {row[0] for row in db.execute("SELECT DISTINCT window FROM counted")} - job.windows
    over |= {row[0] for row in db.execute("SELECT name FROM keys WHERE name LIKE '%:%'")} - job.windows
    for window in over:
        db.execute("DELETE FROM counted WHERE window = ?", (window,))
        db.execute("DELETE FROM keys WHERE name = ?", (window,))
    db.execute("DELETE FROM tallies WHERE month < ?", (job.since,))
    return bool(over)


def _drained(db: sqlite3.Connection) -> None:
    with told():
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
