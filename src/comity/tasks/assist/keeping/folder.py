# SPDX-License-Identifier: Apache-2.0
"""One folder of files, and changes to them that can be undone."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from pathlib import Path

import msgspec

from comity.errors import CallerError
from comity.tasks.shapes import Shape


class Change(Shape, frozen=True, kw_only=True):
    """What a file held before, and the hash of what it holds now: enough to go back, unless it was changed again."""

    path: str  # within the folder
    before: str | None = None  # base64; None: there was no such file
    after: str = ""  # sha256, "" where it was removed


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str) -> bytes | None:
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> Change:
        """Whole or not at all; for its owner only."""
        target, before = self.path / name, self.read(name)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
        return Change(path=name, before=_text(before), after=_hash(data))

    def remove(self, name: str) -> Change:
        before = self.read(name)
        (self.path / name).unlink(missing_ok=True)
        return Change(path=name, before=_text(before))

    def undo(self, change: Change) -> None:
        """Raises CallerError where the file has been changed since."""
        now = self.read(change.path)
        if (_hash(now) if now is not None else "") != change.after:
            raise CallerError(
                f"`{change.path}` has been changed since", code="assist.changed_since", field="undo", hint="undo what came after it first"
            )
        if change.before is None:
            (self.path / change.path).unlink(missing_ok=True)
        else:
            self.write(change.path, base64.b64decode(change.before))


def undone(folder: Folder, token: object) -> None:
    """``token``: as a run returned it, or as the journal kept it."""
    changes = msgspec.convert(token, tuple[Change, ...]) if not isinstance(token, tuple) else token
    for change in reversed(changes):
        folder.undo(change)


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
