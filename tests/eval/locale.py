# SPDX-License-Identifier: Apache-2.0
"""How many of the forms in `sets/locale.jsonl` the packs give, by area and by locale.

    python -m tests.eval.locale             figures of both halves
    python -m tests.eval.locale --misses    … and every miss of the half that is looked at

A form is right where it is one of those expected; a no-break space counts as a space.  Intervals are Wilson's at 95 %.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import defaultdict
from datetime import date, datetime
from math import sqrt
from pathlib import Path
from typing import Any

from comity.errors import ComityError
from comity.tasks.locale import Locale, locale_of

SET = Path(__file__).parent / "sets" / "locale.jsonl"


def formed(locale: Locale, area: str, given: dict[str, Any]) -> str:
    style = given.get("style", "")
    match area:
        case "number":
            form = {"decimal": locale.number, "percent": locale.percent, "compact": locale.compact, "ordinal": locale.ordinal}
            return form.get(style, locale.words)(given["value"])
        case "money":
            return locale.money(given["amount"], given["currency"], style)
        case "date":
            return locale.date(date.fromisoformat(given["iso"]), style)
        case "time":
            return locale.time(datetime.fromisoformat(given["iso"]).time(), style)
        case "lunar":
            return locale.lunar(date.fromisoformat(given["iso"]), style)
        case "unit":
            return locale.unit(given["value"], given["unit"], style)
        case "name":
            return locale.name(given["family"], given["given"])
        case "address":
            return locale.address(
                given["family"], given["given"], gender=given["gender"], title=given["title"], formality=given["formality"]
            )
        case "register":
            return locale.register(given["text"], given["to"])
        case "punctuation" | "quotes":
            return locale.punctuate(given["text"])
    return locale.script(given["text"])


def held(key: str) -> bool:
    return hashlib.sha256(key.encode()).digest()[0] % 2 == 1


def spaced(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


def wilson(right: int, n: int) -> tuple[float, float]:
    z, share = 1.96, right / n
    middle, width = share + z * z / (2 * n), z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - width) / (1 + z * z / n), (middle + width) / (1 + z * z / n)


def main() -> None:
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for line in SET.read_text(encoding="utf-8").splitlines()[1:]:
        item = json.loads(line)
        half = "held" if held(item["id"]) else "dev"
        expected = item["expected"] if isinstance(item["expected"], list) else [item["expected"]]
        try:
            said = formed(locale_of(item["locale"]), item["area"], item["given"])
        except (ComityError, KeyError, ValueError) as wrong:
            said = f"({type(wrong).__name__})"
        right = spaced(said) in map(spaced, expected)
        for row in (item["area"], item["locale"], "all"):
            counts[row, half][0] += right
            counts[row, half][1] += 1
        if not right and half == "dev" and "--misses" in sys.argv:
            print(item["id"], item["locale"], item["area"], item["given"], "said:", said, "expected:", expected[:4])
    print(f"{'':14}{'dev':>22}{'held':>26}")
    for row in dict.fromkeys(name for name, _ in sorted(counts)):
        cells = []
        for half in ("dev", "held"):
            right, n = counts.get((row, half), [0, 0])
            low, high = wilson(right, n) if n else (0.0, 0.0)
            cells.append(f"{right:3}/{n:<3} {100 * right / n if n else 0:5.1f} % [{100 * low:.0f}, {100 * high:.0f}]")
        print(f"{row:14}{cells[0]:>22}{cells[1]:>26}")


if __name__ == "__main__":
    main()
