# SPDX-License-Identifier: Apache-2.0
"""`comity assist`: a conversation with the assistant in the terminal; or its intents, served to other agents."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from comity.cli import act, say
from comity.errors import CallerError

if TYPE_CHECKING:
    from comity.tasks.assist.plan import Plan

ABOUT = "talk to an assistant that acts on your calendar, contacts, notes and drafts"
YES = ("y", "yes", "ok", "好", "好的", "是", "可以", "行", "确认")
BYE = ("bye", "quit", "exit", "再见", "退出")
UNDO = ("undo", "撤销")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="mcp", nargs="?", default="", help="serve the intents to another agent")
    parser.add_argument("--intents", action="store_true", help="what it can do")
    act.again(parser)


def run(args: argparse.Namespace) -> int:
    import asyncio

    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    async with act.opened(args) as desk:
        if args.intents:
            rows = [{"name": each.name, "says": each.says, "confirm": each.confirm, "undo": each.undo is not None} for each in desk.intents]
            say.result(args, rows, "\n".join(f"{each['name']:20} {each['says']}" for each in rows))
            return 0
        if args.what == "mcp":
            from comity.tasks.assist.mcp.serving import serve

            await serve(desk.intents, desk.doer, desk.home, desk.random)
            return 0
        if args.what:
            raise CallerError(f"`{args.what}` is nothing that `comity assist` does", code="usage", exit_code=2, hint="comity assist mcp")
        return await _talk(desk)


async def _talk(desk: act.Desk) -> int:
    import asyncio

    talk = Talk(desk)
    say.aside("say what to do (undo, bye)")
    while True:
        if sys.stdin.isatty():
            sys.stderr.write("> ")
            sys.stderr.flush()
        line = await asyncio.to_thread(sys.stdin.readline)
        said = line.strip()
        if not line or said.lower() in BYE:
            return 0
        if said:
            await talk.heard(said)


class Talk:
    """Turns add up until a plan is done or dropped.

    ``_turns`` are of the plan that is open; ``_last`` of the one that was done, which the next words may correct.
    """

    def __init__(self, desk: act.Desk) -> None:
        self._desk = desk
        self._turns: list[str] = []
        self._last: list[str] = []
        self._ids: list[str] = []

    async def heard(self, said: str) -> None:
        if said.lower() in UNDO:
            await self._undo(1)
        elif said.lower() in YES and self._turns:
            plan = await self._desk.plan(self._turns)
            if plan.steps and plan.question is None:
                await self._do(plan)
        else:
            await self._planned(said)

    async def _planned(self, said: str) -> None:
        desk = self._desk
        self._turns.append(said)
        plan = await desk.plan(self._turns)
        if plan.abstained and self._last and len(self._turns) == 1:
            again = await desk.plan([*self._last, said])
            if again.steps:  # it corrects what was just done
                await self._undo(len(self._ids))
                self._turns, plan = [*self._last, said], again
        say.out("\n".join(act.shown(desk, plan)))
        if plan.abstained:
            self._turns.pop()
        elif plan.steps and not desk.doer.needs(plan):
            await self._do(plan)
        elif plan.steps:
            say.out("do it? (yes, or say what to change)")

    async def _do(self, plan: Plan) -> None:
        outcome = await self._desk.doer.do(plan, confirmed=True, left=self._desk.left)
        for line in act.answers(outcome):
            say.out(line)
        say.out(act.told(self._desk, outcome))
        self._last, self._turns = self._turns, []
        self._ids = [each.id for each in outcome.made if each.id]

    async def _undo(self, many: int) -> None:
        for _ in range(many):
            try:
                say.out(f"undone: {(await self._desk.doer.undo()).intent}")
            except CallerError as error:
                say.out(str(error))
                return
