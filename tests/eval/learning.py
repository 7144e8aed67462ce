# SPDX-License-Identifier: Apache-2.0
"""What a region gains by taking over a noised Gram matrix of others, and whether the noise holds what it claims.

    python -m tests.eval.learning DATA…      DATA: a wheel, zip or folder with MovieLens, as for `tests.eval.recommend`
    python -m tests.eval.learning --audit    the empirical privacy audit alone

Simulated in one process: people are rows of the data set, the sum is taken directly (that the secure sum is exact is tested elsewhere),
noise and its price are those of `comity.learning`.  One person in twenty is the importing region, all others the region that answers.
Of each importing person's touches one in five is held out for the test and one in five of the rest for validation; NDCG@10 as in
`tests.eval.recommend`.  Three recommenders (EASE) for the importing people: from their own touches, from everybody's, and from their own
with the noised matrix of the others over the items that they had most.  The share recovered is of the pooled gain, means over seeds 1 to 6;
ridge, list and weight are chosen on the
validation touches of seeds 7 to 9.  `oracle` is the same without noise: what clipping and the list alone cost.

The audit adds one person with every item to an empty region, or does not, many times, and guesses which it was from the answer, along the
direction that tells most.  The threshold is chosen on one half of the trials, epsilon bounded from below (Clopper and Pearson, 95 %) on the
other.  A bound above the claim means that the claim is false; two bugs are seeded to see that it is found.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from comity.learning.accounting import noise_for
from comity.learning.bundle import COHORT_MIN
from comity.learning.contribution import clipped
from comity.learning.importer import Verdict, judged
from comity.learning.noise import noised
from comity.learning.queries import SCALE, Gram
from comity.tasks.recommend.learn import Touch
from tests.eval.recommend import Data, Split, ndcg, read, split

SEEDS, TUNING = range(1, 7), (7, 8, 9)
DELTA, EPSILONS = 1e-6, (4.0, 8.0)
CLIP = 20
RIDGES = (5.0, 25.0, 100.0, 400.0)
LISTS = (200, 300)
WEIGHTS = (1.0, 3.0)  # of the others' matrix beside one's own; clipping took about two thirds of it
GOALS = {4.0: 0.25, 8.0: 0.5}
Matrix = Any


class Region(NamedTuple):
    """One seed: who imports, what they keep for the test and for validation, and everybody else's items."""

    test: Split
    valid: Split
    others: list[set[str]]
    index: dict[str, int]


