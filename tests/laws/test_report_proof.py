# SPDX-License-Identifier: Apache-2.0
"""Laws of the one proof for many leaves: at every size, for any leaves, it makes the root; nothing else does; it holds nothing twice."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.transparency.merkle import Frontier, inclusion_proof, leaf_hash
from comity.transparency.report.proof import needed, root_of

SIZE = 300
LEAVES = [leaf_hash(n.to_bytes(2, "big")) for n in range(SIZE)]
NODES: dict[tuple[int, int], bytes] = {}
ROOTS = [hashlib.sha256(b"").digest()]
_tree = Frontier()
for _n, _leaf in enumerate(LEAVES):
    NODES[0, _n] = _leaf
    NODES.update({(level, index): value for level, index, value in _tree.append(_leaf)})
    ROOTS.append(_tree.root())


@st.composite
def asked(draw: st.DrawFn) -> tuple[int, list[int]]:
    size = draw(st.integers(1, SIZE))
    return size, sorted(draw(st.sets(st.integers(0, size - 1), min_size=1)))


def given_for(size: int, places: list[int]) -> dict[tuple[int, int], bytes]:
    return {at: NODES[at] for at in needed(places, size)}


@pytest.mark.parametrize("size", range(1, SIZE + 1))
def test_one_leaf_needs_what_an_audit_path_is_made_of(size: int) -> None:
    for place in {0, size // 2, size - 1}:
        nodes = given_for(size, [place])
        assert root_of({place: LEAVES[place]}, [place], size, nodes) == ROOTS[size]
        assert set(inclusion_proof(place, size, lambda level, index: NODES[level, index])) & set(nodes.values()) or size == 1


@given(asked())
def test_it_makes_the_root(what: tuple[int, list[int]]) -> None:
    size, places = what
    assert root_of({at: LEAVES[at] for at in places}, places, size, given_for(size, places)) == ROOTS[size]


@given(asked())
def test_it_holds_no_more_than_is_needed_and_nothing_that_the_leaves_make(what: tuple[int, list[int]]) -> None:
    size, places = what
    nodes = needed(places, size)
    covered = [leaf for level, index in nodes for leaf in range(index << level, (index + 1) << level)]
    assert sorted([*covered, *places]) == list(range(size))  # each leaf once
    for level, index in nodes:  # and its sibling is not there too: both would be one
        assert (level, index ^ 1) not in nodes or (max(index, index ^ 1) + 1) << level > size


@given(asked(), st.data())
def test_any_flipped_bit_fails(what: tuple[int, list[int]], data: st.DataObject) -> None:
    size, places = what
    leaves, nodes = {at: LEAVES[at] for at in places}, given_for(size, places)
    either: list[tuple[dict[object, bytes], object]] = [(leaves, at) for at in leaves] + [(nodes, at) for at in nodes]  # type: ignore[misc, list-item]
    held, at = data.draw(st.sampled_from(either))
    bit = data.draw(st.integers(0, 255))
    held[at] = bytes(byte ^ (1 << bit % 8 if n == bit // 8 else 0) for n, byte in enumerate(held[at]))
    assert root_of(leaves, places, size, nodes) != ROOTS[size]


@given(asked(), st.data())
def test_leaves_at_other_places_do_not_hold(what: tuple[int, list[int]], data: st.DataObject) -> None:
    size, places = what
    if len(places) < 2:
        return
    one, two = data.draw(st.sampled_from(places)), data.draw(st.sampled_from(places))
    leaves = {at: LEAVES[at] for at in places}
    leaves[one], leaves[two] = leaves[two], leaves[one]
    assert (root_of(leaves, places, size, given_for(size, places)) == ROOTS[size]) is (one == two)


def test_a_node_that_is_missing_is_asked_for() -> None:
    nodes = given_for(8, [3])
    nodes.pop((0, 2))
    with pytest.raises(KeyError):
        root_of({3: LEAVES[3]}, [3], 8, nodes)


def test_neighbours_share_nearly_everything() -> None:
    assert len(needed(range(1000, 11_000), 1 << 20)) < 40  # type: ignore[arg-type]
