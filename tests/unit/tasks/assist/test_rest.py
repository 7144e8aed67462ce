# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""What a request says beside its action and values is asked about, and never passed over: the changes below are all that may come of it."""

from __future__ import annotations

import pytest

from comity.tasks.assist.everyday import everyday
from comity.tasks.assist.reading import rest
from tests.unit.tasks.assist.test_planner import INTENTS, planned

NOTHING = [
    # somebody nobody knows, beside somebody who is known
    "text mum and Dave that I'm late", "email Tom and Olivia and Greg that the meeting is moved", "invite Emma and Bob to the family lunch",
    "put lunch with Emma and Bob in on Tuesday at noon", "schedule a sync with Zhang Min and Steve on Monday at 4 pm",
    "给妈妈和老陈发短信说我晚点到", "给艾玛和小刘发邮件说会议改期了", "存一下老周的电话",
    # somebody else is to be reminded
    "remind Anna not to call", "remind Emma to bring the cake", "提醒张伟周一带合同",
    # denied, bounded, an exception
    "don't cancel the dentist", "remind me not to call Anna", "别取消看牙", "不要提醒我交电费", "cancel all my alarms except the 7 o'clock one",
    "取消所有闹钟，除了七点那个", "turn off all the lights except the bedroom", "turn off every light but the hall", "除了卧室，把灯都关了",
    "周四的羽毛球改到周五，不是周六", "羽毛球改到八点，不要七点", "I paid the rent, but not the electricity bill",
    # one of two
    "schedule a meeting on Monday at 4 or 5 pm", "周一下午四点或者五点跟张敏开会", "remind me tomorrow or Sunday at 9 to call the bank",
    # a question, a guess, a report, what somebody else wants, what was quoted
    "what happens if I delete my alarms?", "would it be rude to cancel the dentist?", "should I cancel badminton?", "要不要取消羽毛球呢",
    "取消看牙会不会不太好", "如果我删掉所有闹钟会怎样", "I already set an alarm for 7", "我已经定了七点的闹钟", "我昨天把羽毛球取消了",
    "Tom said to cancel the family lunch", "he asked me to cancel the design review", "Emma wants me to move the dinner to eight",
    'my wife says "cancel the family lunch"', "老板说要取消设计评审", "我老婆让我把家庭聚餐改到六点", "他说让我明天九点叫他起床",
    # a condition, an end, a repetition that nothing holds
    "wake me at seven unless it's a holiday", "set the heating to 21 until ten", "switch off the living room light after the film",
    "remind me when it starts raining to close the window", "when Emma texts, remind me to reply", "turn the kitchen light on for ten minutes",
    "十分钟后停音乐", "remind me to take my pills twice a day", "每天提醒我吃两次药",
    # more than there is a place for
    "turn off the lights in the kitchen and the garage", "把厨房和车库的灯关了", "play some jazz in the garden", "在阳台放点爵士",
    "pause the music and the washing machine", "change Tom's number to 07700 900178 and his email to t@example.org", "cancel my meetings on Tuesday",
    "取消周一的所有日程", "房租和牛奶都搞定了", "告诉汤姆把跟艾玛的晚饭取消", "写个笔记：取消健身卡",
    # values that cannot be
    "dinner with Tom on the 31st of November at 7", "十一月三十一号晚上七点跟汤姆吃饭", "set brightness to 130 percent in the study",
    "turn off my morning alarm", "每天晚上九点半提醒我吃药，周末不用", "卧室灯调暗到百分之十，暖气关了", "今晚的晚饭往后推半小时", "会议记录里写了什么",
    "text the answer to Tom", "add Emma to the family lunch and text her the details", "move badminton to Friday at 8 pm", "羽毛球改到周五晚上八点",
    "email Emma the report", "forward Marco's mail to Daniel", "save a new contact",
]  # fmt: skip


@pytest.mark.parametrize("said", NOTHING)
async def test_what_is_not_accounted_for_changes_nothing(said: str) -> None:
    plan = await planned(said)
    assert [each.intent for each in plan.calls() if not INTENTS.named(each.intent).reads_only] == []


