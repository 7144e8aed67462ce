# SPDX-License-Identifier: Apache-2.0
"""The record and the log of a home, read beside a running gateway: what `comity log` and `comity explain` show."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

from comity.errors import CallerError, StorageFailure
from comity.ports import SystemRandom
from comity.storage.sqlite import read_only, snapshot
from comity.transparency import bundle, rows
from comity.transparency.ledger import signer_of
from comity.transparency.note import Signer
from comity.transparency.rows import Record

T = TypeVar("T")


class Judgement(NamedTuple):
    """What was decided on what, and how often."""

    place: int  # of its first record
    receipt: str
    records: int
    facts: bytes
    decision: bytes


_JUDGEMENTS = (
    "SELECT min(r.idx), r.id, count(*), j.digest, j.facts, j.decision"  # with min(), SQLite takes r.id from that row
    " FROM records r JOIN judgements j ON j.digest = r.judgement GROUP BY r.judgement ORDER BY 1"
)


class Reader:
    """Synchronous and read-only.  Bundles are signed with the home's own key, so they are for its owner to make."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._db = read_only(home / rows.DATABASE)

    @classmethod
    def open(cls, home: Path) -> Reader:
        """Raises StorageFailure when nothing was recorded there."""
        return cls(home)

    def _signer(self) -> Signer:
        if not (self._home / rows.KEY).exists():
            raise StorageFailure(f"no log key in `{self._home}`", code="storage.absent", hint="restore it from a backup")
        return signer_of(self._home, SystemRandom())

    def _look(self, look: Callable[[sqlite3.Connection], T]) -> T:
        with snapshot(self._db):
            return look(self._db)

    @property
    def vkey(self) -> str:
        return self._signer().verifier.vkey

    def tail(self, count: int) -> list[Record]:
        return self._look(lambda db: rows.tail(db, count))

    def last(self) -> Record:
        newest = self.tail(1)
        if not newest:
            raise CallerError("nothing has been recorded yet", code="receipt.unknown", status=404, hint="comity ask 'hello'")
        return newest[0]

    def record(self, reference: str) -> Record:
        """By receipt id, by place in the log, or `last`."""
        return self.last() if reference == "last" else self._look(lambda db: rows.one(db, reference))

    def judgements(self) -> Iterator[Judgement]:
        """Every one that is recorded, by its first record.  Raises TrustFailure when one is not as it was written."""
        with snapshot(self._db):
            for at, receipt, count, digest, facts, decision in self._db.execute(_JUDGEMENTS):
                blobs = isinstance(facts, bytes) and isinstance(decision, bytes)  # SQLite takes anything for one
                if not blobs or rows.digest_of(facts, decision) != digest:
                    raise rows.broken(f"what record {at} decided is not as it was written")
                yield Judgement(at, receipt, count, facts, decision)

    def bundle(self, reference: str) -> dict[str, Any]:
        named = str(self.last().place) if reference == "last" else reference
        signer = self._signer()
        return self._look(lambda db: bundle.bundle(db, named, signer))

    def checkpoint(self) -> str:
        return self._look(rows.head)[1]

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
