# SPDX-License-Identifier: Apache-2.0
"""Fits the judge: what stands beside names, and a small network over what `han_judge.weigh` knows of a candidate.

    python tools/names/han/fit.py WEIGHTS MINGZI_DATA FOREIGN_NAMES OUT

WEIGHTS        the folder that `comity models add names` fills
MINGZI_DATA    and FOREIGN_NAMES: as `lexicon.py` says

Learned from: `templates.txt` and `prose.txt` (CC0) with names put in, and the dev halves of `own-zh` and `real-zh` in
`tests/vectors/privacy` (licences in `SOURCES.md` there), as they are and with other names put in.  What stands beside names is
counted in one half of the templates and documents for the other, so that the network learns how far to trust it.
"""

from __future__ import annotations

import math
import random  # noqa: TID251  seeded: the same weights each time
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import texts

from comity.privacy.names.han import pieces
from comity.privacy.names.han_cues import RIGHT
from comity.privacy.names.han_judge import FEATURES, Context, candidates, weigh
from comity.privacy.names.han_lexicon import lexicon
from comity.privacy.names.han_reader import Reader
from comity.privacy.names.weights import opened

SEED = 7
HIDDEN = 12
EPOCHS = 20
DECAY = 1e-3  # what is made up is more alike than what people write: little may hang on any one thing
NETWORKS = 6  # their mean, which is one network as wide as all, depends less on the dice
MADE = {"templates.txt": 20, "prose.txt": 32}  # times that names are put in a line
READ = {"real-zh.jsonl": 12, "own-zh.jsonl": 4}  # … and in a passage
AS_IT_IS = 3  # times that a passage is read with its own
BESIDE_MIN = 4  # times seen beside a name or elsewhere, for an entry


def rows(reader: Reader, sentences: Iterable[texts.Sentence], context: Context) -> tuple[list[list[float]], list[bool]]:
    known = lexicon()
    inputs: list[list[float]] = []
    wanted: list[bool] = []
    for sentence in sentences:
        for offset, stop in pieces(sentence.text):
            text = sentence.text[offset:stop]
            plain = reader.simplify(text)
            belief = reader.read([text])[0]
            for place in candidates(text, plain, belief, known):
                span = (place.start + offset, place.end + offset)
                if span not in sentence.names and any(_allowed(sentence.text, either, span) for either in sentence.either):
                    continue
                inputs.append(weigh(text, plain, belief, known, context, place))
                wanted.append(span in sentence.names)
    return inputs, wanted


def _allowed(text: str, either: tuple[int, int], span: tuple[int, int]) -> bool:
    """Inside what is neither right nor wrong, or that with a title."""
    within = either[0] <= span[0] and span[1] <= either[1]
    return within or (span[0] == either[0] and RIGHT[0].fullmatch(text[either[1] : span[1]]) is not None)


def context_of(sentences: Iterable[texts.Sentence], reader: Reader) -> Context:
    beside = (Counter[str](), Counter[str]())
    anywhere: Counter[str] = Counter()
    for sentence in sentences:
        text = reader.simplify(sentence.text)
        anywhere.update(text[at : at + size] for at in range(len(text)) for size in (1, 2))
        anywhere[""] += 2
        for start, end in sentence.names:
            beside[0].update({text[max(0, start - 1) : start], text[max(0, start - 2) : start]})
            beside[1].update({text[end : end + 1], text[end : end + 2]})
    total = sum(count for chars, count in anywhere.items() if len(chars) == 1)
    tables = []
    for seen in beside:
        named = sum(count for chars, count in seen.items() if len(chars) < 2)
        table = {}
        for chars, count in anywhere.items():
            near, far = seen[chars], max(0, count - seen[chars])
            if near >= BESIDE_MIN or (len(chars) < 2 and far >= 100) or (len(chars) == 2 and far >= 400):
                ratio = math.log((near + 1) / (named + 1000)) - math.log((far + 40) / (total + 40_000))
                table[chars] = max(-4.0, min(4.0, round(ratio, 1)))
        tables.append(table)
    return Context(*tables)


