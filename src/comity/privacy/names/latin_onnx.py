# SPDX-License-Identifier: Apache-2.0
"""As much of the ONNX format (protocol buffers, `onnx.proto`) as it takes to write a small network and to alter a large one, so that
running models needs the runtime alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Field numbers of onnx.proto.
MODEL_GRAPH, GRAPH_NODE, GRAPH_INITIALIZER, GRAPH_OUTPUT = 7, 1, 5, 12
NODE_INPUT, NODE_OUTPUT, NODE_OP, NODE_ATTRIBUTE, NODE_DOMAIN = 1, 2, 4, 5, 7
TENSOR_DIMS, TENSOR_TYPE, TENSOR_NAME, TENSOR_RAW = 1, 2, 8, 9
_FLOAT, _UINT8, _INT8, _INT64 = 1, 2, 3, 7
_MICROSOFT = "com.microsoft"


class Node(NamedTuple):
    op: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    attributes: tuple[tuple[str, int], ...] = ()
    domain: str = ""


def session(model: bytes) -> Any:
    """Of one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def written(nodes: Sequence[Node], tensors: dict[str, NDArray[Any]], *, inputs: dict[str, int], outputs: Sequence[str]) -> bytes:
    """A model of float32 ``inputs``, each of rows of that many columns; opset 17."""
    graph = b"".join(_field(GRAPH_NODE, node(each)) for each in nodes) + _field(2, b"comity")
    graph += b"".join(_field(GRAPH_INITIALIZER, tensor(name, value)) for name, value in tensors.items())
    graph += b"".join(_field(11, _value(name, ("rows", columns))) for name, columns in inputs.items())
    graph += b"".join(_field(12, _value(name, ())) for name in outputs)
    return _field(1, 8) + _field(MODEL_GRAPH, graph) + _field(8, _field(1, b"") + _field(2, 17))


def widened(model: bytes) -> bytes:
    """The same model with its weights of four bits as eight, one scale a column: twice as fast on today's processors.

    Of the eight only seven are used, since processors without VNNI add products of eight bits in sixteen, and would overflow.
    """
    head, graph, tail = b"", b"", b""
    for number, value in fields(model):
        if number == MODEL_GRAPH:
            graph = value
        elif graph:
            tail += _field(number, value)
        else:
            head += _field(number, value)
    parts = list(fields(graph))
    stored = {_text(value, TENSOR_NAME): value for number, value in parts if number == GRAPH_INITIALIZER}
    nodes: list[bytes] = []
    for number, value in parts:
        if number != GRAPH_NODE or _text(value, NODE_OP) != "MatMulNBits":
            nodes += [_field(number, value)] if number != GRAPH_INITIALIZER else []
            continue
        said = list(fields(value))
        x, codes, scales = (each.decode() for at, each in said if at == NODE_INPUT)
        (y,) = (each.decode() for at, each in said if at == NODE_OUTPUT)
        weight, scale = _eight_bits(numbers(stored.pop(codes)), numbers(stored.pop(scales)))
        nodes.append(_field(GRAPH_NODE, node(Node("DynamicQuantizeMatMul", (x, codes, scales), (y,), (), _MICROSOFT))))
        nodes += [_field(GRAPH_INITIALIZER, tensor(codes, weight)), _field(GRAPH_INITIALIZER, tensor(scales, scale))]
    kept = [_field(GRAPH_INITIALIZER, value) for value in stored.values()]
    return head + _field(MODEL_GRAPH, b"".join(nodes + kept)) + tail


