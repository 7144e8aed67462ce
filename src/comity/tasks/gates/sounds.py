# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""Whether Chinese characters write down how a foreign name sounds: by its consonants alone, those that Chinese tells apart."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

from comity.tasks.gates import pinyin

_LETTERS = (
    (re.compile("sch|tch|ch|sh|zh|cz|sz|th(?=[eiy])"), "S"), (re.compile("ph|gh$"), "F"), (re.compile("ck|qu?|x"), "K"),
    (re.compile("kn(?=[aeiou])|gn"), "N"), (re.compile("c(?=[eiy])|g(?=[eiy])"), "S"), (re.compile("[bp]"), "P"), (re.compile("[fvw]"), "F"),
    (re.compile("[dt]"), "T"), (re.compile("[ckg]"), "K"), (re.compile("[jszç]"), "S"), (re.compile("[lr]"), "L"), (re.compile("m"), "M"),
    (re.compile("n"), "N"), (re.compile("[a-zà-ÿ]"), ""),
)  # fmt: skip
_INITIAL = re.compile("[zcs]h|[bpmfdtnlgkhjqxzcsrwy]")
_SOUND = {
    **dict.fromkeys("bp", "P"), **dict.fromkeys("fw", "F"), **dict.fromkeys("dt", "T"), **dict.fromkeys("gk", "K"), **dict.fromkeys("lr", "L"),
    **dict.fromkeys(("j", "q", "x", "z", "c", "s", "zh", "ch", "sh"), "S"), "m": "M", "n": "N", "h": "", "y": "",
}  # fmt: skip


def alike(latin: str, han: str) -> float:
    """0 to 1."""
    ours, theirs = _of_latin(latin.lower()), _of_han(han)
    if not ours or len(theirs) < 2:
        return 0.0
    return SequenceMatcher(None, ours, theirs, autojunk=False).ratio()


@lru_cache(2048)
def _of_latin(word: str) -> str:
    out, at = "", 0
    while at < len(word):
        found = next(((match, sound) for pattern, sound in _LETTERS if (match := pattern.match(word, at)) is not None), None)
        out += found[1] if found is not None else ""
        at = found[0].end() if found is not None else at + 1
    return re.sub(r"(.)\1+", r"\1", out)


@lru_cache(2048)
def _of_han(han: str) -> str:
    out = ""
    for each in han:
        reading = min(pinyin.readings(each), default="")
        initial = _INITIAL.match(reading)
        out += (_SOUND[initial[0]] if initial is not None else "") + ("N" if reading.endswith(("n", "ng")) else "")
    return re.sub(r"(.)\1+", r"\1", out)
