# SPDX-License-Identifier: Apache-2.0
"""What rules would have done: the engine over what happened, with nothing done and nothing kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from comity.tasks.automate.engine import Engine, Event, Firing, State
from comity.tasks.automate.rule import Rule
from comity.tasks.automate.surroundings import Surroundings


def simulated(
    rules: Mapping[str, Rule],
    events: Iterable[Event],
    around: Surroundings,
    *,
    since: datetime,
    until: datetime,
    state: State | None = None,
) -> tuple[Firing, ...]:
    """In order, each once, those with a condition that was not met too.  ``state``: as it was at ``since``."""
    engine = Engine(rules, around)
    now, fired = engine.until(since, State(seen=since) if state is None else state)[0], []
    for event in sorted((each for each in events if since < each.at <= until), key=lambda each: each.at):
        now, by_time = engine.until(event.at, now)
        now, by_event = engine.happened(event, now)
        fired += [*by_time, *by_event]
    fired += engine.until(until, now)[1]
    return tuple({firing.key: firing for firing in reversed(fired)}.values())[::-1]
