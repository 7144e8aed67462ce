# SPDX-License-Identifier: Apache-2.0
"""The law's words in plain English and Chinese (`plain.toml`).  A word that has none there is shown as it is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from comity.jurisdictions.pack import Fact, Pack, Rule
from comity.jurisdictions.vocab import bare

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
_ARTICLE = re.compile(r"(?:Arts?\.|ss?\.) (?P<numbers>[\d(][^ ,;]*(?:, [\d(][^ ,;]*)*)(?: \(formerly (?P<before>\d+)\))?")
_DIGITS = "零一二三四五六七八九"


@cache
def plain() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("comity.jurisdictions").joinpath("plain.toml").read_text(encoding="utf-8"))


class Words:
    """Of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._at = LANGUAGES.index(language)
        self._chinese = language == "zh"

    def _of(self, kind: str, word: str) -> str:
        found = plain()[kind].get(word)
        return word.replace("_", " ") if found is None else str(found[self._at])

    def _named(self, kind: str, word: str) -> str:
        """What a pack says in English itself; only the Chinese is in `plain.toml`."""
        return str(plain()[kind].get(word, "")) if self._chinese else ""

    # -- what guidelines say -------------------------------------------------------------------------------------

    def said(self, key: str, **values: str) -> str:
        """As `plain.toml` has it, with each `{name}` filled in."""
        return filled(str(plain()["said"][key][self._at]), values)

    def sentence(self, text: str) -> str:
        return text[:1].upper() + text[1:] + self.said("stop")

    def listed(self, words: Iterable[str]) -> str:
        *most, last = list(words) or ["-"]
        return self.said("comma").join(most) + self.said("and") + last if most else last

    def day(self, day: date) -> str:
        return f"{day.year}年{day.month}月{day.day}日" if self._chinese else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def number(self, number: int) -> str:
        return f"{number // 10_000}万" if self._chinese and number and number % 10_000 == 0 else f"{number:,}"

    # -- what a pack says ----------------------------------------------------------------------------------------

    def rule(self, rule: Rule) -> str:
        """What it says, in this language where it has it; for one that owes, what is owed and when."""
        text = (rule.text_zh or (rule.text and self.said("foreign", text=rule.text))) if self._chinese else rule.text
        if not rule.obligation:
            return text or self.said("as_written")
        duty = self.obligation(rule.obligation)
        if text:
            return self.said("owed", duty=duty, when=text)
        return self.said("owed_as_written" if rule.body["conditions"] else "owed_always", duty=duty)

    def speaks(self, rule: Rule) -> bool:
        return not self._chinese or bool(rule.text_zh) or not rule.text

    def obligation(self, name: str) -> str:
        return filled(self._of("obligations", bare(name)), {"n": name.removeprefix(bare(name)).removeprefix(":")})

    def remedy(self, name: str) -> str:
        return self._of("remedies", name)

    def word(self, name: str) -> str:
        return self._of("words", name)

    def region(self, name: str) -> str:
        return self._of("regions", name)

    def applies(self, name: str) -> str:
        return self._of("applies", name)

    def confidence(self, name: str) -> str:
        return self._of("confidence", name)

    def term(self, pack: Pack, name: str) -> str:
        own = f"{pack.head.id}.{name}"
        return self._of("terms", own) if own in plain()["terms"] else self._of("words", name)

    def table(self, pack: Pack, name: str, value: int | tuple[str, ...]) -> str:
        own = f"{pack.head.id}.{name}"
        place = "{n}" if isinstance(value, int) else "{list}"
        form = self._of("tables", own) if own in plain()["tables"] else f"{self._of('words', name)}: {place}"
        if isinstance(value, int):
            return filled(form, {"n": self.number(value)})
        shown = self.region if pack.tables[name].regions else self.word
        return filled(form, {"list": self.listed(map(shown, value))})

    def pack(self, pack: Pack) -> str:
        regions = self.listed(map(self.region, pack.head.regions)) if self._chinese else ""
        return self._named("packs", pack.head.name) or regions or pack.head.name

    def note(self, pack: Pack) -> str:
        return self._named("notes", pack.head.note) or pack.head.note

    def citation(self, fact: Fact) -> str:
        return self.cited(fact.instrument, fact.article)

    def cited(self, instrument: str, article: str) -> str:
        named = self._named("instruments", instrument)
        if article == "-":
            return named or instrument
        numbered = (self._named("articles", article) or _article(article)) if named else ""
        return named + numbered if numbered else f"{named or instrument}, {article}"


def filled(form: str, values: dict[str, str]) -> str:
    """Only names that stand in ``form`` itself: what is filled in may hold braces of its own."""
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), form)


def _article(text: str) -> str:
    """`Arts. 44-46, 49` as 第四十四条至第四十六条、第四十九条; empty for what is not of that form."""
    found = _ARTICLE.fullmatch(text)
    if found is None:
        return ""
    numbers = found["numbers"].replace(", ", "、")
    if "." in numbers:  # sections of a code, which Chinese leaves as they are
        return f"第{numbers}条"
    numbers = re.sub(r"\b(\d+)-(\d+)\b(?!\))", _neighbours, numbers)
    said = re.sub(r"(?<!\()\b\d+", lambda one: f"第{_numeral(int(one[0]))}条", numbers)
    said = said.replace("(", "（").replace(")", "）").replace("-", "至")
    return said + (f"（原第{_numeral(int(found['before']))}条）" if found["before"] else "")


def _neighbours(ends: re.Match[str]) -> str:
    """`29-30` names two articles, `44-46` a range."""
    return f"{ends[1]}、{ends[2]}" if int(ends[2]) == int(ends[1]) + 1 else ends[0]


def _numeral(number: int) -> str:
    """Below 1000, as statutes number their articles."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    said = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        said += "十" if tens == 1 and not hundreds else f"{_DIGITS[tens]}十"
    elif hundreds and ones:
        said += "零"
    return said + (_DIGITS[ones] if ones or not said else "")
