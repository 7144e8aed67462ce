# SPDX-License-Identifier: Apache-2.0
"""The reader against the same network counted step by step in plain numpy, with random weights in the form that they are stored in."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest

from comity.privacy.names.latin_hash import feature_hash, rows_of
from comity.privacy.names.latin_reader import Read, Reader, _shape
from comity.privacy.names.latin_words import Word, words

np = pytest.importorskip("numpy")
pytest.importorskip("onnxruntime")

WIDTH, HIDDEN, KINDS, SEEDS, ROWS, VECTOR = 96, 64, 18, (8, 9, 10, 11), 50, 300
KNOWN = ("Lopez", "met", "in", "friends", "Friends", "'s")  # words that have a vector, some the same
TEXT = "Maria Lopez met J. Smith-Weiss at Ford  Motor\nin Lyon; Bob's 3 friends saw him ."


def hashed(part: str) -> Any:
    return np.array([feature_hash(part)], np.uint64)


class Made:
    """A network's parts in the order that they are listed, by kind of node."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)

        def some(*shape: int) -> Any:
            return random.normal(0, 0.6 / np.sqrt(shape[-1]) if len(shape) > 1 else 0.3, shape).astype(np.float32)

        self.tables = [random.normal(0, 1, (ROWS, WIDTH)).astype(np.float32) for _ in SEEDS]
        self.mixers = [(some(WIDTH, 3, wide), some(WIDTH, 3), 1 + some(WIDTH), some(WIDTH)) for wide in (5 * WIDTH, *[3 * WIDTH] * 4)]
        self.vectors_of, self.narrowed = some(4, VECTOR) * 20, some(WIDTH, VECTOR)
        self.lower = some(3, HIDDEN, 2, HIDDEN) * 6, some(HIDDEN, 2), some(1, 3, HIDDEN, 2)
        self.upper, self.narrow = (some(4 * KINDS + 2, HIDDEN) * 4, some(4 * KINDS + 2)), (some(HIDDEN, WIDTH), some(HIDDEN))

    def stored(self) -> tuple[bytes, bytes, bytes, bytes]:
        nodes: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
            ("precomputable_affine", {}, dict(zip(("W", "b", "pad"), self.lower, strict=True))),
            ("linear", {}, dict(zip("Wb", self.upper, strict=True))),
            ("linear", {}, dict(zip("Wb", self.narrow, strict=True))),
            ("static_vectors", {}, {"W": self.narrowed}),
        ]
        nodes += [("hashembed", {"seed": msgspec.msgpack.encode(seed)}, {"E": e}) for seed, e in zip(SEEDS, self.tables, strict=True)]
        for weight, bias, gain, shift in self.mixers:
            nodes += [("maxout", {}, {"W": weight, "b": bias}), ("layernorm", {}, {"G": gain, "b": shift})]
        model = {
            "nodes": [{"index": at, "name": name} for at, (name, _, _) in enumerate(nodes)],
            "attrs": [attributes for _, attributes, _ in nodes],
            "params": [
                {name: {b"nd": True, b"type": "<f4", b"shape": list(value.shape), b"data": value.tobytes()} for name, value in held.items()}
                for _, _, held in nodes
            ],
        }
        kinds = {kind: KINDS - at for at, kind in enumerate(["ORG", "DATE", "PERSON", *(f"K{n}" for n in range(KINDS - 3))])}
        vectors = io.BytesIO()
        np.save(vectors, self.vectors_of)
        keys = msgspec.msgpack.encode({feature_hash(word): at % 4 for at, word in enumerate(KNOWN)})
        moves = msgspec.msgpack.encode({"moves": msgspec.json.encode({"1": kinds}).decode()})
        return msgspec.msgpack.encode(model), moves, vectors.getvalue(), keys

    def layer(self, at: int, x: Any) -> Any:
        weight, bias, gain, shift = self.mixers[at]
        y = (np.einsum("ti,opi->top", x, weight) + bias).max(axis=2)
        return (y - y.mean(1, keepdims=True)) / y.std(1, keepdims=True) * gain + shift

    def vectors(self, found: list[Word]) -> Any:
        rows = []
        for word in found:
            norm = {"'s": "'s"}.get(word.text, word.text.lower())
            parts = (norm, word.text[0], word.text[-3:], _shape(word.text))
            said = zip(self.tables, SEEDS, parts, strict=True)
            own = self.narrowed @ self.vectors_of[KNOWN.index(word.text) % 4] if word.text in KNOWN else np.zeros(WIDTH)
            rows.append(np.concatenate([*(table[rows_of(hashed(part), seed, ROWS)].sum(1)[0] for table, seed, part in said), own]))
        x = np.pad(self.layer(0, np.array(rows)), ((4, 4), (0, 0)))
        for at in range(1, 5):
            beside = np.pad(x, ((1, 1), (0, 0)))
            x = x + self.layer(at, np.concatenate([beside[:-2], x, beside[2:]], axis=1))
        return x[4:-4] @ self.narrow[0].T + self.narrow[1]

    def read(self, found: list[Word]) -> tuple[list[str], list[float]]:
        """Move by move, each with every action that the state allows; kinds by their place."""
        weight, bias, pad = self.lower
        shares = np.einsum("ti,fopi->tfop", self.vectors(found), weight)
        kinds, starts, first, of = [], [], -1, -1
        for at, word in enumerate(found):
            alone = (shares[at, 0] + pad[0, 1] + pad[0, 2] + bias).max(1) @ self.upper[0].T + self.upper[1]
            opened = (shares[at, 0] + shares[first, 1] + shares[at - 1, 2] + bias).max(1) @ self.upper[0].T + self.upper[1]
            space, final = not word.text.strip(), at + 1 == len(found)
            free = np.full(len(alone), -np.inf)
            free[4 * KINDS + 1] = alone[4 * KINDS + 1]
            if not space:
                free[3 * KINDS : 4 * KINDS] = alone[3 * KINDS : 4 * KINDS]
                free[:KINDS] = -np.inf if final else alone[:KINDS]
            shared = np.exp(free - free.max()) / np.exp(free - free.max()).sum()
            starts.append(shared[2] + shared[3 * KINDS + 2])
            if first < 0:
                choice = int(free.argmax())
            else:
                choice = KINDS + of if not final and opened[KINDS + of] > opened[2 * KINDS + of] else 2 * KINDS + of
            kind = -1 if choice > 4 * KINDS else choice % KINDS
            kinds.append(kind)
            first, of = (at, kind) if choice < KINDS else (first, of) if choice < 2 * KINDS else (-1, -1)
        names = ["ORG", "DATE", "PERSON", *(f"K{n}" for n in range(KINDS - 3)), ""]
        return [names[kind] for kind in kinds], starts


