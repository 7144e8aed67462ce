# SPDX-License-Identifier: Apache-2.0
"""What may be asked again, where and when; the budget of it against a plain count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.config import RoutingConfig
from comity.errors import ProviderFailure
from comity.routing.limits import Queue
from comity.routing.retry import Budget, elsewhere, here, wait


def failure(kind: str, status: int = 0, *, retryable: bool = True, after: int | None = None) -> ProviderFailure:
    return ProviderFailure("x", kind=kind, upstream_status=status, retryable=retryable, retry_after_seconds=after)


@pytest.mark.parametrize(
    ("failed", "another", "same"),
    [
        (failure("connect"), True, True),
        (failure("timeout"), True, False),
        (failure("protocol"), True, True),
        (failure("protocol", retryable=False), True, True),  # broke off before the caller had anything
        (failure("status", 503), True, True),
        (failure("status", 429), True, True),
        (failure("status", 401), True, False),
        (failure("status", 400, retryable=False), False, False),
        (failure("status", 200, retryable=False), True, True),
        (failure("unavailable"), True, False),
        (failure("content", 400, retryable=False), False, False),
        (failure("content", 200), False, False),
        (failure("refused", retryable=False), False, False),
        (failure("unsupported", retryable=False), False, False),
    ],
)
def test_where_a_failure_may_be_followed_by_another_attempt(failed: ProviderFailure, another: bool, same: bool) -> None:
    assert (elsewhere(failed), elsewhere(failed) and here(failed)) == (another, same)


@given(st.integers(1, 40), st.floats(0, 1))
def test_a_pause_grows_and_has_an_end(times: int, lot: float) -> None:
    settings = RoutingConfig(backoff_seconds=0.2, backoff_seconds_max=2.0)
    paused = wait(settings, failure("connect"), times, lot)
    assert paused is not None and 0 <= paused <= min(0.2 * 2 ** (times - 1), 2.0)


def test_who_asks_for_more_patience_than_there_is_is_not_asked_again() -> None:
    settings = RoutingConfig(backoff_seconds_max=2.0)
    assert wait(settings, failure("status", 429, after=3), 1, 0.5) is None
    short = wait(settings, failure("status", 429, after=2), 1, 0.5)
    assert short is not None and short >= 2


@given(
    st.integers(0, 5), st.sampled_from((0.0, 0.1, 0.5)),
    st.lists(st.tuples(st.sampled_from((0.0, 0.5, 4.0, 40.0)), st.booleans()), max_size=80),
)  # fmt: skip
def test_the_budget_is_never_more_than_its_share_of_what_was_asked_lately(
    floor: int, share: float, events: list[tuple[float, bool]]
) -> None:
    settings = RoutingConfig(retries_min=floor, retry_share_max=share, window_seconds=30.0)
    budget, now = Budget(settings), 1000.0
    requests: list[float] = []
    retries: list[float] = []
    for gap, retry in events:
        now += gap
        if not retry:
            budget.request(now)
            requests.append(now)
        elif budget.take(now):
            retries.append(now)
        lately = sum(at > now - 25.0 for at in retries)  # five sixths of a window are surely counted
        asked = sum(at > now - 60.0 for at in requests)
        assert lately <= max(floor, share * asked)


@given(st.lists(st.tuples(st.sampled_from("jlh"), st.sampled_from(("a", "b", "ab"))), max_size=60), st.integers(0, 5))
def test_a_line_is_served_in_order_and_each_slot_goes_to_one(events: list[tuple[str, str]], size: int) -> None:
    queue, woken = Queue(size), []
    line: list[tuple[object, frozenset[str]]] = []
    for what, names in events:
        places = frozenset(names)
        if what == "j":
            waiter = queue.join(places, lambda: woken.append(None))
            assert (waiter is None) == (len(line) >= size)
            if waiter is not None:
                line.append((waiter, places))
        elif what == "l" and line:
            queue.leave(line.pop(0)[0])  # type: ignore[arg-type]
        elif what == "h":
            place, before = names[0], len(woken)
            due = next((each for each in line if place in each[1]), None)
            assert queue.hand(place) == (due is not None)
            assert len(woken) - before == (due is not None)
            if due is not None:
                line.remove(due)
                assert due[0].given == place  # type: ignore[attr-defined]
        assert len(queue) == len(line)
