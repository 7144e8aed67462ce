# SPDX-License-Identifier: Apache-2.0
"""Sentences as vectors: Google's Universal Sentence Encoder, multilingual, version 3, in numpy (16 languages).

1. a text is cut into pieces of a vocabulary, by the likeliest way of cutting it (unigram: Kudo 2018, https://arxiv.org/abs/1804.10959)
2. each piece's vector is read beside its neighbours through windows of 2, 3 and 5 pieces
3. pieces are summed over the root of their number, and four dense layers make one vector of length 1
   (Yang et al. 2019, https://arxiv.org/abs/1907.04307, the convolutional encoder)

It knows short questions and requests better than long texts, and does not see how words far from each other belong together.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DIMENSIONS = 512
UNKNOWN, BEGIN, END = 0, 1, 2
WINDOWS = ((2, 0), (3, 1), (5, 2))  # pieces, and how many of them stand before the one that is read
CHARACTERS_MAX = 2000
"""Of one text that are read; what a sentence is about has been said by then."""
SPACE = "\u2581"


class Pieces:
    """The vocabulary, and how a text is cut by it."""

    def __init__(self, packed: bytes) -> None:
        """``packed``: a SentencePiece model.  Raises ValueError, IndexError, struct.error where it is none."""
        self._scores: dict[str, tuple[int, float]] = {}
        for number, piece in enumerate(value for field, value in _members(packed) if field == 1):
            said = dict(_members(piece))
            text, score = said.get(1, b"").decode("utf-8"), struct.unpack("<f", said[2])[0] if 2 in said else 0.0
            self._scores.setdefault(text, (number, score))
        if not self._scores:
            raise ValueError
        self.longest = max(map(len, self._scores))
        self._least = min(score for _, score in self._scores.values()) - 10

    def cut(self, text: str) -> list[int]:
        """Numbers of pieces, with those of the beginning and the end."""
        words = unicodedata.normalize("NFKC", text[:CHARACTERS_MAX]).split()
        whole = SPACE + SPACE.join(words) if words else ""
        best: list[tuple[float, int, int]] = [(0.0, 0, UNKNOWN)]  # of each prefix: score, where its last piece begins, and which it is
        for end in range(1, len(whole) + 1):
            ways = [(best[end - 1][0] + self._least, end - 1, UNKNOWN)]
            for start in range(max(0, end - self.longest), end):
                known = self._scores.get(whole[start:end])
                if known is not None:
                    ways.append((best[start][0] + known[1], start, known[0]))
            best.append(max(ways, key=lambda way: way[0]))
        found, end = [END], len(whole)
        while end:
            found.append(best[end][2])
            end = best[end][1]
        return [BEGIN, *(found[:0:-1] or [UNKNOWN]), END]


class Sentences:
    """``weights``: path of arrays by name; ``pieces``: path of the vocabulary."""

    def __init__(self, weights: str, pieces: str) -> None:
        from pathlib import Path

        import numpy

        with numpy.load(weights, allow_pickle=False) as held:
            kept = {name: held[name] for name in held.files}
        self._pieces = Pieces(Path(pieces).read_bytes())
        # Pieces are dealt out to as many tables as there are scales, each with values of its own range.
        self._tables = [kept.pop(f"q{number + 1}") for number in range(len(kept["scale"]))]
        self._of: dict[str, Any] = kept

    def count(self, text: str) -> int:
        return len(self._pieces.cut(text))

    def encode(self, texts: Sequence[str]) -> Floats:
        """(texts, 512), of length 1."""
        import numpy

        rows = [self._summed(self._pieces.cut(text)) for text in texts]
        found: Floats = self._dense(numpy.stack(rows))
        return found

    def _summed(self, pieces: Sequence[int]) -> Any:
        import numpy

        of, many = self._of, len(self._tables)
        own = numpy.stack([self._tables[each % many][each // many] * of["scale"][each % many] + of["lo"][each % many] for each in pieces])
        read = [own.astype(numpy.float32)]
        for size, before in WINDOWS:
            first = _even(own @ of[f"proj{size}"] + of[f"proj_b{size}"], of[f"ln_g{size}"], of[f"ln_b{size}"], of["eps"])
            for layer in ("1", "2"):
                seen = _beside(first, size, before) @ of[f"w{layer}_{size}"] + of[f"b{layer}_{size}"]
                first = first + numpy.maximum(seen, 0)
            read.append(first)
        whole = _even(numpy.concatenate(read, axis=1), of["ln_g"], of["ln_b"], of["eps"])
        return (whole @ of["cnn_W"] + of["cnn_b"]).sum(axis=0) / numpy.sqrt(len(pieces))

    def _dense(self, rows: Any) -> Any:
        import numpy

        of = self._of
        first = numpy.maximum(rows @ of["d0"], 0)
        second = numpy.maximum(rows @ of["p1"] + first @ of["d1"], 0)
        third = numpy.maximum(second @ of["d2"], 0)
        last = numpy.tanh(second @ of["p3"] + third @ of["d3"])
        return last / numpy.linalg.norm(last, axis=1, keepdims=True).clip(min=1e-6)


def _beside(rows: Any, size: int, before: int) -> Any:
    """Each row with its neighbours, zeros beyond the ends: (n, size x d)."""
    import numpy

    padded = numpy.pad(rows, ((before, size - 1 - before), (0, 0)))
    return numpy.concatenate([padded[shift : shift + len(rows)] for shift in range(size)], axis=1)


def _even(rows: Any, gain: Any, offset: Any, eps: Any) -> Any:
    middle = rows - rows.mean(axis=1, keepdims=True)
    return middle / (middle.var(axis=1, keepdims=True) + eps) ** 0.5 * gain + offset


def _members(packed: bytes) -> Iterator[tuple[int, bytes]]:
    """Of a protocol-buffers message, those with bytes of their own (https://protobuf.dev/programming-guides/encoding/).  Raises
    ValueError, IndexError."""
    at = 0
    while at < len(packed):
        key, at = _number(packed, at)
        kind, size = key & 7, 0
        if kind == 0:
            _, at = _number(packed, at)
            continue
        if kind == 2:
            size, at = _number(packed, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError
        if at + size > len(packed):
            raise ValueError
        yield key >> 3, packed[at : at + size]
        at += size


def _number(packed: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = packed[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError
