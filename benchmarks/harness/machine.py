# SPDX-License-Identifier: Apache-2.0
"""What the machine says of itself and of processes: CPU time, memory, who else is at work.  Linux, through /proc."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def cores() -> tuple[int, int]:
    """The gateway's core, and the one for upstream and load; the same where there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[min(1, len(allowed) - 1)]


def tree(root: int) -> list[int]:
    """``root`` and all that descends from it."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:  # gone since
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for each in found:
        found += children.get(each, [])
    return found


def cpu_seconds(processes: Iterable[int]) -> float:
    """Time on a core, of every thread, to the nanosecond."""
    total = 0
    for process in processes:
        try:
            for thread in (PROC / str(process) / "task").iterdir():
                total += int((thread / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return total / 1e9


def resident_mb(processes: Iterable[int]) -> float:
    total = 0
    for process in processes:
        try:
            found = re.search(r"^VmRSS:\s+(\d+)", (PROC / str(process) / "status").read_text(), re.M)
        except OSError:
            continue
        total += int(found[1]) if found else 0
    return total / 1024


class Clockwork(NamedTuple):
    """Seconds since boot that the cores were busy, and that the host gave to somebody else."""

    busy: float
    stolen: float


def clockwork() -> Clockwork:
    user, nice, system, _idle, _wait, interrupts, soft, stolen = map(int, (PROC / "stat").read_text().split()[1:9])
    return Clockwork((user + nice + system + interrupts + soft) / TICKS, stolen / TICKS)


def disk_of(path: Path) -> str:
    """The kind of file system that ``path`` is on."""
    best, kind = "", "unknown"
    for line in (PROC / "self" / "mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4]
        if len(point) > len(best) and path.resolve().is_relative_to(point):
            best, kind = point, after.split()[0]
    return kind


def describe() -> str:
    found = re.search(r"^model name\s*: (.+)$", (PROC / "cpuinfo").read_text(), re.M)
    model = found[1].strip() if found else platform.machine()
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"