def region(data: Data, seed: int) -> Region:
    touches = [Touch(person, item) for person, item, _ in data.ratings]
    people = sorted({touch.person for touch in touches})
    ours = {people[at] for at in np.random.default_rng(1000 + seed).permutation(len(people))[: len(people) // 20]}
    test = split([touch for touch in touches if touch.person in ours], seed, 5)
    theirs: dict[str, set[str]] = {}
    for touch in touches:
        if touch.person not in ours:
            theirs.setdefault(touch.person, set()).add(touch.item)
    items = sorted({touch.item for touch in touches})
    return Region(test, split(test.train, 100 + seed, 5), list(theirs.values()), {item: at for at, item in enumerate(items)})


def rows(train: list[Touch], index: dict[str, int]) -> Matrix:
    people = {person: at for at, person in enumerate(dict.fromkeys(touch.person for touch in train))}
    out = np.zeros((len(people), len(index)))
    for touch in train:
        out[people[touch.person], index[touch.item]] = 1
    return out


def gram(had: Matrix) -> Matrix:
    return had.T @ had


def ease(together: Matrix, ridge: float) -> Matrix:
    """Items that nobody had say nothing, and nothing is said of them."""
    seen = np.flatnonzero(np.diag(together))
    inverse = np.linalg.inv(together[np.ix_(seen, seen)] + ridge * np.eye(len(seen)))
    weights = np.zeros_like(together)
    weights[np.ix_(seen, seen)] = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights


def scores(weights: Matrix, index: dict[str, int], part: Split) -> Any:
    return ndcg(lambda had: had @ weights, index, part)


class Answer(NamedTuple):
    """A region's answer over a list of items, as the importer sees it; ``spread``: its noise, in people."""

    places: list[int]
    matrix: Matrix
    spread: float


def answers(where: Region, count: int, epsilon: float | None) -> Answer:
    """Over the items that the importing people had most.  No ``epsilon``: without noise."""
    own: dict[str, int] = {}
    for touch in where.valid.train:
        own[touch.item] = own.get(touch.item, 0) + 1
    listed = tuple(sorted(own, key=lambda item: (-own[item], item))[:count])
    query = Gram(name="together", pipeline="films", field="item", items=listed, clip=CLIP)
    total = np.zeros(query.length, dtype=np.uint64)
    for had in where.others:
        total += clipped(query, [{"item": item} for item in had])
    sigma = 0.0 if epsilon is None else noise_for(query, epsilon, DELTA)
    found = (noised(total, sigma) if sigma else total.astype(np.int64)) / SCALE
    whole = np.zeros((len(listed), len(listed)))
    whole[np.triu_indices(len(listed))] = found
    return Answer([where.index[item] for item in listed], whole + np.triu(whole, 1).T, sigma / SCALE)


def mended(answer: Answer) -> Matrix:
    """Without the directions that noise alone would make: those below what is expected of it."""
    values, vectors = np.linalg.eigh(answer.matrix)
    values[values < 2 * answer.spread * math.sqrt(len(values))] = 0.0
    return (vectors * values) @ vectors.T


def imported(own: Matrix, answer: Answer, weight: float) -> Matrix:
    together = gram(own)
    together[np.ix_(answer.places, answer.places)] += weight * mended(answer)
    return together


Tried = dict[tuple[float, ...], list[float]]
"""Figures of each setting, the ridge first."""


class Chosen(NamedTuple):
    local: float
    pooled: float
    imports: dict[float | None, tuple[int, float, float]]  # how many items, weight, ridge


def choose(data: Data) -> Chosen:
    """The best of each by its mean over the tuning seeds."""
    local: Tried = {}
    pooled: Tried = {}
    imports: dict[float | None, Tried] = {epsilon: {} for epsilon in (None, *EPSILONS)}
    for seed in TUNING:
        where = region(data, seed)
        own, others = rows(where.valid.train, where.index), everybody(where)
        for ridge in RIDGES:
            note(local, (ridge,), gram(own), where)
            note(pooled, (ridge,), gram(own) + gram(others), where)
        for epsilon, tried in imports.items():
            for count in LISTS:
                answer = answers(where, count, epsilon)
                for weight in WEIGHTS:
                    together = imported(own, answer, weight)
                    for ridge in RIDGES:
                        note(tried, (ridge, count, weight), together, where)
    found = {epsilon: best(tried) for epsilon, tried in imports.items()}
    return Chosen(
        best(local)[0], best(pooled)[0], {epsilon: (int(count), weight, ridge) for epsilon, (ridge, count, weight) in found.items()}
    )


def everybody(where: Region) -> Matrix:
    return np.array([[item in had for item in where.index] for had in where.others], dtype=float)


def note(tried: Tried, setting: tuple[float, ...], together: Matrix, where: Region) -> None:
    tried.setdefault(setting, []).append(float(scores(ease(together, setting[0]), where.index, where.valid).mean()))


def best(tried: Tried) -> tuple[float, ...]:
    return max(tried, key=lambda setting: statistics.mean(tried[setting]))


def recovered(data: Data) -> None:
    chosen = choose(data)
    print(f"\n{data.name} ({data.checked}); chosen on seeds {TUNING}: {chosen}")
    found: dict[str, list[Any]] = {}
    verdicts: dict[float, list[tuple[Verdict, float]]] = {epsilon: [] for epsilon in EPSILONS}
    for seed in SEEDS:
        where = region(data, seed)
        own, less = rows(where.test.train, where.index), rows(where.valid.train, where.index)
        others = everybody(where)
        local = scores(ease(gram(own), chosen.local), where.index, where.test)
        found.setdefault("own touches alone", []).append(local)
        found.setdefault("everybody's touches", []).append(scores(ease(gram(own) + gram(others), chosen.pooled), where.index, where.test))
        alone = scores(ease(gram(less), chosen.local), where.index, where.valid)
        for epsilon, (count, weight, ridge) in chosen.imports.items():
            answer = answers(where, count, epsilon)
            tested = scores(ease(imported(own, answer, weight), ridge), where.index, where.test)
            found.setdefault(f"epsilon {epsilon:g}" if epsilon else "oracle, no noise", []).append(tested)
            if epsilon:
                valid = scores(ease(imported(less, answer, weight), ridge), where.index, where.valid)
                verdicts[epsilon].append((judged(alone.tolist(), valid.tolist()), float((tested - local).mean())))
    people = len(found["own touches alone"][0])
    if len(where.others) < COHORT_MIN:
        print(f"  {len(where.others)} people answer: fewer than {COHORT_MIN}, so that Comity itself would release nothing of these")
    means = {name: [float(each.mean()) for each in each_seed] for name, each_seed in found.items()}
    low, high = statistics.mean(means["own touches alone"]), statistics.mean(means["everybody's touches"])
    for name, each_seed in means.items():
        mean = statistics.mean(each_seed)
        share = f"   {(mean - low) / (high - low):.2f} of the pooled gain"
        print(f"  {name:20} NDCG@10 {mean:.4f}   seeds {', '.join(f'{each:.4f}' for each in each_seed)}   {people} people each{share}")
    for epsilon, said in verdicts.items():
        accepted = [gain for verdict, gain in said if verdict.accepted]
        hurt = sum(gain < 0 for gain in accepted)
        print(f"  epsilon {epsilon:g}: accepted in {len(accepted)} of {len(said)} seeds; on the test {hurt} of those did worse")
        print("    on validation: " + "; ".join(str(verdict) for verdict, _ in said))


# -- the audit -------------------------------------------------------------------------------------------------------

AUDITED = Gram(name="audit", pipeline="audit", field="item", items=tuple("abcdefghij"), clip=2)
CONFIDENCE = 0.05


def beta(share: float, first: float, second: float) -> float:
    from scipy.stats import beta as distribution

    return float(distribution.ppf(share, first, second))


def bound(hits: int, false: int, trials: int, delta: float) -> float:
    """Epsilon is at least this, or one in twenty times we say so wrongly."""
    least = beta(CONFIDENCE / 2, hits, trials - hits + 1) if hits else 0.0
    most = beta(1 - CONFIDENCE / 2, false + 1, trials - false) if false < trials else 1.0
    return math.log((least - delta) / most) if least > delta else 0.0


def audited(epsilon: float, trials: int, *, noise: float = 1.0, clip: bool = True) -> float:
    """The lower bound; ``noise``, ``clip``: what is wrong on purpose."""
    sigma = noise_for(AUDITED, epsilon, DELTA)
    canary = clipped(AUDITED, [{"item": item} for item in AUDITED.items[: AUDITED.clip if clip else None]])
    if not clip:
        canary = np.where(canary > 0, SCALE, 0).astype(np.uint64)
    direction = canary / np.linalg.norm(canary.astype(float))

    def guesses(vector: Any) -> Any:
        drawn = noised(np.tile(vector, trials), sigma * noise).reshape(trials, len(vector))
        return drawn @ direction

    having, without = guesses(canary), guesses(np.zeros_like(canary))
    half = trials // 2
    thresholds = np.quantile(np.concatenate([having[:half], without[:half]]), np.linspace(0.01, 0.99, 99))

    def at(threshold: float, part: slice) -> float:
        return bound(int((having[part] > threshold).sum()), int((without[part] > threshold).sum()), half, DELTA)

    best = max(thresholds, key=lambda threshold: at(threshold, slice(0, half)))
    return at(best, slice(half, 2 * half))


def audit(epsilon: float = 4.0, trials: int = 8000) -> dict[str, float]:
    found = {
        "as it is": audited(epsilon, trials),
        "bug: a tenth of the noise": audited(epsilon, trials, noise=0.1),
        "bug: one device not clipped": audited(epsilon, trials, clip=False),
    }
    print(f"\naudit at epsilon {epsilon:g}, delta {DELTA:g}, {trials} trials with and without (simulated in one process)")
    for name, least in found.items():
        print(f"  {name:30} epsilon is at least {least:.2f}: {'the claim is false' if least > epsilon else 'the claim stands'}")
    return found


def main() -> int:
    said = argparse.ArgumentParser()
    said.add_argument("data", nargs="*", type=Path)
    said.add_argument("--audit", action="store_true")
    args = said.parse_args()
    seen = set()
    for where in args.data:
        for data in read(where):
            seen.add(data.name)
            recovered(data)
    for name in ("MovieLens 100k", "MovieLens 1M"):
        if args.data and name not in seen:
            print(f"\n{name}: NOT RUN, none of the paths given holds it")
    if args.data:
        print(f"\ngoals, on MovieLens 1M: {', '.join(f'{share:g} at epsilon {epsilon:g}' for epsilon, share in GOALS.items())}")
    if args.audit or not args.data:
        found = audit()
        return 0 if found["as it is"] <= 4.0 < min(found["bug: a tenth of the noise"], found["bug: one device not clipped"]) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