def part(model: bytes, outputs: Sequence[str]) -> bytes:
    """The part of a model that leads to the values named ``outputs``."""
    parts = [(number, value) for number, value in fields(model) if number != MODEL_GRAPH]
    (graph,) = (list(fields(value)) for number, value in fields(model) if number == MODEL_GRAPH)
    needed, kept = set(outputs), []
    for number, value in reversed(graph):  # nodes stand in the order in which they run
        if number == GRAPH_NODE:
            said = [(at, name.decode()) for at, name in fields(value) if at in (NODE_INPUT, NODE_OUTPUT)]
            if needed.isdisjoint(name for at, name in said if at == NODE_OUTPUT):
                continue
            needed.update(name for at, name in said if at == NODE_INPUT)
            kept.append((number, value))
    if not kept:
        raise ValueError(f"a model without {', '.join(outputs)}")
    kept.reverse()
    kept += [each for each in graph if each[0] not in (GRAPH_NODE, GRAPH_INITIALIZER, GRAPH_OUTPUT)]
    kept += [each for each in graph if each[0] == GRAPH_INITIALIZER and _text(each[1], TENSOR_NAME) in needed]
    kept += [(GRAPH_OUTPUT, _value(name, ())) for name in outputs]
    return b"".join(_field(*each) for each in [*parts, (MODEL_GRAPH, b"".join(_field(*each) for each in kept))])


def _eight_bits(codes: NDArray[Any], scales: NDArray[Any]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """``codes``: columns, blocks of a column, two numbers of four bits to a byte, the lower first, 8 for zero."""
    import numpy as np

    columns, blocks, _ = codes.shape
    signed = np.stack([codes & 15, codes >> 4], axis=-1).reshape(columns, blocks, -1).astype(np.float32) - 8
    real = (signed * scales.reshape(columns, blocks, 1)).reshape(columns, -1)
    scale = np.maximum(np.abs(real).max(axis=1), 1e-12).astype(np.float32) / 63
    return np.rint(real / scale[:, None]).astype(np.int8).T.copy(), scale


def node(said: Node) -> bytes:
    out = b"".join(_field(NODE_INPUT, name.encode()) for name in said.inputs)
    out += b"".join(_field(NODE_OUTPUT, name.encode()) for name in said.outputs) + _field(NODE_OP, said.op.encode())
    for name, value in said.attributes:
        out += _field(NODE_ATTRIBUTE, _field(1, name.encode()) + _field(3, value) + _field(20, 2))
    return out + (_field(NODE_DOMAIN, said.domain.encode()) if said.domain else b"")


def tensor(name: str, value: NDArray[Any]) -> bytes:
    kinds = {"float32": _FLOAT, "uint8": _UINT8, "int8": _INT8, "int64": _INT64}
    dims = b"".join(_field(TENSOR_DIMS, size) for size in value.shape)
    return dims + _field(TENSOR_TYPE, kinds[value.dtype.name]) + _field(TENSOR_NAME, name.encode()) + _field(TENSOR_RAW, value.tobytes())


def numbers(said: bytes) -> NDArray[Any]:
    import numpy as np

    kinds = {_FLOAT: "<f4", _UINT8: "u1", _INT8: "i1", _INT64: "<i8"}
    dims, kind, raw = [], 0, b""
    for number, value in fields(said):
        if number == TENSOR_DIMS:
            dims += [value] if isinstance(value, int) else list(_packed(value))
        elif number == TENSOR_TYPE:
            kind = value
        elif number == TENSOR_RAW:
            raw = value
    return np.frombuffer(raw, kinds[kind]).reshape(dims)


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """(number, value) of one message; ValueError where it is none.  Numbers of fixed width, of which we alter none, stay as they lie."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if key & 7 == 2:
            size, at = _varint(data, at)
        elif key & 7 in (1, 5):
            raise ValueError("a field of fixed width at a level that has none")
        else:
            raise ValueError("no ONNX file")
        if at + size > len(data):
            raise ValueError("an ONNX file that ends early")
        yield key >> 3, data[at : at + size]
        at += size


def _text(message: bytes, number: int) -> str:
    return next((value.decode() for found, value in fields(message) if found == number), "")


def _packed(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("an ONNX file that ends early")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    return _number(number << 3 | 2) + _number(len(value)) + value


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _value(name: str, dims: Sequence[int | str]) -> bytes:
    shape = b"".join(_field(1, _field(1, size) if isinstance(size, int) else _field(2, size.encode())) for size in dims)
    kind = _field(1, _FLOAT) + (_field(2, shape) if dims else b"")
    return _field(1, name.encode()) + _field(2, _field(1, kind))
