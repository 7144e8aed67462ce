# SPDX-License-Identifier: Apache-2.0
"""What stands on whom: which questions nobody could answer any more if a partner, one of its regions, a legal entity or a single
deployment vanished, and how concentrated the rest is.  Pure: it is told who may lawfully answer, and never asks the law itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, get_args

import msgspec

Kind = Literal["partner", "region", "entity", "deployment"]
EVERYWHERE = "*"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of ``person``'s kind, in ``jurisdiction``, uses ``task``, which needs ``operation``."""

    jurisdiction: str
    person: str
    task: str
    operation: str


class Cell(Question, frozen=True, kw_only=True):
    """``lawful``: deployments that may and can answer, in the order in which they would be asked."""

    lawful: tuple[str, ...] = ()

    @property
    def question(self) -> Question:
        return Question(jurisdiction=self.jurisdiction, person=self.person, task=self.task, operation=self.operation)


class Support(msgspec.Struct, frozen=True, kw_only=True):
    """What one deployment stands on; "" where it stands on none (the model on this device has no partner)."""

    deployment: str
    partner: str = ""
    region: str = ""
    entity: str = ""


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """N-1: with ``name`` gone, ``deployments`` go with it; nobody is left for ``dark``, only a model on this device for ``device_only``."""

    kind: Kind
    name: str
    deployments: tuple[str, ...]
    dark: tuple[Question, ...]
    device_only: tuple[Question, ...] = ()


class Share(msgspec.Struct, frozen=True, kw_only=True):
    partner: str
    share: float


class Concentration(msgspec.Struct, frozen=True, kw_only=True):
    """Herfindahl and Hirschman's index over partners, of a jurisdiction or of all (`*`): the sum of squared shares, from 1/n for n
    equal partners to 1 for a single one.  Each question that can be answered weighs one, divided equally among the partners that
    lawfully could; two deployments at one partner are one."""

    jurisdiction: str
    questions: int
    answered: int
    index: float
    shares: tuple[Share, ...]


def dark(cells: Iterable[Cell], gone: frozenset[str]) -> tuple[Question, ...]:
    """Those that could be answered, and only by what is gone."""
    return tuple(cell.question for cell in cells if cell.lawful and gone.issuperset(cell.lawful))


def losses(cells: Sequence[Cell], supports: Sequence[Support]) -> tuple[Loss, ...]:
    """For each kind, in the order configured."""
    here = frozenset(each.deployment for each in supports if not each.partner)
    remote = [msgspec.structs.replace(cell, lawful=tuple(each for each in cell.lawful if each not in here)) for cell in cells]
    found: list[Loss] = []
    for kind in get_args(Kind):
        for name, gone in standing_on(supports, kind).items():
            lost = dark(cells, frozenset(gone))
            known = frozenset(lost)
            left = tuple(each for each in dark(remote, frozenset(gone)) if each not in known)
            found.append(Loss(kind=kind, name=name, deployments=gone, dark=lost, device_only=left))
    return tuple(found)


def standing_on(supports: Sequence[Support], kind: Kind) -> dict[str, tuple[str, ...]]:
    """Deployments by what they stand on."""
    out: dict[str, tuple[str, ...]] = {}
    for each in supports:
        name: str = getattr(each, kind)
        if name:
            out[name] = (*out.get(name, ()), each.deployment)
    return out


def concentrations(cells: Sequence[Cell], supports: Sequence[Support]) -> tuple[Concentration, ...]:
    """Of each jurisdiction, and of all together last."""
    partner = {each.deployment: each.partner or each.deployment for each in supports}
    names = list(dict.fromkeys(cell.jurisdiction for cell in cells))
    return (
        *(_concentration(name, [cell for cell in cells if cell.jurisdiction == name], partner) for name in names),
        _concentration(EVERYWHERE, cells, partner),
    )


def _concentration(name: str, cells: Sequence[Cell], partner: Mapping[str, str]) -> Concentration:
    weight: dict[str, float] = {}
    answered = 0
    for cell in cells:
        able = frozenset(partner[each] for each in cell.lawful)
        answered += bool(able)
        for each in able:
            weight[each] = weight.get(each, 0.0) + 1 / len(able)
    shares = {each: value / answered for each, value in weight.items()}
    ordered = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    return Concentration(
        jurisdiction=name, questions=len(cells), answered=answered, index=round(sum(share**2 for share in shares.values()), 4),
        shares=tuple(Share(partner=each, share=round(share, 4)) for each, share in ordered),
    )  # fmt: skip


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Questions of one jurisdiction, told together where nothing but the person and the task differs."""

    jurisdiction: str
    operation: str
    persons: tuple[str, ...]
    tasks: tuple[str, ...]


def grouped(questions: Iterable[Question]) -> Iterator[Group]:
    """The same questions in fewest words: tasks that the same persons share are one group."""
    by_task: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for each in questions:
        key = (each.jurisdiction, each.operation, each.task)
        by_task[key] = (*by_task.get(key, ()), each.person)
    together: dict[tuple[str, str, tuple[str, ...]], tuple[str, ...]] = {}
    for (jurisdiction, operation, task), persons in by_task.items():
        together[jurisdiction, operation, persons] = (*together.get((jurisdiction, operation, persons), ()), task)
    for (jurisdiction, operation, persons), tasks in together.items():
        yield Group(jurisdiction=jurisdiction, operation=operation, persons=persons, tasks=tasks)
