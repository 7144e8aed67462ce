# SPDX-License-Identifier: Apache-2.0
"""From a map of how surely text is there to the rectangles around it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.privacy.pictures.places import GROWN, Place, places, rectangle

numpy = pytest.importorskip("numpy")
pillow = pytest.importorskip("PIL.Image")
draw = pytest.importorskip("PIL.ImageDraw")


def drawn(*shapes: list[tuple[float, float]], size: int = 400) -> object:
    image = pillow.new("L", (size, size))
    for corners in shapes:
        draw.Draw(image).polygon(corners, fill=255)
    return numpy.asarray(image, numpy.float32) / 255


def slanted(x: float, y: float, width: float, height: float, degrees: float) -> list[tuple[float, float]]:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [(x + u * cos - v * sin, y + u * sin + v * cos) for u, v in ((0, 0), (width, 0), (width, height), (0, height))]


def holds(place: Place, point: tuple[float, float]) -> bool:
    (x, y), along, across = place
    shift = (point[0] - x, point[1] - y)
    return all(-1e-6 <= (shift[0] * side[0] + shift[1] * side[1]) / (side[0] ** 2 + side[1] ** 2) <= 1 + 1e-6 for side in (along, across))


@given(st.integers(100, 250), st.integers(100, 200), st.integers(60, 140), st.integers(10, 30), st.integers(-44, 44))
def test_a_slanted_line_is_found_whole_and_grown(x: int, y: int, width: int, height: int, degrees: int) -> None:
    corners = slanted(x, y, width, height, degrees)
    (place,) = places(drawn(corners))
    assert all(holds(place, corner) for corner in corners)
    grown = width * height * GROWN / (width + height)
    beyond = (place.size[0] - width - grown, place.size[1] - height - grown)
    assert all(0 <= each <= 12 for each in beyond)  # a slanted edge is drawn in whole points
    assert math.degrees(math.atan2(place.along[1], place.along[0])) == pytest.approx(degrees, abs=3)


def test_parts_that_touch_at_a_corner_are_one_and_others_are_not() -> None:
    box = [(50, 50), (90, 50), (90, 60), (50, 60)]
    touching, apart = [(91, 61), (130, 61), (130, 70), (91, 70)], [(200, 50), (260, 50), (260, 60), (200, 60)]
    assert len(places(drawn(box, touching))) == 1
    assert len(places(drawn(box, apart))) == 2


def test_what_a_spiral_joins_late_is_one() -> None:
    """Runs are joined over many rows, from both ends."""
    sure = numpy.zeros((99, 99), numpy.float32)
    for at in range(0, 48, 4):
        sure[at, at : 99 - at] = sure[98 - at, at : 99 - at] = sure[at : 99 - at, at] = sure[at : 99 - at, 98 - at] = 1
        sure[at : at + 5, 49] = 1
    assert len(places(sure)) == 1


def test_specks_and_what_is_hardly_sure_are_no_places() -> None:
    assert places(numpy.zeros((64, 64), numpy.float32)) == []
    speck = numpy.zeros((64, 64), numpy.float32)
    speck[30, 30] = 1
    assert places(speck) == []
    faint = numpy.zeros((64, 64), numpy.float32)
    faint[20:40, 10:50] = 0.4
    assert places(faint) == []
    faint[20:40, 10:50] = 0.9
    assert len(places(faint)) == 1


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=3, max_size=30).filter(lambda said: len(set(said)) > 2))
def test_the_smallest_rectangle_holds_every_point(points: list[tuple[int, int]]) -> None:
    place = rectangle(points)
    width, height = place.size
    if min(width, height) > 1e-6:
        assert all(holds(place, point) for point in points)
    box = (max(x for x, _ in points) - min(x for x, _ in points)) * (max(y for _, y in points) - min(y for _, y in points))
    assert width * height <= box + 1e-6


@given(st.integers(0, 7))
def test_four_quarters_are_a_whole_turn_and_a_turn_keeps_the_place(quarters: int) -> None:
    place = Place((10, 20), (30, 5), (-2, 12))
    assert place.turned(quarters) == place.turned(quarters % 4)
    assert sorted(place.turned(quarters).part(0, 1)) == sorted(place.part(0, 1))


def test_a_map_of_noise_is_one_place_at_most_and_too_many_places_are_refused() -> None:
    noise = numpy.random.default_rng(1).random((512, 512), numpy.float32)
    assert len(places(noise)) <= 1
    many = numpy.zeros((480, 480), numpy.float32)
    for at in range(40):
        many[12 * at : 12 * at + 8] = 1
    for at in range(40):
        many[:, 12 * at + 8 : 12 * at + 12] = 0
    with pytest.raises(ValueError, match="more than 1000 places"):
        places(many)
    assert len(places(many[:120])) == 400
