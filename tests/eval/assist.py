# SPDX-License-Identifier: Apache-2.0
"""The assistant on its own sets: single requests, plans of several steps, wrong side effects.

    python -m tests.eval.assist [single plans] [--model qwen2.5-coder-1.5b-instruct] [--misses]

Without a model the words alone decide.  `--misses` prints those of the dev half.  A side effect is wrong when a plan would change what is
not expected to be, twice what is once, or on another condition: it would be done once the person confirms.  What changes part of what is
expected and asks nothing is done in part.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from comity.config import PathsConfig
from comity.device.answers import joined
from comity.device.fetch import checked
from comity.device.manifest import models_directory
from comity.device.runtime import Runtime
from comity.tasks.assist.choosing import Likeliest, ModelChooser
from comity.tasks.assist.everyday import everyday
from comity.tasks.assist.intents import Intents
from comity.tasks.assist.plan import Call, Plan, Thing, When
from comity.tasks.assist.planner import Planner
from comity.tasks.assist.reading.spans import span_of
from comity.tasks.task import Reply
from comity.wire.request import Request

SETS = Path(__file__).parent / "sets" / "assist"


def half(id_: str) -> str:
    return "held" if hashlib.sha256(id_.encode()).digest()[0] % 2 else "dev"


def interval(right: Sequence[bool]) -> str:
    """Of a share: n, and Wilson's interval at 95 %."""
    n, k, z = len(right), sum(right), 1.959964
    if not n:
        return "0 of 0"
    p, square = k / n, z * z
    middle, width = (p + square / (2 * n)) / (1 + square / n), z * ((p * (1 - p) + square / (4 * n)) / n) ** 0.5 / (1 + square / n)
    return f"{k} of {n}  {100 * p:.1f} % [{100 * (middle - width):.1f}, {100 * (middle + width):.1f}]"


class Replies:
    """A model on this machine, asked once for each thing: what it said is kept by the hash of what was asked."""

    def __init__(self, path: Path, model: str) -> None:
        self._path, self._model, self._runtime = path, model, None
        self._kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    @property
    def can(self) -> bool:
        return bool(self._model)

    async def ask(self, request: Request) -> Reply:
        body = msgspec.to_builtins(request)
        body.pop("model", None)
        key = hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
        if key not in self._kept:
            self._kept[key] = {"choices": (await self._said(body))["choices"]}
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(self._kept, ensure_ascii=False), encoding="utf-8")
        return Reply(body=self._kept[key], model=self._model)

    async def _said(self, body: Mapping[str, Any]) -> dict[str, Any]:
        if self._runtime is None:
            _, path = checked(self._model, models_directory(PathsConfig()))
            self._runtime = Runtime("text", {"model": path}, context_tokens=8192, slots=1, threads=1)  # type: ignore[assignment]
        pieces: list[Any] = []
        async for piece in self._runtime.ask({**body, "stream": True}):  # type: ignore[attr-defined]
            found = msgspec.json.decode(piece)
            pieces += found if isinstance(found, list) else [found]
        return joined(pieces)

    async def aclose(self) -> None:
        if self._runtime is not None:
            await self._runtime.aclose()


class SetWorld:
    def __init__(self) -> None:
        self._made: dict[str, Any] = json.loads((SETS / "world.json").read_text(encoding="utf-8"))

    def now(self) -> datetime:
        return datetime.fromisoformat(self._made["now"])

    def things(self, kind: str) -> Sequence[Thing]:
        return list(self._things(kind))

    def _things(self, kind: str) -> Iterator[Thing]:
        for each in self._made.get(f"{kind}s", ()):
            named = each.get("name") or each.get("title") or each.get("text")
            names = each.get("names") or [named, *each.get("aliases", ()), *each.get("also_called", ())]
            start = each.get("start") or each.get("at")
            yield Thing(
                id=each["id"], names=tuple(names), relations=tuple(each.get("relations", ())),
                start=datetime.fromisoformat(start) if start and "T" in start else None, people=tuple(each.get("with", ())),
                duration=span_of(each["duration"]) if "duration" in each else timedelta(0), place=each.get("place") or "",
            )  # fmt: skip


