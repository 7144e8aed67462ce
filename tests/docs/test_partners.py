# SPDX-License-Identifier: Apache-2.0
"""The providers page says what the catalog says."""

from __future__ import annotations

from tests.docs.partners import PAGE, filled


def test_the_page_is_the_catalog_s() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("<!-- begin ") == 1
    assert filled(page) == page, "python -m tests.docs.partners"
