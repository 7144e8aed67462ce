# SPDX-License-Identifier: Apache-2.0
"""What a running gateway leaves in its home for the commands of whoever owns it: which process it is, where it listens, and how its
last reload went.  A file of its owner's alone; whoever may read it may send that process a signal."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from comity.storage.home import prepare, unusable

FILE = "gateway.json"


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """``began``: the kernel's own mark of when the process began, so that a later one of the same number is told apart."""

    pid: int
    began: str
    url: str
    reloads: int = 0  # tried
    code: str = ""  # of the last one's fault
    fault: str = ""
    hint: str = ""


def announce(home: Path, running: Running) -> None:
    """Raises OperatorError."""
    prepare(home)
    path, new = home / FILE, home / f"{FILE}.new"
    try:
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(file, "wb") as written:  # noqa: PTH123 - of a descriptor
            written.write(msgspec.json.encode(running))
        new.replace(path)
    except OSError as error:
        raise unusable(path, error) from error


def withdraw(home: Path) -> None:
    with suppress(OSError):
        (home / FILE).unlink()


def found(home: Path) -> Running | None:
    """The gateway that runs on this home; None when there is none, whatever an earlier one left."""
    try:
        running = msgspec.json.decode((home / FILE).read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError):
        return None
    return running if running.pid > 0 and began(running.pid) == running.began != "" else None


def began(pid: int) -> str:
    """Empty when there is no such process, or no way to tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return _alive(pid)
    return stat.rpartition(")")[2].split()[19]  # field 22 of proc_pid_stat(5)


def _alive(pid: int) -> str:
    if Path("/proc/self/stat").exists():
        return ""
    try:  # no /proc on this system: that it is there must do
        os.kill(pid, 0)
    except (OSError, OverflowError):
        return ""
    return "there"
