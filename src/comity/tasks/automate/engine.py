# SPDX-License-Identifier: Apache-2.0
"""What an event, or time going on, sets off.  It does nothing itself and keeps no file: state goes in, firings come out.

A simulation and the scheduler drive this same engine, so that a rule does what it was seen to do.  Rules are found by what sets them off, not
one after another.
"""  # noqa: E501

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from comity.tasks.automate import sun
from comity.tasks.automate.clockwork import Occurrence, following, occurrences
from comity.tasks.automate.rule import (
    CLOCKED,
    Appointment,
    Arrive,
    AtPlace,
    Battery,
    Condition,
    Dark,
    DeviceIs,
    DeviceState,
    Leave,
    MessageFrom,
    ReminderDone,
    Rule,
    TimeBetween,
    Weather,
    Weekday,
    clock,
    span,
)  # fmt: skip
from comity.tasks.automate.surroundings import Surroundings
from comity.tasks.shapes import Shape

Kind = Literal["arrive", "leave", "device", "battery", "message", "reminder_done"]


class Event(Shape, frozen=True, kw_only=True):
    """Something that happened.  ``id`` is whoever tells it's own: told twice, it happened once.

    ``of``: the place, device, contact or reminder; ``said``: a device's state or a message's text; ``percent``: of a battery.
    """

    id: str
    at: datetime
    kind: Kind
    of: str = ""
    said: str = ""
    percent: float | None = None


class Waiting(Shape, frozen=True, kw_only=True):
    """A device is as a rule wants it, and must stay so until ``due``."""

    due: datetime
    rule: str
    name: str
    device: str
    state: str


class State(Shape, frozen=True, kw_only=True):
    """What the events so far leave behind.  ``place``: "" where the person is at none that is known."""

    seen: datetime | None = None  # time has been looked at up to here
    zone: str = ""  # offset of the person's clock then, `+08:00`
    place: str = ""
    devices: Mapping[str, str] = {}
    battery: float | None = None
    waiting: tuple[Waiting, ...] = ()


class Firing(Shape, frozen=True, kw_only=True):
    """One rule, once, for one event or hour.  ``held`` is the condition that was not met, "" where all were."""

    rule: str
    name: str  # of the event or the occurrence; with the rule it is said once and for all
    at: datetime
    held: str = ""

    @property
    def key(self) -> str:
        return f"{self.rule}/{self.name}"


