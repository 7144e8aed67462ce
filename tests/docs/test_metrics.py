# SPDX-License-Identifier: Apache-2.0
"""The metrics page says what `/metrics` does."""

from __future__ import annotations

from tests.docs.metrics import MARK, PAGE, filled


def test_the_page_lists_every_metric() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert MARK.search(page)
    assert filled(page) == page, "python -m tests.docs.metrics"
