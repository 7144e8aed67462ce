# SPDX-License-Identifier: Apache-2.0
"""What the words speak of: things, people and places that the user has.

Every kind has one rule, whatever the intent; what an intent is called is looked at nowhere.  A value that the words do not hold is left
out, and asked for where it is required.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from comity.tasks.assist.intents import Intent, Parameter
from comity.tasks.assist.plan import Argument, Question, Thing, Unclear
from comity.tasks.assist.reading import names, rest, times
from comity.tasks.assist.reading.said import Said
from comity.tasks.assist.reading.texts import lead_in, text_of, trimmed
from comity.tasks.entities.values import Date

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
_THE_ONE = re.compile(
    r"\b(?:meetings?|appointments?|events?|calls?|ones?|things?|calendar|diary|it|that|plans?|reminders?|notes?)\b|会(?!议室)|日程|安排|约(?!等)|活动|那[个条场顿节]|这[个条场顿节]|提醒|笔记|事",
    re.IGNORECASE,
)
"""What an appointment may be called that is known by its time alone."""
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


_LEFT_BEFORE = re.compile(r"(?:['’]s\s+|(?:说|内容是|写着|写上)(?![明法服话])[：:，,\s]*|saying (?:that )?)", re.IGNORECASE)
_SPEAKS = re.compile(r"[我你您他她它咱谢对]|生日|新年|节日|恭喜|祝")
_TELLING = re.compile(r"\s*(?:text|message|e-?mail|mail|send|write|tell)\s+", re.IGNORECASE)
_ONLY_A_THING = re.compile(r"\s*(?:the|my|a|an|our)\s+[\w'’-]+(?:\s+[\w'’-]+)?\s*[.!]?", re.IGNORECASE)


class Focus(msgspec.Struct, kw_only=True):
    """What was last spoken of: what `that`, `him` and `an hour before` go back to."""

    event: Thing | None = None
    day: date | None = None  # on which an hour without a day is
    after: datetime | None = None  # what was put on that day before it, in the same turn
    people: tuple[str, ...] = ()
    start: datetime | None = None  # of whatever was last put at a time
    things: Mapping[str, Thing] = {}  # the last of each kind
    about: Argument | None = None  # what a message or a reminder is of that does not say it: the words of what was asked before
    called: Argument | None = None  # the name of the appointment that it is of
    values: Mapping[str, Any] = {}  # what the last call said, by parameter


class Things:
    """Reads one intent's parameters, the surest kinds first, each out of what the others left."""

    def __init__(self, intent: Intent, said: Said, focus: Focus, *, given: Mapping[str, Argument] | None = None) -> None:
        """``given``: what is known already, and read no more."""
        self._intent, self._said, self._focus = intent, said, focus
        self._made: dict[str, Argument] = {}
        self._given = dict(given or {})
        self._thing: Thing | None = None  # the appointment, reminder … that is spoken of
        self._pivot = len(said.text)
        self._beside: Thing | None = None  # what a time is counted from
        self._loose: set[str] = set()  # texts that nothing led up to
        self.named_thing = False  # what it is done to was named, and not only meant

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
        if thing is not None and self.named_thing and not self._by_name(before, thing, who):
            raise self._missing(parameter)
        if thing is None:
            return
        self._thing = thing
        self._made[parameter.name] = Argument(value=thing.id, of="world", said=(before.span(),))
        self._when_it_was(before, thing)
        for name in thing.names:
            for start, end in names.occurrences(self._said.text, name):
                self._said.taken.append((start, end))

    def _by_name(self, before: Said, thing: Thing, who: tuple[str, ...]) -> bool:
        """It is called something of what was said, or is with whom was said; else `the meeting` must do, and no other word."""
        if set(who) & set(thing.people) or any(names.shared_all(before.text, name) for name in thing.names):
            return True
        return bool(_THE_ONE.search(before.text))

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
            timed = _SAME_TIME.search(words) or any(
                each.start < lead[0] + len(words) and each.end > lead[0] for each in self._said.entities
            )
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

    def _missing(self, parameter: Parameter) -> Unclear:
        zh = self._said.language == "zh"
        text = f"还缺一样：{parameter.says or parameter.name}？" if zh else f"What is missing: {parameter.says or parameter.name}?"
        return Unclear(Question(about=parameter.name, text=text, why="missing"))

    def _after_names(self, span: tuple[int, int]) -> tuple[int, int] | None:
        """Of what somebody is to be told, without who it is; None where nothing else is left (`let him know by text`)."""
        start, end = span
        for found in names.people(self._said):
            if found.start - start in (0, 1) or found.start <= start < found.end <= end:
                start = min(found.end, end)
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

    # -- what is told ---------------------------------------------------------------------------------------------------

    def _before_recipient(self, span: tuple[int, int]) -> tuple[int, int]:
        """`text the answer to Tom`: without whom it is for."""
        for each in names.people(self._said):
            to = re.search(r"\s+to\s+(?:my\s+|the\s+)?$", self._said.text[span[0] : each.start], re.IGNORECASE)
            if to is not None and each.end == span[1]:
                return span[0], span[0] + to.start()
        return span

    def _past_recipients(self, span: tuple[int, int]) -> tuple[int, int]:
        ends = [each.end for each in names.people(self._said) if span[0] <= each.start and each.end < span[1]]
        if span[0] == 0 and not ends and (verb := _TELLING.match(self._said.text)) is not None and verb.end() < span[1]:
            return verb.end(), span[1]
        return (min(ends), span[1]) if ends and span[0] == 0 else span

    def _says_something(self, span: tuple[int, int], parameter: Parameter) -> bool:
        """More than a scrap, and more than the request itself."""
        words = self._said.text[slice(*span)].strip()
        if parameter.name == "title":
            return not rest.only_idle(words, self._intent, self._said.language)
        return len(words) > 1 and not rest.only_asks(words, self._intent, self._said.language)

    def _told(self, span: tuple[int, int]) -> tuple[int, int]:
        """Without what led up to it, and without half of a name."""
        span = (span[0] + len(self._said.text[slice(*span)]) - len(self._said.text[slice(*span)].lstrip()), span[1])
        lead = _LEFT_BEFORE.match(self._said.text, *span)
        return (lead.end(), span[1]) if lead is not None and lead.end() < span[1] else span

    def _is_told(self, span: tuple[int, int]) -> bool:
        """Of what nothing led up to, whether it is a message: in Chinese it stands apart or speaks of somebody, in English it is more than a thing."""  # noqa: E501
        if self._said.language == "zh":
            return bool(re.search(r"[，,：:。；;\s]\s*$", self._said.text[: span[0]]) or _SPEAKS.match(self._said.text, *span))
        return not self._only_a_thing(span)

    def _only_a_thing(self, span: tuple[int, int]) -> bool:
        """`the report` is to be sent, and says nothing."""
        article = re.search(r"\b(?:the|my|an?|our)\s+$", self._said.text[: span[0]], re.IGNORECASE)
        return bool(_ONLY_A_THING.fullmatch((article.group() if article else "") + self._said.text[slice(*span)]))
