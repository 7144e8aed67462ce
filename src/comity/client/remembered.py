# SPDX-License-Identifier: Apache-2.0
"""The newest tree head that was seen of each node log, kept for good: a log that takes something back, or tells two stories, is found out.

A new head must be the old one with something after it (RFC 9162 section 2.1.4), shown from the log's own tiles.  Two heads of one size
and two roots are two stories; a smaller one takes something back.  Either is `log`, and the log is not trusted again by itself: the
head that was seen stays, with its signatures, as evidence.
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
from comity.transparency.tiles import HEIGHT, WIDTH, Tile, hashes_of, tile_of, within
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
        """Returns once the head of ``proof`` is known to follow from the last, and is the last.  Raises TrustFailure, StorageFailure."""
        new = Head(proof.size, proof.root)
        while True:
            last = await self._database.read(partial(_last, log))
            if last is not None:
                await _follows(last, new, tile)
            if last == new or await self._database.write(partial(_moved, log, last, new, proof.checkpoint)):
                return

    async def keep(self, entry: str, claim: Claim) -> None:
        """Returns once a report can show what the node claimed, and how that was proved.  Raises StorageFailure."""
        await self._database.write(partial(keep, entry, claim.raw, claim.proof))


async def _follows(last: Head, new: Head, tile: Fetch) -> None:
    if new.size < last.size:
        raise _failed("the log has taken something back: it showed a larger tree before")
    if new.size == last.size:
        if new.root != last.root:
            raise _failed("the log tells two stories: of one size it showed another tree before")
        return
    path = await _consistency(last.size, new.size, tile)
    if not consistency_holds(last.size, new.size, last.root, new.root, path):
        raise _failed("the log's tree is not the one that it showed before with something after it")


async def _consistency(old: int, size: int, tile: Fetch) -> list[bytes]:
    """PROOF(old, D[size]) from the tiles of the tree of ``size``; each is fetched once."""
    wanted: list[tuple[int, int]] = []

    def noted(level: int, index: int) -> bytes:
        wanted.append((level, index))
        return b""

    consistency_proof(old, size, noted)
    tiles: dict[str, list[bytes]] = {}
    found: dict[tuple[int, int], bytes] = {}
    for level, index in wanted:
        above, inside = divmod(level, HEIGHT)
        at = tile_of(above, index << inside, size)
        if at.path not in tiles:
            tiles[at.path] = await _hashes(at, tile)
        found[level, index] = within(tiles[at.path], inside, (index << inside) % WIDTH >> inside)
    return consistency_proof(old, size, lambda level, index: found[level, index])


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
