# SPDX-License-Identifier: Apache-2.0
"""The shape of the source: rooms that say what they are, files a person can read in one sitting."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT, SOURCE, files, rooms, texts

LINES_MAX = 500
# Files that were longer when this list was made, with how long; a number here may only go down, and a file under the limit must leave.
LONGER: dict[str, int] = {}
VAGUE = frozenset({"utils", "util", "common", "core", "helpers", "helper", "misc", "lib"})
STATIC = SOURCE / "console" / "static"  # of a browser's programs: `vendor` is named by others, and `lib` is what all pages import
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
    ours = [path for path in files() if SOURCE in path.parents and STATIC / "vendor" not in path.parents]
    named = {path: path.relative_to(STATIC / "lib" if STATIC / "lib" in path.parents else SOURCE) for path in ours}
    vague = [name_of(path) for path, name in named.items() if VAGUE & {path.stem, *name.parts[:-1]}]
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


# -- what a reader must be able to rely on everywhere ----------------------------------------------------------------

REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in PYTHON if SOURCE in path.parents}


def places(found: Iterable[tuple[Path, ast.AST]]) -> list[str]:
    return [f"{name_of(path)}:{getattr(node, 'lineno', 0)}" for path, node in found]


def names_a_region(node: ast.AST) -> bool:
    """Compared with, matched against or looked up by the code of a country; `head in "ST"` looks for letters, not for countries."""
    asked: list[ast.expr] = []
    if isinstance(node, ast.Compare):
        searched = [isinstance(op, ast.In | ast.NotIn) and isinstance(each, ast.Constant)
                    for op, each in zip(node.ops, node.comparators, strict=True)]  # fmt: skip
        asked = [node.left, *(each for each, text in zip(node.comparators, searched, strict=True) if not text)]
    elif isinstance(node, ast.MatchValue):
        asked = [node.value]
    elif isinstance(node, ast.Subscript):
        asked = [node.slice]
    asked += [part for each in asked if isinstance(each, ast.Tuple | ast.List | ast.Set) for part in each.elts]
    return any(isinstance(each, ast.Constant) and isinstance(each.value, str) and REGION.fullmatch(each.value) for each in asked)


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ('x == "CN"', True),
        ('x in ("US", "US-CA")', True),
        ('t["DE"]', True),
        ('"FR" in place', True),
        ('x == "en"', False),
        ('x in "ST"', False),
        ('f(region or "CN")', False),
    ],
)
def test_the_search_for_rules_in_code_finds_them(planted: str, found: bool) -> None:
    assert any(map(names_a_region, ast.walk(ast.parse(planted)))) is found


def test_no_rule_of_law_is_written_in_code() -> None:
    """Packs say what holds where.  The lab is left out: a world of regions is what it is."""
    found = places((path, node) for path, tree in TREES.items() if SOURCE / "lab" not in path.parents
                   for node in ast.walk(tree) if names_a_region(node))  # fmt: skip
    assert not found, "a pack's work: " + ", ".join(found)


def test_nothing_is_fire_and_forget() -> None:
    """A task that nobody keeps may vanish with what it owed; only a call that is awaited or bound to a name counts as kept."""
    loose = {"create_task", "ensure_future", "run_coroutine_threadsafe", "call_soon", "call_later"}
    found = places((path, node) for path, tree in TREES.items() for node in ast.walk(tree)
                   if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
                   and getattr(node.value.func, "attr", getattr(node.value.func, "id", "")) in loose)  # fmt: skip
    assert not found, "keep it and await it: " + ", ".join(found)


def test_a_trust_failure_is_caught_nowhere() -> None:
    """It may pass through what catches every error of ours and says it; nothing singles it out to go on without it."""
    caught = [(path, node, ast.unparse(node.type)) for path, tree in TREES.items() for node in ast.walk(tree)
              if isinstance(node, ast.ExceptHandler) and node.type is not None]  # fmt: skip
    found = places((path, node) for path, node, what in caught if "TrustFailure" in what)
    assert not found, "never downgraded: " + ", ".join(found)
