# SPDX-License-Identifier: Apache-2.0
"""Who keeps minutes outside the state, where `spend.book` keeps them beside the money: `valkey.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from comity.gateway.allowance.minute import Asked, Full, Room


class Rates(Protocol):
    """Raises StorageFailure when nobody can say what was used."""

    async def take(self, asked: Sequence[Asked], hold: str) -> Full | list[Room]: ...

    async def give(self, asked: Sequence[Asked], hold: str, tokens: int | None) -> None: ...

    async def aclose(self) -> None: ...
