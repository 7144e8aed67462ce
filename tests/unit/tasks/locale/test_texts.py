# SPDX-License-Identifier: Apache-2.0
"""Marks, script, words and register; and that what is no prose comes through untouched."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import OperatorError
from comity.tasks.locale import Locale, locale_of, script
from comity.tasks.locale.pack import TAGS, regional

every = pytest.mark.parametrize("locale", [locale_of(tag) for tag in TAGS], ids=TAGS)
KEPT = ("`a, \"b\" + 'c'...`", "https://example.org/a,b?c=1.5", "www.example.org",
        "a.b@example.org", "3.14", "1,234,567.8", "15:30", "2026-11-27",
        "10:00-12:00", "/usr/local/bin", "f(x, y)", "read.me", "1.2.3", "3:2", "v1.2",
        "010-12345678", "1'000", "C:\\tmp\\a.txt")  # fmt: skip
PROSE = ("你好", "我们 ", "他说:", "\"", "'", ",", ".", "!", " ", "\n", "(", ")", "...", "--", " - ",
        "OK", "the dog's ", "„", "“", "”", "「", "」", "’",
         "，", "。", "软件", "網路", "視頻", "后", "\ue000", "0")  # fmt: skip


@every
@given(pieces=st.lists(st.sampled_from(KEPT) | st.sampled_from(PROSE), max_size=12))
def test_what_is_no_prose_comes_through(locale: Locale, pieces: list[str]) -> None:
    text = " ".join(pieces)
    said = locale.punctuate(text)
    assert [piece for piece in KEPT if piece in text and piece not in said] == []
    assert re.findall("[0-9]+", said) == re.findall("[0-9]+", text)
    assert re.findall("[A-Za-z\u4e00-\u9fff]", said) == re.findall("[A-Za-z\u4e00-\u9fff]", text)


@every
@given(text=st.text(alphabet="\"'“”‘’„‚「」『』，。,.!?:()（）… -~<>天地ab1\n`", max_size=30))
def test_any_marks_whatever_lose_no_letter(locale: Locale, text: str) -> None:
    said = locale.punctuate(text)
    assert re.findall("[天地ab1]", said) == re.findall("[天地ab1]", text)


@pytest.mark.parametrize(
    ("tag", "text", "said"),
    [
        ("zh-CN", "会议时间:明天15:30,地点:A座3楼.", "会议时间：明天15:30，地点：A座3楼。"),
        ("zh-CN", "我买了iPhone,iPad和Mac.", "我买了iPhone，iPad和Mac。"),
        ("zh-CN", "1. 打开设置;2. 点击\"关于\"", "1. 打开设置；2. 点击“关于”"),
        ("zh-CN", "我说:\"他告诉我'不行',就这样.\"", "我说：“他告诉我‘不行’，就这样。”"),
        ("zh-CN", "U.S.A.是美国的简称.", "U.S.A.是美国的简称。"), ("zh-CN", "他来了--真的...", "他来了——真的……"),
        ("zh-CN", "Hello, world. No Chinese here.", "Hello, world. No Chinese here."),
        ("zh-TW", "我讀<<紅樓夢>>,真好!", "我讀《紅樓夢》，真好！"), ("zh-HK", "“你好”,他說.", "「你好」，他說。"),
        ("en-US", "It's \"fine\" - really...", "It’s “fine”—really…"), ("en-GB",
        "The '90s were 'great', she said.", "The ’90s were ‘great’, she said."),
        ("de-DE", "Das ist z.B. \"gut\" - oder ?", "Das ist z.\xa0B. „gut“ – oder?"), ("en-GB", "你好,世界", "你好,世界"),
    ],
)  # fmt: skip
def test_marks(tag: str, text: str, said: str) -> None:
    assert locale_of(tag).punctuate(text) == said
    assert locale_of(tag).punctuate(said) == said


def test_quoting() -> None:
    assert locale_of("zh-TW").quote("他說「好」") == "「他說『好』」" and locale_of("de").quote('ein "Wort"') == "„ein ‚Wort‘“"
    assert locale_of("zh-CN").title_of_work("读《红楼梦》") == "《读〈红楼梦〉》"


# -- script -----------------------------------------------------------------------------------------------------------

CHINESE = ("视频", "質量", "软件", "軟體", "出租车", "計程車", "的士", "巴士", "打印", "列印", "后", "後", "里", "裡", "发",
        "髮", "土豆", "信息", "资讯", "資訊",
           "程序", "程式", "默认", "影片", "手机", "，", "了", "在", "ABC", "`视频`", "https://a.b/视频 ")  # fmt: skip


@pytest.fixture(autouse=True)
def _forget() -> Any:
    yield
    script._converter.cache_clear()
    script._table.cache_clear()


@pytest.mark.parametrize("tag", script.PLACES)
@given(words=st.lists(st.sampled_from(CHINESE), max_size=8))
def test_what_is_in_a_place_s_script_stays(tag: str, words: list[str]) -> None:
    pytest.importorskip("opencc", reason="opencc: pip install 'comity[hearing]' adds it")
    locale = locale_of(tag)
    once = locale.script("".join(words))
    assert locale.script(once) == once
    assert all(piece.strip() in once for piece in words if piece.startswith(("`", "http")))


@pytest.mark.parametrize(
    ("text", "taiwan", "hong_kong", "back"),
    [
        ("出租车司机发短信说堵车了", "計程車司機傳簡訊說塞車了", "的士司機發短訊説塞車了", "出租车司机发短信说堵车了"),
        ("人工智能软件的质量", "人工智慧軟體的品質", "人工智能軟件的質素", "人工智能软件的质量"),
        ("质量守恒，法律程序", "質量守恆，法律程序", "質量守恆，法律程序", "质量守恒，法律程序"),
        ("点击链接登录账号", "點選連結登入帳號", "點擊連結登入帳戶", "点击链接登录账号"),
        ("人事档案和品质", "人事檔案和品質", "人事檔案和品質", "人事档案和质量"),
        ("皇后在后面", "皇后在後面", "皇后在後面", "皇后在后面"),
    ],
)
def test_words_of_places(text: str, taiwan: str, hong_kong: str, back: str) -> None:
    pytest.importorskip("opencc", reason="opencc: pip install 'comity[hearing]' adds it")
    assert (locale_of("zh-TW").script(text), locale_of("zh-HK").script(text)) == (taiwan, hong_kong)
    assert locale_of("zh-CN").script(text) == text
    assert locale_of("zh-CN").script(taiwan) == back and locale_of("en").script(text) == text


def test_without_opencc_it_refuses_before_a_model_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opencc", None)
    monkeypatch.setattr(script, "find_spec", lambda _: None)
    script._converter.cache_clear()
    script._table.cache_clear()
    for act in (locale_of("zh-TW").check, lambda: locale_of("zh-HK").finish("软件")):
        with pytest.raises(OperatorError, match="opencc") as refused:
            act()
        assert refused.value.code == "model.no_runtime" and "pip install" in refused.value.hint
    locale_of("zh-CN").check()
    locale_of("de").check()
    assert locale_of("zh-CN").finish("你好,世界") == "你好，世界"


# -- register ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "to", "text", "said"),
    [
        ("zh-CN", "formal", "你们公司什么时候开门？我发给你。", "贵公司什么时候开门？我发给您。"), ("zh-CN", "formal", "迷你电脑给你",
        "迷你电脑给您"),
        ("zh-TW", "friendly", "您好，請問您要什麼？", "你好，請問你要什麼？"),
        ("de-DE", "formal", "Hast du deine Rechnung schon bezahlt? Wenn du Fragen hast, ruf mich an.",
         "Haben Sie Ihre Rechnung schon bezahlt? Wenn Sie Fragen haben, rufen Sie mich an."),
        ("de-DE", "formal", "Ich danke dir für deine Hilfe.", "Ich danke Ihnen für Ihre Hilfe."),
        ("de-DE", "formal", "Kannst du dich bitte bei mir melden?", "Können Sie sich bitte bei mir melden?"),
        ("de-DE", "formal", "Klick auf den Link und gib dein Passwort ein.", "Klicken Sie auf den Link und geben Sie Ihr Passwort ein."),
        ("de-DE", "formal", "Mach dir keine Sorgen.", "Machen Sie sich keine Sorgen."),
        ("de-DE", "formal", "Habt ihr eure Karten?", "Habt ihr eure Karten?"),
        ("de-DE", "formal", "Das ist der erste Test im Herbst.", "Das ist der erste Test im Herbst."),
        ("de-DE", "friendly", "Sie haben am Montag einen Termin. Bringen Sie bitte Ihren Ausweis mit.",
         "Du hast am Montag einen Termin. Bring bitte deinen Ausweis mit."),
        ("en-US", "formal", "I'm sorry, it's been sold; she'd like one too. Thanks!",
         "I am sorry, it has been sold; she would like one too. Thank you!"),
        ("en-GB", "friendly", "We are sorry, it is not here.", "We’re sorry, it isn’t here."),
    ],
)  # fmt: skip
def test_registers(tag: str, to: Any, text: str, said: str) -> None:
    assert locale_of(tag).register(text, to) == said


@every
@given(pieces=st.lists(st.sampled_from([*"est .,!?\n'你您妳们`", "du ", "dein", "bist ", "can't", "ruf ", "Sie ", "迷"]), max_size=20))
def test_a_register_once_put_stays_in_chinese_and_nothing_ever_breaks(locale: Locale, pieces: list[str]) -> None:
    text = "".join(pieces)
    said = locale.register(text, "formal")
    locale.register(text, "friendly")
    if locale.pack.language == "zh":
        assert locale.register(said, "formal") == said


def test_around_a_model() -> None:
    china = locale_of("zh-CN")
    assert "您" in china.prompt("formal") and china.finish("你好,张先生.", "formal") == "您好，张先生。"
    assert china.finish("您好,小张.", "friendly") == "你好，小张。" and "Sie" in locale_of("de").prompt("formal")
    assert [regional(tag) for tag in ("zh", "zh-Hant", "zh-TW", "en", "de-AT", "fr-FR", "es-419")] == [
        False, False, True, False, True, False, False,
    ]  # fmt: skip
