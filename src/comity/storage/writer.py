# SPDX-License-Identifier: Apache-2.0
"""One thread that writes, in groups: what waits when it is free goes into one transaction, so many records pay for one sync.

The loop makes the groups, so that it wakes the thread, and is woken by it, once for each.

A job counts as written when its transaction is on the disk, in the file that bears the database's name, and not before.
"""

from __future__ import annotations

import asyncio
import os
import queue
import select
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from comity.errors import StorageFailure
from comity.storage.database import Figures
from comity.storage.jobs import Job
from comity.storage.sqlite import FAULTS, connect, failure, told

WAITING_JOBS_MAX = 65_536
GROUP_JOBS_MAX = 1024
STARVED_SECONDS = 0.002
GIVE_WAY_SECONDS = 0.0002
CROWD_JOBS, ENOUGH_JOBS, GATHER_SECONDS = 4, 32, 0.003
"""After a group of so many, others are on their way: the next one waits until as many are there, or enough, or this long.  What a
group costs before its first row (half a millisecond of CPU) is paid once for all of them.  A lone job never waits."""

Apply = Callable[[sqlite3.Connection, Sequence[Job]], Callable[[], None]]
"""Writes a group of jobs inside an open transaction; what it returns is called once they are durable."""
Waiting = tuple[Job, "asyncio.Future[None]"]