@pytest.mark.parametrize("seed", range(6))
def test_it_reads_as_the_network_does(seed: int) -> None:
    made = Made(seed)
    found = words(TEXT)
    kinds, starts = made.read(found)
    said = Reader(*made.stored()).read(found)
    assert [each.kind for each in said] == kinds
    assert [each.person for each in said] == pytest.approx(starts, abs=2e-3)


def test_the_made_networks_decide_many_ways() -> None:
    seen = {kind for seed in range(6) for kind in Made(seed).read(words(TEXT))[0]}
    assert len(seen) > 6 and "" in seen


@pytest.mark.parametrize(
    ("word", "shape"), [("Maria", "Xxxxx"), ("McDonald", "XxXxxxx"), ("IBM", "X" * 3), ("2024-05", "dddd-dd"), ("x" * 100, "LONG")]
)
def test_shapes(word: str, shape: str) -> None:
    assert _shape(word) == shape


def test_nothing_is_read_in_nothing() -> None:
    reader = Reader(*Made(1).stored())
    assert reader.read([]) == []
    assert reader.read(words("\n")) == [Read("", pytest.approx(0.0))]  # white space begins no name


def test_another_network_is_refused() -> None:
    model, _, vectors, keys = Made(1).stored()
    with pytest.raises(ValueError, match="3 kinds"):
        Reader(model, msgspec.msgpack.encode({"moves": '{"1":{"A":1,"B":2,"C":3}}'}), vectors, keys)
