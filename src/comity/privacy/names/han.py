# SPDX-License-Identifier: Apache-2.0
"""Names of persons written in Chinese characters: Chinese, Japanese and Korean ones, and foreign ones as Chinese writes them.

A recurrent network says how likely each stretch is a name (`han_reader`); a judge weighs that with how its characters occur in
names and with the words beside it (`han_judge`).  A name found once is looked for in the rest of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from comity.privacy.finder import Proposal
from comity.privacy.names.han_fitted import Judge
from comity.privacy.names.han_judge import candidates, pick, weigh
from comity.privacy.names.han_lexicon import lexicon
from comity.privacy.names.han_reader import Reader
from comity.privacy.recognizers.base import HINTED, LIKELY

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_PIECE = re.compile(r"[^\n。！？!?;；]{1,90}(?:[\n。！？!?;；]+[”」』’\"'）)]*)?|[\n。！？!?;；]+")
_BLOCK = 20_000  # characters: names spread within one
LEAST = 0.0
SURE = 2.0


class HanNames:
    """``folder`` holds the files `han_reader.FILES`, already checked."""

    name = "names_han"

    def __init__(self, folder: Path) -> None:
        self._reader = Reader(folder)
        self._lexicon = lexicon()
        self._judge = Judge()

    def find(self, text: str) -> Sequence[Proposal]:
        out: list[Proposal] = []
        if not _HAN.search(text):
            return out
        block: list[tuple[int, str]] = []
        size = 0
        for start, piece in _pieces(text):
            block.append((start, piece))
            size += len(piece)
            if size >= _BLOCK:
                out += self._block(block)
                block, size = [], 0
        if block:
            out += self._block(block)
        return out

    def _block(self, block: Sequence[tuple[int, str]]) -> Iterator[Proposal]:
        beliefs = self._reader.read([piece for _, piece in block])
        plain_of = self._reader.plain.get
        for (offset, piece), belief in zip(block, beliefs, strict=True):
            plain = "".join([plain_of(char, char) for char in piece])
            places = list(candidates(piece, plain, belief, self._lexicon))
            if not places:
                continue
            known = [weigh(piece, plain, belief, self._lexicon, self._judge.context, place) for place in places]
            scored = dict(zip(places, self._judge.score(known), strict=True))
            for place, score in pick(scored, LEAST):
                yield Proposal(offset + place.start, offset + place.end, "PERSON", "name", LIKELY if score > SURE else HINTED)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    for found in _PIECE.finditer(text):
        if _HAN.search(found[0]):
            yield found.start(), found[0]
