# SPDX-License-Identifier: Apache-2.0
"""Rules in plain words on their own set: what was read, what was asked about, and what was read wrongly without asking.

    python -m tests.eval.automate [--set automate.tune] [--misses]

`automate.tune` is wholly dev.  `--misses` prints those of the dev half.  A rule is wrong when it differs from the one expected and nothing was asked: it would be switched on
once the person confirms it.  A title looked for is right where it finds the same appointments.
"""  # noqa: E501

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from comity.tasks.assist.everyday import everyday
from comity.tasks.automate.reading.reader import Reading, read
from comity.tasks.automate.rule import Rule
from comity.tasks.automate.telling import Teller
from tests.eval.assist import SetWorld, half, interval

SET = Path(__file__).parent / "sets" / "automate.jsonl"


class SpokenWorld(SetWorld):
    def states(self, device: str) -> Sequence[str]:
        said = header()["vocabulary"]["states"]
        return tuple(said["light:ROOM" if device.startswith("light:") else device])


def header() -> Any:
    return json.loads(SET.read_text(encoding="utf-8").splitlines()[0])


def items(name: str = "automate") -> list[dict[str, Any]]:
    return [each for line in SET.with_name(f"{name}.jsonl").read_text(encoding="utf-8").splitlines() if "id" in (each := json.loads(line))]


def same(expected: Mapping[str, Any], rule: Rule, world: SpokenWorld) -> bool:
    got = msgspec.to_builtins(rule)
    return (
        _when(expected["when"], got["when"], world)
        and sorted(map(_key, expected["if"])) == sorted(map(_key, got.get("if", ())))
        and len(expected["then"]) == len(got["then"])
        and all(_action(one, other) for one, other in zip(expected["then"], got["then"], strict=True))
    )


def _key(value: Any) -> str:
    whole = (
        value
        if not isinstance(value, Mapping)
        else {name: int(each) if isinstance(each, float) and each == int(each) else each for name, each in value.items()}
    )  # noqa: E501, RUF100
    return json.dumps(whole, sort_keys=True)


def _when(expected: Mapping[str, Any], got: Mapping[str, Any], world: SpokenWorld) -> bool:
    one, other = dict(expected), dict(got)
    if one["trigger"] == "weather":  # left out, it is the day that it is looked at
        one.setdefault("day", "today")
        other.setdefault("day", "today")
        if "above" not in one and "below" not in one:
            other.pop("of", None)
    if one["trigger"] in ("calendar", "message_from"):
        a, b = one.pop("text", ""), other.pop("text", "")
        if one["trigger"] == "message_from" and a.casefold() != b.casefold():
            return False
        if one["trigger"] == "calendar" and bool(a) != bool(b):
            return False
        if one["trigger"] == "calendar" and _titled(a, world) != _titled(b, world):
            return False
    return _key(one) == _key(other)


def _titled(text: str, world: SpokenWorld) -> set[str]:
    return {each.id for each in world.things("event") if any(text.casefold() in name.casefold() for name in each.names)}


def _action(expected: Mapping[str, Any], got: Mapping[str, Any]) -> bool:
    if expected["intent"] != got["intent"]:
        return False
    wanted, may = dict(expected["arguments"]), dict(expected.get("may", {}))
    for name, value in got.get("arguments", {}).items():
        if name in wanted:
            if not _value(wanted.pop(name), value):
                return False
        elif name not in may or not _value(may[name], value):
            return False
    return not wanted


def _value(expected: Any, got: Any) -> bool:
    if isinstance(expected, Mapping) and "contains" in expected:
        low = str(got).casefold()
        return all(any(one.casefold() in low for one in ([each] if isinstance(each, str) else each)) for each in expected["contains"])
    if isinstance(expected, Mapping) and "accepted" in expected:
        return " ".join(str(got).casefold().strip(" .。!！").split()) in [each.casefold().strip(" .。!！") for each in expected["accepted"]]
    if isinstance(expected, list):
        return sorted(map(_key, expected)) == sorted(map(_key, got if isinstance(got, list) else [got]))
    return bool(expected == got)


async def judged(item: Mapping[str, Any], world: SpokenWorld) -> tuple[str, Reading, str]:
    """right, asked (where a rule was expected), wrong (where it would be switched on), and what became of the way there and back."""
    intents = everyday()
    reading = await read(item["text"], world=world, intents=intents, language=item["language"])
    if reading.rule is None:
        right = item["outcome"] != "rule"
        about = reading.question is not None and reading.question.about == item.get("asks_about")
        return ("right" if right and about else "right_other" if right else "asked"), reading, ""
    trips = []
    for language in ("en", "zh"):
        told = Teller(intents, world, language).told(reading.rule)
        again = await read(told, world=world, intents=intents, language=language)
        trips.append("" if again.rule == reading.rule else f"{language}: {told} -> {again.rule or again.question}")
    verdict = "right" if item["outcome"] == "rule" and same(item["rule"], reading.rule, world) else "wrong"
    return verdict, reading, "\n      ".join(each for each in trips if each)


async def main(args: argparse.Namespace) -> None:
    world = SpokenWorld()
    verdicts: dict[str, list[tuple[str, str, bool]]] = {"dev": [], "held": []}
    for item in items(args.set):
        verdict, reading, trips = await judged(item, world)
        part = "dev" if args.set == "automate.tune" else half(item["id"])
        verdicts[part].append((item["language"], verdict, not trips))
        if args.misses and part == "dev" and (verdict not in ("right",) or trips):
            print(f"{item['id']} {verdict}: {item['text']}\n   {reading.question or reading.rule}\n      {trips}")
    for name, rows in verdicts.items():
        if not rows:
            continue
        for language in ("en", "zh"):
            mine = [each for each in rows if each[0] == language]
            right = [each[1] in ("right", "right_other") for each in mine]
            wrong = sum(each[1] == "wrong" for each in mine)
            trip = [each[2] for each in mine if each[1] not in ("asked", "right_other")]
            about = sum(each[1] == "right_other" for each in mine)
            print(f"{name} {language}: right {interval(right)}; asked without need {sum(e[1] == 'asked' for e in mine)}; WRONG {wrong}; "
                  f"asked about something else {about}; there and back {interval(trip)}")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--set", choices=("automate", "automate.tune"), default="automate")
    parser.add_argument("--misses", action="store_true")
    asyncio.run(main(parser.parse_args()))
