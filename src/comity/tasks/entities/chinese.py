# SPDX-License-Identifier: Apache-2.0
"""The Chinese grammar: from numbers to clocks and days, to moments, ranges and repetition."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from comity.tasks.entities import lunar, meaning
from comity.tasks.entities.amounts import Amount, Cash, shared
from comity.tasks.entities.calendar import (
    Clock,
    Days,
    Frame,
    Length,
    Moment,
    Part,
    around,
    full_year,
    length,
    on,
    period,
    real,
    relative,
)
from comity.tasks.entities.cascade import Cascade, Match, Node, Rule
from comity.tasks.entities.chinese_lexer import simplified
from comity.tasks.entities.chinese_numbers import DIGITS, numbers
from comity.tasks.entities.chinese_words import lexicon
from comity.tasks.entities.phrases import add_clock, days_range, moments_range, open_clock, open_moment, pointed, ranged, timed_repeat, with_clocks
from comity.tasks.entities.repeating import Repeat, every

N = "(INT|NUM|ONE)"
TO = "(to|dash)"
_COUNTERS = frozenset("个只张条本台辆双对件次位名人岁种份间层页瓶杯碗盒包块片头匹座艘架棵颗粒根支枝把套间家")


def settled(nodes: list[Node], _: Any, text: str) -> list[Node]:
    """A numeral of one character is a number where it counts something or stands alone, and else part of a word."""
    out = list(nodes)
    for place, node in enumerate(nodes):
        if node.tag != "ONE" or not (place == 0 or out[place - 1].tag in ("_", "ge", "of", "this", "at") or out[place - 1].end < node.start):
            continue
        following = nodes[place + 1].tag if place + 1 < len(nodes) else "_"
        if following not in ("_", "of", "ge", "comma", "and", "this", "at", "U_MIN"):
            continue
        before, after = text[node.start - 1 : node.start], text[node.end : node.end + 1]
        alone = not after or not after.isalpha() or after in _COUNTERS or after == "的"
        if not (alone or before in ("是", "为", "于")) or (text[node.start] == "万"):
            out[place] = node._replace(tag="_")
        elif before and before.isalpha() and not (after in _COUNTERS or before in "是为于"):
            out[place] = node._replace(tag="_")
    return out


def value_of(m: Match, nth: int = 0) -> Any:
    return m.get("INT", "NUM", "ONE", nth=nth)


# ---- amounts


def _percent(m: Match) -> Fraction | None:
    value = m.get("INT", "NUM", "ONE", "FRAC")
    return Fraction(value) / (10 if m.has("permille_of") else 1)


def _cash(m: Match) -> Cash | None:
    """`三百五十块`, `一百零五块五毛`, `人民币50元`, `日元一万`, `一块二`."""
    fixed = m.get("CUR")
    name = m.get("SIGN", "KUAI", "YUAN")
    code, certain, others = (fixed, True, ()) if fixed is not None else shared(name, m.frame.region)
    values = m.all("INT", "NUM", "ONE", "FRAC")
    amount = values[0]
    at = 1
    for node in m.nodes:
        if node.tag in ("MAO", "U_MIN", "FENQIAN", "MEIFEN") and at < len(values):
            amount += Fraction(values[at]) / (10 if node.tag == "MAO" else 100)
            at += 1
    if at < len(values):  # a last digit without its unit
        last = values[at]
        if not isinstance(last, int) or not 1 <= last <= 9 or not (m.has("KUAI") or m.has("MAO")):
            return None
        amount += Fraction(last) / (100 if m.has("MAO") else 10)
    return Cash(amount, code, certain, others)


def _small_cash(m: Match) -> Cash | None:
    """`五毛`, `三美分`."""
    share = 10 if m.has("MAO") else 100
    code, certain, _ = ("USD", True, ()) if m.has("MEIFEN") else shared(({"CN": "CNY", "HK": "HKD", "TW": "TWD", "MO": "MOP"}, "CNY"), m.frame.region)
    amount = Fraction(value_of(m)) / share
    more = m.get("INT", "NUM", "ONE", nth=1)
    if more is not None:
        amount += Fraction(more) / 100
    return Cash(amount, code, certain)


def _measure(m: Match) -> Amount | None:
    if m.has("half") and not m.has("INT", "NUM", "ONE"):
        return Amount(Fraction(1, 2), m.get("UNIT"))
    values = m.all("INT", "NUM", "ONE", "FRAC")
    value = values[0]
    if m.has("half"):
        value += Fraction(1, 2)
    if len(values) > 1:  # `一米七五`
        tail = m.nodes[-1]
        digits = tail.value
        if not isinstance(digits, int) or digits > 99 or m.get("UNIT") not in ("m", "kg", "[jin_i]", "km") or not isinstance(value, int):
            return None
        value += Fraction(digits, 10 ** len(str(digits)))
    return Amount(value, m.get("UNIT"))


def _per_hour(m: Match) -> Amount | None:
    unit = m.get("UNIT")
    return Amount(m.get("INT", "NUM", "ONE"), f"{unit}/h") if unit in ("km", "m", "[mi_i]", "[nmi_i]") else None


def _degrees(m: Match) -> Amount:
    return Amount(m.get("INT", "NUM", "ONE"), "Cel", certain=False)


# ---- stretches of time


def _unit(m: Match) -> str:
    if m.has("NIAN"):
        return "year"
    if m.has("U_SEC"):
        return "second"
    if m.has("U_MIN"):
        return "minute"
    if m.has("SHI"):
        return "hour"
    return str(m.get("U") or "")


def _counted(m: Match) -> Length | None:
    """`二十分钟`, `三年`, `一个半小时`, `三年半`, `半年`."""
    unit = _unit(m)
    value: Any = m.get("INT", "NUM", "ONE", "FRAC")
    if unit in ("weekend", "decade") or (unit == "century" and not m.has("ge")) or (value is not None and value > 10**9):
        return None
    if unit == "year" and isinstance(value, int) and value >= 1000:
        return None
    if m.has("half"):
        value = Fraction(1, 2) + (value or 0)
        if unit == "day":
            return length(value, unit)
    return length(value, unit) if value is not None else None


def _days_hours(m: Match) -> Length | None:
    """`8天20时`."""
    return length(value_of(m), "day").plus(length(value_of(m, 1), "hour")) if m.get("U") == "day" else None


def _quarters(m: Match) -> Length:
    return length(15 * Fraction(value_of(m)), "minute")


def _compound(m: Match) -> Length | None:
    """`8天20时`, `一小时二十分`: each smaller than the one before."""
    total: Length | None = None
    rank = 99
    order = ("second", "minute", "hour", "day", "week", "month", "year")
    count: Any = None
    for node in m.nodes:
        if node.tag in ("INT", "NUM", "ONE", "FRAC"):
            count = node.value
        elif node.tag == "DUR1":
            part, size = node.value, _size(node.value)
            if size >= rank:
                return None
            total, rank = part if total is None else total.plus(part), size
        elif node.tag in ("SHI", "U_MIN", "U_SEC") and count is not None:
            unit = {"SHI": "hour", "U_MIN": "minute", "U_SEC": "second"}[node.tag]
            if order.index(unit) >= rank or total is None:
                return None
            total, rank, count = total.plus(length(count, unit)), order.index(unit), None
    return total


def _size(one: Length) -> int:
    if one.months:
        return 6 if one.months % 12 == 0 else 5
    if one.days:
        return 4 if one.days % 7 == 0 else 3
    return 2 if one.seconds % 3600 == 0 else 1 if one.seconds % 60 == 0 else 0


# ---- clocks


def _clock(m: Match) -> Clock | Node | None:
    """`三点半`, `早上六点一刻`, `17点55分23秒`, `十点零五`."""
    values = m.all("INT", "NUM", "ONE")
    if not all(isinstance(one, int) for one in values):
        return None
    hour, rest = values[0], values[1:]
    minute = second = 0
    if m.has("half"):
        minute = 30
    elif m.has("ke"):
        if len(rest) != 1 or rest[0] not in (1, 2, 3):
            return None
        minute = rest[0] * 15
    elif rest:
        minute = rest[0]
        second = rest[1] if len(rest) > 1 else 0
    said = meaning.clock(hour, minute, second) if 0 <= hour <= 24 else None
    return said


def _short_of(m: Match) -> Clock | None:
    """`十点差五分`, `差一刻八点`."""
    values = m.all("INT", "NUM", "ONE")
    cha = next(place for place, node in enumerate(m.nodes) if node.tag == "cha")
    counted = [node.value for node in m.nodes[cha:] if node.tag in ("INT", "NUM", "ONE")]
    minutes = counted[0]
    hour = values[0] if cha else values[1]
    if m.has("ke"):
        minutes *= 15
    if not isinstance(hour, int) or not isinstance(minutes, int) or not 0 < minutes < 60 or not 1 <= hour <= 24:
        return None
    total = hour * 60 - minutes
    return meaning.clock(total // 60, total % 60)


def _literal(m: Match) -> Clock | None:
    zero, hour, minute, *rest = m.get("CLOCKLIT")
    return meaning.clock(hour, minute, *rest, ambiguous=not zero)


def _part_clock(m: Match) -> Node | None:
    """`下午三点`: the reading within, and the part stays for a night that runs on."""
    found = meaning.within(m.get("PART", "PARTQ"), m.get("CLOCK"))
    return Node("PCLOCK", 0, 0, found) if found is not None else None


# ---- days


def _year(m: Match) -> int | None:
    year = value_of(m)
    if not isinstance(year, int):
        return None
    said = m.said.replace(" ", "").rstrip("年")
    if year >= 1000:
        return year if year <= 2999 else None
    if len(said) == 2 and (said.isdigit() or all(one in DIGITS + "〇两" for one in said)) and (year >= 50 or said[0] in "0零〇"):
        return full_year(year)
    return None


def _short_year(m: Match) -> Node | None:
    """`18年3月`: two digits are a year where a month follows."""
    year = value_of(m)
    month = value_of(m, 1)
    if not isinstance(year, int) or not 0 <= year < 100 or not isinstance(month, int):
        return None
    found = on(m.frame, year=full_year(year), month=month) if 1 <= month <= 12 else None
    return Node("PERIOD", 0, 0, found) if found is not None else None


def _month(m: Match) -> Days | None:
    month = value_of(m)
    if not isinstance(month, int) or not 1 <= month <= 12:
        return None
    return on(m.frame, month=month)


def _year_of(m: Match) -> int | None:
    if m.has("YEAR"):
        return int(m.get("YEAR"))
    if m.has("YEARREL"):
        return int(m.frame.today.year + m.get("YEARREL"))
    return None


def _year_month(m: Match) -> Days | None:
    month: Days = m.get("MONTH")
    return on(m.frame, year=_year_of(m), month=month.month)


def _day(m: Match) -> Days | Node | None:
    """With whatever of year, month and weekday is said."""
    base: Days | None = m.get("MONTH", "PERIOD")
    day = value_of(m)
    if not isinstance(day, int) or not 1 <= day <= 31:
        return None
    if base is not None and base.grain != "month":
        return None
    year = _year_of(m) or (base.year if base is not None else None)
    month = base.month if base is not None else None
    if year is not None and month is None:
        return None
    return on(m.frame, year=year, month=month, day=day, weekday=m.get("WEEKDAY")) or Node("_", 0, 0)


def _traditional(m: Match) -> Days | None:
    """`八月十五`: by the Chinese calendar if said in its words, or ours; both readings."""
    month: Days = m.get("MONTH", "PERIOD")
    day = value_of(m)
    if month.grain != "month" or not isinstance(day, int) or not 1 <= day <= 31 or m.nodes[-1].tag == "INT":
        return None
    ours = on(m.frame, year=month.year, month=month.month, day=day)
    theirs = lunar_days(m.frame, month.month or 0, day, month.year) if day <= 30 else None
    if ours is None or theirs is None:
        return ours
    return ours._replace(readings=ours.readings[:1] + theirs.readings[:1], certain=False)


def lunar_days(frame: Frame, month: int, day: int, year: int | None = None, leap: bool = False) -> Days | None:
    def there(one: int) -> date | None:
        if day == -1:
            return lunar.last_day(one)
        return lunar.to_gregorian(one, month, day, leap)

    if year is not None:
        return meaning.one_day(there(year))
    now = frame.today.year
    readings = around(frame, (there(one) for one in range(now - (20 if leap else 2), now + (40 if leap else 3))))
    return Days(readings) if readings else None


def _lunar(m: Match) -> Days | None:
    """`农历八月十五`, `正月初一`, `2015年十月初一`, `农历闰六月初三`."""
    month = m.get("LMONTH") or (m.get("MONTH").month if m.has("MONTH") else None)
    if month is None:
        month = m.get("PERIOD").month if m.has("PERIOD") else None
    day = value_of(m)
    if month is None or not isinstance(day, int) or not 1 <= day <= 30 or (m.has("chu") and day > 10):
        return None
    year = _year_of(m) or (m.get("MONTH", "PERIOD").year if m.has("MONTH", "PERIOD") else None)
    return lunar_days(m.frame, month, day, year, m.has("run"))


def _lunar_every(m: Match) -> Repeat | None:
    month = m.get("LMONTH") or m.get("MONTH", "PERIOD").month
    day = value_of(m)
    if not isinstance(day, int) or not 1 <= day <= 30 or month is None or m.get("OFTEN")[0] != "year":
        return None
    return Repeat("YEARLY", month=month, month_day=day, chinese=True)


def holiday(year: int, rule: tuple[Any, ...]) -> date | None:
    if not 1900 <= year <= 2100:
        return None
    if rule[0] == "lunar":
        return lunar.last_day(year) if rule[2] == -1 else lunar.to_gregorian(year, rule[1], rule[2])
    if rule[0] == "term":
        return lunar.term(year, rule[1])
    if len(rule) == 2:
        return real(year, *rule)
    first = real(year, rule[0], 1)
    month = period(first, "month") if first is not None else None
    return meaning.nth(*month, rule[1], rule[2]) if month is not None else None


def _holiday(m: Match) -> Days | None:
    rule = m.get("HOLIDAY")
    frame: Frame = m.frame
    year = _year_of(m)
    said = {"month": rule[0], "day": rule[1]} if len(rule) == 2 and rule[0] != "term" else {}
    if year is not None:
        # 除夕 ends the year before the one that people name with it
        found = holiday(year - 1 if rule == ("lunar", 12, -1) else year, rule)
        return meaning.one_day(found, **said)
    readings = around(frame, (holiday(one, rule) for one in range(frame.today.year - 2, frame.today.year + 3)))
    return Days(readings, "day", **said) if readings else None


def _weekday(m: Match) -> Days | None:
    """`周三`, `下下周三`, `这周日`, `下个星期的周一`."""
    weekday = m.get("WEEKDAY")
    if m.has("MOD", "this"):
        week = relative(m.frame, m.get("MOD") or 0, "week")
    elif m.has("PERIOD"):
        week = m.get("PERIOD")
        if week.grain != "week":
            return None
    else:
        return on(m.frame, weekday=weekday)
    found = meaning.nth_day(week, 1, weekday) if week is not None else None
    return found._replace(weekday=weekday) if found is not None else None


def _date_weekday(m: Match) -> Days | None:
    days: Days = m.get("DATE")
    weekday = m.get("WEEKDAY")
    if days.month is not None and days.day is not None:
        return on(m.frame, year=days.year, month=days.month, day=days.day, weekday=weekday)
    return days._replace(certain=days.certain and days.start.weekday() == weekday)


def _relative(m: Match) -> Days | None:
    """`下周`, `这个月`, `上上个月`, `本季度`."""
    unit = "month" if m.has("YUE") else "quarter" if m.has("ji_season") else "year" if m.has("NIAN") else m.get("U")
    if unit in ("second", "minute", "hour", "day", "decade"):
        return None
    return relative(m.frame, m.get("MOD") or 0, unit)


def _next_many(m: Match) -> Any:
    """`未来三天`, `过去一周`, `下两周`, `最近半个小时`."""
    past = m.has("past", "before") or m.get("MOD") == -1
    return ranged(meaning.coming(m.get("DUR"), m.frame, past=past))


def _nth_of(m: Match) -> Node | None:
    """`四月的最后一个星期一`, `下个月第一个周一`, `今年的最后3周`, `明年第一天`."""
    days: Days | None = m.get("PERIOD", "MONTH")
    if days is None:
        year = _year_of(m)
        days = on(m.frame, year=year) if year is not None else None
    if days is None:
        return None
    place = -1 if m.has("last_one") else m.get("ORD")
    found = meaning.nth_day(days, place, m.get("WEEKDAY")) if m.has("WEEKDAY") else meaning.nth_unit(days, place, _season_unit(m))
    return Node("DATE" if found.grain == "day" else "PERIOD", 0, 0, found) if found is not None else None


def _season_unit(m: Match) -> str:
    return "quarter" if m.has("ji_season") else "month" if m.has("YUE") else str(m.get("U"))


def _last_many(m: Match) -> Any:
    """`今年的最后3周`."""
    days: Days = m.get("PERIOD")
    by: Length = m.get("DUR")
    if by.seconds or by.months or by.days.denominator != 1:
        return None
    size = int(by.days)
    if size % 7 == 0:
        last = meaning.nth_unit(days, -1, "week")
        first = meaning.nth_unit(days, -(size // 7), "week")
        if last is None or first is None:
            return None
        bounds = meaning.Bounds(first.start, last.end, first.start, meaning.last_of(last))
        return meaning.DayRange((bounds,))
    first_day = meaning.nth(days.start, days.end, -size)
    return meaning.DayRange((meaning.Bounds(first_day, days.end, first_day, meaning.last_of(days)),)) if first_day is not None else None


def _quarter(m: Match) -> Days | None:
    place = m.get("ORD") or value_of(m)
    year = _year_of(m)
    frame: Frame = m.frame
    if place not in (1, 2, 3, 4):
        return None
    wanted = (year,) if year is not None else (frame.today.year - 1, frame.today.year, frame.today.year + 1)
    found = [one for year_said in wanted if (first := real(year_said, place * 3 - 2, 1)) and (one := period(first, "quarter"))]
    if year is None:
        found = sorted(one for one in found if one[1] > frame.today)[:1] + sorted(one for one in found if one[1] <= frame.today)[-1:]
    return Days(tuple(found), "quarter") if found else None


def _half_year(m: Match) -> Days | None:
    days = on(m.frame, year=_year_of(m) or m.frame.today.year)
    found = meaning.half_of(days, m.get("HALFYEAR") == 2) if days is not None else None
    return found


def _third(m: Match) -> Days | None:
    """`下月底`, `三月中旬`, `今年年初`, `月底`."""
    if m.has("YEND"):
        year = _year_of(m)
        base = m.get("PERIOD") or on(m.frame, year=year if year is not None else m.frame.today.year)
        return meaning.third(base, m.get("YEND")) if base is not None and base.grain == "year" else None
    base = m.get("PERIOD", "MONTH")
    if base is None:
        base = relative(m.frame, m.get("MOD") or 0, "month")
    return meaning.third(base, m.get("MEND", "XUN")) if base is not None and base.grain == "month" else None


def _numbered_third(m: Match) -> Days | None:
    """`3月底`, `明年三月中旬`."""
    month = value_of(m)
    base = on(m.frame, year=_year_of(m), month=month) if isinstance(month, int) and 1 <= month <= 12 else None
    return meaning.third(base, m.get("MEND")) if base is not None else None


def _decade(m: Match) -> Days | None:
    value = value_of(m)
    if m.get("U") != "decade" or not isinstance(value, int) or value % 10 or not (10 <= value <= 90 or 1500 <= value <= 2090):
        return None
    first = real(value if value > 100 else 1900 + value, 1, 1)
    found = period(first, "decade") if first is not None else None
    return Days((found,), "decade") if found is not None else None


def _century(m: Match) -> Days | None:
    place = value_of(m)
    if m.get("U") != "century" or not isinstance(place, int) or not 2 <= place <= 30:
        return None
    return Days(((date((place - 1) * 100, 1, 1), date(place * 100, 1, 1)),), "century")


def _numeric(m: Match) -> Days | None:
    """`12-11-10` begins with the year here."""
    _, one, two, last = m.get("DMY")
    found = on(m.frame, year=full_year(one), month=two, day=last) if last <= 31 else None
    return found or on(m.frame, year=full_year(last), month=one, day=two) or on(m.frame, year=full_year(last), month=two, day=one)


def _slash(m: Match) -> Days | None:
    said = next(node for node in m.nodes if node.tag == "FRAC")
    top, _, bottom = m.said[said.start - m.nodes[0].start : said.end - m.nodes[0].start].partition("/")
    if len(top) == 4:
        return on(m.frame, year=int(top), month=int(bottom)) if int(bottom) <= 12 else None
    return on(m.frame, month=int(top), day=int(bottom)) if len(bottom) <= 2 else None


def _bare_slash(m: Match) -> Node | None:
    top, bottom = (int(one) for one in m.said.split("/"))
    if top < bottom and bottom in (2, 3, 4, 5, 6, 8, 10, 16, 100):
        return None
    return pointed(_slash(m))


# ---- so long from there, what repeats


def _shift(m: Match) -> Node | None:
    by: Length = m.get("DUR")
    back = m.has("before") and not m.has("again")
    anchor = m.get("DATE", "MOMENT", "PERIOD")
    made = meaning.from_now(-by if back else by, m.frame) if anchor is None else meaning.shifted(-by if back else by, anchor, m.frame)
    return pointed(made)


def _after_that(m: Match) -> Any:
    """`之后5分钟`: from now on."""
    return ranged(meaning.coming(m.get("DUR"), m.frame, past=m.has("before")))


def _within(m: Match) -> Any:
    return ranged(meaning.coming(m.get("DUR"), m.frame))


_UNIT_OF = {"NIAN": "year", "YUE": "month", "U_SEC": "second", "U_MIN": "minute", "SHI": "hour"}


def _every(m: Match) -> Repeat | None:
    """`每两天`, `每隔一周`, `每个周末`, `每小时`."""
    unit = m.get("U")
    if unit is None:
        unit = next((_UNIT_OF[node.tag] for node in m.nodes if node.tag in _UNIT_OF), None)
    count: Any = value_of(m)
    if m.has("DUR"):
        by: Length = m.get("DUR")
        found = [(amount, name) for amount, name in ((by.months, "month"), (by.days, "day"), (by.seconds / 60, "minute")) if amount]
        if len(found) != 1 or found[0][0].denominator != 1:
            return None
        count, unit = int(found[0][0]), found[0][1]
        for size, small, large in ((12, "month", "year"), (7, "day", "week"), (60, "minute", "hour")):
            if unit == small and count % size == 0:
                count, unit = count // size, large
    if m.has("workday"):
        return Repeat("WEEKLY", weekdays=(0, 1, 2, 3, 4))
    if not isinstance(count or 1, int) or unit is None:
        return None
    count = count or 1
    if m.has("skip") and unit not in ("hour", "minute"):
        count += 1
    return every(count, unit)


def _weekly(m: Match) -> Repeat | None:
    """`每周一三五`, `每周二和周四`, `每隔一周的周二`."""
    days = set(m.all("WEEKDAY"))
    for node in m.nodes:
        if node.tag in ("INT", "NUM", "ONE"):
            said = m.said[node.start - m.nodes[0].start : node.end - m.nodes[0].start]
            for letter in said:
                place = "一二三四五六日".find(letter) if letter in "一二三四五六日" else "1234567".find(letter)
                if place < 0:
                    return None
                days.add(place)
    if m.has("to", "dash") and len(days) == 2:
        low, high = sorted(days)
        days = set(range(low, high + 1))
    repeat: Repeat | None = m.get("REPEAT")
    if repeat is not None and (repeat.freq != "WEEKLY" or repeat.weekdays):
        return None
    return Repeat("WEEKLY", repeat.interval if repeat is not None else 1, weekdays=tuple(sorted(days)))


def _monthly(m: Match) -> Repeat | None:
    """`每月15号`, `每个月最后一个星期五`, `每月第一个周一`, `每月最后一天`."""
    unit, interval = m.get("OFTEN")
    if unit != "month":
        return None
    if m.has("RI"):
        day = value_of(m)
        return Repeat("MONTHLY", interval, month_day=day) if isinstance(day, int) and 1 <= day <= 31 else None
    place = -1 if m.has("last_one") else m.get("ORD")
    if m.has("WEEKDAY"):
        return Repeat("MONTHLY", interval, weekdays=(m.get("WEEKDAY"),), place=place) if -5 <= place <= 5 else None
    return Repeat("MONTHLY", interval, month_day=place) if m.get("U") == "day" and place <= 31 else None


def _yearly(m: Match) -> Repeat | None:
    """`每年3月8日`."""
    days: Days = m.get("DATE")
    if m.get("OFTEN")[0] != "year" or days.month is None or days.day is None or days.year is not None:
        return None
    return Repeat("YEARLY", m.get("OFTEN")[1], month=days.month, month_day=days.day)


def _often(m: Match) -> Repeat | None:
    unit, count = m.get("OFTEN")
    return every(count, unit)


# ---- days and clocks together


def _day_part(m: Match) -> tuple[Days, Part] | None:
    if m.has("TODAYPART"):
        offset, part = m.get("TODAYPART")
        days = relative(m.frame, offset, "day")
    else:
        days, part = m.get("DATE"), m.get("PART", "PARTQ")
    return (days, part) if days is not None and days.grain == "day" else None


def _moment(m: Match) -> Moment | None:
    if m.has("DPART"):
        days, part = m.get("DPART")
        said: Clock = m.get("CLOCK", "PCLOCK")
        return meaning.at_clock(days, said, m.frame) if m.has("PCLOCK") else add_clock(days, part, said, m.frame)
    return meaning.at_clock(m.get("DATE"), m.get("CLOCK", "PCLOCK"), m.frame)


def _clocks(m: Match) -> Any:
    """`下午两点到四点`, `9点至11点半`: what is said of the first half is meant of both."""
    sides = [node for node in m.nodes if node.tag in ("CLOCK", "PCLOCK", "INT", "NUM", "ONE")]
    made = [node.value if node.tag in ("CLOCK", "PCLOCK") else meaning.clock(node.value) if isinstance(node.value, int) else None for node in sides]
    if made[0] is None or made[1] is None:
        return None
    return meaning.clocks(*(Clock(tuple(one % 86400 for one in side.readings), side.certain) for side in made))


def _part_clocks(m: Match) -> Any:
    days, part = m.get("DPART")
    span: meaning.ClockRange = m.get("CRANGE")
    begin, end = span.readings[0]
    if begin is None or end is None:
        return None
    if len(span.readings) > 1:
        inside = [meaning.within(part, Clock((one,))) for one in (begin, end)]
        if inside[0] is None or inside[1] is None:
            return None
        begin, end = inside[0].readings[0], inside[1].readings[0]
    return meaning.at_clocks(days, meaning.ClockRange(((begin, end),)), m.frame)


def _moments(m: Match) -> Any:
    """From one moment to another: of a clock that may be in either half, the one as written."""
    sides = [node.value for node in m.nodes if node.tag == "MOMENT"]
    starts = sides[0].readings
    for start in starts[:1]:
        later = [one for one in sides[1].readings if one > start]
        if later:
            return meaning.MomentRange(((start, min(later)),), sides[0].certain and sides[1].certain)
    return None


def _open(m: Match) -> Any:
    """`12月5日之前`, `自2018年以来`, `2010年1月10日或之前`."""
    days: Days | None = m.get("DATE", "PERIOD", "MONTH")
    if days is None:
        year = _year_of(m)
        days = on(m.frame, year=year) if year is not None else None
    if days is None:
        return None
    kind = "until" if m.has("or_before", "until") else "since" if m.has("or_after", "since") else "before" if m.has("before") else "after"
    return meaning.open_range(kind, days)


def _until_now(m: Match) -> Any:
    """`2018年至今`."""
    days: Days = m.get("DATE", "PERIOD")
    today = relative(m.frame, 0, "day")
    return meaning.between(days, today, m.frame) if today is not None and days.start <= m.frame.today else None


def _as_period(m: Match) -> Days | None:
    if m.has("MONTH"):
        found: Days = m.get("MONTH")
        return found
    year = _year_of(m)
    return on(m.frame, year=year) if year is not None else None


def _years(m: Match) -> Any:
    """`1995-1997年`: the first without its 年."""
    year = value_of(m)
    other = m.get("YEAR")
    if not isinstance(year, int) or not 1000 <= year < other:
        return None
    one, two = on(m.frame, year=year), on(m.frame, year=other)
    return meaning.between(one, two, m.frame) if one is not None and two is not None else None


def _bare_year(m: Match) -> Days | None:
    year = value_of(m)
    return on(m.frame, year=year) if isinstance(year, int) and 1900 <= year <= 2100 else None


SIDE = "(DATE|PERIOD)"
STAGES: tuple[Any, ...] = (
    numbers,
    settled,
    (
        Rule("ORD", f"di {N}", lambda m: value_of(m) if isinstance(value_of(m), int) else None),
        Rule("PERCENT", f"(percent_of|permille_of) {N}", _percent),
        Rule("PERCENT", f"{N} percent", _percent),
        Rule("MONEY", f"(CUR|SIGN) {N} (YUAN|KUAI|CUR)?", _cash),
        Rule("MONEY", f"{N} (YUAN|KUAI|CUR|SIGN) you? ({N} MAO ({N} (U_MIN|FENQIAN)?)?|{N} (U_MIN|FENQIAN|MEIFEN)|{N} !UNIT)?", _cash),
        Rule("MONEY", f"({N}|FRAC) (YUAN|KUAI|CUR|SIGN)", _cash),
        Rule("MONEY", f"{N} (MAO|MEIFEN|FENQIAN) ({N} (FENQIAN)?)?", _small_cash),
        Rule("AMOUNT", f"perhour {N} UNIT", _per_hour),
        Rule("AMOUNT", f"{N} UNIT (NUM|ONE|INT|half)", _measure),
        Rule("AMOUNT", f"({N}|FRAC) UNIT", _measure),
        Rule("AMOUNT", "half UNIT", _measure),
        Rule("AMOUNT", f"{N} DEGREE", _degrees),
        Rule("NUM", "HALFNUM", lambda m: Fraction(1, 2)),
    ),
    (
        Rule("PERIOD", f"{N} NIAN {N} YUE", lambda m: _short_year(m) if isinstance(value_of(m), int) and value_of(m) < 100 else None),
        Rule("YEAR", f"{N} NIAN", _year),
        Rule("CLOCK", f"{N} (dian|SHI) {N} ke", _clock),
        Rule("CLOCK", f"cha {N} (U_MIN|ke) {N} (dian|SHI)", _short_of),
        Rule("CLOCK", f"{N} (dian|SHI) cha {N} (U_MIN|ke)", _short_of),
        Rule("CLOCK", f"{N} (dian|SHI) guo? {N} U_MIN ({N} U_SEC)?", _clock),
        Rule("CLOCK", f"{N} (dian|SHI) half", _clock),
        Rule("CLOCK", f"{N} dian {N} !U", lambda m: _clock(m) if m.nodes[-1].tag != "ONE" or value_of(m, 1) == 10 else None),
        Rule("DUR1", f"{N} U {N} SHI", _days_hours),
        Rule("DUR1", f"{N} (ge)? half (U|NIAN)", _counted),
        Rule("DUR1", f"({N}|FRAC) (ge)? (U|NIAN) half", _counted),
        Rule("DUR1", f"({N}|FRAC) (ge)? (U|NIAN)", _counted),
        Rule("DUR1", f"{N} U_SEC", _counted),
        Rule("DUR1", f"{N} KEZHONG", _quarters),
        Rule("DUR1", "half (ge)? (U|NIAN)", _counted),
        Rule("CLOCK", f"{N} (dian|SHI) zheng?", _clock),
        Rule("CLOCK", "CLOCKLIT", _literal),
    ),
    (
        Rule("DUR", f"DUR1 ((and|you)? DUR1)* {N} (U_MIN|SHI|U_SEC)", _compound),
        Rule("DUR", "DUR1 ((and|you)? DUR1)*", _compound),
        Rule("PCLOCK", "(PART|PARTQ) of? CLOCK", _part_clock),
        Rule("MONTH", f"{N} YUE", _month),
        Rule("PERIOD", f"{N} U", lambda m: _decade(m) or _century(m)),
        Rule("DATE", "YMD", lambda m: on(m.frame, year=m.get("YMD")[0], month=m.get("YMD")[1], day=m.get("YMD")[2])),
        Rule("DATE", "DMY", _numeric),
        Rule("PERIOD", "(this|MOD) (YUE|U|ji_season|NIAN)", _relative),
        Rule("PERIOD", f"ORD (ge)? (ji_season|U) of? ORD", lambda m: None),
    ),
    (
        Rule("DATE", f"(YEAR|YEARREL)? (yuan)? (run)? LMONTH (chu)? {N} RI?", _lunar),
        Rule("REPEAT", f"OFTEN of? yuan (LMONTH|MONTH) (chu)? {N} RI?", _lunar_every),
        Rule("DATE", f"yuan (YEAR|YEARREL)? (run)? MONTH (chu)? {N} RI?", _lunar),
        Rule("DATE", f"(YEAR|YEARREL)? (run)? (MONTH|PERIOD) chu {N}", _lunar),
        Rule("DATE", f"yuan (YEAR|YEARREL)? (run)? MONTH chu? {N} RI?", _lunar),
        Rule("REPEAT", f"OFTEN of? {N} RI", _monthly),
        Rule("DATE", f"(YEAR|YEARREL) of? MONTH of? {N} RI", _day),
        Rule("DATE", f"(MONTH|PERIOD) of? {N} RI", _day),
        Rule("DATE", f"{N} RI", _day),
        Rule("DATE", f"MONTH (NUM|ONE)", _traditional),
        Rule("PERIOD", "(YEAR|YEARREL) of? MONTH", _year_month),
        Rule("PERIOD", "(YEAR|YEARREL) of? ORD ji_season", _quarter),
        Rule("PERIOD", "(YEAR|YEARREL) of? ORD U", lambda m: _quarter(m) if m.get("U") == "quarter" else None),
        Rule("PERIOD", "ORD (ji_season|U)", lambda m: _quarter(m) if m.has("ji_season") or m.get("U") == "quarter" else None),
        Rule("PERIOD", "(YEAR|YEARREL)? of? HALFYEAR", _half_year),
        Rule("PERIOD", "(YEAR|YEARREL)? of? YEND", _third),
        Rule("PERIOD", "(MONTH|PERIOD) XUN", _third),
        Rule("PERIOD", f"(YEAR|YEARREL)? {N} MEND", _numbered_third),
        Rule("PERIOD", "(MONTH|PERIOD|MOD|this)? MEND", _third),
        Rule("DATE", "(YEAR|YEARREL)? of? HOLIDAY", _holiday),
        Rule("DATE", "TODAY", lambda m: relative(m.frame, m.get("TODAY"), "day")),
        Rule("DPART", "TODAYPART", _day_part),
        Rule("MOMENT", "NOW", lambda m: Moment((m.frame.at,)) if m.said in ("现在", "此刻", "马上", "立刻", "立即") else None),
        Rule("DRANGE", f"from? {N} (to|dash) YEAR", _years),
    ),
    (
        Rule("DATE", "(PERIOD|MONTH|YEAR|YEARREL) of? (ORD|last_one) ge? WEEKDAY", _nth_of),
        Rule("DRANGE", "(PERIOD|YEARREL) of? last_one DUR", lambda m: _last_many(m._replace(nodes=[
            node._replace(tag="PERIOD", value=on(m.frame, year=_year_of(m))) if node.tag == "YEARREL" else node for node in m.nodes]))),
        Rule("DATE", "(PERIOD|MONTH|YEAR|YEARREL) of? (ORD|last_one) ge? (U|YUE|ji_season)", _nth_of),
        Rule("REPEAT", "OFTEN of? (ORD|last_one) ge? (WEEKDAY|U)", _monthly),
        Rule("REPEAT", f"every WEEKDAY ((comma|and|to|dash)? (WEEKDAY|{N}))*", _weekly),
        Rule("REPEAT", "(every|skip) (DUR|workday)", _every),
        Rule("REPEAT", f"(every|skip) ({N})? ge? (U|NIAN|YUE|U_MIN|U_SEC)", _every),
        Rule("REPEAT", "OFTEN DATE", _yearly),
        Rule("REPEAT", "OFTEN", _often),
        Rule("REPEAT", "perhour", lambda m: Repeat("HOURLY")),
        Rule("DATE", "(MOD|this) WEEKDAY", _weekday),
        Rule("DATE", "PERIOD of? WEEKDAY", _weekday),
        Rule("DATE", "DATE lpar? WEEKDAY rpar?", _date_weekday),
        Rule("DATE", "WEEKDAY DATE", _date_weekday),
        Rule("DATE", "WEEKDAY", _weekday),
        Rule("PERIOD", "MONTH", _as_period),
        Rule("PERIOD", "(YEAR|YEARREL)", _as_period),
    ),
    (
        Rule("REPEAT", f"REPEAT of? DATE ((comma|and)? DATE)*", lambda m: _weekly(m._replace(nodes=[
            node._replace(tag="WEEKDAY", value=node.value.weekday) if node.tag == "DATE" else node for node in m.nodes]))
            if all(days.weekday is not None and days.day is None for days in m.all("DATE")) else None),
        Rule("DATE", "again DUR", _shift),
        Rule("MOMENT", "again? DUR (after|before)", _shift),
        Rule("DATE", "(DATE|MOMENT) (before|after) DUR", _shift),
        Rule("DATE", "(DATE) (of)? (before|after) (ONE|NUM) U", lambda m: None),
        Rule("MRANGE", "(after|before) DUR", _after_that),
        Rule("DRANGE", "(past|coming) DUR (within)?", _next_many),
        Rule("DRANGE", "MOD DUR", lambda m: _next_many(m) if abs(m.get("MOD")) == 1 else None),
        Rule("DRANGE", "DUR within", _within),
        Rule("PERIOD", "U", lambda m: relative(m.frame, 0, "weekend") if m.get("U") == "weekend" else None),
        Rule("DPART", "DATE of? (PART|PARTQ)", _day_part),
        Rule("CRANGE", f"from? (CLOCK|PCLOCK) (to|dash|and) (CLOCK|PCLOCK) between?", lambda m: _clocks(m) if not m.has("and") or m.has("between") else None),
        Rule("CRANGE", f"(PART|PARTQ) {N} (to|dash) CLOCK", lambda m: None),
    ),
    (
        Rule("REPEAT", "(REPEAT|OFTENPART) of? (PART|PARTQ)? (CLOCK|PCLOCK|CRANGE)", lambda m: _timed(m)),
        Rule("REPEAT", "(CLOCK|PCLOCK) REPEAT", timed_repeat),
        Rule("REPEAT", "REPEAT of? (PART|PARTQ)", lambda m: m.get("REPEAT")),
        Rule("REPEAT", "OFTENPART", lambda m: Repeat("DAILY")),
        Rule("MRANGE", "DPART of? CRANGE", _part_clocks),
        Rule("MRANGE", "DATE of? CRANGE", with_clocks),
        Rule("MOMENT", "DPART of? (CLOCK|PCLOCK)", _moment),
        Rule("MOMENT", "DATE (of|comma)? (CLOCK|PCLOCK)", _moment),
        Rule("CLOCK", "PCLOCK", lambda m: Clock(tuple(one % 86400 for one in m.get("PCLOCK").readings))),
        Rule("MRANGE", "DPART", lambda m: meaning.at_part(*m.get("DPART"), m.frame)),
        Rule("DRANGE", f"from? (DATE|PERIOD|FRAC) (to|dash) (DATE|PERIOD|FRAC) (between|until)?", days_range(_slash)),
        Rule("DRANGE", f"(DATE|PERIOD) and (DATE|PERIOD) between", days_range(_slash)),
    ),
    (
        Rule("MRANGE", "from? MOMENT (to|dash) (MOMENT|CLOCK) (between)?", lambda m: _moments(m) if len(m.all("MOMENT")) == 2 else moments_range(m)),
        Rule("MRANGE", "MOMENT and MOMENT between", _moments),
        Rule("DRANGE", "(from|at)? (DATE|PERIOD) (or_before|or_after)", _open),
        Rule("DRANGE", "(from|at)? (DATE|PERIOD) (or|and)? (before|after|since)", _open),
        Rule("DRANGE", "(to) (DATE|PERIOD) until", _open),
        Rule("DRANGE", "from? (DATE|PERIOD) zhijin", _until_now),
        Rule("MRANGE", "(from)? MOMENT (before|after|since)", open_moment),
        Rule("CRANGE", "(from|at)? CLOCK (before|after|since)", open_clock),
        Rule("DATE", "FRAC", _bare_slash),
    ),
)  # fmt: skip


def _timed(m: Match) -> Repeat | None:
    repeat = m.get("REPEAT")
    part = m.get("PART", "PARTQ")
    if repeat is None:
        repeat, part = Repeat("DAILY"), m.get("OFTENPART")
    nodes = [Node("REPEAT", 0, 0, repeat)]
    if part is not None:
        nodes.append(Node("PART", 0, 0, part))
    for node in m.nodes:
        if node.tag in ("CLOCK", "CRANGE"):
            nodes.append(node)
        elif node.tag == "PCLOCK":
            nodes = [nodes[0], node._replace(tag="CLOCK", value=Clock(tuple(one % 86400 for one in node.value.readings)))]
    return timed_repeat(m._replace(nodes=nodes))


AMOUNTS = 4  # after so many stages what has a unit is made, and nothing of the calendar
GRAMMAR = Cascade(STAGES)


def first_row(text: str) -> list[Node]:
    return lexicon().tokens(simplified(text))
