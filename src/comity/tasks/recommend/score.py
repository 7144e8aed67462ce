# SPDX-License-Identifier: Apache-2.0
"""From a person's events and a shelf to a list, each entry with what it rests on.

A score is a sum, and each part of it belongs to one event or to what is popular; so `why` is not told afterwards but is the sum itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from comity.tasks.recommend.factors import arrays
from comity.tasks.recommend.own import Own
from comity.tasks.recommend.shapes import Event, RecommendAsked, Recommendations, Recommended, Why
from comity.tasks.recommend.shelf import Shelf

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int64]
    Flags = NDArray[np.bool_]

POPULAR = 0.1  # points of the most popular item before the first event
TAGS, TAGS_ALONE = 0.05, 0.3  # points of equal tags, where the factors know both items and where they do not
POOL = 5  # times as many as asked are looked at for a list of unlike ones
TOLD_MAX = 8  # parts of a score that are told one by one
DAY_SECONDS = 86_400.0


def recommend(asked: RecommendAsked, *, own: Own, shelf: Shelf, now: datetime) -> Recommendations:
    """On this device, from ``own`` as it is now: what was forgotten a moment ago does not count.  Raises StorageFailure."""
    return listed(asked, own.events(), shelf, now)


def listed(asked: RecommendAsked, events: Sequence[Event], shelf: Shelf, now: datetime) -> Recommendations:
    """The pure part of `recommend`."""
    np = arrays()
    counted = [(event, weight) for event, weight in _weighed(events, asked.half_life_days, now) if weight]
    popular = shelf.popularity(asked.context) * POPULAR / (1.0 + sum(abs(weight) for _, weight in counted))
    said = _said(counted, shelf)
    own = np.bincount(said.of, weights=said.points, minlength=len(shelf.items)) + _by_tags(counted, shelf)
    open_to = np.ones(len(shelf.items), dtype=bool)
    if not asked.again:
        open_to[[shelf.index[event.item] for event in events if event.item in shelf.index]] = False
    scores = own + popular
    chosen = _chosen(asked, scores, open_to, shelf)
    whys = _whys(chosen, counted, said, popular, shelf) if asked.why else [()] * len(chosen)
    return Recommendations(
        items=tuple(
            Recommended(item=shelf.items[number].id, title=shelf.items[number].title, score=float(scores[number]), why=why)
            for number, why in zip(chosen, whys, strict=True)
        ),
        rests_on="events" if own.any() else "popularity",
        events=len(counted),
        factors=shelf.factors.sha256 if shelf.factors is not None else "",
    )


def _weighed(events: Sequence[Event], half_life_days: float, now: datetime) -> list[tuple[Event, float]]:
    """Each event's weight now; together those of one item weigh no more than 1, so that a song played daily is not all there is."""
    raw = []
    for event in events:
        age_days = max((now - event.at).total_seconds() / DAY_SECONDS, 0.0) if event.at is not None else 0.0
        raw.append(event.value * 0.5 ** (age_days / half_life_days))
    total: dict[str, float] = {}
    for event, weight in zip(events, raw, strict=True):
        total[event.item] = total.get(event.item, 0.0) + weight
    return [(event, weight / max(abs(total[event.item]), 1.0)) for event, weight in zip(events, raw, strict=True)]


class _Said(NamedTuple):
    """Through the factors: by which event, for which item (``of``), how much."""

    by: Numbers
    of: Numbers
    points: Floats


def _said(counted: Sequence[tuple[Event, float]], shelf: Shelf) -> _Said:
    np = arrays()
    by, of, says = shelf.by_factors([event.item for event, _ in counted])
    return _Said(by, of, np.array([weight for _, weight in counted])[by] * says if len(by) else says)


def _by_tags(counted: Sequence[tuple[Event, float]], shelf: Shelf) -> Floats:
    """Tags count for more where the factors know one of the two items not at all."""
    np = arrays()
    points: Floats = np.zeros(len(shelf.items))
    for known in (True, False):
        wanted: dict[str, float] = {}
        for event, weight in counted:
            number = shelf.index.get(event.item)
            if number is not None and bool(shelf.known[number]) is known:
                for tag, says in shelf.tags_of[number].items():
                    wanted[tag] = wanted.get(tag, 0.0) + weight * says
        points += shelf.by_tags(wanted) * (np.where(shelf.known, TAGS, TAGS_ALONE) if known else TAGS_ALONE)
    return points


