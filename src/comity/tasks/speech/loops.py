# SPDX-License-Identifier: Apache-2.0
"""Whether a transcript runs in a circle: a phrase that comes back at once, again and again, and makes up much of the text."""

from __future__ import annotations

import re

PHRASE_MAX = 16  # words, or characters of Chinese
TIMES_MIN = 4
SHARE_MIN = 0.4
"""Of the text: a singer's refrain is less, a loop is more."""
_UNIT = re.compile(r"[A-Za-z\u00c0-\u024f\u0400-\u04ff'’-]+|\d+|[^\W\d_]")


def looping(text: str) -> str:
    """The phrase, or ""."""
    units = [unit.lower() for unit in _UNIT.findall(text)]
    for size in range(1, min(PHRASE_MAX, len(units) // TIMES_MIN) + 1):
        run = begun = 0
        for at in range(size, len(units)):
            if units[at] != units[at - size]:
                run = 0
                continue
            begun = at - size if not run else begun
            run += 1
            times = run // size + 1
            if times >= TIMES_MIN and times * size >= max(SHARE_MIN * len(units), TIMES_MIN + (2 if size == 1 else 0)):
                return _said(units[begun : begun + size])
    return ""


def _said(units: list[str]) -> str:
    return "".join(units) if all(ord(unit[0]) >= 0x2E80 for unit in units) else " ".join(units)
