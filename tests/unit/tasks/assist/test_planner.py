# SPDX-License-Identifier: Apache-2.0
"""What becomes of what people say: on Friday 2026-11-27 at 09:00 in Shanghai, by the words alone, in the world of the evaluation sets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.tasks.assist.choosing import NONE, Chosen, Likeliest
from comity.tasks.assist.everyday import everyday
from comity.tasks.assist.plan import Plan, When
from comity.tasks.assist.planner import Planner
from tests.eval.assist import SetWorld

INTENTS, WORLD = everyday(), SetWorld()


async def planned(*turns: str, chooser: Any = None) -> Plan:
    return await Planner(INTENTS, WORLD, chooser or Likeliest(), region="CN").plan(turns)


SINGLE = [
    ("wake us up at ten past seven on Sunday", "alarm.set", {"at": "2026-11-29T07:10+08:00"}),
    ("cancel my 6:45 alarm", "alarm.cancel", {"time": "06:45"}),
    ("schedule a call with Daniel on Thursday from 3 to 3:45", "calendar.create",
     {"title": "call", "with": ["c10"], "start": "2026-12-03T15:00+08:00", "duration": "PT45M"}),
    ("dinner with mum and dad on Saturday at 7", "calendar.create",
     {"title": "dinner", "with": ["c01", "c02"], "start": "2026-11-28T19:00+08:00"}),
    ("push the budget meeting back by two hours", "calendar.move", {"event": "e11", "start": "2026-12-08T12:00+08:00"}),
    ("call off badminton on Thursday", "calendar.cancel", {"event": "e09"}),
    ("invite Tom and Emma to the family lunch", "calendar.invite", {"event": "e04", "who": ["c09", "c08"]}),
    ("remind me every Sunday evening at 8 to put the bins out", "reminders.create",
     {"text": "put the bins out", "at": "2026-11-29T20:00+08:00", "repeat": "FREQ=WEEKLY;BYDAY=SU"}),
    ("next time I'm at the gym remind me to renew the membership", "reminders.create", {"text": "renew the membership", "place": "gym"}),
    ("dim the living room to 40 percent", "lights.set", {"room": "living_room", "brightness": 40}),
    ("how many miles is 10 km", "convert.units", {"value": 10, "from": "km", "to": "mile"}),
    ("translate 'where is the station' into Italian", "translate.text", {"text": "where is the station", "to": "it"}),
    ("每月15号上午九点提醒我交水费", "reminders.create",
     {"text": "交水费", "at": "2026-12-15T09:00+08:00", "repeat": "FREQ=MONTHLY;BYMONTHDAY=15"}),
    ("把六点四十五的闹钟取消", "alarm.cancel", {"time": "06:45"}),
    ("12月9号上午十点跟客户开会，一个半小时", "calendar.create",
     {"title": "跟客户开会", "with": ["c10"], "start": "2026-12-09T10:00+08:00", "duration": "PT1H30M"}),
    ("小雪的邮箱改成 xue@new.example", "contacts.update", {"contact": "c03", "field": "email", "value": "xue@new.example"}),
    ("给老婆发条短信说我晚点到家", "messages.draft", {"to": ["c14"], "text": "我晚点到家"}),
    ("从公司走路到图书馆怎么走", "navigation.route", {"to": "library", "from": "office", "by": "walk"}),
]  # fmt: skip


@pytest.mark.parametrize(("said", "intent", "values"), SINGLE, ids=[each[0] for each in SINGLE])
async def test_one_step(said: str, intent: str, values: dict[str, Any]) -> None:
    plan = await planned(said)
    assert plan.question is None
    assert [(each.intent, each.values()) for each in plan.calls()] == [(intent, values)]


TURNS: list[tuple[list[str], list[tuple[str, dict[str, Any]]]]] = [
    (["倒计时十分钟", "改成十五分钟"], [("timer.set", {"duration": "PT15M"})]),
    (["Put drinks with Tom in on Saturday at 8 pm", "make that 9", "and invite Emma too"],
     [("calendar.create", {"title": "drinks", "with": ["c09", "c08"], "start": "2026-11-28T21:00+08:00"})]),
    (["Is it going to snow on Sunday?", "what about Monday?"],
     [("weather.ask", {"day": "2026-11-29", "about": "snow"}), ("weather.ask", {"day": "2026-11-30", "about": "snow"})]),
    (["Cancel the dentist and draft an email to Dr Smith saying I'll ring next week", "actually make it a text"],
     [("calendar.cancel", {"event": "e08"}), ("messages.draft", {"to": ["c11"], "text": "I'll ring next week"})]),
    (["看牙改到周四同一时间，再提前一小时提醒我带医保卡"],
     [("calendar.move", {"event": "e08", "start": "2026-12-03T08:30+08:00"}),
      ("reminders.create", {"text": "带医保卡", "at": "2026-12-03T07:30+08:00"})]),
    (["书房灯调到百分之五十", "门厅的也一样"],
     [("lights.set", {"room": "study", "brightness": 50}), ("lights.set", {"room": "hall", "brightness": 50})]),
    (["Invite Marco to the budget meeting and push it back by half an hour"],
     [("calendar.invite", {"event": "e11", "who": ["c13"]}), ("calendar.move", {"event": "e11", "start": "2026-12-08T10:30+08:00"})]),
]  # fmt: skip


@pytest.mark.parametrize(("turns", "calls"), TURNS, ids=[each[0][0] for each in TURNS])
async def test_later_turns_change_what_is_planned(turns: list[str], calls: list[tuple[str, dict[str, Any]]]) -> None:
    plan = await planned(*turns)
    assert [(each.intent, each.values()) for each in plan.calls()] == calls


@pytest.mark.parametrize(
    ("said", "holds", "then", "otherwise"),
    [
        ("If it rains on Sunday, cancel the family lunch, otherwise remind me at 9 am to bake a cake", True,
         {"event": "e04"}, {"text": "bake a cake", "at": "2026-11-29T09:00+08:00"}),
        ("周日要是下雨就取消家庭聚餐，不下雨就上午九点提醒我烤蛋糕", True, {"event": "e04"}, {"text": "烤蛋糕", "at": "2026-11-29T09:00+08:00"}),  # noqa: E501
        ("Unless it rains on Saturday, remind me at 9 am to wash the car", False, {"text": "wash the car", "at": "2026-11-28T09:00+08:00"}, None),  # noqa: E501
        ("明天要是低于五度，就把暖气调到二十二度", {"below": 5.0}, {"temperature": 22}, None),
    ],
)  # fmt: skip
async def test_a_condition_has_branches(said: str, holds: Any, then: dict[str, Any], otherwise: dict[str, Any] | None) -> None:
    (when,) = (await planned(said)).steps
    assert isinstance(when, When)
    assert when.holds == holds
    assert [each.values() for each in when.then] == [then]
    assert [each.values() for each in when.otherwise] == ([otherwise] if otherwise else [])


@pytest.mark.parametrize(
    ("said", "about", "why"),
    [
        ("Schedule dinner with Smith on Friday at 7", "with", "ambiguous"),
        ("周五七点跟张吃饭", "with", "ambiguous"),
        ("把周一的会取消", "event", "ambiguous"),
        ("昨天下午五点提醒我打电话", "at", "over"),
        ("Lunch with Emma on Thursday the 2nd of December at noon", "start", "contradiction"),
        ("set an alarm", "at", "missing"),
    ],
)  # fmt: skip
async def test_what_is_unclear_is_asked_about_and_nothing_is_planned(said: str, about: str, why: str) -> None:
    plan = await planned(said)
    assert plan.question is not None and (plan.question.about, plan.question.why) == (about, why)
    assert plan.steps == ()


@pytest.mark.parametrize(
    "said", ["order me a pizza", "帮我订去巴黎的机票", "tell me a joke", "Buy two tickets and put them in my calendar"]
)
async def test_what_no_intent_does_ends_the_plan(said: str) -> None:
    plan = await planned(said)
    assert plan.abstained == "no_intent" and plan.steps == ()


class Stubborn:
    """A model that always says the same."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def choose(self, words: str, among: Any, language: str) -> Chosen:
        return Chosen(self.name if self.name == NONE else among[-1].intent.name, "stubborn")


