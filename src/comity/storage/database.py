# SPDX-License-Identifier: Apache-2.0
"""What a database is to the rest of Comity: transactions written once, run by SQLite and by PostgreSQL alike.

A `Script` is a generator that yields statements and is given their rows.  It does no I/O of its own, so the engine that drives it
decides whether that happens on a thread (SQLite) or on the event loop (PostgreSQL), and a test can drive it by hand.

Statements are SQL that both engines know, with `?` for a value and for nothing else.  Values are str, bytes, int, float and None.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import cache
from itertools import chain
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar

T = TypeVar("T")
J = TypeVar("J")
T_co = TypeVar("T_co", covariant=True)
Row = tuple[Any, ...]
ROWS_PER_STATEMENT_MAX = 64


class Statement(NamedTuple):
    sql: str
    values: Sequence[Any] = ()


Script = Generator[Statement, list[Row], T]
"""`rows = yield Statement("SELECT … WHERE id = ?", (id,))`; what it returns is the transaction's result."""


class Figures(NamedTuple):
    waiting: int  # jobs that are not durable yet
    groups: int  # written so far, each with one sync
    jobs: int  # in those


class Database(Protocol):
    """Raises StorageFailure, and nothing else, for whatever the engine or the disk does; what a script raises passes through.

    Whoever writes is alone: the scripts of one set of tables run one after the other, whichever process they come from, so a
    script that reads and then writes needs no lock of its own."""

    dialect: Literal["sqlite", "postgres"]
    """For the very few statements that only one of them knows."""

    async def write(self, script: Callable[[], Script[T]]) -> T:
        """Returns the script's result once what it wrote is durable.  Scripts that wait share one transaction and one sync; each has
        a savepoint of its own, so one that raises takes back its own writes alone.  ``script`` is called anew where the
        transaction has to be tried again, so it keeps nothing outside itself."""

    async def join(self, script: Callable[[Sequence[J]], Script[list[T]]], job: J) -> T:
        """As `write`, for what comes often: the jobs that wait for one ``script`` (the same object) are done by one call of it,
        which returns a result for each.  If that raises, it is called anew for each job alone."""

    async def read(self, script: Callable[[], Script[T]]) -> T:
        """From one state of the database, whatever is written meanwhile; the script may not write."""

    async def scrub(self) -> None:
        """After a script that deleted: what it deleted leaves the disk too, as far as the engine can see to it."""

    async def follow(self, script: Callable[[], Script[T]]) -> Followed[T]:
        """What a reading script returns, kept up to date whoever writes, until the database is closed."""

    @property
    def figures(self) -> Figures: ...

    async def aclose(self) -> None:
        """Writes what waits, then closes.  May be called twice."""


class Followed(Protocol, Generic[T_co]):
    def now(self) -> T_co:
        """A look at memory: the same object for as long as it is equal.  Raises StorageFailure when nobody can say."""


def insert(table: str, rows: Sequence[Row], otherwise: str = "") -> Script[None]:
    """``table``: a name of our own; ``otherwise``: what follows the values, an ON CONFLICT.

    Many rows a statement: with SQLite each statement gives up the interpreter's lock and waits to have it back, and beside a busy event
    loop 64 such waits are longer than the disk; with PostgreSQL each is a way to the server and back."""
    for begin in range(0, len(rows), ROWS_PER_STATEMENT_MAX):
        some = rows[begin : begin + ROWS_PER_STATEMENT_MAX]
        yield Statement(_insertion(table, len(some), len(some[0]), otherwise), list(chain.from_iterable(some)))


@cache
def _insertion(table: str, rows: int, columns: int, otherwise: str) -> str:
    marks = "(" + ",".join("?" * columns) + ")"
    return f"INSERT INTO {table} VALUES {','.join([marks] * rows)} {otherwise}"  # noqa: S608
