# SPDX-License-Identifier: Apache-2.0
"""A list is the sum that its reasons say it is, and what is forgotten is in neither."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.tasks.recommend import Event, Factors, Item, Own, RecommendAsked, Recommendations, Shelf, ease, neighbours, recommend
from comity.tasks.recommend.learn import Touch
from comity.tasks.recommend.score import listed
from tests.fakes import FakeClock, SeededRandom

pytest.importorskip("numpy", reason="needs comity[recommend]")

NOW = datetime(2026, 11, 27, tzinfo=UTC)
SPACE, LOVE = ("alien", "solaris", "moon", "gravity"), ("emma", "amelie", "once", "carol")
TOUCHES = [Touch(f"s{n}", item, "night") for n in range(12) for k, item in enumerate(SPACE) if (n + k) % 4]
TOUCHES += [Touch(f"l{n}", item, "day") for n in range(9) for k, item in enumerate(LOVE) if (n + k) % 3]
ITEMS = [Item(id=name, title=name.title(), tags=("space",)) for name in SPACE] + [Item(id=name, tags=("love",)) for name in LOVE]
NEW = Item(id="interstellar", title="Interstellar", tags=("space", "new"))


@pytest.fixture(scope="module")
def factors() -> Factors:
    return ease(TOUCHES, ridge=5.0)


@pytest.fixture(scope="module")
def shelf(factors: Factors) -> Shelf:
    return Shelf([*ITEMS, NEW], factors)


@pytest.fixture
def own(tmp_path: Path, clock: FakeClock, random: SeededRandom) -> Iterator[Own]:
    with Own(tmp_path / "own.db", clock=clock, random=random) as made:
        yield made


def names(found: Recommendations) -> list[str]:
    return [one.item for one in found.items]


def test_what_goes_with_what_was_liked_comes_first(own: Own, shelf: Shelf) -> None:
    own.add([Event(item="alien"), Event(item="moon")])
    found = recommend(RecommendAsked(count=3), own=own, shelf=shelf, now=NOW)
    assert set(names(found)) == {"solaris", "gravity", "interstellar"} and found.rests_on == "events" and found.events == 2
    assert {part.item for part in found.items[0].why if part.of == "event"} == {"alien", "moon"}


def test_forgetting_one_event_changes_the_next_list(own: Own, shelf: Shelf) -> None:
    first, _ = own.add([Event(item="alien"), Event(item="emma")])
    before = recommend(RecommendAsked(), own=own, shelf=shelf, now=NOW)
    assert own.forget(event=first.id) == 1
    after = recommend(RecommendAsked(), own=own, shelf=shelf, now=NOW)
    assert names(after)[0] in LOVE and names(after) != names(before) and "alien" in names(after)
    assert not any(part.event == first.id for one in after.items for part in one.why)


def test_without_events_it_is_what_is_popular_in_the_context(shelf: Shelf) -> None:
    at_day, at_night = (listed(RecommendAsked(count=4, context=word), (), shelf, NOW) for word in ("day", "night"))
    assert set(names(at_day)) == set(LOVE) and set(names(at_night)) == set(SPACE)
    assert at_day.rests_on == "popularity" and [part.of for part in at_day.items[0].why] == ["popular"]
    assert set(names(listed(RecommendAsked(count=4, context="on the moon"), (), shelf, NOW))) == set(SPACE)


def test_what_nobody_has_touched_is_found_by_its_tags(factors: Factors) -> None:
    found = listed(
        RecommendAsked(count=1), [Event(item="a")], Shelf([Item(id="a", tags=("x",)), Item(id="b", tags=("x", "y"))], factors), NOW
    )
    assert names(found) == ["b"] and found.items[0].why[0].of == "tags" and found.items[0].why[0].shared == ("x",)


def test_what_is_not_wanted_speaks_against_what_is_like_it(shelf: Shelf) -> None:
    found = listed(RecommendAsked(count=20), [Event(item="alien", value=-1)], shelf, NOW)
    assert set(names(found)[:4]) == set(LOVE) and "alien" not in names(found)
    assert found.items[-1].score < 0 and found.items[-1].why[0].points < 0


def test_an_old_event_counts_less(shelf: Shelf) -> None:
    old, new = (Event(item=name, id=name, at=NOW - timedelta(days=days)) for name, days in (("alien", 720), ("emma", 0)))
    found = listed(RecommendAsked(count=3), [old, new], shelf, NOW)
    assert set(names(found)) <= set(LOVE)
    assert names(listed(RecommendAsked(count=1, half_life_days=36_500), [old], shelf, NOW))[0] in {*SPACE, "interstellar"}


def test_one_song_played_daily_is_not_all_there_is(shelf: Shelf) -> None:
    once = listed(RecommendAsked(), [Event(item="alien")], shelf, NOW)
    often = listed(RecommendAsked(), [Event(item="alien", id=str(n)) for n in range(50)], shelf, NOW)
    assert [round(one.score, 9) for one in often.items] == [round(one.score, 9) for one in once.items]


def test_what_was_had_comes_only_when_asked_again(shelf: Shelf) -> None:
    events = [Event(item="alien")]
    assert "alien" not in names(listed(RecommendAsked(count=50), events, shelf, NOW))
    assert "alien" in names(listed(RecommendAsked(count=50, again=True), events, shelf, NOW))


def test_diversity_brings_what_is_unlike(shelf: Shelf) -> None:
    events = [Event(item="alien"), Event(item="moon")]
    assert not set(names(listed(RecommendAsked(count=3), events, shelf, NOW))) & set(LOVE)
    assert set(names(listed(RecommendAsked(count=3, diversity=0.9), events, shelf, NOW))) & set(LOVE)


def test_without_items_or_factors_there_is_nothing(factors: Factors) -> None:
    assert listed(RecommendAsked(), [Event(item="a")], Shelf(), NOW).items == ()
    assert names(listed(RecommendAsked(), (), Shelf(factors=factors), NOW))


events = st.lists(
    st.builds(
        Event,
        item=st.sampled_from([*SPACE, *LOVE, "interstellar", "no such item", "\u202etxt", "' OR 1=1"]),
        value=st.floats(-1, 1),
        at=st.none() | st.integers(-5000, 5000).map(lambda days: NOW - timedelta(days=days)),
        id=st.text("abcdef0123456789", min_size=8, max_size=8),
    ),
    max_size=30,
)


@given(events=events, diversity=st.floats(0, 1), method=st.sampled_from([ease, neighbours]))
def test_the_reasons_add_up_to_the_score(events: list[Event], diversity: float, method: object) -> None:
    shelf = Shelf([*ITEMS, NEW], method(TOUCHES))  # type: ignore[operator]
    for one in listed(RecommendAsked(diversity=diversity), events, shelf, NOW).items:
        assert math.isclose(sum(part.points for part in one.why), one.score, abs_tol=1e-9)
        assert not one.why or math.isclose(sum(part.share for part in one.why), 1, abs_tol=1e-9)


@given(events=events)
def test_the_order_is_that_of_the_scores_and_repeats(shelf: Shelf, events: list[Event]) -> None:
    found = listed(RecommendAsked(), events, shelf, NOW)
    assert [one.score for one in found.items] == sorted((one.score for one in found.items), reverse=True)
    assert found == listed(RecommendAsked(), events, shelf, NOW)
