# SPDX-License-Identifier: Apache-2.0
"""Fits what weighs the words of Latin names: the two columns that read the model's third layer, and the weights of
`latin_judge.features`.

    python tools/names/latin/fit.py WEIGHTS_DIRECTORY src/comity/privacy/names

First, by logistic regression, what the whole model would call a name is told from the third layer alone: it is the teacher, and no
label is needed.  Then one ridge regression weighs features, that telling among them, and the layer together, on the labels.

Read are `dev-*.jsonl` and the `dev` halves of `real-*.jsonl` and `own-*.jsonl` in tests/vectors/privacy, the English ones also with
other persons in them (`renamed.py`); the `test` halves never.  Figures for what was held out, five folds by template or document,
go to stderr.  Takes a minute or two on one core.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from renamed import renamed

from comity.privacy.names.latin import LatinNames, all_lower, opinions
from comity.privacy.names.latin_bert import DEEP, Bert, shortened
from comity.privacy.names.latin_judge import Seen, features, places_of, readable
from comity.privacy.names.latin_lexicon import lexicon
from comity.privacy.names.latin_onnx import part, session, widened
from comity.privacy.names.latin_words import words
from comity.privacy.names.weights import opened
from comity.privacy.normalise import view

VECTORS = Path(__file__).parents[3] / "tests" / "vectors" / "privacy"
RIDGE, RIDGE_TEACHER, RIDGE_LAYER, FOLDS = 1.0, 3.0, 150.0, 5
WEIGHS = {"dev": 1.0, "own": 2.0, "real": 2.0}  # real text and varied templates against the plain ones of `dev-*.jsonl`
NAMES = slice(1, 5)  # the model's labels: begin and inside of a given name, of a surname
OTHER_CASE_WEIGHS = 0.15  # each text is read in lower case and in capitals too
RENAMED_WEIGHS = 0.3
HEAD = '''# SPDX-License-Identifier: Apache-2.0
"""Weights of `latin_judge.features`.  Written by tools/names/latin/fit.py"""

WEIGHTS: dict[str, float] = {'''


class Text(NamedTuple):
    group: str
    source: str
    weigh: float
    same: bool  # in the case that it was written in
    lower: bool
    found: list[Any]
    seen: list[Seen]
    layer: Any  # of each word
    taught: Any  # the whole model's opinion of it
    labels: list[int]  # 1: part of a name; -1: either way, or not readable


class Whole(Bert):
    """Says all that is known at the third layer, and what the last one says of it."""

    def __init__(self, model: bytes, vocabulary: bytes) -> None:
        super().__init__(model, vocabulary)
        self._model = session(part(widened(model), [DEEP, "logits"]))

    def _ask(self, ids: Any) -> Any:
        layer, scores = self._known(ids, self._model)
        chances = np.exp(scores - scores.max(axis=-1, keepdims=True))
        of_names = chances[:, NAMES].sum(axis=-1) / chances.sum(axis=-1)
        return np.concatenate([layer, of_names[:, None]], axis=-1)[1:-1]


def items() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(VECTORS.glob("*-??.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            item: dict[str, Any] = json.loads(line)
            if item.get("half", "dev") == "dev":
                yield path.stem, item
                if path.stem.endswith("en"):
                    yield from ((path.stem, other) for other in renamed(item))


def texts(finder: LatinNames, whole: Whole) -> Iterator[Text]:
    for source, item in items():
        weigh = WEIGHS[source.split("-")[0]] * (RENAMED_WEIGHS if item.get("times") else 1.0)
        yield of_item(finder, whole, item, item["text"], weigh, source)
        for other in (item["text"].lower(), item["text"].upper()):
            if len(other) == len(item["text"]) and not item.get("times"):
                yield of_item(finder, whole, item, other, weigh * OTHER_CASE_WEIGHS, source)


def of_item(finder: LatinNames, whole: Whole, item: dict[str, Any], text: str, weigh: float, source: str) -> Text:
    reading = view(text)
    found = words(reading.text)
    pieces = shortened(reading.text, whole._words.of(reading.text))
    known = [each for _, _, own in whole.windows(pieces) for each in own]
    layer, count, at = np.zeros((len(found), len(known[0]) if known else 1), np.float32), np.zeros(len(found)), 0
    for each, start, end in zip(known, pieces.starts, pieces.ends, strict=True):
        while at < len(found) and found[at].end <= start:
            at += 1
        if at < len(found) and found[at].start < end:
            layer[at] += each
            count[at] += 1
    layer /= np.maximum(1, count)[:, None]
    gold = marks(item["text"], [each for each in item["spans"] if each["type"] == "PERSON"])
    either = marks(item["text"], item.get("optional", []))
    labels = []
    for word in found:
        start, end = reading.span(word.start, word.end)
        if not readable(word.text) or sum(either[start:end]) * 2 >= end - start:
            labels.append(-1)
        else:
            labels.append(int(sum(gold[start:end]) * 2 >= end - start))
    seen = opinions(found, finder.reader.read(found), iter(()))
    group = source + (item.get("template") or item.get("document") or item["id"])
    return Text(group, source, weigh, text == item["text"], all_lower(reading.text), found, seen, layer[:, :-1], layer[:, -1], labels)


def marks(text: str, spans: list[dict[str, Any]]) -> bytearray:
    out = bytearray(len(text))
    for span in spans:
        out[span["start"] : span["end"]] = b"\1" * (span["end"] - span["start"])
    return out


def fitted(x: Any, y: Any, weigh: Any, ridge: Any) -> Any:
    beta = np.zeros(x.shape[1])
    for _ in range(50):  # Newton's method
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        slope = x.T @ (weigh * (p - y)) + ridge * beta
        step = np.linalg.solve((x * (weigh * p * (1 - p))[:, None]).T @ x + np.diag(ridge), slope)
        beta -= step
        if abs(step).max() < 1e-5:
            break
    return beta


def taught(read: list[Text]) -> Any:
    """From the layer to what the whole model says."""
    rows = [(text, at) for text in read if text.same for at, label in enumerate(text.labels) if label >= 0]
    x = np.array([np.append(text.layer[at], 1) for text, at in rows])
    y = np.array([text.taught[at] for text, at in rows], float)
    column = fitted(x, y, np.ones(len(y)), np.full(x.shape[1], RIDGE_TEACHER))
    told = 1 / (1 + np.exp(-x @ column))
    print(f"teacher: {len(y)} words, of {((told > 0.5) == (y > 0.5)).mean():.3f} the same is said", file=sys.stderr)
    return column


def main(directory: str, out: str) -> None:
    held = opened("latin", Path(directory))
    finder = LatinNames(Path(directory))
    read = list(texts(finder, Whole(held["bert"], held["pieces"])))
    column = taught(read)
    said, layers, target, weight, fold, source, same = [], [], [], [], [], [], []
    for text in read:
        told = 1 / (1 + np.exp(-np.clip(text.layer @ column[:-1] + column[-1], -30, 30)))
        seen = [each._replace(name=float(name)) for each, name in zip(text.seen, told, strict=True)]
        places = places_of(text.found)
        for at, label in enumerate(text.labels):
            each = features(text.found, seen, at, lexicon(), text.lower, places) if label >= 0 else {}
            if each:
                said.append(each)
                layers.append(text.layer[at])
                target.append(float(label))
                weight.append(text.weigh)
                fold.append(zlib.crc32(text.group.encode()) % FOLDS)
                source.append(text.source)
                same.append(text.same and text.weigh >= RENAMED_WEIGHS and "en" in text.source)
    names = list(said[0])
    x = np.concatenate([np.array([list(each.values()) for each in said]), np.array(layers)], axis=1)
    ridge = np.append(np.full(len(names), RIDGE), np.full(x.shape[1] - len(names), RIDGE_LAYER))
    y, weigh, folds = np.array(target), np.array(weight), np.array(fold)
    held_out = np.zeros(len(y))
    for each in range(FOLDS):
        held_out[folds == each] = x[folds == each] @ fitted(x[folds != each], y[folds != each], weigh[folds != each], ridge)
    for name in sorted(set(source)):
        of_it = (np.array(source) == name) & np.array(same)
        right = float(((held_out > 0) & (y > 0) & of_it).sum())
        if right:
            print(f"{name}, held out: P {right / ((held_out > 0) & of_it).sum():.3f} R {right / y[of_it].sum():.3f}", file=sys.stderr)
    beta = fitted(x, y, weigh, ridge)
    lines = [f'    "{name}": {value:.3f},' for name, value in zip(names, beta, strict=False)]
    (Path(out) / "latin_weights.py").write_text("\n".join([HEAD, *lines, "}", ""]), encoding="ascii")
    rows = column, np.append(beta[len(names) :], 0)
    numbers = [" ".join(f"{value:.4f}" for value in row) for row in rows]
    head = "# Written by tools/names/latin/fit.py: what the third layer says of a name, and what it adds for the judge."
    (Path(out) / "latin_fitted.txt").write_text("\n".join([head, *numbers, ""]), encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
