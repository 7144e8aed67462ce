# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""The words that the gates know: what means nearly the same, what is the opposite, and how names are said in the other language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple, TypeVar

T = TypeVar("T")
Keys = frozenset[str]
Pole = tuple[str, int]
"""Of a pair of opposites, which end."""

_IRREGULAR = {
    word: base
    for line in (
        "be is are was were been being am", "have has had having", "do does did done doing", "go goes went gone", "say said", "get got gotten",
        "make made", "take took taken", "give gave given", "come came", "see saw seen", "find found", "tell told", "keep kept", "leave left",
        "send sent", "lose lost", "pay paid", "buy bought", "bring brought", "begin began begun", "fall fell fallen", "rise rose risen",
        "grow grew grown", "write wrote written", "speak spoke spoken", "break broke broken", "choose chose chosen", "build built",
        "sell sold", "hold held", "stand stood", "run ran", "win won", "meet met", "feed fed", "lead led", "shrink shrank shrunk",
        "child children", "man men", "woman women", "person people", "foot feet", "tooth teeth", "wife wives", "life lives", "loaf loaves",
        "leaf leaves", "half halves", "steal stole stolen", "teach taught", "catch caught", "think thought", "throw threw thrown",
        "eat ate eaten", "drink drank drunk", "drive drove driven", "ride rode ridden", "spend spent", "lend lent", "sleep slept",
        "sit sat", "wear wore worn", "know knew known", "show showed shown", "hear heard", "feel felt", "sing sang sung", "swim swam",
        "good better best", "bad worse worst", "forget forgot forgotten", "become became", "hang hung", "dig dug", "die died dying",
    )
    for base, *others in (line.split(),)
    for word in others
}  # fmt: skip


def stem(word: str) -> str:
    """Of an English word in lower case; rough, and the same for all its forms."""
    word = word.replace("’", "'").removesuffix("'s").removesuffix("'")
    word = _IRREGULAR.get(word, word)
    if len(word) > 4 and word.endswith("men"):
        word = word[:-2] + "an"
    if len(word) > 4 and word.endswith("ies"):
        return word[:-2]
    for ending in ("ings", "ing", "ed", "es", "s", "ly", "er", "est"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not (ending == "s" and word.endswith(("ss", "us", "is"))):
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lse":
        word = word[:-1]
    if len(word) > 3 and word[-1] in "ey":
        word = word[:-1] + ("i" if word[-1] == "y" else "")
    return word


class Lexicon(NamedTuple):
    english: dict[str, Keys]  # stem, or stems joined by `-` -> what it means
    chinese: dict[str, Keys]
    poles_english: dict[str, frozenset[Pole]]
    poles_chinese: dict[str, frozenset[Pole]]
    longest: int  # characters of a Chinese word


@cache
def lexicon() -> Lexicon:
    english: dict[str, set[str]] = defaultdict(set)
    chinese: dict[str, set[str]] = defaultdict(set)
    for number, (left, right) in enumerate(_halves("concepts.txt")):
        for word in left.split():
            english["-".join(map(stem, word.split("-")))].add(f"#{number}")
        for word in right.split():
            chinese[word].add(f"#{number}")
    poles_english: dict[str, set[Pole]] = defaultdict(set)
    poles_chinese: dict[str, set[Pole]] = defaultdict(set)
    for name, text in (line.split(":", 1) for line in _lines("opposites.txt")):
        for end, side in enumerate(text.split("|")):
            left, _, right = side.partition(";")
            for word in left.split():
                poles_english[stem(word)].add((name, end))
            for word in right.split():
                poles_chinese[word].add((name, end))
    words = {*chinese, *poles_chinese}
    return Lexicon(_frozen(english), _frozen(chinese), _frozen(poles_english), _frozen(poles_chinese), max(map(len, words)))


@cache
def names() -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """English name (lower case) -> Chinese ones; Chinese -> English."""
    ours: dict[str, tuple[str, ...]] = {}
    theirs: dict[str, str] = {}
    for line in _lines("names.txt"):
        for pair in line.split():
            english, _, chinese = pair.partition("=")
            ours[english.lower()] = tuple(chinese.split("/"))
            theirs.update((each, english.lower()) for each in chinese.split("/"))
    return ours, theirs


@cache
def listed(name: str) -> Keys:
    """The words of a line of lists.txt."""
    return _lists()[name]


@cache
def _lists() -> dict[str, Keys]:
    return {name: frozenset(words.split()) for name, words in (line.split(":", 1) for line in _lines("lists.txt"))}


def _frozen(made: dict[str, set[T]]) -> dict[str, frozenset[T]]:
    return {word: frozenset(each) for word, each in made.items()}


def _halves(name: str) -> Iterator[tuple[str, str]]:
    for line in _lines(name):
        left, _, right = line.partition(";")
        yield left, right


def _lines(name: str) -> list[str]:
    text = files("comity.tasks.gates").joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
