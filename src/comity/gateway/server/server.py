# SPDX-License-Identifier: Apache-2.0
"""All connections of one listening socket: what they may hold together, how long each may take, and how they end."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from email.utils import format_datetime

from comity.config import LimitsConfig
from comity.errors import ComityError, OperatorError
from comity.gateway.exchange import Answering, Disconnected
from comity.gateway.server.connection import Connection
from comity.gateway.server.turn import Turn
from comity.ports import Clock

log = logging.getLogger("comity.gateway")
LOOK_SECONDS = 1.0
BACKLOG = 2048


class Server:
    """``limits`` is asked once a second, so that a configuration read anew holds here too.  ``refused`` is told of what never became
    a request."""

    def __init__(
        self,
        answering: Answering,
        *,
        limits: Callable[[], LimitsConfig],
        clock: Clock,
        refused: Callable[[ComityError], None] | None = None,
    ) -> None:
        self._limits, self.limits = limits, limits()
        self.refused = refused or (lambda error: None)
        self.now: Callable[[], float] = clock.monotonic
        self.draining = False
        self._loop = asyncio.get_running_loop()
        self._answering, self._clock = answering, clock
        self.connections: set[Connection] = set()
        self.held = 0  # bytes of bodies
        self.tasks: dict[asyncio.Task[None], Turn] = {}
        self._quiet: asyncio.Event | None = None
        self._look: asyncio.TimerHandle | None = None
        self._listening: asyncio.Server | None = None
        self.date = b""
        self.look()

    async def listen(self, listening: socket.socket) -> None:
        self._listening = await self._loop.create_server(lambda: Connection(self, self._loop), sock=listening, backlog=BACKLOG)
        self._again()

    async def drain(self, seconds_max: float, hurry: asyncio.Event | None = None) -> None:
        """No more connections; what is being answered is answered, for so long.  The rest is dropped, and what it owes is still paid."""
        self.draining = True
        if self._listening is not None:
            self._listening.close()
        for connection in list(self.connections):
            if connection.idle:
                connection.close()
        self._quiet = asyncio.Event()
        self._settled()
        waiting = [asyncio.ensure_future(event.wait()) for event in (self._quiet, hurry) if event is not None]
        await asyncio.wait(waiting, timeout=seconds_max, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            each.cancel()
        left = list(self.tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, *waiting, return_exceptions=True)
        for connection in list(self.connections):
            connection.drop()
        if self._look is not None:
            self._look.cancel()

    # -- what its connections tell it ---------------------------------------------------------------------------

    def joined(self, connection: Connection) -> ComityError | None:
        """Why it cannot stay, if it cannot."""
        self.connections.add(connection)
        if self.draining or len(self.connections) > self.limits.connections_max:
            return OperatorError("too many connections at once", code="server.busy", hint="try again shortly", status=503)
        return None

    def left(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self._settled()

    def start(self, turn: Turn) -> None:
        task = self._loop.create_task(self._answering(turn))
        self.tasks[task] = turn
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Disconnected):  # one request's bug ends its own connection
            log.error("an answer failed in an unforeseen way: %s", type(error).__name__)
        self.tasks.pop(task).left()
        self._settled()

    def _settled(self) -> None:
        if self._quiet is not None and not self.connections and not self.tasks:
            self._quiet.set()

    # -- time ---------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Whoever takes too long is told, or dropped."""
        self.date = b"date: " + format_datetime(self._clock.now(), usegmt=True).encode() + b"\r\n"
        self.limits, now = self._limits(), self.now()
        for connection in list(self.connections):
            if now >= connection.read_by or now >= connection.write_by:
                connection.overdue(now)

    def _again(self) -> None:
        self._look = self._loop.call_later(LOOK_SECONDS, self._again)  # first: whatever goes wrong now, time goes on
        self.look()
