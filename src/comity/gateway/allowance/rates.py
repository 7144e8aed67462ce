# SPDX-License-Identifier: Apache-2.0
"""Where minutes are kept that no other gateway needs to see: in memory, gone with the process.

`valkey.py` keeps them for several gateways; where those share a state and no Valkey, `spend.book` keeps them beside the money.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from comity.gateway.allowance import minute
from comity.gateway.allowance.minute import Asked, Full, Minute, Room
from comity.ports import Clock


class Rates(Protocol):
    """Raises StorageFailure when nobody can say what was used."""

    async def take(self, asked: Sequence[Asked], hold: str) -> Full | list[Room]: ...

    async def give(self, asked: Sequence[Asked], hold: str, tokens: int | None) -> None: ...

    async def aclose(self) -> None: ...


class MemoryRates:
    """Of this process alone; nothing here waits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._minutes: defaultdict[str, Minute] = defaultdict(Minute)

    async def take(self, asked: Sequence[Asked], hold: str) -> Full | list[Room]:
        return minute.take(self._minutes, asked, int(self._clock.monotonic()), hold)

    async def give(self, asked: Sequence[Asked], hold: str, tokens: int | None) -> None:
        minute.give(self._minutes, asked, int(self._clock.monotonic()), hold, tokens)

    async def aclose(self) -> None:
        self._minutes.clear()
