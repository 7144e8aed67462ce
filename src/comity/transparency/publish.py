# SPDX-License-Identifier: Apache-2.0
"""A log is published: tiles first, a head signed for, seen by witnesses, and its checkpoint last.

    1. what is shown  the store's checkpoint is our own, and no larger than the log
    2. tiles          written on from there; what they make is the log's own root, or nothing is signed
    3. head           signed, and kept before anybody sees it
    4. witnesses      each shown what it lacks; who does not answer is missing, nothing else
    5. checkpoint     kept and shown, once so many have signed as must

Whatever stops it midway, the next time goes on from what is shown: a tile is the same whoever writes it again, and only a head that was
kept leaves the house.  A store or a witness that knows more than the log is a log put back to an earlier state.  It signs nothing more
(`trust.log`), for another entry in the place of one that was seen would be a second story.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol

from comity.transparency import published, witness
from comity.transparency.heads import Heads, ahead
from comity.transparency.note import Checkpoint, Line, Verifier, parse_lines, parse_size, signed_checkpoint
from comity.transparency.store import Store
from comity.transparency.tiles import CHECKPOINT, ENTRIES, WIDTH, Edge, Tile, bundle_of

log = logging.getLogger("comity.transparency")
TILES_AT_ONCE = 64  # of entries: what is held in memory
PUTS_AT_ONCE = 8


class Reply(NamedTuple):
    status: int
    body: bytes


Ask = Callable[[bytes], Awaitable[Reply | None]]
"""Posts an add-checkpoint request; None when nobody answered."""


class Cosigner(NamedTuple):
    key: Verifier
    ask: Ask


class Source(Protocol):
    """A log with a memory that outlives the process."""

    @property
    def heads(self) -> Heads: ...

    async def ready(self) -> Checkpoint:
        """What there is now to publish, not signed yet."""

    async def size(self) -> int:
        """How many entries it holds."""

    async def entries(self, begin: int, end: int) -> list[bytes]: ...


class Published(NamedTuple):
    size: int
    shown: bool  # False: too few witnesses signed, and what was shown before still is
    missing: tuple[str, ...]  # names of witnesses that did not sign


class Publisher:
    """One log into one store.  ``quorum``: how many witnesses must have signed what is shown."""

    def __init__(self, source: Source, store: Store, witnesses: Sequence[Cosigner] = (), quorum: int = 0) -> None:
        self._source, self._store, self._witnesses = source, store, tuple(witnesses)
        self._heads = source.heads
        self._quorum = min(quorum, len(self._witnesses))
        self._known: dict[str, int] = {}  # by witness: the size that it signed last
        self._looked = False

    async def publish(self) -> Published:
        """Raises StorageFailure, and TrustFailure (step `log`) when the log is not what was already shown."""
        grown = await self._taken_up()  # before the head is looked at, which another gateway may move on and publish meanwhile
        head = await self._source.ready()
        if grown.size > head.size:
            raise ahead(f"{grown.size} entries were published, and it holds {head.size}")
        if not head.size:
            return Published(0, False, ())
        await self._looked_around()
        await self._written(grown, head)
        note = await self._heads.sign(head)
        lines = await self._asked(note)
        missing = tuple(each.key.name for each in self._witnesses if each.key.name not in {line.name for line in lines})
        if len(lines) < self._quorum:
            return Published(head.size, False, missing)
        witnessed = note + "".join(map(str, lines))
        await self._heads.keep(witnessed)
        await self._show(head, witnessed)
        return Published(head.size, True, missing)

    async def _show(self, head: Checkpoint, note: str) -> None:
        """Unless another gateway, which publishes the same log to the same store, shows more already."""
        shown = await published.head(self._store.get, self._heads.verifier)
        if shown is None or shown.checkpoint.size <= head.size:
            await self._store.put(CHECKPOINT, note.encode())

    async def _written(self, grown: Edge, head: Checkpoint) -> None:
        shown = grown.size
        while grown.size < head.size:
            begin = grown.size - grown.size % WIDTH
            entries = await self._source.entries(begin, min(begin + TILES_AT_ONCE * WIDTH, head.size))
            parts = [entries[at : at + WIDTH] for at in range(0, len(entries), WIDTH)]
            bundles = [(Tile(ENTRIES, begin // WIDTH + n, len(some)), bundle_of(some)) for n, some in enumerate(parts)]
            await self._put([*bundles, *grown.append(entries[grown.size - begin :])])
        if grown.root() != head.root:
            raise ahead("its entries are not those that its head stands for")
        if grown.size > shown:
            await self._put(list(grown.unfinished()))

    async def _taken_up(self) -> Edge:
        """The tree as it is shown, which is where it is gone on with."""
        shown = await published.head(self._store.get, self._heads.verifier)
        if shown is None or not shown.checkpoint.size:
            return Edge()
        grown = await published.edge(shown.checkpoint.size, self._store.get)
        if grown.root() != shown.checkpoint.root:
            raise ahead("the tiles that were published are not those that were signed for", "move them away, and they are written anew")
        return grown

    async def _put(self, files: Sequence[tuple[Tile, bytes]]) -> None:
        """Some at once: an object store is far, and a disk writes several as fast as one."""
        for begin in range(0, len(files), PUTS_AT_ONCE):
            await asyncio.gather(*[self._store.put(tile.path, raw) for tile, raw in files[begin : begin + PUTS_AT_ONCE]])

    # -- witnesses ---------------------------------------------------------------------------------------------------

    async def _looked_around(self) -> None:
        """Until all have answered once: whoever has seen more than the log holds says so when shown what was signed before, and before
        more is."""
        if self._looked or not (note := (await self._heads.notes()).signed):
            return
        question = witness.written(witness.Request(0, (), note))
        replies = await asyncio.gather(*[each.ask(question) for each in self._witnesses])
        for each, reply in zip(self._witnesses, replies, strict=True):
            size = _size(reply) if reply is not None else None
            if size is not None:
                await self._not_ahead(each.key.name, size)
                self._known[each.key.name] = size
        self._looked = None not in replies

    async def _not_ahead(self, name: str, size: int) -> None:
        held = await self._source.size()
        if size > held:
            raise ahead(f"the witness `{name}` has seen {size} entries, and it holds {held}")

    async def _asked(self, note: str) -> list[Line]:
        head = signed_checkpoint(note, self._heads.verifier)
        found = await asyncio.gather(*[self._signature(each, head, note) for each in self._witnesses], return_exceptions=True)
        for each in found:
            if isinstance(each, BaseException):  # all have been heard by then
                raise each
        return [each for each in found if isinstance(each, Line)]

    async def _signature(self, cosigner: Cosigner, head: Checkpoint, note: str) -> Line | None:
        name = cosigner.key.name
        for _ in range(3):  # what it signed last is not known at first, and another gateway may be asking too
            old = min(self._known.get(name, 0), head.size)
            proof = await published.consistency(old, head.size, self._store.get) if 0 < old < head.size else []
            reply = await cosigner.ask(witness.written(witness.Request(old, tuple(proof), note)))
            if reply is None:
                break
            if reply.status == 200:
                return self._checked(cosigner.key, head, note, reply.body)
            size = _size(reply)
            if size is None:
                log.warning("the witness %s does not sign (status %d)", name, reply.status)
                break
            await self._not_ahead(name, size)
            if size == old == head.size:
                raise ahead(f"the witness `{name}` has seen another log of {size} entries")
            if size > head.size:
                break  # another gateway was faster
            self._known[name] = size
        return None

    def _checked(self, key: Verifier, head: Checkpoint, note: str, body: bytes) -> Line | None:
        """A signature that does not hold is not shown: a client would refuse all of the checkpoint for it."""
        text = note[: note.rindex("\n\n") + 1].encode()
        try:
            mine = key.among(parse_lines(body.decode()))
        except ValueError:
            mine = []
        if len(mine) != 1 or not key.holds(text, mine[0].signature):
            log.warning("the witness %s answers with no signature of its own", key.name)
            return None
        self._known[key.name] = head.size
        return mine[0]


def _size(reply: Reply) -> int | None:
    if reply.status != 409:
        return None
    try:
        return parse_size(reply.body.decode().removesuffix("\n"))
    except ValueError:
        return None
