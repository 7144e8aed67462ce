# SPDX-License-Identifier: Apache-2.0
"""What goes dark, counted by hand and against a second way of counting it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.routing.resilience import Cell, Group, Support, concentrations, dark, grouped, losses

SUPPORTS = (
    Support(deployment="device"),
    Support(deployment="a1", partner="a", region="a/x", entity="A Ltd"),
    Support(deployment="a2", partner="a", region="a/y", entity="A Inc"),
    Support(deployment="b1", partner="b", region="b/x", entity="B SA"),
)


def cell(*lawful: str, where: str = "CN", person: str = "adult", task: str = "t", operation: str = "chat") -> Cell:
    return Cell(jurisdiction=where, person=person, task=task, operation=operation, lawful=lawful)


def lost(cells: list[Cell], kind: str, name: str) -> tuple[set[str], set[str]]:
    """Jurisdictions that are dark, and those that only the device is left for."""
    (loss,) = [each for each in losses(cells, SUPPORTS) if (each.kind, each.name) == (kind, name)]
    return {each.jurisdiction for each in loss.dark}, {each.jurisdiction for each in loss.device_only}


CELLS = [
    cell("a1", "a2", where="P"),
    cell("a1", "b1", where="Q"),
    cell("device", "a1", where="R"),
    cell(where="S"),
    cell("device", where="T"),
]


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("partner", "a", ({"P"}, {"R"})),
        ("partner", "b", (set(), set())),
        ("region", "a/x", (set(), {"R"})),
        ("entity", "A Ltd", (set(), {"R"})),
        ("deployment", "a1", (set(), {"R"})),
        ("deployment", "device", ({"T"}, set())),
    ],
)
def test_what_is_lost_with_each(kind: str, name: str, expected: tuple[set[str], set[str]]) -> None:
    """S was dark before, so it is nobody's loss; T was the device's alone, so no partner's loss leaves it to the device."""
    assert lost(CELLS, kind, name) == expected


def test_everything_that_somebody_stands_on_is_taken_away_once() -> None:
    assert [(each.kind, each.name, each.deployments) for each in losses([], SUPPORTS)] == [
        ("partner", "a", ("a1", "a2")), ("partner", "b", ("b1",)),
        ("region", "a/x", ("a1",)), ("region", "a/y", ("a2",)), ("region", "b/x", ("b1",)),
        ("entity", "A Ltd", ("a1",)), ("entity", "A Inc", ("a2",)), ("entity", "B SA", ("b1",)),
        ("deployment", "device", ("device",)), ("deployment", "a1", ("a1",)), ("deployment", "a2", ("a2",)), ("deployment", "b1", ("b1",)),
    ]  # fmt: skip


def test_two_deployments_of_one_partner_are_no_less_concentrated_than_one() -> None:
    one, two, mixed, both = concentrations(
        [cell("a1", where="P"), cell("a1", "a2", where="Q"), cell("a1", "a2", "b1", where="R"), cell(where="R")], SUPPORTS
    )
    assert (one.index, two.index, mixed.index) == (1, 1, 0.5)
    assert (mixed.questions, mixed.answered) == (2, 1)
    assert {each.partner: each.share for each in both.shares} == {"a": 0.8333, "b": 0.1667}
    assert both.jurisdiction == "*" and both.index == round(0.8333**2 + 0.1667**2, 4)


NAMES = [each.deployment for each in SUPPORTS]
LAWFUL = st.lists(st.sampled_from(NAMES), unique=True).map(tuple)


@given(st.lists(LAWFUL, max_size=6), st.frozensets(st.sampled_from(NAMES)))
def test_dark_is_what_an_empty_rest_says(lawful: list[tuple[str, ...]], gone: frozenset[str]) -> None:
    cells = [cell(*each, where=str(number)) for number, each in enumerate(lawful)]
    told = {each.jurisdiction for each in dark(cells, gone)}
    assert told == {str(number) for number, each in enumerate(lawful) if each and not [one for one in each if one not in gone]}


@given(st.lists(LAWFUL, max_size=6))
def test_shares_add_up_and_the_index_is_between_its_bounds(lawful: list[tuple[str, ...]]) -> None:
    total = concentrations([cell(*each) for each in lawful], SUPPORTS)[-1]
    if not total.answered:
        assert (total.index, total.shares) == (0, ())
        return
    assert abs(sum(each.share for each in total.shares) - 1) < 1e-3
    assert 1 / len(total.shares) - 1e-3 <= total.index <= 1 + 1e-3


def test_what_is_alike_is_told_once() -> None:
    asked = [
        cell(person=person, task=task).question
        for task in ("t", "u", "v")
        for person in ("adult", "minor")
        if (task, person) != ("v", "minor")
    ]
    assert list(grouped(asked)) == [
        Group(jurisdiction="CN", operation="chat", persons=("adult", "minor"), tasks=("t", "u")),
        Group(jurisdiction="CN", operation="chat", persons=("adult",), tasks=("v",)),
    ]
