# SPDX-License-Identifier: Apache-2.0
"""What is said otherwise is read the same; what nothing accounts for is asked about, and never switched on."""

from __future__ import annotations

import asyncio

import pytest

from comity.tasks.assist.everyday import everyday
from comity.tasks.automate.reading.reader import Reading, read
from comity.tasks.automate.reading.rewording import reworded
from tests.unit.tasks.automate.worlds import World


def reading(text: str) -> Reading:
    return asyncio.run(read(text, world=World(), intents=everyday()))


@pytest.mark.parametrize(
    "text",
    [
        "At sunset turn on the hall light unless it's raining",
        "At sunset turn on the hall light until 23:00",
        "When the front door opens, don't turn on the hall light",
        "When the front door opens twice turn on the hall light",
        "When mum doesn't text me, play jazz",
        "When anyone but mum texts me, play jazz",
        "When I get home while I'm at the gym, play jazz",
        "When I leave home and I'm at the office, play jazz",
        "When I get home, turn on the hall light, but not if the TV is on",
        "When I get home turn the hall light on for ten minutes",
        "On weekdays, every Saturday at eight in the morning, play jazz",
        "When I get home, remind me to call unless Zhang Wei has",
        "When I get home and the TV is on or the hall light is on, pause the music",
        "When mum texts me about lunch or dinner, tell me",
        "In the evening when I get home, play jazz",
        "If the temperature falls under five degrees tomorrow, tell me",
        "到家或者离开公司时放音乐",
        "早上一出门就提醒我带钥匙",
        "妈妈没给我发消息就提醒我打电话",
        "我在公司的时候一到家就打开门厅灯",
        "日落时打开门厅灯，直到晚上十一点",
        "我到家时不要打开门厅灯",
        "回家后把门厅灯打开十分钟",
        "除非我在家才打开门厅灯，天黑了",
    ],
)
def test_what_nothing_accounts_for_is_asked_about(text: str) -> None:
    got = reading(text)
    assert got.rule is None, got.rule
    assert got.question is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Front door open? Turn on the hall light", "When the front door is open, turn on the hall light"),
        ("Soon as I get home, hall light on", "As soon as I get home, turn on the hall light"),
        ("Turn on the hall light at sunset unless the TV is on", "At sunset, if the TV is off, turn on the hall light"),
        ("Every day at half six in the morning play jazz", "Every day at 06:30 play jazz"),
        ("Every day at ten to seven in the morning play jazz", "Every day at 06:50 play jazz"),
        ("Every day at 7 pm play jazz but not on Sundays", "Every day except Sunday at 19:00 play jazz"),
        ("Every day at 07:00 if it's not a weekend play jazz", "Every weekday at 07:00 play jazz"),
        ("If the TV isn't on at 20:00 every day turn on the hall light", "If the TV is off at 20:00 every day turn on the hall light"),
        ("At 07:00 from Monday to Friday, play jazz", "Every weekday at 07:00 play jazz"),
        ("我到家的时候电视要是开着，打开门厅灯", "我到家时，如果电视开着，打开门厅灯"),
        ("电量低于两成时提醒我充电", "电量低于20%时提醒我充电"),
        ("每天早上七点，如果不是周末，播放爵士乐", "工作日早上七点，播放爵士乐"),
        ("每天晚上七点，除了周日，播放爵士乐", "除了周日以外每天晚上七点，播放爵士乐"),
        ("卧室窗户开着超过二十分钟，就通知我关窗", "卧室窗户开着满二十分钟，就通知我关窗"),
    ],
)
def test_one_is_the_other_said_otherwise(one: str, other: str) -> None:
    first, second = reading(one), reading(other)
    assert first.rule is not None, first.question
    assert first.rule == second.rule


def test_each_room_that_is_named_is_seen_to() -> None:
    for text in ("When it gets dark turn on the hall and kitchen lights", "天黑了打开门厅和厨房的灯"):
        rule = reading(text).rule
        assert rule is not None
        assert {each.arguments["room"] for each in rule.then} == {"hall", "kitchen"}


def test_quotations_are_left_alone() -> None:
    for text, language in (("tell me “half six? soon as”", "en"), ("通知我“马上，每过五分钟”", "zh")):
        assert reworded(text, language) == text
