# SPDX-License-Identifier: Apache-2.0
"""Which model is able to do what, by row; and what can be had, without anything being sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from comity.errors import CallerError, OperatorError, PolicyDenied
from comity.tasks.availability import availability
from comity.tasks.capability import N_MIN, OTHERWISE, THRESHOLDS, Matrix, Row, holds, length_of, matrix, read, tokens_of
from comity.tasks.registry import TASKS, input_of, named, task_of, value_of
from comity.tasks.shapes import NeedsModel, Ready, Refused, RegionalOnly
from comity.tasks.task import Place, Reply
from comity.wire.request import Operation, Request

SHA256 = "c" * 64


def row(**more: Any) -> Row:
    made: dict[str, Any] = {
        "model": "m", "sha256": SHA256, "task": "summarise", "language": "en", "length": "short", "n": 40, "covered": 30, "right": 29,
        "accuracy": 0.97, "low": 0.83, "high": 0.99, "able": True,
    }  # fmt: skip
    return Row(**made | more)


def looked(made: Matrix, **more: Any) -> tuple[bool, str]:
    asked: dict[str, Any] = {"model": "m", "sha256": SHA256, "task": "summarise", "language": "en", "length": "short"}
    able = made.look(**asked | more)
    return able.able, able.why


def test_a_row_holds_for_one_file_of_one_model() -> None:
    made = Matrix([row()])
    assert looked(made) == (True, "") and looked(made, language="en-GB") == (True, "")
    for other in ({"sha256": "d" * 64}, {"sha256": ""}, {"model": "n"}, {"task": "rewrite"}, {"language": "de"}, {"length": "long"}):
        assert looked(made, **other) == (False, "unmeasured"), other


def test_a_translation_is_measured_in_its_direction() -> None:
    made = Matrix([row(task="translate", language="en>zh")])
    assert looked(made, task="translate", language="en-US>zh-CN") == (True, "")
    assert looked(made, task="translate", language="zh>en")[0] is False and looked(made, task="translate", language="en")[0] is False


def test_what_is_measured_not_to_be_able_says_its_figures() -> None:
    assert looked(Matrix([row(able=False, right=12)])) == (False, "measured: 12 of 30 right, 30 of 40 answered")


@pytest.mark.parametrize(
    ("more", "able"),
    [({}, True), ({"low": 0.79}, False), ({"n": N_MIN - 1}, False), ({"covered": 11}, False), ({"task": "x", "low": OTHERWISE.low}, True)],
)  # fmt: skip
def test_the_thresholds(more: dict[str, Any], able: bool) -> None:
    assert holds(row(**more)) is able


def test_every_task_has_a_threshold_with_its_reason() -> None:
    assert set(TASKS) <= {*THRESHOLDS, "describe"}
    assert all(0.5 < each.low < 1 and 0 < each.covered <= 1 and each.why for each in THRESHOLDS.values())


def test_what_ships_can_be_read_and_agrees_with_the_thresholds() -> None:
    for each in matrix():
        assert each.able is holds(each) and each.right <= each.covered <= each.n, each


def test_a_matrix_that_is_none() -> None:
    for text in ("rows = 1", "[[rows]]\nmodel = 'm'", "[[rows]", '[[rows]]\nshiny = "x"'):
        with pytest.raises(OperatorError) as raised:
            read(text)
        assert raised.value.code == "task.matrix"
    assert len(read("")) == 0


def test_length_is_counted_in_tokens() -> None:
    assert length_of(1200, "en") == "short" and length_of(1210, "en") == "medium" and length_of(6100, "en") == "long"
    assert length_of(450, "zh-Hant") == "short" and length_of(460, "zh") == "medium" and tokens_of(0, "zh") == 0


# -- availability ---------------------------------------------------------------------------------------------------------


class Somewhere:
    def __init__(self, here: Sequence[Place] = (), region: Sequence[str] = (), denied: PolicyDenied | None = None) -> None:
        self.here, self.regions, self.denied = here, region, denied

    def device(self, operation: Operation) -> Sequence[Place]:
        return self.here

    def region(self, operation: Operation) -> Sequence[str]:
        return self.regions

    async def lawful(self, request: Request) -> Sequence[str]:
        if self.denied is not None:
            raise self.denied
        return self.regions

    async def ask(self, request: Request, among: Sequence[str]) -> Reply:
        raise AssertionError("nothing is sent to find out")


PLACE = Place(deployment="device", model="m", sha256=SHA256, bytes=5, licence="Apache-2.0")
DENIED = PolicyDenied("the law denies", decision={"candidates": [{"reasons": [{"fact": "cn-pipl-39"}]}]})


@pytest.mark.parametrize(
    ("places", "rows", "kind"),
    [
        (Somewhere([PLACE]), [row()], Ready),
        (Somewhere([msgspec.structs.replace(PLACE, absent=True)]), [row()], NeedsModel),
        (Somewhere([PLACE], ["b"]), [], RegionalOnly),
        (Somewhere([PLACE], ["b"]), [row(able=False)], RegionalOnly),
        (Somewhere([], ["b"]), [], RegionalOnly),
        (Somewhere([PLACE], ["b"], DENIED), [], Refused),
        (Somewhere(), [], Refused),
    ],
)
async def test_what_can_be_had(places: Somewhere, rows: list[Row], kind: type) -> None:
    had = await availability(task_of("summarise"), places, Matrix(rows))
    assert type(had) is kind
    if isinstance(had, NeedsModel):
        assert (had.model, had.bytes, had.licence) == ("m", 5, "Apache-2.0")
    if isinstance(had, Refused):
        assert had.reason and had.citation == ("cn-pipl-39" if places.denied is not None else "")


async def test_of_several_that_are_able_the_best_is_named_and_one_that_is_here_before_one_that_is_not() -> None:
    better = msgspec.structs.replace(PLACE, deployment="better", model="n", absent=True)
    rows = [row(), row(model="n", low=0.95)]
    had = await availability(task_of("summarise"), Somewhere([PLACE, better]), Matrix(rows))
    assert isinstance(had, Ready) and had.model == "m"
    here = msgspec.structs.replace(better, absent=False)
    had = await availability(task_of("summarise"), Somewhere([PLACE, here]), Matrix(rows))
    assert isinstance(had, Ready) and had.model == "n"


# -- the registry -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TASKS)
def test_every_task_is_what_the_registry_says(name: str) -> None:
    task, shape, entry = task_of(name), input_of(name), named(name)
    assert task.name == name and entry.says and value_of(name) is not None
    assert not entry.file or entry.file in shape.__struct_fields__
    assert not set(shape.__struct_fields__) & {"where", "unmeasured", "abstain"}, "these say how it is done"


def test_a_task_that_there_is_not() -> None:
    with pytest.raises(CallerError) as raised:
        named("sumarise")
    assert raised.value.code == "task.unknown" and raised.value.status == 404 and "summarise" in raised.value.hint
