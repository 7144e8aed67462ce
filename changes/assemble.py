# SPDX-License-Identifier: Apache-2.0
"""Moves `changes/*.md` into CHANGELOG.md under a version and a day.

python3 changes/assemble.py 0.2.0 2027-01-31
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("security", "added", "changed", "fixed", "removed")
NAME = re.compile(r"(?P<issue>\d+)(?:-(?P<word>[a-z0-9-]+))?\.(?P<kind>[a-z]+)\.md")
VERSION = re.compile(r"\d+\.\d+\.\d+")
FIRST = "\n## "
"""Where the newest version begins; what stands before it is the changelog's own head."""


def fragments(folder: Path) -> dict[str, str]:
    """Name -> text, in order of issue.  Raises ValueError for a file that is no fragment."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.md"), key=lambda path: (int(re.sub(r"\D.*", "", path.name) or 0), path.name)):
        if path.name == "README.md":
            continue
        match = NAME.fullmatch(path.name)
        if match is None or match["kind"] not in KINDS:
            raise ValueError(f"changes/{path.name}: not ISSUE.KIND.md or ISSUE-word.KIND.md with a kind of {', '.join(KINDS)}")
        text = path.read_text(encoding="utf-8").strip()
        if not text or text.startswith("#"):
            raise ValueError(f"changes/{path.name}: empty, or begins with a heading")
        found[path.name] = text
    return found


def assembled(changelog: str, found: Mapping[str, str], version: str, day: str) -> str:
    """The changelog with one more version on top.  Raises ValueError."""
    if not VERSION.fullmatch(version):
        raise ValueError(f"`{version}` is not a version such as 0.2.0")
    date.fromisoformat(day)
    if f"## {version} " in changelog:
        raise ValueError(f"{version} is in the changelog already")
    if not found:
        raise ValueError("there is nothing in changes/")
    lines = [f"## {version} ({day})", ""]
    for kind in KINDS:
        chosen = [(name, text) for name, text in found.items() if name.endswith(f".{kind}.md")]
        if not chosen:
            continue
        lines += [f"### {kind.capitalize()}", ""]
        lines += [f"- {text} (#{int(re.sub(r'[^0-9].*', '', name))})".replace("\n", "\n  ") for name, text in chosen]
        lines += [""]
    head, mark, older = changelog.partition(FIRST)
    return f"{head.rstrip()}\n\n" + "\n".join(lines) + (mark + older if mark else "")


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or not all(arguments):
        print("usage: make changelog VERSION=0.2.0 DATE=2027-01-31", file=sys.stderr)
        return 2
    page = ROOT / "CHANGELOG.md"
    try:
        found = fragments(ROOT / "changes")
        page.write_text(assembled(page.read_text(encoding="utf-8"), found, *arguments), encoding="utf-8")
    except ValueError as error:
        print(f"changelog: {error}", file=sys.stderr)
        return 1
    for name in found:
        (ROOT / "changes" / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
