# SPDX-License-Identifier: Apache-2.0
"""Consent records in the state: added, read a page at a time, and followed in memory by every gateway, so that a request asks no database.

Only what holds until somebody takes it back is kept in memory, by person; what is new there is read, and all of it only after somebody's
records were erased.  A record whose signature does not hold counts as none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import NamedTuple

import msgspec

from comity.accord.consent import Consent, Record, Scope, Withdrawal, decoded, encoded, signed_form, standing
from comity.errors import CallerError
from comity.storage.database import Database, Followed, Row, Script, Statement
from comity.transparency.note import Verifier

ADDED, ERASED = "consents", "consents.erased"
ABOVE_ALL = 2**62
CHECKED_MAX = 65_536  # records whose signatures are known to hold
_COLUMNS = "number, id, person, withdraws, record, salt, signature, place"


class Kept(NamedTuple):
    """As it lies in the state; ``place``: of its entry in the log."""

    number: int
    id: str
    person: str
    withdraws: str
    record: bytes
    salt: bytes
    signature: bytes
    place: int

    def holds(self, key: Verifier) -> bool:
        """It is what the log's key signed, and lies where it says."""
        return key.holds(signed_form(self.record), self.signature) and self._beside()

    def _beside(self) -> bool:
        try:
            read = decoded(self.record)
        except msgspec.MsgspecError:
            return False
        withdraws = read.withdraws if isinstance(read, Withdrawal) else ""
        return (read.id, read.person, withdraws) == (self.id, self.person, self.withdraws) and encoded(read) == self.record


class Seen:
    """What was seen of the table so far.  ``records``: that nobody took back, by person."""

    def __init__(self, records: dict[str, dict[str, Kept]], revisions: tuple[int, int], last: int) -> None:
        self.records, self.revisions, self.last = records, revisions, last


class Following:
    def __init__(self) -> None:
        self._seen = Seen({}, (-1, -1), 0)

    def script(self) -> Script[Seen]:
        seen = self._seen
        added, erased = yield from _revisions()
        if (added, erased) == seen.revisions:
            return seen
        anew = erased != seen.revisions[1]
        after = 0 if anew else seen.last
        rows = yield Statement(f"SELECT {_COLUMNS} FROM consents WHERE number > ? ORDER BY number", (after,))  # noqa: S608
        records = {} if anew else seen.records
        for each in map(_kept, rows):
            if each.withdraws:
                records.get(each.person, {}).pop(each.withdraws, None)
            else:
                records.setdefault(each.person, {})[each.id] = each
        self._seen = Seen(records, (added, erased), int(rows[-1][0]) if rows else after)
        return self._seen


class Consents:
    """`held` is asked by requests and looks at memory alone.  Raises StorageFailure where nobody can say what holds now."""

    def __init__(self, database: Database, followed: Followed[Seen], key: Verifier) -> None:
        self._database, self._followed, self._key = database, followed, key
        self._checked: dict[str, tuple[Kept, Consent | None]] = {}

    @classmethod
    async def open(cls, database: Database, key: Verifier) -> Consents:
        return cls(database, await database.follow(Following().script), key)

    def held(self, person: str, at: datetime) -> frozenset[Scope]:
        kept = self._followed.now().records.get(person)
        if not kept:
            return frozenset()
        return standing([record for each in kept.values() if (record := self._sound(each)) is not None], person, at)

    def _sound(self, kept: Kept) -> Consent | None:
        """Its signature is looked at once."""
        before = self._checked.get(kept.id)
        if before is None or before[0] is not kept:
            record = decoded(kept.record) if kept.holds(self._key) else None
            before = self._checked[kept.id] = kept, record if isinstance(record, Consent) else None
            if len(self._checked) > CHECKED_MAX:
                del self._checked[next(iter(self._checked))]
        return before[1]

    async def grant(self, kept: Kept, text: str, language: str) -> None:
        await self._database.write(partial(_granted, kept, decoded(kept.record), text, language))

    async def withdraw(self, kept: Kept, owed: Callable[[], Script[None]]) -> None:
        """``owed``: what follows from it, written with it.  Raises CallerError: 404 where there is no such consent of that person, 409
        where it was withdrawn."""
        await self._database.write(partial(_withdrawn, kept, owed))

    async def stand(self, person: str, at: datetime) -> frozenset[Scope]:
        """As `held`, as it is in the database at this moment."""
        rows = await self._database.read(partial(_of, person))
        return standing([decoded(each.record) for each in rows if each.holds(self._key) or each.withdraws], person, at)

    async def one(self, name: str) -> tuple[Kept, Kept | None]:
        """A consent, and what withdrew it.  Raises CallerError (404)."""
        return await self._database.read(partial(one, name))

    async def page(self, person: str, below: int | None, limit: int) -> list[tuple[Kept, Kept | None]]:
        """The newest first; of everybody where ``person`` is ""."""
        return await self._database.read(partial(page, person, ABOVE_ALL if below is None else below, limit))

    async def text(self, kept: Kept) -> str:
        """That was shown for it."""
        return await self._database.read(partial(text, kept))


