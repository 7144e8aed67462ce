# SPDX-License-Identifier: Apache-2.0
"""How the log lies in its database: the tables, and what is read from them by whoever holds a connection."""

from __future__ import annotations

import base64
import json
import sqlite3
from typing import Any, NamedTuple

from comity.errors import CallerError
from comity.transparency.merkle import inclusion_proof
from comity.transparency.note import Signer
from comity.transparency.verify import FORMAT

DATABASE = "comity.db"
KEY = "log.key"

MIGRATIONS = (
    """
    CREATE TABLE judgements (digest BLOB PRIMARY KEY, facts BLOB NOT NULL, decision BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE records (
        idx INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, request TEXT NOT NULL, subject TEXT,
        receipt BLOB NOT NULL, salt BLOB NOT NULL, judgement BLOB NOT NULL REFERENCES judgements, outcome BLOB
    );
    CREATE TABLE nodes (level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)) WITHOUT ROWID;
    CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, checkpoint TEXT NOT NULL);
    """,
)
"""`judgements`: the facts and the decision of a record, once for all records that share them; the digest is of ids and codes."""


class Record(NamedTuple):
    place: int
    request: str
    subject: str | None
    receipt: dict[str, Any]
    facts: bytes
    decision: bytes
    outcome: dict[str, Any] | None  # None: it was never finished (the process was killed), or is being answered now


_SELECT = (
    "SELECT r.idx, r.request, r.subject, r.receipt, j.facts, j.decision, r.outcome"
    " FROM records r JOIN judgements j ON j.digest = r.judgement "
)


def _record(row: tuple[Any, ...]) -> Record:
    at, request, subject, receipt, facts, decision, outcome = row
    return Record(at, request, subject, json.loads(receipt), facts, decision, json.loads(outcome) if outcome is not None else None)


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
        row = db.execute("SELECT idx FROM records WHERE id = ?", (reference.upper(),)).fetchone()
    if row is None:
        raise CallerError(
            "no such receipt in this log",
            code="receipt.unknown",
            status=404,
            hint="comity log tail shows the newest; is this the right home?",
        )
    return int(row[0])


def head(db: sqlite3.Connection) -> tuple[int, str]:
    """(size, the signed checkpoint); an empty log has none."""
    row = db.execute("SELECT size, checkpoint FROM head").fetchone()
    return (int(row[0]), str(row[1])) if row is not None else (0, "")


def node_at(db: sqlite3.Connection, level: int, index: int) -> bytes:
    row = db.execute("SELECT hash FROM nodes WHERE level = ? AND idx = ?", (level, index)).fetchone()
    if row is None:
        raise CallerError("the log lacks a node that its head stands for", code="log.broken", status=500, hint="restore it from a backup")
    return bytes(row[0])


def bundle(db: sqlite3.Connection, reference: str, signer: Signer) -> dict[str, Any]:
    """The receipt with all that its verification needs, against the newest tree head.  Inside one read transaction."""
    db.execute("BEGIN")
    try:
        index = place(db, reference)
        receipt, salt = db.execute("SELECT receipt, salt FROM records WHERE idx = ?", (index,)).fetchone()
        size, checkpoint = head(db)
        proof = inclusion_proof(index, size, lambda level, at: node_at(db, level, at))
    finally:
        db.execute("ROLLBACK")
    return {
        "format": FORMAT,
        "receipt": json.loads(receipt),
        "salt": base64.b64encode(salt).decode(),
        "signature": base64.b64encode(signer.sign(receipt)).decode(),
        "index": index,
        "inclusion": [base64.b64encode(each).decode() for each in proof],
        "checkpoint": checkpoint,
        "vkey": signer.verifier.vkey,
    }
