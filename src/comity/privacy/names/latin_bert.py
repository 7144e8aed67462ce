# SPDX-License-Identifier: Apache-2.0
"""Asks Rampart (a BERT of 22 million weights that marks personal data) how likely each piece of a text is part of a name.

Of its six layers three are run.  Two fitted rows of numbers read what is known of a piece then (`tools/names/latin/fit.py`): how likely
the whole model would call it a name, and what it adds to the judge's sum, since there is more of brands and places that bear a name in
it than the model was taught to say.
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
DEEP = "/bert/encoder/layer.2/output/LayerNorm/LayerNormalization_output_0"


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
        self._model: Any = session(part(widened(model), [DEEP]))

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

        columns = fitted()
        said: Floats = self._known(ids, self._model)[0][1:-1] @ columns[:-1] + columns[-1]
        said[:, 0] = 1 / (1 + np.exp(-np.clip(said[:, 0], -30, 30)))
        return said

    def _known(self, ids: Sequence[int], model: Any) -> list[Floats]:
        """Each of what ``model`` gives, of the beginning, of the pieces and of the end."""
        import numpy as np

        row = np.array([[self._words.begin, *ids, self._words.end]], np.int64)
        given: list[Floats] = model.run(None, {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)})
        return [each[0] for each in given]


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
