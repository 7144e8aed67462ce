# SPDX-License-Identifier: Apache-2.0
"""The judge of the privacy benchmark: figures worked out by hand, and one set in which every rule has its case."""

from __future__ import annotations

from typing import Any

import pytest
from benchmarks.spans import Score, Span

TEXT = "Ana Lima, ana@lima.org, Ford Foundation, order 7714-22, Lisbon"
PERSON, EMAIL, CITY = Span(0, 8, "PERSON"), Span(10, 22, "EMAIL"), Span(56, 62, "ADDRESS")
EPONYM, ORDER = (24, 39), (41, 54)


def item(**more: Any) -> dict[str, Any]:
    return {
        "id": "1", "text": TEXT, "spans": [span._asdict() for span in (PERSON, EMAIL)], "optional": [CITY._asdict()],
        "negatives": [{"start": EPONYM[0], "end": EPONYM[1], "kind": "eponym"}, {"start": ORDER[0], "end": ORDER[1], "kind": "order"}],
    } | more  # fmt: skip


def score(*found: Span, **more: Any) -> Score:
    made = Score()
    made.add(item(**more), found)
    return made


def test_all_found_and_nothing_else() -> None:
    made = score(PERSON, EMAIL)
    assert made.all.strict == made.all.overlap == (1.0, 1.0, 1.0)
    assert (made.all.leak, made.over, made.negatives_hit, made.clean_hit, made.macro_f1) == (0.0, 0.0, 0.0, None, 1.0)


def test_nothing_found_leaks_everything() -> None:
    made = score()
    assert made.all.strict == (None, 0.0, 0.0) and made.all.leak == made.all.leaked_partly == made.all.leaked_fully == 1.0


def test_half_a_name_counts_as_met_but_leaks_the_rest() -> None:
    made = score(Span(0, 4, "PERSON"))  # `Ana `, trimmed to `Ana`: three of eight characters
    assert made.types["PERSON"].overlap.recall == 0.0 and made.types["PERSON"].overlap.precision == 1.0
    made = score(Span(4, 8, "PERSON"))
    assert made.types["PERSON"].overlap == (1.0, 1.0, 1.0) and made.types["PERSON"].strict == (0.0, 0.0, 0.0)
    assert made.types["PERSON"].leak == 3 / 7 and made.types["PERSON"].leaked_partly == 1.0 and made.types["PERSON"].leaked_fully == 0.0


def test_another_type_hides_and_is_wrong() -> None:
    made = score(PERSON._replace(type="USERNAME"), EMAIL)
    assert made.all.leak == 0.0 and made.types["PERSON"].overlap.recall == 0.0 and made.types["USERNAME"].overlap.precision == 0.0
    assert made.over == 0.0


def test_too_much_is_wrong_and_counts_as_hidden_needlessly() -> None:
    made = score(Span(0, 39, "PERSON"), EMAIL)
    assert made.types["PERSON"].overlap == (0.0, 1.0, 0.0)
    assert made.over == 14 / 25  # `FordFoundation` of `FordFoundation order 771422`
    assert made.negatives["eponym"] == {"number": 1, "hit": 1} and made.negatives_hit == 0.5


def test_space_at_the_ends_and_the_same_twice_change_nothing() -> None:
    made = score(Span(-3, 9, "PERSON"), PERSON, Span(8, 23, "EMAIL"), Span(9, 10, "EMAIL"), Span(60, 999, "ADDRESS"))
    assert made.types["PERSON"]["found"] == 2, "`Ana Lima,` holds a comma, so it is another"
    made = score(PERSON, PERSON, Span(9, 22, "EMAIL"), Span(9, 10, "EMAIL"))
    assert made.all.strict == (1.0, 1.0, 1.0) and made.all["found"] == 2


def test_optional_text_is_neither_right_nor_wrong() -> None:
    assert score(PERSON, EMAIL, CITY).all.strict == (1.0, 1.0, 1.0)
    assert score(PERSON, EMAIL, Span(54, 62, "ADDRESS")).all["found"] == 3, "the comma before it is not optional"


def test_a_place_named_after_somebody_may_be_called_an_address_and_nothing_else() -> None:
    assert score(PERSON, EMAIL, Span(24, 28, "ADDRESS")).all["found"] == 2
    assert score(PERSON, EMAIL, Span(24, 28, "PERSON")).all["found"] == 3
    assert score(PERSON, EMAIL, Span(41, 46, "ADDRESS")).all["found"] == 3


def test_an_item_may_be_labelled_for_some_types_only() -> None:
    made = score(PERSON, EMAIL, Span(24, 28, "USERNAME"), eval_types=["PERSON"])
    assert made.all["gold"] == made.all["found"] == 1 and made.all.leak == 0.0


def test_items_without_a_span_are_clean_until_something_is_found_in_them() -> None:
    made = score(CITY, spans=[])
    made.add(item(spans=[]), [Span(41, 46, "PHONE")])
    assert made.clean_hit == 0.5 and made.all.strict == (0.0, None, 0.0)


def test_a_type_that_nobody_asked_for_counts_against_precision() -> None:
    made = score(PERSON, EMAIL, Span(47, 54, "MAC"))
    assert made.all.overlap.precision == pytest.approx(2 / 3) and made.macro_f1 == 1.0