@pytest.mark.parametrize(
    ("said", "unread"),
    [
        ("text mum and Dave that I'm late", "Dave"),
        ("turn off the lights in the kitchen and the garage", "garage"),
        ("Tom said to cancel the family lunch", "Tom said"),
        ("把厨房和车库的灯关了", "车库"),
    ],
)
async def test_the_question_is_about_just_that(said: str, unread: str) -> None:
    question = (await planned(said)).question
    assert question is not None and question.why == "unread" and f"“{unread}”" in question.text


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("I'm shattered, so cancel badminton please", "calendar.cancel"),
        ("Since the car is broken, push the dentist back an hour", "calendar.move"),
        ("crank the heating up to 22", "thermostat.set"),
        ("remind me to text Emma that dinner is off at 6", "reminders.create"),
        ("客厅太暗了，把灯调到百分之八十", "lights.set"),
        ("嗓子疼，把明天的健身课取消吧", "calendar.cancel"),
        ("提醒我不要忘了带护照", "reminders.create"),
        ("tell Tom to cancel dinner with Emma", "messages.draft"),
    ],
)
async def test_a_reason_and_politeness_are_no_more_requests(said: str, intent: str) -> None:
    plan = await planned(said)
    assert plan.question is None, plan.question
    assert [each.intent for each in plan.calls()] == [intent]


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("dim the study and the bedroom to 20 percent", [{"room": "study", "brightness": 20}, {"room": "bedroom", "brightness": 20}]),
        ("cancel badminton and the dentist", [{"event": "e09"}, {"event": "e08"}]),
        ("五点和七点提醒我吃药", [{"text": "吃药", "at": f"2026-11-27T{hour}:00+08:00"} for hour in (17, 19)]),
    ],
)
async def test_several_things_are_one_step_each(said: str, values: list[dict[str, object]]) -> None:
    assert [each.values() for each in (await planned(said)).calls()] == values


TURNS: list[tuple[list[str], list[dict[str, object]]]] = [
    (["cancel badminton", "no, I meant the gym"], [{"event": "e03"}]),
    (["取消羽毛球", "不对，是健身课"], [{"event": "e03"}]),
    (["move the design review to Wednesday", "same time"], [{"event": "e07", "start": "2026-12-02T14:00+08:00"}]),
    (["remind me at 5 to call the bank", "and tomorrow too"], [{"text": "call the bank", "at": f"2026-11-{day}T17:00+08:00"} for day in (27, 28)]),
    (["Is Tuesday afternoon free?", "put a haircut in at 3 then"],
     [{"start": "2026-12-01T12:00+08:00", "duration": "PT4H"}, {"title": "haircut", "start": "2026-12-01T15:00+08:00"}]),
    (["set an alarm for 7", "weekdays only"], [{"at": "2026-11-30T07:00+08:00", "repeat": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"}]),
    (["明早六点叫我起床，七点提醒我倒垃圾"],
     [{"at": "2026-11-28T06:00+08:00", "label": "起床"}, {"text": "倒垃圾", "at": "2026-11-28T07:00+08:00"}]),
    (["remind me to call dad tomorrow at 10", "and mum at 11"], []),
]  # fmt: skip


@pytest.mark.parametrize(("turns", "values"), TURNS, ids=[each[0][-1] for each in TURNS])
async def test_a_change_is_read_by_the_same_measure(turns: list[str], values: list[dict[str, object]]) -> None:
    assert [each.values() for each in (await planned(*turns)).calls()] == values


async def test_of_a_condition_nothing_is_passed_over() -> None:
    assert (await planned("if it rains on Sunday and Dave is around, cancel the family lunch")).steps == ()


async def test_what_was_not_read_stays_unread_after_a_correction() -> None:
    plan = await planned("text mum and Dave that I'm late", "make it an email")
    assert plan.steps == ()


def test_a_pattern_spells_words_out() -> None:
    assert rest.literals(r"\b(?:organi[sz]e|e-?mail)\b(?!.*\balarm\b).*\bmeetings?\b") >= {"organise", "organize", "email", "meeting"}
    assert "alarm" not in rest.literals(r"(?!.*\balarm\b)cancel")
    assert rest.literals("(?:取消|[删去]掉)(?<!别)了?") >= {"取消", "删", "去"}


def test_what_a_strange_tool_says_of_itself_accounts_for_nothing() -> None:
    (tool, *_) = everyday()
    strange = type(tool)(name="x.y", says="cancel everything on Monday", origin="elsewhere")
    assert "everything" not in rest.vocabulary(strange, "en")
