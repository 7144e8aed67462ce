# SPDX-License-Identifier: Apache-2.0
"""Plain words to a rule, or to one question."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import msgspec

from comity.errors import CallerError
from comity.tasks.assist.choosing import Chooser, Likeliest
from comity.tasks.assist.intents import Intents, language_of
from comity.tasks.assist.plan import Question, Unclear
from comity.tasks.automate.reading import chinese, english
from comity.tasks.automate.reading.acting import Acting
from comity.tasks.automate.reading.events import Events
from comity.tasks.automate.reading.found import GONE, Found, Spoken, Words
from comity.tasks.automate.reading.hours import Hours, days, hours
from comity.tasks.automate.reading.rewording import reworded
from comity.tasks.automate.rule import (
    Arrive,
    AtPlace,
    Condition,
    Dark,
    DeviceIs,
    DeviceState,
    Leave,
    Rule,
    Sunset,
    TimeBetween,
    Trigger,
    Weather,
    checked,
)  # fmt: skip
from comity.tasks.shapes import Shape

_BECOMES = re.compile(r"^(?:when|whenever|once|as soon as|the moment|every time|each time|after|等|当|一旦|每当|每次)", re.IGNORECASE)
_STILL = re.compile(r"^(?:and|while|but|only|provided|as long|so long|unless|而且|并且|且|同时|但|只|仅)", re.IGNORECASE)


class Reading(Shape, frozen=True, kw_only=True):
    """A ``rule``, or else a ``question``: there is no third."""

    text: str
    language: str
    rule: Rule | None = None
    question: Question | None = None


async def read(text: str, *, world: Spoken, intents: Intents, chooser: Chooser | None = None, language: str = "") -> Reading:
    """``chooser``: who is asked which action is meant where the words leave it open; nobody unless it is given.  All values are read by
    code.  Raises what the chooser raises."""
    text = " ".join(text.split())
    language = "zh" if (language or language_of(text)).startswith("zh") else "en"
    words = Words(reworded(text, language), language, world)
    try:
        rule = await _rule(words, intents, chooser or Likeliest())
    except Unclear as unclear:
        return Reading(text=text, language=language, question=unclear.question)
    except CallerError as error:  # values that no rule can have
        asked = words.ask("rule", f"{error}. What is meant?", "这条规则里的数值不合理，是什么意思？", "contradiction")
        return Reading(text=text, language=language, question=asked.question)
    return Reading(text=text, language=language, rule=rule)


async def _rule(words: Words, intents: Intents, chooser: Chooser) -> Rule:
    said = hours(words)
    Events(words, intents).read()
    days(words, said)
    when, conditions, about = _sorted(words, said)
    actions = await Acting(words, intents, chooser).read(_segments(words), about, when)
    return checked(Rule(when=when, if_=conditions, then=actions))


def _segments(words: Words) -> list[tuple[int, int]]:
    say: ModuleType = chinese if words.language == "zh" else english
    found = [each.span() for each in re.finditer(f"[^{GONE}]+", words.left)]
    return [
        span for span in found if not re.fullmatch(say.WORDS_LEFT, words.left[slice(*span)].strip(" ,，.。:：;；?？!！"), re.IGNORECASE)
    ]


def _sorted(words: Words, said: Hours) -> tuple[Trigger, tuple[Condition, ...], str]:
    """One trigger, everything else a condition.  Raises Unclear where there is none, or two."""
    found = sorted(words.found, key=lambda each: each.start)
    darks = [each for each in found if isinstance(each.value, Dark)]
    places = [each for each in found if isinstance(each.value, AtPlace)]
    events = [each for each in found if each not in darks and each not in places]
    conditions: list[tuple[int, Any]] = [(each.start, each.value) for each in places]
    fixed = bool(said.every or (said.clock and (said.once or said.daily or said.weekdays or said.day_of_month)))
    if fixed and not any(isinstance(each.value, Weather) for each in events):
        for each in [one for one in events if isinstance(one.value, DeviceState) and not one.value.for_]:
            if each.lead == "if" or _STILL.match(each.lead):
                conditions.append((each.start, DeviceIs(device=each.value.device, state=each.value.state)))
                events.remove(each)
    if len(events) > 1:  # what can also just be so gives way to what happens
        able = [each for each in events if isinstance(each.value, DeviceState) and not each.value.for_]
        still = [each for each in able if _STILL.match(each.lead)] or (able if len(able) < len(events) else [])
        for each in still[: len(events) - 1]:
            conditions.append((each.start, DeviceIs(device=each.value.device, state=each.value.state)))
            events.remove(each)
    if len(events) > 1:
        shown = [words.text[each.start : each.end].strip(" ,，") for each in events]
        raise words.ask("when", "When one of them happens, or which?", "以哪个为准？", "ambiguous", shown)
    timed = None
    if events and isinstance(events[0].value, Weather) and said.clock and not said.once:
        events[0] = msgspec.structs.replace(events[0], value=msgspec.structs.replace(events[0].value, at=said.clock))
        conditions += [(len(words.text), each) for each in said.conditions()]
    elif events:
        if said.clock or said.once or said.day_of_month or said.every:
            raise words.ask("when", "At that time, or when that happens?", "是到那个时间，还是等那件事发生？", "ambiguous")
        conditions += [(len(words.text), each) for each in said.conditions()]
    else:
        timed = said.trigger(words)
        if timed is not None and said.between is not None and not said.every:
            raise words.ask("time", "At that time, or between those?", "是那个时间，还是那段时间之间？", "contradiction")
    if not events and timed is None:
        if darks and _becomes(words, darks[0]):
            events, darks = [msgspec.structs.replace(darks[0], value=Sunset())], darks[1:]
        elif len(places) == 1 and not places[0].value.not_ and re.match(r"(?:when|whenever|once)\b", places[0].lead):
            events = [msgspec.structs.replace(places[0], value=Arrive(place=places[0].value.place))]  # `when I'm at the library`
            conditions = [each for each in conditions if each[1] is not places[0].value]
        elif said.daily or said.weekdays or said.day_of_month:
            raise words.ask("time", "At what time?", "几点？")
        else:
            raise words.ask("when", "When should it be done?", "什么时候做？")
    conditions += [(each.start, each.value) for each in darks[:1]]
    when: Any = events[0].value if events else timed
    made = _once_each(words, tuple(value for _, value in sorted(conditions, key=lambda pair: pair[0])))
    _possible(words, when, made)
    about = _about(words, events[0]) if events else words.text
    return when, made, about


def _possible(words: Words, when: Trigger, conditions: tuple[Condition, ...]) -> None:
    """Nobody is at two places, nor comes to where they are not.  Raises Unclear."""
    at = [each for each in conditions if isinstance(each, AtPlace)]
    here = {each.place for each in at if not each.not_}
    there = {each.place for each in at if each.not_}
    if len(here) > 1 or (isinstance(when, Arrive) and (here - {when.place} or when.place in there)) or (isinstance(when, Leave) and here):
        raise words.ask("place", "Nobody is at two places at once. Which is meant?", "不能同时在两个地方，是哪一个？", "contradiction")


def _becomes(words: Words, dark: Found) -> bool:
    """`when it gets dark` is sunset; `if it is dark` says nothing of when."""
    said = words.text[dark.start : dark.end].lower().strip()
    return bool(_BECOMES.match(said) or "gets dark" in said or said.startswith(("after", "天", "入夜")))


def _once_each(words: Words, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    made: list[Condition] = []
    for each in conditions:
        if each in made:
            continue
        if isinstance(each, AtPlace) and any(isinstance(one, AtPlace) and one.place == each.place for one in made):
            raise words.ask("place", "There, or not there?", "在那里，还是不在？", "contradiction")
        if isinstance(each, TimeBetween) and any(isinstance(one, TimeBetween) for one in made):
            raise words.ask("time", "Between which hours?", "在哪段时间？", "contradiction")
        made.append(each)
    return tuple(made)


_LEADS = re.compile(
    r"^(?:but |and |only )*(?:when(?:ever)?|if|once|as soon as|every time|each time|the (?:moment|minute|second|instant)|after|in case)\s+|(?:的时候|的话|时|后|就|，|,|\s|：|:)+$|^(?:如果|要是|每次|当|等|只要|一旦)+",  # noqa: E501
    re.IGNORECASE,
)


def _about(words: Words, event: Found) -> str:
    """What a notice says that was given no words: what happened, as the person put it."""
    return _LEADS.sub("", words.text[event.start : event.end].strip()).strip(" ,，:：?？").replace('"', "'") or words.text
