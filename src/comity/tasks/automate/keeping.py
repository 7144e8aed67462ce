# SPDX-License-Identifier: Apache-2.0
"""Rules, what happened and what was done about it, in one file of the person's own.

Everything that belongs together is written together: an event is taken up in the same commit as what it sets off, so a kill at any moment
leaves either both or neither.  A firing is kept under its key for good, and a key is never taken up twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from comity.errors import CallerError
from comity.tasks.automate.engine import Event, Firing, State
from comity.tasks.automate.rule import Rule
from comity.tasks.shapes import Shape

if TYPE_CHECKING:
    import sqlite3

RULES_MAX, EVENTS_MAX = 20_000, 50_000
Missed = Literal["once", "skip"]
Status = Literal["due", "begun", "done", "failed", "held", "missed", "waits", "interrupted"]
_TABLES = (
    """CREATE TABLE rules (id TEXT PRIMARY KEY, kept BLOB NOT NULL);
       CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), kept BLOB NOT NULL);
       CREATE TABLE events (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kept BLOB NOT NULL, taken INTEGER NOT NULL);
       CREATE INDEX events_new ON events (number) WHERE taken = 0;
       CREATE TABLE runs (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, rule TEXT NOT NULL, at TEXT NOT NULL, status TEXT NOT NULL,
         step INTEGER NOT NULL, why TEXT NOT NULL, told TEXT NOT NULL, changed TEXT NOT NULL);
       CREATE INDEX runs_open ON runs (number) WHERE status IN ('due', 'begun');
       CREATE INDEX runs_rule ON runs (rule, number)""",
)


class Kept(Shape, frozen=True, kw_only=True):
    """``text`` is what the person said.  ``permission``: intents that it was let do without asking again.  ``since``: when it was last
    switched on; what came before is none of its business."""

    id: str
    rule: Rule
    text: str
    language: str
    on: bool = False
    missed: Missed = "skip"
    permission: tuple[str, ...] = ()
    since: datetime | None = None


class Run(Shape, frozen=True, kw_only=True):
    """A line of the log.  ``step``: how many actions were done; ``why`` a code, for example `late`, or the condition that was not met."""

    key: str
    rule: str
    at: datetime
    status: Status
    step: int = 0
    why: str = ""
    told: str = ""


class Keeping:
    """``path``: made for its owner alone where it was not there.  Raises StorageFailure from each of its methods."""

    def __init__(self, path: Path) -> None:
        from comity.storage.sqlite import connect

        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._db: sqlite3.Connection = connect(path, _TABLES)

    def __enter__(self) -> Keeping:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is written inside is durable when it ends, or none is."""
        from comity.storage.sqlite import told

        with told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        from comity.storage.sqlite import told

        with told():
            return self._db.execute(statement, values).fetchall()

    def version(self) -> int:
        """Another number once another process has written."""
        return int(self._rows("PRAGMA data_version")[0][0])

    # -- rules ----------------------------------------------------------------------------------------------------------------

    def rules(self) -> list[Kept]:
        return [msgspec.json.decode(row[0], type=Kept) for row in self._rows("SELECT kept FROM rules ORDER BY rowid")]

    def rule(self, id_: str) -> Kept:
        rows = self._rows("SELECT kept FROM rules WHERE id = ?", id_)
        if not rows:
            raise CallerError(f"there is no rule `{id_[:64]}`", code="automate.no_rule", status=404, hint="comity automate list")
        return msgspec.json.decode(rows[0][0], type=Kept)

    def put(self, kept: Kept) -> None:
        if not self._rows("SELECT 1 FROM rules WHERE id = ?", kept.id) and self._rows("SELECT count(*) FROM rules")[0][0] >= RULES_MAX:
            raise CallerError(f"{RULES_MAX} rules are kept at most", code="automate.too_many", hint="remove some", field="rule")
        self._rows(
            "INSERT INTO rules (id, kept) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET kept = excluded.kept", kept.id, _json(kept)
        )  # fmt: skip

    def remove(self, id_: str) -> None:
        """With its log; what it began and did not end is not gone on with."""
        self.rule(id_)
        with self.together():
            self._db.execute("DELETE FROM rules WHERE id = ?", (id_,))
            self._db.execute("DELETE FROM runs WHERE rule = ?", (id_,))

    # -- what happened ----------------------------------------------------------------------------------------------------------

    def tell(self, event: Event) -> bool:
        """Durable when it returns; False where it was told before."""
        rows = self._rows(
            "INSERT INTO events (id, kept, taken) VALUES (?, ?, 0) ON CONFLICT (id) DO NOTHING RETURNING 1", event.id, _json(event)
        )  # fmt: skip
        return bool(rows)

    def new(self) -> list[Event]:
        """Told and not taken up, in the order told."""
        return [msgspec.json.decode(r[0], type=Event) for r in self._rows("SELECT kept FROM events WHERE taken = 0 ORDER BY number")]

    def take(self, event: Event) -> None:
        """Within `together`.  Of old events the id stays, so that none is taken up again."""
        self._db.execute("UPDATE events SET taken = 1 WHERE id = ?", (event.id,))
        self._db.execute(
            "UPDATE events SET kept = x'' WHERE number = (SELECT max(number) FROM events) - ? AND taken = 1", (EVENTS_MAX,)
        )  # fmt: skip

    def past(self) -> list[Event]:
        """What was taken up, oldest first."""
        rows = self._rows("SELECT kept FROM events WHERE taken = 1 AND length(kept) > 0 ORDER BY number")
        return [msgspec.json.decode(row[0], type=Event) for row in rows]

    # -- state and runs ---------------------------------------------------------------------------------------------------------

    def state(self) -> State:
        rows = self._rows("SELECT kept FROM state")
        return msgspec.json.decode(rows[0][0], type=State) if rows else State()

    def put_state(self, state: State) -> None:
        self._rows("INSERT INTO state (one, kept) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET kept = excluded.kept", _json(state))

    def take_up(self, firing: Firing, status: Status, why: str, now: datetime) -> bool:
        """False where its key was taken up before: once and for all."""
        rows = self._rows(
            "INSERT INTO runs (key, rule, at, status, step, why, told, changed) VALUES (?, ?, ?, ?, 0, ?, '', ?)"
            " ON CONFLICT (key) DO NOTHING RETURNING 1",
            firing.key, firing.rule, _time(firing.at), status, why, _time(now),
        )  # fmt: skip
        return bool(rows)

    def move(self, key: str, status: Status, step: int, now: datetime, *, why: str | None = None, told: str | None = None) -> None:
        self._rows(
            "UPDATE runs SET status = ?, step = ?, changed = ?, why = coalesce(?, why), told = coalesce(?, told) WHERE key = ?",
            status, step, _time(now), why, told, key,
        )  # fmt: skip

    def open_runs(self) -> list[Run]:
        return self._runs("WHERE status IN ('due', 'begun') ORDER BY number")

    def run(self, key: str) -> Run:
        found = self._runs("WHERE key = ?", key)
        if not found:
            raise CallerError("nothing was run under this key", code="automate.no_run", status=404, hint="comity automate log")
        return found[0]

    def log(self, rule: str = "", most: int = 100) -> Sequence[Run]:
        """The latest first."""
        if rule:
            return self._runs("WHERE rule = ? ORDER BY number DESC LIMIT ?", rule, most)
        return self._runs("ORDER BY number DESC LIMIT ?", most)

    def _runs(self, tail: str, *values: Any) -> list[Run]:
        rows = self._rows(f"SELECT key, rule, at, status, step, why, told FROM runs {tail}", *values)  # noqa: RUF100, S608
        return [
            Run(key=key, rule=rule, at=datetime.fromisoformat(at), status=status, step=step, why=why, told=told)
            for key, rule, at, status, step, why, told in rows
        ]


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
