# SPDX-License-Identifier: Apache-2.0
"""The shape of a rule.  Times are `HH:MM` of the person's own clock, days `YYYY-MM-DD`, durations ISO 8601, weekdays 1 (Monday) to 7."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Any, Literal

import msgspec

from comity.errors import CallerError
from comity.tasks.shapes import Shape


class _Trigger(Shape, frozen=True, kw_only=True, tag_field="trigger"):
    pass


class Once(_Trigger, frozen=True, kw_only=True, tag="time"):
    date: str
    at: str


class Recurring(_Trigger, frozen=True, kw_only=True, tag="recurring"):
    """``at`` on each day that `weekdays`, `day_of_month` and `month` leave; or ``every`` so long between ``from_`` and ``to``, both included.

    ``day_of_month`` 31 is only in months that have one, 29 February only in leap years (RFC 5545); -1 is the last day of each month.
    """  # noqa: E501

    at: str = ""
    weekdays: tuple[int, ...] = ()
    day_of_month: int | None = None
    month: int | None = None
    every: str = ""
    from_: str = msgspec.field(default="", name="from")
    to: str = ""


class Arrive(_Trigger, frozen=True, kw_only=True, tag="arrive"):
    place: str


class Leave(_Trigger, frozen=True, kw_only=True, tag="leave"):
    place: str


class Sunset(_Trigger, frozen=True, kw_only=True, tag="sunset"):
    offset: str = ""


class Sunrise(_Trigger, frozen=True, kw_only=True, tag="sunrise"):
    offset: str = ""


class Appointment(_Trigger, frozen=True, kw_only=True, tag="calendar"):
    """Each appointment whose names hold ``text``, case aside, and that ``with_`` takes part in."""

    event: Literal["starts", "ends"]
    before: str = ""
    text: str = ""
    with_: str = msgspec.field(default="", name="with")


class MessageFrom(_Trigger, frozen=True, kw_only=True, tag="message_from"):
    contact: str
    text: str = ""


class Battery(_Trigger, frozen=True, kw_only=True, tag="battery"):
    """When the charge passes it, not each time that it is measured."""

    below: float | None = None
    above: float | None = None


class Weather(_Trigger, frozen=True, kw_only=True, tag="weather"):
    """``at``: when the forecast is looked at; `LOOK` where it is not said.  Temperature in degrees Celsius, wind in km/h."""

    about: Literal["rain", "snow", "wind", "temperature"]
    of: Literal["high", "low", ""] = ""
    below: float | None = None
    above: float | None = None
    day: Literal["today", "tomorrow"] = "today"
    at: str = ""


class DeviceState(_Trigger, frozen=True, kw_only=True, tag="device_state"):
    """When it comes to be so, and has been for ``for_``."""

    device: str
    state: str
    for_: str = msgspec.field(default="", name="for")


class ReminderDone(_Trigger, frozen=True, kw_only=True, tag="reminder_done"):
    reminder: str


Trigger = (
    Once | Recurring | Arrive | Leave | Sunset | Sunrise | Appointment | MessageFrom | Battery | Weather | DeviceState | ReminderDone
)  # fmt: skip
LOOK = "07:00"


class _Condition(Shape, frozen=True, kw_only=True, tag_field="condition"):
    pass


class TimeBetween(_Condition, frozen=True, kw_only=True, tag="time_between"):
    """From the one, to before the other; past midnight where the end is not after the beginning."""

    from_: str = msgspec.field(name="from")
    to: str


class Dark(_Condition, frozen=True, kw_only=True, tag="dark"):
    pass


class Weekday(_Condition, frozen=True, kw_only=True, tag="weekday"):
    weekdays: tuple[int, ...]


class AtPlace(_Condition, frozen=True, kw_only=True, tag="at_place"):
    place: str
    not_: bool = msgspec.field(default=False, name="not")


class DeviceIs(_Condition, frozen=True, kw_only=True, tag="device_state"):
    device: str
    state: str


Condition = TimeBetween | Dark | Weekday | AtPlace | DeviceIs


class Action(Shape, frozen=True, kw_only=True):
    intent: str
    arguments: Mapping[str, Any] = {}


class Rule(Shape, frozen=True, kw_only=True):
    when: Trigger
    if_: tuple[Condition, ...] = msgspec.field(default=(), name="if")
    then: tuple[Action, ...]


CLOCKED = (Once, Recurring, Sunset, Sunrise, Appointment, Weather)
"""Triggers that time alone sets off."""

_SPAN = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


@lru_cache(1024)
def span(said: str) -> timedelta:
    """Of an ISO 8601 duration without years and months; a sign before it.  Raises CallerError."""
    found = _SPAN.fullmatch(said)
    if found is None or said.endswith(("P", "T")):
        raise CallerError("a duration is not one", code="automate.invalid_rule", hint="write PT15M, PT1H30M, P1D", field="rule")
    days, hours, minutes, seconds = (int(each or 0) for each in found.groups()[1:])
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if found[1] else length


def iso(length: timedelta) -> str:
    whole = abs(int(length.total_seconds()))
    days, hours, minutes, seconds = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    said = ("P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "")) if whole else "PT0S"
    return ("-" if length < timedelta(0) else "") + said


@lru_cache(2048)
def clock(said: str) -> time:
    """Raises CallerError."""
    try:
        return time.fromisoformat(said)
    except ValueError:
        raise CallerError("a time of day is not one", code="automate.invalid_rule", hint="write 07:30", field="rule") from None


def checked(rule: Rule) -> Rule:
    """Raises CallerError for what no rule can be: values out of their range, or nothing to do."""

    def wrong(what: str) -> CallerError:
        return CallerError(f"this rule has {what}", code="automate.invalid_rule", hint="comity automate add 'when …, …'", field="rule")

    when = rule.when
    if not rule.then:
        raise wrong("nothing to do")
    match when:
        case Once():
            clock(when.at)
            try:
                date.fromisoformat(when.date)
            except ValueError:
                raise wrong("no such day") from None
        case Recurring():
            if bool(when.at) == bool(when.every):
                raise wrong("no time" if not when.at else "two times")
            for each in (when.at, when.from_, when.to):
                if each:
                    clock(each)
            if when.every and not timedelta(minutes=1) <= span(when.every) <= timedelta(days=1):
                raise wrong("an interval that is not between a minute and a day")
            if when.month is not None and (when.day_of_month is None or not 1 <= when.month <= 12):
                raise wrong("a month without a day")
            if when.day_of_month is not None and not (when.day_of_month == -1 or 1 <= when.day_of_month <= _longest(when.month)):
                raise wrong("a day that no month has")
            _weekdays(when.weekdays, wrong)
        case Sunset() | Sunrise() if when.offset:
            if abs(span(when.offset)) > timedelta(hours=12):
                raise wrong("an offset of more than half a day")
        case Battery():
            if (when.below is None) == (when.above is None) or not 0 <= (when.below if when.below is not None else when.above or 0) <= 100:
                raise wrong("no one charge between 0 and 100 percent")
        case Weather():
            if when.about in ("wind", "temperature") and (when.below is None) == (when.above is None):
                raise wrong("no one limit of the weather")
            if when.at:
                clock(when.at)
        case Appointment() if when.before:
            span(when.before)
        case DeviceState() if when.for_:
            span(when.for_)
        case _:
            pass
    for condition in rule.if_:
        if isinstance(condition, TimeBetween):
            if clock(condition.from_) == clock(condition.to):
                raise wrong("a stretch of no length")
        elif isinstance(condition, Weekday):
            if not condition.weekdays:
                raise wrong("no weekday")
            _weekdays(condition.weekdays, wrong)
    return rule


def _weekdays(days: tuple[int, ...], wrong: Any) -> None:
    if any(not 1 <= day <= 7 for day in days) or list(days) != sorted(set(days)):
        raise wrong("a weekday that is none")


def _longest(month: int | None) -> int:
    return 31 if month is None else 29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31
