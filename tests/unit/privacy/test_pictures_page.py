# SPDX-License-Identifier: Apache-2.0
"""Which way a page lies, how often it is looked at for that, and which marks above and below letters are believed."""

from __future__ import annotations

from typing import Any

import pytest

from comity.privacy.pictures.page import ASKED, FEW, _lies, _Lines
from comity.privacy.pictures.places import Place
from comity.privacy.pictures.reader import Line, Reader, _plain

np = pytest.importorskip("numpy")


class Says:
    """A reader in whose place a test says how sure each way is; ``upright``: quarter turns on which the page is read."""

    def __init__(self, upright: int, right: float = 0.99, wrong: float = 0.6, letters: int = 30) -> None:
        self.upright, self.sure, self.letters, self.asked = upright, (right, wrong), letters, list[Place]()

    def line(self, image: Any, place: Place) -> Line:
        self.asked.append(place)
        right = place in [each.turned(self.upright) for each in PLACES]
        return Line("n" * self.letters, (), place, self.sure[not right])


PLACES = [Place((0.0, 20.0 * at), (300.0 - at, 0.0), (0.0, 16.0)) for at in range(12)]


def lies(says: Says) -> int:
    lines = _Lines(says, None, lambda: None)  # type: ignore[arg-type]
    return _lies(lines, PLACES)


@pytest.mark.parametrize("upright", [0, 2])
def test_which_way_it_lies(upright: int) -> None:
    assert lies(Says(upright)) == upright
    assert lies(Says(upright, right=0.8, wrong=0.7)) == upright


def test_a_page_that_reads_well_is_read_once() -> None:
    says = Says(0)
    assert lies(says) == 0 and len(says.asked) == FEW


def test_a_page_that_reads_ill_is_asked_both_ways_and_nothing_twice() -> None:
    says = Says(0, right=0.8, wrong=0.7)
    assert lies(says) == 0 and len(says.asked) == 2 * ASKED == len(set(says.asked))


def test_short_lines_settle_nothing() -> None:
    says = Says(0, letters=3)
    assert lies(says) == 0 and len(says.asked) > FEW


ALPHABET = ["", "i", "í", "n", "ņ", "é", "e", "中", " "]


def believed(*said: dict[str, float]) -> str:
    reader = Reader.__new__(Reader)
    reader._alphabet, reader._plain = ALPHABET, _plain(ALPHABET)
    rows = np.array([[each.get(letter, 0.0) for letter in ALPHABET] for each in said])
    return "".join(ALPHABET[at] for at in reader._without_doubtful_marks(rows, rows.argmax(axis=1).tolist()))


def test_a_mark_that_is_doubtful_is_none() -> None:
    assert believed({"i": 0.99}, {"ņ": 0.6, "n": 0.35}) == "in"
    assert believed({"í": 0.73, "i": 0.26}, {"n": 0.99}) == "in"


def test_a_mark_that_is_sure_stays_and_vouches_for_others_of_its_line() -> None:
    assert believed({"n": 0.9}, {"é": 0.97, "e": 0.02}) == "né"
    assert believed({"é": 0.97}, {"ņ": 0.6, "n": 0.35}) == "éņ"
    assert believed({"ņ": 0.8, "n": 0.05}, {"中": 0.9}) == "ņ中"
