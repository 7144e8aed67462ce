# SPDX-License-Identifier: Apache-2.0
"""The newest tree head that was seen of each node log, kept for good: a log that takes something back, or tells two stories, is found out.

Of the new head and the last one is the beginning of the other (RFC 9162 section 2.1.4), shown from the log's own tiles: nodes behind one
address may show heads of their own, and one of them an older one; `trust` has seen that it is fresh.  The larger stays the last.  Two heads
of one size and two roots are two stories, and one that is no beginning of what was seen takes something back.  Either is `log`, and the log
is not trusted again by itself: the head that was seen stays, with its signatures, as evidence.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from comity.client.document import Claim
from comity.errors import ProviderFailure, TrustFailure
from comity.storage.database import Database, Script, Statement
from comity.transparency.merkle import HASH_BYTES, consistency_holds, consistency_proof
from comity.transparency.met import keep
from comity.transparency.published import worked_out
from comity.transparency.tiles import Tile, hashes_of
from comity.transparency.trust import Proof

Fetch = Callable[[str], Awaitable[bytes]]
"""A tile's bytes by its path (`tile/0/000.p/5`)."""


class Head(NamedTuple):
    size: int
    root: bytes


class Remembered:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def follow(self, log: str, proof: Proof, tile: Fetch) -> None:
        """Returns once the head of ``proof`` is known to be of one story with the last, and the larger is the last.

        Raises TrustFailure, StorageFailure, and ProviderFailure where the log's tiles are not to be had."""
        new = Head(proof.size, proof.root)
        while True:
            last = await self._database.read(partial(_last, log))
            if last is not None:
                await _one_story(last, new, tile)
                if new.size <= last.size:
                    return
            if await self._database.write(partial(_moved, log, last, new, proof.checkpoint)):
                return

    async def keep(self, entry: str, claim: Claim) -> None:
        """Returns once a report can show what the node claimed, and how that was proved.  Raises StorageFailure."""
        await self._database.write(partial(keep, entry, claim.raw, claim.proof))


async def _one_story(last: Head, new: Head, tile: Fetch) -> None:
    old, large = sorted((last, new), key=lambda each: each.size)
    if old.size == large.size:
        if old.root != large.root:
            raise _failed("the log tells two stories: of one size it showed another tree before")
        return
    try:
        path = await worked_out(lambda node: consistency_proof(old.size, large.size, node), large.size, lambda at: _hashes(at, tile))
    except ProviderFailure as failure:
        if large is not last or failure.upstream_status != 404:
            raise
        raise _failed("the log has taken something back: it showed a larger tree before, and has it no more") from None
    if not consistency_holds(old.size, large.size, old.root, large.root, path):
        raise _failed("the log's tree and the one that it showed before are not one with something after it")


async def _hashes(at: Tile, tile: Fetch) -> list[bytes]:
    """A tile that is full by now may not be had as it was (C2SP tlog-tiles, "Partial tiles")."""
    try:
        raw = await tile(at.path)
    except ProviderFailure as failure:
        if failure.upstream_status != 404 or at == at.full:
            raise
        raw = (await tile(at.full.path))[: at.width * HASH_BYTES]
    try:
        return hashes_of(raw, at.width)
    except ValueError as error:
        raise _failed(f"its tiles are none: {error}") from None


def _last(log: str) -> Script[Head | None]:
    found = yield Statement("SELECT size, root FROM heads WHERE log = ?", (log,))
    return Head(int(found[0][0]), bytes(found[0][1])) if found else None


def _moved(log: str, last: Head | None, new: Head, note: str) -> Script[bool]:
    """False where another has moved it meanwhile."""
    if (yield from _last(log)) != last:
        return False
    yield Statement(_MOVE, (log, new.size, new.root, note))
    return True


_MOVE = (
    "INSERT INTO heads VALUES (?, ?, ?, ?) ON CONFLICT (log) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note"
)


def _failed(why: str) -> TrustFailure:
    return TrustFailure(why, step="log", code="trust.log", hint="nothing was sent; keep this installation's state: it holds the evidence")
