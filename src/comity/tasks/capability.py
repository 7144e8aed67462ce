# SPDX-License-Identifier: Apache-2.0
"""Which model is able to do what: measured, row by row, never asserted.

`capability.toml` is written by `comity eval`; a row holds for one file, by its hash: another file of the same name is not measured.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import msgspec

from comity.errors import OperatorError

Length = Literal["short", "medium", "long"]
LENGTHS: tuple[tuple[Length, int], ...] = (("short", 300), ("medium", 1500))
"""Tokens up to which an input is called so; what is more is long."""
_DENSE = frozenset({"zh", "ja", "ko", "yue"})
N_MIN = 20
"""A row of fewer items says nothing."""


class Threshold(NamedTuple):
    """Able from here on: the share of answers given that are right, at least ``low`` at the lower end of its 95 % interval, over at
    least ``covered`` of what was asked (the rest went on to a gate and elsewhere, which costs time and no harm)."""

    low: float
    covered: float
    why: str


THRESHOLDS: dict[str, Threshold] = {
    "summarise": Threshold(0.80, 0.30, "a person reads it in place of the text and cannot see what is wrong"),
    "rewrite": Threshold(0.80, 0.40, "it goes out under the person's name; they read it before it does"),
    "proofread": Threshold(0.75, 0.40, "each edit is shown and taken or left one by one"),
    "translate": Threshold(0.85, 0.40, "a reader who needs it cannot check it"),
    "extract": Threshold(0.85, 0.40, "programs go on with it, and nobody looks"),
    "answer": Threshold(0.85, 0.30, "it is believed; its evidence is shown beside it"),
    "keywords": Threshold(0.70, 0.50, "each stands in the text; a dull one harms nobody"),
    "reply": Threshold(0.70, 0.40, "a person chooses one of three before it is sent"),
    "classify": Threshold(0.85, 0.50, "programs act on it; what is unsure abstains"),
    "ocr": Threshold(0.95, 0.80, "the text stands for the page"),
    "transcribe": Threshold(0.85, 0.60, "the text stands for what was said"),
    "speak": Threshold(0.85, 0.60, "what is heard stands for the text"),
}
OTHERWISE = Threshold(0.85, 0.40, "as where nobody looks")


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``covered`` of ``n`` items were answered and passed the gates, ``right`` of those were right; ``low`` and ``high`` bound the
    accuracy (Wilson, 95 %).  ``able`` is what the thresholds make of it."""

    model: str
    sha256: str = ""  # "" for a model that has no file of its own: rules, a package's code
    task: str
    language: str  # as `Task.language` says it; of a translation `en>zh`
    length: Length
    n: int
    covered: int
    right: int
    accuracy: float
    low: float
    high: float
    able: bool


class Able(NamedTuple):
    """``why``: "" where it is, else `unmeasured` or what the row says; ``row``: None where there is none."""

    able: bool
    why: str = ""
    row: Row | None = None


class Matrix:
    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._rows = {(row.sha256 or row.model, row.model, row.task, row.language, row.length): row for row in rows}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def look(self, *, model: str, sha256: str, task: str, language: str, length: Length) -> Able:
        """``language``: by its whole tag, else by its first part."""
        for tag in dict.fromkeys((language, ">".join(part.partition("-")[0] for part in language.split(">")))):
            row = self._rows.get((sha256 or model, model, task, tag, length))
            if row is not None:
                said = "" if row.able else f"measured: {row.right} of {row.covered} right, {row.covered} of {row.n} answered"
                return Able(row.able, said, row)
        return Able(False, "unmeasured")

    def able_models(self, *, task: str, language: str, length: Length) -> list[Row]:
        """Rows of models that are able, best first."""
        base = ">".join(part.partition("-")[0] for part in language.split(">"))
        rows = [row for row in self._rows.values() if row.able and row.task == task and row.length == length]
        found = [row for row in rows if row.language in (language, base)]
        return sorted(found, key=lambda row: -row.low)


def holds(row: Row) -> bool:
    """Whether the thresholds make it able."""
    wanted = THRESHOLDS.get(row.task, OTHERWISE)
    return row.n >= N_MIN and row.low >= wanted.low and row.covered >= wanted.covered * row.n


def tokens_of(characters: int, language: str) -> int:
    """About how many: scripts without spaces hold about 1.5 characters in a token, others 4."""
    return round(characters / (1.5 if language.partition("-")[0] in _DENSE else 4))


def length_of(characters: int, language: str) -> Length:
    tokens = tokens_of(characters, language)
    return next((name for name, most in LENGTHS if tokens <= most), "long")


@cache
def matrix() -> Matrix:
    """What ships with this version.  Raises OperatorError where the file is not what it should be."""
    return read(files("comity.tasks").joinpath("capability.toml").read_text(encoding="utf-8"))


def read(text: str) -> Matrix:
    try:
        rows = msgspec.convert(tomllib.loads(text).get("rows", []), list[Row], strict=True)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise OperatorError(
            "the capability matrix cannot be read", code="task.matrix", field="capability.toml", hint="install this version again"
        ) from error
    return Matrix(rows)
