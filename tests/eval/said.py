# SPDX-License-Identifier: Apache-2.0
"""Everyday sentences of our own (`said.tsv`): read at one moment in each language, scored sentence by sentence.

python -m tests.eval.said            figures for both halves
python -m tests.eval.said --misses   … and the misses of the half that is tuned on
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from comity.tasks.entities import Entity, entities
from comity.tasks.entities.values import DateTime, DateTimeRange, Duration, Measure, Money, Number, Phone, Recurrence, Time, TimeRange
from tests.eval.score import canonical, held

FILE = Path(__file__).parent / "said.tsv"
SHA256 = "dc7e48ca2f8b14a7a2d1da9b2457ba9f4fd748376145bee741fe95811974515a"
WHERE = {"zh": ("Asia/Shanghai", "CN"), "en": ("America/New_York", "US")}


class Said(NamedTuple):
    language: str
    text: str
    means: tuple[str, ...]


def sentences() -> Iterator[Said]:
    for line in FILE.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            language, text, means = line.split("\t")
            yield Said(language, text, _parts(means))


def _parts(means: str) -> tuple[str, ...]:
    """`a=1;b=2`; a rule's own semicolons belong to it."""
    parts: list[str] = []
    for piece in means.split(";"):
        name = piece.partition("=")[0]
        if name.isupper() or name == "ext":
            parts[-1] += f";{piece}"
        elif piece:
            parts.append(piece)
    return tuple(parts)


def said(entity: Entity) -> str:
    """The value in the file's own form."""
    match entity.value:
        case Recurrence(rule=rule):
            return f"recurrence={rule}"
        case Number(amount=amount, over=over):
            return f"number={amount.normalize():f}" + (f"/{over}" if over != 1 else "")
        case Money(amount=amount, currency=currency):
            return f"money={amount.normalize():f} {currency}"
        case Measure(amount=amount, unit=unit):
            return f"measure={amount.normalize():f} {unit}"
        case Phone(e164=e164, digits=digits, extension=extension):
            return f"phone={e164 or digits}" + (f";ext={extension}" if extension else "")
        case Duration(months=months, days=days, seconds=seconds):
            minutes, hours = int(seconds) // 60 % 60, int(seconds) // 3600
            assert not months and not days
            return "duration=PT" + (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
        case Time(clock=clock):
            return f"time={clock:%H:%M}"
        case TimeRange(start=start, end=end):
            return f"timerange={start:%H:%M}/{end:%H:%M}"
        case DateTime(moment=moment):
            return f"datetime={moment:%Y-%m-%dT%H:%M}"
        case DateTimeRange(start=begin, end=finish):
            return f"datetimerange={begin:%Y-%m-%dT%H:%M}/{finish:%Y-%m-%dT%H:%M}"
    return canonical(entity.value).replace(" ", "=", 1)


def read(one: Said) -> tuple[str, ...]:
    zone, region = WHERE[one.language]
    at = datetime(2026, 11, 27, 9, tzinfo=ZoneInfo(zone))
    return tuple(map(said, entities(one.text, language=one.language, at=at, region=region)))


def main(arguments: list[str]) -> None:
    for language in WHERE:
        for half in (False, True):
            these = [one for one in sentences() if one.language == language and held(one.text) == half]
            right = 0
            for one in these:
                got = read(one)
                right += got == one.means
                if got != one.means and "--misses" in arguments and not half:
                    print(f"  {one.text!r}\n      want {one.means}\n      got  {got}")
            print(f"{language} {'held ' if half else 'tuned'} n={len(these)} right {right / len(these):.1%}")


if __name__ == "__main__":
    main(sys.argv[1:])
