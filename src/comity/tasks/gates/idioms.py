# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""Values that stand in words of their own: weekdays, feasts, `half past`, 八折, 三块五; and bare numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from comity.tasks.gates.numeral import DIGITS, HAN_RUN, HOURS, WORD, Amount, read_digits, read_han, read_number, read_ordinal

_WEEKDAY_EN = re.compile(r"\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.I)
WEEKDAY_ZH = re.compile(r"(?:周|星期|礼拜)([一二三四五六日天])")
_MONTH_EN = re.compile(
    r"\b(january|february|march|april|june|july|august|september|october|november|december|(?<=\d )may|(?<=in )may|may(?= \d)|(?<=of )may)\b", re.I
)  # fmt: skip
_MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
_MONTH_ZH = re.compile(r"([\d一二三四五六七八九十]{1,3})月(?!以|内)份?")
SEASONS = {
    "spring": 1, "summer": 2, "autumn": 3, "winter": 4, "春天": 1, "春季": 1, "夏天": 2, "夏季": 2, "秋天": 3, "秋季": 3, "冬天": 4, "冬季": 4,
    "春节": 11, "国庆": 12, "中秋": 13, "元旦": 14, "清明": 15, "端午": 16, "圣诞": 17, "christmas": 17, "easter": 18, "复活节": 18, "劳动节": 19, "儿童节": 20, "妇女节": 21, "教师节": 22, "元宵": 23, "重阳": 24, "七夕": 25, "情人节": 26, "valentine": 26,
    "halloween": 27, "new year": 14,
}  # fmt: skip
_DAYS = {
    "today": 0, "今天": 0, "今日": 0, "今早": 0, "今晚": 0, "tonight": 0, "tomorrow": 1, "明天": 1, "明日": 1, "明早": 1, "明晚": 1,
    "yesterday": -1, "昨天": -1, "昨日": -1, "昨晚": -1, "后天": 2, "前天": -2,
}  # fmt: skip
_YEARS = {"今年": 0, "this year": 0, "明年": 1, "next year": 1, "去年": -1, "last year": -1, "前年": -2, "同比": -1, "year on year": -1}
_TENTHS = re.compile(r"(?<![分赞完构变组形达造现收])([一二两三四五六七八九])成(半)?(?![为立员果绩本年功就交分效])")
_HALF_PAST = re.compile(rf"\bhalf ({'|'.join(HOURS)})\b", re.I)
_PAST = re.compile(rf"\b(half|quarter|ten|twenty|five)[ -](past|to)[ -]({'|'.join(HOURS)}|\d{{1,2}})\b", re.I)
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
_COUNT_EN = {
    word: Fraction(value)
    for value, words in {"2": "double twice", "12": "dozen", "1/2": "half", "1/3": "third", "1/4": "quarter"}.items()
    for word in words.split()
}


def idioms(text: str) -> Iterator[Amount]:
    lower = text.lower() if len(text.lower()) == len(text) else text
    for found in _WEEKDAY_EN.finditer(text):
        order = ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun").index(found[1].lower())
        yield Amount(found.start(), found.end(), "weekday", Fraction(order))
    for found in WEEKDAY_ZH.finditer(text):
        order = "一二三四五六日天".index(found[1])
        yield Amount(found.start(), found.end(), "weekday", Fraction(min(order, 6)))
    for found in _MONTH_EN.finditer(text):
        yield Amount(found.start(), found.end(), "month", Fraction(_MONTHS.index(found[1].lower()) + 1))
    for found in _MONTH_ZH.finditer(text):
        if (size := read_digits(found[1]) or read_han(found[1])) is not None and text[max(0, found.start() - 1) : found.start()] != "个":
            yield Amount(found.start(), found.end(), "month", size)
    for unit, table in (("season", SEASONS), ("relative", _DAYS), ("relative year", _YEARS)):
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
        yield Amount(found.start(), found.end(), "half clock", Fraction(HOURS.index(found[1].lower()) * 60 + 90) % 720)
    for found in _PAST.finditer(text):
        minutes = {"half": 30, "quarter": 15, "ten": 10, "twenty": 20, "five": 5}[found[1].lower()] * (
            1 if found[2].lower() == "past" else -1
        )
        hour = HOURS.index(found[3].lower()) + 1 if found[3].lower() in HOURS else int(found[3])
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
_TIMED_BEFORE = re.compile("[午晨早晚夜天日号周于在到从至][一二三四五六日]?$")
_TIMED_AFTER = frozenset("半钟整前后到至开集出见")
_OFF = re.compile("(?P<tenths>[一二三四五六七八九1-9])(?P<half>点?[五5])?折")
_COINS = re.compile(
    r"(?P<whole>[\d零一二两三四五六七八九十百]{1,4})[块元](?P<tenths>[一二三四五六七八九])(?![十百千万毛角])|(?<![块元])(?P<dimes>[一二两三四五六七八九1-9])毛(?P<cents>[一二三四五六七八九])?(?![一二三四五六七八九]?[十百])"
)
_DEGREES = re.compile("(?P<whole>[一二三四五六七八九十]{1,4})度(?P<tenths>[一二三四五六七八九])(?![十百千万])")
_FEAST_DAYS = re.compile(
    r"(?<![\d一二三四五六七八九十])(?:五一|六一|三八|八一)(?=放假|假期|节|期间|黄金周|劳动节|前|后|那天)|十一(?=放假|假期|黄金周|长假)"
)
_OF = re.compile(
    rf"\b({'|'.join(HOURS)}|\d{{1,3}}) (?:in|out of)(?: every)? ({'|'.join(HOURS)}|\d{{1,3}})\b(?! (?:the|a|an|days?|hours?|minutes?|weeks?|months?|years?))",
    re.I,
)
_PENCE = re.compile(r"\b(\d{1,2})p\b")
_AND_HALF = re.compile(f"({_HAN_NUMBER})(?:(年|天|周)半|个半(月|小时|钟头))")
_DECADE = re.compile("([一二三四五六七八九]十)年代")


def a_little(text: str, start: int, end: int) -> bool:
    return text[start:end] == "一点" and not _TIMED_BEFORE.search(text, 0, start) and text[end : end + 1] not in _TIMED_AFTER


def _idioms(text: str) -> Iterator[Amount]:
    for found in _CLOCK_ZH.finditer(text):
        if a_little(text, found.start(), found.end()):
            continue
        hour, part = read_number(found["hour"]), found["part"] or ""
        minutes = {"": Fraction(0), "整": Fraction(0), "半": Fraction(30), "一刻": Fraction(15), "三刻": Fraction(45)}.get(
            part
        ) or read_number(part or "0")
        decimal = not part and re.match(r"[零一二三四五六七八九\d]", text[found.end() : found.end() + 1] or " ")
        if hour is None or hour > 24 or minutes is None or decimal:
            continue
        half = found["half"] or ""
        late = half in ("下午", "傍晚", "晚上", "夜里", "今晚", "明晚", "当晚") and hour < 12
        unit = "clock" if half or hour > 12 else "half clock"
        yield Amount(found.start(), found.end(), unit, ((hour + 12 * late) * 60 + minutes) % (1440 if unit == "clock" else 720))
    for found in _OFF.finditer(text):
        tenths = read_number(found["tenths"]) or Fraction(0)
        size = tenths / 10 + (Fraction(1, 20) if found["half"] else 0)
        yield Amount(found.start(), found.end(), "", size)
        yield Amount(found.start(), found.end(), "", 1 - size)
    for found in _COINS.finditer(text):
        if found["dimes"]:
            size = (read_number(found["dimes"]) or Fraction(0)) / 10 + (read_number(found["cents"] or "0") or Fraction(0)) / 100
        else:
            size = (read_number(found["whole"]) or Fraction(0)) + (read_number(found["tenths"]) or Fraction(0)) / 10
        yield Amount(found.start(), found.end(), "CNY", size)
    for found in _DEGREES.finditer(text):
        yield Amount(
            found.start(),
            found.end(),
            "Cel",
            (read_number(found["whole"]) or Fraction(0)) + (read_number(found["tenths"]) or Fraction(0)) / 10,
        )
    for found in _FEAST_DAYS.finditer(text):
        month, day = (
            (10, 1) if found[0] == "十一" else ("一二三四五六七八九".index(found[0][0]) + 1, "一二三四五六七八九".index(found[0][1]) + 1)
        )
        yield Amount(found.start(), found.end(), "month", Fraction(month))
        yield Amount(found.start(), found.end(), "day", Fraction(day))
    for found in _OF.finditer(text):
        first, second = (Fraction(HOURS.index(each.lower()) + 1) if each.lower() in HOURS else Fraction(each) for each in found.groups())
        if 0 < first < second:
            yield Amount(found.start(), found.end(), "", first / second)
    for found in _PENCE.finditer(text):
        yield Amount(found.start(), found.end(), "GBP", Fraction(found[1]) / 100)
    for found in _DECADE.finditer(text):
        yield Amount(found.start(), found.end(), "", read_number(found[1]) or Fraction(0))
    for found in _AND_HALF.finditer(text):
        if (count := read_number(found[1])) is not None:
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


def bare_numbers(text: str) -> Iterator[Amount]:
    """What no grammar took up: digits first of all."""
    for found in DIGITS.finditer(text):
        if (size := read_digits(found[0])) is not None:
            yield Amount(found.start(), found.end(), "", size)
        else:
            for part in re.finditer(r"\d+(?:\.\d+)?", found[0]):
                yield Amount(found.start() + part.start(), found.start() + part.end(), "", Fraction(part[0]))
    for found in HAN_RUN.finditer(text):
        counted = text[found.end() : found.end() + 1] in _COUNTED or text[found.start() - 1 : found.start()] in ("第", "初", "十")
        vague = (
            re.search("[一二三四五六七八九]{2}[十百千万]|^[十百千万]+$", found[0])
            or text[found.start() : found.end() + 1] in ("十分", "万分", "百般", "千万")
            or set(found[0]) <= set("千万百亿零〇")
        ) and not (found[0] == "十" and counted and text[found.end()] != "分")
        if (len(found[0]) > 1 or counted) and not vague and (size := read_han(found[0])) is not None:
            yield Amount(found.start(), found.end(), "", size)
    for found in WORD.finditer(text):
        word = found[0].lower()
        if (size := _COUNT_EN.get(word)) is not None or (size := read_ordinal(word)) is not None:
            yield Amount(found.start(), found.end(), "", size)


_COUNTED = frozenset("个位名人只次件份张本条台辆座层楼期年月日号天周岁斤里米元块角毛分钟小点刻户箱票吨亩倍届章页家所把颗枚栋间幢首部")
