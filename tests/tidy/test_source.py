# SPDX-License-Identifier: Apache-2.0
"""The shape of the source: rooms that say what they are, files a person can read in one sitting."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT, SOURCE, files, rooms, texts

LINES_MAX = 500
# Files that were longer when this list was made, with how long; a number here may only go down, and a file under the limit must leave.
LONGER: dict[str, int] = {}
VAGUE = frozenset({"utils", "util", "common", "core", "helpers", "helper", "misc", "lib"})
PYTHON = [path for path in files() if path.suffix == ".py"]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("room", rooms(), ids=lambda room: room.name)
def test_a_room_says_what_it_owns_and_what_it_will_not_do(room: Path) -> None:
    sign = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert re.search(r"\b(Owns|Will own)\b", sign), f"{room.name}: no `Owns …` in its docstring"
    built = any(path.name != "__init__.py" for path in room.rglob("*.py"))
    if built:
        assert "Will not" in sign, f"{room.name}: no `Will not …` in its docstring"
        assert "Empty until" not in sign, f"{room.name} says that it is empty and is not"
    else:
        assert "Empty until" in sign, f"{room.name} is empty and does not say so"


@pytest.mark.parametrize("path", [path for path in PYTHON if SOURCE in path.parents], ids=name_of)
def test_a_source_file_fits_one_sitting(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGER.get(name_of(path), LINES_MAX), f"{name_of(path)} has {lines} lines; split it where its ideas part"


def test_the_list_of_longer_files_only_shrinks() -> None:
    for name, allowed in LONGER.items():
        lines = len((ROOT / name).read_text(encoding="utf-8").splitlines())
        assert LINES_MAX < lines <= allowed, f"{name} has {lines} lines: lower or remove its entry"


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_a_file_opens_with_its_licence_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    first = lines[1] if lines and lines[0].startswith("#!") else (lines[0] if lines else "")
    assert first == "# SPDX-License-Identifier: Apache-2.0"
    if path.name != "__init__.py" or path.parent in rooms():
        assert ast.get_docstring(ast.parse(text)), f"{name_of(path)} has no module docstring"


def test_names_say_something() -> None:
    vague = [name_of(path) for path in files() if SOURCE in path.parents and VAGUE & {path.stem, *path.relative_to(SOURCE).parts[:-1]}]
    assert not vague, "named after nothing in the domain: " + ", ".join(vague)


def test_nothing_is_put_off_in_a_comment() -> None:
    word = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")) + r")\b")
    found = [f"{name}:{number}" for name, text in texts().items() if name.endswith((".py", ".cedar", ".toml", ".md", "Makefile"))
             for number, line in enumerate(text.splitlines(), 1) if word.search(line)]  # fmt: skip
    assert not found, "do it, or open an issue: " + ", ".join(found)


def test_silenced_checks_name_what_they_silence() -> None:
    bare = re.compile(r"#\s*(type:\s*ignore(?!\[)|noqa(?!:))")
    found = [f"{name}:{number}" for name, text in texts().items() if name.endswith(".py")
             for number, line in enumerate(text.splitlines(), 1) if bare.search(line)]  # fmt: skip
    assert not found, "name the rule: " + ", ".join(found)
