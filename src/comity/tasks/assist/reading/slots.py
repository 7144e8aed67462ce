# SPDX-License-Identifier: Apache-2.0
"""The arguments of one intent out of one stretch of words.

Every kind has one rule, whatever the intent; what an intent is called is looked at nowhere.  A value that the words do not hold is left
out, and asked for where it is required.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from comity.tasks.assist.intents import Parameter
from comity.tasks.assist.plan import Argument, Question, Thing, Unclear
from comity.tasks.assist.reading import names, rest, times
from comity.tasks.assist.reading.choices import choices, money, numbers, plain
from comity.tasks.assist.reading.said import HOURS, Said
from comity.tasks.assist.reading.texts import left_over, text_of
from comity.tasks.assist.reading.things import (
    _BACK,
    _BY_SO_MUCH,
    _FORWARD,
    _QUOTED,
    _SAME_TIME,
    _THAT_DAY,
    _THERE,
    _WEEKDAYS,
    Focus,
    Things,
)
from comity.tasks.entities import Entity
from comity.tasks.entities.values import Date, Duration, Time

_FRACTION = re.compile(r"\b(?:an? )?(half|quarter|third)\b", re.IGNORECASE)
_PERCENT = {"half": 50, "quarter": 25, "third": 33}
_THEN = re.compile(r"\bthen\b|\bthat (?:day|morning|afternoon|evening)\b|那天|当天", re.IGNORECASE)

__all__ = ["Focus", "Slots", "iso", "period"]


class Slots(Things):
    """Reads one intent's parameters, the surest kinds first, each out of what the others left."""

    def read(self) -> dict[str, Argument]:
        """Raises Unclear for what is required and missing, or might be several things."""
        self.partial(texts=True)
        missing = self.missing()
        if missing is not None:
            raise Unclear(missing)
        return self._made

    @property
    def _tells(self) -> bool:
        """It tells somebody something."""
        return any(each.kind == "contact" and each.required for each in self._intent.parameters)

    @property
    def made(self) -> dict[str, Argument]:
        """As far as it came."""
        return self._made

    @property
    def thing(self) -> Thing | None:
        return self._thing

    def missing_but(self, *, texts: bool) -> Question | None:
        """What is missing; with ``texts``, apart from texts."""
        left = [each for each in self._intent.parameters if each.required and each.name not in self._made]
        return next((self._missing(each).question for each in left if not (texts and each.kind == "text")), None)

    def missing(self) -> Question | None:
        return next(
            (self._missing(each).question for each in self._intent.parameters if each.required and each.name not in self._made), None
        )

    def partial(self, *, texts: bool) -> dict[str, Argument]:
        """What is there.  Not ``texts``: only what has a shape of its own.  Raises Unclear where it might be several things."""
        self._made |= self._given
        for each in self._intent.parameters:
            if each.name in self._given and each.kind in ("event", "reminder", "note"):
                of = self._given[each.name].value
                self._thing = next((thing for thing in self._said.world.things(each.kind) if thing.id == of), None)
        parameters = tuple(each for each in self._intent.parameters if each.name not in self._given)
        if texts:
            self._quoted()
        kinds = {each.kind for each in parameters}
        if {"datetime"} & kinds and any(each.known and each.kind not in ("contact", "place") for each in parameters):
            self._pivot = self._where_it_goes()
        for each in parameters:
            if each.known and each.kind not in ("contact", "place"):
                self._known(each)
        for each in parameters:
            if each.kind == "contact":
                self._people(each)
        for each in parameters:
            if each.kind == "place":
                self._place(each)
        self._times()
        self._choices()
        for each in parameters:
            if each.kind in ("number", "integer"):
                self._number(each)
            elif each.kind == "money":
                found = money(self._said)
                if found:
                    self._made[each.name] = self._said.argument(found[2], found[0], found[1])
        if texts:
            self._texts()
        return self._made

    # -- times ------------------------------------------------------------------------------------------------------------

    def _times(self) -> None:
        by_kind: dict[str, list[Parameter]] = {}
        for each in self._intent.parameters:
            by_kind.setdefault(each.kind, []).append(each)
        moments, said = by_kind.get("datetime", []), self._said
        repeat = next(iter(by_kind.get("recurrence", [])), None)
        if len(moments) == 2:
            self._bounds(moments[0], moments[1])
        elif len(moments) == 1:
            done = self._repeated(repeat, moments[0]) if repeat is not None else False
            if not done:
                self._moment(moments[0])
        for each in by_kind.get("date", []):
            day = times.day_of(said)
            if day:
                self._made[each.name] = said.argument(day[0].isoformat(), day[1].start, day[1].end)
            elif _THAT_DAY.search(said.text) and self._focus.start is not None:
                found = _THAT_DAY.search(said.text)
                assert found is not None
                self._made[each.name] = said.argument(self._focus.start.date().isoformat(), *found.span(), of="world")
        for each in by_kind.get("time", []):
            clock = times.moment(said, each.name, past=True)
            again = times.recurrence(said)
            if clock is None and again is not None and isinstance(again[0].first, datetime):
                clock = times.morning(again[0].first, again[1], said), [again[1]]
            elif again is not None:
                said.taken.append((again[1].start, again[1].end))
            if clock is None and self._thing is not None and self._thing.start is not None:
                self._made[each.name] = Argument(value=self._thing.start.strftime("%H:%M"), of="world", said=(said.span(),))
            elif clock is not None and not times.part_of_day(said.words(clock[1][0])):
                one = clock[1][0]
                self._made[each.name] = said.argument(clock[0].strftime("%H:%M"), one.start, one.end)
        for each in by_kind.get("duration", []):
            self._duration(each, alone=not moments)

    def _bounds(self, start: Parameter, end: Parameter) -> None:
        found = times.bounds(self._said)
        if found:
            a, b, entity = found
            self._made[start.name] = self._said.argument(iso(a), entity.start, entity.end)
            self._made[end.name] = self._said.argument(iso(b), entity.start, entity.end)

    def _repeated(self, repeat: Parameter, at: Parameter) -> bool:
        found, weekdays = times.recurrence(self._said), _WEEKDAYS.search(self._said.text)
        if found is None or (weekdays is not None and "BYDAY" not in found[0].rule):
            if weekdays is None:
                return False
            said = times.moment(self._said, at.name)
            if said is None and found is not None and isinstance(found[0].first, datetime):
                said = found[0].first, [found[1]]
            if said is None:
                return False
            first = said[0]
            while first.weekday() > 4:
                first += timedelta(days=1)
            self._made[repeat.name] = self._said.argument("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", *weekdays.span())
            self._made[at.name] = self._said.argument(iso(first), said[1][0].start, said[1][0].end)
            return True
        value, entity = found
        parts = dict(part.split("=", 1) for part in value.rule.split(";"))
        if not {"FREQ"} <= parts.keys() or parts["FREQ"] in ("SECONDLY", "MINUTELY", "HOURLY"):
            return False
        rule = ";".join(f"{name}={parts[name]}" for name in ("FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH") if name in parts)
        first_ = value.first
        if isinstance(first_, datetime):
            moment = times.morning(first_, entity, self._said)
        else:
            clock = next((each for each in times.Moments(self._said).of(Time)), None)
            if clock is None:
                if at.required:
                    raise self._missing(at)
                self._made[repeat.name] = self._said.argument(rule, entity.start, entity.end)
                return True
            moment = datetime.combine(first_, clock.value.clock, self._said.now.tzinfo)  # type: ignore[union-attr]
            moment = times.morning(moment, clock, self._said)
            if moment < self._said.now:
                moment += timedelta(days=1 if parts["FREQ"] == "DAILY" else 7)
            self._said.taken.append((clock.start, clock.end))
        self._made[repeat.name] = self._said.argument(rule, entity.start, entity.end)
        self._made[at.name] = self._said.argument(iso(moment), entity.start, entity.end)
        return True

    def _moment(self, parameter: Parameter) -> None:
        said, about = self._said, parameter.name
        if self._thing is not None and self._thing.start is not None:
            self._moved(parameter, self._thing)
            return
        eve = times.day_before(said)
        if eve is not None:
            start = self._anchor()
            if start is None:
                raise self._missing(parameter)
            rest = Said(
                said.text[: eve.start()] + " " * len(eve.group()) + said.text[eve.end() :], language=said.language, world=said.world,
                turn=said.turn, at=said.at, region=said.region,
            )  # fmt: skip
            found = times.moment(rest, about, day=start.date() - timedelta(days=1), clock=start.time())
            moment = found[0] if found is not None else start - timedelta(days=1)
            if found is not None and moment.hour < 12 and re.search(r"evening|night|晚", eve.group(), re.IGNORECASE):
                moment += timedelta(hours=12)
            said.taken += [eve.span(), *((each.start, each.end) for each in (found[1] if found else ()))]
            self._made[about] = Argument(value=iso(moment), of="world", said=(said.span(*eve.span()),))
            return
        away = times.shift(said)
        if away is not None:
            start = self._anchor(after=away[0] > timedelta())
            if start is None:
                raise self._missing(parameter)
            moment = start + away[0]
            if moment < said.now:
                raise times._contradiction(about, said.text, said.language)
            self._made[about] = said.argument(iso(moment), *times.away_from(said, away[1]), of="world")
            return
        day = self._day_spoken_of()
        if day is None and _THAT_DAY.search(said.text) and self._focus.start is None:
            raise self._missing(parameter)
        found = times.moment(said, about, day=day, clock=self._same_time())
        same = _SAME_TIME.search(said.text)
        if found is None and same is not None and self._focus.start is not None:
            self._made[about] = said.argument(iso(self._focus.start), *same.span(), of="world")
            return
        if found is None and self._intent.reads_only and parameter.required:
            found = self._whole(parameter)
        if found is None:
            return
        moment, entities = found
        before, clock = self._focus.after, next((each for each in entities if isinstance(each.value, Time)), None)
        if before is not None and clock is not None and not clock.certain and moment - timedelta(hours=12) > before:
            moment -= timedelta(hours=12)  # `wake me at 6, and at 7 …`: the next such hour after the one before it
        for each in entities:
            said.taken.append((each.start, each.end))
        self._made[about] = Argument(
            value=iso(moment), of="world" if day else "user", said=tuple(said.span(each.start, each.end) for each in entities)
        )

    def _whole(self, parameter: Parameter) -> tuple[datetime, list[Entity]] | None:
        """A day or a part of one that is asked about: from its beginning to its end."""
        found = times.bounds(self._said)
        length = next((each for each in self._intent.parameters if each.kind == "duration"), None)
        if found is None or length is None:
            return None
        start, end, entity = found
        self._made[length.name] = self._said.argument(period(end - start), entity.start, entity.end)
        return start, [entity]

    def _moved(self, parameter: Parameter, thing: Thing) -> None:
        said, assert_start = self._said, thing.start
        assert assert_start is not None
        after = said.part(self._pivot, len(said.text)) if self._pivot < len(said.text) else said
        away = times.so_many_days(said)
        if away is not None:
            self._made[parameter.name] = said.argument(iso(assert_start + away[0]), away[1].start, away[1].end, of="world")
            return
        found = times.moment(after, parameter.name, day=self._then(after) or assert_start.date(), clock=assert_start.time())
        if found is not None and not (after is said and self._back()):
            moment, entities = found
            times.today_or_later(after, parameter.name, entities, moment, assert_start)
            offset = after.at - said.at
            for each in entities:
                said.taken.append((each.start + offset, each.end + offset))
            self._made[parameter.name] = Argument(value=iso(moment), said=tuple(after.span(each.start, each.end) for each in entities))
            return
        bare = self._bare_hour(after)
        if bare is not None:
            self._made[parameter.name] = Argument(
                value=iso(datetime.combine(assert_start.date(), bare, said.now.tzinfo)), said=(after.span(),)
            )
            return
        for each in said.entities:
            if isinstance(each.value, Duration):
                sign = self._back()
                if sign:
                    self._made[parameter.name] = said.argument(
                        iso(assert_start + sign * times.length(each.value)), each.start, each.end, of="world"
                    )
                    return

    def _then(self, after: Said) -> date | None:
        """`Ana is back on Friday, so move it to then`: the one other day that was said."""
        assert self._thing is not None and self._thing.start is not None
        if not _THEN.search(after.text):
            return None
        days = [each for each in self._said.entities if isinstance(each.value, Date) and self._said.free(each.start, each.end)]
        if len(days) != 1 or not isinstance(days[0].value, Date):
            return None
        self._said.taken.append((days[0].start, days[0].end))
        return days[0].value.day

    def _bare_hour(self, after: Said) -> time | None:
        """`back to 11`: nearest to what it was."""
        assert self._thing is not None and self._thing.start is not None
        found = re.match(
            r"\s*(?:to|till|until)\s+(\d{1,2}|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b)(?:\s*o'?clock)?\s*(?:$|[,.!?]|please)",
            after.text,
            re.IGNORECASE,
        )
        said_hour = found.group(1).lower() if found is not None else ""
        number = HOURS.index(said_hour) if said_hour in HOURS else int(said_hour or 0)
        if found is None or not 1 <= number <= 23:
            return None
        hours = [hour for hour in (number, number + 12) if hour < 24]
        nearest = min(hours, key=lambda hour: abs(hour - self._thing.start.hour))  # type: ignore[union-attr]
        self._said.taken.append((self._pivot, self._pivot + found.end()))
        return time(nearest)

    def _back(self) -> int:
        if _BACK.search(self._said.text):
            return 1
        return -1 if _FORWARD.search(self._said.text) else 0

    def _anchor(self, *, after: bool = False) -> datetime | None:
        """What `an hour before` is before: an appointment named here, else what was last spoken of."""
        named = names.the(self._said, "event", "event")
        if named is not None and named.start is not None and not names.pronoun(self._said):
            self._beside = named
            return named.start + (named.duration or timedelta()) if after else named.start
        return self._focus.start

    def _day_spoken_of(self) -> Any:
        if _THAT_DAY.search(self._said.text):
            found = _THAT_DAY.search(self._said.text)
            assert found is not None
            of = self._said.part(found.end(), len(self._said.text)) if "of" in found.group().lower() else self._said.part(0, found.start())
            named = names.the(of, "event", "event") if self._said.language == "zh" or "of" in found.group().lower() else None
            if named is not None and named.start is not None:
                self._said.taken.append((of.at - self._said.at, of.at - self._said.at + len(of.text)))
                return named.start.date()
            return self._focus.start.date() if self._focus.start is not None else None
        return self._focus.day

    def _same_time(self) -> Any:
        return self._focus.start.time() if _SAME_TIME.search(self._said.text) and self._focus.start is not None else None

    def _duration(self, parameter: Parameter, *, alone: bool) -> None:
        said = self._said
        if parameter.name in self._made:
            return
        length = times.stretch(said) if not alone else None
        if length is not None:
            self._made[parameter.name] = Argument(value=period(length), said=(said.span(),))
            return
        if self._thing is not None and self._back():
            return
        found = times.duration(said)
        if found:
            self._made[parameter.name] = said.argument(period(found[0]), found[1].start, found[1].end)

    # -- choices, numbers, texts --------------------------------------------------------------------------------------------

    def _choices(self) -> None:
        same: dict[tuple[str, ...], list[Parameter]] = {}
        for each in self._intent.parameters:
            if each.kind == "choice":
                same.setdefault(tuple(each.choices), []).append(each)
        for alike in same.values():
            found = [one for one in choices(self._said, alike[0]) if self._said.free(one[0], one[1])]
            if len(alike) > 1:
                self._from_to(alike, found)
            elif not found and (there := _THERE.search(self._said.text)) and alike[0].name in self._focus.values:
                self._made[alike[0].name] = self._said.argument(self._focus.values[alike[0].name], *there.span(), of="world")
            elif found:
                start, end, choice = found[-1] if alike[0].name == "to" else self._best(found)
                self._made[alike[0].name] = self._said.argument(choice, start, end)

    def _best(self, found: list[tuple[int, int, str]]) -> tuple[int, int, str]:
        if self._said.language == "en":
            return max(found, key=lambda one: (one[1] - one[0] > 2, one[0] if len(found) > 1 and one[1] - one[0] <= 3 else -one[0]))
        return max(found, key=lambda one: one[1] - one[0])

    def _from_to(self, alike: list[Parameter], found: list[tuple[int, int, str]]) -> None:
        """Two of one kind: the first is what there is, the second what is wanted; the one beside the amount is what there is."""
        if not found:
            return
        amounts = [one for one in numbers(self._said)]
        if len(found) >= 2 and amounts and amounts[0][0] > found[0][1]:
            found = sorted(found, key=lambda one: abs(one[0] - amounts[0][0]))
        for parameter, (start, end, choice) in zip(alike, found, strict=False):
            self._made[parameter.name] = self._said.argument(choice, start, end)

    def _number(self, parameter: Parameter) -> None:
        found = list(numbers(self._said))
        if found and not self._intent.reads_only and _BY_SO_MUCH.search(self._said.text):
            raise self._missing(parameter)
        part = _FRACTION.search(self._said.text)
        if not found and part and "percent" in parameter.says:
            self._made[parameter.name] = self._said.argument(_PERCENT[part.group(1).lower()], *part.span())
        if not found:
            return
        measured = [one for one in found if one[3]]
        start, end, amount, _ = (measured or found)[0]
        if "percent" in parameter.says and 0 < amount < 1:
            amount *= 100
        if "percent" in parameter.says and not 0 <= amount <= 100:
            raise self._missing(parameter)
        self._made[parameter.name] = self._said.argument(plain(amount), start, end)

    def _quoted(self) -> None:
        quoted = _QUOTED.search(self._said.text)
        wants = next((each for each in self._intent.parameters if each.kind == "text" and each.required and each.said), None)
        if quoted and wants is not None:
            which = 1 if quoted.group(1) else 2
            self._made[wants.name] = self._said.argument(quoted.group(which), *quoted.span(which))

    def _texts(self) -> None:
        for each in self._intent.parameters:
            if each.kind != "text" or each.name in self._made:
                continue
            span = self._shaped(each)
            if span is None:
                span = text_of(self._said, self._intent, each)
                if span is not None and self._tells and each.required:
                    span = self._after_names(self._before_recipient(span))
                    span = None if span is not None and self._only_a_thing(span) else span
                if span is not None and not each.required and not self._said.free(*span):
                    span = None
            if span is not None and not each.required and rest.only_idle(self._said.text[slice(*span)], self._intent, self._said.language):
                span = None
            if span is not None:
                span = self._told(span)
                self._made[each.name] = self._said.argument(self._pointed(self._said.text[span[0] : span[1]]), *span)
            elif self._intent.reads_only and not each.required and not each.said:
                self._words_of_a_thing(each)
        for each in self._intent.parameters:
            if each.kind == "text" and each.required and each.name not in self._made:
                people = [(a.start, a.end) for a in names.people(self._said)]
                span = left_over(self._said, keep=people)
                if span is not None and self._tells:
                    span = self._after_names(self._past_recipients(span))
                    span = span if span is not None and self._is_told(span) else None
                if span is not None and self._says_something(span, each):
                    span = self._told(span)
                    self._loose.add(each.name)
                    self._made[each.name] = self._said.argument(self._said.text[span[0] : span[1]], *span)
                elif self._focus.called is not None and not self._tells:
                    self._made[each.name] = self._focus.called
                elif self._focus.about is not None:
                    self._made[each.name] = self._focus.about


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


def period(length: timedelta) -> str:
    """ISO 8601: PT1H30M."""
    seconds = int(length.total_seconds())
    days, seconds = divmod(seconds, 86400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    return "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock or not days else "") if (days or clock) else "PT0M"
