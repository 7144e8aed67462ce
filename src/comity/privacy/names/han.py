# SPDX-License-Identifier: Apache-2.0
"""Names of persons written in Chinese characters: Chinese, Japanese and Korean ones, and foreign ones as Chinese writes them.

A recurrent network says how likely each stretch is a name (`han_reader`); a judge weighs that with how its characters occur in
names and with the words beside it (`han_judge`, `han_fitted`).  A name found once is looked for in the rest of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from comity.privacy.finder import Proposal
from comity.privacy.names.han_cues import THING
from comity.privacy.names.han_fitted import Judge
from comity.privacy.names.han_judge import COMPOUND, DOTS, DOTTED, FOREIGN, LONG, ONE, OTHER, Candidate, candidates, pick, weigh
from comity.privacy.names.han_lexicon import lexicon
from comity.privacy.names.han_reader import Belief, Reader
from comity.privacy.names.weights import opened
from comity.privacy.recognizers.base import HINTED, LIKELY

LEAST = -1.25
"""Log odds from which a candidate counts: a name left in the clear costs more than a word too many hidden."""
LEAST_STRICT = -2.25
SURE = 1.0
_BLOCK = 20_000  # characters read at once; a name spreads within one
_PIECE = 120  # characters at most between two ends of a sentence
_LAP = 16  # characters read twice where a piece ends in the middle of a sentence
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_SENTENCE = re.compile(r"[^\n。！？!?;；]+(?:[\n。！？!?;；]+[”」』’\"'）)]*)?")
_PAUSE = re.compile("[，,、：:）)]")
_DOT = re.compile(f"[{DOTS}]")
_GLOSS = re.compile(r" ?[(（] ?((?:[A-Z]\.? ?)*[A-Z][^\W\d_]*[a-z][\w.'’\-]*(?:[ \-][A-Z][\w.'’\-]*){0,4}) ?[)）]")
"""The same name in Latin letters, right behind it."""
_ORDINARY = 3  # so common (`Lexicon.words`) is a word that it is not a name only because somebody is called so
_BREAK = 0.2


class Piece(NamedTuple):
    """A sentence or a part of one; ``plain`` in simplified characters, ``cut`` where it begins inside the part before it."""

    offset: int
    text: str
    plain: str
    cut: bool


class HanNames:
    """``directory``: where the files of `weights` lie, by the names it gives them.  ``strict``: rather a word too many than a
    name too few.  It keeps no text."""

    name = "han-names"

    def __init__(self, directory: Path, *, strict: bool = False) -> None:
        self._reader = Reader(opened("han", directory))
        self._lexicon = lexicon()
        self._judge = Judge()
        self._least = LEAST_STRICT if strict else LEAST

    def find(self, text: str) -> Sequence[Proposal]:
        out: list[Proposal] = []
        block: list[Piece] = []
        size = before = 0
        for start, end in pieces(text):
            piece = text[start:end]
            block.append(Piece(start, piece, self._reader.simplify(piece), start < before))
            before = end
            size += end - start
            if size >= _BLOCK:
                out += self._names(block)
                block, size = [], 0
        out += self._names(block)
        return out

    def _names(self, block: Sequence[Piece]) -> Iterator[Proposal]:
        beliefs = self._reader.read([piece.text for piece in block])
        picked = [self._pick(piece, belief) for piece, belief in zip(block, beliefs, strict=True)]
        for piece, places in zip(block, picked, strict=True):
            for place, score in places:
                yield _proposal(piece, place.start, place.end, LIKELY if score > SURE else HINTED)
                gloss = _GLOSS.match(piece.text, place.end)
                if gloss and (" " in gloss[1] or place.kind in (DOTTED, FOREIGN, OTHER)):
                    yield _proposal(piece, *gloss.span(1), LIKELY)
        spread = self._spread(block, picked)
        if spread is None:
            return
        for piece, belief, places in zip(block, beliefs, picked, strict=True):
            for found in spread.finditer(piece.plain):
                start, end = found.span()
                if min(belief.breaks[start], belief.breaks[end]) <= _BREAK or THING.match(piece.plain, end):
                    continue
                if all(end <= at.start or at.end <= start for at, _ in places):
                    yield _proposal(piece, start, end, HINTED)

    def _pick(self, piece: Piece, belief: Belief) -> list[tuple[Candidate, float]]:
        places = [place for place in candidates(piece.text, piece.plain, belief, self._lexicon) if place.start or not piece.cut]
        if not places:
            return []
        known = [weigh(piece.text, piece.plain, belief, self._lexicon, self._judge.context, place) for place in places]
        scored = dict(zip(places, self._judge.score(known), strict=True))
        whole = {(place.start + 1, place.end) for place, score in scored.items() if place.kind == LONG and score > self._least}
        return pick({place: score for place, score in scored.items() if place[:2] not in whole}, self._least)

    def _spread(self, block: Sequence[Piece], picked: Sequence[Sequence[tuple[Candidate, float]]]) -> re.Pattern[str] | None:
        """Finds the names of which the judge is sure, and their parts: 晓明 of 李晓明, 琼斯 of 艾琳·琼斯."""
        names = set()
        for piece, places in zip(block, picked, strict=True):
            for place, score in places:
                if score <= SURE or place.kind == ONE:
                    continue
                name = piece.plain[place.start : place.end]
                names.add(name)
                if place.kind == DOTTED:
                    names.update(_DOT.split(name))
                elif place.kind in (LONG, COMPOUND) and place.end - place.start - place.root == 2:
                    names.add(name[place.root :])
        names = {name for name in names if len(name) > 1 and self._lexicon.words.get(name, (0, False))[0] < _ORDINARY}
        return re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True)))) if names else None


def _proposal(piece: Piece, start: int, end: int, sure: int) -> Proposal:
    return Proposal(piece.offset + start, piece.offset + end, "PERSON", "name", sure)


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """Where the sentences that hold Chinese characters lie.  A long one is cut at a pause; without one its parts overlap."""
    for found in _SENTENCE.finditer(text):
        start, stop = found.span()
        while stop - start > _PIECE:
            pauses = [each.end() for each in _PAUSE.finditer(text, start + _LAP, start + _PIECE)]
            end = pauses[-1] if pauses else start + _PIECE
            if _HAN.search(text, start, end):
                yield start, end
            start = end if pauses else end - _LAP
        if _HAN.search(text, start, stop):
            yield start, stop
