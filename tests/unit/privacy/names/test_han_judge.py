# SPDX-License-Identifier: Apache-2.0
"""Which stretches may be Chinese names, and which of them together weigh most: without a model."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.privacy.names.han_judge import FEATURES, KINDS, SHORT, Candidate, Context, beside, candidates, pick, weigh
from comity.privacy.names.han_lexicon import lexicon
from comity.privacy.names.han_reader import Belief

NOBODY = Context(left={}, right={})


def unsure(text: str, *, breaks: float = 0.5) -> Belief:
    """Of a reader that has no opinion: any character may begin a word, none is likely in a name."""
    size = len(text)
    zeros = (0.0,) * size
    return Belief(
        name=zeros,
        begins=zeros,
        breaks=[breaks] * (size + 1),
        kinds=[(0.0,) * len(KINDS)] * size,
        enter=zeros,
        stay=(zeros, zeros),
        leave=([1.0] * (size + 1),) * 2,
    )


def proposed(text: str) -> set[str]:
    return {text[place.start : place.end] for place in candidates(text, text, unsure(text), lexicon())}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("请通知王丽娜明天来", "王丽娜"),
        ("请通知王娜明天来", "王娜"),
        ("欧阳修写的", "欧阳修"),
        ("诸葛孔明来了", "诸葛孔明"),
        ("佐藤美咲来了", "佐藤美咲"),
        ("我是阿依古丽·买买提的同学", "阿依古丽·买买提"),
        ("让-吕克·戈达尔的电影", "让-吕克·戈达尔"),
        ("约翰·F·肯尼迪遇刺", "约翰·F·肯尼迪"),
        ("和亚历山大一起", "亚历山大"),
        ("表妹雨桐来了", "雨桐"),
        ("姓名:张 三\n", "张 三"),
        ("姓名:欧阳 娜娜", "欧阳 娜娜"),
    ],
)
def test_a_name_is_among_the_candidates_whatever_the_reader_thinks(text: str, name: str) -> None:
    assert name in proposed(text)


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("此致\n敬礼", "敬礼"),
        ("又做了杜师长的顾问", "杜师长"),
        ("欧阳将军来了", "欧阳将军"),
        ("金 额：42元", "金 额"),
        ("永康元年，她回到洛阳", "永康"),
        ("永熙（532年—534年）末年", "永熙"),
        ("介绍一下江小白。", "江小白"),
        ("学员让-吕克·杜邦，", "吕克·杜邦"),
    ],
)
def test_what_is_known_for_a_thing_is_no_candidate(text: str, thing: str) -> None:
    assert thing not in proposed(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("姓名：周大福", "周大福"),
        ("周大福先生来电", "周大福"),
        ("永康（1990年出生）是我弟弟", "永康"),
        ("永康3年级了", "永康"),
        ("区文博到了", "区文博"),
    ],
)
def test_a_person_called_like_a_brand_or_an_era_is_one(text: str, name: str) -> None:
    assert name in proposed(text)


def test_a_place_is_proposed_once_and_inside_the_text() -> None:
    text = "王小明·李, 王小明和李·王说欧阳 锋在约翰·F·肯尼迪-佐藤美咲家"
    places = [place[:2] for place in candidates(text, text, unsure(text), lexicon())]
    assert len(places) == len(set(places))
    assert all(0 <= start < end <= len(text) for start, end in places)


def test_characters_say_what_a_name_is() -> None:
    known = lexicon()
    assert known.chinese("张伟", 1) > 0 > known.chinese("时的", 1)
    assert known.chinese("王丽娜", 1) > known.chinese("王的了", 1)
    assert known.roots("欧阳锋", 0) == (1, 2)
    assert known.roots("的", 0) == ()
    assert known.foreign("伊丽莎白") > 0 > known.foreign("我们今天")
    assert known.words["高兴"][0] > known.words["高歌"][0]
    assert "张伟" not in known.words


def test_everything_known_of_a_candidate_has_its_name() -> None:
    text = "记者王丽娜、张伟说"
    for place in candidates(text, text, unsure(text), lexicon()):
        known = weigh(text, text, unsure(text), lexicon(), NOBODY, place)
        assert len(known) == len(FEATURES)
    known = dict(zip(FEATURES, weigh(text, text, unsure(text), lexicon(), NOBODY, Candidate(6, 8, SHORT, 1)), strict=True))
    assert (known["short"], known["long"], known["says"], known["listed"], known["role"], known["title"]) == (1, 0, 1, 1, 0, 0)


def test_two_characters_beside_say_more_than_one() -> None:
    table = {"": 1.0, "者": 2.0, "记者": 3.0}
    assert [beside(table, chars, -1) for chars in ("记者", "作者", "者", "", "的")] == [3.0, 2.0, 2.0, 1.0, 0.0]
    assert [beside({"说": 1.0, "说道": 2.0}, chars, 0) for chars in ("说道", "说他", "他说")] == [2.0, 1.0, 0.0]


spans = st.tuples(st.integers(0, 9), st.integers(1, 5), st.floats(-3, 5, allow_nan=False)).map(
    lambda drawn: (Candidate(drawn[0], drawn[0] + drawn[1], SHORT, 1), drawn[2])
)


@given(st.lists(spans, max_size=8, unique_by=lambda each: each[0]))
def test_those_picked_weigh_most(drawn: list[tuple[Candidate, float]]) -> None:
    """Against every subset."""
    scored = dict(drawn)
    picked = pick(scored, -1.0)
    places = [place for place, _ in picked]
    assert all(before.end <= after.start for before, after in pairwise(places))
    assert all(score == scored[place] > -1 for place, score in picked)
    best = 0.0
    for count in range(len(scored) + 1):
        for some in combinations(sorted(scored), count):
            if all(one.end <= two.start for one, two in pairwise(some)):
                best = max(best, sum(scored[place] + 1 for place in some))
    assert sum(score + 1 for _, score in picked) == pytest.approx(best)
