# SPDX-License-Identifier: Apache-2.0
"""Reads the names of persons with a small convolutional network: what a word is made of and its vector, two words of context a layer,
then one decision a word (begin, in, last, unit, out), each in the light of the entity that is open.

The network and its weights are those of a spaCy pipeline (`ner/model`, `vocab`); here is what is needed to run it, in numpy.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from comity.privacy.names.latin_hash import feature_hash, rows_of
from comity.privacy.names.latin_onnx import Node, session, written
from comity.privacy.names.latin_words import Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_KINDS = 18
_OUT = 4 * _KINDS + 1  # after begin, in, last and unit of each kind, and a unit of no kind
_PADS = 4  # rows of nothing that it saw on both sides of a text
_WIDTH, _HIDDEN = 96, 64
_NORMS = {
    "n't": "not", "n\u2019t": "not", "'m": "am", "'re": "are", "'ve": "have", "'ll": "will", "\u2018": "'", "\u2019": "'", "`": "'",
    "\u00b4": "'", "\u201c": '"', "\u201d": '"', "\u00ab": '"', "\u00bb": '"', "\u2014": "-", "\u2013": "-", "\u20ac": "$", "\u00a3": "$",
}  # fmt: skip


class Read(NamedTuple):
    """Of a word: the kind of the entity that it is in (PERSON, ORG, GPE, …; "" for none), and how likely a person's name starts here."""

    kind: str
    person: float


class Reader:
    """``model``: the bytes of `ner/model`; ``moves``: of `ner/moves`; ``vectors`` and ``keys``: of `vocab/vectors` and `vocab/key2row`."""

    def __init__(self, model: bytes, moves: bytes, vectors: bytes, keys: bytes) -> None:
        parts = _Parts(model)
        (narrowing,) = parts.named("static_vectors")
        self._vectors = _Vectors(vectors, keys, parts.array(narrowing, "W"))
        self._kinds = _kinds(moves)
        self._person = self._kinds.index("PERSON")
        self._tables = [(parts.array(node, "E"), seed) for node, seed in parts.tables]
        self._mix = session(_mixer(parts))
        self._net = session(_network(parts))
        upper, _ = parts.named("linear")
        self._upper = parts.array(upper, "W").T.copy(), parts.array(upper, "b")
        self._bias = parts.lower_bias()

    def read(self, words: Sequence[Word]) -> list[Read]:
        import numpy as np

        if not words:
            return []
        x = np.zeros((len(words) + 2 * _PADS, _WIDTH), np.float32)
        places: dict[str, int] = {}
        order = [places.setdefault(word.text, len(places)) for word in words]
        x[_PADS:-_PADS] = self._made_of(list(places))[order]
        features, closed = self._net.run(None, {"x": x})
        return self._decide(features[_PADS:-_PADS].reshape(len(words), 3, -1), closed[_PADS:-_PADS], words)

    def _made_of(self, words: Sequence[str]) -> Floats:
        """What each says by itself: its norm, first letter, last three letters, shape, and vector.  No word is remembered."""
        import numpy as np

        norms = [_NORMS.get(word.lower(), word.lower()) for word in words]
        columns = norms, [word[0] for word in words], [word[-3:] for word in words], [_shape(word) for word in words]
        hashes = {part: feature_hash(part) for part in set().union(*columns)}
        parts = [
            table[rows_of(np.array([hashes[part] for part in column], np.uint64), seed, len(table))].sum(axis=1)
            for (table, seed), column in zip(self._tables, columns, strict=True)
        ]
        parts.append(self._vectors.of(words))
        vectors: Floats = self._mix.run(None, {"x": np.concatenate(parts, axis=1)})[0]
        return vectors

    def _decide(self, features: Floats, closed: Floats, words: Sequence[Word]) -> list[Read]:
        """Greedy.  ``closed``: the scores while no entity is open, when a decision rests on the word alone."""
        import numpy as np

        upper, last = self._upper
        closed[:, _KINDS : 3 * _KINDS] = closed[:, _OUT - 1 : _OUT] = -np.inf  # in, last, a unit of no kind
        closed[-1, :_KINDS] = -np.inf
        closed[[not word.text.strip() for word in words], : _OUT - 1] = -np.inf
        choices = closed.argmax(axis=1).tolist()
        shares = np.exp(closed - closed.max(axis=1, keepdims=True))
        starts = shares[:, [self._person, 3 * _KINDS + self._person]].sum(axis=1) / shares.sum(axis=1)
        kinds = [""] * len(words)
        at = 0
        while at < len(words):
            choice = choices[at]
            first = at
            if choice < _KINDS:
                while choice < 2 * _KINDS:  # begin or in
                    at += 1
                    state = features[at, 0] + features[first, 1] + features[at - 1, 2] + self._bias
                    scores = np.maximum(state[:_HIDDEN], state[_HIDDEN:]) @ upper + last
                    stay, end = _KINDS + choice % _KINDS, 2 * _KINDS + choice % _KINDS
                    choice = stay if at + 1 < len(words) and scores[stay] > scores[end] else end
            if choice < _OUT - 1:
                kinds[first : at + 1] = [self._kinds[choice % _KINDS]] * (at + 1 - first)
            at += 1
        return [Read(kind, start) for kind, start in zip(kinds, starts.tolist(), strict=True)]


