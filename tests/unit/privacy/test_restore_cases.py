# SPDX-License-Identifier: Apache-2.0
"""Cases of stand-ins made outside (`tests/vectors/privacy`): as cut in the case, at every split point, and one character at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.restore_adapter import make

VECTORS = Path(__file__).parents[2] / "vectors" / "privacy"
CASES = [
    case
    for name in ("restore_tags.json", "restore/texts.json")
    for case in json.loads((VECTORS / name).read_text(encoding="utf-8"))["cases"]
]


def run(case: dict[str, Any], pieces: list[str]) -> tuple[str, list[int]]:
    restoring = make(case["mapping"], case["mode"], case.get("parts"), case.get("style", "tag"))
    out, sizes = "", []
    for piece in pieces:
        out += restoring.feed(piece)
        sizes.append(len(out))
    return out + restoring.flush(), sizes


def read(text: str, name: str) -> Any:
    """JSON, whose member ``name`` is JSON in itself."""
    value = json.loads(text)
    return value | {name: json.loads(value[name])} if name else value


def good(case: dict[str, Any], got: str) -> bool:
    how, _, name = case.get("compare", "").partition(":")
    return bool(read(got, name) == read(case["expected"], name) if how else got == case["expected"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']}-{case['category']}")
def test_a_case_holds_however_it_is_cut(case: dict[str, Any]) -> None:
    got, sizes = run(case, case["chunks"])
    assert good(case, got)
    assert all(size >= least for size, least in zip(sizes, case.get("emit_at_least", []), strict=False))
    whole = "".join(case["chunks"])
    for cut in range(len(whole) if case["also_every_split"] else 0):
        assert good(case, run(case, [whole[:cut], whole[cut:]])[0])
    assert good(case, run(case, list(whole))[0])


def test_there_are_cases_enough() -> None:
    levels = [case["level"] for case in CASES]
    assert levels.count("must") >= 60 and levels.count("should") >= 20
    assert len({(case["id"], case["category"]) for case in CASES}) == len(CASES)
