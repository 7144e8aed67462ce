# SPDX-License-Identifier: Apache-2.0
"""`comity automate`: rules in plain words, shown back, tried on what happened, and run on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.cli import place, say
from comity.errors import CallerError, OperatorError

if TYPE_CHECKING:
    from comity.tasks.automate.engine import Event, Firing
    from comity.tasks.automate.keeping import Kept, Missed, Run
    from comity.tasks.automate.rule import Rule

ABOUT = "rules in plain words: “when I get home after dark, turn on the hall light”"
YES = ("y", "yes", "好", "是", "可以", "行")
TRIED_DAYS = 30
STEP_SECONDS = 1.0


def arguments(parser: argparse.ArgumentParser) -> None:
    every = parser.add_subparsers(prog="comity automate", metavar="WHAT", required=True)
    add = every.add_parser("add", description="Read a rule, show it back, try it on what happened, and switch it on.")
    add.add_argument("text", metavar="TEXT", help="for example “每天晚上十点半把客厅的灯关掉”")
    add.add_argument("--yes", action="store_true", help="switch it on, with leave to do what it says")
    add.add_argument(
        "--missed", choices=("once", "skip"), default="", help="what was missed while this machine was off: the last one, or none"
    )
    simulate = every.add_parser("simulate", description="What a rule would have done; nothing is done.")
    simulate.add_argument("rule", metavar="RULE", help="the id of one, or its words")
    simulate.add_argument("--days", metavar="N", type=int, default=TRIED_DAYS, help=f"so many days back ({TRIED_DAYS})")
    every.add_parser("list", description="Every rule.")
    for name, about in (("show", "One rule."), ("on", "Switch it on."), ("off", "Pause it."), ("remove", "Remove it and its log.")):
        every.add_parser(name, description=about).add_argument("rule", metavar="RULE")
    log = every.add_parser("log", description="What was run, and why; what was not, and why not.")
    log.add_argument("rule", metavar="RULE", nargs="?", default="")
    event = every.add_parser(
        "event", description="Tell what happened: arrive PLACE, device DEVICE STATE, message CONTACT TEXT, battery PERCENT."
    )
    event.add_argument("kind", choices=("arrive", "leave", "device", "battery", "message", "reminder_done"))
    event.add_argument("of", metavar="OF", help="the place, device, contact or reminder, by id or name; of a battery, its percent")
    event.add_argument("said", metavar="SAID", nargs="?", default="", help="a device's state, a message's text")
    event.add_argument("--id", default="", help="told twice under one id, it happened once")
    every.add_parser("confirm", description="Let a run that waits go on.").add_argument("key", metavar="KEY")
    run_ = every.add_parser("run", description="Run the rules, until interrupted.")
    run_.add_argument("--once", action="store_true", help="look once and end")
    for each in every.choices.values():
        each.set_defaults(automate=each.prog.rsplit(" ", 1)[-1])
        each.add_argument("--folder", metavar="DIR", type=Path, help="calendar, contacts, rules (else in the home)")
        each.add_argument("--zone", metavar="ZONE", default="", help="where you are (Asia/Shanghai), else this machine's zone")
        each.add_argument(
            "--do", metavar="COMMAND", default="", help="who switches lamps: a program that gets {intent, arguments, key} as JSON"
        )


def run(args: argparse.Namespace) -> int:
    import asyncio

    with Room(args) as room:
        return int(asyncio.run(getattr(room, f"do_{args.automate}")()))


class Room:
    """The rules and files of one person on this machine."""

    def __init__(self, args: argparse.Namespace) -> None:
        from comity.ports import SystemClock, SystemRandom
        from comity.tasks.assist.doing import Doer
        from comity.tasks.assist.everyday import everyday
        from comity.tasks.assist.journal import Journal
        from comity.tasks.automate.doing import Through
        from comity.tasks.automate.keeping import Keeping
        from comity.tasks.automate.near import Near
        from comity.tasks.automate.scheduler import Scheduler

        self._args = args
        self._folder: Path = args.folder or place.home(args, place.configuration(args)) / "assistant"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clock, self._random = SystemClock(), SystemRandom()
        self._near = Near(self._folder, clock=self._clock, random=self._random, zone=args.zone)
        self._intents = everyday()
        bound, journal = self._near.home.intents(), Journal(self._folder)
        doer = Doer(bound, self._near.home, journal, random=self._random)
        self._keeping = Keeping(self._folder / "automate.db")
        actions = Through(self._intents, bound, doer, journal, say.out, self._hand if args.do else None)
        self._scheduler = Scheduler(self._keeping, self._near, actions, self._clock)

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *error: object) -> None:
        self._keeping.close()

    # -- rules ------------------------------------------------------------------------------------------------------------------

    async def do_add(self) -> int:
        from comity.tasks.automate.keeping import Kept
        from comity.tasks.automate.rule import Once

        reading = await self._read(self._args.text)
        if reading is None:
            return 1
        rule, language = reading
        missed: Missed = self._args.missed or ("once" if isinstance(rule.when, Once) else "skip")
        kept = Kept(id=self._random.token(3).hex(), rule=rule, text=self._args.text, language=language, missed=missed)
        told = [self._told(kept), *self._tried(kept.rule, TRIED_DAYS)]
        if not self._ready(kept.rule):
            told.append("it needs to know where home is: position in surroundings.toml")
        self._keeping.put(kept)
        on = self._args.yes or self._agreed(told, self._needs(kept))
        if on:
            kept = self._switched(kept)
        lines = [*told, f"{kept.id} is {'on' if on else f'kept, and off; to switch it on: comity automate on {kept.id}'}"]
        say.result(self._args, self._row(kept), "\n".join(lines))
        return 0

    async def _read(self, text: str) -> tuple[Rule, str] | None:
        """None where something has to be asked, which is shown."""
        import msgspec

        from comity.tasks.automate.reading.reader import read

        reading = await read(text, world=self._near, intents=self._intents)
        if reading.rule is not None:
            return reading.rule, reading.language
        question = reading.question
        say.result(self._args, msgspec.to_builtins(reading), question.text if question is not None else "")
        say.aside("nothing was added; say it again with the answer in it")
        return None

    def _needs(self, kept: Kept) -> tuple[str, ...]:
        from comity.tasks.automate.doing import to_confirm

        return to_confirm(self._intents, tuple(each.intent for each in kept.rule.then))

    def _agreed(self, told: list[str], needs: tuple[str, ...]) -> bool:
        if self._args.json or not sys.stdin.isatty():
            return False
        say.aside("\n".join(told))
        asked = f"switch it on, with leave to do {', '.join(needs)} without asking" if needs else "switch it on"
        return input(f"{asked}? [y/N] ").strip().lower() in YES

    def _switched(self, kept: Kept) -> Kept:
        import msgspec

        from comity.tasks.automate.scheduler import switched

        kept = msgspec.structs.replace(switched(kept, True, self._clock.now()), permission=self._needs(kept))
        self._keeping.put(kept)
        return kept

    async def do_on(self) -> int:
        kept = self._keeping.rule(self._args.rule)
        needs = self._needs(kept)
        if needs:
            say.aside(f"it has leave to do {', '.join(needs)} without asking")
        say.result(self._args, self._row(self._switched(kept)), f"{kept.id} is on")
        return 0

    async def do_off(self) -> int:
        from comity.tasks.automate.scheduler import switched

        kept = switched(self._keeping.rule(self._args.rule), False, self._clock.now())
        self._keeping.put(kept)
        say.result(self._args, self._row(kept), f"{kept.id} is off")
        return 0

    async def do_remove(self) -> int:
        self._keeping.remove(self._args.rule)
        say.result(self._args, {"removed": self._args.rule}, f"{self._args.rule} is removed")
        return 0

    async def do_list(self) -> int:
        rules = self._keeping.rules()
        lines = [f"{each.id}  {'on ' if each.on else 'off'}  {self._told(each)}" for each in rules]
        say.result(
            self._args, [self._row(each) for each in rules], "\n".join(lines) or "there are no rules; comity automate add 'when …, …'"
        )
        return 0

    async def do_show(self) -> int:
        kept = self._keeping.rule(self._args.rule)
        leave = ", ".join(kept.permission) or "nothing that has to be confirmed"
        told = [f"“{kept.text}”", *(self._told(kept, each) for each in ("en", "zh")), f"missed: {kept.missed}; leave to do: {leave}"]
        say.result(self._args, self._row(kept), "\n".join(told))
        return 0

    async def do_simulate(self) -> int:
        import msgspec

        known = {each.id: each for each in self._keeping.rules()}
        if self._args.rule in known:
            rule = known[self._args.rule].rule
        else:
            reading = await self._read(self._args.rule)
            if reading is None:
                return 1
            rule = reading[0]
        fired = self._would(rule, self._args.days)
        say.result(self._args, [msgspec.to_builtins(each) for each in fired], "\n".join(self._tried(rule, self._args.days, most=50)))
        return 0

    def _would(self, rule: Rule, days: int) -> tuple[Firing, ...]:
        from comity.tasks.automate.simulate import simulated

        now = self._clock.now()
        return simulated({"it": rule}, self._keeping.past(), self._near, since=now - timedelta(days=days), until=now)

    def _tried(self, rule: Rule, days: int, *, most: int = 3) -> list[str]:
        fired = self._would(rule, days)
        ran = [each for each in fired if not each.held]
        said = (
            f"over the last {days} days it would have run {len(ran)} times, and {len(fired) - len(ran)} times its conditions were not met"
        )
        return [said, *(f"  {self._here(each.at)} {each.held or 'run'}" for each in fired[-most:])]

    def _ready(self, rule: Rule) -> bool:
        from comity.tasks.automate.rule import Dark, Sunrise, Sunset

        sun = isinstance(rule.when, Sunset | Sunrise) or any(isinstance(each, Dark) for each in rule.if_)
        return not sun or self._near.position() is not None

    def _told(self, kept: Kept, language: str = "") -> str:
        from comity.tasks.automate.telling import Teller

        return Teller(self._intents, self._near, language or kept.language).told(kept.rule)

    def _here(self, at: datetime) -> str:
        return f"{at.astimezone(self._near.zone()):%Y-%m-%d %H:%M}"

    def _row(self, kept: Kept) -> Mapping[str, Any]:
        import msgspec

        return {**msgspec.to_builtins(kept), "told": self._told(kept)}

    # -- running ----------------------------------------------------------------------------------------------------------------

    async def do_event(self) -> int:
        """Durable at once; taken up here, or by the program that runs the rules."""
        event = self._event()
        if not self._keeping.tell(event):
            say.aside("this was told before")
        with self._alone() as alone:
            came = await self._scheduler.turn() if alone else []
        say.result(self._args, [self._ran(each) for each in came], "\n".join(self._line(each) for each in came) or "told; nothing was due")
        return 0

    def _event(self) -> Event:
        from comity.tasks.automate.engine import Event

        kind, of = self._args.kind, self._args.of
        percent = None
        if kind == "battery":
            try:
                percent, of = float(of.rstrip("%")), ""
            except ValueError:
                raise CallerError(
                    f"`{of}` is no percent", code="usage", exit_code=2, field="of", hint="comity automate event battery 20"
                ) from None
        else:
            of = self._id({"arrive": "place", "leave": "place", "message": "contact", "reminder_done": "reminder"}.get(kind, kind), of)
        return Event(
            id=self._args.id or self._random.token(8).hex(), at=self._clock.now(), kind=kind, of=of, said=self._args.said, percent=percent
        )

    def _id(self, kind: str, said: str) -> str:
        if said.startswith("light:"):
            return said
        low = said.casefold()
        found = [each.id for each in self._near.things(kind) if said == each.id or low in (name.casefold() for name in each.names)]
        if len(found) != 1:
            known = ", ".join(each.id for each in self._near.things(kind))
            raise CallerError(f"`{said}` is no {kind} that is known", code="usage", exit_code=2, field="of", hint=f"one of: {known}")
        return found[0]

    async def do_confirm(self) -> int:
        with self._alone() as alone:
            if not alone:
                raise OperatorError("the rules are being run by another program", code="automate.running", hint="end it, and confirm again")
            came = await self._scheduler.confirm(self._args.key)
        say.result(self._args, [self._ran(each) for each in came], "\n".join(self._line(each) for each in came))
        return 0

    async def do_run(self) -> int:
        import asyncio

        with self._alone() as alone:
            if not alone:
                raise OperatorError("the rules are being run by another program", code="automate.running", hint="comity automate log")
            say.aside(f"{sum(each.on for each in self._keeping.rules())} rules are on; interrupt to end")
            while True:
                for each in await self._scheduler.turn():
                    say.aside(self._line(each))
                if self._args.once:
                    return 0
                await asyncio.sleep(STEP_SECONDS)

    async def do_log(self) -> int:
        runs = self._keeping.log(self._args.rule)
        say.result(self._args, [self._ran(each) for each in runs], "\n".join(self._line(each) for each in runs) or "nothing was run yet")
        return 0

    def _line(self, run_: Run) -> str:
        why = f" ({WHY.get(run_.why, run_.why)})" if run_.why else ""
        return f"{self._here(run_.at)} {run_.status}{why}  {run_.key}" + (f"  {run_.told}" if run_.told else "")

    def _ran(self, run_: Run) -> Any:
        import msgspec

        return msgspec.to_builtins(run_)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether no other program runs these rules; the system gives the lock back when a program dies."""
        import fcntl

        with (self._folder / "automate.lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    async def _hand(self, intent: str, arguments: Mapping[str, Any], key: str) -> bool:
        import asyncio
        import shlex

        body = json.dumps({"intent": intent, "arguments": arguments, "key": key}, ensure_ascii=False).encode()
        program = await asyncio.create_subprocess_exec(*shlex.split(self._args.do), stdin=asyncio.subprocess.PIPE)
        await program.communicate(body)
        return program.returncode == 0


WHY = {
    "late": "this machine was off then", "dark": "it was not dark", "time_between": "it was not between those hours", "off": "it was off by then",  # noqa: E501
    "weekday": "it was another day of the week", "at_place": "you were elsewhere, or there", "device_state": "a device was otherwise",
    "weather": "no such weather was forecast", "no_forecast": "there was no forecast", "no_position": "it is not known where home is",
    "killed": "the program was killed while it was being done; whether it was done is not known, and it is not done again",
    "assist.not_bound": "nothing here does that; see --do", "needs_confirming": "comity automate confirm KEY", "confirmed": "you confirmed it",  # noqa: E501
}  # fmt: skip
