# SPDX-License-Identifier: Apache-2.0
"""Fits the weights of `comity/privacy/names/latin_judge.py`: a ridge logistic regression over the words of the development halves.

    python tools/names/latin/fit.py WEIGHTS_DIRECTORY > src/comity/privacy/names/latin_weights.py

Read are `dev-*.jsonl` and the `dev` halves of `real-*.jsonl` and `own-*.jsonl` in tests/vectors/privacy; the `test` halves never.
Figures for what was held out, five folds by template or document, go to stderr.  Takes a minute on one core.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from comity.privacy.names.latin import LatinNames, all_lower, opinions
from comity.privacy.names.latin_judge import features, places_of, readable
from comity.privacy.names.latin_lexicon import lexicon
from comity.privacy.names.latin_words import words
from comity.privacy.normalise import view

VECTORS = Path(__file__).parents[3] / "tests" / "vectors" / "privacy"
Sample = tuple[str, float, dict[str, float], bool]
RIDGE, FOLDS = 1.0, 5
REAL_WEIGHS = 2.0  # real text and varied templates against the plain ones of `dev-*.jsonl`
OTHER_CASE_WEIGHS = 0.15  # each text is read in lower case and in capitals too
HEAD = '''# SPDX-License-Identifier: Apache-2.0
"""Weights of `latin_judge.features`.  Written by tools/names/latin/fit.py"""

WEIGHTS: dict[str, float] = {'''


def samples(finder: LatinNames) -> Iterator[Sample]:
    """(group, weight, features, is part of a name) of each word that anything speaks for."""
    for path in sorted(VECTORS.glob("*-*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            item: dict[str, Any] = json.loads(line)
            if item.get("half", "dev") != "dev":
                continue
            for text, counts in ((item["text"], 1.0), (item["text"].lower(), OTHER_CASE_WEIGHS), (item["text"].upper(), OTHER_CASE_WEIGHS)):
                if len(text) == len(item["text"]):
                    weigh = counts * (1.0 if path.stem.startswith("dev-") else REAL_WEIGHS)
                    yield from of_item(finder, item, text, weigh, path.stem)


def of_item(finder: LatinNames, item: dict[str, Any], text: str, weigh: float, source: str) -> Iterator[Sample]:
    reading = view(text)
    found = words(reading.text)
    seen = opinions(found, finder.reader.read(found), finder.bert.judge(reading.text))
    lower, places = all_lower(reading.text), places_of(found)
    gold = marks(item["text"], [each for each in item["spans"] if each["type"] == "PERSON"])
    either = marks(item["text"], item.get("optional", []))
    group = source + (item.get("template") or item.get("document") or item["id"])
    for at, word in enumerate(found):
        start, end = reading.span(word.start, word.end)
        said = features(found, seen, at, lexicon(), lower, places) if readable(word.text) else {}
        if said and sum(either[start:end]) * 2 < end - start:
            yield group, weigh, said, sum(gold[start:end]) * 2 >= end - start


def marks(text: str, spans: list[dict[str, Any]]) -> bytearray:
    out = bytearray(len(text))
    for span in spans:
        out[span["start"] : span["end"]] = b"\1" * (span["end"] - span["start"])
    return out


def fitted(x: Any, y: Any, weigh: Any) -> Any:
    beta = np.zeros(x.shape[1])
    for _ in range(50):  # Newton's method
        p = 1 / (1 + np.exp(-x @ beta))
        slope = x.T @ (weigh * (p - y)) + RIDGE * beta
        step = np.linalg.solve((x * (weigh * p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(beta)), slope)
        beta -= step
        if abs(step).max() < 1e-8:
            break
    return beta


def main(directory: str) -> None:
    groups, weigh, said, y = zip(*samples(LatinNames(Path(directory))), strict=True)
    names = list(said[0])
    x, target, weight = np.array([[each[name] for name in names] for each in said]), np.array(y, float), np.array(weigh)
    fold = np.array([zlib.crc32(group.encode()) % FOLDS for group in groups])
    held = np.zeros(len(y))
    for each in range(FOLDS):
        held[fold == each] = x[fold == each] @ fitted(x[fold != each], target[fold != each], weight[fold != each])
    right = float(((held > 0) & (target > 0)).sum())
    print(f"{len(y)} words; held out: P {right / (held > 0).sum():.3f} R {right / target.sum():.3f}", file=sys.stderr)
    print(HEAD)
    for name, value in zip(names, fitted(x, target, weight), strict=True):
        print(f'    "{name}": {value:.3f},')
    print("}")


main(sys.argv[1])
