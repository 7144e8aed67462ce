# SPDX-License-Identifier: Apache-2.0
"""Hours that come twice or not at all, days that few months have, the Sun, and a person who travels."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from comity.tasks.automate import sun
from comity.tasks.automate.clockwork import following, occurrences
from comity.tasks.automate.engine import Engine, State
from comity.tasks.automate.rule import Action, Recurring, Rule, Sunset
from comity.tasks.automate.sun import Position
from tests.unit.tasks.automate.worlds import World

NOTICE = (Action(intent="notify.show", arguments={"text": "x"}),)


def at(said: str, zone: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=ZoneInfo(zone))


def test_an_hour_that_does_not_come_is_read_with_the_offset_before() -> None:
    found = occurrences(
        Recurring(at="02:30"),
        at("2026-03-07T12:00", "America/New_York"),
        at("2026-03-09T12:00", "America/New_York"),
        World("America/New_York"),
    )
    assert [each.at.astimezone(ZoneInfo("America/New_York")).strftime("%d %H:%M") for each in found] == ["08 03:30", "09 02:30"]


def test_an_hour_that_comes_twice_sets_off_once() -> None:
    found = occurrences(
        Recurring(at="01:30"),
        at("2026-10-31T12:00", "America/New_York"),
        at("2026-11-02T12:00", "America/New_York"),
        World("America/New_York"),
    )
    assert [(each.name, f"{each.at:%H:%M}") for each in found] == [("2026-11-01T01:30", "05:30"), ("2026-11-02T01:30", "06:30")]


@pytest.mark.parametrize("when, wanted", [
    (Recurring(at="09:00", day_of_month=31), ["2026-12-31", "2027-01-31", "2027-03-31", "2027-05-31"]),
    (Recurring(at="09:00", day_of_month=-1), ["2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"]),
    (Recurring(at="09:00", day_of_month=29, month=2), ["2028-02-29", "2032-02-29"]),
])  # fmt: skip
def test_days_that_few_months_have(when: Recurring, wanted: list[str]) -> None:
    moment, found = datetime(2026, 11, 27, 9, tzinfo=UTC), []
    for _ in wanted:
        each = following(when, moment, World())
        assert each is not None
        found.append(each.name[:10])
        moment = each.at
    assert found == wanted


def test_every_so_often_runs_over_midnight_where_it_is_said() -> None:
    found = occurrences(
        Recurring(every="PT1H", from_="22:00", to="01:00"),
        at("2026-11-27T12:00", "Asia/Shanghai"),
        at("2026-11-28T12:00", "Asia/Shanghai"),
        World(),
    )
    assert [each.name[11:] for each in found] == ["22:00", "23:00", "00:00", "01:00"]


@pytest.mark.parametrize("place, day, zone, rises, sets", [
    (Position(latitude=51.4779, longitude=0.0), date(2026, 6, 21), "Europe/London", "04:43", "21:21"),
    (Position(latitude=31.23, longitude=121.47), date(2026, 11, 27), "Asia/Shanghai", "06:31", "16:52"),
    (Position(latitude=-33.87, longitude=151.21), date(2026, 12, 22), "Australia/Sydney", "05:41", "20:05"),
])  # fmt: skip
def test_the_sun_rises_and_sets_within_two_minutes_of_the_almanacs(place: Position, day: date, zone: str, rises: str, sets: str) -> None:
    for found, wanted in ((sun.sunrise(day, place, ZoneInfo(zone)), rises), (sun.sunset(day, place, ZoneInfo(zone)), sets)):
        assert found is not None
        assert abs(found - at(f"{day}T{wanted}", zone)) <= timedelta(minutes=2), found


def test_near_the_pole_there_are_days_without_a_sunset() -> None:
    tromso = Position(latitude=69.65, longitude=18.96)
    assert sun.sunset(date(2026, 6, 21), tromso, ZoneInfo("Europe/Oslo")) is None
    assert not sun.dark(at("2026-06-21T00:30", "Europe/Oslo"), tromso) and sun.dark(at("2026-12-21T12:00", "Europe/Oslo"), tromso)
    world = World("Europe/Oslo")
    world.where = tromso
    found = following(Sunset(), at("2026-06-21T12:00", "Europe/Oslo"), world)
    assert found is not None and found.at.month == 7


def test_without_a_place_the_sun_sets_nothing_off() -> None:
    world = World()
    world.where = None
    assert following(Sunset(), datetime(2026, 11, 27, tzinfo=UTC), world, days_max=30) is None


def test_who_flies_east_is_told_of_the_hour_that_was_skipped_and_who_flies_west_is_not_told_twice() -> None:
    world = World("Asia/Shanghai")
    engine = Engine({"a": Rule(when=Recurring(at="08:30"), then=NOTICE)}, world)
    state, _ = engine.until(at("2026-11-28T08:10", "Asia/Shanghai"), State(seen=at("2026-11-28T08:00", "Asia/Shanghai"), zone="+0800"))
    world.zone_name = "Asia/Tokyo"
    state, fired = engine.until(at("2026-11-28T09:11", "Asia/Tokyo"), state)
    assert [each.name for each in fired] == ["2026-11-28T08:30"]
    world.zone_name = "Asia/Shanghai"
    state, fired = engine.until(at("2026-11-28T08:45", "Asia/Shanghai"), state)
    assert [each.name for each in fired] == ["2026-11-28T08:30"]  # the same name: whoever keeps names does it once
