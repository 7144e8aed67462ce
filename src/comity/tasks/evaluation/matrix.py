# SPDX-License-Identifier: Apache-2.0
"""Writes `capability.toml`: what was measured anew takes the place of what stood there, all else stays."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from comity.tasks.capability import Matrix, Row, read

HEAD = """\
# Which model does which task, in which language and at which length, how well: written by `comity eval`, not by hand.
# A model that has no row here was not measured, and is not asked on this device unless the caller says `unmeasured = "try"`.
# n: items asked that have an answer; covered: answered, and every gate passed; right: of those, by the rules of
# comity.tasks.evaluation.scores; low, high: Wilson, 95 %; able: what the thresholds of capability.py make of it.
"""


def joined(before: Iterable[Row], measured: Iterable[Row]) -> list[Row]:
    found = {_key(row): row for row in (*before, *measured)}
    return [found[key] for key in sorted(found)]


def write(path: Path, rows: Sequence[Row]) -> Matrix:
    """Whole or not at all.  Gives what the file then says."""
    text = HEAD + "".join(_told(row) for row in rows)
    made = read(text)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
    return made


def _key(row: Row) -> tuple[str, ...]:
    return (row.model, row.sha256, row.task, row.language, row.length)


def _told(row: Row) -> str:
    lines = ["", "[[rows]]"]
    for name, value in msgspec.to_builtins(row).items():
        said = msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")  # TOML writes strings, numbers and booleans as JSON does
        lines.append(f"{name} = {said}")
    return "\n".join(lines) + "\n"
