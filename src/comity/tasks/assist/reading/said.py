# SPDX-License-Identifier: Apache-2.0
"""One stretch of a turn under reading: its words, what they say of times and numbers, and what has been taken out of them."""

from __future__ import annotations

import re
from datetime import datetime

from comity.tasks.assist.plan import Argument, Origin, Span, World
from comity.tasks.assist.reading.sure import superseded
from comity.tasks.entities import Entity, entities

_MEASURE = re.compile(r"个(?=周|星期|礼拜|明|后|今|下|这|上|早|晚|中|半)")
"""`定个周日晚上七点的提醒`: it belongs to what is set, and the time begins after it."""

_HALF = re.compile(
    r"\bhalf (one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b(?! (?:hours?|minutes?|days?|weeks?))", re.IGNORECASE
)
_FOR_AN_HOUR = re.compile(
    r"\b(?:for|by)(?= (?:\d{1,2}(?::\d\d)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?: o'clock)?(?: on\b| tomorrow| today| this\b|,|\.|$| and\b))",  # noqa: E501
    re.IGNORECASE,
)
_PUT_IN = re.compile(r"\bput in(?= (?:an?|half|\w+) (?:an? )?(?:hour|minute)s?\b)", re.IGNORECASE)
HOURS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def plainly(text: str) -> str:
    """As long as it was, said so that the normaliser reads it: `half six`, in Britain, is half past."""
    text = _PUT_IN.sub(lambda found: "put".ljust(len(found.group())), text)
    text = _FOR_AN_HOUR.sub(lambda found: "at".ljust(len(found.group())), _MEASURE.sub(" ", text))
    return _HALF.sub(lambda found: f"{HOURS.index(found.group(1).lower())}:30".ljust(len(found.group())), text)


class Said:
    """``text`` is the stretch itself; ``at`` where it starts in turn ``turn``.  Positions below are within ``text``."""

    def __init__(self, text: str, *, language: str, world: World, turn: int = 0, at: int = 0, region: str = "") -> None:
        self.text, self.language, self.world, self.turn, self.at, self.region = text, language.partition("-")[0], world, turn, at, region
        self.now: datetime = world.now()
        self.taken: list[tuple[int, int]] = []
        self.entities: tuple[Entity, ...] = self._read(plainly(text))

    def _read(self, plain: str) -> tuple[Entity, ...]:
        found = entities(plain, language=self.language, at=self.now, region=self.region)
        gone = superseded(plain, self.language, found, self.now)
        if not gone:
            return found
        self.taken += gone
        for start, end in gone:
            plain = plain[:start] + " " * (end - start) + plain[end:]
        return entities(plain, language=self.language, at=self.now, region=self.region)

    def part(self, start: int, end: int) -> Said:
        return Said(self.text[start:end], language=self.language, world=self.world, turn=self.turn, at=self.at + start, region=self.region)

    def span(self, start: int = 0, end: int | None = None) -> Span:
        end = len(self.text) if end is None else end
        return Span(turn=self.turn, start=self.at + start, end=self.at + end, text=self.text[start:end])

    def argument(self, value: object, start: int, end: int, of: Origin = "user") -> Argument:
        self.taken.append((start, end))
        return Argument(value=value, of=of, said=(self.span(start, end),))

    def words(self, entity: Entity) -> str:
        return self.text[entity.start : entity.end]

    def free(self, start: int, end: int) -> bool:
        return all(end <= a or start >= b for a, b in self.taken)
