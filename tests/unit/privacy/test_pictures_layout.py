# SPDX-License-Identifier: Apache-2.0
"""The order in which lines are read: on leaning pages, on photographed ones, in columns and in tables."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.privacy.pictures.layout import direction, in_order, paragraphs, spans
from comity.privacy.pictures.page import Page
from comity.privacy.pictures.places import Place
from comity.privacy.pictures.reader import Line

Point = tuple[float, float]
HEIGHT = 20.0
AS_IT_IS: Callable[[Point], Point] = lambda point: point  # noqa: E731


def line(text: str, x: float, y: float, width: float, bent: Callable[[Point], Point] = AS_IT_IS) -> Line:
    corner, right, down = bent((x, y)), bent((x + width, y)), bent((x, y + HEIGHT))
    along, across = (right[0] - corner[0], right[1] - corner[1]), (down[0] - corner[0], down[1] - corner[1])
    return Line(text, (), Place(corner, along, across))


def read(lines: list[Line]) -> list[str]:
    return [" ".join(span.line.text for span in row) for block in in_order(lines) for row in block]


def turned(degrees: float) -> Callable[[Point], Point]:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return lambda point: (point[0] * cos - point[1] * sin, point[0] * sin + point[1] * cos)


def seen(meet: float) -> Callable[[Point], Point]:
    """Rows that run together to the right, as on a page that is photographed from its left."""
    return lambda point: (point[0] / (1 + meet * point[0]), point[1] / (1 + meet * point[0]))


TABLE = [
    ("Tea", "2", "£4.20"),
    ("Coffee", "11", "£33.00"),
    ("Cake with cream", "1", "£5.10"),
    ("Total", "14", "£42.30"),
    ("Paid", "", "card"),
]


def table(bent: Callable[[Point], Point] = AS_IT_IS) -> list[Line]:
    cells = [(text, x, 100 + 32 * row) for row, texts in enumerate(TABLE) for text, x in zip(texts, (60, 400, 600), strict=True)]
    return [line(text, x, y, 9.0 * len(text), bent) for text, x, y in cells if text]


def columns(bent: Callable[[Point], Point] = AS_IT_IS) -> list[Line]:
    left = [line(f"left {row}", 60, 100 + 30 * row, 340 - 13 * (row % 3), bent) for row in range(9)]
    right = [line(f"right {row}", 470, 100 + 30 * row, 350 - 17 * (row % 4), bent) for row in range(8)]
    return [*right, *left]


IN_COLUMNS = [f"left {row}" for row in range(9)] + [f"right {row}" for row in range(8)]


@given(st.floats(-180, 180))
def test_columns_are_read_one_after_the_other_however_the_page_lies(degrees: float) -> None:
    assert read(columns(turned(degrees))) == IN_COLUMNS


@given(st.floats(-180, 180), st.randoms(use_true_random=False))
def test_a_table_is_read_row_by_row(degrees: float, dice: object) -> None:
    lines = table(turned(degrees))
    dice.shuffle(lines)  # type: ignore[attr-defined]
    assert read(lines) == [" ".join(text for text in texts if text) for texts in TABLE]


@pytest.mark.parametrize("meet", [-0.0003, -0.0001, 0.0001, 0.0003])
def test_rows_that_run_together_are_told_apart(meet: float) -> None:
    """Far to the right a row stands as high as another one to the left."""
    assert read(table(seen(meet))) == [" ".join(text for text in texts if text) for texts in TABLE]
    wide = [line(f"{row} {part}", 60 + 260 * part, 100 + 30 * row, 250, seen(meet)) for row in range(12) for part in range(3)]
    assert read(wide[::-1]) == [" ".join(f"{row} {part}" for part in range(3)) for row in range(12)]


def test_what_goes_over_both_columns_stands_before_or_behind_them() -> None:
    title, end = line("title over both", 60, 40, 760), line("a line at the foot of both", 60, 400, 700)
    assert read([end, *columns(), title]) == ["title over both", *IN_COLUMNS, "a line at the foot of both"]


def test_three_columns() -> None:
    lines = [line(f"part {column}{row}", 50 + 300 * column, 100 + 30 * row, 250 - 9 * (row % 3)) for row in range(7) for column in range(3)]
    assert read(lines) == [f"part {column}{row}" for column in range(3) for row in range(7)]


def test_the_pieces_of_one_line_stay_together() -> None:
    """A wide space parts a line for the network that finds text; where one stands in most rows it is still no gap between columns."""
    lines = [line("a", 60, 100 + 30 * row, 200 + 31 * (row % 4)) for row in range(8)]
    lines += [line("b", 300 + 31 * (row % 4), 100 + 30 * row, 380 - 31 * (row % 4)) for row in range(8)]
    assert read(lines) == ["a b"] * 8


def test_more_space_than_usual_is_a_paragraph() -> None:
    lines = [line(str(row), 60, 100 + 30 * row + (30 if row > 2 else 0), 400) for row in range(6)]
    (block,) = in_order(lines)
    assert [[row[0].line.text for row in part] for part in paragraphs(block)] == [["0", "1", "2"], ["3", "4", "5"]]
    assert Page([block], 0.0, (600, 400)).text == "0\n1\n2\n\n3\n4\n5"


def test_of_nothing_and_of_one_line() -> None:
    assert in_order([]) == [] and spans([]) == [] and direction([]) == 0.0 and list(paragraphs([])) == []
    assert read([line("alone", 10, 10, 100)]) == ["alone"]


@given(
    st.lists(st.tuples(st.floats(0, 2000), st.floats(0, 2000), st.floats(1, 900), st.floats(0.1, 90), st.floats(-3.2, 3.2)), max_size=25)
)
def test_whatever_is_found_is_read_once(boxes: list[tuple[float, float, float, float, float]]) -> None:
    lines = []
    for number, (x, y, width, height, angle) in enumerate(boxes):
        cos, sin = math.cos(angle), math.sin(angle)
        lines.append(Line(str(number), (), Place((x, y), (width * cos, width * sin), (-height * sin, height * cos))))
    found = [span.line.text for block in in_order(lines) for row in block for span in row]
    assert sorted(found, key=int) == [str(number) for number in range(len(boxes))]
