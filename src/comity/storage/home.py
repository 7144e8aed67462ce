# SPDX-License-Identifier: Apache-2.0
"""The folder that holds what one gateway keeps: made for its owner alone, held by one process at a time."""

from __future__ import annotations

import os
from pathlib import Path

from comity.errors import OperatorError
from comity.ports import Random

KEY_BYTES = 32


class HomeLock:
    """Held from `acquire` until `release`, or until the process ends, however it ends.

    The folder itself is locked: a file made for it could be deleted, and two gateways would each lock one of that name.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folder = -1

    def acquire(self) -> None:
        """Raises OperatorError when another process holds the home."""
        import fcntl

        try:
            self._folder = os.open(self._home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise unusable(self._home, error) from error
        try:
            fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.release()
            raise OperatorError(
                f"another gateway runs on `{self._home}`", code="home.in_use", exit_code=1,
                hint="stop it, or give this one a home of its own: comity --home DIR up",
            ) from error  # fmt: skip
        except OSError as error:
            self.release()
            raise unusable(self._home, error) from error

    def release(self) -> None:
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1


def prepare(home: Path) -> None:
    """Makes the folder, for its owner alone.  Raises OperatorError."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(home, error) from error


def secret_key(path: Path, random: Random) -> bytes:
    """32 bytes readable by the owner alone; made on first use, never replaced.  Raises OperatorError."""
    try:
        if not path.exists():
            made = path.with_suffix(".new")
            made.unlink(missing_ok=True)  # left by a crash: its mode would be kept
            file = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                os.write(file, random.token(KEY_BYTES))
                os.fsync(file)
            finally:
                os.close(file)
            made.rename(path)  # whole or not at all: a half-written key would be a lost one
            _keep_names(path.parent)
        key = path.read_bytes()
    except OSError as error:
        raise unusable(path, error) from error
    if len(key) != KEY_BYTES:
        raise OperatorError(f"`{path}` is not a {KEY_BYTES}-byte key", code="home.unusable", hint="restore it from a backup")
    return key


def _keep_names(folder: Path) -> None:
    """A new name outlives a power cut once its folder is on the disk too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unusable(path: Path, error: OSError) -> OperatorError:
    return OperatorError(
        f"cannot use `{path}`: {error.strerror}", code="home.unusable", exit_code=1, hint="check its permissions and space"
    )
