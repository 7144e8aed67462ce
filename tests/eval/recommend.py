# SPDX-License-Identifier: Apache-2.0
"""How `comity.tasks.recommend` does on MovieLens and MovieTweetings, and how long it takes after one event.

    python -m tests.eval.recommend DATA…      DATA: a wheel, zip or folder that holds one of the data sets below
    python -m tests.eval.recommend --update   time of one event and the list after it

Protocol: every rating is one touch (`--liked`: ratings of 4 of 5 and more only); of each person's touches one in five, drawn by seed, is
held out; models learn from the rest; all items that the person did not touch in it are ranked, none sampled.  NDCG@10 with binary gain,
the mean over people with something held out, over seeds 1 to 3; its interval by bootstrap over people.  Ridge, shrinkage and how many
neighbours are chosen on a tenth of the training touches of seed 0, each model from its own grid.

Data sets are nobody's to hand on, so none is here.  What is published of them is a hash, and it is checked:
    MovieLens 100k   ml-100k.zip   md5 0e33842e24a9c977be4e0107933c0723, or its u.data, sha256 06416e59…
                     (RecBole's wheel has that file under a line of its own; without it the hash is the published one's)
    MovieLens 1M     ml-1m.zip     md5 c4d9eecfca2ab87c1945afe126590906
    MovieTweetings   ratings.dat   no hash is published; it grows
"""

from __future__ import annotations

import argparse
import hashlib
import io
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from comity.ports import SystemClock, SystemRandom
from comity.tasks.recommend import Event, Factors, Item, Own, RecommendAsked, Shelf, ease, neighbours, recommend
from comity.tasks.recommend.learn import Touch

ZIPS = {"0e33842e24a9c977be4e0107933c0723": "MovieLens 100k", "c4d9eecfca2ab87c1945afe126590906": "MovieLens 1M"}
U_DATA = "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490"
NAMES = ("u.data", "ml-100k.inter", "ml-1m.inter", "ratings.dat")
TOP, SEEDS = 10, (1, 2, 3)
EASE_GRID = [{"ridge": ridge} for ridge in (50.0, 100.0, 200.0, 400.0, 800.0, 1600.0)]
NEAR_GRID = [{"shrink": shrink, "kept": kept} for shrink in (0.0, 10.0, 50.0, 200.0) for kept in (20, 50, 100, 200, 400, 800, 1600)]


class Data(NamedTuple):
    name: str
    checked: str
    ratings: list[tuple[str, str, float]]  # person, item, rating of 5


def files(where: Path) -> Iterator[tuple[str, bytes, str]]:
    """(name, content, MD5 of the zip it was in)."""
    if where.is_dir():
        for path in sorted(where.rglob("*")):
            if path.suffix in (".zip", ".whl"):
                yield from files(path)
            elif path.name in NAMES:
                yield path.name, path.read_bytes(), ""
        return
    whole = where.read_bytes()
    yield from _inside(whole)


def _inside(whole: bytes) -> Iterator[tuple[str, bytes, str]]:
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        for member in opened.namelist():
            name = member.rsplit("/", 1)[-1]
            if name in NAMES:
                yield name, opened.read(member), hashlib.md5(whole, usedforsecurity=False).hexdigest()
            elif name in ("ml-1m.zip", "ml-100k.zip"):
                yield from _inside(opened.read(member))


def read(where: Path) -> Iterator[Data]:
    for name, content, md5 in files(where):
        if content.startswith(b"user_id:token"):
            content = content.partition(b"\n")[2]
        rows = [line.replace(b"::", b"\t").split(b"\t") for line in content.splitlines() if line]
        ratings = [(row[0].decode(), row[1].decode(), float(row[2])) for row in rows]
        checked = f"md5 {md5} as published" if md5 in ZIPS else ""
        if hashlib.sha256(content).hexdigest() == U_DATA:
            checked = "sha256 of u.data as published"
        people, highest = len({rating[0] for rating in ratings}), max(rating[2] for rating in ratings)
        title = {943: "MovieLens 100k", 6040: "MovieLens 1M"}.get(people, "MovieTweetings" if highest > 5 else name)
        if highest > 5:
            ratings = [(person, item, rating / 2) for person, item, rating in ratings]
        yield Data(title, checked or "NOT CHECKED: its hash is not one that is published", ratings)


class Split(NamedTuple):
    train: list[Touch]
    held: dict[str, set[str]]


def split(touches: list[Touch], seed: int, one_in: int) -> Split:
    dice = np.random.default_rng(seed)
    by_person: dict[str, list[Touch]] = {}
    for touch in touches:
        by_person.setdefault(touch.person, []).append(touch)
    train: list[Touch] = []
    held: dict[str, set[str]] = {}
    for person, theirs in by_person.items():
        order = dice.permutation(len(theirs))
        cut = len(theirs) // one_in
        train += [theirs[number] for number in order[cut:]]
        if cut:
            held[person] = {theirs[number].item for number in order[:cut]}
    return Split(train, held)


