# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1): hashes, proofs, and their verification.  Pure.

Whoever stores a tree keeps the hash of every complete subtree as node (level, index): leaf 5 is (0, 5), leaves 4 to 7 are (2, 1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
Node = tuple[int, int, bytes]
"""Level, index, hash of a complete subtree."""
NodeAt = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the complete subtrees that make up a tree, largest first: all that appending needs."""

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if len(peaks) != size.bit_count():
            raise ValueError("a frontier has one peak for each bit of its size")
        self.size = size
        self.peaks = list(peaks)

    def append(self, leaf: bytes) -> list[Node]:
        """Adds a leaf hash; returns the larger subtrees that it completes, smallest first."""
        level, index, here = 0, self.size, leaf
        completed: list[Node] = []
        while index & 1:
            here = node_hash(self.peaks.pop(), here)
            level, index = level + 1, index >> 1
            completed.append((level, index, here))
        self.peaks.append(here)
        self.size += 1
        return completed

    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY_ROOT
        here = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            here = node_hash(peak, here)
        return here


def peaks_of(size: int) -> list[tuple[int, int]]:
    """(level, index) of the complete subtrees of a tree, largest first."""
    out, begin = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            out.append((level, begin >> level))
            begin += 1 << level
    return out


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``."""
    return 1 << (size - 1).bit_length() - 1


def range_hash(begin: int, end: int, node: NodeAt) -> bytes:
    """MTH of leaves ``begin`` to ``end`` (exclusive), where ``begin`` is where such a subtree may begin."""
    size = end - begin
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, begin >> level)
    middle = begin + _split(size)
    return node_hash(range_hash(begin, middle, node), range_hash(middle, end, node))


def inclusion_proof(index: int, size: int, node: NodeAt) -> list[bytes]:
    """PATH(index, D[size]), section 2.1.1.  Raises ValueError when there is no such leaf."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    proof: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            proof.append(range_hash(middle, end, node))
            end = middle
        else:
            proof.append(range_hash(begin, middle, node))
            begin = middle
    return proof[::-1]


def consistency_proof(old: int, size: int, node: NodeAt) -> list[bytes]:
    """PROOF(old, D[size]), section 2.1.2.  Raises ValueError unless 0 < old <= size."""
    if not 0 < old <= size:
        raise ValueError(f"no tree of {old} inside one of {size}")
    proof: list[bytes] = []
    begin, end, whole = 0, size, True  # whole: the old tree's own root, which the verifier has
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            proof.append(range_hash(middle, end, node))
            end = middle
        else:
            proof.append(range_hash(begin, middle, node))
            begin, whole = middle, False
    if not whole:
        proof.append(range_hash(begin, end, node))
    return proof[::-1]


def inclusion_holds(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size or any(len(value) != HASH_BYTES for value in (leaf, root, *proof)):
        return False
    fn, sn, here = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            here = node_hash(sibling, here)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            here = node_hash(here, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and here == root


def consistency_holds(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162 section 2.1.4.2."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_root and second == root
