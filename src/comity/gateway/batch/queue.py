# SPDX-License-Identifier: Apache-2.0
"""The queue of lines in the state: scripts alone.

A line is waiting, or held by one gateway that is at it, or gone; what takes it out writes its answer in the same transaction.  A gateway
that is not heard of for a while counts as killed, and what it held waits again as `lost`: it may have been sent, so whoever takes it
next says so instead of sending it, unless the batch said that it may be sent twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from comity.errors import CallerError
from comity.storage.database import Row, Script, Statement, insert

Fate = Literal["", "batch.cancelled", "batch.expired", "batch.stopped", "batch.interrupted"]
"""Why a line is answered without being sent."""
FATES: dict[str, Fate] = {"in_progress": "", "cancelling": "batch.cancelled", "expiring": "batch.expired", "stopping": "batch.stopped"}
ENDS = {"in_progress": "completed", "cancelling": "cancelled", "expiring": "expired", "stopping": "failed"}
WRITTEN_AT_ONCE = 64
_COLUMNS = (
    "id, owner, endpoint, input, output, errors, terms, retry, status, why, pause, total, completed, failed, made, expires, begun, "
    "stopped, ended, keep"
)
_UNREAD = "FROM batches WHERE ended IS NULL AND total IS NULL AND (holder IS NULL OR holder = ?)"


class Batch(NamedTuple):
    """``terms`` is sealed; ``why`` is a JSON list of faults; instants in seconds since 1970."""

    id: str
    owner: str
    endpoint: str
    input: str
    output: str
    errors: str
    terms: bytes
    retry: int
    status: str
    why: str
    pause: int
    total: int | None
    completed: int
    failed: int
    made: int
    expires: int
    begun: int | None
    stopped: int | None
    ended: int | None
    keep: int


class Place(NamedTuple):
    """Where a line stands in its file; numbers begin with 1."""

    number: int
    piece: int
    first: int
    length: int


class Held(NamedTuple):
    batch: Batch
    place: Place
    fate: Fate


class Leased(NamedTuple):
    lines: list[Held]
    unread: bool  # whether a batch waits to be read


class Settled(NamedTuple):
    """What became of a line: its piece of one of the two files."""

    batch: str
    number: int
    file: str
    good: bool
    sealed: bytes
    size: int
    name: bytes  # of the file, sealed
    at: int


def submit(batch: Batch) -> Script[None]:
    """Raises CallerError where its input is not there."""
    sql = "SELECT purpose FROM files WHERE id = ? AND owner = ? AND bytes IS NOT NULL AND until > ?"
    rows = yield Statement(sql, (batch.input, batch.owner, batch.made))
    if not rows or rows[0][0] != "batch":
        raise CallerError(
            "`input_file_id` is no file of purpose `batch` here", code="batch.no_file", status=404, field="input_file_id",
            hint='upload one first: POST /v1/files with purpose "batch"',
        )  # fmt: skip
    marks = ", ".join("?" * len(batch))
    yield Statement(f"INSERT INTO batches ({_COLUMNS}) VALUES ({marks})", batch)  # noqa: S608


def found(name: str, owner: str) -> Script[Batch]:
    """Raises CallerError."""
    rows = yield Statement(f"SELECT {_COLUMNS} FROM batches WHERE id = ? AND owner = ?", (name, owner))  # noqa: S608
    if not rows:
        raise CallerError(
            f"there is no batch `{name[:64]}`", code="batch.unknown", status=404, hint="it may be another key's, or long over"
        )
    return _batch(rows[0])


def listed(owner: str, *, after: str, limit: int) -> Script[list[Batch]]:
    """The newest first; one more than ``limit`` where there are more."""
    sql, values = f"SELECT {_COLUMNS} FROM batches WHERE owner = ?", [owner]  # noqa: S608
    if after:
        behind = "(made, id) < (SELECT made, id FROM batches WHERE id = ? AND owner = ?)"
        sql, values = f"{sql} AND {behind}", [owner, after, owner]
    rows = yield Statement(sql + " ORDER BY made DESC, id DESC LIMIT ?", [*values, limit + 1])
    return [_batch(row) for row in rows]


def cancel(name: str, owner: str, at: int) -> Script[Batch]:
    """What is under way ends; nothing else is sent.  Raises CallerError."""
    batch = yield from found(name, owner)
    if batch.ended is not None:
        raise CallerError(f"batch `{name}` has ended: {batch.status}", code="batch.ended", status=409, hint="there is nothing to cancel")
    if batch.status in ("validating", "in_progress"):
        yield Statement("UPDATE batches SET status = 'cancelling', stopped = ?, pause = 0 WHERE id = ?", (at, name))
    return (yield from found(name, owner))


# -- what gateways do ----------------------------------------------------------------------------------------------------


def due(at: int) -> Script[bool]:
    """Whether a batch may have something to do."""
    sql = "SELECT id FROM batches WHERE ended IS NULL AND (pause <= ? OR expires <= ?) LIMIT 1"
    return bool((yield Statement(sql, (at, at))))


def beat(holder: str, until: int) -> Script[None]:
    """This gateway is alive."""
    sql = "INSERT INTO batch_holders VALUES (?, ?) ON CONFLICT (holder) DO UPDATE SET until = excluded.until"
    yield Statement(sql, (holder, until))


def leave(holder: str) -> Script[None]:
    """This gateway goes: what it may still hold is free at once."""
    yield Statement("DELETE FROM batch_holders WHERE holder = ?", (holder,))


def untidy(at: int) -> Script[bool]:
    """Whether there is anything for `tidy`."""
    dead = "holder IS NOT NULL AND holder NOT IN (SELECT holder FROM batch_holders WHERE until > ?)"
    sql = (
        f"SELECT 1 FROM batch_lines WHERE {dead} UNION ALL SELECT 1 FROM batches WHERE ended IS NULL AND {dead} "  # noqa: S608
        "UNION ALL SELECT 1 FROM batch_holders WHERE until <= ? UNION ALL SELECT 1 FROM batches WHERE ended + keep <= ? LIMIT 1"
    )
    return bool((yield Statement(sql, (at, at, at, at))))


def tidy(at: int) -> Script[None]:
    """Takes from the dead what they held; what is over for long enough is forgotten."""
    living = "(SELECT holder FROM batch_holders WHERE until > ?)"
    lost = "lost = CASE WHEN (SELECT retry FROM batches WHERE id = batch) = 1 THEN 0 ELSE 1 END"
    yield Statement(f"UPDATE batch_lines SET holder = NULL, {lost} WHERE holder IS NOT NULL AND holder NOT IN {living}", (at,))  # noqa: S608
    sql = f"UPDATE batches SET holder = NULL WHERE ended IS NULL AND holder IS NOT NULL AND holder NOT IN {living}"  # noqa: S608
    yield Statement(sql, (at,))
    yield Statement("DELETE FROM batch_holders WHERE until <= ?", (at,))
    yield Statement("DELETE FROM batches WHERE ended IS NOT NULL AND ended + keep <= ?", (at,))


def unread(holder: str, until: int) -> Script[Batch | None]:
    """One whose file nobody has read, or this gateway not to its end, is this gateway's to read."""
    rows = yield Statement(f"SELECT {_COLUMNS} {_UNREAD} ORDER BY made, id LIMIT 1", (holder,))
    if not rows:
        return None
    yield from beat(holder, until)
    yield Statement("UPDATE batches SET holder = ? WHERE id = ?", (holder, rows[0][0]))
    return _batch(rows[0])


