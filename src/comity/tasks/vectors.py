# SPDX-License-Identifier: Apache-2.0
"""Texts as vectors, from the one place that a task was given to ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from comity.errors import OperatorError
from comity.tasks.task import Ask, Unreadable
from comity.wire.embeddings import EmbeddingsRequest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int64]
    Flags = NDArray[np.bool_]

TEXTS_AT_ONCE = 64
"""Of one request: a small machine answers so many within seconds."""


class Maker(NamedTuple):
    """Vectors of two makers cannot be compared.  ``sha256`` is "" of a partner's model: then its name must do."""

    model: str
    sha256: str


class Vectors(NamedTuple):
    rows: Floats  # (texts, d), of length 1
    by: Maker


async def vectors_of(texts: Sequence[str], ask: Ask) -> Vectors:
    """All texts are asked for alike (as what is compared with each other).  Raises ComityError; Unreadable for what are no vectors of one
    model."""
    np = arrays()
    rows: list[Any] = []
    makers: set[Maker] = set()
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        batch = tuple(text if text.strip() else "-" for text in texts[start : start + TEXTS_AT_ONCE])
        reply = await ask(EmbeddingsRequest(input=batch))
        makers.add(Maker(reply.model, reply.sha256))
        rows += _read(reply.body.get("data"), len(batch))
    if len(makers) != 1 or len({len(row) for row in rows}) != 1:
        raise Unreadable("not of one model")
    try:
        made = np.array(rows, dtype=np.float64)
    except (TypeError, ValueError):
        raise Unreadable("no vectors") from None
    if not np.isfinite(made).all() or not made.size:
        raise Unreadable("no vectors")
    return Vectors(unit(made), makers.pop())


def _read(data: Any, count: int) -> list[Any]:
    """In the order asked.  Raises Unreadable."""
    try:
        ordered = sorted(data, key=lambda entry: entry["index"])
        rows = [list(entry["embedding"]) for entry in ordered]
        numbers = [entry["index"] for entry in ordered]
    except (TypeError, KeyError, AttributeError):
        raise Unreadable("no vectors") from None
    if numbers != list(range(count)) or not all(isinstance(each, int | float) for row in rows for each in row):
        raise Unreadable("not one vector for each text")
    return rows


def unit(vectors: Floats) -> Floats:
    np = arrays()
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    units: Floats = vectors / np.where(lengths > 0, lengths, 1.0)
    return units


def arrays() -> Any:
    """numpy.  Raises OperatorError."""
    try:
        import numpy
    except ModuleNotFoundError:
        raise OperatorError("working with vectors needs numpy", code="extra.absent", hint="pip install 'comity[vectors]'") from None
    return numpy
