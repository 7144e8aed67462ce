# SPDX-License-Identifier: Apache-2.0
"""What operators ask of the record: pages of it, one decision with its attempts, what is new.  Ids, codes and commitments only.

A page goes through records by their ids, which sort by time, the newest first; its cursor is the last id on it, so what arrives
meanwhile moves nothing.  What follows the log goes by place, which is the order in which records became durable.

Filters hold receipts against what is wanted as they are read.  No index serves them: it would cost every request what few readers
want.  A look ends after `LOOKED_AT_MAX` records, and a page may therefore be short, or empty, and still have a next one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from comity.storage.database import Row, Script, Statement
from comity.transparency.ids import ID_LETTERS, id_from
from comity.transparency.ledger import Outcome
from comity.transparency.receipt import Receipt
from comity.transparency.rows import PLACES_MAX, broken, digest_of, place

CHUNK = 500
LOOKED_AT_MAX = 5_000
_ABOVE_ALL = "Z" * ID_LETTERS
_receipt = msgspec.json.Decoder(Receipt).decode
_outcome = msgspec.json.Decoder(Outcome).decode


class Entry(NamedTuple):
    """One record, without what was judged."""

    place: int
    request: str
    subject: str | None  # a pseudonym of this installation; to count by, and for no answer
    receipt: Receipt
    outcome: Outcome | None

    @property
    def status(self) -> str:
        """`ok` or an error's code; `refused` for what was never sent; `open` for what is being answered, or was killed."""
        if self.outcome is not None:
            return self.outcome.status
        return "open" if self.receipt.effect == "allow" else "refused"


class Whole(NamedTuple):
    """One record with what was judged, and every record of the same request, itself among them, in their order."""

    entry: Entry
    facts: bytes
    decision: bytes
    attempts: list[Entry]


class Page(NamedTuple):
    entries: list[Entry]
    after: str  # where the next one goes on; "": there is none


class Crossed(msgspec.Struct, frozen=True):
    """What of a receipt says where it went."""

    id: str
    at: str  # cut to the minute
    effect: str
    source: str = ""
    destination: tuple[str, ...] = ()
    deployment: str = ""
    subject: str | None = None  # of the record, beside the receipt; to count by, and for no answer


_crossed = msgspec.json.Decoder(Crossed).decode


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is "" or None is not asked about."""

    since: datetime | None = None
    before: datetime | None = None
    effect: str = ""
    deployment: str = ""
    source: str = ""
    destination: str = ""  # one of the places where it was processed; `device`: it stayed
    pack: str = ""  # `cn`, or with its version `cn@0.3.0`
    rule: str = ""
    fact: str = ""
    request: str = ""
    status: str = ""

    @property
    def floor(self) -> str:
        return id_from(self.since) if self.since is not None else ""

    @property
    def ceiling(self) -> str:
        return id_from(self.before) if self.before is not None else _ABOVE_ALL

    @property
    def everything(self) -> bool:
        return msgspec.structs.replace(self, since=None, before=None) == _EVERYTHING

    def takes(self, entry: Entry) -> bool:
        said = entry.receipt
        return (
            (not self.effect or said.effect == self.effect)
            and (not self.deployment or said.deployment == self.deployment)
            and (not self.source or said.source == self.source)
            and (not self.destination or self.destination in destinations(said))
            and (not self.pack or any(self.pack in (name, name.partition("@")[0]) for name in said.packs))
            and (not self.rule or self.rule in said.rules)
            and (not self.fact or self.fact in said.reasons)
            and (not self.request or entry.request == self.request)
            and (not self.status or entry.status == self.status)
        )


_EVERYTHING = Wanted()


def destinations(receipt: Receipt | Crossed) -> tuple[str, ...]:
    """Where it was processed; `device` where it stayed, nothing where it was refused."""
    return receipt.destination or (("device",) if receipt.deployment else ())


# No join with outcomes: a planner that knows little reads all of them for one.
_ENTRY = "SELECT r.idx, r.request, r.subject, r.receipt, (SELECT o.outcome FROM outcomes o WHERE o.id = r.id) FROM records r "
_WHOLE = (
    "SELECT r.idx, r.request, r.subject, r.receipt, (SELECT o.outcome FROM outcomes o WHERE o.id = r.id), r.judgement, j.facts, j.decision"
    " FROM records r JOIN judgements j ON j.digest = r.judgement WHERE r.idx = ?"
)


def page(wanted: Wanted, after: str, limit: int) -> Script[Page]:
    """The newest ``limit`` below the id ``after`` ("": of all)."""
    below, seen, found = min(after or wanted.ceiling, wanted.ceiling), 0, list[Entry]()
    chunk = limit + 1 if wanted.everything else CHUNK
    while True:
        rows = yield Statement(_ENTRY + "WHERE r.id < ? AND r.id >= ? ORDER BY r.id DESC LIMIT ?", (below, wanted.floor, chunk))
        for entry in map(_entry, rows):
            if wanted.takes(entry):
                if len(found) == limit:
                    return Page(found, found[-1].receipt.id)
                found.append(entry)
            below = entry.receipt.id
        seen += len(rows)
        if len(rows) < chunk:
            return Page(found, "")
        if seen >= LOOKED_AT_MAX:
            return Page(found, below)


_OWN = _ENTRY + "WHERE r.subject = ? AND r.idx < ? ORDER BY r.idx DESC LIMIT ?"


class Tally(NamedTuple):
    """Of one person's records, the newest first."""

    effects: dict[str, int]
    places: dict[str, int]  # where they were processed; `device`
    counted: int
    whole: bool  # whether there are no more than were counted


