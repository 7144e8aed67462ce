# SPDX-License-Identifier: Apache-2.0
"""What works on batches inside a gateway: takes lines while callers leave room, asks, and writes what became of each.

Several gateways share one queue; each says that it is alive, and takes up what a killed one had read or held.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from comity.errors import StorageFailure
from comity.gateway.batch import files, queue
from comity.gateway.batch.batches import NAME, READ_BYTES, Batches
from comity.gateway.batch.line import STORAGE_SECONDS, Later, asked, holder_of, unsent
from comity.gateway.batch.queue import Batch, Held, Place, Settled
from comity.gateway.batch.reading import Reading
from comity.gateway.logs import place_of
from comity.storage.database import Script
from comity.wire.batch import Entry, LineError, LineFault, line_of

if TYPE_CHECKING:
    from comity.gateway.app import App

log = logging.getLogger("comity.gateway")
HOLDER_BYTES = 9
LOOK_SECONDS = 1.0
"""How long a batch may wait unseen, and how long what failed waits to be tried again."""
BUSY_SHARE = 0.5
"""Of `limits.concurrent_requests_max`: with so many callers being answered no line is taken."""
LINES_AT_ONCE = 500
STOPPED = msgspec.json.encode([LineFault(code="batch.stopped", message="the key that submitted this batch holds no longer")]).decode()


class Worker:
    def __init__(self, app: App) -> None:
        self._app = app
        self._holder = app.world.random.token(HOLDER_BYTES).hex()
        self.running: dict[asyncio.Task[None], Held] = {}
        self._unsure = False  # whether a lease was written of which nothing was heard
        self._loop: asyncio.Task[None] | None = None
        self._stopping = False
        self._some = asyncio.Event()
        self._tidied = self._beaten = -1e9

    @property
    def _batches(self) -> Batches:
        return self._app.world.batches

    def start(self) -> None:
        self._loop = asyncio.get_running_loop().create_task(self._run(), name="comity-batches")

    def stop(self) -> None:
        """Takes no further line."""
        self._stopping = True
        self._some.set()

    async def aclose(self, seconds_max: float) -> None:
        """Once what is under way has ended, or ``seconds_max`` are over: what then has no answer counts as interrupted."""
        self.stop()
        if self._loop is not None:  # it ends with the last of its lines; told to end sooner, it would leave some that it has just taken
            await asyncio.wait([self._loop], timeout=seconds_max)
        left = [*self.running, *([self._loop] if self._loop is not None else [])]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        with suppress(StorageFailure):
            await self._batches.database.write(lambda: queue.leave(self._holder))

    async def _run(self) -> None:
        while not self._stopping:
            self._some.clear()
            try:
                more = await self.turn()
            except Exception as error:  # noqa: BLE001 - whatever it was, batches go on when it is over
                more = False
                if isinstance(error, StorageFailure):
                    log.warning("batches wait: %s", error.code)
                else:
                    log.error("batches failed in an unforeseen way: %s at %s", type(error).__name__, place_of(error))
            if not more:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._some.wait()
        while self.running:  # still alive while they end
            with suppress(StorageFailure):
                await self._alive()
            await asyncio.wait(set(self.running), timeout=LOOK_SECONDS)

    async def turn(self) -> bool:
        """Whether anything was taken up.  Raises StorageFailure."""
        await self._alive()
        await self._tidy()
        if not self._batches.config.concurrent:
            return False
        if not self.running and not await self._batches.database.read(lambda: queue.due(self._batches.at())):
            return False
        return await self._take()

    # -- staying alive, and tidying ------------------------------------------------------------------------------

    async def _alive(self) -> None:
        now, seconds = self._app.world.clock.monotonic(), self._batches.config.lease_seconds
        if self.running and now - self._beaten >= seconds / 4:
            await self._batches.database.write(lambda: queue.beat(self._holder, self._until()))
            self._beaten = now

    def _until(self) -> int:
        return self._batches.at() + self._batches.config.lease_seconds

    async def _tidy(self) -> None:
        now, batches = self._app.world.clock.monotonic(), self._batches
        if now - self._tidied < batches.config.lease_seconds / 4:
            return
        self._tidied = now
        if await batches.database.read(lambda: queue.untidy(batches.at())):
            await batches.database.write(lambda: queue.tidy(batches.at()))
        await batches.prune(await batches.database.read(lambda: files.over(batches.at())))

    # -- reading an input ----------------------------------------------------------------------------------------

    async def _read(self) -> None:
        batches = self._batches
        batch = await batches.database.write(lambda: queue.unread(self._holder, self._until()))
        if batch is None:  # another gateway was first
            return
        config = self._app.world.config
        reading = Reading(batch.endpoint, lines_max=config.batch.lines_max, line_bytes_max=config.limits.body_bytes_max)
        try:
            if not await self._read_whole(batch, reading):
                return
            faults = reading.over()
        except StorageFailure as error:
            if not error.code.startswith("batch."):  # the next look tries again
                raise
            faults = (LineFault(code=error.code, message=str(error)),)
        at = batches.at()
        if faults:
            why = msgspec.json.encode(faults).decode()
            await batches.database.write(lambda: queue.refuse(batch.id, self._holder, why, at))
        else:
            await batches.database.write(lambda: queue.begin(batch.id, self._holder, reading.total, at))

    async def _read_whole(self, batch: Batch, reading: Reading) -> bool:
        """Whether it is still this gateway that reads."""
        batches, last = self._batches, NAME
        while not reading.hopeless:
            pieces = await batches.database.read(partial(files.read, batch.input, last, READ_BYTES))
            if not pieces:
                break
            places = await asyncio.to_thread(self._places, batch, reading, pieces)
            last = pieces[-1][0]
            for first in range(0, len(places), LINES_AT_ONCE):
                some = places[first : first + LINES_AT_ONCE]
                if not await batches.database.write(partial(queue.lines, batch.id, self._holder, some)):
                    return False
            await batches.database.write(lambda: queue.beat(self._holder, self._until()))
        return True

    def _places(self, batch: Batch, reading: Reading, pieces: list[tuple[int, bytes]]) -> list[Place]:
        opened = ((number, self._batches.sealing.open(batch.input, number, sealed)) for number, sealed in pieces)
        return [place for number, content in opened for place in reading.piece(number, content)]

    # -- lines ---------------------------------------------------------------------------------------------------

    def _room(self) -> int:
        """How many lines may be sent beside those that are under way: none while callers need this gateway for themselves."""
        app = self._app
        busy = app.metrics.in_flight > app.world.config.limits.concurrent_requests_max * BUSY_SHARE
        if self._stopping or app.leaving or busy or app.shedding.overloaded():
            return 0
        return max(self._batches.config.concurrent - len(self.running), 0)

    async def _take(self) -> bool:
        room = self._room()
        if self._stopping or (self.running and not room):
            return False
        at, database = self._batches.at(), self._batches.database
        if self._unsure:
            known = frozenset((held.batch.id, held.place.number) for held in self.running.values())
            await database.write(lambda: queue.reclaim(self._holder, known))
        self._unsure = True
        taken = await database.write(lambda: queue.lease(self._holder, self._until(), room, at))
        self._unsure = False
        for held in taken.lines:
            task = asyncio.get_running_loop().create_task(self._line(held), name="comity-batch-line")
            self.running[task] = held
            task.add_done_callback(self._done)
        if taken.unread:
            await self._read()
        return bool(taken.lines) or taken.unread

    def _done(self, task: asyncio.Task[None]) -> None:
        self.running.pop(task, None)
        self._some.set()

    async def _line(self, held: Held) -> None:
        try:
            await self._worked(held)
        except Exception as error:  # noqa: BLE001 - a bug of ours: the line ends as interrupted, and the others go on
            log.error("a line of a batch failed in an unforeseen way: %s at %s", type(error).__name__, place_of(error))
            await asyncio.sleep(LOOK_SECONDS)
            await self._insist(lambda: queue.lose(held.batch.id, held.place.number, self._holder))

    async def _worked(self, held: Held) -> None:
        """Until what became of it is written: a database that fails meanwhile keeps this slot, and nothing is forgotten.

        Cut short by the end of this gateway, it is left to be found as one of a gateway that was killed."""
        call = self._app.world.ledger.new_id()
        try:
            entry = await self._entry(held, call)
        except (Later, StorageFailure) as error:
            pause = self._batches.at() + (error.seconds if isinstance(error, Later) else STORAGE_SECONDS)
            await self._insist(lambda: queue.give_back(held.batch.id, held.place.number, self._holder, pause))
        else:
            await self._settle(held, entry)

    async def _entry(self, held: Held, call: str) -> Entry:
        app, batches, batch, fate = self._app, self._batches, held.batch, held.fate
        try:
            line, headers = line_of(await batches.line(batch, held.place), batch.endpoint), batches.terms(batch).headers
        except StorageFailure as error:
            if not error.code.startswith("batch."):
                raise
            return Entry(id=f"batch_req_{call}", custom_id="", response=None, error=LineError(code=error.code, message=str(error)))
        key = None if fate else holder_of(app.world, batch.owner)
        if key is not None:
            return await asked(app, line, headers, key, call)
        if not fate:
            await batches.database.write(lambda: queue.stop(batch.id, STOPPED, batches.at()))
        return unsent(call, line, fate or "batch.stopped")

    async def _settle(self, held: Held, entry: Entry) -> None:
        batches, batch, number = self._batches, held.batch, held.place.number
        good, raw = entry.error is None, msgspec.json.encode(entry) + b"\n"
        file = batch.output if good else batch.errors
        name = f"{batch.id}_{'output' if good else 'error'}.jsonl".encode()
        job = Settled(
            batch=batch.id, number=number, file=file, good=good, sealed=batches.sealing.seal(file, number, raw),
            size=len(raw), name=batches.sealing.seal(file, NAME, name), at=batches.at(),
        )  # fmt: skip
        while True:
            with suppress(StorageFailure):
                if not await batches.database.join(queue.settle, job):
                    log.warning("a line of a batch was answered too late: another gateway took this one for dead, and answered it")
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _insist(self, script: Callable[[], Script[None]]) -> None:
        while True:
            with suppress(StorageFailure):
                return await self._batches.database.write(script)
            await asyncio.sleep(LOOK_SECONDS)
