# SPDX-License-Identifier: Apache-2.0
"""The questions are what their templates make, hiding them loses nothing on the way, and scores say what they claim."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.answers import attack, make
from benchmarks.answers.hide import HERE, WAYS, hidden, labelled, read
from benchmarks.answers.model import Answers, Prompt
from benchmarks.answers.score import fold, ratio, score, share

ITEMS = read(HERE / "en.jsonl") + read(HERE / "zh.jsonl")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_questions_are_what_their_templates_make(lang: str) -> None:
    assert [json.loads(json.dumps(item)) for item in make.items(lang)] == read(HERE / f"{lang}.jsonl")


def test_there_are_enough_of_each_kind_and_each_can_be_answered_from_its_text() -> None:
    assert Counter(item["lang"] for item in ITEMS) == {"en": 102, "zh": 102}
    assert {item["kind"] for item in ITEMS} == {"qa", "extract", "summary"}
    for item in ITEMS:
        assert item["spans"], f"{item['id']} hides nothing"
        text = item["prompt"].rpartition("\n\n")[0]
        assert all(any(fold(form) in fold(text) for form in forms) for forms in item["facts"]), item["id"]


@pytest.mark.parametrize("way", WAYS)
def test_nothing_labelled_leaves_and_all_of_it_comes_back(way: str) -> None:
    for item in ITEMS:
        text, vault = hidden(item, item["prompt"], way, "labels")
        for found in labelled(item):
            assert item["prompt"][found.start : found.end] not in text, item["id"]
        assert vault.restore(text) == item["prompt"]


def test_a_score_is_the_share_of_facts_held_whatever_the_spelling() -> None:
    assert score("ＴＥＬ： +44 7700-900417!", [["+44 7700 900417"]]) == 1
    assert score("It was O'Rourke", [["Aoife O'Rourke", "Aoife", "O'Rourke"], ["Tuesday"]]) == 0.5
    assert score("", [["x"]]) == 0


def test_a_ratio_keeps_pairs_together_and_draws_whole_groups() -> None:
    assert ratio([1, 1, 0.5], [1, 1, 1], groups=["a", "a", "b"]).value == pytest.approx(2.5 / 3)
    same = ratio([0.2, 0.9, 0.4], [0.2, 0.9, 0.4], groups=["a", "b", "c"])
    assert same == (1, 1, 1)
    lone = ratio([0, 1], [1, 1], groups=["a", "a"])
    assert lone == (0.5, 0.5, 0.5), "one group is all there is to draw"
    wide = ratio([0, 1], [1, 1], groups=["a", "b"])
    assert (wide.low, wide.high) == (0, 1)


def test_a_share_has_an_interval_that_stays_within_its_bounds() -> None:
    rate = share([1.0] * 3 + [0.0] * 7)
    assert rate.value == 0.3 and 0.1 < rate.low < 0.3 < rate.high < 0.61  # Wilson: 0.108 to 0.603
    assert share([0.0] * 20).low == pytest.approx(0)


async def test_a_stopped_run_goes_on_and_asks_nothing_twice(tmp_path: Path) -> None:
    asked: list[str] = []

    async def ask(prompt: Prompt) -> str:
        asked.append(prompt.text)
        if prompt.text == "third" and len(asked) == 3:
            raise ConnectionError("the machine went down")
        return prompt.text.upper()

    prompts = [Prompt(text, 8) for text in ("first", "second", "first", "third")]
    with pytest.raises(ConnectionError):
        await Answers("m", tmp_path / "kept.jsonl", ask).to(prompts, "t")
    assert await Answers("m", tmp_path / "kept.jsonl", ask).to(prompts, "t") == ["FIRST", "SECOND", "FIRST", "THIRD"]
    assert asked == ["first", "second", "third", "third"]
    assert await Answers("other", tmp_path / "kept.jsonl", ask).to(prompts[:1], "t") == ["FIRST"]
    assert await Answers("m", tmp_path / "kept.jsonl", ask).to([Prompt("first", 9)], "t") == ["FIRST"]
    assert asked[4:] == ["first", "first"], "another model and another limit are other questions"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_an_attacker_is_told_no_right_name_but_among_the_options(lang: str, way: str, tmp_path: Path) -> None:
    seen: list[str] = []

    async def ask(prompt: Prompt) -> str:
        seen.append(prompt.text)
        return "B"

    told = await attack.choices(Answers("m", tmp_path / "kept.jsonl", ask), lang, way)
    assert told.people > 60 and 0.1 < told.rate.value < 0.4, "one letter for all is right about as often as chance"
    everybody = {name for item in read(attack.SETS / f"own-{lang}.jsonl") for name in attack.names(item)}
    for text in seen:
        offered = [line[3:] for line in text.splitlines() if line[:3] in ("A. ", "B. ", "C. ", "D. ")]
        assert len(set(offered)) == 4 and set(offered) <= everybody


def test_the_context_attack_finds_whom_another_passage_gives_away() -> None:
    assert attack.context("en", "tags").rate.value > 10 * attack.context("en", "tags").chance
    assert (
        attack.right("It is Zoran Zaev.", "Zoran Zaev") and attack.right("zaev", "Zoran Zaev") and not attack.right("Zoran", "Zoran Zaev")
    )
