# SPDX-License-Identifier: Apache-2.0
"""The arguments of one intent out of one stretch of words.

Every kind has one rule, whatever the intent; what an intent is called is looked at nowhere.  A value that the words do not hold is left
out, and asked for where it is required.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from comity.tasks.assist.intents import Intent, Parameter
from comity.tasks.assist.plan import Argument, Question, Span, Thing, Unclear
from comity.tasks.assist.reading import names, times
from comity.tasks.assist.reading.choices import choices, money, numbers, plain
from comity.tasks.assist.reading.said import Said
from comity.tasks.assist.reading.texts import lead_in, left_over, text_of, trimmed
from comity.tasks.entities import Entity
from comity.tasks.entities.values import Date, Duration, Time

_TO = {
    "en": re.compile(r"\b(?:to|till|until|for)\b(?!.*\b(?:to|till|until)\b)", re.IGNORECASE),
    "zh": re.compile(r"挪到|改到|推到|移到|延到|调到|提前到|推迟到|延期到|改成|改在|换到|挪至|到"),
}
_BACK = re.compile(r"\b(?:back|later|delay|postpone|put off)\b|推迟|往后|延后|推后|顺延|晚", re.IGNORECASE)
_FORWARD = re.compile(r"\b(?:forward|earlier|sooner)\b|提前|往前|提早|早", re.IGNORECASE)
_SAME_TIME = re.compile(r"\bsame time\b|\bsame hour\b|同一时间|同样的?时间|时间不变|原来的时间", re.IGNORECASE)
_THAT_DAY = re.compile(
    r"\b(?:that|the same|same) (?:day|morning|evening|afternoon)\b|\bthe day of\b|\bon the day\b|那天|当天|那一天|同一天|当晚",
    re.IGNORECASE,
)
_WEEKDAYS = re.compile(r"\b(?:on )?(?:weekdays|workdays|working days)\b|工作日|每个?工作日", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“「『‘](.+?)[\"”」』’]|(?<!\w)'(.+?)'(?!\w)")
_MAIL = re.compile(r"[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_PHONE = re.compile(r"\+?\d[\d \-()]{4,}\d")
_BY_SO_MUCH = re.compile(
    r"\b(?:up|down) by\b|\bby (?:\w+|\d+) (?:degrees?|percent|%)|\b(?:\w+|\d+) (?:degrees?|percent|%) (?:higher|lower|warmer|cooler|brighter|darker|more|less)\b"  # noqa: E501
    r"|(?:调?高|调?低|升高?|降低?|加|减|亮|暗)(?!到|至|为|成)了?(?:一点)?[一二两三四五六七八九十\d]+(?:度|个?百分|%)",
    re.IGNORECASE,
)  # fmt: skip
_WITH = re.compile(r"(?:\b(?:with|and|see|seeing|meet|meeting|visit|visiting)\b[^,.]{0,12}|[跟和与同见约])$", re.IGNORECASE)
_WITH_AFTER = re.compile(r"\s*(?:和|跟|、|约|见|and\b)")
_THERE = re.compile(r"\bthere\b|那里|那边|那儿|那屋", re.IGNORECASE)
_TOLD = re.compile(
    r"\b(?:tell|let|know|and|by|via|with|a|the|text|sms|e-?mail|mail|message|draft|write|send|to|him|her|them|about|it|that|please)\b|发|写|编|条|封|短信|邮件|信息?|消息|说|告诉|通知|一声|一下|给|他们?|她们?|[，,]",
    re.IGNORECASE,
)  # fmt: skip
_POINTS = {
    "email": re.compile(
        r"\b(?:her|his|their|the|that) (?:e-?mail(?: address)?|mail address)\b|(?:她|他|这个|那个)的?(?:邮箱|邮件地址|电邮)", re.IGNORECASE
    ),
    "phone": re.compile(r"\b(?:her|his|their|the|that) (?:phone )?number\b|(?:她|他|这个|那个)的?(?:电话|手机号?|号码)", re.IGNORECASE),
}


class Focus(msgspec.Struct, kw_only=True):
    """What was last spoken of: what `that`, `him` and `an hour before` go back to."""

    event: Thing | None = None
    day: date | None = None  # on which an hour without a day is
    people: tuple[str, ...] = ()
    start: datetime | None = None  # of whatever was last put at a time
    place: str = ""
    things: Mapping[str, Thing] = {}  # the last of each kind
    about: Argument | None = None  # what a message or a reminder is of that does not say it: the words of what was asked before
    values: Mapping[str, Any] = {}  # what the last call said, by parameter
    said: tuple[Span, ...] = ()


class Slots:
    """Reads one intent's parameters, the surest kinds first, each out of what the others left."""

    def __init__(self, intent: Intent, said: Said, focus: Focus, *, given: Mapping[str, Argument] | None = None) -> None:
        """``given``: what is known already, and read no more."""
        self._intent, self._said, self._focus = intent, said, focus
        self._made: dict[str, Argument] = {}
        self._given = dict(given or {})
        self._thing: Thing | None = None  # the appointment, reminder … that is spoken of
        self._pivot = len(said.text)
        self.named_thing = False  # what it is done to was named, and not only meant

    def read(self) -> dict[str, Argument]:
        """Raises Unclear for what is required and missing, or might be several things."""
        self.partial(texts=True)
        missing = self.missing()
        if missing is not None:
            raise Unclear(missing)
        return self._made

    @property
    def _tells(self) -> bool:
        """It tells somebody something."""
        return any(each.kind == "contact" and each.required for each in self._intent.parameters)

    @property
    def made(self) -> dict[str, Argument]:
        """As far as it came."""
        return self._made

    @property
    def thing(self) -> Thing | None:
        return self._thing

    def unread(self) -> Question | None:
        """A time, an amount or a person that was said and that no argument holds: it is asked about, not passed over."""
        texts = [
            (span.start - self._said.at, span.end - self._said.at)
            for each in self._made.values()
            if each.said != (self._said.span(),)
            for span in each.said
            if span.turn == self._said.turn
        ]
        held = [*self._said.taken, *texts]
        for entity in self._said.entities:
            if entity.kind in ("number", "ordinal") and not re.search(r"\d", self._said.words(entity)):
                continue
            if all(entity.end <= a or entity.start >= b for a, b in held):
                return self._unread(entity.start, entity.end)
        for found in names.people(self._said):
            if all(found.end <= a or found.start >= b for a, b in held) and self._thing is None:
                return self._unread(found.start, found.end)
        return None

    def _unread(self, start: int, end: int) -> Question:
        words = self._said.text[start:end]
        text = f"“{words}”要怎么用？" if self._said.language == "zh" else f"What about “{words}”?"
        return Question(about="action", text=text, why="unread")

    def missing_but(self, *, texts: bool) -> Question | None:
        """What is missing; with ``texts``, apart from texts."""
        left = [each for each in self._intent.parameters if each.required and each.name not in self._made]
        return next((self._missing(each).question for each in left if not (texts and each.kind == "text")), None)

    def missing(self) -> Question | None:
        return next(
            (self._missing(each).question for each in self._intent.parameters if each.required and each.name not in self._made), None
        )

    def partial(self, *, texts: bool) -> dict[str, Argument]:
        """What is there.  Not ``texts``: only what has a shape of its own.  Raises Unclear where it might be several things."""
        self._made |= self._given
        parameters = tuple(each for each in self._intent.parameters if each.name not in self._given)
        if texts:
            self._quoted()
        kinds = {each.kind for each in parameters}
        if {"datetime"} & kinds and any(each.known and each.kind not in ("contact", "place") for each in parameters):
            self._pivot = self._where_it_goes()
        for each in parameters:
            if each.known and each.kind not in ("contact", "place"):
                self._known(each)
        for each in parameters:
            if each.kind == "contact":
                self._people(each)
        for each in parameters:
            if each.kind == "place":
                self._place(each)
        self._times()
        self._choices()
        for each in parameters:
            if each.kind in ("number", "integer"):
                self._number(each)
            elif each.kind == "money":
                found = money(self._said)
                if found:
                    self._made[each.name] = self._said.argument(found[2], found[0], found[1])
        if texts:
            self._texts()
        return self._made

    # -- things ---------------------------------------------------------------------------------------------------------

    def _where_it_goes(self) -> int:
        """Before it the thing is named, after it where it is moved to."""
        found = list(_TO.get(self._said.language, _TO["en"]).finditer(self._said.text))
        return found[-1].start() if found else len(self._said.text)

    def _known(self, parameter: Parameter) -> None:
        before = self._said.part(0, self._pivot) if self._pivot < len(self._said.text) else self._said
        moments = times.Moments(before)
        people = names.people(before)
        invites = any(each.kind == "contact" and each.required for each in self._intent.parameters)
        who = () if invites else tuple(thing.id for found in people for thing in found.things)
        without = people if invites else ()
        thing = names.the(before, parameter.kind, parameter.name, days=moments.days(), who=who, without=without)
        if thing is None and before is not self._said:
            thing = names.the(self._said, parameter.kind, parameter.name, without=names.people(self._said) if invites else ())
        self.named_thing = thing is not None
        if thing is None and parameter.kind == "event" and self._focus.event is not None:
            thing = self._focus.event
        elif thing is None and parameter.kind != "event" and parameter.kind in self._focus.things:
            thing = self._focus.things[parameter.kind]
        if thing is None:
            return
        self._thing = thing
        self._made[parameter.name] = Argument(value=thing.id, of="world", said=(before.span(),))
        self._when_it_was(before, thing)
        for name in thing.names:
            for start, end in names._occurrences(self._said.text, name):
                self._said.taken.append((start, end))

    def _when_it_was(self, before: Said, thing: Thing) -> None:
        """`Thursday's badminton`, `my 3 pm call`: a time that says which one."""
        for each in before.entities:
            value = each.value
            if thing.start is None:  # `the notes of the 20th`
                told = str(value.day.day) if isinstance(value, Date) else ""
                if told and any(told in re.findall(r"\d+", name) for name in thing.names):
                    self._said.taken.append((each.start + before.at - self._said.at, each.end + before.at - self._said.at))
                continue
            day = getattr(value, "day", None) or (value.moment.date() if hasattr(value, "moment") else None)
            clocks = {reading.clock for reading in each.readings if hasattr(reading, "clock")}
            part = getattr(value, "start", None) if not hasattr(value, "moment") else None
            day = day or (part.date() if isinstance(part, datetime) else None)
            weekday = times.bare_weekday(before.words(each)) and day is not None and day.weekday() == thing.start.weekday()
            if day == thing.start.date() or weekday or thing.start.time() in clocks:
                offset = before.at - self._said.at
                self._said.taken.append((each.start + offset, each.end + offset))

    def _people(self, parameter: Parameter) -> None:
        found = [each for each in names.people(self._said) if self._said.free(each.start, each.end)]
        if self._thing is not None and not parameter.many:
            found = found or []
        found = self._relevant(found, parameter)
        if found:
            taken = found if parameter.many else found[:1]
            ids = [names.one(each, parameter.name, self._said).id for each in taken]
            for each in taken:
                self._said.taken.append((each.start, each.end))
            spans = tuple(self._said.span(each.start, each.end) for each in taken)
            self._made[parameter.name] = Argument(value=list(dict.fromkeys(ids)) if parameter.many else ids[0], of="world", said=spans)
            return
        everyone = names.all_of_them(self._said)
        if everyone and self._focus.event is not None and self._focus.event.people and parameter.many:
            self._made[parameter.name] = self._said.argument(list(self._focus.event.people), *everyone, of="world")
            return
        him = names.pronoun(self._said)
        if him and self._focus.people:
            ids = list(self._focus.people)
            self._made[parameter.name] = self._said.argument(ids if parameter.many else ids[0], *him, of="world")

    def _relevant(self, found: list[names.Found], parameter: Parameter) -> list[names.Found]:
        """Where a text follows that may name others (`tell Ana that Bo is late`), only those named before it."""
        if self._intent.reads_only and not parameter.required:
            found = [
                each for each in found if _WITH.search(self._said.text[: each.start]) or _WITH_AFTER.match(self._said.text[each.end :])
            ]
        first = next((each for each in self._intent.parameters if each.kind == "text" and each.required), None)
        if first is None or not found:
            return found
        lead = text_of(self._said, self._intent, first)
        if lead is None:
            return found
        outside = [each for each in found if each.end <= lead[0] or each.start >= lead[1]]
        return outside or (found if not self._focus.people or names.pronoun(self._said) is None else [])

    def _place(self, parameter: Parameter) -> None:
        found = [each for each in names.places(self._said) if self._said.free(each.start, each.end) and not self._within_text(each.start)]
        if parameter.said:
            lead = lead_in(self._said, parameter)
            if lead is not None and not any(lead[0] <= each.start and each.end <= lead[1] + 1 for each in found):
                self._near_place(parameter, lead)
                return
            found = [each for each in found if lead is not None and lead[0] <= each.start and each.end <= lead[1] + 1]
        from_ = re.search(r"\bfrom\b|从", self._said.text, re.IGNORECASE)
        if any(other.kind == "place" and other.name != parameter.name for other in self._intent.parameters):
            after = [each for each in found if from_ and 0 <= each.start - from_.end() <= 5][:1]
            found = after if parameter.name == "from" else [each for each in found if each not in after]
        if found:
            best = max(found, key=lambda each: each.end - each.start)
            place = names.one(best, parameter.name, self._said)
            self._made[parameter.name] = self._said.argument(place.id, best.start, best.end, of="world")
        elif parameter.required:
            self._unknown_place(parameter)

    def _near_place(self, parameter: Parameter, lead: tuple[int, int]) -> None:
        """Called by a part of its name; one that nothing is called is asked about."""
        words = re.split(r"\s+to\s+|\s+remind\b|[，,]", self._said.text[lead[0] : lead[1]])[0]
        called = re.sub(r"^(?:the|my)\s+", "", words.strip(), flags=re.IGNORECASE).lower()
        near = [
            place for place in self._said.world.things("place") if len(called) > 1 and any(called in name.lower() for name in place.names)
        ]
        if len(near) != 1:
            arrives = re.search(r"\b(?:arrive|get|reach|come|at)\b|到|路过|经过", self._said.text, re.IGNORECASE)
            timed = any(each.start < lead[0] + len(words) and each.end > lead[0] for each in self._said.entities)
            if arrives and not timed and 0 < len(called.split()) <= 4:  # a place that the world does not know is what it was called
                start, end = trimmed(self._said, lead[0], lead[0] + len(words))
                self._made[parameter.name] = self._said.argument(self._said.text[start:end], start, end)
            return
        self._made[parameter.name] = self._said.argument(near[0].id, lead[0], lead[0] + len(words), of="world")

    def _unknown_place(self, parameter: Parameter) -> None:
        patterns = {
            "en": r"\b(?:get to|to|way to|far is|how far to|in|for|at)\s+(?:the\s+)?(?P<x>[A-Za-z][\w' ]+?)(?:\s+(?:by|from|on foot|from here|in|tomorrow|today)\b.*)?[?.!]*$",  # noqa: E501
            "zh": r"(?:去|到)(?P<x>[\u4e00-\u9fffA-Za-z0-9]{2,}?)(?:怎么|要|的路|多远|有多|远|路线|$)",
        }
        found = re.search(patterns.get(self._said.language, patterns["en"]), self._said.text, re.IGNORECASE)
        if found:
            start, end = trimmed(self._said, *found.span("x"))
            called = self._said.text[start:end].lower()
            near = [
                place
                for place in self._said.world.things("place")
                if len(called) > 1 and any(called in name.lower() for name in place.names)
            ]
            if len(near) == 1:
                self._made[parameter.name] = self._said.argument(near[0].id, start, end, of="world")
            elif end > start:
                self._made[parameter.name] = self._said.argument(self._said.text[start:end], start, end)

    def _within_text(self, at: int) -> bool:
        for each in self._intent.parameters:
            if each.kind == "text" and each.required:
                lead = text_of(self._said, self._intent, each)
                if lead and each.name in ("body", "text") and lead[0] <= at < lead[1] and not self._on_arriving(at):
                    return True
        return False

    def _on_arriving(self, at: int) -> bool:
        before = self._said.text[max(0, at - 24) : at]
        return bool(re.search(r"\b(?:when|once|as soon as|next time)\b.*$|(?:到了?|回到?|等我到|路过)$", before, re.IGNORECASE))

    # -- times ------------------------------------------------------------------------------------------------------------

    def _times(self) -> None:
        by_kind: dict[str, list[Parameter]] = {}
        for each in self._intent.parameters:
            by_kind.setdefault(each.kind, []).append(each)
        moments, said = by_kind.get("datetime", []), self._said
        repeat = next(iter(by_kind.get("recurrence", [])), None)
        if len(moments) == 2:
            self._bounds(moments[0], moments[1])
        elif len(moments) == 1:
            done = self._repeated(repeat, moments[0]) if repeat is not None else False
            if not done:
                self._moment(moments[0])
        for each in by_kind.get("date", []):
            day = times.day_of(said)
            if day:
                self._made[each.name] = said.argument(day[0].isoformat(), day[1].start, day[1].end)
            elif _THAT_DAY.search(said.text) and self._focus.start is not None:
                found = _THAT_DAY.search(said.text)
                assert found is not None
                self._made[each.name] = said.argument(self._focus.start.date().isoformat(), *found.span(), of="world")
        for each in by_kind.get("time", []):
            clock = times.moment(said, each.name, past=True)
            if clock is None and self._thing is not None and self._thing.start is not None:
                self._made[each.name] = Argument(value=self._thing.start.strftime("%H:%M"), of="world", said=(said.span(),))
            elif clock is not None:
                one = clock[1][0]
                self._made[each.name] = said.argument(clock[0].strftime("%H:%M"), one.start, one.end)
        for each in by_kind.get("duration", []):
            self._duration(each, alone=not moments)

    def _bounds(self, start: Parameter, end: Parameter) -> None:
        found = times.bounds(self._said)
        if found:
            a, b, entity = found
            self._made[start.name] = self._said.argument(iso(a), entity.start, entity.end)
            self._made[end.name] = self._said.argument(iso(b), entity.start, entity.end)

    def _repeated(self, repeat: Parameter, at: Parameter) -> bool:
        found = times.recurrence(self._said)
        if found is None:
            weekdays = _WEEKDAYS.search(self._said.text)
            if weekdays is None:
                return False
            said = times.moment(self._said, at.name)
            if said is None:
                return False
            first = said[0]
            while first.weekday() > 4:
                first += timedelta(days=1)
            self._made[repeat.name] = self._said.argument("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", *weekdays.span())
            self._made[at.name] = self._said.argument(iso(first), said[1][0].start, said[1][0].end)
            return True
        value, entity = found
        parts = dict(part.split("=", 1) for part in value.rule.split(";"))
        if not {"FREQ"} <= parts.keys() or parts["FREQ"] in ("SECONDLY", "MINUTELY", "HOURLY"):
            return False
        rule = ";".join(f"{name}={parts[name]}" for name in ("FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH") if name in parts)
        first_ = value.first
        if isinstance(first_, datetime):
            moment = first_
        else:
            clock = next((each for each in times.Moments(self._said).of(Time)), None)
            if clock is None:
                if at.required:
                    raise self._missing(at)
                self._made[repeat.name] = self._said.argument(rule, entity.start, entity.end)
                return True
            moment = datetime.combine(first_, clock.value.clock, self._said.now.tzinfo)  # type: ignore[union-attr]
            if moment < self._said.now:
                moment += timedelta(days=1 if parts["FREQ"] == "DAILY" else 7)
            self._said.taken.append((clock.start, clock.end))
        self._made[repeat.name] = self._said.argument(rule, entity.start, entity.end)
        self._made[at.name] = self._said.argument(iso(moment), entity.start, entity.end)
        return True

    def _moment(self, parameter: Parameter) -> None:
        said, about = self._said, parameter.name
        if self._thing is not None and self._thing.start is not None:
            self._moved(parameter, self._thing)
            return
        eve = times.day_before(said)
        if eve is not None:
            start = self._anchor()
            if start is None:
                raise self._missing(parameter)
            rest = Said(
                said.text[: eve.start()] + " " * len(eve.group()) + said.text[eve.end() :], language=said.language, world=said.world,
                turn=said.turn, at=said.at, region=said.region,
            )  # fmt: skip
            found = times.moment(rest, about, day=start.date() - timedelta(days=1), clock=start.time())
            moment = found[0] if found is not None else start - timedelta(days=1)
            if found is not None and moment.hour < 12 and re.search(r"evening|night|晚", eve.group(), re.IGNORECASE):
                moment += timedelta(hours=12)
            said.taken += [eve.span(), *((each.start, each.end) for each in (found[1] if found else ()))]
            self._made[about] = Argument(value=iso(moment), of="world", said=(said.span(*eve.span()),))
            return
        away = times.shift(said)
        if away is not None:
            start = self._anchor(after=away[0] > timedelta())
            if start is None:
                raise self._missing(parameter)
            moment = start + away[0]
            if moment < said.now:
                raise times._contradiction(about, said.text, said.language)
            self._made[about] = said.argument(iso(moment), away[1].start, away[1].end, of="world")
            return
        day = self._day_spoken_of()
        if day is None and _THAT_DAY.search(said.text) and self._focus.start is None:
            raise self._missing(parameter)
        found = times.moment(said, about, day=day, clock=self._same_time())
        if found is None and self._intent.reads_only and parameter.required:
            found = self._whole(parameter)
        if found is None:
            return
        moment, entities = found
        for each in entities:
            said.taken.append((each.start, each.end))
        self._made[about] = Argument(
            value=iso(moment), of="world" if day else "user", said=tuple(said.span(each.start, each.end) for each in entities)
        )

    def _whole(self, parameter: Parameter) -> tuple[datetime, list[Entity]] | None:
        """A day or a part of one that is asked about: from its beginning to its end."""
        found = times.bounds(self._said)
        length = next((each for each in self._intent.parameters if each.kind == "duration"), None)
        if found is None or length is None:
            return None
        start, end, entity = found
        self._made[length.name] = self._said.argument(period(end - start), entity.start, entity.end)
        return start, [entity]

    def _moved(self, parameter: Parameter, thing: Thing) -> None:
        said, assert_start = self._said, thing.start
        assert assert_start is not None
        after = said.part(self._pivot, len(said.text)) if self._pivot < len(said.text) else said
        found = times.moment(after, parameter.name, day=assert_start.date(), clock=assert_start.time())
        if found is not None and not (after is said and self._back()):
            moment, entities = found
            offset = after.at - said.at
            for each in entities:
                said.taken.append((each.start + offset, each.end + offset))
            self._made[parameter.name] = Argument(value=iso(moment), said=tuple(after.span(each.start, each.end) for each in entities))
            return
        bare = self._bare_hour(after)
        if bare is not None:
            self._made[parameter.name] = Argument(
                value=iso(datetime.combine(assert_start.date(), bare, said.now.tzinfo)), said=(after.span(),)
            )
            return
        for each in said.entities:
            if isinstance(each.value, Duration):
                sign = self._back()
                if sign:
                    self._made[parameter.name] = said.argument(
                        iso(assert_start + sign * times.length(each.value)), each.start, each.end, of="world"
                    )
                    return

    def _bare_hour(self, after: Said) -> time | None:
        """`back to 11`: nearest to what it was."""
        assert self._thing is not None and self._thing.start is not None
        found = re.match(r"\s*(?:to|till|until)\s+(\d{1,2})(?:\s*o'?clock)?\s*(?:$|[,.!?]|please)", after.text, re.IGNORECASE)
        if found is None or not 1 <= int(found.group(1)) <= 23:
            return None
        hours = [hour for hour in (int(found.group(1)), int(found.group(1)) + 12) if hour < 24]
        nearest = min(hours, key=lambda hour: abs(hour - self._thing.start.hour))  # type: ignore[union-attr]
        self._said.taken.append((self._pivot, self._pivot + found.end()))
        return time(nearest)

    def _back(self) -> int:
        if _BACK.search(self._said.text):
            return 1
        return -1 if _FORWARD.search(self._said.text) else 0

    def _anchor(self, *, after: bool = False) -> datetime | None:
        """What `an hour before` is before: an appointment named here, else what was last spoken of."""
        named = names.the(self._said, "event", "event")
        if named is not None and named.start is not None and not names.pronoun(self._said):
            return named.start + (named.duration or timedelta()) if after else named.start
        return self._focus.start

    def _day_spoken_of(self) -> Any:
        if _THAT_DAY.search(self._said.text):
            found = _THAT_DAY.search(self._said.text)
            assert found is not None
            of = self._said.part(found.end(), len(self._said.text)) if "of" in found.group().lower() else self._said.part(0, found.start())
            named = names.the(of, "event", "event") if self._said.language == "zh" or "of" in found.group().lower() else None
            if named is not None and named.start is not None:
                return named.start.date()
            return self._focus.start.date() if self._focus.start is not None else None
        return self._focus.day

    def _same_time(self) -> Any:
        return self._focus.start.time() if _SAME_TIME.search(self._said.text) and self._focus.start is not None else None

    def _duration(self, parameter: Parameter, *, alone: bool) -> None:
        said = self._said
        if parameter.name in self._made:
            return
        length = times.stretch(said) if not alone else None
        if length is not None:
            self._made[parameter.name] = Argument(value=period(length), said=(said.span(),))
            return
        if self._thing is not None and self._back():
            return
        found = times.duration(said)
        if found:
            self._made[parameter.name] = said.argument(period(found[0]), found[1].start, found[1].end)

    # -- choices, numbers, texts --------------------------------------------------------------------------------------------

    def _choices(self) -> None:
        same: dict[tuple[str, ...], list[Parameter]] = {}
        for each in self._intent.parameters:
            if each.kind == "choice":
                same.setdefault(tuple(each.choices), []).append(each)
        for alike in same.values():
            found = [one for one in choices(self._said, alike[0]) if self._said.free(one[0], one[1])]
            if len(alike) > 1:
                self._from_to(alike, found)
            elif not found and (there := _THERE.search(self._said.text)) and alike[0].name in self._focus.values:
                self._made[alike[0].name] = self._said.argument(self._focus.values[alike[0].name], *there.span(), of="world")
            elif found:
                start, end, choice = found[-1] if alike[0].name == "to" else self._best(found)
                self._made[alike[0].name] = self._said.argument(choice, start, end)

    def _best(self, found: list[tuple[int, int, str]]) -> tuple[int, int, str]:
        if self._said.language == "en":
            return max(found, key=lambda one: (one[1] - one[0] > 2, one[0] if len(found) > 1 and one[1] - one[0] <= 3 else -one[0]))
        return max(found, key=lambda one: one[1] - one[0])

    def _from_to(self, alike: list[Parameter], found: list[tuple[int, int, str]]) -> None:
        """Two of one kind: the first is what there is, the second what is wanted; the one beside the amount is what there is."""
        if not found:
            return
        amounts = [one for one in numbers(self._said)]
        if len(found) >= 2 and amounts and amounts[0][0] > found[0][1]:
            found = sorted(found, key=lambda one: abs(one[0] - amounts[0][0]))
        for parameter, (start, end, choice) in zip(alike, found, strict=False):
            self._made[parameter.name] = self._said.argument(choice, start, end)

    def _number(self, parameter: Parameter) -> None:
        found = list(numbers(self._said))
        if found and not self._intent.reads_only and _BY_SO_MUCH.search(self._said.text):
            raise self._missing(parameter)
        half = re.search(r"\bhalf\b", self._said.text, re.IGNORECASE)
        if not found and half and "percent" in parameter.says:
            self._made[parameter.name] = self._said.argument(50, *half.span())
        if not found:
            return
        measured = [one for one in found if one[3]]
        start, end, amount, _ = (measured or found)[0]
        if "percent" in parameter.says and 0 < amount < 1:
            amount *= 100
        self._made[parameter.name] = self._said.argument(plain(amount), start, end)

    def _quoted(self) -> None:
        quoted = _QUOTED.search(self._said.text)
        wants = next((each for each in self._intent.parameters if each.kind == "text" and each.required and each.said), None)
        if quoted and wants is not None:
            which = 1 if quoted.group(1) else 2
            self._made[wants.name] = self._said.argument(quoted.group(which), *quoted.span(which))

    def _texts(self) -> None:
        for each in self._intent.parameters:
            if each.kind != "text" or each.name in self._made:
                continue
            span = self._shaped(each)
            if span is None:
                span = text_of(self._said, self._intent, each)
                if span is not None and self._tells and each.required:
                    span = self._after_names(span)
                if span is not None and not each.required and not self._said.free(*span):
                    span = None
            if span is not None:
                self._made[each.name] = self._said.argument(self._pointed(self._said.text[span[0] : span[1]]), *span)
            elif self._intent.reads_only and not each.required and not each.said:
                self._words_of_a_thing(each)
        for each in self._intent.parameters:
            if each.kind == "text" and each.required and each.name not in self._made:
                people = [(a.start, a.end) for a in names.people(self._said)]
                span = left_over(self._said, keep=people)
                if span is not None and self._tells:
                    span = self._after_names(span)
                if span is not None:
                    self._made[each.name] = self._said.argument(self._said.text[span[0] : span[1]], *span)
                elif self._focus.about is not None:
                    self._made[each.name] = self._focus.about

    def _after_names(self, span: tuple[int, int]) -> tuple[int, int] | None:
        """Of what somebody is to be told, without who it is; None where nothing else is left (`let him know by text`)."""
        start, end = span
        for found in names.people(self._said):
            if found.start - start in (0, 1) and found.end <= end:
                start = found.end
        him = re.match(r"(?:他们|她们|他|她)(?=.{2})|(?:him|her|them)\s+(?:that\s+)?(?=\w)", self._said.text[start:end], re.IGNORECASE)
        if (him and start != span[0]) or (him and re.search(r"告诉$|tell $", self._said.text[:start])):
            start += him.end() if him else 0
        left = self._said.text[start:end]
        for found in names.people(self._said):
            if start <= found.start and found.end <= end:
                left = left.replace(self._said.text[found.start : found.end], " ")
        return (start, end) if _TOLD.sub("", left).strip(" ,，。.!") else None

    def _words_of_a_thing(self, parameter: Parameter) -> None:
        """What is looked for, as far as an appointment is called so."""
        found = names.fitting(self._said, "event")
        if not found or found[0][0] < names.ENOUGH:
            return
        spans = [span for name in found[0][1].names for span in names.shared(self._said.text, name)]
        spans = [span for span in spans if self._said.free(*span)]
        if spans:
            start, end = max(spans, key=lambda span: span[1] - span[0])
            self._made[parameter.name] = self._said.argument(self._said.text[start:end], start, end)

    def _pointed(self, text: str) -> str:
        """`her email`, where the last call said it: the address itself."""
        for name, pattern in _POINTS.items():
            value = self._focus.values.get(name)
            if isinstance(value, str) and pattern.search(text):
                return pattern.sub(lambda _, value=value: value, text)  # type: ignore[misc]
        return text

    def _shaped(self, parameter: Parameter) -> tuple[int, int] | None:
        """A mail address and a telephone number are known by their shape."""
        field = self._made.get("field")
        of = field.value if parameter.name == "value" and field is not None else parameter.name
        pattern = _MAIL if of == "email" else _PHONE if of == "phone" else None
        found = pattern.search(self._said.text) if pattern is not None else None
        return found.span() if found else None

    def _missing(self, parameter: Parameter) -> Unclear:
        zh = self._said.language == "zh"
        text = f"还缺一样：{parameter.says or parameter.name}？" if zh else f"What is missing: {parameter.says or parameter.name}?"
        return Unclear(Question(about=parameter.name, text=text, why="missing"))


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


def period(length: timedelta) -> str:
    """ISO 8601: PT1H30M."""
    seconds = int(length.total_seconds())
    days, seconds = divmod(seconds, 86400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    return "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock or not days else "") if (days or clock) else "PT0M"
