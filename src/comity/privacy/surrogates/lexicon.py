# SPDX-License-Identifier: Apache-2.0
"""Names by language (`names.toml`): pools that stand-ins are drawn from, and what a known name says of language and gender."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

FEMALE, MALE, FAMILY = "female", "male", "family"
_JOINED = frozenset({"zh", "ko"})  # written without a space between family and given name
_SCRIPTS = (
    ("ru", 0x0400, 0x052F), ("el", 0x0370, 0x03FF), ("ar", 0x0600, 0x077F), ("hi", 0x0900, 0x097F), ("ja", 0x3040, 0x30FF),
    ("ko", 0xAC00, 0xD7A3), ("zh", 0x3400, 0x9FFF), ("zh", 0xF900, 0xFAFF), ("zh", 0x20000, 0x3FFFF),
)  # fmt: skip


class Known(NamedTuple):
    language: str
    role: str  # FEMALE | MALE | FAMILY


class Chinese(NamedTuple):
    families: frozenset[str]  # one character
    compounds: tuple[str, ...]  # two
    stand_ins: str
    female: str
    male: str
    neutral: str
    titles: tuple[str, ...]  # longest first
    prefixes: str


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def _lists() -> dict[str, dict[str, Any]]:
    return _read("names")


@cache
def words_of(name: str) -> frozenset[str]:
    """A list of `words.toml`."""
    return frozenset(_read("words")[name].split())


@cache
def pool(language: str, role: str) -> tuple[str, ...]:
    return tuple(_lists()[language][role].split())


@cache
def _known() -> dict[str, tuple[Known, ...]]:
    out: dict[str, list[Known]] = {}
    for language, lists in _lists().items():
        if language == "zh":
            continue
        for role in (FEMALE, MALE, FAMILY):
            for name in (*lists[role].split(), *lists.get(f"known_{role}", "").split()):
                out.setdefault(name.casefold(), []).append(Known(language, role))
    return {name: tuple(said) for name, said in out.items()}


def known(word: str) -> tuple[Known, ...]:
    return _known().get(word.casefold(), ())


def script(text: str) -> str:
    """The language whose names stand for a script; "" for Latin, and for scripts of which no list has names."""
    for letter in text:
        code = ord(letter)
        if code >= 0x370:
            return next((language for language, first, last in _SCRIPTS if first <= code <= last), "")
    return ""


def joined(language: str) -> bool:
    return language in _JOINED


def language_of(words: Iterable[str]) -> str:
    """Of Latin names, the one that knows most of them; English where none does better."""
    votes: dict[str, int] = {"en": 0}
    for word in words:
        for language in {each.language for each in known(word)}:
            votes[language] = votes.get(language, 0) + 1
    return max(votes, key=lambda language: votes[language])


def gender_of(words: Iterable[str], language: str) -> str:
    """FEMALE or MALE where the names tell, by this language first; else ""."""
    for word in words:
        said = [each for each in known(word) if each.role != FAMILY]
        roles = {each.role for each in said if each.language == language} or {each.role for each in said}
        if len(roles) == 1:
            return roles.pop()
    return ""


def is_family(word: str) -> bool:
    """Known as a family name, and not as a given one."""
    roles = {each.role for each in known(word)}
    return roles == {FAMILY}


@cache
def chinese() -> Chinese:
    lists = _lists()["zh"]
    families = frozenset(lists["family"])
    taken = frozenset(lists["stand_in"])  # so that no given name ends where a family name could begin
    female, male, neutral = (
        "".join(letter for letter in dict.fromkeys(lists[name]) if letter not in taken) for name in (FEMALE, MALE, "neutral")
    )
    return Chinese(
        families=families,
        compounds=tuple(lists["compound"].split()),
        stand_ins=lists["stand_in"],
        female=female,
        male=male,
        neutral=neutral,
        titles=tuple(sorted(lists["titles"].split(), key=lambda title: -len(title))),
        prefixes=lists["prefixes"].replace(" ", ""),
    )
