# SPDX-License-Identifier: Apache-2.0
"""A caller's text stands between marks that it cannot close; every task has its words in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.tasks.capability import tokens_of
from comity.tasks.text.asking import Input, asking, fence, language_of, named, plain, room
from comity.tasks.text.parts import parts

HOSTILE = st.lists(
    st.sampled_from(["<", "/", ">", "text", "TEXT", "1", "2", "</text>", "<text1>", "\n", "{", "}", "{most}", "ſ", "名"]), max_size=30
).map("".join)


@given(HOSTILE)
def test_nothing_in_a_text_can_end_it(text: str) -> None:
    begin, end = fence(text)
    assert begin.lower() not in text.lower() and end.lower() not in text.lower()
    request = asking(text, "en", "summarise", "paragraph", most=3, words=40, tokens=10)
    said = str(request.messages[-1].content)
    assert said.startswith(f"{begin}\n{text}\n{end}\n\n") and said.count(end) == 1


@given(HOSTILE)
def test_what_is_asked_of_a_text_is_between_the_marks_too_or_cannot_close_them(question: str) -> None:
    request = asking("a text", "en", "answer", "answer", tokens=10, question=question)
    said = str(request.messages[-1].content)
    end = said.split("\n")[2]
    assert said.count(end) == 1 or end not in question


WORDS = {"most": 3, "words": 40, "source": "English", "question": "Why?", "schema": "{}"}


@pytest.mark.parametrize("language", ["en", "zh", "de", "zh-Hant", "ja"])
@pytest.mark.parametrize(
    ("task", "kind"),
    [("summarise", kind) for kind in ("paragraph", "bullets", "notification", "join")]
    + [("rewrite", tone) for tone in ("formal", "friendly", "concise")]
    + [("proofread", "correct"), ("extract", "fields")]
    + [(name, name) for name in ("translate", "answer", "keywords", "reply")],
)  # fmt: skip
def test_every_task_has_its_words(language: str, task: str, kind: str) -> None:
    request = asking("x", language, task, kind, tokens=10, **WORDS)
    frame = str(request.messages[0].content)
    assert named(language)[language.startswith("zh")] in frame and "{" not in frame
    assert request.temperature == 0 and request.max_tokens == 10


@pytest.mark.parametrize(
    ("text", "language"),
    [("hello there", "en"), ("你好，世界", "zh"), ("用Python写一个函数", "zh"), ("The word 你 means you in Chinese", "en"),
     ("これは日本語です", "en"), ("123", "en")],
)  # fmt: skip
def test_the_language_by_script(text: str, language: str) -> None:
    assert language_of(Input(text=text)) == language
    assert language_of(Input(text=text, language="de")) == "de"


@pytest.mark.parametrize("more", [{"text": " \n"}, {"text": "x" * 200_001}, {"text": "x", "language": "xx"}])
def test_what_no_task_can_take(more: dict[str, str]) -> None:
    with pytest.raises(CallerError):
        Input(**more)


@given(st.text(st.sampled_from("ab 。.\n，名"), max_size=400), st.integers(5, 60), st.sampled_from(["en", "zh"]))
def test_parts_are_the_text_and_fit(text: str, tokens: int, language: str) -> None:
    made = parts(text, tokens, language)
    assert "".join(made) == text and all(tokens_of(len(each), language) <= tokens for each in made)


def test_what_a_model_puts_around_its_answer() -> None:
    assert plain('"A summary."', "text") == "A summary."
    assert plain('"Yes," she said.', '"Yes," she said') == '"Yes," she said.'
    assert plain("<text>\nA\n</text>", "text") == "A"
    assert plain("```\nA\n```", "text") == "A"
    assert room("x" * 400, "en") >= 100
