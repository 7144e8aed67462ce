# SPDX-License-Identifier: Apache-2.0
"""States to count in: a file of SQLite's, and a PostgreSQL server where one can be started."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from comity.storage.database import Database
from comity.storage.open import open_database

Opened = Callable[[], Awaitable[Database]]


@pytest.fixture
async def gateways(where: Path | str) -> AsyncIterator[Opened]:
    """Each call opens the same new state once more, as another gateway would."""
    opened: list[Database] = []

    async def once_more() -> Database:
        opened.append(await open_database(where, "state", seconds_max=20.0))
        return opened[-1]

    yield once_more
    for database in opened:
        await database.aclose()


@pytest.fixture
async def database(gateways: Opened) -> Database:
    return await gateways()
