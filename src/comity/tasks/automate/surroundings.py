# SPDX-License-Identifier: Apache-2.0
"""What a rule may speak of and look at, and who does what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any, Protocol

from comity.tasks.assist.plan import Thing
from comity.tasks.automate.sun import Position
from comity.tasks.shapes import Shape


class Forecast(Shape, frozen=True, kw_only=True):
    """Of a day: temperatures in degrees Celsius, wind in km/h."""

    rain: bool = False
    snow: bool = False
    high: float | None = None
    low: float | None = None
    wind: float | None = None


class Surroundings(Protocol):
    """Reading it leaves nothing changed and asks no network."""

    def zone(self) -> tzinfo:
        """Of the person's own clock, as it is now."""

    def position(self) -> Position | None:
        """Where the Sun is looked at from."""

    def appointments(self, since: datetime, until: datetime) -> Sequence[Thing]:
        """Those that start or end in a stretch of time, with their ends by `start + duration`; each with the zone it is in."""

    def forecast(self, day: date) -> Forecast | None:
        """None where it is not known."""


class Outcome(Shape, frozen=True, kw_only=True):
    """Of one action.  ``waits``: it asks to be confirmed, and nothing was done."""

    done: bool
    error: str = ""  # a code
    waits: bool = False
    told: str = ""  # what came of it, for the log


class Actions(Protocol):
    """Does what rules say: the assistant's intents."""

    async def run(self, intent: str, arguments: Mapping[str, Any], key: str, *, permitted: bool) -> Outcome:
        """``key`` is of this one action of this one firing: whoever can should refuse to do the same key twice.  ``permitted``: the person
        let this rule do it when it was switched on; else what needs to be confirmed waits."""

    async def known(self, key: str) -> Outcome | None:
        """After a kill: what came of a key that was begun; None where nobody can say."""
