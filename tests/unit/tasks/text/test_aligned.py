# SPDX-License-Identifier: Apache-2.0
"""Edits lie over the caller's text, and taking them gives what was written, save what is no correction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.tasks.text.aligned import applied, edits

TEXTS = st.text(st.sampled_from("ab c\n.,，。“”\"'’ 我门們　—-…\u00a0é1"), max_size=40)


@given(TEXTS, TEXTS, st.sampled_from(["en", "zh", "de"]))
def test_an_edit_says_what_stands_where_and_they_do_not_overlap(text: str, corrected: str, language: str) -> None:
    found = edits(text, corrected, language)
    at = 0
    for edit in found:
        assert at <= edit.start <= edit.end <= len(text)
        assert text[edit.start : edit.end] == edit.was != edit.now
        at = edit.end


@given(
    st.lists(st.sampled_from(["one", "two", "three", "Four", "5"]), max_size=12),
    st.lists(st.sampled_from(["one", "six", "5"]), max_size=12),
)
def test_taking_every_edit_gives_what_was_written(before: list[str], after: list[str]) -> None:
    text, corrected = " ".join(before), " ".join(after)
    assert applied(text, edits(text, corrected, "en")).split() == corrected.split()


@given(TEXTS)
def test_a_text_that_is_copied_has_no_edits(text: str) -> None:
    assert edits(text, text, "zh") == [] and edits(text, text, "en") == []


@pytest.mark.parametrize(
    ("text", "corrected", "language", "wanted"),
    [
        ("We was here.", "We were here.", "en", [(3, 6, "was", "were")]),
        ("me and my sister has went", "my sister and I went", "en", None),
        ("He said \"no\" - twice.", "He said “no” – twice.", "en", []),
        ("It's  fine.", "It’s fine.", "en", []),
        ("我门很失忘。", "我们很失望。", "zh", [(1, 2, "门", "们"), (4, 5, "忘", "望")]),
        ("他走了,她没走.", "他走了，她没走。", "zh", [(3, 4, ",", "，"), (7, 8, ".", "。")]),
        ("他走了，她没走。", "他走了,她没走.", "zh", []),
        ("  a text \n", "a text", "en", []),
        ("Its late", "It's late", "en", [(0, 3, "Its", "It's")]),
        ("", "", "en", []),
    ],
)  # fmt: skip
def test_what_is_a_correction(text: str, corrected: str, language: str, wanted: list[tuple[int, int, str, str]] | None) -> None:
    found = edits(text, corrected, language)
    if wanted is None:
        assert applied(text, found) == corrected
    else:
        assert [(edit.start, edit.end, edit.was, edit.now) for edit in found] == wanted
