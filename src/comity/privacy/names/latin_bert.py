# SPDX-License-Identifier: Apache-2.0
"""Asks Rampart (a BERT of 22 million weights that marks personal data) how likely each piece of a text is part of a name.

It has six layers.  After three, two fitted rows of numbers read what is known of a piece (`tools/names/latin/fit.py`): how likely the
whole model would call it a name, and what it adds to the judge's sum, since there is more of brands and places that bear a name in
it than the model was taught to say.  Only where that is in doubt, and close by, the other three layers are asked.
A text is read in windows that overlap, so that every piece is judged with context on both sides and nothing is lost at an edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from comity.privacy.names.latin_onnx import part, session, widened
from comity.privacy.names.tokens import Pieces, WordPieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

WINDOW_PIECES = 192  # what it judges best, and fastest
OVERLAP_PIECES = 16
CODE_PIECES = 2  # of a run of letters and digits, such as a key or a number, more says nothing
DEEP, DEEP_WIDTH = "/bert/encoder/layer.2/output/LayerNorm/LayerNormalization_output_0", 384
DOUBT = (0.02, 0.98)
NEAR_PIECES = 2  # of one in doubt
_NAMES = slice(1, 5)  # labels: begin and inside of a given name, of a surname


class Judged(NamedTuple):
    start: int
    end: int
    name: float  # how likely it is part of a name, 0 to 1
    adds: float  # to the sum of what speaks for a name


@cache
def fitted() -> Floats:
    """Two columns: a number for each of what the third layer gives, and one more on its own."""
    import numpy as np

    lines = files("comity.privacy.names").joinpath("latin_fitted.txt").read_text(encoding="ascii").splitlines()
    return np.array([[float(number) for number in line.split()] for line in lines if not line.startswith("#")], np.float32).T


class Bert:
    """``model``: the bytes of `model_q4.onnx`; ``vocabulary``: of `vocab.txt`."""

    def __init__(self, model: bytes, vocabulary: bytes) -> None:
        self._words = WordPieces(vocabulary.decode("utf-8").splitlines())
        whole = widened(model)
        self._model: Any = session(part(whole, [DEEP]))
        self._rest: Any = session(part(whole, ["logits"], DEEP, DEEP_WIDTH))

    def judge(self, text: str) -> Iterator[Judged]:
        pieces = shortened(text, self._words.of(text))
        for start, _, said in self.windows(pieces):
            for at, (name, adds) in enumerate(said.tolist(), start):
                yield Judged(pieces.starts[at], pieces.ends[at], name, adds)

    def windows(self, pieces: Pieces) -> Iterator[tuple[int, int, Floats]]:
        """Each window's own part: of an overlap, half belongs to either side."""
        count, first, done = len(pieces.ids), 0, 0
        while done < count:
            last = min(first + WINDOW_PIECES, count)
            own = last if last == count else last - OVERLAP_PIECES // 2
            said = self._ask(pieces.ids[first:last])
            yield done, own, said[done - first : own - first]
            first, done = last - OVERLAP_PIECES, own

    def _ask(self, ids: Sequence[int]) -> Floats:
        import numpy as np

        feed = self._feed([self._words.begin, *ids, self._words.end])
        known: Floats = self._model.run(None, feed)[0]
        columns = fitted()
        said: Floats = known[0] @ columns[:-1] + columns[-1]
        said[:, 0] = 1 / (1 + np.exp(-np.clip(said[:, 0], -30, 30)))
        doubtful = (said[:, 0] > DOUBT[0]) & (said[:, 0] < DOUBT[1])
        if doubtful[1:-1].any():
            near = np.convolve(doubtful, np.ones(2 * NEAR_PIECES + 1))[NEAR_PIECES:-NEAR_PIECES] > 0
            near[[0, -1]] = True
            scores = self._rest.run(None, self._feed(feed["input_ids"][0, near]) | {DEEP: known[:, near]})[0][0]
            said[near, 0] = likely(scores)
        return said[1:-1]

    def _feed(self, ids: Any) -> dict[str, Any]:
        import numpy as np

        row = np.array([ids], np.int64)
        return {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}


def likely(scores: Floats) -> Floats:
    """Of the model's scores of each label: the chance of the labels for names."""
    import numpy as np

    chances = np.exp(scores - scores.max(axis=-1, keepdims=True))
    of_names: Floats = chances[..., _NAMES].sum(axis=-1) / chances.sum(axis=-1)
    return of_names


def shortened(text: str, pieces: Pieces) -> Pieces:
    """Without what follows the first pieces of a run of letters and digits."""
    out = Pieces([], [], [])
    first, end, coded = 0, -1, False
    for at, (number, start, stop) in enumerate(zip(*pieces, strict=True)):
        plain = text[start:stop].isalnum()
        if start != end or not plain:  # a mark ends a run
            first, coded = at, False
        end = stop if plain else -1
        coded = coded or (plain and not text[start:stop].isalpha())
        if not coded or at - first < CODE_PIECES:
            out.ids.append(number)
            out.starts.append(start)
            out.ends.append(stop)
    return out
