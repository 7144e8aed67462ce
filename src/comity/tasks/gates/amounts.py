# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""The values that a text says, in one form for both languages: `1.7 litres` is `1700毫升`, `half past nine` is `9:30`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from fractions import Fraction
from typing import NamedTuple

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

AT = datetime(2025, 1, 1, 12, tzinfo=UTC)
"""Both texts are read as of one moment, whichever: only what they share is compared."""
ABOUT = Fraction(4, 100)
"""How far `about` lets a value be off."""


HOTTEST = 300
"""Degrees: of more, `度` counts kilowatt-hours."""


class Amount(NamedTuple):
    start: int
    end: int
    unit: str  # "" of a bare number; `clock` in minutes, `weekday`, `month`, `day` …
    size: Fraction
    about: bool = False
    bound: int = 0  # 1: at least; -1: at most; 2: more than; -2: less than
    told: Fraction | None = None  # the number that stands before the unit


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
_WEEKDAY_EN = re.compile(r"\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.I)
_WEEKDAY_ZH = re.compile(r"(?:周|星期|礼拜)([一二三四五六日天])")
_MONTH_EN = re.compile(
    r"\b(january|february|march|april|june|july|august|september|october|november|december|(?<=\d )may|(?<=in )may|may(?= \d)|(?<=of )may)\b", re.I
)  # fmt: skip
_MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
_MONTH_ZH = re.compile(r"([\d一二三四五六七八九十]{1,3})月(?!以|内)份?")
_SEASONS = {
    "spring": 1, "summer": 2, "autumn": 3, "winter": 4, "春天": 1, "春季": 1, "夏天": 2, "夏季": 2, "秋天": 3, "秋季": 3, "冬天": 4, "冬季": 4,
    "春节": 11, "国庆": 12, "中秋": 13, "元旦": 14, "清明": 15, "端午": 16, "圣诞": 17, "christmas": 17, "easter": 18, "劳动节": 19, "儿童节": 20, "妇女节": 21, "教师节": 22, "元宵": 23, "重阳": 24, "七夕": 25, "情人节": 26, "valentine": 26,
    "halloween": 27, "new year": 14,
}  # fmt: skip
_DAYS = {
    "today": 0, "今天": 0, "今日": 0, "今早": 0, "今晚": 0, "tonight": 0, "tomorrow": 1, "明天": 1, "明日": 1, "明早": 1, "明晚": 1,
    "yesterday": -1, "昨天": -1, "昨日": -1, "昨晚": -1, "后天": 2, "前天": -2,
}  # fmt: skip
_YEARS = {"今年": 0, "this year": 0, "明年": 1, "next year": 1, "去年": -1, "last year": -1, "前年": -2, "同比": -1, "year on year": -1}
_TENTHS = re.compile(r"(?<![分赞完构变组形达造现收])([一二两三四五六七八九])成(半)?(?![为立员果绩本年功就交分效])")
_HOURS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_HALF_PAST = re.compile(rf"\bhalf ({'|'.join(_HOURS)})\b", re.I)
_PAST = re.compile(rf"\b(half|quarter|ten|twenty|five)[ -](past|to)[ -]({'|'.join(_HOURS)}|\d{{1,2}})\b", re.I)
_QUARTERS_ZH = re.compile("前([一二三四])个?季度")
_FEASTS = {
    12: (10, 1),
    14: (1, 1),
    17: (12, 25),
    13: (8, 15),
    16: (5, 5),
    19: (5, 1),
    20: (6, 1),
    21: (3, 8),
    22: (9, 10),
    23: (1, 15),
    24: (9, 9),
    25: (7, 7),
    26: (2, 14),
    27: (10, 31),
}
"""Of seasons: those that are a day of the year."""
_ORDINALS = {
    word: place
    for place, word in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"], 1,
    )
}  # fmt: skip
_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")
_HAN_DIGIT = "〇零一二三四五六七八九"
_COUNT_EN = {
    word: Fraction(value)
    for value, words in {"2": "double twice", "12": "dozen", "1/2": "half", "1/3": "third", "1/4": "quarter"}.items()
    for word in words.split()
}
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
    named = list(_named(text))
    taken = [one for one in named if one.unit in ("", "months", "month", "clock", "half clock")]
    found = [each for each in _of_entities(text, language) if each.unit or not _inside(each, taken)]
    found += named
    found += [each for each in _plain(text) if not _inside(each, found)]
    return tuple(sorted({_qualified(each, text) for each in found}, key=lambda one: (one.start, one.end, one.unit, one.size)))


def _inside(one: Amount, others: Sequence[Amount]) -> bool:
    return any(other.start <= one.start < other.end for other in others)