class Deadlines:
    """When those who wait have waited for too long.  They come and go in order, so one timer serves all: one for each would cost a
    microsecond, and is nearly always cancelled."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop, self._seconds = loop, seconds
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, done: asyncio.Future[None]) -> None:
        self._waiting.append((self._loop.time() + self._seconds, done))
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._look)

    def settled(self) -> None:
        """Some have their answer."""
        waiting = self._waiting
        while waiting and waiting[0][1].done():
            waiting.popleft()

    def _look(self) -> None:
        self._timer, now, waiting = None, self._loop.time(), self._waiting
        while waiting and (waiting[0][0] <= now or waiting[0][1].done()):
            too_late(waiting.popleft()[1], self._seconds)
        if waiting:
            self._timer = self._loop.call_at(waiting[0][0], self._look)


class Writer:
    """``seconds_max``: how long a caller waits before its job counts as not written.  All callers are on ``loop``."""

    def __init__(self, path: Path, *, migrations: Sequence[str], apply: Apply, seconds_max: float, loop: asyncio.AbstractEventLoop) -> None:
        self._apply, self._loop, self._deadlines = apply, loop, Deadlines(loop, seconds_max)
        self._groups: queue.SimpleQueue[list[Waiting] | None] = queue.SimpleQueue()
        self._closed = False
        self._waiting = 0  # jobs not yet answered; this and the next five are the loop's own
        self._next: list[Waiting] = []
        self._handed = self._last = 0  # jobs that the thread has now, and as many as it had last
        self._timer: asyncio.Handle | None = None
        self._answers = self._answers_seen = self._jobs_answered = 0
        self._watch: asyncio.TimerHandle | None = None
        self._db = connect(path, migrations)
        self._name, self._wal = str(path), f"{path}-wal"
        with told():
            self._files = self._there()
        self._thread = threading.Thread(target=self._run, name="comity-writer", daemon=True)
        self._thread.start()

    async def write(self, job: Job) -> Any:
        """The job's result once it is durable; StorageFailure otherwise, or the job's own error, and then nothing of it was written.
        A caller who stops waiting takes nothing back."""
        if self._closed:
            raise closed()
        if self._waiting >= WAITING_JOBS_MAX:
            raise too_many()
        done = self._loop.create_future()
        self._waiting += 1
        self._next.append((job, done))
        if not self._handed:
            self._gather()
        self._deadlines.add(done)
        await done
        if job.error is not None:
            raise failure(job.error) if isinstance(job.error, FAULTS) else job.error
        return job.result

    def _gather(self) -> None:
        """The thread is free, and something waits."""
        crowd = self._last >= CROWD_JOBS
        if crowd and len(self._next) >= min(self._last, ENOUGH_JOBS):
            self._hand_over()
        elif self._timer is None:
            self._timer = self._loop.call_later(GATHER_SECONDS, self._hand_over) if crowd else self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._handed or not self._next:
            return
        group, self._next = self._next[:GROUP_JOBS_MAX], self._next[GROUP_JOBS_MAX:]
        self._handed = self._last = len(group)
        self._groups.put(group)
        if self._watch is None:
            self._watch = self._loop.call_later(STARVED_SECONDS, self._give_way)

    def _give_way(self) -> None:
        """A busy loop lets go of the interpreter's lock often but too briefly for another thread to take it, so the writer can
        starve for seconds.  Where a group took long, the loop stands still for a moment: at worst a tenth of its time."""
        if not self._handed:
            self._watch = None
            return
        if self._answers == self._answers_seen:
            select.select((), (), (), GIVE_WAY_SECONDS)
        self._answers_seen = self._answers
        self._watch = self._loop.call_later(STARVED_SECONDS, self._give_way)

    @property
    def figures(self) -> Figures:
        return Figures(self._waiting, self._answers, self._jobs_answered)

    def _settle(self, group: Sequence[Waiting], error: StorageFailure | None) -> None:
        self._answers += 1
        self._waiting -= len(group)
        self._handed -= len(group)
        self._jobs_answered += len(group)
        for _, done in group:
            if done.done():
                continue
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(StorageFailure(str(error), code=error.code, hint=error.hint))
        self._deadlines.settled()
        if self._next and not self._handed:
            self._gather()

    async def aclose(self) -> None:
        """Writes what waits, then closes.  May be called twice."""
        self._closed = True
        rest, self._next = self._next, []
        for at in range(0, len(rest), GROUP_JOBS_MAX):
            self._groups.put(rest[at : at + GROUP_JOBS_MAX])
        self._handed += len(rest)
        self._groups.put(None)
        await asyncio.to_thread(self._thread.join)

    # -- on the writer's own thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        while (group := self._groups.get()) is not None:
            error = self._commit([job for job, _ in group])
            if error is not None and error.code == "storage.refused" and len(group) > 1:  # one of them spoils it for all: each for itself
                for one in group:
                    self._answer([one], self._commit([one[0]]))
            else:
                self._answer(group, error)
        self._db.close()

    def _commit(self, jobs: Sequence[Job]) -> StorageFailure | None:
        db = self._db
        try:
            self._must_be_there()
            if db.in_transaction:  # an earlier one could not even be undone
                db.execute("ROLLBACK")
            db.execute("BEGIN IMMEDIATE")
            committed = self._apply(db, jobs)
            db.execute("COMMIT")
            self._must_be_there()
        except Exception as error:  # noqa: BLE001 - whatever it was, it does not count as written and nothing may be sent
            if db.in_transaction:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
            return failure(error)
        committed()
        return None

    def _there(self) -> tuple[int, int, int, int]:
        """Which files bear the database's names now.  Raises OSError."""
        main, wal = os.stat(self._name), os.stat(self._wal)  # noqa: PTH116 - four times a group: a Path takes twice as long
        return main.st_dev, main.st_ino, wal.st_dev, wal.st_ino

    def _must_be_there(self) -> None:
        """SQLite goes on writing into files that were deleted, where nobody will ever find it."""
        try:
            gone = self._there() != self._files
        except OSError:
            gone = True
        if gone:
            raise StorageFailure(
                "the record cannot be written: its database is gone", code="storage.gone", hint=f"put `{self._name}` back, or restart"
            )

    def _answer(self, group: Sequence[Waiting], error: StorageFailure | None) -> None:
        with suppress(RuntimeError):  # the loop is closed, and with it whoever waited
            self._loop.call_soon_threadsafe(self._settle, group, error)


def closed() -> StorageFailure:
    return StorageFailure("the record is closed: this gateway is stopping", code="storage.closed", hint="start it again")


def too_many() -> StorageFailure:
    return StorageFailure("too many records wait to be written", code="storage.busy", hint="is the disk keeping up?")


def too_late(done: asyncio.Future[None], seconds: float) -> None:
    if not done.done():
        done.set_exception(
            StorageFailure(
                f"the record was not written within {seconds:g} seconds", code="storage.slow", hint="is the disk full or failing?"
            )
        )