def _shape(word: str) -> str:
    if len(word) >= 100:
        return "LONG"
    out = ""
    for letter in word:
        mark = ("X" if letter.isupper() else "x") if letter.isalpha() else "d" if letter.isdigit() else letter
        if out[-4:] != mark * 4:
            out += mark
    return out


def _kinds(moves: bytes) -> list[str]:
    begins: dict[str, int] = msgspec.json.decode(msgspec.msgpack.decode(moves)["moves"])["1"]
    if len(begins) != _KINDS:
        raise ValueError(f"{len(begins)} kinds of entities, not {_KINDS}")
    return sorted(begins, key=lambda kind: -begins[kind])


class _Vectors:
    """Vectors of the common words, many words to a vector, as narrow as the network makes them: a third of what is stored."""

    def __init__(self, vectors: bytes, keys: bytes, weight: Floats) -> None:
        import numpy as np

        rows: dict[int, int] = msgspec.msgpack.decode(keys)  # by the hash of a word
        hashes = np.fromiter(rows, np.uint64, len(rows))
        order = hashes.argsort()
        self._hashes, self._rows = hashes[order], np.fromiter(rows.values(), np.int32, len(rows))[order]
        self._table = np.load(io.BytesIO(vectors), allow_pickle=False).astype(np.float32) @ weight.T

    def of(self, words: Sequence[str]) -> Floats:
        """Nothing but zeros for a word that has none."""
        import numpy as np

        asked = np.array([feature_hash(word) for word in words], np.uint64)
        at = np.minimum(self._hashes.searchsorted(asked), len(self._hashes) - 1)
        found: Floats = self._table[self._rows[at]] * (self._hashes[at] == asked)[:, None]
        return found


