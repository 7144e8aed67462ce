# SPDX-License-Identifier: Apache-2.0
"""How the log lies in its database, as scripts: what is read from its tables by whoever holds a connection.

Nothing is ever changed in a table but `head`: an outcome is a row of its own, written once.  `judgements` are the facts and the decision
of a record, once for all records that share them; the digest is of ids and codes.  `nodes` are the complete subtrees of two leaves and
more; a leaf is with its record, and among the nodes (level 0) once the record is gone (`retention.py`), its entry then among the
`commitments`.  A leaf that fills the log up has never had a record, and looks the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

import msgspec

from comity.errors import CallerError, TrustFailure
from comity.storage.database import Script, Statement, insert
from comity.transparency.merkle import NodeAt, leaf_hash
from comity.transparency.receipt import Receipt, entry_of, to_json

T = TypeVar("T")
DATABASE = "comity.db"
KEY = "log.key"
PLACES_MAX = 2**62
KEPT = "9999-12"
"""`until` of what no rule lets expire."""


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


@cache
def until(month: str, months: int | None) -> str:
    """The last month (`2027-05`) that a record of ``month`` is kept in."""
    if months is None:
        return KEPT
    number = int(month[:4]) * 12 + int(month[5:7]) - 1 + months
    return min(f"{number // 12:04}-{number % 12 + 1:02}", KEPT)


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


def tail(count: int) -> Script[list[Record]]:
    """The newest ``count``, oldest first."""
    found = yield Statement(_SELECT + "ORDER BY r.idx DESC LIMIT ?", (count,))
    return [_record(row) for row in found][::-1]


def one(reference: str) -> Script[Record]:
    """By receipt id or by place in the log.  Raises CallerError (404, 410)."""
    at = yield from place(reference)
    found = yield Statement(_SELECT + "WHERE r.idx = ?", (at,))
    if not found:
        raise broken(f"what record {at} decided is not there")
    return _record(found[0])


def place(reference: str) -> Script[int]:
    found: list[Any] = []
    if reference.isascii() and reference.isdecimal() and len(reference) < 19:
        found = yield Statement("SELECT idx FROM records WHERE idx = ?", (int(reference),))
        if not found and (yield Statement("SELECT 1 FROM changes WHERE idx = ?", (int(reference),))):
            raise CallerError(
                "what stands there is a change, not a decision", code="receipt.change", status=404, hint="GET /comity/v1/changes tells them"
            )
        if not found and (yield Statement("SELECT 1 FROM nodes WHERE level = 0 AND idx = ?", (int(reference),))):
            raise CallerError(
                "this record has expired: the law's time to keep it is over", code="receipt.expired", status=410,
                hint="its leaf stands in the log; whoever has its bundle can still verify it",
            )  # fmt: skip
    elif reference.isascii() and reference.isalnum():
        found = yield Statement("SELECT idx FROM records WHERE id = ?", (reference.upper(),))
    if not found:
        raise unknown()
    return int(found[0][0])


def unknown() -> CallerError:
    hint = "comity log tail shows the newest; is this the right home?"
    return CallerError("no such receipt in this log", code="receipt.unknown", status=404, hint=hint)


def secret_of(index: int) -> Script[tuple[bytes, bytes]]:
    """(the receipt, its salt).  Raises LookupError when it is not there."""
    found = yield Statement("SELECT receipt, salt FROM records WHERE idx = ?", (index,))
    if not found:
        raise LookupError(f"no record {index}")
    receipt, salt = found[0]
    return bytes(receipt), bytes(salt)


def left_behind(records: str, values: Sequence[Any]) -> Script[None]:
    """What stays in the log of records that go: entry and leaf.  ``records``: a condition, and its ``values``."""
    found = yield Statement(f"SELECT idx, salt, receipt FROM records WHERE {records}", values)  # noqa: S608
    entries = [(index, entry_of(bytes(salt), bytes(receipt))) for index, salt, receipt in found]
    yield from stand_alone(entries)


def stand_alone(entries: Sequence[tuple[int, bytes]]) -> Script[None]:
    """Entries and leaves with no record, where they are not there yet."""
    yield from insert("commitments", entries, "ON CONFLICT DO NOTHING")
    yield from insert("nodes", [(0, index, leaf_hash(entry)) for index, entry in entries], "ON CONFLICT DO NOTHING")


def entries(begin: int, end: int) -> Script[list[bytes]]:
    """Raises LookupError where one is not there."""
    there = "idx >= ? AND idx < ?"
    with_record = yield Statement(f"SELECT idx, salt, receipt FROM records WHERE {there}", (begin, end))  # noqa: S608
    alone = yield Statement(f"SELECT idx, entry FROM commitments WHERE {there}", (begin, end))  # noqa: S608
    found = {index: bytes(entry) for index, entry in alone}
    found.update((index, entry_of(bytes(salt), bytes(receipt))) for index, salt, receipt in with_record)
    return [found[index] for index in range(begin, end)]


def head() -> Script[tuple[int, str]]:
    """(size, the signed checkpoint); an empty log has none."""
    return (yield from standing())[:2]


def standing() -> Script[tuple[int, str, int]]:
    """The head, and how often something has expired."""
    found = yield Statement("SELECT size, checkpoint, expiries FROM head")
    size, note, expiries = found[0] if found else (0, "", 0)
    if not isinstance(size, int) or not isinstance(note, str):
        raise broken("its head is not one")
    return size, note, expiries


def worked_out(from_nodes: Callable[[NodeAt], T]) -> Script[T]:
    """What ``from_nodes`` returns.  It is called twice: first to learn which nodes it asks for, then with them.  Raises LookupError
    when one of them is not there."""
    wanted: set[tuple[int, int]] = set()

    def noted(level: int, index: int) -> bytes:
        wanted.add((level, index))
        return b""

    from_nodes(noted)
    found = yield from _nodes(sorted(wanted))
    return from_nodes(lambda level, index: found[level, index])


def _nodes(wanted: Collection[tuple[int, int]]) -> Script[dict[tuple[int, int], bytes]]:
    found: dict[tuple[int, int], bytes] = {}
    if not wanted:
        return found
    either = " OR ".join(["(level = ? AND idx = ?)"] * len(wanted))
    rows = yield Statement(f"SELECT level, idx, hash FROM nodes WHERE {either}", [each for pair in wanted for each in pair])  # noqa: S608
    leaves = [index for level, index in wanted if not level]
    if leaves:
        marks = ",".join("?" * len(leaves))
        rows = rows + (yield Statement(f"SELECT 0, idx, leaf FROM records WHERE idx IN ({marks})", leaves))  # noqa: S608
    for level, index, value in rows:
        found[level, index] = bytes(value)
    return found


def broken(why: str, hint: str = "restore the home from a backup") -> TrustFailure:
    return TrustFailure(f"the log was changed from outside: {why}", step="log", code="trust.log", hint=hint)
