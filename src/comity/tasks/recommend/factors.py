# SPDX-License-Identifier: Apache-2.0
"""Shared item factors: how much having had to do with one item says for another, and how popular each is.  Of no person.

A file of them is a line that names the form, a line of JSON, and three arrays, little-endian; its SHA-256 is its name.  It is read as
what a stranger may have written: sizes, order and ranges are checked before anything is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from comity.errors import CallerError, OperatorError
from comity.tasks.recommend.shapes import Text, Words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORM = b"comity-factors 1\n"
ITEMS_MAX = 200_000
BYTES_MAX = 1 << 30
HEAD_BYTES_MAX = 64 << 20

Method = Literal["ease", "neighbours"]


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    method: Method
    items: Annotated[tuple[Text, ...], msgspec.Meta(max_length=ITEMS_MAX)]
    contexts: Annotated[tuple[Words, ...], msgspec.Meta(min_length=1, max_length=64)]  # "" first: of all
    weights: int
    learnt_from: Words = ""  # which data, by name
    people: int = 0


class Factors:
    """``begins``, ``others``, ``weights``: of item i, ``others[begins[i]:begins[i+1]]`` and what it says for each; ``popular``: 0 to 1,
    contexts x items, float32.  Made by `learn` or by `read`; not changed."""

    def __init__(
        self,
        head: Head,
        begins: NDArray[np.int64],
        others: NDArray[np.int32],
        weights: NDArray[np.float32],
        popular: NDArray[np.float32],
    ) -> None:
        self.head, self.begins, self.others, self.weights, self.popular = head, begins, others, weights, popular
        self.index = {item: number for number, item in enumerate(head.items)}
        self.sha256 = hashlib.sha256(self.written()).hexdigest()

    def written(self) -> bytes:
        """The file, whole."""
        arrays = ((self.begins, "<i8"), (self.others, "<i4"), (self.weights, "<f4"), (self.popular, "<f4"))
        return FORM + msgspec.json.encode(self.head) + b"\n" + b"".join(array.astype(kind).tobytes() for array, kind in arrays)

    def says(self, numbers: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
        """Of each of ``numbers``, one after the other: its place among them, another item, and how much it says for that."""
        np = arrays()
        asked = np.asarray(numbers, dtype=np.int64)
        lengths = self.begins[asked + 1] - self.begins[asked]
        places = np.repeat(np.arange(len(asked)), lengths)
        ends = np.cumsum(lengths)
        at = np.arange(len(places)) - np.repeat(ends - lengths, lengths) + np.repeat(self.begins[asked], lengths)
        return places, self.others[at], self.weights[at]

    def popularity(self, context: str) -> NDArray[np.float32]:
        """Of each item in ``context``, or of all where that is not known."""
        known = self.head.contexts
        row: NDArray[np.float32] = self.popular[known.index(context) if context in known else 0]
        return row


def read(data: bytes) -> Factors:
    """Raises CallerError."""
    np = arrays()
    try:
        if len(data) > BYTES_MAX or not data.startswith(FORM):
            raise ValueError
        end = data.index(b"\n", len(FORM), len(FORM) + HEAD_BYTES_MAX)
        head = msgspec.json.decode(data[len(FORM) : end], type=Head)
        items, contexts, body = len(head.items), len(head.contexts), memoryview(data)[end + 1 :]
        sizes = (8 * (items + 1), 4 * head.weights, 4 * head.weights, 4 * items * contexts)
        if head.weights < 0 or sum(sizes) != len(body) or len(set(head.items)) != items or head.contexts[0] != "":
            raise ValueError
        parts: list[Any] = []
        for size, kind in zip(sizes, ("<i8", "<i4", "<f4", "<f4"), strict=True):
            parts.append(np.frombuffer(body[:size], dtype=kind))
            body = body[size:]
        begins, others, weights, popular = parts
        ordered = begins[0] == 0 and begins[-1] == head.weights and bool((np.diff(begins) >= 0).all())
        inside = bool(((others >= 0) & (others < items)).all())
        if not (ordered and inside and np.isfinite(weights).all() and np.isfinite(popular).all()):
            raise ValueError
    except (ValueError, OverflowError, msgspec.MsgspecError) as error:
        raise CallerError(
            "not a file of item factors, or one that is not whole",
            hint="make one: comity recommend learn EVENTS --out FILE",
            field="factors",
        ) from error
    return Factors(head, begins, others, weights, popular.reshape(contexts, items))


def arrays() -> Any:
    """numpy.  Raises OperatorError."""
    try:
        import numpy
    except ModuleNotFoundError:
        raise OperatorError("recommending needs numpy", code="extra.absent", hint="pip install 'comity[recommend]'") from None
    return numpy
