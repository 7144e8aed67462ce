# SPDX-License-Identifier: Apache-2.0
"""One inclusion proof for many leaves: what their audit paths share is there once, and what the leaves themselves make is not there.

With it the root is worked out once from all leaves.  Ten thousand neighbours need a few dozen hashes where each alone needs its twenty.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

from comity.transparency.merkle import NodeAt, node_hash, range_hash

At = tuple[int, int]
"""Level and index of a complete subtree."""


def needed(places: Sequence[int], size: int) -> list[At]:
    """Of a tree of ``size``, for the leaves at ``places`` (ascending): the largest complete subtrees without any of them."""
    wanted: list[At] = []

    def given(level: int, index: int) -> bytes:
        wanted.append((level, index))
        return b""

    range_hash(0, size, _walk(places, lambda index: b"", given))
    return sorted(wanted)


def root_of(leaves: Mapping[int, bytes], places: Sequence[int], size: int, nodes: Mapping[At, bytes]) -> bytes:
    """The root that ``leaves`` (at ``places``, ascending) and ``nodes`` make.  Raises KeyError where a node is missing."""
    return range_hash(0, size, _walk(places, leaves.__getitem__, lambda level, index: nodes[level, index]))


def _walk(places: Sequence[int], leaf: Callable[[int], bytes], given: NodeAt) -> NodeAt:
    def node(level: int, index: int) -> bytes:
        begin = index << level
        at = bisect_left(places, begin)
        if at == len(places) or places[at] >= begin + (1 << level):
            return given(level, index)
        if not level:
            return leaf(index)
        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

    return node
