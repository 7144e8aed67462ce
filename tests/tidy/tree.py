# SPDX-License-Identifier: Apache-2.0
"""The repository as its own tests see it: the files that belong to it, and its rooms."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "comity"
_PASSED_OVER = frozenset({".venv", ".git", "__pycache__", "build", "dist", "htmlcov", ".comity", "results", "bin"})


@cache
def files() -> tuple[Path, ...]:
    """Every file that is, or would be, committed: git's answer, or a walk where there is no git (an unpacked archive)."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
        ).stdout
        found = [ROOT / name for name in listed.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        found = [
            path
            for path in ROOT.rglob("*")
            if not any(part in _PASSED_OVER or part.endswith(("_cache", ".egg-info")) for part in path.relative_to(ROOT).parts)
            and ".hypothesis" not in path.parts
        ]
    return tuple(sorted(path for path in found if path.is_file()))


@cache
def texts() -> dict[str, str]:
    """Relative path -> content, for every file that is text."""
    out: dict[str, str] = {}
    for path in files():
        try:
            out[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return out


def rooms() -> tuple[Path, ...]:
    return tuple(sorted(path.parent for path in SOURCE.glob("*/__init__.py")))