class Engine:
    """``rules`` by id."""

    def __init__(self, rules: Mapping[str, Rule], around: Surroundings) -> None:
        self._rules, self._around = dict(rules), around
        self._by: dict[tuple[str, ...], list[str]] = {}
        self._battery: list[str] = []
        self._clocked: list[str] = []
        self._group: dict[str, int] = {}  # of rules that an event sets off at once: those with the same conditions share a number
        numbers: dict[Any, int] = {}
        for name, rule in self._rules.items():
            when = rule.when
            if not isinstance(when, MessageFrom | DeviceState) or (isinstance(when, DeviceState) and not when.for_):
                self._group[name] = numbers.setdefault(rule.if_, len(numbers))
            if isinstance(when, CLOCKED):
                self._clocked.append(name)
            elif isinstance(when, Battery):
                self._battery.append(name)
            else:
                self._by.setdefault(_index(when), []).append(name)
        self._ahead: list[tuple[datetime, str, Occurrence]] = []
        self._ahead_of: tuple[datetime, str] | None = None

    def happened(self, event: Event, state: State) -> tuple[State, list[Firing]]:
        """Time has been looked at up to the event already."""
        after = _after(event, state)
        fired: list[Firing] = []
        held: dict[int, str] = {}
        for name in self._set_off(event, state):
            group = self._group.get(name)
            if group is not None:
                if group not in held:
                    held[group] = self._firing(name, event.id, event.at, after).held
                fired.append(Firing(rule=name, name=event.id, at=event.at, held=held[group]))
                continue
            when = self._rules[name].when
            if isinstance(when, MessageFrom) and when.text and when.text.casefold() not in event.said.casefold():
                continue
            if isinstance(when, DeviceState) and when.for_:
                wait = Waiting(due=event.at + span(when.for_), rule=name, name=event.id, device=event.of, state=event.said)
                after = msgspec.structs.replace(after, waiting=(*after.waiting, wait))
                continue
            fired.append(self._firing(name, event.id, event.at, after))
        return after, fired

    def until(self, now: datetime, state: State) -> tuple[State, list[Firing]]:
        """Everything that time sets off after `State.seen`, up to and with ``now``, in order.

        A clock that was set back is followed: what comes round again has the name that it had, so whoever keeps names does nothing twice.
        """
        offset = f"{now.astimezone(self._around.zone()):%z}"
        since = state.seen if state.seen is not None else now
        if state.zone and state.zone != offset:
            since = min(since, _same_hour(since, state.zone, offset))
        found: list[tuple[datetime, str, str]] = [
            (wait.due, wait.rule, wait.name) for wait in state.waiting if wait.due <= now and wait.rule in self._rules
        ]
        if since < now:
            found += [(each.at, name, each.name) for name, each in self._occurred(since, now)]
        fired = [self._firing(name, said, at, state) for at, name, said in sorted(found)]
        return msgspec.structs.replace(state, seen=now, zone=offset, waiting=tuple(w for w in state.waiting if w.due > now)), fired

    def next_due(self, state: State) -> datetime | None:
        """When time next sets something off."""
        since = state.seen
        if since is None:
            return None
        self._look_ahead(since)
        due = [self._ahead[0][0]] if self._ahead else []
        return min([*due, *(wait.due for wait in state.waiting)], default=None)

    # -- time -----------------------------------------------------------------------------------------------------------------

    def _occurred(self, since: datetime, now: datetime) -> Iterator[tuple[str, Occurrence]]:
        """A heap of what is next for each rule: where nothing is due, nothing is looked at.  Calendars change, so they are asked each time."""  # noqa: E501
        for name in self._clocked:
            if isinstance(self._rules[name].when, Appointment):
                for each in occurrences(self._rules[name].when, since, now, self._around):
                    yield name, each
        self._look_ahead(since)
        due: list[str] = []
        while self._ahead and self._ahead[0][0] <= now:
            due.append(heapq.heappop(self._ahead)[1])
        for name in dict.fromkeys(due):
            for each in occurrences(self._rules[name].when, since, now, self._around):
                yield name, each
            self._push(name, now)
        self._ahead_of = (now, self._offset(now))

    def _look_ahead(self, since: datetime) -> None:
        """Worked out anew where time went back or the person's clock is another."""
        known = self._ahead_of
        if known is not None and known[0] <= since and known[1] == self._offset(since):
            return
        self._ahead = []
        for name in self._clocked:
            if not isinstance(self._rules[name].when, Appointment):
                self._push(name, since)
        self._ahead_of = (since, self._offset(since))

    def _offset(self, at: datetime) -> str:
        zone = self._around.zone()
        return f"{zone} {at.astimezone(zone):%z} {self._around.position()}"

    def _push(self, name: str, since: datetime) -> None:
        found = following(self._rules[name].when, since, self._around)
        if found is not None:
            heapq.heappush(self._ahead, (found.at, name, found))

    # -- events ---------------------------------------------------------------------------------------------------------------

    def _set_off(self, event: Event, before: State) -> Iterable[str]:
        if event.kind == "device":
            if before.devices.get(event.of) == event.said:
                return ()
            return self._by.get(("device", event.of, event.said), ())
        if event.kind == "battery":
            return [name for name in self._battery if _passes(self._rules[name].when, before.battery, event.percent)]
        return self._by.get((event.kind, event.of), ())

    # -- conditions -----------------------------------------------------------------------------------------------------------

    def _firing(self, name: str, said: str, at: datetime, state: State) -> Firing:
        rule = self._rules[name]
        held = ""
        if isinstance(rule.when, Weather):
            held = self._weather(rule.when, at)
        for condition in rule.if_ if not held else ():
            held = self._held(condition, at, state)
            if held:
                break
        return Firing(rule=name, name=said, at=at, held=held)

    def _held(self, condition: Condition, at: datetime, state: State) -> str:
        """A code, or "" where it is met."""
        here = at.astimezone(self._around.zone())
        match condition:
            case TimeBetween():
                begin, end, now = clock(condition.from_), clock(condition.to), here.time().replace(second=0, microsecond=0)
                met = begin <= now < end if begin < end else now >= begin or now < end
                return "" if met else "time_between"
            case Weekday():
                return "" if here.isoweekday() in condition.weekdays else "weekday"
            case Dark():
                where = self._around.position()
                if where is None:
                    return "no_position"
                return "" if sun.dark(at, where) else "dark"
            case AtPlace():
                return "" if (state.place == condition.place) != condition.not_ else "at_place"
            case DeviceIs():
                return "" if state.devices.get(condition.device) == condition.state else "device_state"

    def _weather(self, when: Weather, at: datetime) -> str:
        here = at.astimezone(self._around.zone()).date()
        told = self._around.forecast(here + timedelta(days=1 if when.day == "tomorrow" else 0))
        if told is None:
            return "no_forecast"
        if when.about in ("rain", "snow"):
            return "" if getattr(told, when.about) else "weather"
        of = told.wind if when.about == "wind" else told.low if when.of == "low" else told.high
        if of is None:
            return "no_forecast"
        met = of < when.below if when.below is not None else of > (when.above or 0)
        return "" if met else "weather"


def _index(when: Any) -> tuple[str, ...]:
    match when:
        case Arrive():
            return ("arrive", when.place)
        case Leave():
            return ("leave", when.place)
        case MessageFrom():
            return ("message", when.contact)
        case ReminderDone():
            return ("reminder_done", when.reminder)
        case DeviceState():
            return ("device", when.device, when.state)
    raise TypeError(when)


def _after(event: Event, state: State) -> State:
    change: dict[str, Any] = {}
    if event.kind == "arrive":
        change["place"] = event.of
    elif event.kind == "leave" and state.place == event.of:
        change["place"] = ""
    elif event.kind == "battery":
        change["battery"] = event.percent
    elif event.kind == "device":
        change["devices"] = {**state.devices, event.of: event.said}
        if state.devices.get(event.of) != event.said:
            change["waiting"] = tuple(wait for wait in state.waiting if wait.device != event.of)
    return msgspec.structs.replace(state, **change) if change else state


def _passes(when: Any, before: float | None, now: float | None) -> bool:
    if now is None:
        return False
    if when.below is not None:
        return bool(now < when.below and (before is None or before >= when.below))
    return bool(now > when.above and (before is None or before <= when.above))


def _same_hour(since: datetime, old: str, new: str) -> datetime:
    """When the new clock showed what the old one showed at ``since``: hours that a traveller skips are not passed over in silence."""
    return since + _minutes(old) - _minutes(new)


def _minutes(offset: str) -> timedelta:
    sign = -1 if offset[0] == "-" else 1
    return sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5]))