def lines(batch: str, holder: str, places: Sequence[Place]) -> Script[bool]:
    """Some of what was read; whether it is still this gateway that reads.  Read again after a kill, they are the same."""
    if not (yield Statement("SELECT id FROM batches WHERE id = ? AND holder = ? AND total IS NULL", (batch, holder))):
        return False
    if places:
        last = yield Statement("SELECT MAX(number) FROM batch_lines WHERE batch = ?", (batch,))
        yield from insert("batch_lines", [(batch, *place, None, 0) for place in places if place.number > (last[0][0] or 0)])
    return True


def begin(batch: str, holder: str, total: int, at: int) -> Script[None]:
    """Every line is in the queue."""
    status = "CASE WHEN status = 'validating' THEN 'in_progress' ELSE status END"
    sql = f"UPDATE batches SET total = ?, begun = ?, holder = NULL, status = {status} WHERE id = ? AND holder = ? AND total IS NULL"  # noqa: S608
    yield Statement(sql, (total, at, batch, holder))


def refuse(batch: str, holder: str, why: str, at: int) -> Script[None]:
    """Its file is not what it should be: nothing of it is sent."""
    sql = (
        "UPDATE batches SET status = 'failed', why = ?, ended = ?, holder = NULL WHERE id = ? AND holder = ? AND total IS NULL RETURNING id"
    )
    if (yield Statement(sql, (why, at, batch, holder))):
        yield Statement("DELETE FROM batch_lines WHERE batch = ?", (batch,))


