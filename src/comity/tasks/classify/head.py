# SPDX-License-Identifier: Apache-2.0
"""A light head over frozen vectors: linear discriminants with a shared, shrunk covariance.  Closed form, no network, no training library.

1. vectors are moved to the examples' mean and made unit length
2. each label is its mean; one covariance around the means is shared, shrunk towards a ball (Friedman 1989)
3. a text is as near to a label as its log-likelihood says; the label is the nearest
4. how near it is to any label, less how near it is to all texts taken together, says whether it is in scope at all (relative
   Mahalanobis distance: Ren et al. 2021, "A Simple Fix to Mahalanobis Distance for Improving Near-OOD Detection")
5. where somebody says what is outside, how far it lies on the other side from those is added (two classes' linear discriminant)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from comity.tasks.vectors import arrays, unit

if TYPE_CHECKING:
    from comity.tasks.vectors import Floats, Numbers

SPREAD_MIN = 1e-3
"""Of unit vectors around their means, all directions together: where each label has one example there is nothing to measure."""
SPREAD_GUESSED = 0.6
"""So much of all texts' spread is taken for that around a label where each has one example alone."""


class Seen(NamedTuple):
    """Of texts, one row each.  ``likelihoods``: of each label, logarithms up to a constant; ``near``: to any label at all."""

    likelihoods: Floats
    near: Floats


class Head(NamedTuple):
    centre: Floats  # (d,)
    weights: Floats  # (labels, d)
    biases: Floats  # (labels,)
    bend: Floats  # (d, d), symmetric: half the difference of the two precisions
    away: Floats  # (d,): from what is said to be outside; zeros where nothing is

    def look(self, vectors: Floats) -> Seen:
        units = unit(vectors - self.centre)
        likelihoods = units @ self.weights.T + self.biases
        return Seen(likelihoods, likelihoods.max(axis=1) - ((units @ self.bend) * units).sum(axis=1) + units @ self.away)


def fit(vectors: Floats, labels: Numbers, *, shrinkage: float) -> Head:
    """``vectors``: (n, d); ``labels``: (n,), from 0 without a gap."""
    np = arrays()
    centre = vectors.mean(axis=0)
    units = unit(vectors - centre)
    count, size = int(labels.max()) + 1, units.shape[1]
    means = np.zeros((count, size))
    np.add.at(means, labels, units)
    means /= np.bincount(labels, minlength=count)[:, None]
    around = units - means[labels]
    whole = units.T @ units / len(units)
    within = around.T @ around / max(1, len(units) - count)
    if within.trace() < SPREAD_MIN:
        within = whole * SPREAD_GUESSED
    precision, of_all = _precision(within, shrinkage), _precision(whole, shrinkage)
    weights = means @ precision
    return Head(centre, weights, -0.5 * (weights * means).sum(axis=1), (precision - of_all) / 2, np.zeros(size))


def apart(inside: Floats, outside: Floats, *, shrinkage: float) -> Floats:
    """Of unit vectors: the direction that tells the two best, both spread alike around their means."""
    np = arrays()
    around = np.concatenate([inside - inside.mean(axis=0), outside - outside.mean(axis=0)])
    direction: Floats = _precision(around.T @ around / len(around), shrinkage) @ (inside.mean(axis=0) - outside.mean(axis=0))
    return direction


def by_names(vectors: Floats) -> Head:
    """Where nothing but one vector of each label is known: the nearest by angle, and nothing is said of scope."""
    np = arrays()
    count, size = vectors.shape
    return Head(np.zeros(size), unit(vectors), np.zeros(count), np.zeros((size, size)), np.zeros(size))


def _precision(covariance: Floats, shrinkage: float) -> Floats:
    np = arrays()
    size = len(covariance)
    ball = max(float(covariance.trace()), SPREAD_MIN) / size
    inverse: Floats = np.linalg.inv((1 - shrinkage) * covariance + shrinkage * ball * np.eye(size))
    return inverse