def kept(record: Record, salt: bytes, signature: bytes, place: int) -> Kept:
    withdraws = record.withdraws if isinstance(record, Withdrawal) else ""
    return Kept(0, record.id, record.person, withdraws, encoded(record), salt, signature, place)


# -- scripts -------------------------------------------------------------------------------------------------------------


def erased(person: str) -> Script[int]:
    """What is kept of one person's consents goes, and every gateway forgets it: how many there were."""
    gone = yield Statement("SELECT count(*) FROM consents WHERE person = ?", (person,))
    if gone[0][0]:
        yield Statement("DELETE FROM consents WHERE person = ?", (person,))
        yield _revised(ERASED)
    return int(gone[0][0])


def _revisions() -> Script[tuple[int, int]]:
    rows = yield Statement("SELECT name, number FROM revisions WHERE name IN (?, ?)", (ADDED, ERASED))
    found: dict[str, int] = dict(rows)
    return int(found.get(ADDED, 0)), int(found.get(ERASED, 0))


def _revised(name: str) -> Statement:
    return Statement("INSERT INTO revisions VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET number = revisions.number + 1", (name,))


def _granted(kept: Kept, record: Record, text: str, language: str) -> Script[None]:
    assert isinstance(record, Consent)
    yield Statement("INSERT INTO consent_texts VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (record.text_sha256, language, text))
    yield from _added(kept)


def _added(kept: Kept) -> Script[None]:
    yield Statement("INSERT INTO consents (id, person, withdraws, record, salt, signature, place) VALUES (?, ?, ?, ?, ?, ?, ?)", kept[1:])
    yield _revised(ADDED)


def _withdrawn(kept: Kept, owed: Callable[[], Script[None]]) -> Script[None]:
    found, gone = yield from one(kept.withdraws)
    if found.person != kept.person:
        raise unknown()
    if gone is not None:
        raise withdrawn()
    yield from _added(kept)
    yield from owed()


def one(name: str) -> Script[tuple[Kept, Kept | None]]:
    rows = yield Statement(f"SELECT {_COLUMNS} FROM consents WHERE id = ? AND withdraws = ''", (name,))  # noqa: S608
    if not rows:
        raise unknown()
    return _kept(rows[0]), (yield from _gone(name))


def _gone(name: str) -> Script[Kept | None]:
    rows = yield Statement(f"SELECT {_COLUMNS} FROM consents WHERE withdraws = ? ORDER BY number LIMIT 1", (name,))  # noqa: S608
    return _kept(rows[0]) if rows else None


def _of(person: str) -> Script[list[Kept]]:
    rows = yield Statement(f"SELECT {_COLUMNS} FROM consents WHERE person = ? ORDER BY number", (person,))  # noqa: S608
    return [_kept(row) for row in rows]


def page(person: str, below: int, limit: int) -> Script[list[tuple[Kept, Kept | None]]]:
    whose, values = ("person = ? AND ", (person,)) if person else ("", ())
    sql = f"SELECT {_COLUMNS} FROM consents WHERE {whose}withdraws = '' AND number < ? ORDER BY number DESC LIMIT ?"  # noqa: S608
    rows = yield Statement(sql, (*values, below, limit))
    out = []
    for each in map(_kept, rows):
        out.append((each, (yield from _gone(each.id))))
    return out


def text(kept: Kept) -> Script[str]:
    """That was shown; "" where it is not there any more."""
    rows = yield Statement("SELECT text FROM consent_texts WHERE sha256 = ?", (consent_in(kept).text_sha256,))
    return str(rows[0][0]) if rows else ""


def _kept(row: Row) -> Kept:
    number, name, person, withdraws, record, salt, signature, place = row
    return Kept(int(number), name, person, withdraws, bytes(record), bytes(salt), bytes(signature), int(place))


def unknown() -> CallerError:
    return CallerError("there is no such consent here", code="consent.unknown", status=404, field="id", hint="comity consent list")


def withdrawn() -> CallerError:
    return CallerError("this consent was withdrawn", code="consent.withdrawn", status=409, field="id", hint="comity consent list")


def consent_in(kept: Kept) -> Consent:
    """Of a row that withdraws nothing."""
    record = decoded(kept.record)
    assert isinstance(record, Consent)
    return record
