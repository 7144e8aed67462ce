# SPDX-License-Identifier: Apache-2.0
"""A published log read back from its tiles: proofs made from them alone, and the whole of it checked.

What is fetched is believed only once it leads to a root that was signed, so it does not matter who hands it out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple, TypeVar

from comity.errors import TrustFailure
from comity.transparency.merkle import NodeAt, consistency_proof, inclusion_proof, leaf_hash
from comity.transparency.note import NOTE_BYTES_MAX, Checkpoint, Verifier, signed_checkpoint
from comity.transparency.tiles import CHECKPOINT, ENTRIES, HEIGHT, WIDTH, Edge, Tile, entries_of, hashes_of, tile_of, widths, within

T = TypeVar("T")
Fetch = Callable[[str], Awaitable[bytes | None]]
"""What a path of the log holds; None where there is nothing."""


class Head(NamedTuple):
    checkpoint: Checkpoint
    note: str


async def head(fetch: Fetch, key: Verifier) -> Head | None:
    """The checkpoint that the log shows; None where there is none yet.  Raises TrustFailure (step `checkpoint`)."""
    raw = await fetch(CHECKPOINT)
    if raw is None:
        return None
    try:
        note = raw[: NOTE_BYTES_MAX + 1].decode()
        return Head(signed_checkpoint(note, key), note)
    except ValueError as error:
        raise failed("checkpoint", f"what the log shows as its checkpoint: {error}") from None


async def inclusion(index: int, size: int, fetch: Fetch) -> list[bytes]:
    """RFC 6962 section 2.1.1, from tiles.  Raises ValueError where there is no such leaf, TrustFailure (step `tile`)."""
    return await worked_out(lambda node: inclusion_proof(index, size, node), size, lambda tile: hashes(tile, fetch))


async def consistency(old: int, size: int, fetch: Fetch) -> list[bytes]:
    """RFC 6962 section 2.1.2, from tiles.  Raises ValueError where there is no such tree, TrustFailure (step `tile`)."""
    return await worked_out(lambda node: consistency_proof(old, size, node), size, lambda tile: hashes(tile, fetch))


async def edge(size: int, fetch: Fetch) -> Edge:
    """What a tree of ``size`` is gone on with.  Raises TrustFailure (step `tile`)."""
    levels: list[list[bytes]] = [[] for _ in range(-(-size.bit_length() // HEIGHT))]
    for tile in widths(size):
        levels[tile.level] = await hashes(tile, fetch)
    return Edge(size, levels)


async def whole(fetch: Fetch, key: Verifier) -> AsyncIterator[tuple[int, Head, list[bytes]]]:
    """Checks every tile and every entry against the checkpoint, and yields how many entries are done, and the newest of them: they are the
    log's once all of it holds.

    1. checkpoint  it was signed by this key, for this log
    2. tile        every hash tile is there and is what the entries make
    3. entries     every bundle is there, and its entries are the leaves
    4. root        all of it is what was signed for

    Raises TrustFailure naming the step."""
    shown = await head(fetch, key)
    if shown is None:
        raise failed("checkpoint", "there is none")
    size, grown = shown.checkpoint.size, Edge()
    yield 0, shown, []
    for begin in range(0, size, WIDTH):
        bundle = tile_of(ENTRIES, begin, size)
        leaves, entries = await hashes(bundle._replace(level=0), fetch), await _entries(bundle, fetch)
        if [leaf_hash(each) for each in entries] != leaves:
            raise failed("entries", f"`{bundle.path}` does not hold what `{bundle._replace(level=0).path}` was made from")
        for tile, raw in grown.append(entries):
            await _same(tile, raw, fetch)
        yield begin + len(entries), shown, entries
    for tile, raw in grown.unfinished():
        await _same(tile, raw, fetch)
    if grown.root() != shown.checkpoint.root:
        raise failed("root", "its entries are not those that were signed for")


async def hashes(tile: Tile, fetch: Fetch) -> list[bytes]:
    """Of a tile as wide as it is asked for.  Raises TrustFailure (step `tile`)."""
    raw, held = await _held(tile, fetch, "tile")
    try:
        return hashes_of(raw, held.width)[: tile.width]
    except ValueError as error:
        raise failed("tile", f"`{held.path}`: {error}") from None


async def entries(begin: int, end: int, size: int, fetch: Fetch) -> list[bytes]:
    """Of a log of ``size``; none of them is checked.  Raises TrustFailure (step `entries`)."""
    found: list[bytes] = []
    while begin < end:
        bundle = tile_of(ENTRIES, begin, size)
        some = (await _entries(bundle, fetch))[begin % WIDTH : end - bundle.number * WIDTH]
        found += some
        begin += len(some)
    return found


async def _entries(tile: Tile, fetch: Fetch) -> list[bytes]:
    raw, held = await _held(tile, fetch, "entries")
    try:
        return entries_of(raw, held.width)[: tile.width]
    except ValueError as error:
        raise failed("entries", f"`{held.path}`: {error}") from None


async def _held(tile: Tile, fetch: Fetch, step: str) -> tuple[bytes, Tile]:
    """The tile, or the full one that took its place (tlog-tiles, "Partial Tiles")."""
    for held in dict.fromkeys((tile, tile.full)):
        raw = await fetch(held.path)
        if raw is not None:
            return raw, held
    raise failed(step, f"`{tile.path}` is not there")


async def _same(tile: Tile, made: bytes, fetch: Fetch) -> None:
    if b"".join(await hashes(tile, fetch)) != made:
        raise failed("tile", f"`{tile.path}` is not what its entries make")


async def worked_out(from_nodes: Callable[[NodeAt], T], size: int, hashes_of_tile: Callable[[Tile], Awaitable[list[bytes]]]) -> T:
    """Of a tree of ``size``.  ``from_nodes`` is called twice: first to learn which hashes it asks for, then with them; each tile that
    holds one is asked for once."""
    wanted: set[tuple[int, int]] = set()

    def noted(level: int, index: int) -> bytes:
        wanted.add((level, index))
        return b""

    from_nodes(noted)
    of = {(level, index): tile_of(level // HEIGHT, index << level % HEIGHT, size) for level, index in wanted}
    held = {tile: await hashes_of_tile(tile) for tile in sorted(set(of.values()))}

    def node(level: int, index: int) -> bytes:
        tile, depth = of[level, index], level % HEIGHT
        return within(held[tile], depth, index - (tile.number * WIDTH >> depth))

    return from_nodes(node)


def failed(step: str, why: str) -> TrustFailure:
    return TrustFailure(f"{step}: {why}", step=step, code=f"trust.{step}", hint="keep what was fetched: it shows what its operator did")
