# SPDX-License-Identifier: Apache-2.0
"""A home edited behind the gateway's back: it is not gone on with, and nothing false is ever signed or shown as whole."""

from __future__ import annotations

import random as plain_random
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from comity.errors import ComityError, OperatorError, StorageFailure, TrustFailure
from comity.ports import SystemRandom
from comity.transparency.ledger import Ledger, Outcome
from comity.transparency.reader import Reader
from comity.transparency.receipt import Receipt
from comity.transparency.verify import verify
from tests.fakes import FakeClock

CLOCK = FakeClock()


async def opened(home: Path) -> Ledger:
    return await Ledger.open(home, clock=CLOCK, random=SystemRandom(), record_seconds_max=10)


async def write(ledger: Ledger, count: int) -> list[str]:
    made = []
    for _ in range(count):
        receipt = Receipt(id=ledger.new_id(), at="2026-11-23T12:00Z", issuer=ledger.origin, key=ledger.key_id, effect="allow")
        await ledger.record(receipt, request_id="r", subject=None, facts=b'{"a":1}', decision=b'{"b":2}')
        await ledger.finish(receipt.id, Outcome(at=CLOCK.now(), status="ok"))
        made.append(receipt.id)
    return made


async def filled(home: Path, count: int = 3) -> list[str]:
    ledger = await opened(home)
    made = await write(ledger, count)
    await ledger.aclose()
    return made


def edit(home: Path, *statements: str) -> None:
    with closing(sqlite3.connect(home / "comity.db")) as db:
        for statement in statements:
            assert db.execute(statement).rowcount, statement
        db.commit()


EDITS = {
    "a record is removed": "DELETE FROM records WHERE idx = 1",
    "the newest record is removed": "DELETE FROM records WHERE idx = 2",
    "a record is added": (
        "INSERT INTO records SELECT 3, 'x', request, subject, receipt, salt, leaf, judgement, until FROM records WHERE idx = 0"
    ),
    "the newest receipt is changed": "UPDATE records SET receipt = CAST(replace(receipt, 'allow', 'deny') AS BLOB) WHERE idx = 2",
    "the newest receipt is of another kind": "UPDATE records SET receipt = 7 WHERE idx = 2",
    "the newest salt is changed": "UPDATE records SET salt = zeroblob(32) WHERE idx = 2",
    "the newest leaf is changed": "UPDATE records SET leaf = zeroblob(32) WHERE idx = 2",
    "the head is put back": "UPDATE head SET size = 2",
    "the head is removed": "DELETE FROM head",
    "the head is emptied": "UPDATE head SET size = 0, checkpoint = ''",
    "the head is of another kind": "UPDATE head SET size = 'three'",
    "the head is another's": "UPDATE head SET checkpoint = replace(checkpoint, 'comity', 'comitx')",
    "the head is cut": "UPDATE head SET checkpoint = substr(checkpoint, 1, 40)",
    "a peak is changed": "UPDATE nodes SET hash = zeroblob(32) WHERE level = 1 AND idx = 0",
    "a peak is removed": "DELETE FROM nodes WHERE level = 1 AND idx = 0",
}


@pytest.mark.parametrize("name", EDITS)
async def test_a_log_that_was_changed_is_not_gone_on_with(home: Path, name: str) -> None:
    await filled(home)
    edit(home, EDITS[name])
    with pytest.raises(TrustFailure) as raised:
        await opened(home)
    assert raised.value.step == "log" and raised.value.exit_code == 5


CHANGED = {
    "receipt": "UPDATE records SET receipt = CAST(replace(receipt, 'allow', 'deny') AS BLOB) WHERE idx = 0",
    "salt": "UPDATE records SET salt = zeroblob(32) WHERE idx = 0",
    "sibling": "UPDATE records SET leaf = zeroblob(32) WHERE idx = 1",
    "head": "UPDATE head SET checkpoint = replace(checkpoint, 'a', 'b')",
}


@pytest.mark.parametrize("what", CHANGED)
async def test_what_the_log_does_not_stand_for_is_never_signed(home: Path, what: str) -> None:
    """Else whoever can write the database could have the log's own key sign whatever they like."""
    ledger = await opened(home)
    first = (await write(ledger, 3))[0]
    edit(home, CHANGED[what])
    with Reader.open(home) as reader, pytest.raises(TrustFailure):
        reader.bundle(first)
    with pytest.raises(TrustFailure) as raised:
        await ledger.bundle(first)
    assert raised.value.step == "log"
    await ledger.aclose()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET receipt = x'7b7d' WHERE idx = 0",
        "UPDATE records SET receipt = 'nothing' WHERE idx = 0",
        "UPDATE records SET receipt = x'ff' WHERE idx = 0",
        "UPDATE judgements SET facts = x'7b7d'",
        "UPDATE judgements SET decision = 5",
        "UPDATE outcomes SET outcome = 'nothing'",
        "UPDATE outcomes SET outcome = '7'",
    ],
)
async def test_a_record_that_was_changed_is_not_shown(home: Path, statement: str) -> None:
    await filled(home, 1)
    edit(home, statement)
    with Reader.open(home) as reader:
        for look in (lambda: reader.tail(5), reader.last, lambda: reader.record("0")):
            with pytest.raises(TrustFailure):
                look()


