# SPDX-License-Identifier: Apache-2.0
"""Chinese terms as nodes: at each place the longest that the vocabulary has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comity.tasks.entities.cascade import Node
from comity.tasks.entities.lexer import after_digits, literal

_SIMPLE = str.maketrans(
    "點兩萬億貳貮參陸週個時鐘鍾後來過間號農曆臘節從這幣圓錢塊歐鎊韓內負餘攝裡碼噸釐兒禮灣東",
    "点两万亿贰贰叁陆周个时钟钟后来过间号农历腊节从这币元钱块欧镑韩内负余摄里码吨厘儿礼湾东",
)


def simplified(text: str) -> str:
    """Of traditional characters those that the vocabulary has, one for one."""
    return text if text.isascii() else text.translate(_SIMPLE)


class Lexicon:
    """``terms`` by their first two characters, the longest first."""

    def __init__(self, terms: Mapping[str, tuple[str, Any]]) -> None:
        self._single = {term: meaning for term, meaning in terms.items() if len(term) == 1}
        self._longer = {term: meaning for term, meaning in terms.items() if len(term) > 1}
        lengths: dict[str, set[int]] = {}
        for term in self._longer:
            lengths.setdefault(term[:2], set()).add(len(term))
        self._lengths = {pair: tuple(sorted(sizes, reverse=True)) for pair, sizes in lengths.items()}

    def _longest(self, text: str, at: int) -> tuple[int, tuple[str, Any]] | None:
        """(behind, meaning)."""
        for length in self._lengths.get(text[at : at + 2], ()):
            term = text[at : at + length]
            meaning = self._longer.get(term)
            if meaning is not None:
                return at + len(term), meaning
        meaning = self._single.get(text[at])
        return (at + 1, meaning) if meaning is not None else None

    def tokens(self, text: str) -> list[Node]:
        out: list[Node] = []
        at, size = 0, len(text)
        blank = True
        after_word = -1
        while at < size:
            letter = text[at]
            node: Node | None = None
            end = at + 1
            if "0" <= letter <= "9":
                node = literal(text, at) if after_word != at else None
                end = node.end if node is not None else after_digits(text, at)
                if node is None:
                    after_word = end
            elif letter.isspace() and letter != "\n":
                at += 1
                continue
            else:
                found = self._longest(text, at)
                if found is not None:
                    end, meaning = found
                    if meaning[0] != "_" and not (letter.isascii() and letter.isalpha() and _in_word(text, at, end)):
                        node = Node(meaning[0], at, end, meaning[1])
                if node is None and letter.isascii() and letter.isalpha():
                    while end < size and text[end].isascii() and text[end].isalpha():
                        end += 1
                    if out and not blank and out[-1].end == at and out[-1].tag in ("INT", "DEC"):  # `30b`
                        out[-1] = Node("_", out[-1].start, end)
                        blank = True
                    after_word = end
            if node is None:
                if not blank:
                    out.append(Node("_", at, end))
                    blank = True
            else:
                out.append(node)
                blank = False
            at = end
        return out


def _in_word(text: str, start: int, end: int) -> bool:
    """Latin letters go on at either side."""
    before = start and text[start - 1].isascii() and text[start - 1].isalpha()
    return bool(before) or (end < len(text) and text[end].isascii() and text[end].isalpha())
