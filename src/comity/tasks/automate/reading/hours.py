# SPDX-License-Identifier: Apache-2.0
"""Hours, days and repetition: what the normaliser reads, and sets of weekdays, made into a trigger by the clock or into conditions."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from types import ModuleType
from typing import Any

import msgspec

from comity.tasks.automate.reading import chinese, english
from comity.tasks.automate.reading.found import GONE, Words
from comity.tasks.automate.rule import Once, Recurring, TimeBetween, Weekday, iso
from comity.tasks.entities import Entity, entities
from comity.tasks.entities.values import Date, DateRange, DateTime, DateTimeRange, Recurrence, Time, TimeRange

WORK, END, ALL = (1, 2, 3, 4, 5), (6, 7), (1, 2, 3, 4, 5, 6, 7)
_BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LATER = {
    "en": re.compile(r"\b(?P<side>after|from|past|before|until|till)\s*$", re.IGNORECASE),
    "zh": re.compile(r"^(?:之)?(?P<side>以?后|过后|以?前)"),
}
_DOT = re.compile(r"(?<![\d.])(\d{1,2})\.([0-5]\d)(?![\d%])(?!\s*(?:per ?cent|degrees|度|km|公里))")


class Hours(msgspec.Struct, kw_only=True):
    """What was said of time: at most one clock, a set of days, and conditions."""

    clock: str = ""
    once: str = ""  # a date
    weekdays: tuple[int, ...] = ()
    daily: bool = False
    day_of_month: int | None = None
    month: int | None = None
    every: str = ""
    between: tuple[str, str] | None = None

    def trigger(self, words: Words) -> Any:
        """None where time alone sets nothing off.  Raises Unclear."""
        if self.every:
            begin, end = self.between or ("", "")
            return Recurring(every=self.every, from_=begin, to=end, weekdays=self._days())
        repeats = bool(self.daily or self.weekdays or self.day_of_month)
        if self.once:
            if not self.clock:
                raise words.ask("time", "At what time?", "几点？")
            if repeats:
                raise words.ask("when", "Once, or again and again?", "是一次还是每次？", "contradiction")
            return Once(date=self.once, at=self.clock)
        if not self.clock:
            return None
        if not repeats:
            raise words.ask("repeat", "On which days?", "哪些天？每天，还是只有一次？")
        return Recurring(at=self.clock, weekdays=self._days(), day_of_month=self.day_of_month, month=self.month)

    def _days(self) -> tuple[int, ...]:
        return () if self.weekdays == ALL else self.weekdays

    def conditions(self) -> list[Any]:
        made: list[Any] = []
        if self.weekdays and self.weekdays != ALL:
            made.append(Weekday(weekdays=self.weekdays))
        if self.between is not None:
            made.append(TimeBetween(from_=self.between[0], to=self.between[1]))
        return made


def hours(words: Words) -> Hours:
    """What has a clock, a weekday or repeats.  It goes first: a clause that something happens in may begin after it.  Raises Unclear."""
    zh = words.language == "zh"
    say: ModuleType = chinese if zh else english
    made = Hours()
    if zh and (wrong := re.search(chinese.WRONG_DAY, words.left)):
        raise words.ask("weekday", f"“{wrong[0]}” is no day of the week. Which day?", f"没有“{wrong[0]}”这一天，是周几？", "contradiction")
    if other := re.search(say.OTHER, words.left, re.IGNORECASE):
        raise words.ask(
            "repeat", f"“{other[0]}” cannot be had. On which days of the week?", f"还做不到“{other[0]}”，改成每周几？", "unread"
        )
    if last := re.search(say.LAST_DAY, words.left, re.IGNORECASE):
        made.day_of_month = -1
        words.take(*last.span())
    if yearly := re.search(say.YEARLY, words.left, re.IGNORECASE):
        _yearly(words, made, yearly)
    for found in re.finditer(say.WEEKDAYS, words.left, re.IGNORECASE):
        days = _weekdays(found, zh)
        if days and not (not zh and found.group().strip().lower().rstrip(".") in ("sun", "mon", "sat", "wed")):
            _also(words, made, days)
            words.take(*found.span())
    if zh and not made.weekdays:
        for found in re.finditer(chinese.BARE_DAY, words.left):  # in a rule a weekday comes round, unless it is this one or the next
            _also(words, made, _list(found.group(), zh))
            words.take(*found.span())
    for daily in re.finditer(say.DAILY, words.left, re.IGNORECASE):
        made.daily = True
        words.take(*daily.span())
    _exact(words, made)
    for entity in _entities(words):
        if not isinstance(entity.value, Date | DateRange | DateTimeRange):
            _entity(words, made, entity)
    return made


_EXACT = re.compile(
    r"(?<![\d:.])(?<!早上)(?<!晚上)(?<!下午)(?<!上午)(?<!中午)(?<!傍晚)(?<!凌晨)(?<!早)(?<!晚)((?:[01]\d|2[0-3]):[0-5]\d)(?!\d|:\d)(?!\s*(?:[ap]\.?m\b|o'clock|in the|at night))",  # noqa: E501
    re.IGNORECASE,
)
_FIGURES = "\x02\x03\x03\x03\x03"
_BETWEEN = re.compile(
    r"(?:\b(?:only\s+)?(?:between|from)\s+|(?:只?在|从))?\x02\x03{4}(?:\s*(?:and|to|till|until|[-–~到至])\s*)\x02\x03{4}(?:之间)?",
    re.IGNORECASE,
)
_PART = re.compile(r"\b(?:evening|night|nightly|afternoon|tonight)\b|晚|下午|傍晚", re.IGNORECASE)


def _exact(words: Words, made: Hours) -> None:
    """Hours in four figures are of 24, unless a part of the day is said that they do not lie in."""
    late = _PART.search(words.left)
    spots = [each.span(1) for each in _EXACT.finditer(words.left) if not (late and 1 <= int(each[1][:2]) < 12)]
    marked = words.left
    for start, end in spots:
        marked = marked[:start] + _FIGURES + marked[end:]
    for found in list(_BETWEEN.finditer(marked)):
        inside = [each for each in spots if found.start() <= each[0] < found.end()]
        _between(words, made, *(words.text[start:end] for start, end in inside[:2]))
        words.take(*found.span())
        marked = marked[: found.start()] + GONE * (found.end() - found.start()) + marked[found.end() :]
    for start, end in spots:
        if (
            marked[start] == "\x02"
            and not _LATER["en"].search(words.left[max(0, start - 12) : start])
            and not _LATER["zh"].match(words.left[end : end + 3])
        ):
            lead = re.search(r"(?:\bon\s+)?(?:\bat\s+)?$", words.left[:start], re.IGNORECASE)
            _clock(words, made, words.text[start:end])
            words.take(lead.start() if lead else start, end)


def days(words: Words, made: Hours) -> None:
    """What is left of days once events were read, which have theirs (`rain tomorrow`, `an hour before`).  Raises Unclear."""
    for entity in _entities(words):
        _entity(words, made, entity, later=True)


def _entities(words: Words) -> tuple[Entity, ...]:
    text = _DOT.sub(r"\1:\2", words.left)
    return tuple(
        each
        for each in entities(text, language=words.language, at=words.world.now(), region="")
        if "\x00" not in words.left[each.start : each.end]
    )


def _also(words: Words, made: Hours, days: tuple[int, ...]) -> None:
    both = tuple(day for day in days if not made.weekdays or day in made.weekdays)
    if not both:
        raise words.ask("weekday", "Those are two different days. Which?", "两个日子不一样，是哪天？", "contradiction")
    made.weekdays = both


def _weekdays(found: re.Match[str], zh: bool) -> tuple[int, ...]:
    group = found.groupdict()
    if group.get("work"):
        return WORK
    if group.get("end"):
        return END
    but = group.get("but") or group.get("but2")
    if but:
        out = (
            END
            if re.match(r"weekend|周末|双休", but, re.IGNORECASE)
            else WORK
            if re.match(r"weekday|工作日", but, re.IGNORECASE)
            else _list(but, zh)
        )
        return tuple(day for day in ALL if day not in out)
    listed = group.get("days") or group.get("plural") or group.get("plain") or found.group()
    return _list(listed, zh)


def _list(said: str, zh: bool) -> tuple[int, ...]:
    names = chinese.WEEKDAY_NAMES if zh else english.WEEKDAY_NAMES
    spots = sorted(
        (one.start(), one.end(), day) for day, name in names.items() for one in re.finditer(name if zh else rf"(?<![a-z]){name}(?![a-z])", said, re.IGNORECASE)  # noqa: E501
    )  # fmt: skip
    days: set[int] = set()
    for number, (start, _, day) in enumerate(spots):
        days.add(day)
        between = said[spots[number - 1][1] : start] if number else ""
        if number and re.search(r"到|至|\bto\b|through|till|until|[-–]", between):
            first = spots[number - 1][2]
            run = range(first, day + 1) if first <= day else [*range(first, 8), *range(1, day + 1)]
            days |= set(run)
    return tuple(sorted(days))


def _yearly(words: Words, made: Hours, found: re.Match[str]) -> None:
    """29 February is read as of a leap year."""
    at = words.world.now()
    while not (at.year % 4 == 0 and (at.year % 100 or at.year % 400 == 0)):
        at = at.replace(year=at.year + 1, month=1, day=1)
    for each in entities(found["when"], language=words.language, at=at.replace(month=1, day=1), region=""):
        if isinstance(each.value, Date):
            made.month, made.day_of_month = each.value.day.month, each.value.day.day
            words.take(*found.span())
            return
    raise words.ask("date", f"Which day is “{found['when']}”?", f"“{found['when']}”是哪一天？", "unread")


_NUMBER = re.compile(
    r"\d|[零一二两三四五六七八九十]|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|midday|midnight)\b|中午|正午|零点|午夜",
    re.IGNORECASE,  # noqa: E501, RUF100
)
_NIGHT = re.compile(r"night|夜|晚", re.IGNORECASE)


def _entity(words: Words, made: Hours, entity: Entity, later: bool = False) -> None:
    """A part of the day without figures: night is darkness, which is read with what happens; any other is asked about."""
    value, start, end = entity.value, entity.start, entity.end
    if isinstance(value, TimeRange) and not _NUMBER.search(words.text[start:end]):
        if not _NIGHT.search(words.text[start:end]) or later:
            _part(words, made, entity, always=True)
    elif isinstance(value, TimeRange):
        if value.start is not None and value.end is not None:
            _between(words, made, f"{value.start:%H:%M}", f"{value.end:%H:%M}")
        elif value.start is not None:
            _between(words, made, f"{value.start:%H:%M}", "00:00")
        elif value.end is not None:
            if not made.every and re.match(r"until|till|up to|直到|到", words.text[start:end], re.IGNORECASE):
                raise words.ask("time", "What is to be done when that time is over?", "到了那个时间要做什么？", "unread")
            _between(words, made, "00:00", f"{value.end:%H:%M}")
        words.take(start, end)
    elif isinstance(value, Time):
        _time(words, made, entity, value.clock)
    elif isinstance(value, DateTime):
        moment = value.moment.astimezone(words.world.now().tzinfo)
        if moment <= words.world.now():
            raise words.ask("time", "That time is over. When should it be?", "这个时间已经过去了，换什么时候？", "over")
        _once(words, made, moment.date().isoformat())
        _clock(words, made, f"{moment:%H:%M}")
        words.take(start, end)
    elif isinstance(value, Date):
        _once(words, made, value.day.isoformat())
        words.take(start, end)
    elif isinstance(value, Recurrence):
        _recurrence(words, made, value, entity)
        words.take(start, end)
    elif isinstance(value, DateTimeRange | DateRange) and not re.match(r"\d", words.left[start:end]):
        _part(words, made, entity)


def _part(words: Words, made: Hours, entity: Entity, always: bool = False) -> None:
    """`tonight`, `in the evening` beside a clock says nothing of its own; else it has to be asked what is meant."""
    said = words.text[entity.start : entity.end]
    if not always and re.fullmatch(
        r"(?:in )?the (?:morning|evening|afternoon)|at night|早上|晚上|下午|上午|中午|傍晚", said.strip(), re.IGNORECASE
    ):
        return
    raise words.ask("time", f"When exactly is “{said}”?", f"“{said}”具体是什么时候？", "unread")


def _time(words: Words, made: Hours, entity: Entity, at: time) -> None:
    start, end = entity.start, entity.end
    clocks = {each.clock for each in entity.readings if isinstance(each, Time)}
    before, after = words.left[max(0, start - 12) : start], words.left[end : end + 3]
    later = _LATER[words.language].search(before if words.language == "en" else after)
    inner = re.match(r"\s*(after|past|before|until|till|from)\b", words.left[start:end], re.IGNORECASE) if words.language == "en" else None
    if len(clocks) > 1 and not entity.certain:
        at = _likely(words, made, clocks)
    if later is not None or inner is not None:
        side = (later["side"] if later is not None else inner[1] if inner is not None else "").lower()
        if side in ("until", "till") and not made.every:
            raise words.ask("time", "What is to be done when that time is over?", "到了那个时间要做什么？", "unread")
        late = side in ("after", "past", "from", "后", "以后", "过后")
        _between(words, made, *((f"{at:%H:%M}", "00:00") if late else ("00:00", f"{at:%H:%M}")))
        words.take(start, end)
        if later is not None:
            a, b = (start - len(before) + later.start(), start) if words.language == "en" else (end, end + later.end())
            words.take(a, b)
        return
    _clock(words, made, f"{at:%H:%M}")
    words.take(start, end)


def _likely(words: Words, made: Hours, clocks: set[time]) -> time:
    """A bare hour: by the part of the day said elsewhere; else it is asked."""
    late = re.search(r"\b(?:evening|night|nightly|afternoon|tonight|pm)\b|晚|下午|傍晚", words.text, re.IGNORECASE)
    early = re.search(r"\b(?:morning|am)\b|早|上午|凌晨", words.text, re.IGNORECASE)
    if bool(late) != bool(early):
        chosen = [each for each in clocks if (each.hour >= 12) == bool(late)]
        if len(chosen) == 1:
            return chosen[0]
    shown = sorted(f"{each:%H:%M}" for each in clocks)
    raise words.ask("time", f"{' or '.join(shown)}?", f"是{'还是'.join(shown)}？", "ambiguous", shown)


def _clock(words: Words, made: Hours, at: str) -> None:
    if made.clock and made.clock != at:
        raise words.ask("time", f"{made.clock} or {at}?", f"是{made.clock}还是{at}？", "contradiction", (made.clock, at))
    made.clock = at


def _once(words: Words, made: Hours, day: str) -> None:
    if made.once and made.once != day:
        raise words.ask("date", f"{made.once} or {day}?", f"是{made.once}还是{day}？", "contradiction", (made.once, day))
    if datetime.fromisoformat(day).date() < words.world.now().date():
        raise words.ask("date", "That day is over. When should it be?", "这一天已经过去了，换哪天？", "over")
    made.once = day


def _between(words: Words, made: Hours, begin: str, end: str) -> None:
    if made.between is not None and made.between != (begin, end):
        raise words.ask("time", "Between which hours?", "在哪段时间？", "contradiction")
    if begin == end:
        raise words.ask("time", "From when to when?", "从几点到几点？", "contradiction")
    made.between = (begin, end)


def _recurrence(words: Words, made: Hours, value: Recurrence, entity: Entity) -> None:
    parts = dict(part.split("=") for part in value.rule.split(";"))
    known = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYHOUR", "BYMINUTE", "BYSECOND"}
    step, frequency = int(parts.get("INTERVAL", "1")), parts.get("FREQ", "")
    unit = {"MINUTELY": timedelta(minutes=1), "HOURLY": timedelta(hours=1)}.get(frequency)
    if (
        set(parts) - known
        or (unit is None and step != 1)
        or frequency not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY", "MINUTELY", "HOURLY")
    ):
        said = words.text[entity.start : entity.end]
        raise words.ask("repeat", f"“{said}” cannot be had. On which days of the week?", f"还做不到“{said}”，改成每周几？", "unread")
    if unit is not None:
        made.every = iso(unit * step)
        return
    if "BYDAY" in parts:
        names = parts["BYDAY"].split(",")
        if any(each not in _BYDAY for each in names) or frequency != "WEEKLY":
            raise words.ask("repeat", "On which days of the week?", "每周几？", "unread")
        _also(words, made, tuple(sorted(_BYDAY.index(each) + 1 for each in names)))
    elif frequency == "WEEKLY":
        raise words.ask("weekday", "On which day of the week?", "每周几？")
    if "BYMONTHDAY" in parts:
        made.day_of_month = int(parts["BYMONTHDAY"])
    if "BYMONTH" in parts:
        made.month = int(parts["BYMONTH"])
    if frequency in ("MONTHLY", "YEARLY") and made.day_of_month is None:
        raise words.ask("date", "On which day?", "哪一天？")
    made.daily = made.daily or frequency == "DAILY"
    if "BYHOUR" in parts:
        clocks = {r.rule for r in entity.readings if isinstance(r, Recurrence)}
        at = time(int(parts["BYHOUR"]), int(parts.get("BYMINUTE", "0")))
        if len(clocks) > 1 and not entity.certain:
            at = _likely(words, made, {_hour(each) for each in clocks})
        _clock(words, made, f"{at:%H:%M}")


def _hour(rule: str) -> time:
    parts = dict(part.split("=") for part in rule.split(";"))
    return time(int(parts.get("BYHOUR", "0")), int(parts.get("BYMINUTE", "0")))
