# SPDX-License-Identifier: Apache-2.0
"""How characters occur in Chinese names, and which words only look like names: `han.txt`, made by `tools/names/han/lexicon.py`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_DOUBLE = 5.0  # two characters that are a surname and little else
_ENTRY = re.compile("([\u4e00-\u9fff])(-?[0-9]+(?:,-?[0-9]+)*)")
_TAIL = re.compile("([\u4e00-\u9fff]{1,4})(p?)([0-9])")
_DOUBTFUL = -2.5  # a character that no foreign name was seen to hold


class Lexicon(NamedTuple):
    """Natural logarithms of a chance in a name over the chance in running text."""

    surname: dict[str, float]
    given: dict[str, tuple[float, float, float]]  # as a given name alone, as its first character, as its second
    rare: tuple[float, float, float]  # of a character that is rare in names and in text
    loan: dict[str, float]  # in a foreign name as Chinese writes it
    words: dict[str, tuple[int, bool]]  # 0 to 9: how common; whether it names a place, a body or a thing
    abroad: frozenset[str]  # foreign names in use
    japanese: frozenset[str]  # surnames
    double: frozenset[str]  # Chinese surnames of two characters

    def chinese(self, name: str, root: int) -> float:
        """``name``, simplified, with a surname of ``root`` characters and a given name of one or two."""
        score = _DOUBLE if root == 2 else self.surname[name[0]]
        given = name[root:]
        if len(given) == 1:
            return score + self.given.get(given, self.rare)[0]
        return score + self.given.get(given[0], self.rare)[1] + self.given.get(given[1], self.rare)[2]

    def alone(self, name: str) -> float:
        """A given name of two characters."""
        return self.given.get(name[0], self.rare)[1] + self.given.get(name[1], self.rare)[2]

    def foreign(self, name: str) -> float:
        """Per character."""
        return sum(self.loan.get(char, _DOUBTFUL) for char in name) / len(name)

    def roots(self, text: str, start: int) -> tuple[int, ...]:
        """Lengths of the Chinese surnames that begin at ``start``."""
        lengths = (1,) if text[start] in self.surname else ()
        return (*lengths, 2) if text[start : start + 2] in self.double else lengths


@cache
def lexicon() -> Lexicon:
    tables: dict[str, str] = {}
    words: dict[str, tuple[int, bool]] = {}
    source = files("comity.privacy.names").joinpath("han.txt").read_text("utf-8")
    for line in source.splitlines():
        kind, _, entries = line.partition("\t")
        if kind == "word":
            words.update({entries[0] + tail: (int(common), place == "p") for tail, place, common in _TAIL.findall(entries[2:])})
        else:
            tables[kind] = entries
    first, second, third = (int(value) / 10 for value in tables["rare"].split(","))
    given = {}
    for char, values in _ENTRY.findall(tables["given"]):
        one, two, three = (int(value) / 10 for value in values.split(","))
        given[char] = (one, two, three)
    return Lexicon(
        surname={char: int(value) / 10 for char, value in _ENTRY.findall(tables["surname"])},
        given=given,
        rare=(first, second, third),
        loan={char: int(value) / 10 for char, value in _ENTRY.findall(tables["loan"])},
        words=words,
        abroad=frozenset(tables["abroad"].split(" ")),
        japanese=frozenset(tables["japanese"].split(" ")),
        double=frozenset(tables["double"].split(" ")),
    )
