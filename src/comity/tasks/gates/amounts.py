# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""The values that a text says, in one form for both languages: `1.7 litres` is `1700毫升`, `half past nine` is `9:30`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from fractions import Fraction

from comity.tasks.entities import Entity, entities
from comity.tasks.entities.values import (
    Date,
    DateRange,
    DateTime,
    DateTimeRange,
    Duration,
    Measure,
    Money,
    Number,
    Ordinal,
    Percent,
    Time,
    TimeRange,
)
from comity.tasks.gates.idioms import WEEKDAY_ZH, a_little, bare_numbers, idioms
from comity.tasks.gates.numeral import DIGITS, HOURS, Amount, first_numeral, read_digits

AT = datetime(2025, 1, 1, 12, tzinfo=UTC)
"""Both texts are read as of one moment, whichever: only what they share is compared."""
ABOUT = Fraction(4, 100)
"""How far `about` lets a value be off."""
HOTTEST = 300
"""Degrees: of more, `度` counts kilowatt-hours."""
_SCALES: dict[str, tuple[str, Fraction]] = {
    unit: (base, Fraction(factor))
    for base, line in {
        "m": "m 1 cm .01 mm .001 km 1000",
        "[ft_i]": "[ft_i] 1 [in_i] 1/12",
        "g": "[jin_i] 500 g 1 kg 1000 mg .001 t 1000000",
        "L": "L 1 mL .001 l 1 ml .001",
        "By": "By 1 kBy 1000 MBy 1000000 GBy 1000000000 TBy 1000000000000",
        "m2": "m2 1 km2 1000000 har 10000 [acr_us] 4047 [acr_br] 4047 [mu_i] 2000/3",
        "W": "W 1 kW 1000 MW 1000000",
        "Cel": "Cel 1 deg 1",
        "W.h": "W.h 1 kW.h 1000",
    }.items()
    for unit, factor in zip(line.split()[::2], line.split()[1::2], strict=True)
}
_UNITS = {
    said: _SCALES[code]
    for said, code in {
        "mg": "mg", "g": "g", "kg": "kg", "km": "km", "cm": "cm", "mm": "mm", "ml": "mL", "mb": "MBy", "gb": "GBy", "tb": "TBy", "kb": "kBy",
        "毫克": "mg", "克": "g", "公斤": "kg", "千克": "kg", "吨": "t", "米": "m", "公里": "km", "厘米": "cm", "毫米": "mm", "升": "L", "毫升": "mL",
        "英尺": "[ft_i]", "英寸": "[in_i]",
    }.items()
}  # fmt: skip
_UNIT_AFTER = re.compile(rf"\s?({'|'.join(sorted(_UNITS, key=len, reverse=True))})(?![A-Za-z])", re.I)
_ABOUT_BEFORE = re.compile(r"(?:\b(?:about|around|approximately|roughly|nearly|almost|some|circa|over|under|just)\s*|[约近])[^\w\u3400-\u9fff]*$|(?:大约|大概|将近|差不多|接近)$", re.I)  # fmt: skip
_ABOUT_AFTER = re.compile(r"^(?:左右|上下|来|多|余|出头|ish\b| or so\b)")
_BOUNDS_BEFORE = re.compile(
    r"(?:(?P<least>at least|no fewer than|no less than|not less than|a minimum of|minimum|至少|最少|起码|不少于|不低于|不得少于)"
    r"|(?P<most>at most|no more than|not more than|up to|a maximum of|maximum|not exceed|exceeding|no later than|最多|至多|顶多|不超过|不得超过|别超过|别过|不多于|不高于|可领|以内)"
    r"|(?P<over>more than|over|above|in excess of|超过|超出|多于|高于|大于)|(?P<under>less than|fewer than|under|below|不到|不足|少于|低于|未满))"
    r"\s*(?:[\u4e00-\u9fff]{1,2})?[^\S\n]*(?:take|of|领|取|要)?\s*$", re.I,
)  # fmt: skip
_BOUNDS_AFTER = re.compile(
    r"^[^\s，。,.;；]{0,3}?(?:(?P<most>以内|之内|以下| or less| or fewer| at most)|(?P<least>以上|及以上| or more| at least))", re.I
)


