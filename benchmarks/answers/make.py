# SPDX-License-Identifier: Apache-2.0
"""Make the questions of `benchmarks/answers.py` from the templates beside this file.

    python -m benchmarks.answers.make

A block is headed `=== id kind`; then the text, `? ` the question, and one line `= a | b` for each fact that a right answer holds (any of
the alternatives will do).  Places are filled as in tests/vectors/privacy/make.py; a value is the same wherever it carries the
same number.  Of a Latin name the first or the last word is enough.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from tests.vectors.privacy import made, make

HERE = Path(__file__).parent
TIMES = 3
_WORDS = {
    "day": "Tuesday Wednesday Thursday Saturday Sunday",
    "thing": "kettle lamp bicycle clock carpet teapot drill",
    "ill": "headache rash fever toothache",
    "town": "Lisbon Oslo Prague Dublin Vienna Athens",
    "sum": "£240 £1,150 £87 £615 £930",
    "day_zh": "周二 周三 周四 周六 周日",
    "thing_zh": "水壶 台灯 闹钟 茶壶 电钻 书架 风扇",
    "ill_zh": "头疼 发烧 牙疼 腹泻",
    "town_zh": "厦门 昆明 大连 成都 桂林 西安",
    "sum_zh": "240元 1150元 87元 615元 930元",
}
KINDS = made.KINDS | {name: ("", made.listed(words.split())) for name, words in _WORDS.items()}


def items(lang: str) -> Iterator[make.Item]:
    blocks = re.split(r"(?m)^(?==== )", (HERE / f"{lang}.txt").read_text(encoding="utf-8"))
    for block in blocks[1:]:
        head, *lines = block.strip().replace("\\n", "\n\x00").split("\n")
        _, name, kind = head.split(" ")
        asked = next(place for place, line in enumerate(lines) if line.startswith("? "))
        body = "\n".join(lines[:asked]).replace("\x00", "") + "\n\n" + lines[asked][2:]
        for turn in range(TIMES):
            key, kept = f"{lang}-{name}-{turn}", dict[str, tuple[str, str]]()
            rng = random.Random(key)
            text, marks = make.fill(body, rng, kept, KINDS)
            facts = [[form for part in line[2:].split(" | ") for form in forms(part, rng, kept)] for line in lines[asked + 1 :]]
            yield {"id": key, "lang": lang, "kind": kind, "prompt": text, "spans": marks["spans"], "facts": facts}


def forms(part: str, rng: random.Random, kept: dict[str, tuple[str, str]]) -> list[str]:
    said, marks = make.fill(part, rng, kept, KINDS)
    words = said.split()
    name = len(words) > 1 and any(mark["type"] == "PERSON" for mark in marks["spans"])
    return [said, words[0], words[-1]] if name else [said]


def main() -> None:
    for lang in ("en", "zh"):
        (HERE / f"{lang}.jsonl").write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items(lang)), encoding="utf-8")


if __name__ == "__main__":
    main()
