# SPDX-License-Identifier: Apache-2.0
"""Naming the hidden: three attackers who see a text only as it leaves.

choices   the local model picks the hidden person from four names, one of them right; chance is a quarter
context   other passages about the same people are at hand, unhidden: the passage with the most like words names them
fame      the local model says who it is, from what it has learnt: people of the news and of encyclopaedias
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchmarks.answers.hide import SETS, WAYS, Item, hidden, person, read
from benchmarks.answers.model import Answers, Prompt
from benchmarks.answers.score import Ratio, fold, share

LETTERS = "ABCD"
PUBLIC = frozenset({"news", "encyclopaedia", "reference", "court", "notice"})
CHARACTERS_MAX = 500
ASK = {
    "choices": {
        "en": "{text}\n\nThe names in this text were replaced. Which of these is {stand_in} really?\n{options}\nAnswer with one letter.",
        "zh": "{text}\n\n以上文字中的姓名已被替换。{stand_in}的真实姓名是哪一个？\n{options}\n只回答一个字母。",
    },
    "fame": {
        "en": "{text}\n\nThe names in this text were replaced. Who is {stand_in} really? Answer with a name only.",
        "zh": "{text}\n\n以上文字中的姓名已被替换。{stand_in}真实的姓名是什么？只回答姓名。",
    },
}


class Told(NamedTuple):
    attack: str
    lang: str
    way: str
    rate: Ratio
    chance: float
    people: int


class Shown(NamedTuple):
    """One hidden person in one text as it leaves."""

    item: Item
    name: str
    text: str
    stand_in: str


def names(item: Item) -> list[str]:
    """Of people in full, each once, in order: a given name alone is nobody yet."""
    said = (item["text"][span["start"] : span["end"]] for span in item["spans"] if span["type"] == "PERSON")
    return list(dict.fromkeys(name for name in said if " " in name or (not name.isascii() and len(name) > 1)))


def shown(items: Sequence[Item], way: str) -> Iterator[Shown]:
    """The first person of each text.  An e-mail address that spells a name is hidden with it, so nothing left in the text helps."""
    for item in items:
        text, vault = hidden(item, item["text"], way, "labels")
        for name in names(item)[:1]:
            yield Shown(item, name, text, vault.protect(name, person(name)))


def right(answer: str, name: str) -> bool:
    """The whole name, or a Latin surname."""
    last = name.split()[-1] if " " in name else name
    return fold(last) in fold(answer)


async def choices(answers: Answers, lang: str, way: str) -> Told:
    made = [item for item in read(SETS / f"own-{lang}.jsonl") if item["half"] == "test"]
    items = [item for item in made if names(item) and len(item["text"]) <= CHARACTERS_MAX]
    everybody = sorted({name for item in items for name in names(item)})
    prompts, rights = [], []
    for each in shown(items, way):
        rng = random.Random(each.item["id"])
        offered = [each.name, *rng.sample([name for name in everybody if name not in names(each.item)], len(LETTERS) - 1)]
        rng.shuffle(offered)
        options = "\n".join(f"{letter}. {name}" for letter, name in zip(LETTERS, offered, strict=True))
        prompts.append(Prompt(ASK["choices"][lang].format(text=each.text, stand_in=each.stand_in, options=options), 2))
        rights.append(LETTERS[offered.index(each.name)])
    said = await answers.to(prompts, f"choices {lang} {way}")
    hits = [float((re.search("[A-D]", answer) or [""])[0] == letter) for answer, letter in zip(said, rights, strict=True)]
    return Told("choices", lang, way, share(hits), 1 / len(LETTERS), len(hits))


async def fame(answers: Answers, lang: str, way: str) -> Told:
    items = [
        item for item in read(SETS / f"real-{lang}.jsonl") if PUBLIC.intersection(item["tags"]) and len(item["text"]) <= CHARACTERS_MAX
    ]
    found = list(shown(items, way))
    prompts = [Prompt(ASK["fame"][lang].format(text=each.text, stand_in=each.stand_in), 16) for each in found]
    said = await answers.to(prompts, f"fame {lang} {way}")
    hits = [float(right(answer, each.name)) for answer, each in zip(said, found, strict=True)]
    return Told("fame", lang, way, share(hits), 0.0, len(hits))


def context(lang: str, way: str) -> Told:
    """Everybody who is named in another passage too; the attacker has all other passages as they were, and draws among those who are
    named in the likest one."""
    items = read(SETS / f"real-{lang}.jsonl")
    bags = [Counter(terms(item["text"], lang)) for item in items]
    rarity = {term: math.log(len(bags) / count) for term, count in Counter(term for bag in bags for term in bag).items()}
    said = [{item["text"][span["start"] : span["end"]] for span in item["spans"]} for item in items]
    hits = []
    for place, item in enumerate(items):
        bag = Counter(terms(hidden(item, item["text"], way, "labels")[0], lang))
        others = [other for other in range(len(items)) if other != place and said[other]]
        likest = said[max(others, key=lambda other: likeness(bag, bags[other], rarity))]
        elsewhere = set().union(*(said[other] for other in others))
        hits += [(name in likest) / len(likest) for name in sorted(said[place] & elsewhere)]
    return Told("context", lang, way, share(hits), 1 / len(set().union(*said)), len(hits))


def terms(text: str, lang: str) -> list[str]:
    if lang == "zh":
        runs = re.findall("[\u4e00-\u9fff]+", text)
        return [run[start : start + 2] for run in runs for start in range(len(run) - 1)]
    return re.findall("[a-z]{3,}", text.lower())


def likeness(one: Counter[str], other: Counter[str], rarity: dict[str, float]) -> float:
    def length(bag: Counter[str]) -> float:
        return math.sqrt(sum((count * rarity.get(term, 0.0)) ** 2 for term, count in bag.items()))

    shared = sum(one[term] * other[term] * rarity[term] ** 2 for term in one.keys() & other.keys())
    return shared / (length(one) * length(other) or 1.0)


async def all_of(answers: Answers) -> list[Told]:
    told = [context(lang, way) for lang in ("en", "zh") for way in WAYS]
    for way in WAYS:
        for lang in ("en", "zh"):
            told += [await choices(answers, lang, way), await fame(answers, lang, way)]
    return told