def amounts(text: str, language: str) -> tuple[Amount, ...]:
    named = list(idioms(text))
    taken = [one for one in named if one.unit in ("", "months", "month", "clock", "half clock")]
    found = [each for each in _of_entities(text, language) if each.unit or not _inside(each, taken)]
    found += named
    found += [each for each in bare_numbers(text) if not _inside(each, found)]
    return tuple(sorted({_qualified(each, text) for each in found}, key=lambda one: (one.start, one.end, one.unit, one.size)))


def _inside(one: Amount, others: Sequence[Amount]) -> bool:
    return any(other.start <= one.start < other.end for other in others)


def _qualified(one: Amount, text: str) -> Amount:
    before, after = text[max(0, one.start - 24) : one.start], text[one.end : one.end + 12]
    about = bool(_ABOUT_BEFORE.search(before) or _ABOUT_AFTER.search(after) or _ABOUT_BEFORE.search(text[one.start : one.start + 8]))
    about = about or "decade" in text[one.start : one.end].lower()
    bound = 0
    if (said := _BOUNDS_BEFORE.search(before)) or (said := _BOUNDS_AFTER.search(after)):
        groups = said.groupdict()
        bound = 1 if groups.get("least") else -1 if groups.get("most") else 2 if groups.get("over") else -2
        if bound in (2, -2) and re.search(r"\b(?:not|never|no|n't)\b|n't|[不勿别]", before[: said.start()][-12:]):
            bound = -1 if bound == 2 else 1
    return one._replace(about=about, bound=bound)


_LASTING = re.compile(r"小时|分钟|钟头|秒|[天周年月]|星期|礼拜|hour|minute|second|day\b|days\b|week|month|year|ago|later|earlier", re.I)
_UNTIMED = frozenset(("number", "ordinal", "percent", "money", "measure", "duration"))


def _of_entities(text: str, language: str) -> Iterator[Amount]:
    """`within 48 hours` is a length of time here, not a moment counted from now."""
    try:
        read = entities(text, language=language, at=AT)
        lasting = entities(text, language=language, at=AT, kinds=_UNTIMED)
    except (ArithmeticError, ValueError, OverflowError):
        return
    kept: list[Entity] = []
    for one in read:
        said = text[one.start : one.end]
        if a_little(text, one.start, one.end):
            continue
        moved = isinstance(one.value, DateTime | DateTimeRange | TimeRange | DateRange | Date) and _LASTING.search(WEEKDAY_ZH.sub("", said))
        inner = [each for each in lasting if one.start <= each.start and each.end <= one.end and isinstance(each.value, Duration)]
        kept += inner if moved and inner else [one]
    for one in kept:
        yield from _converted(one, text)


def _converted(one: Entity, text: str) -> Iterator[Amount]:
    value, said = one.value, text[one.start : one.end]

    told = first_numeral(said)

    def made(unit: str, size: Fraction | int) -> Amount:
        return Amount(one.start, one.end, unit, Fraction(size), told=told)

    match value:
        case Number():
            after = text[one.end : one.end + 4].strip()
            if said.lower().endswith("third") and after[:2].isalpha() and after[:2] != "of":
                yield made("", 3)
            elif (unit := _UNIT_AFTER.match(text, one.end)) is not None:
                base, factor = _UNITS[unit[1].lower()]
                yield made(base, Fraction(value.amount) * factor)
            else:
                yield made("", Fraction(value.amount) / value.over)
        case Ordinal():
            yield made("", value.place)
        case Percent():
            yield made("", Fraction(value.amount) / 100)
        case Money():
            yield made("" if said.lower().startswith("won") else value.currency or "money", Fraction(value.amount))
        case Measure():
            base, factor = _SCALES.get(value.unit, (value.unit, Fraction(1)))
            if said.endswith("度") and value.amount > HOTTEST:  # of electricity
                base, factor = "W.h", Fraction(1000)
            sign = -1 if text[one.start - 1 : one.start] in ("-", "−", "–") and base == "Cel" else 1
            yield made(base, Fraction(value.amount) * factor * sign)
        case Duration():
            if value.months:
                yield made("months", Fraction(value.months))
            if value.days or value.seconds:
                yield made("minutes", Fraction(value.days) * 1440 + Fraction(value.seconds) / 60)
        case Time():
            yield made(*_minutes(value.clock, said))
        case TimeRange():
            if re.search(r"\d|[一二三四五六七八九十]点|o.clock|past", said):
                for end in (value.start, value.end):
                    if end is not None:
                        yield made(*_minutes(end, said))
        case DateTime():
            if _TIMED.search(said) and not re.search(r"later|earlier|ago|后|前", said):
                yield made(*_minutes(value.moment.time(), said))
            yield from _day(value.moment.date(), said, made)
        case DateTimeRange():
            for moment in (value.start, value.end):
                if moment is not None and re.search(r"\d|[点时刻]", said):
                    yield made(*_minutes(moment.time(), said))
        case Date():
            yield from _day(value.day, said, made)
        case DateRange():
            if value.first is not None and re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)|[一二][九〇零][〇零一二三四五六七八九]{2}年", said):
                yield made("year", value.first.year)
            elif re.search(r"\d", said):
                yield from _day_numbers(one, said)
        case _:
            yield from _day_numbers(one, said)


