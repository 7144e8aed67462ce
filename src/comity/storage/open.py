# SPDX-License-Identifier: Apache-2.0
"""One word for both engines: a path is a file of SQLite's, a URL a PostgreSQL server."""

from __future__ import annotations

import asyncio
from pathlib import Path

from comity.errors import StorageFailure
from comity.storage.database import Database
from comity.storage.schema import Which, migrations


async def open_database(where: Path | str, which: Which, *, seconds_max: float) -> Database:
    """Opened and brought up to date.  ``seconds_max``: how long a caller waits before what it asked for counts as not done.

    Raises StorageFailure."""
    if not isinstance(where, Path):
        raise StorageFailure("PostgreSQL is not spoken yet", hint="name a file")
    from comity.storage.engine_sqlite import SQLite

    loop = asyncio.get_running_loop()
    return await asyncio.to_thread(lambda: SQLite(where, migrations(which, "sqlite"), seconds_max=seconds_max, loop=loop))
