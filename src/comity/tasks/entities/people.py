# SPDX-License-Identifier: Apache-2.0
"""People and places as their owner calls them: names in either script, parts of names, titles, relations, home and work.

Only what is in the contacts is found.  Where several are called so, all of them are readings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import msgspec

from comity.tasks.entities.lexer import listed
from comity.tasks.entities.relations import BARE, HOME, OFFICE, RELATIONS, TITLES, group_of
from comity.tasks.entities.values import Entity, Person, Place


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """``names``: the first is their own, the rest other spellings and nicknames; ``relations``: what they are to the owner, in
    either language (`mother`, `姐姐`)."""

    id: str
    names: tuple[str, ...]
    relations: tuple[str, ...] = ()


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """A place of the owner's; ``role`` is `home`, `office` or nothing."""

    id: str
    names: tuple[str, ...]
    role: str = ""


class Contacts(msgspec.Struct, frozen=True, kw_only=True):
    people: tuple[Contact, ...] = ()
    places: tuple[Spot, ...] = ()


_HAN = re.compile("[\u3400-\u9fff]+")
_WORD = re.compile(r"[^\W_\u3400-\u9fff]+")
_JOINING = re.compile(r"[ \-.·・]{1,2}")
_COMPOUND = frozenset(listed("欧阳 司马 诸葛 上官 夏侯 慕容 尉迟 皇甫 东方 令狐 公孙 长孙 宇文 司徒 端木 独孤 南宫 申屠 轩辕"))
_MINE = re.compile(r"(?:my|our) $")
_MINE_ZH = re.compile("(?:我们|咱们|我|咱)(?:家)?的?$")
_AT_WORK = re.compile(r"(?:at|to|from|leave|leaving|reach|for) $")
_BEHIND_HOME = frozenset("里中 ")


class _Form(NamedTuple):
    """How something is called: words of Latin letters, or one run of Chinese characters."""

    words: tuple[str, ...]
    value: Person | Place
    certain: bool = True


class _Index(NamedTuple):
    latin: dict[str, list[_Form]]
    han: dict[str, list[_Form]]
    sounds: dict[tuple[str, ...], list[Person]]  # of names that only Latin letters write
    related: dict[str, list[tuple[Person, bool]]]
    roles: dict[str, list[Place]]


def bare(text: str) -> str:
    """Small letters without marks, character for character."""
    if text.isascii():
        return text.lower()
    return "".join(base if len(base := unicodedata.normalize("NFD", letter)[0].lower()) == 1 else letter for letter in text)


def named(text: str, contacts: Contacts) -> list[Entity]:
    """In the order of the text, none inside another."""
    index = _index(contacts)
    said = bare(text)
    found: dict[tuple[int, int], dict[Person | Place, bool]] = {}
    for start, end, value, certain in (*_latin(said, index), *_chinese(said, index), *_relations(said, index), *_roles(said, index)):
        there = found.setdefault((start, end), {})
        there[value] = there.get(value, False) or certain
    out: list[Entity] = []
    for (start, end), values in sorted(found.items(), key=lambda one: (one[0][0], -one[0][1])):
        if out and start < out[-1].end:
            if end - start <= out[-1].end - out[-1].start:
                continue
            out.pop()
        sure = {value for value, certain in values.items() if certain}
        readings = tuple(value for value in values if not sure or value in sure)
        out.append(Entity(start=start, end=end, readings=readings, certain=len(readings) == 1 and bool(sure)))
    return out


@lru_cache(16)
def _index(contacts: Contacts) -> _Index:
    index = _Index({}, {}, {}, {}, {})
    for one in contacts.people:
        who = Person(id=one.id, name=one.names[0])
        for name in one.names:
            _called(index, name, who)
        for relation in one.relations:
            for group, sure in group_of(relation):
                index.related.setdefault(group, []).append((who, sure))
            if not group_of(relation):
                _whole(index, relation, who)
    for spot in contacts.places:
        where = Place(id=spot.id, name=spot.names[0])
        for name in spot.names:
            _whole(index, name, where)
        if spot.role:
            index.roles.setdefault(spot.role, []).append(where)
    return index


def _add(index: _Index, form: _Form) -> None:
    if form.words and form.words[0]:
        table = index.han if _HAN.match(form.words[0]) else index.latin
        table.setdefault(form.words[0] if table is index.latin else form.words[0][0], []).append(form)


def _whole(index: _Index, name: str, value: Person | Place, certain: bool = True) -> None:
    runs = _HAN.findall(name)
    if runs and runs[0] == name.strip():
        _add(index, _Form((name.strip(),), value, certain))
    else:
        _add(index, _Form(tuple(_WORD.findall(bare(name))), value, certain))


def _called(index: _Index, name: str, who: Person) -> None:
    name = name.strip()
    _whole(index, name, who)
    if _HAN.fullmatch(name):
        if 2 <= len(name) <= 4:
            _chinese_forms(index, name, who)
        return
    words = tuple(_WORD.findall(bare(name)))
    if len(words) > 1:
        _add(index, _Form((*words[1:], words[0]), who))  # the family name first
        _add(index, _Form((words[-1], *words[:-1]), who))
        _add(index, _Form((words[0], words[-1]), who))
        for part in (words[0], words[-1]):
            if len(part) > 1:
                _add(index, _Form((part,), who))
        for sounds in _sounds(words):
            index.sounds.setdefault(sounds, []).append(who)