def stop(batch: str, why: str, at: int) -> Script[None]:
    """Nobody holds its key any more."""
    sql = "UPDATE batches SET status = 'stopping', why = ?, stopped = ?, pause = 0 WHERE id = ? AND status IN ('validating', 'in_progress')"
    yield Statement(sql, (why, at, batch))


def lease(holder: str, until: int, room: int, at: int) -> Script[Leased]:
    """Lines that are this gateway's until it settles or gives them back: ``room`` to be sent at most, and some to be only answered.

    The batch of which the least is done comes first, so that none waits for a longer one's end."""
    yield Statement("UPDATE batches SET status = 'expiring', pause = 0 WHERE status = 'in_progress' AND expires <= ?", (at,))
    sql = f"SELECT {_COLUMNS} FROM batches WHERE ended IS NULL AND total IS NOT NULL AND pause <= ? ORDER BY completed + failed, made, id"  # noqa: S608
    out: list[Held] = []
    for batch in [_batch(row) for row in (yield Statement(sql, (at,)))]:
        fate = FATES[batch.status]
        most = WRITTEN_AT_ONCE if fate else room
        if not most:
            continue
        wanted = "SELECT number, piece, first, length, lost FROM batch_lines WHERE batch = ? AND holder IS NULL ORDER BY number LIMIT ?"
        for row in (yield Statement(wanted, (batch.id, most))):
            yield Statement("UPDATE batch_lines SET holder = ? WHERE batch = ? AND number = ?", (holder, batch.id, row[0]))
            out.append(Held(batch, Place(*map(int, row[:4])), fate or ("batch.interrupted" if row[4] else "")))
            room -= not fate
    if out:
        yield from beat(holder, until)
    return Leased(out, bool((yield Statement(f"SELECT id {_UNREAD} LIMIT 1", (holder,)))))


def reclaim(holder: str, known: frozenset[tuple[str, int]]) -> Script[None]:
    """After a lease of which nobody knows whether it was written: what it took beside ``known`` was not begun."""
    for batch, number in (yield Statement("SELECT batch, number FROM batch_lines WHERE holder = ?", (holder,))):
        if (batch, number) not in known:
            yield Statement("UPDATE batch_lines SET holder = NULL WHERE batch = ? AND number = ?", (batch, number))


def lose(batch: str, number: int, holder: str) -> Script[None]:
    """A bug of ours ended it: nobody knows how far it came."""
    sql = "UPDATE batch_lines SET holder = NULL, lost = 1 WHERE batch = ? AND number = ? AND holder = ?"
    yield Statement(sql, (batch, number, holder))


def give_back(batch: str, number: int, holder: str, pause: int) -> Script[None]:
    """Nothing of it was sent, and for a while nothing of its batch is: whoever is told to wait is the caller of all its lines."""
    sql = "UPDATE batch_lines SET holder = NULL WHERE batch = ? AND number = ? AND holder = ? RETURNING number"
    if (yield Statement(sql, (batch, number, holder))):
        yield Statement("UPDATE batches SET pause = ? WHERE id = ? AND pause < ?", (pause, batch, pause))


def settle(jobs: Sequence[Settled]) -> Script[list[bool]]:
    """For `Database.join`.  False: somebody else has answered it.  One that was taken for dead and comes late may still be the first."""
    out = []
    for job in jobs:
        out.append((yield from _settle(job)))
    return out


def _settle(job: Settled) -> Script[bool]:
    sql = "DELETE FROM batch_lines WHERE batch = ? AND number = ? RETURNING number"
    if not (yield Statement(sql, (job.batch, job.number))):
        return False
    counted = "completed = completed + 1" if job.good else "failed = failed + 1"
    rows = yield Statement(f"UPDATE batches SET {counted} WHERE id = ? RETURNING {_COLUMNS}", (job.batch,))  # noqa: S608
    batch = _batch(rows[0])
    yield Statement(
        "INSERT INTO files VALUES (?, ?, 'batch_output', ?, ?, 1, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "bytes = files.bytes + excluded.bytes, pieces = files.pieces + 1",
        (job.file, batch.owner, job.name, job.size, job.at, batch.expires + batch.keep),
    )
    yield from insert("file_pieces", [(job.file, job.number, job.sealed)])
    if batch.completed + batch.failed == batch.total:
        yield Statement("UPDATE batches SET status = ?, ended = ? WHERE id = ?", (ENDS[batch.status], job.at, batch.id))
        yield Statement("UPDATE files SET until = ? WHERE id IN (?, ?)", (job.at + batch.keep, batch.output, batch.errors))
    return True


def _batch(row: Row) -> Batch:
    made = Batch(*row)
    return made._replace(terms=bytes(made.terms))
