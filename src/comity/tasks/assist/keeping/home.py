# SPDX-License-Identifier: Apache-2.0
"""The everyday intents that a folder of files can do, bound to it; and the world that these files are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from comity.ports import Clock, Random
from comity.tasks.assist.everyday import everyday
from comity.tasks.assist.intents import Intents
from comity.tasks.assist.keeping.calendar import Calendar
from comity.tasks.assist.keeping.folder import Change, Folder, undone
from comity.tasks.assist.keeping.people import Contacts, Drafts, Notes
from comity.tasks.assist.plan import Thing
from comity.tasks.assist.reading.spans import span_of

Done: TypeAlias = tuple[Change, ...]
HOUR = timedelta(hours=1)
_LINEAR = {
    "km": ("length", 1000.0), "m": ("length", 1.0), "cm": ("length", 0.01), "mile": ("length", 1609.344), "foot": ("length", 0.3048),
    "inch": ("length", 0.0254), "kg": ("mass", 1.0), "g": ("mass", 0.001), "jin": ("mass", 0.5), "pound": ("mass", 0.45359237),
    "ounce": ("mass", 0.028349523125), "litre": ("volume", 1.0), "gallon": ("volume", 3.785411784), "mu": ("area", 2000 / 3),
    "square_metre": ("area", 1.0),
}  # fmt: skip
"""To the unit of its kind.  Feet, miles, pounds and US gallons by NIST SP 811; jin is 500 g and mu 1/15 hectare in China."""


class Home:
    """``zone``: of the person.  Everything below a folder that is the person's own."""

    def __init__(self, path: Path, *, clock: Clock, random: Random, zone: str = "") -> None:
        self.folder, self._clock, self._random = Folder(path), clock, random
        self._zone = ZoneInfo(zone) if zone else None
        self.calendar, self.contacts = Calendar(self.folder), Contacts(self.folder)
        self.drafts, self.notes = Drafts(self.folder), Notes(self.folder)

    def now(self) -> datetime:
        return self._clock.now().astimezone(self._zone)

    def things(self, kind: str) -> Sequence[Thing]:
        if kind == "event":
            return [
                each
                for each in self.calendar.events()
                if each.start is not None and self._here(each.start) >= self.now() - timedelta(days=1)
            ]
        made: dict[str, Callable[[], Sequence[Thing]]] = {
            "contact": self.contacts.things, "reminder": self.calendar.reminders, "note": self.notes.things, "alarm": self.calendar.alarms,
        }  # fmt: skip
        return made[kind]() if kind in made else ()

    def intents(self) -> Intents:
        runs: Mapping[str, Callable[..., Any]] = {
            "calendar.create": self._create, "calendar.find": self._find, "calendar.free": self._free, "calendar.move": self._move,
            "calendar.cancel": self._cancel, "calendar.invite": self._invite, "reminders.create": self._remind,
            "reminders.complete": self._complete, "reminders.list": self._reminders, "alarm.set": self._alarm,
            "alarm.cancel": self._no_alarm, "timer.set": self._timer, "notes.add": self._note, "notes.append": self._append,
            "notes.find": self._notes, "contacts.find": self._contact, "contacts.add": self._new_contact,
            "contacts.update": self._change_contact, "mail.draft": self._mail, "messages.draft": self._message,
            "convert.units": self._convert, "tasks.list": self._day,
        }  # fmt: skip
        undoes = dict.fromkeys(runs, lambda token: undone(self.folder, token))
        return everyday(runs, undoes, all_=False)

    def name_of(self, kind: str, id_: str) -> str:
        return next((thing.names[0] for thing in self.things(kind) if thing.id == id_), id_)

    def _at(self, said: str) -> datetime:
        """In the person's own zone, so that what repeats follows its changes; in UTC where none is named."""
        return datetime.fromisoformat(said).astimezone(self._zone or UTC)

    # -- appointments, reminders, alarms --------------------------------------------------------------------------------------

    def _uid(self) -> str:
        return self._random.token(12).hex()

    def _here(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone) if moment.tzinfo else moment.replace(tzinfo=self.now().tzinfo)

    def _create(self, *, title: str, start: str, duration: str = "PT1H", place: str = "", repeat: str = "", **more: Any) -> Done:
        people = more.get("with", ())
        change = self.calendar.add_event(
            self._uid(), self.now(), title=title, start=self._at(start), length=span_of(duration), people=people,
            place=place, repeat=repeat,
        )  # fmt: skip
        return (change,)

    def _find(self, *, to: str = "", text: str = "", **more: Any) -> list[str]:
        since, who = more.get("from", ""), more.get("with", "")
        found = [
            each for each in self.things("event")
            if each.start is not None
            and (not since or self._here(each.start) >= datetime.fromisoformat(since))
            and (not to or self._here(each.start) < datetime.fromisoformat(to))
            and (not who or who in each.people)
            and (not text or any(text.lower() in name.lower() for name in each.names))
        ]  # fmt: skip
        return [self._line(each) for each in sorted(found, key=lambda one: self._here(one.start or self.now()))]

    def _line(self, thing: Thing) -> str:
        when = self._here(thing.start).strftime("%Y-%m-%d %H:%M ") if thing.start is not None else ""
        return f"{when}{thing.names[0]}"

    def _free(self, *, start: str, duration: str = "PT1H") -> bool:
        begin = datetime.fromisoformat(start)
        end = begin + span_of(duration)
        return not any(
            self._here(each.start) < end and self._here(each.start) + (each.duration or HOUR) > begin
            for each in self.things("event")
            if each.start is not None
        )

    def _move(self, *, event: str, start: str, duration: str = "") -> Done:
        return (self.calendar.move(event, self._at(start), span_of(duration) if duration else None),)

    def _cancel(self, *, event: str) -> Done:
        return (self.calendar.cancel(event),)

    def _invite(self, *, event: str, who: Sequence[str]) -> Done:
        return (self.calendar.invite(event, who),)

    def _remind(self, *, text: str, at: str = "", place: str = "", repeat: str = "") -> Done:
        moment = self._at(at) if at else None
        return (self.calendar.add_reminder(self._uid(), self.now(), text=text, at=moment, place=place, repeat=repeat),)

    def _complete(self, *, reminder: str) -> Done:
        return (self.calendar.complete(reminder),)

    def _reminders(self, *, day: str = "") -> list[str]:
        wanted = date.fromisoformat(day) if day else None
        return [
            self._line(each)
            for each in self.calendar.reminders()
            if wanted is None or (each.start is not None and self._here(each.start).date() == wanted)
        ]

    def _alarm(self, *, at: str, repeat: str = "", label: str = "") -> Done:
        start = self._at(at)
        made = self.calendar.add_event(
            self._uid(), self.now(), title=label or "alarm", start=start, length=timedelta(0), repeat=repeat, alarm=True
        )
        return (made,)

    def _no_alarm(self, *, time: str) -> Done:
        found = [each for each in self.calendar.alarms() if each.start is not None and self._here(each.start).strftime("%H:%M") == time]
        return tuple(self.calendar.cancel(each.id) for each in found)

    def _timer(self, *, duration: str, label: str = "") -> Done:
        at = self._at((self.now() + span_of(duration)).isoformat())
        return (self.calendar.add_event(self._uid(), self.now(), title=label or "timer", start=at, length=timedelta(0), alarm=True),)

    def _day(self, *, day: str = "") -> list[str]:
        wanted = date.fromisoformat(day) if day else self.now().date()
        begin = datetime.combine(wanted, time(), self.now().tzinfo)
        return [
            *self._find(**{"from": begin.isoformat(), "to": (begin + timedelta(days=1)).isoformat()}),
            *self._reminders(day=wanted.isoformat()),
        ]

    # -- notes, people, drafts ------------------------------------------------------------------------------------------------

    def _note(self, *, text: str, title: str = "") -> Done:
        return (self.notes.add(self._uid(), title or text[:40], text),)

    def _append(self, *, note: str, text: str) -> Done:
        return (self.notes.append(note, text),)

    def _notes(self, *, text: str) -> list[str]:
        return self.notes.find(text)

    def _contact(self, *, contact: str, field: str = "") -> list[str]:
        fields = (field,) if field else ("phone", "email", "address", "birthday")
        return [f"{name}: {value}" for name in fields if (value := self.contacts.field(contact, name))]

    def _new_contact(self, *, name: str, phone: str = "", email: str = "", relation: str = "") -> Done:
        return (self.contacts.add(self._uid(), name, relation=relation, phone=phone, email=email),)

    def _change_contact(self, *, contact: str, field: str, value: str) -> Done:
        return (self.contacts.change(contact, field, value),)

    def _mail(self, *, to: Sequence[str], body: str, subject: str = "") -> Done:
        addresses = ", ".join(self.contacts.field(each, "email") or self.name_of("contact", each) for each in to)
        return (self.drafts.add(self._uid(), to=addresses, subject=subject or body[:40], body=body),)

    def _message(self, *, to: Sequence[str], text: str) -> Done:
        numbers = ", ".join(self.contacts.field(each, "phone") or self.name_of("contact", each) for each in to)
        return (self.drafts.add(self._uid(), to=numbers, subject="", body=text, kind="message"),)

    def _convert(self, *, value: float, to: str, **more: Any) -> str:
        begin = str(more["from"])
        if {begin, to} == {"celsius", "fahrenheit"}:
            return f"{value * 9 / 5 + 32 if to == 'fahrenheit' else (value - 32) * 5 / 9:.4g} {to}"
        (kind, one), (other_kind, other) = _LINEAR.get(begin, ("", 1.0)), _LINEAR.get(to, ("", 1.0))
        return f"{value * one / other:.6g} {to}" if kind and kind == other_kind else f"{begin} is no {to}"