def ndcg(scores: Any, index: dict[str, int], part: Split) -> Any:
    """Of each person with something held out."""
    had: dict[str, list[int]] = {}
    for touch in part.train:
        had.setdefault(touch.person, []).append(index[touch.item])
    gains = 1 / np.log2(np.arange(2, TOP + 2))
    out = []
    people = list(part.held)
    for begin in range(0, len(people), 512):
        some = people[begin : begin + 512]
        rows = np.zeros((len(some), len(index)), dtype=np.float32)
        for number, person in enumerate(some):
            rows[number, had.get(person, [])] = 1
        ranked = scores(rows)
        ranked[rows > 0] = -np.inf
        best = np.argsort(-ranked, axis=1, kind="stable")[:, :TOP]
        for number, person in enumerate(some):
            wanted = {index[item] for item in part.held[person] if item in index}
            hits = np.array([one in wanted for one in best[number]])
            out.append(float((hits * gains).sum() / gains[: min(TOP, len(part.held[person]))].sum()))
    return np.array(out)


def dense(factors: Factors) -> Any:
    count = len(factors.head.items)
    whole = np.zeros((count, count), dtype=np.float32)
    places, others, weights = factors.says(range(count))
    whole[places, others] = weights
    return whole


def scored(factors: Factors, part: Split) -> Any:
    weights = dense(factors)
    return ndcg(lambda rows: rows @ weights, factors.index, part)


def best_of(make: Any, grid: list[dict[str, float]], part: Split) -> dict[str, float]:
    found = [(float(scored(make(part.train, people_min=1, **each), part).mean()), number) for number, each in enumerate(grid)]
    return grid[max(found)[1]]


def interval(values: Any) -> str:
    dice = np.random.default_rng(0)
    means = [float(values[dice.integers(0, len(values), len(values))].mean()) for _ in range(1000)]
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{values.mean():.4f} [{low:.4f}, {high:.4f}]"


def judge(data: Data, liked: bool, kept: list[int]) -> None:
    touches = [Touch(person, item) for person, item, rating in data.ratings if rating >= 4 or not liked]
    people, items = len({touch.person for touch in touches}), len({touch.item for touch in touches})
    print(f"\n{data.name}{', liked only' if liked else ''}: {len(touches)} touches, {people} people, {items} items ({data.checked})")
    tuning = split(split(touches, 0, 5).train, 0, 10)
    ridge, near = best_of(ease, EASE_GRID, tuning), best_of(neighbours, NEAR_GRID, tuning)
    print(f"  chosen on a validation split: EASE {ridge}, neighbours {near}")
    rows: dict[str, list[Any]] = {}
    for seed in SEEDS:
        part = split(touches, seed, 5)
        whole = ease(part.train, people_min=1, kept=items, **ridge)
        popular = whole.popularity("")
        rows.setdefault("popularity", []).append(ndcg(lambda rows, popular=popular: np.tile(popular, (len(rows), 1)), whole.index, part))
        rows.setdefault("neighbours", []).append(scored(neighbours(part.train, people_min=1, **near), part))
        rows.setdefault("EASE, whole", []).append(scored(whole, part))
        for few in kept:
            rows.setdefault(f"EASE, {few} weights an item", []).append(scored(ease(part.train, people_min=1, kept=few, **ridge), part))
    for name, found in rows.items():
        each = ", ".join(f"{one.mean():.4f}" for one in found)
        print(f"  {name:28} NDCG@{TOP} {interval(np.concatenate(found))}   seeds {each}   n = {len(found[0])} people")


def update(items: int, events: int, times: int) -> None:
    """The time from an event to the list after it, events on the disk; factors of random data of that size."""
    dice = np.random.default_rng(0)
    shelf_items = [Item(id=f"i{number}", title=f"Item {number}", tags=(f"t{number % 20}", f"u{number % 7}")) for number in range(items)]
    popular = dice.zipf(1.3, size=400_000) % items
    factors = ease([Touch(f"p{number // 80}", f"i{item}") for number, item in enumerate(popular)], people_min=5)
    shelf = Shelf(shelf_items, factors)
    with tempfile.TemporaryDirectory() as folder, Own(Path(folder) / "own.db", clock=SystemClock(), random=SystemRandom()) as own:
        own.add([Event(item=f"i{item}") for item in dice.integers(0, items, events)])
        kept, both, worked = [], [], []
        for item in dice.integers(0, items, times):
            begin, cpu = time.perf_counter(), time.process_time()
            own.add([Event(item=f"i{item}")])
            kept.append(time.perf_counter() - begin)
            recommend(RecommendAsked(count=10), own=own, shelf=shelf, now=datetime.now(UTC))
            both.append(time.perf_counter() - begin)
            worked.append(time.process_time() - cpu)
    print(f"{items} items ({len(factors.head.items)} with factors, {factors.head.weights} weights), {events} events before, {times} times")
    for name, found in (("one event kept", kept), ("kept and a list with reasons", both), ("… of which this process works", worked)):
        low, high = statistics.median(found) * 1000, statistics.quantiles(found, n=100)[98] * 1000
        print(f"  {name:30} median {low:.2f} ms, 99th percentile {high:.2f} ms")


def main() -> int:
    said = argparse.ArgumentParser()
    said.add_argument("data", nargs="*", type=Path)
    said.add_argument("--liked", action="store_true")
    said.add_argument("--update", action="store_true")
    said.add_argument("--kept", type=int, nargs="*", default=[100, 200])
    args = said.parse_args()
    if args.update:
        update(4000, 300, 200)
    seen = set()
    for where in args.data:
        for data in read(where):
            seen.add(data.name)
            judge(data, args.liked, args.kept)
    for name in ("MovieLens 100k", "MovieLens 1M", "MovieTweetings"):
        if not args.update and name not in seen:
            print(f"\n{name}: NOT RUN, none of the paths given holds it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
