# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""Numerals of English and Chinese, and what a value is."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from fractions import Fraction
from typing import NamedTuple


class Amount(NamedTuple):
    start: int
    end: int
    unit: str  # "" of a bare number; `clock` in minutes, `weekday`, `month`, `day` …
    size: Fraction
    about: bool = False
    bound: int = 0  # 1: at least; -1: at most; 2: more than; -2: less than
    told: Fraction | None = None  # the number that stands before the unit


HOURS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
ORDINALS = {
    word: place
    for place, word in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"], 1,
    )
}  # fmt: skip
DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")
_HAN_DIGIT = "〇零一二三四五六七八九"


def read_number(said: str) -> Fraction | None:
    return read_digits(said) if said.isascii() else read_han(said) if HAN_RUN.fullmatch(said) else None


HAN_RUN = re.compile("[零〇一二两三四五六七八九十百千万亿]+")
WORD = re.compile(r"[A-Za-z]+")


def read_ordinal(word: str) -> Fraction | None:
    place = ORDINALS.get(word)
    return None if place is None or place == 1 else Fraction(place)


def first_numeral(said: str) -> Fraction | None:
    if found := DIGITS.search(said):
        return read_digits(found[0])
    if found := HAN_RUN.search(said):
        return read_han(found[0])
    return None


def read_digits(digits: str) -> Fraction | None:
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?", digits) and len(digits) < 40:
        return Fraction(digits.replace(",", ""))
    return None


_POWERS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}


def read_han(run: str) -> Fraction | None:
    if len(run) > 20:
        return None
    run = run.replace("两", "二")
    if not any(each in _POWERS for each in run):
        return Fraction("".join(str(_HAN_DIGIT.index(each) - 1 if each != "〇" else 0).replace("-1", "0") for each in run))
    total = section = digit = 0
    for each in run:
        if each in _HAN_DIGIT:
            digit = max(0, _HAN_DIGIT.index(each) - 1)
        elif _POWERS[each] < 10_000:
            section += (digit or 1) * _POWERS[each]
            digit = 0
        else:
            total = (total + section + digit) * _POWERS[each] if each == "亿" else total + (section + digit) * _POWERS[each]
            section = digit = 0
    return Fraction(total + section + digit)


_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TEENS = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")


def spelt(word: str) -> Fraction | None:
    """The number that ``word`` is, or is misspelt from."""
    for names, first, step in ((HOURS, 1, 1), (_TEENS, 13, 1), (_TENS, 20, 10)):
        for place, name in enumerate(names):
            if word == name or (len(word) > 4 and SequenceMatcher(None, word, name).ratio() >= MISSPELT and word[:2] == name[:2]):
                return Fraction(first + place * step)
    return None


MISSPELT = 0.85
"""Of its letters: a numeral of which so much is right."""


def numerals(text: str) -> frozenset[Fraction]:
    """Every numeral as it stands, whatever it counts."""
    found = {read_digits(each[0]) for each in DIGITS.finditer(text)} | {read_han(each[0]) for each in HAN_RUN.finditer(text)}
    found |= {Fraction(HOURS.index(each[0].lower()) + 1) for each in WORD.finditer(text) if each[0].lower() in HOURS}
    found |= {Fraction(ORDINALS[each[0].lower()]) for each in WORD.finditer(text) if each[0].lower() in ORDINALS}
    found |= {spelt(each[0].lower()) for each in WORD.finditer(text)}
    found |= {Fraction(part) for each in DIGITS.finditer(text) if read_digits(each[0]) is None for part in re.findall(r"\d+", each[0])}
    return frozenset(each for each in found if each is not None)
