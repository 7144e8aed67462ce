# SPDX-License-Identifier: Apache-2.0
"""Whether what a database holds is what was signed: looked at before a log is gone on with, and before a proof is handed out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from comity.storage.database import Script, Statement
from comity.transparency import rows
from comity.transparency.merkle import Frontier, inclusion_holds, inclusion_proof, peaks_of
from comity.transparency.note import Checkpoint, Verifier, opened, parse_checkpoint
from comity.transparency.receipt import leaf_of


class Proved(NamedTuple):
    receipt: bytes
    salt: bytes
    path: list[bytes]
    checkpoint: str


def frontier(size: int, note: str, key: Verifier) -> Script[Frontier]:
    """The tree to append to, under the head of that ``size`` and ``note``.  Raises TrustFailure unless the head stands for it."""
    if not size:
        return Frontier()
    try:
        peaks = yield from rows.worked_out(lambda node: [node(level, index) for level, index in peaks_of(size)])
        tree = Frontier(size, peaks)
        stands = _signed(note, key) == Checkpoint(key.name, size, tree.root())
    except (ValueError, TypeError, LookupError):  # what was put there is not even of its kind
        stands = False
    if not stands:
        raise rows.broken("its head does not stand for its records")
    return tree


def taken_up(key: Verifier) -> Script[int]:
    """At a start: as many records as were signed for, and the newest is the one its leaf was made from.  Returns their number."""
    size, note = yield from rows.head()
    yield from frontier(size, note, key)
    count, newest = (yield Statement("SELECT count(*), max(idx) FROM records"))[0]
    gone, newest_gone = (
        yield Statement(
            "SELECT count(*), max(n.idx) FROM nodes n WHERE n.level = 0 AND NOT EXISTS (SELECT 1 FROM records r WHERE r.idx = n.idx)"
        )
    )[0]
    last = max((each for each in (newest, newest_gone) if each is not None), default=None)
    if (count + gone, last) != (size, size - 1 if size else None):
        raise rows.broken(f"its head stands for {size} records and it holds {count + gone}")
    if size and newest == size - 1 and not (yield from _own_leaf(newest)):
        raise rows.broken("its newest record is not the one that was signed for")
    return size


def proved(index: int, key: Verifier, secret_of: Callable[[int], Script[tuple[bytes, bytes]]] = rows.secret_of) -> Script[Proved]:
    """Raises TrustFailure: what the log does not stand for is not handed out, and above all not signed.  ``secret_of``: the receipt at
    a place and its salt, or what else stands there."""
    _, note = yield from rows.head()
    try:
        receipt, salt = yield from secret_of(index)
        head = _signed(note, key)
        path = yield from rows.worked_out(lambda node: inclusion_proof(index, head.size, node))
        holds = inclusion_holds(index, head.size, leaf_of(salt, receipt), path, head.root)
    except (ValueError, TypeError, LookupError):
        holds = False
    if not holds:
        raise rows.broken("this receipt is not the one that was signed for")
    return Proved(receipt, salt, path, note)


def _signed(note: str, key: Verifier) -> Checkpoint:
    return parse_checkpoint(opened(note, key))


def _own_leaf(index: int) -> Script[bool]:
    try:
        receipt, salt = yield from rows.secret_of(index)
        return (yield from rows.worked_out(lambda node: node(0, index))) == leaf_of(salt, receipt)
    except (TypeError, LookupError):
        return False
