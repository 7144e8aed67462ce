# SPDX-License-Identifier: Apache-2.0
"""What hiding costs the answer: the local model is asked each question as it stands, and with what is personal hidden and brought back.

python -m benchmarks.answers                      raw, tags, surrogates
python -m benchmarks.answers --attack             and how often the hidden people are named
python -m benchmarks.answers --found-by rules     hides what the rules find, in place of all that is labelled personal
python -m benchmarks.answers --note               tags too with a note that says what they are

Answers are kept as they come (--out); a run that was stopped goes on where it was, and a second run only counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from benchmarks.answers import attack
from benchmarks.answers.hide import HERE, WAYS, Item, hidden, read
from benchmarks.answers.model import Answers, Prompt, local
from benchmarks.answers.score import Ratio, mean, ratio, score

TOKENS_MAX = 96  # a table of two rows ends before
PROMISED = 0.97
KINDS = ("qa", "extract", "summary")
NOTE = {
    "en": "Codes such as PERSON_1_K7QX4 or PHONE_2_K7QX4 stand for real names and numbers. Copy them exactly where they belong.\n\n",
    "zh": "PERSON_1_K7QX4、PHONE_2_K7QX4 这样的代码代表真实的姓名和号码，需要时请原样照抄。\n\n",
}
TOLD = "tags+note"


async def answered(answers: Answers, items: list[Item], arm: str, found_by: str) -> list[str]:
    if arm == "raw":
        return await answers.to([Prompt(item["prompt"], TOKENS_MAX) for item in items], arm)
    left = [hidden(item, item["prompt"], "tags" if arm == TOLD else arm, found_by) for item in items]
    notes = [NOTE[item["lang"]] if arm == TOLD else "" for item in items]
    said = await answers.to([Prompt(note + text, TOKENS_MAX) for note, (text, _) in zip(notes, left, strict=True)], arm)
    return [vault.restore(answer) for (_, vault), answer in zip(left, said, strict=True)]


def scores(items: list[Item], answers: list[str]) -> list[float]:
    return [score(answer, item["facts"]) for item, answer in zip(items, answers, strict=True)]


def compare(items: list[Item], raw: list[float], other: list[float], of: str) -> Ratio:
    kept = [place for place, item in enumerate(items) if of in ("all", item["lang"], item["kind"])]
    groups = [items[place]["id"].rpartition("-")[0] for place in kept]
    return ratio([other[place] for place in kept], [raw[place] for place in kept], groups=groups)


async def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.answers", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-instruct", help="a model of `comity models list` (%(default)s)")
    parser.add_argument("--out", type=Path, default=HERE.parent / "results" / "answers.jsonl", help="where answers are kept")
    parser.add_argument("--found-by", choices=("labels", "rules"), default="labels", help="what is hidden (%(default)s)")
    parser.add_argument("--limit", type=int, default=0, help="only every n-th item: does it run at all")
    parser.add_argument("--note", action="store_true", help="tags once more, with a note that says what they are")
    parser.add_argument("--attack", action="store_true", help="try to name the hidden too")
    parser.add_argument("--show", action="store_true", help="print each answer that lost or won by hiding")
    asked = parser.parse_args()
    items = (read(HERE / "en.jsonl") + read(HERE / "zh.jsonl"))[:: asked.limit or 1]
    arms = [*WAYS, *([TOLD] if asked.note else [])]
    async with local(asked.model) as ask:
        answers = Answers(asked.model, asked.out, ask)
        said = {way: await answered(answers, items, way, asked.found_by) for way in ("raw", *arms)}
        told = await attack.all_of(answers) if asked.attack else []
    points = {way: scores(items, texts) for way, texts in said.items()}
    print(f"{len(items)} items, {asked.model}, hidden by {asked.found_by}; facts kept: "
          + ", ".join(f"{way} {mean(values):.3f}" for way, values in points.items()))  # fmt: skip
    for way in arms:
        print(f"{way:10}  {compare(items, points['raw'], points[way], 'all')}  of the score on the raw text")
        print("            " + ", ".join(f"{of} {compare(items, points['raw'], points[way], of).value:.1%}" for of in ("en", "zh", *KINDS)))
    for each in told:
        print(f"attack {each.attack:8} {each.lang} {each.way:10}  named {each.rate}, chance {each.chance:.1%}, {each.people} people")
    if asked.show:
        for place, item in enumerate(items):
            if len({values[place] for values in points.values()}) > 1:
                print(json.dumps({"id": item["id"], "facts": item["facts"]} | {way: [points[way][place], said[way][place]] for way in said},
                                 ensure_ascii=False))  # fmt: skip
    return 0 if all(compare(items, points["raw"], points[way], "all").value >= PROMISED for way in WAYS) else 1


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