def corpus(today: Path, foreign: Path, reader: Reader) -> list[texts.Sentence]:
    dice = random.Random(SEED)  # noqa: S311
    wide = {narrow: wide for wide, narrow in reader.simplified.items() if wide >= "\u4e00" and narrow >= "\u4e00"}
    names = texts.Names(texts.today(today), texts.foreign_names(foreign), dice)
    here = Path(__file__)
    out: list[texts.Sentence] = []
    for name, times in MADE.items():
        out += texts.made(here.with_name(name), names, dice, wide, times)
    for name, times in READ.items():
        for each in texts.passages(here.parents[3] / "tests/vectors/privacy" / name):
            out += [each] * AS_IT_IS
            out += [texts.renamed(each, names, dice, wide) for _ in range(times)]
    dice.shuffle(out)
    return out


def train(inputs: Any, wanted: Any, seed: int) -> list[Any]:
    """Adam, one hidden layer."""
    dice = np.random.default_rng(seed)
    width = inputs.shape[1]
    parts = [dice.normal(0, 0.3, (width, HIDDEN)), np.zeros(HIDDEN), dice.normal(0, 0.3, HIDDEN), np.zeros(1)]
    means, squares = ([np.zeros_like(part) for part in parts] for _ in "12")
    step = 0
    for epoch in range(EPOCHS):
        rate = 0.004 * (1 - epoch / EPOCHS) + 1e-5
        order = dice.permutation(len(wanted))
        for at in range(0, len(order), 256):
            batch = inputs[order[at : at + 256]]
            hidden = np.tanh(batch @ parts[0] + parts[1])
            error = (1 / (1 + np.exp(-np.clip(hidden @ parts[2] + parts[3], -30, 30))) - wanted[order[at : at + 256]]) / len(batch)
            back = error[:, None] * parts[2] * (1 - hidden**2)
            slopes = [batch.T @ back + DECAY * parts[0], back.sum(0), hidden.T @ error + DECAY * parts[2], error.sum(keepdims=True)]
            step += 1
            for part, mean, square, slope in zip(parts, means, squares, slopes, strict=True):
                mean += 0.1 * (slope - mean)
                square += 0.001 * (slope * slope - square)
                part -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return parts


def main(argv: Sequence[str]) -> None:
    folder, today, foreign, out = map(Path, argv)
    reader = Reader(opened("han", folder))
    sentences = corpus(today, foreign, reader)
    sources = frozenset(list(dict.fromkeys(each.source for each in sentences))[::2])
    halves = [each for each in sentences if each.source in sources], [each for each in sentences if each.source not in sources]
    inputs: list[list[float]] = []
    wanted: list[bool] = []
    for mine, others in (halves, halves[::-1]):
        more, names = rows(reader, mine, context_of(others, reader))
        inputs += more
        wanted += names
    table, labels = np.array(inputs, np.float32), np.array(wanted, np.float32)
    layers, shifts, lasts, biases = zip(*(train(table, labels, SEED + number) for number in range(NETWORKS)), strict=True)
    layer, shift, last = np.concatenate(layers, axis=1), np.concatenate(shifts), np.concatenate(lasts) / NETWORKS
    bias = float(np.mean(biases))
    context = context_of(sentences, reader)
    lines = [f"{name}\t" + " ".join(f"{value:.3f}" for value in row) for name, row in zip(FEATURES, layer, strict=True)]
    lines += [f"{name}\t" + " ".join(f"{value:.3f}" for value in row) for name, row in (("shift", shift), ("last", last), ("bias", [bias]))]
    for name, table in (("before", context.left), ("behind", context.right)):
        lines += [f"{name}\t" + " ".join(f"{chars}{value:g}" for chars, value in sorted(table.items()) if _plain(chars))]
    Path(out).write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(sentences)} sentences, {len(wanted)} candidates, {sum(wanted)} names")


def _plain(chars: str) -> bool:
    return not any(char.isspace() or char in "-.0123456789" for char in chars)


if __name__ == "__main__":
    main(sys.argv[1:])
