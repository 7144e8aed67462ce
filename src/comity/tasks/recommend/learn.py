# SPDX-License-Identifier: Apache-2.0
"""Item factors from what many people did: EASE (Steck, WWW 2019), and neighbours by cosine (Sarwar et al., WWW 2001).

Both begin with how often two items were had by one person.  EASE asks how each item is best told from all others, by ridge regression in
closed form; neighbours asks only how often two go together.  What few people touched is left out: it could single somebody out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from comity.errors import CallerError
from comity.tasks.recommend.factors import Factors, Head, Method, arrays

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PEOPLE_MIN = 5
KEPT = 200  # weights for each item
RIDGE = 500.0
SHRINK = 20.0
ITEMS_AT_ONCE_MAX = 20_000  # a square of that many float32 takes 1.6 GB
PEOPLE_AT_ONCE = 1024


class Touch(NamedTuple):
    """That a person had to do with an item and did not dislike it."""

    person: str
    item: str
    context: str = ""


def ease(
    touches: Iterable[Touch], *, ridge: float = RIDGE, kept: int = KEPT, people_min: int = PEOPLE_MIN, learnt_from: str = ""
) -> Factors:
    """Raises CallerError where nothing can be learnt.  Takes the cube of the number of items: seconds for a few thousand."""
    np, gathered = arrays(), _gather(touches, people_min)
    together = gathered.together.astype(np.float64)
    together[np.diag_indices_from(together)] += ridge
    inverse = np.linalg.inv(together)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return _made("ease", gathered, weights, kept, learnt_from)


def neighbours(
    touches: Iterable[Touch], *, shrink: float = SHRINK, kept: int = KEPT, people_min: int = PEOPLE_MIN, learnt_from: str = ""
) -> Factors:
    """As `ease`, for more items or less time; weaker."""
    np, gathered = arrays(), _gather(touches, people_min)
    together = gathered.together.astype(np.float64)
    length = np.sqrt(np.diag(together))
    weights = together / (np.outer(length, length) + shrink)
    np.fill_diagonal(weights, 0.0)
    return _made("neighbours", gathered, weights, kept, learnt_from)


class _Gathered(NamedTuple):
    items: tuple[str, ...]
    people: int
    together: NDArray[np.float32]  # items x items: how many people had both
    contexts: tuple[str, ...]
    popular: NDArray[np.float32]


def _gather(touches: Iterable[Touch], people_min: int) -> _Gathered:
    np = arrays()
    pairs = {(touch.person, touch.item): touch.context for touch in touches}
    counts = Counter(item for _, item in pairs)
    items = tuple(sorted(item for item, count in counts.items() if count >= people_min))
    if not items:
        raise CallerError(f"no item was had by {people_min} people", hint="more events, or a lower `--people-min`", field="events")
    if len(items) > ITEMS_AT_ONCE_MAX:
        raise CallerError(
            f"{len(items)} items are more than the {ITEMS_AT_ONCE_MAX} that can be learnt at once",
            hint="leave out what few people touched: a higher `--people-min`", field="events",
        )  # fmt: skip
    index = {item: number for number, item in enumerate(items)}
    had: dict[str, list[int]] = {}
    for person, item in pairs:
        if item in index:
            had.setdefault(person, []).append(index[item])
    together = np.zeros((len(items), len(items)), dtype=np.float32)
    rows = list(had.values())
    for begin in range(0, len(rows), PEOPLE_AT_ONCE):
        some = rows[begin : begin + PEOPLE_AT_ONCE]
        block = np.zeros((len(some), len(items)), dtype=np.float32)
        for number, row in enumerate(some):
            block[number, row] = 1.0
        together += block.T @ block
    contexts, popular = _popularity(pairs, index, people_min)
    return _Gathered(items, len(rows), together, contexts, popular)


def _popularity(pairs: dict[tuple[str, str], str], index: dict[str, int], people_min: int) -> tuple[tuple[str, ...], Any]:
    """1 is the most popular item of a context; an item that fewer than ``people_min`` had in a context is not told of it."""
    np = arrays()
    people: dict[str, set[str]] = {}
    for (person, _), context in pairs.items():
        people.setdefault(context, set()).add(person)
    named = sorted((context for context in people if context and len(people[context]) >= people_min), key=lambda one: -len(people[one]))
    contexts = ("", *sorted(named[:63]))
    counts = np.zeros((len(contexts), len(index)), dtype=np.float32)
    rows = {context: number for number, context in enumerate(contexts)}
    for (_, item), context in pairs.items():
        if item in index:
            counts[0, index[item]] += 1
            if context in rows and context:
                counts[rows[context], index[item]] += 1
    counts[counts < people_min] = 0
    return contexts, counts / np.maximum(counts.max(axis=1, keepdims=True), 1)


def _made(method: Method, gathered: _Gathered, weights: NDArray[np.float64], kept: int, learnt_from: str) -> Factors:
    """Of each item the ``kept`` others that say most for or against it."""
    np = arrays()
    count = len(gathered.items)
    kept = min(kept, count)
    rows = np.argpartition(-np.abs(weights), kept - 1, axis=0)[:kept] if kept < count else np.tile(np.arange(count)[:, None], count)
    columns = np.tile(np.arange(count), (len(rows), 1))
    values = np.take_along_axis(weights, rows, axis=0).astype(np.float32)
    rows, columns, values = rows.ravel(), columns.ravel(), values.ravel()
    some = values != 0
    rows, columns, values = rows[some], columns[some], values[some]
    order = np.lexsort((columns, rows))
    begins = np.zeros(count + 1, dtype=np.int64)
    begins[1:] = np.cumsum(np.bincount(rows, minlength=count))
    head = Head(
        method=method, items=gathered.items, contexts=gathered.contexts, weights=len(order), learnt_from=learnt_from, people=gathered.people
    )
    return Factors(head, begins, columns[order].astype(np.int32), values[order], gathered.popular.astype(np.float32))