def _chinese_forms(index: _Index, name: str, who: Person) -> None:
    from comity.tasks.gates import pinyin

    family = name[:2] if name[:2] in _COMPOUND else name[0]
    given = name[len(family) :]
    if not given:
        return
    if len(given) > 1:
        _add(index, _Form((given,), who))
    for before in ("老", "小", "阿"):
        _add(index, _Form((before + family,), who, False))
    _add(index, _Form((f"阿{given[-1]}",), who, False))
    for title in TITLES:
        _add(index, _Form((family + title,), who, False))
    ways = [sorted(pinyin.readings(letter)) for letter in name]
    if not all(ways):
        return
    for said in list(product(*ways))[:8]:
        first, rest = "".join(said[: len(family)]), said[len(family) :]
        second = "".join(rest)
        for words in ((first, second), (second, first), (first, *rest), (*rest, first), (first + second,)):
            _add(index, _Form(words, who))
        if len(rest) > 1:
            _add(index, _Form((second,), who))
            _add(index, _Form(rest, who))


def _sounds(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Of `xiaoming wang` and `wang xiao ming`, how a Chinese writer would say the characters in order."""
    from comity.tasks.gates import pinyin

    ways = [pinyin.split(word) for word in words]
    if not all(ways) or len(words) > 3:
        return
    for order in (ways, [*ways[1:], ways[0]]):
        for chosen in list(product(*order))[:8]:
            flat = tuple(syllable for part in chosen for syllable in part)
            if 2 <= len(flat) <= 4:
                yield flat


Hit = tuple[int, int, "Person | Place", bool]


def _latin(text: str, index: _Index) -> Iterator[Hit]:
    if not index.latin:
        return
    words = list(_WORD.finditer(text))
    for place, first in enumerate(words):
        for form in index.latin.get(first[0], ()):
            last = place + len(form.words) - 1
            if last >= len(words) or any(words[place + ahead][0] != word for ahead, word in enumerate(form.words)):
                continue
            gaps = (text[words[at].end() : words[at + 1].start()] for at in range(place, last))
            if all(_JOINING.fullmatch(gap) for gap in gaps):
                yield first.start(), words[last].end(), form.value, form.certain


def _chinese(text: str, index: _Index) -> Iterator[Hit]:
    if not index.han and not index.sounds:
        return
    for run in _HAN.finditer(text):
        for start in range(run.start(), run.end()):
            for form in index.han.get(text[start], ()):
                if text.startswith(form.words[0], start):
                    yield start, start + len(form.words[0]), form.value, form.certain
            yield from _heard(text, start, run.end(), index)


def _heard(text: str, start: int, end: int, index: _Index) -> Iterator[Hit]:
    """`王小明` for a contact that is only `Xiaoming Wang`: perhaps, since others are written otherwise and said the same."""
    if not index.sounds:
        return
    from comity.tasks.gates import pinyin

    for size in (2, 3, 4):
        if start + size > end:
            return
        ways = [pinyin.readings(letter) for letter in text[start : start + size]]
        for sounds in product(*ways):
            for who in index.sounds.get(sounds, ()):
                yield start, start + size, who, False


def _relations(text: str, index: _Index) -> Iterator[Hit]:
    if not index.related:
        return
    for word, start, end in _spoken(text, RELATIONS):
        groups = RELATIONS[word]
        mine = _MINE_ZH.search(text, max(0, start - 5), start) if _HAN.match(word) else _MINE.search(text, max(0, start - 4), start)
        if mine is None and word not in BARE:
            continue
        people: dict[Person, bool] = {}
        for group in groups:
            for who, sure in index.related.get(group, ()):
                people[who] = people.get(who, False) or sure
        for who, sure in people.items():
            yield (mine.start() if mine is not None else start), end, who, sure


def _roles(text: str, index: _Index) -> Iterator[Hit]:
    for role, words in (("home", HOME), ("office", OFFICE)):
        if role not in index.roles:
            continue
        for word, start, end in _spoken(text, words):
            if word in ("work", "家") and not _at(text, word, start, end):
                continue
            for where in index.roles[role]:
                yield start, end, where, True


def _at(text: str, word: str, start: int, end: int) -> bool:
    if word == "work":
        return _AT_WORK.search(text, max(0, start - 8), start) is not None
    before = text[start - 1 : start]
    return before in tuple("回到在离从往去我") or text[end : end + 1] in _BEHIND_HOME


def _spoken(text: str, words: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    for found in _pattern(tuple(words)).finditer(text):
        yield found[0], found.start(), found.end()


@lru_cache(8)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    longest = sorted(words, key=len, reverse=True)
    latin = "|".join(re.escape(word) for word in longest if word.isascii())
    han = "|".join(word for word in longest if not word.isascii())
    return re.compile(rf"(?<![a-z0-9])(?:{latin})(?![a-z0-9])|{han}")
