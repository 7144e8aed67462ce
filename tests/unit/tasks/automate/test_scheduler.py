# SPDX-License-Identifier: Apache-2.0
"""A rule runs once for one event, through kills, restarts and clocks that jump; what ran is what a simulation says."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.tasks.automate.engine import Event, State
from comity.tasks.automate.keeping import Keeping, Kept, Missed
from comity.tasks.automate.rule import Action, Arrive, AtPlace, Battery, DeviceState, Leave, Recurring, Rule, Sunset, TimeBetween, Trigger
from comity.tasks.automate.scheduler import Scheduler
from comity.tasks.automate.simulate import simulated
from comity.tasks.automate.surroundings import Outcome
from tests.unit.tasks.automate.worlds import Clock, Doing, Killed, World

START = datetime(2026, 11, 27, 1, tzinfo=UTC)
NOTICE = (Action(intent="notify.show", arguments={"text": "x"}),)


def kept(id_: str, when: Trigger, *conditions: Any, then: tuple[Action, ...] = NOTICE, missed: Missed = "skip", **more: Any) -> Kept:
    return Kept(
        id=id_, rule=Rule(when=when, if_=conditions, then=then), text="", language="en", on=True, missed=missed, since=START, **more
    )


def opened(path: Path, clock: Clock, doing: Doing, world: World | None = None) -> tuple[Keeping, Scheduler]:
    keeping = Keeping(path / "automate.db")
    return keeping, Scheduler(keeping, world or World(), doing, clock)


def test_an_event_told_twice_happens_once(tmp_path: Path) -> None:
    clock, doing = Clock(START + timedelta(minutes=1)), Doing()
    keeping, scheduler = opened(tmp_path, clock, doing)
    keeping.put(kept("a", Arrive(place="home")))
    for _ in range(2):
        keeping.tell(Event(id="1", at=clock.at, kind="arrive", of="home"))
        asyncio.run(scheduler.turn())
    keeping.close()
    again, scheduler = opened(tmp_path, clock, doing)
    again.tell(Event(id="1", at=clock.at, kind="arrive", of="home"))
    asyncio.run(scheduler.turn())
    assert [key for _, key in doing.did] == ["a/1#0"]


@pytest.mark.parametrize("dies", [1, 2, 3])
def test_killed_within_an_action_it_is_not_done_twice_and_the_log_says_so(tmp_path: Path, dies: int) -> None:
    clock, doing = Clock(START + timedelta(minutes=1)), Doing(dies=dies)
    keeping, scheduler = opened(tmp_path, clock, doing)
    keeping.put(kept("a", Arrive(place="home"), then=NOTICE * 3))
    keeping.tell(Event(id="1", at=clock.at, kind="arrive", of="home"))
    with pytest.raises(Killed):
        asyncio.run(scheduler.turn())
    keeping.close()
    after = Doing()
    keeping, scheduler = opened(tmp_path, clock, after)
    asyncio.run(scheduler.turn())
    assert after.did == []
    assert [(run.status, run.why, run.step) for run in keeping.log()] == [("interrupted", "killed", dies - 1)]


def test_killed_within_an_action_that_is_known_to_be_done_it_goes_on(tmp_path: Path) -> None:
    clock, doing = Clock(START + timedelta(minutes=1)), Doing(dies=1)
    keeping, scheduler = opened(tmp_path, clock, doing)
    keeping.put(kept("a", Arrive(place="home"), then=NOTICE * 2))
    keeping.tell(Event(id="1", at=clock.at, kind="arrive", of="home"))
    with pytest.raises(Killed):
        asyncio.run(scheduler.turn())
    keeping.close()
    after = Doing(knows={"a/1#0": Outcome(done=True)})
    keeping, scheduler = opened(tmp_path, clock, after)
    asyncio.run(scheduler.turn())
    assert [key for _, key in after.did] == ["a/1#1"]
    assert keeping.log()[0].status == "done"


class Dying:
    """A file whose n-th write kills the program, before or after it is durable."""

    def __init__(self, keeping: Keeping, at: int, after: bool) -> None:
        self._keeping, self._at, self._after, self._count = keeping, at, after, 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._keeping, name)
        if name not in ("tell", "move", "put_state", "take_up"):
            return found

        def counted(*args: Any, **more: Any) -> Any:
            self._count += 1
            if self._count == self._at and not self._after:
                raise Killed
            value = found(*args, **more)
            if self._count == self._at:
                raise Killed
            return value

        return counted


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 16))
def test_killed_at_any_write_nothing_is_lost_and_nothing_is_done_twice(tmp_path: Path, at: int, after: bool) -> None:
    clock, doing = Clock(START + timedelta(minutes=1)), Doing()
    keeping, _ = opened(tmp_path, clock, doing)
    keeping.put(kept("a", Arrive(place="home"), then=NOTICE * 2))
    told = False
    try:
        dying: Any = Dying(keeping, at, after)
        scheduler = Scheduler(dying, World(), doing, clock)
        dying.tell(Event(id="1", at=clock.at, kind="arrive", of="home"))
        told = True
        asyncio.run(scheduler.turn())
    except Killed:
        pass
    keeping.close()
    keeping, scheduler = opened(tmp_path, clock, doing)
    keeping.tell(Event(id="1", at=clock.at, kind="arrive", of="home"))  # whoever tells did not hear that it was taken
    asyncio.run(scheduler.turn())
    keys = [key for _, key in doing.did]
    assert len(keys) == len(set(keys))
    run = keeping.log()[0]
    assert run.status in ("done", "interrupted")
    assert told is False or len(keys) >= run.step
    if run.status == "done":
        assert keys == ["a/1#0", "a/1#1"]


def test_what_was_missed_is_said_and_caught_up_with_once_where_the_rule_wants_it(tmp_path: Path) -> None:
    clock, doing = Clock(START + timedelta(minutes=1)), Doing()
    keeping, scheduler = opened(tmp_path, clock, doing)
    keeping.put(kept("skips", Recurring(at="12:00")))
    keeping.put(kept("once", Recurring(at="13:00"), missed="once"))
    asyncio.run(scheduler.turn())
    clock.at += timedelta(days=3)
    asyncio.run(scheduler.turn())
    assert [key for _, key in doing.did] == ["once/2026-11-29T13:00#0"]
    missed = sorted((run.rule, run.at.day) for run in keeping.log() if run.status == "missed")
    assert missed == [("once", 27), ("once", 28), ("skips", 27), ("skips", 28), ("skips", 29)]


def test_a_clock_set_back_sets_nothing_off_again(tmp_path: Path) -> None:
    clock, doing = Clock(datetime(2026, 11, 27, 3, 59, tzinfo=UTC)), Doing()
    keeping, scheduler = opened(tmp_path, clock, doing)
    keeping.put(kept("a", Recurring(at="12:00")))
    for minutes in (0, 2, -30, 29, 1, 1):
        clock.at += timedelta(minutes=minutes)
        asyncio.run(scheduler.turn())
    assert [key for _, key in doing.did] == ["a/2026-11-27T12:00#0"]
    clock.at = datetime(2026, 11, 29, 3, 59, tzinfo=UTC)
    asyncio.run(scheduler.turn())
    clock.at += timedelta(minutes=1)
    asyncio.run(scheduler.turn())
    assert [key for _, key in doing.did][-1] == "a/2026-11-29T12:00#0"


def test_a_clock_that_was_wrong_by_years_does_not_end_it(tmp_path: Path) -> None:
    clock, doing = Clock(START), Doing()
    keeping, scheduler = opened(tmp_path, clock, doing)
    keeping.put(kept("a", Recurring(at="12:00")))
    for at in (START, datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 3, 1, 4, 1, tzinfo=UTC), datetime(2026, 11, 27, 2, tzinfo=UTC)):
        clock.at = at
        asyncio.run(scheduler.turn())
    clock.at = datetime(2027, 3, 2, 3, 59, tzinfo=UTC)
    asyncio.run(scheduler.turn())
    clock.at += timedelta(minutes=1)
    asyncio.run(scheduler.turn())
    assert "a/2027-03-02T12:00#0" in [key for _, key in doing.did]


def test_what_needs_to_be_confirmed_waits_and_goes_on_once(tmp_path: Path) -> None:
    clock, doing = Clock(START + timedelta(minutes=1)), Doing(refuses=["calendar.invite"])
    keeping, scheduler = opened(tmp_path, clock, doing)
    invite = (Action(intent="calendar.invite"),)
    keeping.put(kept("asks", Arrive(place="home"), then=invite))
    keeping.put(kept("may", Arrive(place="home"), then=invite, permission=("calendar.invite",)))
    keeping.tell(Event(id="1", at=clock.at, kind="arrive", of="home"))
    asyncio.run(scheduler.turn())
    assert [key for _, key in doing.did] == ["may/1#0"]
    assert {run.rule: run.status for run in keeping.log()} == {"asks": "waits", "may": "done"}
    asyncio.run(scheduler.confirm("asks/1"))
    assert [key for _, key in doing.did] == ["may/1#0", "asks/1#0"]


def test_switched_on_it_looks_ahead_and_paused_it_does_nothing(tmp_path: Path) -> None:
    clock, doing = Clock(START), Doing()
    keeping, scheduler = opened(tmp_path, clock, doing)
    asyncio.run(scheduler.turn())
    clock.at = datetime(2026, 11, 27, 4, 1, tzinfo=UTC)
    keeping.put(
        Kept(id="a", rule=Rule(when=Recurring(at="12:00"), then=NOTICE), text="", language="en", on=True, since=clock.at, missed="once")
    )
    scheduler.reload()
    asyncio.run(scheduler.turn())
    assert doing.did == [] and keeping.log() == []


events = st.lists(
    st.tuples(
        st.integers(1, 90),
        st.sampled_from([("arrive", "home", ""), ("leave", "home", ""), ("arrive", "gym", ""), ("device", "tv", "on"), ("device", "tv", "off"), ("battery", "", "")]),  # noqa: E501
        st.integers(0, 100),
    ),
    max_size=25,
)  # fmt: skip
RULES = {
    "home": kept("home", Arrive(place="home"), TimeBetween(from_="10:00", to="18:00")),
    "away": kept("away", Leave(place="home")),
    "tv": kept("tv", DeviceState(device="tv", state="on", for_="PT45M"), AtPlace(place="home")),
    "low": kept("low", Battery(below=30.0)),
    "noon": kept("noon", Recurring(at="12:00"), AtPlace(place="gym", not_=True)),
    "often": kept("often", Recurring(every="PT25M", from_="09:00", to="17:00")),
    "sun": kept("sun", Sunset(offset="-PT30M")),
}


@settings(max_examples=25, deadline=None)
@given(steps=events)
def test_what_was_simulated_is_what_runs(steps: list[tuple[int, tuple[str, str, str], int]]) -> None:
    with TemporaryDirectory() as folder:
        clock, doing = Clock(START), Doing()
        keeping, scheduler = opened(Path(folder), clock, doing)
        with keeping:
            for each in RULES.values():
                keeping.put(each)
            asyncio.run(scheduler.turn())
            happened = []
            for number, (minutes, (kind, of, said), percent) in enumerate(steps):
                for _ in range(minutes):  # time is looked at each minute, as `run` does
                    clock.at += timedelta(minutes=1)
                    due = scheduler.next_due()
                    if due is not None and due <= clock.at:
                        asyncio.run(scheduler.turn())
                event = Event(id=f"{number}", at=clock.at, kind=kind, of=of, said=said, percent=percent if kind == "battery" else None)  # type: ignore[arg-type]
                keeping.tell(event)
                happened.append(event)
                asyncio.run(scheduler.turn())
            ran = {(run.key, run.at, run.status == "held") for run in keeping.log(most=100_000)}
            would = simulated(
                {id_: each.rule for id_, each in RULES.items()},
                happened,
                World(),
                since=START,
                until=clock.at,
                state=State(seen=START, zone="+0800"),
            )
            assert {(firing.key, firing.at, bool(firing.held)) for firing in would} == ran
