# SPDX-License-Identifier: Apache-2.0
"""How long 10,000 rules take to look at one event, and at time going on.

python benchmarks/automate.py [--rules 10000]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from comity.tasks.assist.plan import Thing
from comity.tasks.automate.engine import Engine, Event, State
from comity.tasks.automate.rule import Action, Arrive, Battery, Dark, DeviceState, MessageFrom, Recurring, Rule, TimeBetween, Trigger
from comity.tasks.automate.sun import Position
from comity.tasks.automate.surroundings import Forecast

NOTICE = (Action(intent="notify.show", arguments={"text": "x"}),)
START = datetime(2026, 11, 27, 1, tzinfo=UTC)


class Around:
    def zone(self) -> tzinfo:
        return ZoneInfo("Asia/Shanghai")

    def position(self) -> Position | None:
        return Position(latitude=31.23, longitude=121.47)

    def appointments(self, since: datetime, until: datetime) -> Sequence[Thing]:
        return ()

    def forecast(self, day: date) -> Forecast | None:
        return None


def mixed(number: int) -> Trigger:
    """Spread over places, devices, people and hours, as many homes in one would be."""
    each = number // 5
    triggers: tuple[Trigger, ...] = (
        Arrive(place=f"place{each % 200}"), DeviceState(device=f"device{each % 400}", state="on"), MessageFrom(contact=f"c{each % 300}"),
        Battery(below=float(each % 100)), Recurring(at=f"{each % 24:02}:{each % 60:02}"),
    )  # fmt: skip
    return triggers[number % 5]


def measured(engine: Engine, event: Event, times: int) -> list[float]:
    state, took = State(seen=START, zone="+0800"), []
    for _ in range(times):
        begin = time.perf_counter()
        engine.happened(event, state)
        took.append((time.perf_counter() - begin) * 1000)
    return took


def main(arguments: argparse.Namespace) -> None:
    count = arguments.rules
    conditions = (TimeBetween(from_="08:00", to="23:00"), Dark())
    begin = time.perf_counter()
    engine = Engine({f"r{n}": Rule(when=mixed(n), if_=conditions, then=NOTICE) for n in range(count)}, Around())
    print(f"{count} rules, {(time.perf_counter() - begin) * 1000:.0f} ms to index")
    for event in (
        Event(id="1", at=START, kind="arrive", of="place7"), Event(id="2", at=START, kind="device", of="device7", said="on"),
        Event(id="3", at=START, kind="message", of="c7", said="hello"), Event(id="4", at=START, kind="battery", percent=50.0),
    ):  # fmt: skip
        told(f"{event.kind}, spread: {len(engine.happened(event, State(seen=START))[1])} rules set off", measured(engine, event, 200))
    same = Engine(
        {f"r{n}": Rule(when=Arrive(place="home"), if_=(TimeBetween(from_="20:00", to="23:00"),), then=NOTICE) for n in range(count)},
        Around(),
    )
    told("arrive, every rule of the same place", measured(same, Event(id="1", at=START, kind="arrive", of="home"), 20))
    state, took = engine.until(START + timedelta(seconds=1), State(seen=START, zone="+0800"))[0], []
    for second in range(2, 602):
        begin = time.perf_counter()
        state, _ = engine.until(START + timedelta(seconds=second), state)
        took.append((time.perf_counter() - begin) * 1000)
    told("a second of time", took)


def told(what: str, took: list[float]) -> None:
    took = sorted(took)
    print(
        f"{what}: median {statistics.median(took):.3f} ms, 99 of 100 within {took[int(len(took) * 0.99) - 1]:.3f} ms, worst {took[-1]:.3f} ms"  # noqa: E501
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rules", type=int, default=10_000)
    main(parser.parse_args())
