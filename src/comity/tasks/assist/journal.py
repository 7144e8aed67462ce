# SPDX-License-Identifier: Apache-2.0
"""What an assistant did: one line of JSON each, in the person's own folder, for them alone.

It holds what was asked for and what is needed to undo it.  What a gateway recorded beside it is named by its receipt.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from comity.tasks.shapes import Shape

FILE = "journal.jsonl"


class Left(Shape, frozen=True, kw_only=True):
    """One request that the planning made: to whom, where it was answered, and its receipt.  ``region`` of this machine is `device`."""

    deployment: str = ""
    model: str = ""
    region: tuple[str, ...] = ()
    receipt: str = ""


class Entry(Shape, frozen=True, kw_only=True):
    id: str
    at: datetime
    what: Literal["done", "failed", "undone"]
    intent: str
    arguments: Mapping[str, Any] = {}
    why: str = ""  # the user's own words
    by: str = ""  # the model that chose the intent
    allowed_by: str = ""  # confirmed, policy, rule
    left: tuple[Left, ...] = ()
    origin: str = ""  # the server that offers the intent
    undo: Any = None
    of: str = ""  # of an undoing: what was undone
    error: str = ""  # a code


class Journal:
    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def add(self, entry: Entry) -> None:
        """Durable when it returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "ab") as file:
            file.write(msgspec.json.encode(entry) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def __iter__(self) -> Iterator[Entry]:
        """Oldest first.  A last line that a kill cut short was never said to be done."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        for line in lines:
            if line:
                try:
                    yield msgspec.json.decode(line, type=Entry)
                except (msgspec.DecodeError, msgspec.ValidationError):
                    continue

    def to_undo(self, id_: str = "") -> Entry | None:
        """The last that can be undone and was not, or the one named."""
        entries = list(self)
        over = {each.of for each in entries if each.what == "undone"}
        for each in reversed(entries):
            if each.what == "done" and each.undo is not None and each.id not in over and id_ in ("", each.id):
                return each
        return None
