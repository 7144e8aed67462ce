# SPDX-License-Identifier: Apache-2.0
"""`comity act` and `comity assist` as a person types them, over a folder of their own, without a model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli


@pytest.fixture
def flags(tmp_path: Path) -> tuple[str, ...]:
    return ("--folder", str(tmp_path / "own"), "--model", "none", "--zone", "Asia/Shanghai")


def test_said_done_and_undone(cli: Cli, flags: tuple[str, ...]) -> None:
    done = cli("act", "提醒我到超市买牛奶", *flags)
    assert done.code == 0 and "买牛奶" in done.out and "nothing left this machine" in done.err
    assert "提醒我到超市买牛奶" in cli("act", "--journal", *flags).out
    assert cli("act", "--undo", *flags).out == "undone: reminders.create\n"
    refused = cli("act", "--undo", *flags)
    assert refused.code == 3 and "assist.nothing_to_undo" in refused.err


def test_what_concerns_others_is_shown_and_not_done_without_a_word(cli: Cli, flags: tuple[str, ...], tmp_path: Path) -> None:
    cli("act", "save a new contact: Priya Nair, priya@example.org", *flags)
    said = ("lunch with Priya on 5 March at noon", "make it 1 pm")
    shown = cli("act", *said, *flags)
    assert shown.code == 1 and "13:00" in shown.out and "nothing was done" in shown.err
    assert not (tmp_path / "own" / "calendar.ics").exists()
    done = json.loads(cli("--json", "act", *said, "--yes", *flags).out)
    assert [each["intent"] for each in done["made"]] == ["calendar.create"] and done["left"] == []


@pytest.mark.parametrize("said", ["order me a pizza", "set an alarm", "帮我订去巴黎的机票"])
def test_what_is_not_done_says_so(cli: Cli, flags: tuple[str, ...], said: str) -> None:
    done = cli("act", said, *flags)
    assert done.code == 1 and done.out.strip()


@pytest.mark.parametrize("words", [("act",), ("assist", "fly"), ("act", "x", "--server", "nonsense"), ("act", "x", "--call", "/nowhere")])
def test_misuse(cli: Cli, flags: tuple[str, ...], words: tuple[str, ...]) -> None:
    assert cli(*words, *flags).code == 2


def test_a_conversation(flags: tuple[str, ...]) -> None:
    said = "remind me to call Priya tomorrow at 3\nno, 4\nundo\nbye\n"
    done = subprocess.run(
        [sys.executable, "-m", "comity", "assist", *flags], input=said, capture_output=True, text=True, timeout=60, check=True
    )
    shown = [line for line in done.stdout.splitlines() if not line.startswith("nothing left")]
    assert [line.split(":")[0] for line in shown] == [
        "1. Remind the user of something, at a time, at a place, or just on the list",
        "undone",
    ] * 2
    assert "15:00" in shown[0] and "16:00" in shown[2]
