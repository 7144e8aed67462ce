# SPDX-License-Identifier: Apache-2.0
"""Where a log is published: a folder, or a bucket of an object store; what lies there may be handed out as it is.

A file appears whole or not at all.  A folder is for whoever serves it too, so what is in it may be read by anybody on this machine.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from pathlib import Path
from typing import Any, Protocol

from comity.errors import OperatorError, StorageFailure
from comity.storage.sqlite import failure
from comity.transparency.tiles import CHECKPOINT, parse_path

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Store(Protocol):
    """Raises StorageFailure, and nothing else, for whatever the disk or the network does."""

    async def get(self, path: str) -> bytes | None:
        """None: there is nothing of that name."""

    async def put(self, path: str, data: bytes) -> None:
        """Returns once it is there for good."""


def store_at(where: str) -> Store:
    """A directory, or a URL that `obstore` knows (`s3://…`, `gs://…`, `az://…`, `memory://`; the extra `objects`).

    Raises OperatorError."""
    return Bucket(where) if _URL.match(where) else Folder(Path(where).expanduser())


def is_path(path: str) -> bool:
    """Whether a log has a file of that name; whoever serves one asks first."""
    if path == CHECKPOINT:
        return True
    try:
        parse_path(path)
    except ValueError:
        return False
    return True


class Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    async def get(self, path: str) -> bytes | None:
        return await asyncio.to_thread(self._get, path)

    async def put(self, path: str, data: bytes) -> None:
        await asyncio.to_thread(self._put, path, data)

    def _get(self, path: str) -> bytes | None:
        try:
            return (self._root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise failure(error) from error

    def _put(self, path: str, data: bytes) -> None:
        there = self._root / path
        try:
            self._folder(there.parent)
            file, made = tempfile.mkstemp(prefix=".new-", dir=there.parent)
            try:
                with os.fdopen(file, "wb") as out:
                    out.write(data)
                    out.flush()
                    os.fchmod(file, 0o644)
                    os.fsync(file)
                Path(made).rename(there)
            except BaseException:
                Path(made).unlink(missing_ok=True)
                raise
            _keep_names(there.parent)
        except OSError as error:
            raise failure(error) from error

    def _folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        if folder != self._root and folder.parent != folder:
            self._folder(folder.parent)
        folder.mkdir(mode=0o755, parents=folder == self._root, exist_ok=True)
        _keep_names(folder.parent)


def _keep_names(folder: Path) -> None:
    """A new name outlives a power cut once its folder is on the disk too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Bucket:
    """Credentials and regions are read by the library, from where that kind of store keeps them."""

    def __init__(self, url: str) -> None:
        try:
            import obstore.store
        except ModuleNotFoundError:
            raise OperatorError(
                "an object store needs a package that is not installed", code="config.invalid", hint="pip install 'comity[objects]'"
            ) from None
        try:
            self._store: Any = obstore.store.from_url(url)
        except Exception as error:  # noqa: BLE001 - the library's errors have no common base below it
            raise OperatorError(
                f"no object store is at that URL: {type(error).__name__}", code="config.invalid", hint="s3://bucket/prefix, for example"
            ) from None

    async def get(self, path: str) -> bytes | None:
        try:
            return bytes(await (await self._store.get_async(path)).bytes_async())
        except FileNotFoundError:
            return None
        except Exception as error:  # noqa: BLE001
            raise _unreachable(error) from None

    async def put(self, path: str, data: bytes) -> None:
        try:
            await self._store.put_async(path, data)
        except Exception as error:  # noqa: BLE001
            raise _unreachable(error) from None


def _unreachable(error: Exception) -> StorageFailure:
    """Names the kind of fault only: a library's message may hold a URL and what stands in it."""
    return StorageFailure(
        f"the object store does not do what it is asked: {type(error).__name__}", code="storage.unavailable",
        hint="are its URL, its credentials and its permissions right?",
    )  # fmt: skip
