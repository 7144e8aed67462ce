# SPDX-License-Identifier: Apache-2.0
"""How the log lies in its database: the tables, and what is read from them by whoever holds a connection.

Nothing is ever changed in a table but `head`: an outcome is a row of its own, written once.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from typing import Any, NamedTuple

import msgspec

from comity.errors import CallerError, TrustFailure
from comity.transparency.receipt import Receipt, to_json

DATABASE = "comity.db"
KEY = "log.key"

MIGRATIONS = (
    """
    CREATE TABLE judgements (digest BLOB PRIMARY KEY, facts BLOB NOT NULL, decision BLOB NOT NULL);
    CREATE TABLE records (
        idx INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, request TEXT NOT NULL, subject TEXT,
        receipt BLOB NOT NULL, salt BLOB NOT NULL, leaf BLOB NOT NULL, judgement BLOB NOT NULL REFERENCES judgements
    );
    CREATE TABLE outcomes (id TEXT PRIMARY KEY REFERENCES records (id), outcome BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE nodes (level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)) WITHOUT ROWID;
    CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, checkpoint TEXT NOT NULL);
    """,
)
"""`judgements`: the facts and the decision of a record, once for all records that share them; the digest is of ids and codes.
`nodes`: complete subtrees of two leaves and more; the leaves themselves are in `records`."""


class Record(NamedTuple):
    place: int
    request: str
    subject: str | None
    receipt: dict[str, Any]
    facts: bytes
    decision: bytes
    outcome: dict[str, Any] | None  # None: it was never finished (the process was killed), or is being answered now


_SELECT = (
    "SELECT r.idx, r.request, r.subject, r.receipt, r.judgement, j.facts, j.decision, o.outcome"
    " FROM records r JOIN judgements j ON j.digest = r.judgement LEFT JOIN outcomes o ON o.id = r.id "
)


def digest_of(facts: bytes, decision: bytes) -> bytes:
    """Of a judgement: ids and codes only."""
    return hashlib.sha256(len(facts).to_bytes(8, "big") + facts + decision).digest()


def _record(row: tuple[Any, ...]) -> Record:
    at, request, subject, receipt, digest, facts, decision, outcome = row
    try:
        read = to_json(msgspec.json.decode(receipt, type=Receipt))
        end = json.loads(outcome) if outcome is not None else None
        whole = digest_of(facts, decision) == digest and (end is None or "status" in end)
    except (msgspec.MsgspecError, ValueError, TypeError):  # what was put there is not even of its kind
        whole = False
    if not whole:
        raise broken(f"record {at} is not as it was written")
    return Record(at, request, subject, read, facts, decision, end)


def tail(db: sqlite3.Connection, count: int) -> list[Record]:
    """The newest ``count``, oldest first."""
    return [_record(row) for row in db.execute(_SELECT + "ORDER BY r.idx DESC LIMIT ?", (count,))][::-1]


def one(db: sqlite3.Connection, reference: str) -> Record:
    """By receipt id or by place in the log.  Raises CallerError (404)."""
    return _record(db.execute(_SELECT + "WHERE r.idx = ?", (place(db, reference),)).fetchone())


def place(db: sqlite3.Connection, reference: str) -> int:
    if reference.isascii() and reference.isdecimal() and len(reference) < 19:
        row = db.execute("SELECT idx FROM records WHERE idx = ?", (int(reference),)).fetchone()
    else:
        row = db.execute("SELECT idx FROM records WHERE id = ?", (reference.upper(),)).fetchone() if reference.isalnum() else None
    if row is None:
        raise CallerError(
            "no such receipt in this log",
            code="receipt.unknown",
            status=404,
            hint="comity log tail shows the newest; is this the right home?",
        )
    return int(row[0])


def secret_of(db: sqlite3.Connection, index: int) -> tuple[bytes, bytes]:
    """(the receipt, its salt)"""
    receipt, salt = db.execute("SELECT receipt, salt FROM records WHERE idx = ?", (index,)).fetchone()
    return bytes(receipt), bytes(salt)


def head(db: sqlite3.Connection) -> tuple[int, str]:
    """(size, the signed checkpoint); an empty log has none."""
    size, note = db.execute("SELECT size, checkpoint FROM head").fetchone() or (0, "")
    if not isinstance(size, int) or not isinstance(note, str):
        raise broken("its head is not one")
    return size, note


def node_at(db: sqlite3.Connection, level: int, index: int) -> bytes:
    """Raises LookupError when it is not there."""
    if level:
        row = db.execute("SELECT hash FROM nodes WHERE level = ? AND idx = ?", (level, index)).fetchone()
    else:
        row = db.execute("SELECT leaf FROM records WHERE idx = ?", (index,)).fetchone()
    if row is None:
        raise LookupError(f"no node {index} at level {level}")
    return bytes(row[0])


def broken(why: str, hint: str = "restore the home from a backup") -> TrustFailure:
    return TrustFailure(f"the log was changed from outside: {why}", step="log", code="trust.log", hint=hint)
