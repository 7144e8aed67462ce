# SPDX-License-Identifier: Apache-2.0
"""Small answers, right and wrong, for each gate; and laws over any text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.tasks.gates import KINDS, check

SHOP = "The shop in Mill Lane opens at 9.30 on Monday. Mr Hart sold 214 lamps in May and returned £35 to Ms Cole. Dogs are not allowed."
LETTER = "王老师周二下午三点来，带了二十四本书。图书馆不收旧杂志。陈浩负责登记，费用比去年下降了百分之五。"


def failed(kind: str, source: str, answer: str, language: str, **more: str) -> set[str]:
    return {gate.why for gate in check(kind, source=source, answer=answer, language=language, **more) if not gate.passed}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("Mr Hart sold 241 lamps in May.", "number_invented"),
        ("The shop opens at 8.30 on Monday.", "date_invented"),
        ("The shop opens at 9.30 on Friday.", "date_invented"),
        ("Mr Brown sold 214 lamps in May.", "name_invented"),
        ("Dogs are allowed in the shop.", "denial_lost"),
        ("Mr Hart sold lamps, and a famous painter visited his gallery twice.", "unsupported"),
    ],
)
def test_what_is_wrong_in_english(answer: str, why: str) -> None:
    assert why in failed("summary", SHOP, answer, "en")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("王老师带了二十五本书。", "number_invented"),
        ("王老师周四下午三点来。", "date_invented"),
        ("费用比去年上升了5%。", "turned_round"),
        ("图书馆收旧杂志。", "denial_lost"),
        ("李明负责登记。", "name_invented"),
    ],
)
def test_what_is_wrong_in_chinese(answer: str, why: str) -> None:
    assert why in failed("summary", LETTER, answer, "zh-Hans")


@pytest.mark.parametrize(
    ("source", "answer", "language"),
    [
        (SHOP, "From half past nine on Mondays the Mill Lane shop is open; no dogs, please.", "en"),
        (SHOP, "In May, Mr Hart sold two hundred and fourteen lamps.", "en"),
        (LETTER, "周二15:00王老师来，带书24本；费用同比降低5%。", "zh-Hans"),
    ],
)
def test_other_words_for_the_same_pass(source: str, answer: str, language: str) -> None:
    assert not failed("summary", source, answer, language)


def test_a_translation_keeps_numbers_names_and_denials() -> None:
    source = "请沈从文先生周二带24本书，图书馆不收旧杂志。"
    assert not failed(
        "translation",
        source,
        "Please ask Mr Shen Congwen to bring 24 books on Tuesday; the library does not accept old magazines.",
        "zh",
        to="en",
    )
    assert failed("translation", source, "Please ask Mr Shen Congwen to bring 42 books on Tuesday.", "zh", to="en")
    assert failed("translation", source, "Please ask Mr Wang Congwen to bring 24 books on Tuesday.", "zh", to="en")


def test_proofreading_mends_words_and_adds_nothing() -> None:
    wrong = "The librery open on monday, their will be coffe."
    assert not failed("proofread", wrong, "The library opens on Monday; there will be coffee.", "en")
    assert failed("proofread", wrong, "The new library opens on Monday; there will be coffee.", "en")
    assert not failed("proofread", "他以经走了，不会在来。", "他已经走了，不会再来。", "zh")
    assert failed("proofread", "他以经走了，不会在来。", "他已经走了，会再来。", "zh")


ANY = st.text(max_size=120) | st.text(alphabet="不没未无零一二万亿半成%。，.:- 0129apmnotMrA'’", max_size=60)


@given(
    kind=st.sampled_from(sorted(KINDS)),
    source=ANY,
    answer=ANY,
    language=st.sampled_from(["zh", "en", "de", "zh-Hant"]),
    to=st.sampled_from(["", "en", "zh"]),
)
def test_nothing_raises(kind: str, source: str, answer: str, language: str, to: str) -> None:
    assert {gate.name for gate in check(kind, source=source, answer=answer, language=language, to=to)}


@pytest.mark.parametrize(("text", "language"), [(SHOP, "en"), (LETTER, "zh-Hans")])
def test_sentences_of_the_source_pass(text: str, language: str) -> None:
    sentences = re.findall(r"[^.。]+(?:\.\d+[^.。]*)*[.。]", text)
    for at in range(len(sentences)):
        for end in range(at + 1, len(sentences) + 1):
            assert not failed("summary", text, "".join(sentences[at:end]), language)


@given(value=st.integers(13, 99_999), place=st.integers(0, 4), digit=st.integers(1, 9))
def test_a_changed_digit_fails(value: int, place: int, digit: int) -> None:
    said = str(value)
    place %= len(said)
    other = said[:place] + str((int(said[place]) + digit) % 10) + said[place + 1 :]
    if int(other) == value:
        return
    assert failed("summary", f"The depot shipped {said} crates to the coast.", f"The depot shipped {other} crates.", "en")
    assert failed("summary", f"仓库发出{said}箱货。", f"仓库发出{other}箱货。", "zh")
