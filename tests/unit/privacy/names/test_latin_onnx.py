# SPDX-License-Identifier: Apache-2.0
"""What is written runs, and says what plain arithmetic says; weights of four bits as eight say nearly the same."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.privacy.names import latin_onnx
from comity.privacy.names.latin_onnx import Node, fields, numbers, part, session, tensor, widened, written

np = pytest.importorskip("numpy")
pytest.importorskip("onnxruntime")

ROWS, DEPTH, COLUMNS, BLOCK = 7, 64, 48, 32


def four_bits(seed: int = 1) -> tuple[bytes, object]:
    """A model of one product, and its weights as the numbers that they stand for."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, 256, (COLUMNS, DEPTH // BLOCK, BLOCK // 2), dtype=np.uint8)
    scales = random.uniform(0.01, 0.1, COLUMNS * DEPTH // BLOCK).astype(np.float32)
    signed = np.stack([codes & 15, codes >> 4], axis=-1).reshape(COLUMNS, DEPTH // BLOCK, BLOCK).astype(np.float32) - 8
    real = (signed * scales.reshape(COLUMNS, -1, 1)).reshape(COLUMNS, DEPTH).T
    attributes = (("K", DEPTH), ("N", COLUMNS), ("bits", 4), ("block_size", BLOCK))
    nodes = [
        Node("MatMulNBits", ("x", "w_Q4", "w_scales"), ("wx",), attributes, latin_onnx._MICROSOFT),
        Node("Add", ("wx", "b"), ("y",)),
    ]
    tensors = {"w_Q4": codes, "w_scales": scales, "b": np.full(COLUMNS, 0.5, np.float32)}
    return written(nodes, tensors, inputs={"x": DEPTH}, outputs=("y",)), real


def test_what_is_written_runs() -> None:
    x = np.random.default_rng(2).normal(size=(ROWS, 3)).astype(np.float32)
    w = np.arange(12, dtype=np.float32).reshape(3, 4)
    nodes = [
        Node("MatMul", ("x", "w"), ("wx",)),
        Node("Split", ("wx",), ("a", "b"), (("axis", 1),)),
        Node("Max", ("a", "b"), ("y",)),
    ]
    (y,) = session(written(nodes, {"w": w}, inputs={"x": 3}, outputs=("y",))).run(None, {"x": x})
    assert y == pytest.approx(np.maximum((x @ w)[:, :2], (x @ w)[:, 2:]), rel=1e-5)


def test_widened_weights_say_nearly_the_same() -> None:
    model, real = four_bits()
    x = np.random.default_rng(3).normal(size=(ROWS, DEPTH)).astype(np.float32)
    (four,) = session(model).run(None, {"x": x})
    (eight,) = session(widened(model)).run(None, {"x": x})
    plain = x @ real + 0.5
    spread = np.abs(plain).mean()
    assert np.abs(four - plain).mean() < 0.02 * spread
    assert np.abs(eight - plain).mean() < 0.03 * spread


def test_widened_weights_stay_within_seven_bits() -> None:
    model, _ = four_bits()
    (graph,) = (value for number, value in fields(widened(model)) if number == latin_onnx.MODEL_GRAPH)
    stored = {latin_onnx._text(value, latin_onnx.TENSOR_NAME): value for at, value in fields(graph) if at == latin_onnx.GRAPH_INITIALIZER}
    codes = numbers(stored["w_Q4"])
    assert codes.dtype == np.int8 and codes.shape == (DEPTH, COLUMNS)
    assert np.abs(codes).max(axis=0).tolist() == [63] * COLUMNS


@pytest.mark.parametrize("kind", ["float32", "uint8", "int8", "int64"])
def test_numbers_come_back(kind: str) -> None:
    value = np.arange(300).astype(kind).reshape(3, 100)
    back = numbers(tensor("name", value))
    assert back.dtype == value.dtype and (back == value).all()


@given(st.binary(max_size=80))
def test_what_is_no_model_is_refused_or_read_never_anything_else(data: bytes) -> None:
    with suppress(ValueError):
        assert sum(1 for _ in fields(data)) <= len(data)


def test_a_file_that_ends_early_is_refused() -> None:
    model, _ = four_bits()
    for cut in (1, 10, len(model) // 2, len(model) - 1):
        with pytest.raises(ValueError, match="ends early"):
            widened(model[:cut])


def test_a_model_may_end_early_and_keeps_only_what_leads_there() -> None:
    nodes = [Node("MatMul", ("x", "w"), ("y",)), Node("Add", ("y", "b"), ("z",)), Node("MatMul", ("z", "v"), ("out",))]
    eye = np.eye(3, dtype=np.float32)
    tensors = {"w": 2 * eye, "b": np.full(3, 0.5, np.float32), "v": 7 * eye}
    whole = written(nodes, tensors, inputs={"x": 3}, outputs=("out",))
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    short = part(whole, ["y"])
    (y,) = session(short).run(None, {"x": x})
    assert (y == 2 * x).all() and len(short) < len(whole)
    assert b"MatMul" in short and b"Add" not in short
    y, out = session(part(whole, ["y", "out"])).run(None, {"x": x})
    assert (y == 2 * x).all() and (out == 7 * (2 * x + 0.5)).all()


def test_a_model_that_has_no_such_value_is_refused() -> None:
    whole, _ = four_bits()
    with pytest.raises(ValueError, match="without layer 9"):
        part(whole, ["layer 9"])