def _qualified(one: Amount, text: str) -> Amount:
    before, after = text[max(0, one.start - 24) : one.start], text[one.end : one.end + 12]
    about = bool(_ABOUT_BEFORE.search(before) or _ABOUT_AFTER.search(after) or _ABOUT_BEFORE.search(text[one.start : one.start + 8]))
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
        moved = isinstance(one.value, DateTime | DateTimeRange | TimeRange | DateRange | Date) and _LASTING.search(
            _WEEKDAY_ZH.sub("", said)
        )
        inner = [each for each in lasting if one.start <= each.start and each.end <= one.end and isinstance(each.value, Duration)]
        kept += inner if moved and inner else [one]
    for one in kept:
        yield from _converted(one, text)


def _converted(one: Entity, text: str) -> Iterator[Amount]:
    value, said = one.value, text[one.start : one.end]

    told = _told(said)

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


_TIMED = re.compile(rf"\d|[点时刻]|o.clock|noon|midnight|\b(?:{'|'.join(_HOURS)}|half|quarter)\b", re.I)
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
    numbered = _DAY_SAID.search(_WEEKDAY_ZH.sub("", said))
    if numbered and not re.search(r"later|earlier|ago|后|前|day of|天|周|week", said):
        yield made("day", day.day)


def _day_numbers(one: Entity, said: str) -> Iterator[Amount]:
    for found in _DIGITS.finditer(said):
        if (size := _read(found[0])) is not None:
            yield Amount(one.start + found.start(), one.start + found.end(), "", size)


def _named(text: str) -> Iterator[Amount]:
    lower = text.lower() if len(text.lower()) == len(text) else text
    for found in _WEEKDAY_EN.finditer(text):
        order = ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun").index(found[1].lower())
        yield Amount(found.start(), found.end(), "weekday", Fraction(order))
    for found in _WEEKDAY_ZH.finditer(text):
        order = "一二三四五六日天".index(found[1])
        yield Amount(found.start(), found.end(), "weekday", Fraction(min(order, 6)))
    for found in _MONTH_EN.finditer(text):
        yield Amount(found.start(), found.end(), "month", Fraction(_MONTHS.index(found[1].lower()) + 1))
    for found in _MONTH_ZH.finditer(text):
        if (size := _read(found[1]) or _han(found[1])) is not None and text[max(0, found.start() - 1) : found.start()] != "个":
            yield Amount(found.start(), found.end(), "month", size)
    for unit, table in (("season", _SEASONS), ("relative", _DAYS), ("relative year", _YEARS)):
        for word, place in table.items():
            at = lower.find(word)
            while at >= 0:
                if not word.isascii() or not (lower[at - 1 : at].isalpha() or lower[at + len(word) : at + len(word) + 1].isalpha()):
                    yield Amount(at, at + len(word), unit, Fraction(place))
                    if unit == "season" and place in _FEASTS:
                        yield Amount(at, at + len(word), "month", Fraction(_FEASTS[place][0]))
                        yield Amount(at, at + len(word), "day", Fraction(_FEASTS[place][1]))
                at = lower.find(word, at + len(word))
    yield from _idioms(text)
    for found in _HALF_PAST.finditer(text):
        yield Amount(found.start(), found.end(), "half clock", Fraction(_HOURS.index(found[1].lower()) * 60 + 90) % 720)
    for found in _PAST.finditer(text):
        minutes = {"half": 30, "quarter": 15, "ten": 10, "twenty": 20, "five": 5}[found[1].lower()] * (
            1 if found[2].lower() == "past" else -1
        )
        hour = _HOURS.index(found[3].lower()) + 1 if found[3].lower() in _HOURS else int(found[3])
        yield Amount(found.start(), found.end(), "half clock", Fraction((hour * 60 + minutes) % 720))
    for found in _QUARTERS_ZH.finditer(text):
        yield Amount(found.start(), found.end(), "months", Fraction(3 * ("一二三四".index(found[1]) + 1)))
    for found in _TENTHS.finditer(text):
        tenths = Fraction("一二三四五六七八九".index(found[1].replace("两", "二")) + 1, 10)
        yield Amount(found.start(), found.end(), "", tenths + (Fraction(1, 20) if found[2] else 0))


