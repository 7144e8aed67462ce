# SPDX-License-Identifier: Apache-2.0
"""Who may answer whom, as the command says; and drills, which are programs of their own, one at a time."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from comity.config.schema import ResilienceConfig
from comity.gateway.callers import LOCAL
from comity.gateway.pages import Programs
from comity.gateway.read import drills
from comity.gateway.resilience import Drilled, Survey
from comity.ports import SystemSecrets
from comity.transparency.changes import page
from tests.simulated.worlds import BEIJING, FRANKFURT, config
from tests.unit.gateway.read.conftest import Reading, reading_of

ASKED = ResilienceConfig(jurisdictions=("CN", "EEA"), tasks=("writing_assistant",))
FOUND = Drilled(name="x", gone=("x",), left_out=(), rows=(), holds=True)


async def test_the_report_is_that_of_the_command(home: Path) -> None:
    made = config(BEIJING, FRANKFURT, resilience=ASKED)
    reading = await reading_of(made, home)
    try:
        world = reading.sim.world
        survey = Survey(made, at=world.clock.now(), state=Path("nowhere"), clock=world.clock, random=world.random, secrets=SystemSecrets())
        told = await reading.get("resilience")
        assert told == msgspec.json.decode(msgspec.json.encode(survey.report()))
        assert await reading.get("resilience") == told
    finally:
        await reading.aclose()


async def drilled(reading: Reading, program: str) -> Any:
    """How it went: ``program`` stands for the lab's."""
    reading.app.programs = Programs(drill=(sys.executable, "-c", program))
    begun = await reading.http.post("/comity/v1/drills", json={"partner": "x"})
    assert begun.status_code == 202, begun.text
    second = await reading.http.post("/comity/v1/drills", json={"partner": "y"})
    assert (second.status_code, second.json()["error"]["code"]) == (409, "lab.running")
    running = reading.app.lab.task
    assert running is not None
    await running
    return await reading.get(f"drills/{begun.json()['id']}")


@pytest.fixture
def engineer(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> Reading:
    monkeypatch.setattr(drills, "require", lambda *_: LOCAL)
    return reading


async def test_a_drill_is_begun_and_its_outcome_told(engineer: Reading) -> None:
    told = await drilled(engineer, f"print({msgspec.json.encode(FOUND).decode()!r})")
    assert (told["state"], told["failed"], told["partner"]) == ("over", "", "x")
    assert told["outcome"] == msgspec.to_builtins(FOUND) | {"gone": ["x"], "left_out": [], "rows": []}


async def test_one_that_finds_nothing_says_why(engineer: Reading) -> None:
    said = json.dumps({"error": {"code": "usage", "message": "nothing of this stands on it"}})
    told = await drilled(engineer, f"import sys; sys.exit('starting' + chr(10) + {said!r})")
    assert (told["state"], told["outcome"], told["failed"]) == ("failed", None, "usage: nothing of this stands on it")


async def test_a_drill_stands_in_the_log_before_it_is_begun(engineer: Reading) -> None:
    engineer.app.programs = Programs(drill=(sys.executable, "-c", ""))
    begun = await engineer.http.post("/comity/v1/drills", json={"partner": "x"})
    found = await engineer.sim.world.ledger.database.read(lambda: page(None, 10))
    assert [(each.what, each.of, each.by) for _, each in found] == [("drill.begun", begun.json()["id"], LOCAL.id)]
    await engineer.app.lab.aclose()


@pytest.mark.parametrize("partner", ["--help", "a\0b", "; exit 1", "$(exit 1)", "x\ny"])
async def test_a_name_is_one_argument_and_no_more(engineer: Reading, partner: str) -> None:
    """And a drill ends, whatever is asked for."""
    program = "import json, sys; json.dump({'error': {'code': 'argv', 'message': json.dumps(sys.argv[1:])}}, sys.stderr)"
    engineer.app.programs = Programs(drill=(sys.executable, "-c", program))
    begun = (await engineer.http.post("/comity/v1/drills", json={"partner": partner})).json()
    assert engineer.app.lab.task is not None
    await engineer.app.lab.task
    failed = (await engineer.get(f"drills/{begun['id']}"))["failed"]
    assert failed == ("it could not be started" if "\0" in partner else f"argv: {json.dumps([f'--drill={partner}'])}")


async def test_who_may_not_and_where_there_is_none(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = await reading.http.post("/comity/v1/drills", json={"partner": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "session.required")
    assert await reading.refused("drills/X") == (404, "drill.unknown", None)
    monkeypatch.setattr(drills, "require", lambda *_: LOCAL)
    answer = await reading.http.post("/comity/v1/drills", json={"partner": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "lab.absent")
