# SPDX-License-Identifier: Apache-2.0
"""`comity documents`, as a person types it: what is kept, found and let go of, with a model of vectors here or without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from comity.cli import say
from tests.cli.conftest import Cli


def test_a_document_is_kept_found_and_forgotten(cli: Cli, tmp_path: Path) -> None:
    mia, trip = tmp_path / "mia.txt", tmp_path / "trip.txt"
    mia.write_text("The kitten sleeps on the window sill.", encoding="utf-8")
    trip.write_text("我们坐高铁去杭州。", encoding="utf-8")
    added = cli("documents", "add", str(mia), str(trip))
    assert (added.code, added.out) == (0, f"added  {mia}\nadded  {trip}\n")
    assert cli("documents", "add", str(mia)).out == f"unchanged  {mia}\n"
    found = json.loads(cli("--json", "documents", "find", "杭州").out)
    (hit, *_) = found["value"]["hits"]
    assert hit["document"] == str(trip) and hit["evidence"]["text"] == "我们坐高铁去杭州。"
    assert f"{mia}  0-37\n  The kitten sleeps" in cli("documents", "find", "window sill").out
    assert cli("documents", "forget", str(mia)).out == "forgotten\n"
    assert cli("documents", "list").out == f"{trip}\n"


def test_what_is_not_there_is_said(cli: Cli, tmp_path: Path) -> None:
    nothing = cli("documents", "find", "zzyzx")
    assert (nothing.code, nothing.out) == (1, "") and "nothing found" in nothing.err
    assert cli("documents", "forget", "nobody").code == 3
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\xff")
    assert cli("documents", "add", str(picture)).code == 2


def test_a_document_commands_no_terminal(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hostile\x1b[31m.txt"
    path.write_text("Board minutes\x1b]0;title\x07 \x9b2J \u202etext.", encoding="utf-8")
    assert "\x1b" in cli("documents", "add", str(path)).out, "into a pipe it goes as it is"
    monkeypatch.setattr(say.sys.stdout.__class__, "isatty", lambda _: True, raising=False)
    for words in (("add", str(path)), ("find", "board minutes"), ("list",)):
        said = cli("documents", *words).out
        assert said and not set("\x1b\x07\x9b\u202e") & set(said)
    assert "\x1b" not in cli("documents", "forget", "no\x1b[2Jbody").err
