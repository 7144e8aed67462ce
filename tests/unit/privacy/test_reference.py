# SPDX-License-Identifier: Apache-2.0
"""The page that lists the recognisers is the one that the code writes."""

from __future__ import annotations

from pathlib import Path

from comity.privacy.recognizers import reference_table, rules

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "privacy.md"


def test_the_page_holds_the_table_of_the_code() -> None:
    assert reference_table() in PAGE.read_text(encoding="utf-8"), "write the output of `reference_table()` into docs/reference/privacy.md"


def test_every_recogniser_has_one_row_that_says_what_it_finds() -> None:
    rows = [line for line in reference_table().splitlines() if line.startswith("| `")]
    assert len(rows) == len(rules())
    assert all(line.count(" | ") == 4 for line in rows), "a bar inside a cell would break the table"
