# SPDX-License-Identifier: Apache-2.0
"""Values that a text does not say but that follow from those it does: a total, a difference, a time and how long after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations

from comity.tasks.gates.amounts import CLOCKS, MONEY
from comity.tasks.gates.numeral import Amount

VALUES_MAX = 8
"""Of more values nearly anything is the sum of three."""
_NAMED = frozenset(("weekday", "season", "relative", "relative year", "month"))
NEAR = Fraction(3, 100)
FEW = 4


def derivable(one: Amount, given: Sequence[Amount]) -> bool:
    if one.unit in CLOCKS:
        return one.size % 720 in {
            (clock + sign * span) % 720 for clock in _clocks(given) for span in _sizes(given, "minutes") for sign in (1, -1)
        }
    if one.unit == "minutes":
        clocks = list(_clocks(given))
        spans = _sizes(given, "minutes")
        days = _sizes(given, "day")
        return (
            one.size in {sum(some, Fraction(0)) for count in (2, 3) for some in combinations(spans[:VALUES_MAX], count)}
            or one.size in {(first - second) % 720 for first in clocks for second in clocks if first != second}
            or one.size in {abs(first - second) * 1440 for first, second in combinations(days, 2)}
            or one.size in {span * share for span in spans for share in _sizes(given, "") if 0 < share < 1}
        )
    if one.unit == "season":
        return 1 <= one.size <= 4 and any(month % 12 // 3 == one.size % 4 for month in _sizes(given, "month"))
    if one.unit == "year":
        return _year(one, given)
    if one.unit == "months":
        if _years(given) and (one.about or one.bound):
            return True  # for how long by now, no text says
        return one.size in _spans(given) or one.size / 12 in _years_between(given)
    if one.unit == "day":
        steps = [span / 1440 for span in _sizes(given, "minutes") if span % 1440 == 0]
        return one.size in {day + sign * step for day in _sizes(given, "day") for step in steps for sign in (1, -1)}
    if one.unit == "m2":
        return one.size in {first * second for first, second in combinations(_sizes(given, "m", ""), 2)}
    if one.unit in MONEY or not one.unit:
        return one.size in set(_reckoned(one, given)) or _share(one, given) or (not one.unit and one.size in _years_between(given))
    alike = _sizes(given, one.unit, "")
    counts = [each for each in _sizes(given, "") if each > 1]
    if one.unit not in _NAMED and any(
        one.size == each * share for each in _sizes(given, one.unit) for share in _sizes(given, "") if share < 1
    ):
        return True
    if one.unit not in _NAMED and any(one.size in (each / count, each * count) for each in _sizes(given, one.unit) for count in counts):
        return True
    return one.unit not in _NAMED and one.size in {
        abs(first + sign * second) for first, second in combinations(alike, 2) for sign in (1, -1)
    }


def _sizes(given: Sequence[Amount], *units: str) -> list[Fraction]:
    return [each.size for each in given if each.unit in units]


def _clocks(given: Sequence[Amount]) -> Iterator[Fraction]:
    """`8.45` is one too."""
    for each in given:
        if each.unit in CLOCKS:
            yield each.size
        elif not each.unit and each.size % 1 and each.size < 24:
            yield each.size // 1 * 60 + each.size % 1 * 100


def _reckoned(one: Amount, given: Sequence[Amount]) -> Iterator[Fraction]:
    alike = _sizes(given, one.unit, "") if one.unit else [each.size for each in given if not each.unit or each.unit in MONEY]
    if 0 < one.size < 1:
        counts = [each for each in _sizes(given, "") if each >= FEW]
        yield from (first / second for first in counts for second in counts if first < second)
    least = 3 if one.unit else 10
    if one.size < least and not {Fraction(2), Fraction(1, 2)} & set(_sizes(given, "")):
        return
    for first, second in combinations(alike, 2):
        yield first + second
        yield abs(first - second)
    if len(alike) <= VALUES_MAX:
        yield from (sum(three, Fraction(0)) for three in combinations(alike, 3))
        for three in combinations(alike, 3):
            yield 2 * max(three) - sum(three, Fraction(0))  # what is left when two are taken off
    if {Fraction(2), Fraction(1, 2)} & set(alike):
        yield from (each * 2 for each in alike)
        yield from (each / 2 for each in alike)
    counts = [each for each in (*alike, *(span / 60 for span in _sizes(given, "minutes"))) if each not in (0, 1)]
    for first, second in combinations(counts, 2):
        yield first * second
        yield first / second
        yield second / first
    shares = [each for each in _sizes(given, "") if 0 < each < 1]
    for each in alike:
        for share in shares:
            yield from (each * share, each * (1 - share), each * (1 + share))


def _share(one: Amount, given: Sequence[Amount]) -> bool:
    """`nearly eight tenths` of 168 out of 214."""
    if not (0 < one.size < 1 and one.about):
        return False
    counts = [each for each in _sizes(given, "") if each]
    return any(abs(first / second - one.size) <= NEAR for first in counts for second in counts if first < second)


def _years(given: Sequence[Amount]) -> list[Fraction]:
    return [each.size for each in given if each.unit == "year" or (not each.unit and 1800 < each.size < 2200)]


def _years_between(given: Sequence[Amount]) -> set[Fraction]:
    years = _years(given)
    return {first - second - less for first in years for second in years if first > second for less in (0, 1)} - {Fraction(0)}


def _spans(given: Sequence[Amount]) -> set[Fraction]:
    """Months from one named month to another, with or without the last."""
    named = _sizes(given, "month")
    return {(last - first) % 12 + more for first in named for last in named if first != last for more in (0, 1)}


def _year(one: Amount, given: Sequence[Amount]) -> bool:
    spans = {each.size / 12 if each.unit == "months" else each.size for each in given if each.unit in ("months", "")}
    if any(abs(one.size - year) in spans for year in _years(given)):
        return True
    short = one.size % 100  # 87年 of 1987
    return any(short in (each.size, each.told) for each in given if each.unit in ("", "year", "months"))
