# SPDX-License-Identifier: Apache-2.0
"""What may be asked, and that no person moves an answer by more than is charged for, whatever is on their device."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.config import LearningConfig, LearningQueryConfig
from comity.errors import CallerError, OperatorError, StorageFailure
from comity.learning.contribution import clipped, contribute
from comity.learning.queries import SCALE, Gram, Histogram, Query, allowed, asked, digest
from comity.storage.open import open_database

ITEMS = tuple("abcdefghij")
GRAM = Gram(name="together", pipeline="films", field="item", items=ITEMS, clip=3)
HOURS = Histogram(name="hours", pipeline="hours", field="hour", edges=(6.0, 12.0, 18.0), clip=5, each_max=2)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {}, optional={"item": st.sampled_from([*ITEMS, "other"]), "hour": st.floats() | st.text(max_size=2) | st.integers()}
    ),
    max_size=40,
)


def squared(query: Query, events: list[dict[str, str | float]]) -> int:
    return sum(int(entry) ** 2 for entry in clipped(query, events))


@given(EVENTS, st.integers(1, 12), st.integers(1, 12))
def test_no_device_gives_more_than_its_query_s_sensitivity(events: list[dict[str, str | float]], clip: int, each: int) -> None:
    gram = Gram(name="g", pipeline="p", field="item", items=ITEMS, clip=clip)
    hours = Histogram(name="h", pipeline="p", field="hour", edges=(6.0, 12.0), clip=max(clip, each), each_max=each)
    assert squared(gram, events) <= gram.l2_squared
    assert squared(hours, events) <= hours.l2_squared


@pytest.mark.parametrize("had", range(1, 11))
def test_a_gram_s_bound_is_reached_at_its_clip_and_nowhere_passed(had: int) -> None:
    found = squared(GRAM, [{"item": item} for item in ITEMS[:had]])
    assert found == GRAM.l2_squared if had == GRAM.clip else found < GRAM.l2_squared


def test_a_histogram_s_bound_is_reached() -> None:
    query = Histogram(name="h", pipeline="p", field="hour", edges=(6.0, 12.0, 18.0), clip=4, each_max=2)
    assert squared(query, [{"hour": 1}, {"hour": 1}, {"hour": 7}, {"hour": 7}, {"hour": 7}]) == query.l2_squared == SCALE**2 * 8


def test_a_gram_is_the_sum_of_pairs() -> None:
    one, two = [{"item": "a"}, {"item": "c"}, {"item": "a"}], [{"item": item} for item in "abcdef"]
    total = clipped(GRAM, one) + clipped(GRAM, two)
    whole = np.zeros((10, 10))
    whole[np.triu_indices(10)] = total / SCALE
    assert whole[0, 2] == whole[0, 0] == whole[2, 2] == 1.5  # six items at a half
    assert (whole[0, 1], whole[1, 2], whole[2, 3], whole[9, 9]) == (0.5, 0.5, 0.5, 0)


def test_events_that_are_no_answer_count_nothing() -> None:
    assert not clipped(HOURS, [{"hour": math.nan}, {"hour": "6"}, {"item": "a"}]).any()
    assert list(clipped(HOURS, [{"hour": 5.9}, {"hour": 6}, {"hour": math.inf}])) == [SCALE, SCALE, 0, SCALE]


async def test_a_device_contributes_once_for_a_window_also_after_a_restart(tmp_path: Path) -> None:
    for attempt in range(2):
        database = await open_database(tmp_path / "state.db", "state", seconds_max=10)
        if attempt == 0:
            assert (await contribute(database, HOURS, "2026-11", [{"hour": 7}])).sum() == SCALE
        with pytest.raises(CallerError) as raised:
            await contribute(database, HOURS, "2026-11", [{"hour": 7}])
        assert raised.value.code == "learning.contributed"
        await database.aclose()
    database = await open_database(tmp_path / "state.db", "state", seconds_max=10)
    assert (await contribute(database, HOURS, "2026-12", [{"hour": 7}])).sum() == SCALE
    assert (await contribute(database, GRAM, "2026-11", [{"item": "a"}])).sum() == SCALE
    with pytest.raises(CallerError) as raised:
        await contribute(database, HOURS, "", [])
    assert raised.value.code == "learning.window"
    await database.aclose()
    with pytest.raises(StorageFailure):  # no vector where it cannot be kept that there was one
        await contribute(database, HOURS, "2027-01", [{"hour": 7}])


def test_the_list_is_the_configuration_s() -> None:
    said = (
        LearningQueryConfig(name="hours", pipeline="hours", kind="histogram", field="hour", clip=5, each_max=2, edges=(6.0, 12.0, 18.0)),
        LearningQueryConfig(name="together", pipeline="films", kind="gram", field="item", clip=3, items=ITEMS),
    )
    queries = allowed(LearningConfig(queries=said))
    assert queries == {"hours": HOURS, "together": GRAM}
    assert asked("hours", queries) is queries["hours"] and digest(HOURS) != digest(GRAM)
    with pytest.raises(CallerError) as raised:
        asked("salaries", queries)
    assert raised.value.code == "learning.not_allowed"
    with pytest.raises(OperatorError, match="two queries"):
        allowed(LearningConfig(queries=(said[0], said[0])))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"clip": 0}, "clip"), ({"clip": 5000}, "clip"), ({"each_max": 0}, "each_max"), ({"each_max": 6}, "each_max"),
        ({"edges": ()}, "edges"), ({"edges": (2.0, 1.0)}, "edges"), ({"edges": (1.0, math.nan)}, "edges"),
        ({"edges": (math.inf,)}, "edges"), ({"name": ""}, "name"), ({"items": ("a", "b")}, "items"),
        ({"kind": "gram", "items": ("a", "a")}, "edges"),
        ({"kind": "gram", "items": ("a", "a"), "edges": (), "each_max": 0}, "once"),
        ({"kind": "gram", "items": tuple(map(str, range(3000))), "edges": (), "each_max": 0}, "entries"),
    ],
    ids=str,
)  # fmt: skip
def test_a_query_that_is_not_bounded_is_refused_at_load(changed: dict[str, object], why: str) -> None:
    said: dict[str, object] = {
        "name": "h", "pipeline": "p", "kind": "histogram", "field": "hour", "clip": 5, "each_max": 2, "edges": (6.0,), **changed,
    }  # fmt: skip
    with pytest.raises(OperatorError) as raised:
        allowed(LearningConfig(queries=(LearningQueryConfig(**said),)))  # type: ignore[arg-type]
    assert why in str(raised.value) + raised.value.field and raised.value.code == "config.invalid"
