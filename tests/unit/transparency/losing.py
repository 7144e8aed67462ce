# SPDX-License-Identifier: Apache-2.0
"""SQLite on a file layer that keeps a list of what it was asked to do, from which the disk can be made as a power cut would leave it.

Nothing of what was written since a file's last sync need be there: each sector of it is, or is not.  The layer hangs on SQLite as
`apsw` brings it, since Python's own takes none; it has no shared memory, so the writer holds its file alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import apsw

SECTOR_BYTES = 512
CHECKPOINT_PAGES = 12  # often, so that cuts fall into checkpoints too


class Event(NamedTuple):
    what: str  # write, cut, sync, delete; or told: somebody was told that something is durable
    file: str
    at: int = 0
    data: bytes = b""


class _File(apsw.VFSFile):
    def __init__(self, events: list[Event], filename: Any, flags: list[int]) -> None:
        name = filename.filename() if isinstance(filename, apsw.URIFilename) else str(filename)
        self._events, self._name = events, Path(name).name
        super().__init__("", filename, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._events.append(Event("write", self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._events.append(Event("cut", self._name, newsize))

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._events.append(Event("sync", self._name))


class Layer(apsw.VFS):
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.name = f"losing-{id(self)}"
        super().__init__(self.name, "")

    def xOpen(self, name: Any, flags: list[int]) -> _File:
        return _File(self.events, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self.events.append(Event("delete", Path(filename).name))

    def connect(self, path: Any, **_: Any) -> Connection:
        return Connection(self, path)


class Connection:
    """As much of Python's own as the writer asks of it."""

    def __init__(self, layer: Layer, path: Any) -> None:
        self._db = apsw.Connection(str(path), vfs=layer.name)
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        cursor = self._db.execute(sql, tuple(values))
        if sql.startswith("PRAGMA synchronous="):
            self._db.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        return cursor

    def executescript(self, script: str) -> None:
        self._db.execute(script)

    def close(self) -> None:
        self._db.close()


def after_a_cut(events: Sequence[Event], folder: Path, source: random.Random) -> None:
    """Makes the files as a power cut after the last of ``events`` could leave them."""
    durable: dict[str, bytearray] = {}
    pending: dict[str, list[Event]] = {}
    for event in events:
        if event.what in ("write", "cut"):
            pending.setdefault(event.file, []).append(event)
        elif event.what == "sync":
            image = durable.setdefault(event.file, bytearray())
            for each in pending.pop(event.file, ()):
                _apply(image, each)
        elif event.what == "delete":
            durable.pop(event.file, None)
            pending.pop(event.file, None)
    for name, waiting in pending.items():
        kept = source.choice((0.0, 0.5, 1.0))  # nothing of it, any of it, all of it
        for each in waiting:
            image = durable.setdefault(name, bytearray())
            if each.what == "cut":
                if source.random() < kept:
                    _apply(image, each)
                continue
            for begin in range(0, len(each.data), SECTOR_BYTES):
                if source.random() < kept:
                    _apply(image, Event("write", name, each.at + begin, each.data[begin : begin + SECTOR_BYTES]))
    for name, image in durable.items():
        (folder / name).write_bytes(image)


def _apply(image: bytearray, event: Event) -> None:
    if event.what == "cut":
        del image[event.at :]
        return
    end = event.at + len(event.data)
    if len(image) < end:
        image.extend(bytes(end - len(image)))
    image[event.at : end] = event.data
