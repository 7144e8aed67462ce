# SPDX-License-Identifier: Apache-2.0
"""The metrics as `docs/reference/metrics.md` lists them, read from `gateway/metrics.py`.

python -m tests.docs.metrics     writes the page's list anew
"""

from __future__ import annotations

import re
from pathlib import Path

from comity.gateway.metrics import Metrics

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "metrics.md"
MARK = re.compile(r"(<!-- begin metrics -->\n).*?(<!-- end metrics -->)", re.DOTALL)


def table() -> str:
    rows = ["| metric | kind | labels | |", "|---|---|---|---|"]
    for family in Metrics().families():
        labels = ", ".join(f"`{label}`" for label in family.labels) or "–"
        rows.append(f"| `{family.name}` | {family.kind} | {labels} | {family.about} |")
    return "\n".join(rows) + "\n"


def filled(page: str) -> str:
    return MARK.sub(lambda found: found[1] + table() + found[2], page)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