def of_person(subject: str, below: int | None, limit: int) -> Script[list[Entry]]:
    """The newest ``limit`` records of a pseudonym below the place ``below``."""
    rows = yield Statement(_OWN, (subject, PLACES_MAX if below is None else below, limit))
    return [_entry(row) for row in rows]


def tally_of(subject: str) -> Script[Tally]:
    effects, places = Counter[str](), Counter[str]()
    entries = yield from of_person(subject, None, LOOKED_AT_MAX)
    for entry in entries:
        effects[entry.receipt.effect] += 1
        places.update(destinations(entry.receipt))
    return Tally(dict(effects), dict(places), len(entries), len(entries) < LOOKED_AT_MAX)


def whose(reference: str) -> Script[str | None]:
    """The pseudonym of the person that a record is of.  Raises CallerError (404, 410)."""
    at = yield from place(reference)
    subject: str | None = (yield Statement("SELECT subject FROM records WHERE idx = ?", (at,)))[0][0]
    return subject


def crossings(span: Wanted, below: str, limit: int) -> Script[list[Crossed]]:
    """The newest ``limit`` of a time below the id ``below`` ("": of all), for whoever counts them; nothing but the time is held against."""
    rows = yield Statement(
        "SELECT r.idx, r.receipt, r.subject FROM records r WHERE r.id < ? AND r.id >= ? ORDER BY r.id DESC LIMIT ?",
        (min(below or span.ceiling, span.ceiling), span.floor, limit),
    )
    return [_crossing(*row) for row in rows]


def _crossing(at: int, receipt: bytes, subject: str | None) -> Crossed:
    try:
        said = _crossed(receipt)
    except (msgspec.MsgspecError, TypeError):
        raise broken(f"record {at} is not as it was written") from None
    return msgspec.structs.replace(said, destination=destinations(said), subject=subject)


def judged(span: Wanted, below: str, limit: int) -> Script[list[tuple[str, bytes]]]:
    """The same, each by its id with the digest of what was decided on what."""
    rows = yield Statement(
        "SELECT r.id, r.judgement FROM records r WHERE r.id < ? AND r.id >= ? ORDER BY r.id DESC LIMIT ?",
        (min(below or span.ceiling, span.ceiling), span.floor, limit),
    )
    return [(name, bytes(digest)) for name, digest in rows]


def judgements(digests: Sequence[bytes]) -> Script[dict[bytes, tuple[bytes, bytes]]]:
    """Facts and decision of each that is still there.  Raises TrustFailure for one that is not as it was written."""
    marks = ",".join("?" * len(digests))
    rows = yield Statement(f"SELECT digest, facts, decision FROM judgements WHERE digest IN ({marks})", digests)  # noqa: S608
    found: dict[bytes, tuple[bytes, bytes]] = {}
    for digest, facts, decision in rows:
        whole = isinstance(facts, bytes) and isinstance(decision, bytes)  # SQLite takes anything for one
        if not whole or digest_of(facts, decision) != digest:
            raise broken("what a record decided is not as it was written")
        found[digest] = facts, decision
    return found


def following(start: int, limit: int, wanted: Wanted = _EVERYTHING) -> Script[tuple[list[Entry], int]]:
    """Up to ``limit`` records at the place ``start`` and after, in the order of the log; and the place to go on from, which is ``start``
    once nothing follows."""
    found: list[Entry] = []
    rows = yield Statement(
        _ENTRY + "WHERE r.idx >= ? AND r.id >= ? AND r.id < ? ORDER BY r.idx LIMIT ?", (start, wanted.floor, wanted.ceiling, limit)
    )
    for entry in map(_entry, rows):
        start = entry.place + 1
        if wanted.takes(entry):
            found.append(entry)
    return found, start


def end() -> Script[int]:
    """The place of the record that comes next."""
    rows = yield Statement("SELECT max(idx) FROM records")
    return 0 if rows[0][0] is None else int(rows[0][0]) + 1


def whole(reference: str) -> Script[Whole]:
    """By receipt id or by place in the log.  Raises CallerError (404, 410), and TrustFailure for what is not as it was written."""
    at = yield from place(reference)
    rows = yield Statement(_WHOLE, (at,))
    if not rows:
        raise broken(f"what record {at} decided is not there")
    digest, facts, decision = rows[0][5:]
    entry = _entry(rows[0][:5])
    if not (isinstance(facts, bytes) and isinstance(decision, bytes)) or digest_of(facts, decision) != digest:
        raise broken(f"record {entry.place} is not as it was written")
    of_request = yield Statement(_ENTRY + "WHERE r.request = ? ORDER BY r.idx", (entry.request,))
    return Whole(entry, facts, decision, [_entry(row) for row in of_request])


def _entry(row: Iterable[Any] | Row) -> Entry:
    at, request, subject, receipt, outcome = row
    try:
        return Entry(at, request, subject, _receipt(receipt), _outcome(outcome) if outcome is not None else None)
    except (msgspec.MsgspecError, TypeError):
        raise broken(f"record {at} is not as it was written") from None
