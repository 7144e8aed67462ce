# SPDX-License-Identifier: Apache-2.0
"""Which language a text is in, and that no guess is passed off as knowledge."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.tasks import language
from comity.tasks.language import UNKNOWN, language_of

BY_SCRIPT = [
    ("zh-Hans", "帮我打开Bluetooth和Wi-Fi settings"),
    ("zh-Hans", "这家店的の字招牌很好看"),
    ("zh-Hant", "最近的車站在哪裡？"),
    ("zh-Hant", "衆多著名饒舌歌手都改了名字，爲新落成的大型場館揭幕"),
    ("zh", "你好"),
    ("ja", "最寄りの駅はどこですか"),
    ("ja", "東京駅"),
    ("ja", "ﾃｽﾄﾃﾞｽ"),
    ("ko", "가장 가까운 역이 어디예요?"),
    ("th", "สถานีที่ใกล้ที่สุดอยู่ที่ไหน"),
    ("el", "Πού είναι ο σταθμός;"),
    (UNKNOWN, ""),
    (UNKNOWN, "12345 !! 🎉"),
    (UNKNOWN, "ok"),
    (UNKNOWN, "https://example.org/deutsch/und/nicht a@b.example"),
]
BY_WORDS = [
    ("en", "Please tell me what the weather is like in the north of the country"),
    ("de", "Können Sie mir bitte sagen, wie ich zu dem Bahnhof komme und nicht zu spät bin?"),
    ("fr", "Je voudrais une table pour deux dans le jardin, avec vue sur la mer"),
    (UNKNOWN, "Bluetooth headphones battery replacement"),
]


@contextmanager
def without_model() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(language, "_model", lambda: None)
        yield


@pytest.mark.parametrize(("tag", "text"), BY_SCRIPT)
def test_the_script_says_it(tag: str, text: str) -> None:
    with without_model():
        assert language_of(text).tag == tag


@pytest.mark.parametrize(("tag", "text"), BY_WORDS)
def test_without_a_model_the_commonest_words_say_it_or_nothing_does(tag: str, text: str) -> None:
    with without_model():
        assert language_of(text).tag == tag


@pytest.mark.skipif(find_spec("py3langid") is None, reason="py3langid is not installed: pip install 'comity[vectors]' adds it")
@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("en", "There is consternation among some members at a suggestion their title should change"),
        ("sv", "Var ligger närmaste tunnelbanestation?"),
        ("uk", "Де знаходиться найближча станція?"),
        ("fa", "نزدیک‌ترین ایستگاه کجاست؟"),
        ("vi", "Ga gần nhất ở đâu vậy bạn?"),
        (UNKNOWN, "call mum"),
    ],
)
def test_with_the_model_many_more(tag: str, text: str) -> None:
    assert language_of(text).tag == tag


def test_where_it_is_known_what_comes_into_question_shorter_texts_do() -> None:
    with without_model():
        assert language_of("你好", among=("en", "zh-Hans")).tag == "zh"
        assert language_of("你好", among=("en", "fr")).tag == UNKNOWN
        assert language_of("the end of the world is near", among=("en", "zh")).tag == "en"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_any_text_has_a_tag_and_how_sure_it_is(text: str) -> None:
    with without_model():
        found = language_of(text)
    assert 0 <= found.sure <= 1
    assert found.tag == UNKNOWN or found.sure >= language.SURE_MIN


@given(st.text(alphabet="0123456789 .,!?-_/()%€¥😀\n\t", max_size=60))
def test_what_has_no_letter_has_no_language(text: str) -> None:
    assert language_of(text) == (UNKNOWN, 0.0)


@given(st.text(alphabet="你我他们这说话开关书车电门马鸟鱼龙", min_size=4, max_size=40), st.text(alphabet="abcXYZ 12", max_size=6))
def test_simplified_script_is_never_called_traditional(han: str, latin: str) -> None:
    assert language_of(han + latin).tag in ("zh", "zh-Hans")


@given(st.text(alphabet="妳我他們這說話開關書車電門馬鳥魚龍", min_size=4, max_size=40))
def test_traditional_script_is_never_called_simplified(han: str) -> None:
    assert language_of(han).tag in ("zh", "zh-Hant")
