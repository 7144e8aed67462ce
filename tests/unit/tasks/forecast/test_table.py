# SPDX-License-Identifier: Apache-2.0
"""A file as points at even steps: whatever stands in it is read as it was meant, or refused by its line."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.tasks.forecast.grid import gridded
from comity.tasks.forecast.shapes import Point
from comity.tasks.forecast.table import read


def told(text: str) -> list[tuple[str, float | None]]:
    return [(point.at, point.value) for point in read(text.encode())]


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("date,value\n2026-01,1\n2026-02,2.5\n", [("2026-01", 1.0), ("2026-02", 2.5)]),
        ("1\n2\n-3e2\n", [("", 1.0), ("", 2.0), ("", -300.0)]),
        ("sales\n1\n\n2\n", [("", 1.0), ("", 2.0)]),
        ("\ufeffdate;value\r\n2026;1,5\r\n2027;\r\n", [("2026", 1.5), ("2027", None)]),
        ("id\tds\ty\n7\t2026-01-01\t3\n", [("2026-01-01", 3.0)]),
        ("value,date\n1,2026\nNA,2027\n", [("2026", 1.0), ("2027", None)]),
        ("日期,数值\n2026-01,8\n", [("2026-01", 8.0)]),
        ('date,value\n"2026-01","1"\n', [("2026-01", 1.0)]),
    ],
)
def test_a_file_is_read_as_it_was_meant(text: str, points: list[tuple[str, float | None]]) -> None:
    assert told(text) == points


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("date,value\n", "empty"),
        ("date,value\n2026-01,1\n2026-02,many\n", "line 3 has no number"),
        ("date,value\n2026-01,1\n2026-02\n", "line 3 has too few columns"),
        ("date,value\n2026-01,inf\n", "line 2 has no number"),
        ("date,value\n2026-01,1_0\n", "line 2 has no number"),
        ("date,value\n2026-01,=1+1\n", "line 2 has no number"),
        ('date,value\n2026-01,1\n"2026-02,"' + "x" * 200_000, "line 3"),
    ],
)
def test_what_is_no_series_is_refused_by_its_line(text: str, said: str) -> None:
    with pytest.raises(CallerError, match=said):
        read(text.encode())


@given(st.binary(max_size=300) | st.text('0123456789-.,;\t\n"eE:naQ\u202e', max_size=300).map(str.encode))
def test_noise_is_read_or_refused(noise: bytes) -> None:
    try:
        grid = gridded(read(noise))
    except CallerError:
        return
    assert any(math.isfinite(value) for value in grid.values) and len(grid.at) == len(grid.values)


def steps(*times: str) -> tuple[str, list[str], list[str]]:
    grid = gridded([Point(at=at, value=float(number)) for number, at in enumerate(times)])
    return grid.every, [at for at, value in zip(grid.at, grid.values, strict=True) if math.isnan(value)], grid.ahead(2)


@pytest.mark.parametrize(
    ("times", "every", "missing", "ahead"),
    [
        (("2024", "2025", "2026"), "year", [], ["2027", "2028"]),
        (("2025-Q3", "2025-Q4", "2026-Q1"), "quarter", [], ["2026-Q2", "2026-Q3"]),
        (("2025-10", "2025-12", "2026-01"), "month", ["2025-11"], ["2026-02", "2026-03"]),
        (("2026-01-31", "2026-02-28", "2026-03-31"), "month", [], ["2026-04", "2026-05"]),
        (("2026-03-01", "2026-03-02", "2026-03-04", "2026-03-05"), "day", ["2026-03-03"], ["2026-03-06", "2026-03-07"]),
        (("2026-03-01", "2026-03-08", "2026-03-15"), "week", [], ["2026-03-22", "2026-03-29"]),
        (("2026-03-01T22:00", "2026-03-01T23:00", "2026-03-02T00:00"), "hour", [], ["2026-03-02T01:00:00Z", "2026-03-02T02:00:00Z"]),
        (("2026-03-02T00:00+08:00", "2026-03-01T17:00Z"), "hour", [], ["2026-03-01T18:00:00Z", "2026-03-01T19:00:00Z"]),
    ],
)
def test_steps_are_the_calendar_s(times: tuple[str, ...], every: str, missing: list[str], ahead: list[str]) -> None:
    assert steps(*times) == (every, missing, ahead)
    assert steps(*reversed(times))[0] == every


def test_a_working_week_has_five_days() -> None:
    days = [f"2026-03-{day:02}" for day in range(2, 21) if day not in (7, 8, 14, 15)]
    assert steps(*days) == ("working day", [], ["2026-03-23", "2026-03-24"])


def test_uneven_times_are_averaged_and_it_is_said() -> None:
    grid = gridded([Point(at=f"2026-03-{day:02}T{hour:02}:{minute:02}", value=1.0) for day, hour, minute in
                    [(1, 3, 7), (1, 19, 0), (2, 8, 1), (3, 2, 2), (3, 23, 59), (4, 12, 0), (6, 1, 1)]])  # fmt: skip
    assert grid.every == "day" and len(grid.values) == 6 and "uneven" in grid.said[0]


def test_a_time_that_stands_twice_is_averaged_and_it_is_said() -> None:
    grid = gridded([Point(at="2026", value=1.0), Point(at="2026", value=3.0), Point(at="2027", value=5.0)])
    assert grid.values == [2.0, 5.0] and "more than once" in grid.said[0]


@pytest.mark.parametrize(
    "points",
    [
        [],
        [Point(value=None)],
        [Point(value=math.inf)],
        [Point(value=1e300)],
        [Point(value=1.0, at="2026"), Point(value=1.0)],
        [Point(value=1.0, at="yesterday")],
        [Point(value=1.0, at="2026-13")],
        [Point(value=1.0, at="2026-02-30")],
        [
            Point(value=1.0, at="1000-01-01T00:00:00"),
            Point(value=1.0, at="1000-01-01T00:00:01"),
            Point(value=1.0, at="9000-01-01T00:00:00"),
        ],
    ],
)
def test_what_makes_no_grid_is_refused(points: list[Point]) -> None:
    try:
        grid = gridded(points)
    except CallerError:
        return
    assert len(grid.values) < 200_000 and points[0].at.startswith("1000")
