# SPDX-License-Identifier: Apache-2.0
"""What a region has spent of the privacy of its people, for each pipeline: a list of events that only grows, in the state's database.

An event is durable before its noise is drawn, so a crash in between counts as spent.  Events are kept, not sums: what they cost together
is worked out anew each time.  Each bears the hash of all before it, and a list that cannot be read, or contradicts itself or what was
released before, releases nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from comity.errors import CallerError, StorageFailure, TrustFailure
from comity.learning import accounting
from comity.learning.accounting import Price
from comity.learning.queries import Query, digest
from comity.ports import Clock
from comity.storage.database import Database, Script, Statement
from comity.transparency.canonical import canonical

FORMAT = "comity.budget.v1"
TRIES_MAX = 16


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Each epsilon at this delta."""

    epsilon_window: float
    epsilon_total: float
    delta: float


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    number: int
    at: str
    window: str
    query: str  # its digest
    price: Price


class Spent(NamedTuple):
    """An event that is durable.  ``head`` stands for it and all before it."""

    event: Event
    head: str


class Budget:
    """Of one region and pipeline.  ``known``: the newest entry that a released bundle names; a list without it was put back."""

    def __init__(
        self, database: Database, *, region: str, pipeline: str, limits: Limits, clock: Clock, known: tuple[int, str] | None = None
    ) -> None:
        self.region, self.pipeline, self.limits = region, pipeline, limits
        self._database, self._clock, self._known = database, clock, known

    async def events(self) -> list[Spent]:
        """All, oldest first.  Raises TrustFailure (`budget`) for a list that is not whole, StorageFailure."""
        return await self._database.read(self._read)

    async def spend(self, query: Query, window: str, sigma: float) -> Spent:
        """Returns once it is durable that this is spent.  Raises CallerError where a limit would be passed, and as `events` does."""
        if query.pipeline != self.pipeline:
            raise CallerError("the query is of another pipeline than the budget", code="learning.inconsistent")
        price = accounting.price(query, sigma)
        for _ in range(TRIES_MAX):
            before = await self.events()
            self._allowed(before, window, price)
            event = Event(
                number=len(before) + 1, at=self._clock.now().strftime("%Y-%m-%dT%H:%MZ"), window=window, query=digest(query), price=price
            )
            made = Spent(event, _head(before[-1].head if before else self._origin(), _encoded(event)))
            if await self._database.write(lambda made=made: self._append(made)):  # type: ignore[misc]
                self._known = event.number, made.head
                return made
        raise StorageFailure("others spend from this budget at every moment", code="storage.busy", hint="try again")

    def _allowed(self, before: Sequence[Spent], window: str, price: Price) -> None:
        limits, prices = self.limits, [each.event.price for each in before]
        here = [each.event.price for each in before if each.event.window == window]
        for what, known, most in (("window", here, limits.epsilon_window), ("pipeline", prices, limits.epsilon_total)):
            if not (most > 0 and limits.delta > 0 and accounting.epsilon([*known, price], limits.delta) <= most):
                raise CallerError(
                    f"the privacy budget of this {what} would be passed: epsilon {most:g} at delta {limits.delta:g}", status=429,
                    code="learning.budget_spent", hint="wait for the next window" if what == "window" else "the pipeline is at its end",
                )  # fmt: skip

    # -- scripts -------------------------------------------------------------------------------------------------

    def _read(self) -> Script[list[Spent]]:
        rows = yield Statement(
            "SELECT number, event, head FROM budget WHERE region = ? AND pipeline = ? ORDER BY number", (self.region, self.pipeline)
        )
        found, head = [], self._origin()
        for place, (number, raw, kept) in enumerate(rows, 1):
            head = _head(head, bytes(raw))
            event = _event(bytes(raw))
            if number != place or event.number != place or bytes(kept).hex() != head:
                raise _broken("an entry is missing, or is not as it was written")
            found.append(Spent(event, head))
        if self._known is not None and self._known not in {(each.event.number, each.head) for each in found}:
            raise _broken("it was put back to an earlier state than it was shown in")
        return found

    def _append(self, made: Spent) -> Script[bool]:
        """Whether nobody was faster."""
        where = self.region, self.pipeline
        last = yield Statement("SELECT count(*) FROM budget WHERE region = ? AND pipeline = ?", where)
        if last[0][0] != made.event.number - 1:
            return False
        row = *where, made.event.number, _encoded(made.event), bytes.fromhex(made.head)
        yield Statement("INSERT INTO budget VALUES (?, ?, ?, ?, ?)", row)
        return True

    def _origin(self) -> str:
        return hashlib.sha256(canonical([FORMAT, self.region, self.pipeline])).hexdigest()


def _encoded(event: Event) -> bytes:
    return canonical(msgspec.to_builtins(event))


def _event(raw: bytes) -> Event:
    try:
        event = msgspec.json.decode(raw, type=Event)
    except (msgspec.MsgspecError, ValueError):
        raise _broken("an entry cannot be read") from None
    if not all(0 < each < math.inf for each in (event.price.noise, event.price.lattice)):
        raise _broken("an entry has no price")
    return event


def _head(before: str, event: bytes) -> str:
    return hashlib.sha256(bytes.fromhex(before) + event).hexdigest()


def _broken(why: str) -> TrustFailure:
    hint = "restore the state from a backup"
    return TrustFailure(f"budget: the list of what was spent is not whole: {why}", step="budget", code="trust.budget", hint=hint)
