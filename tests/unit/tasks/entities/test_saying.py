# SPDX-License-Identifier: Apache-2.0
"""Values in plain words, which say the same again when they are read."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.tasks.entities import Value, entities, said
from comity.tasks.entities.values import Date, DateRange, DateTime, DateTimeRange, Duration, Money, Number, Person, Phone, Recurrence, Time
from tests.eval.said import WHERE, sentences

AT = datetime(2026, 11, 27, 9, tzinfo=UTC)


def again(value: Value, language: str) -> Value:
    words = said(value, language)
    (found,) = entities(words, language=language, at=AT, region="CN")
    assert (found.start, found.end) == (0, len(words))
    return found.value


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (Date(day=date(2026, 12, 1)), "Tuesday, 1 December 2026", "2026年12月1日星期二"),
        (
            DateTime(moment=datetime(2026, 12, 1, 6, 15, tzinfo=UTC)),
            "Tuesday, 1 December 2026 at 6:15 am",
            "2026年12月1日星期二上午6点15分",
        ),
        (Time(clock=time(12)), "noon", "中午12点"),
        (
            DateTimeRange(start=datetime(2026, 12, 1, 14, tzinfo=UTC), end=datetime(2026, 12, 1, 15, 30, tzinfo=UTC)),
            "Tuesday, 1 December 2026 from 2 pm to 3:30 pm",
            "2026年12月1日星期二下午2点到下午3点30分",
        ),
        (DateRange(first=date(2027, 2, 1), last=date(2027, 2, 28)), "February 2027", "2027年2月"),
        (Duration(seconds=Decimal(5400)), "1 hour 30 minutes", "1小时30分钟"),
        (Duration(days=Decimal(14)), "2 weeks", "2周"),
        (Money(amount=Decimal(350), currency="CNY"), "350 yuan", "350元"),
        (Money(amount=Decimal("1250.50"), currency="USD"), "1,250.5 US dollars", "1250.5美元"),
        (Number(amount=Decimal(2), over=3), "2/3", "2/3"),
        (Phone(digits="13800138000", e164="+8613800138000"), "+8613800138000", "+8613800138000"),
        (Person(id="1", name="王芳"), "王芳", "王芳"),
        (Recurrence(rule="FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", first=date(2026, 12, 1)), "every second Tuesday", "每2周的周二"),
        (Recurrence(rule="FREQ=MONTHLY;BYDAY=-1FR", first=date(2026, 12, 1)), "the last Friday of every month", "每月的最后一个星期五"),
        (
            Recurrence(rule="RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=15", first=date(2027, 9, 15)),
            "every year on the 15th of the 8th Chinese month",
            "每年农历8月15日",
        ),
        (
            Recurrence(rule="FREQ=DAILY;BYHOUR=9;BYMINUTE=0", first=AT, lasting=Duration(seconds=Decimal(3600))),
            "every day at 9 am for 1 hour",
            "每天上午9点，持续1小时",
        ),
    ],
)
def test_a_value_in_both_languages(value: Value, english: str, chinese: str) -> None:
    assert (said(value, "en"), said(value, "zh-CN")) == (english, chinese)


def test_another_language_is_refused() -> None:
    with pytest.raises(CallerError):
        said(Time(clock=time(9)), "fr")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_everyday_sentences_say_can_be_said_in_both(language: str) -> None:
    for sentence in sentences():
        zone, region = WHERE[sentence.language]
        at = datetime(2026, 11, 27, 9, tzinfo=ZoneInfo(zone))
        for one in entities(sentence.text, language=sentence.language, at=at, region=region):
            assert said(one.value, language)


@pytest.mark.parametrize("language", ["en", "zh"])
@given(st.datetimes(datetime(1950, 1, 1), datetime(2090, 12, 31)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC)))  # noqa: DTZ001
def test_days_and_moments_come_back(language: str, at: datetime) -> None:
    assert again(Date(day=at.date()), language) == Date(day=at.date())
    assert again(DateTime(moment=at), language) == DateTime(moment=at)


@pytest.mark.parametrize("language", ["en", "zh"])
@given(st.dates(date(1950, 1, 1), date(2090, 1, 1)), st.integers(1, 400))
def test_stretches_of_days_come_back(language: str, first: date, days: int) -> None:
    last = first + timedelta(days)
    found = again(DateRange(start=first, end=last, first=first, last=last), language)
    assert isinstance(found, DateRange) and (found.first, found.last) == (first, last)


@pytest.mark.parametrize("language", ["en", "zh"])
@given(st.decimals(0, 10**9, places=2), st.sampled_from(["USD", "CNY", "EUR", "GBP", "JPY"]))
def test_money_comes_back(language: str, amount: Decimal, currency: str) -> None:
    assert again(Money(amount=amount, currency=currency), language) == Money(amount=amount, currency=currency)
