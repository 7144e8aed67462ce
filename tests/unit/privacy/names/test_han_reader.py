# SPDX-License-Identifier: Apache-2.0
"""The chances of the reader, against all paths of a chain counted one by one; the network is a fake that gives random scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from comity.errors import OperatorError, TrustFailure
from comity.privacy.names.han_reader import KINDS, Belief, Reader, odds
from comity.privacy.names.weights import opened, weights

np = pytest.importorskip("numpy")

TAGS, NAME, NAME_ON = 59, 16, 17
LENGTHS = (1, 2, 3)


class Scores:
    """A network whose scores of a text depend on nothing but its first character."""

    def run(self, _: None, inputs: dict[str, Any]) -> list[Any]:
        ids = inputs["token_ids"]
        assert inputs["length"].tolist() == [ids.shape[1]]
        return [np.random.default_rng(int(ids[0, 0])).normal(0, 2, (1, ids.shape[1], TAGS)).astype(np.float32)]


def reader() -> Reader:
    made = Reader.__new__(Reader)
    made._network = Scores()
    made._moves = np.exp(np.random.default_rng(7).normal(0, 1, (TAGS, TAGS))).astype(np.float32)
    made._ids, made._unknown, made.simplified = {"一": 1, "二": 2, "三": 3}, 0, {"陳": "陈"}
    return made


def chances(made: Reader, text: str) -> dict[tuple[int, ...], float]:
    """Of every path."""
    scores = made._network.run(None, {"token_ids": np.array([[made._ids[char] for char in text]]), "length": np.array([len(text)])})[0][0]
    weights = np.exp(scores.astype(float))
    total = weights[0]
    for place in range(1, len(text)):
        total = total[..., :, None] * made._moves.astype(float)[(None,) * (place - 1)] * weights[place]
    return dict(np.ndenumerate(total / total.sum()))


def inner(tag: int) -> bool:
    return tag % 2 == 1 and tag < 48


@pytest.mark.parametrize("text", ["一", "二三", "三一二"])
def test_chances_are_sums_over_all_paths(text: str) -> None:
    made = reader()
    paths = chances(made, text)
    (belief,) = made.read([text])
    size = len(text)
    for place in range(size):
        assert belief.name[place] == pytest.approx(sum(p for path, p in paths.items() if path[place] in (NAME, NAME_ON)), rel=1e-3)
        assert belief.begins[place] == pytest.approx(sum(p for path, p in paths.items() if path[place] == NAME), rel=1e-3)
        assert belief.breaks[place] == pytest.approx(sum(p for path, p in paths.items() if not inner(path[place])), rel=1e-3)
        place_of = KINDS.index("place")
        assert belief.kinds[place][place_of] == pytest.approx(sum(p for path, p in paths.items() if path[place] in (18, 19)), rel=1e-3)
    assert belief.breaks[size] == 1
    for start in range(size):
        for end in range(start + 1, size + 1):
            exact = sum(
                p
                for path, p in paths.items()
                if path[start] == NAME and all(tag == NAME_ON for tag in path[start + 1 : end]) and (end == size or not inner(path[end]))
            )
            assert belief.exactly(start, end) == pytest.approx(odds(exact), rel=1e-3, abs=1e-3)


def test_what_is_believed_of_a_piece_does_not_depend_on_the_others() -> None:
    made = reader()
    alone = {text: made.read([text])[0] for text in ("一", "二三", "三一二三一二")}
    for order in (("一", "二三", "三一二三一二"), ("三一二三一二", "一", "二三") * 12):
        for text, belief in zip(order, made.read(order), strict=True):
            assert flat(belief) == pytest.approx(flat(alone[text]), abs=1e-6)


def flat(belief: Belief) -> list[float]:
    return [
        *belief.name,
        *belief.begins,
        *belief.breaks,
        *belief.enter,
        *belief.stay[0],
        *belief.stay[1],
        *belief.leave[0],
        *belief.leave[1],
    ]


def test_a_network_that_breaks_is_not_taken_for_one_that_finds_nothing() -> None:
    class Broken:
        def run(self, _: None, inputs: dict[str, Any]) -> list[Any]:
            return [np.full((1, inputs["token_ids"].shape[1], TAGS), np.nan, np.float32)]

    made = reader()
    made._network = Broken()
    with pytest.raises(ArithmeticError):
        made.read(["一二"])


def test_nothing_is_read_of_nothing() -> None:
    assert reader().read([]) == []


def test_traditional_characters_are_read_as_simplified_one_for_one() -> None:
    assert reader().simplify("陳大文") == "陈大文"


def test_weights_that_are_not_there_or_are_others_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=weights()["han"][0].file):
        opened("han", tmp_path)
    for weight in weights()["han"]:
        (tmp_path / weight.file).write_bytes(b"another")
    with pytest.raises(TrustFailure, match=weights()["han"][0].file):
        opened("han", tmp_path)
