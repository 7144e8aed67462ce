# SPDX-License-Identifier: Apache-2.0
"""The record and the log, written as one: a decision is a row, a leaf and part of a signed tree head, or none of them.

A tree head is signed once for each group that is committed; a receipt's own signature is made when its bundle is asked for.  Several
gateways may write one log: each group goes on from the head that it finds.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from comity.ports import Clock, Random
from comity.storage.database import ROWS_PER_STATEMENT_MAX, Database, Script, Statement, insert
from comity.storage.home import HomeLock, prepare
from comity.storage.open import look_into, open_database
from comity.transparency import bundle, changes, rows
from comity.transparency.changes import Change
from comity.transparency.heads import Heads
from comity.transparency.ids import Ids
from comity.transparency.integrity import frontier, taken_up
from comity.transparency.log_key import Place, Shared, signer_of
from comity.transparency.merkle import HASH_BYTES, Frontier, Node, leaf_hash
from comity.transparency.note import Checkpoint, Signer, checkpoint_text
from comity.transparency.receipt import SALT_BYTES, Receipt, commitment, encoded, entry_of, minute
from comity.transparency.retention import Keeper

_encode = msgspec.json.Encoder().encode
JUDGEMENTS_KNOWN_MAX = 8192
Judged = tuple[bytes, bytes]
"""Facts, decision."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of an attempt; ids, counts and commitments only."""

    at: datetime
    status: str  # ok, interrupted, or an error's code
    attempt: int = 1
    upstream_status: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    bytes_bucket: int = 0
    sealed: str = ""  # SHA-256 of the bytes that were sealed to a node; they are made after the receipt, which therefore cannot say it
    received: dict[str, Any] | None = None  # the bundle of the node's own receipt, checked: kept as long as this record, gone with it


class _New(msgspec.Struct, frozen=True):
    id: str
    request: str
    subject: str | None
    receipt: bytes
    salt: bytes
    judged: Judged
    until: str


class _End(msgspec.Struct, frozen=True):
    id: str
    outcome: bytes


class _Done(msgspec.Struct, frozen=True):
    change: Change
    salt: bytes


class _Probe(msgspec.Struct, frozen=True):
    pass


class _Fill(msgspec.Struct, frozen=True):
    multiple: int


class _Known(NamedTuple):
    digest: bytes
    until: str


class _Last(NamedTuple):
    """What one group has left behind, which is so once its head is found to be the log's."""

    note: str
    tree: Frontier
    judgements: dict[Judged, _Known]


