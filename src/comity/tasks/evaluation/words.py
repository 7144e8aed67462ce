# SPDX-License-Identifier: Apache-2.0
"""Texts as what can be compared: words by their beginnings, Han characters in pairs, numbers as figures however they are written."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

STEM_LETTERS = 5
"""Of an English word: `deliver`, `delivery` and `delivered` count as one."""
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUN = re.compile(rf"[{_HAN}]+|[a-z]+(?:'[a-z]+)?")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_ZH_NUMBER = re.compile("[零〇一二两三四五六七八九十百千万亿]+")
_ENDS = re.compile(r"(?<=[。！？!?；])|(?<=\.)(?=\s+[\"'“(]?[A-Z0-9])|\n+")
_STOP = frozenset(
    """a an the and or but of to in on at by for from with as is are was were be been has have had will would can could may might must
    should do does did not no it its he she they them his her their i we you my our your this that these those there here which who whom
    whose what when where how than then so if also into over after before until about more most all any each both out up down only
    just""".split()  # noqa: SIM905
)
_ZH_STOP = frozenset("的了在是和与及把被也都就还将要为对从到由向于并而且但或请让给等着过之其")
_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty"""
_WORDS = {word: str(at) for at, word in enumerate(_SMALL.split())} | {
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90", "hundred": "100",
}  # fmt: skip
_DIGITS = {**{each: at for at, each in enumerate("零一二三四五六七八九")}, "〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}


def plain(text: str) -> str:
    """NFKC, lower case, straight quotes, one space where there are any."""
    text = unicodedata.normalize("NFKC", text).translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-"})
    return " ".join(text.casefold().split())


def is_dense(language: str) -> bool:
    return language.partition("-")[0] in ("zh", "ja", "yue")


def content(text: str) -> Counter[str]:
    """Words that say something, by their first letters; of Han, pairs of characters (one alone where it stands alone); no figures."""
    found: Counter[str] = Counter()
    for run in _RUN.findall(plain(text)):
        if run[0].isascii():
            word = run.partition("'")[0]
            if word not in _STOP and word not in _WORDS and len(word) > 1:
                found[word[:STEM_LETTERS]] += 1
            continue
        for piece in re.split("[" + "".join(_ZH_STOP) + "零〇一二两三四五六七八九十百千万亿]", run):
            found.update(piece[at : at + 2] for at in range(max(1, len(piece) - 1)) if piece)
    return found


def numbers(text: str) -> Counter[str]:
    """Each as figures: `1,117` and `1117`, `six` and `6`, `二十二` and `22` are one."""
    text, found = plain(text), Counter[str]()
    for each in _NUMBER.findall(text):
        if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", each):
            each = each.replace(",", "")
        found[_figure(each)] += 1
    found.update(_WORDS[word] for word in re.findall(r"[a-z]+", text) if word in _WORDS and word != "one")
    for each in _ZH_NUMBER.findall(text):
        value = of_han(each)
        if value is not None and (len(each) > 1 or each not in "一万千百两"):
            found[str(value)] += 1
    return found


def of_han(said: str) -> int | None:
    """A whole number in Chinese figures; None where it is none."""
    if all(each in _DIGITS for each in said):
        return int("".join(str(_DIGITS[each]) for each in said))
    whole, part, digit = 0, 0, 0
    for each in said:
        if each in _DIGITS:
            digit = _DIGITS[each]
        elif each in _UNITS:
            part += (digit or 1) * _UNITS[each]
            digit = 0
        elif each in _LARGE:
            whole = (whole + (part + digit or 1)) * _LARGE[each] if each == "亿" else whole + (part + digit or 1) * _LARGE[each]
            part = digit = 0
        else:
            return None
    return whole + part + digit


def sentences(text: str) -> list[str]:
    return [each.strip() for each in _ENDS.split(text) if each.strip()]


def share(wanted: Iterable[str], there: Iterable[str]) -> float:
    """Of what is wanted, how much is there, each as often; 1 where nothing is wanted."""
    wanted, there = Counter(wanted), Counter(there)
    return sum(min(count, there[each]) for each, count in wanted.items()) / total if (total := sum(wanted.values())) else 1.0


def pieces(text: str) -> list[str]:
    """Words, and Han characters one by one: for overlap as question answering counts it."""
    return re.findall(rf"[{_HAN}]|\d+(?:[.,:]\d+)*|[^\W\d_]+", plain(text))


def overlap(said: str, right: str) -> float:
    """F1 of pieces."""
    left, wanted = Counter(pieces(said)), Counter(pieces(right))
    same = sum((left & wanted).values())
    return 2 * same / (left.total() + wanted.total()) if same else 0.0


def chrf(said: str, right: str, *, order: int = 6, beta: float = 2.0) -> float:
    """chrF of Popović (2015): F-beta of character n-grams of lengths 1 to 6, spaces left out; 0 to 1."""
    left, wanted = "".join(said.split()), "".join(right.split())
    precisions, recalls = [], []
    for n in range(1, order + 1):
        a, b = (Counter(text[at : at + n] for at in range(len(text) - n + 1)) for text in (left, wanted))
        same = (a & b).total()
        if a and b:
            precisions.append(same / a.total())
            recalls.append(same / b.total())
    if not precisions:
        return 0.0
    p, r = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return (1 + beta**2) * p * r / (beta**2 * p + r) if p + r else 0.0


def _figure(said: str) -> str:
    if ":" in said:
        return said
    try:
        return f"{Decimal(said.replace(',', '.')).normalize():f}"
    except ArithmeticError:
        return said
