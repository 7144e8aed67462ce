# SPDX-License-Identifier: Apache-2.0
"""Sentences with the places of names in them, to fit the judge: made up, and passages of the tests with other names put in."""

from __future__ import annotations

import json
import random  # noqa: TID251  seeded: the same texts each time
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from comity.privacy.names.han_lexicon import lexicon


class Sentence(NamedTuple):
    """``source``: the template or the document that it is from."""

    source: str
    text: str
    names: tuple[tuple[int, int], ...]
    either: tuple[tuple[int, int], ...] = ()  # neither right nor wrong: a surname before a title, a nickname


COMMON = 3  # of `Lexicon.words`: rarer ones may well be names
_HAN = re.compile("[\u4e00-\u9fff]")
_SPLICED = 0.5  # of foreign names: the half of one and the half of another, since most are on no list


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
        self._said = given_names()
        known = lexicon()
        self._chars = [char for char, chances in known.given.items() if chances[0] > 0]
        self._words = [word for word, (common, _) in known.words.items() if common >= COMMON]
        self._worded = [word for word in known.words if len(word) < 4 and word[0] in known.surname and known.chinese(word, 1) > 0]

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
        if luck < 0.6:
            return root + dice.choice(self._said)
        one, two = (dice.choice(dice.choice((self._given[f"{sex}_double"], self._given[f"{sex}_single"]))) for _ in "12")
        return root + one[0] + two[-1]

    def old(self) -> str:
        """As in histories: mostly one character behind the surname, of any kind."""
        dice = self._dice
        luck = dice.random()
        root = dice.choice(self._double if luck < 0.1 else self._rare) if luck < 0.5 else dice.choices(self._roots, self._shares)[0]
        return root + "".join(dice.sample(self._chars, 1 if dice.random() < 0.75 else 2))

    def word(self) -> str:
        """Nobody's name, though it looks like one."""
        return self._dice.choice(self._words)

    def like_a_word(self) -> str:
        """Parents do not ask a dictionary."""
        return self._dice.choice(self._worded)

    def given(self) -> str:
        if self._dice.random() < 0.7:
            return self._dice.choice(self._said)
        return self._dice.choice(self._given[self._dice.choice(("male_double", "female_double"))])

    def part(self) -> str:
        one, two = self._dice.sample(self._foreign, 2)
        if self._dice.random() > _SPLICED or len(one) + len(two) < 5:
            return one
        return one[: (len(one) + 1) // 2] + two[len(two) // 2 :]

    def foreign(self) -> str:
        dice, other = self._dice, self._other
        luck = dice.random()
        if luck < 0.7:
            parts = [self.part() for _ in range(dice.choice((1, 1, 2, 2, 3)))]
            if len(parts) > 1 and dice.random() < 0.2:
                parts[0] += "-" + self.part()
            return dice.choice("··•‧・").join(parts)
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


def given_names() -> list[str]:
    """Of two characters, of several generations."""
    return [name for _, names in _list("given_names.txt") for name in names]


def surnames() -> tuple[list[str], list[str]]:
    """Of one character, of two."""
    lines = list(_list("surnames.txt"))
    single = [char for kind, entries in lines if kind == "single" for char in entries[0]]
    return single, [entry for kind, entries in lines if kind == "double" for entry in entries]


def passages(path: Path) -> Iterator[Sentence]:
    """Those of a set of `tests/vectors/privacy` that are there to work with; what may be found or left is neither right nor wrong."""
    for line in path.read_text("utf-8").splitlines():
        item = json.loads(line)
        text = item["text"]
        if item["half"] != "dev" or _HAN.search(text) is None:
            continue
        source = item.get("document") or item["id"].rsplit("-", 1)[0]
        names = [(span["start"], span["end"]) for span in item["spans"] if span["type"] == "PERSON"]
        either = [(span["start"], span["end"]) for span in item["optional"]]
        yield Sentence(source, text, tuple(place for place in names if _HAN.search(text[slice(*place)])), tuple(either))


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
    return Sentence(sentence.source, out, tuple(places), tuple(either))


def made(templates: Path, names: Names, dice: random.Random, wide: Mapping[str, str], times: int) -> Iterator[Sentence]:
    """Each line of `templates.txt` or `prose.txt`, whose heads say what their marks stand for, ``times`` times."""
    for line in templates.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            for _ in range(times):
                yield _filled(line, names, dice, wide)


def _filled(line: str, names: Names, dice: random.Random, wide: Mapping[str, str]) -> Sentence:
    draws = {"{A}": names.like_a_word, "{F}": names.foreign, "{H}": names.given, "{K}": names.old}
    out, places, either = "", [], []
    for part in re.split(r"(\{[AFGHKLNPQSWX]\})", line.replace("\\n", "\n")):
        start = len(out)
        match part:
            case "{Q}" | "{X}" | "{W}":
                out += names.chinese() if part == "{Q}" else names.part() if part == "{X}" else names.word()
            case "{A}" | "{F}" | "{G}" | "{H}" | "{K}" | "{L}" | "{P}":
                name = draws.get(part, names.chinese)()
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
    return Sentence(line, out, tuple(places), tuple(either))


def foreign_names(path: Path) -> list[str]:
    """`data/foreign_zh.py` of the package random-name-type."""
    return re.findall("[\u4e00-\u9fff]{2,7}", path.read_text("utf-8").split('"""', 2)[2])


def today(path: Path) -> Mapping[str, object]:
    found: Mapping[str, object] = json.loads(path.read_text("utf-8"))
    return found
