# SPDX-License-Identifier: Apache-2.0
"""Choices, numbers and money, by what they are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from comity.tasks.assist.intents import Parameter
from comity.tasks.assist.reading.said import Said
from comity.tasks.entities.values import Measure, Money, Number, Percent


def choices(said: Said, parameter: Parameter) -> Sequence[tuple[int, int, str]]:
    """(start, end, choice), left to right; where two overlap the longer word."""
    found: list[tuple[int, int, str]] = []
    for choice, words in parameter.choices.items():
        for word in (choice, *words):
            if re.search(r"[\u4e00-\u9fff]", word):
                found += [(each.start(), each.end(), choice) for each in re.finditer(re.escape(word), said.text)]
            else:
                pattern = r"(?<![a-z])" + re.escape(word).replace("_", "[ _]") + r"(?:'s)?(?![a-z])"
                found += [(each.start(), each.end(), choice) for each in re.finditer(pattern, said.text, re.IGNORECASE)]
    kept: list[tuple[int, int, str]] = []
    for one in sorted(found, key=lambda one: (one[0] - one[1], one[0])):
        if all(one[1] <= a or one[0] >= b for a, b, _ in kept):
            kept.append(one)
    return sorted(kept)


def numbers(said: Said) -> Sequence[tuple[int, int, Decimal, str]]:
    """(start, end, amount, unit): a percent has the unit `%`, a bare number none."""
    found: list[tuple[int, int, Decimal, str]] = []
    for each in said.entities:
        value = each.value
        if any(a <= each.start and each.end <= b for a, b in said.taken):
            continue
        if isinstance(value, Number):
            found.append((each.start, each.end, value.amount / value.over, ""))
        elif isinstance(value, Percent):
            found.append((each.start, each.end, value.amount, "%"))
        elif isinstance(value, Measure):
            half = said.text[each.end : each.end + 1] == "半"  # `二十二度半`
            found.append((each.start, each.end + half, value.amount + (Decimal("0.5") if half else 0), value.unit))
    return [one for one in found if not any(a[0] <= one[0] and one[1] <= a[1] and a is not one for a in found)]


def money(said: Said) -> tuple[int, int, dict[str, Any]] | None:
    for each in said.entities:
        if isinstance(each.value, Money):
            return each.start, each.end, {"amount": plain(each.value.amount), "currency": each.value.currency}
    return None


def plain(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)
