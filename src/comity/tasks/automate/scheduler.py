# SPDX-License-Identifier: Apache-2.0
"""Runs rules, on one machine, so that a kill at any moment neither loses a firing nor does one twice.

1. An event is durable before anything is made of it.
2. What it sets off is taken up under its key, in the same commit that takes the event up and moves the state on.
3. Each action is marked as begun, done by `Actions` under a key of its own, and marked as done.

Killed between 1 and 2 it is taken up again; between 2 and 3 it is done then.  Killed within an action nobody here can know whether it was
done: whoever does it is asked (`Actions.known`), and where they cannot say it is *not* done again, and the log says so (`interrupted`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from comity.errors import CallerError, ComityError
from comity.ports import Clock
from comity.tasks.automate.engine import Engine, Event, Firing
from comity.tasks.automate.keeping import Keeping, Kept, Run, Status
from comity.tasks.automate.surroundings import Actions, Outcome, Surroundings

LATE = timedelta(minutes=2)
"""What is later was missed: this machine was off, or asleep, or its clock was set forward."""


class Scheduler:
    """One at a time on a file: see `cli.automate` for the lock."""

    def __init__(self, keeping: Keeping, around: Surroundings, actions: Actions, clock: Clock) -> None:
        self._keeping, self._around, self._actions, self._clock = keeping, around, actions, clock
        self._kept: dict[str, Kept] = {}
        self._engine = Engine({}, around)
        self._version = -1
        self._recovered = False

    def reload(self) -> None:
        """After rules were changed here; a change by another process is seen by itself."""
        self._kept = {each.id: each for each in self._keeping.rules() if each.on}
        self._engine = Engine({id_: each.rule for id_, each in self._kept.items()}, self._around)
        self._version = self._keeping.version()

    async def turn(self) -> list[Run]:
        """Takes up what was told and what time set off, and does what is due.  What came of it."""
        if self._version != self._keeping.version():
            self.reload()
        if not self._recovered:
            await self._recover()
            self._recovered = True
        for event in self._keeping.new():
            self._take(event)
        self._advance()
        return await self._work()

    def next_due(self) -> datetime | None:
        return self._engine.next_due(self._keeping.state())

    async def confirm(self, key: str) -> list[Run]:
        """Goes on with a run that waits.  Raises CallerError."""
        run = self._keeping.run(key)
        if run.status != "waits":
            raise CallerError("this run does not wait to be confirmed", code="automate.not_waiting", status=409, hint="comity automate log")
        self._keeping.move(key, "due", run.step, self._clock.now(), why="confirmed")
        return await self.turn()

    # -- 2: what is set off is taken up ------------------------------------------------------------------------------------------

    def _take(self, event: Event) -> None:
        now, state = self._clock.now(), self._keeping.state()
        fired: list[Firing] = []
        if state.seen is None or state.seen < event.at <= now:  # time before the event goes before it
            state, fired = self._engine.until(event.at, state)
        state, more = self._engine.happened(event, state)
        with self._keeping.together():
            self._take_up([*fired, *more], now)
            self._keeping.take(event)
            self._keeping.put_state(state)

    def _advance(self) -> None:
        now, state = self._clock.now(), self._keeping.state()
        later, fired = self._engine.until(now, state)
        with self._keeping.together():
            self._take_up(fired, now)
            self._keeping.put_state(later)

    def _take_up(self, fired: Sequence[Firing], now: datetime) -> None:
        late: dict[str, list[Firing]] = {}
        for firing in fired:
            kept = self._kept[firing.rule]
            if kept.since is not None and firing.at <= kept.since:
                continue
            if firing.held:
                self._keeping.take_up(firing, "held", firing.held, now)
            elif now - firing.at > LATE:
                late.setdefault(firing.rule, []).append(firing)
            else:
                self._keeping.take_up(firing, "due", "", now)
        for rule, missed in late.items():
            caught = missed[-1] if self._kept[rule].missed == "once" else None
            for firing in missed:
                if firing is caught:
                    self._keeping.take_up(firing, "due", "late", now)
                else:
                    self._keeping.take_up(firing, "missed", "late", now)

    # -- 3: what is due is done --------------------------------------------------------------------------------------------------

    async def _work(self) -> list[Run]:
        came: list[Run] = []
        for run in self._keeping.open_runs():
            kept = self._kept.get(run.rule)
            if kept is None:  # switched off or removed since
                self._keeping.move(run.key, "missed", run.step, self._clock.now(), why="off")
            else:
                await self._do(kept, run)
            came.append(self._keeping.run(run.key))
        return came

    async def _do(self, kept: Kept, run: Run) -> None:
        step, told = run.step, run.told
        while step < len(kept.rule.then):
            action = kept.rule.then[step]
            self._keeping.move(run.key, "begun", step, self._clock.now())
            permitted = action.intent in kept.permission or run.why == "confirmed"
            try:
                outcome = await self._actions.run(action.intent, action.arguments, action_key(run.key, step), permitted=permitted)
            except ComityError as error:
                outcome = Outcome(done=False, error=error.code)
            if not self._moved(run.key, step, outcome, told):
                return
            step, told = step + 1, outcome.told or told
        self._keeping.move(run.key, "done", step, self._clock.now())

    def _moved(self, key: str, step: int, outcome: Outcome, told: str) -> bool:
        """Whether to go on with the next action."""
        status: Status = "begun" if outcome.done else "waits" if outcome.waits else "failed"
        done = step + 1 if outcome.done else step
        self._keeping.move(
            key, "due" if outcome.done else status, done, self._clock.now(), why=outcome.error or None, told=outcome.told or told or None
        )  # fmt: skip
        return outcome.done

    async def _recover(self) -> None:
        """What a killed scheduler left begun."""
        for run in self._keeping.open_runs():
            if run.status != "begun":
                continue
            outcome = await self._actions.known(action_key(run.key, run.step))
            if outcome is None:
                self._keeping.move(run.key, "interrupted", run.step, self._clock.now(), why="killed")
            else:
                self._moved(run.key, run.step, outcome, run.told)


def action_key(key: str, step: int) -> str:
    return f"{key}#{step}"


def switched(kept: Kept, on: bool, now: datetime) -> Kept:
    """Switched on, it looks ahead from now."""
    return msgspec.structs.replace(kept, on=on, since=now if on else kept.since)
