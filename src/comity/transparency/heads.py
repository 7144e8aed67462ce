# SPDX-License-Identifier: Apache-2.0
"""What a log has signed for publishing, and what of it was witnessed: durable before it leaves, and never two stories.

They lie in the table `published` beside the log's own, whichever log it is.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from comity.errors import TrustFailure
from comity.storage.database import Database, Script, Statement
from comity.transparency.note import Checkpoint, Signer, Verifier, checkpoint_text, signed_checkpoint


class Notes(NamedTuple):
    signed: str  # the newest that was signed for publishing
    witnessed: str  # the newest that was kept with its witnesses


class Heads:
    def __init__(self, database: Database, signer: Signer) -> None:
        self._database, self._signer = database, signer
        self.verifier = signer.verifier

    async def notes(self) -> Notes:
        """Both "" before the first."""
        return await self._database.read(notes)

    async def sign(self, head: Checkpoint) -> str:
        """Its note, kept before it is returned.  Raises TrustFailure when another root was signed for this size."""
        note = self._signer.note(checkpoint_text(head))
        await self._database.write(partial(_signed, note, head, self.verifier))
        return note

    async def keep(self, note: str) -> None:
        """It is the newest with its witnesses, unless one of a larger log is."""
        await self._database.write(partial(_kept, note, self.verifier))


def notes() -> Script[Notes]:
    found = yield Statement("SELECT signed, witnessed FROM published")
    return Notes(*map(str, found[0])) if found else Notes("", "")


def checked(note: str, key: Verifier) -> Checkpoint:
    """Raises TrustFailure (step `log`)."""
    try:
        return signed_checkpoint(note, key)
    except ValueError:
        raise ahead("its head is not signed by its key", "restore the key that it began with") from None


def ahead(why: str, hint: str = "restore what was lost; nothing more is signed under this key until then") -> TrustFailure:
    return TrustFailure(f"the log is not the one that was shown: {why}", step="log", code="trust.log", hint=hint)


def _signed(note: str, head: Checkpoint, key: Verifier) -> Script[None]:
    before = (yield from notes()).signed
    if before:
        last = checked(before, key)
        if last.size > head.size:
            return  # another gateway was faster, on the same tree
        if last.size == head.size and last.root != head.root:
            raise ahead("another root was signed for this size")
    yield _put("signed", note)


def _kept(note: str, key: Verifier) -> Script[None]:
    before = (yield from notes()).witnessed
    if not before or checked(before, key).size <= checked(note, key).size:
        yield _put("witnessed", note)


def _put(column: str, note: str) -> Statement:
    values = {"signed": "", "witnessed": ""} | {column: note}
    return Statement(
        f"INSERT INTO published VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET {column} = excluded.{column}",  # noqa: S608
        (values["signed"], values["witnessed"]),
    )
