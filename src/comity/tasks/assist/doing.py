# SPDX-License-Identifier: Apache-2.0
"""A plan is shown, confirmed, and then done, step by step; each step is recorded before the next, and can be undone where it can.

Who may let a step be done: the user, who confirmed this very plan; the intent's own policy; a standing rule.  Nothing else.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from comity.errors import CallerError, ComityError
from comity.ports import Random
from comity.tasks.assist.intents import Intent, Intents
from comity.tasks.assist.journal import Entry, Journal, Left
from comity.tasks.assist.plan import Argument, Call, Plan, Span, When, World
from comity.tasks.shapes import Shape

Rule = Callable[[Call], str]
"""A standing rule: its name where it lets a call be done, else ""."""

NOBODY = Span(turn=0, start=0, end=0, text="")
"""Of a call that another agent makes: no word of the user's."""


class Made(Shape, frozen=True, kw_only=True):
    """One step that was done.  ``answer``: of a reading step; ``id``: by which it can be undone, "" where it cannot."""

    intent: str
    arguments: Mapping[str, Any] = {}
    answer: Any = None
    id: str = ""
    allowed_by: str = ""
    error: str = ""


class Outcome(Shape, frozen=True, kw_only=True):
    """``waits``: nothing was done, since a step needs to be confirmed."""

    made: tuple[Made, ...] = ()
    waits: tuple[str, ...] = ()


class Doer:
    def __init__(self, intents: Intents, world: World, journal: Journal, *, random: Random, rules: Sequence[Rule] = ()) -> None:
        self._intents, self._world, self._journal, self._random, self._rules = intents, world, journal, random, tuple(rules)

    def needs(self, plan: Plan) -> tuple[str, ...]:
        """The intents of the steps that nobody has let be done yet."""
        return tuple(dict.fromkeys(call.intent for call in plan.calls() if not self._allowed(call)))

    async def do(self, plan: Plan, *, confirmed: bool, left: Sequence[Left] = ()) -> Outcome:
        """Nothing where any step still waits.  Raises CallerError for a plan that is a question.  A step that fails ends it."""
        if plan.question is not None or not plan.steps:
            raise CallerError("there is nothing to do in this plan", code="assist.no_plan", hint="answer its question first")
        for call in plan.calls():
            self._checked(call, plan)
        waits = () if confirmed else self.needs(plan)
        if waits:
            return Outcome(waits=waits)
        made: list[Made] = []
        for step in plan.steps:
            calls = (step,) if isinstance(step, Call) else await self._branch(step, made)
            for call in calls:
                made.append(await self._do(call, confirmed, left))
                if made[-1].error:
                    return Outcome(made=tuple(made))
        return Outcome(made=tuple(made))

    async def undo(self, id_: str = "") -> Entry:
        """The last, or the one named.  Raises CallerError."""
        entry = self._journal.to_undo(id_)
        intent = self._intents.named(entry.intent) if entry is not None and entry.intent in self._intents else None
        if entry is None or intent is None or intent.undo is None:
            raise CallerError("there is nothing to undo", code="assist.nothing_to_undo", field="undo", hint="comity act --journal")
        await _awaited(intent.undo(entry.undo))
        self._journal.add(
            Entry(id=self._id(), at=self._world.now(), what="undone", intent=entry.intent, arguments=entry.arguments, of=entry.id)
        )  # fmt: skip
        return entry

    # -- one step -----------------------------------------------------------------------------------------------------------

    def _id(self) -> str:
        return self._random.token(6).hex()

    def _checked(self, call: Call, plan: Plan) -> None:
        """That its words stand in what the user said: a plan made elsewhere, from something else, is not done."""
        self._intents.named(call.intent)
        said = call.said
        if said.turn >= len(plan.turns) or not said.text.strip() or plan.turns[said.turn][said.start : said.end] != said.text:
            raise CallerError(
                "a step of the plan is not of the user's own words",
                code="assist.not_asked",
                field="steps",
                hint="plan it from what was said",
            )

    def _allowed(self, call: Call) -> str:
        intent = self._intents.named(call.intent)
        if intent.reads_only and not intent.origin:
            return "reads"
        for rule in self._rules:
            if named := rule(call):
                return named
        if intent.confirm == "never" or (intent.confirm == "when_others_affected" and not self._others(intent, call)):
            return "policy"
        return ""

    def _others(self, intent: Intent, call: Call) -> bool:
        """Whether somebody else would notice: it names people, or is of an appointment that has some."""
        if intent.others:
            return True
        for each in intent.parameters:
            argument = call.arguments.get(each.name)
            if argument is None:
                continue
            if each.kind == "contact" and argument.value:
                return True
            if each.kind == "event":
                return any(thing.people for thing in self._world.things("event") if thing.id == argument.value)
        return False

    async def _branch(self, step: When, made: list[Made]) -> tuple[Call, ...]:
        asked = await self._do(step.asks, True, ())
        made.append(asked)
        if asked.error:
            return ()
        return step.then if true(asked.answer, step.holds) else step.otherwise

    async def _do(self, call: Call, confirmed: bool, left: Sequence[Left]) -> Made:
        intent = self._intents.named(call.intent)
        allowed = self._allowed(call) or ("confirmed" if confirmed else "")
        return await self.call(intent, call.values(), allowed_by=allowed, by=call.chosen_by, why=call.said.text, left=left)

    def ruled(self, intent: Intent, arguments: Mapping[str, Any]) -> str:
        """The standing rule that lets another agent do this; its own policies are the user's, not that agent's."""
        call = Call(intent=intent.name, said=NOBODY, arguments={name: Argument(value=value) for name, value in arguments.items()})
        return next((named for rule in self._rules if (named := rule(call))), "")

    async def call(
        self, intent: Intent, arguments: Mapping[str, Any], *, allowed_by: str, by: str, why: str = "", left: Sequence[Left] = ()
    ) -> Made:
        """One step, recorded.  Raises CallerError where nobody allowed it."""
        if not allowed_by:
            raise CallerError("this step was not confirmed", code="assist.not_confirmed", hint="confirm the plan")
        if intent.run is None:
            raise CallerError(f"nothing here does `{intent.name}`", code="assist.not_bound", status=501, hint="bind a function to it")
        entry = Entry(
            id=self._id(), at=self._world.now(), what="done", intent=intent.name, arguments=arguments, why=why, by=by,
            allowed_by=allowed_by, left=tuple(left), origin=intent.origin,
        )  # fmt: skip
        try:
            answer = await _awaited(intent.run(**arguments))
        except ComityError as error:
            self._journal.add(msgspec.structs.replace(entry, what="failed", error=error.code))
            return Made(intent=intent.name, arguments=arguments, error=error.code, allowed_by=allowed_by)
        token = msgspec.to_builtins(answer) if intent.undo is not None and not intent.reads_only else None
        if not intent.reads_only:
            self._journal.add(msgspec.structs.replace(entry, undo=token))
        return Made(
            intent=intent.name, arguments=arguments, answer=answer if intent.reads_only or intent.origin else None, allowed_by=allowed_by,
            id=entry.id if token is not None else "",
        )  # fmt: skip


def true(answer: Any, holds: Any) -> bool:
    """Whether an answer leads to the first branch."""
    if isinstance(holds, Mapping) and isinstance(answer, int | float):
        return answer < holds["below"] if "below" in holds else bool(answer > holds["above"])
    return bool(answer) == bool(holds)


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
