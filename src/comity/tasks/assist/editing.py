# SPDX-License-Identifier: Apache-2.0
"""Corrections and follow-ups: what a later turn changes of a call that is planned already."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from comity.tasks.assist.intents import Intent, Parameter
from comity.tasks.assist.plan import Argument
from comity.tasks.assist.reading import names, times
from comity.tasks.assist.reading.choices import choices, money, numbers, plain
from comity.tasks.assist.reading.said import Said
from comity.tasks.assist.reading.slots import iso, period
from comity.tasks.assist.reading.things import _SAME_TIME, Focus
from comity.tasks.entities.values import Date, Time

ALSO = re.compile(r"也|加上|再加|还有|一起|\b(?:too|also|as well|along|and)\b", re.IGNORECASE)
ANOTHER = re.compile(
    r"(?:再|也)(?:加|来|定|设|建|弄|要|订)(?:上|个|一)|另一个|多一个|\b(?:another|one more|a second one|second one|also (?:one|at)|and one)\b",  # noqa: E501
    re.IGNORECASE,
)
TOO = re.compile(r"^(?:and|also|plus)\b|也|\btoo\b|\bas well\b|也一样|也是|同样", re.IGNORECASE)
AGAIN = re.compile(r"呢[？?。]?$|\b(?:what|how) about\b|^and (?:in|for|on|to|at|tomorrow|the day)\b.*\??$", re.IGNORECASE)
RATHER = re.compile(
    r"算了|不对|等等|等一下|不是|改成|改为|改到|还是|应该|错了|说错|我是说|换成|别|不要|\b(?:actually|no,|no wait|wait|just move|sorry|rather|instead|make (?:it|that)|change (?:it|that)|I mean[t]?|not a new|scratch|on second thoughts?)\b",  # noqa: E501
    re.IGNORECASE,
)
OFF = re.compile(
    r"\b(?:drop|without|leave out|take .{1,20} off|remove|not|uninvite|minus)\b|不用来|不来了?|别叫|去掉|删掉|不叫|不用叫|不带|就不",
    re.IGNORECASE,
)
EXCEPT = re.compile(r"\b(?:except|but not|apart from|other than)\b|除了|除外|以外的", re.IGNORECASE)
NEVER_MIND = re.compile(
    r"^(?:(?:no|actually|sorry|wait|no wait|oh)[,.]? )*(?:stop|cancel|scrap|delete|drop) (?:it|that)[.!]?$|^(?:停了吧|取消掉?吧?|删了吧|停掉吧?|取消它|不定了)[。!！]?$|^(?:算了|不用了|不要了|当我没说|取消吧|还是算了|先不用了|都不用了|别弄了)[，,。吧!！]*(?:不用了|不要了)?[。.!！]?$|^(?:never ?mind|forget (?:it|that|about it)|scrap (?:it|that)|leave it|don'?t bother|cancel that|no,? (?:leave|forget) it)[.!]?$",  # noqa: E501
    re.IGNORECASE,
)
_FORM = re.compile(
    r"\b(?:no|wait|sorry|actually|rather|instead|make|change|move|push|shift|bring|scratch|thoughts?|second|I mean[t]?|should be|better|hang on|same|another|more|later|earlier|back|forward|it|that|too|as well|and|only|both|add|join(?:ing)?|come|coming|along|send|invite|include|half|not|drop|without|leave|can|do|he|she|they|than)\b|"  # noqa: E501
    r"不对|算了|等等|等一下|不是|改成|改为|改到|换成|还是|应该|错了|说错|我是说|往后|往前|推|挪|提前|推迟|提早|延后|再|也|一样|一起|加上|带上|叫上|都|不用来|不来|去掉|只能|才|收件人|发给|哦对",
    re.IGNORECASE,
)
_LATER = re.compile(r"\b(?:later|back)\b|往后|推后|延后|晚", re.IGNORECASE)
_EARLIER = re.compile(r"\b(?:earlier|forward|sooner)\b|往前|提前|提早|早", re.IGNORECASE)
_BARE_WEEKDAY = re.compile(r"^(?:on )?(?:周|星期|礼拜)[一二三四五六日天]$|^(?:on )?\w+day$", re.IGNORECASE)


def changes(intent: Intent, now: Mapping[str, Argument], said: Said, focus: Focus) -> dict[str, Argument]:
    """By parameter; nothing where the words hold no value of a kind that the intent takes.  Raises Unclear."""
    made: dict[str, Argument] = {}
    for each in intent.parameters:
        before = now.get(each.name)
        if each.kind == "datetime" and not any(other.kind == "datetime" and other is not each for other in intent.parameters):
            moved = any(other.kind == "event" for other in intent.parameters)
            changed = _moment(each, before, said, focus, moved=moved)
        elif each.kind == "contact":
            changed = _people(each, before, said)
        elif each.kind in ("event", "reminder", "note") and before is not None and RATHER.search(said.text):
            other = names.the(said, each.kind, each.name)
            changed = said.argument(other.id, 0, len(said.text), of="world") if other is not None and other.id != before.value else None
        elif each.kind == "place" and before is not None:
            found = names.places(said)
            changed = said.argument(names.one(found[0], each.name, said).id, found[0].start, found[0].end, of="world") if found else None
        elif each.kind == "date":
            day = times.day_of(said)
            changed = said.argument(day[0].isoformat(), day[1].start, day[1].end) if day else None
        elif each.kind == "duration":
            length = times.duration(said)
            changed = said.argument(period(length[0]), length[1].start, length[1].end) if length and "at" not in made else None
        elif each.kind == "choice":
            found_ = choices(said, each)
            alike = [one for one in intent.parameters if one.kind == "choice" and one.choices == each.choices]
            if len(alike) > 1 and alike[-1] is not each:
                continue
            siblings = [
                now[one.name].value
                for one in intent.parameters
                if one.name != each.name and one.choices == each.choices and one.name in now
            ]
            found_ = [one for one in found_ if one[2] not in siblings and (before is None or one[2] != before.value)]
            changed = (
                said.argument(found_[-1][2], found_[-1][0], found_[-1][1]) if found_ and (before is not None or len(found_) == 1) else None
            )
        elif each.kind in ("number", "integer"):
            amounts = numbers(said) if not made else ()
            amounts = [one for one in amounts if one[3] or not _IDLE.search(said.text[one[0] : one[1] + 1])]
            changed = said.argument(plain(amounts[0][2]), amounts[0][0], amounts[0][1]) if amounts else None
        elif each.kind == "recurrence":
            changed = _repeat(each, said)
        elif each.kind == "money":
            sum_ = money(said)
            changed = said.argument(sum_[2], sum_[0], sum_[1]) if sum_ else None
        else:
            changed = None
        if changed is not None:
            made[each.name] = changed
    return made or _bare(intent, now, said)


def _bare(intent: Intent, now: Mapping[str, Argument], said: Said) -> dict[str, Argument]:
    """`make that nine`, `make it fifteen`: a number alone is an hour near the one before, or so many of the same unit."""
    amounts = [one for one in numbers(said) if not one[3] and one[2] == int(one[2])]
    if len(amounts) != 1 or not _ALONE.search(said.text):
        return {}
    start, end, amount, _ = amounts[0]
    for each in intent.parameters:
        before = now.get(each.name)
        if before is None or not isinstance(before.value, str):
            continue
        if each.kind == "datetime" and 1 <= amount <= 24:
            old = datetime.fromisoformat(before.value)
            hours = [old.replace(hour=int(hour), minute=0) for hour in (amount % 24, amount + 12) if hour < 24]
            return {each.name: said.argument(iso(min(hours, key=lambda one: abs((one - old).total_seconds()))), start, end)}
        unit = re.fullmatch(r"PT\d+([HMS])", before.value) if each.kind == "duration" else None
        if unit:
            return {each.name: said.argument(f"PT{int(amount)}{unit.group(1)}", start, end)}
    return {}


_ALONE = re.compile(
    r"^(?:(?:no|actually|sorry|wait|make|make it|make that|it|that|rather|better|at|to|instead|please|,|\s|不对|不|改成|还是|算了|吧|，)+)?[\w点]+(?:\s*(?:instead|please|rather|then|o'clock|吧|好了|,|，|。|\.))*$",  # noqa: E501
    re.IGNORECASE,
)


_IDLE = re.compile(r"^[一1](?:[个份下条点封]|$)")


_EVERY = (
    (re.compile(r"\b(?:weekdays|workdays|working days|monday to friday)\b|工作日", re.IGNORECASE), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
    (re.compile(r"\bweekends\b|每个?周末", re.IGNORECASE), "FREQ=WEEKLY;BYDAY=SA,SU"),
    (re.compile(r"\bevery day\b|\bdaily\b|每天", re.IGNORECASE), "FREQ=DAILY"),
)


def _repeat(parameter: Parameter, said: Said) -> Argument | None:
    found = times.recurrence(said)
    if found is not None and "BYDAY" in found[0].rule:
        parts = [part for part in found[0].rule.split(";") if not part.startswith(("BYHOUR", "BYMINUTE", "BYSECOND"))]
        return said.argument(";".join(parts), found[1].start, found[1].end)
    for pattern, rule in _EVERY:
        if words := pattern.search(said.text):
            return said.argument(rule, *words.span())
    return None


def _moment(parameter: Parameter, before: Argument | None, said: Said, focus: Focus, *, moved: bool = False) -> Argument | None:
    """``moved``: what it is of has a beginning of its own, and this is where that is moved to."""
    old = datetime.fromisoformat(before.value) if before is not None and isinstance(before.value, str) else None
    away = times.shift(said)
    if away is not None and old is None and focus.event is not None and moved:
        return None  # from what is not known yet
    if away is not None and (anchor := old if moved else focus.start or old) is not None:
        return said.argument(iso(anchor + away[0]), away[1].start, away[1].end, of="world")
    late, early = _LATER.search(said.text), _EARLIER.search(said.text)
    length = times.duration(said) if old is not None and (late or early) else None
    if length is not None and old is not None:
        return said.argument(iso(old + length[0] if late else old - length[0]), length[1].start, length[1].end, of="world")
    clock = old.time() if old is not None else focus.start.time() if focus.start is not None and _SAME_TIME.search(said.text) else None
    found = times.moment(said, parameter.name, day=old.date() if old else focus.day, clock=clock)
    if found is None:
        return None
    moment, entities = found
    clocks = [each for each in entities if isinstance(each.value, Time) and not each.certain]
    if old is not None and clocks and abs((moment - old).total_seconds()) > 6 * 3600:  # `half past five` beside five in the afternoon
        moment = min((moment + timedelta(hours=12 * turn) for turn in (-1, 0, 1)), key=lambda one: abs((one - old).total_seconds()))
    if old is not None and any(isinstance(each.value, Date) and _BARE_WEEKDAY.match(said.words(each)) for each in entities):
        while moment.date() < old.date():
            moment += timedelta(days=7)
    for each in entities:
        said.taken.append((each.start, each.end))
    return Argument(value=iso(moment), of="user", said=tuple(said.span(each.start, each.end) for each in entities))


def _people(parameter: Parameter, before: Argument | None, said: Said) -> Argument | None:
    found = names.people(said)
    if not found:
        return None
    if parameter.many and before is not None and OFF.search(said.text):
        off = {thing.id for each in found for thing in each.things}
        left = [one for one in before.value if one not in off]
        return said.argument(left, found[0].start, found[-1].end, of="world") if left != before.value else None
    ids: list[Any] = [names.one(each, parameter.name, said).id for each in found]
    if not parameter.many:
        return said.argument(ids[-1], found[-1].start, found[-1].end, of="world")
    old = list(before.value) if before is not None and ALSO.search(said.text) else []
    return said.argument(list(dict.fromkeys([*old, *ids])), found[0].start, found[-1].end, of="world")


FORMS = (_FORM, ALSO, ANOTHER, TOO, AGAIN, RATHER, OFF, _LATER, _EARLIER, _SAME_TIME)
"""By what a change is known for one, whatever it changes."""
