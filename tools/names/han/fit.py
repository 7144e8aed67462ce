# SPDX-License-Identifier: Apache-2.0
"""Fits the judge's weights: logistic regression over candidates, on texts of `texts.py`.

    python tools/names/han/fit.py LAC_FOLDER TAGGED_NEWSPAPER MINGZI_DATA FOREIGN_NAMES OUT

Even lines of the newspaper are learned from, half of them with other names put in; odd lines are kept to measure on.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import texts
from comity.privacy.names.han_judge import FEATURES, candidates, weigh
from comity.privacy.names.han_lexicon import lexicon
from comity.privacy.names.han_reader import Reader

SEED = 7


def rows(reader: Reader, sentences: Iterable[texts.Sentence]) -> Iterator[tuple[list[float], bool]]:
    known = lexicon()
    for sentence in sentences:
        text = sentence.text[:200]
        plain = "".join(reader.plain.get(char, char) for char in text)
        belief = reader.read([text])[0]
        gold = set(sentence.names)
        for place in candidates(text, plain, belief, known):
            span = (place.start, place.end)
            if span not in gold and any(start < place.end and place.start < end for start, end in sentence.either):
                continue
            yield weigh(text, plain, belief, known, place), span in gold


def fit(inputs: Any, wanted: Any, *, steps: int = 40, ridge: float = 3.0) -> Any:
    """Newton's method."""
    weights = np.zeros(inputs.shape[1])
    for _ in range(steps):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (chance - wanted) + ridge * weights
        bend = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + ridge * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        weights -= step
        if np.abs(step).max() < 1e-5:
            break
    return weights


def corpus(newspaper: Path, today: Path, foreign: Path, reader: Reader) -> list[texts.Sentence]:
    dice = random.Random(SEED)
    wide = {narrow: wide for wide, narrow in reader.plain.items() if wide >= "\u4e00" and narrow >= "\u4e00"}
    names = texts.Names(texts.today(today), texts.foreign_names(foreign), dice)
    read = [each for each in list(texts.newspaper(newspaper))[::2] if dice.random() < (0.5 if each.names else 0.1)]
    out = [texts.renamed(each, names, dice, wide) if dice.random() < 0.5 else each for each in read]
    return out + list(texts.messages(Path(__file__).with_name("templates.txt"), names, dice, wide, len(out) // 2))


def main(argv: Sequence[str]) -> None:
    folder, newspaper, today, foreign, out = map(Path, argv)
    reader = Reader(folder)
    sentences = corpus(newspaper, today, foreign, reader)
    inputs, wanted = zip(*rows(reader, sentences), strict=True)
    table, labels = np.array(inputs), np.array(wanted, float)
    weights = fit(table, labels)
    Path(out).write_text("\n".join(f"{name} {value:.3f}" for name, value in zip(FEATURES, weights, strict=True)) + "\n", "utf-8")
    print(f"{len(sentences)} sentences, {len(labels)} candidates, {int(labels.sum())} names")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
