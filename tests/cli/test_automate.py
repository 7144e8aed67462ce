# SPDX-License-Identifier: Apache-2.0
"""`comity automate`: a rule is added, shown back, set off by an event, and its log says why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from comity.cli.main import main

POSITION = "position = { latitude = 31.23, longitude = 121.47 }\n"


def said(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["automate", *words, "--folder", str(folder), "--zone", "Asia/Shanghai"])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_from_words_to_a_notice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(tmp_path, capsys, "add", "when I get to the gym, tell me to drink water", "--yes")
    assert code == 0 and "When I arrive at gym: tell me “drink water”" in out and "is on" in out
    code, out, _ = said(tmp_path, capsys, "event", "arrive", "健身房", "--id", "1")
    assert code == 0 and "drink water" in out and " done " in out
    _, out, err = said(tmp_path, capsys, "event", "arrive", "gym", "--id", "1")
    assert "drink water" not in out and "told before" in err
    _, out, _ = said(tmp_path, capsys, "log")
    assert out.count(" done ") == 1


def test_what_is_missing_is_asked_and_nothing_is_added(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(tmp_path, capsys, "add", "每天提醒我吃药", "--yes")
    assert code == 1 and "几点" in out
    _, out, _ = said(tmp_path, capsys, "list")
    assert "no rules" in out


def test_off_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "surroundings.toml").write_text(POSITION, encoding="utf-8")
    main(["--json", "automate", "add", "日落后一刻钟把客厅的灯打开", "--yes", "--folder", str(tmp_path), "--zone", "Asia/Shanghai"])
    rule = json.loads(capsys.readouterr().out)["id"]
    for word in ("show", "simulate", "off", "on", "remove"):
        code, out, _ = said(tmp_path, capsys, word, rule)
        assert code == 0 and out
    code, _, err = said(tmp_path, capsys, "show", rule)
    assert code == 3 and "automate.no_rule" in err


def test_what_nobody_does_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(tmp_path, capsys, "add", "when the TV is switched off, turn on the hall light", "--yes")
    _, out, _ = said(tmp_path, capsys, "event", "device", "tv", "off")
    assert "failed" in out and "--do" in out
