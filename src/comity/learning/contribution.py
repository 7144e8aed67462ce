# SPDX-License-Identifier: Apache-2.0
"""On the device: its own events become one clipped vector, and nothing else of them is made.

A device gives one vector for each pipeline and window.  That it did is durable before the vector is handed out, so a device that is cut
off in between gives none, and never two.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from comity.errors import CallerError
from comity.learning.extra import needed
from comity.learning.queries import Event, Query
from comity.storage.database import Database, Script, Statement

if TYPE_CHECKING:
    from comity.learning.extra import Sum

WINDOW_LETTERS_MAX = 64


def clipped(query: Query, events: Iterable[Event]) -> Sum:
    """Raises OperatorError where numpy is not installed."""
    np = needed("numpy")
    vector: Sum = np.zeros(query.length, dtype=np.uint64)
    counted = query.counted(events)
    vector[list(counted)] = list(counted.values())
    return vector


async def contribute(database: Database, query: Query, window: str, events: Iterable[Event]) -> Sum:
    """``database``: the device's own state.  Raises CallerError where it contributed already, StorageFailure."""
    vector = clipped(query, events)
    await database.write(lambda: _once(query, window))
    return vector


def _once(query: Query, window: str) -> Script[None]:
    if not 1 <= len(window) <= WINDOW_LETTERS_MAX or not window.isprintable():
        raise CallerError("a window has a name of 1 to 64 letters", code="learning.window", field="window")
    where = query.pipeline, window
    if (yield Statement('SELECT 1 FROM contributed WHERE pipeline = ? AND "window" = ?', where)):
        raise CallerError(
            f"this device contributed to `{query.pipeline}` in this window already", code="learning.contributed", status=409,
            hint="wait for the next window",
        )  # fmt: skip
    yield Statement("INSERT INTO contributed VALUES (?, ?, ?)", (*where, query.name))
