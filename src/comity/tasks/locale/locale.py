# SPDX-License-Identifier: Apache-2.0
"""One locale: what a task, an assistant or a page asks for, in its form."""

from __future__ import annotations

import datetime
from typing import Literal

from comity.errors import CallerError
from comity.tasks.locale import measures, moons, numbers, people, punctuation, register, script, times
from comity.tasks.locale.pack import TAGS, Pack, pack, tag_of
from comity.tasks.locale.people import Formality, Gender

MoneyStyle = Literal["symbol", "code", "name", "capital"]
_NO_CENTS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "HUF", "IDR"})
_WHOLE_USUAL = frozenset({"TWD"})
"""Has cents by law, and none at a till."""


class Locale:
    """Pure: no model, no network, no clock.  Every method raises CallerError for what it cannot take."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack

    @property
    def tag(self) -> str:
        return self.pack.tag

    # -- numbers ------------------------------------------------------------------------------------------------------

    def number(self, value: numbers.Value, *, places: int | None = None) -> str:
        return numbers.grouped(self.pack, numbers.exact(value), places)

    def percent(self, fraction: numbers.Value, *, places: int | None = None) -> str:
        """``fraction``: 0.256 is 25.6 %.  Without ``places`` at most two decimals."""
        return numbers.percent(self.pack, numbers.exact(fraction), places)

    def compact(self, value: numbers.Value) -> str:
        return numbers.compact(self.pack, numbers.exact(value))

    def ordinal(self, value: int) -> str:
        return numbers.ordinal(self.pack, value)

    def words(self, value: numbers.Value) -> str:
        return numbers.words(self.pack, numbers.exact(value))

    def money(self, amount: numbers.Value, currency: str, style: MoneyStyle = "symbol") -> str:
        """``currency``: ISO 4217.  ``capital``: as cheques have it, Chinese only."""
        value, code, said = numbers.exact(amount), currency.upper(), self.pack.money
        if style == "capital":
            if self.pack.language != "zh":
                raise CallerError(
                    "amounts in capital numerals are Chinese", code="request.invalid", field="style", hint="`name` or `symbol`"
                )
            return numbers.capital(self.pack, value)
        places = 0 if code in _NO_CENTS or (code in _WHOLE_USUAL and value == value.to_integral_value()) else 2
        if style == "name":
            known = said.one.get(code, said.names.get(code)) if abs(value) == 1 else said.names.get(code)
            if known:
                bare = numbers.grouped(self.pack, value, 0 if value == value.to_integral_value() else places)
                return said.name.format(amount=bare, name=known)
        digits = numbers.grouped(self.pack, abs(value), places)
        symbol = said.symbols.get(code)
        sign = self.pack.number.minus if value < 0 else ""
        if style == "symbol" and symbol:
            return sign + said.pattern.format(symbol=symbol, amount=digits)
        return said.code.format(code=code, amount=sign + digits)

    # -- days and times -----------------------------------------------------------------------------------------------

    def date(self, day: datetime.date, style: times.DateStyle = "long") -> str:
        return times.date(self.pack, day, style)

    def time(self, at: datetime.time, style: times.TimeStyle = "short") -> str:
        return times.time(self.pack, at, style)

    def lunar(self, day: datetime.date, style: moons.Style = "day") -> str:
        """``festival``, ``term``: "" where the day is none."""
        return moons.moon(self.pack, day, style)

    # -- measures -----------------------------------------------------------------------------------------------------

    def unit(self, value: numbers.Value, unit: str, style: measures.Style = "long") -> str:
        """``unit``: `km`, `°F`, `sqm`, `jin` …; ``local``: in what the locale's people measure with."""
        return measures.measure(self.pack, numbers.exact(value), unit, style)

    # -- people -------------------------------------------------------------------------------------------------------

    def name(self, family: str, given: str) -> str:
        return people.name(self.pack, family, given)

    def address(self, family: str, given: str, *, gender: Gender = "", title: str = "", formality: Formality = "formal") -> str:
        return people.address(self.pack, family, given, gender, title, formality)

    # -- text ---------------------------------------------------------------------------------------------------------

    def quote(self, text: str) -> str:
        """Between the locale's quotation marks; those within become its inner ones."""
        left, right, inner_left, inner_right = self.pack.punctuation.quotes
        held = punctuation.quoted(self.pack, text).translate(str.maketrans(left + right, inner_left + inner_right))
        return f"{left}{held}{right}"

    def title_of_work(self, text: str) -> str:
        left, right = self.pack.punctuation.work
        return f"{left}{text.translate(str.maketrans('《》', '〈〉')) if left == '《' else text}{right}"

    def punctuate(self, text: str) -> str:
        return punctuation.punctuate(self.pack, text)

    def script(self, text: str) -> str:
        """Raises OperatorError 503 `model.no_runtime` where OpenCC is not installed."""
        return script.in_place(self.pack, text)

    def register(self, text: str, to: register.Register) -> str:
        return register.register(self.pack, text, to)

    # -- around a model -----------------------------------------------------------------------------------------------

    def prompt(self, formality: Formality = "neutral") -> str:
        """Two to five sentences in the locale's language that a task's prompt may carry."""
        return getattr(self.pack.prompt, formality)  # type: ignore[no-any-return]

    def check(self) -> None:
        """Before a model is asked.  Raises OperatorError 503 `model.no_runtime` where `finish` would."""
        script.check(self.pack)

    def finish(self, text: str, formality: Formality = "neutral") -> str:
        """What a model wrote, in the locale's script, words and marks; of Chinese, with the pronoun of ``formality`` too."""
        said = self.punctuate(self.script(text))
        return self.register(said, formality) if formality != "neutral" and self.pack.language == "zh" else said


def locale_of(tag: str) -> Locale:
    """``tag``: BCP 47; the nearest there is: zh-MO is written as in Hong Kong, en-AU as in Britain.

    Raises CallerError for a language that has no pack; it names those that have."""
    found = tag_of(tag)
    if found is None:
        raise CallerError(
            "a locale that has no pack here",
            code="request.invalid",
            field="locale",
            hint="there are " + ", ".join(f"`{each}`" for each in TAGS),
        )
    return Locale(pack(found))
