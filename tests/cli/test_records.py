# SPDX-License-Identifier: Apache-2.0
"""`comity records`: lists, shows and exports what was decided, from the home of a gateway that runs or not."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from comity.cli.main import main
from comity.cli.records import _cell
from comity.transparency import queries
from comity.transparency.rows import DATABASE
from tests.simulated.worlds import BEIJING, FRANKFURT, VIRGINIA, FixedClock, config, simulate, subject


async def _asked(home: Path, count: int) -> list[str]:
    """Allowed in China, refused, allowed in Germany, and so on, a minute apart; receipts in the order of the log."""
    sim, receipts = await simulate(config(BEIJING, FRANKFURT, VIRGINIA), home, clock=FixedClock()), []
    try:
        for at in range(count):
            where, model = (("CN", "auto"), ("CN", "us-virginia"), ("DE", "eu-frankfurt"))[at % 3]
            try:
                _, served = await sim.ask("a zebra", subject(where), model=model)
                receipts.append(served.receipt.id)
            except Exception as refused:
                receipts.append(refused.receipt)  # type: ignore[attr-defined]
            sim.clock.advance(minutes=1)
    finally:
        await sim.aclose()
    return receipts


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    home = tmp_path_factory.mktemp("home")
    return home, asyncio.run(_asked(home, 7))


def ran(capsys: pytest.CaptureFixture[str], home: Path, *words: str, code: int = 0) -> tuple[str, str]:
    assert main(["--home", str(home), *words]) == code
    said = capsys.readouterr()
    return said.out, said.err


def test_the_newest_is_listed_first(recorded: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    home, receipts = recorded
    out, _ = ran(capsys, home, "records", "list")
    assert [line.split()[-1] for line in out.splitlines()] == receipts[::-1]
    assert "zebra" not in out and "refused" in out


def test_a_list_goes_on_where_it_says(recorded: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    home, receipts = recorded
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        said = json.loads(ran(capsys, home, "--json", "records", "list", "-n", "3", "--after", after)[0])
        seen += [row["id"] for row in said["data"]]
        after = said["after"]
    assert seen == receipts[::-1]


@pytest.mark.parametrize(
    ("words", "places"),
    [
        (["--where", "effect=deny"], [1, 4]),
        (["--where", "source=DE"], [2, 5]),
        (["--where", "destination=CN"], [0, 3, 6]),
        (["--from", "2026-11-23T12:02:00", "--to", "2026-11-23T12:05:00+00:00"], [2, 3, 4]),
        (["--where", "rule=cn.export.no-consent", "--from", "2026-11-23T12:02"], [4]),
        (["--where", "pack=nowhere"], []),
    ],
)
def test_what_is_asked_for_is_listed_and_exported(
    recorded: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str], words: list[str], places: list[int]
) -> None:
    home, _ = recorded
    listed = json.loads(ran(capsys, home, "--json", "records", "list", *words)[0])["data"]
    exported = [json.loads(line) for line in ran(capsys, home, "records", "export", *words)[0].splitlines()]
    assert [row["index"] for row in exported] == places
    assert listed == exported[::-1]


def test_an_export_goes_on_after_any_record(
    recorded: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut anywhere and gone on with, it is the same as in one piece, however much is read at once."""
    home, receipts = recorded
    whole, told = ran(capsys, home, "records", "export")
    assert [json.loads(line)["id"] for line in whole.splitlines()] == receipts and "7 records" in told and "--after 6" in told
    monkeypatch.setattr(queries, "CHUNK", 2)
    for cut in range(-1, 7):
        rest, told = ran(capsys, home, "records", "export", "--after", str(cut))
        assert rest.splitlines() == whole.splitlines()[cut + 1 :] and "--after 6" in told


def test_csv_has_the_same_rows(recorded: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    home, receipts = recorded
    rows = list(csv.DictReader(io.StringIO(ran(capsys, home, "records", "export", "--format", "csv")[0], newline="")))
    assert [row["id"] for row in rows] == receipts
    assert rows[1]["rules"].split() == ["cn.export.no-consent", "cn.genai.unfiled"] and rows[1]["effect"] == "deny"
    rest = ran(capsys, home, "records", "export", "--format", "csv", "--after", "5")[0]
    assert len(list(csv.reader(io.StringIO(rest)))) == 1  # no second head


@pytest.mark.parametrize("said", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(said: str) -> None:
    assert _cell(said) == f"'{said}" and _cell([said, "x"]).startswith("'")


def test_one_is_shown_by_id_by_place_or_the_last(recorded: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    home, receipts = recorded
    shown: list[dict[str, Any]] = [
        json.loads(ran(capsys, home, "--json", "records", "show", what)[0]) for what in (receipts[6], "6", "last")
    ]
    assert shown[0] == shown[1] == shown[2] and shown[0]["decision"]["id"] == receipts[6]
    text, _ = ran(capsys, home, "records", "show", receipts[1])
    assert "DENY" in text and "cn-pipl-39" in text and receipts[1] in text and "out by" in text
    allowed, _ = ran(capsys, home, "records", "show", "0")
    assert "contract:processor" in allowed and "processor_contract" in allowed


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["show", "nothing"], 3, "receipt.unknown"),
        (["list", "-n", "0"], 3, "request.query"),
        (["list", "--from", "yesterday"], 3, "request.query"),
        (["export", "--where", "effect=maybe"], 3, "request.query"),
        (["list", "--where", "efect=deny"], 3, "did you mean `effect`?"),
        (["list", "--where", "effect=deny", "--where", "effect=allow"], 3, "request.query"),
        (["list", "--where", "effect"], 2, "`effect` is not WHAT=WORD"),
        (["export", "--format", "xml"], 2, "usage"),
        (["export", "--after", "here"], 2, "usage"),
    ],
)
def test_what_is_asked_wrongly_is_told(
    recorded: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str], words: list[str], code: int, told: str
) -> None:
    assert told in ran(capsys, recorded[0], "records", *words, code=code)[1]


@pytest.mark.parametrize("words", [["list"], ["show"], ["export"]])
def test_where_nothing_was_recorded_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert "storage.absent" in ran(capsys, tmp_path, "records", *words, code=1)[1]


def test_what_no_law_keeps_any_longer_goes_and_the_rest_verifies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first was kept for months that are long over; a record without a number is kept."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    receipts = asyncio.run(_asked(home, 2))
    with closing(sqlite3.connect(home / DATABASE)) as db, db:
        db.execute("UPDATE records SET until = '2020-01' WHERE idx = 0")
    assert json.loads(ran(capsys, home, "--json", "records", "expire", "--dry-run")[0])["records"] == 1
    assert ran(capsys, home, "records", "list")[0].count("\n") == 2, "it was only said"
    assert "records gone: 1" in ran(capsys, home, "records", "expire")[0]
    assert [line.split()[-1] for line in ran(capsys, home, "records", "list")[0].splitlines()] == receipts[1:]
    ran(capsys, home, "log", "verify", "1")
    assert "records gone: 0" in ran(capsys, home, "records", "expire")[0]


def test_nothing_is_made_where_nothing_was_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "error[storage.absent]" in ran(capsys, tmp_path, "records", "expire", code=1)[1]
    assert list(tmp_path.iterdir()) == []
