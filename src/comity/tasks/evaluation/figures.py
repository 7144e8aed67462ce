# SPDX-License-Identifier: Apache-2.0
"""Outcomes as figures: coverage, accuracy of what was answered with Wilson's interval, abstentions, what the gates caught; matrix rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from comity.tasks.capability import Length, Row, holds
from comity.tasks.evaluation.measure import Outcome

Z = 1.96


def wilson(k: int, n: int) -> tuple[float, float]:
    """95 % of a share; 0 to 1 where nothing was seen."""
    if n == 0:
        return 0.0, 1.0
    p, z2 = k / n, Z * Z
    middle, half = p + z2 / 2 / n, Z * math.sqrt(p * (1 - p) / n + z2 / 4 / n / n)
    return max(0.0, (middle - half) / (1 + z2 / n)), min(1.0, (middle + half) / (1 + z2 / n))


class Figures(NamedTuple):
    """``n``: items that have an answer, and others that one was given to all the same.  ``nothing``, ``refrained``: items whose text says
    nothing, and on how many of those it abstained."""

    n: int
    covered: int
    right: int
    low: float
    high: float
    value: float  # mean of the task's own measure over what was answered
    abstained: int
    came: dict[str, int]
    nothing: int
    refrained: int
    wrong_drafts: int  # that could be read, were wrong, and had an answer to give
    caught: int  # of those, stopped by a gate
    right_drafts: int
    stopped: int  # of those, stopped by a gate: false alarms
    seconds: float  # of the model, in the middle
    counts: dict[str, int]

    @property
    def accuracy(self) -> float:
        return self.right / self.covered if self.covered else 0.0

    @property
    def coverage(self) -> float:
        return self.covered / self.n if self.n else 0.0


def figures(outcomes: Sequence[Outcome]) -> Figures:
    counted = [each for each in outcomes if not each.none or each.answered]
    covered = [each for each in counted if each.answered]
    right = sum(each.right for each in covered)
    low, high = wilson(right, len(covered))
    nothing = [each for each in outcomes if each.none]
    drafts = [each for each in outcomes if each.draft is not None]
    wrong, good = [each for each in drafts if not each.draft], [each for each in drafts if each.draft]
    times = sorted(each.seconds for each in outcomes)
    counts: Counter[str] = Counter()
    for each in outcomes:
        counts.update(each.counts)
    return Figures(
        n=len(counted), covered=len(covered), right=right, low=low, high=high,
        value=sum(each.value for each in covered) / len(covered) if covered else 0.0,
        abstained=sum(each.came == "abstained" for each in counted), came=dict(Counter(each.came for each in counted)),
        nothing=len(nothing), refrained=sum(not each.answered for each in nothing),
        wrong_drafts=len(wrong), caught=sum(bool(each.gates) for each in wrong), right_drafts=len(good),
        stopped=sum(bool(each.gates) for each in good), seconds=times[len(times) // 2] if times else 0.0, counts=dict(counts),
    )  # fmt: skip


Key = tuple[Any, ...]


def grouped(outcomes: Iterable[Outcome], key: Callable[[Outcome], Key]) -> dict[Key, list[Outcome]]:
    found: dict[Key, list[Outcome]] = {}
    for each in outcomes:
        found.setdefault(key(each), []).append(each)
    return found


def rows(outcomes: Iterable[Outcome], sha256: Mapping[str, str]) -> list[Row]:
    """One for each model, task, language and length that was measured; ``sha256``: by model."""
    out = []
    for (model, task, language, length), those in grouped(outcomes, lambda o: (o.model, o.task, o.language, o.length)).items():
        seen = figures(those)
        row = _row(model, sha256.get(model, ""), task, language, length, seen)
        out.append(msgspec.structs.replace(row, able=holds(row)))
    return sorted(out, key=lambda row: (row.model, row.task, row.language, row.length))


def _row(model: str, sha256: str, task: str, language: str, length: Length, seen: Figures) -> Row:
    return Row(
        model=model, sha256=sha256, task=task, language=language, length=length, n=seen.n, covered=seen.covered, right=seen.right,
        accuracy=round(seen.accuracy, 3), low=round(seen.low, 3), high=round(seen.high, 3), able=False,
    )  # fmt: skip
