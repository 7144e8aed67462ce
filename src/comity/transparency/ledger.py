# SPDX-License-Identifier: Apache-2.0
"""The record and the log, written as one: a decision is a row, a leaf and part of a signed tree head, or none of them.

A tree head is signed once for each group that is committed; a receipt's own signature is made when its bundle is asked for.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from comity.ports import Clock, Random
from comity.storage.home import HomeLock, prepare, secret_key
from comity.storage.sqlite import connect, insert, reading, snapshot
from comity.storage.writer import Writer
from comity.transparency import bundle, rows
from comity.transparency.ids import Ids
from comity.transparency.integrity import frontier, taken_up
from comity.transparency.merkle import Frontier, Node, leaf_hash
from comity.transparency.note import Checkpoint, Signer, checkpoint_text
from comity.transparency.receipt import SALT_BYTES, Receipt, encoded, entry_of

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode
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
    judged: tuple[bytes, bytes]  # facts, decision


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
    """Made by `open`; used from one event loop."""

    def __init__(self, home: Path, *, lock: HomeLock, signer: Signer, ids: Ids, seconds_max: float, loop: asyncio.AbstractEventLoop):
        self._path, self._lock, self._signer, self._ids = home / rows.DATABASE, lock, signer, ids
        self.origin = signer.verifier.name
        self.key_id = signer.verifier.id.hex()
        self.vkey = signer.verifier.vkey
        self.new_id = ids.ulid
        self._frontier: Frontier | None = None
        self._known: dict[tuple[bytes, bytes], bytes] = {}
        self._writer = Writer(self._path, migrations=rows.MIGRATIONS, apply=self._apply, seconds_max=seconds_max, loop=loop)

    @classmethod
    async def open(cls, home: Path, *, clock: Clock, random: Random, record_seconds_max: float) -> Ledger:
        """``record_seconds_max``: how long a caller waits for a record before it counts as not written.

        Raises OperatorError when the home cannot be used, StorageFailure when the database cannot, TrustFailure when its
        last tree head does not stand for what it holds."""
        loop = asyncio.get_running_loop()

        def opened() -> Ledger:
            prepare(home)
            lock = HomeLock(home)
            lock.acquire()
            try:
                signer = _taken_up(home, random)
                return cls(home, lock=lock, signer=signer, ids=Ids(clock, random), seconds_max=record_seconds_max, loop=loop)
            except BaseException:
                lock.release()
                raise

        return await asyncio.to_thread(opened)

    async def record(self, receipt: Receipt, *, request_id: str, subject: str | None, facts: bytes, decision: bytes) -> None:
        """Returns once row, leaf and tree head are durable; StorageFailure otherwise, and then nothing may be sent."""
        salt = self._ids.token(SALT_BYTES)
        await self._writer.write(_New(receipt.id, request_id, subject, encoded(receipt), salt, (facts, decision)))

    async def finish(self, receipt_id: str, outcome: Outcome) -> None:
        """Returns once the outcome is durable.  A record has one outcome: a second, or one of no record, is a StorageFailure."""
        await self._writer.write(_End(receipt_id, _encode(outcome)))

    async def probe(self) -> None:
        """StorageFailure unless a record could be written now."""
        await self._writer.write(_Probe())

    async def checkpoint(self) -> str:
        """The newest signed tree head; empty while nothing is recorded."""
        return (await self._read(rows.head))[1]

    async def bundle(self, reference: str) -> dict[str, Any]:
        """By receipt id or place in the log.  Raises CallerError (404), and TrustFailure for one that was changed from outside."""
        return await self._read(lambda db: bundle.bundle(db, reference, self._signer))

    async def aclose(self) -> None:
        """What was taken is written first."""
        try:
            await self._writer.aclose()
        finally:
            self._lock.release()

    async def _read(self, look: Callable[[sqlite3.Connection], T]) -> T:
        def looked() -> T:
            with reading(self._path) as db:
                return look(db)

        return await asyncio.to_thread(looked)

    # -- on the writer's thread ----------------------------------------------------------------------------------

    def _apply(self, db: sqlite3.Connection, jobs: Sequence[_New | _End | _Probe]) -> Callable[[], None]:
        new = [job for job in jobs if type(job) is _New]
        ends = [(job.id, job.outcome) for job in jobs if type(job) is _End]
        before, self._frontier = self._frontier, None  # until this group is known to be durable, the database alone knows
        tree = before if before is not None else frontier(db, self._signer.verifier)
        judgements: dict[tuple[bytes, bytes], bytes] = {}
        if new:
            judgements = self._judgements(db, new)
            self._append(db, new, tree, self._known | judgements if judgements else self._known)
        insert(db, "outcomes", ends)
        if len(ends) + len(new) < len(jobs):
            # A probe writes a row as it is, so that a full or read-only disk says so.
            db.execute("INSERT INTO head VALUES (1, 0, '') ON CONFLICT (one) DO UPDATE SET size = size")

        def committed() -> None:
            self._frontier = tree
            self._known |= judgements
            while len(self._known) > JUDGEMENTS_KNOWN_MAX:
                self._known.pop(next(iter(self._known)))

        return committed

    def _judgements(self, db: sqlite3.Connection, new: Sequence[_New]) -> dict[tuple[bytes, bytes], bytes]:
        """Those of ``new`` that may not be in the database yet, put there."""
        made = {judged: rows.digest_of(*judged) for judged in {job.judged for job in new} if judged not in self._known}
        if made:
            db.executemany("INSERT OR IGNORE INTO judgements VALUES (?, ?, ?)", [(digest, *judged) for judged, digest in made.items()])
        return made

    def _append(self, db: sqlite3.Connection, new: Sequence[_New], tree: Frontier, digests: dict[tuple[bytes, bytes], bytes]) -> None:
        records: list[tuple[Any, ...]] = []
        nodes: list[Node] = []
        for job in new:
            leaf = leaf_hash(entry_of(job.salt, job.receipt))
            records.append((tree.size, job.id, job.request, job.subject, job.receipt, job.salt, leaf, digests[job.judged]))
            nodes += tree.append(leaf)
        insert(db, "records", records)
        insert(db, "nodes", nodes)
        note = self._signer.note(checkpoint_text(Checkpoint(self.origin, tree.size, tree.root())))
        db.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", (tree.size, note))


def _taken_up(home: Path, random: Random) -> Signer:
    """The key of a log that is whole, or of a new one.  A log has its key from its first record on, and both or neither."""
    path, key = home / rows.DATABASE, (home / rows.KEY).exists()
    if key and not (path.exists() and path.stat().st_size):
        raise rows.broken(
            "its key is here and its records are gone",
            f"restore `{rows.DATABASE}` from a backup; to begin a new log, move `{rows.KEY}` away too",
        )
    with closing(connect(path, rows.MIGRATIONS)) as db, snapshot(db):
        if not key and rows.head(db)[0]:
            raise rows.broken("its records are here and its key is gone")
        signer = signer_of(home, random)
        taken_up(db, signer.verifier)
    return signer
