# SPDX-License-Identifier: Apache-2.0
"""What was signed for publishing is kept before it leaves, and is never taken back or told otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from comity.errors import TrustFailure
from comity.storage.open import open_database
from comity.transparency.heads import Heads, Notes
from comity.transparency.note import Checkpoint, Signer, signed_checkpoint

SIGNER = Signer("log.example", b"l" * 32)


def head(size: int, root: bytes = b"r" * 32) -> Checkpoint:
    return Checkpoint("log.example", size, root)


async def test_it_is_kept_and_only_a_larger_one_takes_its_place(where: Path | str) -> None:
    database = await open_database(where, "tlog", seconds_max=10)
    heads = Heads(database, SIGNER)
    assert await heads.notes() == Notes("", "")
    three, five = await heads.sign(head(3)), await heads.sign(head(5))
    assert await heads.sign(head(3)) == three and (await heads.notes()).signed == five  # another gateway was slower
    await heads.keep(five)
    await heads.keep(three)
    assert await heads.notes() == Notes(five, five)
    await heads.keep(await heads.sign(head(5)) + "\u2014 witness.example AAAABBBB\n")  # the same size, witnessed anew
    kept = (await Heads(database, SIGNER).notes()).witnessed
    assert kept.endswith("AAAABBBB\n") and signed_checkpoint(kept, SIGNER.verifier) == head(5)
    await database.aclose()


async def test_of_one_size_there_is_one_root(where: Path | str) -> None:
    database = await open_database(where, "tlog", seconds_max=10)
    heads = Heads(database, SIGNER)
    note = await heads.sign(head(5))
    with pytest.raises(TrustFailure) as raised:
        await heads.sign(head(5, b"x" * 32))
    assert (raised.value.step, raised.value.code) == ("log", "trust.log") and (await heads.notes()).signed == note
    with pytest.raises(TrustFailure):
        await Heads(database, Signer("log.example", b"k" * 32)).sign(head(6))
    await database.aclose()
