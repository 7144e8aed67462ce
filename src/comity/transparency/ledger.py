# SPDX-License-Identifier: Apache-2.0
"""The record and the log, written as one: a decision is a row, a leaf and part of a signed tree head, or none of them.

A tree head is signed once for each group that is committed; a receipt's own signature is made when its bundle is asked for.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from comity.errors import CallerError, TrustFailure
from comity.ports import Clock, Random
from comity.storage.home import HomeLock, prepare, secret_key
from comity.storage.sqlite import Database, open_read_only
from comity.transparency import rows
from comity.transparency.merkle import Frontier, leaf_hash, peaks_of
from comity.transparency.note import Checkpoint, Signer, checkpoint_text, opened, parse_checkpoint
from comity.transparency.receipt import SALT_BYTES, Receipt, encoded, entry_of, leaf_of

_encode = msgspec.json.Encoder().encode
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [a + b for a in _CROCKFORD for b in _CROCKFORD]
JUDGEMENTS_KNOWN_MAX = 8192


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of an attempt; ids and counts only."""

    at: datetime
    status: str  # ok, interrupted, or an error's code
    attempt: int = 1
    upstream_status: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    bytes_bucket: int = 0


class _New(msgspec.Struct, frozen=True):
    id: str
    request: str
    subject: str | None
    receipt: bytes
    salt: bytes
    judgement: bytes
    facts: bytes
    decision: bytes


class _End(msgspec.Struct, frozen=True):
    id: str
    outcome: bytes


class _Probe(msgspec.Struct, frozen=True):
    pass


def signer_of(home: Path, random: Random) -> Signer:
    """The log's key.  Its name says nothing of the machine: it is made from the key itself."""
    seed = secret_key(home / rows.KEY, random)
    return Signer("comity.invalid/" + hashlib.sha256(b"comity log origin" + seed).hexdigest()[:16], seed)


