# SPDX-License-Identifier: Apache-2.0
"""A small home to try rules in, and actions that only write down what they were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from comity.tasks.assist.plan import Thing
from comity.tasks.automate.sun import Position
from comity.tasks.automate.surroundings import Forecast, Outcome

SHANGHAI = Position(latitude=31.23, longitude=121.47)
THINGS: Mapping[str, tuple[Thing, ...]] = {
    "place": (
        Thing(id="home", names=("home", "家")), Thing(id="office", names=("office", "work", "公司")), Thing(id="gym", names=("gym", "健身房")),  # noqa: E501
    ),
    "device": (
        Thing(id="front_door", names=("front door", "大门")), Thing(id="washer", names=("washing machine", "洗衣机")),
        Thing(id="window_bedroom", names=("bedroom window", "卧室窗户")), Thing(id="motion_hall", names=("motion in the hall", "门厅有人移动")),  # noqa: E501
        Thing(id="tv", names=("television", "TV", "电视")),
    ),
    "contact": (
        Thing(id="c1", names=("Ana Lopez", "安娜"), relations=("mum", "妈妈")), Thing(id="c2", names=("张伟", "Zhang Wei")),
        Thing(id="c3", names=("张敏", "Zhang Min")),
    ),
    "event": (Thing(id="e1", names=("Design review", "设计评审"), start=datetime(2026, 12, 1, 6, tzinfo=UTC), duration=timedelta(hours=1)),),  # noqa: E501
    "reminder": (Thing(id="r1", names=("Water the plants", "浇花")),),
    "note": (Thing(id="n1", names=("Shopping list", "购物清单")),),
}  # fmt: skip
STATES = {
    "front_door": ("open", "closed"), "washer": ("running", "finished"), "window_bedroom": ("open", "closed"),
    "motion_hall": ("detected", "none"), "tv": ("on", "off"),
}  # fmt: skip


class World:
    def __init__(self, zone: str = "Asia/Shanghai", now: datetime = datetime(2026, 11, 27, 1, tzinfo=UTC)) -> None:
        self.zone_name, self._now = zone, now
        self.where: Position | None = SHANGHAI
        self.forecasts: dict[date, Forecast] = {}

    def now(self) -> datetime:
        return self._now.astimezone(self.zone())

    def things(self, kind: str) -> Sequence[Thing]:
        return THINGS.get(kind, ())

    def states(self, device: str) -> Sequence[str]:
        return ("on", "off") if device.startswith("light:") else STATES[device]

    def zone(self) -> tzinfo:
        return ZoneInfo(self.zone_name)

    def position(self) -> Position | None:
        return self.where

    def appointments(self, since: datetime, until: datetime) -> Sequence[Thing]:
        return THINGS["event"]

    def forecast(self, day: date) -> Forecast | None:
        return self.forecasts.get(day)


class Clock:
    def __init__(self, now: datetime) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class Doing:
    """``refuses``: intents that wait to be confirmed.  ``dies``: the number of calls after which the program is killed, in an action."""

    def __init__(self, *, refuses: Sequence[str] = (), knows: Mapping[str, Outcome] | None = None, dies: int | None = None) -> None:
        self.did: list[tuple[str, str]] = []
        self._refuses, self._knows, self._dies = tuple(refuses), dict(knows or {}), dies

    async def run(self, intent: str, arguments: Mapping[str, Any], key: str, *, permitted: bool) -> Outcome:
        if intent in self._refuses and not permitted:
            return Outcome(done=False, waits=True)
        self.did.append((intent, key))
        if self._dies is not None and len(self.did) >= self._dies:
            raise Killed
        return Outcome(done=True)

    async def known(self, key: str) -> Outcome | None:
        return self._knows.get(key)


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""
