# SPDX-License-Identifier: Apache-2.0
"""Several processes of one gateway (`server.workers`): the first starts the others, passes signals on, and replaces one that dies.

They take connections from one listening socket, made before the first of them: what waits there outlives whoever dies, and an idle
process takes the next connection before a busy one does.  Each is a whole gateway with its own metrics; what must hold for all of
them together (records, limits, spend, volumes) is in the database that they share.  The first does none of their work.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from comity.errors import OperatorError
from comity.ports import Clock

log = logging.getLogger("comity.gateway")
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD) if sys.platform != "win32" else ()
SOON_SECONDS = 5.0  # whoever ends sooner after its start is not started again at once
WAIT_SECONDS, WAIT_SECONDS_MAX = 0.5, 30.0  # doubled each time


class Post(NamedTuple):
    """A worker's own end: through ``ready`` it says that it answers; ``leash`` closes when the first process is gone."""

    number: int
    ready: int
    leash: int

    def answers(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on it ends when the first process does."""
        os.write(self.ready, b".")

        def orphaned() -> None:
            loop.remove_reader(self.leash)
            os.kill(os.getpid(), signal.SIGTERM)

        loop.add_reader(self.leash, orphaned)


class _Started(NamedTuple):
    number: int
    at: float
    failures: int


class Workers:
    """`run` returns twice: a Post in each worker, and the exit code in the first process once all have ended."""

    def __init__(self, count: int, *, clock: Clock, on_ready: Callable[[], None]) -> None:
        if sys.platform == "win32":
            raise OperatorError("several workers need a system that can fork", code="config.invalid", field="server.workers")
        self._count, self._clock, self._on_ready = count, clock, on_ready
        self._running: dict[int, _Started] = {}  # by process id
        self._owed: list[tuple[float, _Started]] = []  # to be started again, and when
        self._stopping, self._code = False, 0
        self._ready, self._answers = os.pipe()
        self._leash, self._held = os.pipe()  # nobody writes: that it closes is what is said
        os.set_blocking(self._ready, False)
        self._said = 0  # workers that answered so far

    def run(self) -> Post | int:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            if (post := self._start(0, 0)) is not None:  # alone: it makes the tables, and says what is wrong once
                return post
            while self._running and self._said == 0:
                if (post := self._step()) is not None:
                    return post
            for number in range(1, 0 if self._stopping else self._count):
                if (post := self._start(number, 0)) is not None:
                    return post
            while self._running or (self._owed and not self._stopping):
                if (post := self._step()) is not None:
                    return post
            return self._code
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _start(self, number: int, failures: int) -> Post | None:
        """The Post, in the worker."""
        sys.stdout.flush()
        sys.stderr.flush()
        made = os.fork()
        if made == 0:
            os.setpgid(0, 0)  # a terminal's Ctrl-C goes to the first process alone, which passes it on once
            os.close(self._held)
            os.close(self._ready)
            return Post(number, self._answers, self._leash)
        self._running[made] = _Started(number, self._clock.monotonic(), failures)
        return None

    def _step(self) -> Post | None:
        """Waits for what happens next, and does what it asks for.  The Post, in a worker that was started by it."""
        all_ready = self._said >= self._count
        wait = 3600.0 if all_ready else 0.05
        if self._owed and not self._stopping:
            wait = min(wait, max(0.0, self._owed[0][0] - self._clock.monotonic()))
        came = signal.sigtimedwait(SIGNALS, wait)
        if came is not None and came.si_signo != signal.SIGCHLD:
            self._stopping = self._stopping or came.si_signo != signal.SIGHUP
            for process in self._running:
                os.kill(process, signal.SIGHUP if came.si_signo == signal.SIGHUP else signal.SIGTERM)
        self._look()
        self._reap()
        while self._owed and not self._stopping and self._owed[0][0] <= self._clock.monotonic():
            if (post := self._start(self._owed[0][1].number, self._owed.pop(0)[1].failures)) is not None:
                return post
        return None

    def _look(self) -> None:
        before = self._said
        with suppress(BlockingIOError):
            self._said += len(os.read(self._ready, self._count))
        if before < self._count <= self._said:
            self._on_ready()

    def _reap(self) -> None:
        while self._running:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if process == 0:
                return
            ended = self._running.pop(process, None)
            if ended is not None and not self._stopping:
                self._ended(ended, os.waitstatus_to_exitcode(status))

    def _ended(self, worker: _Started, code: int) -> None:
        if self._said < self._count:  # it never began: what it says of the configuration is true of all
            self._stopping, self._code = True, code if code > 0 else 1
            for process in self._running:
                os.kill(process, signal.SIGTERM)
            return
        now = self._clock.monotonic()
        failures = worker.failures + 1 if now - worker.at < SOON_SECONDS else 0
        wait = min(WAIT_SECONDS * 2 ** (failures - 1), WAIT_SECONDS_MAX) if failures else 0.0
        log.error("worker %d ended (%d); another is started in %g s", worker.number, code, wait)
        self._owed.append((now + wait, worker._replace(failures=failures)))
        self._owed.sort()