class Ledger:
    """``seconds_max``: how long a caller waits for a record before it counts as not written."""

    def __init__(self, home: Path, *, clock: Clock, random: Random, signer: Signer, seconds_max: float) -> None:
        self._clock, self._random, self._signer = clock, random, signer
        self._path = home / rows.DATABASE
        self._frontier: Frontier | None = None
        self._known: dict[bytes, None] = {}
        self._lock = HomeLock(home)
        self._lock.acquire()
        try:
            self._db = Database(self._path, migrations=rows.MIGRATIONS, apply=self._apply, seconds_max=seconds_max)
        except BaseException:
            self._lock.release()
            raise
        self.origin = signer.verifier.name
        self.key_id = signer.verifier.id.hex()
        self.vkey = signer.verifier.vkey

    @classmethod
    async def open(cls, home: Path, *, clock: Clock, random: Random, record_seconds_max: float) -> Ledger:
        """Raises OperatorError when the home cannot be used, StorageFailure when the database cannot, TrustFailure when its
        last tree head does not stand for what it holds."""

        def opened_ledger() -> Ledger:
            prepare(home)
            return cls(home, clock=clock, random=random, signer=signer_of(home, random), seconds_max=record_seconds_max)

        ledger = await asyncio.to_thread(opened_ledger)
        try:
            await asyncio.to_thread(ledger._check)
        except BaseException:
            await ledger.aclose()
            raise
        return ledger

    def new_id(self) -> str:
        """A ULID: 48 bits of milliseconds, 80 random bits, in Crockford's base 32."""
        value = int(self._clock.now().timestamp() * 1000) << 80 | int.from_bytes(self._random.token(10), "big")
        return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])

    async def record(self, receipt: Receipt, *, request_id: str, subject: str | None, facts: bytes, decision: bytes) -> None:
        """Returns once row, leaf and tree head are durable; StorageFailure otherwise, and then nothing may be sent."""
        digest = hashlib.sha256(len(facts).to_bytes(8, "big") + facts + decision).digest()
        await self._db.write(
            _New(receipt.id, request_id, subject, encoded(receipt), self._random.token(SALT_BYTES), digest, facts, decision)
        )

    async def finish(self, receipt_id: str, outcome: Outcome) -> None:
        """Returns once the outcome is durable."""
        await self._db.write(_End(receipt_id, _encode(outcome)))

    async def probe(self) -> None:
        """StorageFailure unless a record could be written now."""
        await self._db.write(_Probe())

    async def checkpoint(self) -> str:
        """The newest signed tree head; empty while nothing is recorded."""
        return await asyncio.to_thread(self._read, lambda db: rows.head(db)[1])

    async def bundle(self, reference: str) -> dict[str, Any]:
        """By receipt id or place in the log.  Raises CallerError (404)."""
        return await asyncio.to_thread(self._read, lambda db: rows.bundle(db, reference, self._signer))

    async def aclose(self) -> None:
        await self._db.aclose()
        self._lock.release()

    # -- on the writer's thread ----------------------------------------------------------------------------------

    def _apply(self, db: sqlite3.Connection, jobs: Sequence[_New | _End | _Probe]) -> Callable[[], None]:
        new = [job for job in jobs if isinstance(job, _New)]
        before, self._frontier = self._frontier, None  # until this group is known to be durable, the database alone knows
        frontier = before if before is not None else _frontier(db)
        if new:
            self._append(db, new, frontier)
        ends = [(job.outcome, job.id) for job in jobs if isinstance(job, _End)]
        if ends:
            db.executemany("UPDATE records SET outcome = ? WHERE id = ?", ends)
        if len(ends) + len(new) < len(jobs):
            # A probe writes a row as it is, so that a full or read-only disk says so.
            db.execute("INSERT INTO head VALUES (1, 0, '') ON CONFLICT (one) DO UPDATE SET size = size")

        def committed() -> None:
            self._frontier = frontier
            for job in new:
                self._known[job.judgement] = None
            while len(self._known) > JUDGEMENTS_KNOWN_MAX:
                self._known.pop(next(iter(self._known)))

        return committed

    def _append(self, db: sqlite3.Connection, new: Sequence[_New], frontier: Frontier) -> None:
        judgements = {job.judgement: (job.judgement, job.facts, job.decision) for job in new if job.judgement not in self._known}
        if judgements:
            db.executemany("INSERT OR IGNORE INTO judgements VALUES (?, ?, ?)", judgements.values())
        records, nodes = [], []
        for job in new:
            records.append((frontier.size, job.id, job.request, job.subject, job.receipt, job.salt, job.judgement))
            nodes += frontier.append(leaf_hash(entry_of(job.salt, job.receipt)))
        db.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", records)
        db.executemany("INSERT INTO nodes VALUES (?, ?, ?)", nodes)
        note = self._signer.note(checkpoint_text(Checkpoint(self.origin, frontier.size, frontier.root())))
        db.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", (frontier.size, note))

    # -- reading -------------------------------------------------------------------------------------------------

    def _read(self, look: Callable[[sqlite3.Connection], Any]) -> Any:
        db = open_read_only(self._path)
        try:
            return look(db)
        finally:
            db.close()

    def _check(self) -> None:
        """What is there is what was last signed: size, root, and the newest record's own leaf."""
        db = open_read_only(self._path)
        try:
            size, note = rows.head(db)
            count = db.execute("SELECT count(*) FROM records").fetchone()[0]
            if count != size:
                raise _broken(f"its head stands for {size} records and it holds {count}")
            if size and not self._stands(db, size, note):
                raise _broken("its head does not stand for its records")
        finally:
            db.close()

    def _stands(self, db: sqlite3.Connection, size: int, note: str) -> bool:
        try:
            head = parse_checkpoint(opened(note, self._signer.verifier))
            receipt, salt = db.execute("SELECT receipt, salt FROM records WHERE idx = ?", (size - 1,)).fetchone()
            newest = rows.node_at(db, 0, size - 1) == leaf_of(salt, receipt)
            return newest and head == Checkpoint(self.origin, size, _frontier(db).root())
        except (ValueError, TypeError, CallerError):  # what was put there is not even of its kind
            return False


def _frontier(db: sqlite3.Connection) -> Frontier:
    size, _ = rows.head(db)
    return Frontier(size, [rows.node_at(db, level, index) for level, index in peaks_of(size)])


def _broken(why: str) -> TrustFailure:
    return TrustFailure(f"the log was changed from outside: {why}", step="log", code="trust.log", hint="restore the home from a backup")
