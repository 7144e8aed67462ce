# SPDX-License-Identifier: Apache-2.0
"""How good an answer is, the same way whatever was hidden: the share of an item's facts that it holds; and how sure a ratio is."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

RESAMPLES = 5000


class Ratio(NamedTuple):
    value: float
    low: float  # of the middle 95 %
    high: float

    def __str__(self) -> str:
        return f"{self.value:.1%} (95 %: {self.low:.1%} to {self.high:.1%})"


def fold(text: str) -> str:
    """Letters and digits alone, small, of full and half width the same: spacing and punctuation are no part of a fact."""
    return "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())


def score(answer: str, facts: Sequence[Sequence[str]]) -> float:
    said = fold(answer)
    return sum(any(fold(form) in said for form in forms) for forms in facts) / len(facts)


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def ratio(hidden: Sequence[float], raw: Sequence[float], *, groups: Sequence[str], seed: int = 1) -> Ratio:
    """Mean score with hiding over mean score without.  Whole groups are drawn (items of one template are alike), and an item keeps
    its two scores together."""
    by_group: dict[str, list[tuple[float, float]]] = {}
    for group, pair in zip(groups, zip(hidden, raw, strict=True), strict=True):
        by_group.setdefault(group, []).append(pair)
    sums = [(sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)) for pairs in by_group.values()]
    rng = random.Random(seed)
    drawn = sorted(_over(rng.choices(sums, k=len(sums))) for _ in range(RESAMPLES))
    return Ratio(_over(sums), drawn[int(RESAMPLES * 0.025)], drawn[int(RESAMPLES * 0.975)])


def _over(sums: Sequence[tuple[float, float]]) -> float:
    whole = sum(each[1] for each in sums)
    return sum(each[0] for each in sums) / whole if whole else 0.0


def share(hits: Sequence[float]) -> Ratio:
    """Of hits (1), misses (0) and draws between, with Wilson's interval."""
    count, z = len(hits), 1.96
    part = sum(hits) / count
    middle, spread = part + z * z / (2 * count), z * ((part * (1 - part) + z * z / (4 * count)) / count) ** 0.5
    return Ratio(part, (middle - spread) / (1 + z * z / count), (middle + spread) / (1 + z * z / count))
