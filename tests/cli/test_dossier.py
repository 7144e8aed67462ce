# SPDX-License-Identifier: Apache-2.0
"""`comity dossier`, as a person types it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli, Story

DAY = ("--as-of", "2026-11-26")


def test_a_draft_of_a_home_where_nothing_was_recorded(cli: Cli, tmp_path: Path) -> None:
    done = cli("dossier", "CN", *DAY)
    assert done.code == 0
    assert done.out.startswith("# Mainland China: drafts for the regulator\n")
    statements, questions = (int(word) for word in done.err.split() if word.isdecimal())
    assert f"It holds {statements} statements and {questions} questions." in done.out
    out = tmp_path / "cn.html"
    done = cli("dossier", "CN", *DAY, "--language", "zh", "--part", "transfer-register", "--format", "html", "--out", str(out))
    assert (done.code, done.out) == (0, "") and done.err.startswith(f"written to {out}\n")
    assert "<h2>个人信息出境登记表</h2>" in out.read_text(encoding="utf-8")


def test_as_a_tree(cli: Cli) -> None:
    made = cli("dossier", "us", *DAY, "--format", "json").json()
    assert made == cli("dossier", "US", *DAY, "--json").json()
    assert (made["jurisdiction"], made["as_of"], made["packs"]) == ("US", "2026-11-26", ["us@0.1.0", "us-ca@0.1.0"])
    assert made["questions"][0]["id"] == "q1" and made["document"]["is"] == "document"


def test_what_there_is_not(cli: Cli, tmp_path: Path) -> None:
    for words, code, hint in (
        (("FR",), 3, "there are: CN, EEA, US"), (("CN", "--part", "dpia"), 3, "there are: impact-assessment"),
        (("CN", "--as-of", "x"), 3, "YYYY"),
        (("CN", "--out", str(tmp_path / "no" / "a.md")), 2, "name another file"),
    ):  # fmt: skip
        done = cli("dossier", *words)
        assert (done.code, done.out) == (code, "") and hint in done.err, done.err


def test_of_what_was_recorded(cli: Cli, story: Story) -> None:
    """Of one person nothing is told."""
    done = cli(*story.flags, "dossier", "CN", "--part", "processing-record")
    assert done.code == 0 and "so the number is withheld" in done.out
