# SPDX-License-Identifier: Apache-2.0
"""Decisions as they happen, for whoever listens.

While somebody does, one task follows the log by its places and hands each listener what is new.  The log is the only source: what
another gateway on the same database recorded is told like one's own, in one order, and a listener who was cut off goes on from the
place that it saw last.  `recorded` only says that a look is worth while; without it a look is taken every `POLL_SECONDS`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from comity.errors import OperatorError, StorageFailure
from comity.storage.database import Script
from comity.transparency.queries import CHUNK, Entry, end, following

log = logging.getLogger("comity.gateway")
POLL_SECONDS = 0.5
GATHER_SECONDS = 0.05  # between two looks at a busy log
WAITING_MAX = 4 * CHUNK  # records that one listener may be behind
LISTENERS_MAX = 64
Look = Callable[[Callable[[], Script[Any]]], Any]


class Listener:
    """What it has not heard yet.  ``behind``: it was too slow, and hears no more."""

    def __init__(self) -> None:
        self.waiting: deque[Entry] = deque()
        self.behind = self.over = False
        self._wake = asyncio.Event()

    def put(self, entries: list[Entry]) -> None:
        if len(self.waiting) + len(entries) > WAITING_MAX:
            self.behind = True
            self.waiting.clear()
        else:
            self.waiting.extend(entries)
        self._wake.set()

    def leave(self) -> None:
        """It has gone, or the gateway goes."""
        self.over = True
        self._wake.set()

    async def hear(self, seconds: float) -> list[Entry]:
        """What is new; nothing after ``seconds``, or when it is behind or over."""
        if not (self.waiting or self.behind or self.over):
            self._wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), seconds)
        heard = list(self.waiting)
        self.waiting.clear()
        return heard


class Hub:
    """For one event loop."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._listeners: set[Listener] = set()
        self._follower: asyncio.Task[None] | None = None
        self._fresh: asyncio.Event | None = None
        self.place: int | None = None  # what comes there is told next; None while nobody follows

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def recorded(self) -> None:
        """A decision has become durable."""
        if self._fresh is not None:
            self._fresh.set()

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """Raises OperatorError (503) where too many listen already."""
        if len(self._listeners) >= LISTENERS_MAX:
            raise OperatorError("too many listen already", code="server.busy", hint="close another console", status=503)
        listener = Listener()
        self._listeners.add(listener)
        if self._follower is None:
            self._fresh = asyncio.Event()
            self._follower = asyncio.create_task(self._follow(self._fresh))
            self._follower.add_done_callback(self._followed)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._follower is not None:
                self._follower.cancel()
                self._follower = self._fresh = self.place = None

    async def since(self, place: int) -> AsyncGenerator[list[Entry], None]:
        """What is recorded at ``place`` and after, up to now: for a listener who was away."""
        while True:
            entries, then = await self._look(partial(following, place, CHUNK))
            if then == place:
                return
            place = then
            yield entries

    def close(self) -> None:
        """The gateway goes: nobody waits for what will not come."""
        for listener in self._listeners:
            listener.leave()

    def _followed(self, follower: asyncio.Task[None]) -> None:
        """It ends when nobody listens any more, else for what it cannot read: then listeners are let go, and come back to be told."""
        if not follower.cancelled() and (error := follower.exception()) is not None:
            log.error("events: following the log ended: %s", getattr(error, "code", type(error).__name__))
            self.close()

    async def _follow(self, fresh: asyncio.Event) -> None:
        while True:
            fresh.clear()
            try:
                if self.place is None:
                    self.place = await self._look(end)
                entries, then = await self._look(partial(following, self.place, CHUNK))
            except StorageFailure as error:  # it may come back, and then nothing was missed
                log.warning("events: the record cannot be read: %s", error.code)
                entries, then = [], self.place
            if then != self.place:
                self.place = then
                for listener in list(self._listeners):
                    listener.put(entries)
                await asyncio.sleep(0 if len(entries) == CHUNK else GATHER_SECONDS)
            else:
                with suppress(TimeoutError):
                    await asyncio.wait_for(fresh.wait(), POLL_SECONDS)
