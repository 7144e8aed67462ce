# SPDX-License-Identifier: Apache-2.0
"""A changed configuration, taken up without stopping: read and checked beside the one that runs, and put in its place if it is right.

A wrong one changes nothing, and the fault is told.  Requests that are being answered end as they began; what answered them is closed
after the last.  What is opened once (the socket, the record, the state) stays open, so what would move it is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Protocol

from comity.config import Config
from comity.errors import ComityError, OperatorError
from comity.gateway.metrics import Metrics
from comity.gateway.world import World

log = logging.getLogger("comity.gateway")
FIXED: dict[str, tuple[str, ...]] = {
    "server": ("host", "port", "workers"),
    "paths": ("home", "state"),
    "storage": ("url", "log_key"),
    "shared": ("valkey",),
    "limits": ("record_seconds_max",),
    "publish": ("store", "seconds", "fill", "witnesses", "quorum"),
}
"""By section, what is looked at once, when a gateway starts."""
OF_A_NODE = ("pool", "log_key", "log_store", "witnesses", "quorum", "level", "evidence", "publish_seconds")
"""The same of `[node]`, which not every gateway has."""


class Door(Protocol):
    """Of the App, what a reload needs."""

    world: World
    metrics: Metrics
    fault: str

    def take_up(self, world: World) -> None: ...


class Reloader:
    """``load`` reads the file anew, ``build`` makes a world of it beside the one that answers, ready to answer.
    ``told`` is called after each try with the fault, or None."""

    def __init__(
        self, door: Door, *, load: Callable[[], Config], build: Callable[[Config, World], Awaitable[World]],
        told: Callable[[ComityError | None], None] = lambda fault: None,
    ) -> None:  # fmt: skip
        self._door, self._load, self._build, self._told = door, load, build, told
        self._one = asyncio.Lock()
        self._trying: set[asyncio.Task[Any]] = set()
        self._retiring: set[asyncio.Task[None]] = set()

    def ask(self) -> None:
        """For a signal: tries soon.  One try goes on at a time, and each asking has one that begins after it."""
        self._keep(self._trying, self.reload())

    async def reload(self) -> ComityError | None:
        """The fault, if the new configuration is not taken up."""
        async with self._one:
            before = self._door.world
            try:
                config = await asyncio.to_thread(self._load)
                held_to(before.config, config)
                world = await self._build(config, before)
            except ComityError as fault:
                self._over(fault)
                return fault
            except Exception as error:  # noqa: BLE001 - a bug of ours must not end a gateway that answers
                unforeseen = ComityError(f"an unforeseen {type(error).__name__}", code="internal")
                self._over(unforeseen)
                return unforeseen
            self._door.take_up(world)
            self._keep(self._retiring, _retired(before, world))
            self._over(None)
            return None

    def _over(self, fault: ComityError | None) -> None:
        code = "ok" if fault is None else fault.code
        self._door.fault = "" if fault is None else code
        self._door.metrics.reloads[(code,)] += 1
        if fault is None:
            log.info("the new configuration is taken up")
        else:
            log.error("the new configuration is not taken up, the old one goes on: %s: %s", code, fault)
        try:
            self._told(fault)
        except ComityError as error:
            log.error("whoever asked for the reload cannot be told how it went: %s: %s", error.code, error)

    def _keep(self, tasks: set[asyncio.Task[Any]], work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def aclose(self) -> None:
        """Once nobody is answered any more."""
        for tasks in (self._trying, self._retiring):
            while tasks:
                await asyncio.wait(set(tasks))


async def _retired(before: World, after: World) -> None:
    await before.users.gone()
    try:
        await before.retire(after)
    except Exception as error:  # noqa: BLE001 - it answers nobody any more; that it did not close well is worth a line
        log.warning("what answered before the reload did not close well: %s", type(error).__name__)


def held_to(running: Config, config: Config) -> None:
    """Raises OperatorError for what only a start can change."""
    for where in moved(running, config):
        raise OperatorError(
            f"{where} cannot change while the gateway runs", code="reload.restart_needed", field=where, hint="restart the gateway"
        )


def moved(running: Config, config: Config) -> Iterator[str]:
    if running.node is None or config.node is None:
        yield from () if running.node is config.node else ("node",)
    else:
        yield from (f"node.{name}" for name in OF_A_NODE if getattr(running.node, name) != getattr(config.node, name))
    for section, names in FIXED.items():
        old, new = getattr(running, section), getattr(config, section)
        yield from (f"{section}.{name}" for name in names if getattr(old, name) != getattr(new, name))
