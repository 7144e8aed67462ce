# SPDX-License-Identifier: Apache-2.0
"""`comity eval` as it is typed: what is refused, and what it writes from answers that are kept."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from comity.cli import eval as command
from comity.cli.main import main
from comity.tasks.capability import read
from tests.unit.tasks.evaluation.test_page import found
from tests.unit.tasks.evaluation.worlds import written


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dance"], "no task that is measured"),
        (["--sets", "nowhere"], "no folder"),
        (["--page", "nowhere.md"], "cannot be read"),
        (["--model", "nobody"], "nobody"),
    ],
)
def test_what_is_refused(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sets = [] if "--sets" in words else ["--sets", str(written(tmp_path / "sets"))]
    assert main(["eval", *words, *sets, "--out", str(tmp_path / "out")]) in (2, 3)
    assert said in capsys.readouterr().err


def test_answers_that_are_there_are_not_mixed_with_others_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "answers.jsonl").write_text("")
    assert main(["eval", "--sets", str(written(tmp_path / "sets")), "--out", str(tmp_path)]) == 2
    assert "--resume" in capsys.readouterr().err


def test_a_page_keeps_what_stands_around_its_figures(tmp_path: Path) -> None:
    page, table = tmp_path / "models.md", tmp_path / "own.toml"
    page.write_text(f"# Before\n\n{command.BEGIN}\nold\n{command.END}\n\nafter\n", encoding="utf-8")
    args = argparse.Namespace(out=tmp_path, matrix=table, page=page, sample=24, seed=0)
    for _ in range(2):  # the second time comes to the same
        command._written(args, [], found(), {"own.jsonl": "ab" * 32})
        text = page.read_text(encoding="utf-8")
        assert text.startswith("# Before\n") and text.endswith("\n\nafter\n") and "old" not in text
        assert text.count("| keywords en |") == 1 and "at most 24 of each, seed 0: own.jsonl abababababab" in text
        assert (tmp_path / "models" / "little.svg").read_text(encoding="utf-8").startswith("<svg")
    assert [row.able for row in read(table.read_text(encoding="utf-8"))] == [True, False]
    assert json.dumps(command._told(found()))
