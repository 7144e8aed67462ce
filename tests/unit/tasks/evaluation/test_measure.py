# SPDX-License-Identifier: Apache-2.0
"""Items through the runner: what is counted, what is kept, and going on after a kill."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from comity.errors import OperatorError
from comity.tasks.evaluation import sets
from comity.tasks.evaluation.figures import figures, rows
from comity.tasks.evaluation.journal import Journal
from comity.tasks.evaluation.measure import Outcome, baseline, measured
from comity.tasks.evaluation.sets import Item
from tests.unit.tasks.evaluation.worlds import ANSWERS, PLACE, Killed, Model, places, said, written


def items(folder: Path, *tasks: str) -> list[Item]:
    return sets.sample(sets.load([written(folder)], tasks).items, 0)


async def outcomes(those: list[Item], model: Model, journal: Path | None = None) -> list[Outcome]:
    return [outcome async for _, outcome, _ in measured(those, places(model, journal))]


async def test_what_is_right_wrong_and_rightly_left(tmp_path: Path) -> None:
    found = {each.id: each for each in await outcomes(items(tmp_path, "answer"), Model())}
    right, wrong, none = found["text-en-1/1"], found["text-en-1/2"], found["text-en-1/3"]
    assert (right.came, right.right, right.draft) == ("answered", True, True)
    assert wrong.came in ("answered", "gate_failed") and not wrong.right and wrong.draft is False
    assert (none.came, none.why, none.none, none.draft) == ("abstained", "not_in_text", True, None)
    seen = figures(list(found.values()))
    assert (seen.n, seen.right, seen.nothing, seen.refrained) == (2, 1, 1, 1)


async def test_an_answer_where_there_is_none_counts_as_wrong(tmp_path: Path) -> None:
    made = ANSWERS | {"What does it cost?": said(True, "There are six desks.", "six pounds")}
    seen = figures(await outcomes(items(tmp_path, "answer"), Model(made)))
    assert seen.nothing == 1 and seen.refrained + (seen.n - 2) == 1


@pytest.mark.parametrize("kills", [[0], [1], [2], [1, 1], [0, 2]])
async def test_an_evaluation_that_was_killed_goes_on_to_the_same_result(tmp_path: Path, kills: list[int]) -> None:
    those = items(tmp_path / "sets", "answer")
    whole = await outcomes(those, Model(), tmp_path / "whole.jsonl")
    asked = 0
    for count in kills:
        model = Model(dies=count)
        with pytest.raises(Killed):
            await outcomes(those, model, tmp_path / "cut.jsonl")
        asked += model.asked
    last = Model()
    assert await outcomes(those, last, tmp_path / "cut.jsonl") == whole
    assert asked + last.asked == 3  # nothing was asked twice


async def test_a_line_that_a_kill_cut_short_is_asked_again(tmp_path: Path) -> None:
    those, kept = items(tmp_path / "sets", "answer"), tmp_path / "answers.jsonl"
    whole = await outcomes(those, Model(), kept)
    kept.write_bytes(kept.read_bytes()[:-40])
    model = Model()
    assert await outcomes(those, model, kept) == whole
    assert model.asked == 1
    assert len(Journal(kept)) == 3
    assert await outcomes(those, Model(dies=0), kept) == whole


async def test_another_prompt_or_model_is_asked_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    those, kept = items(tmp_path / "sets", "answer"), tmp_path / "answers.jsonl"
    await outcomes(those, Model(), kept)
    monkeypatch.setattr("comity.tasks.text.answer.SCHEMA", {"type": "object"})
    model = Model()
    await outcomes(those, model, kept)
    assert model.asked == 3


async def test_what_is_kept_holds_the_mean_log_probability_alone(tmp_path: Path) -> None:
    await outcomes(items(tmp_path / "sets", "answer"), Model(), tmp_path / "answers.jsonl")
    line = json.loads((tmp_path / "answers.jsonl").read_text().splitlines()[0])
    assert line["body"]["choices"][0]["logprobs"]["content"] == [{"logprob": pytest.approx(-0.3)}]


async def test_what_cannot_be_read_is_counted_as_not_answered(tmp_path: Path) -> None:
    found = await outcomes(items(tmp_path, "answer"), Model(dict.fromkeys(ANSWERS, "no JSON")))
    assert {each.came for each in found} == {"unreadable"}
    assert figures(found).covered == 0
    assert not rows(found, {"little": PLACE.sha256})[0].able


def test_the_same_seed_draws_the_same_and_more_begins_with_less(tmp_path: Path) -> None:
    own = sets.load([written(tmp_path)], ("answer",)).items
    drawn = [item.id for item in sets.sample(own, 2, 5)]
    assert drawn == [item.id for item in sets.sample(own, 2, 5)] == [item.id for item in sets.sample(own, 3, 5)][:2]


def test_a_changed_set_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path) / "texts.jsonl"
    sums = hashlib.sha256(path.read_bytes()).hexdigest()
    (tmp_path / "SHA256SUMS").write_text(f"{sums}  texts.jsonl\n")
    assert sets.load([tmp_path]).hashes == {"texts.jsonl": sums}
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(OperatorError) as refused:
        sets.load([tmp_path])
    assert refused.value.code == "eval.changed"


@pytest.mark.parametrize(("name", "text", "code"), [
    ("texts.jsonl", '{"id": "a"}\n', "eval.malformed"), ("texts.jsonl", "not JSON\n", "eval.malformed"),
    ("texts.jsonl", "\n", "eval.malformed"), ("others.jsonl", "{}\n", "eval.no_sets"),
])  # fmt: skip
def test_what_is_no_set_is_refused(tmp_path: Path, name: str, text: str, code: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(OperatorError) as refused:
        sets.load([tmp_path])
    assert refused.value.code == code


def test_every_set_of_this_project_is_read() -> None:
    here = Path(__file__).parents[3] / "eval"
    own = sets.load([here / "sets", here / "public"])
    assert {item.task for item in own.items} >= {"summarise", "keywords", "rewrite", "proofread", "translate", "extract", "answer", "reply"}
    assert len({(item.task, item.id) for item in own.items}) == len(own.items)
    assert {item.set for item in own.items if item.public} == {"ntrex", "cmrc2018", "clinc150"}
    found = baseline(sets.sample([item for item in own.items if item.task != "classify"], 3))
    assert {each.task for each in found} >= {"summarise", "answer", "translate"}
    assert all(0 <= each.value <= 1 for each in found)
