# SPDX-License-Identifier: Apache-2.0
"""The second encoder of sentences: how a text is cut, what its windows see, and that rubbish is told from a vocabulary."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.config import PathsConfig
from comity.device.engines.sentences import BEGIN, CHARACTERS_MAX, DIMENSIONS, END, SPACE, UNKNOWN, Pieces, Sentences, _beside
from comity.device.manifest import is_here, known_models, models_directory, path_of

VOCABULARY = (("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), (SPACE, -3.0), ("a", -4.0), ("b", -4.0), ("ab", -5.0), (SPACE + "a", -4.5))


def packed(pieces: tuple[tuple[str, float], ...] = VOCABULARY) -> bytes:
    found = b""
    for text, score in pieces:
        raw = text.encode()
        inner = b"\x0a" + bytes([len(raw)]) + raw + b"\x15" + struct.pack("<f", score)
        found += b"\x0a" + bytes([len(inner)]) + inner
    return found


def test_the_likeliest_cut_is_taken() -> None:
    pieces = Pieces(packed())
    assert pieces.cut("ab") == [BEGIN, 3, 6, END]  # -8, where `_a` and `b` would be -8.5
    assert pieces.cut(" a  \n b ") == [BEGIN, 7, 3, 5, END]
    assert pieces.cut("aZ") == [BEGIN, 7, UNKNOWN, END]
    assert pieces.cut("ａ") == pieces.cut("a")  # full width


def test_nothing_is_an_unknown_piece() -> None:
    assert Pieces(packed()).cut("  ") == [BEGIN, UNKNOWN, END]


@given(st.text(alphabet="ab \u2581\0é界", max_size=40))
def test_every_text_is_cut_whole(text: str) -> None:
    found = Pieces(packed()).cut(text)
    assert found[0] == BEGIN and found[-1] == END and len(found) >= 3 and END not in found[1:-1]


def test_a_long_text_is_read_to_a_bound() -> None:
    assert len(Pieces(packed()).cut("b" * 10 * CHARACTERS_MAX)) == CHARACTERS_MAX + 3


@given(st.binary(max_size=60))
def test_rubbish_is_no_vocabulary(data: bytes) -> None:
    with contextlib.suppress(ValueError, IndexError, struct.error):
        assert Pieces(data).longest >= 0


def test_a_window_sees_neighbours_and_zeros_beyond_the_ends() -> None:
    rows = np.array([[1.0], [2.0], [3.0]])
    assert _beside(rows, 3, 1).tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 0]]
    assert _beside(rows, 2, 0).tolist() == [[1, 2], [2, 3], [3, 0]]


def _weights(folder: Path) -> Sentences:
    """Of random numbers, in the shapes of the real ones with 4 in place of 512 and 2 in place of 256."""
    draw = np.random.default_rng(3)

    def some(*shape: int) -> Any:
        return draw.normal(size=shape).astype(np.float32)

    held: dict[str, Any] = {"scale": np.ones(3, np.float32) / 64, "lo": np.zeros(3, np.float32) - 1, "eps": np.float64(1e-12)}
    held |= {f"q{number}": draw.integers(0, 64, (4, 4)).astype(np.uint8) for number in (1, 2, 3)}
    for size in (2, 3, 5):
        held |= {f"proj{size}": some(4, 2), f"proj_b{size}": some(2), f"ln_g{size}": some(2), f"ln_b{size}": some(2)}
        held |= {f"w1_{size}": some(2 * size, 2), f"b1_{size}": some(2), f"w2_{size}": some(2 * size, 2), f"b2_{size}": some(2)}
    held |= {"ln_g": some(10), "ln_b": some(10), "cnn_W": some(10, 4), "cnn_b": some(4)}
    held |= {"d0": some(4, 3), "d1": some(3, 3), "p1": some(4, 3), "d2": some(3, 4), "p3": some(3, 4), "d3": some(4, 4)}
    np.savez(folder / "weights.npz", **held)
    (folder / "sp.model").write_bytes(packed())
    return Sentences(str(folder / "weights.npz"), str(folder / "sp.model"))


def test_a_vector_is_of_its_text_alone_and_of_length_1(tmp_path: Path) -> None:
    made = _weights(tmp_path)
    together = made.encode(["ab", "ba ab", "a" * 30])
    assert np.allclose(np.linalg.norm(together, axis=1), 1)
    assert np.allclose(together[1], made.encode(["ba ab"])[0]) and not np.allclose(together[0], together[1])
    assert made.count("ab") == 4


def test_the_real_one_knows_a_paraphrase_across_languages() -> None:
    model = known_models()["multilingual-e5-and-use"]
    directory = models_directory(PathsConfig())
    if not is_here(model, directory):
        pytest.skip("the model is not here: comity models add multilingual-e5-and-use")
    files = {each.name: str(path_of(model, each, directory)) for each in model.files}
    alarm, english, joke = Sentences(files["weights.npz"], files["sp.model"]).encode(
        ["明早六点半叫我起床", "wake me up at half past six", "讲个笑话"]
    )
    assert alarm.shape == (DIMENSIONS,) and alarm @ english > 0.5 > 0.3 > alarm @ joke
