# SPDX-License-Identifier: Apache-2.0
"""The settings page says what the schema says."""

from __future__ import annotations

from tests.docs.settings import PAGE, TABLES, filled, sections


def test_every_section_has_a_place_in_the_file() -> None:
    assert set(sections()) == set(TABLES)


def test_the_page_is_the_schema_s() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("<!-- begin ") == 2
    assert filled(page) == page, "python -m tests.docs.settings"
