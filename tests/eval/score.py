# SPDX-License-Identifier: Apache-2.0
"""How `comity.tasks.entities` does on Microsoft's Recognizers-Text specifications and on sentences of our own.

    python -m tests.eval.score            figures for both halves of each set
    python -m tests.eval.score --misses   … and every miss of the half that is tuned on
    python -m tests.eval.score --page     the rows that docs/reference/entities.md prints

Coverage: of the entities that a specification expects, those over which we return something of that kind.  Accuracy: of those,
the ones whose value is one that the specification gives.  *Strict* asks for all of its readings, past and to come, and no other.
Which half an input is in, the first byte of its SHA-256 says.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from comity.tasks.entities import Entity, entities
from comity.tasks.entities.values import (
    TEMPORAL,
    Date,
    DateRange,
    DateTime,
    DateTimeRange,
    Duration,
    Measure,
    Money,
    Number,
    Ordinal,
    Percent,
    Phone,
    Recurrence,
    Time,
    TimeRange,
)

HERE = Path(__file__).parent
LANGUAGES = {"English": "en", "Chinese": "zh"}
MODELS = {"DateTime": TEMPORAL, "Number": {"number"}, "Currency": {"money"}, "PhoneNumber": {"phone"}}
_ZONE = ZoneInfo("UTC")


def held(text: str) -> bool:
    """Of the half that nothing is tuned on."""
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 1


class Expected(NamedTuple):
    start: int
    end: int
    kind: str
    values: frozenset[str]
    said: str


class Row(NamedTuple):
    model: str
    language: str
    text: str
    at: datetime
    expected: tuple[Expected, ...]


def _stamp(said: str, day_end: bool) -> str:
    said = said.replace(" ", "T")
    if day_end and said.endswith("T23:59:59"):  # the end of a day is where the next begins
        return (datetime.fromisoformat(said) + timedelta(seconds=1)).isoformat()
    return said


def _value(found: dict[str, Any]) -> str:
    """One reading of a specification, as `canonical` writes ours."""
    kind = found["type"]
    if kind == "set":
        return f"set {found['timex']}"
    if kind == "duration":
        return f"duration {_timex_length(found['timex'])}"
    if kind in ("daterange", "timerange", "datetimerange"):
        if "start" not in found and "end" not in found:
            return f"unresolved {found.get('value')}"
        day_end = kind == "datetimerange"
        return f"{kind} {_stamp(found.get('start', ''), day_end)}/{_stamp(found.get('end', ''), day_end)}"
    return f"{kind} {_stamp(found['value'], False)}"


_LENGTHS = {"Y": 12, "M": 1}
_DAY_LENGTHS = {"W": 7, "D": 1, "WE": 2}
_SECONDS = {"H": 3600, "M": 60, "S": 1}


def _timex_length(timex: str) -> str:
    """`PT1H20M`, `P3.5Y`: months, days, seconds."""
    totals = [Decimal(0), Decimal(0), Decimal(0)]
    amount, after_t = "", False
    letters = timex[1:]
    place = 0
    while place < len(letters):
        letter = letters[place]
        if letter == "T":
            after_t = True
        elif letter.isdigit() or letter == ".":
            amount += letter
        else:
            unit = letters[place : place + 2] if letters[place : place + 2] == "WE" else letter
            place += len(unit) - 1
            said = Decimal(amount or 1)
            amount = ""
            if after_t:
                totals[2] += said * _SECONDS.get(unit, 0)
            elif unit in _LENGTHS:
                totals[0] += said * _LENGTHS[unit]
            else:
                totals[1] += said * _DAY_LENGTHS.get(unit, 0)
        place += 1
    return " ".join(f"{total.normalize():f}" for total in totals)


def _set_of(rule: str) -> str:
    """A rule as the timex that the specifications write for it, as far as theirs can say it."""
    parts = dict(part.split("=") for part in rule.split(";"))
    interval, freq = parts.get("INTERVAL", "1"), parts["FREQ"]
    clock = ""
    if "BYHOUR" in parts:
        clock = f"T{int(parts['BYHOUR']):02}" + (f":{int(parts['BYMINUTE']):02}" if parts.get("BYMINUTE", "0") != "0" else "")
    days = parts.get("BYDAY", "")
    if days == "SA,SU":
        return f"P{interval}WE"
    if days and freq == "WEEKLY" and "," not in days:
        return f"XXXX-WXX-{('MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU').index(days) + 1}{clock}"
    if freq == "YEARLY" and "BYMONTH" in parts:
        return f"XXXX-{int(parts['BYMONTH']):02}" + (f"-{int(parts['BYMONTHDAY']):02}" if "BYMONTHDAY" in parts else "") + clock
    if clock and freq == "DAILY" and interval == "1":
        return clock
    unit = {"SECONDLY": "TS", "MINUTELY": "TM", "HOURLY": "TH", "DAILY": "D", "WEEKLY": "W", "MONTHLY": "M", "YEARLY": "Y"}[freq]
    return f"P{unit[:-1]}{interval}{unit[-1]}"


def canonical(value: object) -> str:
    """One value in one line, without its zone."""

    def plain(moment: datetime | None) -> str:
        return "" if moment is None else moment.replace(tzinfo=None, microsecond=0).isoformat()

    match value:
        case Date(day=day):
            return f"date {day}"
        case Time(clock=clock):
            return f"time {clock}"
        case DateTime(moment=moment):
            return f"datetime {plain(moment)}"
        case DateRange(start=start, end=end):
            return f"daterange {start or ''}/{end or ''}"
        case TimeRange(start=start_clock, end=end_clock):
            return f"timerange {'' if start_clock is None else start_clock}/{'' if end_clock is None else end_clock}"
        case DateTimeRange(start=start_moment, end=end_moment):
            return f"datetimerange {plain(start_moment)}/{plain(end_moment)}"
        case Duration(months=months, days=days, seconds=seconds):
            return "duration " + " ".join(f"{one.normalize():f}" for one in (months, days, seconds))
        case Recurrence(rule=rule):
            return f"set {_set_of(rule)}"
        case Number(amount=amount, over=over):
            return f"number {float(amount) / over:.12g}"
        case Ordinal(place=place):
            return f"ordinal {place}"
        case Percent(amount=amount):
            return f"percent {amount.normalize():f}"
        case Money(amount=amount, currency=currency):
            return f"money {float(amount):.12g} {currency}"
        case Measure(amount=amount, unit=unit):
            return f"measure {amount.normalize():f} {unit}"
        case Phone(digits=digits, extension=extension):
            return f"phone {digits}{extension}"
    raise TypeError(type(value))


# What a specification calls a currency that several countries have; any of them is right, for it says none.
_OPEN = {"Dollar": "*", "Pound": "*", "Rupee": "*", "Franc": "*", "Cent": "*", "Pence": "GBP", "Peso": "*"}


def _currency(resolution: dict[str, Any]) -> str | None:
    value = resolution.get("value")
    if value in (None, "null"):
        return None
    amount = Decimal(value)
    if resolution["unit"] in ("Cent", "Pence"):
        amount /= 100
    return f"money {float(amount):.12g} {resolution.get('isoCurrency') or _OPEN.get(resolution['unit'], resolution['unit'])}"


def _place(result: dict[str, Any], text: str) -> tuple[int, int]:
    """Some specifications leave out where."""
    if "Start" in result:
        return result["Start"], result["End"] + 1
    start = text.lower().find(result["Text"].lower())
    return start, start + len(result["Text"])


def _expected(model: str, result: dict[str, Any], text: str) -> Expected | None:
    resolution = result.get("Resolution") or {}
    kind = result["TypeName"].split(".")[-1]
    values: frozenset[str]
    if model == "DateTime":
        values = frozenset(_value(found) for found in resolution.get("values", ()))
    elif model == "Number":
        try:
            values = frozenset({f"number {float(Decimal(resolution['value'])):.12g}"})
        except InvalidOperation:
            return None
    elif model == "Currency":
        said = _currency(resolution)
        if said is None:  # a unit without an amount is no value
            return None
        values = frozenset({said})
    else:
        values = frozenset({"phone " + "".join(letter for letter in resolution["value"] if letter.isdigit())})
    return Expected(*_place(result, text), kind, values, result["Text"])


def rows(folder: Path = HERE / "recognizers") -> Iterator[Row]:
    for name, language in LANGUAGES.items():
        for model in MODELS:
            for spec in json.loads((folder / name / f"{model}Model.json").read_text("utf-8-sig")):
                at = datetime.fromisoformat((spec.get("Context") or {}).get("ReferenceDateTime", "2016-11-07T00:00:00")[:19])
                found = tuple(one for result in spec["Results"] if (one := _expected(model, result, spec["Input"])) is not None)
                yield Row(model, language, spec["Input"], at.replace(tzinfo=_ZONE), found)


def _same(ours: str, theirs: str) -> bool:
    if theirs.endswith(" *"):
        return ours.rpartition(" ")[0] == theirs[:-2]
    if ours.startswith("number ") or ours.startswith("money "):
        one, other = (text.split()[1] for text in (ours, theirs))
        close = abs(float(one) - float(other)) <= 1e-11 * max(abs(float(one)), abs(float(other)))
        return close and ours.split()[2:] == theirs.split()[2:]
    if ours.startswith("phone "):
        return ours == theirs
    return ours == theirs


class Score(NamedTuple):
    expected: int = 0
    covered: int = 0
    right: int = 0
    strict: int = 0
    extra: int = 0

    def plus(self, other: Score) -> Score:
        return Score(*(one + two for one, two in zip(self, other, strict=True)))

    def line(self) -> str:
        def share(part: int, whole: int) -> str:
            return f"{part / whole:6.1%}" if whole else "     -"

        return (
            f"n={self.expected:4}  coverage {share(self.covered, self.expected)}  accuracy {share(self.right, self.covered)}"
            f"  strict {share(self.strict, self.covered)}  right of all {share(self.right, self.expected)}  extra {self.extra}"
        )


Tell = Callable[[Row, Expected | None, list[Entity]], None]


def score(row: Row, tell: Tell | None = None) -> Score:
    region = "CN" if row.language == "zh" else "US"
    found = entities(row.text, language=row.language, at=row.at, region=region, kinds=MODELS[row.model])
    total = Score()
    used: set[int] = set()
    for expected in row.expected:
        over = [one for one in found if one.start < expected.end and expected.start < one.end]
        used |= {one.start for one in over}
        right = [one for one in over if any(_same(canonical(one.value), theirs) for theirs in expected.values)]
        strict = [one for one in right if len(one.readings) == len(expected.values) or row.model != "DateTime"]
        strict = [
            one for one in strict if row.model != "DateTime" or {canonical(reading) for reading in one.readings} == set(expected.values)
        ]
        total = total.plus(Score(1, bool(over), bool(right), bool(strict), 0))
        if tell is not None and not right:
            tell(row, expected, over)
    extra = [one for one in found if one.start not in used]
    if tell is not None and extra:
        tell(row, None, extra)
    return total.plus(Score(extra=len(extra)))


def main(arguments: list[str]) -> None:
    def tell(row: Row, expected: Expected | None, over: list[Entity]) -> None:
        ours = [(row.text[one.start : one.end], [canonical(reading) for reading in one.readings]) for one in over]
        want = "(nothing)" if expected is None else f"{expected.said!r} {sorted(expected.values)}"
        print(f"  {row.text!r} @{row.at:%F %R}\n      want {want}\n      got  {ours}")

    only = [argument for argument in arguments if not argument.startswith("--")]
    totals: dict[tuple[str, str, bool], Score] = {}
    for row in rows():
        if only and f"{row.language}-{row.model}" not in only:
            continue
        key = (row.language, row.model, held(row.text))
        show = tell if "--misses" in arguments and not key[2] else None
        totals[key] = totals.get(key, Score()).plus(score(row, show))
    for language in LANGUAGES.values():
        for half in (False, True):
            total = Score()
            for model in MODELS:
                one = totals.get((language, model, half))
                if one is not None:
                    _show(arguments, language, half, model, one)
                    total = total.plus(one)
            if not only:
                _show(arguments, language, half, "all", total)


def _show(arguments: list[str], language: str, half: bool, model: str, total: Score) -> None:
    if "--page" not in arguments:
        print(f"{language} {'held ' if half else 'tuned'} {model:12} {total.line()}")
    elif model in ("all", "DateTime"):
        name = language if model == "all" else f"{language}, of these times and dates"
        shares = (total.covered / total.expected, total.right / total.covered, total.strict / total.covered)
        print(
            f"| {name} | {'held' if half else 'tuned'} | {total.expected} | "
            + " | ".join(f"{one:.1%}".replace("%", " %") for one in shares)
            + " |"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
