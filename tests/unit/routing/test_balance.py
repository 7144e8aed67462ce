# SPDX-License-Identifier: Apache-2.0
"""Who comes first among equals: shares converge to weights, conversations stay, the quickest leads; nobody is added or lost."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.config import DeploymentConfig
from comity.routing.balance import lot, place_of
from comity.routing.router import Router
from comity.wire.chat import ChatRequest
from tests.routes import ask, place, route, router

THREE = (place("a", weight=1.0), place("b", weight=2.0), place("c", weight=5.0))


def order(made: Router, places: tuple[DeploymentConfig, ...], request: ChatRequest, caller: str = "k") -> list[str]:
    return [each.deployment.id for each in made.ordered(route(places).attempts, request, caller)]


@pytest.mark.parametrize("sticky", [False, True])
def test_the_first_is_each_with_its_share_of_the_weights(sticky: bool) -> None:
    made = router(*THREE, balance="weighted", sticky=sticky)
    orders = [order(made, THREE, ask(f"conversation {number}")) for number in range(4000)]
    firsts = Counter(each[0] for each in orders)
    for name, share in (("a", 1 / 8), ("b", 2 / 8), ("c", 5 / 8)):
        assert firsts[name] / 4000 == pytest.approx(share, abs=0.03)
    after_c = Counter(each[1] for each in orders if each[0] == "c")  # and should it fail, the others with theirs
    assert after_c["b"] / after_c.total() == pytest.approx(2 / 3, abs=0.05)


def test_a_conversation_goes_on_where_it_began_through_any_gateway_with_the_key() -> None:
    here, there = (router(*THREE, balance="weighted", seed=seed) for seed in (b"one", b"two"))
    for number in range(50):
        begun = order(here, THREE, ask(f"hello {number}"))
        assert order(there, THREE, ask(f"hello {number}", "hi", "and now?")) == begun
        without = tuple(each for each in THREE if each.id != begun[0])  # its place is gone: the rest stay in their order
        assert order(there, without, ask(f"hello {number}", "hi", "still?")) == begun[1:]


def test_two_callers_who_begin_with_the_same_words_are_two() -> None:
    made = router(*THREE, balance="weighted")
    assert len({tuple(order(made, THREE, ask("hello"), caller=f"key {number}")) for number in range(50)}) > 1


def test_one_without_weight_is_last() -> None:
    places = (place("a", weight=0.0), place("b"), place("c"))
    made = router(*places, balance="weighted")
    assert all(order(made, places, ask(str(number)))[-1] == "a" for number in range(50))


def test_the_quickest_is_first_and_what_is_under_way_counts() -> None:
    made = router(*THREE, balance="latency")
    now = made.clock.monotonic()
    for name, seconds in (("a", 0.5), ("b", 0.2), ("c", 0.3)):
        made.places[name].latency(False).add(now, seconds)
    assert order(made, THREE, ask("x")) == ["b", "c", "a"]
    made.places["b"].inflight = 2
    assert order(made, THREE, ask("x")) == ["c", "a", "b"]
    assert order(made, THREE, ask("x", stream=True))[-1] == "b", "of streams nothing is known yet, but it is busy"


@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(0, 10), st.booleans()), min_size=1, max_size=6),
    st.sampled_from(("order", "weighted", "latency")),
    st.text(max_size=20),
)
def test_priorities_hold_and_nobody_is_added_or_lost(drawn: list[tuple[int, float, bool]], how: str, said: str) -> None:
    places = tuple(
        place(f"p{n}", priority=priority, weight=weight) if not device else DeploymentConfig(id=f"p{n}", provider="embedded")
        for n, (priority, weight, device) in enumerate(drawn)
    )
    made = router(*places, balance=how)
    got = order(made, places, ask(said))
    assert sorted(got) == sorted(each.id for each in places)
    by = {each.id: (each.provider != "embedded", each.priority) for each in places}
    ranks = [by[name] for name in got]
    assert ranks == sorted(ranks)


@given(st.binary(min_size=8, max_size=8), st.floats(0, 1e6))
def test_every_lot_is_a_place(raw: bytes, weight: float) -> None:
    assert 0 < lot(raw) <= 1 and place_of(lot(raw), weight) >= 0
