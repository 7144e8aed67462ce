# SPDX-License-Identifier: Apache-2.0
"""Spaces that the paper shows and the network did not say."""

from __future__ import annotations

import pytest

from comity.privacy.pictures.page import _narrow
from comity.privacy.pictures.places import Place
from comity.privacy.pictures.reader import HEIGHT, Line
from comity.privacy.pictures.spaces import spaced

pytest.importorskip("numpy")
pillow = pytest.importorskip("PIL.Image")
draw = pytest.importorskip("PIL.ImageDraw")


def drawn(text: str, *, space: int = 12, gap: int = 3, width: int = 16) -> tuple[Line, object]:
    """Letters as boxes, and what a network says that gives no space."""
    strip = pillow.new("RGB", (len(text) * (width + gap + space) + 20, HEIGHT), "white")
    x, at, said = 10, [], ""
    for letter in text:
        if letter == " ":
            x += space
            continue
        wide = 6 if letter == "1" else width
        draw.Draw(strip).rectangle((x + (width - wide) // 2, 12, x + (width + wide) // 2, 38), fill="black")
        at.append((x + width / 2) / strip.width)
        said += letter
        x += width + gap
    return Line(said, tuple(at), Place((0, 0), (strip.width, 0), (0, HEIGHT))), strip


@pytest.mark.parametrize("text", ["6222 0000 3457", "85 psi", "KMC X20 chain", "call 0820 222", "24 £9.50 (20)"])
def test_a_wide_gap_is_a_space(text: str) -> None:
    line, strip = drawn(text)
    found = spaced(line, strip)  # type: ignore[arg-type]
    assert found.text == text and len(found.at) == len(text) and list(found.at) == sorted(found.at)


@pytest.mark.parametrize("text", ["62220000", "2011 2111", "abcdefgh"])
def test_no_gap_is_no_space_and_a_thin_figure_leaves_paper(text: str) -> None:
    line, strip = drawn(text.replace(" ", ""))
    assert spaced(line, strip) == line  # type: ignore[arg-type]


def test_letters_set_wide_apart_are_one_word() -> None:
    line, strip = drawn("HEADING", gap=14)
    assert spaced(line, strip) == line  # type: ignore[arg-type]


def test_beside_chinese_no_space_is_looked_for() -> None:
    line, strip = drawn("电话 22 电话")
    assert spaced(line, strip) == line  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "meant"),
    [("0.3%0", "0.3‰"), ("5%o of it", "5‰ of it"), ("30% off", "30% off"), ("5%0.2", "5%0.2"), ("is 5%0.", "is 5‰."), ("%0", "%0")],
)
def test_per_mille(said: str, meant: str) -> None:
    line = _narrow(Line(said, tuple(range(len(said))), Place((0, 0), (9, 0), (0, 9))))
    assert line.text == meant and len(line.at) == len(meant)


def test_a_sign_that_is_read_where_nothing_stands_is_a_space() -> None:
    line, strip = drawn("ab cd", space=30)
    seen = line._replace(text="ab☑cd", at=(*line.at[:2], (line.at[1] + line.at[2]) / 2, *line.at[2:]))
    assert spaced(seen, strip).text == "ab cd"  # type: ignore[arg-type]
    line, strip = drawn("ab☑cd")
    assert spaced(line, strip).text == "ab☑cd"  # type: ignore[arg-type]
