# SPDX-License-Identifier: Apache-2.0
"""A log published again and again, stopped at every step of it, put back to an earlier state, by several at once: it never forks, and
nothing that was acknowledged is lost."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from comity.errors import StorageFailure, TrustFailure
from comity.transparency import published
from comity.transparency.note import Checkpoint, Signer, checkpoint_text, signed_checkpoint
from comity.transparency.publish import Ask, Cosigner, Publisher, Reply
from comity.transparency.store import Folder, Store, is_path
from comity.transparency.tiles import entries_of, tile_of
from comity.transparency.tlog import TLog, signer_of
from comity.transparency.trust import Trust, proven
from comity.transparency.witness import Witness, keys_of
from tests.fakes import FakeClock

SIGNER = signer_of(b"n" * 32)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Memory:
    """A store in which a certain put fails."""

    def __init__(self, fails_at: int = -1) -> None:
        self.files: dict[str, bytes] = {}
        self.puts = 0
        self.fails_at = fails_at

    async def get(self, path: str) -> bytes | None:
        return self.files.get(path)

    async def put(self, path: str, data: bytes) -> None:
        assert is_path(path)
        self.puts += 1
        if self.puts == self.fails_at:
            raise StorageFailure("the store is gone")
        self.files[path] = data


@asynccontextmanager
async def log_at(where: Path | str) -> AsyncIterator[TLog]:
    made = await TLog.open(where, SIGNER, seconds_max=10)
    try:
        yield made
    finally:
        await made.aclose()


@asynccontextmanager
async def witnesses_at(folder: Path, count: int = 2) -> AsyncIterator[list[Cosigner]]:
    """Real ones, asked without a socket; every other is known by its Ed25519 key."""
    made = []
    for n in range(count):
        keys = keys_of(f"witness.example/{n}", bytes([n]) * 32)
        witness = await Witness.open(folder / f"w{n}.db", keys, [SIGNER.verifier], clock=FakeClock(NOW), seconds_max=10)
        made.append((witness, Cosigner(keys[n % 2].verifier, asked(witness))))
    try:
        yield [each for _, each in made]
    finally:
        for witness, _ in made:
            await witness.aclose()


def asked(witness: Witness) -> Ask:
    async def ask(body: bytes) -> Reply:
        answer = await witness.add(body)
        return Reply(answer.status, answer.body.encode())

    return ask


def some(begin: int, end: int) -> list[bytes]:
    return [b"entry %d" % n for n in range(begin, end)]


async def whole(store: Store, size: int) -> published.Head:
    """The published log verifies, and holds the entries that were appended."""
    *_, (done, shown, _) = [each async for each in published.whole(store.get, SIGNER.verifier)]
    assert done == shown.checkpoint.size == size
    for begin in range(0, size, 256):
        tile = tile_of(-1, begin, size)
        raw = await store.get(tile.path)
        assert raw is not None and entries_of(raw, tile.width) == some(begin, begin + tile.width)
    return shown


def trust(witnesses: Sequence[Cosigner], quorum: int = 2) -> Trust:
    return Trust(log=SIGNER.verifier.vkey, witnesses=tuple(each.key.vkey for each in witnesses), quorum=quorum)


async def test_what_was_appended_is_published_witnessed_and_proved(where: Path | str, tmp_path: Path) -> None:
    store, size = Folder(tmp_path / "tiles"), 0
    async with log_at(where) as log, witnesses_at(tmp_path) as witnesses:
        publisher = Publisher(log, store, witnesses, 2)
        assert await publisher.publish() == (0, False, ())
        for more in (1, 1, 253, 1, 1, 300, 700):
            assert await log.append(some(size, size + more)) == range(size, size + more)
            with pytest.raises(LookupError):
                await log.proof(size, store)
            size += more
            assert await publisher.publish() == (size, True, ())
            await whole(store, size)
            for index in {0, size // 2, size - 1}:
                found = proven(b"entry %d" % index, await log.proof(index, store), trust(witnesses), NOW)
                assert (found.index, found.size, len(found.witnessed)) == (index, size, 2)
        assert await publisher.publish() == (size, True, ())  # the same again, witnessed anew


async def test_the_same_log_is_signed_anew_so_that_it_stays_fresh(tmp_path: Path) -> None:
    store, clock = Memory(), FakeClock(NOW)
    keys = keys_of("witness.example/0", b"w" * 32)
    witness = await Witness.open(tmp_path / "w.db", keys, [SIGNER.verifier], clock=clock, seconds_max=10)
    async with log_at(tmp_path / "log.db") as log:
        await log.append(some(0, 3))
        cosigner = Cosigner(keys[0].verifier, asked(witness))
        publisher = Publisher(log, store, [cosigner], 1)
        await publisher.publish()
        clock.set(NOW + timedelta(days=2))
        with pytest.raises(TrustFailure) as raised:
            proven(b"entry 0", await log.proof(0, store), trust([cosigner], 1), clock.now())
        assert raised.value.step == "freshness"
        await publisher.publish()
        assert proven(b"entry 0", await log.proof(0, store), trust([cosigner], 1), clock.now()).size == 3
    await witness.aclose()


async def test_batches_that_wait_are_appended_together_each_in_one_piece(where: Path | str) -> None:
    async with log_at(where) as log:
        batches = [[b"%d:%d" % (n, each) for each in range(n % 5 + 1)] for n in range(60)]
        places = await asyncio.gather(*map(log.append, batches))
        held = await log.entries(0, sum(map(len, batches)))
        assert [held[each.start : each.stop] for each in places] == batches
        with pytest.raises(ValueError, match="65535"):
            await log.append([b"x" * 65_536])


async def test_whichever_write_to_the_store_fails_the_next_time_mends_it(tmp_path: Path) -> None:
    for fails_at in range(1, 40):
        folder = tmp_path / str(fails_at)
        folder.mkdir()
        store = Memory()
        async with log_at(folder / "log.db") as log, witnesses_at(folder) as witnesses:
            await log.append(some(0, 300))
            await Publisher(log, store, witnesses, 2).publish()
            await log.append(some(300, 900))
            store.puts, store.fails_at = 0, fails_at
            try:
                await Publisher(log, store, witnesses, 2).publish()
            except StorageFailure:
                shown = await whole(store, 300)  # what is shown is whole at any moment
                assert shown.checkpoint.size == 300
            else:
                assert store.puts < fails_at
                break
            await log.append(some(900, 950))
            assert await Publisher(log, store, witnesses, 2).publish() == (950, True, ())
            await whole(store, 950)
    else:
        raise AssertionError("the last of its writes was never reached")
    assert fails_at > 5


async def test_a_store_that_was_emptied_is_filled_anew(tmp_path: Path) -> None:
    async with log_at(tmp_path / "log.db") as log, witnesses_at(tmp_path) as witnesses:
        await log.append(some(0, 700))
        await Publisher(log, Memory(), witnesses, 2).publish()
        await log.append(some(700, 710))
        other = Memory()
        assert await Publisher(log, other, witnesses, 2).publish() == (710, True, ())
        await whole(other, 710)


# -- witnesses that do not answer, or not well -----------------------------------------------------------------------


async def silent(body: bytes) -> Reply | None:
    return None


@pytest.mark.parametrize(
    "reply",
    [Reply(500, b""), Reply(404, b"no"), Reply(200, b""), Reply(200, b"\xff"), Reply(200, b"\xe2\x80\x94 x AAAA\n"), Reply(409, b"x\n"),
     Reply(409, b""), Reply(422, b"")],
)  # fmt: skip
async def test_one_that_fails_is_missing_and_nothing_else(reply: Reply, tmp_path: Path) -> None:
    async def bad(body: bytes) -> Reply:
        return reply

    store = Memory()
    async with log_at(tmp_path / "log.db") as log, witnesses_at(tmp_path, 3) as witnesses:
        broken = [*witnesses[:2], witnesses[2]._replace(ask=bad)]
        await log.append(some(0, 5))
        assert await Publisher(log, store, broken, 2).publish() == (5, True, ("witness.example/2",))
        assert proven(b"entry 4", await log.proof(4, store), trust(witnesses), NOW).size == 5


async def test_below_the_quorum_what_was_shown_before_still_is(tmp_path: Path) -> None:
    store = Memory()
    async with log_at(tmp_path / "log.db") as log, witnesses_at(tmp_path) as witnesses:
        await log.append(some(0, 5))
        await Publisher(log, store, witnesses, 2).publish()
        await log.append(some(5, 9))
        publisher = Publisher(log, store, [witnesses[0], witnesses[1]._replace(ask=silent)], 2)
        assert await publisher.publish() == (9, False, ("witness.example/1",))
        await whole(store, 5)
        with pytest.raises(LookupError):
            await log.proof(5, store)
        assert await Publisher(log, store, witnesses, 2).publish() == (9, True, ())


async def test_a_signature_that_does_not_hold_is_not_shown(tmp_path: Path) -> None:
    """A client would refuse the whole checkpoint for it."""
    store = Memory()
    async with log_at(tmp_path / "log.db") as log, witnesses_at(tmp_path, 3) as witnesses:

        async def forged(body: bytes) -> Reply:
            text = checkpoint_text(Checkpoint(SIGNER.verifier.name, 5, b"x" * 32))
            line = keys_of("witness.example/2", bytes([2]) * 32)[0].cosignature(text, int(NOW.timestamp()))
            return Reply(200, str(line).encode())

        await log.append(some(0, 5))
        publisher = Publisher(log, store, [*witnesses[:2], witnesses[2]._replace(ask=forged)], 2)
        assert (await publisher.publish()).missing == ("witness.example/2",)
        assert proven(b"entry 0", await log.proof(0, store), trust(witnesses), NOW).size == 5


async def test_a_witness_that_forgot_is_shown_the_log_from_its_beginning(tmp_path: Path) -> None:
    store = Memory()
    async with log_at(tmp_path / "log.db") as log:
        for n in range(2):
            (tmp_path / str(n)).mkdir()
            async with witnesses_at(tmp_path / str(n)) as witnesses:
                await log.append(some(n * 10, n * 10 + 10))
                assert (await Publisher(log, store, witnesses, 2).publish()).shown


# -- a log that is not the one that was shown ------------------------------------------------------------------------


def failure(raised: pytest.ExceptionInfo[TrustFailure]) -> tuple[str, str]:
    return raised.value.step, raised.value.code


async def rolled_back(tmp_path: Path, *, after: int) -> None:
    """Ten entries are published; then the database is what it was at five, and ``after`` others follow."""
    async with log_at(tmp_path / "log.db") as log:
        await log.append(some(0, 5))
    shutil.copy(tmp_path / "log.db", tmp_path / "old.db")
    async with log_at(tmp_path / "log.db") as log, witnesses_at(tmp_path) as witnesses:
        await log.append(some(5, 10))
        assert (await Publisher(log, Folder(tmp_path / "tiles"), witnesses, 2).publish()).shown
    for name in ("log.db", "log.db-wal", "log.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "old.db").rename(tmp_path / "log.db")
    async with log_at(tmp_path / "log.db") as log:
        await log.append([b"another %d" % n for n in range(after)])


@pytest.mark.parametrize("after", [0, 1, 5, 6, 500])
async def test_a_database_put_back_to_an_earlier_state_signs_nothing_more(after: int, tmp_path: Path) -> None:
    await rolled_back(tmp_path, after=after)
    async with log_at(tmp_path / "log.db") as log, witnesses_at(tmp_path) as witnesses:
        with pytest.raises(TrustFailure) as raised:
            await Publisher(log, Folder(tmp_path / "tiles"), witnesses, 2).publish()
        assert failure(raised) == ("log", "trust.log") and (await log.heads.notes()).signed == ""


@pytest.mark.parametrize("after", [0, 1, 7])
async def test_what_was_lost_and_published_is_taken_back_unless_another_story_was_begun(after: int, tmp_path: Path) -> None:
    await rolled_back(tmp_path, after=after)
    store = Folder(tmp_path / "tiles")
    async with log_at(tmp_path / "log.db") as log, witnesses_at(tmp_path) as witnesses:
        if after:
            size = await log.size()
            if size <= 10:
                with pytest.raises(TrustFailure) as raised:
                    await log.recovered(store)
                assert failure(raised) == ("log", "trust.log")
            else:
                assert await log.recovered(store) == 0
            assert await log.size() == size
            return
        assert await log.recovered(store) == 5 and await log.recovered(store) == 0
        await log.append(some(10, 11))
        assert await Publisher(log, store, witnesses, 2).publish() == (11, True, ())
        await whole(store, 11)


async def test_a_log_of_which_nothing_is_left_is_taken_back_whole(where: Path | str, tmp_path: Path) -> None:
    store = Memory()
    async with log_at(tmp_path / "lost.db") as log:
        await log.append(some(0, 700))
        await Publisher(log, store).publish()
    async with log_at(where) as log:
        assert await log.recovered(store) == 700
        assert await log.entries(0, 700) == some(0, 700)
        assert (await Publisher(log, store).publish()).size == 700
    async with log_at(tmp_path / "another.db") as log:
        bundle = tile_of(-1, 256, 700).path
        store.files[bundle] = store.files[bundle].replace(b"entry 300", b"entry 301")
        with pytest.raises(TrustFailure) as raised:
            await log.recovered(store)
        assert failure(raised) == ("log", "trust.log") and await log.size() == 0


@pytest.mark.parametrize("after", [0, 1])
async def test_nor_where_its_store_went_back_with_it_and_only_witnesses_know(after: int, tmp_path: Path) -> None:
    await rolled_back(tmp_path, after=after)
    async with log_at(tmp_path / "log.db") as log, witnesses_at(tmp_path) as witnesses:
        with pytest.raises(TrustFailure) as raised:
            await Publisher(log, Memory(), witnesses, 2).publish()
        assert failure(raised) == ("log", "trust.log")


@pytest.mark.parametrize("after", [5, 500])
async def test_once_it_has_grown_past_what_witnesses_saw_none_signs_it(after: int, tmp_path: Path) -> None:
    await rolled_back(tmp_path, after=after)
    store = Memory()
    async with log_at(tmp_path / "log.db") as log, witnesses_at(tmp_path) as witnesses:
        if after == 5:  # of the very same size: the witness has seen another log
            with pytest.raises(TrustFailure) as raised:
                await Publisher(log, store, witnesses, 2).publish()
            assert failure(raised) == ("log", "trust.log")
        else:
            assert (await Publisher(log, store, witnesses, 2).publish()).shown is False
        assert "checkpoint" not in store.files


async def test_before_more_is_signed_whoever_saw_more_is_heard(tmp_path: Path) -> None:
    """The store went back too, but what the log signed before tells witnesses which log this is."""
    async with log_at(tmp_path / "log.db") as log, witnesses_at(tmp_path) as witnesses:
        await log.append(some(0, 5))
        await Publisher(log, Memory(), witnesses, 2).publish()
    shutil.copy(tmp_path / "log.db", tmp_path / "old.db")
    async with log_at(tmp_path / "log.db") as log, witnesses_at(tmp_path) as witnesses:
        await log.append(some(5, 10))
        await Publisher(log, Memory(), witnesses, 2).publish()
    (tmp_path / "old.db").rename(tmp_path / "log.db")
    for name in ("log.db-wal", "log.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    async with log_at(tmp_path / "log.db") as log, witnesses_at(tmp_path) as witnesses:
        await log.append([b"another"])
        before = (await log.heads.notes()).signed
        with pytest.raises(TrustFailure):
            await Publisher(log, Memory(), witnesses, 2).publish()
        assert (await log.heads.notes()).signed == before and signed_checkpoint(before, SIGNER.verifier).size == 5


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET entry = x'00' WHERE idx = 3",
        "DELETE FROM entries WHERE idx = 3",
        "UPDATE head SET peaks = zeroblob(64)",
        "UPDATE entries SET entry = 'x' WHERE idx = 3",
        "UPDATE entries SET entry = x'00' WHERE idx = 9",
    ],
)
async def test_a_database_that_was_changed_from_outside_signs_nothing(statement: str, tmp_path: Path) -> None:
    async with log_at(tmp_path / "log.db") as log:
        await log.append(some(0, 10))
    with closing(sqlite3.connect(tmp_path / "log.db")) as db:
        db.execute(statement)
        db.commit()
    store = Memory()
    async with log_at(tmp_path / "log.db") as log:
        with pytest.raises(TrustFailure) as raised:
            await Publisher(log, store).publish()
        assert failure(raised) == ("log", "trust.log") and "checkpoint" not in store.files and (await log.heads.notes()).signed == ""


@pytest.mark.parametrize(
    "statement",
    ["UPDATE head SET size = 'x'", "UPDATE head SET peaks = 7",
     "DELETE FROM entries WHERE idx = 9", "UPDATE head SET size = 11, peaks = zeroblob(96)", "UPDATE head SET peaks = zeroblob(63)",
     "INSERT INTO entries VALUES (10, x'00')", "INSERT INTO published VALUES (1, 'x', '')"],
)  # fmt: skip
async def test_a_log_that_lost_its_end_is_not_gone_on_with(statement: str, tmp_path: Path) -> None:
    async with log_at(tmp_path / "log.db") as log:
        await log.append(some(0, 10))
    with closing(sqlite3.connect(tmp_path / "log.db")) as db:
        db.execute(statement)
        db.commit()
    with pytest.raises(TrustFailure) as raised:
        async with log_at(tmp_path / "log.db"):
            pass
    assert failure(raised) == ("log", "trust.log")


async def test_a_log_is_not_gone_on_with_under_another_key(tmp_path: Path) -> None:
    async with log_at(tmp_path / "log.db") as log:
        await log.append(some(0, 2))
        await Publisher(log, Memory()).publish()
    with pytest.raises(TrustFailure) as raised:
        await TLog.open(tmp_path / "log.db", signer_of(b"m" * 32), seconds_max=10)
    assert failure(raised) == ("log", "trust.log")


async def test_tiles_that_were_changed_are_not_gone_on_with(tmp_path: Path) -> None:
    store = Memory()
    async with log_at(tmp_path / "log.db") as log:
        await log.append(some(0, 3))
        await Publisher(log, store).publish()
        store.files["tile/0/000.p/3"] = bytes(96)
        await log.append(some(3, 4))
        with pytest.raises(TrustFailure):
            await Publisher(log, store).publish()
        store.files["checkpoint"] = Signer("x", b"x" * 32).note(checkpoint_text(Checkpoint("x", 1, bytes(32)))).encode()
        with pytest.raises(TrustFailure):
            await Publisher(log, store).publish()


async def test_one_that_is_overtaken_takes_nobody_for_a_fork(tmp_path: Path) -> None:
    """Between its look at the log and its look at anything else another gateway publishes more."""
    store = Memory()
    async with log_at(tmp_path / "log.db") as log, witnesses_at(tmp_path) as witnesses:
        fast = Publisher(log, store, witnesses, 2)
        calls = 0

        class Slow:
            """Each step of it is followed by all of the other's."""

            heads = log.heads

            async def overtaken(self) -> None:
                nonlocal calls
                calls += 1
                await log.append(some(calls * 10, calls * 10 + 10))
                assert (await fast.publish()).shown

            async def ready(self) -> Checkpoint:
                head = await log.ready()
                await self.overtaken()
                return head

            async def size(self) -> int:
                return await log.size()

            async def entries(self, begin: int, end: int) -> list[bytes]:
                await self.overtaken()
                return await log.entries(begin, end)

        await log.append(some(0, 10))
        slow = Publisher(Slow(), store, witnesses, 2)
        for _ in range(4):
            await slow.publish()
            shown = await published.head(store.get, SIGNER.verifier)
            assert shown is not None and shown.checkpoint.size == calls * 10 + 10
            await whole(store, shown.checkpoint.size)
        assert calls > 4


@pytest.mark.parametrize("stores", [1, 3])
async def test_several_publish_one_log(stores: int, where: Path | str, tmp_path: Path) -> None:
    """To one store, and each to its own; what a store shows it holds at any moment."""
    made = [Memory() for _ in range(stores)]
    async with log_at(where) as log, witnesses_at(tmp_path) as witnesses:
        publishers = [Publisher(log, made[n % stores], witnesses, 2) for n in range(3)]
        size = 0
        for _ in range(6):
            for publisher in publishers:
                await log.append(some(size, size + 40))
                size += 40
                await asyncio.gather(publisher.publish(), *[each.publish() for each in publishers if each is not publisher])
                for store in made:
                    shown = await published.head(store.get, SIGNER.verifier)
                    if shown is not None:
                        await whole(store, shown.checkpoint.size)
                        assert proven(b"entry 0", await log.proof(0, store), trust(witnesses), NOW).size == shown.checkpoint.size
        for publisher, store in zip(publishers, made, strict=False):
            await publisher.publish()
            await whole(store, size)
