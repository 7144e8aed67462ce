# SPDX-License-Identifier: Apache-2.0
"""`comity task` as a person types it: against a partner on loopback, in this process and through a running gateway."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comity.cli import front, task
from comity.errors import CallerError
from comity.storage.home import HomeLock, prepare
from comity.tasks.registry import TASKS
from tests.cli.conftest import CN, Cli
from tests.live.places import BEIJING, EchoPartner

TEXT = "The council met on Tuesday. It voted 7 to 2 to close the old bridge until March, for repairs that cost 1.4 million euros."
SAID = "On Tuesday the council met and voted 7 to 2 to close the old bridge until March, for repairs that cost 1.4 million euros."


@pytest.fixture(scope="module")
def flags(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """A home with a partner in Beijing that has one answer for everything; no model on this machine."""
    with EchoPartner(SAID) as partner:
        folder = tmp_path_factory.mktemp("tasks")
        (folder / "comity.toml").write_text(BEIJING.format(base=partner.base), encoding="utf-8")
        yield ("--config", str(folder / "comity.toml"), "--home", str(folder / "home"))


@pytest.fixture
def text(tmp_path: Path) -> str:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    return str(tmp_path / "text.txt")


def test_the_value_then_one_line(cli: Cli, flags: tuple[str, ...], text: str) -> None:
    done = cli(*flags, "task", "rewrite", text, "--lang", "en", "--subject", CN)
    assert done.code == 0 and done.out.startswith(SAID)
    assert done.out.rstrip().endswith("(AI-generated content)")
    assert "done in CN by echo; gates passed: language, length" in done.err and "label: explicit, implicit; receipt 01" in done.err


def test_the_same_from_standard_input_and_as_json(cli: Cli, flags: tuple[str, ...]) -> None:
    done = cli(*flags, "--json", "task", "rewrite", "-", "--lang", "en", "--tone", "friendly", "--subject", CN, stdin=TEXT.encode())
    result = done.json()
    assert result["task"] == "rewrite" and result["served_by"]["region"] == ["CN"] and result["receipt"]
    assert [step["outcome"] for step in result["steps"]] == ["answered"]


def test_what_abstains_says_why_and_what_would_help(cli: Cli, flags: tuple[str, ...], text: str) -> None:
    done = cli(*flags, "task", "translate", text, "--lang", "en", "--to", "zh", "--subject", CN)
    assert done.code == 1 and done.out == ""
    assert (
        "no answer: gate_failed" in done.err and "qwen-beijing: gate_failed (language: other_language)" in done.err and "hint: " in done.err
    )
    must = cli(*flags, "task", "translate", text, "--lang", "en", "--to", "zh", "--must", "--subject", CN)
    must.refused(1, "task.gate_failed")


def test_nothing_leaves_where_it_may_not(cli: Cli, flags: tuple[str, ...], text: str) -> None:
    done = cli(*flags, "task", "summarise", text, "--lang", "en", "--device", "--subject", CN)
    assert done.code == 1 and "no answer: not_able" in done.err and "receipt" not in done.err


def test_tasks_are_listed_with_where_they_can_be_had(cli: Cli, flags: tuple[str, ...]) -> None:
    done = cli(*flags, "task", "--lang", "zh", "--subject", CN)
    assert done.code == 0 and "summarise" in done.out and "elsewhere: qwen-beijing" in done.out
    rows = cli(*flags, "--json", "task").json()["tasks"]
    assert {row["name"] for row in rows} == set(TASKS)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("sumarise", "text.txt"), "task.unknown"),
        (("summarise", "nowhere.txt"), "usage"),
        (("translate", "text.txt", "--style", "bullets"), "usage"),
        (("extract", "text.txt", "--schema", "nowhere.json"), "usage"),
        (("summarise", "text.txt", "--set", "most"), "usage"),
        (("rewrite", "text.txt", "--subject", "é"), "usage"),
    ],
)
def test_what_is_typed_wrongly(cli: Cli, flags: tuple[str, ...], text: str, words: tuple[str, ...], code: str) -> None:
    cli(*flags, "task", *words).refused(2, code)


def test_two_commands_of_one_home_are_done_one_after_the_other(
    cli: Cli, flags: tuple[str, ...], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(Path(flags[-1]))
    other = HomeLock(Path(flags[-1]))
    other.acquire()
    monkeypatch.setattr(front.time, "sleep", lambda _: other.release())
    done = cli(*flags, "task", "rewrite", text, "--lang", "en", "--subject", CN)
    assert done.code == 0 and done.err.startswith("another command uses this home")


def test_who_holds_a_home_for_long_is_said(cli: Cli, flags: tuple[str, ...], text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(Path(flags[-1]))
    other = HomeLock(Path(flags[-1]))
    other.acquire()
    monkeypatch.setattr(front, "WAIT_SECONDS", 0.0)
    try:
        cli(*flags, "task", "rewrite", text, "--lang", "en", "--subject", CN).refused(1, "home.in_use")
    finally:
        other.release()


def test_what_can_be_written_nowhere_is_said_before_anything_is_asked(cli: Cli, flags: tuple[str, ...], text: str, tmp_path: Path) -> None:
    cli(*flags, "task", "rewrite", text, "--lang", "en", "--out", tmp_path / "no" / "x.txt", "--subject", CN).refused(2, "usage")
    cli(*flags, "task", "rewrite", text, "--lang", "en", "--out", tmp_path, "--subject", CN).refused(2, "usage")
    cli(*flags, "task", "speak", text).refused(2, "usage")


def test_a_disk_that_is_full_as_the_answer_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(CallerError, match="cannot be written"):
        task._shown("a text", tmp_path / "x.txt")


@pytest.mark.parametrize(("name", "model"), [("ocr", "ocr"), ("transcribe", "faster-whisper-base")])
def test_without_its_model_a_task_names_what_to_fetch(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, model: str
) -> None:
    monkeypatch.setenv("COMITY_MODELS", str(tmp_path / "none"))
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # what another test's gateway logged to is closed by now
    file = tmp_path / "file"
    file.write_bytes(b"\x89PNG\r\n\x1a\n and more")
    assert f"comity models add {model}" in cli("task", name, file).refused(1, "task.not_ready")
    assert f"needs model: comity models add {model}" in cli("task").out


def test_where_deployments_are_configured_no_model_is_offered_that_would_be_none(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMITY_MODELS", str(tmp_path / "none"))
    (tmp_path / "comity.toml").write_text(
        '[controller]\nname = "K"\nestablished = ["US"]\n\n[server]\nport = 0\n\n'
        '[[deployments]]\nid = "small"\nprovider = "embedded"\nmodel = "smollm2-135m-instruct"\n',
        encoding="utf-8",
    )
    (row,) = [row for row in cli("--json", "task").json()["tasks"] if row["name"] == "ocr"]
    assert row["availability"]["availability"] == "refused" and "no deployment on this device does ocr" in row["availability"]["reason"]


def test_what_the_law_denies_ends_with_its_own_code(cli: Cli, flags: tuple[str, ...], text: str) -> None:
    done = cli(*flags, "task", "rewrite", text, "--subject", 'location="CN", residence="CN", age=9, consent=()')
    assert done.code == 4 and "see: comity explain last" in done.err


def test_one_line_tells_what_happened() -> None:
    result: dict[str, Any] = {
        "task": "summarise", "value": "x", "gates": [{"name": "language", "passed": True}], "receipt": "01R",
        "served_by": {"deployment": "device", "model": "m", "region": ["device"]},
        "steps": [{"deployment": "big", "outcome": "not_able", "why": "unmeasured"}, {"deployment": "device", "outcome": "answered"}],
    }  # fmt: skip
    assert task.told(result) == "done on this machine by m; gates passed: language; before that big: not_able (unmeasured); receipt 01R"


def test_values_as_text(tmp_path: Path) -> None:
    assert task._as_text(["a", "b"]) == "- a\n- b"
    assert task._as_text({"fields": {"a": "é"}, "marked": []}) == json.dumps({"a": "é"}, ensure_ascii=False, indent=2)
    assert "was" in task._as_text({"text": "We were.", "edits": [{"start": 3, "end": 6, "was": "was", "now": "were"}]})
