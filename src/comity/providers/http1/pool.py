# SPDX-License-Identifier: Apache-2.0
"""Connections by the place they lead to, and kept there for the next request.

A request is never sent twice: what is about to be written to a kept connection is written only after a look that its partner has not
closed it, and whatever goes wrong from then on may have been heard (RFC 9110, 9.2.2).  The pipeline decides whether to ask elsewhere.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import NamedTuple

from comity.providers.http1.connection import Connection
from comity.providers.http1.dial import dial, trust
from comity.providers.http1.head import Crowded, Unreachable

IDLE_SECONDS_MAX = 50.0  # below the 60 after which many partners close
IDLE_CONNECTIONS_MAX = 128  # to one place


class Origin(NamedTuple):
    tls: bool
    host: str
    port: int

    @classmethod
    def of(cls, scheme: str, host: str, port: int | None) -> Origin:
        tls = scheme == "https"
        return cls(tls, host, port or (443 if tls else 80))

    @property
    def authority(self) -> str:
        """As a Host header says it: without the port that the scheme has anyway."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


class _Place:
    __slots__ = ("connecting", "idle", "live")

    def __init__(self) -> None:
        self.idle: list[Connection] = []  # the last one used stands last and is used first, so that the others grow old
        self.live: set[Connection] = set()
        self.connecting = 0


class Pool:
    """``connections_max``: to one place; one more is refused, not waited for: another lawful place may have room."""

    def __init__(self, *, connections_max: int, connect_seconds_max: float) -> None:
        self._connections_max, self._connect_seconds_max = connections_max, connect_seconds_max
        self._places: dict[Origin, _Place] = {}
        self._tls: ssl.SSLContext | None = None
        self._sweeping: asyncio.TimerHandle | None = None
        self._emptied: asyncio.Future[None] | None = None

    def kept(self, origin: Origin) -> Connection | None:
        """One that leads there and is quiet, if there is any."""
        place = self._places.get(origin)
        while place is not None and place.idle:
            found = place.idle.pop()
            if found.quiet:
                return found
            found.drop()
        return None

    async def connect(self, origin: Origin) -> Connection:
        """A new one.  Raises Unreachable, Crowded."""
        if origin.tls and self._tls is None:
            self._tls = await asyncio.to_thread(trust)  # reads every authority of the system, once
        place = self._places.setdefault(origin, _Place())
        if len(place.live) + place.connecting >= self._connections_max:
            raise Crowded("as many connections as may be")

        def keep(connection: Connection) -> None:
            self._keep(place, connection)

        def lost(connection: Connection) -> None:
            self._lost(place, connection)

        place.connecting += 1
        try:
            async with asyncio.timeout(self._connect_seconds_max):
                made = await dial(origin.host, origin.port, self._tls if origin.tls else None, lambda: Connection(keep, lost))
        except TimeoutError:
            raise Unreachable("not connected in time") from None
        finally:
            place.connecting -= 1
        if not made.closed:
            place.live.add(made)
        return made

    async def aclose(self) -> None:
        """Drops all; returns when all are gone."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        for place in self._places.values():
            for connection in tuple(place.live):
                connection.drop()
        if any(place.live for place in self._places.values()):
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied

    def _keep(self, place: _Place, connection: Connection) -> None:
        if len(place.idle) >= IDLE_CONNECTIONS_MAX:
            connection.drop()
            return
        loop = asyncio.get_running_loop()
        connection.kept_at = loop.time()
        place.idle.append(connection)
        if self._sweeping is None:
            self._sweeping = loop.call_later(IDLE_SECONDS_MAX, self._sweep)

    def _sweep(self) -> None:
        """Those that nobody needed for long; the rest is looked at when the oldest of them has waited as long."""
        loop = asyncio.get_running_loop()
        self._sweeping = None
        oldest: float | None = None
        for place in self._places.values():
            while place.idle and place.idle[0].kept_at <= loop.time() - IDLE_SECONDS_MAX:
                place.idle.pop(0).drop()
            if place.idle:
                oldest = min(place.idle[0].kept_at, oldest or place.idle[0].kept_at)
        if oldest is not None:
            self._sweeping = loop.call_at(oldest + IDLE_SECONDS_MAX, self._sweep)

    def _lost(self, place: _Place, connection: Connection) -> None:
        place.live.discard(connection)
        if connection in place.idle:
            place.idle.remove(connection)
        if self._emptied is not None and not self._emptied.done() and not any(each.live for each in self._places.values()):
            self._emptied.set_result(None)
