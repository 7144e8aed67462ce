# SPDX-License-Identifier: Apache-2.0
"""A scheduler in a process of its own, killed with SIGKILL within an action: nothing is done twice, nothing that was not begun is lost."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from comity.tasks.automate.engine import Event
from comity.tasks.automate.keeping import Keeping
from comity.tasks.automate.rule import Arrive
from tests.unit.tasks.automate.test_scheduler import NOTICE, START, kept, opened
from tests.unit.tasks.automate.worlds import Clock, Doing

CHILD = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from tests.unit.tasks.automate.test_scheduler import START, opened
from tests.unit.tasks.automate.worlds import Clock
from comity.tasks.automate.surroundings import Outcome

folder, stops, when = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]

class Writes:
    done = 0
    async def run(self, intent, arguments, key, *, permitted):
        self.done += 1
        if self.done == stops and when == "before":
            print("here", flush=True); sys.stdin.read()
        with (folder / "did").open("a") as out:
            out.write(key + "\\n")
        if self.done == stops and when == "after":
            print("here", flush=True); sys.stdin.read()
        return Outcome(done=True)
    async def known(self, key):
        return None

_, scheduler = opened(folder, Clock(START + timedelta(minutes=1)), Writes())
asyncio.run(scheduler.turn())
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("stops", [1, 2, 3])
def test_killed_by_the_system(tmp_path: Path, stops: int, when: str) -> None:
    keeping = Keeping(tmp_path / "automate.db")
    keeping.put(kept("a", Arrive(place="home"), then=NOTICE * 3))
    keeping.put(kept("b", Arrive(place="home")))
    keeping.tell(Event(id="1", at=START + timedelta(minutes=1), kind="arrive", of="home"))
    keeping.close()
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path), str(stops), when],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[4],
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == b"here\n"
        child.send_signal(signal.SIGKILL)
        assert child.wait(30) == -signal.SIGKILL
    did = (tmp_path / "did").read_text().split() if (tmp_path / "did").exists() else []
    assert did == [f"a/1#{step}" for step in range(stops if when == "after" else stops - 1)]

    clock, doing = Clock(START + timedelta(minutes=2)), Doing()
    again, scheduler = opened(tmp_path, clock, doing)
    asyncio.run(scheduler.turn())
    asyncio.run(scheduler.turn())
    assert [key for _, key in doing.did] == ["b/1#0"]
    assert again.run("a/1").status == "interrupted"
    assert again.run("b/1").status == "done"
