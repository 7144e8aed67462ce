# SPDX-License-Identifier: Apache-2.0
"""Text to fit on: `passages.txt`, and items of the development halves with their persons called otherwise.

A name is replaced by another of the lexicon, the same by the same throughout a text, so that no single name is learnt by heart.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from comity.privacy.names.latin_lexicon import folded, lexicon

PASSAGES = Path(__file__).with_name("passages.txt")
TIMES = 2  # that a text is given other names
KEPT = 0.3  # of the words of a passage, since some are things that everybody knows
_MARK = re.compile(r"\[([^\]]*)\]|<([^>]*)>|\{([^}]*)\}")
_KINDS = ("spans", "negatives", "optional")
_LETTERS = re.compile(r"[^\W\d_]+")
Item = dict[str, Any]
Swap = Callable[[str], str]


def passages() -> Iterator[Item]:
    for number, block in enumerate(re.split(r"\n\s*\n", PASSAGES.read_text(encoding="utf-8"))):
        text = "\n".join(line for line in block.splitlines() if not line.startswith("# ") or number).strip()
        if text:
            yield _read(f"passage-{number}", text, str)
            for times in range(1, TIMES + 1):
                yield _read(f"passage-{number}", text, _other(f"{number}-{times}", KEPT)) | {"times": times}


def renamed(item: Item) -> Iterator[Item]:
    """``item``, each time with other persons in it."""
    marks = sorted(((mark["start"], mark["end"], kind, mark) for kind in _KINDS for mark in item.get(kind, [])), key=lambda mark: mark[:2])
    for times in range(1, TIMES + 1):
        swap, text, at = _other(f"{item['id']}-{times}", 0.0), "", 0
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


def _read(name: str, marked: str, swap: Swap) -> Item:
    out: Item = {"id": name, "template": name, **{kind: [] for kind in _KINDS}}
    text, at = "", 0
    for found in _MARK.finditer(marked):
        kind, said = _KINDS[(found.lastindex or 1) - 1], found[found.lastindex or 1]
        if kind != "optional":
            said = _swapped(said, swap)
        text += marked[at : found.start()]
        out[kind].append({"start": len(text), "end": len(text) + len(said), "type": "PERSON"})
        text, at = text + said, found.end()
    return out | {"text": text + marked[at:]}


def _swapped(said: str, swap: Swap) -> str:
    return _LETTERS.sub(lambda word: swap(word[0]), said)


@cache
def _names() -> tuple[Sequence[str], Sequence[str]]:
    return sorted(lexicon().given), sorted(lexicon().family)


def _other(seed: str, kept: float) -> Swap:
    def drawn(what: str) -> float:
        return zlib.crc32(f"{seed} {what}".encode()) / (1 << 32)

    def swap(word: str) -> str:
        plain = folded(word)
        given, family, _ = lexicon().of(plain)
        if len(word) < 3 or not (given or family) or drawn(f"whether {plain}") < kept:
            return word
        names = _names()[0 if given and (not family or drawn(f"kind {plain}") < 0.6) else 1]
        other = names[int(drawn(plain) * len(names))]
        return other if word.islower() else other.upper() if word.isupper() else other.title()

    return swap
