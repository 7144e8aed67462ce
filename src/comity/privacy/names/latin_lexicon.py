# SPDX-License-Identifier: Apache-2.0
"""Given and family names in Latin letters.  Where they come from: `tools/names/latin/lexicon.py`."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_STRANGE = {ord(strange): usual for strange, usual in zip("ıłøđðþß", ("i", "l", "o", "d", "d", "th", "ss"), strict=True)}


def folded(word: str) -> str:
    """Lower case, accents away."""
    lowered = word.lower()
    if lowered.isascii():
        return lowered
    return "".join(each for each in unicodedata.normalize("NFD", lowered) if unicodedata.category(each) != "Mn").translate(_STRANGE)


class Lexicon(NamedTuple):
    given: frozenset[str]
    family: frozenset[str]
    common: frozenset[str]  # of both, those that are English words too

    def of(self, plain: str) -> tuple[bool, bool, bool]:
        """(given, family, a word too) of a folded word."""
        return plain in self.given, plain in self.family, plain in self.common


@cache
def lexicon() -> Lexicon:
    given, family = (
        files("comity.privacy.names").joinpath(f"latin_{kind}.txt").read_text(encoding="ascii").split() for kind in ("given", "family")
    )
    common = frozenset(name[:-1] for name in given + family if name[-1] == "*")
    return Lexicon(frozenset(name.rstrip("*") for name in given), frozenset(name.rstrip("*") for name in family), common)
