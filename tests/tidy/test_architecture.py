# SPDX-License-Identifier: Apache-2.0
"""ARCHITECTURE.md says what is so: the rooms, their order, and for each invariant a test that exists."""

from __future__ import annotations

import ast
import re
import tomllib

import pytest

from tests.tidy.tree import ROOT, SOURCE, rooms

PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
HELD = re.compile(r"`(tests/[a-z_/]+\.py)::(test_\w+)`")
INVARIANTS = [row for row in PAGE.split("## Invariants")[1].splitlines() if row.startswith("| ") and not row.startswith("| invariant")]


def section(title: str) -> str:
    return PAGE.split(f"## {title}")[1].split("\n## ")[0]


def described() -> dict[str, str]:
    return dict(re.findall(r"^\| `([a-z]+)` \| (.+) \|$", section("Rooms"), re.M))


def test_the_order_of_the_rooms_is_the_contract_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(each["layers"] for each in project["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
    said = " ".join(re.findall(r"^`(.*[>|].*)`$", section("Rooms"), re.M))
    assert said.split(" > ") == layers


def test_every_room_is_described_and_no_other() -> None:
    modules = {"ports", "errors"}
    assert described().keys() == {room.name for room in rooms()} | modules


def test_what_is_called_empty_is_empty() -> None:
    empty = {room.name for room in rooms() if not [path for path in room.rglob("*.py") if path.name != "__init__.py"]}
    assert {name for name, words in described().items() if "(empty)" in words} == empty


def test_the_steps_name_files_that_exist() -> None:
    rows = [row.split("|")[4] for row in section("Seven steps").splitlines() if re.match(r"\| \d ", row)]
    assert len(rows) == 7
    for row in rows:
        first = ""
        for name in re.findall(r"`([^`]+)`", row):
            first = first or name.split("/")[0]
            assert (SOURCE / name).exists() or (SOURCE / first / name).exists(), name


@pytest.mark.parametrize("row", INVARIANTS, ids=lambda row: row.split("|")[1].strip()[:50])
def test_an_invariant_names_tests_that_exist(row: str) -> None:
    held = HELD.findall(row)
    assert bool(held) is not ("not yet" in row), "name its tests, or say `not yet`"
    for path, name in held:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name in defined, f"{path} has no {name}"


def test_the_page_is_one_page() -> None:
    assert len(PAGE.splitlines()) <= 100
