# SPDX-License-Identifier: Apache-2.0
"""Weighs what is known of a word - two readers' opinions, the lexicon, its letters, the words beside it - into one chance that it is
part of a person's name.  The weights are fitted (`tools/names/latin/fit.py`): a logistic regression, so each can be read.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from comity.privacy.names.latin_lexicon import Lexicon, folded
from comity.privacy.names.latin_words import Word

_ENDS = frozenset('.!?:;|"\u201c\n-\u2022*#(')
_MADE, _PLACES = ("ORG", "PRODUCT", "WORK_OF_ART", "FAC", "EVENT", "LAW"), ("GPE", "LOC", "NORP", "LANGUAGE")


class Cues(NamedTuple):
    """Words of `latin_cues.toml`."""

    titles: frozenset[str]
    joins: frozenset[str]
    addressed: frozenset[str]
    roles: frozenset[str]
    says: frozenset[str]
    does: frozenset[str]
    kinds: frozenset[str]
    things: frozenset[str]
    function: frozenset[str]
    science: frozenset[str]


@cache
def cues() -> Cues:
    said = tomllib.loads(files("comity.privacy.names").joinpath("latin_cues.toml").read_text(encoding="utf-8"))
    return Cues(**{name: frozenset(words.split()) for name, words in said.items()})


class Seen(NamedTuple):
    """What the readers say of a word: the kind of entity it is in ("" for none); how likely a name starts here; how likely it is
    part of one; what the model adds to what speaks for it."""

    kind: str
    person: float
    name: float
    adds: float = 0.0


def features(
    words: Sequence[Word], seen: Sequence[Seen], at: int, lexicon: Lexicon, all_lower: bool, places: Mapping[str, Sequence[int]]
) -> dict[str, float]:
    """Empty for a word that nothing speaks for.  ``places``: where each word stands (`places_of`)."""
    word = words[at].text
    plain = folded(word)
    mine, cue = seen[at], cues()
    given, family, common = lexicon.of(plain)
    known, lower = given or family, word.islower()
    before, behind = (words[at - 1] if at else _NO_WORD), (words[at + 1] if at + 1 < len(words) else _NO_WORD)
    previous, following = folded(before.text), folded(behind.text)
    titled = previous.rstrip(".") in cue.titles or (previous == "." and at > 1 and folded(words[at - 2].text) in cue.titles)
    if mine.kind != "PERSON" and mine.name < 0.08 and mine.person < 0.05 and not titled and not (known and not lower):
        return {}
    title, upper = word[0].isupper() and not word.isupper(), word.isupper() and len(word) > 1
    chance, person = _logit(mine.name), _logit(mine.person)
    starts = at == 0 or before.text in _ENDS or "\n" in before.text
    left_near, right_near = at > 0 and words[at].start - before.end <= 1, at + 1 < len(words) and behind.start - words[at].end <= 1
    left, right = (seen[at - 1] if left_near else _NOTHING), (seen[at + 1] if right_near else _NOTHING)
    left_capital, right_capital = left_near and before.text[0].isupper(), right_near and behind.text[0].isupper()
    left_known, right_known = any(lexicon.of(previous)[:2]), any(lexicon.of(following)[:2])
    alone = not left_capital and not right_capital
    possessive = following in ("'s", "\u2019s")
    thing = words[at + 2].text.lower() if possessive and at + 2 < len(words) else following if right_near else ""
    if thing in cue.science or following[:2] in cue.science or _in_a_code(words, at):
        return {}
    other = bool(mine.kind) and mine.kind != "PERSON"
    first, last = _run(words, at)
    listed = _listed(words, seen, first, last)
    others = [seen[place] for place in places.get(word, ())[:_OTHERS] if place != at]
    acts = alone and not lower and (following in cue.says or (right_near and following.endswith("ed") and behind.text.islower()))
    return {
        "one": 1.0,
        "reader": float(mine.kind == "PERSON"),
        "reader, chance": person,
        "reader, other": float(other),
        "reader, organisation": float(mine.kind in _MADE),
        "reader, place": float(mine.kind in _PLACES),
        "reader, place, alone": float(mine.kind in _PLACES and alone),
        "model": chance,
        "model, sure": float(mine.name > 0.9),
        "both": float(mine.kind == "PERSON") * mine.name,
        "model against reader": float(other) * mine.name,
        "reader against model": float(mine.kind == "PERSON") * (1 - mine.name) * float(mine.name < 0.2),
        "given": float(given and not common),
        "family": float(family and not given and not common),
        "a word too": float(common),
        "unknown": float(not known),
        "unknown, reader": float(not known and mine.kind == "PERSON"),
        "unknown, model": float(not known) * mine.name,
        "capital": float(title),
        "upper": float(upper),
        "upper, known": float(upper and known and not common),
        "lower": float(lower),
        "lower, all": float(lower and all_lower),
        "lower, known": float(lower and known and not common),
        "lower, model": float(lower) * mine.name,
        "lower, a word": float(lower and common),
        "capital, a word, starts": float(title and common and starts),
        "starts": float(starts),
        "starts, known": float(starts and known and not common),
        "titled": float(titled),
        "left": float(left.kind == "PERSON") + left.name,
        "right": float(right.kind == "PERSON") + right.name,
        "right, reader": right.person,
        "left known": float(left_capital and left_known),
        "right known": float(right_capital and right_known),
        "left known, mine too": float(left_capital and left_known and known),
        "right known, mine too": float(right_capital and right_known and known),
        "lower, right known": float(lower and right_near and right_known and behind.text.islower() and known),
        "lower, left known": float(lower and left_near and left_known and before.text.islower() and known),
        "alone": float(alone),
        "alone, given": float(alone and given and not common and not lower),
        "alone, family": float(alone and family and not given and not lower),
        "alone, a word": float(alone and common),
        "alone, says": float(acts),
        "alone, does": float(alone and following in cue.does and not lower),
        "alone, a word, starts": float(alone and common and starts and not acts),
        "a word, reader against model": float(common and mine.kind == "PERSON" and mine.name < 0.2),
        "unknown, does": float(alone and not known and following in cue.does and not lower),
        "lower, a word, not all": float(lower and common and not all_lower),
        "kind before": float(_kind_before(words, first)),
        "again": float(bool(others)),
        "again, person": _mean([float(each.kind == "PERSON") for each in others]),
        "again, other": _mean([float(bool(each.kind) and each.kind != "PERSON") for each in others]),
        "again, model": _mean([each.name for each in others]),
        "listed, thing": float(bool(listed) and "PERSON" not in listed),
        "listed, person": float("PERSON" in listed),
        "addressed": float(previous in cue.addressed),
        "role before": float(previous in cue.roles),
        "says": float(following in cue.says and not lower),
        "does": float(following in cue.does and not lower),
        "possessive": float(possessive),
        "thing behind": float(thing in cue.things),
        "thing behind, capital": float(right_capital and following in cue.things),
        "the before": float(previous in ("the", "a", "an")),
        "of before": float(previous == "of"),
        "in before": float(previous in ("in", "at", "near", "into", "around", "across", "outside")),
        "from before": float(previous in ("from", "to", "on")),
        "function": float(plain in cue.function and (alone or not given)),
        "initial before": float(left_near and len(before.text.rstrip(".")) == 1 and before.text.isupper() and "." in before.text and title),
        "short": float(len(word) < 3),
        "comma behind": float(following == ","),
        "glued": float(before.end == words[at].start and before.text in _GLUE)
        + float(behind.start == words[at].end and behind.text in _GLUE),
        "odd capitals": float(lower is False and not title and not upper and len(word) > 1)
        + float(any(map(str.isupper, word[1:])) and word[0].islower()),
    }


def _run(words: Sequence[Word], at: int) -> tuple[int, int]:
    """The first and the last of the capital words that stand together."""
    first = last = at
    while max(0, at - _RUN) < first and words[first - 1].text[0].isupper() and words[first].start - words[first - 1].end <= 1:
        first -= 1
    while last < min(len(words) - 1, at + _RUN) and words[last + 1].text[0].isupper() and words[last + 1].start - words[last].end <= 1:
        last += 1
    if first < at and words[first].text.lower() in ("the", "a", "an"):
        first += 1
    return first, last


def places_of(words: Sequence[Word]) -> dict[str, list[int]]:
    out: dict[str, list[int]] = {}
    for at, word in enumerate(words):
        if word.text[0].isupper():
            out.setdefault(word.text, []).append(at)
    return out


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _listed(words: Sequence[Word], seen: Sequence[Seen], first: int, last: int) -> set[str]:
    """What the reader takes the capital words for that stand in one list with these: `Revlon, Essie and Nivea`."""
    out = set()
    for beside, step in ((first - 1, -1), (last + 1, 1)):
        at = beside
        while 0 <= at < len(words) and abs(at - beside) < 3 and words[at].text in _JOINTS:
            at += step
        if at != beside and 0 <= at < len(words) and words[at].text[0].isupper():
            out.add(seen[at].kind)
    return out - {""}


def _kind_before(words: Sequence[Word], first: int) -> bool:
    """Whether words shortly before say what kind of thing is named: `the volcano known as "Popo"`, `HMP Brixton`."""
    for word in reversed(words[max(0, first - 4) : first + 1]):
        if word.text in _PARTS:
            return False
        if folded(word.text) in cues().kinds:
            return True
    return False


def _logit(chance: float) -> float:
    return max(-1.0, min(1.0, math.log((chance + 1e-4) / (1 - chance + 1e-4)) / 6))


def readable(word: str) -> bool:
    """Whether it has what a name in Latin letters is made of: `camelCase` has not."""
    if not word[0].isalpha() or not any(letter < "\u0250" for letter in word if letter.isalpha()):
        return False
    return not word[0].islower() or word.islower() or "'" in word or "\u2019" in word


def _in_a_code(words: Sequence[Word], at: int) -> bool:
    """Part of `kelvin_to_celsius` or of `ORA-57881`."""
    before, behind = words[max(0, at - 1)], words[min(len(words) - 1, at + 1)]
    if (before.text == "_" and before.end == words[at].start) or (behind.text == "_" and behind.start == words[at].end):
        return True
    number = words[at + 2] if at + 2 < len(words) else _NO_WORD
    return behind.text == "-" and behind.start == words[at].end and number.start == behind.end and number.text[0].isdigit()


_GLUE = ("/", "\\", "@", "#", "=")
_OTHERS = 8  # places of the same word that are looked at
_RUN = 6  # and words on either side
_JOINTS = frozenset((",", "and", "or", "&"))
_PARTS = frozenset(".;!?(),:\n")
_NO_WORD = Word(" ", -9, -9)
_NOTHING = Seen("", 0.0, 0.0)


def chance(said: Mapping[str, float], weights: Mapping[str, float], adds: float = 0.0) -> float:
    if not said:
        return 0.0
    total = adds + sum(weights.get(name, 0.0) * value for name, value in said.items() if value)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