async def test_a_log_that_is_gone_is_not_begun_anew_under_its_key(home: Path) -> None:
    """A second log of the same name and key would be a second story, each with good signatures."""
    await filled(home)
    key = (home / "log.key").read_bytes()
    for leave in (b"", None):
        for path in home.glob("comity.db*"):
            path.unlink()
        if leave is not None:
            (home / "comity.db").write_bytes(leave)
        for _ in range(2):
            with pytest.raises(TrustFailure) as raised:
                await opened(home)
            assert raised.value.step == "log" and "log.key" in raised.value.hint
    assert (home / "log.key").read_bytes() == key
    (home / "log.key").unlink()  # as the hint says: this is another log, and named otherwise
    assert (await filled(home, 1)) and (home / "log.key").read_bytes() != key


async def test_a_key_that_is_gone_is_not_made_anew_for_a_log_that_had_one(home: Path) -> None:
    await filled(home)
    (home / "log.key").unlink()
    with pytest.raises(TrustFailure):
        await opened(home)
    assert not (home / "log.key").exists()
    with Reader.open(home) as reader, pytest.raises(StorageFailure):
        reader.bundle("0")


async def test_another_s_key_is_not_taken_for_the_log_s(home: Path) -> None:
    await filled(home)
    (home / "log.key").write_bytes(b"k" * 32)
    with pytest.raises(TrustFailure):
        await opened(home)


async def test_a_truncated_key_is_refused_and_never_replaced(home: Path) -> None:
    await filled(home)
    (home / "log.key").write_bytes(b"short")
    with pytest.raises(OperatorError):
        await opened(home)
    assert (home / "log.key").read_bytes() == b"short"


async def test_a_file_that_is_no_database(home: Path) -> None:
    (home / "comity.db").write_bytes(b"not a database at all" * 1000)
    with pytest.raises(StorageFailure) as raised:
        await opened(home)
    assert raised.value.code == "storage.corrupt"
    assert not (home / "log.key").exists()


async def test_an_empty_file_is_a_new_database(home: Path) -> None:
    (home / "comity.db").touch()
    assert await filled(home, 1)


async def looked_through(home: Path, ids: list[str], said: dict[str, str]) -> int:
    """Opens, reads and proves what can be; only errors of our own, and nothing that verifies says what it did not say before."""
    held = 0
    try:
        ledger = await opened(home)
    except ComityError:
        return 0
    try:
        for receipt in ids:
            try:
                found = verify(await ledger.bundle(receipt), vkey=ledger.vkey)
            except ComityError:
                continue
            assert found.receipt["id"] == receipt and found.receipt["effect"] == said[receipt]
            held += 1
        with suppress(ComityError), Reader.open(home) as reader:
            reader.checkpoint()
            reader.tail(100)
        with suppress(ComityError):
            await write(ledger, 1)
    finally:
        await ledger.aclose()
    return held


async def test_flipped_bits_on_the_disk_are_told_or_do_not_matter(home: Path, tmp_path: Path) -> None:
    ids = await filled(home, 12)
    said = dict.fromkeys(ids, "allow")
    whole = (home / "comity.db").read_bytes()
    source = plain_random.Random(7)
    outcomes = []
    for n in range(60):
        copy = tmp_path / f"copy{n}"
        shutil.copytree(home, copy)
        spoilt = bytearray(whole)
        for _ in range(1 + n % 3):
            spoilt[source.randrange(len(spoilt))] ^= 1 << source.randrange(8)
        (copy / "comity.db").write_bytes(spoilt)
        outcomes.append(await looked_through(copy, ids, said))
        shutil.rmtree(copy)
    assert 0 in outcomes and 12 in outcomes  # both kinds of bit were met


@pytest.mark.parametrize("keep", [0, 1, 31, 32, 33, 5000, 30_000, -1, -32, -4096, -20_000])
async def test_a_log_whose_last_writes_were_cut_off_holds_to_what_is_left(home: Path, tmp_path: Path, keep: int) -> None:
    """As after a power cut, or by someone's hand: what is left is an earlier state, whole, and each receipt in it verifies."""
    ledger = await opened(home)
    ids = await write(ledger, 20)
    crashed = tmp_path / "crashed"  # what a kill would leave: the files as they are, with the log still written to
    shutil.copytree(home, crashed)
    await ledger.aclose()
    wal = crashed / "comity.db-wal"
    size = wal.stat().st_size
    with wal.open("r+b") as file:
        file.truncate(keep if keep >= 0 else max(size + keep, 0))
    (crashed / "comity.db-shm").unlink()
    try:
        again = await opened(crashed)
    except TrustFailure:  # nothing at all is left, though a key shows that there was something
        assert 0 <= keep <= 33
        return
    with Reader.open(crashed) as reader:
        left = [record.receipt["id"] for record in reader.tail(100)]
    assert left == ids[: len(left)]
    new = await write(again, 1)
    for n, receipt in enumerate([*left, *new]):
        assert verify(await again.bundle(receipt), vkey=again.vkey).index == n
    await again.aclose()
