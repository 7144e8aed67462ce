# SPDX-License-Identifier: Apache-2.0
"""`comity scan` as it is typed: what is found, who sees it, and what cannot be scanned."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from comity.privacy.findings import Finding
from tests.cli.conftest import Cli, on_a_terminal

TEXT = "Dear all,\r\nwrite to lena@vogel.io\n\n电话：13812345678，谢谢。\n"
PLACES = [("EMAIL", 2, 10, 20, 33), ("PHONE", 4, 4, 38, 49)]


@pytest.fixture
def letter(tmp_path: Path) -> str:
    (tmp_path / "letter.txt").write_bytes(TEXT.encode())
    return "letter.txt"


# -- what is found ---------------------------------------------------------------------------------------------------


def test_json_has_places_and_types_and_never_the_text(cli: Cli, letter: str) -> None:
    done = cli("scan", letter, "--json")
    value = done.json()
    assert [tuple(row[name] for name in ("type", "line", "column", "start", "end")) for row in value["findings"]] == PLACES
    assert all(set(row) == {"type", "category", "start", "end", "line", "column", "recognizer"} for row in value["findings"])
    assert (value["profile"], value["types"], value["categories"]) == ("rules", {"EMAIL": 1, "PHONE": 1}, ["contact"])
    assert (done.code, done.err) == (0, "") and "lena" not in done.out and "1381" not in done.out


def test_elsewhere_than_on_a_terminal_no_line_tells_what_was_found(typed: Cli, letter: str) -> None:
    done = typed("scan", letter)
    assert done.code == 0
    assert [line.split() for line in done.out.splitlines()[:2]] == [["2:10", "EMAIL", "email"], ["4:4", "PHONE", "phone_cn_mobile"]]
    assert done.out.splitlines()[2] == "2 found: 1 EMAIL, 1 PHONE"
    assert "lena" not in done.out + done.err and "\x1b" not in done.out + done.err
    assert f"comity redact {letter}" in done.err


def test_on_a_terminal_what_was_found_is_marked_in_its_line(tmp_path: Path, letter: str) -> None:
    seen = on_a_terminal(tmp_path, "scan", letter)
    assert "\x1b[1;33mlena@vogel.io\x1b[0m" in seen and "write to " in seen and "Dear all" not in seen
    plain = on_a_terminal(tmp_path, "scan", letter, NO_COLOR="1")
    assert "lena@vogel.io" in plain and "\x1b[1;33m" not in plain and "\x1b[2m" not in plain


def test_a_terminal_obeys_nothing_that_a_file_says(tmp_path: Path) -> None:
    (tmp_path / "evil.txt").write_text("\x1b]0;owned\x07 \x1b[2J lena@vogel.io \x9b31m", encoding="utf-8")
    seen = on_a_terminal(tmp_path, "scan", "evil.txt", NO_COLOR="1")
    assert "lena@vogel.io" in seen and "\x1b]0" not in seen and "\x1b[2J" not in seen and "\x07" not in seen and "\x9b" not in seen


def test_a_large_file_shows_how_far_it_is_and_leaves_no_trace_of_it(tmp_path: Path) -> None:
    (tmp_path / "large.txt").write_bytes(b"a line with nothing in it\n" * 60_000)
    seen = on_a_terminal(tmp_path, "scan", "large.txt")
    assert "100%  1.6 of 1.6 MB" in seen and "[####" in seen
    assert seen.rsplit("\x1b[K", 1)[1] == "nothing personal was found (profile rules)\r\n"


def test_standard_input_and_nothing_found(cli: Cli) -> None:
    assert cli("scan", "-", stdin=b"lena@vogel.io").out.endswith("\n1 found: 1 EMAIL\n")
    for nothing in (b"", b"nothing here"):
        done = cli("scan", "-", stdin=nothing)
        assert (done.code, done.out, done.err) == (0, "nothing personal was found (profile rules)\n", "")


def test_a_pipeline_can_fail_on_findings(cli: Cli, letter: str) -> None:
    assert cli("scan", letter, "--fail-on-findings").code == 1
    assert cli("scan", letter, "--fail-on-findings", "--json").code == 1
    assert cli("scan", "-", "--fail-on-findings", stdin=b"nothing here").code == 0


# -- items -----------------------------------------------------------------------------------------------------------


def test_items_become_predictions(cli: Cli, tmp_path: Path) -> None:
    items = [{"id": "a", "lang": "en", "text": "to lena@vogel.io", "spans": []}, {"id": 2, "text": "什么都没有"}, {"id": "c", "text": ""}]
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(item) for item in items) + "\n\n", encoding="utf-8")
    done = cli("scan", "--jsonl", "in.jsonl", "--out", "pred.jsonl", "--profile", "rules")
    assert (done.code, done.out, done.err) == (0, "", "")
    expected = [{"id": "a", "spans": [{"start": 3, "end": 16, "type": "EMAIL"}]}, {"id": 2, "spans": []}, {"id": "c", "spans": []}]
    assert [json.loads(line) for line in (tmp_path / "pred.jsonl").read_text(encoding="utf-8").splitlines()] == expected
    again = cli("scan", "--jsonl", "in.jsonl")
    assert [json.loads(line) for line in again.out.splitlines()] == expected
    assert cli("scan", "--jsonl", "-", "--fail-on-findings", stdin=(tmp_path / "in.jsonl").read_bytes()).code == 1


@pytest.mark.parametrize(
    "line", ["{", "7", '{"id": "x"}', '{"text": "x"}', '{"id": "x", "text": 7}', '{"id": null, "text": ""}', "[" * 99_999]
)
def test_what_is_no_item_is_told_by_its_line_and_nothing_is_half_written(cli: Cli, tmp_path: Path, line: str) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": "a", "text": "lena@vogel.io"}\n' + line + "\n", encoding="utf-8")
    said = cli("scan", "--jsonl", "in.jsonl", "--out", "pred.jsonl").refused(3, "request.invalid")
    assert "in.jsonl, line 2: not an item with an `id` and a `text`" in said
    assert sorted(os.listdir(tmp_path)) == ["in.jsonl"]


# -- what cannot be scanned ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "nothing to scan is named"), (("a.txt", "--jsonl", "b"), "a file and `--jsonl` at once"),
     (("a.txt", "--out", "b"), "`--out` needs `--jsonl`")],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(cli: Cli, words: tuple[str, ...], said: str) -> None:
    assert said in cli("scan", *words).refused(2, "usage")


def test_what_cannot_be_read(cli: Cli, tmp_path: Path) -> None:
    assert "cannot read `gone.txt`" in cli("scan", "gone.txt").refused(3, "request.unreadable")
    assert "cannot read `.`" in cli("scan", ".").refused(3, "request.unreadable")
    assert "byte 3 is not UTF-8" in cli("scan", "-", stdin="café".encode("latin-1")).refused(3, "request.malformed")


def test_a_broken_recogniser_is_an_error_without_what_it_read(cli: Cli, letter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str, finders: object = ()) -> tuple[Finding, ...]:
        raise RuntimeError(text)

    monkeypatch.setattr("comity.privacy.guard.scan", broken)
    for words in ((letter,), ("--jsonl", "in.jsonl")):
        Path("in.jsonl").write_text('{"id": "a", "text": "lena@vogel.io"}', encoding="utf-8")
        assert "lena" not in cli("scan", *words).refused(1, "privacy.scan_failed")


@pytest.mark.parametrize("command", ["scan", "redact"])
def test_a_profile_whose_models_are_missing_is_refused_rather_than_quietly_less(
    cli: Cli, tmp_path: Path, letter: str, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COMITY_MODELS", str(tmp_path / "none"))
    for profile in ("balanced", "strict"):
        done = cli(command, letter, "--profile", profile)
        assert done.refused(1, "model.absent") if "model.absent" in done.err else done.refused(1, "model.no_runtime")
    assert "`loose` is none of: rules, balanced, strict" in cli(command, letter, "--profile", "loose").refused(2, "usage")
