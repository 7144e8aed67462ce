# SPDX-License-Identifier: Apache-2.0
"""What rules may speak of on this machine: the assistant's own files, and `surroundings.toml` beside them, which says where home is, what
places and devices there are, and what is forecast, as far as the person or a program of theirs wrote it down."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from comity.errors import OperatorError
from comity.ports import Clock, Random
from comity.tasks.assist.keeping.home import Home
from comity.tasks.assist.plan import Thing
from comity.tasks.automate.sun import Position
from comity.tasks.automate.surroundings import Forecast
from comity.tasks.shapes import Shape

FILE = "surroundings.toml"


class _Place(Shape, frozen=True, kw_only=True):
    id: str
    names: tuple[str, ...]


class _Device(Shape, frozen=True, kw_only=True):
    id: str
    names: tuple[str, ...]
    states: tuple[str, ...]


class _Day(Forecast, frozen=True, kw_only=True):
    day: date


class Surrounding(Shape, frozen=True, kw_only=True):
    """Of the file: what is left out is as it comes."""

    position: Position | None = None
    places: tuple[_Place, ...] = ()
    devices: tuple[_Device, ...] = ()
    forecast: tuple[_Day, ...] = ()


class Near:
    """``zone``: "" for this machine's."""

    def __init__(self, folder: Path, *, clock: Clock, random: Random, zone: str = "") -> None:
        self.home = Home(folder, clock=clock, random=random, zone=zone)
        self._clock, self._zone = clock, ZoneInfo(zone) if zone else None
        usual = _read(files("comity.tasks.automate").joinpath("near.toml").read_text(encoding="utf-8"))
        path = folder / FILE
        own = _read(path.read_text(encoding="utf-8")) if path.exists() else Surrounding()
        self._said = Surrounding(
            position=own.position, places=own.places or usual.places, devices=own.devices or usual.devices, forecast=own.forecast
        )

    def now(self) -> datetime:
        return self._clock.now().astimezone(self.zone())

    def things(self, kind: str) -> Sequence[Thing]:
        if kind == "place":
            return [Thing(id=each.id, names=each.names) for each in self._said.places]
        if kind == "device":
            return [Thing(id=each.id, names=each.names) for each in self._said.devices]
        return self.home.things(kind)

    def states(self, device: str) -> Sequence[str]:
        return ("on", "off") if device.startswith("light:") else next(each.states for each in self._said.devices if each.id == device)

    def zone(self) -> tzinfo:
        """Looked at each time, since a machine travels."""
        return self._zone or machine_zone(self._clock)

    def position(self) -> Position | None:
        return self._said.position

    def appointments(self, since: datetime, until: datetime) -> Sequence[Thing]:
        found = []
        for each in self.home.calendar.events():
            if each.start is None:
                continue
            start = each.start if each.start.tzinfo else each.start.replace(tzinfo=self.zone())
            if since <= start + (each.duration or until - until) and start <= until:
                found.append(msgspec.structs.replace(each, start=start))
        return found

    def forecast(self, day: date) -> Forecast | None:
        return next((each for each in self._said.forecast if each.day == day), None)


def machine_zone(clock: Clock) -> tzinfo:
    """By its name, so that its changes are known; else the offset that holds now."""
    try:
        link = Path("/etc/localtime").resolve(strict=True).as_posix()
        return ZoneInfo(link.partition("zoneinfo/")[2])
    except (OSError, ValueError, ZoneInfoNotFoundError):
        found = clock.now().astimezone().tzinfo
        assert found is not None
        return found


def _read(text: str) -> Surrounding:
    try:
        return msgspec.convert(tomllib.loads(text), Surrounding)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise OperatorError(
            f"`{FILE}` cannot be read: {error}", code="automate.surroundings", hint="see docs/reference/automate.md"
        ) from None