def items(name: str) -> Iterator[dict[str, Any]]:
    for line in (SETS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        each = json.loads(line)
        if "id" in each:
            yield each


# -- right or not, by the conventions of catalogue.json -----------------------------------------------------------------------


def same(want: Any, got: Any) -> bool:
    if isinstance(want, dict) and "accepted" in want:
        return any(_plain(one) == _plain(got) for one in want["accepted"])
    if isinstance(want, dict) and "contains" in want:
        low = str(got).lower()
        return all(any(one.lower() in low for one in (each if isinstance(each, list) else [each])) for each in want["contains"])
    if isinstance(want, list) and isinstance(got, list):
        return sorted(map(str, want)) == sorted(map(str, got))
    return bool(want == got)


def _plain(text: Any) -> str:
    return re.sub(r"[\s.。!！?？]+", "", str(text)).lower()


def is_call(want: Mapping[str, Any], call: Call) -> bool:
    values, may = call.values(), want.get("may", {})
    if want["intent"] != call.intent or any(name not in values or not same(one, values[name]) for name, one in want["arguments"].items()):
        return False
    return all(name in want["arguments"] or (name in may and same(may[name], one)) for name, one in values.items())


def are_calls(wanted: Sequence[Mapping[str, Any]], calls: Sequence[Call], intents: Intents) -> bool:
    left = list(calls)
    for want in wanted:
        found = next((call for call in left if is_call(want, call)), None)
        if found is None:
            return False
        left.remove(found)
    return all(intents.named(call.intent).reads_only for call in left)


def right(item: Mapping[str, Any], plan: Plan, intents: Intents) -> bool:
    if item["outcome"] != "done":
        return not plan.steps
    whens = [each for each in plan.steps if isinstance(each, When)]
    if not are_calls(item["expected"], [each for each in plan.steps if isinstance(each, Call)], intents):
        return False
    if "if" not in item:
        return not whens
    return len(whens) == 1 and _is_when(item["if"], whens[0], intents)


def _is_when(want: Mapping[str, Any], when: When, intents: Intents) -> bool:
    if not is_call(want, when.asks):
        return False
    then, otherwise = want.get("then", []), want.get("else", [])
    if isinstance(want["is"], bool) and when.holds == (not want["is"]):
        then, otherwise = otherwise, then
    elif when.holds != want["is"]:
        return False
    return are_calls(then, when.then, intents) and are_calls(otherwise, when.otherwise, intents)


def wrong_side_effect(item: Mapping[str, Any], plan: Plan, intents: Intents) -> bool:
    """Whether the world would be left otherwise than expected: by a change that is not wanted there, twice where once is wanted, in the
    other branch, or on another condition."""
    wanted, branches = list(item["expected"]), item.get("if") or {}
    if any(_too_much(wanted, [each], intents) for each in plan.steps if isinstance(each, Call)):
        return True
    for when in (each for each in plan.steps if isinstance(each, When)):
        then, otherwise = list(branches.get("then", ())), list(branches.get("else", ()))
        turned = isinstance(when.holds, bool) and branches.get("is") == (not when.holds)
        there = bool(branches) and is_call(branches, when.asks) and (turned or branches["is"] == when.holds)
        first, second = (otherwise, then) if turned else (then, otherwise)
        if _too_much(first if there else [], when.then, intents) or _too_much(second if there else [], when.otherwise, intents):
            return True
    return False


def _too_much(wanted: list[Any], calls: Sequence[Call], intents: Intents) -> bool:
    """Whether one of them changes what is not to be changed; those that are wanted are taken out of ``wanted``."""
    for call in calls:
        if intents.named(call.intent).reads_only:
            continue
        found = next((want for want in wanted if is_call(want, call)), None)
        if found is None:
            return True
        wanted.remove(found)
    return False


def in_part(item: Mapping[str, Any], plan: Plan, intents: Intents) -> bool:
    """Something would be changed, and rightly, but not all that was asked for: neither asked about nor left alone."""
    changes = any(not intents.named(call.intent).reads_only for call in plan.calls())
    return changes and not right(item, plan, intents) and not wrong_side_effect(item, plan, intents)


def told(plan: Plan) -> str:
    if plan.question is not None:
        return f"asks about {plan.question.about} ({plan.question.why}): {plan.question.text}"
    if not plan.steps:
        return f"abstains: {plan.unclear}"
    return json.dumps([{each.intent: each.values()} for each in plan.calls()], ensure_ascii=False)


async def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("sets", nargs="*", default=["single", "plans"])
    parser.add_argument("--model", default="")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--replies", type=Path, default=Path("build/eval/assist-replies.json"))
    args = parser.parse_args(arguments)
    intents, world, replies = everyday(), SetWorld(), Replies(args.replies, args.model)
    chooser = ModelChooser(replies.ask, intents) if args.model else Likeliest()
    planner = Planner(intents, world, chooser, region="CN")
    try:
        for name in args.sets:
            await _set(name, planner, intents, misses=args.misses)
    finally:
        await replies.aclose()
    return 0


async def _set(name: str, planner: Planner, intents: Intents, *, misses: bool) -> None:
    found: dict[tuple[str, str, str], list[bool]] = {}
    wrong: dict[tuple[str, str, str], int] = {}
    part: dict[tuple[str, str, str], int] = {}
    for item in items(name):
        plan = await planner.plan(item["turns"], item["language"])
        key = (
            name if item["expected"] or item["outcome"] != "abstain" or name != "single" else f"{name} irrelevant",
            item["language"],
            half(item["id"]),
        )
        good = right(item, plan, intents)
        found.setdefault(key, []).append(good)
        wrong[key] = wrong.get(key, 0) + wrong_side_effect(item, plan, intents)
        part[key] = part.get(key, 0) + in_part(item, plan, intents)
        if misses and not good and key[2] == "dev":
            print(f"miss {item['id']} {item['turns']}\n  {told(plan)}")
    for key in sorted(found):
        print(f"{' '.join(key):32} right {interval(found[key])}; wrong side effects {wrong[key]}; done in part {part[key]}", flush=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
