# SPDX-License-Identifier: Apache-2.0
"""The words that a text is found by.  Of scripts without spaces: each two neighbouring characters, which need no dictionary."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby, pairwise

from comity.tasks.language import script_of

DENSE = frozenset({"Han", "Kana", "Hangul", "Thai", "Lao", "Khmer", "Myanmar"})
TERM_CHARACTERS_MAX = 64
_RUN = re.compile(r"[^\W_]+")


def terms(text: str, *, asked: bool = False) -> list[str]:
    """``asked``: of what is looked for, where a character alone would find too much beside the pairs that it stands in."""
    found: list[str] = []
    for run in _RUN.findall(_folded(text)):
        for dense, letters in groupby(run, key=lambda letter: script_of(letter) in DENSE):
            part = "".join(letters)
            if not dense:
                found.append(_stem(part)[:TERM_CHARACTERS_MAX])
                continue
            if len(part) == 1 or not asked:
                found += part
            found += (one + other for one, other in pairwise(part))
    return found


def _folded(text: str) -> str:
    """One form of each letter, without its accents and case: who asks seldom types them."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not _accent(letter))
    return unicodedata.normalize("NFKC", plain).casefold().replace("'", " ").replace("’", " ")


def _accent(letter: str) -> bool:
    """Of Latin, Greek and Cyrillic; the marks of other scripts are letters of theirs."""
    return "\u0300" <= letter <= "\u036f"


def _stem(word: str) -> str:
    """Singular and plural are one; more than that is left to meaning."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
