# SPDX-License-Identifier: Apache-2.0
"""Whether a model fits: into the folder that it is fetched to, and into the memory that is free."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from comity.errors import OperatorError

MEMORY = Path("/proc/meminfo")
GROUP = Path("/sys/fs/cgroup")
MARGIN_BYTES = 64 << 20  # of disk, beside what is fetched
WORKING_BYTES = 200 << 20  # of memory, beside weights and context: Python, the runtime's own code and what it computes in


def memory_available() -> int | None:
    """Bytes that programs can have without swapping: of the machine, or of the group that bounds this process, whichever is less.

    None where the system does not say (proc(5), MemAvailable; Linux only).
    """
    found: list[int] = []
    with suppress(OSError, ValueError, IndexError):
        for line in MEMORY.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    with suppress(OSError, ValueError):
        bound = int((GROUP / "memory.max").read_text(encoding="ascii"))  # `max` where there is none: no number
        used = int((GROUP / "memory.current").read_text(encoding="ascii"))
        found.append(max(0, bound - used + _given_back()))
    return min(found) if found else None


def _given_back() -> int:
    """What of the group's memory are files that can be read again."""
    with suppress(OSError, ValueError):
        for line in (GROUP / "memory.stat").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(" ")
            if name == "inactive_file":
                return int(value)
    return 0


def check_memory(name: str, needed: int) -> None:
    """Raises OperatorError where ``needed`` bytes are not there."""
    free = memory_available()
    if free is not None and free < needed:
        raise OperatorError(
            f"model `{name}` needs {needed >> 20} MB of memory, and {free >> 20} MB are free", code="model.no_memory", exit_code=1,
            hint="end other programs, take a smaller model, or lower `context_tokens`",
        )  # fmt: skip


def check_disk(directory: Path, needed: int) -> None:
    """Raises OperatorError where ``needed`` bytes and a margin are not there."""
    free = shutil.disk_usage(directory).free
    if free < needed + MARGIN_BYTES:
        raise OperatorError(
            f"`{directory}` has {free >> 20} MB free, and {(needed + MARGIN_BYTES) >> 20} MB are needed", code="model.no_space",
            exit_code=1, hint="make room, or set COMITY_MODELS to another folder",
        )  # fmt: skip


def memory_of(weights: int, context: int) -> int:
    """What a model takes while it runs, about: its files, its context and the rest."""
    return weights + context + WORKING_BYTES
