# SPDX-License-Identifier: Apache-2.0
"""What a database is to the rest of Comity: transactions written once, run by SQLite and by PostgreSQL alike.

A `Script` is a generator that yields statements and is given their rows.  It does no I/O of its own, so the engine that drives it
decides whether that happens on a thread (SQLite) or on the event loop (PostgreSQL), and a test can drive it by hand.

Statements are SQL that both engines know, with `?` for a value.  Values are str, bytes, int, float and None.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

T = TypeVar("T")
Row = tuple[Any, ...]


class Statement(NamedTuple):
    sql: str
    values: Sequence[Any] = ()


Script = Generator[Statement, list[Row], T]
"""`rows = yield Statement("SELECT … WHERE id = ?", (id,))`; what it returns is the transaction's result."""


class Database(Protocol):
    """Raises StorageFailure, and nothing else, for whatever the engine or the disk does; what a script raises passes through."""

    async def write(self, script: Callable[[], Script[T]]) -> T:
        """Returns the script's result once what it wrote is durable.  Scripts that wait share one transaction and one sync; each has
        a savepoint of its own, so one that raises takes back its own writes alone.  ``script`` is called anew where the
        transaction has to be tried again, so it keeps nothing outside itself."""

    async def read(self, script: Callable[[], Script[T]]) -> T:
        """From one state of the database, whatever is written meanwhile; the script may not write."""

    async def aclose(self) -> None:
        """Writes what waits, then closes.  May be called twice."""
