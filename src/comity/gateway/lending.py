# SPDX-License-Identifier: Apache-2.0
"""Whose vault a request hides in: its own, erased with it, or that of its conversation, erased when that has been idle.

A conversation keeps its stand-ins only where the configuration says for how long, and only for a subject who is named: what two
persons begin with the same words must never share a vault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple

from comity.config import Config
from comity.gateway.locate import Nexus
from comity.ports import Clock
from comity.privacy.keeping import Vaults
from comity.privacy.pseudonym import Pseudonyms
from comity.wire.chat import ChatRequest
from comity.wire.request import Request, texts


class Lease(NamedTuple):
    vault: Pseudonyms
    close: Callable[[], object]


class Lending:
    """``new`` makes a vault; ``key``: 16 to 64 random bytes of this process."""

    def __init__(self, config: Config, new: Callable[[], Pseudonyms], *, clock: Clock, key: bytes) -> None:
        self._new, self._seconds = new, config.privacy.conversation_seconds_max
        self._kept = Vaults(new, clock=clock, key=key, idle_seconds_max=self._seconds)
        self._timer: asyncio.TimerHandle | None = None

    def lease(self, caller: str, nexus: Nexus, request: Request) -> Lease:
        """For as long as the answer takes; then it is closed."""
        if self._seconds <= 0 or nexus.pseudonym is None:
            vault = self._new()
            return Lease(vault, vault.erase)
        lent = self._kept.lent("\0".join((caller, nexus.pseudonym, *_beginning(request))))
        return Lease(lent.__enter__(), lambda: self._given_back(lent))

    def _given_back(self, lent: AbstractContextManager[Pseudonyms]) -> None:
        lent.__exit__(None, None, None)
        self._arm()

    def _arm(self) -> None:
        """Erases on time what nobody asks for again."""
        if self._timer is None and len(self._kept):
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        self._kept.sweep()
        self._arm()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._kept.erase()


def _beginning(request: Request) -> Iterator[str]:
    """The messages up to the first of the user's: a chat that goes on sends them again, as they were."""
    if not isinstance(request, ChatRequest):
        yield from texts(request)
        return
    for message in request.messages:
        yield from texts(ChatRequest(messages=(message,)))
        if message.role == "user":
            return
