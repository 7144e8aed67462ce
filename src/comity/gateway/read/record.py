# SPDX-License-Identifier: Apache-2.0
"""Looking into the record of a running gateway, beside whoever writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from comity.gateway.world import World
from comity.storage.database import Script

T = TypeVar("T")


async def look(world: World, script: Callable[[], Script[T]]) -> T:
    """Raises StorageFailure, and what the script raises."""
    return await world.ledger.database.read(script)
