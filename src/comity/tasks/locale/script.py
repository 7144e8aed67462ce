# SPDX-License-Identifier: Apache-2.0
"""Chinese in the script and the words of a place.

Characters and many words by OpenCC's tables (Apache-2.0; extra `hearing`); what they leave by a table of our own, `words.tsv`:
one row a thing, one column a place.  A word that means two things is changed only where it can mean but one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

from comity.errors import OperatorError
from comity.tasks.language import writing
from comity.tasks.locale.pack import Pack

PLACES = ("zh-CN", "zh-TW", "zh-HK")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KEPT = re.compile(r"```.*?```|`[^`\n]*`|https?://[^\s，。；！？]+", re.S)


def check(pack: Pack) -> None:
    """Whether text could be put into ``pack``'s script at all.  Raises OperatorError 503 `model.no_runtime` where it could not."""
    if pack.script == "Hant":
        _converter("s2tw")


def in_place(pack: Pack, text: str) -> str:
    """As ``pack``'s readers write it; code and addresses stay.  Not Chinese, or no Chinese pack: as it is.

    Raises OperatorError 503 `model.no_runtime` where OpenCC is not installed.
    """
    if pack.tag not in PLACES or not _HAN.search(text):
        return text
    pieces, at = [], 0
    for kept in _KEPT.finditer(text):
        pieces += [_written(pack.tag, text[at : kept.start()]), kept[0]]
        at = kept.end()
    return "".join([*pieces, _written(pack.tag, text[at:])])


def _written(tag: str, text: str) -> str:
    if not text:
        return text
    simplified, traditional, _ = writing("".join(_HAN.findall(text)))
    if tag == "zh-CN":
        if not traditional and find_spec("opencc") is None:
            return text  # nothing in it needs to be changed for certain
        said = _converter("t2s").convert(_converter("tw2s").convert(text))
        if traditional <= simplified:
            return str(said)  # written in simplified script: its 档案 and 品质 are its own words
    else:
        place = "tw" if tag == "zh-TW" else "hk"
        said = _converter(f"t2{place}").convert(text) if traditional else text
        if simplified or not traditional:
            said = _converter(f"s2{place}").convert(said)
    return _in_words(tag, said)


def _in_words(tag: str, text: str) -> str:
    table, pattern = _table(tag)

    def change(found: re.Match[str]) -> str:
        return table[found[0]]

    return pattern.sub(change, text)


@cache
def _table(tag: str) -> tuple[Mapping[str, str], re.Pattern[str]]:
    """From every other place's word to this one's.  Longest first; a word that stands for itself shields what it holds."""
    column = PLACES.index(tag)
    table: dict[str, str] = {}
    shields: dict[str, str] = {}
    for line in files("comity.tasks.locale").joinpath("words.tsv").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.split("/") for cell in line.split("\t")]
        if len(cells) == 1:
            for word in cells[0]:
                written = _plainly(tag, word)
                shields[written] = written
            continue
        wanted = cells[column][0]
        for place, words in enumerate(cells):
            for word in words if place != column else []:
                if word.endswith("*") or word == wanted:
                    continue  # told there, and too much else elsewhere
                table.setdefault(_plainly(tag, word), wanted.rstrip("*"))
        for word in cells[column]:
            shields.setdefault(word.rstrip("*"), word.rstrip("*"))
    table = {word: said for word, said in (table | shields).items()}
    for word in [word for word, said in table.items() if word != said]:
        if word in table[word]:  # 影片 holds 片: never twice
            table.setdefault(table[word], table[word])
    return table, re.compile("|".join(map(re.escape, sorted(table, key=len, reverse=True))))


def _plainly(tag: str, word: str) -> str:
    """In the script that the text has after its characters were changed."""
    ways = {"zh-CN": ("tw2s", "t2s"), "zh-TW": ("s2tw",), "zh-HK": ("s2hk",)}[tag]
    simplified, traditional, _ = writing(word)
    if tag != "zh-CN" and traditional >= simplified and traditional:
        ways = ("t2tw",) if tag == "zh-TW" else ("t2hk",)
    for way in ways:
        word = _converter(way).convert(word)
    return word


@cache
def _converter(way: str) -> Any:
    try:
        import opencc
    except ImportError as missing:
        raise OperatorError(
            "the package `opencc`, which changes the script of Chinese, is not installed", code="model.no_runtime", status=503,
            exit_code=1, hint="pip install 'comity[hearing]'",
        ) from missing  # fmt: skip
    return opencc.OpenCC(way)
