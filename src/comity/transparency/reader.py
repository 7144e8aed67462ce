# SPDX-License-Identifier: Apache-2.0
"""The record and the log, read beside running gateways: what `comity log` and `comity explain` show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from comity.errors import CallerError
from comity.storage.database import Row, Script, Statement
from comity.storage.open import look_into
from comity.transparency import bundle, rows
from comity.transparency.log_key import Place, standing_signer
from comity.transparency.queries import judgements
from comity.transparency.rows import Record

SECONDS_MAX = 10.0  # for an answer of a server
JUDGEMENTS_AT_ONCE = 200


class Judgement(NamedTuple):
    """What was decided on what, and how often."""

    place: int  # of its first record
    receipt: str
    records: int
    facts: bytes
    decision: bytes


class Reader:
    """Synchronous and read-only.  Bundles are signed with the log's own key, so they are for its owner to make."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._into = look_into(place / rows.DATABASE if isinstance(place, Path) else place.url, "log", seconds_max=SECONDS_MAX)
        self._look = self._into.look

    @classmethod
    def open(cls, place: Place) -> Reader:
        """Raises StorageFailure when nothing was recorded there."""
        return cls(place)

    @property
    def vkey(self) -> str:
        return standing_signer(self._place).verifier.vkey

    def tail(self, count: int) -> list[Record]:
        return self._look(lambda: rows.tail(count))

    def last(self) -> Record:
        newest = self.tail(1)
        if not newest:
            raise CallerError("nothing has been recorded yet", code="receipt.unknown", status=404, hint="comity ask 'hello'")
        return newest[0]

    def record(self, reference: str) -> Record:
        """By receipt id, by place in the log, or `last`."""
        return self.last() if reference == "last" else self._look(lambda: rows.one(reference))

    def judgements(self) -> Iterator[Judgement]:
        """Every one that is recorded, by its first record.  Raises TrustFailure when one is not as it was written."""
        firsts = self._look(_firsts)
        for begin in range(0, len(firsts), JUDGEMENTS_AT_ONCE):
            some = firsts[begin : begin + JUDGEMENTS_AT_ONCE]
            judged = self._look(lambda some=some: judgements([row[3] for row in some]))  # type: ignore[misc]
            for at, receipt, count, digest in some:
                if digest not in judged:  # expired since
                    continue
                yield Judgement(at, receipt, count, *judged[digest])

    def bundle(self, reference: str) -> dict[str, Any]:
        named = str(self.last().place) if reference == "last" else reference
        signer = standing_signer(self._place)
        return self._look(lambda: bundle.bundle(named, signer))

    def checkpoint(self) -> str:
        return self._look(rows.head)[1]

    def close(self) -> None:
        self._into.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _firsts() -> Script[list[Row]]:
    return (
        yield Statement(
            "SELECT m.idx, r.id, m.records, m.judgement"
            " FROM (SELECT judgement, min(idx) AS idx, count(*) AS records FROM records GROUP BY judgement) AS m"
            " JOIN records r ON r.idx = m.idx ORDER BY m.idx"
        )
    )
