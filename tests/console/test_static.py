# SPDX-License-Identifier: Apache-2.0
"""The console's files, without a browser: words in both languages, no word in a program, nothing that could become HTML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console import words
from tests.console.words import LANGUAGES, STATIC

OURS = sorted(path for path in STATIC.rglob("*.js") if "vendor" not in path.parts)
CATALOGS = sorted({path.name.split(".")[0] for path in (STATIC / "i18n").iterdir()})
PLURALS = {"zero", "one", "two", "few", "many", "other"}
KEY = re.compile(rf"""(["'`])((?:{"|".join(CATALOGS)})\.(?:\w|\.|\$\{{[^`]*?\}})+)\1""")
FIXED = {"title"}  # the shell asks every page for it
STRINGS = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`""")
COMMENTS = re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", re.DOTALL)
HTML = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|\beval\(|new Function|srcdoc")


def catalog(page: str, language: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((STATIC / "i18n" / f"{page}.{language}.json").read_text(encoding="utf-8"))
    return read


def leaves(tree: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Each key with its text; the plural forms of one text are one key."""
    for name, value in tree.items():
        if isinstance(value, dict) and set(value) <= PLURALS and "other" in value:
            yield before + name, " ".join(value.values())
        elif isinstance(value, dict):
            yield from leaves(value, f"{before}{name}.")
        else:
            yield before + name, value


def asked() -> set[str]:
    """Keys as programs ask for them; what is put in later (`${…}`) stands for one or more parts."""
    return {key for path in OURS for _, key in KEY.findall(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("page", CATALOGS)
def test_both_languages_say_the_same_things(page: str) -> None:
    english, chinese = (dict(leaves(catalog(page, language))) for language in LANGUAGES)
    assert english.keys() == chinese.keys()
    assert [key for key, text in (*english.items(), *chinese.items()) if not text.strip()] == []
    holes = {key: re.findall(r"\{\w+\}", text) for key, text in english.items()}
    assert {key for key, text in chinese.items() if set(re.findall(r"\{\w+\}", text)) != set(holes[key])} == set()


@pytest.mark.parametrize("page", [page for page in CATALOGS if page != "words"])
def test_chinese_is_chinese(page: str) -> None:
    bare = {key: re.sub(r"\{\w+\}|“[^”]*”|Comity\S*", "", text) for key, text in leaves(catalog(page, "zh"))}
    assert {key for key, text in bare.items() if re.search(r"[A-Za-z]{4}", text) and not re.search(r"[\u4e00-\u9fff]", text)} == set()


def test_every_word_is_asked_for_and_every_word_asked_for_is_there() -> None:
    there = {f"{page}.{key}" for page in CATALOGS if page != "words" for key, _ in leaves(catalog(page, "en"))}
    patterns = [re.compile(re.sub(r"\\\$\\\{.*?\\\}", r"[\\w.-]+", re.escape(key))) for key in asked()]
    patterns += [re.compile(rf"\w+\.{name}") for name in FIXED]
    assert {key for key in there if not any(pattern.fullmatch(key) for pattern in patterns)} == set()
    groups = {".".join(key.split(".")[: n + 1]) for key in there for n in range(key.count("."))}
    assert {key for key in asked() if "$" not in key and key not in there | groups} == set()


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_no_word_stands_in_a_program(path: Path) -> None:
    """Text that a person reads has a space or Chinese in it; class names, paths and keys of words do not."""
    text = COMMENTS.sub("", path.read_text(encoding="utf-8"))
    said = [string[1:-1] for string in STRINGS.findall(text)]
    assert [each for each in said if re.search(r"[\u4e00-\u9fff]", each) and each not in {"中文", "第$1条"}] == []
    assert [each for each in said if re.match(r"[A-Z][a-z]+ [a-z]+ ", each)] == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_text_never_becomes_html(path: Path) -> None:
    assert HTML.findall(COMMENTS.sub("", path.read_text(encoding="utf-8"))) == []


def test_every_program_names_its_licence() -> None:
    assert [path.name for path in OURS if not path.read_text(encoding="utf-8").startswith("// SPDX-License-Identifier: Apache-2.0")] == []


def test_the_words_of_the_law_are_the_packs_own() -> None:
    stale = [path.name for path, text in words.expected().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "python -m tests.console.words"


def test_what_a_remedy_grants_is_what_the_vocabulary_says() -> None:
    said = json.loads((STATIC / "pages" / "try.json").read_text(encoding="utf-8"))["grants"]
    remedies = words.read("vocab.toml")["remedies"]
    assert said == {name: edit["consent"] for name, edit in remedies.items() if "consent" in edit}
