# SPDX-License-Identifier: Apache-2.0
"""This process as the kernel sees it: time, memory and open files, under the names that Prometheus clients give them."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

from comity import __version__

F = TypeVar("F", bound=MutableMapping[tuple[str, ...], float])


def build() -> tuple[str, str]:
    return __version__, platform.python_version()


def families(gauge: Callable[[str, str], F], counter: Callable[[str, str], F]) -> dict[str, F]:
    """By name; filled by `look`."""
    told = (
        (counter, "process_cpu_seconds_total", "processor time of this process and its children, in seconds"),
        (gauge, "process_resident_memory_bytes", "memory of this process that is in RAM, in bytes"),
        (gauge, "process_open_fds", "open files and sockets"),
        (gauge, "process_max_fds", "how many of them this process may have"),
    )
    return {name: kind(name, about) for kind, name, about in told}


def look(into: MutableMapping[str, Any]) -> None:
    """What this system does not tell is left out."""
    into["process_cpu_seconds_total"][()] = sum(os.times()[:4])
    with suppress(OSError):
        into["process_resident_memory_bytes"][()] = resident_bytes()
    with suppress(OSError):
        into["process_open_fds"][()] = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with suppress(ImportError):  # Windows
        import resource

        into["process_max_fds"][()] = resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def resident_bytes() -> int:
    """Raises OSError where there is no `/proc`.  20 µs: for a look now and then."""
    with open("/proc/self/statm", "rb", buffering=0) as file:  # noqa: PTH123
        return int(file.read(128).split()[1]) * _page_bytes()


@cache
def _page_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE")
