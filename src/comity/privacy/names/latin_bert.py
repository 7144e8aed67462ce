# SPDX-License-Identifier: Apache-2.0
"""Asks Rampart (a BERT of 22 million weights that marks personal data) how likely each piece of a text is part of a name.

A text is read in windows that overlap, so that every piece is judged with context on both sides and nothing is lost at an edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from comity.privacy.names.latin_onnx import session, widened
from comity.privacy.names.tokens import Pieces, WordPieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WINDOW_PIECES = 192  # what it judges best, and fastest
OVERLAP_PIECES = 24
_NAMES = (1, 5)  # labels: begin and inside of a given name, of a surname


class Judged(NamedTuple):
    start: int
    end: int
    name: float  # how likely it is part of a name, 0 to 1


class Bert:
    """``model``: the bytes of `model_q4.onnx`; ``vocabulary``: of `vocab.txt`."""

    def __init__(self, model: bytes, vocabulary: bytes) -> None:
        self._words = WordPieces(vocabulary.decode("utf-8").splitlines())
        self._model = session(widened(model))

    def judge(self, text: str) -> Iterator[Judged]:
        pieces = self._words.of(text)
        for start, end, likely in self._windows(pieces):
            yield from map(Judged, pieces.starts[start:end], pieces.ends[start:end], likely)

    def _windows(self, pieces: Pieces) -> Iterator[tuple[int, int, Sequence[float]]]:
        """Each window's own part: of an overlap, half belongs to either side."""
        count, first, done = len(pieces.ids), 0, 0
        while done < count:
            last = min(first + WINDOW_PIECES, count)
            own = last if last == count else last - OVERLAP_PIECES // 2
            likely = self._ask(pieces.ids[first:last])
            yield done, own, likely[done - first : own - first].tolist()
            first, done = last - OVERLAP_PIECES, own

    def _ask(self, ids: list[int]) -> NDArray[np.float32]:
        import numpy as np

        row = np.array([[self._words.begin, *ids, self._words.end]], np.int64)
        feed = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
        scores = self._model.run(["logits"], feed)[0][0, 1:-1]
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        likely: NDArray[np.float32] = chances[:, slice(*_NAMES)].sum(axis=1) / chances.sum(axis=1)
        return likely
