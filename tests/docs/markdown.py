# SPDX-License-Identifier: Apache-2.0
"""The fenced blocks of a page, and how what a program printed is held against what the page shows.

In what is shown, `…` stands for anything, also over several lines.  Words that differ from run to run (a model's answer) are shown
in full, and named in a comment before the block: <!-- varies: Hello! How can I help you today? -->
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(r"^(?P<marks>```+)(?P<language>[A-Za-z]*)\n(?P<body>.*?)^(?P=marks)$", re.M | re.S)
VARIES = re.compile(r"<!-- varies: (.*?) -->\n")
RUN = frozenset({"console", "python", "toml", "json"})
SHOWN = frozenset({"", "text", "http", "sh", "cedar", "mermaid"})
"""Shown and not run: output, headers, and in `sh` what changes the machine or the repository itself."""


class Block(NamedTuple):
    language: str
    body: str
    line: int
    varies: tuple[str, ...] = ()


class Step(NamedTuple):
    """One command of a console block and what the page shows after it."""

    command: str
    shown: str


def blocks(text: str) -> list[Block]:
    found: list[Block] = []
    for match in FENCE.finditer(text):
        before = re.search(r"(?:<!-- varies: .*? -->\n)+\Z", text[: match.start()])
        varies = tuple(VARIES.findall(before[0])) if before else ()
        found.append(Block(match["language"], match["body"], text.count("\n", 0, match.start()) + 1, varies))
    return found


def steps(body: str) -> list[Step]:
    """`$ command`, continued by `> `; then its output up to the next `$ `."""
    found: list[Step] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append(Step(line[2:], ""))
        elif line.startswith("> ") and found and not found[-1].shown:
            found[-1] = found[-1]._replace(command=f"{found[-1].command}\n{line[2:]}")
        elif found:
            found[-1] = found[-1]._replace(shown=f"{found[-1].shown}{line}\n")
        else:
            raise ValueError(f"a console block begins with `$ `, not with `{line}`")
    return found


def matches(shown: str, printed: str, varies: tuple[str, ...] = ()) -> bool:
    """Spaces at the ends of lines and empty lines around the whole do not count."""
    for words in varies:
        if words not in shown:
            continue
        shown = shown.replace(words, "…")
    pattern = ".*?".join(re.escape(piece) for piece in _trimmed(shown).split("…"))
    return re.fullmatch(pattern, _trimmed(printed), re.S) is not None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def pages(root: Path) -> list[Path]:
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "changes").glob("*.md")])
