# SPDX-License-Identifier: Apache-2.0
"""How well intents are chosen from few examples, in English (CLINC150) and in Chinese.

    python -m tests.eval.intents clinc FOLDER    FOLDER holds data_small.json of github.com/clinc/oos-eval (CC BY 3.0)
    python -m tests.eval.intents zh [--misses]   tests/eval/sets/intents.zh.jsonl, of this project (CC0)
    … --folds                                    … and on left-out fifths of what there is to learn from: nothing is tested on
    … --confused                                 … and which intents are taken for which, of the half that is looked at
    … --both                                     vectors of two encoders behind each other (`comity models add multilingual-e5-and-use`)

Vectors are those of the device's own engine.  Nothing is chosen by what is reported: shrinkage, temperature and the bound of scope come
from the examples alone (`tasks/classify/calibrate.py`).  CLINC150 is public since 2019 and may be in the model's training data.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from comity.tasks.classify.chooser import Choice, Chooser, Label
from comity.tasks.task import Reply
from comity.wire.request import Request

SETS = Path(__file__).parent / "sets"
SEEDS = 5
RESAMPLES = 1000
FOLDS = 5
FIRM = ((0.1, 0.5), (0.3, 0.6), (0.4, 0.7))


class Device:
    """The engine itself, in this process; a text is looked at once."""

    def __init__(self, name: str) -> None:
        from comity.config import PathsConfig
        from comity.device.engines.vectors import load
        from comity.device.manifest import here, models_directory

        found = here(name, models_directory(PathsConfig()))
        assert found.model is not None
        self._name, self._sha256 = name, found.model.sha256
        self._engine = load({file: str(path) for file, path in found.files.items()}, {"threads": 1})
        self._known: dict[str, list[float]] = {}

    async def ask(self, request: Request) -> Reply:
        inputs: Sequence[str] = request.inputs  # type: ignore[attr-defined]
        new = [text for text in dict.fromkeys(inputs) if text not in self._known]
        if new:
            said: list[dict[str, Any]] = []
            self._engine.answer({"input": new}, lambda piece: bool(said.append(dict(piece))))
            self._known |= {text: entry["embedding"] for text, entry in zip(new, said[0]["data"], strict=True)}
        data = [{"index": index, "embedding": self._known[text]} for index, text in enumerate(inputs)]
        return Reply(body={"data": data}, model=self._name, sha256=self._sha256, deployment=self._name)


class Run(NamedTuple):
    """Of one head over one test part."""

    right: list[bool]  # of each in-scope text: its label is the best
    inside: list[float]  # of each in-scope text: how likely it is in scope
    outside: list[float]  # of each other
    kept: list[bool]  # of each in-scope text: it did not abstain
    refused: list[bool]  # of each other: it did
    best: list[tuple[str, ...]]  # of each in-scope text: labels, best first
    firm: list[tuple[float, float]]  # of each text and then of each other: margin, and how likely it is in scope


async def run(
    labels: Sequence[Label], outside: Sequence[str], texts: Sequence[tuple[str, str]], others: Sequence[str], device: Device
) -> Run:
    chooser = await Chooser.fit(labels, device.ask, outside=outside)
    chosen = await chooser.choose_all([text for text, _ in texts], device.ask)
    far = await chooser.choose_all(others, device.ask)
    return Run(
        [choice.label == intent for choice, (_, intent) in zip(chosen, texts, strict=True)],
        [scope(choice) for choice in chosen], [scope(choice) for choice in far],
        [not choice.abstained for choice in chosen], [choice.abstained for choice in far],
        [tuple(share.label for share in choice.shares) for choice in chosen],
        [(choice.margin, scope(choice)) for choice in (*chosen, *far)],
    )  # fmt: skip


def scope(choice: Choice) -> float:
    return choice.in_scope if choice.in_scope is not None else choice.sure


def auroc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """Of all pairs, how many are in order; equal ones count half."""
    near, far = np.asarray(inside), np.sort(np.asarray(outside))
    below, upto = np.searchsorted(far, near, "left"), np.searchsorted(far, near, "right")
    return float((below + upto).sum() / 2 / (len(near) * len(far)))


def wilson(k: float, n: int) -> tuple[float, float]:
    z, p = 1.96, k / n
    middle, half = (p + z * z / 2 / n), z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def report(name: str, runs: Sequence[Run]) -> None:
    """Over several draws of examples: means; 95 % intervals resample the test texts, or are Wilson's for one draw."""
    draw = np.random.default_rng(7)
    right, kept = np.mean([each.right for each in runs], axis=0), np.mean([each.kept for each in runs], axis=0)
    n, m = len(right), len(runs[0].outside)
    low, high = wilson(right.sum(), n) if len(runs) == 1 else _bounds([right[draw.integers(0, n, n)].mean() for _ in range(RESAMPLES)])
    areas = []
    for _ in range(RESAMPLES // 5):
        rows, far = draw.integers(0, n, n), draw.integers(0, m, m)
        areas.append(np.mean([auroc(np.asarray(each.inside)[rows], np.asarray(each.outside)[far]) for each in runs]))
    area, (area_low, area_high) = np.mean([auroc(each.inside, each.outside) for each in runs]), _bounds(areas)
    both = np.mean([np.mean(np.asarray(each.right)[np.asarray(each.kept)]) for each in runs])
    refused = np.mean([np.mean(each.refused) for each in runs])
    print(
        f"{name:36} n={n}+{m} draws={len(runs)}  accuracy {right.mean():.3f} [{low:.3f}, {high:.3f}]  "
        f"AUROC {area:.3f} [{area_low:.3f}, {area_high:.3f}]  | answered {kept.mean():.3f}, of those right {both:.3f}; "
        f"out of scope refused {refused:.3f}",
        flush=True,
    )


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))