_HAN_NUMBER = r"[\d零〇一二两三四五六七八九十]{1,3}"
_CLOCK_ZH = re.compile(
    rf"(?P<half>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|今早|今晚|明早|明晚|当晚)?(?<![周期拜])(?P<hour>{_HAN_NUMBER})[点时](?P<part>半|一刻|三刻|{_HAN_NUMBER}(?=分)|整)?"
)
_OFF = re.compile("(?P<tenths>[一二三四五六七八九1-9])(?P<half>点?[五5])?折")
_COINS = re.compile(
    r"(?P<whole>[\d零一二两三四五六七八九十百]{1,4})[块元](?P<tenths>[一二三四五六七八九])(?![十百千万毛角])|(?<![块元])(?P<dimes>[一二两三四五六七八九1-9])毛(?P<cents>[一二三四五六七八九])?(?![一二三四五六七八九]?[十百])"
)
_DEGREES = re.compile("(?P<whole>[一二三四五六七八九十]{1,4})度(?P<tenths>[一二三四五六七八九])(?![十百千万])")
_FEAST_DAYS = re.compile(
    r"(?<![\d一二三四五六七八九十])(?:五一|六一|三八|八一)(?=放假|假期|节|期间|黄金周|劳动节|前|后|那天)|十一(?=放假|假期|黄金周|长假)"
)
_OF = re.compile(
    rf"\b({'|'.join(_HOURS)}|\d{{1,3}}) (?:in|out of)(?: every)? ({'|'.join(_HOURS)}|\d{{1,3}})\b(?! (?:the|a|an|days?|hours?|minutes?|weeks?|months?|years?))",
    re.I,
)
_PENCE = re.compile(r"\b(\d{1,2})p\b")
_AND_HALF = re.compile(f"({_HAN_NUMBER})(?:(年|天|周)半|个半(月|小时|钟头))")
_DECADE = re.compile("([一二三四五六七八九]十)年代")


def _idioms(text: str) -> Iterator[Amount]:
    for found in _CLOCK_ZH.finditer(text):
        hour, part = _number(found["hour"]), found["part"] or ""
        minutes = {"": Fraction(0), "整": Fraction(0), "半": Fraction(30), "一刻": Fraction(15), "三刻": Fraction(45)}.get(part) or _number(
            part or "0"
        )
        decimal = not part and re.match(r"[零一二三四五六七八九\d]", text[found.end() : found.end() + 1] or " ")
        if hour is None or hour > 24 or minutes is None or decimal:
            continue
        half = found["half"] or ""
        late = half in ("下午", "傍晚", "晚上", "夜里", "今晚", "明晚", "当晚") and hour < 12
        unit = "clock" if half or hour > 12 else "half clock"
        yield Amount(found.start(), found.end(), unit, ((hour + 12 * late) * 60 + minutes) % (1440 if unit == "clock" else 720))
    for found in _OFF.finditer(text):
        tenths = _number(found["tenths"]) or Fraction(0)
        size = tenths / 10 + (Fraction(1, 20) if found["half"] else 0)
        yield Amount(found.start(), found.end(), "", size)
        yield Amount(found.start(), found.end(), "", 1 - size)
    for found in _COINS.finditer(text):
        if found["dimes"]:
            size = (_number(found["dimes"]) or Fraction(0)) / 10 + (_number(found["cents"] or "0") or Fraction(0)) / 100
        else:
            size = (_number(found["whole"]) or Fraction(0)) + (_number(found["tenths"]) or Fraction(0)) / 10
        yield Amount(found.start(), found.end(), "CNY", size)
    for found in _DEGREES.finditer(text):
        yield Amount(
            found.start(), found.end(), "Cel", (_number(found["whole"]) or Fraction(0)) + (_number(found["tenths"]) or Fraction(0)) / 10
        )
    for found in _FEAST_DAYS.finditer(text):
        month, day = (
            (10, 1) if found[0] == "十一" else ("一二三四五六七八九".index(found[0][0]) + 1, "一二三四五六七八九".index(found[0][1]) + 1)
        )
        yield Amount(found.start(), found.end(), "month", Fraction(month))
        yield Amount(found.start(), found.end(), "day", Fraction(day))
    for found in _OF.finditer(text):
        first, second = (Fraction(_HOURS.index(each.lower()) + 1) if each.lower() in _HOURS else Fraction(each) for each in found.groups())
        if 0 < first < second:
            yield Amount(found.start(), found.end(), "", first / second)
    for found in _PENCE.finditer(text):
        yield Amount(found.start(), found.end(), "GBP", Fraction(found[1]) / 100)
    for found in _DECADE.finditer(text):
        yield Amount(found.start(), found.end(), "", _number(found[1]) or Fraction(0))
    for found in _AND_HALF.finditer(text):
        if (count := _number(found[1])) is not None:
            unit, whole = {
                "年": ("months", 12),
                "月": ("months", 1),
                "小时": ("minutes", 60),
                "钟头": ("minutes", 60),
                "天": ("minutes", 1440),
                "周": ("minutes", 10080),
            }[found[2] or found[3]]
            yield Amount(found.start(), found.end(), unit, (count + Fraction(1, 2)) * whole)
    for word, month in (
        ("年底", 12),
        ("年末", 12),
        ("年初", 1),
        ("end of the year", 12),
        ("end of year", 12),
        ("上半年", 6),
        ("一季度", 3),
        ("二季度", 6),
        ("三季度", 9),
        ("四季度", 12),
    ):
        if (at := text.lower().find(word)) >= 0:
            yield Amount(at, at + len(word), "month", Fraction(month))
    for found in re.finditer(r"\b(fiver|tenner)s?\b", text, re.I):
        yield Amount(found.start(), found.end(), "GBP", Fraction(5 if found[1].lower() == "fiver" else 10))
    for word, size in (("半个月", Fraction(15 * 1440)), ("fortnight", Fraction(14 * 1440))):
        at = text.find(word)
        if at >= 0:
            yield Amount(at, at + len(word), "minutes", size)
    for found in re.finditer("半(?:价|数)|一半|(?:翻|增加|多|涨)了?一(?:番|倍)", text):
        yield Amount(found.start(), found.end(), "", Fraction(1, 2) if "半" in found[0] else Fraction(2))


