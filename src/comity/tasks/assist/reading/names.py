# SPDX-License-Identifier: Apache-2.0
"""Things that the user has, as they are called: people, places, appointments, reminders, notes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

import msgspec

from comity.tasks.assist.plan import Question, Thing, Unclear
from comity.tasks.assist.reading.said import Said
from comity.tasks.assist.reading.times import bare_weekday
from comity.tasks.assist.retrieve import grams
from comity.tasks.entities.values import Date

HAN = re.compile(r"[\u4e00-\u9fff]")
_TITLES = "总|经理|先生|女士|小姐|老师|医生|主任|教练|师傅|工|哥|姐|叔|阿姨|大夫|律师|教授"
_HIM = {
    "en": re.compile(r"\b(?:him|her|them|he|she|they|his|their)\b", re.IGNORECASE),
    "zh": re.compile(r"他们|她们|他俩|她|他"),
}
_ALL_OF = {
    "en": re.compile(
        r"\b(?:attendees|participants|everyone (?:invited|coming|attending|who)|everybody (?:invited|coming)|the others|those invited|both of them|whoever is (?:invited|coming)|people (?:invited|coming|attending)|the guests)\b",  # noqa: E501
        re.IGNORECASE,
    ),
    "zh": re.compile(r"参会的?(?:那?[一二两三四五]?[个位人]?(?:人|同事)?|们)|参加的人|与会的?人?员?|参会者|其他人|开会的人|大家"),
}  # fmt: skip


class Found(msgspec.Struct, frozen=True):
    start: int
    end: int
    things: tuple[Thing, ...]  # more than one: it might be any of them
    exact: bool = True


def people(said: Said) -> Sequence[Found]:
    """Every person named, left to right, the longest name first where two overlap."""
    contacts = said.world.things("contact")
    return _apart([*_named(said.text, contacts), *_by_part(said.text, contacts)])


def places(said: Said) -> Sequence[Found]:
    return _apart(_named(said.text, said.world.things("place")))


def pronoun(said: Said) -> tuple[int, int] | None:
    found = _HIM.get(said.language, _HIM["en"]).search(said.text)
    return found.span() if found else None


def all_of_them(said: Said) -> tuple[int, int] | None:
    found = _ALL_OF.get(said.language, _ALL_OF["en"]).search(said.text)
    return found.span() if found else None


def occurrences(text: str, name: str) -> Iterable[tuple[int, int]]:
    if not name:
        return
    if HAN.search(name):
        at = text.find(name)
        while at >= 0:
            yield at, at + len(name)
            at = text.find(name, at + 1)
    else:
        pattern = r"(?<![A-Za-z0-9])" + re.escape(name).replace(r"\ ", r"\s+") + r"(?![A-Za-z0-9])"
        for found in re.finditer(pattern, text, re.IGNORECASE):
            yield found.span()


_SAME_RELATION = (
    ("wife", "missus", "my better half", "太太", "老婆", "媳妇儿", "媳妇", "爱人", "妻子"),
    ("husband", "hubby", "丈夫", "老公"),
    ("sister", "妹妹", "我妹"),
    ("brother", "弟弟", "我弟"),
    ("mother", "mum", "mom", "妈妈", "我妈", "老妈", "母亲"),
    ("father", "dad", "爸爸", "我爸", "老爸", "父亲"),
)


_OF_ANOTHER = re.compile(r"(?:\b(?:his|her|their|your)|[a-z]['’]s)\s+$|[他她您你](?:们)?的?$", re.IGNORECASE)
"""`his wife` is not the user's."""
_BY_MARRIAGE = re.compile(r"-in-law|-to-be")


def _relations(thing: Thing) -> tuple[str, ...]:
    """Every word for what somebody is to the user, where one of them is known."""
    known = {re.sub(r"^(?:my |我的?)", "", each.lower()) for each in thing.relations}
    return (*thing.relations, *(word for group in _SAME_RELATION if known & set(group) for word in group))


def _named(text: str, things: Sequence[Thing]) -> list[Found]:
    by_span: dict[tuple[int, int], dict[str, Thing]] = {}
    for thing in things:
        for name in thing.names:
            for span in occurrences(text, name):
                by_span.setdefault(span, {})[thing.id] = thing
        for name in _relations(thing):
            for span in occurrences(text, name):
                if not _OF_ANOTHER.search(text[: span[0]]) and not _BY_MARRIAGE.match(text, span[1]):
                    by_span.setdefault(span, {})[thing.id] = thing
    return [Found(start, end, tuple(found.values())) for (start, end), found in by_span.items()]


def _by_part(text: str, contacts: Sequence[Thing]) -> list[Found]:
    """By one word of a name (`Smith`), or by a surname with what goes before or after it (`小张`, `王总`)."""
    found: dict[tuple[int, int], dict[str, Thing]] = {}
    for contact in contacts:
        for name in contact.names:
            if HAN.search(name):
                if 2 <= len(name) <= 4:
                    for each in re.finditer(
                        f"[小老阿]{re.escape(name[0])}(?![\u4e00-\u9fff]{{0}}{re.escape(name[1:])})|{re.escape(name[0])}(?:{_TITLES})|(?<=[跟和与约给请叫]){re.escape(name[0])}(?=[吃开见聊说发写打去一，,]|$)",
                        text,
                    ):
                        found.setdefault(each.span(), {})[contact.id] = contact
            else:
                for word in name.split():
                    if len(word) > 2 and word[:1].isupper():
                        for span in occurrences(text, word):
                            found.setdefault(span, {})[contact.id] = contact
    return [Found(start, end, tuple(things.values()), exact=False) for (start, end), things in found.items()]  # fmt: skip


