# SPDX-License-Identifier: Apache-2.0
"""Writes docs/reference/doors-and-dialects.md: `python -m tests.live.matrix.page`.  `test_matrix.py` asks each of its cells."""

from __future__ import annotations

import json
from pathlib import Path

from comity.providers.catalog.dialects import dialects
from tests.live.matrix.cases import CASES, Case
from tests.live.matrix.partners import PARTNERS, Partner

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "doors-and-dialects.md"
LIVE = Path(__file__).with_name("live.json")
WORDS = {"chat": "OpenAI chat", "responses": "OpenAI Responses", "messages": "Anthropic Messages"}
HEAD = """\
# Doors and dialects

What passes from each front door to each dialect and back with nothing lost. Every cell is asked by the door's own client, through a
gateway, of the lab's simulator of that partner (`tests/live/matrix`); a cell says how its dialect's part is known:

- `live`: captured from the real service;
- `sdk`: the simulator that answered satisfies the maker's own client;
- `doc`: from the partner's documentation;
- –: refused, with what cannot be carried, before anything is recorded as sent.

`make live` asks the real services whose keys are in the environment, and notes what came well; where no cell says `live`, no partner's
account was at hand.
"""


def cell(case: Case, partner: Partner) -> str:
    seen = json.loads(LIVE.read_text(encoding="utf-8")).get(partner.name, {})
    if case.feature in seen:
        return f"live {seen[case.feature]}"
    table = dialects()[partner.dialect]["chat"]
    if not case.needs <= table.keys() or not case.needs & {"image", "audio", "file"} <= set(partner.inputs):
        return "–"
    return min((table[need] for need in case.needs), default=table["stream"])  # `doc` before `sdk`


def page() -> str:
    out = [HEAD]
    for door, name in WORDS.items():
        out += [f"\n## {name}\n", "| feature | " + " | ".join(each.name for each in PARTNERS) + " |"]
        out.append("|---|" + "---|" * len(PARTNERS))
        for case in CASES:
            if door in case.doors:
                out.append(f"| {case.feature} | " + " | ".join(cell(case, each) for each in PARTNERS) + " |")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