def held(identity: str) -> bool:
    return hashlib.sha256(identity.encode()).digest()[0] % 2 == 1


async def clinc(folder: Path, device: Device, counts: Sequence[int]) -> None:
    data = json.loads((folder / "data_small.json").read_text(encoding="utf-8"))
    by_intent: dict[str, list[str]] = {}
    for text, intent in data["train"]:
        by_intent.setdefault(intent, []).append(text)
    texts, others = [tuple(each) for each in data["val"]], [text for text, _ in data["oos_val"]]
    known = [text for text, _ in data["oos_train"]]
    for count in counts:
        for names, outside in ((False, ()), (True, ()), (True, known)):
            runs = []
            for seed in range(SEEDS if count < 50 else 1):
                pick = random.Random(seed)
                labels = [
                    Label(id=intent, says=intent.replace("_", " ") if names else "", examples=tuple(pick.sample(found, count)))
                    for intent, found in by_intent.items()
                ]
                runs.append(await run(labels, outside, texts, others, device))
            report(f"clinc150 {count} each" + ", names" * names + (f", {len(outside)} outside" if outside else ""), runs)


def read(name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    head, *lines = (SETS / name).read_text(encoding="utf-8").splitlines()
    return json.loads(head), [json.loads(line) for line in lines]


def labels_of(names: Mapping[str, str], items: Sequence[dict[str, Any]]) -> list[Label]:
    return [
        Label(id=intent, says=name, examples=tuple(item["text"] for item in items if item["intent"] == intent))
        for intent, name in names.items()
    ]


def parted(items: Sequence[dict[str, Any]]) -> tuple[list[tuple[str, str]], list[str]]:
    """Texts with their intent, and those that have none."""
    return [(item["text"], item["intent"]) for item in items if item["intent"] != "oos"], [
        item["text"] for item in items if item["intent"] == "oos"
    ]


async def zh(asked: argparse.Namespace, device: Device) -> None:
    head, items = read("intents.zh.jsonl")
    few = [item for item in items if item["part"] == "train"]
    many = few + read("intents2.zh.jsonl")[1]
    for count, known in ((10, few), (20, many)):
        for outside in ((), tuple(parted(known)[1])):
            name = f"zh {count} each, {len(outside)} outside"
            for half in (False, True):
                part = [item for item in items if item["part"] == "test" and held(item["id"]) == half]
                texts, others = parted(part)
                runs = [await run(labels_of(head["intents"], known), outside, texts, others, device)]
                report(f"{name}, {'held' if half else 'dev'}", runs)
                for bounds in FIRM:
                    print(firmly(runs[0], *bounds))
                if not half:
                    told(texts, runs[0], asked)
            if asked.folds:
                report(f"{name}, left-out fifths", [await folded(head["intents"], known, bool(outside), device)])


def firmly(run: Run, margin: float, inside: float) -> str:
    """Of what is answered under stricter bounds, in scope or not, what is right."""
    right = [*run.right, *(False for _ in run.outside)]
    kept = [each for each, (ahead, scope) in zip(right, run.firm, strict=True) if ahead >= margin and scope >= inside]
    low, high = wilson(sum(kept), len(kept)) if kept else (0.0, 1.0)
    return f"  margin {margin}, in scope {inside}: {sum(kept)} right of {len(kept)} answered of {len(right)} [{low:.3f}, {high:.3f}]"


async def folded(names: Mapping[str, str], known: Sequence[dict[str, Any]], outside: bool, device: Device) -> Run:
    parts = []
    for fold in range(FOLDS):
        left = [item for at, item in enumerate(known) if at % FOLDS == fold]
        kept = [item for at, item in enumerate(known) if at % FOLDS != fold]
        parts.append(await run(labels_of(names, kept), parted(kept)[1] if outside else (), *parted(left), device))
    return Run(*(list(chain(*lists)) for lists in zip(*parts, strict=True)))


def told(texts: Sequence[tuple[str, str]], run: Run, asked: argparse.Namespace) -> None:
    wrong = [(intent, best[0], text) for (text, intent), best in zip(texts, run.best, strict=True) if best[0] != intent]
    if asked.misses:
        for intent, chosen, text in wrong:
            print("  miss", intent, "taken for", chosen, text)
    if asked.confused:
        near = sum(intent in best[:3] for (_, intent), best in zip(texts, run.best, strict=True))
        print(f"  among the best three: {near} of {len(texts)}")
        for (one, other), times in Counter(tuple(sorted((intent, chosen))) for intent, chosen, _ in wrong).most_common():
            print(f"  {times} between {one} and {other}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("clinc", "zh"))
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--misses", action="store_true", help="print what of the dev half was missed")
    parser.add_argument("--confused", action="store_true", help="print which intents of the dev half were taken for which")
    parser.add_argument("--folds", action="store_true", help="test on left-out fifths of the examples too")
    parser.add_argument("--both", action="store_true", help="vectors of two encoders")
    parser.add_argument("--counts", type=int, nargs="+", default=[5, 10, 20, 50], help="examples of each intent, of CLINC150")
    asked = parser.parse_args()
    device = Device("multilingual-e5-and-use" if asked.both else "multilingual-e5-small")
    asyncio.run(zh(asked, device) if asked.what == "zh" else clinc(asked.folder, device, asked.counts))


if __name__ == "__main__":
    main()
