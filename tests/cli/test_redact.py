# SPDX-License-Identifier: Apache-2.0
"""`comity redact` as it is typed: what is hidden, what the map holds, and what is never half there."""

from __future__ import annotations

import base64
import json
import os
import re
import stat
from pathlib import Path

import pytest

from comity.privacy.findings import Finding
from tests.cli.conftest import Cli

TEXT = "Dear all,\r\nwrite to lena@vogel.io, or Lena@vogel.io\r\n电话：13812345678"
TAG = re.compile(r"(EMAIL|PHONE)_\d+_[A-Z0-9]{5}")


@pytest.fixture
def letter(tmp_path: Path) -> str:
    (tmp_path / "letter.txt").write_bytes(TEXT.encode())
    return "letter.txt"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_text_is_the_result_and_all_else_is_said_beside_it(typed: Cli, letter: str) -> None:
    done = typed("redact", letter)
    assert done.code == 0 and len(TAG.findall(done.out)) == 3 and TAG.sub("", done.out) == "Dear all,\r\nwrite to , or \r\n电话："
    assert done.err == "3 hidden: 2 EMAIL, 1 PHONE\nwithout --map this cannot be undone\n"


def test_the_map_says_what_it_is_and_is_its_owners_alone(cli: Cli, letter: str, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        done = cli("redact", letter, "--out", "hidden.txt", "--map", "letter.map")
    finally:
        os.umask(old)
    assert (done.code, done.out) == (0, "") and "letter.map is the way back for 30 days" in done.err
    assert mode(tmp_path / "letter.map") == mode(tmp_path / "hidden.txt") == 0o600
    kept = json.loads((tmp_path / "letter.map").read_text(encoding="utf-8"))
    assert kept["note"].startswith("personal data")
    raw = (tmp_path / "letter.map").read_bytes() + base64.b64decode(kept["sealed"])
    assert b"vogel" not in raw.lower() and b"138" not in base64.b64decode(kept["sealed"])
    hidden = (tmp_path / "hidden.txt").read_bytes().decode()
    assert len(TAG.findall(hidden)) == 3 and "vogel" not in hidden.lower()
    assert sorted(set(os.listdir(tmp_path)) - {"nobody"}) == ["hidden.txt", "letter.map", "letter.txt"]  # `nobody` is the home


def test_each_run_has_tokens_of_its_own(cli: Cli, letter: str) -> None:
    assert cli("redact", letter).out != cli("redact", letter).out


def test_surrogates_are_values_of_the_same_kind(cli: Cli, letter: str) -> None:
    out = cli("redact", letter, "--style", "surrogates").out
    assert re.fullmatch(r"Dear all,\r\nwrite to \S+@\S+, or \S+@\S+\r\n电话：\d{11}", out) and "vogel" not in out.lower()


def test_a_mask_says_what_was_there_and_has_no_way_back(cli: Cli, letter: str) -> None:
    done = cli("redact", letter, "--style", "mask")
    assert done.out == "Dear all,\r\nwrite to [EMAIL], or [EMAIL]\r\n电话：[PHONE]"
    assert done.err == "3 hidden: 2 EMAIL, 1 PHONE\n"
    said = cli("redact", letter, "--style", "mask", "--map", "letter.map").refused(2, "usage")
    assert "cannot be undone" in said and not Path("letter.map").exists()


def test_where_nothing_is_found_the_text_stays(cli: Cli) -> None:
    done = cli("redact", "-", stdin=b"nothing\r\nhere")
    assert (done.code, done.out, done.err) == (0, "nothing\r\nhere", "nothing personal was found (profile rules)\n")


def test_json_is_about_the_files(cli: Cli, letter: str) -> None:
    assert cli("redact", letter, "--out", "h", "--map", "m", "--json").json() == {"types": {"EMAIL": 2, "PHONE": 1}, "out": "h", "map": "m"}
    assert "`--json` needs `--out`" in cli("redact", letter, "--json").error()["message"]


@pytest.mark.parametrize("there", ["hidden.txt", "letter.map"])
def test_what_is_there_is_replaced_only_by_force(cli: Cli, letter: str, tmp_path: Path, there: str) -> None:
    words = ("redact", letter, "--out", "hidden.txt", "--map", "letter.map")
    (tmp_path / there).write_text("precious", encoding="utf-8")
    said = cli(*words).refused(3, "report.unwritable")
    assert f"`{there}` is there already" in said and "--force" in said
    assert sorted(os.listdir(tmp_path)) == sorted(["letter.txt", there]) and (tmp_path / there).read_text() == "precious"
    assert cli(*words, "--force").code == 0
    assert "precious" not in (tmp_path / there).read_text(encoding="utf-8") and mode(tmp_path / there) == 0o600


def test_a_file_may_be_replaced_by_its_own_hidden_text(cli: Cli, letter: str, tmp_path: Path) -> None:
    cli("redact", letter, "--out", letter).refused(3, "report.unwritable")
    assert cli("redact", letter, "--out", letter, "--map", "m", "--force").code == 0
    assert "vogel" not in (tmp_path / letter).read_text(encoding="utf-8")
    cli("redact", letter, "--out", "m", "--map", "./m", "--force").refused(2, "usage")


def test_nothing_is_half_written(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("redact", "bad.txt", "--out", "hidden.txt", "--map", "letter.map")
    (tmp_path / "bad.txt").write_bytes(b"lena@vogel.io\n" * 60_000 + b"\xff")
    assert f"byte {14 * 60_000} is not UTF-8" in cli(*words).refused(3, "request.malformed")
    assert os.listdir(tmp_path) == ["bad.txt"]

    def broken(text: str, finders: object = ()) -> tuple[Finding, ...]:
        raise RuntimeError(text)

    monkeypatch.setattr("comity.privacy.guard.scan", broken)
    assert "lena" not in cli(*words).refused(1, "privacy.scan_failed")
    assert cli("redact", "-", stdin=b"lena@vogel.io").out == ""
    assert os.listdir(tmp_path) == ["bad.txt"]


def test_what_cannot_be_written(cli: Cli, letter: str, tmp_path: Path) -> None:
    for flag in ("--out", "--map"):
        assert "cannot write `no/such`" in cli("redact", letter, flag, "no/such").refused(3, "report.unwritable")
    assert os.listdir(tmp_path) == ["letter.txt"]
    cli("redact", "gone.txt", "--out", "hidden.txt").refused(3, "request.unreadable")
    assert os.listdir(tmp_path) == ["letter.txt"]
