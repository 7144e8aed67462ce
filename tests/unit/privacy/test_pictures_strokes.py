# SPDX-License-Identifier: Apache-2.0
"""Dashes in empty cells, and lines to be filled in."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.privacy.pictures.layout import Row, Span
from comity.privacy.pictures.places import Place
from comity.privacy.pictures.reader import Line
from comity.privacy.pictures.strokes import with_strokes

np = pytest.importorskip("numpy")
pillow = pytest.importorskip("PIL.Image")
draw = pytest.importorskip("PIL.ImageDraw")

TOP, HIGH = 60, 40  # of the one row
LETTERS = [(20, 140)]  # from where to where letters stand


def row(image: object, letters: list[tuple[int, int]]) -> Row:
    pen, out = draw.Draw(image), []
    for left, right in letters:
        for x in range(left + 4, right - 8, 14):
            pen.rectangle((x, TOP + 8, x + 8, TOP + 31), fill="black")
        place = Place((left, TOP), (right - left, 0), (0, HIGH))
        out.append(Span(Line("x" * ((right - left) // 14), (), place), left, right, TOP + HIGH / 2, HIGH))
    return out


def read(*boxes: tuple[int, int, int, int], letters: list[tuple[int, int]] = LETTERS, colour: str = "black") -> list[str]:
    """``boxes``: left, right, how far below the row's top, how thick."""
    image = pillow.new("RGB", (700, 160), "white")
    for left, right, down, thick in boxes:
        draw.Draw(image).rectangle((left, TOP + down, right, TOP + down + thick - 1), fill=colour)
    return [span.line.text for span in with_strokes(image, row(image, letters)) if "x" not in span.line.text]


def test_a_dash_in_a_cell_is_read() -> None:
    assert read((300, 310, 21, 3)) == ["-"]
    assert read((300, 310, 21, 3), (400, 430, 21, 3), letters=[(20, 140), (500, 580)]) == ["-", "—"]


@pytest.mark.parametrize("letters", [1, 4, 12, 18])
def test_a_line_to_be_filled_in_is_as_long_as_it_is_drawn(letters: int) -> None:
    wide = 15.6 * letters
    (found,) = read((160, 160 + round(wide), 33, 2))
    assert set(found) == {"_"} and abs(len(found) - letters) <= 1


def test_pieces_of_a_line_to_be_filled_in_are_one() -> None:
    (found,) = read(*((160 + 16 * at, 160 + 16 * at + 12, 33, 2) for at in range(10)))
    assert set(found) == {"_"}


@pytest.mark.parametrize(
    "box",
    [
        (0, 699, 38, 2),  # a rule across the page
        (100, 400, 34, 2),  # the underline of what is read, running on
        (300, 303, 21, 3),  # a dot
        (300, 320, 14, 16),  # a letter that is none
        (300, 340, 3, 3),  # what stands over the row
        (300, 302, 0, 40),  # the wall of a cell
    ],
)
def test_what_is_no_stroke_of_the_row(box: tuple[int, int, int, int]) -> None:
    assert read(box) == []


def test_behind_another_column_nothing_is_of_this_row() -> None:
    assert read((300, 302, 0, 44), (400, 410, 21, 3)) == []


def test_it_is_where_it_is_drawn_also_on_a_page_that_leans() -> None:
    image = pillow.new("RGB", (700, 160), "white")
    lines = row(image, LETTERS)
    draw.Draw(image).rectangle((300, TOP + 21, 312, TOP + 23), fill="black")
    (_, stroke) = with_strokes(image, lines)
    assert abs(stroke.line.place.corner[0] - 300) < 4 and abs(stroke.line.place.size[0] - 12) < 8
    angle = math.radians(8)
    leaning = image.rotate(-8, expand=False, fillcolor="white", resample=pillow.Resampling.BICUBIC)
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = lines[0].line.place.corner[0] - 350, TOP - 80
    place = Place((350 + x * cos - y * sin, 80 + x * sin + y * cos), (120 * cos, 120 * sin), (-HIGH * sin, HIGH * cos))
    found = with_strokes(leaning, [lines[0]._replace(line=lines[0].line._replace(place=place))])
    assert [span.line.text for span in found[1:]] == ["-"]


@given(st.lists(st.tuples(*[st.floats(-50, 250)] * 6), min_size=1, max_size=3), st.integers(1, 200), st.integers(1, 200))
def test_wherever_lines_are_said_to_be_nothing_breaks(corners: list[tuple[float, ...]], wide: int, high: int) -> None:
    image = pillow.fromarray(np.random.default_rng(wide).integers(0, 255, (high, wide, 3), np.uint8))
    spans = []
    for a, b, c, d, e, f in corners:
        place = Place((a, b), (c, d), (e, f))
        if min(place.size) > 1:
            spans.append(Span(Line("x", (0.5,), place), a, a + c, b, place.size[1]))
    found = with_strokes(image, spans)
    assert [span for span in found if span in spans] == spans and all(set(each.line.text) <= set("x-—_") for each in found)
