# SPDX-License-Identifier: Apache-2.0
"""Files and batches of callers, as they see them: what is kept of them is sealed on its way in and opened on its way out.

A key sees its own and nobody else's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial

import msgspec

from comity.config import BatchConfig
from comity.errors import CallerError, StorageFailure
from comity.gateway.batch import files, queue
from comity.gateway.batch.files import File
from comity.gateway.batch.queue import Batch, Place
from comity.gateway.batch.sealing import KEY, Sealing, configured
from comity.ports import Clock, Random, Secrets
from comity.storage.database import Database
from comity.storage.home import KEY_BYTES
from comity.storage.state import State
from comity.wire.batch import SECONDS_MIN, BatchAsked, BatchObject, Counts, Faults, FileObject, LineFault

ID_BYTES = 12
NAME_CHARACTERS_MAX = 255
READ_BYTES = 1 << 20
NAME = 0
"""Under this number a file's name is sealed; its pieces have those above."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller wrote with a submission: of every line, unless that says otherwise.  ``headers`` by lower-case name."""

    headers: dict[str, str]
    window: str
    metadata: dict[str, str] | None = None


class Batches:
    """Raises CallerError, StorageFailure."""

    def __init__(self, config: BatchConfig, *, database: Database, sealing: Sealing, clock: Clock, random: Random) -> None:
        self.config, self.database, self.sealing = config, database, sealing
        self._clock, self._random = clock, random
        self._opened: tuple[str, int, bytes] = ("", NAME, b"")  # the piece that was read last: the next line stands there too

    def at(self) -> int:
        return int(self._clock.now().timestamp())

    def _id(self, prefix: str) -> str:
        return prefix + self._random.token(ID_BYTES).hex()

    # -- files ---------------------------------------------------------------------------------------------------

    async def add(self, owner: str, name: str, content: bytes, seconds: int | None = None) -> FileObject:
        """Kept for ``seconds``, or as long as this gateway keeps any."""
        size = len(content)
        if not size:
            raise CallerError("the file is empty", code="batch.empty", field="file")
        at, identity = self.at(), self._id("file-")
        sealed = await asyncio.to_thread(self._sealed, identity, content)
        kept = min(seconds or self.config.keep_seconds, self.config.keep_seconds)
        spoken = self.sealing.seal(identity, NAME, name[:NAME_CHARACTERS_MAX].encode("utf-8", "replace"))
        file = File(identity, owner, "batch", spoken, size, len(sealed), at, at + kept)
        await self.database.write(lambda: files.begin(file, self.config.kept_bytes_max, size))
        for first in range(0, len(sealed), files.PIECES_AT_ONCE):
            some = sealed[first : first + files.PIECES_AT_ONCE]
            await self.database.write(partial(files.pieces, identity, first + 1, some))
        await self.database.write(lambda: files.whole(file))
        return self._file(file)

    def _sealed(self, identity: str, content: bytes) -> list[bytes]:
        return [self.sealing.seal(identity, number, piece) for number, piece in enumerate(files.cut(content), 1)]

    async def file(self, name: str, owner: str) -> FileObject:
        return self._file(await self._found(name, owner))

    async def files(self, owner: str, *, after: str, limit: int, purpose: str, newest_first: bool) -> tuple[list[FileObject], bool]:
        """And whether there are more."""
        at = self.at()
        rows = await self.database.read(
            lambda: files.listed(owner, at, after=after, limit=limit, purpose=purpose, newest_first=newest_first)
        )
        return [self._file(row) for row in rows[:limit]], len(rows) > limit

    async def content(self, name: str, owner: str) -> AsyncIterator[bytes]:
        """Piece by piece.  What is deleted meanwhile ends in StorageFailure, never in less."""
        file, last, seen = await self._found(name, owner), NAME, 0
        while rows := await self.database.read(partial(files.read, name, last, READ_BYTES)):
            yield b"".join(self.sealing.open(name, number, sealed) for number, sealed in rows)
            last, seen = rows[-1][0], seen + len(rows)
        if seen < file.pieces:
            raise StorageFailure("the file was deleted while it was read", code="batch.file_gone", hint="nothing brings it back")

    async def delete(self, name: str, owner: str) -> None:
        """Returns once it has left the disk, as far as the database can see to it."""
        at = self.at()
        await self.database.write(lambda: files.give_up(name, owner, at))
        await self.prune([name])

    async def prune(self, names: Sequence[str]) -> None:
        for name in names:
            while await self.database.write(partial(files.prune, name, self.database.dialect)):
                pass
        if names:
            await self.database.scrub()

    async def _found(self, name: str, owner: str) -> File:
        at = self.at()
        return await self.database.read(lambda: files.found(name, owner, at))

    def _file(self, file: File) -> FileObject:
        name = self.sealing.open(file.id, NAME, file.name).decode()
        return FileObject(
            id=file.id, bytes=file.bytes, created_at=file.made, expires_at=file.until, filename=name, purpose=file.purpose
        )  # fmt: skip

    # -- batches -------------------------------------------------------------------------------------------------

    async def create(self, owner: str, asked: BatchAsked, headers: Mapping[str, str]) -> BatchObject:
        at, identity = self.at(), self._id("batch_")
        terms = Terms(headers=dict(headers), window=asked.completion_window, metadata=asked.metadata)
        keep = self.config.keep_seconds
        if asked.output_expires_after is not None:
            keep = max(SECONDS_MIN, min(keep, asked.output_expires_after.seconds))
        batch = Batch(
            id=identity, owner=owner, endpoint=asked.endpoint, input=asked.input_file_id, output=self._id("file-"),
            errors=self._id("file-"), terms=self.sealing.seal(identity, NAME, msgspec.json.encode(terms)),
            retry=int(asked.retries_interrupted), status="validating", why="[]", pause=0, total=None, completed=0, failed=0, made=at,
            expires=at + asked.window_seconds, begun=None, stopped=None, ended=None, keep=keep,
        )  # fmt: skip
        await self.database.write(lambda: queue.submit(batch))
        return self._batch(batch)

    async def batch(self, name: str, owner: str) -> BatchObject:
        return self._batch(await self.database.read(lambda: queue.found(name, owner)))

    async def batches(self, owner: str, *, after: str, limit: int) -> tuple[list[BatchObject], bool]:
        """And whether there are more."""
        rows = await self.database.read(lambda: queue.listed(owner, after=after, limit=limit))
        return [self._batch(row) for row in rows[:limit]], len(rows) > limit

    async def cancel(self, name: str, owner: str) -> BatchObject:
        at = self.at()
        return self._batch(await self.database.write(lambda: queue.cancel(name, owner, at)))

    def terms(self, batch: Batch) -> Terms:
        return msgspec.json.decode(self.sealing.open(batch.id, NAME, batch.terms), type=Terms)

    async def line(self, batch: Batch, place: Place) -> bytes:
        file, number, content = self._opened
        if (file, number) != (batch.input, place.piece):
            sealed = await self.database.read(lambda: files.piece(batch.input, place.piece))
            if sealed is None:
                raise StorageFailure("the file of a batch is gone", code="batch.file_gone", hint="nothing brings it back")
            content = self.sealing.open(batch.input, place.piece, sealed)
            self._opened = (batch.input, place.piece, content)
        return content[place.first : place.first + place.length]

    def _batch(self, batch: Batch) -> BatchObject:
        terms, ended = self.terms(batch), batch.ended
        faults = msgspec.json.decode(batch.why, type=tuple[LineFault, ...])
        completed, failed, expired, cancelled = (
            ended if batch.status == word else None for word in ("completed", "failed", "expired", "cancelled")
        )
        return BatchObject(
            id=batch.id, endpoint=batch.endpoint, input_file_id=batch.input, completion_window=terms.window,
            status={"expiring": "finalizing", "stopping": "finalizing"}.get(batch.status, batch.status), created_at=batch.made,
            expires_at=batch.expires, errors=Faults(data=faults) if faults else None, in_progress_at=batch.begun,
            output_file_id=batch.output if ended and batch.completed else None,
            error_file_id=batch.errors if ended and batch.failed else None,
            finalizing_at=ended if batch.begun else None, cancelling_at=batch.stopped if batch.status.startswith("cancel") else None,
            request_counts=Counts(total=batch.total or 0, completed=batch.completed, failed=batch.failed), metadata=terms.metadata,
            completed_at=completed, failed_at=failed, expired_at=expired, cancelled_at=cancelled,
        )  # fmt: skip


async def open_batches(config: BatchConfig, *, state: State, clock: Clock, random: Random, secrets: Secrets) -> Batches:
    """Raises OperatorError, StorageFailure."""
    key = configured(config.key, secrets) if config.key is not None else await state.key(KEY, random.token(KEY_BYTES))
    return Batches(config, database=state.database, sealing=Sealing(key, random), clock=clock, random=random)
