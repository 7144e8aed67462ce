# SPDX-License-Identifier: Apache-2.0
"""One item after the other through the runner that everybody uses, at one model of this device, and what came of each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from comity.errors import ComityError
from comity.tasks.capability import Length, Matrix, length_of
from comity.tasks.evaluation.baselines import BASELINES
from comity.tasks.evaluation.places import OneModel
from comity.tasks.evaluation.scores import Score
from comity.tasks.evaluation.sets import SCORERS, Item
from comity.tasks.registry import Kept, input_of
from comity.tasks.run import Terms, row_language, run
from comity.tasks.task import Reply, Task, Unreadable
from comity.wire.request import Request

HERE = Terms(where="device", unmeasured="try")


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``came``: answered, abstained, or why there is no answer.  ``right``, ``value``: of what was answered.  ``draft``: whether what the
    model wrote was right before any gate; None where nothing could be read."""

    id: str
    set: str
    task: str
    language: str
    length: Length
    model: str
    held: bool
    public: bool
    none: bool
    came: str
    why: str = ""
    right: bool = False
    value: float = 0.0
    scored: str = ""  # why it is not right
    gates: tuple[str, ...] = ()  # that failed, of the draft
    draft: bool | None = None
    draft_value: float = 0.0
    counts: dict[str, int] = {}
    seconds: float = 0.0

    @property
    def answered(self) -> bool:
        return self.came == "answered"


async def measured(items: Sequence[Item], places: OneModel) -> AsyncIterator[tuple[Item, Outcome, Any]]:
    """In order; with each its value or what was drafted, for whoever wants to look.  Raises ComityError where the model cannot be had."""
    tasks = Kept()
    for item in items:
        yield await _one(item, tasks.task_of(item.task), places)


async def _one(item: Item, task: Task[Any, Any], places: OneModel) -> tuple[Item, Outcome, Any]:
    asked = msgspec.convert(_whole(item.asked), input_of(item.task), strict=False)
    before = places.seconds
    value: Any = None
    drafted: Any = None
    gates: tuple[str, ...] = ()
    came, why = "answered", ""
    try:
        result = await run(task, asked, places, Matrix(), HERE)
        step = result.steps[-1].outcome if result.steps else "not_able"
        came = "answered" if not result.abstained else "abstained" if step == "answered" else step
        value = result.value
        why = (result.steps[-1].why if result.steps else "") or (result.why if result.abstained else "")
    except ComityError as error:
        if error.code in _OURS:
            raise
        came, why = "failed", error.code
    seconds = places.seconds - before
    if came in ("answered", "abstained", "gate_failed"):  # its answers are kept: the draft is had again for nothing
        drafted, gates = await _drafted(task, asked, places)
    score = _score(item, value) if came == "answered" else None
    rough = _score(item, drafted) if drafted is not None else None
    outcome = Outcome(
        id=item.id, set=item.set, task=item.task, language=row_language(task, asked), length=length_of(task.size(asked), item.language),
        model=places.place.model, held=item.held, public=item.public, none=item.none, came=came, why=why,
        right=score is not None and score.right, value=score.value if score is not None else 0.0,
        scored=score.why if score is not None else "", gates=gates, draft=rough.right if rough is not None else None,
        draft_value=rough.value if rough is not None else 0.0, counts=rough.counts if rough is not None else {}, seconds=round(seconds, 2),
    )  # fmt: skip
    return item, outcome, value if value is not None else drafted


_OURS = frozenset({"task.not_ready", "task.not_able", "extra.absent"})
"""Nothing is measured by going on."""


async def _drafted(task: Any, asked: Any, places: OneModel) -> tuple[Any, tuple[str, ...]]:
    async def ask(request: Request) -> Reply:
        return await places.ask(request, (places.place.deployment,))

    before = places.seconds
    try:
        draft = await task.draft(asked, ask)
    except Unreadable:
        return None, ()
    finally:
        places.seconds = before
    failed = tuple(f"{gate.name}:{gate.why}" if gate.why else gate.name for gate in task.gates(asked, draft) if not gate.passed)
    return None if draft.abstained else draft.value, failed


def _score(item: Item, value: Any) -> Score:
    return SCORERS[item.task](item.expected, value)


def _whole(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Files are read when their turn comes."""
    return {name: value.read_bytes() if isinstance(value, Path) else value for name, value in asked.items()}


def baseline(items: Sequence[Item]) -> list[Outcome]:
    """The same items, answered by what costs nothing; it never abstains."""
    out = []
    for item in items:
        if item.task not in BASELINES:
            continue
        name, made = BASELINES[item.task]
        score = _score(item, made(item))
        text = item.asked.get("text", "")
        out.append(
            Outcome(
                id=item.id, set=item.set, task=item.task, language=item.language, length=length_of(len(text), item.language), model=name,
                held=item.held, public=item.public, none=item.none, came="answered", right=score.right, value=score.value,
                scored=score.why, counts=score.counts,
            )
        )  # fmt: skip
    return out
