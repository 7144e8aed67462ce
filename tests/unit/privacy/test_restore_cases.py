# SPDX-License-Identifier: Apache-2.0
"""Outside cases (`tests/vectors/privacy`): as cut in the case, at every split point, and one character at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.restore_adapter import make

CASES = json.loads((Path(__file__).parents[2] / "vectors" / "privacy" / "restore_tags.json").read_text(encoding="utf-8"))["cases"]


def run(case: dict[str, Any], pieces: list[str]) -> tuple[str, list[int]]:
    restoring, out, sizes = make(case["mapping"], case["mode"]), "", []
    for piece in pieces:
        out += restoring.feed(piece)
        sizes.append(len(out))
    return out + restoring.flush(), sizes


def good(case: dict[str, Any], got: str) -> bool:
    return json.loads(got) == json.loads(case["expected"]) if case.get("compare") == "json" else bool(got == case["expected"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']}-{case['category']}")
def test_a_case_holds_however_it_is_cut(case: dict[str, Any]) -> None:
    got, sizes = run(case, case["chunks"])
    assert good(case, got)
    assert all(size >= least for size, least in zip(sizes, case.get("emit_at_least", []), strict=False))
    whole = "".join(case["chunks"])
    for cut in range(len(whole)):
        assert good(case, run(case, [whole[:cut], whole[cut:]])[0])
    assert good(case, run(case, list(whole))[0])
