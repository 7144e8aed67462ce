# SPDX-License-Identifier: Apache-2.0
"""All gates over one answer, by what kind of answer it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from comity.tasks.gates import edits, inventions, numbers, scope, sense, whom
from comity.tasks.gates.pair import Pair
from comity.tasks.shapes import Gate

Look = Callable[[Pair], Gate | None]
"""The first thing that is wrong, or None."""

_ALL: tuple[tuple[str, tuple[Look, ...]], ...] = (
    ("numbers", (numbers.invented, numbers.bounds, numbers.parts, numbers.misplaced, scope.rates, scope.moved)),
    ("names", (whom.strangers, whom.lost, whom.swapped)),
    ("negations", (sense.denied, sense.turned, scope.terms)),
    ("inventions", (inventions.added,)),
)
_EXACT = (("numbers", (numbers.invented, numbers.bounds)), ("names", (whom.strangers,)))
_LOOKS: dict[str, tuple[tuple[str, tuple[Look, ...]], ...]] = {
    "summary": _ALL,
    "rewrite": _ALL,
    "translation": _ALL,
    "answer": _ALL,
    "reply": _ALL,
    "description": _EXACT,
    "extraction": _EXACT,
    "proofread": (
        ("edits", (edits.beyond,)),
        ("numbers", (numbers.invented, numbers.bounds, scope.moved)),
        ("negations", (sense.denied, sense.turned, scope.terms)),
    ),
}
KINDS = frozenset(_LOOKS)
CHARACTERS_MAX = 20_000
"""Of either text; of a longer one its beginning is looked at, and the gate `length` says so."""


def check(
    kind: str, *, source: str, answer: str, language: str, to: str = "", question: str = "", names: Sequence[str] = (),
) -> tuple[Gate, ...]:  # fmt: skip
    """One gate of each name, passed or not.  ``language`` of the source and ``to`` of the answer where it is another (BCP 47; English and
    Chinese are read, of any other digits alone).  ``names``: that may stand in the answer though not in the source."""
    if kind not in _LOOKS:
        raise ValueError(f"no kind of answer: `{kind}`")
    cut = max(len(source), len(answer)) > CHARACTERS_MAX
    pair = Pair(kind, source[:CHARACTERS_MAX], answer[:CHARACTERS_MAX], language, to, question, names)
    gates: list[Gate] = []
    for name, looks in _LOOKS[kind]:
        gates.append(next((gate for look in looks if (gate := look(pair)) is not None), Gate(name=name, passed=True)))
    if cut:
        gates.append(Gate(name="length", passed=False, why="too_long_to_check"))
    return tuple(gates)
