# SPDX-License-Identifier: Apache-2.0
"""What a head's scores are worth, learned from the examples alone by leaving some out.

1. shrinkage: the value with which the most left-out examples are given their own label
2. temperature: the one under which the left-out examples' labels were likeliest; likelihoods of few examples are far too sure
3. how much it counts to lie away from what the caller says is outside: as much as tells left-out ones of both sides best
4. in scope or not: a logistic curve through what is near.  In scope: left-out examples of known labels.  Out of it: what the caller
   says is, and the examples of labels that were left out whole; those are harder than most of what people ask by mistake
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from comity.tasks.classify.head import Head, Seen, apart, fit
from comity.tasks.vectors import arrays, unit

if TYPE_CHECKING:
    from comity.tasks.vectors import Flags, Floats, Numbers

SHRINKAGES = (0.9, 0.75, 0.6, 0.45)  # the first wins where several do as well
FOLDS = 5
EXAMPLES_MIN = 20  # fewer left-out examples tell nothing
TEMPERATURES = tuple(1.25**power for power in range(0, 24))
GUESSED_TEMPERATURE = 12.0
STEPS = 40  # of Newton's method; it has two unknowns
SOFT = 1e-2  # how strongly the curve is kept from becoming a step where everything can be told apart
LEFT_OUT_WEIGHT = 0.5  # of labels left out whole, beside what the caller says is out of scope
AWAY = (0.0, 0.5, 1.0)  # spreads of lying away, beside one of being near; the first wins where several do as well
AWAY_SHRINKAGE = 0.9
OUTSIDE_MIN = 30  # from fewer nobody learns where outside is


class Calibration(NamedTuple):
    temperature: float
    slope: float  # of the logistic curve; 0 where too few examples could be left out, and then nothing is known of scope
    offset: float
    right: float  # share of left-out examples that were given their own label
    left_out: int


class Fitted(NamedTuple):
    head: Head
    shrinkage: float
    calibration: Calibration


def fitted(vectors: Floats, labels: Numbers, outside: Floats, said: Flags) -> Fitted:
    """``vectors``: (n, d); ``labels``: (n,); ``outside``: (m, d), may have no row; ``said``: (n,), which are what somebody said and not
    what a label is called: only they stand for what will be asked."""
    np = arrays()
    folds = np.where(said, _folds(labels), -1)
    inside = [number for number in range(len(labels)) if folds[number] >= 0]
    if len(inside) < EXAMPLES_MIN or labels.max() == 0:
        head = fit(vectors, labels, shrinkage=SHRINKAGES[0])
        return Fitted(head, SHRINKAGES[0], Calibration(GUESSED_TEMPERATURE, 0.0, 0.0, 0.0, len(inside)))
    tried = [(value, _left_out(vectors, labels, folds, value)) for value in SHRINKAGES]
    of = labels[inside]
    rights = [float((seen.likelihoods[inside].argmax(axis=1) == of).mean()) for _, seen in tried]
    best = int(np.argmax(rights))
    shrinkage, seen = tried[best]
    head = fit(vectors, labels, shrinkage=shrinkage)
    near, others = seen.near[inside], head.look(outside).near if len(outside) else np.zeros(0)
    if len(outside) >= OUTSIDE_MIN:
        head, near, others = _moved_away(head, vectors[inside], folds[inside], outside, near, others)
    far = [(others, 1.0)] if len(outside) else []
    strangers = _strangers(vectors, labels, said, shrinkage) if not head.away.any() else np.zeros(0)
    if len(strangers):
        far.append((strangers, LEFT_OUT_WEIGHT if far else 1.0))
    slope, offset = _curve(near, far) if far else (0.0, 0.0)
    calibration = Calibration(_temperature(seen.likelihoods[inside], of), slope, offset, rights[best], len(inside))
    return Fitted(head, shrinkage, calibration)


def _folds(labels: Numbers) -> Numbers:
    """Each label's examples dealt out in turn; -1 for a label's only one, which cannot be left out."""
    np = arrays()
    dealt: dict[int, int] = {}
    counts = np.bincount(labels)
    folds = []
    for label in labels.tolist():
        folds.append(dealt.get(label, 0) % FOLDS if counts[label] > 1 else -1)
        dealt[label] = dealt.get(label, 0) + 1
    found: Numbers = np.array(folds)
    return found


def _left_out(vectors: Floats, labels: Numbers, folds: Numbers, shrinkage: float) -> Seen:
    """Each example as a head sees it that was made without it."""
    np = arrays()
    likelihoods = np.full((len(labels), int(labels.max()) + 1), -np.inf)
    near = np.zeros(len(labels))
    for fold in range(FOLDS):
        out = folds == fold
        if out.any():
            seen = fit(vectors[~out], labels[~out], shrinkage=shrinkage).look(vectors[out])
            likelihoods[out], near[out] = seen
    return Seen(likelihoods, near)


def _strangers(vectors: Floats, labels: Numbers, said: Flags, shrinkage: float) -> Floats:
    """How near examples are to labels that are not theirs, where their own was left out whole."""
    np = arrays()
    found = []
    for group in range(FOLDS):
        out = labels % FOLDS == group
        kept = labels[~out]
        if (out & said).any() and len(set(kept.tolist())) > 1:
            renumbered = np.unique(kept, return_inverse=True)[1]
            found.append(fit(vectors[~out], renumbered, shrinkage=shrinkage).look(vectors[out & said]).near)
    near: Floats = np.concatenate(found) if found else np.zeros(0)
    return near


def _moved_away(head: Head, vectors: Floats, folds: Numbers, outside: Floats, near: Floats, others: Floats) -> tuple[Head, Floats, Floats]:
    """The head, and how near left-out ones of either side are to it.  Labels left out whole say nothing of such a head: to it their
    examples are what is inside."""
    np = arrays()
    ours, theirs = unit(vectors - head.centre), unit(outside - head.centre)
    turns = np.arange(len(theirs)) % FOLDS
    mine, foreign = np.zeros(len(ours)), np.zeros(len(theirs))
    for fold in range(FOLDS):
        direction = apart(ours[folds != fold], theirs[turns != fold], shrinkage=AWAY_SHRINKAGE)
        mine[folds == fold], foreign[turns == fold] = ours[folds == fold] @ direction, theirs[turns == fold] @ direction
    scale = np.concatenate([near, others]).std() / (np.concatenate([mine, foreign]).std() or 1.0)
    found = [_in_order(near + scale * much * mine, others + scale * much * foreign) for much in AWAY]
    much = scale * AWAY[int(np.argmax(found))]
    direction = apart(ours, theirs, shrinkage=AWAY_SHRINKAGE)
    return head._replace(away=much * direction), near + much * mine, others + much * foreign


def _in_order(inside: Floats, outside: Floats) -> float:
    """Share of all pairs."""
    np = arrays()
    return float(np.searchsorted(np.sort(outside), inside).mean())


def _temperature(likelihoods: Floats, labels: Numbers) -> float:
    np = arrays()
    losses = []
    other = 1 / (len(labels) + 2)  # Laplace's share of what has not been seen yet: nothing is certain after so few
    for temperature in TEMPERATURES:
        shares = log_shares(likelihoods, temperature)
        losses.append(-(1 - other) * shares[np.arange(len(labels)), labels].mean() - other * shares.mean())
    return TEMPERATURES[int(np.argmin(losses))]


def log_shares(likelihoods: Floats, temperature: float) -> Floats:
    """Logarithms of what each label has of 1; rows."""
    np = arrays()
    scaled = likelihoods / temperature
    top = scaled.max(axis=1, keepdims=True)
    shares: Floats = scaled - top - np.log(np.exp(scaled - top).sum(axis=1, keepdims=True))
    return shares


def _curve(near: Floats, far: list[tuple[Floats, float]]) -> tuple[float, float]:
    """Slope and offset; both sides weigh the same, whatever their number (Platt 1999, with the targets of Lin et al. 2007)."""
    np = arrays()
    scores = np.concatenate([near, *(each for each, _ in far)])
    total = sum(weight for _, weight in far)
    weights = np.concatenate([np.full(len(near), 0.5 / len(near)), *(np.full(len(each), 0.5 * w / total / len(each)) for each, w in far)])
    targets = np.concatenate([np.full(len(near), (len(near) + 1) / (len(near) + 2)), np.full(len(scores) - len(near), 1 / (len(near) + 2))])
    middle, spread = float(np.average(scores, weights=weights)), float(scores.std()) or 1.0
    x = np.stack([(scores - middle) / spread, np.ones(len(scores))])
    values = np.zeros(2)
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-np.clip(values @ x, -30, 30)))
        gradient = x @ (weights * (likely - targets)) + np.array([SOFT * values[0], 0])
        hessian = (x * (weights * likely * (1 - likely))) @ x.T + np.diag([SOFT, 1e-9])
        step = np.linalg.solve(hessian, gradient)
        values = values - np.clip(step, -2, 2)
        if abs(step).max() < 1e-9:
            break
    slope = max(float(values[0]), 0.0) / spread
    return slope, float(values[1]) - slope * middle
