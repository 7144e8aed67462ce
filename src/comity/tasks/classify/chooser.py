# SPDX-License-Identifier: Apache-2.0
"""Chooses a label for a text, or says that none fits or that two fit as well; made from examples, and kept as plain data."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from comity.errors import CallerError
from comity.tasks.classify.calibrate import Calibration, fitted, log_shares
from comity.tasks.classify.head import Head, by_names
from comity.tasks.shapes import Shape
from comity.tasks.task import Ask
from comity.tasks.vectors import Maker, Vectors, arrays, vectors_of

if TYPE_CHECKING:
    from comity.tasks.vectors import Floats

FORM = "comity-chooser-2"
LABELS_MAX = 1000
EXAMPLES_MAX = 20_000
SIZE_MAX = 8192  # of a vector
IN_SCOPE_MIN = 0.5
MARGIN_MIN = 0.1
BEST = 5  # that are told
NAMED_TEMPERATURE = 0.02  # of angles between e5 vectors, which all lie within a narrow cone
OUT_OF_SCOPE, CLOSE = "out_of_scope", "close"


class Label(Shape, frozen=True, kw_only=True):
    """``says``: what it is for, in the language of the texts; its name where that is "" and there is no example."""

    id: str
    says: str = ""
    examples: tuple[str, ...] = ()


class Share(Shape, frozen=True, kw_only=True):
    label: str
    share: float


class Choice(Shape, frozen=True, kw_only=True):
    """``label`` is the best one also where it abstained, for whoever asks back `did you mean …`; look at ``abstained`` first."""

    label: str
    sure: float  # that the label is right: in scope, and this one
    margin: float  # share of the best label less share of the second
    in_scope: float | None  # that the text belongs to any label; None where too few examples were given to know
    shares: tuple[Share, ...]  # of the five best, of 1
    abstained: bool = False
    why: str = ""  # out_of_scope | close


class Saved(Shape, frozen=True, kw_only=True):
    """Numbers are little-endian 32-bit floats in base64; ``bend`` is the upper triangle."""

    form: str
    model: str
    sha256: str
    labels: tuple[str, ...]
    size: int
    centre: str
    weights: str
    biases: str
    bend: str
    away: str
    temperature: float
    slope: float
    offset: float
    right: float
    left_out: int


class Chooser:
    """``right``: share of the examples that were given their own label by a head made without them; of ``left_out`` many."""

    def __init__(self, labels: Sequence[str], by: Maker, head: Head, calibration: Calibration) -> None:
        self.labels, self.by = tuple(labels), by
        self._head, self._calibration = head, calibration

    @property
    def right(self) -> float:
        return self._calibration.right

    @property
    def left_out(self) -> int:
        return self._calibration.left_out

    @classmethod
    async def fit(cls, labels: Sequence[Label], ask: Ask, *, outside: Sequence[str] = ()) -> Chooser:
        """``outside``: texts that belong to none, where the caller has some.  Raises CallerError, ComityError, Unreadable."""
        texts, numbers, said = _examples(labels)
        np = arrays()
        vectors = await vectors_of((*texts, *outside), ask)
        rows, strangers = vectors.rows[: len(texts)], vectors.rows[len(texts) :]
        if not any(said):
            nothing = Calibration(NAMED_TEMPERATURE, 0.0, 0.0, 0.0, 0)
            return cls([label.id for label in labels], vectors.by, by_names(rows), nothing)
        made = fitted(rows, np.array(numbers), strangers, np.array(said))
        return cls([label.id for label in labels], vectors.by, made.head, made.calibration)

    async def choose(self, text: str, ask: Ask, *, margin_min: float = MARGIN_MIN, in_scope_min: float = IN_SCOPE_MIN) -> Choice:
        """Raises CallerError where another model answers than the one it was made with, ComityError, Unreadable."""
        return (await self.choose_all((text,), ask, margin_min=margin_min, in_scope_min=in_scope_min))[0]

    async def choose_all(
        self, texts: Sequence[str], ask: Ask, *, margin_min: float = MARGIN_MIN, in_scope_min: float = IN_SCOPE_MIN
    ) -> list[Choice]:
        return self.of(await vectors_of(texts, ask), margin_min=margin_min, in_scope_min=in_scope_min)

    def of(self, vectors: Vectors, *, margin_min: float = MARGIN_MIN, in_scope_min: float = IN_SCOPE_MIN) -> list[Choice]:
        """Raises CallerError where they are another model's."""
        if not self._is_of(vectors.by) or vectors.rows.shape[1] != len(self._head.centre):
            raise CallerError(
                f"this chooser was made with the model `{self.by.model}`, and another one answers", code="task.other_model",
                field="chooser", hint="make it again from its examples with the model that is here",
            )  # fmt: skip
        return self.judged(vectors.rows, margin_min=margin_min, in_scope_min=in_scope_min)

    def judged(self, rows: Floats, *, margin_min: float = MARGIN_MIN, in_scope_min: float = IN_SCOPE_MIN) -> list[Choice]:
        """``rows``: (texts, d), vectors of the chooser's own model."""
        np = arrays()
        seen, scale = self._head.look(rows), self._calibration
        shares = np.exp(log_shares(seen.likelihoods, scale.temperature))
        best = np.argsort(-shares, axis=1, kind="stable")[:, :BEST]
        known = scale.slope > 0
        found = []
        for row, order, near in zip(shares.tolist(), best.tolist(), seen.near.tolist(), strict=True):
            inside = _logistic(scale.slope * near + scale.offset) if known else None
            top = tuple(Share(label=self.labels[each], share=row[each]) for each in order)
            margin = top[0].share - (top[1].share if len(top) > 1 else 0.0)
            why = OUT_OF_SCOPE if inside is not None and inside < in_scope_min else CLOSE if margin < margin_min else ""
            sure = top[0].share * (inside if inside is not None else 1.0)
            found.append(Choice(label=top[0].label, sure=sure, margin=margin, in_scope=inside, shares=top, abstained=bool(why), why=why))
        return found

    def _is_of(self, by: Maker) -> bool:
        return by.sha256 == self.by.sha256 if by.sha256 or self.by.sha256 else by.model == self.by.model

    def dump(self) -> bytes:
        """JSON.  It holds no example, but means of them: whoever has the model may guess at what was said."""
        np = arrays()
        head = self._head
        upper = head.bend[np.triu_indices(len(head.centre))]
        return msgspec.json.encode(
            Saved(
                form=FORM, model=self.by.model, sha256=self.by.sha256, labels=self.labels, size=len(head.centre),
                centre=_packed(head.centre), weights=_packed(head.weights), biases=_packed(head.biases), bend=_packed(upper),
                away=_packed(head.away),
                **self._calibration._asdict(),
            )
        )  # fmt: skip

    @classmethod
    def load(cls, data: bytes) -> Chooser:
        """Raises CallerError for what is none, or not whole."""
        np = arrays()
        try:
            saved = msgspec.json.decode(data, type=Saved)
            count, size = len(saved.labels), saved.size
            if saved.form != FORM or not 0 < count <= LABELS_MAX or not 0 < size <= SIZE_MAX or len(set(saved.labels)) != count:
                raise ValueError
            numbers = (saved.temperature, saved.slope, saved.offset, saved.right)
            if not all(map(math.isfinite, numbers)) or saved.temperature <= 0 or saved.slope < 0:
                raise ValueError
            bend = np.zeros((size, size))
            bend[np.triu_indices(size)] = _unpacked(saved.bend, size * (size + 1) // 2)
            bend += np.triu(bend, 1).T
            head = Head(
                _unpacked(saved.centre, size), _unpacked(saved.weights, count * size).reshape(count, size),
                _unpacked(saved.biases, count), bend, _unpacked(saved.away, size),
            )  # fmt: skip
        except (ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
            raise CallerError(
                "not a saved chooser, or one that is not whole", code="request.invalid", field="chooser",
                hint="make it again from its examples",
            ) from error  # fmt: skip
        calibration = Calibration(saved.temperature, saved.slope, saved.offset, saved.right, saved.left_out)
        return cls(saved.labels, Maker(saved.model, saved.sha256), head, calibration)


def _examples(labels: Sequence[Label]) -> tuple[list[str], list[int], list[bool]]:
    """Texts, the number of each one's label, and whether somebody said it.  Raises CallerError."""
    if not 0 < len(labels) <= LABELS_MAX or len({label.id for label in labels}) != len(labels):
        raise CallerError(f"not 1 to {LABELS_MAX} labels, each once", code="request.invalid", field="labels", hint="name each label once")
    texts, numbers, said = list[str](), list[int](), list[bool]()
    for number, label in enumerate(labels):
        examples = [example for example in label.examples if example.strip()]
        name = label.says or ("" if examples else label.id.replace("_", " "))
        for text, spoken in (*((example, True) for example in examples), *(((name, False),) if name else ())):
            texts.append(text)
            numbers.append(number)
            said.append(spoken)
    if len(texts) > EXAMPLES_MAX:
        raise CallerError(f"more than {EXAMPLES_MAX} examples", code="request.invalid", field="labels", hint="give fewer of each label")
    return texts, numbers, said


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))


def _packed(values: Floats) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def _unpacked(text: str, count: int) -> Any:
    """Raises ValueError."""
    np = arrays()
    values = np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4")
    if len(values) != count or not np.isfinite(values).all():
        raise ValueError
    return values.astype(np.float64)
