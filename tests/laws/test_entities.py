# SPDX-License-Identifier: Apache-2.0
"""Whatever a text holds: nothing raises, spans lie within it and say by themselves what they said there, numbers and dates come back."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.tasks.entities import entities, lunar
from comity.tasks.entities.calendar import Frame, Length, exists, moment, moved, moved_moment
from comity.tasks.entities.chinese.numbers import spoken as chinese
from comity.tasks.entities.english.numbers import spoken as english
from comity.tasks.entities.lexer import listed
from comity.tasks.entities.values import Date, DateTime, Number

ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe", "America/St_Johns")
MOMENTS = st.builds(
    lambda moment_, zone: moment_.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)),
    st.datetimes(min_value=datetime(1901, 1, 1), max_value=datetime(2099, 1, 1)),  # noqa: DTZ001 - Hypothesis wants them so
    st.sampled_from(ZONES),
)
ENGLISH = listed(
    "a an the this next last past of in on at by for from to until between and or every other ago before after since later "
    "early late mid end one two three seven ten twenty thirty hundred thousand million half quarter dozen second third fifth "
    "1st 22nd monday fri may march december dec day days week weeks month year decade century weekend morning evening night "
    "noon midnight tonight today tomorrow yesterday now am pm o'clock 1 2 3 5 7 10 12 24 30 59 60 99 1999 2026 2100 9999 "
    "10:30 24:00 25:61 3/4 2/29 31/31 2026-02-30 29.02.2027 1/1/2026 0730 $ £ % 5k km kg degrees celsius dollars cents pounds "
    ", . - / ( ) minus over point christmas easter thanksgiving minutes hours seconds daily weekly couple few q1 's rest "
    "first twice times than more less > = < starting w/c 1.5 1e9 99999999999999999999"
)
CHINESE = listed(
    "一 二 三 十 百 千 万 亿 零 两 半 廿 第 点 分 刻 秒 年 月 日 号 天 周 星期 个 小时 分钟 今天 明天 昨天 后天 大后天 上 下 "
    "下下 这 本 每 每隔 前 后 之前 以后 内 从 到 至 和 之间 早上 下午 晚上 半夜 凌晨 周一 星期天 周末 农历 正月 腊月 闰 初 "
    "除夕 清明 冬至 中秋节 国庆节 元 块 毛 美元 人民币 ￥ % 百分之 分之 又 负 零下 度 公里 斤 米 公斤 1 2 7 12 30 31 99 2026 "
    "3000 10:30 2026-02-30 的 最后一个 月底 年初 上半年 季度 未来 过去 多 几 来 ， 、 。 — 世纪 年代 初一 三十 八月十五 点半 "
    "差 整 99999999999999999999 25:61 2/30 １２ ：３０"
)
ANY = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("0123456789一二十百万亿点半年月日周:/-.,¥$%\u202e\u200b\ud800\u0130İßﬁ①⑩½٣"))
)


def sentence(words: list[str], glue: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(words), max_size=14).map(glue.join)


BESIDE = re.compile(r"/|\b(?:may|march)\b")  # whether `3/4` is a day or a part, and `may` a month, what stands beside it says

TEXTS = st.one_of(
    st.tuples(st.just("en"), sentence(ENGLISH, " ")),
    st.tuples(st.just("zh"), sentence(CHINESE, "")),
    st.tuples(st.sampled_from(("en", "zh")), ANY),
    st.tuples(st.just("en"), sentence(ENGLISH, "")),
)


@given(TEXTS, MOMENTS, st.sampled_from(("", "US", "CN", "GB")))
def test_nothing_raises_and_spans_are_places_in_the_text(said: tuple[str, str], at: datetime, region: str) -> None:
    language, text = said
    behind = 0
    for entity in entities(text, language=language, at=at, region=region):
        assert behind <= entity.start < entity.end <= len(text)
        behind = entity.end
        assert entity.readings and len({one.kind for one in entity.readings}) == 1


@given(
    st.one_of(st.tuples(st.just("en"), sentence(ENGLISH, " ")), st.tuples(st.just("zh"), sentence(CHINESE, ""))),
    MOMENTS,
)
def test_what_was_read_reads_the_same_alone(said: tuple[str, str], at: datetime) -> None:
    """Words around may add to what is said, as `the` does to `the 28th`; they never say the span's own words otherwise."""
    language, text = said
    for entity in entities(text, language=language, at=at, kinds={"date", "datetime", "daterange", "datetimerange", "money", "percent"}):
        alone = entities(text[entity.start : entity.end], language=language, at=at)
        if BESIDE.search(text[entity.start : entity.end]):
            continue
        assert alone and entity.value in {one.value for one in alone}, (text, text[entity.start : entity.end], entity, alone)


@given(st.integers(0, 10**12 - 1))
def test_english_numbers_come_back(value: int) -> None:
    (found,) = entities(english(value), language="en", at=datetime(2026, 1, 1, tzinfo=UTC), kinds={"number"})
    assert found.value == Number(amount=Decimal(value)) and (found.start, found.end) == (0, len(english(value)))