class Ledger:
    """Made by `open`; used from one event loop."""

    def __init__(self, database: Database, *, lock: HomeLock | None, signer: Signer, clock: Clock, random: Random) -> None:
        self.database, self._lock, self._signer, self._ids, self._random = database, lock, signer, Ids(clock, random), random
        self.origin = signer.verifier.name
        self.heads = Heads(database, signer)
        self.key_id = signer.verifier.id.hex()
        self.verifier = signer.verifier
        self.vkey = signer.verifier.vkey
        self.new_id = self._ids.ulid
        self._last: _Last | None = None
        self._expiries = 0
        self._known: dict[Judged, _Known] = {}
        self._months: set[str] = set()
        self._group = self._together  # bound once: jobs are done together where their script is the same object
        self._keeper = Keeper(database, clock)

    @classmethod
    async def open(cls, place: Place, *, clock: Clock, random: Random, record_seconds_max: float) -> Ledger:
        """``record_seconds_max``: how long a caller waits for a record before it counts as not written.

        Raises OperatorError when the home cannot be used, StorageFailure when the database cannot, TrustFailure when its
        last tree head does not stand for what it holds."""
        if isinstance(place, Shared):
            signer = signer_of(place, random)
            database = await open_database(place.url, "log", seconds_max=record_seconds_max)
            try:
                await database.read(lambda: taken_up(signer.verifier))
            except BaseException:
                await database.aclose()
                raise
            return cls(database, lock=None, signer=signer, clock=clock, random=random)
        lock = await asyncio.to_thread(_locked, place)
        try:
            known = await asyncio.to_thread(_before, place)
            database = await open_database(place / rows.DATABASE, "log", seconds_max=record_seconds_max)
            try:
                signer = await asyncio.to_thread(_taken_up, place, known, random)
            except BaseException:
                await database.aclose()
                raise
        except BaseException:
            lock.release()
            raise
        return cls(database, lock=lock, signer=signer, clock=clock, random=random)

    async def record(
        self, receipt: Receipt, *, request_id: str, subject: str | None, facts: bytes, decision: bytes, grounds: bytes = b""
    ) -> None:
        """Returns once row, leaf and tree head are durable; StorageFailure otherwise, and then nothing may be sent.  ``grounds``: of
        `receipt.grounds`; the receipt commits to them under its salt, which nobody but the ledger has before it is recorded."""
        salt = self._ids.token(SALT_BYTES)
        if grounds:
            receipt = msgspec.structs.replace(receipt, consent=commitment(salt, grounds))
        until = rows.until(receipt.at[:7], receipt.retention_months)
        await self.database.join(self._group, _New(receipt.id, request_id, subject, encoded(receipt), salt, (facts, decision), until))

    async def finish(self, receipt_id: str, outcome: Outcome) -> None:
        """Returns once the outcome is durable.  A record has one outcome: a second, or one of no record, is a StorageFailure."""
        await self.database.join(self._group, _End(receipt_id, _encode(outcome)))

    async def changed(self, at: datetime, *, by: str, role: str, what: str, of: str = "") -> int:
        """Its place, once it is durable that this is being changed; StorageFailure otherwise, and then it is not."""
        change = Change(number=0, at=minute(at), by=by, role=role, what=what, of=of)
        return int(await self.database.join(self._group, _Done(change, self._ids.token(SALT_BYTES))))

    def signed(self, form: bytes) -> bytes:
        """The log's signature under what is no receipt: ``form`` begins with a domain of its own."""
        return self._signer.sign(form)

    async def probe(self) -> None:
        """StorageFailure unless a record could be written now."""
        await self.database.join(self._group, _Probe())

    async def filled(self, multiple: int) -> str:
        """The head of the log once random leaves have filled it up to a ``multiple``, so that its size tells nobody how many records there
        are; "" while it is empty.  A leaf is random to whoever has no receipt for it, so nothing tells these from the others."""
        return await self.database.join(self._group, _Fill(multiple))

    async def checkpoint(self) -> str:
        """The newest signed tree head; empty while nothing is recorded."""
        return (await self.database.read(rows.head))[1]

    async def bundle(self, reference: str) -> dict[str, Any]:
        """By receipt id or place in the log.  Raises CallerError (404, 410), and TrustFailure for one that was changed from outside."""
        return await self.database.read(lambda: bundle.bundle(reference, self._signer))

    async def aclose(self) -> None:
        """What was taken is written first."""
        try:
            await self._keeper.aclose()
            await self.database.aclose()
        finally:
            if self._lock is not None:
                self._lock.release()

    # -- scripts: on the writer's thread, or on the loop ---------------------------------------------------------

    def _together(self, jobs: Sequence[_New | _End | _Done | _Probe | _Fill]) -> Script[list[Any]]:
        new = [job for job in jobs if type(job) is _New]
        ends = [job for job in jobs if type(job) is _End]
        done = [job for job in jobs if type(job) is _Done]
        fill = [job.multiple for job in jobs if type(job) is _Fill]
        note, first = (yield from self._append(new, done, math.lcm(*fill))) if new or done or fill else ("", 0)
        if self.database.dialect == "postgres":
            for begin in range(0, len(ends), ROWS_PER_STATEMENT_MAX):
                yield _ended(ends[begin : begin + ROWS_PER_STATEMENT_MAX])
        else:
            yield from insert("outcomes", [(end.id, end.outcome) for end in ends])
        if len(ends) + len(new) + len(done) + len(fill) < len(jobs):
            # A probe writes a row as it is, so that a full or read-only disk says so.
            yield Statement("INSERT INTO head (one, size, checkpoint) VALUES (1, 0, '') ON CONFLICT (one) DO UPDATE SET size = head.size")
        if not fill and not done:
            return [None] * len(jobs)
        places = count(first)
        return [note if type(job) is _Fill else next(places) if type(job) is _Done else None for job in jobs]

    def _append(self, new: Sequence[_New], done: Sequence[_Done], multiple: int) -> Script[tuple[str, int]]:
        """The new head, and the place of the first change."""
        size, note, expiries = yield from rows.standing()
        last, self._last = self._last, None
        if expiries != self._expiries:  # what was known to be there may be gone
            self._known, self._months, self._expiries = {}, set(), expiries
            last = None
        if last is not None and last.note == note:
            tree = last.tree
            self._known |= last.judgements
            while len(self._known) > JUDGEMENTS_KNOWN_MAX:
                self._known.pop(next(iter(self._known)))
        else:  # another gateway went on with the log, or our own group was not committed
            tree = yield from frontier(size, note, self._signer.verifier)
        made = yield from self._judgements(new)
        if self.database.dialect == "postgres":
            yield from self._partitions({job.until for job in new})
        known, records, nodes = self._known | made if made else self._known, list[tuple[Any, ...]](), list[Node]()
        for job in new:
            leaf = leaf_hash(entry_of(job.salt, job.receipt))
            digest = known[job.judged].digest
            records.append((tree.size, job.id, job.request, job.subject, job.receipt, job.salt, leaf, digest, job.until))
            nodes += tree.append(leaf)
        first, alone = tree.size, list[tuple[int, bytes]]()
        made_known: list[tuple[Any, ...]] = []
        for number, change in enumerate(done, (yield from changes.count()) if done else 0):
            raw = changes.encoded(msgspec.structs.replace(change.change, number=number))
            entry = entry_of(change.salt, raw)
            made_known.append((tree.size, raw, change.salt))
            alone.append((tree.size, entry))
            nodes += tree.append(leaf_hash(entry))
        while tree.size % multiple:
            entry = self._random.token(HASH_BYTES)
            alone.append((tree.size, entry))
            nodes += tree.append(leaf_hash(entry))
        if tree.size > size:
            yield from insert("records", records)
            yield from insert("changes", made_known)
            yield from insert("nodes", nodes)
            yield from rows.stand_alone(alone)
            note = self._signer.note(checkpoint_text(Checkpoint(self.origin, tree.size, tree.root())))
            yield Statement(_HEAD, (tree.size, note))
        self._last = _Last(note, tree, made)
        return note, first

    def _judgements(self, new: Sequence[_New]) -> Script[dict[Judged, _Known]]:
        """Those of ``new`` that may not be in the database yet, or not for long enough, put there."""
        made: dict[Judged, _Known] = {}
        for job in new:
            known = made.get(job.judged) or self._known.get(job.judged)
            if known is None or known.until < job.until:
                made[job.judged] = _Known(known.digest if known is not None else rows.digest_of(*job.judged), job.until)
        for judged, known in made.items():
            yield Statement(_JUDGEMENT, (known.digest, *judged, known.until))
        return made

    def _partitions(self, months: set[str]) -> Script[None]:
        """A partition for each month at whose end records are over, so that they go by one word (`retention.py`)."""
        for month in months - self._months:
            for table in ("records", "outcomes"):
                name = f"{table}_{month.replace('-', '_')}"
                if not (yield Statement("SELECT 1 WHERE to_regclass(?) IS NOT NULL", (name,))):
                    yield Statement(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES IN ('{month}')")
                else:  # made in a transaction before this one, so it stays
                    self._months.add(month)


_HEAD = (
    "INSERT INTO head (one, size, checkpoint) VALUES (1, ?, ?)"
    " ON CONFLICT (one) DO UPDATE SET size = excluded.size, checkpoint = excluded.checkpoint"
)
_JUDGEMENT = (
    "INSERT INTO judgements VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET until = excluded.until"
    " WHERE judgements.until < excluded.until"
)
_END = "(?, ?, (SELECT until FROM records WHERE id = ?))"


def _ended(ends: Sequence[_End]) -> Statement:
    """Each in its record's partition; where there is no record there is none, which the table refuses."""
    values = [each for end in ends for each in (end.id, end.outcome, end.id)]
    return Statement("INSERT INTO outcomes VALUES " + ",".join([_END] * len(ends)), values)  # noqa: S608


# -- a home ----------------------------------------------------------------------------------------------------------


def _locked(home: Path) -> HomeLock:
    prepare(home)
    lock = HomeLock(home)
    lock.acquire()
    return lock


def _before(home: Path) -> bool:
    """Whether the log has its key already: it has one from its first record on, and both or neither.  Raises TrustFailure."""
    path, key = home / rows.DATABASE, (home / rows.KEY).exists()
    if key and not (path.exists() and path.stat().st_size):
        raise rows.broken(
            "its key is here and its records are gone",
            f"restore `{rows.DATABASE}` from a backup; to begin a new log, move `{rows.KEY}` away too",
        )
    return key


def _taken_up(home: Path, known: bool, random: Random) -> Signer:
    """The key of a log that is whole, or of a new one."""
    into = look_into(home / rows.DATABASE, "log", seconds_max=1)
    try:
        if not known and into.look(rows.head)[0]:
            raise rows.broken("its records are here and its key is gone")
        signer = signer_of(home, random)
        into.look(lambda: taken_up(signer.verifier))
    finally:
        into.close()
    return signer
