# SPDX-License-Identifier: Apache-2.0
"""`comity forecast`, as a person types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli

pytest.importorskip("numpy", reason="needs comity[forecast]")


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """Few enough that no model of another library is asked: those are tried in tests/unit."""
    path = tmp_path / "series.csv"
    path.write_text("date,value\n2026-01,1\n2026-02,3\n2026-03,2\n2026-04,4\n2026-05,3\n2026-06,5\n2026-07,4\n")
    return path


def test_it_says_what_comes_and_why(cli: Cli, series: Path) -> None:
    done = cli("forecast", series, "--horizon", "2")
    assert done.code == 0 and done.out.startswith("model    ") and "each step a month; no season" in done.out
    assert "\n  2026-08 " in done.out and "\n  2026-09 " in done.out and "7 values are few" in done.out
    assert done.out.splitlines()[-1].startswith("if wrong ")


def test_as_json(cli: Cli, series: Path) -> None:
    found = cli("--json", "forecast", series, "--horizon", "1", "--season", "1").json()
    assert [step["at"] for step in found["steps"]] == ["2026-08"]
    assert {"model", "why", "if_wrong", "season", "every", "tried"} <= found.keys()


@pytest.mark.parametrize(("name", "start"), [("out.png", b"\x89PNG"), ("out.svg", b"<?xml")])
def test_a_picture_is_drawn(cli: Cli, series: Path, tmp_path: Path, name: str, start: bytes) -> None:
    pytest.importorskip("matplotlib", reason="needs comity[plots]")
    assert cli("forecast", series, "--plot", tmp_path / name).code == 0
    assert (tmp_path / name).read_bytes().startswith(start)


def test_values_are_watched_as_they_come(cli: Cli, tmp_path: Path) -> None:
    pytest.importorskip("river", reason="needs comity[forecast]")
    path = tmp_path / "live.csv"
    path.write_text(
        "date,value\n" + "".join(f"2026-{n // 28 + 1:02}-{n % 28 + 1:02},{10 + n % 3 + (90 if n == 50 else 0)}\n" for n in range(60))
    )
    done = cli("forecast", path, "--watch", "--season", "3")
    assert done.code == 0 and done.out.startswith("2026-02-23 value 51: 102, expected ") and done.out.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("--horizon", "0"), "request.invalid", 3),
        (("--horizon", "99999"), "request.invalid", 3),
        (("--season", "weekly"), "usage", 2),
        (("--season", "0"), "usage", 2),
        (("--plot", "out.gif"), "request.invalid", 3),
        (("--plot", "no/such/folder/out.png"), "request.invalid", 3),
    ],
)
def test_what_cannot_be_done_is_refused(cli: Cli, series: Path, words: tuple[str, ...], code: str, exit_code: int) -> None:
    cli("forecast", series, *words).refused(exit_code, code)


@pytest.mark.parametrize("text", ["", "date,value\n", "date,value\n2026-01,x\n1,2,3", "date,value\nnever,1\n", "\x00\x01"])
def test_what_is_no_series_is_refused(cli: Cli, tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    cli("forecast", path).refused(3, "request.invalid")
    cli("forecast", tmp_path / "none.csv").refused(3, "request.invalid")
