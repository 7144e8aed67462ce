# SPDX-License-Identifier: Apache-2.0
"""Importing costs nothing, and imports point down the list of rooms only."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from comity.cli.main import COMMANDS
from comity.device.manifest import OPERATION
from tests.tidy.tree import ROOT, SOURCE

HEAVY = (
    "cedarpy",
    "cryptography",
    "jwt",
    "uvicorn",
    "uvloop",
    "httptools",
    "xllamacpp",
    "sqlite3",
    "asyncio",
    "ssl",
    "openai",
)


def loaded_by(statement: str) -> set[str]:
    """Top-level names of every module that a fresh interpreter holds after ``statement`` and did not hold before."""
    program = f"import sys; before = set(sys.modules)\n{statement}\nloaded = set(sys.modules) - before\nprint(*sorted(loaded))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_importing_comity_loads_nothing_else() -> None:
    assert {name for name in loaded_by("import comity") if not name.startswith("__")} <= {"comity", "__future__"}


@pytest.mark.parametrize("module", ["comity.errors", "comity.ports", "comity.config", "comity.cli.main"])
def test_a_light_module_loads_nothing_heavy(module: str) -> None:
    heavy = {name for name in loaded_by(f"import {module}") if name.split(".")[0] in HEAVY}
    assert heavy == set(), "import these where they are used, inside the function"


def test_importing_any_module_does_nothing() -> None:
    """Each module is imported under an audit hook: no socket, process, database, thread, or file opened for writing."""
    modules = sorted(
        ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in SOURCE.rglob("*.py")
        if path.name != "__main__.py"
    )
    program = """
import importlib, json, os, sys
watched = {"socket.connect", "socket.bind", "subprocess.Popen", "sqlite3.connect", "os.system", "os.mkdir", "os.remove"}
watched |= {"_thread.start_new_thread"}
seen, current = [], ""
def hook(event, arguments):
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if (event in watched or writes) and ".pyc" not in str(arguments[:1]):
        seen.append([current, event])
sys.dont_write_bytecode = True
sys.addaudithook(hook)
for current in json.loads(sys.argv[1]):
    importlib.import_module(current)
print(json.dumps(seen))
"""
    done = subprocess.run([sys.executable, "-c", program, json.dumps(modules)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from importlinter.cli import lint_imports; "
        "sys.exit(lint_imports(no_cache=True, no_logo=True))"
    )
    return subprocess.run([sys.executable, "-c", program, str(root / "src")], cwd=root, capture_output=True, text=True, check=False)


def test_the_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_catch_planted_faults(copy: Path) -> None:
    """Contracts that cannot fail hold nothing: one fault each, all seen."""
    rooms = copy / "src" / "comity"
    (rooms / "wire" / "planted.py").write_text("import comity.gateway\n")
    (rooms / "policy" / "planted.py").write_text("import socket\n")
    (rooms / "routing" / "planted.py").write_text("import comity.providers.adapters.left\n")
    (rooms / "providers" / "adapters" / "left.py").write_text("import comity.providers.adapters.right\n")
    (rooms / "providers" / "adapters" / "right.py").write_text("")
    done = lint(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    for expected in (
        "comity.wire is not allowed to import comity.gateway",
        "comity.policy is not allowed to import socket",
        "comity.routing is not allowed to import comity.providers.adapters",
        "comity.providers.adapters.left is not allowed to import comity.providers.adapters.right",
    ):
        assert expected in " ".join(done.stdout.split()), done.stdout


def test_a_new_room_is_a_decision(copy: Path) -> None:
    (copy / "src" / "comity" / "utils").mkdir()
    (copy / "src" / "comity" / "utils" / "__init__.py").write_text("")
    done = lint(copy)
    assert done.returncode != 0
    assert "comity.utils" in done.stdout + done.stderr


def test_no_module_is_dead() -> None:
    """Each is imported by another, is started by name, is a sign on a door, or is there for other programs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    entries = {value.partition(":")[0] for value in project["project"]["scripts"].values()} | {"comity.__main__"}
    names = {name_of(path): path for path in SOURCE.rglob("*.py")}
    used = entries | {"comity.privacy.presidio"}  # for whoever has Presidio: docs/howto/scan-and-redact.md
    used |= {f"comity.learning.{each}" for each in ("contribution", "release", "importer")}  # a library: docs/reference/learning.md
    used |= {f"comity.cli.{command}" for command in COMMANDS}  # by its name: `comity.cli.main`
    used |= {f"comity.device.engines.{kind}" for kind in OPERATION}  # by the kind of a model: `comity.device.child`
    for name, path in names.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                used |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                used |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names and node.value != name:
                used.add(node.value)  # `python -m …`
    signs = {name for name, path in names.items() if path.name == "__init__.py"}
    assert sorted(names.keys() - used - signs) == []


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
