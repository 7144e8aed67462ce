# SPDX-License-Identifier: Apache-2.0
"""The Chinese calendar against days that are widely printed, and at its edges."""

from __future__ import annotations

from datetime import date

import pytest

from comity.tasks.entities import lunar

NEW_YEARS = {1900: "01-31", 1950: "02-17", 1985: "02-20", 2000: "02-05", 2008: "02-07", 2020: "01-25", 2023: "01-22", 2024: "02-10",
             2025: "01-29", 2026: "02-17", 2033: "01-31", 2050: "01-23", 2100: "02-09"}  # fmt: skip


@pytest.mark.parametrize(("year", "day"), NEW_YEARS.items())
def test_new_years(year: int, day: str) -> None:
    assert lunar.new_year(year) == date.fromisoformat(f"{year}-{day}")


def test_a_leap_month_follows_its_own() -> None:
    assert lunar.to_gregorian(2025, 6, 1) == date(2025, 6, 25)
    assert lunar.to_gregorian(2025, 6, 1, leap=True) == date(2025, 7, 25)
    assert lunar.to_gregorian(2026, 6, 1, leap=True) is None
    assert lunar.from_gregorian(date(2033, 12, 22)) == (2033, 11, 1, True)  # the year that many tables had wrong


def test_what_a_year_does_not_have() -> None:
    assert lunar.to_gregorian(2026, 1, 31) is None
    assert lunar.to_gregorian(1899, 1, 1) is None and lunar.to_gregorian(2101, 1, 1) is None
    assert lunar.term(2101, "冬至") is None and lunar.term(2026, "大暑天") is None
    assert lunar.from_gregorian(date(1900, 1, 30)) is None


@pytest.mark.parametrize(
    ("year", "name", "day"),
    [
        (2026, "清明", "04-05"),
        (2026, "冬至", "12-22"),
        (2024, "立春", "02-04"),
        (2025, "立春", "02-03"),
        (2021, "冬至", "12-21"),
        (2000, "夏至", "06-21"),
    ],
)
def test_terms(year: int, name: str, day: str) -> None:
    assert lunar.term(year, name) == date.fromisoformat(f"{year}-{day}")