def shared(text: str, name: str) -> list[tuple[int, int]]:
    """Where words of ``name`` stand in ``text``: whole words, or runs of two Chinese characters or more."""
    low, other = text.lower(), name.lower()
    if HAN.search(name):
        runs = [(i, j) for i in range(len(low)) for j in range(i + 2, len(low) + 1) if low[i:j] in other and HAN.search(low[i:j])]
        return sorted(runs, key=lambda run: run[0] - run[1])[:1]
    words = {
        word for word in re.findall(r"[a-z]+", other) if word not in ("the", "with", "to", "of", "and", "my", "meeting", "session", "call")
    }
    return [found.span() for found in re.finditer(r"[a-z]+", low) if found.group() in words]


def shared_all(text: str, name: str) -> list[tuple[int, int]]:
    """Every word of ``text`` that ``name`` has too, by their stems; of Chinese, runs of two characters."""
    low, own = text.lower(), grams(name)
    runs = [(at, at + 2) for at in range(len(low) - 1) if HAN.match(low[at]) and low[at : at + 2] in name]
    return runs + [found.span() for found in re.finditer(r"[a-z]+", low) if grams(found.group()) & own]


def _apart(found: list[Found]) -> Sequence[Found]:
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (-(one.end - one.start), not one.exact, len(one.things))):
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)


def one(found: Found, about: str, said: Said) -> Thing:
    """Raises Unclear where it might be several, or somebody else of that surname (`小刘`)."""
    if len(found.things) > 1 or (not found.exact and HAN.match(said.text, found.start)):
        raise ambiguous(about, said.text[found.start : found.end], found.things, said.language)
    return found.things[0]


def ambiguous(about: str, words: str, things: Sequence[Thing], language: str) -> Unclear:
    among = tuple(thing.names[0] for thing in things)
    text = f"“{words}”是指哪一个：{'、'.join(among)}？" if language == "zh" else f"Which “{words}”: {', '.join(among)}?"
    return Unclear(Question(about=about, text=text, why="ambiguous", among=among))


# -- by what they are about --------------------------------------------------------------------------------------------

ENOUGH = 0.5
"""Of a name's words that must have been said."""
COMMON = grams(
    "the my meeting appointment event call reminder note list with and session notes of at 会 日程 会议 约 事 提醒 笔记 清单 活动 一个 那个 这个 给 去"  # noqa: E501
)


def fitting(
    said: Said, kind: str, *, days: Collection[object] = (), who: Collection[str] = (), without: Sequence[Found] = ()
) -> Sequence[tuple[float, Thing]]:
    """Things that the words may be about, best first.  ``days`` and ``who`` that are said speak for what is then and with them;
    ``without``: names that are there for something else."""
    text = said.text
    for found in without:
        text = text[: found.start] + " " * (found.end - found.start) + text[found.end :]
    weekdays = {each.value.day.weekday() for each in said.entities if isinstance(each.value, Date) and bare_weekday(said.words(each))}
    words, things = grams(text), said.world.things(kind)
    of = {thing.id: frozenset().union(*(grams(name) for name in thing.names)) for thing in things}
    scored = []
    for thing in things:
        named = max((_share(grams(name), words, name, text) for name in thing.names), default=0.0)
        own = {one for one in (of[thing.id] & words) - COMMON if len(one) > 1 and not one.isdigit()}
        if named and any(all(one not in of[other.id] for other in things if other.id != thing.id) for one in own):
            named += 0.35  # nothing else of its kind is called that
        then = thing.start is not None and (thing.start.date() in days or (named > 0 and thing.start.weekday() in weekdays))
        score = named + (0.3 if then else -0.2 if days and thing.start is not None and named < 0.9 else 0.0)
        score += 0.35 if who and set(who) & set(thing.people) else 0.0
        if score >= ENOUGH or (then and not named and days):
            scored.append((score, thing))
    return sorted(scored, key=lambda pair: -pair[0])


def _share(name: frozenset[str], words: frozenset[str], written: str, text: str) -> float:
    if written.lower() in text.lower():
        return 1.0 + 0.01 * len(written)
    own = name - COMMON or name
    return len(own & words) / len(own) if own else 0.0


CLOSE = 0.12


def the(
    said: Said, kind: str, about: str, *, days: Collection[object] = (), who: Collection[str] = (), without: Sequence[Found] = ()
) -> Thing | None:
    """The one thing spoken of; None where none is.  Raises Unclear where it might be several."""
    found = fitting(said, kind, days=days, who=who, without=without)
    if not found:
        return None
    best, thing = found[0]
    level = [each for score, each in found if best - score < CLOSE]
    if len(level) > 1:
        raise ambiguous(about, said.text, level, said.language)
    return thing if best >= ENOUGH or len(found) == 1 else None
