# SPDX-License-Identifier: Apache-2.0
"""`comity act`: one request in plain words, shown as a plan, done once it is confirmed, and undone on demand."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.cli import front, place, say
from comity.errors import CallerError, OperatorError, ProviderFailure

if TYPE_CHECKING:
    from comity.tasks.assist.choosing import Chooser, Chosen
    from comity.tasks.assist.doing import Doer, Outcome
    from comity.tasks.assist.journal import Journal, Left
    from comity.tasks.assist.keeping.home import Home
    from comity.tasks.assist.plan import Plan
    from comity.tasks.assist.retrieve import Candidate
    from comity.tasks.task import Reply
    from comity.wire.request import Request

ABOUT = "do something you say: “明天早上六点一刻叫我起床”"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("turns", metavar="TEXT", nargs="*", help="what to do; further ones correct or follow it")
    parser.add_argument("--yes", action="store_true", help="confirm the plan at once")
    parser.add_argument("--undo", metavar="ID", nargs="?", const="last", default="", help="undo the last step done, or the one named")
    parser.add_argument("--journal", action="store_true", help="what was done, why, and what left for it")
    parser.add_argument("--call", metavar="FILE", type=Path, help="pick one of the functions in FILE (`tools`); none is run")
    again(parser)


def again(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", metavar="DIR", type=Path, help="calendar, contacts, notes, drafts (else home)")
    parser.add_argument("--zone", metavar="ZONE", default="", help="where you are (Asia/Shanghai)")
    parser.add_argument("--server", metavar="N=CMD", action="append", default=[], help="a program whose tools it may use, by MCP")
    parser.add_argument("--region", metavar="REGION", default="", help="ISO 3166: settles 03/04 and ¥")
    parser.add_argument("--model", metavar="ID", default="auto", help="asked where words leave it open; none: nobody")
    parser.add_argument("--subject", metavar="FACTS", default="", help="who you are: 'location=\"CN\"'")
    parser.add_argument("--purpose", metavar="WORD", default="", help=argparse.SUPPRESS)  # as of comity ask
    parser.add_argument("--key", metavar="NAME", default="COMITY_KEY", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    import asyncio

    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    async with opened(args) as desk:
        if args.journal:
            return _journal(args, desk)
        if args.undo:
            entry = await desk.doer.undo("" if args.undo == "last" else args.undo)
            say.result(args, {"undone": entry.id, "intent": entry.intent}, f"undone: {entry.intent}")
            return 0
        if not args.turns:
            raise CallerError("there is nothing to do", code="usage", exit_code=2, hint="comity act '提醒我明天十点开会'")
        if args.call:
            return await _called(args, desk)
        plan = await desk.plan(args.turns)
        if plan.question is not None or not plan.steps:
            _shown(args, desk, plan)
            return 1
        if not (args.yes or not desk.doer.needs(plan) or _confirmed(args, desk, plan)):
            _shown(args, desk, plan)
            say.aside("nothing was done; to do it: comity act --yes …")
            return 1
        outcome = await desk.doer.do(plan, confirmed=True, left=desk.left)
        _done(args, desk, plan, outcome)
        return 1 if any(each.error for each in outcome.made) else 0


async def _called(args: argparse.Namespace, desk: Desk) -> int:
    """One function and its arguments, or that it is for none."""
    from comity.tasks.assist.filling import Function, filled
    from comity.tasks.assist.functions import best
    from comity.tasks.assist.intents import language_of

    try:
        given = [each.get("function", each) for each in json.loads(args.call.read_text(encoding="utf-8"))]
        functions = [Function(name=each["name"], says=each.get("description", ""), schema=each["parameters"]) for each in given]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CallerError(f"`{args.call}` holds no functions", code="usage", exit_code=2, field="--call", hint="OpenAI's `tools`") from None
    words = args.turns[-1]
    chosen = best(functions, words, language_of(words))
    if chosen is None:
        say.result(args, {"function": None}, "none of them")
        return 1
    made = await filled(chosen, words, Asking(args, desk.intents, desk.left).ask, language=language_of(words), now=desk.home.now())
    say.result(args, {"function": chosen.name, "arguments": made}, f"{chosen.name} {json.dumps(made, ensure_ascii=False)}")
    return 0


@asynccontextmanager
async def opened(args: argparse.Namespace) -> AsyncIterator[Desk]:
    """With the tools of every server that was named, for as long as it is open."""
    desk = Desk(args)
    async with AsyncExitStack() as stack:
        for said in args.server:
            name, equals, command = said.partition("=")
            if not (equals and name.isidentifier() and shlex.split(command)):
                raise CallerError(
                    f"`{said}` names no server", code="usage", exit_code=2, field="--server", hint="--server NAME='COMMAND …'"
                )
            from mcp import StdioServerParameters

            from comity.tasks.assist.mcp.using import tools_of

            program, *rest = shlex.split(command)
            for intent in await stack.enter_async_context(tools_of(name, StdioServerParameters(command=program, args=rest))):
                desk.intents.add(intent)
        yield desk


class Desk:
    """The files, the planner and the journal of one person on this machine."""

    def __init__(self, args: argparse.Namespace) -> None:
        from comity.ports import SystemClock, SystemRandom
        from comity.tasks.assist.doing import Doer
        from comity.tasks.assist.journal import Journal
        from comity.tasks.assist.keeping.home import Home
        from comity.tasks.assist.planner import Planner

        folder = args.folder or place.home(args, place.configuration(args)) / "assistant"
        self.random = random = SystemRandom()
        self.home: Home = Home(folder, clock=SystemClock(), random=random, zone=args.zone)
        self.intents = self.home.intents()
        self.journal: Journal = Journal(folder)
        self.doer: Doer = Doer(self.intents, self.home, self.journal, random=random)
        self.left: list[Left] = []
        self._planner = Planner(self.intents, self.home, self._chooser(args), region=args.region.upper())

    async def plan(self, turns: Sequence[str]) -> Plan:
        self.left.clear()
        return await self._planner.plan(turns)

    def _chooser(self, args: argparse.Namespace) -> Chooser:
        from comity.tasks.assist.choosing import Likeliest

        return Likeliest() if args.model == "none" else Asking(args, self.intents, self.left)


class Asking:
    """A model behind the front door; where none can be had the words alone decide, and it is said so."""

    def __init__(self, args: argparse.Namespace, intents: Any, left: list[Left]) -> None:
        from comity.tasks.assist.choosing import Likeliest, ModelChooser

        self._args, self._left = args, left
        self._model, self._words = ModelChooser(self.ask, intents), Likeliest()

    async def choose(self, words: str, among: Sequence[Candidate], language: str) -> Chosen:
        try:
            return await self._model.choose(words, among, language)
        except (OperatorError, ProviderFailure) as failure:
            say.aside(f"no model could be asked ({failure.code}): your words alone decide")
            return await self._words.choose(words, among, language)

    async def ask(self, request: Request) -> Reply:
        import asyncio

        import msgspec

        from comity.tasks.assist.journal import Left
        from comity.tasks.task import Reply

        body = msgspec.to_builtins(request) | {"model": self._args.model}
        answer = await asyncio.to_thread(front.ask, self._args, front.Sent("POST", "/v1/chat/completions", msgspec.json.encode(body)))
        region = answer.headers.get("comity-region", "")
        left = Left(model=json.loads(answer.body).get("model", ""), region=(region,), receipt=answer.headers.get("comity-receipt", ""))
        self._left.append(left)
        return Reply(body=json.loads(answer.body), model=left.model, region=left.region, receipt=left.receipt)


def _confirmed(args: argparse.Namespace, desk: Desk, plan: Plan) -> bool:
    if args.json or not sys.stdin.isatty():
        return False
    say.aside("\n".join(shown(desk, plan)))
    return input("do it? [y/N] ").strip().lower() in ("y", "yes", "好", "是", "可以", "行")


def shown(desk: Desk, plan: Plan) -> list[str]:
    from comity.tasks.assist.telling import lines

    return list(lines(plan, desk.intents, desk.home))


def _shown(args: argparse.Namespace, desk: Desk, plan: Plan) -> None:
    import msgspec

    say.result(args, {"plan": msgspec.to_builtins(plan), "left": msgspec.to_builtins(desk.left)}, "\n".join(shown(desk, plan)))


def _done(args: argparse.Namespace, desk: Desk, plan: Plan, outcome: Outcome) -> None:
    import msgspec

    said = {"plan": msgspec.to_builtins(plan), "made": msgspec.to_builtins(outcome.made), "left": msgspec.to_builtins(desk.left)}
    say.result(args, said, "\n".join([*shown(desk, plan), *answers(outcome)]))
    if not args.json:
        say.aside(told(desk, outcome))


def answers(outcome: Outcome) -> list[str]:
    """What reading steps found, and what failed."""
    said: list[str] = []
    for each in outcome.made:
        if each.error:
            said.append(f"failed: {each.intent} ({each.error})")
        elif isinstance(each.answer, bool):
            said.append("yes" if each.answer else "no")
        elif isinstance(each.answer, list | tuple):
            said += [f"  {line}" for line in each.answer] or ["  -"]
        elif each.answer is not None:
            said.append(f"  {each.answer}")
    return said


def told(desk: Desk, outcome: Outcome) -> str:
    """What left the machine for it, and how to take it back."""
    away = [each for each in desk.left if each.region != ("device",)]
    asked = ", ".join(f"{each.model} in {', '.join(each.region)} (receipt {each.receipt})" for each in away)
    left = f"your words were sent to {asked}" if away else "nothing left this machine"
    undo = [each.id for each in outcome.made if each.id]
    return left + (f"; undo: comity act --undo {undo[-1]}" if undo else "")


def _journal(args: argparse.Namespace, desk: Desk) -> int:
    import msgspec

    entries = list(desk.journal)
    rows = [
        f"{each.at:%Y-%m-%d %H:%M} {each.what:6} {each.intent}  “{each.why}”  by {each.by or '-'}, {each.allowed_by or '-'}  {each.id}"
        for each in entries
    ]
    say.result(args, msgspec.to_builtins(entries), "\n".join(rows) or "nothing was done yet")
    return 0
