# SPDX-License-Identifier: Apache-2.0
"""What a stretch of text says, as typed values: days, times, ranges, repetition, numbers, money, phones, measures.

An end that is missing is open.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import msgspec


class _Value(msgspec.Struct, frozen=True, kw_only=True, tag=str.lower):
    """Equal by what they hold; ``kind`` is the name that JSON and callers see."""

    @property
    def kind(self) -> str:
        return type(self).__name__.lower()


class Number(_Value, frozen=True, kw_only=True):
    """``amount`` divided by ``over``, which is 1 unless no decimal says it exactly (`two thirds`)."""

    amount: Decimal
    over: int = 1


class Ordinal(_Value, frozen=True, kw_only=True):
    place: int


class Percent(_Value, frozen=True, kw_only=True):
    """``amount`` of a hundred."""

    amount: Decimal


class Money(_Value, frozen=True, kw_only=True):
    """``currency`` by ISO 4217; "" where the text names none that has a code."""

    amount: Decimal
    currency: str


class Phone(_Value, frozen=True, kw_only=True):
    """``e164`` where the country is said or follows from the region, else ""; ``extension`` is dialled after it."""

    digits: str
    e164: str = ""
    extension: str = ""


class Measure(_Value, frozen=True, kw_only=True):
    """``unit`` by UCUM's case-sensitive codes, `km`, `Cel`, `[lb_av]`."""

    amount: Decimal
    unit: str


class Duration(_Value, frozen=True, kw_only=True):
    """Years and months have no fixed length, so nothing is converted between the three."""

    months: Decimal = Decimal(0)
    days: Decimal = Decimal(0)
    seconds: Decimal = Decimal(0)


class Date(_Value, frozen=True, kw_only=True):
    day: date


class Time(_Value, frozen=True, kw_only=True):
    clock: time


class DateTime(_Value, frozen=True, kw_only=True):
    """Of the caller's zone, also across a change of its offset."""

    moment: datetime


class DateRange(_Value, frozen=True, kw_only=True):
    """``first`` to ``last`` are the days that belong, both included: what a calendar needs.  ``start`` and ``end`` are the bounds as
    said and as TIMEX3 has them: `next week` ends on the Monday after, `from May to July` on July 1, `after Monday` starts on it."""

    start: date | None = None
    end: date | None = None
    first: date | None = None
    last: date | None = None


class TimeRange(_Value, frozen=True, kw_only=True):
    """`22:00` to `06:00` ends on the next day."""

    start: time | None = None
    end: time | None = None


class DateTimeRange(_Value, frozen=True, kw_only=True):
    start: datetime | None = None
    end: datetime | None = None


class Recurrence(_Value, frozen=True, kw_only=True):
    """``rule`` of RFC 5545, of RFC 7529 for the Chinese calendar; ``first`` is the first time that is not over."""

    rule: str
    first: date | datetime
    lasting: Duration | None = None


class Unsure(_Value, frozen=True, kw_only=True):
    """Words that say a time or an amount which nothing here holds whole (`twice a week`, `3-5 days`, `几百`): their parts alone
    would be wrong, so ask.  Returned to whoever names the kind."""


class Person(_Value, frozen=True, kw_only=True):
    """One of the contacts that were given: ``id`` is theirs, ``name`` their own."""

    id: str
    name: str


class Place(_Value, frozen=True, kw_only=True):
    id: str
    name: str


Value = (
    Number
    | Ordinal
    | Percent
    | Money
    | Phone
    | Measure
    | Duration
    | Date
    | Time
    | DateTime
    | DateRange
    | TimeRange
    | DateTimeRange
    | Recurrence
    | Unsure
    | Person
    | Place
)

TEMPORAL = frozenset({"duration", "date", "time", "datetime", "daterange", "timerange", "datetimerange", "recurrence"})
KINDS = TEMPORAL | {"number", "ordinal", "percent", "money", "phone", "measure", "person", "place"}


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """``value`` is the first of ``readings``: the one that policy prefers, to come rather than past.

    ``certain``: every reading is the same thing, past or to come.  Where it is False (`at 8`, `03/04/2026`, `¥20`), ask.
    """

    start: int
    end: int
    readings: tuple[Value, ...]
    certain: bool = True

    @property
    def value(self) -> Value:
        return self.readings[0]

    @property
    def kind(self) -> str:
        return self.readings[0].kind
