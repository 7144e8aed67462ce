# SPDX-License-Identifier: Apache-2.0
"""Items of the development halves with their persons called otherwise.

A name is replaced by another of the lexicon, the same by the same throughout a text, so that no single name is learnt by heart.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from comity.privacy.names.latin_lexicon import folded, lexicon

TIMES = 2  # that a text is given other names
_KINDS = ("spans", "negatives", "optional")
_LETTERS = re.compile(r"[^\W\d_]+")
Item = dict[str, Any]
Swap = Callable[[str], str]


def renamed(item: Item) -> Iterator[Item]:
    """``item``, each time with other persons in it."""
    marks = sorted(((mark["start"], mark["end"], kind, mark) for kind in _KINDS for mark in item.get(kind, [])), key=lambda mark: mark[:2])
    for times in range(1, TIMES + 1):
        swap, text, at = _other(f"{item['id']}-{times}"), "", 0
        out = item | {"times": times, **{kind: [] for kind in _KINDS}}
        for start, end, kind, mark in marks:
            if start < at:
                continue
            said = item["text"][start:end]
            if kind == "spans" and mark["type"] == "PERSON":
                said = _swapped(said, swap)
            text += item["text"][at:start]
            out[kind].append(mark | {"start": len(text), "end": len(text) + len(said)})
            text, at = text + said, end
        yield out | {"text": text + item["text"][at:]}


def _swapped(said: str, swap: Swap) -> str:
    return _LETTERS.sub(lambda word: swap(word[0]), said)


@cache
def _names() -> tuple[Sequence[str], Sequence[str]]:
    return sorted(lexicon().given), sorted(lexicon().family)


def _other(seed: str) -> Swap:
    def drawn(what: str) -> float:
        return zlib.crc32(f"{seed} {what}".encode()) / (1 << 32)

    def swap(word: str) -> str:
        plain = folded(word)
        given, family, _ = lexicon().of(plain)
        if len(word) < 3 or not (given or family):
            return word
        names = _names()[0 if given and (not family or drawn(f"kind {plain}") < 0.6) else 1]
        other = names[int(drawn(plain) * len(names))]
        return other if word.islower() else other.upper() if word.isupper() else other.title()

    return swap
