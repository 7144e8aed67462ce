# SPDX-License-Identifier: Apache-2.0
"""A rule told in words, in either language, and read again, is the same rule."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.tasks.assist.everyday import everyday
from comity.tasks.automate.reading.reader import read
from comity.tasks.automate.rule import (
    Action,
    Appointment,
    Arrive,
    AtPlace,
    Battery,
    Dark,
    DeviceIs,
    DeviceState,
    Leave,
    MessageFrom,
    Once,
    Recurring,
    ReminderDone,
    Rule,
    Sunrise,
    Sunset,
    TimeBetween,
    Weather,
    Weekday,
    checked,
)  # fmt: skip
from comity.tasks.automate.telling import Teller
from tests.unit.tasks.automate.worlds import STATES, World

PLACES, CONTACTS = ("home", "office", "gym"), ("c1", "c2", "c3")
ROOMS = ("living_room", "bedroom", "kitchen", "study", "hall", "bathroom")
clocks = st.times().map(lambda at: f"{at:%H:%M}")
minutes = st.integers(1, 600).map(lambda n: (f"PT{n // 60}H" if n >= 60 else "PT") + (f"{n % 60}M" if n % 60 else ""))
days = st.sets(st.integers(1, 7), min_size=1, max_size=6).map(lambda found: tuple(sorted(found)))
numbers = st.integers(1, 99)
devices = st.sampled_from(
    [(device, state) for device, states in STATES.items() for state in states if state != "none"]
    + [("light:hall", "on"), ("light:study", "off")]
)
HOSTILE = [
    "when",
    "if",
    "如果",
    "每天",
    "at 8",
    "“",
    "回家",
    "home",
    "提醒我",
    "tell me",
    "；",
    ";",
    ":",
    "：",
    "and",
    " ",
    "x",
    "雨",
    "(",
    "）",
    "sunset",
]
texts = (
    st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=6)
    .map(" ".join)
    .map(lambda said: said.replace("“", "a").strip())
    .filter(bool)
    .map(lambda said: " ".join(said.split()))
)
offsets = st.one_of(st.just(""), minutes, minutes.map(lambda said: "-" + said))
limits = st.one_of(numbers.map(lambda n: {"below": float(n)}), numbers.map(lambda n: {"above": float(n)}))
triggers: st.SearchStrategy[Any] = st.one_of(
    st.builds(Once, date=st.dates(min_value=date(2026, 11, 28), max_value=date(2031, 1, 1)).map(str), at=clocks),
    st.builds(Recurring, at=clocks),
    st.builds(Recurring, at=clocks, weekdays=days),
    st.builds(Recurring, at=clocks, day_of_month=st.one_of(st.integers(1, 31), st.just(-1))),
    st.builds(Recurring, at=clocks, month=st.just(2), day_of_month=st.integers(1, 29)),
    st.builds(lambda n: Recurring(every=f"PT{n}M", from_="09:00", to="17:00"), st.integers(2, 59)),
    st.builds(Arrive, place=st.sampled_from(PLACES)),
    st.builds(Leave, place=st.sampled_from(PLACES)),
    st.builds(Sunset, offset=offsets),
    st.builds(Sunrise, offset=offsets),
    st.builds(Appointment, event=st.sampled_from(["starts", "ends"]), text=st.sampled_from(["Design review", "设计评审", ""])),
    st.builds(Appointment, event=st.just("starts"), before=minutes, text=st.sampled_from(["review", ""])),
    st.builds(Appointment, event=st.just("starts"), with_=st.sampled_from(CONTACTS)),
    st.builds(MessageFrom, contact=st.sampled_from(CONTACTS), text=st.sampled_from(["", "the lift is broken", "when at home", "明天"])),
    st.builds(lambda limit: Battery(**limit), limits),
    st.builds(lambda about, day, at: Weather(about=about, day=day, at=at), st.sampled_from(["rain", "snow"]), st.sampled_from(["today", "tomorrow"]), st.one_of(st.just(""), clocks)),  # noqa: E501
    st.builds(lambda of, limit, day, at: Weather(about="temperature", of=of, day=day, at=at, **limit), st.sampled_from(["high", "low"]), limits, st.sampled_from(["today", "tomorrow"]), st.one_of(st.just(""), clocks)),  # noqa: E501
    st.builds(lambda limit, day: Weather(about="wind", day=day, **limit), limits, st.sampled_from(["today", "tomorrow"])),
    st.builds(lambda one, length: DeviceState(device=one[0], state=one[1], for_=length), devices, st.one_of(st.just(""), minutes)),
    st.just(ReminderDone(reminder="r1")),
)  # fmt: skip
conditions: st.SearchStrategy[Any] = st.one_of(
    st.just(Dark()),
    st.builds(AtPlace, place=st.sampled_from(PLACES), not_=st.booleans()),
    devices.map(lambda one: DeviceIs(device=one[0], state=one[1])),
)
timed: st.SearchStrategy[Any] = st.one_of(
    st.builds(Weekday, weekdays=days), st.tuples(clocks, clocks).filter(lambda two: two[0] != two[1]).map(lambda two: TimeBetween(from_=two[0], to=two[1]))  # noqa: E501
)  # fmt: skip
actions = st.one_of(
    st.builds(lambda text: Action(intent="notify.show", arguments={"text": text}), texts),
    st.builds(lambda room, state, more: Action(intent="lights.set", arguments={"room": room, "state": state, **more}), st.sampled_from(ROOMS), st.sampled_from(["on", "off"]), st.sampled_from([{}, {"brightness": 40}, {"colour": "red"}])),  # noqa: E501
    st.builds(lambda text, who: Action(intent="messages.draft", arguments={"to": [who], "text": text}), texts, st.sampled_from(CONTACTS)),
    st.builds(lambda scene: Action(intent="scene.set", arguments={"scene": scene}), st.sampled_from(["home", "away", "sleep", "film"])),
    st.builds(lambda text: Action(intent="notes.append", arguments={"note": "n1", "text": text}), texts),
    st.just(Action(intent="music.pause")),
)  # fmt: skip


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    when = draw(triggers)
    found: list[Any] = [draw(conditions)] if draw(st.booleans()) else []
    if not isinstance(when, Once | Recurring) and draw(st.booleans()):
        found.append(draw(timed))
    then = [draw(actions)]
    if draw(st.booleans()) and (more := draw(actions)).intent != then[0].intent:
        then.append(more)
    if isinstance(when, DeviceState):
        found = [each for each in found if not isinstance(each, DeviceIs)]
    return checked(Rule(when=when, if_=tuple(found), then=tuple(then)))


@pytest.mark.parametrize("language", ["en", "zh"])
@settings(max_examples=60, deadline=None)
@given(rule=rules())
def test_a_rule_that_is_told_and_read_is_the_same(language: str, rule: Rule) -> None:
    world, intents = World(), everyday()
    told = Teller(intents, world, language).told(rule)
    again = asyncio.run(read(told, world=world, intents=intents, language=language))
    assert again.rule is not None, (told, again.question)
    assert again.rule.when == rule.when, told
    assert set(again.rule.if_) == set(rule.if_), told
    assert again.rule.then == rule.then, told