class _Parts:
    """The nodes of a serialised network; pieces of a maxout side by side, as whole blocks of columns."""

    def __init__(self, model: bytes) -> None:
        self._model: Mapping[str, Any] = msgspec.msgpack.decode(model)
        self.tables = [(at, msgspec.msgpack.decode(self._model["attrs"][at]["seed"])) for at in self.named("hashembed")]

    def named(self, name: str) -> list[int]:
        return [node["index"] for node in self._model["nodes"] if node["name"] == name]

    def array(self, node: int, name: str) -> Floats:
        import numpy as np

        said = self._model["params"][node][name]
        return np.frombuffer(said[b"data"], "<f4").reshape(said[b"shape"]).astype(np.float32)

    def layer(self, node: int) -> dict[str, Floats]:
        """Maxout, and the layer normalisation that follows it in the list."""
        weight = self.array(node, "W")
        return {
            f"w{node}": weight.transpose(1, 0, 2).reshape(-1, weight.shape[-1]).T.copy(), f"b{node}": self.array(node, "b").T.reshape(-1),
            f"g{node}": self.array(node + 1, "G"), f"s{node}": self.array(node + 1, "b"),
        }  # fmt: skip

    def lower_bias(self) -> Floats:
        (node,) = self.named("precomputable_affine")
        return self.array(node, "b").T.reshape(-1)

    def deciding(self) -> dict[str, Floats]:
        """From a word's vector to its share of a state, in the three roles a word has there; and, no entity open, to the scores."""
        upper, narrow = self.named("linear")
        (lower,) = self.named("precomputable_affine")
        weight, pad = self.array(lower, "W").transpose(0, 2, 1, 3), self.array(lower, "pad")[0].transpose(0, 2, 1).reshape(3, -1)
        weight = weight.reshape(-1, weight.shape[-1]).T
        return {
            "w": self.array(narrow, "W").T @ weight, "b": self.array(narrow, "b") @ weight, "pad": pad[1] + pad[2] + self.lower_bias(),
            "up": self.array(upper, "W").T.copy(), "last": self.array(upper, "b"),
        }  # fmt: skip


def _maxout(parts: _Parts, node: int, x: str, out: str) -> tuple[list[Node], dict[str, Floats]]:
    pieces = [f"{out}_{piece}" for piece in range(3)]
    return [
        Node("MatMul", (x, f"w{node}"), (f"{out}_wx",)),
        Node("Add", (f"{out}_wx", f"b{node}"), (f"{out}_all",)),
        Node("Split", (f"{out}_all",), pieces, (("axis", 1),)),
        Node("Max", pieces, (f"{out}_max",)),
        Node("LayerNormalization", (f"{out}_max", f"g{node}", f"s{node}"), (out,)),
    ], parts.layer(node)


def _mixer(parts: _Parts) -> bytes:
    nodes, tensors = _maxout(parts, parts.named("maxout")[0], "x", "y")
    return written(nodes, tensors, inputs={"x": 5 * _WIDTH}, outputs=("y",))


def _network(parts: _Parts) -> bytes:
    import numpy as np

    nodes: list[Node] = []
    tensors: dict[str, NDArray[Any]] = {"nothing": np.zeros((1, _WIDTH), np.float32), **parts.deciding()}
    tensors |= {
        name: np.array([value], np.int64)
        for name, value in (("zero", 0), ("one", 1), ("all_but_one", -1), ("end", 1 << 40), ("first", 2 * _HIDDEN))
    }
    x = "x"
    for node in parts.named("maxout")[1:]:
        y = f"y{node}"
        nodes += [
            Node("Slice", (x, "zero", "all_but_one", "zero"), (f"{y}_early",)),
            Node("Slice", (x, "one", "end", "zero"), (f"{y}_late",)),
            Node("Concat", ("nothing", f"{y}_early"), (f"{y}_before",), (("axis", 0),)),
            Node("Concat", (f"{y}_late", "nothing"), (f"{y}_behind",), (("axis", 0),)),
            Node("Concat", (f"{y}_before", x, f"{y}_behind"), (f"{y}_wide",), (("axis", 1),)),
        ]
        more, held = _maxout(parts, node, f"{y}_wide", f"{y}_own")
        nodes += [*more, Node("Add", (x, f"{y}_own"), (y,))]
        tensors |= held
        x = y
    nodes += [
        Node("MatMul", (x, "w"), ("shares",)),
        Node("Add", ("shares", "b"), ("features",)),
        Node("Slice", ("features", "zero", "first", "one"), ("mine",)),
        Node("Add", ("mine", "pad"), ("state",)),
        Node("Split", ("state",), ("left", "right"), (("axis", 1),)),
        Node("Max", ("left", "right"), ("hidden",)),
        Node("MatMul", ("hidden", "up"), ("scores",)),
        Node("Add", ("scores", "last"), ("closed",)),
    ]
    return written(nodes, tensors, inputs={"x": _WIDTH}, outputs=("features", "closed"))
