# SPDX-License-Identifier: Apache-2.0
"""Triggers that are no hour of the day, and conditions of the same kind, taken out of the words one kind after another."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

from comity.tasks.assist.intents import Intents
from comity.tasks.assist.plan import Thing
from comity.tasks.assist.reading import names
from comity.tasks.automate.reading import chinese, english
from comity.tasks.automate.reading.found import Words, alternatives, class_of, devices, state_of, state_patterns
from comity.tasks.automate.rule import (
    Appointment,
    Arrive,
    AtPlace,
    Battery,
    Dark,
    DeviceState,
    Leave,
    MessageFrom,
    ReminderDone,
    Sunrise,
    Sunset,
    Weather,
    iso,
)  # fmt: skip
from comity.tasks.entities import entities
from comity.tasks.entities.values import Duration, Measure, Number, Percent

Match = re.Match[str]
_ANY = {
    "en": re.compile(r"^(?:(?:the|my|a|an|any|every|each|our|next)\s+)*(?:meetings?|appointments?|events?|calls?|calendar events?|sessions?)?\s*$", re.IGNORECASE),  # noqa: E501
    "zh": re.compile(r"^(?:每个|每次|任何|所有|有|我的|开|参加|日历|的|上)*(?:会议|日程|会|约会|活动|安排|事件)?$"),
}  # fmt: skip
_COMMON = re.compile(
    r"^(?:(?:every|each|any|the|my|our|a|an|next|called|named|meetings?|appointments?|calls?|events?|sessions?|titled)\b\s*)+|\b(?:meeting|appointment|call|event|session)$"
    r"|^(?:每次|每个|每回|我的|我|去|那个|这个|下次|叫|日程|会议)+|(?:的航班|航班|的会议|会议|日程|的会|这个会|那个会)$",
    re.IGNORECASE,
)
_HAPPENS = (MessageFrom, Arrive, Leave, Appointment, ReminderDone, Weather)
_DENIED = re.compile(r"n['’]t\b|\b(?:not|never|nobody|no one|without|hardly|stops?)\b|没|未(?!来)|别(?!人)|不(?![到足超])", re.IGNORECASE)
_OTHERS = re.compile(r"\b(?:other than|except|but|besides|anybody|anyone|everybody|everyone|not)\b|除|以外|之外|别人|不是", re.IGNORECASE)


class Events:
    def __init__(self, words: Words, intents: Intents) -> None:
        self._w, self._zh = words, words.language == "zh"
        self._say: ModuleType = chinese if self._zh else english
        self._rooms = _rooms(intents)
        self._devices = devices(words.world, self._rooms)
        self._places = {name.casefold(): each.id for each in words.world.things("place") for name in each.names}
        home = next((each for each in words.world.things("place") if {"home", "家"} & {name.casefold() for name in each.names}), None)
        self._home = home.id if home is not None else ""
        if home is not None:
            for name in ("the house", "house", "家里", "家"):
                self._places.setdefault(name, home.id)

    def read(self) -> None:
        """Raises Unclear."""
        say = self._say
        people = alternatives({name.casefold(): "" for each in self._w.world.things("contact") for name in (*each.names, *each.relations)})
        places, rooms, known = alternatives(self._places), alternatives(self._rooms), alternatives(self._devices)
        steps: list[tuple[str, Callable[[Match], Any]]] = [
            (say.SUN, self._sun), (say.DARK, lambda found: Dark()), (say.BATTERY, self._battery), (say.MEASURED, self._measured), (say.WEATHER, self._weather),  # noqa: E501
            (say.motion(rooms), self._motion), (say.light(rooms, state_patterns(("on", "off"), self._zh)), self._light),
        ]  # fmt: skip
        if self._zh:
            steps += [(chinese.room_window(rooms), self._room_window), (chinese.opened(known), self._opened)]
        steps += [(say.device(known, state_patterns(_STATES, self._zh)), self._device)]
        steps += [(say.leave(places), self._leave), (say.at_place(places), self._at_place), (say.arrive(places), self._arrive)]
        steps += [(say.REMINDER, self._reminder), (say.message(people), self._message), (say.CALENDAR, self._calendar)]
        if self._zh:
            steps += [(chinese.BEFORE, self._calendar)]
        for pattern, made in steps:
            for found in list(re.finditer(pattern, self._w.left, re.IGNORECASE)):
                if found.start() == found.end() or "\x00" in self._w.left[found.start() : found.end()]:
                    continue
                value = made(found)
                if isinstance(value, _HAPPENS) and _DENIED.search(found.group()):
                    raise self._w.ask(
                        "when",
                        f"A rule cannot wait for what does not happen. When should “{found.group().strip(' ,')}” be looked at?",
                        f"规则等不到没发生的事，“{found.group().strip(' ，,')}”要在什么时候查看？",
                        "unread",
                    )
                if value is not None:
                    group = found.groupdict()
                    self._w.add(found.start(), found.end(), value, group.get("lead") or group.get("lead2") or "")

    # -- values ---------------------------------------------------------------------------------------------------------------

    def _length(self, said: str) -> timedelta:
        for each in entities(said, language=self._w.language, at=self._w.world.now(), region=""):
            for value in each.readings:
                if isinstance(value, Duration) and not value.months:
                    return timedelta(days=float(value.days), seconds=float(value.seconds))
        raise self._w.ask("duration", f"How long is “{said}”?", f"“{said}”是多久？", "unread")

    def _number(self, said: str) -> float:
        for each in entities(said, language=self._w.language, at=self._w.world.now(), region=""):
            for value in each.readings:
                if isinstance(value, Percent | Measure | Number):
                    sign = -1 if re.match(r"(?:零下|负|minus|-)", said.strip()) and value.amount > 0 else 1
                    return sign * float(value.amount)
        raise self._w.ask("number", f"How much is “{said}”?", f"“{said}”是多少？", "unread")

    def _span(self, found: Match, name: str) -> tuple[int, int] | None:
        group = found.re.groupindex
        for each in (name, f"{name}2", f"{name}3", f"{name}4"):
            if each in group and found[each] is not None:
                return found.span(each)
        return None

    def _got(self, found: Match, name: str) -> str:
        span = self._span(found, name)
        return self._w.text[span[0] : span[1]] if span else ""

    def _of(self, known: dict[str, str], said: str) -> str:
        return known[" ".join(said.casefold().split())]

    def _sun(self, found: Match) -> Any:
        made = Sunset if found["set"] else Sunrise
        length, side = self._got(found, "length"), self._got(found, "side")
        if not length:
            return made()
        offset = self._length(length)
        early = side.lower() in ("before", "ahead of", "prior to") or "前" in side
        return made(offset=iso(-offset if early else offset))

    def _battery(self, found: Match) -> Any:
        number = self._number(found["number"])
        after = found.groupdict().get("after") or ""
        below = bool(found["below"] or "下" in after)
        if not below and not found["above"] and "上" not in after:
            if not re.search(r"剩|掉|跌|降", found.group()):
                raise self._w.ask("level", "Below that charge, or above it?", "是低于还是高于这个电量？")
            below = True
        if not 0 <= number <= 100:
            raise self._w.ask("level", "A charge is between 0 and 100 percent. Which?", "电量在 0 到 100 之间，是多少？", "contradiction")
        return Battery(below=number) if below else Battery(above=number)

    def _which_day(self, found: Match) -> Any:
        said = self._got(found, "day").lower()
        return (
            "tomorrow"
            if said in ("tomorrow", "the next day", "the following day", "next day", "明天", "第二天", "次日", "隔天", "明日")
            else "today"
        )

    def _weather(self, found: Match) -> Any:
        return Weather(about="rain" if found["rain"] else "snow", day=self._which_day(found))

    def _measured(self, found: Match) -> Any:
        after = found.groupdict().get("after") or ""
        below, above = bool(found["below"] or "下" in after), bool(found["above"] or "上" in after)
        if below == above:
            raise self._w.ask("limit", "Below that, or above it?", "是低于还是高于？")
        number = self._number(found["number"])
        if not found["wind"] and not found["low"] and not re.search(r"high|max|最高", found["high"] or "", re.IGNORECASE):
            raise self._w.ask(
                "of", "The highest temperature of the day, or the lowest?", "是最高气温还是最低气温？", "ambiguous", ("high", "low")
            )
        about, of = ("wind", "") if found["wind"] else ("temperature", "low" if found["low"] else "high")
        limit: dict[str, Any] = {"below": number} if below else {"above": number}
        return Weather(about=about, of=of, day=self._which_day(found), **limit)  # type: ignore[arg-type]

    def _for(self, found: Match) -> str:
        length = self._got(found, "length")
        return iso(self._length(length)) if length else ""

    def _known_state(self, device: str, state: str) -> str:
        """What it can be; of a window that `is on` nothing is made."""
        able = tuple(self._w.world.states(device))
        other = {"on": "open", "off": "closed", "open": "on", "closed": "off", "finished": "off"}
        return state if state in able else other[state] if other.get(state) in able else ""

    def _device(self, found: Match) -> Any:
        device = self._of(self._devices, found["device"])
        state = self._known_state(device, state_of(found))
        return DeviceState(device=device, state=state, for_=self._for(found)) if state else None

    def _opened(self, found: Match) -> Any:
        device = self._of(self._devices, found["device"])
        state = self._known_state(device, "open" if "开" in found["verb"] else "closed")
        return DeviceState(device=device, state=state) if state else None

    def _room_window(self, found: Match) -> Any:
        device = self._devices.get(found["room"] + found["what"][0])
        state = self._known_state(device, "open" if found["verb"] == "开" else "closed") if device else ""
        return DeviceState(device=device, state=state, for_=self._for(found)) if device and state else None

    def _light(self, found: Match) -> Any:
        return DeviceState(device=f"light:{self._of(self._rooms, self._got(found, 'room'))}", state=state_of(found), for_=self._for(found))

    def _motion(self, found: Match) -> Any:
        room = self._of(self._rooms, self._got(found, "room"))
        able = [each for each in self._w.world.things("device") if class_of(each) == "motion" and self._in(each, room)]
        if len(able) != 1:
            raise self._w.ask("device", "Which sensor sees that?", "是哪个传感器？", "unknown")
        return DeviceState(device=able[0].id, state="detected")

    def _in(self, device: Thing, room: str) -> bool:
        return any(name in own.casefold() for name, id_ in self._rooms.items() if id_ == room for own in device.names)

    def _where(self, found: Match) -> str:
        said = self._got(found, "place")
        if said:
            return self._of(self._places, said)
        unknown = found.groupdict().get("unknown")
        if unknown or not self._home:
            raise self._w.ask("place", f"Where is “{unknown or 'home'}”?", f"“{unknown or '家'}”在哪里？", "unknown")
        return self._home

    def _arrive(self, found: Match) -> Any:
        return Arrive(place=self._where(found))

    def _leave(self, found: Match) -> Any:
        return Leave(place=self._where(found))

    def _at_place(self, found: Match) -> Any:
        group = found.groupdict()
        if group.get("out"):
            return AtPlace(place=self._home, not_=True) if self._home else None
        none = re.match(r"(?:.*\b)?(?:nobody|no one) is", found.group(), re.IGNORECASE)
        return AtPlace(
            place=self._of(self._places, found["place"]), not_=bool(found["not"]) or bool(none) or "unless" in (found["lead"] or "").lower()
        )

    def _reminder(self, found: Match) -> Any:
        said = re.sub(r"^(?:the|my|a|an)\s+", "", self._got(found, "what"), flags=re.IGNORECASE)
        span = self._span(found, "what")
        if span is None:
            return None
        thing = names.the(self._w.said(*span), "reminder", "reminder")
        if thing is None:
            if re.match(r".*(?:tick|check|cross|打|勾)", found.group(), re.IGNORECASE):
                raise self._w.ask("reminder", f"Which reminder is “{said}”?", f"“{said}”是哪条提醒？", "unknown")
            return None
        return ReminderDone(reminder=thing.id)

    def _message(self, found: Match) -> Any:
        span = self._span(found, "who")
        if span is None:
            return None
        if _OTHERS.search(self._w.text[slice(*span)]):
            raise self._w.ask("contact", "From whom exactly?", "具体是谁？", "unread")
        text = self._got(found, "text")
        if re.search(r"^[^\"“「]*(?:\bor\b|或)", text, re.IGNORECASE):
            raise self._w.ask("text", "Which of those words?", "是哪个词？", "ambiguous")
        who = self._w.contact(*span)
        return MessageFrom(contact=who, text=text.strip(' "“”「」'))

    def _calendar(self, found: Match) -> Any:
        group = found.groupdict()
        said = found["what"]
        span = found.span("what")
        length, side = self._got(found, "length"), self._got(found, "side").lower()
        event: Any = "ends" if group.get("ends") else "starts"
        if side in ("after", "之后", "以后", "后") and length:
            raise self._w.ask("when", "Only before a beginning, or at an end. Which?", "只能在开始前或结束时，选哪个？", "unread")
        before = iso(self._length(length)) if length else ""
        if not length and not group.get("starts") and not group.get("ends"):
            return None
        if _ANY[self._w.language].match(said.strip()):
            return Appointment(event=event, before=before)
        title = self._title(*span)
        people = names.people(self._w.said(*span))
        if title is None and people:
            return Appointment(event=event, before=before, with_=names.one(people[0], "with", self._w.said(*span)).id)
        if title is None:
            raise self._w.ask("event", f"Which appointment is “{said.strip()}”?", f"“{said.strip()}”是哪个日程？", "unknown")
        return Appointment(event=event, before=before, text=title)

    def _title(self, start: int, end: int) -> str | None:
        """The words that appointments are known by; a title in quotation marks as it stands.  None where no appointment has them."""
        said = self._w.text[start:end].strip()
        quoted = re.search(r"[\"“「](.*?)[\"”」]", said)
        if quoted:
            return quoted[1]
        own, last = said, ""
        while own != last:
            last, own = own, _COMMON.sub("", own).strip()
        titles = [name.casefold() for each in self._w.world.things("event") for name in each.names]
        for one in (said, re.sub(r"^(?:the|my)\s+", "", said, flags=re.IGNORECASE), own):
            if one and any(one.casefold() in title for title in titles):
                return one if self._zh else one.casefold()
        return None


_STATES = ("open", "closed", "finished", "running", "detected", "none", "on", "off")


def _rooms(intents: Intents) -> dict[str, str]:
    """What rooms are called: the choices of any parameter `room`."""
    made: dict[str, str] = {}
    for intent in intents:
        for each in intent.parameters:
            if each.name == "room":
                for room, called in each.choices.items():
                    if room != "all":
                        made |= {name.casefold(): room for name in called} | {room.replace("_", " "): room}
    return made
