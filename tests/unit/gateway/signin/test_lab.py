# SPDX-License-Identifier: Apache-2.0
"""Runs of the lab, by programs that stand for it: what is told arrives in its order, and nothing that befalls one outlives it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from comity.gateway.pages import Programs
from comity.gateway.read import lab
from comity.gateway.read.cases import Case, heard
from comity.gateway.story import Shown
from tests import storyteller
from tests.fakes import FakeClock
from tests.unit.gateway.read.test_openapi import holds, schema_of
from tests.unit.gateway.signin.conftest import Browser, Desk

STORY = [line for line in storyteller.story() if line is not None]
TELL = f"import sys; sys.path.insert(0, {str(Path(storyteller.__file__).parents[1])!r}); from tests.storyteller import *; tell = "
TELL += "lambda *lines: print(*map(json.dumps, lines), sep=chr(10), flush=True); first = [each for each in story() if each][:3]; "


@pytest.fixture
async def engineer(desk: Desk) -> Browser:
    return await desk.signed_in("engineer")


async def told(desk: Desk, engineer: Browser, program: str) -> Any:
    """How a run of ``program`` went."""
    await begun(desk, engineer, program)
    assert desk.app.lab.task is not None
    await desk.app.lab.task
    return (await newest(engineer)).json()


async def begun(desk: Desk, engineer: Browser, program: str) -> str:
    desk.app.programs = Programs(case=(sys.executable, "-c", program))
    answer = await engineer.ask("POST", "cases")
    assert answer.status_code == 202, answer.text
    holds(answer.json(), schema_of("/comity/v1/cases", "post", status="202"))
    name: str = answer.json()["id"]
    return name


def running(desk: Desk) -> Case:
    return desk.app.lab.of(Case)[0]


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - another process tells nobody
        await asyncio.sleep(0)


async def newest(engineer: Browser) -> Any:
    listed = (await engineer.ask("GET", "cases")).json()
    holds(listed, schema_of("/comity/v1/cases"))
    answer = await engineer.ask("GET", f"cases/{listed['data'][0]['id']}")
    holds(answer.json(), schema_of("/comity/v1/cases/{id}"))
    return answer


async def test_a_story_is_told_in_its_order(desk: Desk, engineer: Browser) -> None:
    case = await told(desk, engineer, TELL + "main(None)")
    assert (case["state"], case["held"], case["failed"]) == ("over", True, "")
    flat = [
        line for act in case["acts"] for line in ({"kind": "act", "act": act["act"], "title": act["title"]}, *act["told"])
    ]  # fmt: skip
    assert flat == STORY[:-1]


async def test_it_is_told_as_it_goes_and_only_one_at_a_time(desk: Desk, engineer: Browser, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    name = await begun(desk, engineer, TELL + f"main(Path({str(gate)!r}))")
    await until(lambda: len(running(desk).acts) == 2 and len(running(desk).acts[1].told) == 2)
    case = (await newest(engineer)).json()
    assert (case["state"], case["held"], case["ended"]) == ("running", None, None)
    for path, body in (("cases", None), ("drills", {"partner": "x"})):
        desk.app.programs = desk.app.programs._replace(drill=("x",))
        assert await engineer.code("POST", path, body) == (409, "lab.running")
    gate.touch()
    assert desk.app.lab.task is not None
    await desk.app.lab.task
    assert (await newest(engineer)).json()["state"] == "over"
    officer = await desk.signed_in("officer")
    changes = [(each["what"], each["of"]) for each in (await officer.ask("GET", "changes")).json()["data"]]
    assert [each for each in changes if each[0] == "case.begun"] == [("case.begun", name)]


UNCLEAR, DIED = "it said what is not understood", "it ended with 3"
SAID = json.dumps({"error": {"code": "case.broken", "message": "this did not hold"}})
BEFALLS = {
    "half a line": ("tell(*first); print('{\"kind\": ', end='')", UNCLEAR, 1),
    "garbage": ("tell(*first); print('hello')", UNCLEAR, 1),
    "bytes": ("tell(*first); sys.stdout.buffer.write(bytes([255, 10]))", UNCLEAR, 1),
    "another kind": ("tell(*first, {'kind': 'joke'})", UNCLEAR, 1),
    "no act": ("tell(first[1])", UNCLEAR, 0),
    "it dies": ("tell(*first); sys.exit(3)", DIED, 1),
    "killed": ("tell(*first); import os; os.kill(os.getpid(), 9)", "it ended with -9", 1),
    "its reason": (f"tell(*first); sys.exit('starting' + chr(10) + {SAID!r})", "case.broken: this did not hold", 1),
    "no end": ("tell(*first)", "it ended with 0", 1),
    "too much": ("tell(*first); print('x' * 100)", "it said more than fits", 1),
}


@pytest.mark.parametrize("name", BEFALLS)
async def test_what_befalls_a_run_is_its_reason(desk: Desk, engineer: Browser, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program, why, acts = BEFALLS[name]
    if name == "too much":
        monkeypatch.setattr(lab, "TOLD_BYTES_MAX", len("".join(map(json.dumps, STORY[:3]))) + 50)
    case = await told(desk, engineer, TELL + program)
    assert (case["state"], case["held"], case["failed"], len(case["acts"])) == ("failed", None, why, acts)


async def test_a_claim_that_does_not_hold_ends_it(desk: Desk, engineer: Browser) -> None:
    case = await told(desk, engineer, TELL + "tell(*first, claim('x', holds=False), {'kind': 'end', 'held': False}); sys.exit(1)")
    assert (case["state"], case["held"], case["failed"]) == ("over", False, "")


async def test_what_is_no_program_is_not_started(desk: Desk, engineer: Browser) -> None:
    assert await engineer.code("POST", "cases") == (503, "lab.absent")
    desk.app.programs = Programs(case=("/there/is/no/such/program",))
    await engineer.ask("POST", "cases")
    assert desk.app.lab.task is not None
    await desk.app.lab.task
    assert (await newest(engineer)).json()["failed"] == "it could not be started"
    assert await engineer.code("GET", "cases/X") == (404, "case.unknown")
    assert await engineer.code("GET", "drills/X") == (404, "drill.unknown")


HANGS = "import os, subprocess, time; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
HANGS += "tell(*first, shown('child', str(child.pid))); time.sleep(600)"


async def hanging(desk: Desk) -> list[int]:
    """The processes of the run, once it said which: they are its group."""
    await until(lambda: running(desk).acts != () and len(running(desk).acts[0].told) == 3)
    said = running(desk).acts[0].told[2]
    assert isinstance(said, Shown)
    return [int(said.value.en), os.getpgid(int(said.value.en))]


def gone(process: int) -> bool:
    """Ended, if perhaps not yet waited for."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked at by /proc")
