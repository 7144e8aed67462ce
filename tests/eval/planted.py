# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""How `comity.tasks.gates` does on answers with one planted fault and on right ones said in other words.

    python -m tests.eval.planted            figures for both halves of the set, and for `planted.tune`, all of which is tuned on
    python -m tests.eval.planted --misses   … and every miss and false alarm of what is tuned on
    python -m tests.eval.planted --folds    the odds of an invented clause, fitted on nine tenths of the sources and tried on the tenth

Caught: some gate fails on a wrong answer.  Pointed at: what that gate says overlaps the planted piece.  False alarm: some gate fails
on a right answer.  Intervals are Wilson's at 95 %.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple

from comity.tasks.gates import check, inventions
from comity.tasks.gates.pair import Pair
from comity.tasks.shapes import Gate

SETS = Path(__file__).parent / "sets"


class Judged(NamedTuple):
    item: dict[str, Any]
    half: str  # dev | held | tune
    language: str  # zh | en
    type: str  # of the fault; `right` where there is none
    failed: tuple[Gate, ...]

    @property
    def pointed(self) -> bool:
        said = self.item["wrong"]["said"] if self.item["wrong"] else ""
        return any(gate.said and (gate.said in said or said in gate.said or _overlap(gate.said, said)) for gate in self.failed)


def _overlap(one: str, other: str) -> bool:
    if any("\u3400" <= each <= "\u9fff" for each in one + other):
        return any(one[at : at + 2] in other for at in range(max(1, len(one) - 1)))
    return bool(set(one.lower().split()) & set(other.lower().split()))


def half(item: str) -> str:
    return "held" if hashlib.sha256(item.encode()).digest()[0] % 2 else "dev"


def items() -> Iterator[tuple[str, dict[str, Any]]]:
    for name in ("planted.jsonl", "planted.tune.jsonl"):
        for text in (SETS / name).read_text(encoding="utf-8").splitlines():
            item = json.loads(text)
            if "id" in item:
                yield "tune" if ".tune" in name else half(item["id"]), item


def judged() -> Iterator[Judged]:
    for part, item in items():
        asked = item.get("instruction")
        gates = check(
            item["kind"], source=item["source"], answer=item["answer"], language=item["language"],
            to=asked.get("to", "") if isinstance(asked, dict) else "", question=asked if isinstance(asked, str) else "",
        )  # fmt: skip
        failed = tuple(gate for gate in gates if not gate.passed)
        kind = item["wrong"]["type"] if item["wrong"] else "right"
        yield Judged(item, part, item["language"].partition("-")[0], kind, failed)


def wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    if not of:
        return 0.0, 1.0
    share, square = hits / of, z * z
    middle = (share + square / (2 * of)) / (1 + square / of)
    width = z * sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - width), min(1.0, middle + width)


def line(name: str, hits: int, of: int, more: str = "") -> str:
    low, high = wilson(hits, of)
    return f"{name:<34} {hits:>4}/{of:<4} {100 * hits / of if of else 0:5.1f} %  [{100 * low:5.1f}, {100 * high:5.1f}] {more}".rstrip()


def table(found: Iterable[Judged]) -> Iterator[str]:
    every = list(found)
    for part in ("dev", "held", "tune"):
        ours = [one for one in every if one.half == part]
        wrong, right = [one for one in ours if one.type != "right"], [one for one in ours if one.type == "right"]
        pointed = sum(one.pointed for one in wrong)
        yield line(f"{part}: caught", sum(bool(one.failed) for one in wrong), len(wrong), f"pointed at {pointed}")
        yield line(f"{part}: false alarms", sum(bool(one.failed) for one in right), len(right))
        for name, of in (
            *((f"caught, {language}, {kind}", [one for one in wrong if one.language == language and one.type == kind])
              for language in ("en", "zh") for kind in ("name", "number", "date", "negation", "invention")),
            *((f"caught, {kind}", [one for one in wrong if one.item["kind"] == kind]) for kind in sorted({one.item["kind"] for one in ours})),
            *((f"false alarms, {language}", [one for one in right if one.language == language]) for language in ("en", "zh")),
            *((f"false alarms, {kind}", [one for one in right if one.item["kind"] == kind]) for kind in sorted({one.item["kind"] for one in ours})),
        ):  # fmt: skip
            yield line(f"  {name}", sum(bool(one.failed) for one in of), len(of))


