# SPDX-License-Identifier: Apache-2.0
"""Appointments, reminders and alarms in `calendar.ics` (RFC 5545): VEVENT, VTODO, and VEVENT with an alarm of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from comity.errors import CallerError
from comity.tasks.assist.keeping.folder import Change, Folder
from comity.tasks.assist.plan import Thing

FILE = "calendar.ics"
ALARM = "ALARM"  # category of what only rings


class Calendar:
    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def _load(self) -> Any:
        import icalendar

        raw = self._folder.read(FILE)
        if raw is None:
            made = icalendar.Calendar()
            made.add("prodid", "-//Comity//assistant//EN")
            made.add("version", "2.0")
            return made
        try:
            return icalendar.Calendar.from_ical(raw)
        except ValueError:
            raise CallerError(f"`{FILE}` is no iCalendar file", code="assist.unreadable", field=FILE, hint="mend or move it") from None

    def _save(self, calendar: Any) -> Change:
        return self._folder.write(FILE, calendar.to_ical())

    def _parts(self, calendar: Any, kind: str, *, alarms: bool = False) -> Iterator[Any]:
        for part in calendar.walk(kind):
            if (ALARM in _categories(part)) == alarms and str(part.get("status", "")) != "CANCELLED":
                yield part

    # -- what is there ----------------------------------------------------------------------------------------------------

    def events(self) -> list[Thing]:
        return [_thing(part) for part in self._parts(self._load(), "VEVENT")]

    def alarms(self) -> list[Thing]:
        return [_thing(part) for part in self._parts(self._load(), "VEVENT", alarms=True)]

    def reminders(self) -> list[Thing]:
        return [_thing(part) for part in self._parts(self._load(), "VTODO") if str(part.get("status", "")) != "COMPLETED"]

    # -- changes ----------------------------------------------------------------------------------------------------------

    def add_event(
        self, uid: str, now: datetime, *, title: str, start: datetime, length: timedelta, people: Sequence[str] = (), place: str = "",
        repeat: str = "", alarm: bool = False,
    ) -> Change:  # fmt: skip
        import icalendar

        calendar, part = self._load(), icalendar.Event()
        _dated(part, uid, now, title)
        part.add("dtstart", start)
        part.add("dtend", start + length)
        _more(part, people, place, repeat)
        if alarm:
            part.add("categories", [ALARM])
            ring = icalendar.Alarm()
            ring.add("action", "DISPLAY")
            ring.add("description", title)
            ring.add("trigger", timedelta(0))
            part.add_component(ring)
        calendar.add_component(part)
        return self._save(calendar)

    def add_reminder(self, uid: str, now: datetime, *, text: str, at: datetime | None, place: str = "", repeat: str = "") -> Change:
        import icalendar

        calendar, part = self._load(), icalendar.Todo()
        _dated(part, uid, now, text)
        if at is not None:
            part.add("due", at)
            if repeat:
                part.add("dtstart", at)
        _more(part, (), place, repeat)
        calendar.add_component(part)
        return self._save(calendar)

    def move(self, uid: str, start: datetime, length: timedelta | None = None) -> Change:
        calendar = self._load()
        part = _found(calendar, uid)
        old = _moment(part.get("dtstart"))
        end = _moment(part.get("dtend"))
        length = length or (end - old if end is not None and old is not None else timedelta(hours=1))
        for name in ("dtstart", "dtend"):
            part.pop(name, None)
        part.add("dtstart", start)
        part.add("dtend", start + length)
        return self._save(calendar)

    def invite(self, uid: str, people: Sequence[str]) -> Change:
        calendar = self._load()
        part = _found(calendar, uid)
        known = _people(part)
        for person in people:
            if person not in known:
                part.add("attendee", f"urn:uuid:{person}")
        return self._save(calendar)

    def cancel(self, uid: str) -> Change:
        calendar = self._load()
        part = _found(calendar, uid)
        calendar.subcomponents.remove(part)
        return self._save(calendar)

    def complete(self, uid: str) -> Change:
        calendar = self._load()
        part = _found(calendar, uid)
        part.pop("status", None)
        part.add("status", "COMPLETED")
        return self._save(calendar)


def _dated(part: Any, uid: str, now: datetime, summary: str) -> None:
    part.add("uid", uid)
    part.add("dtstamp", now)
    part.add("summary", summary)


def _more(part: Any, people: Sequence[str], place: str, repeat: str) -> None:
    import icalendar

    for person in people:
        part.add("attendee", f"urn:uuid:{person}")
    if place:
        part.add("location", place)
    if repeat:
        part.add("rrule", icalendar.vRecur.from_ical(repeat))


def _found(calendar: Any, uid: str) -> Any:
    for part in calendar.walk():
        if str(part.get("uid", "")) == uid:
            return part
    raise CallerError("that is no longer in the calendar", code="assist.gone", field="event", hint="comity act 'what is on my calendar'")


def _categories(part: Any) -> set[str]:
    found = part.get("categories")
    if found is None:
        return set()
    return {str(one) for each in (found if isinstance(found, list) else [found]) for one in each.cats}


def _people(part: Any) -> tuple[str, ...]:
    found = part.get("attendee")
    every = found if isinstance(found, list) else [found] if found is not None else []
    return tuple(str(each).removeprefix("urn:uuid:") for each in every)


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    found = value.dt
    return found if isinstance(found, datetime) else datetime.combine(found, datetime.min.time()) if isinstance(found, date) else None


def _thing(part: Any) -> Thing:
    start, end = _moment(part.get("dtstart") or part.get("due")), _moment(part.get("dtend"))
    return Thing(
        id=str(part.get("uid", "")), names=(str(part.get("summary", "")),), start=start,
        duration=end - start if start is not None and end is not None else None, people=_people(part), place=str(part.get("location", "")),
    )  # fmt: skip
