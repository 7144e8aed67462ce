# SPDX-License-Identifier: Apache-2.0
"""From the last row of nodes to values that callers see."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time
from decimal import Decimal, localcontext
from fractions import Fraction

from comity.tasks.entities import meaning
from comity.tasks.entities.amounts import Amount, Cash
from comity.tasks.entities.calendar import DAY, Clock, ClockRange, DayRange, Days, Frame, Length, Moment, MomentRange, Part
from comity.tasks.entities.cascade import Node
from comity.tasks.entities.repeating import Repeat
from comity.tasks.entities.values import (
    Date,
    DateRange,
    DateTime,
    DateTimeRange,
    Duration,
    Entity,
    Measure,
    Money,
    Number,
    Ordinal,
    Percent,
    Recurrence,
    Time,
    TimeRange,
    Unsure,
    Value,
)


def decimal(value: int | Fraction) -> Decimal:
    """Exactly where a decimal says it, else to 28 places."""
    if isinstance(value, int) or value.denominator == 1:
        return Decimal(int(value))
    with localcontext() as context:
        context.prec = max(28, len(str(value.numerator)) + 64)
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        if Fraction(exact) != value:
            context.prec = 28
            exact = Decimal(value.numerator) / Decimal(value.denominator)
        return exact


def number(value: int | Fraction) -> Number:
    if isinstance(value, int):
        return Number(amount=Decimal(value))
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return Number(amount=decimal(value)) if rest == 1 else Number(amount=Decimal(value.numerator), over=value.denominator)


def clock_time(seconds: int) -> time:
    seconds %= DAY
    return time(seconds // 3600, seconds % 3600 // 60, seconds % 60)


def _length(value: Length) -> Duration:
    return Duration(months=decimal(value.months), days=decimal(value.days), seconds=decimal(value.seconds))


def _temporal(value: object, frame: Frame) -> tuple[Iterable[Value], bool]:
    if isinstance(value, Days):
        if value.grain == "day":
            return [Date(day=start) for start, _ in value.readings], value.certain
        return [DateRange(start=start, end=end, first=start, last=end - (end.resolution)) for start, end in value.readings], value.certain
    if isinstance(value, DayRange):
        return [DateRange(start=one.start, end=one.end, first=one.first, last=one.last) for one in value.readings], value.certain
    if isinstance(value, Clock):
        said = meaning.soonest(value, frame)
        return [Time(clock=clock_time(one)) for one in said.readings], value.certain
    if isinstance(value, Part):
        return [TimeRange(start=clock_time(value.start * 3600), end=clock_time(value.end * 3600))], True
    if isinstance(value, ClockRange):
        return [
            TimeRange(start=None if start is None else clock_time(start), end=None if end is None else clock_time(end))
            for start, end in value.readings
        ], value.certain
    if isinstance(value, Moment):
        return [DateTime(moment=one) for one in value.readings], value.certain
    if isinstance(value, MomentRange):
        return [DateTimeRange(start=start, end=end) for start, end in value.readings], value.certain
    if isinstance(value, Length):
        return [_length(value)], value.certain
    if isinstance(value, Repeat):
        first = value.first(frame)
        if first is None:
            return [], True
        certain = value.clock is None or value.clock.certain
        lasting = _length(value.lasting) if value.lasting is not None else None
        return [Recurrence(rule=value.rule(), first=first, lasting=lasting)], certain
    return [], True


_WHOLE = frozenset({"INT", "NUM", "FRAC", "ONE", "ABOUT"})


def finished(node: Node, frame: Frame) -> Entity | None:
    """None for what says nothing by itself."""
    value = node.value
    if node.tag == "UNSURE":
        return Entity(start=node.start, end=node.end, readings=(Unsure(),), certain=False)
    if value is None or isinstance(value, str) or node.tag == "PARTQ":  # `早`, `晚` alone
        return None
    readings: Iterable[Value] = ()
    certain = True
    if node.tag in _WHOLE:
        readings, certain = [number(value)], node.tag != "ABOUT"
    elif node.tag in ("ORD", "DAYORD"):
        readings = [Ordinal(place=value)]
    elif node.tag == "PERCENT":
        readings = [Percent(amount=decimal(value))]
    elif isinstance(value, Cash):
        readings = [Money(amount=decimal(value.amount), currency=code) for code in (value.currency, *value.others)]
        certain = value.certain
    elif isinstance(value, Amount):
        readings, certain = [Measure(amount=decimal(value.amount), unit=value.unit)], value.certain
    else:
        readings, certain = _temporal(value, frame)
    found = tuple(dict.fromkeys(readings))
    return Entity(start=node.start, end=node.end, readings=found, certain=certain) if found else None
