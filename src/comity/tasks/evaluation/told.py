# SPDX-License-Identifier: Apache-2.0
"""What was measured, line by line, and in words: for a terminal and for a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from comity.tasks.capability import OTHERWISE, THRESHOLDS, Row, Threshold, holds
from comity.tasks.evaluation.figures import Figures, figures, grouped, rows
from comity.tasks.evaluation.measure import Outcome
from comity.tasks.evaluation.sets import MEASURES

PUBLIC = "public sets may be in the model's training data"


class Line(NamedTuple):
    """Of one model, task, language and length.  ``beside``: of what costs nothing, over the same items, by its name."""

    row: Row
    all: Figures
    dev: Figures
    held: Figures
    public: bool
    beside: tuple[tuple[str, Figures], ...]

    @property
    def threshold(self) -> Threshold:
        return THRESHOLDS.get(self.row.task, OTHERWISE)

    @property
    def name(self) -> str:
        return f"{self.row.task} {self.row.language}" + ("" if self.row.length == "short" else f" {self.row.length}")

    @property
    def verdict(self) -> str:
        """`able`, or what is missing."""
        wanted = self.threshold
        if holds(self.row):
            return "able"
        if self.row.n < 20:
            return "too few items"
        if self.row.covered < wanted.covered * self.row.n:
            return f"answers too little (< {wanted.covered:.0%})"
        return f"not sure enough ({self.row.low:.2f} < {wanted.low:.2f})"


def lines(outcomes: Sequence[Outcome], baselines: Sequence[Outcome], sha256: dict[str, str]) -> list[Line]:
    by_row = grouped(outcomes, lambda each: (each.model, each.task, each.language, each.length))
    cheap = grouped(baselines, lambda each: (each.task, each.language, each.length))
    out = []
    for row in rows(outcomes, sha256):
        those = by_row[row.model, row.task, row.language, row.length]
        ids = {each.id for each in those}
        beside = [each for each in cheap.get((row.task, row.language, row.length), ()) if each.id in ids]
        named = grouped(beside, lambda each: (each.model,))
        out.append(
            Line(
                row=row, all=figures(those), dev=figures([each for each in those if not each.held]),
                held=figures([each for each in those if each.held]), public=all(each.public for each in those),
                beside=tuple((str(name), figures(found)) for (name,), found in named.items()),
            )
        )  # fmt: skip
    return out


def terminal(found: Iterable[Line]) -> str:
    out: list[str] = []
    model = ""
    for line in found:
        if line.row.model != model:
            model = line.row.model
            out += ["", model, f"  {'task':22} {'answered':>12}  {'right of those':>30}  {'dev':>9} {'held':>9}  verdict"]
        seen = line.all
        out.append(
            f"  {line.name:22} {f'{seen.covered}/{seen.n}':>8} {seen.coverage:4.0%}  "
            f"{f'{seen.right}/{seen.covered}':>8} {seen.accuracy:6.1%} [{seen.low:5.1%}, {seen.high:5.1%}]  "
            f"{_short(line.dev):>9} {_short(line.held):>9}  {line.verdict}"
        )
        for name, other in line.beside:
            out.append(f"      {name}: {other.right}/{other.covered} {other.accuracy:.1%}")
        if line.public:
            out.append(f"      {PUBLIC}")
    return "\n".join(out).lstrip("\n")


def _short(seen: Figures) -> str:
    return f"{seen.right}/{seen.covered}/{seen.n}"


def markdown(found: Sequence[Line]) -> str:
    """Tables, one a model, and what the gates caught."""
    out: list[str] = []
    for (model,), those in _by_model(found):
        out += [
            f"### {model}", "",
            "| task, language | answered | right of those, 95 % | dev | held | measure | costs nothing "
            "| gates: caught; false alarms | s | able |",
            "|---|--:|--:|--:|--:|--:|--:|--:|--:|---|",
        ]  # fmt: skip
        out += [_cells(line) for line in those]
        out.append("")
    return "\n".join(out)


def _cells(line: Line) -> str:
    seen = line.all
    beside = "; ".join(f"{other.right}/{other.covered} ({name})" for name, other in line.beside) or "–"
    mark = " ¹" if line.public else ""
    right = f"{seen.right}/{seen.covered} = {seen.accuracy:.0%} [{seen.low:.0%}, {seen.high:.0%}]" if seen.covered else "–"
    gates = f"{seen.caught}/{seen.wrong_drafts}; {seen.stopped}/{seen.right_drafts}"
    cells = (
        f"{line.name}{mark}", f"{seen.covered}/{seen.n} = {seen.coverage:.0%}", right, _short(line.dev), _short(line.held),
        f"{seen.value:.2f} {MEASURES[line.row.task]}" if seen.covered else "–", beside, gates, f"{seen.seconds:.0f}",
        "**yes**" if line.row.able else line.verdict,
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _by_model(found: Sequence[Line]) -> list[tuple[tuple[str, ...], list[Line]]]:
    models: dict[tuple[str, ...], list[Line]] = {}
    for line in found:
        models.setdefault((line.row.model,), []).append(line)
    return list(models.items())
