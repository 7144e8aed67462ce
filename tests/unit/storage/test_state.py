# SPDX-License-Identifier: Apache-2.0
"""Members counted once a window, exactly, whoever else counts at the same moment; what is over is gone from the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from comity.errors import StorageFailure
from comity.storage.open import open_database
from comity.storage.state import Counts, Seen, State, Tick, glimpse

YEAR = ("2026-10", "2026-11")
SPANS = {"a": YEAR, "b": YEAR}


def always(_: Counts) -> bool:
    return True


def tick(member: str, counter: str = "a", window: str = "year:2026") -> Tick:
    return Tick(counter, window, member.encode())


async def opened(where: Path | str) -> State:
    return await State.open(await open_database(where, "state", seconds_max=5.0))


@pytest.fixture
async def state(where: Path | str) -> AsyncIterator[State]:
    made = await opened(where)
    yield made
    await made.aclose()


async def seen(state: State, change: Callable[[Seen], bool]) -> Seen:
    """The state once it shows the change: with SQLite at once, with PostgreSQL when the server has told."""
    async with asyncio.timeout(10):
        while not change(state.now()):  # noqa: ASYNC110 - another process tells
            await asyncio.sleep(0.005)
    return state.now()


async def counted(state: State, counts: Counts) -> bool:
    await seen(state, lambda now: now.counts(SPANS) == counts)
    return True


async def test_a_member_counts_once_for_each_counter(state: State) -> None:
    for _ in range(2):
        assert await state.count([tick("m"), tick("m", "b"), tick("n")], SPANS, always) is None
    assert await counted(state, {"a": 2, "b": 1})


async def test_what_may_not_be_is_not_counted_at_all(state: State) -> None:
    def at_most_one(counts: Counts) -> bool:
        return counts["a"] <= 1

    assert await state.count([tick("m")], SPANS, at_most_one) is None
    assert await state.count([tick("n", "b"), tick("n")], SPANS, at_most_one) == {"a": 2, "b": 1}
    assert await counted(state, {"a": 1, "b": 0})
    assert await state.count([tick("m")], SPANS, lambda _: False) is None  # known already: it changes nothing
    state._counted.clear()
    assert await state.count([tick("m")], SPANS, lambda _: False) is None  # nor where only the database knows


@pytest.mark.parametrize("gateways", [1, 2])
async def test_the_last_place_is_taken_once(where: Path | str, gateways: int) -> None:
    states = [await opened(where) for _ in range(gateways)]
    try:
        asked = [states[at % gateways].count([tick(str(at))], SPANS, lambda counts: counts["a"] <= 50) for at in range(200)]
        answers = await asyncio.gather(*asked)
        assert sum(answer is None for answer in answers) == 50
        assert all(answer is None or answer["a"] == 51 for answer in answers)
        for each in states:
            assert await counted(each, {"a": 50, "b": 0})
    finally:
        for each in states:
            await each.aclose()


async def test_counted_again_later_it_stays_in_the_count_for_longer(state: State) -> None:
    await state.count([tick("m"), tick("n")], {"a": ("2026-10",)}, always)
    await state.count([tick("m")], {"a": ("2026-10", "2026-11")}, always)
    both, newer = {"a": ("2026-10", "2026-11")}, {"a": ("2026-11",)}
    await seen(state, lambda now: (now.counts(both), now.counts(newer)) == ({"a": 2}, {"a": 1}))


async def test_whom_this_process_counted_in_this_month_it_does_not_count_again(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    await state.count([tick("m")], SPANS, always)
    monkeypatch.setattr(state.database, "write", None)
    assert await state.count([tick("m")], SPANS, always) is None
    with pytest.raises(TypeError):
        await state.count([tick("m")], {"a": (*YEAR, "2026-12")}, always)


async def test_a_restart_loses_nothing(where: Path | str) -> None:
    first = await opened(where)
    await first.count([tick("m")], SPANS, always)
    key = await first.key("year:2026", b"k" * 32)
    assert [await first.add(b"entry"), await first.add(b"another")] == [1, 2]
    await first.aclose()
    second = await opened(where)
    try:
        assert second.counts(SPANS)["a"] == 1 and second.entries() == [b"entry", b"another"]
        assert await second.key("year:2026", b"other" * 7) == key == b"k" * 32
    finally:
        await second.aclose()
    assert await asyncio.to_thread(glimpse, where, SPANS) == ({"a": 1, "b": 0}, [b"entry", b"another"])


async def test_every_change_of_anybody_is_seen_and_only_those(where: Path | str, state: State) -> None:
    other = await opened(where)
    try:
        before = state.now()
        await other.key("subject", b"k")  # nothing that is followed
        assert state.now() is before
        await other.add(b"x")
        after = await seen(state, lambda now: now.entries == [b"x"])
        await state.add(b"y")
        await other.count([tick("m")], SPANS, always)
        last = await seen(state, lambda now: now[1:] == ({("a", "2026-11"): 1}, [b"x", b"y"]))
        assert after is not before and last is not after and state.now() is last
    finally:
        await other.aclose()


async def test_a_window_that_is_over_is_gone_with_its_key_and_what_is_counted_stays(where: Path | str, state: State) -> None:
    await state.key("year:2025", b"secret-of-2025" * 2)
    await state.key("subject", b"kept-for-all-time")
    await state.count([tick("member-of-2025", window="year:2025"), tick("member-of-2026")], SPANS, always)
    assert not isinstance(where, Path) or b"member-of-2025" in held(where.parent)
    await state.forget(windows=frozenset({"year:2026"}), since="2026-10")
    assert await counted(state, {"a": 2, "b": 0})
    assert await state.key("subject", b"new") == b"kept-for-all-time"
    assert await state.key("year:2025", b"new") == b"new"
    await state.aclose()
    if isinstance(where, Path):  # on the disk too; on a server that is its vacuum's work
        left = held(where.parent)
        assert b"member-of-2026" in left and b"member-of-2025" not in left and b"secret-of-2025" not in left


async def test_tallies_of_months_that_no_window_holds_are_dropped(state: State) -> None:
    await state.count([tick("m")], {"a": ("2024-01",)}, always)
    await seen(state, lambda now: bool(now.tallies))
    await state.forget(windows=frozenset(), since="2024-02")
    await seen(state, lambda now: not now.tallies)


async def test_a_state_that_is_gone_counts_nothing(tmp_path: Path) -> None:
    state = await opened(tmp_path / "t.db")
    (tmp_path / "t.db").unlink()
    with pytest.raises(StorageFailure):
        await state.count([tick("m")], SPANS, always)
    await state.aclose()


def held(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())
