# SPDX-License-Identifier: Apache-2.0
"""When: moments, days, lengths and repetition, out of what the normaliser reads, by how people leave halves of them out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from comity.tasks.assist.plan import Question, Unclear
from comity.tasks.assist.reading.said import Said
from comity.tasks.entities import Entity
from comity.tasks.entities.values import Date, DateRange, DateTime, DateTimeRange, Duration, Number, Recurrence, Time, TimeRange

WAKING = (8, 22)
"""A bare hour is the next to come between these, unless what it is about says morning or evening."""
_EVENING = re.compile(r"\b(?:dinner|supper|drinks|evening|tonight|theatre|film|movie|concert|party|pub)\b|晚饭|晚餐|吃晚|聚餐|电影|演出|酒|音乐会|夜", re.IGNORECASE)  # fmt: skip  # noqa: E501
_MORNING = re.compile(
    r"\b(?:wake|get (?:me|us) (?:up|out)|breakfast|alarm|flight|school)\b|起床|叫我起|叫醒|铃|早饭|早餐|闹钟|上学", re.IGNORECASE
)
_WEEKDAYS = {
    "en": ("monday|mon", "tuesday|tues?", "wednesday|weds?", "thursday|thurs?", "friday|fri", "saturday|sat", "sunday|sun"),
    "zh": tuple(f"(?:周|星期|礼拜)(?:{each})" for each in ("一", "二", "三", "四", "五", "六", "日|天")),
}
_BEFORE = re.compile(r"\b(?:before|beforehand|earlier|ahead|in advance|prior)\b|提前|提早|之前|以前|前", re.IGNORECASE)
_AFTER = re.compile(r"\bafter(?:wards)?\b|之后|以后", re.IGNORECASE)
_HALF_SAID = re.compile(
    r"(?:\d|\b)(?:am|pm|a\.m|p\.m)\b|morning|afternoon|evening|night|noon|上午|下午|早|晚|中午|凌晨|夜|傍晚|1[3-9][:点时]|2[0-4][:点时]|十[三四五六七八九]点|二十",
    re.IGNORECASE,
)
_NOON = re.compile(r"中午(?!.{0,3}点)|正午|\bnoon\b|\bmidday\b")
_PUT = re.compile(r"\bput in $", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_TILL = re.compile(r"\s*(?:to|till|until|-|–)\s*", re.IGNORECASE)


class Moments:
    """What a stretch says of time, sorted by what it can be: used by whoever knows which parameter it is for."""

    def __init__(self, said: Said) -> None:
        self.said = said
        self.temporal = [each for each in said.entities if not isinstance(each.value, Number)]

    def of(self, *kinds: type) -> list[Entity]:
        return [each for each in self.temporal if isinstance(each.value, kinds) and self.said.free(each.start, each.end)]

    def days(self) -> list[date]:
        """Every day that is said, for finding what is then."""
        days: list[date] = []
        for each in self.temporal:
            value = each.value
            if isinstance(value, Date):
                days.append(value.day)
            elif isinstance(value, DateTime):
                days.append(value.moment.date())
            elif isinstance(value, DateTimeRange) and value.start is not None:
                days.append(value.start.date())
        return days


def moment(
    said: Said, about: str, *, day: date | None = None, clock: time | None = None, past: bool = False
) -> tuple[datetime, list[Entity]] | None:
    """The one moment that is said.  ``day`` and ``clock`` stand in for the half that is left out.  Raises Unclear: over, contradictory."""
    found = Moments(said)
    _consistent(found, about)
    whole = found.of(DateTime, DateTimeRange)
    for each in whole:
        value = each.value
        if isinstance(value, DateTime):
            return _to_come(_half(each, said), said, about, past), [each]
        if isinstance(value, DateTimeRange) and value.start is not None:
            inside = _hours_within(said, each)
            if inside is not None:
                return inside[0], [each]
            if _NOON.search(said.words(each)):
                return _to_come(_at(value.start.date(), time(12), said), said, about, past), [each]
            if _is_part_of_day(said.words(each)):
                clocks = found.of(Time, TimeRange)
                if not clocks and about:
                    continue
                if clocks:
                    return _with(value.start.date(), clocks[0], said, about, past), [each, clocks[0]]
                continue
            return _to_come(_begins(each, said), said, about, past), [each]
        if isinstance(value, DateTimeRange) and value.end is not None:  # `by nine on Monday`, `until the 7th at ten`
            return _to_come(value.end, said, about, past), [each]
    clocks = [each for each in found.of(Time, TimeRange) if not part_of_day(said.words(each))]
    dates = found.of(Date)
    if clocks:
        of_day = dates[0] if dates else None
        said_day = of_day.value.day if of_day is not None and isinstance(of_day.value, Date) else day
        return _with(said_day, clocks[0], said, about, past), [clocks[0], *([of_day] if of_day else [])]
    if dates and clock is not None and isinstance(dates[0].value, Date):
        return _to_come(_at(dates[0].value.day, clock, said), said, about, past), [dates[0]]
    after = [
        each
        for each in found.of(Duration)
        if not _PUT.search(said.text[: each.start]) and re.search(r"\b(?:in|from now)\b|后", _around(said, each), re.IGNORECASE)
    ]
    if after and isinstance(after[0].value, Duration):
        return _minute(said.now + length(after[0].value)), [after[0]]
    return None


def stretch(said: Said) -> timedelta | None:
    """The length of what is said from when to when, or for how long."""
    for each in said.entities:
        value = each.value
        if isinstance(value, DateTimeRange) and value.start and value.end:
            inside = _hours_within(said, each)
            if inside is not None:
                return inside[1] - inside[0]
            if not _is_part_of_day(said.words(each)):
                between = value.end - value.start
                return (
                    between - timedelta(hours=12)
                    if timedelta(hours=12) < between < timedelta(hours=24) and not _HALF_SAID.search(said.words(each))
                    else between
                )
        if isinstance(value, TimeRange) and value.start and value.end and not _is_part_of_day(said.words(each)):
            a, b = (datetime.combine(date(2000, 1, 1), one) for one in (value.start, value.end))
            return (b - a) % timedelta(days=1)
    return None


def duration(said: Said) -> tuple[timedelta, Entity] | None:
    for each in said.entities:
        if isinstance(each.value, Duration) and said.free(each.start, each.end) and not relative(said, each):
            more = next(
                (one for one in said.entities if isinstance(one.value, Number) and _AND.fullmatch(said.text[each.end : one.start])), None
            )
            if more is not None and isinstance(more.value, Number) and each.value.seconds % 3600 == 0 and 0 < more.value.amount < 60:
                hours_and = length(each.value) + timedelta(minutes=int(more.value.amount))
                return hours_and, msgspec.structs.replace(each, end=more.end)
            return length(each.value), each
    return None


def length(value: Duration) -> timedelta:
    return timedelta(days=float(value.days) + 30 * float(value.months), seconds=float(value.seconds))


_RELATIVE_AFTER = re.compile(r"(?:after|afterwards|later)\b|之后|以后", re.IGNORECASE)
_RELATIVE_HEAD = re.compile(r"(?:提前|提早|早|之前|以前|前|之后|以后|后)$")


def relative(said: Said, each: Entity) -> bool:
    """`an hour before that`, `提前一刻钟`: how far from something else."""
    after, before = said.text[each.end : each.end + 16].lstrip(), said.text[max(0, each.start - 3) : each.start]
    return bool(_BEFORE.match(after) or _RELATIVE_HEAD.search(before) or _RELATIVE_AFTER.match(after))


_TO_THE_SIDE = re.compile(
    r"\s*(?:before(?:hand)?|earlier|ahead(?: of)?|in advance|prior(?: to)?|after(?:wards)?|later)\b(?:\s+(?:that|it|then|this)\b)?|\s*(?:之前|以前|前|之后|以后|后)",  # noqa: E501
    re.IGNORECASE,
)


def away_from(said: Said, each: Entity) -> tuple[int, int]:
    """A length with the words that say to which side it goes."""
    before, after = re.search(r"(?:提前|提早|再)?$", said.text[: each.start]), _TO_THE_SIDE.match(said.text, each.end)
    return before.start() if before else each.start, after.end() if after else each.end


def shift(said: Said) -> tuple[timedelta, Entity] | None:
    """How far before (negative) or after something else: only where it is said of something else."""
    for each in said.entities:
        if isinstance(each.value, Duration) and relative(said, each):
            after = said.text[each.end : each.end + 16].lstrip()
            before = said.text[max(0, each.start - 3) : each.start]
            sign = 1 if _RELATIVE_AFTER.match(after) or re.search(r"(?:之后|以后|(?<!之|以)后)$", before) else -1
            return sign * length(each.value), each
    return None


def recurrence(said: Said) -> tuple[Recurrence, Entity] | None:
    """The most that is said: of `a weekly call every Tuesday at ten` the second."""
    found = [(each.value, each) for each in said.entities if isinstance(each.value, Recurrence)]
    return max(found, key=lambda pair: len(pair[0].rule)) if found else None


_SO_MUCH_LATER = re.compile(r"\b(?:days?|weeks?|months?) (?:later|earlier)\b", re.IGNORECASE)


def so_many_days(said: Said) -> tuple[timedelta, Entity] | None:
    """`two days later`, of something that has a day: counted from that, and not from today."""
    for each in said.entities:
        if isinstance(each.value, Date) and _SO_MUCH_LATER.search(said.words(each)):
            return each.value.day - said.now.date(), each
    return None


def morning(first: datetime, each: Entity, said: Said) -> datetime:
    """Of what is repeated: the half of the day that its words speak for, where the hour does not say."""
    if first.hour >= 12 and _MORNING.search(said.text) and not _HALF_SAID.search(said.words(each)):
        earlier = first - timedelta(hours=12)
        return earlier if earlier >= said.now else first + timedelta(hours=12)
    return first


_BARE_WEEKDAY = re.compile(r"(?:on |this )?\w+day(?:'s)?|(?:周|星期|礼拜)[一二三四五六日天]", re.IGNORECASE)


def bare_weekday(words: str) -> bool:
    """`Friday`, `周五`: of whichever week."""
    return bool(_BARE_WEEKDAY.fullmatch(words.strip()))


_DAY_BEFORE = re.compile(r"\b(?:the )?(?:day|night|evening|afternoon|morning) before\b|前一?(?:天|晚|日)", re.IGNORECASE)


def day_before(said: Said) -> re.Match[str] | None:
    return _DAY_BEFORE.search(said.text)


def day_of(said: Said) -> tuple[date, Entity] | None:
    for each in said.entities:
        value = each.value
        if isinstance(value, Date):
            return value.day, each
        if isinstance(value, DateTime):
            return value.moment.date(), each
        if isinstance(value, DateTimeRange) and value.start is not None:
            return value.start.date(), each
    return None


def bounds(said: Said) -> tuple[datetime, datetime, Entity] | None:
    """From when to when, the end not included: a day, a week, an afternoon."""
    zone = said.now.tzinfo
    for each in said.entities:
        value = each.value
        if isinstance(value, Date):
            start = datetime.combine(value.day, time(), zone)
            return start, start + timedelta(days=1), each
        if isinstance(value, DateRange) and value.first and value.last:
            return datetime.combine(value.first, time(), zone), datetime.combine(value.last + timedelta(days=1), time(), zone), each
        if isinstance(value, DateTimeRange) and value.start and value.end:
            return value.start, value.end, each
    return None


# -- halves -------------------------------------------------------------------------------------------------------------


def _minute(moment_: datetime) -> datetime:
    return moment_.replace(second=0, microsecond=0)


def _at(day: date, clock: time, said: Said) -> datetime:
    return datetime.combine(day, clock, said.now.tzinfo)


def _begins(each: Entity, said: Said) -> datetime:
    """Of a stretch whose hours might be morning or evening."""
    starts = [reading.start for reading in each.readings if isinstance(reading, DateTimeRange) and reading.start is not None]
    if _HALF_SAID.search(said.words(each)):
        return next((one for one in starts if one >= said.now), starts[0])
    both = [one for start in starts[:1] for one in (start, start + timedelta(hours=12)) if one.date() == start.date()]
    return _preferred([one for one in both if one >= said.now] or both, said)


def _half(each: Entity, said: Said) -> datetime:
    """Of a moment whose hour might be morning or evening: by what it is about, else within waking hours."""
    moments = [reading.moment for reading in each.readings if isinstance(reading, DateTime)]
    if each.certain or len({one.hour for one in moments}) < 2:
        return next((one for one in moments if one >= said.now), moments[0])
    ahead = [one for one in moments if one >= said.now] or moments
    return _preferred(ahead, said)


def _preferred(moments: Sequence[datetime], said: Said) -> datetime:
    if _EVENING.search(said.text):
        wanted = [one for one in moments if one.hour >= 12]
    elif _MORNING.search(said.text):
        wanted = [one for one in moments if one.hour < 12]
    else:
        wanted = [one for one in moments if WAKING[0] <= one.hour < WAKING[1]]
    first = min(one.date() for one in (wanted or moments))
    return min(one for one in (wanted or list(moments)) if one.date() == first)


def _with(day: date | None, clock: Entity, said: Said, about: str, past: bool) -> datetime:
    clocks: list[time] = [time(12)] if _NOON.search(said.words(clock)) else []
    for reading in clock.readings if not clocks else ():
        if isinstance(reading, Time):
            clocks.append(reading.clock)
        elif isinstance(reading, TimeRange) and (bound := reading.start or reading.end) is not None:
            clocks.append(bound)
    if day is not None:
        choice = [_at(day, one, said) for one in clocks]
        ahead = [one for one in choice if one >= said.now] or choice
        return _to_come(_preferred(ahead, said) if not clock.certain else choice[0], said, about, past)
    choice = [_at(said.now.date() + timedelta(days=more), one, said) for one in clocks for more in (0, 1)]
    ahead = [one for one in choice if one > said.now]
    return _preferred(ahead, said) if not clock.certain else min(ahead)


def _to_come(moment_: datetime, said: Said, about: str, past: bool) -> datetime:
    if moment_ < said.now.replace(second=0, microsecond=0) and not past:
        text = "这个时间已经过去了，换什么时候？" if said.language == "zh" else "That time is over. When should it be?"
        raise Unclear(Question(about=about, text=text, why="over"))
    return _minute(moment_)


def _consistent(found: Moments, about: str) -> None:
    """A weekday and a date that are not the same day, and two days for one thing, are asked about."""
    said = found.said
    days: list[tuple[date, Entity]] = []
    for each in found.of(Date, DateTime):
        value = each.value
        day = value.day if isinstance(value, Date) else value.moment.date() if isinstance(value, DateTime) else None
        if day is None:
            continue
        words = said.words(each)
        named = [
            n
            for n, word in enumerate(_WEEKDAYS.get(said.language, ()))
            if re.search(rf"(?<![a-z])(?:{word})(?![a-z])", words, re.IGNORECASE)
        ]
        if len(named) == 1 and day.weekday() != named[0]:
            raise _contradiction(about, words, said.language)
        days.append((day, each))
    for (a, one), (b, other) in itertools.pairwise(days):
        if a != b and re.fullmatch(r"[\s,，、的]*", said.text[one.end : other.start]):
            raise _contradiction(about, said.text[one.start : other.end], said.language)


_TODAY = re.compile(r"\b(?:today|this|tonight)\b|今|这", re.IGNORECASE)


def today_or_later(said: Said, about: str, read: Sequence[Entity], moment_: datetime, was: datetime) -> None:
    """Of what is on another day, moved to the weekday that it is today: raises Unclear."""
    for each in read:
        words = said.words(each)
        named = any(re.search(rf"(?<![a-z])(?:{one})(?![a-z])", words, re.IGNORECASE) for one in _WEEKDAYS.get(said.language, ()))
        if named and moment_.date() == said.now.date() != was.date() and not _TODAY.search(words):
            raise _today_or_in_a_week(about, words, said.language)


def _today_or_in_a_week(about: str, words: str, language: str) -> Unclear:
    text = f"“{words}”是今天，还是下个星期？" if language == "zh" else f"Is “{words}” today, or in a week?"
    return Unclear(Question(about=about, text=text, why="ambiguous"))


def _contradiction(about: str, words: str, language: str) -> Unclear:
    text = f"“{words}”不是同一天，是哪天？" if language == "zh" else f"“{words}” is two different days. Which one?"
    return Unclear(Question(about=about, text=text, why="contradiction"))


_PARTS = re.compile(r"morning|afternoon|evening|night|noon|weekend|早|上午|中午|下午|傍晚|晚|夜", re.IGNORECASE)
_CLOCK = re.compile(r"点|[:：]|\b(?:at|from|between|am|pm)\b|o'clock|\d\s*(?:am|pm|-|–|to|till|到|至)", re.IGNORECASE)


def part_of_day(words: str) -> bool:
    """`morning`, and no hour of it."""
    return _is_part_of_day(words) and not re.search(r"\d|[一二两三四五六七八九十]|noon|中午|midnight", words)


def _is_part_of_day(words: str) -> bool:
    return bool(_PARTS.search(words)) and not _CLOCK.search(re.sub(r"\d+(?:st|nd|rd|th)\b", "", words))


def _hours_within(said: Said, part: Entity) -> tuple[datetime, datetime] | None:
    """`Saturday evening, seven till ten`: two bare numbers beside a part of a day."""
    value = part.value
    if not isinstance(value, DateTimeRange) or value.start is None or not _is_part_of_day(said.words(part)):
        return None
    numbers = [
        each
        for each in said.entities
        if isinstance(each.value, Number) and each.value.amount == int(each.value.amount) and 0 < each.value.amount <= 12
    ]
    for one, other in itertools.pairwise(numbers):
        if _TILL.fullmatch(said.text[one.end : other.start]):
            hours: list[Any] = [
                int(each.value.amount) + (12 if value.start.hour >= 12 and each.value.amount < 12 else 0)
                for each in (one, other)
                if isinstance(each.value, Number)
            ]
            day = value.start.replace(hour=0, minute=0)
            return day + timedelta(hours=hours[0]), day + timedelta(hours=hours[1] if hours[1] > hours[0] else hours[1] + 12)
    return None


def _around(said: Said, each: Entity) -> str:
    return said.text[max(0, each.start - 4) : each.end + 10]
