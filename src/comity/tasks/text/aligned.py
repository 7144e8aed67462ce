# SPDX-License-Identifier: Apache-2.0
"""A text and what somebody made of it, aligned: the differences as edits over the first.

Differences that no reader of the language would call a correction are dropped: other quotation marks, other spaces, a full-width comma
made half-width.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

from comity.tasks.shapes import Shape

_TOKEN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff]|[^\W_]+(?:['’][^\W_]+)*|\s+|.", re.S)
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_SAME = str.maketrans({
    "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "「": '"', "」": '"', "–": "-", "—": "-", "‑": "-",
    "。": ".", "、": ",", "…": "...",
})  # fmt: skip
_WIDE = frozenset("，。！？；：（）、")
JOINED_MAX = 1
"""Edits with so few tokens between them, of which none is a word, are one."""


class Edit(Shape, frozen=True, kw_only=True):
    """``was`` stands in the text from ``start`` to ``end`` (characters); ``now`` should."""

    start: int
    end: int
    was: str
    now: str


def edits(text: str, corrected: str, language: str) -> list[Edit]:
    """In order, without overlap.  What stands around the text (spaces, line ends) is left as it is."""
    before, after = _TOKEN.findall(text), _TOKEN.findall(corrected.strip())
    lead = len(text) - len(text.lstrip())
    core = before[1:] if lead and before else before
    core = core[:-1] if core and core[-1].isspace() else core
    out: list[Edit] = []
    starts = _starts(core, lead)
    for kind, i, j, k, m in SequenceMatcher(None, core, after, autojunk=False).get_opcodes():
        if kind != "equal":
            out.append(Edit(start=starts[i], end=starts[j], was="".join(core[i:j]), now="".join(after[k:m])))
    return [edit for edit in _joined(text, out) if not noise(edit, text, language)]


def applied(text: str, found: Sequence[Edit]) -> str:
    for edit in reversed(found):
        text = text[: edit.start] + edit.now + text[edit.end :]
    return text


def noise(edit: Edit, text: str, language: str) -> bool:
    if _plain(edit.was) != _plain(edit.now):
        return False
    # In Chinese a half-width mark beside Han characters is a mistake; the other way round is none.
    around = text[max(0, edit.start - 1) : edit.end + 1]
    mistaken = edit.was.isascii() and edit.now in _WIDE and _HAN.search(around) is not None
    return not (mistaken and language.partition("-")[0] == "zh")


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text.translate(_SAME)))


def _starts(tokens: Sequence[str], at: int) -> list[int]:
    out = [at]
    for token in tokens:
        out.append(out[-1] + len(token))
    return out


def _joined(text: str, found: Sequence[Edit]) -> list[Edit]:
    """`have went` is one edit though a space between its words is the same."""
    out: list[Edit] = []
    for edit in found:
        between = text[out[-1].end : edit.start] if out else "x"
        if out and len(between) <= JOINED_MAX and between.isspace():
            last = out.pop()
            edit = Edit(start=last.start, end=edit.end, was=last.was + between + edit.was, now=last.now + between + edit.now)
        out.append(edit)
    return out