def _chosen(asked: RecommendAsked, scores: Floats, open_to: Flags, shelf: Shelf) -> list[int]:
    """Best first; with ``diversity``, each next one is also unlike those before it (maximal marginal relevance)."""
    np = arrays()
    ranked = np.argsort(-scores, kind="stable")
    order: list[int] = ranked[open_to[ranked]].tolist()
    if not asked.diversity or not order:
        return order[: asked.count]
    pool = order[: POOL * asked.count]
    best, worst = scores[pool[0]], scores[pool[-1]]
    worth = {number: (scores[number] - worst) / ((best - worst) or 1.0) for number in pool}
    alike = dict.fromkeys(pool, 0.0)
    chosen: list[int] = []
    while pool and len(chosen) < asked.count:
        number = max(pool, key=lambda one: (1 - asked.diversity) * worth[one] - asked.diversity * alike[one])
        pool.remove(number)
        chosen.append(number)
        like = _alike(shelf, number)
        for other in pool:
            alike[other] = max(alike[other], float(like[other]))
    return chosen


def _alike(shelf: Shelf, number: int) -> Floats:
    """0 to 1, by tags; where there are none, by what the factors say."""
    np = arrays()
    if shelf.tags_of[number]:
        return shelf.by_tags(shelf.tags_of[number])
    alike: Floats = np.zeros(len(shelf.items))
    _, numbers, says = shelf.by_factors([shelf.items[number].id])
    if len(says) and says.max() > 0:
        alike[numbers] = np.maximum(says, 0.0) / says.max()
    return alike


def _whys(
    chosen: Sequence[int], counted: Sequence[tuple[Event, float]], said: _Said, popular: Floats, shelf: Shelf
) -> list[tuple[Why, ...]]:
    """Of each chosen item the parts of its score, the weightiest first, the least of many as one."""
    np = arrays()
    count = len(counted)
    weights = np.array([weight for _, weight in counted])
    others = np.array([shelf.index.get(event.item, -1) for event, _ in counted], dtype=np.int64)
    known = shelf.known[others] & (others >= 0) if len(shelf.items) else others >= 0
    tagged: dict[str, list[tuple[int, float]]] = {}
    for place, other in enumerate(others):
        for tag, says in shelf.tags_of[other].items() if other >= 0 else ():
            tagged.setdefault(tag, []).append((place, says))
    rows = {tag: (np.array([place for place, _ in found]), np.array([says for _, says in found])) for tag, found in tagged.items()}
    whys: list[tuple[Why, ...]] = []
    for number in chosen:
        mine = said.of == number
        parts = np.zeros(2 * count)  # through the factors, then through tags
        parts[:count] = np.bincount(said.by[mine], weights=said.points[mine], minlength=count)
        for tag, much in shelf.tags_of[number].items():
            if tag in rows:
                parts[count + rows[tag][0]] += much * rows[tag][1]
        parts[count:] *= weights * np.where(known & shelf.known[number], TAGS, TAGS_ALONE)
        whys.append(_ordered(parts, counted, float(popular[number]), number, shelf))
    return whys


def _ordered(parts: Floats, counted: Sequence[tuple[Event, float]], popular: float, number: int, shelf: Shelf) -> tuple[Why, ...]:
    np = arrays()
    count, sizes = len(counted), np.abs(parts)
    order = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
    whole = float(sizes.sum()) + abs(popular) or 1.0
    told = []
    for place in map(int, order[:TOLD_MAX]):
        points = float(parts[place])
        told.append(_why(points, abs(points) / whole, counted[place % count][0], place >= count, number, shelf))
    rest = order[TOLD_MAX:]
    if len(rest):
        told.append(Why(of="rest", points=float(parts[rest].sum()), share=float(sizes[rest].sum()) / whole, parts=len(rest)))
    if popular:
        told.append(Why(of="popular", points=popular, share=abs(popular) / whole))
    return tuple(told)


def _why(points: float, share: float, event: Event, of_tags: bool, number: int, shelf: Shelf) -> Why:
    other = shelf.index.get(event.item)
    title, tags = (shelf.items[other].title, shelf.tags_of[other]) if other is not None else ("", {})
    shared = tuple(sorted(shelf.tags_of[number].keys() & tags.keys())) if of_tags else ()
    kind: Literal["tags", "event"] = "tags" if of_tags else "event"
    return Why(of=kind, points=points, share=share, event=event.id, item=event.item, title=title, shared=shared)
