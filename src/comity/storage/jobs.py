# SPDX-License-Identifier: Apache-2.0
"""What waits to be written, in whichever engine: a script of its own, or one of many that a single call of their script does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from comity.storage.database import Script


class Job:
    __slots__ = ("error", "one", "result", "script")

    def __init__(self, script: Callable[..., Script[Any]], one: Any = None) -> None:
        self.script, self.one = script, one
        self.result: Any = None
        self.error: Exception | None = None  # of the script's own: its neighbours are written all the same


class Joined(Job):
    """One of those that a single call of their script does together."""

    __slots__ = ()


class Scrub(Job):
    """Nothing to write: what was deleted before it shall leave the disk."""

    __slots__ = ()


def units(jobs: Sequence[Job]) -> list[list[Job]]:
    """What one call does, in the order of the first of each."""
    first = jobs[0]
    if type(first) is Joined and all(job.script is first.script for job in jobs):
        return [list(jobs)]
    found: list[list[Job]] = []
    joined: dict[Any, list[Job]] = {}
    for job in jobs:
        if type(job) is not Joined:
            found.append([job])
        elif job.script in joined:
            joined[job.script].append(job)
        else:
            found.append(joined.setdefault(job.script, [job]))
    return found


def script_of(unit: Sequence[Job]) -> Script[Any]:
    first = unit[0]
    return first.script([job.one for job in unit]) if type(first) is Joined else first.script()


def hand_out(unit: Sequence[Job], result: Any) -> None:
    """What `script_of` the unit returned, to each its own."""
    if type(unit[0]) is not Joined:
        unit[0].result = result
        return
    for job, own in zip(unit, result, strict=True):
        job.result = own


def no_statements() -> Script[None]:
    yield from ()
