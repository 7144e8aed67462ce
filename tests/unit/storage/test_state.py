# SPDX-License-Identifier: Apache-2.0
"""Members counted once a window, exactly, whoever else counts at the same moment; what is over is gone from the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from comity.errors import StorageFailure
from comity.storage.state import DATABASE, Counts, State, Tick

YEAR = ("2026-10", "2026-11")
SPANS = {"a": YEAR, "b": YEAR}


def always(_: Counts) -> bool:
    return True


def tick(member: str, counter: str = "a", window: str = "year:2026") -> Tick:
    return Tick(counter, window, member.encode())


async def opened(folder: Path) -> State:
    return State(folder / DATABASE, seconds_max=5.0, loop=asyncio.get_running_loop())


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    made = await opened(tmp_path)
    yield made
    await made.aclose()


async def test_a_member_counts_once_for_each_counter(state: State) -> None:
    for _ in range(2):
        assert await state.count([tick("m"), tick("m", "b"), tick("n")], SPANS, always) is None
    assert state.counts(SPANS) == {"a": 2, "b": 1}


async def test_what_may_not_be_is_not_counted_at_all(state: State) -> None:
    def at_most_one(counts: Counts) -> bool:
        return counts["a"] <= 1

    assert await state.count([tick("m")], SPANS, at_most_one) is None
    assert await state.count([tick("n", "b"), tick("n")], SPANS, at_most_one) == {"a": 2, "b": 1}
    assert state.counts(SPANS) == {"a": 1, "b": 0}
    assert await state.count([tick("m")], SPANS, lambda _: False) is None  # known already: it changes nothing


@pytest.mark.parametrize("gateways", [1, 2])
async def test_the_last_place_is_taken_once(tmp_path: Path, gateways: int) -> None:
    states = [await opened(tmp_path) for _ in range(gateways)]
    try:
        asked = [states[at % gateways].count([tick(str(at))], SPANS, lambda counts: counts["a"] <= 50) for at in range(200)]
        answers = await asyncio.gather(*asked)
        assert sum(answer is None for answer in answers) == 50
        assert all(answer is None or answer["a"] == 51 for answer in answers)
        assert {each.counts(SPANS)["a"] for each in states} == {50}
    finally:
        for each in states:
            await each.aclose()


async def test_counted_again_later_it_stays_in_the_count_for_longer(state: State) -> None:
    await state.count([tick("m"), tick("n")], {"a": ("2026-10",)}, always)
    await state.count([tick("m")], {"a": ("2026-10", "2026-11")}, always)
    assert state.counts({"a": ("2026-10", "2026-11")}) == {"a": 2}
    assert state.counts({"a": ("2026-11",)}) == {"a": 1}


async def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    first = await opened(tmp_path)
    await first.count([tick("m")], SPANS, always)
    key = await first.key("year:2026", b"k" * 32)
    await first.add(b"entry")
    await first.aclose()
    second = await opened(tmp_path)
    try:
        assert second.counts(SPANS)["a"] == 1 and second.entries() == [b"entry"]
        assert await second.key("year:2026", b"other" * 7) == key == b"k" * 32
    finally:
        await second.aclose()


async def test_every_change_of_anybody_is_seen(tmp_path: Path, state: State) -> None:
    other = await opened(tmp_path)
    try:
        seen = [state.version()]
        for change in (other.add(b"x"), state.add(b"y"), other.count([tick("m")], SPANS, always), other.key("subject", b"k")):
            assert state.version() == seen[-1]
            await change
            seen.append(state.version())
        assert len(set(seen)) == len(seen)
    finally:
        await other.aclose()


async def test_a_window_that_is_over_is_gone_with_its_key_and_what_is_counted_stays(tmp_path: Path, state: State) -> None:
    await state.key("year:2025", b"secret-of-2025" * 2)
    await state.key("subject", b"kept-for-all-time")
    await state.count([tick("member-of-2025", window="year:2025"), tick("member-of-2026")], SPANS, always)
    assert b"member-of-2025" in held(tmp_path)
    await state.forget(windows=frozenset({"year:2026"}), since="2026-10")
    assert state.counts(SPANS)["a"] == 2
    assert await state.key("subject", b"new") == b"kept-for-all-time"
    await state.aclose()
    left = held(tmp_path)
    assert b"member-of-2026" in left and b"member-of-2025" not in left and b"secret-of-2025" not in left


async def test_tallies_of_months_that_no_window_holds_are_dropped(state: State) -> None:
    await state.count([tick("m")], {"a": ("2024-01",)}, always)
    await state.forget(windows=frozenset(), since="2024-02")
    assert state.counts({"a": ("2024-01",)}) == {"a": 0}


async def test_a_state_that_is_gone_counts_nothing(tmp_path: Path, state: State) -> None:
    (tmp_path / DATABASE).unlink()
    with pytest.raises(StorageFailure):
        await state.count([tick("m")], SPANS, always)


def held(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())
