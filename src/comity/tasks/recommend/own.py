# SPDX-License-Identifier: Apache-2.0
"""One person's events, in one file of theirs, and nowhere else.

What is forgotten is gone from the file too: SQLite overwrites what it deletes, and its log is emptied before `forget` returns.  A list of
suggestions is worked out anew each time, so nothing that was forgotten lives on in a profile: there is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec

from comity.errors import CallerError, StorageFailure
from comity.ports import Clock, Random
from comity.tasks.recommend.shapes import Event

if TYPE_CHECKING:
    import sqlite3

EVENTS_MAX = 100_000
_TABLES = (
    """CREATE TABLE events (
         number INTEGER PRIMARY KEY,
         id TEXT NOT NULL UNIQUE,
         item TEXT NOT NULL,
         value REAL NOT NULL,
         at TEXT NOT NULL,
         context TEXT NOT NULL)""",
)


class Own:
    """``path``: made for its owner alone where it was not there.  Raises StorageFailure from each of its methods."""

    def __init__(self, path: Path, *, clock: Clock, random: Random) -> None:
        from comity.storage.sqlite import connect, told

        self._path, self._clock, self._random = path, clock, random
        self._db: sqlite3.Connection = connect(path, _TABLES)
        with told():
            self._db.execute("PRAGMA secure_delete=ON")

    def __enter__(self) -> Own:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def add(self, events: Iterable[Event]) -> tuple[Event, ...]:
        """All or none, with their ids and times; durable when it returns.  One whose id is kept already is not kept twice."""
        from comity.storage.sqlite import told

        kept = tuple(self._whole(event) for event in events)
        rows = [(event.id, event.item, event.value, _text(event.at), event.context) for event in kept]
        with told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany(
                    "INSERT INTO events (id, item, value, at, context) VALUES (?,?,?,?,?) ON CONFLICT (id) DO NOTHING", rows
                )
                if (count := self.count()) > EVENTS_MAX:
                    raise CallerError(
                        f"{count} events are more than the {EVENTS_MAX} that are kept", hint="forget what is old", field="events"
                    )
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
        return kept

    def count(self) -> int:
        from comity.storage.sqlite import told

        with told():
            return int(self._db.execute("SELECT count(*) FROM events").fetchone()[0])

    def events(self) -> tuple[Event, ...]:
        """In the order they were kept: for `recommend`, on this device, and for the person's own eyes."""
        from comity.storage.sqlite import told

        with told():
            rows = self._db.execute("SELECT id, item, value, at, context FROM events ORDER BY number").fetchall()
        return tuple(
            Event(id=name, item=item, value=value, at=datetime.fromisoformat(at), context=context)
            for name, item, value, at, context in rows
        )

    def forget(self, *, event: str = "", item: str = "") -> int:
        """How many events went: the one of that id, those of that item; of neither named, all."""
        from comity.storage.sqlite import told

        where, values = ("WHERE id = ? OR item = ?", (event or None, item or None)) if event or item else ("", ())
        with told():
            gone = self._db.execute(f"DELETE FROM events {where}", values).rowcount  # noqa: S608
            busy = int(self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
        if busy:
            raise StorageFailure(
                "what is forgotten is not yet gone from the disk: another program is reading",
                code="storage.unavailable", hint="close it and forget again",
            )  # fmt: skip
        return gone

    def reset(self) -> None:
        """As if there never had been anything: the events overwritten, then the file itself removed.  Closes."""
        from comity.storage.sqlite import told

        self.forget()
        self.close()
        with told():
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)

    def _whole(self, event: Event) -> Event:
        at = event.at or self._clock.now()
        if at.tzinfo is None:
            raise CallerError("the time of an event has no offset", hint="add one (`+08:00`)", field="at")
        return msgspec.structs.replace(event, id=event.id or self._random.token(8).hex(), at=at.astimezone(UTC))


def _text(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()
