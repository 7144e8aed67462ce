# SPDX-License-Identifier: Apache-2.0
"""No sixty seconds hold more than a limit, wherever they begin; and what Valkey counts is what Python counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.config import RatesConfig
from comity.errors import StorageFailure
from comity.gateway.allowance.minute import LAPSE_SECONDS, Asked, Full, Minute, Room, give, take
from comity.gateway.allowance.valkey import ValkeyRates, connect
from tests.fakes import FakeClock

Event = tuple[int, int, int, int | None]
"""Seconds since the one before, account, tokens asked for, and which of those that run ends before it (None: none does)."""
EVENTS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 2), st.integers(0, 9), st.none() | st.integers(0, 5)), min_size=1, max_size=60
)
LIMITS = st.builds(RatesConfig, requests_per_minute=st.integers(0, 5), tokens_per_minute=st.integers(0, 12), concurrent=st.integers(0, 3))


def asked(limits: RatesConfig, account: int, tokens: int) -> list[Asked]:
    """Accounts 0 and 1 are of one tenant; 2 is alone."""
    own = Asked(f"key:{account}", limits, tokens)
    return [own] if account == 2 else [Asked("tenant:t", limits, tokens), own]


@given(EVENTS, LIMITS)
def test_a_limit_holds_in_every_window(events: list[Event], limits: RatesConfig) -> None:
    minutes: defaultdict[str, Minute] = defaultdict(Minute)
    passed: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    running: dict[str, tuple[list[Asked], int]] = {}
    now = 1000
    for number, (step, account, tokens, ending) in enumerate(events):
        now += step
        if ending is not None and running:
            name = sorted(running)[ending % len(running)]
            ended, size = running.pop(name)
            give(minutes, ended, now, name, size)
        wanted = asked(limits, account, tokens)
        made = take(minutes, wanted, now, str(number))
        if isinstance(made, Full):
            assert 1 <= made.seconds <= 61
            continue
        running[str(number)] = (wanted, wanted[0].booked)
        for each in wanted:
            passed[each.account].append((now, each.booked))
            if limits.concurrent:
                assert sum(each.account in [one.account for one in accounts] for accounts, _ in running.values()) <= limits.concurrent
    for times in passed.values():
        for begin, _ in times:
            window = [booked for at, booked in times if begin <= at < begin + 60]
            assert not limits.requests_per_minute or len(window) <= limits.requests_per_minute
            assert not limits.tokens_per_minute or sum(window) <= limits.tokens_per_minute


@given(EVENTS, st.integers(1, 5))
def test_who_waits_as_long_as_was_said_gets_in(events: list[Event], limit: int) -> None:
    minutes: defaultdict[str, Minute] = defaultdict(Minute)
    now, limits = 1000, RatesConfig(requests_per_minute=limit)
    for number, (step, *_) in enumerate(events):
        now += step
        made = take(minutes, asked(limits, 2, 0), now, str(number))
        if isinstance(made, Full):
            assert isinstance(take(minutes, asked(limits, 2, 0), now + made.seconds - 1, "early"), Full)
            now += made.seconds
            assert take(minutes, asked(limits, 2, 0), now, "after") == [Room(limit if limit == 1 else made_room(minutes), 0)]


def made_room(minutes: defaultdict[str, Minute]) -> int:
    return sum(minutes["key:2"].requests.values())


def test_tokens_are_put_right_when_it_is_known_how_many_there_were() -> None:
    minutes: defaultdict[str, Minute] = defaultdict(Minute)
    limits = RatesConfig(tokens_per_minute=100)
    assert take(minutes, [Asked("a", limits, 80)], 1000, "x") == [Room(0, 80)]
    assert isinstance(take(minutes, [Asked("a", limits, 30)], 1000, "y"), Full)
    give(minutes, [Asked("a", limits, 80)], 1001, "x", 10)
    assert take(minutes, [Asked("a", limits, 90)], 1001, "y") == [Room(0, 100)]
    give(minutes, [Asked("a", limits, 90)], 1050, "y", 95)  # five more than were booked: they count from now
    assert minutes["a"].tokens == {1000: 10, 1001: 90, 1050: 5}


def test_what_is_longer_than_a_minute_holds_waits_for_an_empty_one() -> None:
    minutes: defaultdict[str, Minute] = defaultdict(Minute)
    limits = RatesConfig(tokens_per_minute=100)
    assert take(minutes, [Asked("a", limits, 500)], 1000, "x") == [Room(0, 100)]
    assert take(minutes, [Asked("a", limits, 1)], 1001, "y") == Full("a", "tokens_per_minute", 100, 60)


def test_what_a_killed_gateway_left_running_lapses() -> None:
    minutes: defaultdict[str, Minute] = defaultdict(Minute)
    limits = RatesConfig(concurrent=1)
    assert isinstance(take(minutes, [Asked("a", limits, 0)], 1000, "killed"), list)
    assert isinstance(take(minutes, [Asked("a", limits, 0)], 1000 + LAPSE_SECONDS - 1, "x"), Full)
    assert isinstance(take(minutes, [Asked("a", limits, 0)], 1000 + LAPSE_SECONDS, "x"), list)


def test_a_clock_behind_anothers_opens_no_window() -> None:
    minutes: defaultdict[str, Minute] = defaultdict(Minute)
    limits = RatesConfig(requests_per_minute=1)
    assert isinstance(take(minutes, [Asked("a", limits, 0)], 1030, "ahead"), list)
    assert isinstance(take(minutes, [Asked("a", limits, 0)], 1000, "behind"), Full)


# -- the same in Lua -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def valkey() -> Callable[[FakeClock], ValkeyRates]:
    fakeredis = pytest.importorskip("fakeredis", reason="no Valkey in memory: fakeredis is not installed")
    pytest.importorskip("valkey", reason="the client of Valkey is not installed")
    pytest.importorskip("lupa", reason="no Lua for a Valkey in memory: lupa is not installed")

    def made(clock: FakeClock) -> ValkeyRates:
        return ValkeyRates(fakeredis.FakeAsyncValkey(), clock, faults=(OSError,))

    return made


@given(events=EVENTS, limits=LIMITS, data=st.data())
async def test_valkey_counts_as_python_does(valkey: Any, events: list[Event], limits: RatesConfig, data: Any) -> None:
    clock = FakeClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
    rates, minutes = valkey(clock), defaultdict[str, Minute](Minute)
    running: list[tuple[str, list[Asked]]] = []
    for number, (step, account, tokens, ending) in enumerate(events):
        clock.advance(step)
        now = int(clock.now().timestamp())
        if ending is not None and running:
            name, ended = running.pop(ending % len(running))
            used = data.draw(st.none() | st.integers(0, 20))
            give(minutes, ended, now, name, used)
            await rates.give(ended, name, used)
        wanted = asked(limits, account, tokens)
        here = take(minutes, wanted, now, str(number))
        assert await rates.take(wanted, str(number)) == here
        if not isinstance(here, Full):
            running.append((str(number), wanted))


async def test_a_valkey_that_does_not_answer_lets_nothing_pass() -> None:
    pytest.importorskip("valkey", reason="the client of Valkey is not installed")
    rates = connect("valkey://127.0.0.1:1/0", FakeClock())
    with pytest.raises(StorageFailure) as failure:
        await rates.take([Asked("a", RatesConfig(requests_per_minute=1), 0)], "x")
    assert failure.value.code == "storage.valkey" and "127.0.0.1" not in str(failure.value)
    await rates.aclose()
