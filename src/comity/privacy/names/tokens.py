# SPDX-License-Identifier: Apache-2.0
"""Word pieces (BERT, lower case, accents away) with where each lies in the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

_EAST = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_ACCENTS = r"\u0300-\u036f"  # of letters written as two
_WORD = re.compile(rf"(?:[^\W_{_EAST}]|[{_ACCENTS}])+|[{_EAST}]+|\S")
"""A run of letters and digits, or one mark; a run of Han, kana or Hangul, which the vocabulary has not, is one unknown piece."""
_LETTERS_MAX = 100
_MARK = "Mn"


class Pieces(NamedTuple):
    ids: list[int]
    starts: list[int]
    ends: list[int]


class WordPieces:
    """``vocabulary``: one piece a line, its number that of the line; a piece inside a word begins with ``##``."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._ids = {piece: number for number, piece in enumerate(vocabulary)}
        self.begin, self.end, self._unknown = self._ids["[CLS]"], self._ids["[SEP]"], self._ids["[UNK]"]

    def of(self, text: str) -> Pieces:
        """No word is remembered from one text to the next."""
        out = Pieces([], [], [])
        cut: dict[str, tuple[tuple[int, int, int], ...]] = {}
        for found in _WORD.finditer(text):
            word, shift = found[0], found.start()
            if word not in cut:
                cut[word] = self._cut(word)
            for number, start, end in cut[word]:
                out.ids.append(number)
                out.starts.append(shift + start)
                out.ends.append(shift + end)
        return out

    def _cut(self, word: str) -> tuple[tuple[int, int, int], ...]:
        """The longest pieces, from the left."""
        places: Sequence[int] = range(len(word))
        said = word.lower()
        if not word.isascii():
            said, places = _plain(word)
        if not said or len(said) > _LETTERS_MAX:
            return ((self._unknown, 0, len(word)),) if said else ()
        out, start = [], 0
        while start < len(said):
            for end in range(len(said), start, -1):
                number = self._ids.get(said[start:end] if start == 0 else "##" + said[start:end])
                if number is not None:
                    out.append((number, places[start], places[end - 1] + 1))
                    start = end
                    break
            else:
                return ((self._unknown, 0, len(word)),)
        return tuple(out)


def _plain(word: str) -> tuple[str, Sequence[int]]:
    """In lower case and without accents, and where each letter that is left was."""
    letters, places = [], []
    for place, letter in enumerate(word):
        for plain in unicodedata.normalize("NFD", letter.lower()):
            if unicodedata.category(plain) != _MARK:
                letters.append(plain)
                places.append(place)
    return "".join(letters), places