def _number(said: str) -> Fraction | None:
    return _read(said) if said.isascii() else _han(said) if _HAN_RUN.fullmatch(said) else None


_HAN_RUN = re.compile("[零〇一二两三四五六七八九十百千万亿]+")
_WORD = re.compile(r"[A-Za-z]+")


def _plain(text: str) -> Iterator[Amount]:
    """What no grammar took up: digits first of all."""
    for found in _DIGITS.finditer(text):
        if (size := _read(found[0])) is not None:
            yield Amount(found.start(), found.end(), "", size)
        else:
            for part in re.finditer(r"\d+(?:\.\d+)?", found[0]):
                yield Amount(found.start() + part.start(), found.start() + part.end(), "", Fraction(part[0]))
    for found in _HAN_RUN.finditer(text):
        counted = text[found.end() : found.end() + 1] in _COUNTED or text[found.start() - 1 : found.start()] in ("第", "初", "十")
        vague = (
            re.search("[一二三四五六七八九]{2}[十百千万]|^[十百千万]+$", found[0])
            or text[found.start() : found.end() + 1] in ("十分", "万分", "百般", "千万")
            or set(found[0]) <= set("千万百亿零〇")
        )
        if (len(found[0]) > 1 or counted) and not vague and (size := _han(found[0])) is not None:
            yield Amount(found.start(), found.end(), "", size)
    for found in _WORD.finditer(text):
        word = found[0].lower()
        if (size := _COUNT_EN.get(word)) is not None or (size := _ordinal(word)) is not None:
            yield Amount(found.start(), found.end(), "", size)


def _ordinal(word: str) -> Fraction | None:
    place = _ORDINALS.get(word)
    return None if place is None or place == 1 else Fraction(place)


_COUNTED = frozenset("个位名人只次件份张本条台辆座层楼期年月日号天周岁斤里米元块角毛分钟小点刻户箱票吨亩倍届章页家所把颗枚栋间幢首部")


def _told(said: str) -> Fraction | None:
    if found := _DIGITS.search(said):
        return _read(found[0])
    if found := _HAN_RUN.search(said):
        return _han(found[0])
    return None


def _read(digits: str) -> Fraction | None:
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?", digits) and len(digits) < 40:
        return Fraction(digits.replace(",", ""))
    return None


_POWERS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}


def _han(run: str) -> Fraction | None:
    if len(run) > 20:
        return None
    run = run.replace("两", "二")
    if not any(each in _POWERS for each in run):
        return Fraction("".join(str(_HAN_DIGIT.index(each) - 1 if each != "〇" else 0).replace("-1", "0") for each in run))
    total = section = digit = 0
    for each in run:
        if each in _HAN_DIGIT:
            digit = max(0, _HAN_DIGIT.index(each) - 1)
        elif _POWERS[each] < 10_000:
            section += (digit or 1) * _POWERS[each]
            digit = 0
        else:
            total = (total + section + digit) * _POWERS[each] if each == "亿" else total + (section + digit) * _POWERS[each]
            section = digit = 0
    return Fraction(total + section + digit)


# -- whether one text's values are another's ----------------------------------------------------------------------------

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


def numerals(text: str) -> frozenset[Fraction]:
    """Every numeral as it stands, whatever it counts."""
    found = {_read(each[0]) for each in _DIGITS.finditer(text)} | {_han(each[0]) for each in _HAN_RUN.finditer(text)}
    found |= {Fraction(_HOURS.index(each[0].lower()) + 1) for each in _WORD.finditer(text) if each[0].lower() in _HOURS}
    found |= {Fraction(_ORDINALS[each[0].lower()]) for each in _WORD.finditer(text) if each[0].lower() in _ORDINALS}
    found |= {Fraction(part) for each in _DIGITS.finditer(text) if _read(each[0]) is None for part in re.findall(r"\d+", each[0])}
    return frozenset(each for each in found if each is not None)