async def test_a_model_that_says_none_where_the_words_are_weak_ends_it() -> None:
    assert (await planned("some jazz please", chooser=Stubborn(NONE))).abstained == "no_intent"


@pytest.mark.parametrize(("said", "intent", "values"), SINGLE[:6], ids=[each[0] for each in SINGLE[:6]])
async def test_a_model_that_picks_badly_plans_nothing_else_where_the_words_are_plain(
    said: str, intent: str, values: dict[str, Any]
) -> None:
    plan = await planned(said, chooser=Stubborn("last"))
    assert {each.intent for each in plan.calls() if not INTENTS.named(each.intent).reads_only} <= {intent}


PIECES = ["remind me to ", "at 5", "cancel ", "the dentist", "if ", "it rains", ", ", "。", "提醒我", "明天", "要是", "就", "“", "\"", "\x00", "Smith",  # noqa: E501
          "draft an email to ", "Emma", " saying ", "and ", "算了", "make it ", "9", "ｃａｎｃｅｌ", "\u202e", "𝟗", "half ", "再", "也", "\n"]  # fmt: skip  # noqa: E501


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join), min_size=1, max_size=3))
async def test_every_call_stands_on_the_users_own_words(turns: list[str]) -> None:
    plan = await planned(*turns)
    for call in plan.calls():
        assert plan.turns[call.said.turn][call.said.start : call.said.end] == call.said.text != ""
        for argument in call.arguments.values():
            for span in argument.said:
                assert plan.turns[span.turn][span.start : span.end] == span.text
    assert not (plan.question and plan.steps)
