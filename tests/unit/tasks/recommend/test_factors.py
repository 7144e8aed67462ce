# SPDX-License-Identifier: Apache-2.0
"""What is learnt of many, and its file: read as a stranger's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.tasks.recommend import Factors, Item, Shelf, ease, neighbours
from comity.tasks.recommend.factors import read
from comity.tasks.recommend.learn import Touch
from comity.tasks.recommend.shelf import read_items

np = pytest.importorskip("numpy", reason="needs comity[recommend]")

TOUCHES = [Touch(f"p{n}", f"i{k}", "x" if n % 2 else "") for n in range(20) for k in range(12) if (n * k) % 5 != 1]


def dense(factors: Factors) -> object:
    out = np.zeros((len(factors.head.items),) * 2)
    places, others, weights = factors.says(range(len(factors.head.items)))
    out[places, others] = weights
    return out


def test_ease_is_the_closed_form() -> None:
    """Against ridge regression of each item on all others, worked out one by one."""
    made = ease(TOUCHES, ridge=3.0, people_min=1)
    people, items = sorted({touch.person for touch in TOUCHES}), list(made.head.items)
    rows = np.zeros((len(people), len(items)))
    for touch in TOUCHES:
        rows[people.index(touch.person), items.index(touch.item)] = 1
    for number in range(len(items)):
        others = [other for other in range(len(items)) if other != number]
        known = rows[:, others]
        expected = np.linalg.solve(known.T @ known + 3.0 * np.eye(len(others)), known.T @ rows[:, number])
        assert np.allclose(dense(made)[others, number], expected, atol=1e-5)


def test_of_each_item_only_so_many_weights_are_kept() -> None:
    whole, few = dense(ease(TOUCHES, people_min=1)), dense(ease(TOUCHES, people_min=1, kept=3))
    assert ((few != 0).sum(axis=0) <= 3).all()
    assert np.allclose(few[few != 0], whole[few != 0])
    assert (np.abs(few).max(axis=0) == np.abs(whole).max(axis=0)).all()


@pytest.mark.parametrize("rule", [ease, neighbours])
def test_what_few_people_touched_is_left_out(rule: object) -> None:
    made = rule([*TOUCHES, *(Touch(f"p{n}", "secret", "rare") for n in range(4))])  # type: ignore[operator]
    assert "secret" not in made.head.items and "rare" not in made.head.contexts
    with pytest.raises(CallerError, match="no item"):
        rule(TOUCHES[:3])  # type: ignore[operator]


def test_a_touch_counts_once_however_often_it_is_told() -> None:
    assert ease(TOUCHES).sha256 == ease([*TOUCHES, *TOUCHES, *reversed(TOUCHES)]).sha256


def test_a_file_is_read_as_it_was_written() -> None:
    made = neighbours(TOUCHES, learnt_from="made up")
    again = read(made.written())
    assert (again.sha256, again.head) == (made.sha256, made.head) and (dense(again) == dense(made)).all()


@given(data=st.data())
def test_a_file_that_was_touched_is_refused_or_read_whole(data: st.DataObject) -> None:
    whole = bytearray(ease(TOUCHES, kept=4).written())
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        made = read(bytes(whole))
    except CallerError:
        return
    shelf = Shelf(factors=made)
    _, numbers, says = shelf.by_factors(made.head.items)
    assert (numbers < len(shelf.items)).all() and np.isfinite(says).all()


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    for start in (b"", b"comity-factors 1\n", b'comity-factors 1\n{"method":"ease","items":["a"],"contexts":[""],"weights":-1}\n'):
        with pytest.raises(CallerError):
            read(start + noise)


def test_items_are_read_by_the_line() -> None:
    assert read_items(b'{"id":"a","tags":["x"]}\n\n{"id":"b"}\n{"id":"a","title":"later"}') == (Item(id="a", title="later"), Item(id="b"))
    for wrong in (b"[]", b'{"id":""}', b'{"id":"a","tagz":[]}', b'{"id":"\xff"}'):
        with pytest.raises(CallerError, match="line 2 is not an item"):
            read_items(b'{"id":"fine"}\n' + wrong)
