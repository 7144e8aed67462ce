# SPDX-License-Identifier: Apache-2.0
"""The figures that docs/reference/entities.md prints are those that the scorers print, and the sets are those that were frozen."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

import pytest

from tests.eval import said, score

PAGE = Path(__file__).parents[4] / "docs/reference/entities.md"


@cache
def scored() -> dict[tuple[str, bool], score.Score]:
    totals: dict[tuple[str, bool], score.Score] = {}
    for row in score.rows():
        key = (row.language, score.held(row.text))
        totals[key] = totals.get(key, score.Score()).plus(score.score(row))
    return totals


def test_our_own_sentences_are_those_that_were_frozen() -> None:
    assert hashlib.sha256(said.FILE.read_bytes()).hexdigest() == said.SHA256
    assert [one.language for one in said.sentences()].count("zh") == 100 == [one.language for one in said.sentences()].count("en")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("half", [False, True], ids=["tuned", "held"])
def test_the_page_prints_what_the_scorer_counts(language: str, half: bool) -> None:
    total = scored()[language, half]
    row = re.search(
        rf"^\| {language} \| {'held' if half else 'tuned'} \| (\d+) \| ([\d.]+) % \| ([\d.]+) % \|", PAGE.read_text("utf-8"), re.M
    )
    assert row is not None
    assert (int(row[1]), row[2], row[3]) == (
        total.expected,
        f"{total.covered / total.expected:.1%}".rstrip("%"),
        f"{total.right / total.covered:.1%}".rstrip("%"),
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_half_that_nothing_was_tuned_on_stays_covered(language: str) -> None:
    """A floor, so that a change that loses much is seen; the figures are on the page."""
    total = scored()[language, True]
    assert total.covered / total.expected >= 0.85


@pytest.mark.parametrize(("language", "name"), [("en", "English"), ("zh", "Chinese")])
def test_the_page_prints_how_many_everyday_sentences_are_right(language: str, name: str) -> None:
    right = {False: 0, True: 0}
    held = 0
    for one in said.sentences():
        if one.language == language:
            half = score.held(one.text)
            held += half
            right[half] += said.read(one) == one.means
    row = re.search(rf"(\d+) of 100 in {name} \((\d+) of (\d+)", PAGE.read_text("utf-8"))
    assert row is not None and tuple(map(int, row.groups())) == (sum(right.values()), right[True], held)
