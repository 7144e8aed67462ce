# SPDX-License-Identifier: Apache-2.0
"""A plan and what came of it, in plain words of the user's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from comity.tasks.assist.intents import Intents
from comity.tasks.assist.plan import Argument, Call, Plan, When, World

_WORDS = {
    "en": {"if": "if {asks} is {holds}:", "else": "otherwise:", "nothing": "nothing", "none": "I can't do that: nothing here does it.", "true": "yes", "false": "no"},  # noqa: E501
    "zh": {"if": "如果{asks}的结果是{holds}：", "else": "否则：", "nothing": "什么都不做", "none": "这件事我做不了。", "true": "是", "false": "否"},  # noqa: E501
}  # fmt: skip
_DAYS = {"en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日")}


def lines(plan: Plan, intents: Intents, world: World) -> Iterator[str]:
    words = _WORDS.get(plan.language, _WORDS["en"])
    if plan.question is not None:
        yield plan.question.text
    elif plan.abstained or not plan.steps:
        yield words["none"] if plan.abstained else words["nothing"]
    for number, step in enumerate(plan.steps, 1):
        if isinstance(step, Call):
            yield f"{number}. {one(step, intents, world, plan.language)}"
        else:
            yield from _when(number, step, intents, world, plan.language)


def _when(number: int, step: When, intents: Intents, world: World, language: str) -> Iterator[str]:
    words = _WORDS.get(language, _WORDS["en"])
    holds = (
        words["true" if step.holds else "false"] if isinstance(step.holds, bool) else " ".join(f"{k} {v}" for k, v in step.holds.items())
    )
    yield f"{number}. " + words["if"].format(asks=one(step.asks, intents, world, language), holds=holds)
    for call in step.then:
        yield f"   - {one(call, intents, world, language)}"
    if step.otherwise:
        yield f"   {words['else']}"
        for call in step.otherwise:
            yield f"   - {one(call, intents, world, language)}"


def one(call: Call, intents: Intents, world: World, language: str) -> str:
    intent = intents.named(call.intent)
    kinds = {each.name: each.kind for each in intent.parameters}
    said = ", ".join(f"{name} {_value(kinds.get(name, ''), argument, world, language)}" for name, argument in call.arguments.items())
    return f"{intent.telling(language).rstrip('.。')}" + (f": {said}" if said else "")


def _value(kind: str, argument: Argument, world: World, language: str) -> str:
    value = argument.value
    every: Sequence[Any] = value if isinstance(value, list) else [value]
    if kind == "datetime" and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        days = _DAYS.get(language, _DAYS["en"])
        return f"{days[moment.weekday()]} {moment:%Y-%m-%d %H:%M}"
    if kind in ("contact", "event", "reminder", "note", "place"):
        names = {thing.id: thing.names[0] for thing in world.things(kind)}
        return ", ".join(names.get(str(each), str(each)) for each in every)
    if isinstance(value, Mapping):
        return " ".join(str(each) for each in value.values())
    return ", ".join(str(each) for each in every)
