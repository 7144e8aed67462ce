# SPDX-License-Identifier: Apache-2.0
"""What is not surely said is asked about, and not done."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.tasks.assist.reading import sure
from comity.tasks.entities import entities

NOW = datetime.fromisoformat("2026-11-27T09:00+08:00")


@pytest.mark.parametrize(
    ("words", "language", "question"),
    [
        ("Am I clear on Sunday?", "en", True),
        ("where's my badge", "en", True),
        ("could you move it to three?", "en", False),
        ("how about Monday", "en", False),
        ("don't let me forget the milk", "en", False),
        ("周日我有空吗", "zh", True),
        ("能帮我改到三点吗", "zh", False),
        ("问问小雪周日有没有空", "zh", False),
    ],
)
def test_a_question_is_no_request(words: str, language: str, question: bool) -> None:
    assert sure.asks(words, language) is question


@pytest.mark.parametrize(
    ("words", "language", "left"),
    [
        ("at 5 pm, no wait, 5:30 pm", "en", ["5:30 pm"]),
        ("tomorrow at 5 pm, sorry, 6 pm", "en", ["6 pm"]),
        ("下午六点，不对，下午六点半", "zh", ["下午六点半"]),
    ],
)
def test_a_time_taken_back_is_not_read(words: str, language: str, left: list[str]) -> None:
    gone = sure.superseded(words, language, entities(words, language=language, at=NOW), NOW)
    rest = words
    for start, end in gone:
        rest = rest[:start] + " " * (end - start) + rest[end:]
    assert gone
    assert all(one in rest for one in left)
    assert "no wait" not in rest and "sorry" not in rest and "不对" not in rest


@pytest.mark.parametrize("words", ["invite all except Tom", "move it unless it rains", "除了周三都要", "不要提醒我"])
def test_a_limit_that_nothing_holds_is_found(words: str) -> None:
    assert sure.limit(words, ()) is not None
    assert sure.limit(words, [(0, len(words))]) is None


@given(st.text(alphabet="at no wait,5:30pm不对六点半，。 ’\u202e\x00", max_size=40), st.sampled_from(["en", "zh", "de"]))
def test_whatever_is_said_spans_stay_within(words: str, language: str) -> None:
    for start, end in sure.superseded(words, language, entities(words, language=language, at=NOW), NOW):
        assert 0 <= start <= end <= len(words)
