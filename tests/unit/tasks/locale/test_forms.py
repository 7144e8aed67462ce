# SPDX-License-Identifier: Apache-2.0
"""Numbers, money, days, times, measures and people, in the form of each locale."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import CallerError
from comity.tasks.entities import entities, lunar
from comity.tasks.entities.values import Number
from comity.tasks.locale import Locale, locale_of
from comity.tasks.locale.numbers import german
from comity.tasks.locale.pack import TAGS, pack

AT = datetime(2026, 11, 27, 9, tzinfo=UTC)
every = pytest.mark.parametrize("locale", [locale_of(tag) for tag in TAGS], ids=TAGS)


@pytest.mark.parametrize(
    ("asked", "tag"),
    [
        ("zh-MO", "zh-HK"), ("zh-SG", "zh-CN"), ("zh", "zh-CN"), ("zh-Hant", "zh-TW"), ("zh-Hant-HK", "zh-HK"), ("zh-Hans-TW", "zh-CN"),
        ("zh-Hant-CN", "zh-TW"), ("zh_TW", "zh-TW"), ("yue-HK", "zh-HK"), ("en", "en-US"), ("en-CA", "en-US"), ("en-AU", "en-GB"),
        ("EN-gb", "en-GB"), ("de", "de-DE"), ("de-AT", "de-DE"),
    ],
)  # fmt: skip
def test_the_nearest_pack(asked: str, tag: str) -> None:
    assert locale_of(asked).tag == tag


@pytest.mark.parametrize("asked", ["fr", "ja-JP", "", "x", "🙂", "-", "zzz-CN"])
def test_without_a_pack_those_there_are_are_named(asked: str) -> None:
    with pytest.raises(CallerError) as refused:
        locale_of(asked)
    assert all(tag in refused.value.hint for tag in TAGS)


@every
def test_packs_hold_what_the_others_hold(locale: Locale) -> None:
    mine, first = locale.pack, pack("zh-CN")
    assert set(first.unit.names) <= set(mine.unit.names)
    assert set(mine.unit.local.values()) | set(mine.unit.local) <= set(mine.unit.names)
    assert mine.sources and len(mine.lunar.animals) == 12 and len(mine.date.weekdays) == 7
    for said in (mine.prompt.formal, mine.prompt.neutral, mine.prompt.friendly):
        assert 2 <= len(said.replace("。", ".").rstrip(".").split(".")) <= 5


# -- numbers ----------------------------------------------------------------------------------------------------------


def _read(locale: Locale, said: str) -> Decimal:
    return Decimal(said.replace(locale.pack.number.group, "").replace(locale.pack.number.decimal, "."))


@every
@given(value=st.decimals(min_value=-(10**15), max_value=10**15, places=6))
def test_a_number_is_read_back(locale: Locale, value: Decimal) -> None:
    assert _read(locale, locale.number(value)) == value


@every
@given(value=st.decimals(min_value=-(10**15), max_value=10**15, places=3))
def test_a_compact_number_is_near_and_none_is_a_thousand_of_the_unit_below_it(locale: Locale, value: Decimal) -> None:
    said = locale.compact(value)
    sizes = {name: size for size, name in locale.pack.number.compact}
    name = next((name for name in sorted(sizes, key=len, reverse=True) if said.endswith(name)), "")
    near = _read(locale, said.removesuffix(name)) * sizes.get(name, 1)
    assert abs(near - value) <= max(abs(value) * Decimal("0.06"), Decimal("0.005"))


@pytest.mark.parametrize("tag", ["zh-CN", "zh-TW", "en-US", "en-GB"])
@given(value=st.integers(min_value=0, max_value=10**12 - 1))
def test_words_are_read_back(tag: str, value: int) -> None:
    said = locale_of(tag).words(value)
    if tag == "zh-TW":
        said = said.translate(str.maketrans("萬億兩", "万亿两"))
    found = entities(said, language=tag[:2], at=AT, kinds=("number",))
    assert [reading.amount for one in found for reading in one.readings if isinstance(reading, Number)][:1] == [value], said


@given(value=st.integers(min_value=0, max_value=10**6 - 1))
def test_german_words_say_their_number(value: int) -> None:
    assert _german(german(value)) == value


def _german(said: str) -> int:
    """The other way, written for this."""
    if "tausend" in said:
        high, low = said.split("tausend", 1)
        return _german(high) * 1000 + (_german(low) if low else 0)
    if "hundert" in said:
        high, low = said.split("hundert", 1)
        return _german(high) * 100 + (_german(low) if low else 0)
    small = ["null", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf", "dreizehn",
             "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"]  # fmt: skip
    tens = ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"]
    if said in (*small, "eins"):
        return small.index(said.removesuffix("s") if said == "eins" else said)
    if said in tens:
        return 20 + 10 * tens.index(said)
    ones, ten = said.rsplit("und", 1)
    return small.index(ones) + 20 + 10 * tens.index(ten)


@pytest.mark.parametrize(
    ("tag", "form", "given_", "said"),
    [
        ("zh-CN", "compact", 1.23e8, "1.23亿"), ("zh-TW", "compact", 2e12, "2兆"), ("en-US", "compact", 999_960, "999.96K"),
        ("en-US", "compact", 999_999, "1M"),
        ("de-DE", "compact", 2_500_000, "2,5\xa0Mio."), ("en-GB", "compact", 999, "999"), ("zh-CN", "compact", -35000, "-3.5万"),
        ("de-DE", "percent", 0.256, "25,6\xa0%"), ("en-US", "percent", 0.1, "10%"), ("en-US", "percent", 1 / 3, "33.33%"),
        ("en-US", "words", 113, "one hundred thirteen"), ("en-GB", "words", 113, "one hundred and thirteen"),
        ("en-GB", "words", -2.5, "minus two point five"), ("zh-CN", "words", 20000, "两万"), ("zh-TW", "words", 2.05, "二點零五"),
        ("de-DE", "words", 1_000_001, "eine Million eins"), ("de-DE", "words", 21_101, "einundzwanzigtausendeinhunderteins"),
        ("zh-CN", "number", -0.0, "0"), ("de-DE", "number", 1234567.5, "1.234.567,5"),
    ],
)  # fmt: skip
def test_numbers(tag: str, form: str, given_: Any, said: str) -> None:
    assert getattr(locale_of(tag), form)(given_) == said


def test_ordinals() -> None:
    said = ("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th", "101st")
    assert tuple(locale_of("en").ordinal(int(one[:-2])) for one in said) == said


@every
@pytest.mark.parametrize("value", [float("nan"), float("inf"), "x", "", Decimal("1e50")])
def test_what_is_no_number(locale: Locale, value: Any) -> None:
    with pytest.raises(CallerError):
        locale.number(value)


@pytest.mark.parametrize(
    ("tag", "amount", "currency", "style", "said"),
    [
        ("zh-CN", 1234.5, "CNY", "symbol", "¥1,234.50"), ("zh-CN", 3, "USD", "name", "3美元"), ("zh-TW", 1500, "TWD", "symbol", "NT$1,500"),
        ("de-DE", -5, "EUR", "symbol", "-5,00\xa0€"), ("en-US", 1, "EUR", "name", "1 euro"), ("en-GB", 9.99, "XAF", "symbol", "XAF 9.99"),
        ("en-US", 1200, "JPY", "symbol", "¥1,200"), ("zh-CN", 1234.5, "CNY", "capital", "壹仟贰佰叁拾肆元伍角整"),
        ("zh-CN", 100.05, "CNY", "capital", "壹佰元零伍分"), ("zh-TW", 20015, "TWD", "capital", "貳萬零壹拾伍元整"),
        ("zh-CN", 0, "CNY", "capital", "零元整"),
    ],
)  # fmt: skip
def test_money(tag: str, amount: float, currency: str, style: Any, said: str) -> None:
    assert locale_of(tag).money(amount, currency, style) == said


# -- days and times ---------------------------------------------------------------------------------------------------


def test_dates_and_times() -> None:
    day = date(2026, 11, 27)
    assert locale_of("zh-TW").date(day, "era") == "民國115年11月27日"
    assert locale_of("zh-CN").date(day, "era") == "2026年11月27日"
    assert locale_of("de").date(day, "weekday") == "Freitag, 27. November 2026"
    assert locale_of("en-US").date(day, "weekday") == "Friday, November 27, 2026"
    at = time(20, 15)
    assert [locale_of(tag).time(at, "spoken") for tag in TAGS] == [
        "晚上八点一刻", "晚上八點十五分", "晚上八時十五分", "quarter past eight", "quarter past eight", "Viertel nach acht",
    ]  # fmt: skip
    assert locale_of("zh-CN").time(time(14, 5), "spoken") == "下午两点零五分"
    assert locale_of("de").time(time(21, 1), "spoken") == "einundzwanzig Uhr eins"
    assert locale_of("en").time(time(0, 0), "spoken") == "midnight" and locale_of("en").time(time(0, 7), "spoken") == "twelve oh seven"


@every
@given(minutes=st.integers(0, 1439))
def test_every_minute_can_be_said_and_written(locale: Locale, minutes: int) -> None:
    at = time(minutes // 60, minutes % 60)
    assert locale.time(at, "spoken") and f"{at.minute:02}" in locale.time(at)


@every
@given(days=st.integers(0, (date(2100, 12, 31) - date(1900, 1, 31)).days))
def test_every_day_of_the_tables_has_its_names(locale: Locale, days: int) -> None:
    day = date(1900, 1, 31) + timedelta(days)
    assert all(locale.lunar(day, style) for style in ("day", "full", "year", "animal_year", "animal"))
    festival = locale.lunar(day, "festival")
    found = lunar.from_gregorian(day)
    assert found is not None
    assert (festival == locale.pack.lunar.festivals["8-15"]) == (found[1:] == (8, 15, False))


def test_the_moon() -> None:
    china, hong_kong, english, german_ = map(locale_of, ("zh-CN", "zh-HK", "en", "de"))
    assert china.lunar(date(2025, 7, 25)) == "农历闰六月初一" and china.lunar(date(2026, 2, 16), "festival") == "除夕"
    assert china.lunar(date(2026, 4, 5), "festival") == "清明节" and hong_kong.lunar(date(2026, 3, 5), "term") == "驚蟄"
    assert china.lunar(date(2026, 1, 1), "festival") == "" and china.lunar(date(2026, 1, 1), "term") == ""
    assert (
        english.lunar(date(2026, 9, 25), "festival") == "Mid-Autumn Festival"
        and english.lunar(date(2026, 3, 1), "year") == "Year of the Horse"
    )
    assert (
        english.lunar(date(2026, 9, 25)) == "15th day of the 8th lunar month"
        and german_.lunar(date(2025, 3, 1), "year") == "Jahr der Schlange"
    )
    with pytest.raises(CallerError):
        china.lunar(date(1899, 1, 1))


# -- measures and people ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "value", "unit", "style", "said"),
    [
        ("zh-CN", 5, "kg", "local", "10斤"), ("zh-TW", 6, "kg", "local", "10台斤"), ("zh-TW", 100, "sqm", "local", "30.2坪"),
        ("en-US", 100, "km", "local", "62.1 mi"), ("en-US", -40, "°C", "local", "-40°F"), ("en-GB", 100, "km/h", "local", "62.1 mph"),
        ("en-US", 1, "ft", "long", "1 foot"), ("de-DE", 1, "mi", "long", "1\xa0Meile"), ("zh-CN", 26, "℃", "local", "26℃"),
        ("en-GB", 20, "m", "local", "20 m"), ("zh-CN", 0, "°F", "local", "-17.8℃"),
    ],
)  # fmt: skip
def test_measures(tag: str, value: float, unit: str, style: Any, said: str) -> None:
    assert locale_of(tag).unit(value, unit, style) == said


def test_a_unit_that_is_not_known() -> None:
    with pytest.raises(CallerError, match="not known"):
        locale_of("en").unit(1, "furlong")


@pytest.mark.parametrize(
    ("tag", "who", "more", "said"),
    [
        ("zh-CN", ("李", "伟"), {"formality": "friendly"}, "李伟，你好！"),
        ("zh-CN", ("陈", "思远"), {"formality": "friendly", "title": "teacher"}, "陈老师，您好！"),
        ("zh-CN", ("李", "伟"), {}, "尊敬的李伟："), ("zh-TW", ("林", "怡君"), {"gender": "f"}, "林小姐您好："),
        ("en-US", ("Smith", "Alex"), {}, "Dear Alex Smith:"), ("en-US", ("Smith", "Alex"), {"title": "doctor"}, "Dear Dr. Smith:"),
        ("de-DE", ("Weber", "Kim"), {}, "Guten Tag Kim Weber,"), ("de-DE", ("Weber", "Kim"), {"formality": "friendly"}, "Hallo Kim,"),
        ("de-DE", ("Weber", "Ute"), {"gender": "f", "title": "professor"}, "Sehr geehrte Frau Professorin Weber,"),
        ("zh-HK", ("陳", "大文"), {"title": "校監"}, "尊敬的陳校監："),
    ],
)  # fmt: skip
def test_addresses(tag: str, who: tuple[str, str], more: dict[str, Any], said: str) -> None:
    assert locale_of(tag).address(*who, **more) == said


def test_names() -> None:
    assert locale_of("zh-CN").name("史密斯", "约翰") == "约翰·史密斯" and locale_of("en").name("王", "伟") == "王伟"
    assert locale_of("zh-CN").name("Curie", "Marie") == "Marie Curie" and locale_of("de").name("Cher", "") == "Cher"