# -- the odds of an invented clause ---------------------------------------------------------------------------------------

FOLDS = 10
PENALTY = 1.0


def seen(item: dict[str, Any]) -> Any:
    """Of each clause of an answer: what its odds are made of, (clauses, 4)."""
    import numpy as np

    asked = item.get("instruction")
    pair = Pair(
        item["kind"], item["source"], item["answer"], item["language"], asked.get("to", "") if isinstance(asked, dict) else "",
        asked if isinstance(asked, str) else "", (),
    )  # fmt: skip
    return np.array([one.seen for _, _, one in inventions.odds(pair)], float).reshape(-1, 4)


def fitted(rows: list[Any], wrong: Any) -> Any:
    """Logistic, of each answer's likeliest clause, which is picked anew a few times."""
    import numpy as np

    weights = np.array(inventions.FITTED)
    for _ in range(5):
        x = np.array([[*likeliest(each, weights), 1.0] for each in rows])
        for _ in range(30):
            chance = 1 / (1 + np.exp(-x @ weights))
            keep = np.diag([PENALTY] * 4 + [1e-6])
            weights = weights - np.linalg.solve(
                (x * (chance * (1 - chance))[:, None]).T @ x + keep, x.T @ (chance - wrong) + keep @ weights
            )
    return weights


def likeliest(each: Any, weights: Any) -> Any:
    return each[(each @ weights[:4]).argmax()] if len(each) else [0.0] * 4


def folds() -> Iterator[str]:
    import numpy as np

    ours = [(part, one) for part, one in items() if part != "held" and one["kind"] != "proofread"]
    ours = [(part, one) for part, one in ours if not one["wrong"] or one["wrong"]["type"] == "invention"]
    rows, wrong = [seen(one) for _, one in ours], np.array([bool(one["wrong"]) for _, one in ours])
    yield "fitted on all: " + ", ".join(f"{each:.2f}" for each in fitted(rows, wrong))
    fold = np.array([hashlib.sha256(one["source"].encode()).digest()[1] % FOLDS for _, one in ours])
    odds = np.zeros(len(ours))
    for left in range(FOLDS):
        weights = fitted([each for each, at in zip(rows, fold, strict=True) if at != left], wrong[fold != left])
        for at in np.flatnonzero(fold == left):
            odds[at] = np.array([*likeliest(rows[at], weights), 1.0]) @ weights
    for part in ("dev", "tune"):
        of = np.array([each == part for each, _ in ours])
        higher = np.mean([(mine > odds[of & ~wrong]).mean() for mine in odds[of & wrong]])
        yield line(
            f"{part}: inventions caught", int((odds[of & wrong] >= inventions.SURE).sum()), int((of & wrong).sum()), f"AUROC {higher:.2f}"
        )
        yield line(f"{part}: false alarms", int((odds[of & ~wrong] >= inventions.SURE).sum()), int((of & ~wrong).sum()))


def main(arguments: list[str]) -> None:
    if "--folds" in arguments:
        print("\n".join(folds()))
        return
    found = list(judged())
    print("\n".join(table(found)))
    if "--misses" in arguments:
        for one in found:
            if one.half != "held" and bool(one.failed) == (one.type == "right"):
                print(one.item["id"], one.item["kind"], one.type, one.item["wrong"], [(gate.why, gate.said) for gate in one.failed])


if __name__ == "__main__":
    main(sys.argv[1:])