@given(st.integers(0, 10**12 - 1))
def test_chinese_numbers_come_back(value: int) -> None:
    text = f"是{chinese(value)}"
    (found,) = entities(text, language="zh", at=datetime(2026, 1, 1, tzinfo=UTC), kinds={"number"})
    assert found.value == Number(amount=Decimal(value)) and (found.start, found.end) == (1, len(text))


MONTHS = listed("January February March April May June July August September October November December")


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), MOMENTS)
def test_dates_come_back_in_every_form(day: date, at: datetime) -> None:
    english_forms = (
        f"{day:%Y-%m-%d}",
        f"{MONTHS[day.month - 1]} {day.day}, {day.year}",
        f"the {day.day} of {MONTHS[day.month - 1]} {day.year}",
    )
    chinese_forms = (
        f"{day:%Y-%m-%d}",
        f"{day.year}年{day.month}月{day.day}日",
        "".join("零一二三四五六七八九"[int(digit)] for digit in str(day.year)) + f"年{chinese(day.month)}月{chinese(day.day)}号",
    )
    for language, forms in (("en", english_forms), ("zh", chinese_forms)):
        for form in forms:
            (found,) = entities(form, language=language, at=at)
            assert found.readings == (Date(day=day),) and found.certain, form


@given(st.dates(date(1900, 1, 31), date(2100, 12, 31)))
def test_a_day_of_the_chinese_calendar_is_one_day_of_ours(day: date) -> None:
    found = lunar.from_gregorian(day)
    assert found is not None
    year, month, place, leap = found
    assert lunar.to_gregorian(year, month, place, leap) == day
    assert 1 <= place <= 30 and 1 <= month <= 12


@given(st.integers(1900, 2100), st.sampled_from(lunar.TERMS))
def test_terms_come_in_order_half_a_month_apart(year: int, name: str) -> None:
    place = lunar.TERMS.index(name)
    day = lunar.term(year, name)
    assert day is not None and day.month == place // 2 + 1
    if place + 1 < len(lunar.TERMS):
        following = lunar.term(year, lunar.TERMS[place + 1])
        assert following is not None and 13 <= (following - day).days <= 17


@given(MOMENTS, st.integers(0, 86399), st.integers(-400, 400))
def test_a_clock_of_a_day_is_on_it_or_behind_a_gap(at: datetime, seconds: int, ahead: int) -> None:
    frame = Frame(at, "", "en")
    day = at.date() + timedelta(ahead)
    found = moment(day, seconds, frame)
    assert found is not None and found.tzinfo is at.tzinfo and exists(found)
    wall = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=seconds)
    assert timedelta(0) <= found.replace(tzinfo=UTC) - wall <= timedelta(hours=1)


@given(MOMENTS, st.integers(-100_000, 100_000))
def test_so_many_seconds_from_now_have_passed(at: datetime, seconds: int) -> None:
    found = moved_moment(at, Length(seconds=seconds))  # type: ignore[arg-type]
    assert found is not None and (found.astimezone(UTC) - at.astimezone(UTC)).total_seconds() == seconds


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(-2000, 2000))
def test_months_keep_their_day_or_end(day: date, months: int) -> None:
    found = moved(day, Length(months=months))  # type: ignore[arg-type]
    assert found is not None
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == day.day or (found + timedelta(1)).day == 1


@pytest.mark.parametrize(
    ("text", "zone", "at", "want", "certain"),
    [
        ("at 2:30 am on March 8", "America/New_York", "2026-03-01T12:00", "2026-03-08T03:30-04:00", False),  # no such clock that night
        ("at 1:30 am on November 1", "America/New_York", "2026-10-01T12:00", "2026-11-01T01:30-04:00", False),  # twice: the first
        ("in 2 hours", "America/New_York", "2026-03-08T01:00", "2026-03-08T04:00-04:00", True),
        ("tomorrow at 9am", "Europe/London", "2026-10-24T09:00", "2026-10-25T09:00+00:00", True),
        ("in 24 hours", "Europe/London", "2026-10-24T09:00", "2026-10-25T08:00+00:00", True),
    ],
)
def test_at_a_change_of_offset(text: str, zone: str, at: str, want: str, certain: bool) -> None:
    (found,) = entities(text, language="en", at=datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone)), region="US")
    assert isinstance(found.value, DateTime)
    assert found.value.moment.isoformat(timespec="minutes") == want
    assert found.certain is certain


@pytest.mark.parametrize(
    "piece",
    [
        "一",
        "点一",
        "万",
        "一万",
        "1年",
        "三分之",
        "一天零",
        "1",
        "1 ",
        "point one ",
        "million ",
        "9^99 ",
        "1.",
        "an hour and ",
        "-",
        "((",
        "½",
        "3/4 ",
    ],
)
def test_a_long_row_of_one_thing_is_read_or_left(piece: str) -> None:
    text = piece * 3000
    for language in ("en", "zh"):
        for entity in entities(f"one {text}", language=language, at=datetime(2026, 1, 1, tzinfo=UTC)):
            assert 0 <= entity.start < entity.end <= len(text) + 4