_TIMED = re.compile(rf"\d|[点时刻]|o.clock|noon|midnight|\b(?:{'|'.join(HOURS)}|half|quarter)\b", re.I)
_HALF_SAID = re.compile(
    r"\d\s?[ap]\.?m\b|凌晨|早|晨|上午|中午|下午|傍晚|晚|夜|noon|morning|evening|night|afternoon|\b(?:1[3-9]|2[0-3])[:.]\d", re.I
)


def _minutes(clock: time, said: str) -> tuple[str, int]:
    """`half clock` where the text does not say which half of the day."""
    minutes = clock.hour * 60 + clock.minute
    return ("clock", minutes) if _HALF_SAID.search(said) else ("half clock", minutes % 720)


_DAY_SAID = re.compile(
    r"\d\s?[日号]|[一二三四五六七八九十][日号]|初[一二三四五六七八九十]|\d(?:st|nd|rd|th)\b|\d[-/.]\d{1,2}[-/.]|"
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2}\b(?!:)|\b\d{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|"
    r"\b(?:first|second|third|(?:twenty-|thirty-)?[a-z]+th)\b", re.I,
)  # fmt: skip


def _day(day: date, said: str, made: object) -> Iterator[Amount]:
    assert callable(made)
    if re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", said):
        yield made("year", day.year)
    numbered = _DAY_SAID.search(WEEKDAY_ZH.sub("", said))
    if numbered and not re.search(r"later|earlier|ago|后|前|day of|天|周|week", said):
        yield made("day", day.day)


def _day_numbers(one: Entity, said: str) -> Iterator[Amount]:
    for found in DIGITS.finditer(said):
        if (size := read_digits(found[0])) is not None:
            yield Amount(one.start + found.start(), one.start + found.end(), "", size)


CLOCKS = frozenset(("clock", "half clock"))
MONEY = frozenset(("GBP", "CNY", "USD", "EUR", "HKD", "TWD", "JPY", "money"))
_BARE = frozenset(("", "day"))


def same(one: Amount, other: Amount) -> bool:
    """``one`` of an answer, ``other`` of its source.  A bare number may be any unit's: `ten ninety-five came back`."""
    units = {one.unit, other.unit}
    if len(units) == 1:
        if one.size == other.size:
            return True
        return (one.about or other.about) and other.size != 0 and abs(one.size - other.size) <= ABOUT * abs(other.size)
    if units == CLOCKS:
        return one.size % 720 == other.size % 720
    if units == {"months", "minutes"}:
        months, minutes = (one.size, other.size) if one.unit == "months" else (other.size, one.size)
        return abs(months * 30 * 1440 - minutes) <= minutes * Fraction(1, 20)
    if (units == {"GBP", "[lb_av]"} or units <= _LOOSE) and one.size == other.size:
        return True
    for whole, bare in ((one, other), (other, one)):
        if bare.unit == "" and whole.unit:
            if whole.unit in CLOCKS:
                hour, part = divmod(bare.size, 1)
                return whole.size % 720 == (hour * 60 + part * 100) % 720
            if whole.unit == "year":
                return whole.size == bare.size or whole.size % 100 == bare.size
            parts = [whole.size, whole.told, *(whole.size / each for each in _PARTS.get(whole.unit, ()))]
            return bare.size in parts
    return False


_PARTS = {"months": (12,), "minutes": (60, 1440, 10080)}
_LOOSE = frozenset(("", "day", "money", "months"))
