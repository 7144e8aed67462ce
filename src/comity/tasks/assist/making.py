# SPDX-License-Identifier: Apache-2.0
"""Calls as they come to be over several turns: chosen, read, changed, put in each other's place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from comity.tasks.assist import editing
from comity.tasks.assist.choosing import NONE, Chooser
from comity.tasks.assist.clauses import Stretch
from comity.tasks.assist.drafts import Abstain, Branches, Draft, first_of, standing, unread_of
from comity.tasks.assist.intents import Intent, Intents
from comity.tasks.assist.plan import Argument, Call, Question, Thing, Unclear, When, World
from comity.tasks.assist.reading import names, several, sure
from comity.tasks.assist.reading.account import Account
from comity.tasks.assist.reading.said import Said
from comity.tasks.assist.reading.slots import Focus, Slots
from comity.tasks.assist.reading.texts import text_of
from comity.tasks.assist.retrieve import Candidate

WEAK_MIN = 1.0
"""Without a cue, so much likeness at least, and a model that says so."""
CLEAR = 1.5
"""A first candidate with a cue, so far ahead, needs no model: measured, the words are right more often than the 1.5B is."""
BY_CUES = "cues"


class Making:
    def __init__(self, intents: Intents, world: World, chooser: Chooser, region: str, language: str) -> None:
        self._intents, self._world, self._chooser, self._region, self._language = intents, world, chooser, region, language
        self._steps: list[Draft | Branches] = []
        self._focus = Focus()
        self._turn, self._text = 0, ""

    def steps(self) -> tuple[Call | When, ...]:
        return tuple(
            each.call() if isinstance(each, Draft) else When(
                asks=each.asks.call(), holds=each.holds, then=tuple(one.call() for one in each.then),
                otherwise=tuple(one.call() for one in each.otherwise),
            )
            for each in self._steps
        )  # fmt: skip

    def question(self) -> Question | None:
        return next((each.question for each in self._drafts() if each.question is not None), None)

    def _drafts(self) -> list[Draft]:
        return [one for each in self._steps for one in ([each] if isinstance(each, Draft) else [each.asks, *each.then, *each.otherwise])]

    def _said(self, start: int, end: int) -> Said:
        return Said(
            self._text[start:end], language=self._language, world=self._world, turn=self._turn, at=start, region=self._region
        )  # fmt: skip

    async def _stretch(self, stretch: Stretch) -> None:
        said = self._said(stretch.start, stretch.end)
        if self._steps and self._follows(stretch) and self._edited(said):
            return
        self._focus.day = self._day_of_turn()
        self._focus.after = self._focus.start if self._focus.day is not None else None
        if self._focus.day is None:
            self._focus.day = self._day_asked_about(stretch)
        if self._steps and self._switched(stretch, said):
            return
        intent, by, why = await self._chosen(stretch.text, self._able(stretch.among, said), said)
        drafts = self._each(intent, said, by, why)
        if len(drafts) > 1:
            self._steps += drafts
            self._look_at(drafts[-1])
            return
        (draft,) = drafts
        if self._steps and self._instead(draft, said):
            return
        if self._said_twice(draft):
            return
        self._steps.append(draft)
        self._look_at(draft)

    def _said_twice(self, draft: Draft) -> bool:
        """`I've paid it, so tick that off`: one thing, said in two stretches of a turn."""
        last = self._steps[-1] if self._steps else None
        if not isinstance(last, Draft) or last.intent.name != draft.intent.name or last.said.turn != draft.said.turn:
            return False
        mine = {name: each.value for name, each in draft.arguments.items()}
        its = {name: each.value for name, each in last.arguments.items()}
        nothing = draft.question is not None and all(each.kind == "text" for each in draft.intent.parameters if each.name in mine)
        return mine == its or (draft.intent.reads_only and mine.items() <= its.items()) or (nothing and _names_it(draft))

    def _day_of_turn(self) -> date | None:
        """`On Saturday wake me at eight, and remind me at nine …`: the day holds for the rest of the turn."""
        for draft in reversed(self._drafts()):
            if draft.said.turn != self._turn:
                return None
            for each in draft.intent.parameters:
                argument = draft.arguments.get(each.name)
                if each.kind == "datetime" and argument is not None and isinstance(argument.value, str):
                    return datetime.fromisoformat(argument.value).date()
        return None

    def _day_asked_about(self, stretch: Stretch) -> date | None:
        """`Is Tuesday afternoon free?`, and then: `put the vet in at 3`; and of what is asked for once more."""
        last = self._steps[-1] if self._steps else None
        if not isinstance(last, Draft) or last.said.turn != self._turn - 1:
            return None
        if not last.intent.reads_only and not (stretch.among and stretch.among[0].intent.name == last.intent.name):
            return None
        moments = [
            last.arguments[each.name].value for each in last.intent.parameters if each.kind == "datetime" and each.name in last.arguments
        ]
        days = {datetime.fromisoformat(each).date() for each in moments[:1] if isinstance(each, str)}
        return days.pop() if days and (last.intent.parameter("start") is not None or not last.intent.reads_only) else None

    def _follows(self, stretch: Stretch) -> bool:
        """Whether it may be about what is planned already: it asks for nothing of its own, or for the same once more."""
        last = self._drafts()[-1]
        if stretch.strong and stretch.among[0].intent.name != last.intent.name:
            return bool(editing.OFF.search(stretch.text) and names.people(self._said(stretch.start, stretch.end))) or _names_nothing(
                stretch
            )
        raw = self._text[max(0, stretch.start - 2) : stretch.end]
        if stretch.strong and self._once_more(stretch, last):
            return True
        return not stretch.strong or bool(editing.ANOTHER.search(raw) or editing.AGAIN.search(stretch.text)) or _names_nothing(stretch)

    def _once_more(self, stretch: Stretch, last: Draft) -> bool:
        """`and another half hour back`: the same done again to what it was done to, and nothing named."""
        kinds = [each.kind for each in last.intent.parameters if each.kind in ("event", "reminder", "note") and each.name in last.arguments]
        said = self._said(stretch.start, stretch.end)
        if not kinds or self._turn == last.said.turn or stretch.among[0].intent.name != last.intent.name:
            return False
        return not any(score >= names.ENOUGH for kind in kinds for score, _ in names.fitting(said, kind))

    def _able(self, among: Sequence[Candidate], said: Said) -> Sequence[Candidate]:
        """In a new order: what the words hold everything for goes before what they do not, and what they name the thing of before both."""
        telling = [each for each in among if each.score >= WEAK_MIN and _tells(each.intent)]
        if telling and sure.tells(said.text, said.language, [said.text[one.start : one.end] for one in names.people(said)]):
            return telling
        if len(among) < 2:
            return among
        weighed = []
        for each in among:
            if each.score < WEAK_MIN:
                continue
            slots = Slots(
                each.intent,
                Said(said.text, language=said.language, world=self._world, turn=said.turn, at=said.at, region=self._region),
                self._focus,
            )
            change = 0.0
            try:
                slots.partial(texts=True)
                change = -2.0 if slots.missing() is not None else 1.0 if slots.named_thing else 0.0
            except Unclear:
                pass
            weighed.append((each.score + change, each))
        return [each for _, each in sorted(weighed, key=lambda pair: -pair[0])]

    def _switched(self, stretch: Stretch, said: Said) -> bool:
        """`actually make it a text`: another intent for the same things."""
        last = next((each for each in reversed(self._steps) if isinstance(each, Draft)), None)
        best = stretch.among[0] if stretch.among else None
        if last is None or best is None or best.score < WEAK_MIN or best.intent.name == last.intent.name or last.intent.reads_only:
            return False
        if not editing.RATHER.search(said.text) or len(said.text) > 24:
            return False
        arguments: dict[str, Argument] = {}
        for each in best.intent.parameters:
            same = [
                one
                for one in last.intent.parameters
                if one.kind == each.kind and one.many == each.many and one.name in last.arguments and one.required == each.required
            ]
            if len(same) == 1:
                arguments[each.name] = last.arguments[same[0].name]
        if any(each.required and each.name not in arguments for each in best.intent.parameters):
            return False
        draft = Draft(intent=best.intent, said=said.span(), arguments=arguments, question=unread_of(last), by="cues", why=best.why)
        self._steps[self._steps.index(last)] = draft
        self._look_at(draft)
        return True

    async def _chosen(self, words: str, among: Sequence[Candidate], said: Said) -> tuple[Intent, str, str]:
        """Raises Abstain, Unclear."""
        asking = sure.asks(words, self._language)
        among = [each for each in among if each.score >= WEAK_MIN and (each.intent.reads_only or not asking)]
        if not among:
            raise Abstain("no_intent", words)
        ahead = among[0].score - (among[1].score if len(among) > 1 else 0.0)
        if among[0].strong and ahead >= CLEAR:
            return among[0].intent, BY_CUES, among[0].why
        chosen = await self._chooser.choose(words, among, self._language)
        if chosen.name == NONE:
            raise Abstain("no_intent", words)
        picked = next(each for each in among if each.intent.name == chosen.name)
        if (
            picked is not among[0] and among[0].strong and (not picked.strong or among[0].score - picked.score >= 1.0)
        ):  # the model reads past what the words plainly say
            picked = among[0]
        elif not picked.strong and not picked.intent.reads_only and picked.score < among[0].score:
            raise Abstain("no_intent", words)
        if not picked.strong and not picked.intent.reads_only and not self._speaks_for(picked.intent, said):
            raise Unclear(self._do_you_mean(picked.intent))
        return picked.intent, chosen.by, picked.why

    def _speaks_for(self, intent: Intent, said: Said, asks: Draft | None = None) -> bool:
        """Whether the words hold something that only such an intent takes: a time, a person, a thing, an amount.  Loose words are none."""
        slots = Slots(intent, self._anew(said), self._focus)
        try:
            made = slots.partial(texts=False)
        except Unclear:
            return True
        if asks is not None:  # what the condition says of the time holds for what depends on it
            kinds = {each.kind for each in asks.intent.parameters if each.name in asks.arguments}
            made = made | {each.name: asks.said for each in intent.parameters if each.kind in kinds and each.kind == "datetime"}  # type: ignore[assignment]
        loose = {each.name for each in intent.parameters if each.kind in ("choice", "text")}
        return any(name not in loose for name in made) and all(
            each.name in made or each.kind == "text" or not each.required for each in intent.parameters
        )

    def _anew(self, said: Said) -> Said:
        return Said(said.text, language=said.language, world=self._world, turn=said.turn, at=said.at, region=self._region)

    def _do_you_mean(self, intent: Intent) -> Question:
        says = intent.telling(self._language).rstrip(".。")
        text = f"是要这样吗：{says}？" if self._language == "zh" else f"Is this what you mean: {says}?"
        return Question(about="action", text=text, why="unsure", among=(intent.name,))

    # -- drafts ---------------------------------------------------------------------------------------------------------

    def _draft(self, intent: Intent, said: Said, by: str, why: str, *, focus: Focus | None = None) -> Draft:
        slots = Account(intent, said, focus or self._focus)
        question = None
        try:
            slots.partial(texts=True)
            question = slots.missing() or (None if intent.reads_only else slots.unread(self._intents))
        except Unclear as unclear:
            question = unclear.question
        return Draft(intent=intent, said=said.span(), arguments=dict(slots.made), question=question, by=by, why=why)

    def _each(self, intent: Intent, said: Said, by: str, why: str) -> list[Draft]:
        """One, or one for each of several things that are asked for together, where every one of them is clear."""
        made: list[Draft] = []
        for gone in several.each_of(said, intent):
            text = said.text
            for start, end in gone:
                text = text[:start] + " " * (end - start) + text[end:]
            one = Said(text, language=said.language, world=self._world, turn=said.turn, at=said.at, region=self._region)
            draft = self._draft(intent, one, by, why)
            draft.said = said.span()
            draft.arguments = {name: standing(each, self._text, said.span()) for name, each in draft.arguments.items()}
            made.append(draft)
        apart = len(made) > 1 and all(each.question is None for each in made)
        return made if apart and len({str(each.call().values()) for each in made}) == len(made) else [self._draft(intent, said, by, why)]

    def _look_at(self, draft: Draft) -> None:
        """What it speaks of is what the next words go back to."""
        focus = self._focus
        things = {thing.id: thing for kind in ("event", "reminder", "note") for thing in self._world.things(kind)}
        start: datetime | None = None
        people: list[str] = []
        for each in draft.intent.parameters:
            argument = draft.arguments.get(each.name)
            if argument is None:
                continue
            if (each.kind == "datetime" and each.required and isinstance(argument.value, str)) or (
                each.kind == "datetime" and start is None and each.name not in ("to",)
            ):
                start = datetime.fromisoformat(argument.value)
            elif each.kind == "contact":
                people += argument.value if isinstance(argument.value, list) else [argument.value]
            elif each.kind == "event" and argument.value in things:
                focus.event = things[argument.value]
                start = start or focus.event.start
                people += focus.event.people if len(focus.event.people) == 1 else ()
        if (
            draft.intent.parameter("start") is not None
            and start is not None
            and not draft.intent.reads_only
            and draft.intent.parameter("event") is None
        ):
            focus.event = Thing(id=f"#{len(self._steps) - 1}", names=("",), start=start, people=tuple(people))
        if not people:
            named = names.people(
                Said(draft.said.text, language=self._language, world=self._world, turn=draft.said.turn, at=draft.said.start)
            )
            people = [named[0].things[0].id] if len(named) == 1 and len(named[0].things) == 1 else []
        if draft.intent.reads_only and draft.intent.parameter("from") is not None and draft.intent.parameter("to") is not None:
            found = names.fitting(Said(draft.said.text, language=self._language, world=self._world), "event")
            if found and found[0][0] >= names.ENOUGH and (len(found) < 2 or found[0][0] - found[1][0] >= names.CLOSE):
                focus.event = found[0][1]
                start, people = focus.event.start, list(focus.event.people)
        for kind in ("note", "reminder"):
            named_ = next((each for each in draft.intent.parameters if each.kind == kind and each.name in draft.arguments), None)
            if named_ is not None and draft.arguments[named_.name].value in things:
                focus.things = {**focus.things, kind: things[draft.arguments[named_.name].value]}
            elif draft.intent.reads_only:
                near = names.fitting(Said(draft.said.text, language=self._language, world=self._world), kind)
                if near and near[0][0] >= names.ENOUGH:
                    focus.things = {**focus.things, kind: near[0][1]}
        focus.start = start or focus.start
        focus.people = tuple(people) or focus.people
        title, event = draft.arguments.get("title"), draft.arguments.get("event")
        known = things.get(event.value) if event is not None else None
        focus.called = Argument(value=known.names[0], of="world", said=(draft.said,)) if known is not None else None
        focus.about = title if title is not None else Argument(value=draft.said.text, of="user", said=(draft.said,))
        focus.values = {**focus.values, **{name: argument.value for name, argument in draft.arguments.items()}}

    def _edited(self, said: Said) -> bool:
        """Whether the words change, repeat or complete something planned, and nothing else."""
        if editing.EXCEPT.search(said.text):
            text = f"“{said.text}”要怎么改？" if self._language == "zh" else f"What should “{said.text}” change?"
            raise Unclear(Question(about="action", text=text, why="unsure"))
        raw = self._text[max(0, said.at - 8) : said.at + len(said.text)] if said.at <= 8 else said.text
        drafts = self._drafts()
        waiting = [each for each in drafts if each.question is not None]
        for draft in [*waiting, *(each for each in reversed(drafts) if each.question is None)]:
            another: object = editing.ANOTHER.search(self._text[max(0, said.at - 2) : said.at + len(said.text)]) or (
                draft.intent.reads_only and editing.AGAIN.search(said.text)
            )
            found = editing.changes(draft.intent, draft.arguments, said, self._focus)
            if not found and draft.question is not None and draft.question.why == "missing":
                found = self._answered(draft, said)
            if not found:
                continue
            left = self._beyond_change(draft, said, raw)
            if left is not None:
                raise Unclear(left)
            found = {**found, **first_of(draft, found)}
            arguments = {**draft.arguments, **found}
            kinds = {each.kind for each in draft.intent.parameters if each.name in found}
            if all(each.kind == "contact" and each.many for each in draft.intent.parameters if each.name in found):
                another = draft.intent.reads_only and another  # somebody more, not a second one
            made_anew = draft.intent.parameter("event") is None and draft.said.turn != self._turn  # `tomorrow too` is one more
            another = another or (editing.TOO.search(raw) and kinds <= {"choice", "place", *(("datetime",) if made_anew else ())})
            if another:
                copy = Draft(intent=draft.intent, said=said.span(), arguments=arguments, by=draft.by, why=draft.why)
                self._steps.append(copy)
                self._look_at(copy)
                return True
            draft.arguments = arguments
            if draft.question is not None and unread_of(draft) is None:
                self._again(draft)
            self._look_at(draft)
            return True
        return False

    def _beyond_change(self, draft: Draft, said: Said, raw: str) -> Question | None:
        """Words of a correction that are neither its value nor its form: somebody else, something else."""
        if draft.question is not None:
            return None
        return Account(draft.intent, said, self._focus, given=draft.arguments).beyond(self._intents, change=True)

    def _answered(self, draft: Draft, said: Said) -> dict[str, Argument]:
        """The words that were asked for: after what leads up to them, else whole."""
        parameter = draft.intent.parameter(draft.question.about) if draft.question is not None else None
        if parameter is None or parameter.kind != "text" or self._turn == draft.said.turn:
            return {}
        start, end = text_of(said, draft.intent, parameter) or (0, len(said.text))
        if lead := re.match(
            r"(?:就)?(?:说|写|内容是|say(?:ing)?(?: that)?|that|tell (?:him|her|them)(?: that)?)[：:，,\s]*",
            said.text[start:end],
            re.IGNORECASE,
        ):
            start += lead.end()
        return {parameter.name: said.argument(said.text[start:end], start, end)} if start < end else {}

    def _again(self, draft: Draft) -> None:
        """After an answer: what was said first is read once more around it."""
        slots = Account(
            draft.intent,
            Said(
                draft.said.text, language=self._language, world=self._world, turn=draft.said.turn, at=draft.said.start, region=self._region
            ),
            self._focus,
            given=draft.arguments,
        )
        try:
            slots.partial(texts=True)
            draft.question = slots.missing() or (None if draft.intent.reads_only else slots.unread(self._intents))
        except Unclear as unclear:
            draft.question = unclear.question
        draft.arguments = dict(slots.made)

    def _instead(self, draft: Draft, said: Said) -> bool:
        """Whether what was just said puts something in another's place: `add it to the list, not a new note`, `and invite Bo to it`."""
        last = next((each for each in reversed(self._steps) if isinstance(each, Draft)), None)
        if last is None:
            return False
        event = draft.arguments.get("event")
        if event is not None and isinstance(event.value, str) and event.value.startswith("#"):
            return self._of_made(draft, int(event.value[1:]))
        mine = [draft.arguments[each.name].value for each in draft.intent.parameters if each.known and each.name in draft.arguments]
        its = [last.arguments[each.name].value for each in last.intent.parameters if each.known and each.name in last.arguments]
        if (
            mine
            and mine == its
            and (self._turn != last.said.turn or all(each.known for each in last.intent.parameters))
            and editing.RATHER.search(said.text)
            and draft.intent.name != last.intent.name
        ):
            self._steps[self._steps.index(last)] = draft
            self._look_at(draft)
            return True
        same_room = draft.intent.name.partition(".")[0] == last.intent.name.partition(".")[0]
        if same_room and draft.intent.name != last.intent.name and editing.RATHER.search(said.text) and not last.intent.reads_only:
            texts = [each.name for each in draft.intent.parameters if each.kind == "text" and each.required and each.name in last.arguments]
            if texts:
                draft.arguments |= {name: last.arguments[name] for name in texts}
                if draft.question is not None and draft.question.about in texts:
                    draft.question = None
                draft.question = draft.question or unread_of(last)
                self._steps[self._steps.index(last)] = draft
                self._look_at(draft)
                return True
        return False

    def _of_made(self, draft: Draft, index: int) -> bool:
        """Something done to an appointment that is only planned changes the plan of it."""
        target = self._steps[index] if index < len(self._steps) else None
        if not isinstance(target, Draft):
            return False
        for each in target.intent.parameters:
            mine = next((other for other in draft.intent.parameters if other.kind == each.kind and other.name in draft.arguments), None)
            if mine is None or each.kind not in ("contact", "datetime", "duration"):
                continue
            new = draft.arguments[mine.name]
            if each.kind == "contact" and each.many:
                old = target.arguments[each.name].value if each.name in target.arguments else []
                more = new.value if isinstance(new.value, list) else [new.value]
                new = msgspec.structs.replace(new, value=list(dict.fromkeys([*old, *more])))
            target.arguments[each.name] = new
        if not any(name != "event" for name in draft.arguments):
            self._steps.remove(target)
        elif target.question is not None:
            self._again(target)
        return True


def _tells(intent: Intent) -> bool:
    needed = {each.kind for each in intent.parameters if each.required}
    return {"contact", "text"} <= needed


def _names_it(draft: Draft) -> bool:
    """`stick it in my diary`: what was said just before."""
    return bool(re.search(r"\b(?:it|that|this)\b|^[^，,]{0,6}(?:记|加|放|写|存)[到进在]", draft.said.text, re.IGNORECASE))


_NOTHING = re.compile(
    r"(?:就)?(?:算了|不用了|不管了?|什么(?:也|都)不(?:用)?做|do nothing|nothing|leave it|never ?mind|don'?t bother)", re.IGNORECASE
)


def _names_nothing(stretch: Stretch) -> bool:
    """`make it an hour`: a verb and a value, and no thing: whatever was planned last is meant."""
    return bool(
        re.match(
            r"^(?:actually,? |no,? |wait,? |sorry,? )*(?:make|change|set|put|move|push|shift|bring) (?:it|that|this)\b|^(?:还是|不对|算了|不|哦)?[，,]?(?:改成|改到|换成|改为|换到|还是)",  # noqa: E501
            stretch.text,
            re.IGNORECASE,
        )
    )
