# SPDX-License-Identifier: Apache-2.0
"""The words under reading, what was found in them, and the names that they may hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from comity.tasks.assist.plan import Question, Thing, Unclear, World
from comity.tasks.assist.reading import names
from comity.tasks.assist.reading.said import Said

GONE, QUOTED = "\x00", "\x01"
"""What was read stands as the one, what is within quotation marks as the other: no pattern goes across, and nothing is read from a quotation."""  # noqa: E501
_ARGUMENTS = re.compile(r"\([a-z_]+: [^()]*\)|（[^（）：]{1,8}：[^（）]*）")
"""What `telling` writes of an action."""
_QUOTES = re.compile(r"[\"“「『]([^\"”」』]*)[\"”」』]")


class Spoken(World, Protocol):
    """An assistant's world, with things of the kinds `place` and `device`."""

    def states(self, device: str) -> Sequence[str]:
        """What a device can be: `open`, `closed` …; of `light:ROOM` too."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """``value``: a trigger or a condition; ``lead`` the word that led to it, `if` or `when`."""

    start: int
    end: int
    value: Any
    lead: str = ""


class Words:
    def __init__(self, text: str, language: str, world: Spoken) -> None:
        self.text, self.language, self.world = text, language, world
        self.left = _QUOTES.sub(lambda found: found[0][0] + QUOTED * len(found[1]) + found[0][-1], text)
        self.left = _ARGUMENTS.sub(lambda found: QUOTED * len(found[0]), self.left)
        self.found: list[Found] = []

    def take(self, start: int, end: int) -> None:
        self.left = self.left[:start] + GONE * (end - start) + self.left[end:]

    def add(self, start: int, end: int, value: Any, lead: str = "") -> None:
        self.take(start, end)
        self.found.append(Found(start=start, end=end, value=value, lead=lead.lower().strip()))

    def said(self, start: int, end: int) -> Said:
        return Said(self.text[start:end], language=self.language, world=self.world, at=start)

    def ask(self, about: str, en: str, zh: str, why: str = "missing", among: Iterable[str] = ()) -> Unclear:
        return Unclear(Question(about=about, text=zh if self.language == "zh" else en, why=why, among=tuple(among)))

    def contact(self, start: int, end: int) -> str:
        """Raises Unclear where it might be several, or nobody that is known."""
        found = names.people(self.said(start, end))
        if not found:
            said = self.text[start:end].strip()
            raise self.ask("contact", f"Who is “{said}”?", f"“{said}”是谁？", "unknown")
        if len(found) > 1:
            raise self.ask("contact", "Which of them?", "是其中哪一位？", "ambiguous", [each.things[0].names[0] for each in found])
        return names.one(found[0], "contact", self.said(start, end)).id

    def thing(self, kind: str, said: str) -> Thing | None:
        low = " ".join(said.casefold().split())
        return next((each for each in self.world.things(kind) if low in (one.casefold() for one in each.names)), None)


def alternatives(names_of: Mapping[str, str]) -> str:
    """The longest first, so that `living room` is not read as `room`."""
    return "|".join(re.escape(each).replace(r"\ ", r"\s+") for each in sorted(names_of, key=len, reverse=True)) or r"(?!)"


_CLASSES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "tv": (("television set", "television", "tv set", "tv", "telly"), ("电视机", "电视")),
    "washer": (("washing machine", "washer", "laundry", "washing"), ("洗衣机", "衣服")),
    "dryer": (("tumble dryer", "dryer"), ("烘干机",)),
    "dishwasher": (("dishwasher",), ("洗碗机",)),
    "window": (("windows", "window"), ("窗户", "窗子", "窗")),
    "door": (("front door", "door"), ("大门", "房门", "家门", "门")),
    "motion": (("motion", "movement"), ("动静", "移动")),
}  # fmt: skip
_CLASS = {
    "tv": re.compile(r"\b(?:tv|television)\b|电视", re.IGNORECASE), "washer": re.compile(r"washing machine|\bwasher\b|洗衣机", re.IGNORECASE),  # noqa: E501
    "dryer": re.compile(r"\bdryer\b|烘干", re.IGNORECASE), "dishwasher": re.compile(r"dishwasher|洗碗机", re.IGNORECASE),
    "window": re.compile(r"\bwindow|窗", re.IGNORECASE), "door": re.compile(r"\bdoor\b|(?<![家进出])门(?![厅铃])", re.IGNORECASE),
    "motion": re.compile(r"\bmotion\b|\bmovement\b|移动|动静", re.IGNORECASE),
}  # fmt: skip


def class_of(thing: Thing) -> str:
    return next((name for name, pattern in _CLASS.items() if any(pattern.search(each) for each in thing.names)), "")


def devices(world: Spoken, rooms: Mapping[str, str]) -> dict[str, str]:
    """What each may be called, by name: its own, and those of its class where it is the only one, there or in its room."""
    things = world.things("device")
    made = {name.casefold(): thing.id for thing in things for name in thing.names}
    for thing in things:
        kind = class_of(thing)
        if not kind:
            continue
        same = [each for each in things if class_of(each) == kind]
        english, chinese = _CLASSES[kind]
        if len(same) == 1:
            for word in (*english, *chinese):
                made.setdefault(word, thing.id)
        here = {room for name, room in rooms.items() for own in thing.names if name in own.casefold()}
        for name, room in rooms.items():
            if here == {room}:
                chosen = chinese if names.HAN.search(name) else english
                for word in chosen:
                    both = (
                        (f"{name}{word}", f"{name}的{word}", f"{name}里的{word}")
                        if chosen is chinese
                        else (f"{name} {word}", f"{word} in the {name}")
                    )
                    for each in both:
                        made.setdefault(each, thing.id)
    return made


STATES: Mapping[str, tuple[str, str]] = {
    "open": (r"(?:is |has been |gets |comes |been |left |stays |still )*(?:open(?:ed|s)?|ajar)", r"(?:被|一|还|仍|又|刚)*(?:打开|开)(?:了|着|起来)?"),  # noqa: E501
    "closed": (r"(?:is |has been |gets |been |stays )*(?:close[ds]?|shuts?)", r"(?:被|一|还|又|刚)*(?:关上|关掉|关好|关闭|关)(?:了|着)?"),
    "on": (r"(?:is |has been |gets |comes |goes |been |stays )*(?:(?:switched |turned |put )?on)", r"(?:被|一|还|又|刚)*(?:打开|开启|开|亮)(?:了|着|起来)?"),  # noqa: E501
    "off": (r"(?:is |has been |gets |goes |been |stays )*(?:(?:switched |turned |put )?off)", r"(?:被|一|还|又|刚)*(?:关上|关掉|关闭|关|熄|灭)(?:了|着)?"),  # noqa: E501
    "finished": (r"(?:is |has |gets |'s )*(?:finish(?:ed|es)?|done|over|through|ends?|completes?d?|ready|stop(?:s|ped)?)", r"(?:已经|一|都|刚)*(?:洗完|洗好|完成|结束|停|转完|好|完)(?:了)?"),  # noqa: E501
    "running": (r"(?:is |has |gets )*(?:running|going|start(?:s|ed)?|washing)", r"(?:正?在|一)*(?:运行|转|洗|开始|启动|工作)(?:了|着|衣服)?"),  # noqa: E501
    "detected": (r"(?:is |gets )*(?:detected|seen|noticed|sensed|picked up)", r"(?:被|一)*(?:检测到|发现|触发)(?:了)?"),
    "none": (r"(?:stops|has stopped|is gone|is over|ends)", r"(?:停|消失|没)(?:了)"),
}  # fmt: skip
"""How each state is said, in English and in Chinese."""


def state_patterns(states: Iterable[str], chinese: bool) -> str:
    return "|".join(f"(?P<s_{each}>{STATES[each][chinese]})" for each in states if each in STATES) or r"(?!)"


def state_of(found: re.Match[str]) -> str:
    return next(name[2:] for name, said in found.groupdict().items() if name.startswith("s_") and said is not None)
