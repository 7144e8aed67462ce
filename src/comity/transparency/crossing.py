# SPDX-License-Identifier: Apache-2.0
"""The record's log as it is published: one salted hash for each receipt, and random ones between, so that it counts nobody.

Whoever holds a receipt and its salt finds it there; to everybody else an entry is 32 random bytes, also after its record has expired
or was erased.
"""

from __future__ import annotations

from functools import partial

from comity.errors import OperatorError
from comity.transparency import rows
from comity.transparency.heads import Heads
from comity.transparency.ledger import Ledger
from comity.transparency.note import Checkpoint, signed_checkpoint


class Crossing:
    """A `publish.Source`.  ``fill``: the log is published at multiples of so many."""

    def __init__(self, ledger: Ledger, fill: int) -> None:
        self._ledger, self._fill = ledger, fill
        self.heads: Heads = ledger.heads

    async def ready(self) -> Checkpoint:
        note = await self._ledger.filled(self._fill)
        key = self.heads.verifier
        return signed_checkpoint(note, key) if note else Checkpoint(key.name, 0, b"")

    async def size(self) -> int:
        return (await self._ledger.database.read(rows.head))[0]

    async def entries(self, begin: int, end: int) -> list[bytes]:
        try:
            return await self._ledger.database.read(partial(rows.entries, begin, end))
        except LookupError:
            raise OperatorError(
                "records expired before their log was published, and what they stood for is gone", code="publish.expired",
                hint="this log cannot be published; one that begins anew in another home can",
            ) from None  # fmt: skip
