# SPDX-License-Identifier: Apache-2.0
"""A public log of opaque entries.  Its database is a queue that outlives the process; its tree lies in the tiles it is published as.

What was appended is durable, has its place and stands in the tree's frontier; a later `Publisher.publish` shows it.  Nothing here knows
what an entry means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from comity.ports import Random
from comity.storage.database import Database, Script, Statement, insert
from comity.storage.home import secret_key
from comity.storage.open import open_database
from comity.transparency import published
from comity.transparency.heads import Heads, ahead, checked, notes
from comity.transparency.merkle import HASH_BYTES, Frontier, inclusion_holds, leaf_hash
from comity.transparency.note import Checkpoint, Signer, Verifier
from comity.transparency.store import Store
from comity.transparency.tiles import ENTRY_BYTES_MAX, hashes_of
from comity.transparency.tlog_proof import TLogProof, written

DATABASE = "nodelog.db"
KEY = "nodelog.key"
Batch = tuple[bytes, ...]


class TLog:
    """Made by `open`; used from one event loop.  A `publish.Source`."""

    def __init__(self, database: Database, signer: Signer) -> None:
        self.database, self.heads = database, Heads(database, signer)

    @classmethod
    async def open(cls, where: Path | str, signer: Signer, *, seconds_max: float) -> TLog:
        """``where``: a file of SQLite's, or the URL of a PostgreSQL server that several gateways share.

        Raises StorageFailure, and TrustFailure (step `log`) for a log that this key did not sign or that has lost entries."""
        database = await open_database(where, "tlog", seconds_max=seconds_max)
        try:
            await database.read(lambda: _taken_up(signer.verifier))
        except BaseException:
            await database.aclose()
            raise
        return cls(database, signer)

    @property
    def verifier(self) -> Verifier:
        return self.heads.verifier

    async def append(self, entries: Sequence[bytes]) -> range:
        """Their places, once they are durable.  Raises StorageFailure, ValueError for an entry that is too long."""
        if any(len(each) > ENTRY_BYTES_MAX for each in entries):
            raise ValueError(f"an entry has at most {ENTRY_BYTES_MAX} bytes")
        return await self.database.join(_appended, tuple(entries))

    async def proof(self, index: int, store: Store) -> str:
        """A C2SP tlog-proof against the checkpoint that the ``store`` shows.

        Raises LookupError for an entry that it does not cover yet, TrustFailure for what was changed from outside."""
        shown = await published.head(store.get, self.verifier)
        if shown is None or not 0 <= index < shown.checkpoint.size:
            raise LookupError(f"entry {index} is not published yet")
        _, size, root = shown.checkpoint
        [entry] = await self.entries(index, index + 1)
        path = await published.inclusion(index, size, store.get)
        if not inclusion_holds(index, size, leaf_hash(entry), path, root):
            raise ahead("its tiles do not prove its own entry", "move the published tiles away, and they are written anew")
        return written(TLogProof(index=index, path=tuple(path), checkpoint=shown.note))

    async def recovered(self, store: Store) -> int:
        """Takes what was published and is not here any more back from the tiles; returns how many entries.  Nobody may append meanwhile.

        Raises TrustFailure where what is published is not a log of this key, or what is here is not its beginning."""
        shown, tree = await published.head(store.get, self.verifier), await self.database.read(_tree)
        begin = tree.size
        if shown is None or shown.checkpoint.size <= begin:
            return 0
        _, size, root = shown.checkpoint
        lost = await published.entries(begin, size, size, store.get)
        for each in lost:
            tree.append(leaf_hash(each))
        if tree.root() != root:
            raise ahead("with what was published it is not the one that was signed for", "keep both; begin another log under another key")
        if await self.append(lost) != range(begin, size):
            raise ahead("somebody else appended to it meanwhile", "stop every node that writes it, and begin again")
        return len(lost)

    # -- as a source -------------------------------------------------------------------------------------------------

    async def ready(self) -> Checkpoint:
        tree = await self.database.read(_tree)
        return Checkpoint(self.verifier.name, tree.size, tree.root())

    async def size(self) -> int:
        return (await self.database.read(_tree)).size

    async def entries(self, begin: int, end: int) -> list[bytes]:
        found = await self.database.read(partial(_entries, begin, end))
        if len(found) != end - begin:
            raise ahead("some of its entries are gone")
        return found

    async def aclose(self) -> None:
        """What was taken is written first."""
        await self.database.aclose()


def signer_of(seed: bytes) -> Signer:
    """A log's own key; its name says nothing of the machine: it is made from the key itself."""
    return Signer("comity.invalid/nodes/" + hashlib.sha256(b"comity node log origin" + seed).hexdigest()[:16], seed)


def signer_in(home: Path, random: Random) -> Signer:
    """The key in a home, made where there is none."""
    return signer_of(secret_key(home / KEY, random))


# -- scripts -----------------------------------------------------------------------------------------------------------


def _tree() -> Script[Frontier]:
    found = yield Statement("SELECT size, peaks FROM head")
    if not found:
        return Frontier()
    size, peaks = found[0]
    try:
        return Frontier(size, hashes_of(bytes(peaks), len(peaks) // HASH_BYTES))
    except (ValueError, TypeError, AttributeError):  # what was put there is not even of its kind
        raise ahead("its head is not one") from None


def _appended(batches: Sequence[Batch]) -> Script[list[range]]:
    tree, rows, places = (yield from _tree()), list[tuple[int, bytes]](), list[range]()
    for batch in batches:
        begin = tree.size
        for number, entry in enumerate(batch, begin):
            tree.append(leaf_hash(entry))
            rows.append((number, entry))
        places.append(range(begin, tree.size))
    yield from insert("entries", rows)
    yield Statement(
        "INSERT INTO head VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET size = excluded.size, peaks = excluded.peaks",
        (tree.size, b"".join(tree.peaks)),
    )
    return places


def _taken_up(key: Verifier) -> Script[None]:
    """As many entries as its frontier stands for, and no head of another key."""
    size = (yield from _tree()).size
    last = (yield Statement("SELECT max(idx) FROM entries"))[0][0]
    if (last if last is not None else -1) != size - 1:
        raise ahead("its head stands for other entries than it holds")
    for note in (yield from notes()):
        if note and checked(note, key).size > size:
            raise ahead("it was signed for more entries than it holds")


def _entries(begin: int, end: int) -> Script[list[bytes]]:
    rows = yield Statement("SELECT entry FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx", (begin, end))
    if not all(isinstance(row[0], bytes) for row in rows):  # SQLite takes anything
        raise ahead("some of its entries are none")
    return [row[0] for row in rows]
