# SPDX-License-Identifier: Apache-2.0
"""When a pool had more than one key is told as it stands in the log: against counting it minute by minute."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from comity.transparency.at_once import AtOnce, Stretch
from comity.transparency.entry import encoded, written
from tests.logs import node_entry

START = datetime(2026, 11, 23, tzinfo=UTC)


def at(hour: int) -> str:
    return written(START + timedelta(hours=hour))


def raw(pool: str, key: int, since: int, until: int) -> bytes:
    return encoded(node_entry(pool=pool, key=base64.b64encode(bytes([key])).decode(), since=at(since), until=at(until)))


def found(*entries: bytes) -> list[Stretch]:
    made = AtOnce()
    for each in entries:
        made.add(each)
    return list(made.stretches())


def test_epochs_that_follow_each_other_are_one_key_at_a_time() -> None:
    assert found(raw("p", 1, 0, 6), raw("p", 2, 6, 12), raw("q", 3, 0, 6)) == []


def test_keys_of_one_time_are_several() -> None:
    several = [raw("p", 1, 0, 6), raw("p", 2, 0, 6), raw("p", 3, 4, 8), raw("q", 4, 0, 6), raw("p", 5, 12, 18), raw("p", 6, 17, 18)]
    assert found(*several) == [Stretch("p", at(0), at(6), 3), Stretch("p", at(17), at(18), 2)]


def test_a_key_that_stands_there_twice_is_one() -> None:
    assert found(raw("p", 1, 0, 6), raw("p", 1, 0, 6), raw("p", 1, 6, 12)) == []


def test_what_is_no_entry_is_counted_and_not_guessed_at() -> None:
    made = AtOnce()
    for each in (b"", b"\0" * 32, b"{}", b"[" * 5000, raw("p", 1, 0, 6)[:-1], raw("p", 1, 0, 6)):
        made.add(each)
    assert (made.read, made.unread) == (1, 5)


@given(st.lists(st.tuples(st.sampled_from("pq"), st.integers(0, 5), st.integers(0, 20), st.integers(1, 8)), max_size=12), st.randoms())
def test_it_is_what_counting_each_hour_comes_to(entries: list[tuple[str, int, int, int]], shuffle: object) -> None:
    expected = []
    for pool in "pq":
        counts = [len({key for name, key, since, hours in entries if name == pool and since <= hour < since + hours}) for hour in range(30)]
        begin = None
        for hour, count in enumerate(counts):
            if count > 1 and begin is None:
                begin = hour
            elif count <= 1 and begin is not None:
                expected.append(Stretch(pool, at(begin), at(hour), max(counts[begin:hour])))
                begin = None
    shuffle.shuffle(entries)  # type: ignore[attr-defined]
    assert found(*(raw(pool, key, since, since + hours) for pool, key, since, hours in entries)) == expected
