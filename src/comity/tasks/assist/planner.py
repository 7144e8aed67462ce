# SPDX-License-Identifier: Apache-2.0
"""From what a user said, turn by turn, to a plan.

The words are cut into stretches; a model chooses an intent for each among those that its words may ask for; code reads the arguments.
Nothing else goes in: a planner is never given a document, a page, a tool's result or a file's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from comity.tasks.assist import editing
from comity.tasks.assist.choosing import Chooser
from comity.tasks.assist.clauses import Conditional, conditional, holds, stretches
from comity.tasks.assist.drafts import Abstain, Branches, Draft
from comity.tasks.assist.intents import Intent, Intents, language_of
from comity.tasks.assist.making import _NOTHING, BY_CUES, WEAK_MIN, Making
from comity.tasks.assist.plan import Argument, Plan, Question, Unclear, World
from comity.tasks.assist.reading import times
from comity.tasks.assist.reading.account import Account
from comity.tasks.assist.reading.choices import numbers
from comity.tasks.assist.reading.said import Said
from comity.tasks.assist.reading.things import _SAME_TIME
from comity.tasks.assist.retrieve import candidates


class Planner:
    def __init__(self, intents: Intents, world: World, chooser: Chooser, *, region: str = "") -> None:
        self._intents, self._world, self._chooser, self._region = intents, world, chooser, region

    async def plan(self, turns: Sequence[str], language: str = "") -> Plan:
        """Raises Unreadable and ComityError of whoever is asked."""
        language = (language or language_of(turns[-1])).partition("-")[0]
        made = _Making(self._intents, self._world, self._chooser, self._region, language)
        try:
            for number, turn in enumerate(turns):
                await made.turn(number, turn)
            question = made.question()
        except Unclear as unclear:
            question = unclear.question
        except Abstain as abstain:
            return Plan(turns=tuple(turns), language=language, abstained=abstain.code, unclear=abstain.words)
        if question is not None:
            return Plan(turns=tuple(turns), language=language, question=question)
        return Plan(turns=tuple(turns), language=language, steps=made.steps())


class _Making(Making):
    """Turns and conditions."""

    # -- a turn ---------------------------------------------------------------------------------------------------------

    async def turn(self, number: int, text: str) -> None:
        self._turn, self._text = number, text
        if self._steps and editing.NEVER_MIND.search(text.strip()):
            self._steps.pop()
            return
        if self._steps and _SAME_TIME.fullmatch(text.strip(" ,，。.!！") or "-"):
            return  # a thing that is moved keeps its hour
        branches = conditional(text, self._language)
        if branches is not None:
            made = await self._conditional(branches)
            if made is not None:
                self._steps.append(made)
                return
        found = stretches(text, list(self._intents), self._language)
        if any(each.foreign for each in found):
            raise Abstain("no_intent", next(each.text for each in found if each.foreign))
        if not found:
            raise Abstain("no_intent", text)
        for each in found:
            await self._stretch(each)

    # -- conditions -------------------------------------------------------------------------------------------------------

    async def _conditional(self, parts: Conditional) -> Branches | None:
        """None where the condition is none that anything here can be asked."""
        base: Draft | None = None
        if parts.before is not None and self._text[slice(*parts.before)].strip():
            base = await self._base(*parts.before)
            day = times.day_of(self._said(*parts.before))
            self._focus.day = day[0] if day is not None else None
        asked = self._said(*parts.asks)
        readers = [
            each
            for each in candidates(asked.text, [one for one in self._intents if one.reads_only], self._language)
            if each.score >= WEAK_MIN
        ]
        if not readers:
            raise Abstain("no_intent", asked.text)
        intent = readers[0].intent
        asks = self._draft(intent, asked, "cues", readers[0].why)
        unread = self._beyond(intent, asked)
        if asks.question is None:
            asks.question = unread
        self._look_at(asks)
        dates = [
            str(asks.arguments[each.name].value)[:10]
            for each in intent.parameters
            if each.kind in ("date", "datetime") and each.name in asks.arguments
        ]
        self._focus.day = (
            date.fromisoformat(dates[0])
            if dates
            else self._focus.start.date()
            if base is not None and self._focus.start is not None
            else self._focus.day
        )
        then = await self._branch(parts.then, base, asks)
        if asks.question is not None or not any(
            each.kind in ("datetime", "date") and each.name in asks.arguments for each in intent.parameters
        ):
            self._when_of(asks, then)
        otherwise = await self._branch(parts.otherwise, base or (then[0] if then else None), asks, after=then) if parts.otherwise else []
        self._focus.day = None
        amounts = [float(one[2]) for one in numbers(self._said(*parts.asks))]
        right = holds(asked.text, intent, self._language, amounts[0] if amounts else None)
        if parts.negated and isinstance(right, bool):
            right = not right
        return Branches(asks=asks, holds=right, then=then, otherwise=otherwise)

    def _beyond(self, intent: Intent, asked: Said) -> Question | None:
        """What of a condition the answer of ``intent`` says nothing of."""
        account = Account(intent, self._anew(asked), self._focus)
        try:
            account.partial(texts=True)
        except Unclear as unclear:
            return unclear.question
        return account.beyond(self._intents, condition=True)

    async def _base(self, start: int, end: int) -> Draft | None:
        said = self._said(start, end)
        among = candidates(said.text, self._intents, self._language)
        if not among or among[0].score < WEAK_MIN:
            return None
        intent, by, why = await self._chosen(said.text, among, said)
        base = self._draft(intent, said, by, why)
        base.question = None
        self._look_at(base)
        return base

    async def _branch(self, part: tuple[int, int], base: Draft | None, asks: Draft, *, after: Sequence[Draft] = ()) -> list[Draft]:
        text = self._text[slice(*part)]
        made: list[Draft] = []
        for each in stretches(text, list(self._intents), self._language):
            if each.foreign:
                raise Abstain("no_intent", each.text)
            said = self._said(part[0] + each.start, part[0] + each.end)
            template = made[-1] if made else base
            moves = each.among and template is not None and editing.RATHER.search(said.text) and after
            if template is not None and (not each.strong or moves):
                found = editing.changes(template.intent, template.arguments, said, self._focus)
                if found:
                    arguments = {**template.arguments, **found}
                    made.append(
                        self._completed(
                            Draft(intent=template.intent, said=said.span(), arguments=arguments, by=template.by, why=template.why),
                            asks,
                            None,
                        )
                    )
                    continue
            if _NOTHING.fullmatch(said.text.strip(" ,，。.!")):
                continue
            able = self._able(each.among, said)
            if able and not able[0].strong and able[0].score >= WEAK_MIN and self._speaks_for(able[0].intent, said, asks):
                intent, by, why = able[0].intent, BY_CUES, able[0].why
            else:
                intent, by, why = await self._chosen(each.text, able, said)
            for draft in self._each(intent, said, by, why):
                made.append(self._completed(draft, asks, base))
                self._look_at(made[-1])
        return made

    def _completed(self, draft: Draft, asks: Draft, base: Draft | None) -> Draft:
        """What a branch leaves out is what stands before it, else what the condition says of the time."""
        own_time = any(each.kind == "datetime" and each.name in draft.arguments for each in draft.intent.parameters)
        for each in draft.intent.parameters:
            if each.name in draft.arguments or (each.kind == "duration" and own_time):
                continue
            if base is not None and base.intent.name == draft.intent.name and each.name in base.arguments and each.kind != "text":
                draft.arguments[each.name] = base.arguments[each.name]
            elif draft.intent.parameter("start") is not None and each.kind in ("datetime", "duration"):
                other = next(
                    (
                        one
                        for one in asks.intent.parameters
                        if one.kind == each.kind and one.required == each.required and one.name in asks.arguments
                    ),
                    None,
                )
                if other is not None:
                    draft.arguments[each.name] = asks.arguments[other.name]
        if draft.question is not None and draft.question.about in draft.arguments and draft.question.why == "missing":
            missing = [each for each in draft.intent.parameters if each.required and each.name not in draft.arguments]
            draft.question = None if not missing else msgspec.structs.replace(draft.question, about=missing[0].name)
        return draft

    def _when_of(self, asks: Draft, then: Sequence[Draft]) -> None:
        """A condition without a time is about the time of what depends on it."""
        first = then[0] if then else None
        if first is None:
            return
        by_kind = {each.kind: first.arguments[each.name] for each in first.intent.parameters if each.name in first.arguments}
        event = by_kind.get("event")
        thing = next((one for one in self._world.things("event") if event is not None and one.id == event.value), None)
        for each in asks.intent.parameters:
            if each.name in asks.arguments:
                continue
            if each.kind in ("datetime", "duration") and each.kind in by_kind and asks.intent.parameter("to") is None:
                asks.arguments[each.name] = by_kind[each.kind]
            elif each.kind == "date":
                when = (
                    by_kind["datetime"].value
                    if "datetime" in by_kind
                    else thing.start.isoformat()
                    if thing is not None and thing.start is not None
                    else ""
                )
                if when:
                    asks.arguments[each.name] = Argument(value=str(when)[:10], of="world", said=(first.said,))
        if asks.question is not None and asks.question.about in asks.arguments:
            asks.question = None
