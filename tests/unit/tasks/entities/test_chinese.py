# SPDX-License-Identifier: Apache-2.0
"""Chinese phrases, each with all its readings: on Friday 2026-11-27 at 09:00 in Shanghai."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from comity.tasks.entities import entities
from comity.tasks.entities.values import KINDS
from tests.eval.score import canonical

AT = datetime(2026, 11, 27, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("下下周三", ["date 2026-12-09"]),
        ("大后天", ["date 2026-11-30"]),
        ("上上周五", ["date 2026-11-13"]),
        ("周五", ["date 2026-11-27", "date 2026-11-20"]),
        ("星期天上午十点", ["datetime 2026-11-29T10:00:00", "datetime 2026-11-22T10:00:00"]),
        ("早上六点一刻", ["time 06:15:00"]),
        ("三点半", ["time 15:30:00", "time 03:30:00"]),
        ("半夜两点", ["time 02:00:00"]),
        ("今晚12点", ["datetime 2026-11-28T00:00:00"]),
        ("明晚两点", ["datetime 2026-11-29T02:00:00"]),
        ("差五分八点", ["time 19:55:00", "time 07:55:00"]),
        ("二十分钟后", ["datetime 2026-11-27T09:20:00"]),
        ("一年半以后", ["date 2028-05-27"]),
        ("三年半", ["duration 42 0 0"]),
        ("农历八月十五", ["date 2027-09-15", "date 2026-09-25"]),
        ("正月初一", ["date 2027-02-06", "date 2026-02-17"]),
        ("闰六月初一", ["date 2036-07-23", "date 2025-07-25"]),
        ("八月十五", ["date 2027-08-15", "date 2027-09-15"]),
        ("2026年除夕", ["date 2026-02-16"]),
        ("明年清明", ["date 2027-04-05"]),
        ("十月初一早上九点二十", ["datetime 2027-10-29T09:20:00", "datetime 2026-11-09T09:20:00"]),
        ("四月的最后一个星期一", ["date 2027-04-26", "date 2026-04-27"]),
        ("第三季度", ["daterange 2027-07-01/2027-10-01", "daterange 2026-07-01/2026-10-01"]),
        ("2010年1月10日或之前", ["daterange /2010-01-10"]),
        ("明天下午3点到5点", ["datetimerange 2026-11-28T15:00:00/2026-11-28T17:00:00"]),
        ("週三下午兩點", ["datetime 2026-12-02T14:00:00", "datetime 2026-11-25T14:00:00"]),
        ("１２月２５日", ["date 2026-12-25", "date 2025-12-25"]),
        ("两千四百五", ["number 2450"]),
        ("三万五", ["number 35000"]),
        ("五億零六", ["number 500000006"]),
        ("五百分之一", ["number 0.002"]),
        ("百分之九十九点五", ["percent 99.5"]),
        ("一百零五块五毛", ["money 105.5 CNY"]),
        ("人民币十二万三千元", ["money 123000 CNY"]),
        ("零下五摄氏度", ["measure -5 Cel"]),
        ("第二十一", ["ordinal 21"]),
        ("五一假期", ["date 2027-05-01", "date 2026-05-01"]),
        ("十一黄金周", ["date 2027-10-01", "date 2026-10-01"]),
        ("次日早上八点", ["datetime 2026-11-28T08:00:00"]),
        ("今晚凌晨一点", ["datetime 2026-11-28T01:00:00"]),
        ("昨晚凌晨两点", ["datetime 2026-11-27T02:00:00"]),
        ("八点过五分", ["time 20:05:00", "time 08:05:00"]),
        ("从今天到下周五", ["daterange 2026-11-27/2026-12-04"]),
        ("从现在到明天", ["daterange 2026-11-27/2026-11-28"]),
        ("今年三季度", ["daterange 2026-07-01/2026-10-01"]),
        ("2018年底", ["daterange 2018-09-01/2019-01-01"]),
        ("上世纪90年代", ["daterange 1990-01-01/2000-01-01"]),
        ("下午2到3点", ["timerange 14:00:00/15:00:00"]),
        ("3到5号", ["daterange 2026-12-03/2026-12-05", "daterange 2026-11-03/2026-11-05"]),
        ("从上午9点开始到下午5点", ["timerange 09:00:00/17:00:00"]),
        ("自从1950年以来", ["daterange 1950-01-01/"]),
        ("下周初", ["daterange 2026-11-30/2026-12-02"]),
        ("一个半月", ["duration 1.5 0 0"]),
        ("打七折", ["percent 70"]),
        ("八五折", ["percent 85"]),
        ("对折", ["percent 50"]),
    ],
)  # fmt: skip
def test_a_phrase_has_its_readings(text: str, want: list[str]) -> None:
    (found,) = entities(text, language="zh", at=AT, region="CN")
    assert [canonical(reading) for reading in found.readings] == want
    assert (found.start, found.end) == (0, len(text))


@pytest.mark.parametrize(
    "text",
    [
        "几百人", "十几个", "我有一点累", "他是个十分聪明的人", "千万别忘了", "一切都好", "四川人", "我一看你就笑", "上班了", "下次再说",
        "打电话给他", "2月30日", "大雪纷飞", "星期几", "几点了", "我的队伍", "这个人很放肆",
    ],
)  # fmt: skip
def test_what_is_not_covered_gives_nothing(text: str) -> None:
    assert entities(text, language="zh", at=AT, region="CN") == ()


@pytest.mark.parametrize("text", ["两三天", "三四个小时", "十二三块", "七八十公里", "几百块", "隔天", "周五晚上到周日下午", "10到20块"])
def test_what_nothing_holds_whole_is_told_to_whoever_asks(text: str) -> None:
    assert entities(text, language="zh", at=AT, region="CN") == ()
    (found,) = entities(text, language="zh", at=AT, region="CN", kinds=KINDS | {"unsure"})
    assert (found.kind, found.certain, found.start, found.end) == ("unsure", False, 0, len(text))


def test_two_measures_side_by_side_are_two() -> None:
    found = entities("一公斤十二元", language="zh", at=AT, region="CN")
    assert [canonical(one.value) for one in found] == ["measure 1 kg", "money 12 CNY"]


@pytest.mark.parametrize(
    ("text", "rule", "first"),
    [
        ("每隔一周的周二", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "2026-12-01"),
        ("每周一三五早上七点", "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYHOUR=7;BYMINUTE=0", "2026-11-30 07:00:00+08:00"),
        ("每天晚上十点", "FREQ=DAILY;BYHOUR=22;BYMINUTE=0", "2026-11-27 22:00:00+08:00"),
        ("每天早上八点", "FREQ=DAILY;BYHOUR=8;BYMINUTE=0", "2026-11-28 08:00:00+08:00"),
        ("每月最后一天", "FREQ=MONTHLY;BYMONTHDAY=-1", "2026-11-30"),
        ("每月31号", "FREQ=MONTHLY;BYMONTHDAY=31", "2026-12-31"),
        ("每个月最后一个星期五", "FREQ=MONTHLY;BYDAY=-1FR", "2026-11-27"),
        ("每年农历八月十五", "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=15", "2027-09-15"),
        ("每隔两小时", "FREQ=HOURLY;INTERVAL=2", "2026-11-27 11:00:00+08:00"),
        ("每隔三天", "FREQ=DAILY;INTERVAL=4", "2026-11-27"),
    ],
)  # fmt: skip
def test_what_repeats_is_a_rule_and_its_first_time(text: str, rule: str, first: str) -> None:
    (found,) = entities(text, language="zh", at=AT)
    assert (found.value.rule, str(found.value.first)) == (rule, first)  # type: ignore[union-attr]


def test_places_are_those_of_the_text_as_it_came() -> None:
    text = "😀請在１２月２５日下午３點半叫我，給１３８００１３８０００打電話"
    found = entities(text, language="zh", at=AT, region="CN")
    assert [text[one.start : one.end] for one in found] == ["１２月２５日下午３點半", "１３８００１３８０００"]
    assert found[1].value.e164 == "+8613800138000"  # type: ignore[union-attr]
