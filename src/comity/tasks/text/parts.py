# SPDX-License-Identifier: Apache-2.0
"""A long text in parts: at paragraphs, else at sentences, else where it must be."""

from __future__ import annotations

import re

from comity.tasks.capability import tokens_of

_BREAKS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[。！？!?；;])|(?<=\.)\s"), re.compile(r"(?<=[，,、])|\s"))


def parts(text: str, tokens: int, language: str) -> list[str]:
    """Joined, they are the text; each has at most ``tokens``."""
    most = max(1, next(size for size in range(tokens * 5, 0, -1) if tokens_of(size, language) <= tokens))
    out: list[str] = []
    while len(text) > most:
        at = _cut(text, most)
        out.append(text[:at])
        text = text[at:]
    return [*out, text] if text else out


def _cut(text: str, most: int) -> int:
    """The last good place in the second half of what fits."""
    for mark in _BREAKS:
        ends = [found.end() for found in mark.finditer(text, most // 2, most) if most // 2 < found.end() <= most]
        if ends:
            return ends[-1]
    return most
