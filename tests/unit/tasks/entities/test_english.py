# SPDX-License-Identifier: Apache-2.0
"""English phrases, each with all its readings: on Friday 2026-11-27 at 09:00 in New York."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from comity.tasks.entities import Entity, entities
from comity.tasks.entities.values import KINDS
from tests.eval.score import canonical

AT = datetime(2026, 11, 27, 9, tzinfo=ZoneInfo("America/New_York"))


def read(text: str, **more: str) -> tuple[Entity, ...]:
    return entities(text, language="en", at=AT, **({"region": "US"} | more))


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("Friday", ["date 2026-11-27", "date 2026-11-20"]),
        ("next Friday", ["date 2026-12-04"]),
        ("Monday", ["date 2026-11-30", "date 2026-11-23"]),
        ("the friday after next", ["date 2026-12-11"]),
        ("at 8", ["time 20:00:00", "time 08:00:00"]),
        ("five minutes to eight", ["time 19:55:00", "time 07:55:00"]),
        ("tonight at 2", ["datetime 2026-11-28T02:00:00"]),
        ("from 10am for 3 hours", ["timerange 10:00:00/13:00:00"]),
        ("Feb 29", ["date 2028-02-29", "date 2024-02-29"]),
        ("the last week of july", ["daterange 2027-07-26/2027-08-02", "daterange 2026-07-27/2026-08-03"]),
        ("the week of september 16", ["daterange 2027-09-13/2027-09-20", "daterange 2026-09-14/2026-09-21"]),
        ("from the 3rd to the 5th of May", ["daterange 2027-05-03/2027-05-05", "daterange 2026-05-03/2026-05-05"]),
        ("between now and eight o'clock", ["datetimerange 2026-11-27T09:00:00/2026-11-27T20:00:00"]),
        ("the next three quarters", ["daterange 2027-01-01/2027-10-01"]),
        ("until the end of this month", ["daterange /2026-12-01"]),
        ("two weeks before christmas", ["date 2026-12-11"]),
        ("easter 2027", ["date 2027-03-28"]),
        ("mother's day", ["date 2027-05-09", "date 2026-05-10"]),
        ("St. Patrick's Day 2027", ["date 2027-03-17"]),
        ("labor day weekend", ["daterange 2027-09-04/2027-09-07", "daterange 2026-09-05/2026-09-08"]),
        ("May of next year", ["daterange 2027-05-01/2027-06-01"]),
        ("2027 week 20", ["daterange 2027-05-17/2027-05-24"]),
        ("Q1 through Q3 2027", ["daterange 2027-01-01/2027-07-01"]),
        ("Friday week", ["date 2026-12-04"]),
        ("two months from today on Tuesday", ["date 2027-02-02"]),
        ("next week from Monday to Wednesday", ["daterange 2026-11-30/2026-12-02"]),
        ("the first half of July", ["daterange 2027-07-01/2027-07-16", "daterange 2026-07-01/2026-07-16"]),
        ("the nineteen eighties", ["daterange 1980-01-01/1990-01-01"]),
        ("5-may-28", ["date 2028-05-05"]),
        ("2h 30m", ["duration 0 0 9000"]),
        ("at seven oh five", ["time 19:05:00", "time 07:05:00"]),
        ("$5 and 20 cents", ["money 5.2 USD"]),
        ("100 kenyan shillings", ["money 100 KES"]),
        ("hk $ 1.2 billion", ["money 1200000000 HKD"]),
        ("20 , 000 yen", ["money 20000 JPY"]),
        ("half a dollar", ["money 0.5 USD"]),
        ("two hundred and fifty-four hundredths", ["number 200.54"]),
        ("an hour and a half", ["duration 0 0 5400"]),
        ("$ 100-million", ["money 100000000 USD"]),
        ("thirteen dollars and forty-five cents", ["money 13.45 USD"]),
        ("one and a half million", ["number 1500000"]),
        ("one hundred thirty-two fifths", ["number 26.4"]),
        ("twenty-first", ["ordinal 21"]),
        ("from 10 to noon", ["timerange 10:00:00/12:00:00"]),
        ("from today until next Friday", ["daterange 2026-11-27/2026-12-04"]),
        ("Tuesday to Thursday next week", ["daterange 2026-12-01/2026-12-03"]),
        ("the Friday before Christmas", ["date 2026-12-18", "date 2025-12-19"]),
        ("the weekend before Labor Day", ["daterange 2027-09-04/2027-09-06", "daterange 2026-09-05/2026-09-07"]),
        ("the first week of July on Monday", ["date 2027-06-28", "date 2026-06-29"]),
        ("last Friday of June", ["date 2027-06-25", "date 2026-06-26"]),
        ("in 3 business days", ["date 2026-12-02"]),
        ("two working days before Tuesday", ["date 2026-11-27"]),
        ("one day ago", ["date 2026-11-26"]),
        ("a year ago today", ["date 2025-11-27"]),
        ("this time tomorrow", ["datetime 2026-11-28T09:00:00"]),
        ("after 8 tomorrow", ["datetimerange 2026-11-28T08:00:00/", "datetimerange 2026-11-28T20:00:00/"]),
        ("more than 4 days from now", ["daterange 2026-12-01/"]),
        ("Mother's Day next year", ["date 2027-05-09"]),
        ("next year's second quarter", ["daterange 2027-04-01/2027-07-01"]),
        ("Q3 of last year", ["daterange 2025-07-01/2025-10-01"]),
        ("2012 and later", ["daterange 2012-01-01/"]),
        ("1430 hours", ["time 14:30:00"]),
        ("six-thirty in the evening", ["time 18:30:00"]),
        ("three quarters past 3 pm", ["time 15:45:00"]),
        ("10,50 €", ["money 10.5 EUR"]),
        ("3.5m dollars", ["money 3500000 USD"]),
        ("3 point 05", ["number 3.05"]),
        ("15 to noon", ["time 11:45:00"]),
        ("Wednesday 5:00PM 3/29/2017", ["datetime 2017-03-29T17:00:00"]),
        ("the day after next monday", ["date 2026-12-01"]),
        ("the 9th to 11th", ["daterange 2026-12-09/2026-12-11", "daterange 2026-11-09/2026-11-11"]),
        ("through 2:00pm", ["timerange /14:00:00"]),
        ("the past two days", ["daterange 2026-11-25/2026-11-27"]),
        ("2 days in the past", ["date 2026-11-25"]),
        ("two crore fifty lakh", ["number 25000000"]),
        ("one-half", ["number 0.5"]),
    ],
)  # fmt: skip
def test_a_phrase_has_its_readings(text: str, want: list[str]) -> None:
    (found,) = read(text)
    assert [canonical(reading) for reading in found.readings] == want
    assert (found.start, found.end) == (0, len(text))


@pytest.mark.parametrize(
    "text",
    [
        "twice a week", "every third monday", "a few hundred", "the next days", "last working day", "Feb 30",
        "2026-02-30", "good morning", "may I ask why", "he is on the march", "the sun is out", "yes I may", "that one", "a lot",
        "ABC-12345-A1B2C3", "s666", "day after day", "1.2.3.4.5", "25:61",
    ],
)  # fmt: skip
def test_what_is_not_covered_gives_nothing(text: str) -> None:
    assert read(text) == ()


@pytest.mark.parametrize(
    ("text", "region", "want", "certain"),
    [
        ("03/04/2027", "US", "date 2027-03-04", False),
        ("03/04/2027", "GB", "date 2027-04-03", False),
        ("13/04/2027", "US", "date 2027-04-13", True),
        ("04/04/2027", "US", "date 2027-04-04", True),
        ("2027-03-04", "GB", "date 2027-03-04", True),
        ("¥20", "CN", "money 20 CNY", True),
        ("¥20", "JP", "money 20 JPY", True),
        ("¥20", "", "money 20 JPY", False),
        ("$5", "AU", "money 5 AUD", True),
        ("500 pesos", "MX", "money 500 MXN", True),
        ("500 pesos", "US", "money 500 ", False),
        ("3pm PT", "US", "time 15:00:00", False),
        ("a few hours", "US", "duration 0 0 10800", False),
    ],
)
def test_what_may_be_meant_otherwise_says_so(text: str, region: str, want: str, certain: bool) -> None:
    (found,) = read(text, region=region)
    assert canonical(found.value) == want and found.certain is certain


def test_days_that_belong_and_bounds_as_said() -> None:
    (may,) = read("from May to July 2027")
    assert (str(may.value.start), str(may.value.end)) == ("2027-05-01", "2027-07-01")  # type: ignore[union-attr]
    assert (str(may.value.first), str(may.value.last)) == ("2027-05-01", "2027-07-31")  # type: ignore[union-attr]
    (week,) = read("next week")
    assert (str(week.value.end), str(week.value.last)) == ("2026-12-07", "2026-12-06")  # type: ignore[union-attr]
    (after,) = read("after December 5, 2026")
    assert (str(after.value.start), str(after.value.first)) == ("2026-12-05", "2026-12-06")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "twice a week", "2-3 days", "between 15 and 20 minutes", "between fifteen and twenty", "two hours before yesterday",
        "Tuesday of last month", "from this morning to tomorrow night", "in 3 days Friday", "next week of December", "night before",
        "5 business days", "summer 2027", "Monday to Friday at 9am", "Labor Day of last weekend",
    ],
)  # fmt: skip
def test_what_nothing_holds_whole_is_told_to_whoever_asks(text: str) -> None:
    assert read(text) == ()
    (found,) = entities(text, language="en", at=AT, kinds=KINDS | {"unsure"})
    assert (found.kind, found.certain, found.start, found.end) == ("unsure", False, 0, len(text))


def test_only_the_kinds_that_are_wanted() -> None:
    text = "pay $350 on Friday for 3 hours"
    assert [one.kind for one in entities(text, language="en", at=AT, kinds={"number"})] == ["number", "number"]
    assert [one.kind for one in entities(text, language="en", at=AT, kinds={"money"})] == ["money"]
    assert [one.kind for one in entities(text, language="en", at=AT, kinds={"date", "duration"})] == ["date", "duration"]


def test_a_moment_without_a_zone_is_refused_and_another_language_has_nothing() -> None:
    with pytest.raises(ValueError, match="zone"):
        entities("today", language="en", at=AT.replace(tzinfo=None))
    assert entities("heute", language="de", at=AT) == ()
