# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""How `comity.tasks.gates` does on answers with one planted fault and on right ones said in other words.

    python -m tests.eval.planted            figures for both halves of the set
    python -m tests.eval.planted --misses   … and every miss and false alarm of the half that is tuned on

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

from comity.tasks.gates import check
from comity.tasks.shapes import Gate

SET = Path(__file__).parent / "sets" / "planted.jsonl"


class Judged(NamedTuple):
    item: dict[str, Any]
    half: str  # dev | held
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


def judged() -> Iterator[Judged]:
    for line in SET.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        if "id" not in item:
            continue
        asked = item.get("instruction")
        gates = check(
            item["kind"], source=item["source"], answer=item["answer"], language=item["language"],
            to=asked.get("to", "") if isinstance(asked, dict) else "", question=asked if isinstance(asked, str) else "",
        )  # fmt: skip
        failed = tuple(gate for gate in gates if not gate.passed)
        kind = item["wrong"]["type"] if item["wrong"] else "right"
        yield Judged(item, half(item["id"]), item["language"].partition("-")[0], kind, failed)


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
    for part in ("dev", "held"):
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


def main(arguments: list[str]) -> None:
    found = list(judged())
    print("\n".join(table(found)))
    if "--misses" in arguments:
        for one in found:
            if one.half == "dev" and bool(one.failed) == (one.type == "right"):
                print(one.item["id"], one.item["kind"], one.type, one.item["wrong"], [(gate.why, gate.said) for gate in one.failed])


if __name__ == "__main__":
    main(sys.argv[1:])
