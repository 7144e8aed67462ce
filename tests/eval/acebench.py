# SPDX-License-Identifier: Apache-2.0
"""ACEBench, single function and irrelevant requests, English and Chinese: the function by code, its arguments by a model and code.

    python -m tests.eval.acebench FOLDER --model qwen2.5-coder-1.5b-instruct [--most N] [--replies FILE]

FOLDER has `en/` and `zh/` of the development part (MIT).  Replies are kept by the hash of what was asked, so a run goes on where it was.
The set is public: a model may have seen it.  All arguments are right when each equals the expected one, letter case, spaces and marks aside.
"""  # noqa: E501

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from comity.ports import SystemClock
from comity.tasks.assist.filling import Function, filled
from comity.tasks.assist.functions import best
from comity.tasks.task import Unreadable
from tests.eval.assist import Replies, half, interval

KINDS = ("normal_single_turn_single_function", "special_irrelevant")


def rows(folder: Path, language: str, kind: str) -> list[dict[str, Any]]:
    asked = [json.loads(line) for line in (folder / language / f"{kind}.json").read_text(encoding="utf-8").splitlines() if line]
    answers = [json.loads(line) for line in (folder / language / f"answer_{kind}.json").read_text(encoding="utf-8").splitlines() if line]
    return [each | {"truth": truth["ground_truth"]} for each, truth in zip(asked, answers, strict=True)]


def functions(row: Mapping[str, Any]) -> Sequence[Function]:
    return [Function(name=each["name"], says=each.get("description", ""), schema=each["parameters"]) for each in row["function"]]


def words_of(row: Mapping[str, Any]) -> str:
    return str(row["question"]).removeprefix("user:").strip()


def now_of(row: Mapping[str, Any]) -> datetime:
    found = re.search(r"(\d{4})年(\d{2})月(\d{2})日", row.get("time", ""))
    zone = SystemClock().now().tzinfo
    if found:
        return datetime(*map(int, found.groups()), 9, tzinfo=zone)  # type: ignore[misc, arg-type]
    told = re.search(r"is (\w+ \d+, \d{4})", row.get("time", ""))
    return datetime.strptime(told[1], "%B %d, %Y").replace(hour=9, tzinfo=zone) if told else SystemClock().now()


def same(want: Any, got: Any) -> bool:
    if isinstance(want, dict) and isinstance(got, dict):
        return want.keys() == got.keys() and all(same(one, got[name]) for name, one in want.items())
    if isinstance(want, list) and isinstance(got, list):
        return len(want) == len(got) and all(map(same, want, got))
    if isinstance(want, bool) or isinstance(got, bool):
        return want is got
    if isinstance(want, int | float) and isinstance(got, int | float):
        return abs(want - got) < 1e-9
    return _plain(want) == _plain(got)


def _plain(value: Any) -> str:
    return re.sub(r"[\W_]+", "", str(value).lower())


async def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="")
    parser.add_argument("--most", type=int, default=1000)
    parser.add_argument("--replies", type=Path, default=Path("build/eval/assist-replies.json"))
    args = parser.parse_args(arguments)
    replies = Replies(args.replies, args.model)
    try:
        for language in ("en", "zh"):
            await _irrelevant(args.folder, language)
            await _single(args.folder, language, replies, args.most)
    finally:
        await replies.aclose()
    return 0


async def _irrelevant(folder: Path, language: str) -> None:
    right: dict[str, list[bool]] = {"dev": [], "held": []}
    for row in rows(folder, language, KINDS[1]):
        right[half(f"{language}-{row['id']}")].append(best(functions(row), words_of(row), language) is None)
    for name, each in right.items():
        print(f"{language} irrelevant abstained {name:4} {interval(each)}")


async def _single(folder: Path, language: str, replies: Replies, most: int) -> None:
    actions: dict[str, list[bool]] = {"dev": [], "held": []}
    whole: dict[str, list[bool]] = {"dev": [], "held": []}
    for number, row in enumerate(rows(folder, language, KINDS[0])):
        part = half(f"{language}-{row['id']}")
        name, truth = next(iter(row["truth"].items()))
        chosen = best(functions(row), words_of(row), language)
        actions[part].append(chosen is not None and chosen.name == name)
        if number >= most or not replies.can:
            continue
        got: Any = None
        if chosen is not None:
            try:
                got = await filled(chosen, words_of(row), replies.ask, language=language, now=now_of(row))
            except Unreadable:
                got = None
        right = chosen is not None and chosen.name == name and same(truth, got)
        whole[part].append(right)
        if not right and part == "dev":
            print(
                f"miss {language}-{row['id']}\n  want {json.dumps(truth, ensure_ascii=False)}\n  got  {json.dumps(got, ensure_ascii=False)}",  # noqa: E501
                flush=True,
            )
    for part in ("dev", "held"):
        print(
            f"{language} single action {part:4} {interval(actions[part])}\n{language} single all arguments {part:4} {interval(whole[part])}",  # noqa: E501
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
