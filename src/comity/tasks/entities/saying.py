# SPDX-License-Identifier: Apache-2.0
"""A value in plain words, in English or Chinese: what a person checks before something is done."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from comity.errors import CallerError
from comity.tasks.entities import units
from comity.tasks.entities.lexer import listed
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
    Person,
    Phone,
    Place,
    Recurrence,
    Time,
    TimeRange,
    Value,
)

_MONTHS = listed("January February March April May June July August September October November December")
_DAYS = listed("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_CODES = listed("MO TU WE TH FR SA SU")
_WEEK_ZH = "一二三四五六日"
_PLACES = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
_PLACES_ZH = {1: "第一个", 2: "第二个", 3: "第三个", 4: "第四个", 5: "第五个", -1: "最后一个"}
_FREQ = {
    "SECONDLY": "second",
    "MINUTELY": "minute",
    "HOURLY": "hour",
    "DAILY": "day",
    "WEEKLY": "week",
    "MONTHLY": "month",
    "YEARLY": "year",
}
_FREQ_ZH = {"SECONDLY": "秒", "MINUTELY": "分钟", "HOURLY": "小时", "DAILY": "天", "WEEKLY": "周", "MONTHLY": "个月", "YEARLY": "年"}
_MONEY = {
    "USD": ("US dollar", "美元"), "CNY": ("yuan", "元"), "EUR": ("euro", "欧元"), "GBP": ("British pound", "英镑"), "JPY": ("yen", "日元"),
    "HKD": ("Hong Kong dollar", "港元"), "TWD": ("Taiwan dollar", "新台币"), "KRW": ("Korean won", "韩元"),
    "INR": ("Indian rupee", "印度卢比"),
    "AUD": ("Australian dollar", "澳元"), "CAD": ("Canadian dollar", "加元"), "SGD": ("Singapore dollar", "新加坡元"),
    "CHF": ("Swiss franc", "瑞士法郎"),
}  # fmt: skip
_DEGREES = {"Cel": "Celsius", "[degF]": "Fahrenheit"}
_SAME = frozenset({"yuan", "yen", "Korean won", "percent"})


def said(value: Value, language: str) -> str:
    """`Tuesday, 1 December 2026 at 6:15 am`, `2026年12月1日星期二早上6点15分`.  A day has its year and weekday and a clock its half of
    the day, so that nothing is left to guess; the zone is that of the value."""
    words = {"en": _english, "zh": _chinese}.get(language.partition("-")[0])
    if words is None:
        raise CallerError("no words in that language", hint="`en` or `zh`", field="language")
    return words(value)


def _plain(amount: Decimal) -> str:
    whole = f"{amount:f}"
    return whole.rstrip("0").rstrip(".") if "." in whole else whole


def _grouped(amount: Decimal) -> str:
    whole, dot, rest = _plain(amount).partition(".")
    return f"{int(whole):,}{dot}{rest}" if whole not in ("-0", "") else _plain(amount)


def _many(amount: Decimal | int, name: str) -> str:
    one = abs(amount) == 1 or name in _SAME
    return name if one else f"{name[:-4]}feet" if name.endswith("foot") else f"{name}es" if name.endswith("inch") else f"{name}s"


def _nth(place: int) -> str:
    ending = "th" if abs(place) % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(abs(place) % 10, "th")
    return f"{place}{ending}"


def _day(day: date) -> str:
    return f"{_DAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def _clock(at: time) -> str:
    if (at.minute, at.second) == (0, 0) and at.hour in (0, 12):
        return "noon" if at.hour else "midnight"
    small = f":{at.minute:02}" if at.minute or at.second else ""
    small += f":{at.second:02}" if at.second else ""
    return f"{at.hour % 12 or 12}{small} {'am' if at.hour < 12 else 'pm'}"


def _moment(at: datetime) -> str:
    return f"{_day(at.date())} at {_clock(at.time())}"


def _whole(first: date | None, last: date | None) -> str:
    """`month` or `year` where that is what lies between."""
    if first is None or last is None or first.day != 1 or last == date.max or (last + timedelta(1)).day != 1 or first.year != last.year:
        return ""
    return "month" if first.month == last.month else "year" if (first.month, last.month) == (1, 12) else ""


def _bounds(first: str | None, last: str | None) -> str:
    if first is None:
        return f"until {last}"
    return f"from {first} onwards" if last is None else f"from {first} to {last}"


def _length(value: Duration) -> list[tuple[Decimal, str]]:
    """Whole units, the largest first; what is left over stays with the smallest."""
    out: list[tuple[Decimal, str]] = []
    for amount, sizes in (
        (value.months, ((12, "year"), (1, "month"))),
        (value.days, ((7, "week"), (1, "day"))),
        (value.seconds, ((3600, "hour"), (60, "minute"), (1, "second"))),
    ):
        for size, name in sizes:
            whole = amount // size if size > 1 else amount
            if name == "week" and amount % 7:
                continue
            if whole:
                out.append((whole, name))
                amount -= whole * size
    return out or [(Decimal(0), "second")]


def _english(value: Value) -> str:  # one arm for each kind
    match value:
        case Date(day=day):
            return _day(day)
        case Time(clock=clock):
            return _clock(clock)
        case DateTime(moment=moment):
            return _moment(moment)
        case DateRange(first=first, last=last):
            whole = _whole(first, last)
            if whole and first is not None:
                return f"{_MONTHS[first.month - 1]} {first.year}" if whole == "month" else f"the year {first.year}"
            return _bounds(_day(first) if first else None, _day(last) if last else None)
        case TimeRange(start=start, end=end):
            return _bounds(_clock(start) if start is not None else None, _clock(end) if end is not None else None)
        case DateTimeRange(start=begin, end=finish):
            if begin is not None and finish is not None and begin.date() == finish.date():
                return f"{_day(begin.date())} from {_clock(begin.time())} to {_clock(finish.time())}"
            return _bounds(_moment(begin) if begin else None, _moment(finish) if finish else None)
        case Duration():
            return " ".join(f"{_plain(amount)} {_many(amount, name)}" for amount, name in _length(value))
        case Recurrence():
            return _repeat(value)
        case Money(amount=amount, currency=currency):
            return f"{_grouped(amount)} {_many(amount, _MONEY[currency][0]) if currency in _MONEY else currency}".strip()
        case Measure(amount=amount, unit=unit):
            return f"{_grouped(amount)} {_unit(amount, unit)}"
        case Ordinal(place=place):
            return _nth(place)
        case Percent(amount=amount):
            return f"{_plain(amount)}%"
    return _both(value)


def _both(value: Value) -> str:
    match value:
        case Number(amount=amount, over=over):
            return _grouped(amount) + (f"/{over}" if over != 1 else "")
        case Phone(e164=e164, digits=digits, extension=extension):
            return (e164 or digits) + (f" ext. {extension}" if extension else "")
        case Person(name=name) | Place(name=name):
            return name
    raise TypeError(type(value))


def _unit(amount: Decimal, unit: str) -> str:
    if unit in _DEGREES:
        return f"{_many(amount, 'degree')} {_DEGREES[unit]}"
    names = [name.replace("-", " ") for name, code in units.ENGLISH.items() if code == unit]
    letters = [name for name in names if len(name) > 3 and name[0].isalpha()]
    return (
        _many(amount, letters[0])
        if letters and not letters[0].startswith(("degree", "kilometers per", "miles per"))
        else (names or [unit])[0]
    )


def _parts(rule: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in rule.split(";"))


def _byday(said: str) -> tuple[int, list[int]]:
    """(place, weekdays) of `2TU`, `MO,WE`."""
    days = said.split(",")
    return int(days[0][:-2] or 0), [_CODES.index(day[-2:]) for day in days]


def _repeat(value: Recurrence) -> str:
    rule = _parts(value.rule)
    interval, unit = int(rule.get("INTERVAL", "1")), _FREQ[rule["FREQ"]]
    chinese = rule.get("RSCALE") == "CHINESE"
    every = f"every {unit}" if interval == 1 else f"every {interval} {unit}s"
    if "BYDAY" in rule:
        place, days = _byday(rule["BYDAY"])
        names = " and ".join(filter(None, (", ".join(_DAYS[day] for day in days[:-1]), _DAYS[days[-1]])))
        if place:
            said = f"the {_PLACES.get(place, _nth(place))} {names} of {every}"
        elif interval == 1 and days in ([0, 1, 2, 3, 4], [5, 6]):
            said = "every weekday" if days[0] == 0 else "every weekend"
        else:
            said = f"every {names}" if interval == 1 else f"every second {names}" if interval == 2 else f"{every} on {names}"
    elif "BYMONTHDAY" in rule:
        day = int(rule["BYMONTHDAY"])
        which = "last day" if day == -1 else _nth(day) if chinese or "BYMONTH" not in rule else str(day)
        if chinese and "BYMONTH" in rule:
            said = f"{every} on the {which} of the {_nth(int(rule['BYMONTH']))} Chinese month"
        elif "BYMONTH" in rule:
            said = f"{every} on {which} {_MONTHS[int(rule['BYMONTH']) - 1]}"
        else:
            said = f"the {which} of {'every Chinese month' if chinese else every}"
    elif "BYMONTH" in rule:
        said = f"{every} in {_MONTHS[int(rule['BYMONTH']) - 1]}"
    else:
        said = every
    at = _rule_clock(rule)
    said += f" at {_clock(at)}" if at is not None else ""
    return said + (f" for {_english(value.lasting)}" if value.lasting is not None else "")


def _rule_clock(rule: dict[str, str]) -> time | None:
    return time(int(rule["BYHOUR"]), int(rule.get("BYMINUTE", 0)), int(rule.get("BYSECOND", 0))) if "BYHOUR" in rule else None


def _day_zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日星期{_WEEK_ZH[day.weekday()]}"


def _clock_zh(at: time) -> str:
    hour = at.hour
    part = next(name for until, name in ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上")) if hour < until)
    small = f"{at.minute}分" if at.minute or at.second else ""
    small += f"{at.second}秒" if at.second else ""
    return f"{part}{hour if hour <= 12 else hour - 12}点{small}"


def _bounds_zh(first: str | None, last: str | None) -> str:
    if first is None:
        return f"到{last}为止"
    return f"{first}起" if last is None else f"{first}到{last}"


def _chinese(value: Value) -> str:
    match value:
        case Date(day=day):
            return _day_zh(day)
        case Time(clock=clock):
            return _clock_zh(clock)
        case DateTime(moment=moment):
            return _day_zh(moment.date()) + _clock_zh(moment.time())
        case DateRange(first=first, last=last):
            unit = _whole(first, last)
            if unit and first is not None:
                return f"{first.year}年" + (f"{first.month}月" if unit == "month" else "")
            return _bounds_zh(_day_zh(first) if first else None, _day_zh(last) if last else None)
        case TimeRange(start=start, end=end):
            return _bounds_zh(_clock_zh(start) if start is not None else None, _clock_zh(end) if end is not None else None)
        case DateTimeRange(start=begin, end=finish):
            whole = [None if one is None else _day_zh(one.date()) + _clock_zh(one.time()) for one in (begin, finish)]
            if begin is not None and finish is not None and begin.date() == finish.date():
                whole[1] = _clock_zh(finish.time())
            return _bounds_zh(whole[0], whole[1])
        case Duration():
            names = {"year": "年", "month": "个月", "week": "周", "day": "天", "hour": "小时", "minute": "分钟", "second": "秒"}
            return "".join(f"{_plain(amount)}{names[name]}" for amount, name in _length(value))
        case Recurrence():
            return _repeat_zh(value)
        case Money(amount=amount, currency=currency):
            return f"{_plain(amount)}{_MONEY[currency][1] if currency in _MONEY else ' ' + currency if currency else ''}"
        case Measure(amount=amount, unit=unit):
            names_zh = [name for name, code in units.CHINESE.items() if code == unit]
            return f"{_plain(amount)}{names_zh[0] if names_zh else ' ' + _unit(amount, unit)}"
        case Ordinal(place=place):
            return f"第{place}"
        case Percent(amount=amount):
            return f"{_plain(amount)}%"
    return _both(value).replace(",", "") if isinstance(value, Number) else _both(value)


def _repeat_zh(value: Recurrence) -> str:
    rule = _parts(value.rule)
    interval = int(rule.get("INTERVAL", "1"))
    unit = _FREQ_ZH[rule["FREQ"]]
    chinese = rule.get("RSCALE") == "CHINESE"
    every = f"每{unit.removeprefix('个')}" if interval == 1 else f"每{interval}{unit}"
    if "BYDAY" in rule:
        place, days = _byday(rule["BYDAY"])
        names = "".join(_WEEK_ZH[day] for day in days)
        if place:
            said = f"{every}的{_PLACES_ZH.get(place, f'第{place}个')}星期{names}"
        elif interval == 1 and days in ([0, 1, 2, 3, 4], [5, 6]):
            said = "每个工作日" if days[0] == 0 else "每个周末"
        else:
            said = f"每周{names}" if interval == 1 else f"{every}的周{names}"
    elif "BYMONTHDAY" in rule or "BYMONTH" in rule:
        day = int(rule.get("BYMONTHDAY", "0"))
        said = every + ("农历" if chinese else "") + (f"{rule['BYMONTH']}月" if "BYMONTH" in rule else "")
        said += "最后一天" if day == -1 else f"{day}日" if day else ""
    else:
        said = every
    at = _rule_clock(rule)
    said += _clock_zh(at) if at is not None else ""
    return said + (f"，持续{_chinese(value.lasting)}" if value.lasting is not None else "")
