# SPDX-License-Identifier: Apache-2.0
"""Scorers by tables: what is right, what is not, and what a scorer can and cannot see."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.tasks.evaluation import scores
from comity.tasks.evaluation.words import chrf, content, numbers, of_han, overlap, pieces, plain, sentences, share

SUMMARY = {
    "text": "The lift in Building C is out of service from Monday 8 June. Deliveries go through the loading bay. Six desks are set aside.",
    "facts": ["The lift in Building C is out of service from 8 June", "Deliveries go through the loading bay", "Six desks are set aside"],
    "must": [0, 1],
}
ZH = {
    "text": "离线地图上线从五月八日推迟到五月二十二日。下周会议改在周四上午。",
    "facts": ["离线地图上线从五月八日推迟到五月二十二日", "下周会议改在周四上午"],
    "must": [0, 1],
}


@pytest.mark.parametrize(
    ("expected", "said", "right", "why"),
    [
        (SUMMARY, "From Monday 8 June the lift in Building C is out of service; deliveries use the loading bay.", True, ""),
        (SUMMARY, "Deliveries go through the loading bay.", False, "a fact is missing"),
        (
            SUMMARY,
            "The lift in Building C is out of service from 9 June. Deliveries go through the loading bay.",
            False,
            "a fact is missing",
        ),
        (SUMMARY, SUMMARY["text"] + " There are 40 of them.", False, "a figure is new"),
        (SUMMARY, SUMMARY["text"] + " Everybody was delighted with such wonderful cake.", False, "not in the text"),
        (ZH, "离线地图上线由5月8日推迟至5月22日，下周会议改到周四上午。", True, ""),
        (ZH, "离线地图上线由5月8日推迟至5月22日。", False, "a fact is missing"),
        (ZH, "离线地图上线从五月八日推迟到五月二十二日，下周会议改在周四上午，费用300元。", False, "a figure is new"),
    ],
)
def test_a_summary(expected: Any, said: str, right: bool, why: str) -> None:
    found = scores.summary(expected, said)
    assert (found.right, found.why) == (right, why)
    assert scores.summary(expected, (said,)) == found  # as bullets


@pytest.mark.parametrize(
    ("said", "right"), [(("lift", "Building C", "desks"), True), (("library desks",), False), ((), False), (("weather", "tea"), False)]
)
def test_keywords(said: tuple[str, ...], right: bool) -> None:
    expected = {"keywords": [["lift", "lift in Building C"], ["Building C"], ["deliveries"], ["six desks", "desks"]]}
    assert scores.keywords(expected, said).right is right


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Dear Mr Dunmore, I shall be late on Thursday, at about 9:30.", ""),
        ("Dear Mr Dunmore, I shall be late, at about 9:30.", "something was lost"),
        ("hey Mr Dunmore, I shall be late on Thursday, 9:30.", "its tone is left"),
        ("hey Mr Dunmore, late on Thursday. 9:30?", "unchanged"),
        ("Dear Mr. Dunmore, I shall be late on Thursday, at half past nine.", ""),
        ("They are late on Thursday, Mr Dunmore: 9:30.", ""),  # `hey` within a word is none
    ],
)
def test_a_rewriting(said: str, why: str) -> None:
    expected = {
        "text": "hey Mr Dunmore, late on Thursday. 9:30?", "language": "en", "not": ["hey"],
        "keep": [["Mr Dunmore"], ["Thursday"], ["9:30", "half past nine"]],
    }  # fmt: skip
    assert scores.rewrite(expected, said).why == why


FAULTS = {
    "text": "There wasn't any chairs left, togther.", "language": "en",
    "edits": [{"start": 6, "end": 12, "right": ["weren't", "were not"]}, {"start": 30, "end": 37, "right": ["together"]}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "right", "counts"),
    [
        ("There weren't any chairs left, together.", True, {"hit": 2, "extra": 0, "missed": 0}),
        ("There were not any chairs left, together.", True, {"hit": 2, "extra": 0, "missed": 0}),
        ("There weren’t any chairs left, together.", True, None),
        ("There weren't any chairs left, togther.", False, {"hit": 1, "extra": 0, "missed": 1}),
        ("There wasn't any chairs left, togther.", False, {"hit": 0, "extra": 0, "missed": 2}),
        ("There weren't any seats left, together.", False, {"hit": 2, "extra": 1, "missed": 0}),
    ],
)
def test_proofreading(said: str, right: bool, counts: dict[str, int] | None) -> None:
    found = scores.proofread(FAULTS, said)
    assert found.right is right
    assert counts is None or found.counts == counts


def test_a_sentence_without_fault_is_right_as_it_is() -> None:
    expected = {"text": "慢慢地，雾散了。", "language": "zh", "edits": []}
    assert scores.proofread(expected, "慢慢地，雾散了。") == scores.Score(right=True, value=1.0, counts={"hit": 0, "extra": 0, "missed": 0})
    assert scores.proofread(expected, "慢慢的，雾散了。").why == "a right sentence was changed"


def test_an_insertion_is_an_edit() -> None:
    expected = {"text": "He is best cook.", "language": "en", "edits": [{"start": 6, "end": 6, "right": ["the "]}]}
    assert scores.proofread(expected, "He is the best cook.").right


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("The bridge was closed on 3 May after 120 complaints.", ""),
        ("The bridge was closed on 4 May after 120 complaints.", "a figure was lost"),
        ("Nobody knows.", "far from the reference"),
    ],
)
def test_a_translation(said: str, why: str) -> None:
    expected = {"text": "因收到120起投诉，大桥于5月3日关闭。", "reference": "The bridge closed on 3 May after 120 complaints.", "to": "en"}
    assert scores.translation(expected, said).why == why


@pytest.mark.parametrize(
    ("said", "right", "value"),
    [
        ({"who": "Harlow & Penn.", "desks": 6, "open": True}, True, 1.0),
        ({"who": "harlow & penn", "desks": 6.0, "open": True}, True, 1.0),
        ({"who": "Penn", "desks": 6, "open": True}, False, 2 / 3),
        ({"who": "Harlow & Penn", "desks": "6", "open": 1}, False, 1 / 3),
        ({}, False, 0.0),
    ],
)
def test_fields(said: dict[str, Any], right: bool, value: float) -> None:
    found = scores.extraction({"expected": {"who": "Harlow & Penn", "desks": 6, "open": True}}, said)
    assert (found.right, found.value) == (right, pytest.approx(value))


@pytest.mark.parametrize(
    ("answers", "said", "right"),
    [
        (["six", "six desks"], "Six desks.", True),
        (["21 May"], "The brake test was on 21 May.", True),
        (["21 May"], "on 2 May", False),
        (["6"], "at 16:00", False),
        (["段小楠"], "由段小楠和罗经理谈", True),
        (["五秒"], "三十秒", False),
        ([], "about 400 pounds", False),
    ],
)
def test_an_answer(answers: list[str], said: str, right: bool) -> None:
    assert scores.answer({"answers": answers}, said).right is right


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (("Yes, of course, come by.", "Sorry, I can't tonight.", "When will you come?"), ""),
        (("Yes, at 7 pm.", "Sorry, no.", "When?"), "invents"),
        (("Yes, at 21:15.", "Sorry, no.", "When?"), "invents"),  # a figure that nobody gave
        (("Blue.", "Green.", "When?"), "unfitting"),
        (("Yes, of course.", "I can't assist with that.", "I'm sorry, I can't answer that."), "unfitting"),  # a model's own words
    ],
)
def test_replies(said: tuple[str, ...], why: str) -> None:
    expected = {"language": "en", "message": "Could I pick it up?", "acts": ["accept", "ask", "decline"], "must_not": ["7 pm"]}
    assert scores.reply(expected, said).why == why


def test_good_news_is_not_declined() -> None:
    expected = {"language": "en", "message": "The scan came back clear!", "acts": ["inform", "greet", "thank"], "must_not": []}
    assert scores.reply(expected, ("I'm so glad!", "I'm afraid I can't agree.", "Unfortunately not.")).why == "unfitting"
    assert scores.reply(expected, ("I'm so glad!", "Wonderful, thank you for telling me.", "Unfortunately not.")).right


def test_a_label_and_none() -> None:
    assert scores.label({"label": "alarm"}, "alarm").right
    assert scores.label({"label": "alarm"}, "timer").why == "another label"
    assert scores.label({"label": ""}, "timer").why == "out of scope"


@pytest.mark.parametrize(("said", "right"), [("Menu £4.20 soup", True), ("Menu  £4.20\nsoup", True), ("Menu £4.80 soup", False)])
def test_what_was_read(said: str, right: bool) -> None:
    assert scores.read({"text": "Menu\n£4.20 soup"}, said).right is right


def test_what_was_heard() -> None:
    assert scores.heard({"text": "Ask not what your country can do for you"}, "ask not, what your country can do for you.").right
    assert scores.heard(
        {"text": "Its roof leaks but it is still the prettiest barn here"}, "It's roof leaks, but it is still the prettiest barn here."
    ).right
    assert not scores.heard({"text": "砸自己的脚"}, "杂自己的脚").right


@given(st.text(max_size=60), st.text(max_size=60))
def test_measures_are_shares(a: str, b: str) -> None:
    for value in (chrf(a, b), overlap(a, b), share(content(a), content(b)), share(numbers(a), numbers(b))):
        assert 0 <= value <= 1
    assert scores.errors(a, a) == 0
    assert not pieces(a) or overlap(a, a) == 1
    assert share(content(a), content(a)) == 1


@given(st.integers(0, 99_999_999))
def test_numbers_in_chinese(value: int) -> None:
    assert of_han(_said(value)) == value


def _said(value: int) -> str:
    digits = "零一二三四五六七八九"
    if value < 10:
        return digits[value]
    for unit, name in ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十")):
        if value >= unit:
            rest = value % unit
            gap = "零" if rest and rest < unit // 10 else ""
            return _said(value // unit) + name + (gap + _said(rest) if rest else "")
    raise AssertionError


def test_numbers_are_one_however_they_are_written() -> None:
    assert numbers("1,117 of 6 at 7.20") == numbers("six of 1117 at 7.2")
    assert numbers("五月二十二日") == numbers("5月22日")
    assert sentences("One. Two!\nThree") == ["One.", "Two!", "Three"]
    assert plain("Ａ  “B”") == 'a "b"'
