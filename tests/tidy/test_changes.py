# SPDX-License-Identifier: Apache-2.0
"""Fragments are well formed, and assembling them loses nothing."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tests.tidy.tree import ROOT

HEAD = "# Changelog\n\nWords.\n"


@pytest.fixture(scope="module")
def assemble() -> Any:
    made = importlib.util.spec_from_file_location("assemble", ROOT / "changes" / "assemble.py")
    assert made is not None and made.loader is not None
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    return module


def test_the_fragments_here_are_well_formed(assemble: Any) -> None:
    found = assemble.fragments(ROOT / "changes")
    assert assemble.assembled((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), found, "999.0.0", "2999-01-01") if found else True


def test_each_fragment_is_under_its_kind_with_its_issue(assemble: Any) -> None:
    found = {"2-law.added.md": "One.", "10.fixed.md": "Two,\nin lines.", "2.added.md": "Three."}
    first = assemble.assembled(HEAD, found, "0.1.0", "2026-12-01")
    expected = "## 0.1.0 (2026-12-01)\n\n### Added\n\n- One. (#2)\n- Three. (#2)\n\n### Fixed\n\n- Two,\n  in lines. (#10)\n"
    assert first == f"{HEAD}\n{expected}"
    second = assemble.assembled(first, {"3.security.md": "Four."}, "0.2.0", "2027-01-31")
    assert second == f"{HEAD}\n## 0.2.0 (2027-01-31)\n\n### Security\n\n- Four. (#3)\n\n{expected}"


@pytest.mark.parametrize(
    ("version", "day", "found"),
    [("0.2", "2027-01-31", {"1.added.md": "x"}), ("0.2.0", "31.1.2027", {"1.added.md": "x"}), ("0.2.0", "2027-01-31", {})],
)
def test_what_cannot_be_released_is_refused(assemble: Any, version: str, day: str, found: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        assemble.assembled(HEAD, found, version, day)


def test_a_version_is_released_once(assemble: Any) -> None:
    once = assemble.assembled(HEAD, {"1.added.md": "x"}, "0.2.0", "2027-01-31")
    with pytest.raises(ValueError, match="already"):
        assemble.assembled(once, {"1.added.md": "x"}, "0.2.0", "2027-02-01")


@pytest.mark.parametrize(("name", "text"), [("new.added.md", "x"), ("2.shiny.md", "x"), ("2.added.md", " \n"), ("2.added.md", "# Title")])
def test_what_is_no_fragment_is_refused(assemble: Any, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=name):
        assemble.fragments(tmp_path)
