# SPDX-License-Identifier: Apache-2.0
"""Whether what a database holds is what was signed: looked at before a log is gone on with, and before a proof is handed out."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from comity.transparency import rows
from comity.transparency.merkle import Frontier, inclusion_holds, inclusion_proof, peaks_of
from comity.transparency.note import Checkpoint, Verifier, opened, parse_checkpoint
from comity.transparency.receipt import leaf_of


class Proved(NamedTuple):
    receipt: bytes
    salt: bytes
    path: list[bytes]
    checkpoint: str


def frontier(db: sqlite3.Connection, key: Verifier) -> Frontier:
    """The tree to append to.  Raises TrustFailure unless the last signed head stands for it."""
    size, note = rows.head(db)
    if not size:
        return Frontier()
    try:
        tree = Frontier(size, [rows.node_at(db, level, index) for level, index in peaks_of(size)])
        stands = _signed(note, key) == Checkpoint(key.name, size, tree.root())
    except (ValueError, TypeError, LookupError):  # what was put there is not even of its kind
        stands = False
    if not stands:
        raise rows.broken("its head does not stand for its records")
    return tree


def taken_up(db: sqlite3.Connection, key: Verifier) -> None:
    """At a start: as many records as were signed for, and the newest is the one its leaf was made from."""
    size = frontier(db, key).size
    count, newest = db.execute("SELECT count(*), max(idx) FROM records").fetchone()
    if (count, newest) != (size, size - 1 if size else None):
        raise rows.broken(f"its head stands for {size} records and it holds {count}")
    if size and not _own_leaf(db, size - 1):
        raise rows.broken("its newest record is not the one that was signed for")


def proved(db: sqlite3.Connection, index: int, key: Verifier) -> Proved:
    """Raises TrustFailure: a receipt that the log does not stand for is not handed out, and above all not signed."""
    _, note = rows.head(db)
    try:
        receipt, salt = rows.secret_of(db, index)
        head = _signed(note, key)
        path = inclusion_proof(index, head.size, lambda level, at: rows.node_at(db, level, at))
        holds = inclusion_holds(index, head.size, leaf_of(salt, receipt), path, head.root)
    except (ValueError, TypeError, LookupError):
        holds = False
    if not holds:
        raise rows.broken("this receipt is not the one that was signed for")
    return Proved(receipt, salt, path, note)


def _signed(note: str, key: Verifier) -> Checkpoint:
    return parse_checkpoint(opened(note, key))


def _own_leaf(db: sqlite3.Connection, index: int) -> bool:
    try:
        receipt, salt = rows.secret_of(db, index)
        return rows.node_at(db, 0, index) == leaf_of(salt, receipt)
    except (TypeError, LookupError):
        return False
