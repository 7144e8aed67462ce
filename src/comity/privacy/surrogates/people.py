# SPDX-License-Identifier: Apache-2.0
"""What a person's name is made of, and names to stand in for each part: of its language and script, its role, and the gender
that the given name tells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from comity.privacy.surrogates.draw import Draw
from comity.privacy.surrogates.lexicon import (
    FAMILY,
    FEMALE,
    MALE,
    chinese,
    gender_of,
    is_family,
    joined,
    known,
    language_of,
    pool,
    script,
    words_of,
)

_WORD = re.compile(r"(?<![^\W_])[^\W\d_]+(?:['’`´][^\W\d_]+)*(?![^\W_])")
_POOL_TRIES = 40


class Part(NamedTuple):
    start: int
    end: int
    role: str  # FAMILY | FEMALE | MALE | "" for a given name that does not tell
    language: str


def parts(name: str) -> list[Part]:
    """The parts of ``name`` that say who it is; a lone initial, a particle and a title do not."""
    language = script(name)
    first = next((place for place, letter in enumerate(name) if letter.isalpha()), 0)
    core = name[first:].rstrip("".join({letter for letter in name if not letter.isalpha()}))
    if one_piece(core):
        return [part._replace(start=part.start + first, end=part.end + first) for part in _joined_parts(core, language)]
    words = [found for found in _WORD.finditer(name) if len(found[0]) > 1 or language]
    said = [found for found in words if found[0].casefold() not in words_of("beside")] or words
    if not said:
        return []
    spelt = [found[0] for found in said]
    language = language or language_of(spelt)
    family = _families(name, said, language)
    gender = gender_of([word for word, is_one in zip(spelt, family, strict=True) if not is_one], language)
    return [Part(found.start(), found.end(), FAMILY if is_one else gender, language) for found, is_one in zip(said, family, strict=True)]


def _families(name: str, words: Sequence[re.Match[str]], language: str) -> list[bool]:
    """Which of the words are family names: what stands last, or before a comma; words with a hyphen between them are of one kind."""
    comma = name.find(",")
    if words[0].start() < comma < words[-1].start():
        return [word.start() < comma for word in words]
    groups = [0]
    for before, word in pairwise(words):
        groups.append(groups[-1] + (name[before.end() : word.start()] != "-"))
    if groups[-1] == 0:
        return [not any(each.role != FAMILY for word in words for each in known(word[0]))] * len(words)
    if language == "zh_latin" and any(each.role == FAMILY for each in known(words[0][0])):
        return [group == 0 for group in groups]
    return [group == groups[-1] or (group > 0 and is_family(word[0])) for group, word in zip(groups, words, strict=True)]


def one_piece(name: str) -> bool:
    """Whether it is written in one piece, family and given name without a space."""
    return name != "" and all(letter.isalpha() and joined(script(letter)) for letter in name)


def _joined_parts(name: str, language: str) -> list[Part]:
    if language == "ko":
        size = 1 if len(name) > 2 or len(name) == 1 else 0
        return [Part(start, end, role, "ko") for start, end, role in ((0, size, FAMILY), (size, len(name), "")) if start < end]
    lists = chinese()
    stop = len(name) - len(title_after(name, 1))
    start = 1 if len(name[:stop]) == 2 and name[0] in lists.prefixes and name[1] in lists.families else 0
    bare = name[start:stop]
    if start or len(bare) == 1:
        return [Part(start, stop, FAMILY, "zh")]
    size = 2 if bare[:2] in lists.compounds else 1 if bare[0] in lists.families and len(bare) < 5 else 0
    out = [Part(start, start + size, FAMILY, "zh")] if size else []
    return [*out, Part(start + size, stop, _gender_han(bare[size:]), "zh")] if start + size < stop else out


def title_after(text: str, at: int) -> str:
    """The Chinese title that ``text`` ends with, not beginning before ``at``; or ""."""
    return next((title for title in chinese().titles if text.endswith(title) and len(text) - len(title) >= at), "")


def _gender_han(given: str) -> str:
    lists = chinese()
    female = sum(letter in lists.female and letter not in lists.male for letter in given)
    male = sum(letter in lists.male and letter not in lists.female for letter in given)
    return FEMALE if female > male else MALE if male > female else ""


def stand_in(word: str, part: Part, draw: Draw, attempt: int) -> str:
    """A name for one part of a name, written as ``word`` is; after many an attempt one that no list has."""
    role = part.role or draw.pick((FEMALE, MALE))
    if part.language == "zh":
        return _han(word, role, draw, attempt)
    if attempt < _POOL_TRIES:
        made = draw.pick(pool(part.language, role))
    elif part.language in ("", "en") or word.isascii():
        made = draw.word(6 + attempt % 3).capitalize()
    else:
        made = "".join(draw.pick(pool(part.language, role)) for _ in range(2))
    return made.upper() if word.isupper() and len(word) > 1 else made.lower() if word.islower() else made


def _han(word: str, role: str, draw: Draw, attempt: int) -> str:
    lists = chinese()
    if role == FAMILY:
        if len(word) == 2 and attempt < _POOL_TRIES:
            return draw.pick(lists.compounds)
        return draw.pick(lists.stand_ins) + (draw.pick(lists.stand_ins) if attempt >= _POOL_TRIES * 2 else "")
    letters = lists.female if role == FEMALE else lists.male
    if len(word) == 1 and attempt < _POOL_TRIES:
        return draw.pick(letters)
    return draw.pick(lists.neutral) + "".join(draw.pick(letters) for _ in word[1:] or word)