@pytest.mark.parametrize("end", ["the gateway", "the limit"])
async def test_nothing_of_one_that_hangs_is_left(desk: Desk, engineer: Browser, end: str) -> None:
    await begun(desk, engineer, TELL + HANGS)
    processes = await hanging(desk)
    assert not any(map(gone, processes))
    if end == "the limit":
        await ended_by_limit(desk)
    await desk.app.lab.aclose()
    await until(lambda: all(map(gone, processes)))


async def ended_by_limit(desk: Desk) -> None:
    limit, task = desk.app.lab.limit, desk.app.lab.task
    assert limit is not None and task is not None
    limit.reschedule(asyncio.get_running_loop().time())
    await task
    case = running(desk)
    assert (case.state, case.failed) == ("failed", "it took too long")


async def test_the_newest_are_kept(desk: Desk, engineer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "KEPT_MAX", 1)
    first = await begun(desk, engineer, TELL + "main(None)")
    assert desk.app.lab.task is not None
    await desk.app.lab.task
    await told(desk, engineer, TELL + "main(None)")
    assert await engineer.code("GET", f"cases/{first}") == (404, "case.unknown")


def test_nothing_is_told_after_the_end(clock: FakeClock) -> None:
    over = Case(id="x", began=clock.now(), held=True)
    with pytest.raises(ValueError, match="after the end"):
        heard(over, msgspec.json.encode(STORY[0]))
